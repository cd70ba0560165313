/*
 * A scripted network as a card is lent it: names, channels and their ends, and the card's alarm, in virtual
 * time. What the card is told is caught here, in place of the card.
 */
#include "common/net/addresses.h"
#include "device/air/lent_air.h"
#include "tests/device/air/air_bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHANNEL 3

/* The card. */
struct seen {
    unsigned opened, closed, pieces, woken;
    int64_t opened_at, closed_at, woken_at;
    char why[200];
    uint8_t octets[64];
    size_t size;
    int64_t wakeup; /* that it wants; -1: none */
    bool is_told;   /* it is due */
    const struct device_clock *clock;
};

static struct seen seen;

void softeuicc_bearer_opened(struct softeuicc *card, unsigned channel)
{
    (void)card;
    ck_assert_uint_eq(channel, CHANNEL);
    seen.opened++;
    seen.opened_at = device_clock_now(seen.clock);
    seen.is_told = true;
}

void softeuicc_bearer_received(struct softeuicc *card, unsigned channel, const uint8_t *octets, size_t size)
{
    (void)card;
    ck_assert_uint_eq(channel, CHANNEL);
    ck_assert_uint_le(seen.size + size, sizeof(seen.octets));
    memcpy(seen.octets + seen.size, octets, size);
    seen.size += size;
    seen.pieces++;
    seen.is_told = true;
}

void softeuicc_bearer_closed(struct softeuicc *card, unsigned channel, const char *why)
{
    (void)card;
    ck_assert_uint_eq(channel, CHANNEL);
    seen.closed++;
    seen.closed_at = device_clock_now(seen.clock);
    snprintf(seen.why, sizeof(seen.why), "%s", why);
    seen.is_told = true;
}

int64_t softeuicc_next_wakeup(const struct softeuicc *card)
{
    (void)card;
    return seen.is_told ? 0 : seen.wakeup;
}

void softeuicc_wake(struct softeuicc *card)
{
    (void)card;
    seen.woken++;
    seen.woken_at = device_clock_now(seen.clock);
    seen.is_told = false;
    seen.wakeup = -1;
}

struct lent_bench {
    struct bench air;
    struct lent_air *lent;
    struct softeuicc_bearer bearer;
    int server;
};

/* A network with these lines, on which a server of this machine is 192.0.2.7 and 2001:db8::7 at port 443. */
static void begin(struct lent_bench *bench, int type, const char *lines)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX], text[1000];
    uint16_t port = 0;

    ck_assert_msg(addresses_listen("127.0.0.1", &port, type, &found, fds, why), "%s", why);
    snprintf(text, sizeof(text),
             "preset lan\nlatency 100ms\n%sroute 192.0.2.7:443 127.0.0.1:%u\n"
             "route [2001:db8::7]:443 127.0.0.1:%u\n",
             lines, port, port);
    bench_open(&bench->air, text, true, 1);
    seen = (struct seen){.wakeup = -1, .clock = bench->air.clock};
    bench->server = fds[0];
    bench->lent = lent_air_new(bench->air.air, bench->air.clock);
    bench->bearer = lent_air_bearer(bench->lent);
    lent_air_serve(bench->lent, (struct softeuicc *)bench); /* no more than a name for it here */
    bench_attach(&bench->air, NULL);
    bench_until(&bench->air, &bench->air.changed);
}

static void end(struct lent_bench *bench)
{
    lent_air_free(bench->lent);
    bench_end(&bench->air);
    close(bench->server);
}

static bool opens(struct lent_bench *bench, enum softeuicc_transport transport, const char *host)
{
    bool begun = bench->bearer.open(bench->bearer.context, CHANNEL, transport, host, 443);

    ck_assert_uint_eq(seen.opened + seen.closed, 0); /* never inside the call */
    return begun;
}

static void shut(struct lent_bench *bench)
{
    bench->bearer.close(bench->bearer.context, CHANNEL);
}

static bool sends(struct lent_bench *bench, const char *text)
{
    return bench->bearer.send(bench->bearer.context, CHANNEL, (const uint8_t *)text, strlen(text));
}

/* --- channels ------------------------------------------------------------------------------------------- */

