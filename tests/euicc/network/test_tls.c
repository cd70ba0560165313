/* euicc/network/tls.c over streams: handshakes, octets, ends, and what a server should not do. */
#include "tests/euicc/network/tls_bench.h"

#include <openssl/err.h>
#include <string.h>

static struct bench_identity own;

/* A bench whose client trusts the server's own certificate; versions as OpenSSL's numbers, 0: any. */
static SSL_CTX *own_server(int version)
{
    SSL_CTX *server;

    if (own.cert == NULL)
        own = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    server = bench_server(false, &own, NULL);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(server, version), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(server, version), 1);
    return server;
}

static void begin_own(struct bench *bench, int version)
{
    SSL_CTX *server = own_server(version);
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &own.der, 1);

    bench_begin(bench, server, &settings);
}

static void end_own(struct bench *bench)
{
    SSL_CTX *server = bench->server_context;

    bench_end(bench);
    SSL_CTX_free(server);
}

static void begin_open(struct bench *bench, int version)
{
    begin_own(bench, version);
    bench_carry(bench);
    ck_assert_str_eq(tls_client_why(bench->client), "");
    ck_assert_int_eq(tls_client_state(bench->client), TLS_OPEN);
    ck_assert_int_eq(SSL_is_init_finished(bench->server), 1);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

START_TEST(octets_go_both_ways)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_open(&bench, versions[i]);
        ck_assert_int_eq(SSL_version(bench.server), versions[i]);
        ck_assert_str_eq(SSL_get_servername(bench.server, TLSEXT_NAMETYPE_host_name), BENCH_HOST);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("question")), 8);
        bench_carry(&bench);
        ck_assert_span(bench_server_read(&bench), SPAN_STRING("question"));
        bench_server_write(&bench, SPAN_STRING("answer"));
        bench_carry(&bench);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
        ck_assert_uint_eq(bench_client_read(&bench).size, 0);
        ck_assert_int_eq(tls_client_alert(bench.client), -1);
        end_own(&bench);
    }
}
END_TEST

START_TEST(octets_may_come_one_by_one)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 1};

        begin_open(&bench, versions[i]);
        bench_server_write(&bench, SPAN_STRING("answer"));
        bench_carry(&bench);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
        end_own(&bench);
    }
}
END_TEST

START_TEST(each_end_is_said)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_open(&bench, versions[i]);
        bench_server_write(&bench, SPAN_STRING("last words"));
        SSL_shutdown(bench.server);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_CLOSED);
        ck_assert_int_eq(tls_client_alert(bench.client), SSL_AD_CLOSE_NOTIFY);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("last words"));
        tls_client_hang_up(bench.client);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_CLOSED);
        tls_client_end(bench.client);
        tls_client_end(bench.client);
        bench_carry(&bench);
        ck_assert_uint_eq(bench_server_read(&bench).size, 0);
        ck_assert_int_eq(SSL_get_shutdown(bench.server), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("late")), 0);
        end_own(&bench);
    }
}
END_TEST

START_TEST(who_ends_can_still_read)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_open(&bench, versions[i]);
        tls_client_end(bench.client);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("late")), 0);
        bench_server_write(&bench, SPAN_STRING("answer"));
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
        end_own(&bench);
    }
}
END_TEST

START_TEST(who_hangs_up_fails)
{
    struct bench bench = {.piece = 0};

    begin_own(&bench, 0);
    tls_client_hang_up(bench.client);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server hung up in the TLS handshake");
    tls_client_end(bench.client);
    end_own(&bench);

    begin_open(&bench, 0);
    bench_server_write(&bench, SPAN_STRING("half"));
    bench_carry(&bench);
    tls_client_hang_up(bench.client);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), "the server hung up without closing TLS");
    ck_assert_span(bench_client_read(&bench), SPAN_STRING("half"));
    end_own(&bench);
}
END_TEST

START_TEST(what_goes_before_the_handshake_is_refused)
{
    struct bench bench = {.piece = 0};

    begin_own(&bench, 0);
    ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("early")), 0);
    ck_assert_uint_eq(tls_client_payload_max(bench.client), 0);
    ck_assert_uint_eq(bench_client_read(&bench).size, 0);
    tls_client_end(bench.client);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    end_own(&bench);
}
END_TEST

START_TEST(an_old_version_is_refused)
{
    struct bench bench = {.piece = 0};

    begin_own(&bench, TLS1_1_VERSION);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_int_eq(tls_client_alert(bench.client), SSL_AD_PROTOCOL_VERSION);
    ck_assert_str_eq(tls_client_why(bench.client), "the server ends TLS with the alert \"protocol version\"");
    end_own(&bench);
}
END_TEST

