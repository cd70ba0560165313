/* euicc/ipae/host_bearer.c: what the host tells of its channels, in any order, and what the card makes of it.
 */
#include "euicc/ipae/host_bearer.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 262144 /* octets, with what keeps them apart */

struct host {
    struct softeuicc_bearer calls;
    struct host_bearer *bearer;
    const struct bearer *card; /* as the network stack has it */
    bool refuses, takes_nothing;
    unsigned opened, closed, sent; /* how often; the channels as bits: */
    unsigned open;
    enum softeuicc_transport transport;
    char name[64];
    uint16_t port;
};

static bool host_open(void *context, unsigned channel, enum softeuicc_transport transport, const char *name,
                      uint16_t port)
{
    struct host *host = context;

    ck_assert(channel >= 1 && channel <= SOFTEUICC_CHANNELS);
    ck_assert_uint_eq(host->open >> channel & 1, 0);
    host->transport = transport;
    host->port = port;
    snprintf(host->name, sizeof(host->name), "%s", name);
    host->opened++;
    if (!host->refuses)
        host->open |= 1u << channel;
    return !host->refuses;
}

static bool host_send(void *context, unsigned channel, const uint8_t *octets, size_t size)
{
    struct host *host = context;

    ck_assert_uint_eq(host->open >> channel & 1, 1);
    ck_assert(octets != NULL && size > 0);
    host->sent++;
    return !host->takes_nothing;
}

static void host_close(void *context, unsigned channel)
{
    struct host *host = context;

    ck_assert_uint_eq(host->open >> channel & 1, 1);
    host->open &= ~(1u << channel);
    host->closed++;
}

static void open_host(struct host *host)
{
    *host = (struct host){.calls = {host, host_open, host_send, host_close}};
    host->bearer = host_bearer_new(&host->calls);
    ck_assert_ptr_nonnull(host->bearer);
    host->card = host_bearer_bearer(host->bearer);
}

static void close_host(struct host *host)
{
    host_bearer_free(host->bearer);
    ck_assert_uint_eq(host->open, 0);
}

static unsigned channel_opened(struct host *host, enum bearer_transport transport)
{
    return host->card->open(host->card->context, transport, "eim.example.com", 443);
}

/* A stream that is open. */
static unsigned stream(struct host *host)
{
    unsigned channel = channel_opened(host, BEARER_TCP);

    host_bearer_opened(host->bearer, channel);
    return channel;
}

static enum bearer_state state(struct host *host, unsigned channel)
{
    const char *why = "";

    return host->card->state(host->card->context, channel, &why);
}

static const char *why_of(struct host *host, unsigned channel)
{
    const char *why = NULL;

    ck_assert_int_eq(host->card->state(host->card->context, channel, &why), BEARER_ENDED);
    ck_assert_ptr_nonnull(why);
    return why;
}

static bool sends(struct host *host, unsigned channel)
{
    return host->card->send(host->card->context, channel, SPAN_STRING("octets"));
}

/* Whether a piece was there, which `out` has then. */
static bool receives(struct host *host, unsigned channel, struct buf *out)
{
    buf_clear(out);
    return host->card->receive(host->card->context, channel, out);
}

static void comes(struct host *host, unsigned channel, const char *text)
{
    host_bearer_received(host->bearer, channel, span_of_string(text));
}

static bool news(struct host *host)
{
    bool any = host_bearer_has_news(host->bearer);

    host_bearer_saw_news(host->bearer);
    return any;
}

/* --- tests ------------------------------------------------------------------------------------------- */

/* Whatever shows that there is a network: a server that answers, and octets; not what the card does itself.
 */