START_TEST(a_stream_there_and_back)
{
    /* By a name that the network has asked for, and without: a question takes a round trip. */
    static const struct {
        const char *host;
        int64_t opened_at;
    } rows[] = {{"eim.example", 200}, {"eim.example.", 200}, {"EIM.example", 200},
                {"192.0.2.7", 100},   {"2001:db8::7", 100},  {"six.example", 300}};
    struct lent_bench bench;
    uint8_t octets[16];
    int peer;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(&bench, SOCK_STREAM, "host eim.example 192.0.2.7\nhost six.example 2001:db8::7\n");
        ck_assert(opens(&bench, SOFTEUICC_TCP, rows[i].host));
        ck_assert(!sends(&bench, "early"));
        bench_until(&bench.air, &seen.opened);
        ck_assert_int_eq(seen.opened_at, rows[i].opened_at);
        peer = accept(bench.server, NULL, NULL);
        ck_assert_int_ge(peer, 0);
        ck_assert_int_eq(write(peer, "hello", 5), 5);
        bench_until(&bench.air, &seen.pieces);
        ck_assert_span(SPAN(seen.octets, seen.size), SPAN_STRING("hello"));
        ck_assert(!lent_air_has_polled(bench.lent));
        /* What was sent last still arrives. */
        ck_assert(sends(&bench, "bye"));
        shut(&bench);
        ck_assert(lent_air_has_polled(bench.lent));
        bench_pass(&bench.air, 2000);
        ck_assert_int_eq(read(peer, octets, sizeof(octets)), 3);
        ck_assert_int_eq(read(peer, octets, sizeof(octets)), 0);
        ck_assert(seen.opened == 1 && seen.closed == 0 && seen.woken > 0);
        close(peer);
        end(&bench);
    }
}
END_TEST

START_TEST(datagrams_there_and_back)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    struct lent_bench bench;
    uint8_t octets[16];

    begin(&bench, SOCK_DGRAM, "host eim.example 192.0.2.7\n");
    ck_assert(opens(&bench, SOFTEUICC_UDP, "eim.example"));
    bench_until(&bench.air, &seen.opened);
    ck_assert(sends(&bench, "ping"));
    bench_pass(&bench.air, 170);
    ck_assert_int_eq(recvfrom(bench.server, octets, sizeof(octets), 0, (struct sockaddr *)&from, &size), 4);
    ck_assert_int_eq(sendto(bench.server, "pong", 4, 0, (struct sockaddr *)&from, size), 4);
    bench_until(&bench.air, &seen.pieces);
    ck_assert_span(SPAN(seen.octets, seen.size), SPAN_STRING("pong"));
    shut(&bench);
    end(&bench);
}
END_TEST

