/*
 * One profile of a directory: its package (NAME.der), and what is said of it beside it (NAME.json, an icon).
 * What a server needs to know of it stays in memory; the package is read again when it is delivered.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_LOAD_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_LOAD_H

#include "crypto/ec.h"
#include "protocol/metadata_json.h"

#define PROFILE_NAME_MAX    120               /* characters of a file name without .der */
#define PROFILE_PACKAGE_MAX (4 * 1024 * 1024) /* octets */

struct profile {
    char name[PROFILE_NAME_MAX + 1]; /* file name without .der */
    char matching_id[PROFILE_NAME_MAX +
                     1]; /* the name in the characters of an activation code, SGP.22 4.1.1 */
    char iccid[ICCID_DIGITS_MAX + 1];
    uint8_t iccid_octets[ICCID_SIZE];
    char type[101]; /* profileType of the package's header */
    uint8_t major_version, minor_version;
    size_t memory;       /* what it is likely to take on a card, octets */
    size_t package_size; /* octets of the SAIP package */
    uint8_t package_digest[CRYPTO_SHA256_SIZE];
    struct buf metadata;                /* StoreMetadataRequest, whole BF25 */
    uint8_t digest[CRYPTO_SHA256_SIZE]; /* of package and metadata: two that are alike are the same */
    struct metadata_facts facts;        /* as in the metadata */
    char complaint[200];                /* why this file cannot be delivered; "" when it can */
    char warning[200];                  /* what is odd about the package; "" when nothing is */
};

/* Fills what `profile`, which has its names and nothing else, is made of; what cannot be is its complaint.
 * `server_address` goes into the notification configuration. */
void profile_load(const char *directory, const char *server_address, struct profile *profile);
/* Frees what it holds, not the structure. */
void profile_unload(struct profile *profile);

/* Appends the package, which is the one that was loaded. False with a line in `why` when it cannot be read,
 * or is another one by now. */
bool profile_read_package(const char *directory, const struct profile *profile, struct buf *out,
                          char why[METADATA_READ_WHY]);

#endif
