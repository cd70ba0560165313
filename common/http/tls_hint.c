/* Hints for failed TLS connections. See tls_hint.h. */
#include "common/http/tls_hint.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* Alerts, RFC 8446 6 and RFC 5246 7.2. */
enum {
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_PROTOCOL_VERSION = 70,
    ALERT_INSUFFICIENT_SECURITY = 71,
    ALERT_UNRECOGNIZED_NAME = 112,
    ALERT_CERTIFICATE_REQUIRED = 116
};

/* The chain ends at nobody who is trusted. */
static const char *unknown_ca(const struct tls_trust *trust, char out[TLS_HINT_MAX])
{
    if (trust->option == NULL)
        snprintf(out, TLS_HINT_MAX,
                 " (the eIM's configuration on the card, trustedPublicKeyDataTls, trusts another one)");
    else if (trust->file == NULL)
        snprintf(out, TLS_HINT_MAX, " (trust the server's CA with %s FILE)", trust->option);
    else
        snprintf(out, TLS_HINT_MAX, " (the server's CA is not in %.200s, which %s names)", trust->file,
                 trust->option);
    return out;
}

static const char *other_name(const struct tls_facts *facts, char out[TLS_HINT_MAX])
{
    snprintf(out, TLS_HINT_MAX,
             facts->names[0] != '\0' ? " (its certificate is for %s: use one of these names)"
                                     : " (its certificate names no host%s)",
             facts->names);
    return out;
}

static const char *of_alert(const struct tls_facts *facts)
{
    if (facts->alert == ALERT_CERTIFICATE_REQUIRED ||
        (facts->alert == ALERT_HANDSHAKE_FAILURE && facts->wants_certificate))
        return " (the server wants a certificate of the client, and softeuicc has none to show)";
    switch (facts->alert) {
    case ALERT_HANDSHAKE_FAILURE:
    case ALERT_INSUFFICIENT_SECURITY:
        return " (server and client have no cipher suite, curve or signature algorithm in common)";
    case ALERT_PROTOCOL_VERSION:
        return " (server and client have no version of TLS in common; the client takes 1.2 and later)";
    case ALERT_UNRECOGNIZED_NAME:
        return " (the server knows no host of this name)";
    default:
        return "";
    }
}

const char *tls_hint(const struct tls_facts *facts, const struct tls_trust *trust, char out[TLS_HINT_MAX])
{
    const char *hint;

    switch (facts->verify) {
    case X509_V_OK:
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return unknown_ca(trust, out);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return " (the server needs a new certificate, unless this machine's clock is wrong)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return " (this machine's clock is behind, or the server's certificate is not to be used yet)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return other_name(facts, out);
    default:
        return "";
    }
    if (facts->other_name)
        return other_name(facts, out);
    if (facts->other_key) {
        const struct tls_trust of_card = {.option = NULL};

        return unknown_ca(&of_card, out);
    }
    if (facts->not_tls)
        return " (what answers there speaks no TLS: plain HTTP, or another service's port?)";
    hint = of_alert(facts);
    if (hint[0] == '\0' && facts->closed) /* which OpenSSL answers with an alert of its own since 3.5 */
        hint = " (the server, or a firewall or proxy before it, hung up in the TLS handshake)";
    return hint;
}

static void add_name(char out[TLS_NAMES_MAX], const char *name)
{
    size_t used = strlen(out);

    if (used + strlen(name) + sizeof(", ") <= TLS_NAMES_MAX)
        snprintf(out + used, TLS_NAMES_MAX - used, "%s%s", used > 0 ? ", " : "", name);
}

/* One that is neither a host's nor its address is left out. */
static void add_general_name(char out[TLS_NAMES_MAX], const GENERAL_NAME *name)
{
    char text[TLS_NAMES_MAX];
    const ASN1_STRING *value;
    int kind;

    value = GENERAL_NAME_get0_value(name, &kind);
    if (kind == GEN_DNS) {
        snprintf(text, sizeof(text), "%.*s", ASN1_STRING_length(value),
                 (const char *)ASN1_STRING_get0_data(value));
        add_name(out, text);
    } else if (kind == GEN_IPADD && inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6,
                                              ASN1_STRING_get0_data(value), text, sizeof(text)) != NULL) {
        add_name(out, text);
    }
}

void tls_names(X509 *cert, char out[TLS_NAMES_MAX])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        add_general_name(out, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
}