/* It is told why, and once. */
START_TEST(who_closes_it)
{
    struct lent_bench bench;
    int peer;

    begin(&bench, SOCK_STREAM, "outage all from 1m\n");
    ck_assert(opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    bench_until(&bench.air, &seen.opened);
    peer = accept(bench.server, NULL, NULL);
    close(peer);
    bench_until(&bench.air, &seen.closed);
    ck_assert_str_eq(seen.why, "closed by the other end");
    lent_air_schedule(bench.lent);
    bench_pass(&bench.air, 5000);
    shut(&bench);
    seen.opened = seen.closed = 0;
    ck_assert(opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    bench_until(&bench.air, &seen.opened);
    bench_pass(&bench.air, 61000);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_str_eq(seen.why, "no network");
    ck_assert_int_eq(seen.closed_at, 60000);
    shut(&bench);
    end(&bench);
}
END_TEST

/* The modem leaves the network, of which the air says nothing. */
START_TEST(a_modem_that_detaches)
{
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "host eim.example 192.0.2.7\n");
    ck_assert(opens(&bench, SOFTEUICC_TCP, "eim.example"));
    bench_until(&bench.air, &seen.opened);
    air_detach(bench.air.air);
    bench_pass(&bench.air, 1000);
    ck_assert_uint_eq(seen.closed, 0);
    ck_assert(!sends(&bench, "late"));
    lent_air_schedule(bench.lent);
    lent_air_schedule(bench.lent);
    ck_assert_uint_eq(seen.closed, 0); /* never inside the call */
    bench_until(&bench.air, &seen.closed);
    ck_assert_str_eq(seen.why, "the device is off the network");
    lent_air_schedule(bench.lent);
    bench_pass(&bench.air, 2000);
    ck_assert_uint_eq(seen.closed, 1);
    shut(&bench);
    seen.opened = seen.closed = 0;
    ck_assert(!opens(&bench, SOFTEUICC_TCP, "eim.example") && !opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    end(&bench);
}
END_TEST

/* … before the card was told, and the card is done with it: its successor has nothing to do with that. */
START_TEST(an_end_that_is_not_told_any_more)
{
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "");
    ck_assert(opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    bench_until(&bench.air, &seen.opened);
    bench_attach(&bench.air, NULL);
    lent_air_schedule(bench.lent);
    shut(&bench);
    bench_pass(&bench.air, 1000);
    seen.opened = 0;
    ck_assert(opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    bench_until(&bench.air, &seen.opened);
    ck_assert_uint_eq(seen.closed, 0);
    end(&bench);
}
END_TEST

/* --- names ---------------------------------------------------------------------------------------------- */

START_TEST(what_the_name_server_does_wrong)
{
    static const struct {
        const char *lines;
        int64_t closed_at;
        const char *why;
    } rows[] = {
        {"dns silent\n", 100 + 14000, "the network's DNS server does not answer"},
        {"dns wrong-id\n", 100 + 14000, "the network's DNS server does not answer"},
        {"dns servfail\n", 100, "the network's DNS server has failed"},
        {"dns truncated\n", 200, "the name has no address"},
    };
    struct lent_bench bench;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(&bench, SOCK_STREAM, rows[i].lines);
        ck_assert(opens(&bench, SOFTEUICC_TCP, "eim.example"));
        bench_until(&bench.air, &seen.closed);
        ck_assert_str_eq(seen.why, rows[i].why);
        ck_assert_int_ge(seen.closed_at, rows[i].closed_at - 100);
        ck_assert_int_le(seen.closed_at, rows[i].closed_at + 100);
        ck_assert_uint_eq(seen.opened, 0);
        shut(&bench);
        end(&bench);
    }
}
END_TEST

/* A question that was lost is asked again. */
START_TEST(a_name_server_that_comes_back)
{
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "host eim.example 192.0.2.7\ndns silent to 3s\n");
    ck_assert(opens(&bench, SOFTEUICC_TCP, "eim.example"));
    bench_until(&bench.air, &seen.opened);
    ck_assert_int_ge(seen.opened_at, 6000);
    ck_assert_int_le(seen.opened_at, 6300);
    end(&bench);
}
END_TEST

START_TEST(what_is_no_name)
{
    static const char *const names[] = {
        "", ".", "a..b", ".a", "a23456789a23456789a23456789a23456789a23456789a23456789a23456789a234.example"};
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_msg(!opens(&bench, SOFTEUICC_TCP, names[i]), "%s", names[i]);
    end(&bench);
    begin(&bench, SOCK_STREAM, "resolver none\n");
    ck_assert(!opens(&bench, SOFTEUICC_TCP, "eim.example"));
    end(&bench);
}
END_TEST

START_TEST(closed_at_any_moment)
{
    struct lent_bench bench;

    for (int64_t moment = 0; moment < 400; moment += 20) {
        begin(&bench, SOCK_STREAM, "host eim.example 192.0.2.7\n");
        ck_assert(opens(&bench, SOFTEUICC_TCP, "eim.example"));
        bench_pass(&bench.air, moment);
        shut(&bench);
        seen.opened = 0;
        bench_pass(&bench.air, 1000);
        ck_assert_uint_eq(seen.opened + seen.closed, 0);
        ck_assert(!sends(&bench, "late"));
        shut(&bench); /* nothing is closed twice */
        end(&bench);
    }
}
END_TEST

/* --- the card's alarm --------------------------------------------------------------------------------- */

START_TEST(it_is_woken_when_it_wants_to_be)
{
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "");
    seen.wakeup = 5000;
    bench_pass(&bench.air, 6000); /* nobody has asked it */
    ck_assert_uint_eq(seen.woken, 0);
    seen.wakeup = 10000;
    lent_air_schedule(bench.lent);
    bench_pass(&bench.air, 20000);
    ck_assert_uint_eq(seen.woken, 1);
    ck_assert_int_eq(seen.woken_at, 10000);
    seen.wakeup = 1; /* past */
    lent_air_schedule(bench.lent);
    ck_assert_uint_eq(seen.woken, 1); /* never inside the call */
    bench_pass(&bench.air, 20001);
    ck_assert_uint_eq(seen.woken, 2);
    seen.wakeup = 30000;
    lent_air_schedule(bench.lent);
    lent_air_serve(bench.lent, NULL);
    bench_pass(&bench.air, 40000);
    ck_assert_uint_eq(seen.woken, 2);
    end(&bench);
}
END_TEST

/* A card that is gone is told nothing. */
START_TEST(without_a_card)
{
    struct lent_bench bench;

    begin(&bench, SOCK_STREAM, "");
    ck_assert(opens(&bench, SOFTEUICC_TCP, "192.0.2.7"));
    lent_air_serve(bench.lent, NULL);
    bench_pass(&bench.air, 1000);
    ck_assert_uint_eq(seen.opened + seen.closed + seen.woken, 0);
    end(&bench);
    lent_air_free(NULL);
}
END_TEST

TEST_MAIN("lent air", a_stream_there_and_back, datagrams_there_and_back, who_closes_it, a_modem_that_detaches,
          an_end_that_is_not_told_any_more, what_the_name_server_does_wrong, a_name_server_that_comes_back,
          what_is_no_name, closed_at_any_moment, it_is_woken_when_it_wants_to_be, without_a_card)
