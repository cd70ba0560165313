/*
 * euicc/network/dtls.c: handshakes over a network that loses, doubles and reorders, by a clock that is handed
 * in. The server's timer is OpenSSL's, by the system's clock.
 */
#include "tests/euicc/network/tls_bench.h"

#include <string.h>
#include <unistd.h>

static struct tls_client_settings own_settings(size_t datagram_max)
{
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &bench_own()->der, 1);

    settings.is_datagram = true;
    settings.datagram_max = datagram_max;
    settings.clock = UINT64_C(77777);
    return settings;
}

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *size)
{
    (void)ssl;
    memset(cookie, 0xC0, 20);
    *size = 20;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned int size)
{
    (void)ssl;
    return size == 20 && cookie[0] == 0xC0;
}

static SSL_CTX *own_server(bool has_cookie)
{
    SSL_CTX *server = bench_server(true, bench_own(), NULL);

    SSL_CTX_set_cookie_generate_cb(server, make_cookie);
    SSL_CTX_set_cookie_verify_cb(server, check_cookie);
    if (has_cookie)
        SSL_CTX_set_options(server, SSL_OP_COOKIE_EXCHANGE);
    return server;
}

/* Carries; when both are silent the client's time passes at once, then the server's as it does. */
static void carry_with_time(struct bench *bench)
{
    for (unsigned round = 0; round < 40; round++) {
        uint64_t due;

        bench_carry(bench);
        if (tls_client_state(bench->client) != TLS_HANDSHAKING && SSL_is_init_finished(bench->server))
            return;
        if (tls_client_due(bench->client, &due)) {
            ck_assert_uint_gt(due, bench->clock);
            bench->clock = due;
            tls_client_tick(bench->client, due);
        }
        bench_carry(bench);
        usleep(25000);
        DTLSv1_handle_timeout(bench->server);
    }
}

static void assert_both_open(struct bench *bench)
{
    ck_assert_str_eq(tls_client_why(bench->client), "");
    ck_assert_int_eq(tls_client_state(bench->client), TLS_OPEN);
    ck_assert_int_eq(SSL_is_init_finished(bench->server), 1);
    ck_assert_uint_eq(tls_client_write(bench->client, SPAN_STRING("question")), 8);
    bench_carry(bench);
    ck_assert_span(bench_server_read(bench), SPAN_STRING("question"));
    bench_server_write(bench, SPAN_STRING("answer"));
    bench_carry(bench);
    ck_assert_span(bench_client_read(bench), SPAN_STRING("answer"));
}

START_TEST(datagrams_stay_apart)
{
    SSL_CTX *server = own_server(true);
    struct tls_client_settings settings = own_settings(1200);
    struct bench bench = {.piece = 0};
    struct buf *out = test_buf();
    uint64_t due;

    bench_begin(&bench, server, &settings);
    ck_assert(tls_client_due(bench.client, &due));
    ck_assert_uint_eq(due, settings.clock + 1000);
    bench_carry(&bench);
    ck_assert_int_eq(SSL_version(bench.server), DTLS1_2_VERSION);
    assert_both_open(&bench);
    ck_assert(!tls_client_due(bench.client, &due));
    bench_server_write(&bench, SPAN_STRING("one"));
    bench_server_write(&bench, SPAN_STRING("two"));
    bench_carry(&bench);
    ck_assert(tls_client_read(bench.client, out));
    ck_assert_span(buf_span(out), SPAN_STRING("one"));
    buf_clear(out);
    ck_assert(tls_client_read(bench.client, out));
    ck_assert_span(buf_span(out), SPAN_STRING("two"));
    ck_assert(!tls_client_read(bench.client, out));
    tls_client_end(bench.client);
    SSL_shutdown(bench.server);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_CLOSED);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

START_TEST(datagrams_are_never_larger)
{
    static const size_t sizes[] = {TLS_DATAGRAM_MIN, 256, 500, 1000, TLS_DATAGRAM_MAX};
    static uint8_t octets[TLS_DATAGRAM_MAX];

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        SSL_CTX *server = own_server(true);
        struct tls_client_settings settings = own_settings(sizes[i]);
        struct bench bench = {.piece = 0};
        size_t most;

        bench_begin(&bench, server, &settings);
        carry_with_time(&bench);
        assert_both_open(&bench);
        most = tls_client_payload_max(bench.client);
        ck_assert_uint_gt(most, sizes[i] - 64);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN(octets, most + 1)), 0);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN(octets, most)), most);
        bench_carry(&bench);
        ck_assert_uint_eq(bench_server_read(&bench).size, most);
        ck_assert_uint_le(bench.datagram_max, sizes[i]);
        bench_end(&bench);
        SSL_CTX_free(server);
    }
}
END_TEST

