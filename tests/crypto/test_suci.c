/*
 * crypto/suci.h against the test data of 3GPP TS 33.501 C.4, and revealed again as a home network would (with
 * OpenSSL's own X9.63 KDF); crypto/kdf33.h against the EAP-AKA' test data of RFC 9048 and plain HMAC.
 */
#include "crypto/ec.h"
#include "crypto/kdf33.h"
#include "crypto/suci.h"
#include "tests/support/test.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

static const struct {
    enum suci_scheme scheme;
    const char *home_key, *home_private, *ephemeral_private, *plain, *output;
} vectors[] = {
    {SUCI_PROFILE_A, "5A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650",
     "C53C22208B61860B06C62E5406A7B330C2B577AA5558981510D128247D38BD1D",
     "C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256", "00012080F6",
     "B2E92F836055A255837DEBF850B528997CE0201CB82ADFE4BE1F587D07D8457D CB02352410 CDDD9E730EF3FA87"},
    {SUCI_PROFILE_B, "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1",
     "F1AB1074477EBCC7F554EA1C5FC368B1616730155E0041AC447D6301975FECDA",
     "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529", "00012080F6",
     "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1 46A33FC271 6AC7DAE96AA30A4D"},
    {SUCI_PROFILE_B,
     "0472DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
     "5A7DED52FCBB097A4ED250E036C7B9C8C7004C4EEDC4F068CD7BF8D3F900E3B4",
     "F1AB1074477EBCC7F554EA1C5FC368B1616730155E0041AC447D6301975FECDA",
     "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529", "00012080F6",
     "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1 46A33FC271 6AC7DAE96AA30A4D"},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

START_TEST(conceals_as_the_test_data_says)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct buf *out = test_buf();

        ck_assert(suci_key_fits(vectors[i].scheme, hex(vectors[i].home_key)));
        ck_assert(suci_conceal(vectors[i].scheme, hex(vectors[i].home_key),
                               hex(vectors[i].ephemeral_private).data, hex(vectors[i].plain), out));
        ck_assert_hex(buf_span(out), vectors[i].output);
    }
}
END_TEST

START_TEST(null_scheme_conceals_nothing)
{
    struct buf *out = test_buf();
    uint8_t unused[SUCI_PRIVATE_SIZE] = {0};

    ck_assert(suci_key_fits(SUCI_NULL_SCHEME, SPAN_NONE));
    ck_assert(suci_conceal(SUCI_NULL_SCHEME, SPAN_NONE, unused, hex("00012080F6"), out));
    ck_assert_hex(buf_span(out), "00012080F6");
    ck_assert_uint_eq(suci_ephemeral_size(SUCI_NULL_SCHEME), 0);
}
END_TEST

/* --- as a home network reveals it ------------------------------------------------------------------- */

static EVP_PKEY *raw_key(enum suci_scheme scheme, bool is_private, struct span octets)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context;
    OSSL_PARAM parameters[3];
    char group[] = "P-256";
    uint8_t point[EC_POINT_SIZE];

    if (scheme == SUCI_PROFILE_A)
        return is_private ? EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, octets.data, octets.size)
                          : EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, octets.data, octets.size);
    if (is_private) {
        struct ec_key *own = ec_key_from_scalar(EC_CURVE_P256, octets);
        struct buf *der = test_buf();
        const uint8_t *at;

        ck_assert(ec_key_to_pkcs8(own, der));
        ec_key_free(own);
        at = der->data;
        return d2i_AutoPrivateKey(NULL, &at, (long)der->size);
    }
    memcpy(point, octets.data, octets.size);
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, octets.size);
    parameters[2] = OSSL_PARAM_construct_end();
    context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void x963(const uint8_t secret[32], struct span shared_info, uint8_t out[64])
{
    char digest[] = "SHA256";
    uint8_t key[32], info[33];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, sizeof(key)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, shared_info.size),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);

    memcpy(key, secret, sizeof(key));
    memcpy(info, shared_info.data, shared_info.size);
    ck_assert_int_eq(EVP_KDF_derive(context, out, 64, parameters), 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

static void reveal(enum suci_scheme scheme, struct span home_private, struct span output, uint8_t *plain)
{
    size_t point_size = scheme == SUCI_PROFILE_A ? 32 : 33;
    size_t size = output.size - point_size - 8;
    EVP_PKEY *own = raw_key(scheme, true, home_private);
    EVP_PKEY *peer = raw_key(scheme, false, SPAN(output.data, point_size));
    EVP_PKEY_CTX *agree = EVP_PKEY_CTX_new(own, NULL);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t secret[32], keys[64], tag[32];
    size_t secret_size = sizeof(secret);
    int written;

    ck_assert_int_eq(EVP_PKEY_derive_init(agree), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(agree, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(agree, secret, &secret_size), 1);
    x963(secret, SPAN(output.data, point_size), keys);
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), keys + 32, 32, output.data + point_size, size, tag, NULL));
    ck_assert_mem_eq(tag, output.data + output.size - 8, 8);
    ck_assert_int_eq(EVP_DecryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, keys, keys + 16), 1);
    ck_assert_int_eq(EVP_DecryptUpdate(cipher, plain, &written, output.data + point_size, (int)size), 1);
    EVP_CIPHER_CTX_free(cipher);
    EVP_PKEY_CTX_free(agree);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
}

