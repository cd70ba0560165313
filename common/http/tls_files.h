/* The certificate and key of a TLS server, out of files. */
#ifndef SOFTEUICC_COMMON_HTTP_TLS_FILES_H
#define SOFTEUICC_COMMON_HTTP_TLS_FILES_H

#include "apdu/bytes.h"

#include <openssl/ssl.h>

#include <stdbool.h>

/* Gives them to `tls`: the certificate as DER, or as PEM with the rest of its chain behind it; its key as PEM
 * or DER, not encrypted. False after a line. What clients will mind is said in a line each, and taken: that a
 * certificate of the chain is not valid now, and that the server's says no host's name. */
bool tls_files_use(SSL_CTX *tls, const char *cert_path, const char *key_path);
/* The same for a server that is not OpenSSL's own. */
bool tls_files_check(const char *cert_path, const char *key_path);
/* Appends them as DER, without the chain, of files that have been checked; `kind` is the key's, as
 * EVP_PKEY_EC. False after a line. */
bool tls_files_read(const char *cert_path, const char *key_path, struct buf *cert, struct buf *key,
                    int *kind);

#endif
