/* The TLS client: its life, and octets in and out. See tls.h. */
#include "euicc/network/tls.h"

#include "crypto/printable.h"
#include "euicc/network/tls_internal.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends in failure. What stands in client->why already is nearer to the cause than OpenSSL's words. */
static void note_failure(struct tls_client *client)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    const char *meaning = tls_psk_meaning(client, client->alert);

    client->state = TLS_FAILED;
    dtls_flight_end(&client->flight);
    if (client->why[0] == '\0' && meaning != NULL)
        snprintf(client->why, sizeof(client->why), "%s", meaning);
    else if (client->why[0] == '\0' && client->alert > 0)
        snprintf(client->why, sizeof(client->why), "the server ends TLS with the alert \"%s\"",
                 SSL_alert_desc_string_long(client->alert));
    else if (client->why[0] == '\0')
        snprintf(client->why, sizeof(client->why), "TLS fails: %s", reason != NULL ? reason : "no memory");
    ERR_clear_error();
}

static void note_failure_as(struct tls_client *client, const char *why)
{
    if (client->why[0] == '\0')
        snprintf(client->why, sizeof(client->why), "%s", why);
    note_failure(client);
}

/* --- What OpenSSL does with what was fed -------------------------------------------------------------- */

static void go_on_with_handshake(struct tls_client *client, uint64_t clock)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(client->ssl);
    if (result == 1) {
        client->state = TLS_OPEN;
        dtls_flight_end(&client->flight);
        return;
    }
    dtls_flight_sent(&client->flight, clock);
    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        note_failure_as(client, "the server closed TLS in the handshake");
        break;
    default:
        note_failure(client);
    }
}

static void keep_received(struct tls_client *client, struct span octets)
{
    if (client->is_datagram)
        datagram_put(&client->received, 2 * TLS_UNREAD_MAX, octets);
    else
        buf_append(&client->received, octets);
}

static void read_records(struct tls_client *client)
{
    uint8_t record[SSL3_RT_MAX_PLAIN_LENGTH];
    size_t size = 0;
    int result = 1;

    while (client->received.size <= TLS_UNREAD_MAX) {
        ERR_clear_error();
        result = SSL_read_ex(client->ssl, record, sizeof(record), &size);
        if (result != 1)
            break;
        keep_received(client, SPAN(record, size));
        OPENSSL_cleanse(record, size);
    }
    if (client->received.size > TLS_UNREAD_MAX && !client->is_datagram)
        note_failure_as(client, "more came from the server than is read");
    if (result == 1)
        return;
    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        client->state = TLS_CLOSED;
        break;
    default:
        note_failure(client);
    }
}

static void drive(struct tls_client *client, uint64_t clock)
{
    if (client->state == TLS_HANDSHAKING)
        go_on_with_handshake(client, clock);
    if (client->state == TLS_OPEN)
        read_records(client);
    client->incoming = SPAN_NONE;
    if (client->outgoing.failed || client->received.failed)
        note_failure_as(client, "no memory");
}

void tls_client_feed(struct tls_client *client, struct span octets, uint64_t clock)
{
    if (client->state != TLS_HANDSHAKING && client->state != TLS_OPEN)
        return;
    if (octets.size == 0)
        return;
    client->incoming = octets;
    drive(client, clock);
}

void tls_client_hang_up(struct tls_client *client)
{
    client->is_hung_up = client->state == TLS_HANDSHAKING;
    if (client->state == TLS_HANDSHAKING)
        note_failure_as(client, "the server hung up in the TLS handshake");
    else if (client->state == TLS_OPEN)
        note_failure_as(client, "the server hung up without closing TLS");
}

/* --- Its life ----------------------------------------------------------------------------------------- */

static bool take_settings(struct tls_client *client, const struct tls_client_settings *settings)
{
    size_t size = settings->host != NULL ? strlen(settings->host) : 0;

    /* OpenSSL takes a name that begins with a dot for any below it. */
    if (size == 0 || size > TLS_HOST_MAX || settings->host[0] == '.') {
        snprintf(client->why, sizeof(client->why), "the server's host has no name that can be asked for");
        return false;
    }
    memcpy(client->host, settings->host, size + 1);
    client->is_datagram = settings->is_datagram;
    client->datagram_max = settings->datagram_max;
    client->flight.first_wait = settings->first_wait;
    if (client->is_datagram &&
        (client->datagram_max < TLS_DATAGRAM_MIN || client->datagram_max > TLS_DATAGRAM_MAX)) {
        snprintf(client->why, sizeof(client->why), "DTLS needs datagrams of %d to %d octets, not %zu",
                 TLS_DATAGRAM_MIN, TLS_DATAGRAM_MAX, client->datagram_max);
        return false;
    }
    return tls_trust_use(client, settings) && tls_session_bind(client, &settings->trust);
}

/* Ties OpenSSL's connection to the buffers. */
static bool use_bio(struct tls_client *client, const struct tls_client_context *context)
{
    BIO *bio = BIO_new(context->bio);

    if (bio == NULL)
        return false;
    BIO_set_data(bio, client);
    BIO_set_init(bio, 1);
    SSL_set_bio(client->ssl, bio, bio);
    return true;
}