START_TEST(what_is_heard)
{
    struct host host;
    unsigned tcp, udp;

    open_host(&host);
    tcp = channel_opened(&host, BEARER_TCP);
    ck_assert_uint_eq(host_bearer_heard(host.bearer), 0);
    host_bearer_opened(host.bearer, tcp);
    ck_assert_uint_eq(host_bearer_heard(host.bearer), 1);
    udp = channel_opened(&host, BEARER_UDP);
    host_bearer_opened(host.bearer, udp);
    ck_assert(sends(&host, udp));
    ck_assert_uint_eq(host_bearer_heard(host.bearer), 1);
    comes(&host, udp, "a");
    comes(&host, tcp, "b");
    ck_assert_uint_eq(host_bearer_heard(host.bearer), 3);
    host_bearer_closed(host.bearer, tcp, NULL);
    ck_assert_uint_eq(host_bearer_heard(host.bearer), 3);
    host.card->close(host.card->context, tcp);
    host.card->close(host.card->context, udp);
    close_host(&host);
}
END_TEST

START_TEST(a_channel_in_order)
{
    struct host host;
    struct buf *out = test_buf();
    unsigned channel;

    open_host(&host);
    ck_assert(!news(&host));
    channel = channel_opened(&host, BEARER_TCP);
    ck_assert_uint_ne(channel, BEARER_NO_CHANNEL);
    ck_assert_int_eq(host.transport, SOFTEUICC_TCP);
    ck_assert_str_eq(host.name, "eim.example.com");
    ck_assert_uint_eq(host.port, 443);
    ck_assert_int_eq(state(&host, channel), BEARER_OPENING);
    ck_assert(!sends(&host, channel) && !receives(&host, channel, out));
    ck_assert_uint_eq(host.sent, 0);
    host_bearer_opened(host.bearer, channel);
    ck_assert(news(&host) && !news(&host));
    ck_assert_int_eq(state(&host, channel), BEARER_OPEN);
    ck_assert(sends(&host, channel));
    comes(&host, channel, "one");
    comes(&host, channel, "two");
    ck_assert(news(&host));
    ck_assert(receives(&host, channel, out));
    ck_assert_span(buf_span(out), SPAN_STRING("one"));
    comes(&host, channel, "three");
    host_bearer_closed(host.bearer, channel, NULL);
    ck_assert(news(&host));
    ck_assert_str_eq(why_of(&host, channel), "the server closed the connection");
    /* What came before the end is there. */
    ck_assert(receives(&host, channel, out));
    ck_assert_span(buf_span(out), SPAN_STRING("two"));
    ck_assert(receives(&host, channel, out));
    ck_assert_span(buf_span(out), SPAN_STRING("three"));
    ck_assert(!receives(&host, channel, out));
    ck_assert(!sends(&host, channel));
    ck_assert_uint_eq(host.closed, 0);
    host.card->close(host.card->context, channel);
    ck_assert_uint_eq(host.closed, 1);
    host.card->close(host.card->context, channel); /* nothing is closed twice */
    ck_assert_uint_eq(host.closed, 1);
    close_host(&host);
}
END_TEST

START_TEST(a_host_that_cannot_send)
{
    struct host host;
    unsigned channel;

    open_host(&host);
    channel = stream(&host);
    host.takes_nothing = true;
    ck_assert(!sends(&host, channel));
    close_host(&host);
}
END_TEST

