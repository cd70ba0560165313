/*
 * Posts over CoAP and DTLS: a server in memory that OpenSSL and a few octets of CoAP make, which answers, is
 * silent, refuses, or has forgotten the association.
 */
#include "euicc/network/coap_message.h"
#include "euicc/network/coaps_exchange.h"
#include "tests/euicc/network/tls_bench.h"

#include <limits.h>
#include <string.h>

#define NOW           (BENCH_NOW * 1000)
#define RECORD_HEADER 13 /* octets of a record of DTLS 1.2; its length in the last two */
#define QUEUE_MAX     32

struct line {
    struct bearer bearer;
    struct tls_client_context *tls;
    struct coaps_client *client;
    struct connection_server server;
    struct span trusted;
    SSL_CTX *context;
    SSL *peer;
    bool refuses_channels, is_silent;
    unsigned opened;
    uint8_t code; /* of the answers */
    unsigned asked;
    size_t datagram_max, largest; /* octets that a datagram may have, and that one had */
    struct buf queue[QUEUE_MAX];  /* datagrams for the client */
    size_t first, count;
    int64_t now;
};

/* --- the server ---------------------------------------------------------------------------------------- */

static void put_datagram(struct line *line, struct span octets)
{
    ck_assert_uint_lt(line->count, QUEUE_MAX);
    buf_append(&line->queue[(line->first + line->count++) % QUEUE_MAX], octets);
}

/* Each record as a datagram of its own. */
static void flush_peer(struct line *line)
{
    uint8_t octets[8192];
    int size = BIO_read(SSL_get_wbio(line->peer), octets, sizeof(octets));

    for (int at = 0; at + RECORD_HEADER <= size;) {
        int length = RECORD_HEADER + (octets[at + 11] << 8 | octets[at + 12]);

        put_datagram(line, SPAN(octets + at, (size_t)length));
        at += length;
    }
}

/* Block1 comes back: 27 is 13 and 14 more. */
static void answer_block(struct line *line, const uint8_t *request, const struct coap_block *block)
{
    const uint8_t value = (uint8_t)(block->number << 4 | (block->more ? 8 : 0) | block->szx);
    const uint8_t code = block->more ? 0x5F /* 2.31 */ : line->code;
    const uint8_t answer[] = {0x62, code, request[2], request[3], request[4], request[5],
                              0xD1, 14,   value,      0xFF,       'o',        'k'};

    line->asked++;
    ck_assert_uint_lt(block->number, 16);
    ck_assert_int_gt(SSL_write(line->peer, answer, block->more ? sizeof(answer) - 3 : sizeof(answer)), 0);
}

/* A request with a token of two octets gets an acknowledgement with "ok". */
static void answer_request(struct line *line, const uint8_t *request, int size)
{
    const uint8_t answer[] = {0x62,       line->code, request[2], request[3], request[4],
                              request[5], 0xFF,       'o',        'k'};
    struct coap_message message;

    ck_assert_int_gt(size, 6);
    ck_assert_int_eq(coap_message_read(SPAN(request, (size_t)size), &message), COAP_READ);
    if (message.block1.present) {
        answer_block(line, request, &message.block1);
        return;
    }
    ck_assert_uint_eq(request[0], 0x42); /* confirmable */
    ck_assert_uint_eq(request[1], 0x02); /* POST */
    line->asked++;
    ck_assert_int_eq(SSL_write(line->peer, answer, sizeof(answer)), sizeof(answer));
}

static void feed_peer(struct line *line, struct span datagram)
{
    uint8_t octets[2048];
    int size;

    BIO_write(SSL_get_rbio(line->peer), datagram.data, (int)datagram.size);
    if (!SSL_is_init_finished(line->peer))
        (void)SSL_do_handshake(line->peer);
    while (SSL_is_init_finished(line->peer) && (size = SSL_read(line->peer, octets, sizeof(octets))) > 0)
        answer_request(line, octets, size);
    flush_peer(line);
}

static void new_peer(struct line *line)
{
    SSL_free(line->peer);
    line->peer = SSL_new(line->context);
    SSL_set_bio(line->peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(line->peer), -1);
    SSL_set_options(line->peer, SSL_OP_NO_QUERY_MTU);
    (void)DTLS_set_link_mtu(line->peer, 1500);
    SSL_set_accept_state(line->peer);
}

/* --- the bearer ---------------------------------------------------------------------------------------- */

static unsigned line_channel(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct line *line = context;

    ck_assert_int_eq(transport, BEARER_UDP);
    ck_assert_str_eq(host, BENCH_HOST);
    ck_assert_uint_eq(port, COAPS_PORT);
    if (line->refuses_channels)
        return BEARER_NO_CHANNEL;
    line->opened++;
    new_peer(line);
    return 1;
}

static enum bearer_state line_state(void *context, unsigned channel, const char **why)
{
    (void)context;
    (void)channel;
    *why = "";
    return BEARER_OPEN;
}

