/* Keys, ECDSA and ECDH. The fixed vectors were computed with another implementation's interface (Python
 * cryptography) from scalars made for this test. */
#include "tests/support/test.h"

#include "crypto/ec.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string.h>

static const struct vector {
    enum ec_curve curve;
    const char *scalar;
    const char *point;
    const char *identifier; /* SHA-1 of the point */
    const char *signature;  /* over "abcdef" */
    const char *peer_scalar;
    const char *secret; /* with the peer */
    const char *sec1;   /* before the scalar | between scalar and point */
    const char *pkcs8;
} vectors[] = {
    {EC_CURVE_P256, "791f462913c70358dfb6b935d0ec2fc65195aa1969fa6720d413900f141c9140",
     "04ca7860a2d6ebc74be7f81b91d22e4e91e2d9eff18a0e0a2f58f9a2ba30921b4c"
     "28cd2e96577f38a51e63c04f6d2c32c43b65e4486972f2e1b0a39faa03c8cf2a",
     "aa169ec123d78a44d2370687e403baa98575cede",
     "0bbb3f1641b88d20b730653f1dbbaf775e4f39ca017c0b3699a9e91f96bc3f72"
     "7f0d1b929f0716cdcc410ac1895ce1268349623b46c3f31ca88a7ca83176431e",
     "285fc20db1425672f53ce86745a40fecc5dc8e0878a8cd0af15bdaafb15edb15",
     "d126f932eb24a60f84fffb32f60c216dda5a3dd6ca7d7abbc3cf1dc213efef8d",
     "30770201010420791f462913c70358dfb6b935d0ec2fc65195aa1969fa6720d413900f141c9140a00a06082a8648ce3d030107"
     "a14403420004ca7860a2d6ebc74be7f81b91d22e4e91e2d9eff18a0e0a2f58f9a2ba30921b4c"
     "28cd2e96577f38a51e63c04f6d2c32c43b65e4486972f2e1b0a39faa03c8cf2a",
     "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"
     "791f462913c70358dfb6b935d0ec2fc65195aa1969fa6720d413900f141c9140"
     "a14403420004ca7860a2d6ebc74be7f81b91d22e4e91e2d9eff18a0e0a2f58f9a2ba30921b4c"
     "28cd2e96577f38a51e63c04f6d2c32c43b65e4486972f2e1b0a39faa03c8cf2a"},
    {EC_CURVE_BRAINPOOL_P256R1, "64922c9fbcc9d000cb4faf21f64645415f0fb07e54eeb20e56a86cdd3ca2eaa3",
     "042653eef04b380c7d745c5d85007d4f863e66c34662349dbe3151a83be143d24f"
     "5c9f4219bf25e15b30d30a96967338d6dae22c41555fb89117f9b56aa28a6a72",
     "8ae8b9a94755933398d0504d14ae736db23ea21f",
     "0beadc58806bfdf00945d597d5ac5b91e744bb54e381cdd1330440d95537d426"
     "a225a7576b36cebf019d370141b8e70a6fa3f4fd706339c8d7db430f0845e6e9",
     "21860edfe9989aaaee6fe50b52176c6b1fafe57f71a4e604c78d799f14364e36",
     "64db9d1b866ec338be37f08c5ed5ba51218c987973acdeb0ac15a02795512ece",
     "3078020101042064922c9fbcc9d000cb4faf21f64645415f0fb07e54eeb20e56a86cdd3ca2eaa3a00b06092b240303020801010"
     "7"
     "a144034200042653eef04b380c7d745c5d85007d4f863e66c34662349dbe3151a83be143d24f"
     "5c9f4219bf25e15b30d30a96967338d6dae22c41555fb89117f9b56aa28a6a72",
     "308188020100301406072a8648ce3d020106092b2403030208010107046d306b0201010420"
     "64922c9fbcc9d000cb4faf21f64645415f0fb07e54eeb20e56a86cdd3ca2eaa3"
     "a144034200042653eef04b380c7d745c5d85007d4f863e66c34662349dbe3151a83be143d24f"
     "5c9f4219bf25e15b30d30a96967338d6dae22c41555fb89117f9b56aa28a6a72"},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void assert_same_private(const struct ec_key *key, const struct vector *v)
{
    uint8_t scalar[EC_SCALAR_SIZE];
    uint8_t point[EC_POINT_SIZE];
    uint8_t identifier[EC_IDENTIFIER_SIZE];

    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(ec_key_curve(key), v->curve);
    ck_assert(ec_key_has_private(key));
    ck_assert(ec_key_scalar(key, scalar));
    ck_assert_hex(SPAN_ARRAY(scalar), v->scalar);
    ec_key_point(key, point);
    ck_assert_hex(SPAN_ARRAY(point), v->point);
    ec_key_identifier(key, identifier);
    ck_assert_hex(SPAN_ARRAY(identifier), v->identifier);
}

START_TEST(keys_from_scalar_and_der)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct vector *v = &vectors[i];
        struct ec_key *scalar = ec_key_from_scalar(v->curve, hex(v->scalar));
        struct ec_key *sec1 = ec_key_from_private_der_or_pem(hex(v->sec1));
        struct ec_key *pkcs8 = ec_key_from_private_der_or_pem(hex(v->pkcs8));
        struct buf der = {0};

        assert_same_private(scalar, v);
        assert_same_private(sec1, v);
        assert_same_private(pkcs8, v);
        ck_assert(ec_key_equal(scalar, pkcs8));
        ck_assert(ec_key_to_pkcs8(sec1, &der));
        ck_assert_hex(buf_span(&der), v->pkcs8);
        buf_free(&der);
        ec_key_free(scalar);
        ec_key_free(sec1);
        ec_key_free(pkcs8);
    }
    ck_assert_str_eq(ec_curve_name(EC_CURVE_P256), "P-256");
    ck_assert_str_eq(ec_curve_name(EC_CURVE_BRAINPOOL_P256R1), "brainpoolP256r1");
    ck_assert_str_eq(ec_curve_name((enum ec_curve)99), "none");
}
END_TEST

