/*
 * When flights of DTLS's handshake are sent again (RFC 6347 4.2.4), by the clock that is handed in.
 *
 * OpenSSL has a timer of its own, on the system's clock, and sends a flight again when it runs out, whenever
 * it is about to read. The card's clock may be a virtual one. So the timer is made to run out at once, and
 * again, as often as a flight may ever be sent: OpenSSL writes all the copies right behind the flight, each
 * with record numbers of its own as the server demands, and they wait here for their time. An answer makes
 * those that are left worthless.
 */
#include "euicc/network/tls_internal.h"

#define AT_ONCE  1U          /* microsecond; below 15 milliseconds OpenSSL's timer has run out already */
#define NEVER    4000000000U /* microseconds: longer than a handshake takes */
#define FIRST_MS 1000U
#define LAST_MS  60000U

static uint64_t wait_ms(const struct dtls_flight *flight)
{
    uint64_t wait = (uint64_t)(flight->first_wait > 0 ? flight->first_wait : FIRST_MS) << flight->sent_again;

    return wait < LAST_MS ? wait : LAST_MS;
}

void dtls_flight_end(struct dtls_flight *flight)
{
    for (size_t i = 0; i < DTLS_COPIES; i++)
        buf_free(&flight->copies[i]);
    *flight = (struct dtls_flight){.first_wait = flight->first_wait};
}

unsigned int dtls_timer(SSL *ssl, unsigned int last)
{
    struct tls_client *client = SSL_get_app_data(ssl);
    struct dtls_flight *flight = &client->flight;

    if (last == 0) {
        dtls_flight_end(flight);
        flight->is_waiting = true;
        flight->is_new = true;
        return AT_ONCE;
    }
    flight->is_copying = true;
    if (flight->copy_count <= DTLS_COPIES)
        flight->copy_count++; /* one more than there are: a copy for nobody */
    return flight->copy_count < DTLS_COPIES ? AT_ONCE : NEVER;
}

void dtls_flight_sent(struct dtls_flight *flight, uint64_t clock)
{
    if (!flight->is_new)
        return;
    flight->is_new = false;
    flight->due = clock + wait_ms(flight);
}

bool dtls_flight_tick(struct tls_client *client, uint64_t clock)
{
    struct dtls_flight *flight = &client->flight;
    struct buf *copy = &flight->copies[flight->sent_again];

    if (!flight->is_waiting || clock < flight->due)
        return true;
    if (flight->sent_again == DTLS_COPIES)
        return false;
    if (client->outgoing.size + copy->size <= TLS_UNSENT_MAX)
        buf_append(&client->outgoing, buf_span(copy));
    buf_free(copy);
    flight->sent_again++;
    flight->due = clock + wait_ms(flight);
    return true;
}
