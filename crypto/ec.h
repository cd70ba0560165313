/*
 * Elliptic-curve keys and signatures as SGP.22 uses them: NIST P-256 and brainpoolP256r1, ECDSA with SHA-256
 * in raw r || s form (SGP.22 2.6.7.2, BSI TR-03111), ECDH x-coordinates. On OpenSSL.
 */
#ifndef SOFTEUICC_CRYPTO_EC_H
#define SOFTEUICC_CRYPTO_EC_H

#include "apdu/bytes.h"

#define EC_SCALAR_SIZE    32 /* private keys, x-coordinates */
#define EC_POINT_SIZE     65 /* 04 || x || y */
#define EC_SIGNATURE_SIZE 64 /* r || s */

#define EC_IDENTIFIER_SIZE 20
#define CRYPTO_SHA256_SIZE 32

enum ec_curve { EC_CURVE_NONE = 0, EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1 };

/* "P-256", "brainpoolP256r1" */
const char *ec_curve_name(enum ec_curve curve);

/* A public key, with or without its private part. It keeps OpenSSL's contexts between operations: one thread
 * at a time. */
struct ec_key;

/* Where random octets come from: fills out[0..size) and returns true. NULL stands for OpenSSL's generator. */
struct ec_random {
    bool (*fill)(void *context, uint8_t *out, size_t size);
    void *context;
};

/* All makers return NULL on bad input or lack of memory; the caller frees with ec_key_free (NULL is fine). */
struct ec_key *ec_key_generate(enum ec_curve curve, const struct ec_random *random);
/* On the curve of `model`, by OpenSSL's generator; cheaper, as ec_key_from_point_like is. */
struct ec_key *ec_key_generate_like(const struct ec_key *model);
/* 32 octets, a number in 1 … n-1; the public point is computed. */
struct ec_key *ec_key_from_scalar(enum ec_curve curve, struct span scalar);
/* 65 octets uncompressed; a point that is not on the curve is refused. */
struct ec_key *ec_key_from_point(enum ec_curve curve, struct span point);
/* The same, several times cheaper when `model` is a public key on that curve: what it knows of the curve is
 * copied instead of computed again. `model` may be NULL or any other key. */
struct ec_key *ec_key_from_point_like(enum ec_curve curve, struct span point, const struct ec_key *model);
/* PKCS#8 or SEC1 DER that fills `encoded`, or the first private key of a PEM text, not encrypted. NULL also
 * when the curve is another, or a public key that came along does not belong to the scalar. */
struct ec_key *ec_key_from_private_der_or_pem(struct span encoded);
void ec_key_free(struct ec_key *key);
/* The same key for one owner more, who frees it as well; the last one's ec_key_free ends it. */
struct ec_key *ec_key_share(struct ec_key *key);

enum ec_curve ec_key_curve(const struct ec_key *key);
bool ec_key_has_private(const struct ec_key *key);
void ec_key_point(const struct ec_key *key, uint8_t point[EC_POINT_SIZE]);
/* False without a private part. The caller wipes the scalar. */
bool ec_key_scalar(const struct ec_key *key, uint8_t scalar[EC_SCALAR_SIZE]);
/* Is it on this curve, with this uncompressed public point? */
bool ec_key_has_point(const struct ec_key *key, enum ec_curve curve, struct span point);
/* The same curve and the same public point. */
bool ec_key_equal(const struct ec_key *a, const struct ec_key *b);
/* SHA-1 of the uncompressed point: RFC 5280 4.2.1.2 (1), what CI key identifiers are. */
void ec_key_identifier(const struct ec_key *key, uint8_t identifier[EC_IDENTIFIER_SIZE]);
/* Appends the PKCS#8 DER of a private key (the caller wipes it); false without a private part or memory. */
bool ec_key_to_pkcs8(const struct ec_key *key, struct buf *der);

/* Signatures over the concatenation of `parts`. ec_verify is false for every
 * signature that is not 64 octets. */
bool ec_sign(const struct ec_key *key, const struct span *parts, size_t count,
             uint8_t signature[EC_SIGNATURE_SIZE]);
bool ec_verify(const struct ec_key *key, const struct span *parts, size_t count, struct span signature);

/* The x-coordinate of the shared point; false when the curves differ or the peer's point is bad. */
bool ec_shared_secret(const struct ec_key *own, const struct ec_key *peer, uint8_t secret[EC_SCALAR_SIZE]);

/* SHA-256 over the concatenation of `parts`. */
bool crypto_sha256(const struct span *parts, size_t count, uint8_t digest[CRYPTO_SHA256_SIZE]);

/* The key derivation function of ANSI X9.63 with SHA-256 over a shared secret and `info`: `size` octets, up
 * to 255 digests, which the caller wipes. */
bool crypto_x963_kdf(struct span secret, struct span info, uint8_t *out, size_t size);

#endif
