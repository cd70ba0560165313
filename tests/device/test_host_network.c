/*
 * This machine's network as a card is lent it: names with several addresses of which one answers, what
 * refuses, what nobody knows, and channels that are closed at any moment. What the card is told is caught
 * here, in place of the card.
 */
#include "common/net/addresses.h"
#include "device/host_network.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

struct seen {
    unsigned opened, closed;
    char why[200];
    uint8_t octets[64];
    size_t size;
};

static struct seen seen;

void softeuicc_bearer_opened(struct softeuicc *card, unsigned channel)
{
    (void)card;
    ck_assert_uint_eq(channel, 3);
    seen.opened++;
}

void softeuicc_bearer_received(struct softeuicc *card, unsigned channel, const uint8_t *octets, size_t size)
{
    (void)card;
    ck_assert_uint_eq(channel, 3);
    ck_assert_uint_le(seen.size + size, sizeof(seen.octets));
    memcpy(seen.octets + seen.size, octets, size);
    seen.size += size;
}

void softeuicc_bearer_closed(struct softeuicc *card, unsigned channel, const char *why)
{
    (void)card;
    ck_assert_uint_eq(channel, 3);
    seen.closed++;
    strncpy(seen.why, why != NULL ? why : "in order", sizeof(seen.why) - 1);
}

static void on_told(void *context)
{
    event_base_loopbreak(context);
}

struct bench {
    struct event_base *base;
    struct host_network *network;
    struct softeuicc_bearer bearer;
    int server;
    uint16_t port;
};

/* A server on 127.0.0.1 alone; the port is free on ::1. */
static void open_bench(struct bench *bench, int type)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];

    memset(&seen, 0, sizeof(seen));
    *bench = (struct bench){.base = event_base_new()};
    ck_assert_msg(addresses_listen("127.0.0.1", &bench->port, type, &found, fds, why), "%s", why);
    bench->server = fds[0];
    bench->network = host_network_new(bench->base, on_told, bench->base);
    bench->bearer = host_network_bearer(bench->network);
    host_network_serve(bench->network, (struct softeuicc *)bench); /* no more than a name for it here */
}

static void end_bench(struct bench *bench)
{
    host_network_free(bench->network);
    event_base_free(bench->base);
    close(bench->server);
}

static bool bench_open(struct bench *bench, enum softeuicc_transport transport, const char *host)
{
    return bench->bearer.open(bench->bearer.context, 3, transport, host, bench->port);
}

/* The loop goes round until something was told, five seconds at most. */
static void wait_for_news(struct bench *bench)
{
    const struct timeval limit = {5, 0};

    event_base_loopexit(bench->base, &limit);
    event_base_dispatch(bench->base);
}

static void send_text(struct bench *bench, const char *text)
{
    ck_assert(bench->bearer.send(bench->bearer.context, 3, (const uint8_t *)text, strlen(text)));
}

START_TEST(a_stream_to_whoever_answers)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct bench bench;
    uint8_t octets[16];
    int peer;

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        open_bench(&bench, SOCK_STREAM);
        ck_assert(bench_open(&bench, SOFTEUICC_TCP, hosts[i]));
        ck_assert_uint_eq(seen.opened, 0); /* never inside the call */
        wait_for_news(&bench);
        ck_assert_msg(seen.opened == 1 && seen.closed == 0, "%s: %s", hosts[i], seen.why);
        peer = accept(bench.server, NULL, NULL);
        ck_assert_int_ge(peer, 0);
        ck_assert_int_eq(write(peer, "hello", 5), 5);
        wait_for_news(&bench);
        ck_assert_span(SPAN(seen.octets, seen.size), SPAN_STRING("hello"));
        /* What was sent last still arrives. */
        send_text(&bench, "bye");
        bench.bearer.close(bench.bearer.context, 3);
        event_base_loop(bench.base, EVLOOP_NONBLOCK);
        event_base_loop(bench.base, EVLOOP_NONBLOCK);
        ck_assert_int_eq(read(peer, octets, sizeof(octets)), 3);
        ck_assert_int_eq(read(peer, octets, sizeof(octets)), 0);
        close(peer);
        end_bench(&bench);
    }
}
END_TEST

START_TEST(datagrams_to_whoever_answers)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    struct bench bench;
    uint8_t octets[16];

    open_bench(&bench, SOCK_DGRAM);
    ck_assert(bench_open(&bench, SOFTEUICC_UDP, "localhost"));
    wait_for_news(&bench);
    ck_assert_msg(seen.opened == 1, "%s", seen.why);
    send_text(&bench, "one");
    usleep(20000);
    ck_assert_int_eq(recvfrom(bench.server, octets, sizeof(octets), 0, (struct sockaddr *)&from, &size), 3);
    ck_assert_int_eq(sendto(bench.server, "two", 3, 0, (struct sockaddr *)&from, size), 3);
    while (seen.size == 0 && seen.closed == 0)
        wait_for_news(&bench);
    ck_assert_span(SPAN(seen.octets, seen.size), SPAN_STRING("two"));
    ck_assert_uint_eq(seen.closed, 0);
    end_bench(&bench);
}
END_TEST

START_TEST(what_cannot_be_reached_is_told)
{
    struct bench bench;

    open_bench(&bench, SOCK_STREAM);
    close(bench.server);
    ck_assert(bench_open(&bench, SOFTEUICC_TCP, "localhost"));
    wait_for_news(&bench);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_str_eq(seen.why, "Connection refused");
    bench.bearer.close(bench.bearer.context, 3);
    memset(&seen, 0, sizeof(seen));
    ck_assert(bench_open(&bench, SOFTEUICC_TCP, "no-such-host.invalid"));
    wait_for_news(&bench);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_str_ne(seen.why, "");
    bench.server = -1;
    end_bench(&bench);
}
END_TEST

START_TEST(a_server_that_hangs_up)
{
    struct bench bench;

    open_bench(&bench, SOCK_STREAM);
    ck_assert(bench_open(&bench, SOFTEUICC_TCP, "127.0.0.1"));
    wait_for_news(&bench);
    close(accept(bench.server, NULL, NULL));
    wait_for_news(&bench);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_str_eq(seen.why, "in order");
    end_bench(&bench);
}
END_TEST

/* Nothing is told of it any more, and nothing of it stays. */
START_TEST(closed_at_any_moment)
{
    struct bench bench;

    for (unsigned rounds = 0; rounds < 4; rounds++) {
        open_bench(&bench, SOCK_STREAM);
        ck_assert(bench_open(&bench, SOFTEUICC_TCP, "localhost"));
        for (unsigned i = 0; i < rounds; i++)
            event_base_loop(bench.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        bench.bearer.close(bench.bearer.context, 3);
        bench.bearer.close(bench.bearer.context, 3);
        memset(&seen, 0, sizeof(seen));
        usleep(10000);
        event_base_loop(bench.base, EVLOOP_NONBLOCK);
        ck_assert_uint_eq(seen.opened + seen.closed, 0);
        end_bench(&bench);
    }
}
END_TEST

TEST_MAIN("host network", a_stream_to_whoever_answers, datagrams_to_whoever_answers,
          what_cannot_be_reached_is_told, a_server_that_hangs_up, closed_at_any_moment)