/* Every cut of a private key is refused, and so are trailing octets. */
START_TEST(private_der_is_strict)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const char *const encodings[] = {vectors[i].sec1, vectors[i].pkcs8};

        for (size_t e = 0; e < 2; e++) {
            struct span whole = hex(encodings[e]);
            struct buf longer = {0};

            for (size_t cut = 0; cut < whole.size; cut++)
                ck_assert_msg(ec_key_from_private_der_or_pem(SPAN(whole.data, cut)) == NULL, "cut at %zu",
                              cut);
            buf_append(&longer, whole);
            buf_append_octet(&longer, 0);
            ck_assert_ptr_null(ec_key_from_private_der_or_pem(buf_span(&longer)));
            /* Another scalar beside the same public key. */
            buf_clear(&longer);
            buf_append(&longer, whole);
            longer.data[50] ^= 1;
            ck_assert_ptr_null(ec_key_from_private_der_or_pem(buf_span(&longer)));
            buf_free(&longer);
        }
    }
}
END_TEST

static struct ec_key *through_pem(const char *pkcs8, bool traditional, const char *password)
{
    struct span der = hex(pkcs8);
    const unsigned char *at = der.data;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.size);
    BIO *bio = BIO_new(BIO_s_mem());
    struct ec_key *key;
    char *text;
    long size;

    ck_assert_ptr_nonnull(pkey);
    if (traditional)
        ck_assert_int_eq(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    else
        ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(bio, pkey, password != NULL ? EVP_aes_128_cbc() : NULL,
                                                       password, password != NULL ? (int)strlen(password) : 0,
                                                       NULL, NULL),
                         1);
    size = BIO_get_mem_data(bio, &text);
    key = ec_key_from_private_der_or_pem(SPAN(text, (size_t)size));
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return key;
}

