/*
 * The file system of one profile in RAM (ETSI TS 102 221 8, TS 102 222), and what hangs on it: PINs and PUKs,
 * network access parameters, security domains and other applications. It is built from a profile package
 * (fs_interpret), or from stored rows by the floor above (fs_add_…).
 *
 * It knows no storage: every change goes through the functions here, which change RAM and tell `struct
 * fs_store`. It knows no access conditions either: uicc_access.h does.
 */
#ifndef SOFTEUICC_PROFILES_FS_H
#define SOFTEUICC_PROFILES_FS_H

#include "profiles/saip/saip.h"

enum {
    FS_FID_MF = 0x3F00,
    FS_FID_CURRENT_ADF = 0x7FFF,
    FS_FID_ARR_MF = 0x2F06, /* EF ARR at the level of MF, TS 102 221 13.4 */
    FS_FID_ARR = 0x6F06,    /* EF ARR of an application or DF, 3GPP TS 31.102 4.2.55 */
};

/* Life cycle status, TS 102 221 table 11.7b. A file in creation or
 * initialisation is usable as if activated. */
enum fs_life_cycle {
    FS_CREATION = 0x01,
    FS_INITIALISATION = 0x03,
    FS_DEACTIVATED = 0x04, /* operational, deactivated (4 or 6) */
    FS_ACTIVATED = 0x05,   /* operational, activated (5 or 7) */
    FS_TERMINATED = 0x0C,  /* C to F */
};

/* How `access` of a file is coded: the tag it has in an FCP, TS 102 221 11.1.1.4.7. */
enum fs_access_form {
    FS_ACCESS_REFERENCED = 0x8B, /* EF ARR's FID and record; or FID and pairs of SEID and record */
    FS_ACCESS_COMPACT = 0x8C,
    FS_ACCESS_EXPANDED = 0xAB,
};

/* Special file information, TS 102 222 table 5. */
enum { FS_HIGH_UPDATE = 0x80, FS_READABLE_WHEN_DEACTIVATED = 0x40 };

struct fs_aid {
    uint8_t octets[16];
    size_t size; /* 0: none */
};

/* A file. Read its members freely; change them by the functions below only. */
struct fs_file {
    uint32_t number; /* in its profile; MF is 0 */
    char name[40];   /* as the package's template calls it ("ef-imsi"), for traces */
    enum saip_file_kind kind;
    uint16_t fid;
    struct fs_file *parent;             /* NULL: MF */
    struct fs_file *first_child, *next; /* children in order of creation; of a link: see fs_children */
    struct fs_file *link;               /* shares the content (EF) or the children (DF) of this file */
    uint8_t sfi;                        /* 0: none */
    uint8_t life_cycle;                 /* enum fs_life_cycle and the values between */
    uint8_t special;
    bool shareable;
    enum fs_access_form access_form;
    struct buf access;   /* content of the security attributes' object */
    size_t size;         /* octets of an EF's body; of a BER-TLV file what is reserved for it */
    size_t record_size;  /* of files with records */
    size_t maximum_size; /* of BER-TLV files; 0: not limited but by memory */
    /* Transparent: `size` octets. Linear fixed: records one after the other. Cyclic: the same, record 1 is
     * the newest. BER-TLV: data objects one after the other. Empty for links: use fs_content. */
    struct buf content;
    struct fs_aid aid;       /* ADFs */
    struct buf pin_status;   /* directories: the key references of the PIN status template, in order */
    struct fs_file *pins_of; /* directories that use the local PINs of another; NULL: its own */
};

/* A PIN or administrative code, TS 102 221 9.5. */
struct fs_pin {
    struct fs_file *directory; /* MF for global ones */
    uint8_t reference;  /* 01-08 application PINs, 11 universal PIN, 0A-0E ADM, 81-88 local PINs, 8A-8E ADM */
    uint8_t value[8];   /* FF-padded digits; ADM: as it is */
    uint8_t attributes; /* FS_PIN_… */
    uint8_t attempts, attempts_left;
    bool has_puk;
    uint8_t puk; /* reference of the PUK that unblocks it */
    bool enabled;
    bool replaced; /* while disabled the universal PIN stands in for it (DISABLE PIN, P1 80) */
    bool verified; /* RAM only: ends with a reset; of local PINs with the application session */
};

