/*
 * TCA (SIMalliance) Interoperable Profile Package 2.x-3.x: decoding and validation, element by element.
 *
 * A package is decoded in place into a list of Profile Elements (PEs) and checked whole: order, header,
 * mandatory services, templates, files and their sizes, PINs, keys, applications. The first fault is reported
 * with the element's identification and the place. What a terminal sees of the files is built by the file
 * system from the same walk (saip_visit).
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SAIP_H
#define SOFTEUICC_PROFILES_SAIP_SAIP_H

#include "apdu/iccid.h"
#include "profiles/saip/templates.h"

/*
 * PEStatus result codes, TCA profile package A.2 (EUICCResponse).
 *
 * Reading: which fault has which code. What is not the ASN.1 of the element is invalid-request-format; a
 * value outside its range or against a rule of its own element is bad-values; an element out of order, or
 * naming a file, application or code that is not there, is invalid-parameter; a PIN that a directory asks for
 * and nobody defines is pin-code-missing.
 */
enum saip_result {
    SAIP_OK = 0,
    SAIP_PE_NOT_SUPPORTED = 1,
    SAIP_MEMORY_FAILURE = 2,
    SAIP_BAD_VALUES = 3,
    SAIP_NOT_ENOUGH_MEMORY = 4,
    SAIP_INVALID_REQUEST_FORMAT = 5,
    SAIP_INVALID_PARAMETER = 6,
    SAIP_RUNTIME_NOT_SUPPORTED = 7,
    SAIP_LIB_NOT_SUPPORTED = 8,
    SAIP_TEMPLATE_NOT_SUPPORTED = 9,
    SAIP_FEATURE_NOT_SUPPORTED = 10,
    SAIP_PIN_CODE_MISSING = 11,
    SAIP_UNSUPPORTED_PROFILE_VERSION = 31,
};

/* "bad values", … */
const char *saip_result_name(enum saip_result result);

/* Network authentication algorithms (AlgoParameter, algorithmID). */
enum saip_algorithm {
    SAIP_MILENAGE = 1,
    SAIP_TUAK = 2,
    SAIP_USIM_TEST_ALGORITHM = 3, /* 3GPP TS 34.108 8.1.2 */
};

/* Where and why a package was refused. */
struct saip_failure {
    enum saip_result result;
    bool has_identification;
    uint16_t identification; /* of the element, from its header */
    uint32_t tag;            /* of the element, 0 before the first */
    size_t offset;           /* in the package */
    size_t element_offset;   /* the same place, from the element's tag on: PEStatus.offset */
    char reason[120];        /* one clear line */
};

struct saip_element {
    uint32_t tag;
    struct span value; /* content of the element */
    struct span whole;
    bool mandated;
    bool has_identification;
    uint16_t identification;
    const char *name;                     /* "header", "usim", "genericFileManagement", … */
    bool supported;                       /* false: optional and unknown to this card, skipped and reported */
    const struct saip_template *template; /* NULL for elements without one */
};

struct saip_package {
    struct span der; /* not owned */
    struct saip_element *elements;
    size_t count;
    uint8_t major_version, minor_version;
    char profile_type[101];
    uint8_t iccid[ICCID_SIZE]; /* as in EF ICCID */
    uint64_t services;         /* eUICC-Mandatory-services: bit n is member n of ServicesList */
    struct span pol;           /* policy rules of SGP.02, absent in most packages */
    struct span connectivity_parameters;
    uint8_t iot_aid[16];   /* of the USIM of an IoT Minimal Profile: 3GPP's RID and IotOptions.pix */
    size_t iot_aid_size;   /* 0 without IotOptions */
    size_t template_count; /* entries of eUICC-Mandatory-GFSTEList */
    size_t file_count;     /* files that the package creates */
    size_t memory_size;    /* see saip_memory_size */
};

/* No real package comes near these; they bound the work that a hostile one can cause. */
enum { SAIP_ELEMENTS_MAX = 1000, SAIP_FILES_MAX = 4096, SAIP_FILES_SIZE_MAX = 1 << 28 };

/* Decodes and validates. `der` must outlive the package. On a fault: false, *failure filled, *package left
 * empty. On success the caller frees with saip_free. */
bool saip_decode(struct span der, struct saip_package *package, struct saip_failure *failure);
void saip_free(struct saip_package *package);

/* The name of an element type by its tag, "unknown" for others. */
const char *saip_element_name(uint32_t tag);

/* True when every network authentication key of the package is a test key as SGP.22 wants it in test
 * profiles; true without any. */
bool saip_has_only_test_keys(const struct saip_package *package);

