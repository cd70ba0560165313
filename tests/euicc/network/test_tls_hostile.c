/* euicc/network/tls.c over streams: what a server should not do, and how much of anything there may be. */
#include "tests/euicc/network/tls_bench.h"

#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

START_TEST(who_hangs_up_fails)
{
    struct bench bench = {.piece = 0};

    bench_begin_own(&bench, 0);
    tls_client_hang_up(bench.client);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server hung up in the TLS handshake");
    tls_client_end(bench.client);
    bench_end_own(&bench);

    bench_begin_open(&bench, 0);
    bench_server_write(&bench, SPAN_STRING("half"));
    bench_carry(&bench);
    tls_client_hang_up(bench.client);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server hung up without closing TLS");
    ck_assert_span(bench_client_read(&bench), SPAN_STRING("half"));
    bench_end_own(&bench);
}
END_TEST

/* A ServerHello of TLS 1.1 although the client asks for 1.2 at least. */
START_TEST(an_older_answer_is_refused)
{
    struct bench bench = {.piece = 0};
    struct buf hello = {0};

    bench_begin_own(&bench, 0);
    buf_append_hex(&hello, "16 0302 002A 02 000026 0302", NULL);
    for (unsigned i = 0; i < 32; i++)
        buf_append_octet(&hello, (uint8_t)i);
    buf_append_hex(&hello, "00 C02F 00", NULL);
    tls_client_feed(bench.client, buf_span(&hello), 0);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_ne(tls_client_why(bench.client), "");
    buf_free(&hello);
    bench_end_own(&bench);
}
END_TEST

START_TEST(an_alert_is_told)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        SSL_CTX *server = bench_own_server(versions[i]);
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &bench_own()->der, 1);

        /* The client has no certificate. */
        SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_int_eq(tls_client_alert(bench.client), versions[i] == TLS1_3_VERSION
                                                             ? SSL_AD_CERTIFICATE_REQUIRED
                                                             : SSL_AD_HANDSHAKE_FAILURE);
        ck_assert_ptr_nonnull(strstr(tls_client_why(bench.client), "the server ends TLS with the alert"));
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(what_is_no_tls_fails)
{
    static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x03\xFF\xFF",
                                        "\x15\x03\x03\x00\x02\x02\x28", "SSH-2.0-x\r\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_own(&bench, 0);
        tls_client_feed(bench.client, SPAN(texts[i], i == 1 ? 5 : i == 2 ? 7 : strlen(texts[i])), 0);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_ne(tls_client_why(bench.client), "");
        tls_client_feed(bench.client, SPAN_STRING("more"), 0); /* nobody cares any more */
        ck_assert_int_eq(tls_client_alert(bench.client), i == 2 ? SSL_AD_HANDSHAKE_FAILURE : -1);
        bench_end_own(&bench);
    }
}
END_TEST

/* What the server answers to the client's first flight, with one octet changed. */
START_TEST(a_changed_octet_is_noticed)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        enum { STEP = 23 };
        size_t size = STEP;

        for (size_t at = 3 * i; at < size; at += STEP * TEST_SHARE) {
            struct bench bench = {.piece = 0};
            struct buf octets = {0};
            char *data;

            bench_begin_own(&bench, versions[i]);
            ck_assert(tls_client_take(bench.client, &octets));
            BIO_write(SSL_get_rbio(bench.server), octets.data, (int)octets.size);
            SSL_do_handshake(bench.server);
            size = (size_t)BIO_get_mem_data(SSL_get_wbio(bench.server), &data);
            data[at] = (char)(data[at] ^ 0x10);
            bench_carry(&bench);
            ck_assert_int_ne(tls_client_state(bench.client), TLS_OPEN);
            buf_free(&octets);
            bench_end_own(&bench);
        }
    }
}
END_TEST

