/*
 * What the files of the profile package builder share: writing elements, files of templates and their FCP.
 * For profiles/saip_build*.c only.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SAIP_BUILDER_H
#define SOFTEUICC_PROFILES_SAIP_SAIP_BUILDER_H

#include "apdu/tlv.h"
#include "profiles/saip/saip_build.h"
#include "profiles/saip/templates.h"

/* File identifiers that a package chooses for its ADFs (temporary, TCA 8.3.1). */
enum { FID_USIM = 0x7FF1, FID_ISIM = 0x7FF2 };

/* RID of 3GPP, application codes of TS 101 220 Annex E, and a provider part of our own. */
#define AID_USIM "A0000000871002FFFFFFFF8907090000"
#define AID_ISIM "A0000000871004FFFFFFFF8907090000"

/* The largest file made: efFileSize of two octets with room to spare. */
enum { EXTRA_FILE_MAX = 0x7000, EXTRA_FILES_MAX = 512 };

/* References of TS 102 221 9.5.1. */
enum { PIN1 = 0x01, PIN2 = 0x81, ADM1 = 0x0A, PUK1 = 0x01, PUK2 = 0x81 };

/* The codes of a directory's PIN status template: of MF, and of every other directory that we make. */
#define MF_PINS        SPAN_STRING("\x01\x0A")
#define DIRECTORY_PINS SPAN_STRING("\x01\x81\x0A")

struct saip_builder {
    const struct saip_recipe *recipe;
    struct buf *out;
    uint8_t iccid[ICCID_SIZE];
    unsigned identification;
    const struct saip_template *template; /* of the element being written */
    size_t marks[8];                      /* of the objects begun and not ended yet, outermost first */
    size_t depth;
};

/* Begins an object inside the one begun last; ends the `count` objects begun last. */
void saip_open(struct saip_builder *b, uint32_t tag);
void saip_close(struct saip_builder *b, unsigned count);

void saip_put_hex(struct buf *out, uint32_t tag, const char *text);
void saip_put_u16(struct buf *out, uint32_t tag, unsigned value);
/* A file size: on the fewest octets (ASN.1 module, efFileSize). */
void saip_put_size(struct buf *out, uint32_t tag, size_t size);
/* File descriptor of a file of records (TS 102 221 11.1.1.4.3). */
void saip_put_record_descriptor(struct buf *out, uint32_t tag, bool cyclic, size_t record);

/* Begins an element: its tag and header, with the next identification. */
void saip_open_element(struct saip_builder *b, uint32_t tag);
/* Version 1 of the template that an element type uses: any eUICC in the field has it. */
const struct saip_template *saip_first_template(uint32_t tag);
/* Begins an element that uses it. */
void saip_open_template(struct saip_builder *b, uint32_t tag);

/* Begins a file of the template. */
void saip_open_file(struct saip_builder *b, const char *name);
/* A file as the template has it, but for the content (none: the default). */
void saip_put_file(struct saip_builder *b, const char *name, struct span content);
void saip_put_file_hex(struct saip_builder *b, const char *name, const char *content);
/* A transparent file of another size than the template's. */
void saip_put_sized_file(struct saip_builder *b, const char *name, size_t size, struct span content);
/* Begins a linear fixed file of `records` records; the caller adds the content. */
void saip_open_record_file(struct saip_builder *b, const char *name, size_t records, size_t record);
/* A directory with the codes that its PIN status template names; an ADF has a temporary identifier and an AID
 * (else NULL). */
void saip_put_directory(struct saip_builder *b, const char *name, unsigned fid, const char *aid,
                        struct span pins);
/* EF ARR with the rules that the templates refer to. */
void saip_put_access_rules(struct saip_builder *b);

/* The elements, in the order of a package. */
void saip_build_header(struct saip_builder *b);
void saip_build_mf(struct saip_builder *b);
void saip_build_puks(struct saip_builder *b);
void saip_build_global_pins(struct saip_builder *b);
void saip_build_telecom(struct saip_builder *b);
void saip_build_local_pin(struct saip_builder *b);
void saip_build_usim(struct saip_builder *b);
void saip_build_optional_usim(struct saip_builder *b);
void saip_build_keys(struct saip_builder *b);
void saip_build_gsm_access(struct saip_builder *b);
void saip_build_5gs(struct saip_builder *b);
void saip_build_isim(struct saip_builder *b);
void saip_build_generic_files(struct saip_builder *b);
void saip_build_security_domain(struct saip_builder *b);
void saip_build_remote_files(struct saip_builder *b);

#endif
