/*
 * Reads keys and certificates out of a test PKI directory (see layout.h). Every failure prints one line that
 * names the file.
 */
#ifndef SOFTEUICC_COMMON_PKI_PKI_DIR_H
#define SOFTEUICC_COMMON_PKI_PKI_DIR_H

#include "common/pki/layout.h"

/* A certificate and, when asked for, its private key. All-zero is an empty one. */
struct pki_pair {
    struct cert *cert;
    struct ec_key *key;
};

/* True when DIR holds this curve's part (its CI certificate can be read). Prints nothing. */
bool pki_has_curve(const char *dir, enum ec_curve curve);

/* Which one this curve's part is, by the sub-CAs that are there. */
enum pki_variant pki_variant_of(const char *dir, enum ec_curve curve);

/*
 * Loads a certificate, checks its role and curve, and with `with_key` the private key, which must belong to
 * it. Refuses a PKI with sub-CAs: the functions of version 2, which cards and servers here have, carry
 * certificates of none. The caller frees with pki_pair_free, also after a failure.
 */
bool pki_load(const char *dir, enum ec_curve curve, enum pki_entity entity, bool with_key,
              struct pki_pair *pair);
/* The same of a PKI of any variant: for who issues and shows. */
bool pki_load_any(const char *dir, enum ec_curve curve, enum pki_entity entity, bool with_key,
                  struct pki_pair *pair);
void pki_pair_free(struct pki_pair *pair);

/* A certificate file, DER or PEM, and a private key file, DER or PEM (PKCS#8 or SEC1); NULL after printing
 * why. */
struct cert *pki_load_cert_file(const char *path);
struct ec_key *pki_load_key_file(const char *path);

#endif
