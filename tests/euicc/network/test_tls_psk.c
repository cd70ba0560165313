/*
 * euicc/network/tls_psk.c: DTLS by a pre-shared key with OpenSSL as the server: which suites are agreed on,
 * what the server hears of the client, what each disagreement is called, and that a session is for its key
 * only.
 */
#include "tests/euicc/network/tls_bench.h"

#include <string.h>

#define KEY   "device-7:000102030405060708090a0b0c0d0e0f"
#define OTHER "device-7:f00102030405060708090a0b0c0d0e0f"

/* What the server knows: one identity with its key; and what it heard. In the application's data of its
 * settings. */
struct shared {
    const char *identity;
    uint8_t key[16];
    char heard[PSK_MAX_IDENTITY_LEN + 1];
};

static unsigned int find_key(SSL *ssl, const char *identity, unsigned char *key, unsigned int room)
{
    struct shared *shared = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    snprintf(shared->heard, sizeof(shared->heard), "%s", identity);
    ck_assert_uint_ge(room, sizeof(shared->key));
    if (strcmp(identity, shared->identity) != 0)
        return 0;
    memcpy(key, shared->key, sizeof(shared->key));
    return sizeof(shared->key);
}

/* The key is that of KEY. */
static struct shared known(const char *identity)
{
    struct shared shared = {.identity = identity};

    for (size_t i = 0; i < sizeof(shared.key); i++)
        shared.key[i] = (uint8_t)i;
    return shared;
}

/* A server that has certificates too, as servers for everybody have. */
static SSL_CTX *psk_server(struct shared *shared, const char *ciphers)
{
    SSL_CTX *server = bench_server(true, bench_own(), NULL);

    SSL_CTX_set_psk_server_callback(server, find_key);
    SSL_CTX_use_psk_identity_hint(server, "who are you?");
    SSL_CTX_set_app_data(server, shared);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(server, ciphers), 1);
    return server;
}

static struct tls_client_settings psk_settings(const char *written)
{
    static struct span value;
    struct tls_client_settings settings;

    value = span_of_string(written);
    settings = bench_settings(TLS_TRUST_PSK, &value, 1);
    settings.is_datagram = true;
    settings.date = TLS_DATE_UNKNOWN;
    return settings;
}

static void talk(struct bench *bench)
{
    ck_assert_str_eq(tls_client_why(bench->client), "");
    ck_assert_int_eq(tls_client_state(bench->client), TLS_OPEN);
    ck_assert_int_eq(SSL_version(bench->server), DTLS1_2_VERSION);
    ck_assert_ptr_null(SSL_get0_peer_certificate(bench->server));
    ck_assert_uint_eq(tls_client_write(bench->client, SPAN_STRING("question")), 8);
    bench_carry(bench);
    ck_assert_span(bench_server_read(bench), SPAN_STRING("question"));
    bench_server_write(bench, SPAN_STRING("answer"));
    bench_carry(bench);
    ck_assert_span(bench_client_read(bench), SPAN_STRING("answer"));
}

/* The session, if there was a new one. */
static struct span connect_by_key(SSL_CTX *server, const struct tls_client_settings *settings, bool *resumed)
{
    struct bench bench = {.piece = 0};
    struct buf *session = test_buf();

    bench_begin(&bench, server, settings);
    bench_carry(&bench);
    talk(&bench);
    *resumed = tls_client_is_resumed(bench.client);
    ck_assert_int_eq(SSL_session_reused(bench.server), *resumed);
    tls_client_session(bench.client, session);
    tls_client_end(bench.client);
    bench_carry(&bench);
    SSL_shutdown(bench.server);
    bench_end(&bench);
    return buf_span(session);
}

START_TEST(every_suite_that_constrained_servers_have)
{
    static const char *const suites[] = {"PSK-AES128-CCM8", "PSK-AES128-CCM", "PSK-AES128-GCM-SHA256",
                                         "ECDHE-PSK-CHACHA20-POLY1305", "ECDHE-PSK-AES128-CBC-SHA256"};

    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        struct shared shared = known("device-7");
        SSL_CTX *server = psk_server(&shared, suites[i]);
        struct tls_client_settings settings = psk_settings(KEY);
        struct bench bench = {.piece = 0};

        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        talk(&bench);
        ck_assert_str_eq(SSL_get_cipher_name(bench.server), suites[i]);
        ck_assert_str_eq(shared.heard, "device-7");
        bench_end(&bench);
        SSL_CTX_free(server);
    }
}
END_TEST

