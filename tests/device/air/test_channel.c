/* Channels to real servers of this machine, in virtual time: what a link does to their octets to the
 * millisecond, holds that wait for real answers and end with silence, and the network's DNS server. */
#include "common/net/addresses.h"
#include "device/air/sockets.h"
#include "tests/device/air/air_bench.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- a server that answers every piece after some real time -------------------------------------------- */

struct server {
    struct evconnlistener *listener;
    struct bufferevent *peer;
    struct event *answer;
    unsigned delay_ms, again_ms; /* until its answer, and until it comes once more; 0: it does not */
    const char *text;            /* its answer; NULL: silence */
    size_t size;                 /* of the answer, if it is not the text's */
    bool closes;                 /* after the answer */
    bool has_answered;
    struct buf got;
    unsigned ended;
    uint16_t port;
    const struct device_clock *clock;
    int64_t accepted_at;
};

static void on_answer(evutil_socket_t fd, short events, void *context)
{
    static const char octets[8192];
    struct server *server = context;
    const struct timeval again = {0, server->again_ms * 1000};

    (void)fd;
    (void)events;
    server->has_answered = true;
    if (server->again_ms > 0)
        evtimer_add(server->answer, &again);
    server->again_ms = 0;
    for (size_t left = server->size; left > 0; left -= left < sizeof(octets) ? left : sizeof(octets))
        bufferevent_write(server->peer, octets, left < sizeof(octets) ? left : sizeof(octets));
    if (server->size == 0)
        bufferevent_write(server->peer, server->text, strlen(server->text));
}

static void on_server_read(struct bufferevent *peer, void *context)
{
    struct server *server = context;
    const struct timeval wait = {0, server->delay_ms * 1000};
    uint8_t octets[4096];
    size_t size;

    while ((size = bufferevent_read(peer, octets, sizeof(octets))) > 0)
        buf_append(&server->got, SPAN(octets, size));
    if (server->text != NULL)
        evtimer_add(server->answer, &wait);
}

/* All that was to be written is. */
static void on_server_written(struct bufferevent *peer, void *context)
{
    const struct server *server = context;

    if (server->closes && server->has_answered)
        shutdown(bufferevent_getfd(peer), SHUT_WR);
}

static void on_server_event(struct bufferevent *peer, short what, void *context)
{
    (void)peer;
    (void)what;
    ((struct server *)context)->ended++;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
                      void *context)
{
    struct server *server = context;

    (void)address;
    (void)size;
    server->accepted_at = device_clock_now(server->clock);
    server->peer = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(server->peer, on_server_read, on_server_written, on_server_event, server);
    bufferevent_enable(server->peer, EV_READ | EV_WRITE);
}

static void serve(struct bench *bench, struct server *server, const char *text, unsigned delay_ms)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];

    *server = (struct server){.text = text, .delay_ms = delay_ms, .clock = bench->clock};
    ck_assert(addresses_listen("127.0.0.1", &server->port, SOCK_STREAM, &found, fds, why));
    server->listener = evconnlistener_new(bench->base, on_accept, server, LEV_OPT_CLOSE_ON_FREE, 0, fds[0]);
    server->answer = evtimer_new(bench->base, on_answer, server);
}

static void end_server(struct server *server)
{
    event_free(server->answer);
    if (server->peer != NULL)
        bufferevent_free(server->peer);
    evconnlistener_free(server->listener);
    buf_free(&server->got);
}

static double real_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void begin(struct bench *bench, const char *text, uint64_t seed)
{
    bench_open(bench, text, true, seed);
    bench_attach(bench, NULL);
    bench_until(bench, &bench->changed);
}

/* --- streams -------------------------------------------------------------------------------------------- */