static bool line_send(void *context, unsigned channel, struct span octets)
{
    struct line *line = context;

    (void)channel;
    ck_assert_uint_le(octets.size, line->datagram_max);
    line->largest = octets.size > line->largest ? octets.size : line->largest;
    if (!line->is_silent)
        feed_peer(line, octets);
    return true;
}

static bool line_receive(void *context, unsigned channel, struct buf *out)
{
    struct line *line = context;
    struct buf *datagram = &line->queue[line->first];

    (void)channel;
    if (line->count == 0)
        return false;
    buf_append(out, buf_span(datagram));
    buf_clear(datagram);
    line->first = (line->first + 1) % QUEUE_MAX;
    line->count--;
    return true;
}

static size_t line_datagram_max(void *context, unsigned channel)
{
    (void)channel;
    return ((const struct line *)context)->datagram_max;
}

static void line_close(void *context, unsigned channel)
{
    (void)context;
    (void)channel;
}

/* --- a line ------------------------------------------------------------------------------------------ */

static void open_line(struct line *line)
{
    *line = (struct line){.now = NOW, .code = 0x44};
    line->bearer = (struct bearer){.context = line,
                                   .takes_names = true,
                                   .open = line_channel,
                                   .state = line_state,
                                   .send = line_send,
                                   .receive = line_receive,
                                   .close = line_close,
                                   .datagram_max = line_datagram_max};
    line->datagram_max = 1500;
    line->context = bench_server(true, bench_own(), NULL);
    line->trusted = bench_own()->der;
    line->server =
        (struct connection_server){.port = COAPS_PORT, .trust = {TLS_TRUST_CERTIFICATE, &line->trusted, 1}};
    strcpy(line->server.host, BENCH_HOST);
    line->tls = tls_client_context_new();
    line->client = coaps_client_new(&line->bearer, line->tls);
}

static void end_line(struct line *line)
{
    coaps_client_free(line->client);
    tls_client_context_free(line->tls);
    SSL_free(line->peer);
    SSL_CTX_free(line->context);
    for (size_t i = 0; i < QUEUE_MAX; i++)
        buf_free(&line->queue[i]);
}

static void post_with(struct line *line, struct span session)
{
    const struct coaps_request request = {"/a/b", SPAN_STRING("question"), 1000, 0x123456789ABCDEF};

    ck_assert(coaps_client_post(line->client, &line->server, &request, session, NOW, line->now));
}

static void post(struct line *line)
{
    post_with(line, SPAN_NONE);
}

static void assert_answered(struct line *line)
{
    bool refused;

    ck_assert_msg(coaps_client_go(line->client, line->now) == COAPS_ANSWERED, "%s",
                  coaps_client_why(line->client, &refused));
    ck_assert_span(coaps_client_answer(line->client), SPAN_STRING("ok"));
    ck_assert_int_eq(coaps_client_due(line->client), INT64_MIN);
}

/* Until it is over, by its own clock; returns the milliseconds it took. */
static int64_t wait_for_end(struct line *line)
{
    int64_t begun = line->now;

    for (unsigned i = 0; i < 1000 && coaps_client_go(line->client, line->now) == COAPS_RUNNING; i++) {
        int64_t due = coaps_client_due(line->client);

        ck_assert_int_gt(due, line->now);
        ck_assert_int_lt(due, INT64_MAX);
        line->now = due;
    }
    ck_assert_int_ne(coaps_client_go(line->client, line->now), COAPS_RUNNING);
    return line->now - begun;
}

/* --- tests ------------------------------------------------------------------------------------------- */

START_TEST(posts_go_over_one_association)
{
    struct line line;

    open_line(&line);
    for (unsigned i = 1; i <= 3; i++) {
        post(&line);
        assert_answered(&line);
        ck_assert_uint_eq(line.asked, i);
        line.now += 60000;
    }
    ck_assert_uint_eq(line.opened, 1);
    end_line(&line);
}
END_TEST

START_TEST(a_server_that_has_forgotten_is_met_anew)
{
    struct line line;

    open_line(&line);
    post(&line);
    assert_answered(&line);
    new_peer(&line); /* knows nothing of the association, and passes its records over */
    post(&line);
    ck_assert_int_lt(wait_for_end(&line), 15000);
    assert_answered(&line);
    ck_assert_uint_eq(line.opened, 2);
    ck_assert_uint_eq(line.asked, 2);
    end_line(&line);
}
END_TEST

START_TEST(another_server_or_trust_has_another_association)
{
    struct line line;
    struct span key = bench_own()->info;

    open_line(&line);
    post(&line);
    assert_answered(&line);
    line.server.trust = (struct tls_client_trust){TLS_TRUST_KEY, &key, 1};
    post(&line);
    assert_answered(&line);
    ck_assert_uint_eq(line.opened, 2);
    end_line(&line);
}
END_TEST

START_TEST(a_refusal_is_one)
{
    struct line line;
    bool refused;

    open_line(&line);
    line.code = 0x84; /* 4.04 */
    post(&line);
    ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_FAILED);
    ck_assert_ptr_nonnull(strstr(coaps_client_why(line.client, &refused), "4.04"));
    ck_assert(refused);
    end_line(&line);
}
END_TEST

