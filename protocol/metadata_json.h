/*
 * The JSON beside a profile package, which says of the profile what the package does not: names, class, icon,
 * rules, who hears of it. From it to StoreMetadataRequest (SGP.22 5.5.3), for whoever puts the package on a
 * card: an SM-DP+, or the card's manufacturer. Its form is in docs/smdpp.md; every member is optional, and
 * none is passed over.
 */
#ifndef SOFTEUICC_PROTOCOL_METADATA_JSON_H
#define SOFTEUICC_PROTOCOL_METADATA_JSON_H

#include "apdu/iccid.h"
#include "protocol/metadata_check.h"

#include <jansson.h>

/* Sizes in octets. */
#define METADATA_CHARACTER_MAX 4   /* of one in UTF-8 */
#define METADATA_FILE_MAX      255 /* of an icon's name */
#define METADATA_WHY_SIZE      180

/* Reads a whole file, as input_read of common/input.h does, which this floor does not know: appends at most
 * `limit` octets to `out`, or says in `why` (METADATA_READ_WHY octets) what of the file `name` is wrong. */
typedef bool metadata_read(const char *path, const char *name, size_t limit, struct buf *out, char *why);
#define METADATA_READ_WHY 512

/* What is known of the profile without it. */
struct metadata_profile {
    const uint8_t *iccid; /* ICCID_SIZE octets, as in EF ICCID */
    const char *name; /* the names' default; what is too long of it is cut, and what is not UTF-8 replaced */
    metadata_read *read;        /* for icon files */
    const char *directory;      /* where they are */
    const char *server_address; /* hears of enabling, disabling and deleting; NULL: no such server */
};

/* What it says, for people. */
struct metadata_facts {
    char service_provider[METADATA_CHARACTER_MAX * METADATA_PROVIDER_MAX + 1];
    char profile_name[METADATA_CHARACTER_MAX * METADATA_NAME_MAX + 1];
    const char *profile_class; /* a constant */
    uint8_t pprs;              /* bits: 1 ppr1, 2 ppr2 */
    bool ecall, fallback_allowed;
    char icon[METADATA_FILE_MAX + 1]; /* the name of its file, also when that cannot be read; "": none */
};

/* Reads the file; the caller releases it. NULL with *why (METADATA_WHY_SIZE octets) when it cannot be read,
 * or is no JSON. */
json_t *metadata_json_load(const char *path, metadata_read *read, char *why);

/* Appends the request, whole (BF25). `json` may be NULL: all defaults. False with *why, which begins with the
 * path of the member that is at fault ("notifications[1].events[0]"). */
bool metadata_json_build(const json_t *json, const struct metadata_profile *profile, struct buf *out,
                         struct metadata_facts *facts, char *why);

#endif
