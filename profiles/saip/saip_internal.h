/*
 * What the files of the profile package decoder share: the schema interpreter, the walk over elements and
 * files, and how a fault is reported. Nothing outside profiles/saip*.c includes this.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SAIP_INTERNAL_H
#define SOFTEUICC_PROFILES_SAIP_SAIP_INTERNAL_H

#include "apdu/tlv.h"
#include "profiles/saip/saip.h"

/* --- schema: the ASN.1 types of PE_Definitions as tables --- */

enum saip_type {
    SAIP_TYPE_NULL,
    SAIP_TYPE_INTEGER,     /* min and max are values */
    SAIP_TYPE_OCTETS,      /* min and max are sizes; strings and object identifiers too */
    SAIP_TYPE_SEQUENCE,    /* members, in this order */
    SAIP_TYPE_CHOICE,      /* one of members, inside an explicit tag */
    SAIP_TYPE_SEQUENCE_OF, /* each one of members; min and max are their number */
};

struct saip_field {
    const char *name; /* as in the module */
    uint32_t tag;
    enum saip_type type;
    bool optional; /* OPTIONAL or DEFAULT */
    uint32_t min, max;
    const struct saip_field *members; /* ends with a row without a name */
};

/* --- elements --- */

struct saip_walk;

struct saip_element_type {
    uint32_t tag;
    const char *name;
    bool once;                             /* at most one in a package */
    uint32_t needs;                        /* an element that must stand before it, 0: none */
    uint32_t or_needs;                     /* another that serves as well */
    const struct saip_field *members;      /* NULL for elements of a template */
    bool (*check)(struct saip_walk *walk); /* what the schema cannot say; may be NULL */
};

/* NULL for an unknown tag. */
const struct saip_element_type *saip_element_type(uint32_t tag);

/* Fcp, which FileManagement's and File's items have: saip_fcp.c. */
extern const struct saip_field saip_fcp_members[];

/* --- the walk --- */

/* A created file, kept while the package is walked so that paths, links and PINs can be resolved. */
struct saip_node {
    uint16_t fid;
    uint16_t parent;
    enum saip_file_kind kind;
    bool is_link;
    bool has_keys;    /* an ADF with network authentication */
    bool has_aka;     /* that other applications can share */
    uint32_t sfis;    /* of a directory's files, bit by bit */
    uint16_t pins_of; /* a directory that shares the local PINs of another: its number; else its own */
    uint32_t pins;    /* codes that the package gives the directory: saip_pin_bit */
    uint32_t reached; /* those, and what it finds elsewhere; at the end of the walk */
    size_t size, record_size;
    struct span df_name, pin_status, arr;
    const uint8_t *arr_at; /* where the package says it, or leaves it to the template */
    const struct saip_element *element;
};

struct saip_walk {
    const struct saip_package *package;
    struct saip_package *building; /* the same while decoding, NULL when a decoded package is walked again */
    struct saip_failure *failure;
    const struct saip_element *element;
    const struct saip_element_type *type;

    saip_file_visitor *visitor; /* NULL while decoding */
    void *context;

    struct saip_node *nodes;
    size_t node_count, node_capacity;
    uint16_t *index;       /* hash table of the nodes by parent and identifier: their number + 1 */
    uint16_t directory;    /* the directory that PINs and applications' parameters apply to */
    bool directory_and_mf; /* PE-IoT stands for both MF and the ADF */
    uint16_t application;  /* the last ADF, SAIP_NO_PARENT before the first */

    uint32_t puks;     /* bit n: PUK reference n, bit 16 + n: reference 80 + n */
    struct span *aids; /* instances of security domains, remote file management and applications */
    size_t aid_count, aid_capacity;
    size_t domain_count;         /* the first so many of aids are security domains */
    uint8_t *tars;               /* a bit for each application reference that is in use */
    uint8_t keys[128 * 128 / 8]; /* of the security domain at hand: a bit for each version and identifier */

    size_t memory;
};

/* Notes a fault at `at`, an octet of the package, unless one stands already; returns false for `return
 * saip_fail(…)`. */
bool saip_fail(struct saip_walk *walk, enum saip_result result, const uint8_t *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Checks `value` against the members of a SEQUENCE. `what` names it in the reason. */
bool saip_check_sequence(struct saip_walk *walk, const char *what, const struct saip_field *members,
                         struct span value);

/* Checks the value of each object in the list that `in` has under `list`, if it has one; false when one
 * fails. */
bool saip_check_each(struct saip_walk *walk, struct span in, uint32_t list,
                     bool (*check)(struct saip_walk *walk, struct span value));

/* The walk over a package's elements: the state before the first, one element, and what remains to be checked
 * at the end. */
void saip_walk_free(struct saip_walk *walk);
bool saip_walk_end(struct saip_walk *walk);

/* Elements with files (saip_file.c). */
bool saip_walk_template(struct saip_walk *walk);
bool saip_walk_generic(struct saip_walk *walk);

/* Creates a file in the tree and shows it to the visitor; its number is file->number afterwards. */
bool saip_create_file(struct saip_walk *walk, struct saip_file *file, const uint8_t *at);

/* The file at a path from MF on (two octets a step; none: MF), or SAIP_NO_PARENT. */
uint16_t saip_find_path(const struct saip_walk *walk, struct span path);
/* The ADF with this name, or SAIP_NO_PARENT. */
uint16_t saip_find_application(const struct saip_walk *walk, struct span aid);
/* Whether one of the first `count` instances has this AID: all, or the security domains. */
bool saip_has_aid(const struct saip_walk *walk, struct span aid, size_t count);
/* At the end of the walk: the access rule that a file refers to is there. */
bool saip_check_access_rule(struct saip_walk *walk, const struct saip_node *node);

/* What the card can do (saip_capability.c). An element that is not taken is refused when mandated. */
bool saip_takes_version(unsigned major);
bool saip_takes_element(uint32_t tag); /* of those that have a type */
bool saip_takes_template(const struct saip_template *template);
/* NULL for a number that is no member of ServicesList. */
const struct saip_service *saip_service_by_member(int number);

/* The header element (saip_header.c). */
bool saip_check_header(struct saip_walk *walk);

/* The other elements' own rules (saip_check.c). */
bool saip_check_pins(struct saip_walk *walk);
bool saip_check_puks(struct saip_walk *walk);
bool saip_check_aka(struct saip_walk *walk);
bool saip_check_cdma(struct saip_walk *walk);

/* Security domains, remote file management and applications (saip_instance.c). */
bool saip_check_security_domain(struct saip_walk *walk);
bool saip_check_rfm(struct saip_walk *walk);
bool saip_check_application(struct saip_walk *walk);

/* ApplicationLoadPackage (saip_load.c): checks the one that the element at hand brings. */
bool saip_check_load_package(struct saip_walk *walk, struct span value);
/* The file that an element before `end` loads under this AID. */
bool saip_find_load_file(const struct saip_walk *walk, struct span aid, const struct saip_element *end,
                         struct span *file);
/* Whether a file that was found good has an applet of this class. */
bool saip_load_file_has(struct span file, struct span class_aid);

#endif
