/* euicc/network/tls_session.c: sessions go on in a later client, with the same host and trust only. */
#include "tests/euicc/network/tls_bench.h"

#include <string.h>

/* What a server has, and how a session is kept. */
enum kind { IDS_OF_12, TICKETS_OF_12, TICKETS_OF_13, IDS_OF_13, IDS_OF_DTLS, TICKETS_OF_DTLS, KINDS };

static SSL_CTX *server_of(enum kind kind, const struct bench_identity *identity)
{
    bool is_datagram = kind >= IDS_OF_DTLS;
    SSL_CTX *server = bench_server(is_datagram, identity, NULL);

    if (!is_datagram)
        SSL_CTX_set_max_proto_version(server, kind == IDS_OF_12 || kind == TICKETS_OF_12 ? TLS1_2_VERSION
                                                                                         : TLS1_3_VERSION);
    if (kind == IDS_OF_12 || kind == IDS_OF_13 || kind == IDS_OF_DTLS)
        SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    return server;
}

static struct tls_client_settings settings_of(enum kind kind, const struct bench_identity *identity)
{
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &identity->der, 1);

    settings.is_datagram = kind >= IDS_OF_DTLS;
    return settings;
}

/* Connects, and ends cleanly. Returns the session, if there was a new one; *resumed: the server went on with
 * one. `shared`: what the client has in common with others, or NULL. */
static struct span connect_with(struct tls_client_context *shared, SSL_CTX *server,
                                const struct tls_client_settings *settings, bool *resumed)
{
    struct bench bench = {.shared = shared};
    struct buf *session = test_buf();

    bench_begin(&bench, server, settings);
    bench_carry(&bench);
    ck_assert_str_eq(tls_client_why(bench.client), "");
    ck_assert_int_eq(tls_client_state(bench.client), TLS_OPEN);
    *resumed = SSL_session_reused(bench.server) == 1;
    ck_assert_int_eq(tls_client_is_resumed(bench.client), *resumed);
    tls_client_write(bench.client, SPAN_STRING("question"));
    bench_carry(&bench);
    ck_assert_span(bench_server_read(&bench), SPAN_STRING("question"));
    tls_client_session(bench.client, session);
    ck_assert(!tls_client_session(bench.client, test_buf()));
    tls_client_end(bench.client);
    bench_carry(&bench);
    SSL_shutdown(bench.server); /* a session of who hung up is not resumed */
    bench_end(&bench);
    return buf_span(session);
}

static struct span connect_once(SSL_CTX *server, const struct tls_client_settings *settings, bool *resumed)
{
    return connect_with(NULL, server, settings, resumed);
}

START_TEST(a_session_goes_on_in_another_client)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});

    for (enum kind kind = 0; kind < KINDS; kind++) {
        SSL_CTX *server = server_of(kind, &identity);
        struct tls_client_settings settings = settings_of(kind, &identity);
        bool resumed;

        settings.session = connect_once(server, &settings, &resumed);
        ck_assert(!resumed);
        ck_assert_uint_gt(settings.session.size, 100);
        ck_assert_uint_lt(settings.session.size, 3 * 1024);
        connect_once(server, &settings, &resumed);
        ck_assert_msg(resumed, "kind %d is not resumed", kind);
        SSL_CTX_free(server);
    }
    bench_identity_free(&identity);
}
END_TEST

/* The newest session is at hand where it was made; an older one is read. Both are offered again and again,
 * also to a server that has hung up meanwhile, and only by those who trust it. */
START_TEST(a_session_goes_on_where_it_was_made)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});

    for (enum kind kind = 0; kind < KINDS; kind++) {
        SSL_CTX *server = server_of(kind, &identity);
        struct tls_client_context *shared = tls_client_context_new();
        struct tls_client_settings settings = settings_of(kind, &identity);
        struct bench cut = {.shared = shared};
        struct span first, second;
        bool resumed;

        settings.trust = (struct tls_client_trust){TLS_TRUST_KEY, &identity.info, 1};
        first = connect_with(shared, server, &settings, &resumed);
        second = connect_with(shared, server, &settings, &resumed);
        ck_assert(!resumed && !span_equal(first, second));
        for (unsigned i = 0; i < 4; i++) {
            settings.session = i % 2 == 0 ? second : first;
            connect_with(shared, server, &settings, &resumed);
            ck_assert_msg(resumed, "kind %d is not resumed", kind);
        }
        bench_begin(&cut, server, &settings);
        bench_carry(&cut);
        tls_client_hang_up(cut.client);
        bench_end(&cut);
        settings.session = second;
        connect_with(shared, server, &settings, &resumed);
        ck_assert_msg(resumed, "kind %d is not resumed after a cut", kind);
        settings.trust = (struct tls_client_trust){TLS_TRUST_CERTIFICATE, &identity.der, 1};
        connect_with(shared, server, &settings, &resumed);
        ck_assert(!resumed);
        tls_client_context_free(shared);
        SSL_CTX_free(server);
    }
    bench_identity_free(&identity);
}
END_TEST