/* Each datagram of a handshake is lost once, and each that follows it as well. */
static void lose_each(bool has_cookie, bool resumes)
{
    enum { OF_CLIENT = 6, OF_SERVER = 9 };
    SSL_CTX *server = own_server(has_cookie);
    struct tls_client_settings settings = own_settings(1200);
    struct buf session = {0};

    if (resumes) {
        struct bench bench = {.piece = 0};

        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert(tls_client_session(bench.client, &session));
        SSL_shutdown(bench.server);
        bench_end(&bench);
        settings.session = buf_span(&session);
    }
    for (unsigned lost = 0; lost < OF_CLIENT + OF_SERVER; lost++) {
        for (unsigned mask = 1; mask <= 3; mask += 2) {
            struct bench bench = {.piece = 0};

            if (lost < OF_CLIENT)
                bench.lose_sent = mask << lost;
            else
                bench.lose_came = mask << (lost - OF_CLIENT);
            bench_begin(&bench, server, &settings);
            carry_with_time(&bench);
            bench.lose_sent = 0;
            bench.lose_came = 0;
            assert_both_open(&bench);
            ck_assert_int_eq(SSL_session_reused(bench.server), resumes);
            bench_end(&bench);
        }
    }
    buf_free(&session);
    SSL_CTX_free(server);
}

START_TEST(what_is_lost_is_sent_again)
{
    lose_each(false, false);
}
END_TEST

START_TEST(what_is_lost_around_a_cookie_is_sent_again)
{
    lose_each(true, false);
}
END_TEST

START_TEST(what_is_lost_of_a_resumption_is_sent_again)
{
    lose_each(false, true);
}
END_TEST

START_TEST(waits_double_and_end)
{
    static const uint64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000};
    SSL_CTX *server = own_server(false);
    struct tls_client_settings settings = own_settings(1200);
    struct bench bench = {.piece = 0};
    uint64_t clock = settings.clock, due;

    bench_begin(&bench, server, &settings);
    ck_assert(tls_client_take(bench.client, test_buf()));
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        struct buf *copy = test_buf();

        ck_assert(tls_client_due(bench.client, &due));
        ck_assert_uint_eq(due, clock + waits[i]);
        tls_client_tick(bench.client, due - 1);
        ck_assert(!tls_client_take(bench.client, copy));
        clock = due;
        tls_client_tick(bench.client, clock);
        ck_assert_int_eq(tls_client_take(bench.client, copy), i + 1 < sizeof(waits) / sizeof(waits[0]));
    }
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server does not answer");
    ck_assert(!tls_client_due(bench.client, &due));
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

/* What each datagram of a handshake and of what follows becomes on a bad network. */
enum { DOUBLED, REVERSED, WITH_GARBAGE, CUT_TWINS, NETWORKS };

static void feed_each(struct bench *bench, struct span *records, size_t count, int network)
{
    static const uint8_t garbage[40] = {0x16, 0xFE, 0xFD, 0x00, 0x00, 0x00, 0x00,
                                        0x00, 0x00, 0x00, 0x01, 0x00, 0x30};

    for (size_t i = 0; i < count; i++) {
        struct span record = records[network == REVERSED ? count - 1 - i : i];

        if (network == WITH_GARBAGE) {
            tls_client_feed(bench->client, SPAN_ARRAY(garbage), bench->clock);
            tls_client_feed(bench->client, SPAN(garbage + 1, 9), bench->clock);
            tls_client_feed(bench->client, SPAN_STRING("x"), bench->clock);
            tls_client_feed(bench->client, SPAN_NONE, bench->clock);
        }
        if (network == CUT_TWINS)
            tls_client_feed(bench->client, SPAN(record.data, record.size - 1), bench->clock);
        tls_client_feed(bench->client, record, bench->clock);
        if (network == DOUBLED)
            tls_client_feed(bench->client, record, bench->clock);
    }
}

