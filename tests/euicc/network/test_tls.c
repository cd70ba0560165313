/* euicc/network/tls.c over streams: handshakes, octets, ends. */
#include "tests/euicc/network/tls_bench.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

START_TEST(octets_go_both_ways)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_open(&bench, versions[i]);
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
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(an_address_is_not_asked_for_by_name)
{
    static const char *const hosts[] = {"127.0.0.1", "2001:db8::1"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &bench_own()->der, 1);
        struct bench bench = {.piece = 0};

        settings.host = hosts[i];
        bench_begin(&bench, bench_own_server(0), &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        ck_assert_ptr_null(SSL_get_servername(bench.server, TLSEXT_NAMETYPE_host_name));
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(octets_may_come_one_by_one)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 1};

        bench_begin_open(&bench, versions[i]);
        bench_server_write(&bench, SPAN_STRING("answer"));
        bench_carry(&bench);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(each_end_is_said)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_open(&bench, versions[i]);
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
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(who_ends_can_still_read)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_open(&bench, versions[i]);
        tls_client_end(bench.client);
        ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("late")), 0);
        bench_server_write(&bench, SPAN_STRING("answer"));
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
        bench_end_own(&bench);
    }
}
END_TEST

START_TEST(what_goes_before_the_handshake_is_refused)
{
    struct bench bench = {.piece = 0};

    bench_begin_own(&bench, 0);
    ck_assert_uint_eq(tls_client_write(bench.client, SPAN_STRING("early")), 0);
    ck_assert_uint_eq(tls_client_payload_max(bench.client), 0);
    ck_assert_uint_eq(bench_client_read(&bench).size, 0);
    tls_client_end(bench.client);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    bench_end_own(&bench);
}
END_TEST

START_TEST(an_old_version_is_refused)
{
    struct bench bench = {.piece = 0};

    bench_begin_own(&bench, TLS1_1_VERSION);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_int_eq(tls_client_alert(bench.client), SSL_AD_PROTOCOL_VERSION);
    ck_assert_str_eq(tls_client_why(bench.client), "the server ends TLS with the alert \"protocol version\"");
    bench_end_own(&bench);
}
END_TEST

START_TEST(a_cipher_without_aead_is_refused)
{
    struct bench bench = {.piece = 0};

    bench_begin_own(&bench, TLS1_2_VERSION);
    ck_assert_int_eq(SSL_set_cipher_list(bench.server, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"),
                     1);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_int_eq(tls_client_alert(bench.client), SSL_AD_HANDSHAKE_FAILURE);
    bench_end_own(&bench);
}
END_TEST

START_TEST(every_cipher_works)
{
    static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                          "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-CCM"};

    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        struct bench bench = {.piece = 0};

        bench_begin_own(&bench, TLS1_2_VERSION);
        ck_assert_int_eq(SSL_set_cipher_list(bench.server, ciphers[i]), 1);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
        ck_assert_str_eq(SSL_get_cipher_name(bench.server), ciphers[i]);
        bench_end_own(&bench);
    }
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
        {{.host = ".example.com"}, "the server's host has no name that can be asked for"},
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

TEST_MAIN("tls", octets_go_both_ways, an_address_is_not_asked_for_by_name, octets_may_come_one_by_one,
          each_end_is_said, who_ends_can_still_read, what_goes_before_the_handshake_is_refused,
          an_old_version_is_refused, a_cipher_without_aead_is_refused, every_cipher_works,
          settings_that_cannot_be_used_fail)
