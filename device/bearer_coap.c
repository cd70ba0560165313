/*
 * ESipa over CoAP and DTLS (SGP.32 6.1.2), on libcoap: POST, block-wise (RFC 7959). The handshake is done
 * first, then the server is held against trustedPublicKeyDataTls, and only then does a message leave. See
 * bearer.h.
 */
#include "config.h"

#include "device/bearer_internal.h"

#include <stdio.h>

#ifdef HAVE_COAP

#include "common/net/coap_address.h"
#include "common/net/lookup.h"
#include "device/bearer_dtls.h"

#include <coap3/coap.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often, while a message is under way, the clock is looked at: ours, and libcoap's, whose next look its
 * descriptor does not always know. */
static const struct timeval tick_every = {.tv_usec = 200000};

/* How long an address has for itself before the next one is tried beside it: the most that RFC 8305 5 allows,
 * since a handshake over a narrow network takes its time and every attempt costs octets. */
#define ATTEMPT_MS 2000

/* A handshake with one address of the server. */
struct attempt {
    struct coap_bearer *coap;
    coap_session_t *session; /* NULL: not begun, or given up */
    bool connected, lost;
    struct tls_facts tls;
};

struct coap_bearer {
    struct bearer base;
    struct loop *loop;
    struct bearer_target target;
    coap_context_t *context;
    struct event *readable, *tick;
    struct lookup *lookup; /* the addresses are being found */
    struct addresses addresses;
    struct attempt attempts[ADDRESSES_MAX]; /* of the address of the same number */
    size_t begun;
    int64_t next;               /* when one more is begun beside those before, ms */
    struct attempt *connection; /* the one that came through */
    /* The message that is under way. */
    struct span message; /* SPAN_NONE: none is */
    int64_t end;         /* when its time is over, ms */
    bool done;           /* the answer is whole */
    unsigned code;       /* 205: 2.05 */
};

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int on_event(coap_session_t *session, const coap_event_t event)
{
    struct attempt *attempt = coap_session_get_app_data(session);

    if (attempt == NULL)
        return 0;
    if (event == COAP_EVENT_DTLS_CONNECTED)
        attempt->connected = true;
    else if (event == COAP_EVENT_DTLS_ERROR || event == COAP_EVENT_DTLS_CLOSED ||
             event == COAP_EVENT_SESSION_FAILED || event == COAP_EVENT_SESSION_CLOSED)
        attempt->lost = true;
    return 0;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                    const coap_mid_t mid)
{
    struct attempt *attempt = coap_session_get_app_data(session);

    (void)sent;
    (void)reason;
    (void)mid;
    if (attempt != NULL)
        attempt->lost = true;
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid)
{
    struct attempt *attempt = coap_session_get_app_data(session);
    struct coap_bearer *coap = attempt != NULL ? attempt->coap : NULL;
    coap_pdu_code_t code = coap_pdu_get_code(received);
    const uint8_t *data;
    size_t size;
    size_t offset;
    size_t total;

    (void)sent;
    (void)mid;
    if (coap == NULL || coap->message.data == NULL)
        return COAP_RESPONSE_OK;
    coap->code = (unsigned)COAP_RESPONSE_CLASS(code) * 100 + (code & 0x1F);
    if (coap_get_data_large(received, &size, &data, &offset, &total) != 0) {
        if (offset != coap->base.answer.size || total > IPA_ANSWER_MAX)
            attempt->lost = true;
        else
            buf_append(&coap->base.answer, SPAN(data, size));
        coap->done = offset + size == total;
    } else {
        coap->done = true;
    }
    return COAP_RESPONSE_OK;
}

/* The connection in OpenSSL; NULL: it is none, or none of OpenSSL. */
static SSL *openssl_of(const struct attempt *attempt)
{
    coap_tls_library_t library = COAP_TLS_LIBRARY_NOTLS;
    SSL *ssl = coap_session_get_tls(attempt->session, &library);

    return library == COAP_TLS_LIBRARY_OPENSSL ? ssl : NULL;
}

/* --- The end of a message ----------------------------------------------------------------------------- */

