/*
 * Elliptic-curve keys, ECDSA and ECDH on OpenSSL's EVP interface. See ec.h.
 *
 * A key keeps the contexts of the operations it has been used for: making one anew costs several microseconds
 * in OpenSSL 3.0, a third of a P-256 signature. They are why a key belongs to one thread at a time.
 */
#include "crypto/ec.h"

#include "crypto/ec_internal.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

/* A DER signature over a 256-bit curve: two INTEGERs of at most 33 octets, with headers. */
#define DER_SIGNATURE_MAX 72
/* The chance that one candidate is not a valid scalar is below 0.35 on brainpoolP256r1: 128 in a row never
 * happen. */
#define SCALAR_TRIES 128

/* The contexts of a key; each made on first use. */
struct ec_contexts {
    EVP_PKEY_CTX *sign;
    EVP_PKEY_CTX *verify;
    EVP_PKEY_CTX *derive;
    EVP_PKEY_CTX *generate;
};

struct ec_key {
    EVP_PKEY *pkey;
    enum ec_curve curve;
    bool has_private;
    uint8_t point[EC_POINT_SIZE];
    struct ec_contexts *contexts;
    unsigned shares; /* owners besides the first */
};

static const struct {
    int nid;
    const char *name;
} curves[] = {
    [EC_CURVE_NONE] = {NID_undef, "none"},
    [EC_CURVE_P256] = {NID_X9_62_prime256v1, "P-256"},
    [EC_CURVE_BRAINPOOL_P256R1] = {NID_brainpoolP256r1, "brainpoolP256r1"},
};

static bool curve_is_known(enum ec_curve curve)
{
    return curve == EC_CURVE_P256 || curve == EC_CURVE_BRAINPOOL_P256R1;
}

const char *ec_curve_name(enum ec_curve curve)
{
    return curves[curve_is_known(curve) ? curve : EC_CURVE_NONE].name;
}

static enum ec_curve curve_of_pkey(const EVP_PKEY *pkey)
{
    char group[64];
    size_t size;
    int nid;

    if (EVP_PKEY_is_a(pkey, "EC") != 1 || EVP_PKEY_get_group_name(pkey, group, sizeof(group), &size) != 1)
        return EC_CURVE_NONE;
    nid = OBJ_txt2nid(group);
    for (size_t i = EC_CURVE_P256; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (curves[i].nid == nid)
            return (enum ec_curve)i;
    return EC_CURVE_NONE;
}

void ec_key_free(struct ec_key *key)
{
    if (key == NULL)
        return;
    if (key->shares > 0) {
        key->shares--;
        return;
    }
    if (key->contexts != NULL) {
        EVP_PKEY_CTX_free(key->contexts->sign);
        EVP_PKEY_CTX_free(key->contexts->verify);
        EVP_PKEY_CTX_free(key->contexts->derive);
        EVP_PKEY_CTX_free(key->contexts->generate);
        free(key->contexts);
    }
    EVP_PKEY_free(key->pkey);
    free(key);
}

struct ec_key *ec_key_share(struct ec_key *key)
{
    key->shares++;
    return key;
}

bool ec_key_has_point(const struct ec_key *key, enum ec_curve curve, struct span point)
{
    return key->curve == curve && span_equal(SPAN_ARRAY(key->point), point);
}

/* Makes a key of `pkey`, which it owns from now on, also on failure. */
static struct ec_key *key_of_pkey(EVP_PKEY *pkey, enum ec_curve curve, bool has_private,
                                  const uint8_t point[EC_POINT_SIZE])
{
    struct ec_key *key = pkey != NULL ? calloc(1, sizeof(*key)) : NULL;

    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    key->curve = curve;
    key->has_private = has_private;
    memcpy(key->point, point, EC_POINT_SIZE);
    key->contexts = calloc(1, sizeof(*key->contexts));
    if (key->contexts == NULL) {
        ec_key_free(key);
        return NULL;
    }
    return key;
}

/* OpenSSL's key of a point and, unless NULL, a scalar. OpenSSL checks that the point is on the curve. */
static EVP_PKEY *pkey_from_parts(enum ec_curve curve, const uint8_t point[EC_POINT_SIZE],
                                 const BIGNUM *scalar)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (builder != NULL && context != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(curves[curve].nid),
                                        0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, EC_POINT_SIZE) &&
        (scalar == NULL || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar)))
        params = OSSL_PARAM_BLD_to_param(builder);
    if (params != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &pkey, scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return pkey;
}

