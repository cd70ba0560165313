/* A TLS server's certificate and key. See tls_files.h. OpenSSL's own functions for files would wait for a
 * FIFO, and ask whoever sits at the terminal for a password. */
#include "common/http/tls_files.h"

#include "common/tool.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <time.h>

#define FILE_MAX (1024 * 1024) /* octets */

static int tls_files_no_password(char *out, int size, int writing, void *context)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* The certificates behind the first one. */
static bool add_chain(SSL_CTX *tls, BIO *pem)
{
    X509 *cert;

    while ((cert = PEM_read_bio_X509(pem, NULL, tls_files_no_password, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(tls, cert) != 1) {
            X509_free(cert);
            return false;
        }
    }
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static bool use_cert(SSL_CTX *tls, struct span file)
{
    BIO *pem = BIO_new_mem_buf(file.data, (int)file.size);
    X509 *cert = pem != NULL ? PEM_read_bio_X509_AUX(pem, NULL, tls_files_no_password, NULL) : NULL;
    bool ok = cert != NULL ? SSL_CTX_use_certificate(tls, cert) == 1 && add_chain(tls, pem)
                           : SSL_CTX_use_certificate_ASN1(tls, (int)file.size, file.data) == 1;

    X509_free(cert);
    BIO_free(pem);
    return ok;
}

static bool use_key(SSL_CTX *tls, struct span file)
{
    BIO *pem = BIO_new_mem_buf(file.data, (int)file.size);
    EVP_PKEY *key = pem != NULL ? PEM_read_bio_PrivateKey(pem, NULL, tls_files_no_password, NULL) : NULL;
    const unsigned char *at = file.data;
    bool ok;

    if (key == NULL)
        key = d2i_AutoPrivateKey(NULL, &at, (long)file.size);
    ok = key != NULL && SSL_CTX_use_PrivateKey(tls, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(pem);
    return ok;
}

/* --- What clients will mind ----------------------------------------------------------------------------- */

/* False after a line. */
static bool is_valid_now(const char *path, X509 *cert, bool is_server)
{
    bool expired = X509_cmp_time(X509_get0_notAfter(cert), NULL) < 0;
    const ASN1_TIME *when = expired ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert);
    char date[32] = "a date that is none";
    char name[80] = "";
    struct tm parts;

    if (!expired && X509_cmp_time(X509_get0_notBefore(cert), NULL) < 0)
        return true;
    if (ASN1_TIME_to_tm(when, &parts) == 1)
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &parts);
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
    tool_error("warning: %s: the TLS certificate%s%s %s %s: clients will refuse it", path,
               is_server ? "" : " of the issuer ", is_server ? "" : name,
               expired ? "expired on" : "is not valid before", date);
    return false;
}

static bool names_a_host(X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool any = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type = sk_GENERAL_NAME_value(names, i)->type;

        any |= type == GEN_DNS || type == GEN_IPADD;
    }
    GENERAL_NAMES_free(names);
    return any;
}

/* One line on time, on the first certificate that is out of it. */
static void note_what_clients_mind(const char *path, SSL_CTX *tls)
{
    X509 *server = SSL_CTX_get0_certificate(tls);
    STACK_OF(X509) *chain = NULL;
    bool ok = is_valid_now(path, server, true);

    SSL_CTX_get0_chain_certs(tls, &chain);
    for (int i = 0; ok && i < sk_X509_num(chain); i++)
        ok = is_valid_now(path, sk_X509_value(chain, i), false);
    if (!names_a_host(server))
        tool_error("warning: %s: the TLS certificate has no host's name or address (subjectAltName): clients "
                   "will refuse it",
                   path);
}

/* -------------------------------------------------------------------------------------------------------- */

/* False after a line. */
static bool load_both(SSL_CTX *tls, const char *cert_path, const char *key_path)
{
    struct buf cert = {0};
    struct buf key = {0};
    bool ok = tool_read_file(cert_path, FILE_MAX, &cert) && tool_read_secret(key_path, FILE_MAX, &key);

    if (ok && !use_cert(tls, buf_span(&cert)))
        ok = tool_error("%s is not a TLS server certificate, neither PEM nor DER", cert_path) == EXIT_OK;
    if (ok && !use_key(tls, buf_span(&key)))
        ok = tool_error("%s is not the private key of %s", key_path, cert_path) == EXIT_OK;
    if (ok && SSL_CTX_check_private_key(tls) != 1)
        ok = tool_error("the key in %s does not belong to the certificate in %s", key_path, cert_path) ==
             EXIT_OK;
    buf_free(&cert);
    buf_free(&key);
    ERR_clear_error();
    return ok;
}

bool tls_files_use(SSL_CTX *tls, const char *cert_path, const char *key_path)
{
    if (!load_both(tls, cert_path, key_path))
        return false;
    note_what_clients_mind(cert_path, tls);
    ERR_clear_error();
    return true;
}

/* NULL after a line. */
static SSL_CTX *context_new(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (tls == NULL)
        tool_error("cannot set up TLS");
    return tls;
}

bool tls_files_check(const char *cert_path, const char *key_path)
{
    SSL_CTX *tls = context_new();
    bool ok = tls != NULL && tls_files_use(tls, cert_path, key_path);

    SSL_CTX_free(tls);
    return ok;
}

/* What OpenSSL has encoded; frees it, wiped for the key's sake. */
static bool take_der(unsigned char *der, int size, struct buf *out)
{
    if (size <= 0)
        return false;
    buf_append(out, SPAN(der, (size_t)size));
    OPENSSL_clear_free(der, (size_t)size);
    return !out->failed;
}

static bool encode(const X509 *cert, const EVP_PKEY *key, struct buf *cert_out, struct buf *key_out)
{
    unsigned char *cert_der = NULL, *key_der = NULL;
    const int cert_size = i2d_X509(cert, &cert_der);
    const int key_size = i2d_PrivateKey(key, &key_der);
    const bool has_cert = take_der(cert_der, cert_size, cert_out);

    return take_der(key_der, key_size, key_out) && has_cert;
}

bool tls_files_read(const char *cert_path, const char *key_path, struct buf *cert, struct buf *key, int *kind)
{
    SSL_CTX *tls = context_new();
    bool ok = tls != NULL && load_both(tls, cert_path, key_path);

    if (ok) {
        *kind = EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(tls));
        ok = encode(SSL_CTX_get0_certificate(tls), SSL_CTX_get0_privatekey(tls), cert, key) ||
             tool_error("%s and %s cannot be encoded", cert_path, key_path) == EXIT_OK;
    }
    SSL_CTX_free(tls);
    return ok;
}
