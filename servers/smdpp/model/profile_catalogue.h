/*
 * The profiles an SM-DP+ can deliver: the `.der` files (SAIP packages) of a directory, each with an optional
 * `.json` of metadata beside it. The directory is looked at again whenever somebody asks, so profiles can be
 * added while the server runs.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_CATALOGUE_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_CATALOGUE_H

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
    size_t memory;               /* what it is likely to take on a card, octets */
    struct buf package;          /* SAIP, DER */
    struct buf metadata;         /* StoreMetadataRequest, whole BF25 */
    struct metadata_facts facts; /* as in the metadata */
    char complaint[200];         /* why this file cannot be delivered; "" when it can */
    char warning[200];           /* what is odd about the package; "" when nothing is */
};

struct profile_catalogue;

/* `server_address` goes into the notification configuration of every profile. NULL without memory. */
struct profile_catalogue *profile_catalogue_new(const char *directory, const char *server_address);
void profile_catalogue_free(struct profile_catalogue *catalogue);

/* Whether the directory is there and may be read. */
bool profile_catalogue_readable(const struct profile_catalogue *catalogue);

/* Reads what is new or changed in the directory. False when the directory cannot be read. Pointers to
 * profiles stay valid until the next call. `changed` is called for every file that was read. */
bool profile_catalogue_refresh(struct profile_catalogue *catalogue,
                               void (*changed)(const struct profile *profile));

size_t profile_catalogue_count(const struct profile_catalogue *catalogue);
const struct profile *profile_catalogue_at(const struct profile_catalogue *catalogue, size_t index);

/* By file name without .der, or by its form as a matchingId (letter case does not matter). Deliverable ones
 * only; NULL. */
const struct profile *profile_catalogue_by_name(const struct profile_catalogue *catalogue, const char *name);

#endif
