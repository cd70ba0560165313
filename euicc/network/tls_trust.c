/*
 * Whom the TLS client trusts (SGP.32 2.11.1.1.1, SGP.22 2.6.7), and the line that says why not. OpenSSL
 * builds and verifies the chain; a pinned key needs none.
 */
#include "apdu/tlv.h"
#include "crypto/printable.h"
#include "euicc/network/tls_internal.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAMES_MAX 160 /* characters of the names in a certificate that a line shows */
#define DATE_MAX  64

enum { TAG_OCTETS = 0x04 };

/* --- Out of the settings -------------------------------------------------------------------------------- */

static bool host_is_address(const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    bool is_address = address != NULL;

    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return is_address;
}

/* One certificate that fills the octets; NULL when it is none. */
static X509 *certificate_from(struct span der)
{
    const unsigned char *at = der.data;
    X509 *cert = der.data != NULL ? d2i_X509(NULL, &at, (long)der.size) : NULL;

    ERR_clear_error();
    if (cert != NULL && at == der.data + der.size)
        return cert;
    X509_free(cert);
    return NULL;
}

static bool use_key(struct tls_client *client, struct span info)
{
    const unsigned char *at = info.data;
    X509_PUBKEY *key = info.data != NULL ? d2i_X509_PUBKEY(NULL, &at, (long)info.size) : NULL;
    bool ok = key != NULL && at == info.data + info.size;

    X509_PUBKEY_free(key);
    ERR_clear_error();
    if (!ok) {
        snprintf(client->why, sizeof(client->why),
                 "the configured key of the server is no SubjectPublicKeyInfo");
        return false;
    }
    buf_append(&client->verifier.key, info);
    return !client->verifier.key.failed;
}

static bool use_certificate(struct tls_client *client, struct span der)
{
    struct tls_verifier *verifier = &client->verifier;
    X509 *cert = certificate_from(der);
    bool is_pinned = verifier->kind == TLS_TRUST_CERTIFICATE;
    bool ok = cert != NULL && X509_STORE_add_cert(verifier->cas, cert) == 1;

    if (cert == NULL)
        snprintf(client->why, sizeof(client->why), "what is to be trusted is no certificate");
    if (ok && is_pinned && X509_up_ref(cert) == 1)
        verifier->pinned = cert;
    X509_free(cert);
    return ok;
}

bool tls_trust_use(struct tls_client *client, const struct tls_client_settings *settings)
{
    const struct tls_client_trust *trust = &settings->trust;
    struct tls_verifier *verifier = &client->verifier;

    verifier->kind = trust->kind;
    verifier->date = settings->date;
    verifier->is_address = host_is_address(client->host);
    if (trust->count == 0 || (trust->count > 1 && trust->kind != TLS_TRUST_CAS)) {
        snprintf(client->why, sizeof(client->why), "it is not said whom to trust");
        return false;
    }
    if (trust->kind == TLS_TRUST_PSK)
        return tls_psk_use(client, trust->values[0]);
    if (trust->kind != TLS_TRUST_KEY && (verifier->cas = X509_STORE_new()) == NULL)
        return false;
    for (size_t i = 0; i < trust->count; i++)
        tlv_put(&verifier->unread, TAG_OCTETS, trust->values[i]);
    return !verifier->unread.failed;
}

bool tls_trust_read(struct tls_client *client)
{
    struct tls_verifier *verifier = &client->verifier;
    struct tlv_reader reader = tlv_reader(buf_span(&verifier->unread));
    struct tlv value;
    bool ok = true;

    while (ok && tlv_next(&reader, &value) == TLV_OK)
        ok = verifier->kind == TLS_TRUST_KEY ? use_key(client, value.value)
                                             : use_certificate(client, value.value);
    if (ok)
        buf_free(&verifier->unread);
    return ok;
}

void tls_trust_free(struct tls_verifier *verifier)
{
    buf_free(&verifier->key);
    buf_free(&verifier->unread);
    X509_free(verifier->pinned);
    X509_STORE_free(verifier->cas);
}

/* --- Lines -------------------------------------------------------------------------------------------- */

static void append_name(char out[NAMES_MAX], const char *name, size_t size)
{
    size_t used = strlen(out);

    snprintf(out + used, NAMES_MAX - used, "%s%.*s", used > 0 ? ", " : "", (int)size, name);
}

static void append_general_name(char out[NAMES_MAX], const GENERAL_NAME *name)
{
    char text[INET6_ADDRSTRLEN];
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);

    if (kind == GEN_DNS)
        append_name(out, (const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    else if (kind == GEN_IPADD && inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6,
                                            ASN1_STRING_get0_data(value), text, sizeof(text)) != NULL)
        append_name(out, text, strlen(text));
}