/* Appends EUICCResponse (TCA A.2) to `out`: success (failure == NULL), with the skipped elements of the
 * package if any; or the failure's PEStatus. `package` may be NULL with a failure. */
void saip_put_euicc_response(struct buf *out, const struct saip_package *package,
                             const struct saip_failure *failure);

/* A rough but honest figure of non-volatile memory the profile takes on a card, in octets: file sizes plus
 * overheads. */
size_t saip_memory_size(const struct saip_package *package);

/* What becomes of a service that a package asks for. */
enum saip_support {
    SAIP_OFFERED, /* it works: taken, and announced to servers */
    SAIP_STORED,  /* taken and kept, though nothing runs it; not announced */
    SAIP_REFUSED,
};

/* A member of ServicesList and its bit of UICCCapability. */
struct saip_service {
    const char *name; /* "usim", "profile-a-x25519", … */
    int member;       /* number in ServicesList, -1 when it is a capability only */
    int capability;   /* bit of UICCCapability */
    unsigned since;   /* major version of the format that has this bit */
    enum saip_support support;
    enum saip_result refusal; /* of a package that needs it; SAIP_OK: it is taken */
};

/* The service at `index`, NULL behind the last. */
const struct saip_service *saip_service_at(size_t index);

/* Appends UICCCapability, the BIT STRING of the services that are offered (EUICCInfo2.uiccCapability), as
 * that major version of the format has it, with `tag`. */
void saip_put_uicc_capability(struct buf *out, uint32_t tag, unsigned major_version);

#define SAIP_VERSION_SIZE 3 /* octets: major, minor, revision */

/* The versions of the format that are taken, one of each major version, the oldest first; NULL behind the
 * last. */
const uint8_t *saip_version_at(size_t index);

/*
 * Takes apart UICC toolkit application specific parameters (TS 102 226 8.2.1.3.2.2.1), as far as remote
 * management goes: the minimum security level's field, and the references (TAR), three octets each. False:
 * malformed.
 */
bool saip_toolkit_parameters(struct span field, struct span *security, struct span *tars);

/* --- files --- */

enum { SAIP_NO_PARENT = 0xFFFF };

/* A file as the package creates it: template, FCP of the package and defaults put together. */
struct saip_file {
    const struct saip_element *element;
    const struct saip_template_file *row; /* NULL in generic file management */
    const char *name;                     /* of the row, else "createFCP" */
    uint16_t number, parent; /* files are numbered as they are created; MF is 0, its parent SAIP_NO_PARENT */
    enum saip_file_kind kind;
    uint16_t fid;        /* an ADF's is temporary: it serves in paths only */
    size_t size;         /* octets of an EF's body (BER-TLV: reserved size) */
    size_t record_size;  /* of files with records */
    size_t maximum_size; /* of BER-TLV files, 0: not limited but by memory */
    bool shareable;
    uint8_t sfi;        /* 0: none */
    bool sfi_of_fid;    /* nobody gave it: it is the identifier's last bits */
    uint8_t life_cycle; /* TS 102 221 11.1.1.4.9 */
    uint8_t special;    /* special file information, TS 102 222 table 5: high update 80, readable when
                           deactivated 40 */
    struct span arr;    /* one octet (record) or three (EF ARR and record) */
    struct span df_name, pin_status; /* directories */
    struct span link_path;           /* an absolute path of file identifiers; absent or empty: no link */
    struct span pattern;             /* fill or repeat pattern of the package */
    bool pattern_repeats;
    struct span fills; /* fillFileOffset and fillFileContent objects */
};

/* Called for each file in order of creation; false stops the walk. A file with `update` set exists already
 * and is filled further (generic file management on a selected EF). */
typedef bool saip_file_visitor(void *context, const struct saip_file *file, bool update);

/* Where an element's codes and parameters belong, once its own files are created; file numbers. */
struct saip_place {
    uint16_t directory;   /* the directory that PINs apply to */
    bool also_mf;         /* global PINs go to MF even so (IoT Minimal Profile) */
    uint16_t application; /* the last ADF; SAIP_NO_PARENT before the first */
};

/* Called for every element this card supports, after its files. */
typedef bool saip_element_visitor(void *context, const struct saip_element *element,
                                  const struct saip_place *place);

/* Walks over the files of a package that saip_decode accepted, and its elements (NULL: not). False when a
 * visitor stopped it or memory ran out. */
bool saip_visit(const struct saip_package *package, saip_file_visitor *files, saip_element_visitor *elements,
                void *context);

/* Appends the initial body of an EF: pattern or default content, then what the package fills in. */
void saip_file_content(const struct saip_file *file, struct buf *out);

#endif
