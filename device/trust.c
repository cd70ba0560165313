/* Pinned keys and certificates, on OpenSSL. See trust.h. */
#include "device/trust.h"

#include "crypto/base64.h"
#include "crypto/ec.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static X509 *parse(struct span certificate)
{
    const unsigned char *at = certificate.data;
    X509 *cert = d2i_X509(NULL, &at, (long)certificate.size);

    if (cert != NULL && at != certificate.data + certificate.size) {
        X509_free(cert);
        cert = NULL;
    }
    return cert;
}

bool trust_put_pem(struct span certificate, struct buf *pem)
{
    char *text = base64_encode(certificate);
    size_t length;

    if (text == NULL)
        return false;
    length = strlen(text);
    buf_append(pem, SPAN_STRING("-----BEGIN CERTIFICATE-----\n"));
    for (size_t at = 0; at < length; at += 64) {
        buf_append(pem, SPAN(text + at, length - at < 64 ? length - at : 64));
        buf_append_octet(pem, '\n');
    }
    buf_append(pem, SPAN_STRING("-----END CERTIFICATE-----\n"));
    free(text);
    return !pem->failed;
}

bool trust_is_ca(struct span certificate)
{
    X509 *cert = parse(certificate);
    bool is_ca = cert != NULL && X509_check_ca(cert) > 0;

    X509_free(cert);
    return is_ca;
}

bool trust_key_digest(struct span key_info, uint8_t digest[32])
{
    const unsigned char *at = key_info.data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)key_info.size);
    bool ok = key != NULL && at == key_info.data + key_info.size && crypto_sha256(&key_info, 1, digest);

    EVP_PKEY_free(key);
    return ok;
}

bool trust_has_key(struct span certificate, struct span key_info)
{
    X509 *cert = parse(certificate);
    unsigned char *der = NULL;
    int size = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : -1;
    bool same = size > 0 && span_equal(SPAN(der, (size_t)size), key_info);

    OPENSSL_free(der);
    X509_free(cert);
    return same;
}