START_TEST(private_pem)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct ec_key *pkcs8 = through_pem(vectors[i].pkcs8, false, NULL);
        struct ec_key *sec1 = through_pem(vectors[i].pkcs8, true, NULL);

        assert_same_private(pkcs8, &vectors[i]);
        assert_same_private(sec1, &vectors[i]);
        ec_key_free(pkcs8);
        ec_key_free(sec1);
        ck_assert_ptr_null(through_pem(vectors[i].pkcs8, false, "a password"));
    }
    ck_assert_ptr_null(ec_key_from_private_der_or_pem(SPAN_STRING("-----BEGIN PRIVATE KEY-----\nAAAA\n")));
    ck_assert_ptr_null(ec_key_from_private_der_or_pem(SPAN_NONE));
}
END_TEST

START_TEST(other_curves_are_refused)
{
    static const char *const names[] = {"P-384", "secp256k1", "P-224"};
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    unsigned char *der = NULL;
    int size = i2d_PrivateKey(rsa, &der);

    ck_assert_int_gt(size, 0);
    ck_assert_ptr_null(ec_key_from_private_der_or_pem(SPAN(der, (size_t)size)));
    OPENSSL_free(der);
    EVP_PKEY_free(rsa);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EVP_PKEY *pkey = EVP_EC_gen(names[i]);

        der = NULL;
        ck_assert_ptr_nonnull(pkey);
        size = i2d_PrivateKey(pkey, &der);
        ck_assert_int_gt(size, 0);
        ck_assert_msg(ec_key_from_private_der_or_pem(SPAN(der, (size_t)size)) == NULL, "%s", names[i]);
        OPENSSL_free(der);
        EVP_PKEY_free(pkey);
    }
    ck_assert_ptr_null(ec_key_generate(EC_CURVE_NONE, NULL));
    ck_assert_ptr_null(ec_key_from_scalar(EC_CURVE_NONE, hex(vectors[0].scalar)));
    ck_assert_ptr_null(ec_key_from_point((enum ec_curve)7, hex(vectors[0].point)));
}
END_TEST

