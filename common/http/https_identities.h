/* Who a server is over TLS: the certificates that it was given, or those of a PKI directory. */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_IDENTITIES_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_IDENTITIES_H

#include "common/http/https.h"
#include "common/pki_dir.h"

#define HTTPS_IDENTITIES_MAX 8

struct https_identities {
    struct https_identity list[HTTPS_IDENTITIES_MAX]; /* the default first */
    size_t count;
    char paths[2][2][PKI_PATH_MAX]; /* of those of a PKI: for each curve, certificate and key */
};

/* Takes the `count` files that were given (texts that must stay); else those of `entity` in `pki`, one for
 * each of its curves, P-256 first, which every client can. False after an error line. */
bool https_identities_take(struct https_identities *identities, const char *pki, enum pki_entity entity,
                           const char *const *certs, const char *const *keys, size_t count);

/* Gives them to a server that is about to be opened. */
void https_identities_set(const struct https_identities *identities, struct https_options *options);

#endif