/* OpenSSL's key on the model's curve with another point. OpenSSL checks that the point is on the curve. */
static EVP_PKEY *pkey_like(const struct ec_key *model, const uint8_t point[EC_POINT_SIZE])
{
    EVP_PKEY *pkey = EVP_PKEY_dup(model->pkey);

    if (pkey != NULL && EVP_PKEY_set1_encoded_public_key(pkey, point, EC_POINT_SIZE) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    return pkey;
}

struct ec_key *ec_key_from_point_like(enum ec_curve curve, struct span point, const struct ec_key *model)
{
    EVP_PKEY *pkey;

    if (!curve_is_known(curve) || point.data == NULL || point.size != EC_POINT_SIZE ||
        point.data[0] != POINT_CONVERSION_UNCOMPRESSED)
        return NULL;
    if (model != NULL && model->curve == curve && !model->has_private)
        pkey = pkey_like(model, point.data);
    else
        pkey = pkey_from_parts(curve, point.data, NULL);
    return key_of_pkey(pkey, curve, false, point.data);
}

struct ec_key *ec_key_from_point(enum ec_curve curve, struct span point)
{
    return ec_key_from_point_like(curve, point, NULL);
}

/* The public point of a scalar; false when the scalar is not in 1 … n-1. */
static bool point_of_scalar(enum ec_curve curve, const BIGNUM *scalar, uint8_t point[EC_POINT_SIZE])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[curve].nid);
    EC_POINT *product = group != NULL ? EC_POINT_new(group) : NULL;
    bool ok = product != NULL && !BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
              EC_POINT_mul(group, product, scalar, NULL, NULL, NULL) == 1 &&
              EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, EC_POINT_SIZE, NULL) ==
                  EC_POINT_SIZE;

    EC_POINT_free(product);
    EC_GROUP_free(group);
    return ok;
}

struct ec_key *ec_key_from_scalar(enum ec_curve curve, struct span scalar)
{
    struct ec_key *key = NULL;
    uint8_t point[EC_POINT_SIZE];
    BIGNUM *number;

    if (!curve_is_known(curve) || scalar.data == NULL || scalar.size != EC_SCALAR_SIZE)
        return NULL;
    number = BN_secure_new();
    if (number != NULL && BN_bin2bn(scalar.data, EC_SCALAR_SIZE, number) != NULL) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        if (point_of_scalar(curve, number, point))
            key = key_of_pkey(pkey_from_parts(curve, point, number), curve, true, point);
    }
    BN_clear_free(number);
    ERR_clear_error();
    return key;
}

static struct ec_key *generate_from(enum ec_curve curve, const struct ec_random *random)
{
    struct ec_key *key = NULL;
    uint8_t scalar[EC_SCALAR_SIZE];

    for (int i = 0; key == NULL && i < SCALAR_TRIES; i++) {
        if (!random->fill(random->context, scalar, sizeof(scalar)))
            break;
        key = ec_key_from_scalar(curve, SPAN_ARRAY(scalar));
    }
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return key;
}

static bool point_of_pkey(const EVP_PKEY *pkey, uint8_t point[EC_POINT_SIZE])
{
    size_t size = 0;

    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, EC_POINT_SIZE, &size) == 1 &&
           size == EC_POINT_SIZE && point[0] == POINT_CONVERSION_UNCOMPRESSED;
}

/* The context of one operation: the kept one, or a new one made ready by `init` and kept. */
static EVP_PKEY_CTX *context_for(const struct ec_key *key, EVP_PKEY_CTX **kept, int (*init)(EVP_PKEY_CTX *))
{
    if (*kept == NULL) {
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);

        if (context == NULL || init(context) != 1)
            EVP_PKEY_CTX_free(context);
        else
            *kept = context;
    }
    return *kept;
}

static struct ec_key *key_of_generated(EVP_PKEY *pkey, enum ec_curve curve)
{
    uint8_t point[EC_POINT_SIZE];

    if (pkey == NULL || !point_of_pkey(pkey, point)) {
        EVP_PKEY_free(pkey);
        ERR_clear_error();
        return NULL;
    }
    return key_of_pkey(pkey, curve, true, point);
}