static bool carry_badly(struct bench *bench, int network)
{
    struct span records[64], rest, record;
    struct buf octets = {0};
    size_t count = 0;
    char *data;

    SSL_do_handshake(bench->server);
    rest.size = (size_t)BIO_get_mem_data(SSL_get_wbio(bench->server), &data);
    buf_append(&octets, SPAN(data, rest.size));
    BIO_reset(SSL_get_wbio(bench->server));
    rest = buf_span(&octets);
    while (rest.size > 0 && count < 64) {
        ck_assert(span_take(&rest, 13 + (size_t)span_number(SPAN(rest.data + 11, 2)), &record));
        records[count++] = record;
    }
    feed_each(bench, records, count, network);
    buf_free(&octets);
    return count > 0;
}

START_TEST(a_bad_network_does_no_harm)
{
    for (int network = 0; network < NETWORKS; network++) {
        SSL_CTX *server = own_server(true);
        struct tls_client_settings settings = own_settings(1200);
        struct bench bench = {.piece = 0};

        bench_begin(&bench, server, &settings);
        for (unsigned round = 0; round < 20; round++) {
            struct buf out = {0};

            while (tls_client_take(bench.client, &out)) {
                for (int twice = 0; twice < 1 + (network == DOUBLED); twice++) {
                    BIO_write(SSL_get_rbio(bench.server), out.data, (int)out.size);
                    SSL_do_handshake(bench.server);
                }
                buf_clear(&out);
            }
            buf_free(&out);
            if (!carry_badly(&bench, network) && SSL_is_init_finished(bench.server))
                break;
        }
        carry_with_time(&bench);
        assert_both_open(&bench);
        bench_end(&bench);
        SSL_CTX_free(server);
    }
}
END_TEST

START_TEST(replays_are_dropped)
{
    SSL_CTX *server = own_server(false);
    struct tls_client_settings settings = own_settings(1200);
    struct bench bench = {.piece = 0};
    uint8_t record[200];
    int size;

    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    bench_server_write(&bench, SPAN_STRING("once"));
    size = BIO_read(SSL_get_wbio(bench.server), record, sizeof(record));
    ck_assert_int_gt(size, 13);
    for (unsigned i = 0; i < 3; i++)
        tls_client_feed(bench.client, SPAN(record, (size_t)size), bench.clock);
    ck_assert_span(bench_client_read(&bench), SPAN_STRING("once"));
    ck_assert_uint_eq(bench_client_read(&bench).size, 0);
    record[size - 1] ^= 1;
    record[10] ^= 0x40; /* another number */
    tls_client_feed(bench.client, SPAN(record, (size_t)size), bench.clock);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    assert_both_open(&bench);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

START_TEST(endless_datagrams_are_lost)
{
    static uint8_t block[1000];
    SSL_CTX *server = own_server(false);
    struct tls_client_settings settings = own_settings(1200);
    struct bench bench = {.piece = 0};
    size_t waiting = 0, size;

    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    for (unsigned i = 0; i < 500; i++) {
        bench_server_write(&bench, SPAN_ARRAY(block));
        bench_carry(&bench);
    }
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    while ((size = bench_client_read(&bench).size) > 0)
        waiting += size;
    ck_assert_uint_gt(waiting, TLS_UNREAD_MAX - 2 * sizeof(block));
    ck_assert_uint_le(waiting, TLS_UNREAD_MAX + sizeof(block));
    for (unsigned i = 0; i < 500; i++)
        tls_client_write(bench.client, SPAN_ARRAY(block));
    ck_assert_uint_eq(tls_client_write(bench.client, SPAN_ARRAY(block)), 0);
    bench_carry(&bench);
    bench_server_read(&bench);
    assert_both_open(&bench);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

START_TEST(an_old_version_is_refused)
{
    SSL_CTX *server = own_server(false);
    struct tls_client_settings settings = own_settings(1200);
    struct bench bench = {.piece = 0};

    SSL_CTX_set_min_proto_version(server, DTLS1_VERSION);
    SSL_CTX_set_max_proto_version(server, DTLS1_VERSION);
    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_int_ne(tls_client_alert(bench.client), -1);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

TEST_MAIN("dtls", datagrams_stay_apart, datagrams_are_never_larger, what_is_lost_is_sent_again,
          what_is_lost_around_a_cookie_is_sent_again, what_is_lost_of_a_resumption_is_sent_again,
          waits_double_and_end, a_bad_network_does_no_harm, replays_are_dropped, endless_datagrams_are_lost,
          an_old_version_is_refused)