START_TEST(scalars_out_of_range)
{
    /* n, n + something, 0 for both curves, and other sizes. */
    static const char n_p256[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    static const char n_brainpool[] = "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7";
    static const char ones[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct ec_key *key;

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        ck_assert_ptr_null(ec_key_from_scalar(curve, hex(zero)));
        ck_assert_ptr_null(ec_key_from_scalar(curve, hex(ones)));
        ck_assert_ptr_null(ec_key_from_scalar(curve, hex("01")));
        ck_assert_ptr_null(ec_key_from_scalar(curve, SPAN_NONE));
    }
    ck_assert_ptr_null(ec_key_from_scalar(EC_CURVE_P256, hex(n_p256)));
    ck_assert_ptr_null(ec_key_from_scalar(EC_CURVE_BRAINPOOL_P256R1, hex(n_brainpool)));
    ck_assert_ptr_null(ec_key_from_scalar(EC_CURVE_BRAINPOOL_P256R1, hex(n_p256)));
    key = ec_key_from_scalar(EC_CURVE_P256, hex(n_brainpool));
    ck_assert_ptr_nonnull(key);
    ec_key_free(key);
}
END_TEST

START_TEST(points_off_the_curve)
{
    for (size_t i = 0; i < VECTORS; i++) {
        enum ec_curve other = i == 0 ? EC_CURVE_BRAINPOOL_P256R1 : EC_CURVE_P256;
        struct span good = hex(vectors[i].point);
        uint8_t point[EC_POINT_SIZE];
        struct ec_key *key = ec_key_from_point(vectors[i].curve, good);

        ck_assert_ptr_nonnull(key);
        ck_assert(!ec_key_has_private(key));
        ck_assert(!ec_key_scalar(key, point));
        ec_key_free(key);
        ck_assert_ptr_null(ec_key_from_point(other, good));
        for (size_t octet = 0; octet < EC_POINT_SIZE; octet++) {
            memcpy(point, good.data, sizeof(point));
            point[octet] ^= 0x01;
            ck_assert_msg(ec_key_from_point(vectors[i].curve, SPAN_ARRAY(point)) == NULL, "octet %zu", octet);
        }
        memset(point, 0, sizeof(point));
        ck_assert_ptr_null(ec_key_from_point(vectors[i].curve, SPAN_ARRAY(point)));
        point[0] = 4;
        ck_assert_ptr_null(ec_key_from_point(vectors[i].curve, SPAN_ARRAY(point)));
        ck_assert_ptr_null(ec_key_from_point(vectors[i].curve, SPAN(good.data, 64)));
        ck_assert_ptr_null(ec_key_from_point(vectors[i].curve, SPAN_NONE));
        /* The compressed form: not what the specification sends. */
        memcpy(point, good.data, 33);
        point[0] = 2;
        ck_assert_ptr_null(ec_key_from_point(vectors[i].curve, SPAN(point, 33)));
    }
}
END_TEST

START_TEST(signatures)
{
    const struct span parts[] = {SPAN_STRING("ab"), SPAN_STRING(""), SPAN_STRING("cdef")};
    const struct span whole[] = {SPAN_STRING("abcdef")};
    const struct span another[] = {SPAN_STRING("abcdeg")};

    for (size_t i = 0; i < VECTORS; i++) {
        struct ec_key *key = ec_key_from_scalar(vectors[i].curve, hex(vectors[i].scalar));
        struct ec_key *public = ec_key_from_point(vectors[i].curve, hex(vectors[i].point));
        struct ec_key *stranger = ec_key_from_scalar(vectors[i].curve, hex(vectors[i].peer_scalar));
        struct span fixed = hex(vectors[i].signature);
        uint8_t signature[EC_SIGNATURE_SIZE + 1] = {0};
        uint8_t again[EC_SIGNATURE_SIZE];

        ck_assert(ec_verify(public, whole, 1, fixed));
        ck_assert(ec_verify(public, parts, 3, fixed));
        ck_assert(!ec_verify(public, another, 1, fixed));
        ck_assert(!ec_verify(stranger, whole, 1, fixed));

        ck_assert(ec_sign(key, parts, 3, signature));
        ck_assert(ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE)));
        ck_assert(ec_sign(key, parts, 3, again));
        ck_assert_msg(memcmp(signature, again, sizeof(again)) != 0, "the nonce was used twice");
        ck_assert(!ec_sign(public, parts, 3, again));

        ck_assert(!ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE - 1)));
        ck_assert(!ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE + 1)));
        ck_assert(!ec_verify(public, whole, 1, SPAN_NONE));
        for (size_t octet = 0; octet < EC_SIGNATURE_SIZE; octet++) {
            signature[octet] ^= 0x80;
            ck_assert(!ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE)));
            signature[octet] ^= 0x80;
        }
        memset(signature, 0, 32); /* r = 0 */
        ck_assert(!ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE)));
        memset(signature, 0, 64);
        ck_assert(!ec_verify(public, whole, 1, SPAN(signature, EC_SIGNATURE_SIZE)));
        ec_key_free(key);
        ec_key_free(public);
        ec_key_free(stranger);
    }
}
END_TEST

/* Signing often meets r and s with leading zero octets, which the raw form keeps. */
START_TEST(signatures_keep_their_size)
{
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    const struct span message[] = {SPAN_STRING("again and again")};
    unsigned short_ones = 0;

    ck_assert_ptr_nonnull(key);
    for (int i = 0; i < 2000 && short_ones < 3; i++) {
        uint8_t signature[EC_SIGNATURE_SIZE];

        ck_assert(ec_sign(key, message, 1, signature));
        if (signature[0] != 0 && signature[32] != 0)
            continue;
        short_ones++;
        ck_assert(ec_verify(key, message, 1, SPAN_ARRAY(signature)));
    }
    ck_assert_uint_ge(short_ones, 1);
    ec_key_free(key);
}
END_TEST

