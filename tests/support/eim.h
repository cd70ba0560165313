/*
 * An eIM for tests: its key, and the EimConfigurationData that an IPA or another eIM gives the card for it.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_EIM_H
#define SOFTEUICC_TESTS_SUPPORT_EIM_H

#include "crypto/ec.h"
#include "tests/support/test.h"

/* Zero fields are absent members, but eimId and the key. All octets written are appended as they are. */
struct test_eim_configuration {
    const char *id; /* NULL: "2.999.1" */
    const char *fqdn;
    unsigned id_type;
    const char *counter;      /* hexadecimal of the INTEGER's content; NULL: 00; "": absent */
    const char *token;        /* hexadecimal of the INTEGER's content */
    const struct ec_key *key; /* eimPublicKeyData as SubjectPublicKeyInfo */
    struct span certificate;  /* eimPublicKeyData as this certificate, DER whole */
    struct span tls;          /* content of trustedPublicKeyDataTls */
    struct span protocol;     /* content of eimSupportedProtocol */
    struct span ci_key_id;
    struct span further; /* members after euiccCiPKId */
};

/* EimConfigurationData as `tag` { … }: 0x30 in a list, 0xA8 addEim, 0xAA updateEim. */
struct span test_eim_configuration(uint32_t tag, const struct test_eim_configuration *configuration);

/* What GetEimConfigurationData shows of it, as 30 { … }: without the counter, and what it leaves out has its
 * default (SGP.32 5.9.4, CR12010R00). `first_ci`: the first CI that the card signs under. */
struct span test_eim_shown(const struct test_eim_configuration *configuration, struct span first_ci);

/* The content of a SubjectPublicKeyInfo. */
struct span test_eim_key_info(const struct ec_key *key);

/* BF57 with these configurations, each with the tag 0x30. */
struct span test_eim_initial(const struct span *configurations, size_t count);

#endif