struct ec_key *ec_key_generate(enum ec_curve curve, const struct ec_random *random)
{
    if (!curve_is_known(curve))
        return NULL;
    if (random != NULL)
        return generate_from(curve, random);
    return key_of_generated(EVP_EC_gen(OBJ_nid2sn(curves[curve].nid)), curve);
}

struct ec_key *ec_key_generate_like(const struct ec_key *model)
{
    EVP_PKEY_CTX *context = context_for(model, &model->contexts->generate, EVP_PKEY_keygen_init);
    EVP_PKEY *pkey = NULL;

    if (context == NULL || EVP_PKEY_keygen(context, &pkey) != 1)
        pkey = NULL;
    return key_of_generated(pkey, model->curve);
}

/* Never asks for a password: an encrypted key is refused. */
static int no_password(char *out, int size, int writing, void *context)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static EVP_PKEY *pkey_from_der(struct span der)
{
    const unsigned char *at = der.data;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.size);

    if (pkey != NULL && at != der.data + der.size) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

static EVP_PKEY *pkey_from_pem(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

static bool scalar_of_pkey(const EVP_PKEY *pkey, uint8_t scalar[EC_SCALAR_SIZE])
{
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, scalar, EC_SCALAR_SIZE) == EC_SCALAR_SIZE;

    BN_clear_free(number);
    return ok;
}

struct ec_key *ec_key_from_private_der_or_pem(struct span encoded)
{
    enum { PRIVATE_KEY_MAX = 16384 };
    struct ec_key *key = NULL;
    uint8_t scalar[EC_SCALAR_SIZE];
    uint8_t point[EC_POINT_SIZE];
    EVP_PKEY *pkey;

    if (encoded.data == NULL || encoded.size == 0 || encoded.size > PRIVATE_KEY_MAX)
        return NULL;
    pkey = encoded.data[0] == 0x30 ? pkey_from_der(encoded) : pkey_from_pem(encoded);
    /* Made anew from the scalar: a public key that came along has to be the one that belongs to it. */
    if (pkey != NULL && curve_is_known(curve_of_pkey(pkey)) && scalar_of_pkey(pkey, scalar)) {
        key = ec_key_from_scalar(curve_of_pkey(pkey), SPAN_ARRAY(scalar));
        if (key != NULL && (!point_of_pkey(pkey, point) || memcmp(point, key->point, sizeof(point)) != 0)) {
            ec_key_free(key);
            key = NULL;
        }
    }
    OPENSSL_cleanse(scalar, sizeof(scalar));
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return key;
}

bool ec_key_to_pkcs8(const struct ec_key *key, struct buf *der)
{
    PKCS8_PRIV_KEY_INFO *info = key->has_private ? EVP_PKEY2PKCS8(key->pkey) : NULL;
    unsigned char *encoded = NULL;
    int size = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &encoded) : -1;

    if (size > 0)
        buf_append(der, SPAN(encoded, (size_t)size));
    if (encoded != NULL)
        OPENSSL_clear_free(encoded, size > 0 ? (size_t)size : 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    return size > 0 && !der->failed;
}

EVP_PKEY *ec_key_pkey(const struct ec_key *key)
{
    return key->pkey;
}

enum ec_curve ec_key_curve(const struct ec_key *key)
{
    return key->curve;
}

bool ec_key_has_private(const struct ec_key *key)
{
    return key->has_private;
}

void ec_key_point(const struct ec_key *key, uint8_t point[EC_POINT_SIZE])
{
    memcpy(point, key->point, EC_POINT_SIZE);
}

bool ec_key_scalar(const struct ec_key *key, uint8_t scalar[EC_SCALAR_SIZE])
{
    return key->has_private && scalar_of_pkey(key->pkey, scalar);
}

bool ec_key_equal(const struct ec_key *a, const struct ec_key *b)
{
    return a->curve == b->curve && memcmp(a->point, b->point, EC_POINT_SIZE) == 0;
}

void ec_key_identifier(const struct ec_key *key, uint8_t identifier[EC_IDENTIFIER_SIZE])
{
    SHA1(key->point, EC_POINT_SIZE, identifier);
}

