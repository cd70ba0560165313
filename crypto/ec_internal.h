/*
 * What the files of crypto/ share about keys: OpenSSL's handle, and signatures in the DER form that X.509
 * uses. Not for the floors above.
 */
#ifndef SOFTEUICC_CRYPTO_EC_INTERNAL_H
#define SOFTEUICC_CRYPTO_EC_INTERNAL_H

#include "crypto/ec.h"

#include <openssl/evp.h>

/* OpenSSL's key, owned by `key`. OpenSSL takes it without const even to read it. */
EVP_PKEY *ec_key_pkey(const struct ec_key *key);

/* As ec_verify, for a signature that is a DER SEQUENCE of two INTEGERs (RFC 3279 2.2.3); a form that is not
 * DER fails. */
bool ec_verify_der(const struct ec_key *key, struct span message, struct span signature);

#endif