static void stop(struct coap_bearer *coap)
{
    coap->message = SPAN_NONE;
    event_del(coap->tick);
    lookup_cancel(coap->lookup);
    coap->lookup = NULL;
}

static void bearer_coap_fail(struct coap_bearer *coap, const char *reason)
{
    stop(coap);
    bearer_failed(&coap->base, "%.200s: %s", coap->target.url, reason);
}

static void take_answer(struct coap_bearer *coap)
{
    char code[32];

    snprintf(code, sizeof(code), "CoAP response %u.%02u", coap->code / 100, coap->code % 100);
    if (coap->connection->lost) {
        bearer_coap_fail(coap, "no answer");
    } else if (coap->code < 200 || coap->code >= 300) {
        stop(coap);
        bearer_refused(&coap->base, "%.200s: %s", coap->target.url, code);
    } else {
        stop(coap);
        bearer_answered(&coap->base);
    }
}

/* The same with what helps. */
static void fail_with_hint(struct coap_bearer *coap, const char *reason, const struct tls_facts *facts)
{
    const struct bearer_target *target = &coap->target;
    const bool by_option = target->trust == IPA_TRUST_SYSTEM;
    const struct tls_trust trust = {by_option ? "--cacert" : NULL, by_option ? target->cacert : NULL};
    char hint[TLS_HINT_MAX];
    char line[TLS_HINT_MAX + 200];

    snprintf(line, sizeof(line), "%.180s%s", reason,
             target->psk != NULL ? dtls_psk_hint(facts, target->psk, hint) : tls_hint(facts, &trust, hint));
    bearer_coap_fail(coap, line);
}

/* --- Its beginning ------------------------------------------------------------------------------------ */

static bool add_path(coap_pdu_t *pdu, const char *path)
{
    coap_optlist_t *options = NULL;
    bool ok = true;

    while (ok && *path == '/') {
        size_t size = strcspn(++path, "/");

        ok = coap_insert_optlist(&options,
                                 coap_new_optlist(COAP_OPTION_URI_PATH, size, (const uint8_t *)path)) != 0;
        path += size;
    }
    ok = ok && coap_add_optlist_pdu(pdu, &options) != 0;
    coap_delete_optlist(options);
    return ok;
}

static bool send_message(struct coap_bearer *coap)
{
    coap_session_t *session = coap->connection->session;
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST, session);
    uint8_t token[8];
    size_t token_size;

    if (pdu == NULL)
        return false;
    coap_session_new_token(session, &token_size, token);
    if (coap_add_token(pdu, token_size, token) == 0 || !add_path(pdu, coap->target.path) ||
        coap_add_data_large_request(session, pdu, coap->message.size, coap->message.data, NULL, NULL) == 0) {
        coap_delete_pdu(pdu);
        return false;
    }
    return coap_send(session, pdu) != COAP_INVALID_MID;
}

/* --- The connection ----------------------------------------------------------------------------------- */

static void give_up(struct attempt *attempt)
{
    if (attempt->session == NULL)
        return;
    coap_session_set_app_data(attempt->session, NULL);
    coap_session_release(attempt->session);
    attempt->session = NULL;
}

static coap_session_t *session_by_certificate(struct coap_bearer *coap, const coap_address_t *address,
                                              char *name)
{
    /* libcoap has no notion of a pinned key: it verifies nothing, is_trusted does. */
    coap_dtls_pki_t pki = {
        .version = COAP_DTLS_PKI_SETUP_VERSION, .client_sni = name, .pki_key.key_type = COAP_PKI_KEY_PEM};

    return coap_new_client_session_pki(coap->context, NULL, address, COAP_PROTO_DTLS, &pki);
}

static coap_session_t *session_by_psk(struct coap_bearer *coap, const coap_address_t *address, char *name)
{
    const struct psk *psk = coap->target.psk;
    coap_dtls_cpsk_t cpsk = {
        .version = COAP_DTLS_CPSK_SETUP_VERSION,
        .client_sni = name,
        .psk_info = {.identity = {.length = strlen(psk->identity), .s = (const uint8_t *)psk->identity},
                     .key = {.length = psk->key_size, .s = psk->key}}};

    return coap_new_client_session_psk2(coap->context, NULL, address, COAP_PROTO_DTLS, &cpsk);
}

