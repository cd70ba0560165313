/*
 * The configuration of immediate profile enabling (SGP.32 5.9.15, 5.9.17, PSMO configureImmediateEnable):
 * whether the IPA may have a profile enabled right after its download, and from which SM-DP+. Columns of
 * table `iot`.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_IMMEDIATE_ENABLE_H
#define SOFTEUICC_EUICC_LIFECYCLE_IMMEDIATE_ENABLE_H

#include "euicc/os/card.h"

/* { [80 immediateEnableFlag], [81 defaultSmdpOid], [82 defaultSmdpAddress] }; spans of the request,
 * SPAN_NONE: absent. */
struct immediate_enable {
    bool flag;
    struct span smdp_oid; /* content octets */
    struct span smdp_address;
};

/* False when it does not parse, or the OID or address is none. */
bool immediate_enable_parse(struct span content, struct immediate_enable *configuration);

/* Takes the place of what was configured before. False when storage failed. */
bool immediate_enable_store(struct softeuicc *card, const struct immediate_enable *configuration);

/* Back to what a new card has: not allowed, no SM-DP+. */
bool immediate_enable_forget(struct softeuicc *card);

bool immediate_enable_configured(struct softeuicc *card);

/* May a profile that came from this SM-DP+ be enabled immediately? An OID or address that is not configured
 * fits any.
 */
bool immediate_enable_allows(struct softeuicc *card, struct span smdp_oid, struct span smdp_address);

#endif
