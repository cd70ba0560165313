/* Certificate and key of a CoAP server. See coap_keys.h. */
#include "servers/eim/network/coap_keys.h"

#include "common/http/tls_files.h"

/* Whether libcoap has a name for this kind of key, of those that servers have. */
static bool is_kind_known(int kind, coap_asn1_privatekey_type_t *type)
{
    *type = kind == EVP_PKEY_EC ? COAP_ASN1_PKEY_EC : COAP_ASN1_PKEY_RSA;
    return kind == EVP_PKEY_EC || kind == EVP_PKEY_RSA;
}

bool coap_keys_load(struct coap_keys *keys, const char *cert_path, const char *key_path,
                    coap_dtls_key_t *named)
{
    coap_asn1_privatekey_type_t type;
    int kind;

    *keys = (struct coap_keys){.cert = {.size = 0}};
    if (!tls_files_read(cert_path, key_path, &keys->cert, &keys->key, &kind))
        return false;
    if (is_kind_known(kind, &type)) {
        *named = (coap_dtls_key_t){.key_type = COAP_PKI_KEY_ASN1,
                                   .key.asn1 = {.public_cert = keys->cert.data,
                                                .public_cert_len = keys->cert.size,
                                                .private_key = keys->key.data,
                                                .private_key_len = keys->key.size,
                                                .private_key_type = type}};
    } else {
        *named = (coap_dtls_key_t){.key_type = COAP_PKI_KEY_PEM,
                                   .key.pem = {.public_cert = cert_path, .private_key = key_path}};
    }
    return true;
}

void coap_keys_free(struct coap_keys *keys)
{
    buf_free(&keys->cert);
    buf_free(&keys->key);
}
