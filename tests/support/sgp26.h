/* What each certificate of eSIM has to hold: one table, for SGP.26's test certificates and ours. For tests
 * only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_SGP26_H
#define SOFTEUICC_TESTS_SUPPORT_SGP26_H

#include "crypto/cert.h"

/* The rows: those of enum cert_role, and the eIM's, which have no policy. */
enum { SGP26_EIM_SIGN = CERT_ROLE_V3_LAST + 1, SGP26_EIM_TLS, SGP26_ROWS };

/* Fails the test unless the certificate (DER) has the extensions of its row, with their criticality and
 * values, none besides, and the row's subject. OpenSSL reads them. `theirs`: one of SGP.26's, which may lack
 * what only ours have. */
void sgp26_check(const char *name, struct span der, int row, bool theirs);

/* Fails the test unless OpenSSL, strict, believes the chain: of `der`, the first certificate, with only the
 * last, the CI's, as an anchor; as a TLS server's when its name is given. */
void sgp26_check_chain(const char *name, const struct span *der, size_t count, const char *host);

#endif
