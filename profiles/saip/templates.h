/*
 * The file structure templates of the TCA profile package (Annex A): for every template
 * OID 2.23.143.1.2.x[.version] the files it stands for, with identifier, kind, size, short identifier, access
 * rule and default content. A profile element says only what differs from these tables.
 *
 * The rows of a template stand in the order of the element's ASN.1 type: row i is the member with context tag
 * i + 2.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_TEMPLATES_H
#define SOFTEUICC_PROFILES_SAIP_TEMPLATES_H

#include "apdu/bytes.h"

/* Tags of the elements (ProfileElement, a CHOICE with automatic tags). */
enum saip_tag {
    SAIP_HEADER = 0xA0,
    SAIP_GENERIC_FILE_MANAGEMENT = 0xA1,
    SAIP_PIN_CODES = 0xA2,
    SAIP_PUK_CODES = 0xA3,
    SAIP_AKA_PARAMETER = 0xA4,
    SAIP_CDMA_PARAMETER = 0xA5,
    SAIP_SECURITY_DOMAIN = 0xA6,
    SAIP_RFM = 0xA7,
    SAIP_APPLICATION = 0xA8,
    SAIP_NON_STANDARD = 0xA9,
    SAIP_END = 0xAA,
    SAIP_MF = 0xB0,
    SAIP_CD = 0xB1,
    SAIP_TELECOM = 0xB2,
    SAIP_USIM = 0xB3,
    SAIP_OPT_USIM = 0xB4,
    SAIP_ISIM = 0xB5,
    SAIP_OPT_ISIM = 0xB6,
    SAIP_PHONEBOOK = 0xB7,
    SAIP_GSM_ACCESS = 0xB8,
    SAIP_CSIM = 0xB9,
    SAIP_OPT_CSIM = 0xBA,
    SAIP_EAP = 0xBB,
    SAIP_DF_5GS = 0xBC,
    SAIP_DF_SAIP = 0xBD,
    SAIP_DF_SNPN = 0xBE,
    SAIP_DF_5GPROSE = 0xBF1F,
    SAIP_IOT = 0xBF20,
    SAIP_OPT_IOT = 0xBF21,
};

enum saip_file_kind {
    SAIP_FILE_MF,
    SAIP_FILE_DF,
    SAIP_FILE_ADF,
    SAIP_FILE_TRANSPARENT,
    SAIP_FILE_LINEAR_FIXED,
    SAIP_FILE_CYCLIC,
    SAIP_FILE_BER_TLV,
};

enum { SAIP_DESCRIPTOR_SHAREABLE = 0x40 };

/* What a file may have: records, octets in one, the highest short identifier (TS 102 221 8.2). */
enum { SAIP_RECORDS_MAX = 254, SAIP_RECORD_SIZE_MAX = 255, SAIP_SFI_MAX = 30 };

/* "linear fixed", "DF", … */
const char *saip_file_kind_name(enum saip_file_kind kind);
/* The file descriptor octet of a kind (TS 102 221 11.1.1.4.3), one for all directories; and back, a directory
 * as DF, whatever the bit of shareable files says: false when no kind has it. */
uint8_t saip_kind_descriptor(enum saip_file_kind kind);
bool saip_kind_of_descriptor(uint8_t octet, enum saip_file_kind *kind);
/* True for MF, DF and ADF. */
bool saip_kind_is_directory(enum saip_file_kind kind);
/* True for files made of records. */
bool saip_kind_has_records(enum saip_file_kind kind);

enum saip_file_flags {
    SAIP_FILE_REQUIRED = 1, /* the element's ASN.1 type does not mark the file OPTIONAL */
    SAIP_FILE_BUSY = 2,     /* high update activity */
};

struct saip_template_file {
    const char *name; /* as in the ASN.1 type: "ef-imsi" */
    enum saip_file_kind kind;
    uint16_t fid;       /* 0: the package gives it (an ADF's temporary identifier, DF EAP) */
    uint16_t fid_count; /* EF ICON and its like may take one of so many identifiers, from fid on */
    uint16_t records;   /* 0: the package gives it */
    uint16_t size;      /* of the file or of one record, in octets; 0: the package gives it */
    uint8_t arr;        /* record of EF ARR with the access rule (Annex A, 9.9) */
    uint8_t sfi;        /* 0: none */
    uint8_t flags;
    /* Default content as a pattern: hexadecimal octets; "XX*" repeats one octet to fill the file or record,
     * "[…]" a whole group of octets. NULL: none, the file is filled with FF. */
    const char *content;
};

/* A version of a template can change a row of the table that it shares with the versions before. */
struct saip_template_change {
    uint16_t row;
    struct saip_template_file file;
};

struct saip_template {
    uint32_t element;     /* enum saip_tag: the profile element that uses it */
    uint8_t arc, version; /* OID 2.23.143.1.2.arc for version 1, 2.23.143.1.2.arc.version above */
    bool by_default;      /* files that the element does not name are created too */
    const struct saip_template_file *files;
    size_t file_count;
    const struct saip_template_change *changes;
    size_t change_count;
};

/* The template at `index`, counted from 0 through all applications; NULL behind the last. For walking over
 * them. */
const struct saip_template *saip_template_at(size_t index);

/* The template with this OID (content octets of an OBJECT IDENTIFIER), NULL when unknown. */
const struct saip_template *saip_template_find(struct span oid);

/* The row of a template with the changes of its version. `row` is below file_count. */
const struct saip_template_file *saip_template_row(const struct saip_template *template, size_t row);

/* The row with that name: its index, or -1. */
int saip_template_row_named(const struct saip_template *template, const char *name);

/* The tag of the member that describes row `row` in the element. */
uint32_t saip_template_row_tag(size_t row);

/* Appends the content octets of the template's OID. */
void saip_template_put_oid(struct buf *out, const struct saip_template *template);

/* Writes the OID in dotted form ("2.23.143.1.2.4.2"); returns `out`. 32 characters suffice. */
char *saip_template_oid_text(const struct saip_template *template, char *out, size_t out_size);

/* Appends `size` octets of a file's or record's default content to `out` (a pattern is cut or repeated to
 * fit). */
void saip_template_content(const struct saip_template_file *file, size_t size, struct buf *out);

/* Appends `size` octets of a pattern that a file or record is filled with (TS 102 222 6.3.2.2.2): the last
 * octet of a fill pattern goes on to the end, a repeat pattern begins again. */
void saip_put_pattern(struct span pattern, bool repeats, size_t size, struct buf *out);

/* The tables, by application. */
extern const struct saip_template saip_templates_uicc[], saip_templates_usim[], saip_templates_ims[],
    saip_templates_csim[], saip_templates_iot[];
enum {
    SAIP_TEMPLATES_UICC = 4,
    SAIP_TEMPLATES_USIM = 14,
    SAIP_TEMPLATES_IMS = 4,
    SAIP_TEMPLATES_CSIM = 4,
    SAIP_TEMPLATES_IOT = 2,
};

#endif