/* pinAttributes of the package (PINConfiguration), 7 by default.
 * Reading: bit 1 the code is enabled, bit 2 it may be changed, bit 3 it may be disabled and enabled. */
enum { FS_PIN_ENABLED = 0x01, FS_PIN_MAY_CHANGE = 0x02, FS_PIN_MAY_DISABLE = 0x04 };

struct fs_puk {
    uint8_t reference; /* 01-08, 81-88 */
    uint8_t value[8];
    uint8_t attempts, attempts_left;
};

enum { FS_SQN_COUNT = 32, FS_SQN_SIZE = 6 };

/* Network access of one application (USIM, ISIM): AKAParameter. */
struct fs_naa {
    struct fs_file *application; /* the ADF */
    /* Mapped: uses the algorithm of another ADF (fs_naa_source follows it); then the members up to
     * sqn_options are unused. */
    bool mapped;
    uint8_t mapping_options;
    struct fs_aid mapping_source;
    enum saip_algorithm algorithm;
    uint8_t algorithm_options; /* lengths of RES, MAC, CK, IK: AlgoParameter.algorithmOptions */
    uint8_t key[32];
    size_t key_size; /* 16 or 32 */
    uint8_t opc[32]; /* OPc, or TOPc */
    size_t opc_size;
    uint8_t rotation[5];    /* Milenage r1 to r5 (defaults filled in) */
    uint8_t xoring[5][16];  /* Milenage c1 to c5 */
    uint8_t counter_max[3]; /* authCounterMax */
    bool has_counter_max;
    uint8_t keccak_count; /* TUAK iterations, 1 by default */
    uint8_t sqn_options;  /* AKAParameter.sqnOptions */
    uint8_t sqn_delta[FS_SQN_SIZE], sqn_age_limit[FS_SQN_SIZE];
    uint8_t sqn[FS_SQN_COUNT][FS_SQN_SIZE]; /* without index: 43 bits, TS 33.102 C.3.2; changes */
    uint8_t counter[3];                     /* authentications done against counter_max; changes */
    /* GBA_U (TS 33.220 5.3.2): the RAND whose CK || IK is Ks, the bootstrapped key; changes */
    bool bootstrapped;
    uint8_t bootstrap_rand[16];
};

/* CDMAParameter, as in the package. */
struct fs_cdma {
    struct fs_file *application;
    struct buf authentication_key, ssd, hrpd, simple_ip, mobile_ip;
};

enum fs_application_kind { FS_SECURITY_DOMAIN, FS_REMOTE_FILE_MANAGEMENT, FS_APPLICATION, FS_LOAD_PACKAGE };

struct fs_key {
    uint8_t version, identifier;
    uint8_t type; /* GlobalPlatform 11.1.8: 80 DES, 88 AES, … */
    uint8_t usage[2];
    size_t usage_size;
    uint8_t access;
    uint8_t mac_length;
    struct buf counter; /* keyCounterValue, 5 octets where it is used; changes */
    struct buf value;
};

/* GlobalPlatform tables 11-4 to 11-6: life cycle states, and the bit that locks an application. */
enum {
    FS_LOADED = 0x01,
    FS_SELECTABLE = 0x07,
    FS_PERSONALIZED = 0x0F, /* security domains */
    FS_LOCKED = 0x80,
};

/* An application that is not an ADF: a security domain with its keys, remote file management, an instance of
 * a load package, or a load package. Both of these are stored and listed; their code is not run. */
struct fs_application {
    enum fs_application_kind kind;
    uint32_t number; /* in order of the package */
    struct fs_aid aid, package, class,
        domain; /* domain: of the security domain it belongs to; size 0: the first one */
    uint8_t privileges[3];
    uint8_t life_cycle;           /* GlobalPlatform table 11-4/11-5: 07 selectable, 0F personalised, … */
    struct buf parameters;        /* C9: applicationSpecificParameters */
    struct buf system_parameters; /* content of EF: systemSpecificParameters */
    struct buf uicc_parameters;   /* content of EA: toolkit and access parameters */
    struct buf personalisation;   /* sdPersoData: the STORE DATA commands' data, each as 04 L V */
    struct fs_key *keys;
    size_t key_count;
    /* remote file management (TS 102 226 8) */
    struct buf tars;                           /* three octets each */
    uint8_t minimum_security_level;            /* SPI1 */
    struct buf uicc_access, uicc_admin_access; /* access domains, TS 102 226 8.2.1.3.2.5 */
    struct fs_aid adf;                         /* the ADF it manages as well */
    struct buf adf_access, adf_admin_access;
    /* load packages */
    struct buf hash;  /* of the load file data block: the package's, or SHA-256 */
    size_t code_size; /* octets of the load file data block */
};