static bool set_up(struct tls_client *client, const struct tls_client_context *context)
{
    struct tls_verifier *verifier = &client->verifier;

    client->ssl = SSL_new(client->is_datagram ? context->datagram : context->stream);
    if (client->ssl == NULL || !use_bio(client, context) || SSL_set_app_data(client->ssl, client) != 1)
        return false;
    SSL_set_connect_state(client->ssl);
    if (verifier->kind == TLS_TRUST_PSK && !tls_psk_set_up(client))
        return false;
    if (verifier->cas != NULL && SSL_set1_verify_cert_store(client->ssl, verifier->cas) != 1)
        return false;
    /* RFC 6066 3: an address is not asked for by name. */
    if (!verifier->is_address && SSL_set_tlsext_host_name(client->ssl, client->host) != 1)
        return false;
    if (!client->is_datagram)
        return true;
    DTLS_set_timer_cb(client->ssl, dtls_timer);
    return SSL_set_mtu(client->ssl, (long)client->datagram_max) > 0;
}

/* Whom a session is offered to was trusted by the same certificates, which could be read then. */
static bool know_whom(struct tls_client *client, const struct tls_client_settings *settings)
{
    tls_session_offer(client, settings->session);
    return SSL_get_session(client->ssl) != NULL || tls_trust_read(client);
}

struct tls_client *tls_client_new(const struct tls_client_context *context,
                                  const struct tls_client_settings *settings)
{
    struct tls_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->alert = -1;
    ERR_clear_error();
    if (!take_settings(client, settings) || !set_up(client, context) || !know_whom(client, settings)) {
        printable_text(client->why, strlen(client->why));
        note_failure(client);
        return client;
    }
    drive(client, settings->clock);
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (client == NULL)
        return;
    SSL_free(client->ssl);
    tls_trust_free(&client->verifier);
    psk_clear(&client->psk);
    dtls_flight_end(&client->flight);
    buf_free(&client->outgoing);
    buf_free(&client->received);
    buf_free(&client->session);
    free(client);
}

enum tls_client_state tls_client_state(const struct tls_client *client)
{
    return client->state;
}

const char *tls_client_why(const struct tls_client *client)
{
    return client->why;
}

int tls_client_alert(const struct tls_client *client)
{
    return client->alert;
}

bool tls_client_is_resumed(const struct tls_client *client)
{
    return client->ssl != NULL && SSL_is_init_finished(client->ssl) && SSL_session_reused(client->ssl) == 1;
}

bool tls_client_went_wrong_by_session(const struct tls_client *client)
{
    return client->has_offered && client->state == TLS_FAILED && (client->alert > 0 || client->is_hung_up) &&
           !SSL_is_init_finished(client->ssl);
}

/* --- Octets ------------------------------------------------------------------------------------------- */

static bool take_from(struct tls_client *client, struct buf *queue, struct buf *out)
{
    if (client->is_datagram)
        return datagram_take(queue, out);
    if (queue->size == 0 || !buf_reserve(out, queue->size))
        return false;
    buf_append(out, buf_span(queue));
    buf_free(queue);
    return true;
}

bool tls_client_take(struct tls_client *client, struct buf *out)
{
    return take_from(client, &client->outgoing, out);
}

bool tls_client_read(struct tls_client *client, struct buf *out)
{
    return take_from(client, &client->received, out);
}

size_t tls_client_payload_max(const struct tls_client *client)
{
    return client->is_datagram && client->state == TLS_OPEN ? DTLS_get_data_mtu(client->ssl) : 0;
}

/* How many of so many octets can be written now. */
static size_t room_for(const struct tls_client *client, size_t size)
{
    size_t room = client->outgoing.size < TLS_UNSENT_MAX ? TLS_UNSENT_MAX - client->outgoing.size : 0;

    if (client->state != TLS_OPEN || client->is_ended)
        return 0;
    if (client->is_datagram)
        return size <= tls_client_payload_max(client) && client->datagram_max < room ? size : 0;
    return size < room ? size : room;
}

size_t tls_client_write(struct tls_client *client, struct span octets)
{
    size_t size = room_for(client, octets.size);
    size_t written = 0;

    if (size == 0)
        return 0;
    ERR_clear_error();
    if (SSL_write_ex(client->ssl, octets.data, size, &written) != 1 || client->outgoing.failed)
        note_failure(client);
    return written;
}

void tls_client_end(struct tls_client *client)
{
    if ((client->state != TLS_OPEN && client->state != TLS_CLOSED) || client->is_ended)
        return;
    client->is_ended = true;
    ERR_clear_error();
    if (SSL_shutdown(client->ssl) < 0)
        ERR_clear_error(); /* the alert is a courtesy */
}

bool tls_client_session(struct tls_client *client, struct buf *out)
{
    bool is_new = client->session.size > 0 && buf_reserve(out, client->session.size);

    if (is_new) {
        buf_append(out, buf_span(&client->session));
        buf_free(&client->session);
    }
    return is_new;
}

/* --- Time --------------------------------------------------------------------------------------------- */

bool tls_client_due(const struct tls_client *client, uint64_t *clock)
{
    *clock = client->flight.due;
    return client->flight.is_waiting;
}

void tls_client_tick(struct tls_client *client, uint64_t clock)
{
    const char *meaning = tls_client_silence(client);

    if (!dtls_flight_tick(client, clock))
        note_failure_as(client, meaning != NULL ? meaning : "the server does not answer");
}