/* A ServerHello of TLS 1.1 although the client asks for 1.2 at least. */
START_TEST(an_older_answer_is_refused)
{
    struct bench bench = {.piece = 0};
    struct buf hello = {0};

    begin_own(&bench, 0);
    buf_append_hex(&hello, "16 0302 002A 02 000026 0302", NULL);
    for (unsigned i = 0; i < 32; i++)
        buf_append_octet(&hello, (uint8_t)i);
    buf_append_hex(&hello, "00 C02F 00", NULL);
    tls_client_feed(bench.client, buf_span(&hello), 0);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_ne(tls_client_why(bench.client), "");
    buf_free(&hello);
    end_own(&bench);
}
END_TEST

START_TEST(a_cipher_without_aead_is_refused)
{
    struct bench bench = {.piece = 0};

    begin_own(&bench, TLS1_2_VERSION);
    ck_assert_int_eq(SSL_set_cipher_list(bench.server, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"),
                     1);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_int_eq(tls_client_alert(bench.client), SSL_AD_HANDSHAKE_FAILURE);
    end_own(&bench);
}
END_TEST

START_TEST(every_cipher_works)
{
    static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                          "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-CCM"};

    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_own(&bench, TLS1_2_VERSION);
        ck_assert_int_eq(SSL_set_cipher_list(bench.server, ciphers[i]), 1);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        ck_assert_str_eq(SSL_get_cipher_name(bench.server), ciphers[i]);
        end_own(&bench);
    }
}
END_TEST

START_TEST(an_alert_is_told)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        SSL_CTX *server = own_server(versions[i]);
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &own.der, 1);

        /* The client has no certificate. */
        SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_int_eq(tls_client_alert(bench.client), versions[i] == TLS1_3_VERSION
                                                             ? SSL_AD_CERTIFICATE_REQUIRED
                                                             : SSL_AD_HANDSHAKE_FAILURE);
        ck_assert_ptr_nonnull(strstr(tls_client_why(bench.client), "the server ends TLS with the alert"));
        end_own(&bench);
    }
}
END_TEST

START_TEST(what_is_no_tls_fails)
{
    static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x03\xFF\xFF",
                                        "\x15\x03\x03\x00\x02\x02\x28", "SSH-2.0-x\r\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_own(&bench, 0);
        tls_client_feed(bench.client, SPAN(texts[i], i == 1 ? 5 : i == 2 ? 7 : strlen(texts[i])), 0);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_ne(tls_client_why(bench.client), "");
        tls_client_feed(bench.client, SPAN_STRING("more"), 0); /* nobody cares any more */
        ck_assert_int_eq(tls_client_alert(bench.client), i == 2 ? SSL_AD_HANDSHAKE_FAILURE : -1);
        end_own(&bench);
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

            begin_own(&bench, versions[i]);
            ck_assert(tls_client_take(bench.client, &octets));
            BIO_write(SSL_get_rbio(bench.server), octets.data, (int)octets.size);
            SSL_do_handshake(bench.server);
            size = (size_t)BIO_get_mem_data(SSL_get_wbio(bench.server), &data);
            data[at] = (char)(data[at] ^ 0x10);
            bench_carry(&bench);
            ck_assert_int_ne(tls_client_state(bench.client), TLS_OPEN);
            buf_free(&octets);
            end_own(&bench);
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

        begin_own(&bench, versions[at % 2]);
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
        end_own(&bench);
    }
}
END_TEST

START_TEST(an_endless_chain_is_refused)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        SSL_CTX *server = own_server(versions[i]);
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &own.der, 1);

        for (size_t size = 0; size < TLS_CERTIFICATES_MAX; size += own.der.size)
            ck_assert_int_eq(SSL_CTX_add1_chain_cert(server, own.cert), 1);
        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), "TLS fails: excessive message size");
        end_own(&bench);
    }
}
END_TEST

START_TEST(a_changed_record_is_noticed_behind_the_handshake)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        char *data;

        begin_open(&bench, versions[i]);
        bench_server_write(&bench, SPAN_STRING("answer"));
        ck_assert_int_gt(BIO_get_mem_data(SSL_get_wbio(bench.server), &data), 8);
        data[8] ^= 1;
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_uint_eq(bench_client_read(&bench).size, 0);
        end_own(&bench);
    }
}
END_TEST

START_TEST(endless_data_is_bounded)
{
    static uint8_t block[16384];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        begin_open(&bench, versions[i]);
        for (size_t sent = 0; sent < 8 * TLS_UNREAD_MAX && tls_client_state(bench.client) == TLS_OPEN;
             sent += sizeof(block)) {
            bench_server_write(&bench, SPAN_ARRAY(block));
            bench_carry(&bench);
        }
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), "more came from the server than is read");
        ck_assert_uint_le(bench_client_read(&bench).size, TLS_UNREAD_MAX + sizeof(block));
        end_own(&bench);
    }
}
END_TEST

START_TEST(who_reads_gets_any_amount)
{
    static uint8_t block[16384];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 1000};
        size_t came = 0;

        begin_open(&bench, versions[i]);
        while (came < 8 * TLS_UNREAD_MAX) {
            bench_server_write(&bench, SPAN_ARRAY(block));
            bench_carry(&bench);
            came += bench_client_read(&bench).size;
        }
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        end_own(&bench);
    }
}
END_TEST