struct fs;

/*
 * Who stores a change. Each is called after RAM has changed, inside the command that changes it; false makes
 * the command fail (6581), and then the card loads the file system again from what is stored. NULL members
 * store nothing.
 */
struct fs_store {
    void *context;
    /* Octets `offset` to `offset + size` of the content (of the link's target) have a new value; the size
     * stays. */
    bool (*content)(void *context, const struct fs_file *file, size_t offset, size_t size);
    /* Anything of a file, content and its size included, has changed; or the file is new. */
    bool (*file)(void *context, const struct fs_file *file);
    bool (*removed)(void *context, uint32_t number);
    bool (*pin)(void *context, const struct fs_pin *pin);
    bool (*puk)(void *context, const struct fs_puk *puk);
    bool (*naa)(void *context, const struct fs_naa *naa);
    bool (*application)(void *context, const struct fs_application *application);
    bool (*application_removed)(void *context, uint32_t number);
    /* What was stored so far lasts from now on, whatever becomes of the command. After false nothing of the
     * command may be stored any more. */
    bool (*last)(void *context);
};

struct fs {
    struct fs_store store;
    bool changed;           /* by the command at hand: fs_begin_command */
    struct fs_file **files; /* by number; NULL: deleted */
    size_t file_count;
    struct fs_file *mf; /* NULL in an empty one */
    struct fs_pin *pins;
    size_t pin_count;
    struct fs_puk *puks;
    size_t puk_count;
    struct fs_naa *naas;
    size_t naa_count;
    struct fs_cdma *cdmas;
    size_t cdma_count;
    struct fs_application *applications;
    size_t application_count;
};

/* --- making one ---------------------------------------------------------------------------------- */

/* Empty, storing nothing. NULL without memory. */
struct fs *fs_new(void);
/* Frees it, secrets wiped. NULL is fine. */
void fs_free(struct fs *fs);

/* Frees a file that is in no file system any more. */
void fs_discard_file(struct fs_file *file);
/* Frees what the structure holds. */
void fs_discard_cdma(struct fs_cdma *cdma);
void fs_discard_application(struct fs_application *application);
void fs_discard_key(struct fs_key *key);

/* Builds what an accepted package says. NULL without memory. */
struct fs *fs_interpret(const struct saip_package *package);

/*
 * Adds a file as `like` says: number, kind, fid, parent and all the rest but the list pointers; buffers are
 * taken over (like's become empty), also on failure. Content shorter than `size` is filled up with FF. NULL
 * without memory, or when the number is taken. Tells nobody: fs_create_file does.
 */
struct fs_file *fs_add_file(struct fs *fs, struct fs_file *like);
/* Each adds one, taking over the buffers; false without memory. Pointers to other ones of its sort become
 * invalid. */
bool fs_add_pin(struct fs *fs, const struct fs_pin *pin);
bool fs_add_puk(struct fs *fs, const struct fs_puk *puk);
bool fs_add_naa(struct fs *fs, const struct fs_naa *naa);
bool fs_add_cdma(struct fs *fs, struct fs_cdma *cdma);
bool fs_add_application(struct fs *fs, struct fs_application *application);
bool fs_add_key(struct fs_application *application, struct fs_key *key);

/* --- finding ------------------------------------------------------------------------------------- */

/* By number; NULL when there is none. */
struct fs_file *fs_file(const struct fs *fs, uint32_t number);
/* The first of a directory's children (a link's are those of its target), NULL without any. Go on with
 * ->next. */
struct fs_file *fs_children(const struct fs_file *directory);
struct fs_file *fs_child(const struct fs_file *directory, uint16_t fid);
/* The EF with that short identifier among a directory's children. */
struct fs_file *fs_child_by_sfi(const struct fs_file *directory, uint8_t sfi);
/* The file at a path of file identifiers from MF on (3F00 first or left out;
 * ADFs by their temporary ones). */