START_TEST(what_is_told_out_of_order)
{
    struct host host;
    struct buf *out = test_buf();
    unsigned channel;

    open_host(&host);
    channel = channel_opened(&host, BEARER_TCP);
    comes(&host, channel, "early"); /* no stream has begun */
    ck_assert(!news(&host) && !receives(&host, channel, out));
    host_bearer_opened(host.bearer, channel);
    ck_assert(news(&host));
    host_bearer_opened(host.bearer, channel);
    ck_assert(!news(&host));
    comes(&host, channel, "");
    ck_assert(!news(&host) && !receives(&host, channel, out));
    host_bearer_closed(host.bearer, channel, "first");
    ck_assert(news(&host));
    host_bearer_closed(host.bearer, channel, "second");
    host_bearer_opened(host.bearer, channel);
    comes(&host, channel, "late");
    ck_assert(!news(&host));
    ck_assert_str_eq(why_of(&host, channel), "first");
    ck_assert(!receives(&host, channel, out));
    host.card->close(host.card->context, channel);
    host_bearer_opened(host.bearer, channel);
    comes(&host, channel, "late");
    host_bearer_closed(host.bearer, channel, "late");
    ck_assert(!news(&host));
    /* Whoever has its number next knows nothing of it. */
    ck_assert_uint_eq(channel_opened(&host, BEARER_TCP), channel);
    ck_assert_int_eq(state(&host, channel), BEARER_OPENING);
    ck_assert(!receives(&host, channel, out));
    close_host(&host);
}
END_TEST

START_TEST(one_that_cannot_be_opened)
{
    struct host host;
    unsigned channel;

    open_host(&host);
    channel = channel_opened(&host, BEARER_TCP);
    host_bearer_closed(host.bearer, channel, "nobody is there");
    ck_assert(news(&host));
    ck_assert_str_eq(why_of(&host, channel), "nobody is there");
    host_bearer_opened(host.bearer, channel);
    ck_assert_int_eq(state(&host, channel), BEARER_ENDED);
    close_host(&host);
}
END_TEST

START_TEST(channels_that_nobody_knows)
{
    static const unsigned unknown[] = {0, 1, 2, SOFTEUICC_CHANNELS, SOFTEUICC_CHANNELS + 1, 64, UINT32_MAX};
    struct host host;
    struct buf *out = test_buf();

    open_host(&host);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        host_bearer_opened(host.bearer, unknown[i]);
        comes(&host, unknown[i], "octets");
        host_bearer_closed(host.bearer, unknown[i], "why");
        ck_assert(!news(&host));
        ck_assert_str_ne(why_of(&host, unknown[i]), "");
        ck_assert(!sends(&host, unknown[i]) && !receives(&host, unknown[i], out));
        host.card->close(host.card->context, unknown[i]);
    }
    ck_assert_uint_eq(host.sent + host.closed, 0);
    close_host(&host);
}
END_TEST

START_TEST(there_are_so_many_channels)
{
    struct host host;
    unsigned seen = 0;

    open_host(&host);
    for (unsigned i = 0; i < SOFTEUICC_CHANNELS; i++)
        seen |= 1u << channel_opened(&host, BEARER_TCP);
    ck_assert_uint_eq(seen, 0xFE);
    ck_assert_uint_eq(channel_opened(&host, BEARER_TCP), BEARER_NO_CHANNEL);
    ck_assert_uint_eq(host.opened, SOFTEUICC_CHANNELS);
    host.card->close(host.card->context, 4);
    host.refuses = true;
    ck_assert_uint_eq(channel_opened(&host, BEARER_TCP), BEARER_NO_CHANNEL);
    host.refuses = false;
    ck_assert_uint_eq(channel_opened(&host, BEARER_UDP), 4);
    ck_assert_int_eq(host.transport, SOFTEUICC_UDP);
    close_host(&host);
    ck_assert_uint_eq(host.closed, SOFTEUICC_CHANNELS + 1);
}
END_TEST

/* No channel sees what comes on another. */
START_TEST(channels_are_kept_apart)
{
    struct host host;
    struct buf *out = test_buf();
    unsigned one, other;

    open_host(&host);
    one = stream(&host);
    other = stream(&host);
    comes(&host, one, "one");
    comes(&host, other, "other");
    host_bearer_closed(host.bearer, one, "over");
    ck_assert_int_eq(state(&host, other), BEARER_OPEN);
    ck_assert(receives(&host, other, out));
    ck_assert_span(buf_span(out), SPAN_STRING("other"));
    ck_assert(!receives(&host, other, out));
    host.card->close(host.card->context, one);
    ck_assert(!receives(&host, one, out));
    close_host(&host);
}
END_TEST

