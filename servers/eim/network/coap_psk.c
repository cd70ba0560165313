/* DTLS by pre-shared key. See coap_psk.h. */
#include "servers/eim/network/coap_psk.h"

#include "apdu/digits.h"
#include "common/log.h"
#include "common/tool.h"
#include "crypto/printable.h"
#include "servers/eim/model/eim.h"
#include "servers/eim/network/esipa.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 100 /* octets of what a client says it is */

static void log_unknown(struct span identity)
{
    char text[SHOWN_MAX + 1];

    snprintf(text, sizeof(text), "%.*s", (int)(identity.size < SHOWN_MAX ? identity.size : SHOWN_MAX),
             (const char *)identity.data);
    printable_text(text, strlen(text));
    log_line(LOG_LEVEL_INFO, "CoAP: a client with the unknown identity '%s'", text);
}

static const coap_bin_const_t *on_identity(coap_bin_const_t *identity, coap_session_t *session, void *context)
{
    struct coap_psk *psk = context;
    struct span name = SPAN(identity->s, identity->length);
    const struct psk *known = psk_file_find(&psk->keys, name);

    (void)session;
    if (known == NULL) {
        log_unknown(name);
        return NULL;
    }
    psk->found = (coap_bin_const_t){.length = known->key_size, .s = known->key};
    return &psk->found;
}

bool coap_psk_use(struct coap_psk *psk, const char *path, coap_context_t *context)
{
    /* Without psk_info: with a key there, libcoap would put all clients off that offer such suites besides
     * others and have no key. */
    coap_dtls_spsk_t setup = {.version = COAP_DTLS_SPSK_SETUP_VERSION,
                              .validate_id_call_back = on_identity,
                              .id_call_back_arg = psk};

    return psk_file_read(path, &psk->keys) &&
           (coap_context_set_psk2(context, &setup) != 0 ||
            tool_error("cannot set up CoAP with the keys of %s", path) == EXIT_OK);
}

void coap_psk_free(struct coap_psk *psk)
{
    psk_file_free(&psk->keys);
}

/* That the connection is for; NULL: it came about by certificate. OpenSSL knows it also of a handshake that
 * was abbreviated, in which libcoap was not asked. */
static const char *identity_of(const coap_session_t *session)
{
    coap_tls_library_t library = COAP_TLS_LIBRARY_NOTLS;
    const SSL *ssl = coap_session_get_tls(session, &library);

    return library == COAP_TLS_LIBRARY_OPENSSL && ssl != NULL ? SSL_get_psk_identity(ssl) : NULL;
}

bool coap_psk_allows(const coap_session_t *session, struct span message)
{
    const char *identity = identity_of(session);
    char text[EIM_EID_DIGITS + 1];
    struct span eid;

    if (identity == NULL || !digits_are(identity, EIM_EID_DIGITS, EIM_EID_DIGITS))
        return true;
    eid = esipa_eid(message);
    if (eid.data == NULL)
        return true;
    hex_from_span(eid, text, sizeof(text));
    if (eid.size == EIM_EID_OCTETS && strcmp(text, identity) == 0)
        return true;
    log_line(LOG_LEVEL_INFO, "CoAP: the client with the key of %s sent a message of %s", identity, text);
    return false;
}