START_TEST(the_lan_takes_no_time)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;
    struct alarm *far;
    unsigned rang = 0;

    begin(&bench, "preset lan\n", 1);
    far = alarm_new(bench.clock, NULL, &rang); /* it would end the test if it rang */
    alarm_set(far, INT64_C(900) * 1000);
    serve(&bench, &server, "pong", 50);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    ck_assert(!air_channel_send(recorder.channel, SPAN_STRING("early")));
    bench_until(&bench, &recorder.opened);
    recorder.wanted = 8;
    recorder_send(&recorder, "ping");
    bench_until(&bench, &recorder.pieces);
    recorder_send(&recorder, "ping");
    bench_until(&bench, &recorder.done);
    ck_assert_span(buf_span(&recorder.octets), SPAN_STRING("pongpong"));
    ck_assert_int_eq(device_clock_now(bench.clock), 0);
    ck_assert(air_figures(bench.air)->sent == 8 && air_figures(bench.air)->received == 8);
    alarm_free(far);
    recorder_send(&recorder, "bye");
    recorder_end(&recorder);
    bench_until(&bench, &server.ended);
    ck_assert_span(buf_span(&server.got), SPAN_STRING("pingpingbye"));
    end_server(&server);
    bench_end(&bench);
}
END_TEST

/* Longer between its two pieces than the least that is waited, but not than it took to begin. */
START_TEST(a_slow_answer_in_pieces_is_one)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;
    struct alarm *far;

    begin(&bench, "preset lan\n", 1);
    far = alarm_new(bench.clock, NULL, NULL); /* it would end the test if it rang */
    alarm_set(far, INT64_C(30) * 1000);
    serve(&bench, &server, "pong", 600);
    server.again_ms = 450;
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    recorder.wanted = 8;
    recorder_send(&recorder, "ping");
    bench_until(&bench, &recorder.done);
    ck_assert_uint_eq(recorder.pieces, 2);
    ck_assert_int_eq(recorder.received_at, 0);
    recorder_end(&recorder);
    end_server(&server);
    alarm_free(far);
    bench_end(&bench);
}
END_TEST

START_TEST(latency_and_bandwidth_to_the_millisecond)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;

    begin(&bench, "preset lan\nlatency 300ms\nup 8kbit/s\ndown 4kbit/s\n", 1);
    serve(&bench, &server, "0123456789", 30);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    ck_assert_int_eq(recorder.opened_at, 300);
    recorder_send(&recorder, "0123456789"); /* 10 ms */
    recorder_send(&recorder, "0123456789");
    recorder.wanted = 10;
    bench_until(&bench, &recorder.done);
    /* Both are there at 470; the answer takes 20 ms and the way. The server may have answered the first. */
    ck_assert_int_ge(recorder.received_at, 300 + 10 + 150 + 20 + 150);
    ck_assert_int_le(recorder.received_at, 300 + 20 + 150 + 20 + 150);
    ck_assert_int_eq(recorder.received_at, device_clock_now(bench.clock));
    /* An idle connection holds nothing. */
    bench_pass(&bench, 900 * 1000);
    recorder_end(&recorder);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