START_TEST(shared_secrets)
{
    struct ec_key *keys[VECTORS];

    for (size_t i = 0; i < VECTORS; i++) {
        struct ec_key *peer = ec_key_from_scalar(vectors[i].curve, hex(vectors[i].peer_scalar));
        struct ec_key *public = ec_key_from_point(vectors[i].curve, hex(vectors[i].point));
        uint8_t secret[EC_SCALAR_SIZE];

        keys[i] = ec_key_from_scalar(vectors[i].curve, hex(vectors[i].scalar));
        for (int again = 0; again < 2; again++) {
            ck_assert(ec_shared_secret(keys[i], peer, secret));
            ck_assert_hex(SPAN_ARRAY(secret), vectors[i].secret);
            ck_assert(ec_shared_secret(peer, public, secret));
            ck_assert_hex(SPAN_ARRAY(secret), vectors[i].secret);
        }
        ck_assert(!ec_shared_secret(public, peer, secret));
        ec_key_free(peer);
        ec_key_free(public);
    }
    ck_assert(!ec_shared_secret(keys[0], keys[1], (uint8_t[EC_SCALAR_SIZE]){0}));
    ec_key_free(keys[0]);
    ec_key_free(keys[1]);
}
END_TEST

/* A source that counts, so that what a test makes can be made again; `failing` runs dry. */
struct counter {
    uint8_t next;
    bool failing;
};

static bool count_up(void *context, uint8_t *out, size_t size)
{
    struct counter *counter = context;

    if (counter->failing)
        return false;
    for (size_t i = 0; i < size; i++)
        out[i] = counter->next++;
    return true;
}

static bool only_ones(void *context, uint8_t *out, size_t size)
{
    unsigned *calls = context;

    /* Out of range for both curves, except the last try of a few. */
    memset(out, ++*calls < 5 ? 0xFF : 0x11, size);
    return true;
}

/* A key made like another is the same as one made anew, whatever the model is. */
START_TEST(keys_like_others)
{
    static const enum ec_curve both[] = {EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1};
    struct span message = SPAN_STRING("message");

    for (size_t i = 0; i < 2; i++) {
        struct ec_key *signer = ec_key_generate(both[i], NULL);
        struct ec_key *models[] = {NULL, ec_key_generate(both[i], NULL), NULL, NULL};
        uint8_t point[EC_POINT_SIZE];
        uint8_t signature[EC_SIGNATURE_SIZE];

        ec_key_point(models[1], point);
        models[2] = ec_key_from_point(both[i], SPAN_ARRAY(point));
        models[3] = ec_key_from_point(both[1 - i], SPAN_ARRAY(point)); /* not on that curve */
        ck_assert_ptr_null(models[3]);
        models[3] = ec_key_generate(both[1 - i], NULL);
        ec_key_point(signer, point);
        ck_assert(ec_sign(signer, &message, 1, signature));
        for (size_t j = 0; j < 4; j++) {
            struct ec_key *key = ec_key_from_point_like(both[i], SPAN_ARRAY(point), models[j]);
            uint8_t bad[EC_POINT_SIZE];

            ck_assert_ptr_nonnull(key);
            ck_assert(ec_key_equal(key, signer) && !ec_key_has_private(key));
            ck_assert_int_eq(ec_key_curve(key), both[i]);
            ck_assert(ec_verify(key, &message, 1, SPAN_ARRAY(signature)));
            signature[40] ^= 1;
            ck_assert(!ec_verify(key, &message, 1, SPAN_ARRAY(signature)));
            signature[40] ^= 1;
            memcpy(bad, point, sizeof(bad));
            bad[64] ^= 1;
            ck_assert_ptr_null(ec_key_from_point_like(both[i], SPAN_ARRAY(bad), models[j]));
            bad[0] = 0x02;
            ck_assert_ptr_null(ec_key_from_point_like(both[i], SPAN_ARRAY(bad), models[j]));
            ck_assert_ptr_null(ec_key_from_point_like(both[i], SPAN(bad, 64), models[j]));
            ec_key_free(key);
        }
        for (size_t j = 1; j < 4; j++) {
            struct ec_key *one = ec_key_generate_like(models[j]);
            struct ec_key *two = ec_key_generate_like(models[j]);

            ck_assert(one != NULL && two != NULL && !ec_key_equal(one, two) && !ec_key_equal(one, models[j]));
            ck_assert(ec_key_has_private(one) && ec_key_curve(one) == ec_key_curve(models[j]));
            ck_assert(ec_sign(one, &message, 1, signature) &&
                      ec_verify(one, &message, 1, SPAN_ARRAY(signature)));
            ec_key_free(one);
            ec_key_free(two);
            ec_key_free(models[j]);
        }
        ec_key_free(signer);
    }
}
END_TEST