/* Nothing else is offered, whatever the server would rather have. */
START_TEST(nothing_but_the_key)
{
    struct shared shared = known("device-7");
    SSL_CTX *server = psk_server(&shared, "ALL:COMPLEMENTOFALL:eNULL@SECLEVEL=0");
    struct tls_client_settings settings = psk_settings(KEY);
    struct bench bench = {.piece = 0};
    STACK_OF(SSL_CIPHER) * offered;

    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    talk(&bench);
    offered = SSL_get_client_ciphers(bench.server);
    ck_assert_int_ge(sk_SSL_CIPHER_num(offered), 5);
    for (int i = 0; i < sk_SSL_CIPHER_num(offered); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(offered, i);

        if (SSL_CIPHER_get_id(cipher) != SSL3_CK_SCSV)
            ck_assert_int_eq(SSL_CIPHER_get_auth_nid(cipher), NID_auth_psk);
    }
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

/* As large as they may be, in datagrams as small as they may be. */
START_TEST(short_datagrams_and_long_keys)
{
    char written[PSK_MAX_IDENTITY_LEN + 200] = "", identity[65] = "";
    struct shared shared;
    struct tls_client_settings settings;
    struct bench bench = {.piece = 0};
    SSL_CTX *server;

    memset(identity, 'i', 64);
    shared = known(identity);
    snprintf(written, sizeof(written), "%s:000102030405060708090A0B0C0D0E0F", identity);
    server = psk_server(&shared, "PSK-AES128-CCM8");
    settings = psk_settings(written);
    settings.datagram_max = TLS_DATAGRAM_MIN;
    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    talk(&bench);
    ck_assert_str_eq(shared.heard, identity);
    ck_assert_uint_le(bench.datagram_max, TLS_DATAGRAM_MIN);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

/* --- who does not agree ------------------------------------------------------------------------------- */

static void fails_with(SSL_CTX *server, const struct tls_client_settings *settings, const char *why)
{
    struct bench bench = {.piece = 0};

    bench_begin(&bench, server, settings);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_str_eq(tls_client_why(bench.client), why);
    bench_end(&bench);
}

START_TEST(an_identity_that_the_server_does_not_know)
{
    struct shared shared = known("device-8");
    SSL_CTX *server = psk_server(&shared, "PSK");
    struct tls_client_settings settings = psk_settings(KEY);

    fails_with(server, &settings, "the server does not know the identity of the pre-shared key");
    ck_assert_str_eq(shared.heard, "device-7");
    SSL_CTX_free(server);
}
END_TEST

START_TEST(a_server_that_has_certificates_only)
{
    SSL_CTX *server = bench_server(true, bench_own(), NULL);
    struct tls_client_settings settings = psk_settings(KEY);

    fails_with(server, &settings, "the server takes no pre-shared key");
    SSL_CTX_free(server);
}
END_TEST

/* OpenSSL's server drops what it cannot read: only time tells. */
START_TEST(a_server_that_has_another_key_is_silent)
{
    struct shared shared = known("device-7");
    SSL_CTX *server = psk_server(&shared, "PSK");
    struct tls_client_settings settings = psk_settings(OTHER);
    struct bench bench = {.piece = 0};
    uint64_t due;

    bench_begin(&bench, server, &settings);
    ck_assert_ptr_null(tls_client_silence(bench.client));
    bench_carry(&bench);
    ck_assert_ptr_nonnull(tls_client_silence(bench.client));
    while (tls_client_due(bench.client, &due)) {
        bench.clock = due;
        tls_client_tick(bench.client, due);
        bench_carry(&bench);
    }
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_ptr_nonnull(strstr(tls_client_why(bench.client), "it may have another key"));
    ck_assert_int_eq(SSL_is_init_finished(bench.server), 0);
    bench_end(&bench);
    SSL_CTX_free(server);
}
END_TEST

/* An alert that is not encrypted, of DTLS 1.2 in the server's first epoch. */
static void feed_alert(struct bench *bench, uint8_t description)
{
    const uint8_t record[] = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, description};

    tls_client_feed(bench->client, SPAN_ARRAY(record), bench->clock);
}

/* Other servers say it. */
START_TEST(alerts_in_words)
{
    static const struct {
        uint8_t alert;
        const char *why;
    } rows[] = {{20, "the server has another key"},
                {51, "the server has another key"},
                {71, "the server takes no pre-shared key"},
                {80, "the server ends TLS with the alert \"internal error\""}};
    struct tls_client_settings settings = psk_settings(OTHER);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct shared shared = known("device-7");
        SSL_CTX *server = psk_server(&shared, "PSK");
        struct bench bench = {.piece = 0};

        bench_begin(&bench, server, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_HANDSHAKING);
        feed_alert(&bench, rows[i].alert);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_eq(tls_client_why(bench.client), rows[i].why);
        bench_end(&bench);
        SSL_CTX_free(server);
    }
}
END_TEST

