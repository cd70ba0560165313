/*
 * An eIM that orders: eUICC Packages built and signed, results taken apart and verified. It shares no code
 * with what it tests: it reads with its own reader, and verifies with OpenSSL and the certificate alone. For
 * tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_PACKAGE_H
#define SOFTEUICC_TESTS_SUPPORT_PACKAGE_H

#include "crypto/ec.h"
#include "tests/support/pki.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

#define PSMO 0xA0u /* lists of an EuiccPackage */
#define ECO  0xA1u

struct test_eim {
    const char *id;
    struct ec_key *key;
    bool has_token; /* the card made an association token for it */
    int64_t token;
    int64_t counter; /* of the last package */
};

/* Makes a key on this curve; the counter begins with 0. */
void test_eim_open(struct test_eim *eim, const char *id, enum ec_curve curve);
void test_eim_close(struct test_eim *eim);

/* Appends its EimConfigurationData as `tag` { … }: eimId, counter, its public key. With `ask_token` it wants
 * an association token; `ci_key_id` may be SPAN_NONE. */
void test_eim_put(struct buf *out, uint32_t tag, const struct test_eim *eim, bool ask_token,
                  struct span ci_key_id);

/* Makes it an associated eIM of the card, behind the terminal's back. */
void test_eim_associate(struct test_eim *eim, struct softeuicc *card, bool ask_token, struct span ci_key_id);

/* A package; zero fields are those of an honest one. */
struct test_package {
    struct span eim_id;       /* another one's */
    struct span eid;          /* of another card */
    struct span counter;      /* content of the INTEGER; else the eIM's next, which then is its last */
    struct span transaction;  /* eimTransactionId */
    uint32_t list_tag;        /* PSMO, unless it says ECO or nonsense */
    struct span list;         /* commands */
    struct span further;      /* after the list */
    struct span token;        /* the token object under the signature */
    const struct ec_key *key; /* another signer's */
};

/* Appends euiccPackageSigned. */
void test_package_put_signed(struct buf *out, struct test_eim *eim, const struct test_package *package);
/* Appends BF51 with this euiccPackageSigned and the eIM's signature (or the one of package->key). */
void test_package_sign(struct buf *out, const struct test_eim *eim, const struct test_package *package,
                       struct span signed_part);
/* Both. */
void test_package_put(struct buf *out, struct test_eim *eim, const struct test_package *package);

enum test_package_kind { RESULT_SIGNED, RESULT_ERROR, RESULT_UNSIGNED_ERROR };

/* EuiccPackageResult; the spans are those of the answer, SPAN_NONE what is absent. */
struct test_package_result {
    enum test_package_kind kind;
    struct span data, signature; /* what is signed, whole, and how; without the token */
    struct span eim_id, transaction;
    int64_t counter, sequence;
    struct span results; /* content of euiccResult */
    int64_t code;        /* euiccPackageErrorCode */
    bool has_token;
    int64_t token; /* of an unsigned error */
};

/* Takes `answer` (BF51 whole) apart and verifies its signature with the certificate of the card's credentials
 * under this CI. Fails the test when there is anything wrong with it. */
void test_result_read(const struct test_eim *eim, struct softeuicc *card, struct span ci_key_id,
                      struct span answer, struct test_package_result *result);
/* The same without its signature. */
void test_result_take_apart(struct span answer, struct test_package_result *result);

/* Sends an honest package with the commands written as hexadecimal; returns euiccResult's content, read and
 * verified and with what must come back checked. */
struct span test_package_run(struct terminal *terminal, struct test_eim *eim, uint32_t list_tag,
                             const char *list);
/* The same for any package, and the whole result. */
void test_package_send(struct terminal *terminal, struct test_eim *eim, const struct test_package *package,
                       struct test_package_result *result);

#endif