START_TEST(generated_keys)
{
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct counter counter = {.next = 1};
        struct ec_random random = {count_up, &counter};
        struct ec_key *seeded = ec_key_generate(curve, &random);
        struct ec_key *one = ec_key_generate(curve, NULL);
        struct ec_key *two = ec_key_generate(curve, NULL);
        uint8_t scalar[EC_SCALAR_SIZE];
        unsigned calls = 0;
        struct ec_random stubborn = {only_ones, &calls};
        struct ec_key *late;

        ck_assert(ec_key_scalar(seeded, scalar));
        ck_assert_hex(SPAN_ARRAY(scalar), "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
        ck_assert_int_eq(ec_key_curve(one), curve);
        ck_assert(ec_key_has_private(one));
        ck_assert(!ec_key_equal(one, two));
        counter.failing = true;
        ck_assert_ptr_null(ec_key_generate(curve, &random));
        late = ec_key_generate(curve, &stubborn);
        ck_assert_ptr_nonnull(late);
        ck_assert_uint_eq(calls, 5);
        ec_key_free(late);
        ec_key_free(seeded);
        ec_key_free(one);
        ec_key_free(two);
    }
    ec_key_free(NULL);
}
END_TEST

START_TEST(sha256)
{
    const struct span parts[] = {SPAN_STRING("a"), {NULL, 0}, SPAN_STRING("bc")};
    uint8_t digest[CRYPTO_SHA256_SIZE];

    ck_assert(crypto_sha256(parts, 3, digest));
    ck_assert_hex(SPAN_ARRAY(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert(crypto_sha256(NULL, 0, digest));
    ck_assert_hex(SPAN_ARRAY(digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert(crypto_sha256(&parts[1], 1, digest));
    ck_assert_hex(SPAN_ARRAY(digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(a_shared_key_lives_as_long_as_its_last_owner)
{
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct ec_key *shared = ec_key_share(key);
    struct span part = SPAN_STRING("signed");
    uint8_t signature[EC_SIGNATURE_SIZE];
    uint8_t point[EC_POINT_SIZE];

    ec_key_point(key, point);
    ec_key_free(key);
    ck_assert(ec_key_has_point(shared, EC_CURVE_P256, SPAN_ARRAY(point)));
    ck_assert(!ec_key_has_point(shared, EC_CURVE_BRAINPOOL_P256R1, SPAN_ARRAY(point)));
    ck_assert(ec_sign(shared, &part, 1, signature));
    ck_assert(ec_verify(shared, &part, 1, SPAN_ARRAY(signature)));
    point[EC_POINT_SIZE - 1] ^= 1;
    ck_assert(!ec_key_has_point(shared, EC_CURVE_P256, SPAN_ARRAY(point)));
    ck_assert(!ec_key_has_point(shared, EC_CURVE_P256, SPAN_NONE));
    ec_key_free(shared); /* the sanitizer says whether it is gone */
}
END_TEST

TEST_MAIN("ec", a_shared_key_lives_as_long_as_its_last_owner, keys_from_scalar_and_der, private_der_is_strict,
          private_pem, other_curves_are_refused, scalars_out_of_range, points_off_the_curve, signatures,
          signatures_keep_their_size, shared_secrets, generated_keys, keys_like_others, sha256)