START_TEST(tickets_come_when_they_come)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    SSL_CTX *server = server_of(TICKETS_OF_13, &identity);
    struct tls_client_settings settings = settings_of(TICKETS_OF_13, &identity);
    struct bench bench = {.piece = 0};
    struct buf *first = test_buf(), *second = test_buf();

    SSL_CTX_set_num_tickets(server, 1);
    bench_begin(&bench, server, &settings);
    ck_assert(!tls_client_session(bench.client, first));
    bench_carry(&bench);
    ck_assert(tls_client_session(bench.client, first));
    ck_assert(!tls_client_session(bench.client, second));
    ck_assert_int_eq(SSL_new_session_ticket(bench.server), 1);
    bench_server_write(&bench, SPAN_STRING("answer"));
    bench_carry(&bench);
    ck_assert(tls_client_session(bench.client, second));
    ck_assert(!span_equal(buf_span(first), buf_span(second)));
    ck_assert_span(bench_client_read(&bench), SPAN_STRING("answer"));
    bench_end(&bench);
    SSL_CTX_free(server);
    bench_identity_free(&identity);
}
END_TEST

/* The session was made with eim.example.com and the certificate pinned. */
START_TEST(a_session_is_for_its_host_and_trust)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    struct bench_identity other = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    SSL_CTX *server = server_of(TICKETS_OF_12, &identity);
    struct tls_client_settings settings = settings_of(TICKETS_OF_12, &identity);
    struct span both[2] = {identity.der, other.der};
    struct tls_client_settings changed;
    bool resumed;

    settings.session = connect_once(server, &settings, &resumed);
    changed = settings;
    changed.host = "eim2.example.com"; /* its own certificate has any name */
    connect_once(server, &changed, &resumed);
    ck_assert(!resumed);
    changed = settings;
    changed.trust = (struct tls_client_trust){TLS_TRUST_KEY, &identity.info, 1};
    connect_once(server, &changed, &resumed);
    ck_assert(!resumed);
    changed.trust = (struct tls_client_trust){TLS_TRUST_CAS, &identity.der, 1};
    connect_once(server, &changed, &resumed);
    ck_assert(!resumed);
    changed.trust = (struct tls_client_trust){TLS_TRUST_CAS, both, 2};
    connect_once(server, &changed, &resumed);
    ck_assert(!resumed);
    changed = settings;
    changed.host = "EIM.example.com";
    connect_once(server, &changed, &resumed);
    ck_assert(resumed);
    SSL_CTX_free(server);
    bench_identity_free(&identity);
    bench_identity_free(&other);
}
END_TEST

START_TEST(a_session_outlives_no_certificate)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    SSL_CTX *server = server_of(TICKETS_OF_12, &identity);
    struct tls_client_settings settings = settings_of(TICKETS_OF_12, &identity);
    struct bench bench = {.piece = 0};
    bool resumed;

    settings.session = connect_once(server, &settings, &resumed);
    settings.date = TLS_DATE_UNKNOWN;
    connect_once(server, &settings, &resumed);
    ck_assert(resumed);
    settings.date = (BENCH_NOW + 2 * BENCH_YEAR) * 1000;
    bench_begin(&bench, server, &settings);
    bench_carry(&bench);
    ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
    ck_assert_ptr_nonnull(strstr(tls_client_why(bench.client), "expired on"));
    bench_end(&bench);
    SSL_CTX_free(server);
    bench_identity_free(&identity);
}
END_TEST

