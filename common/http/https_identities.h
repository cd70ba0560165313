/* Who a server is over TLS: the certificates that it was given, or those of a PKI directory. */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_IDENTITIES_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_IDENTITIES_H

#include "common/command/command.h"
#include "common/http/https.h"
#include "common/pki/pki_dir.h"

#define HTTPS_IDENTITIES_MAX 8

/* The files that the command line of a server names. */
struct https_identity_files {
    const char *certs[HTTPS_IDENTITIES_MAX], *keys[HTTPS_IDENTITIES_MAX];
    size_t certs_count, keys_count;
};

/* The two rows that fill them, a member of `settings`; `help` says of what use the certificate is. */
#define HTTPS_IDENTITY_ROWS(settings, member, help)                                                          \
    {"tls-cert", "CERT",                                                                                     \
     help ". May be given again, with a --tls-key each: for other names or another curve",                   \
     TAKES_LIST(settings, member.certs, member.certs_count)},                                                \
    {                                                                                                        \
        "tls-key", "KEY", "and its key", TAKES_LIST(settings, member.keys, member.keys_count)                \
    }

/* Each certificate has a key. False after a usage line. */
bool https_identity_files_check(const struct https_identity_files *files);

struct https_identities {
    struct https_identity list[HTTPS_IDENTITIES_MAX]; /* the default first */
    size_t count;
    char paths[2][2][PKI_PATH_MAX]; /* of those of a PKI: for each curve, certificate and key */
};

/* Takes the files that were given (texts that must stay); else those of `entity` in `pki`, one for each of
 * its curves, P-256 first, which every client can. False after an error line. */
bool https_identities_take(struct https_identities *identities, const char *pki, enum pki_entity entity,
                           const struct https_identity_files *files);

/* Gives them to a server that is about to be opened. */
void https_identities_set(const struct https_identities *identities, struct https_options *options);

#endif
