/*
 * A PKI made on the spot (SGP.22 4.5): a CI with an EUM, SM-DP+s and an SM-DS under it, and cards that trust
 * it. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_PKI_H
#define SOFTEUICC_TESTS_SUPPORT_PKI_H

#include "crypto/cert.h"
#include "euicc/softeuicc.h"

#define TEST_EID  "89049032123451234512345678901235"
#define TEST_OID  "2.999.10" /* the SM-DP+ */
#define TEST_OID2 "2.999.20" /* another one */

/* A key and its certificate. */
struct test_entity {
    struct ec_key *key;
    struct cert *cert;
    struct buf der;
};

struct test_ci {
    enum ec_curve curve;
    uint8_t key_id[20];
    struct test_entity ci, eum;
    struct test_entity dp_auth, dp_pb;   /* TEST_OID */
    struct test_entity dp2_auth, dp2_pb; /* TEST_OID2 */
    struct test_entity ds_auth;
};

void test_ci_make(struct test_ci *ci, enum ec_curve curve);
void test_ci_free(struct test_ci *ci);

/* Issues a certificate for a new key on `curve` under `ci`. `oid` may be NULL. */
void test_entity_issue(struct test_entity *entity, const struct test_ci *ci, enum cert_role role,
                       const char *oid, enum ec_curve curve);
/* The same for any request, and with another issuer. */
void test_entity_request(struct test_entity *entity, const struct cert_request *request, enum ec_curve curve,
                         const struct test_entity *issuer);
/* Signs the certificate again, with a key that is not its issuer's. */
void test_entity_sign_with(struct test_entity *entity, const struct ec_key *key);
void test_entity_free(struct test_entity *entity);

/* The dNSNames of a certificate's subjectAltName; false at the end. */
bool test_dns_name(const struct cert *cert, size_t index, struct span *name);

/* A new card under these CIs, which has room for `free_nvm` octets of profiles (0: the default); not powered.
 * `path` may be ":memory:". The caller closes it. */
struct softeuicc *test_card(const char *path, const struct test_ci *cis, size_t count, uint64_t free_nvm);
/* The same with these hooks. */
struct softeuicc *test_card_on(const char *path, const struct test_ci *cis, size_t count, uint64_t free_nvm,
                               const struct softeuicc_hooks *hooks);

#endif