START_TEST(what_is_no_session_is_not_offered)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    SSL_CTX *server = server_of(TICKETS_OF_12, &identity);
    struct tls_client_settings settings = settings_of(TICKETS_OF_12, &identity);
    struct buf changed = {0};
    struct span session;
    bool resumed;

    session = connect_once(server, &settings, &resumed);
    for (size_t size = 0; size < session.size; size += 41 * TEST_SHARE) {
        settings.session = SPAN(session.data, size);
        connect_once(server, &settings, &resumed);
        ck_assert(!resumed);
    }
    for (size_t at = 0; at < session.size; at += 37 * TEST_SHARE) {
        struct bench bench = {.piece = 0};

        buf_clear(&changed);
        buf_append(&changed, session);
        changed.data[at] ^= 0x01;
        settings.session = buf_span(&changed);
        bench_begin(&bench, server, &settings);
        bench_carry(&bench); /* a secret that is another one may well fail, nothing worse */
        bench_end(&bench);
    }
    buf_free(&changed);
    SSL_CTX_free(server);
    bench_identity_free(&identity);
}
END_TEST

/* The server has forgotten, or is another one. */
START_TEST(a_session_that_nobody_knows_does_no_harm)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});

    for (enum kind kind = 0; kind < KINDS; kind++) {
        SSL_CTX *server = server_of(kind, &identity), *later = server_of(kind, &identity);
        struct tls_client_settings settings = settings_of(kind, &identity);
        bool resumed;

        settings.session = connect_once(server, &settings, &resumed);
        settings.session = connect_once(later, &settings, &resumed);
        ck_assert(!resumed);
        ck_assert_uint_gt(settings.session.size, 0);
        connect_once(later, &settings, &resumed);
        ck_assert(resumed);
        SSL_CTX_free(server);
        SSL_CTX_free(later);
    }
    bench_identity_free(&identity);
}
END_TEST

/* Who does not go on with it has to be trusted for what it shows. */
/* What a hello that goes on does not say, a server may need that has the session no more; one that never had
 * a session to blame has none. */
START_TEST(a_handshake_that_ends_may_have_its_session_to_blame)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});

    for (enum kind kind = 0; kind < KINDS; kind++) {
        SSL_CTX *server = server_of(kind, &identity);
        SSL_CTX *another = server_of(kind, &identity);
        struct tls_client_settings settings = settings_of(kind, &identity);
        struct span session;
        bool resumed;

        session = connect_once(server, &settings, &resumed);
        SSL_CTX_set_cipher_list(another, "ECDHE-ECDSA-AES128-CCM8");
        SSL_CTX_set_ciphersuites(another, "TLS_AES_128_CCM_SHA256");
        SSL_CTX_set_security_level(another, 0);
        for (unsigned with = 0; with < 2; with++) {
            struct bench refused = {0}, cut = {0};

            settings.session = with != 0 ? session : SPAN_NONE;
            bench_begin(&refused, another, &settings);
            bench_carry(&refused);
            ck_assert_int_eq(tls_client_state(refused.client), with != 0 ? TLS_FAILED : TLS_OPEN);
            ck_assert_int_eq(tls_client_went_wrong_by_session(refused.client), with);
            bench_end(&refused);
            bench_begin(&cut, server, &settings);
            tls_client_hang_up(cut.client);
            ck_assert_int_eq(tls_client_went_wrong_by_session(cut.client), with);
            bench_end(&cut);
        }
        connect_once(server, &settings, &resumed);
        ck_assert(resumed);
        SSL_CTX_free(server);
        SSL_CTX_free(another);
    }
    bench_identity_free(&identity);
}
END_TEST

START_TEST(a_session_is_no_excuse_for_a_stranger)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    struct bench_identity stranger = bench_identity(&(struct bench_request){.name = BENCH_HOST});

    for (enum kind kind = 0; kind < KINDS; kind++) {
        SSL_CTX *server = server_of(kind, &identity), *other = server_of(kind, &stranger);
        struct tls_client_settings settings = settings_of(kind, &identity);
        struct bench bench = {.piece = 0};
        bool resumed;

        settings.session = connect_once(server, &settings, &resumed);
        bench_begin(&bench, other, &settings);
        bench_carry(&bench);
        ck_assert_int_eq(tls_client_state(bench.client), TLS_FAILED);
        ck_assert_str_ne(tls_client_why(bench.client), "");
        bench_end(&bench);
        SSL_CTX_free(server);
        SSL_CTX_free(other);
    }
    bench_identity_free(&identity);
    bench_identity_free(&stranger);
}
END_TEST

TEST_MAIN("tls_session", a_session_goes_on_in_another_client, a_session_goes_on_where_it_was_made,
          tickets_come_when_they_come, a_session_is_for_its_host_and_trust, a_session_outlives_no_certificate,
          what_is_no_session_is_not_offered, a_session_that_nobody_knows_does_no_harm,
          a_session_is_no_excuse_for_a_stranger, a_handshake_that_ends_may_have_its_session_to_blame)