static void conceal_and_reveal(size_t vector, size_t size, uint8_t filler)
{
    struct buf *out = test_buf();
    uint8_t private_key[SUCI_PRIVATE_SIZE];
    uint8_t plain[200], revealed[200];

    memset(private_key, filler, sizeof(private_key));
    memset(plain, filler ^ 0x55, sizeof(plain));
    ck_assert(suci_conceal(vectors[vector].scheme, hex(vectors[vector].home_key), private_key,
                           SPAN(plain, size), out));
    ck_assert_uint_eq(out->size, suci_ephemeral_size(vectors[vector].scheme) + size + SUCI_TAG_SIZE);
    reveal(vectors[vector].scheme, hex(vectors[vector].home_private), buf_span(out), revealed);
    ck_assert_mem_eq(revealed, plain, size);
}

/* Different ephemeral keys and sizes, up to a long network access identifier. */
START_TEST(home_network_reveals_it)
{
    static const size_t sizes[] = {1, 5, 15, 16, 17, 31, 32, 63, 200};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        conceal_and_reveal(0, sizes[i], (uint8_t)(0x11 + i));
        conceal_and_reveal(1, sizes[i], (uint8_t)(0x11 + i));
    }
}
END_TEST

START_TEST(refuses_keys_that_do_not_fit)
{
    const uint8_t *private_key = hex(vectors[1].ephemeral_private).data;
    uint8_t zero[SUCI_PRIVATE_SIZE] = {0}, ones[SUCI_PRIVATE_SIZE];
    struct buf *out = test_buf();

    memset(ones, 0xFF, sizeof(ones));
    ck_assert(!suci_key_fits(SUCI_PROFILE_A, hex(vectors[1].home_key)));
    ck_assert(!suci_key_fits(SUCI_PROFILE_A, SPAN_NONE));
    ck_assert(!suci_key_fits(SUCI_PROFILE_B, hex(vectors[0].home_key)));
    ck_assert(!suci_key_fits(SUCI_PROFILE_B, SPAN_NONE));
    /* An x-coordinate without a point, a wrong first octet, a point beside the curve. */
    ck_assert(!suci_key_fits(SUCI_PROFILE_B,
                             hex("02FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")));
    ck_assert(!suci_key_fits(SUCI_PROFILE_B,
                             hex("0572DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1")));
    ck_assert(!suci_key_fits(SUCI_PROFILE_B,
                             hex("0472DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
                                 "5A7DED52FCBB097A4ED250E036C7B9C8C7004C4EEDC4F068CD7BF8D3F900E3B5")));
    ck_assert(!suci_key_fits((enum suci_scheme)3, hex(vectors[0].home_key)));
    ck_assert(!suci_conceal(SUCI_PROFILE_A, hex(vectors[1].home_key), private_key, hex("00"), out));
    ck_assert(!suci_conceal(SUCI_PROFILE_B, hex(vectors[1].home_key), zero, hex("00"), out));
    ck_assert(!suci_conceal(SUCI_PROFILE_B, hex(vectors[1].home_key), ones, hex("00"), out));
    /* A point of small order gives no secret. */
    ck_assert(!suci_conceal(SUCI_PROFILE_A, SPAN_ARRAY(zero), private_key, hex("00"), out));
    ck_assert_uint_eq(out->size, 0);
}
END_TEST

/* --- KDF -------------------------------------------------------------------------------------------- */

/* RFC 9048 appendix E, cases 1 and 2: CK' || IK' are KDF(CK || IK, 20, network name, SQN xor AK). */
START_TEST(kdf_gives_the_keys_of_eap_aka_prime)
{
    static const struct {
        const char *ck_ik, *name, *sqn_ak, *out;
    } cases[] = {
        {"5349FBE098649F948F5D2E973A81C00F 9744871AD32BF9BBD1DD5CE54E3E2E5A", "WLAN", "BB52E91C747A",
         "0093962D0DD84AA5684B045C9EDFFA04 CCFC230CA74FCC96C0A5D61164F5A76C"},
        {"5349FBE098649F948F5D2E973A81C00F 9744871AD32BF9BBD1DD5CE54E3E2E5A", "HRPD", "BB52E91C747A",
         "3820F0277FA5F77732B1FB1D90C1A0DA DB94A0AB557EF6C9AB48619CA05B9A9F"},
    };

    for (size_t i = 0; i < 2; i++) {
        const struct span parameters[] = {span_of_string(cases[i].name), hex(cases[i].sqn_ak)};
        uint8_t out[KDF33_SIZE];

        ck_assert(kdf33(hex(cases[i].ck_ik), 0x20, parameters, 2, out));
        ck_assert_hex(SPAN_ARRAY(out), cases[i].out);
    }
}
END_TEST

START_TEST(kdf_refuses_long_parameters)
{
    static uint8_t octets[65536];
    const struct span fits = SPAN(octets, 65535), over = SPAN(octets, 65536);
    uint8_t out[KDF33_SIZE];

    ck_assert(kdf33(hex("00"), 1, &fits, 1, out));
    ck_assert(!kdf33(hex("00"), 1, &over, 1, out));
}
END_TEST

START_TEST(gba_mask_is_half_a_digest)
{
    struct span ik = hex("9744871AD32BF9BBD1DD5CE54E3E2E5A");
    uint8_t digest[SHA_DIGEST_LENGTH], mask[KDF33_GBA_MASK_SIZE];

    SHA1(ik.data, ik.size, digest);
    ck_assert(kdf33_gba_mask(ik, mask));
    ck_assert_mem_eq(mask, digest, sizeof(mask));
}
END_TEST

TEST_MAIN("suci", conceals_as_the_test_data_says, null_scheme_conceals_nothing, home_network_reveals_it,
          refuses_keys_that_do_not_fit, kdf_gives_the_keys_of_eap_aka_prime, kdf_refuses_long_parameters,
          gba_mask_is_half_a_digest)