/* Begins the handshake with the next address. */
static void begin_attempt(struct coap_bearer *coap)
{
    struct attempt *attempt = &coap->attempts[coap->begun];
    char *name = dtls_is_address(coap->target.host) ? NULL : coap->target.host;
    coap_address_t address;

    coap_address_from(&coap->addresses.list[coap->begun], &address);
    attempt->coap = coap;
    attempt->session = coap->target.psk != NULL ? session_by_psk(coap, &address, name)
                                                : session_by_certificate(coap, &address, name);
    attempt->lost = attempt->session == NULL;
    if (attempt->session != NULL) {
        coap_session_set_app_data(attempt->session, attempt);
        if (openssl_of(attempt) != NULL)
            dtls_watch(openssl_of(attempt), &attempt->tls);
    }
    coap->begun++;
    coap->next = now_ms() + ATTEMPT_MS;
}

/* The attempt that has come through, if any. Those that came to nothing are given up; true in `waiting` while
 * another one is under way. */
static struct attempt *bearer_coap_look(struct coap_bearer *coap, bool *waiting)
{
    *waiting = false;
    for (size_t i = 0; i < coap->begun; i++) {
        struct attempt *attempt = &coap->attempts[i];

        if (attempt->lost)
            give_up(attempt);
        else if (attempt->connected)
            return attempt;
        else
            *waiting = true;
    }
    return NULL;
}

static bool is_meant(struct attempt *connection, const char **why)
{
    const struct bearer_target *target = &connection->coap->target;
    const SSL *ssl = openssl_of(connection);

    *why = "it is no connection of OpenSSL";
    if (ssl == NULL)
        return false;
    if (target->psk == NULL)
        return dtls_is_trusted(ssl, target, &connection->tls, why);
    *why = "the connection is not by the pre-shared key";
    return dtls_is_by_psk(ssl);
}

/* The message leaves, if the server is the one that is meant. */
static void use(struct coap_bearer *coap, struct attempt *connection)
{
    const char *reason;

    coap->connection = connection;
    for (size_t i = 0; i < coap->begun; i++) {
        if (&coap->attempts[i] != connection)
            give_up(&coap->attempts[i]);
    }
    if (!is_meant(connection, &reason))
        fail_with_hint(coap, reason, &connection->tls);
    else if (!send_message(coap))
        bearer_coap_fail(coap, "no answer");
}

/* With what the last server that said anything has said. */
static void no_connection(struct coap_bearer *coap)
{
    const struct tls_facts nothing = {.verify = 0};
    const struct tls_facts *facts = &nothing;

    for (size_t i = 0; i < coap->begun; i++) {
        if (coap->attempts[i].tls.alert != 0 || coap->attempts[i].tls.is_proven)
            facts = &coap->attempts[i].tls;
    }
    fail_with_hint(coap, "no DTLS connection", facts);
}

/* Tries the addresses in their order (RFC 8305): the next one when those before have failed, or have not come
 * through for a while; the first handshake that ends well wins. */
static void connect_to_any(struct coap_bearer *coap)
{
    bool waiting;
    struct attempt *connection = bearer_coap_look(coap, &waiting);

    if (connection != NULL)
        use(coap, connection);
    else if (coap->begun < coap->addresses.count && (!waiting || now_ms() >= coap->next))
        begin_attempt(coap);
    else if (!waiting)
        no_connection(coap);
}

static void on_found(void *context, const struct addresses *found, const char *why)
{
    struct coap_bearer *coap = context;
    char reason[ADDRESSES_WHY_MAX + 40];

    coap->lookup = NULL;
    if (found != NULL) {
        coap->addresses = *found;
        connect_to_any(coap);
        return;
    }
    snprintf(reason, sizeof(reason), "its address cannot be found: %s", why);
    bearer_coap_fail(coap, reason);
}

