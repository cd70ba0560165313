/*
 * Whether an eUICC takes a profile's metadata: StoreMetadataRequest (SGP.22 5.5.3) as it is checked when a
 * Bound Profile Package is loaded (5.7.6: incorrectInputValues, unsupportedProfileClass, pprNotAllowed). Who
 * makes metadata asks here, so that what no eUICC takes is neither ordered nor sent. What one eUICC takes and
 * another does not (its Rules Authorisation Table, an ICCID that it has) is not asked.
 */
#ifndef SOFTEUICC_PROTOCOL_METADATA_CHECK_H
#define SOFTEUICC_PROTOCOL_METADATA_CHECK_H

#include "apdu/bytes.h"

/* In characters (the SIZE of a UTF8String counts those). */
#define METADATA_PROVIDER_MAX 32
#define METADATA_NAME_MAX     64
/* In octets. */
#define METADATA_ICON_MAX    1024
#define METADATA_ADDRESS_MAX 255

/* What is wrong: constants. */
struct metadata_fault {
    const char *member; /* as SGP.22 calls it */
    const char *reason;
};

/* `octets` is BF25 whole. False with *fault. */
bool metadata_check(struct span octets, struct metadata_fault *fault);

/* Whether octets are UTF-8 without NUL, and how many characters that are. */
bool metadata_is_text(struct span octets, size_t *characters);

#endif