START_TEST(settings_that_cannot_be_used)
{
    static const char long_key[] = KEY KEY KEY KEY KEY KEY;
    const struct span with_zero = SPAN_STRING("a:00\0junk");
    struct shared shared = known("device-7");
    SSL_CTX *server = psk_server(&shared, "PSK");
    struct tls_client_settings settings = psk_settings(KEY);

    settings.is_datagram = false;
    fails_with(server, &settings, "a pre-shared key is for DTLS only");
    settings = psk_settings("nobody");
    fails_with(server, &settings, "the pre-shared key has no ':' between identity and key");
    settings = psk_settings(long_key);
    fails_with(server, &settings, "the pre-shared key is none");
    settings.trust.values = &with_zero;
    fails_with(server, &settings, "the pre-shared key is none");
    settings.trust.count = 0;
    fails_with(server, &settings, "it is not said whom to trust");
    SSL_CTX_free(server);
}
END_TEST

/* --- sessions ------------------------------------------------------------------------------------------- */

static bool contains(struct span octets, struct span part)
{
    for (size_t at = 0; at + part.size <= octets.size; at++)
        if (memcmp(octets.data + at, part.data, part.size) == 0)
            return true;
    return false;
}

START_TEST(a_session_is_for_its_key)
{
    for (unsigned i = 0; i < 2; i++) {
        struct shared shared = known("device-7");
        SSL_CTX *server = psk_server(&shared, "PSK:ECDHE-ECDSA-AES128-GCM-SHA256");
        struct tls_client_settings settings = psk_settings(KEY);
        struct tls_client_settings changed;
        struct span session;
        bool resumed;

        if (i == 1)
            SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
        session = connect_by_key(server, &settings, &resumed);
        ck_assert(!resumed);
        ck_assert(session.size > 100 && !contains(session, SPAN_ARRAY(shared.key)) &&
                  !contains(session, SPAN_STRING("0001020304")));
        settings.session = session;
        connect_by_key(server, &settings, &resumed);
        ck_assert(resumed);
        /* Of the same identity: the server would go on. */
        changed = psk_settings(OTHER);
        memset(shared.key, 0xF0, 1);
        changed.session = session;
        connect_by_key(server, &changed, &resumed);
        ck_assert(!resumed);
        /* And whom a certificate was good enough for is not whom the key is asked of, nor the other way. */
        changed = bench_settings(TLS_TRUST_KEY, &bench_own()->info, 1);
        changed.is_datagram = true;
        changed.session = session;
        session = connect_by_key(server, &changed, &resumed);
        ck_assert(!resumed && session.size > 0);
        changed = psk_settings(OTHER);
        changed.session = session;
        connect_by_key(server, &changed, &resumed);
        ck_assert(!resumed);
        SSL_CTX_free(server);
    }
}
END_TEST

TEST_MAIN("tls_psk", every_suite_that_constrained_servers_have, nothing_but_the_key,
          short_datagrams_and_long_keys, an_identity_that_the_server_does_not_know,
          a_server_that_has_certificates_only, a_server_that_has_another_key_is_silent, alerts_in_words,
          settings_that_cannot_be_used, a_session_is_for_its_key)
