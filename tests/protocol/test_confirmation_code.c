/* Hashes of confirmation codes (SGP.22 4.7), against figures of another implementation of SHA-256. */
#include "protocol/confirmation_code.h"
#include "tests/support/test.h"

#include <string.h>

static const char code[] = "4711-\xC3\xA4";
static const char transaction[] = "0102030405060708090A0B0C0D0E0F10";
static const char expected_hash[] = "9FB15F18A676E5C53AE787869E51CC58544CF760C3B769DB0D694319E2B428F6";
static const char expected_hash_cc[] = "52BE9728AE36F8E55CA4FB1DEF6F58FCDB2E451FE6BE8FE0FE8450E878948549";

START_TEST(hashes_a_code_and_binds_it_to_a_transaction)
{
    uint8_t hash[CRYPTO_SHA256_SIZE], hash_cc[CRYPTO_SHA256_SIZE];
    const struct span id = hex(transaction);

    ck_assert(confirmation_code_hash(code, hash));
    ck_assert_hex(SPAN_ARRAY(hash), expected_hash);
    ck_assert(confirmation_code_bind(hash, id, hash_cc));
    ck_assert_hex(SPAN_ARRAY(hash_cc), expected_hash_cc);
    memset(hash_cc, 0, sizeof(hash_cc));
    ck_assert(confirmation_code_hash_cc(code, id, hash_cc));
    ck_assert_hex(SPAN_ARRAY(hash_cc), expected_hash_cc);
}
END_TEST

TEST_MAIN("confirmation_code", hashes_a_code_and_binds_it_to_a_transaction)