/* Whom a certificate is for: the names and addresses in its subjectAltName, else its common name; "no host"
 * without any. */
static void names_of(const X509 *cert, char out[NAMES_MAX])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        append_general_name(out, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
    if (out[0] == '\0' &&
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out, NAMES_MAX) <= 0)
        snprintf(out, NAMES_MAX, "no host");
}

/* The subject as one line. */
static void subject_of(const X509 *cert, char out[NAMES_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int size = -1;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        size = BIO_read(bio, out, NAMES_MAX - 1);
    out[size > 0 ? size : 0] = '\0';
    BIO_free(bio);
}

static void date_of(const ASN1_TIME *time, char out[DATE_MAX])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) == 1)
        snprintf(out, DATE_MAX, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    else
        snprintf(out, DATE_MAX, "a date that is none");
}

static void say_date(struct tls_client *client, X509_STORE_CTX *chain, const char *whose, bool is_over)
{
    const X509 *cert = X509_STORE_CTX_get_current_cert(chain);
    char date[DATE_MAX];

    date_of(is_over ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), date);
    snprintf(client->why, sizeof(client->why), "%s %s %s", whose,
             is_over ? "expired on" : "is not valid before", date);
}

static void say_unsigned(struct tls_client *client)
{
    char subject[NAMES_MAX] = "";

    if (client->verifier.pinned != NULL)
        subject_of(client->verifier.pinned, subject);
    if (subject[0] != '\0')
        snprintf(client->why, sizeof(client->why), "the server's certificate is not signed by %s", subject);
    else
        snprintf(client->why, sizeof(client->why), "the server's certificate is not signed by a trusted CA");
}

static void say_why(struct tls_client *client, X509_STORE_CTX *chain)
{
    int error = X509_STORE_CTX_get_error(chain);
    const char *whose = X509_STORE_CTX_get_error_depth(chain) == 0
                            ? "the server's certificate"
                            : "a CA's certificate in the server's chain";
    char names[NAMES_MAX];

    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        say_date(client, chain, whose, error == X509_V_ERR_CERT_HAS_EXPIRED);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        names_of(X509_STORE_CTX_get0_cert(chain), names);
        snprintf(client->why, sizeof(client->why), "the server's certificate is for %s, not for %s", names,
                 client->host);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        say_unsigned(client);
        break;
    default:
        snprintf(client->why, sizeof(client->why), "%s is refused: %s", whose,
                 X509_verify_cert_error_string(error));
    }
    printable_text(client->why, strlen(client->why));
}

/* --- Verification ------------------------------------------------------------------------------------- */

static int verify_key(struct tls_client *client, X509_STORE_CTX *chain)
{
    unsigned char *info = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(X509_STORE_CTX_get0_cert(chain)), &info);
    bool is_it = size > 0 && tls_trust_read(client) &&
                 span_equal(SPAN(info, (size_t)size), buf_span(&client->verifier.key));

    OPENSSL_free(info);
    X509_STORE_CTX_set_error(chain, is_it ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    if (!is_it)
        snprintf(client->why, sizeof(client->why), "the server has another key than the one configured");
    return is_it;
}

static bool demand_date(const struct tls_verifier *verifier, X509_VERIFY_PARAM *parameters)
{
    if (verifier->date == TLS_DATE_UNKNOWN)
        return X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME) == 1;
    X509_VERIFY_PARAM_set_time(parameters, (time_t)(verifier->date / 1000));
    return true;
}

/* Reading: the pinned certificate is the server's own by its octets, whatever it is called and whether or not
 * it says to be a CA's, as OpenSSL's tool makes them. */
static bool demand_host(struct tls_client *client, X509_STORE_CTX *chain, X509_VERIFY_PARAM *parameters)
{
    const struct tls_verifier *verifier = &client->verifier;

    if (verifier->pinned != NULL && X509_cmp(verifier->pinned, X509_STORE_CTX_get0_cert(chain)) == 0)
        return true;
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return verifier->is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, client->host) == 1
                                : X509_VERIFY_PARAM_set1_host(parameters, client->host, 0) == 1;
}

int tls_trust_verify(X509_STORE_CTX *chain, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_client *client = SSL_get_app_data(ssl);
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(chain);
    bool ok;

    (void)unused;
    if (client->verifier.kind == TLS_TRUST_KEY)
        return verify_key(client, chain);
    ok = tls_trust_read(client) && X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
         demand_date(&client->verifier, parameters) && demand_host(client, chain, parameters);
    if (!ok)
        X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
    ok = ok && X509_verify_cert(chain) == 1;
    if (!ok)
        say_why(client, chain);
    return ok;
}