bool crypto_sha256(const struct span *parts, size_t count, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    EVP_MD_CTX *context;
    bool ok;

    if (count == 1 && parts[0].data != NULL)
        return SHA256(parts[0].data, parts[0].size, digest) != NULL;
    context = EVP_MD_CTX_new();
    ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = parts[i].size == 0 || EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
    ok = ok && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

bool crypto_x963_kdf(struct span secret, struct span info, uint8_t *out, size_t size)
{
    uint8_t counter[4] = {0};
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const struct span parts[] = {secret, SPAN_ARRAY(counter), info};
    bool ok = true;

    for (size_t done = 0; ok && done < size; done += sizeof(digest)) {
        counter[3]++;
        ok = crypto_sha256(parts, 3, digest);
        if (ok)
            memcpy(out + done, digest, size - done < sizeof(digest) ? size - done : sizeof(digest));
    }
    OPENSSL_cleanse(digest, sizeof(digest));
    return ok;
}

static bool raw_of_der(const uint8_t *der, size_t size, uint8_t raw[EC_SIGNATURE_SIZE])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool ok =
        signature != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, EC_SCALAR_SIZE) == EC_SCALAR_SIZE &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + EC_SCALAR_SIZE, EC_SCALAR_SIZE) == EC_SCALAR_SIZE;

    ECDSA_SIG_free(signature);
    return ok;
}

/* Writes the DER form; returns its size, 0 for lack of memory. */
static size_t der_of_raw(struct span raw, uint8_t der[DER_SIGNATURE_MAX])
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.data, EC_SCALAR_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(raw.data + EC_SCALAR_SIZE, EC_SCALAR_SIZE, NULL);
    int size = 0;

    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = NULL;
        s = NULL;
        size = i2d_ECDSA_SIG(signature, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return size > 0 ? (size_t)size : 0;
}

bool ec_sign(const struct ec_key *key, const struct span *parts, size_t count,
             uint8_t signature[EC_SIGNATURE_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t der[DER_SIGNATURE_MAX];
    size_t size = sizeof(der);
    EVP_PKEY_CTX *context;
    bool ok;

    if (!key->has_private || !crypto_sha256(parts, count, digest))
        return false;
    context = context_for(key, &key->contexts->sign, EVP_PKEY_sign_init);
    ok = context != NULL && EVP_PKEY_sign(context, der, &size, digest, sizeof(digest)) == 1 &&
         raw_of_der(der, size, signature);
    ERR_clear_error();
    return ok;
}

static bool verify_digest(const struct ec_key *key, const uint8_t digest[CRYPTO_SHA256_SIZE],
                          const uint8_t *der, size_t size)
{
    EVP_PKEY_CTX *context = context_for(key, &key->contexts->verify, EVP_PKEY_verify_init);
    bool ok = context != NULL && EVP_PKEY_verify(context, der, size, digest, CRYPTO_SHA256_SIZE) == 1;

    ERR_clear_error();
    return ok;
}

bool ec_verify(const struct ec_key *key, const struct span *parts, size_t count, struct span signature)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t der[DER_SIGNATURE_MAX];
    size_t size;

    if (signature.data == NULL || signature.size != EC_SIGNATURE_SIZE || !crypto_sha256(parts, count, digest))
        return false;
    size = der_of_raw(signature, der);
    return size > 0 && verify_digest(key, digest, der, size);
}

bool ec_verify_der(const struct ec_key *key, struct span message, struct span signature)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];

    return signature.data != NULL && signature.size <= DER_SIGNATURE_MAX &&
           crypto_sha256(&message, 1, digest) && verify_digest(key, digest, signature.data, signature.size);
}

bool ec_shared_secret(const struct ec_key *own, const struct ec_key *peer, uint8_t secret[EC_SCALAR_SIZE])
{
    size_t size = EC_SCALAR_SIZE;
    EVP_PKEY_CTX *context;
    bool ok;

    if (!own->has_private || own->curve != peer->curve)
        return false;
    context = context_for(own, &own->contexts->derive, EVP_PKEY_derive_init);
    /* The peer's point was checked when its key was made; on curves of cofactor 1 that is the whole check. */
    ok = context != NULL && EVP_PKEY_derive_set_peer_ex(context, peer->pkey, 0) == 1 &&
         EVP_PKEY_derive(context, secret, &size) == 1 && size == EC_SCALAR_SIZE;
    if (!ok)
        OPENSSL_cleanse(secret, EC_SCALAR_SIZE);
    ERR_clear_error();
    return ok;
}
