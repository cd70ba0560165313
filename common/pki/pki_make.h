/*
 * A complete test PKI in memory, one curve at a time: for `softeuicc pki init` and for tests that want no
 * files. The roots of such a PKI are worth nothing: use it for tests only.
 */
#ifndef SOFTEUICC_COMMON_PKI_PKI_MAKE_H
#define SOFTEUICC_COMMON_PKI_PKI_MAKE_H

#include "common/pki/pki_dir.h"

/* What the EIDs begin with that the EUM may certify: the prefix that the industry's test EUM has too. */
#define PKI_EID_PREFIX "89049032"

struct pki_options {
    const char *const *hosts; /* NULL-terminated, at least one: names or addresses of the TLS servers */
    int64_t not_before;       /* seconds since 1970 */
    int64_t not_after;
    enum pki_variant variant;
};

/* Makes all keys and certificates of one curve; what the variant has not stays empty. False (nothing left to
 * free) when a host cannot stand in a certificate, or for lack of memory. The caller frees with pki_free. */
bool pki_make(enum ec_curve curve, const struct pki_options *options, struct pki_pair pairs[PKI_ENTITIES]);
void pki_free(struct pki_pair pairs[PKI_ENTITIES]);

#endif