/* The server hangs up in the middle of its answer, wherever that is. */
START_TEST(a_cut_handshake_fails)
{
    enum { STEP = 41 };
    size_t size = 1;

    for (size_t at = 0; at < size; at += STEP * TEST_SHARE) {
        struct bench bench = {.piece = 0};
        struct buf octets = {0};
        char *data;

        bench_begin_own(&bench, versions[at % 2]);
        ck_assert(tls_client_take(bench.client, &octets));
        BIO_write(SSL_get_rbio(bench.server), octets.data, (int)octets.size);
        SSL_do_handshake(bench.server);
        size = (size_t)BIO_get_mem_data(SSL_get_wbio(bench.server), &data);
        tls_client_feed(bench.client, SPAN(data, at), 0);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_HANDSHAKING);
        tls_client_hang_up(bench.client);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), "the server hung up in the TLS handshake");
        buf_free(&octets);
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(an_endless_chain_is_refused)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        SSL_CTX *server = bench_own_server(versions[i]);
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &bench_own()->der, 1);

        for (size_t size = 0; size < TLS_CERTIFICATES_MAX; size += bench_own()->der.size)
            ck_assert_int_eq(SSL_CTX_add1_chain_cert(server, bench_own()->cert), 1);
        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), "TLS fails: excessive message size");
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(a_changed_record_is_noticed_behind_the_handshake)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        char *data;

        bench_begin_open(&bench, versions[i]);
        bench_server_write(&bench, SPAN_STRING("answer"));
        ck_assert_int_gt(BIO_get_mem_data(SSL_get_wbio(bench.server), &data), 8);
        data[8] ^= 1;
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_uint_eq(bench_client_read(&bench).size, 0);
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(endless_data_is_bounded)
{
    static uint8_t block[16384];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_open(&bench, versions[i]);
        for (size_t sent = 0; sent < 8 * TLS_UNREAD_MAX && tls_client_state(bench.client) == TLS_OPEN;
             sent += sizeof(block)) {
            bench_server_write(&bench, SPAN_ARRAY(block));
            bench_carry(&bench);
        }
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), "more came from the server than is read");
        ck_assert_uint_le(bench_client_read(&bench).size, TLS_UNREAD_MAX + sizeof(block));
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(who_reads_gets_any_amount)
{
    static uint8_t block[16384];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 1000};
        size_t came = 0;

        bench_begin_open(&bench, versions[i]);
        while (came < 8 * TLS_UNREAD_MAX) {
            bench_server_write(&bench, SPAN_ARRAY(block));
            bench_carry(&bench);
            came += bench_client_read(&bench).size;
        }
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(only_so_much_waits_to_be_sent)
{
    static uint8_t block[3 * TLS_UNSENT_MAX];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        size_t first, second;

        bench_begin_open(&bench, versions[i]);
        first = tls_client_write(bench.client, SPAN_ARRAY(block));
        ck_assert_uint_eq(first, TLS_UNSENT_MAX);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_ARRAY(block)), 0);
        bench_carry(&bench);
        second = tls_client_write(bench.client, SPAN_ARRAY(block));
        ck_assert_uint_gt(second, 0);
        bench_carry(&bench);
        ck_assert_uint_eq(bench_server_read(&bench).size, first + second);
        bench_end_own(&bench);
    }
}
END_TEST

/* A server that asks for new keys without end makes the client answer each time (RFC 8446 4.6.3). */
START_TEST(answers_are_bounded)
{
    struct bench bench = {.piece = 0};
    uint8_t piece[512];

    bench_begin_open(&bench, TLS1_3_VERSION);
    for (unsigned i = 0; i < 20000 && tls_client_state(bench.client) == TLS_OPEN; i++) {
        int size;

        ck_assert_int_eq(SSL_key_update(bench.server, SSL_KEY_UPDATE_REQUESTED), 1);
        ck_assert_int_eq(SSL_do_handshake(bench.server), 1);
        size = BIO_read(SSL_get_wbio(bench.server), piece, sizeof(piece));
        ck_assert_int_gt(size, 0);
        tls_client_feed(bench.client, SPAN(piece, (size_t)size), 0);
    }
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server asks for more than is sent");
    bench_end_own(&bench);
}
END_TEST

START_TEST(nothing_is_negotiated_again)
{
    struct bench bench = {.piece = 0};

    bench_begin_open(&bench, TLS1_2_VERSION);
    SSL_renegotiate(bench.server);
    SSL_do_handshake(bench.server);
    bench_carry(&bench);
    tls_client_write(bench.client, SPAN_STRING("question"));
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    bench_end_own(&bench);
}
END_TEST

TEST_MAIN("tls_hostile", who_hangs_up_fails, an_older_answer_is_refused, an_alert_is_told,
          what_is_no_tls_fails, a_changed_octet_is_noticed, a_cut_handshake_fails,
          an_endless_chain_is_refused, a_changed_record_is_noticed_behind_the_handshake,
          endless_data_is_bounded, who_reads_gets_any_amount, only_so_much_waits_to_be_sent,
          answers_are_bounded, nothing_is_negotiated_again)