START_TEST(only_so_much_waits_to_be_sent)
{
    static uint8_t block[3 * TLS_UNSENT_MAX];

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};
        size_t first, second;

        begin_open(&bench, versions[i]);
        first = tls_client_write(bench.client, SPAN_ARRAY(block));
        ck_assert_uint_eq(first, TLS_UNSENT_MAX);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_ARRAY(block)), 0);
        bench_carry(&bench);
        second = tls_client_write(bench.client, SPAN_ARRAY(block));
        ck_assert_uint_gt(second, 0);
        bench_carry(&bench);
        ck_assert_uint_eq(bench_server_read(&bench).size, first + second);
        end_own(&bench);
    }
}
END_TEST

/* A server that asks for new keys without end makes the client answer each time (RFC 8446 4.6.3). */
START_TEST(answers_are_bounded)
{
    struct bench bench = {.piece = 0};
    uint8_t piece[512];

    begin_open(&bench, TLS1_3_VERSION);
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
    end_own(&bench);
}
END_TEST

START_TEST(nothing_is_negotiated_again)
{
    struct bench bench = {.piece = 0};

    begin_open(&bench, TLS1_2_VERSION);
    SSL_renegotiate(bench.server);
    SSL_do_handshake(bench.server);
    bench_carry(&bench);
    tls_client_write(bench.client, SPAN_STRING("question"));
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    end_own(&bench);
}
END_TEST

START_TEST(settings_that_cannot_be_used_fail)
{
    static const char long_host[] = "123456789012345678901234567890123456789012345678901234567890123."
                                    "123456789012345678901234567890123456789012345678901234567890123."
                                    "123456789012345678901234567890123456789012345678901234567890123."
                                    "123456789012345678901234567890123456789012345678901234567890123";
    static const struct span none = {(const uint8_t *)"\x30\x00", 2};
    const struct {
        struct tls_client_settings settings;
        const char *why;
    } rows[] = {
        {{.host = ""}, "the server's host has no name that can be asked for"},
        {{.host = NULL}, "the server's host has no name that can be asked for"},
        {{.host = long_host}, "the server's host has no name that can be asked for"},
        {{.host = "a", .is_datagram = true, .datagram_max = 100},
         "DTLS needs datagrams of 208 to 1500 octets, not 100"},
        {{.host = "a", .is_datagram = true, .datagram_max = 1501},
         "DTLS needs datagrams of 208 to 1500 octets, not 1501"},
        {{.host = "a", .trust = {TLS_TRUST_CAS, NULL, 0}}, "it is not said whom to trust"},
        {{.host = "a", .trust = {TLS_TRUST_KEY, &none, 2}}, "it is not said whom to trust"},
        {{.host = "a", .trust = {TLS_TRUST_KEY, &none, 1}},
         "the configured key of the server is no SubjectPublicKeyInfo"},
        {{.host = "a", .trust = {TLS_TRUST_CERTIFICATE, &none, 1}},
         "what is to be trusted is no certificate"},
        {{.host = "a", .trust = {TLS_TRUST_CAS, &none, 1}}, "what is to be trusted is no certificate"},
    };
    struct tls_client_context *context = tls_client_context_new();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tls_client *client = tls_client_new(context, &rows[i].settings);
        struct buf *out = test_buf();
        uint64_t due;

        ck_assert_int_eq(tls_client_state(client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(client), rows[i].why);
        tls_client_feed(client, SPAN_STRING("x"), 0);
        tls_client_hang_up(client);
        tls_client_end(client);
        tls_client_tick(client, 1);
        ck_assert(!tls_client_due(client, &due));
        ck_assert(!tls_client_take(client, out) && !tls_client_read(client, out) &&
                  !tls_client_session(client, out));
        ck_assert_uint_eq(tls_client_write(client, SPAN_STRING("x")), 0);
        ck_assert(!tls_client_is_resumed(client));
        tls_client_free(client);
    }
    tls_client_free(NULL);
    tls_client_context_free(context);
    tls_client_context_free(NULL);
}
END_TEST

TEST_MAIN("tls", octets_go_both_ways, octets_may_come_one_by_one, each_end_is_said, who_ends_can_still_read,
          who_hangs_up_fails, what_goes_before_the_handshake_is_refused, an_old_version_is_refused,
          an_older_answer_is_refused, a_cipher_without_aead_is_refused, every_cipher_works, an_alert_is_told,
          what_is_no_tls_fails, a_changed_octet_is_noticed, a_cut_handshake_fails,
          an_endless_chain_is_refused, a_changed_record_is_noticed_behind_the_handshake,
          endless_data_is_bounded, who_reads_gets_any_amount, only_so_much_waits_to_be_sent,
          answers_are_bounded, nothing_is_negotiated_again, settings_that_cannot_be_used_fail)