/* Sends pieces until all that may wait waits, and one more. Returns how many went in before. */
static size_t fill(struct host *host, unsigned channel, struct span piece)
{
    size_t count = WAITING_MAX / (piece.size + sizeof(size_t));

    for (size_t i = 0; i < count; i++)
        host_bearer_received(host->bearer, channel, piece);
    ck_assert_int_eq(state(host, channel), BEARER_OPEN);
    host_bearer_received(host->bearer, channel, piece);
    return count;
}

START_TEST(more_than_can_wait)
{
    static const uint8_t zeroes[1000];
    struct host host;
    struct buf *out = test_buf();
    unsigned channel;
    size_t count;

    open_host(&host);
    /* A stream of which something is missing is over; what came before is there. */
    channel = stream(&host);
    count = fill(&host, channel, SPAN_ARRAY(zeroes));
    ck_assert_str_eq(why_of(&host, channel), "more came than the card can keep");
    while (count-- > 0)
        ck_assert(receives(&host, channel, out));
    ck_assert(!receives(&host, channel, out));
    /* Datagrams may get lost. */
    channel = channel_opened(&host, BEARER_UDP);
    host_bearer_opened(host.bearer, channel);
    count = fill(&host, channel, SPAN_ARRAY(zeroes));
    ck_assert_int_eq(state(&host, channel), BEARER_OPEN);
    while (count-- > 0)
        ck_assert(receives(&host, channel, out));
    ck_assert(!receives(&host, channel, out));
    comes(&host, channel, "one more");
    ck_assert(receives(&host, channel, out));
    ck_assert_span(buf_span(out), SPAN_STRING("one more"));
    close_host(&host);
}
END_TEST

/* Many small pieces keep no more memory than large ones. */
START_TEST(pieces_of_one_octet)
{
    struct host host;
    unsigned channel, count = 0;

    open_host(&host);
    channel = stream(&host);
    while (state(&host, channel) == BEARER_OPEN) {
        ck_assert_uint_le(++count, WAITING_MAX);
        comes(&host, channel, "x");
    }
    close_host(&host);
}
END_TEST

/* A host may hand over all that it has of a stream; TLS takes it in portions. A datagram stays one. */
START_TEST(large_pieces)
{
    struct host host;
    struct buf *out = test_buf();
    uint8_t *octets = malloc(200000);
    unsigned channel;
    size_t at = 0;

    for (size_t i = 0; i < 200000; i++)
        octets[i] = (uint8_t)(i * 7 / 5);
    open_host(&host);
    channel = stream(&host);
    host_bearer_received(host.bearer, channel, SPAN(octets, 200000));
    comes(&host, channel, "behind");
    while (at < 200000) {
        ck_assert(receives(&host, channel, out));
        ck_assert(out->size > 0 && out->size <= BEARER_PIECE_MAX && out->size <= 200000 - at);
        ck_assert_span(buf_span(out), SPAN(octets + at, out->size));
        at += out->size;
    }
    ck_assert(receives(&host, channel, out));
    ck_assert_span(buf_span(out), SPAN_STRING("behind"));
    ck_assert(!receives(&host, channel, out));
    channel = channel_opened(&host, BEARER_UDP);
    host_bearer_opened(host.bearer, channel);
    host_bearer_received(host.bearer, channel, SPAN(octets, 60000));
    ck_assert(receives(&host, channel, out));
    ck_assert_uint_eq(out->size, 60000);
    close_host(&host);
    free(octets);
}
END_TEST

TEST_MAIN("host_bearer", what_is_heard, a_channel_in_order, a_host_that_cannot_send,
          what_is_told_out_of_order, one_that_cannot_be_opened, channels_that_nobody_knows,
          there_are_so_many_channels, channels_are_kept_apart, more_than_can_wait, pieces_of_one_octet,
          large_pieces)
