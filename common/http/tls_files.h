/* The certificate and key of a TLS server, out of files. */
#ifndef SOFTEUICC_COMMON_HTTP_TLS_FILES_H
#define SOFTEUICC_COMMON_HTTP_TLS_FILES_H

#include <openssl/ssl.h>

#include <stdbool.h>

/* Gives them to `tls`: the certificate as DER, or as PEM with the rest of its chain behind it; its key as PEM
 * or DER, not encrypted. False after a line. What clients will mind is said in a line each, and taken: that a
 * certificate of the chain is not valid now, and that the server's says no host's name. */
bool tls_files_use(SSL_CTX *tls, const char *cert_path, const char *key_path);
/* The same for a server whose library reads the files itself. */
bool tls_files_check(const char *cert_path, const char *key_path);

#endif