struct fs_file *fs_by_path(const struct fs *fs, struct span path);
/* The ADF (itself, or the one above) that a file is in; MF otherwise. */
struct fs_file *fs_application_of(struct fs_file *file);
bool fs_is_directory(const struct fs_file *file);
/* Number of records, 0 for files without. */
size_t fs_records(const struct fs_file *file);
/* The content, following a link. */
struct span fs_content(const struct fs_file *file);
/* Record `number`, from 1; SPAN_NONE when there is none. */
struct span fs_record(const struct fs_file *file, size_t number);
/* The EF ARR record that holds a file's access rule (by reference); SPAN_NONE when it is not there.
 * TS 102 221 9.2.7. */
struct span fs_access_rule(const struct fs_file *file);

/* The code that a reference means for files in `directory`: a global one of MF, or the nearest on the way up.
 * NULL: none. */
struct fs_pin *fs_find_pin(const struct fs *fs, const struct fs_file *directory, uint8_t reference);
struct fs_puk *fs_find_puk(const struct fs *fs, uint8_t reference);
/* The network access parameters of an ADF; NULL: none. */
struct fs_naa *fs_find_naa(const struct fs *fs, const struct fs_file *application);
/* The parameters whose keys and algorithm it uses: itself, or where its mapping leads. NULL: the mapping
 * leads nowhere. */
struct fs_naa *fs_naa_source(const struct fs *fs, struct fs_naa *naa);
struct fs_application *fs_find_application(const struct fs *fs, struct span aid);
/* By number; NULL when it is gone. */
struct fs_application *fs_application(const struct fs *fs, uint32_t number);
/* More than 16 octets make none. */
void fs_set_aid(struct fs_aid *aid, struct span octets);
struct span fs_aid_span(const struct fs_aid *aid);
bool fs_same_aid(const struct fs_aid *aid, struct span octets);

/* --- changing: RAM, then the store. False: could not be stored, or no memory --------------------- */

/* Overwrites octets of a file's content, following a link. The range is inside the content. */
bool fs_write(struct fs *fs, struct fs_file *file, size_t offset, struct span octets);
/* Cyclic files: the oldest record makes room for this one, which becomes record 1. `octets` has record_size
 * octets. */
bool fs_write_cyclic(struct fs *fs, struct fs_file *file, struct span octets);
/* Replaces the whole content (BER-TLV files; RESIZE with `size` and record_size set before). */
bool fs_replace_content(struct fs *fs, struct fs_file *file, struct span octets);
/* As fs_add_file with the next free number, and stores it. NULL on failure. */
struct fs_file *fs_create_file(struct fs *fs, struct fs_file *like);
/* Takes the file, and what is below it, away. Links to it take over a copy of its content. */
bool fs_delete_file(struct fs *fs, struct fs_file *file);
bool fs_set_life_cycle(struct fs *fs, struct fs_file *file, uint8_t life_cycle);
/* RESIZE FILE: new size (whole records), what is added holds `fill`, what is over is cut at the end. */
bool fs_resize(struct fs *fs, struct fs_file *file, size_t size, uint8_t fill);
/* Change a member of the structure, then call this to store it. */
bool fs_pin_changed(struct fs *fs, const struct fs_pin *pin);
bool fs_puk_changed(struct fs *fs, const struct fs_puk *puk);
bool fs_naa_changed(struct fs *fs, const struct fs_naa *naa);
bool fs_application_changed(struct fs *fs, const struct fs_application *application);
/* Takes it away, with its keys; pointers to others become invalid. */
bool fs_delete_application(struct fs *fs, struct fs_application *application);

/* --- counting before comparing: a try of a code, a use of a key ---------------------------------- */

/* A command begins, a terminal's or one of a script: nothing of it has changed yet. What a script did before
 * lasts with the try that one of its commands spends, the packet's counter first of all. */
void fs_begin_command(struct fs *fs);

/*
 * Each takes one from the counter (adds one to it) and makes that last, before anything is compared or
 * computed: whatever happens to the power afterwards, it has been counted. False: it could not be stored, and
 * nothing may be compared; or something else of the command had changed before, which would last with it.
 */
bool fs_spend_pin(struct fs *fs, struct fs_pin *pin); /* attempts_left is not 0 */
bool fs_spend_puk(struct fs *fs, struct fs_puk *puk);
bool fs_spend_use(struct fs *fs, struct fs_naa *naa);

#endif