START_TEST(silence_ends)
{
    struct line line;
    bool refused;

    for (unsigned stage = 0; stage < 2; stage++) {
        open_line(&line);
        line.is_silent = stage == 0;
        if (stage == 1) {
            post(&line);
            assert_answered(&line);
            line.is_silent = true;
        }
        post(&line);
        ck_assert_int_lt(wait_for_end(&line), 300000);
        ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_FAILED);
        ck_assert_str_ne(coaps_client_why(line.client, &refused), "");
        ck_assert(!refused);
        end_line(&line);
    }
}
END_TEST

/* A terminal's buffer may be a small one (BIP). */
START_TEST(blocks_fit_into_the_datagrams_of_the_bearer)
{
    static const size_t sizes[] = {208, 300, 512, 700, 1100, 1500};
    static const uint8_t body[1000];
    const struct coaps_request request = {"/a/b", SPAN_ARRAY(body), 1000, 7};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct line line;

        open_line(&line);
        line.datagram_max = sizes[i];
        ck_assert(coaps_client_post(line.client, &line.server, &request, SPAN_NONE, NOW, line.now));
        assert_answered(&line);
        ck_assert_uint_ge(line.asked, 1);
        ck_assert_uint_gt(line.largest, sizes[i] / 3); /* and are not smaller than they need to be */
        end_line(&line);
    }
}
END_TEST

START_TEST(a_slow_bearer_is_given_time)
{
    struct line line;

    open_line(&line);
    line.bearer.is_slow = true;
    line.is_silent = true;
    post(&line);
    ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_RUNNING);
    ck_assert_int_eq(coaps_client_due(line.client), line.now + 9000);
    end_line(&line);

    open_line(&line);
    line.bearer.is_slow = true;
    post(&line);
    assert_answered(&line);
    line.is_silent = true;
    post(&line);
    ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_RUNNING);
    ck_assert_int_ge(coaps_client_due(line.client), line.now + 10000);
    end_line(&line);
}
END_TEST

START_TEST(who_else_answers_is_refused)
{
    const struct bench_request request = {.name = "other"};
    struct bench_identity other = bench_identity(&request);
    struct line line;
    bool refused;

    open_line(&line);
    line.trusted = other.der;
    post(&line);
    ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_FAILED);
    ck_assert_str_ne(coaps_client_why(line.client, &refused), "");
    ck_assert_uint_eq(line.asked, 0);
    end_line(&line);
    bench_identity_free(&other);
}
END_TEST

START_TEST(no_channel)
{
    struct line line;
    bool refused;

    open_line(&line);
    line.refuses_channels = true;
    post(&line);
    ck_assert_int_eq(coaps_client_go(line.client, line.now), COAPS_FAILED);
    ck_assert_str_ne(coaps_client_why(line.client, &refused), "");
    end_line(&line);
}
END_TEST

START_TEST(a_session_makes_the_next_handshake_short)
{
    struct buf session = {0};
    struct line line;

    open_line(&line);
    post(&line);
    assert_answered(&line);
    ck_assert(coaps_client_session(line.client, &session));
    coaps_client_free(line.client);
    line.client = coaps_client_new(&line.bearer, line.tls);
    post_with(&line, buf_span(&session));
    assert_answered(&line);
    ck_assert(SSL_session_reused(line.peer));
    buf_free(&session);
    end_line(&line);
}
END_TEST

/* The server has other suites by now, and no session: it is met anew without, once. */
START_TEST(a_session_that_is_refused)
{
    struct buf session = {0};
    struct line line;

    open_line(&line);
    SSL_CTX_set_options(line.context, SSL_OP_NO_TICKET);
    SSL_CTX_set_cipher_list(line.context, "ECDHE-ECDSA-AES128-GCM-SHA256");
    post(&line);
    assert_answered(&line);
    ck_assert(coaps_client_session(line.client, &session));
    coaps_client_free(line.client);
    SSL_CTX_set_cipher_list(line.context, "ECDHE-ECDSA-AES256-GCM-SHA384");
    SSL_CTX_flush_sessions(line.context, LONG_MAX);
    line.client = coaps_client_new(&line.bearer, line.tls);
    line.opened = 0;
    post_with(&line, buf_span(&session));
    assert_answered(&line);
    ck_assert_uint_eq(line.opened, 2);
    ck_assert(!SSL_session_reused(line.peer));
    buf_free(&session);
    end_line(&line);
}
END_TEST

TEST_MAIN("coaps exchange", posts_go_over_one_association, a_server_that_has_forgotten_is_met_anew,
          another_server_or_trust_has_another_association, a_refusal_is_one, silence_ends,
          blocks_fit_into_the_datagrams_of_the_bearer, a_slow_bearer_is_given_time,
          who_else_answers_is_refused, no_channel, a_session_makes_the_next_handshake_short,
          a_session_that_is_refused)