/* Its time is over, or the network is gone. */
static void give_up_message(struct coap_bearer *coap)
{
    if (coap->connection == NULL)
        no_connection(coap);
    else
        bearer_coap_fail(coap, "no answer");
}

/* --- On the loop -------------------------------------------------------------------------------------- */

static void on_turn(evutil_socket_t fd, short events, void *context)
{
    struct coap_bearer *coap = context;
    bool turned = coap_io_process(coap->context, COAP_IO_NO_WAIT) >= 0;

    (void)fd;
    (void)events;
    if (coap->message.data == NULL)
        return;
    if (!turned || now_ms() >= coap->end)
        give_up_message(coap);
    else if (coap->connection != NULL && (coap->done || coap->connection->lost))
        take_answer(coap);
    else if (coap->connection == NULL && coap->lookup == NULL)
        connect_to_any(coap);
}

static void coap_post(struct bearer *bearer, const struct ipa_message *message)
{
    struct coap_bearer *coap = (struct coap_bearer *)bearer;
    const struct bearer_target *target = &coap->target;

    coap->message = message->octets;
    coap->done = false;
    coap->end = now_ms() + (int64_t)target->timeout * 1000;
    event_add(coap->tick, &tick_every);
    if (coap->connection != NULL) {
        if (!send_message(coap))
            bearer_coap_fail(coap, "no answer");
        return;
    }
    coap->lookup =
        lookup_begin(loop_base(coap->loop), target->host, (uint16_t)target->port, SOCK_DGRAM, on_found, coap);
    if (coap->lookup == NULL)
        bearer_coap_fail(coap, "out of memory");
}

static void coap_close(struct bearer *bearer)
{
    struct coap_bearer *coap = (struct coap_bearer *)bearer;

    lookup_cancel(coap->lookup);
    for (size_t i = 0; i < coap->begun; i++)
        give_up(&coap->attempts[i]);
    if (coap->readable != NULL)
        event_free(coap->readable);
    if (coap->tick != NULL)
        event_free(coap->tick);
    if (coap->context != NULL)
        coap_free_context(coap->context);
}

static bool set_up(struct coap_bearer *coap)
{
    int fd;

    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(LOG_EMERG);
    coap->context = coap_new_context(NULL);
    if (coap->context == NULL)
        return false;
    coap_context_set_block_mode(coap->context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    coap_register_event_handler(coap->context, on_event);
    coap_register_nack_handler(coap->context, on_nack);
    coap_register_response_handler(coap->context, on_response);
    fd = coap_context_get_coap_fd(coap->context);
    if (fd < 0)
        return false;
    coap->readable = event_new(loop_base(coap->loop), fd, EV_READ | EV_PERSIST, on_turn, coap);
    coap->tick = event_new(loop_base(coap->loop), -1, EV_PERSIST, on_turn, coap);
    return coap->readable != NULL && coap->tick != NULL && event_add(coap->readable, NULL) == 0;
}

struct bearer *bearer_open_coap(struct loop *loop, const struct bearer_target *target,
                                char why[BEARER_WHY_SIZE])
{
    static const struct bearer_kind kind = {coap_post, coap_close};
    struct coap_bearer *coap = calloc(1, sizeof(*coap));

    if (coap == NULL || !bearer_begin(&coap->base, &kind, loop)) {
        snprintf(why, BEARER_WHY_SIZE, "out of memory");
        free(coap);
        return NULL;
    }
    coap->loop = loop;
    coap->target = *target;
    if (set_up(coap))
        return &coap->base;
    snprintf(why, BEARER_WHY_SIZE, "%.200s: CoAP cannot be set up", target->url);
    bearer_close(&coap->base);
    return NULL;
}

#else

struct bearer *bearer_open_coap(struct loop *loop, const struct bearer_target *target,
                                char why[BEARER_WHY_SIZE])
{
    (void)loop;
    snprintf(why, BEARER_WHY_SIZE, "%.200s: this build has no CoAP (configured --without-libcoap)",
             target->url);
    return NULL;
}

#endif