/* A server's patience with its client begins when the first segment has come, not when it has left. */
START_TEST(a_server_hears_of_it_half_a_round_trip_later)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;

    begin(&bench, "preset lan\nlatency 301ms\nup 8kbit/s\noutage all from 10s to 11s\n", 1);
    serve(&bench, &server, "pong", 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    recorder_end(&recorder); /* before it has */
    bench_pass(&bench, 1000);
    ck_assert_ptr_null(server.peer);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    ck_assert_int_eq(server.accepted_at, 1000 + 150);
    ck_assert_int_eq(recorder.opened_at, 1000 + 301);
    recorder_end(&recorder);
    end_server(&server);
    bench_pass(&bench, 9900);
    serve(&bench, &server, "pong", 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_pass(&bench, 10900); /* no network when it would have */
    ck_assert_uint_eq(recorder.closed, 1);
    ck_assert_str_eq(recorder.why, "no network");
    ck_assert_ptr_null(server.peer);
    recorder_end(&recorder);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

START_TEST(much_at_once_keeps_its_order_and_rate)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;

    begin(&bench, "preset lan\nlatency 10ms..500ms\ndown 800kbit/s\n", 7);
    serve(&bench, &server, "", 0);
    server.size = 300000;
    server.closes = true;
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    recorder_send(&recorder, "go");
    bench_until(&bench, &recorder.closed);
    ck_assert_uint_eq(recorder.octets.size, 300000);
    ck_assert_int_ge(recorder.received_at - recorder.opened_at, 3000); /* 100 octets a millisecond */
    ck_assert_int_le(recorder.received_at - recorder.opened_at, 4500);
    ck_assert_int_ge(recorder.closed_at, recorder.received_at);
    ck_assert_str_eq(recorder.why, "closed by the other end");
    ck_assert(!air_channel_send(recorder.channel, SPAN_STRING("late")));
    recorder_end(&recorder);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

/* When the last of ten exchanges has come. */
static int64_t lossy_run(uint64_t seed)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;
    int64_t end;

    begin(&bench, "preset lan\nlatency 100ms..200ms\nloss 20%\n", seed);
    serve(&bench, &server, "pong", 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    for (size_t i = 1; i <= 10; i++) {
        recorder.wanted = 4 * i;
        recorder.done = 0;
        recorder_send(&recorder, "ping");
        bench_until(&bench, &recorder.done);
    }
    end = recorder.received_at;
    recorder_end(&recorder);
    end_server(&server);
    bench_end(&bench);
    return end;
}

START_TEST(loss_delays_a_stream_by_its_seed)
{
    const int64_t first = lossy_run(1);

    ck_assert_int_gt(first, 3000);
    ck_assert_int_eq(lossy_run(1), first);
    ck_assert_int_ne(lossy_run(2), first);
}
END_TEST

START_TEST(what_was_sent_is_drained)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;

    begin(&bench, "preset lan\nlatency 4s\nup 100bit/s\n", 1);
    serve(&bench, &server, NULL, 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    recorder_send(&recorder, "0123456789");
    recorder_send(&recorder, "0123456789");
    recorder_end(&recorder);
    bench_until(&bench, &server.ended);
    ck_assert_uint_eq(server.got.size, 20);
    ck_assert_int_eq(device_clock_now(bench.clock), 4000 + 1600 + 2000);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

START_TEST(nobody_there_and_nobody_answering)
{
    struct recorder recorder;
    struct server server;
    struct bench bench;
    double before;

    begin(&bench, "preset lan\nlatency 100ms\nroute 192.0.2.7:443 127.0.0.1:1\n", 1);
    recorder_open(&bench, &recorder, AIR_TCP, "192.0.2.7", 443);
    bench_until(&bench, &recorder.closed);
    ck_assert_uint_eq(recorder.opened, 0);
    ck_assert_str_eq(recorder.why, "Connection refused");
    ck_assert_int_eq(recorder.closed_at, 100);
    recorder_end(&recorder);
    serve(&bench, &server, NULL, 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    recorder_send(&recorder, "hello?");
    before = real_seconds();
    bench_pass(&bench, 3600 * 1000); /* after the patience is over */
    ck_assert(real_seconds() - before > 2.5 && real_seconds() - before < 5);
    before = real_seconds();
    recorder_send(&recorder, "bye"); /* an end needs no answer */
    recorder_end(&recorder);
    bench_pass(&bench, 7200 * 1000);
    ck_assert(real_seconds() - before < 1);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

START_TEST(a_cell_takes_its_channels_along)
{
    struct recorder recorder;
    struct recorder other;
    struct server server;
    struct bench bench;

    begin(&bench, "preset ltem\noutage all from 1m to 2m\n", 1);
    serve(&bench, &server, "pong", 0);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", server.port);
    bench_until(&bench, &recorder.opened);
    recorder_open(&bench, &other, AIR_UDP, "127.0.0.1", 9);
    bench_pass(&bench, 60001);
    ck_assert(recorder.closed == 1 && other.closed == 1 && recorder.closed_at == 60000);
    ck_assert_str_eq(recorder.why, "no network");
    ck_assert(!air_channel_send(recorder.channel, SPAN_STRING("x")));
    recorder_end(&recorder);
    recorder_end(&other);
    bench_pass(&bench, 200000);
    ck_assert_int_eq(air_state(bench.air)->service, AIR_NORMAL);
    recorder_open(&bench, &recorder, AIR_UDP, "127.0.0.1", 9);
    bench_until(&bench, &recorder.opened);
    air_detach(bench.air); /* untold */
    bench_pass(&bench, 300000);
    ck_assert_uint_eq(recorder.closed, 0);
    ck_assert(!air_channel_send(recorder.channel, SPAN_STRING("x")));
    recorder_end(&recorder);
    end_server(&server);
    bench_end(&bench);
}
END_TEST

/* --- datagrams ------------------------------------------------------------------------------------------ */

START_TEST(datagrams_are_lost)
{
    static char long_one[1474];
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    struct recorder recorder;
    struct bench bench;
    uint16_t port = 0;
    uint8_t octets[16];

    memset(long_one, 'x', sizeof(long_one) - 1);
    ck_assert(addresses_listen("127.0.0.1", &port, SOCK_DGRAM, &found, fds, why));
    begin(&bench, "preset lan\n", 1);
    recorder_open(&bench, &recorder, AIR_UDP, "127.0.0.1", port);
    bench_until(&bench, &recorder.opened);
    recorder_send(&recorder, long_one);
    ck_assert_uint_eq(air_figures(bench.air)->datagrams_lost, 1);
    recorder_send(&recorder, "ping");
    ck_assert_int_eq(recvfrom(fds[0], octets, sizeof(octets), 0, (struct sockaddr *)&from, &size), 4);
    ck_assert_int_eq(sendto(fds[0], "pong", 4, 0, (struct sockaddr *)&from, size), 4);
    ck_assert_int_eq(sendto(fds[0], long_one, sizeof(long_one), 0, (struct sockaddr *)&from, size), 1474);
    bench_until(&bench, &recorder.pieces);
    ck_assert_span(buf_span(&recorder.octets), SPAN_STRING("pong"));
    event_base_loop(bench.base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(air_figures(bench.air)->datagrams_lost, 2);
    recorder_end(&recorder);
    bench_end(&bench);
    begin(&bench, "preset lan\nloss 100%\n", 1);
    recorder_open(&bench, &recorder, AIR_UDP, "127.0.0.1", port);
    bench_until(&bench, &recorder.opened);
    recorder_send(&recorder, "ping");
    ck_assert_uint_eq(air_figures(bench.air)->datagrams_lost, 1);
    recorder_end(&recorder);
    recorder_open(&bench, &recorder, AIR_TCP, "127.0.0.1", 1);
    bench_until(&bench, &recorder.closed);
    recorder_end(&recorder);
    bench_end(&bench);
    close(fds[0]);
}
END_TEST

/* --- the DNS server ------------------------------------------------------------------------------------- */

#define NO_ANSWER (-1)

/* Asks for a name; the answer's rcode, or NO_ANSWER after ten virtual seconds. */
static int ask(struct bench *bench, const char *name, int type, ns_msg *answer)
{
    struct buf *kept = test_buf();
    struct recorder recorder;
    uint8_t question[512];
    uint8_t resolver[16];
    char address[INET6_ADDRSTRLEN];
    int size = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, question, sizeof(question));
    const int64_t begun = device_clock_now(bench->clock);

    ck_assert_int_gt(size, 0);
    ck_assert_uint_eq(air_resolver(bench->air, resolver), 4);
    inet_ntop(AF_INET, resolver, address, sizeof(address));
    recorder_open(bench, &recorder, AIR_UDP, address, 53);
    bench_until(bench, &recorder.opened);
    ck_assert(air_channel_send(recorder.channel, SPAN(question, (size_t)size)));
    bench_pass(bench, begun + 10000);
    buf_append(kept, buf_span(&recorder.octets)); /* what `answer` points into */
    recorder_end(&recorder);
    if (recorder.pieces == 0)
        return NO_ANSWER;
    ck_assert_uint_eq(recorder.pieces, 1);
    ck_assert_int_eq(ns_initparse(kept->data, (int)kept->size, answer), 0);
    if (ns_msg_id(*answer) != (question[0] << 8 | question[1]))
        return NO_ANSWER;
    return ns_msg_getflag(*answer, ns_f_rcode);
}

START_TEST(names_are_answered)
{
    struct bench bench;
    ns_msg answer;
    ns_rr record;

    begin(&bench,
          "preset lan\nlatency 200ms\nresolver 192.0.2.99\nttl 5m\nhost eim.example 192.0.2.1 192.0.2.2 "
          "2001:db8::1\nhost v4.example 192.0.2.3\n",
          1);
    ck_assert_int_eq(ask(&bench, "EIM.example", ns_t_a, &answer), ns_r_noerror);
    ck_assert_int_eq(ns_msg_count(answer, ns_s_an), 2);
    ck_assert_int_eq(ns_parserr(&answer, ns_s_an, 0, &record), 0);
    ck_assert_uint_eq(ns_rr_ttl(record), 300);
    ck_assert_hex(SPAN(ns_rr_rdata(record), ns_rr_rdlen(record)), "C0000201");
    ck_assert_int_eq(ask(&bench, "eim.example", ns_t_aaaa, &answer), ns_r_noerror);
    ck_assert_int_eq(ns_msg_count(answer, ns_s_an), 1);
    ck_assert_int_eq(ask(&bench, "v4.example", ns_t_aaaa, &answer), ns_r_noerror);
    ck_assert_int_eq(ns_msg_count(answer, ns_s_an), 0);
    ck_assert_int_eq(ask(&bench, "localhost", ns_t_a, &answer), ns_r_noerror);
    ck_assert_int_eq(ns_msg_count(answer, ns_s_an), 1);
    ck_assert_int_ne(ask(&bench, "no-such-name.invalid", ns_t_a, &answer), ns_r_noerror);
    bench_end(&bench);
}
END_TEST

/* Two questions on their way at once, as a card has them for both kinds of addresses: when the first one's
 * answer is there before the second has arrived, no patience is spent on it. */
START_TEST(two_questions_at_once)
{
    uint8_t question[512];
    int size =
        res_mkquery(ns_o_query, "eim.example", ns_c_in, ns_t_a, NULL, 0, NULL, question, sizeof(question));
    const double begun = real_seconds();

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct bench bench;
        struct recorder recorder;

        begin(&bench, "preset lan\nlatency 100ms..4s\nhost eim.example 192.0.2.1\n", seed);
        recorder_open(&bench, &recorder, AIR_UDP, "192.0.2.53", 53);
        bench_until(&bench, &recorder.opened);
        for (unsigned i = 0; i < 2; i++)
            ck_assert(air_channel_send(recorder.channel, SPAN(question, (size_t)size)));
        bench_pass(&bench, device_clock_now(bench.clock) + 10000);
        ck_assert_uint_eq(recorder.pieces, 2);
        recorder_end(&recorder);
        bench_end(&bench);
    }
    ck_assert_double_lt(real_seconds() - begun, SOCKET_PATIENCE_MS / 2000.0);
}
END_TEST

START_TEST(names_go_wrong)
{
    struct bench bench;
    ns_msg answer;

    begin(&bench,
          "preset lan\nhost a.example 192.0.2.1\ndns servfail to 1m\ndns silent to 2m\n"
          "dns truncated to 3m\ndns wrong-id to 4m\n",
          1);
    ck_assert_int_eq(ask(&bench, "a.example", ns_t_a, &answer), ns_r_servfail);
    bench_pass(&bench, 60000);
    ck_assert_int_eq(ask(&bench, "a.example", ns_t_a, &answer), NO_ANSWER);
    bench_pass(&bench, 120000);
    ck_assert_int_eq(ask(&bench, "a.example", ns_t_a, &answer), ns_r_noerror);
    ck_assert_int_eq(ns_msg_getflag(answer, ns_f_tc), 1);
    bench_pass(&bench, 180000);
    ck_assert_int_eq(ask(&bench, "a.example", ns_t_a, &answer), NO_ANSWER);
    bench_pass(&bench, 240000);
    ck_assert_int_eq(ask(&bench, "a.example", ns_t_a, &answer), ns_r_noerror);
    bench_end(&bench);
}
END_TEST

TEST_MAIN("channel", the_lan_takes_no_time, a_slow_answer_in_pieces_is_one,
          latency_and_bandwidth_to_the_millisecond, a_server_hears_of_it_half_a_round_trip_later,
          much_at_once_keeps_its_order_and_rate, loss_delays_a_stream_by_its_seed, what_was_sent_is_drained,
          nobody_there_and_nobody_answering, a_cell_takes_its_channels_along, datagrams_are_lost,
          names_are_answered, two_questions_at_once, names_go_wrong)
