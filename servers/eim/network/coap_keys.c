/* Certificate and key of a CoAP server. See coap_keys.h. */
#include "servers/eim/network/coap_keys.h"

#include "common/http/tls_files.h"
#include "common/input.h"
#include "common/tool.h"

#include <openssl/ssl.h>

/* Whether libcoap has a name for this kind of key, of those that servers have. */
static bool is_kind_known(int kind, coap_asn1_privatekey_type_t *type)
{
    *type = kind == EVP_PKEY_EC ? COAP_ASN1_PKEY_EC : COAP_ASN1_PKEY_RSA;
    return kind == EVP_PKEY_EC || kind == EVP_PKEY_RSA;
}

/* Names what libcoap is to take: what was read, or the paths if the key is of a kind that it takes from PEM
 * files only. */
static coap_dtls_key_t named_keys(const struct coap_keys *keys, int kind, const char *cert_path,
                                  const char *key_path)
{
    coap_asn1_privatekey_type_t type;

    if (!is_kind_known(kind, &type))
        return (coap_dtls_key_t){.key_type = COAP_PKI_KEY_PEM,
                                 .key.pem = {.public_cert = cert_path, .private_key = key_path}};
    return (coap_dtls_key_t){.key_type = COAP_PKI_KEY_ASN1,
                             .key.asn1 = {.public_cert = keys->cert.data,
                                          .public_cert_len = keys->cert.size,
                                          .private_key = keys->key.data,
                                          .private_key_len = keys->key.size,
                                          .private_key_type = type}};
}

/* libcoap takes certificates of a chain out of a file only, and would wait for a FIFO. */
static bool is_file(const char *path)
{
    const char *kind = input_other_kind(path);

    return kind == NULL || tool_error("%s is %s, not a file", path, kind) == EXIT_OK;
}

/* OpenSSL has read a client's hello. */
static int refuse_tickets(void *session, coap_dtls_pki_t *pki)
{
    (void)pki;
    SSL_set_options(session, SSL_OP_NO_TICKET);
    return 1;
}

bool coap_keys_use(struct coap_keys *keys, const char *cert_path, const char *key_path,
                   coap_context_t *context)
{
    coap_dtls_pki_t pki = {.version = COAP_DTLS_PKI_SETUP_VERSION,
                           .additional_tls_setup_call_back = refuse_tickets};
    int kind;

    *keys = (struct coap_keys){.cert = {.size = 0}};
    if (!is_file(cert_path) || !is_file(key_path) ||
        !tls_files_read(cert_path, key_path, &keys->cert, &keys->key, &kind))
        return false;
    pki.pki_key = named_keys(keys, kind, cert_path, key_path);
    /* It takes the first certificate only; the others OpenSSL finds among those that it may trust, of which
     * there is no other use: clients are asked for none. */
    return (coap_context_set_pki(context, &pki) != 0 &&
            coap_context_set_pki_root_cas(context, cert_path, NULL) != 0) ||
           tool_error("cannot set up CoAP with %s and %s", cert_path, key_path) == EXIT_OK;
}

void coap_keys_free(struct coap_keys *keys)
{
    buf_free(&keys->cert);
    buf_free(&keys->key);
}
