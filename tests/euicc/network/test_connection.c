/* euicc/network/connection.c: addresses, and a channel with TLS over it in all that may become of it. */
#include "tests/euicc/network/wire.h"

#include <string.h>

#define PATIENCE 60000 /* ms until it is open */

static struct connection *begin(struct wire *wire, const struct tls_client_context *context)
{
    struct connection_server server = wire_server(bench_own());
    struct connection *connection =
        connection_new(&wire->bearer, context, &server, false, SPAN_NONE, WIRE_NOW, WIRE_NOW);

    ck_assert_ptr_nonnull(connection);
    return connection;
}

/* Steps until there is nothing to do. */
static void steps(struct connection *connection, int64_t now)
{
    unsigned count = 0;

    while (connection_step(connection, now))
        ck_assert_uint_lt(++count, 100000);
}

/* A wire with a server that has its own certificate, and a connection over it. */
struct line {
    struct wire wire;
    struct tls_client_context *context;
    struct connection *connection;
};

static void open_line(struct line *line, bool served)
{
    wire_open(&line->wire, served ? bench_own_server(0) : NULL);
    line->context = tls_client_context_new();
    line->connection = NULL;
}

static void close_line(struct line *line)
{
    connection_free(line->connection);
    tls_client_context_free(line->context);
    wire_end(&line->wire);
}

static void connect_line(struct line *line)
{
    open_line(line, true);
    line->connection = begin(&line->wire, line->context);
    steps(line->connection, WIRE_NOW);
    ck_assert_str_eq(connection_why(line->connection), "");
    ck_assert_int_eq(connection_state(line->connection), CONNECTION_OPEN);
}

/* --- addresses --------------------------------------------------------------------------------------- */

START_TEST(addresses_are_read)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } good[] = {
        {"eim.example.com", "eim.example.com", 443}, {"eim.example.com:8443", "eim.example.com", 8443},
        {"eim.example.com:1", "eim.example.com", 1}, {"eim.example.com:65535", "eim.example.com", 65535},
        {"localhost:00443", "localhost", 443},       {"192.0.2.7", "192.0.2.7", 443},
        {"192.0.2.7:5684", "192.0.2.7", 5684},       {"[2001:db8::7]", "2001:db8::7", 443},
        {"[2001:db8::7]:8443", "2001:db8::7", 8443}, {"[::1]:9", "::1", 9}};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct connection_server server = {.port = 7};

        ck_assert_msg(connection_read_server(good[i].text, 443, &server), "%s", good[i].text);
        ck_assert_str_eq(server.host, good[i].host);
        ck_assert_uint_eq(server.port, good[i].port);
    }
}
END_TEST

START_TEST(nonsense_is_no_address)
{
    static const char *const bad[] = {"",
                                      ":",
                                      ":443",
                                      "eim.example.com:",
                                      "eim.example.com:0",
                                      "eim.example.com:65536",
                                      "eim.example.com:000443",
                                      "eim.example.com:99999999999999999999",
                                      "eim.example.com:44a",
                                      "eim.example.com: 443",
                                      "eim.example.com:-1",
                                      "eim.example.com:+1",
                                      "eim.example.com:443:443",
                                      "eim.example.com/path",
                                      "https://eim.example.com",
                                      "user@eim.example.com",
                                      "eim example.com",
                                      "eim.example.com\r\nX: y",
                                      "eim..example.com",
                                      ".example.com",
                                      "2001:db8::7",
                                      "[2001:db8::7",
                                      "[2001:db8::7]443",
                                      "[2001:db8::7]:",
                                      "[2001:db8::7]]",
                                      "[[2001:db8::7]]",
                                      "[]",
                                      "[",
                                      "[192.0.2.7]",
                                      "[eim.example.com]",
                                      "[::1%eth0]",
                                      "2001:db8::7]:1"};
    char longest[TLS_HOST_MAX + 10];
    struct connection_server server;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!connection_read_server(bad[i], 443, &server), "%s", bad[i]);
    memset(longest, 'a', sizeof(longest));
    for (size_t i = 50; i < sizeof(longest); i += 50)
        longest[i] = '.';
    longest[TLS_HOST_MAX] = '\0';
    ck_assert(connection_read_server(longest, 443, &server));
    longest[TLS_HOST_MAX] = 'a';
    longest[TLS_HOST_MAX + 1] = '\0';
    ck_assert(!connection_read_server(longest, 443, &server));
}
END_TEST

/* --- a life ------------------------------------------------------------------------------------------ */

START_TEST(it_carries_octets_both_ways)
{
    struct line line;
    struct buf *got = test_buf();

    connect_line(&line);
    ck_assert_str_eq(line.wire.host, BENCH_HOST);
    ck_assert_uint_eq(line.wire.port, 443);
    ck_assert_int_eq(line.wire.transport, BEARER_TCP);
    ck_assert_int_eq(connection_due(line.connection), INT64_MAX);
    ck_assert_uint_eq(connection_write(line.connection, SPAN_STRING("question")), 8);
    steps(line.connection, WIRE_NOW);
    ck_assert_span(buf_span(&line.wire.peer.plain), SPAN_STRING("question"));
    wire_answer(&line.wire, SPAN_STRING("answer"));
    steps(line.connection, WIRE_NOW + 10 * PATIENCE); /* being open is nothing that has an end */
    ck_assert(connection_read(line.connection, got));
    ck_assert_span(buf_span(got), SPAN_STRING("answer"));
    close_line(&line);
    ck_assert_uint_eq(line.wire.closed, 1);
}
END_TEST

/* … with octets that come one by one. */
START_TEST(pieces_of_any_size_do)
{
    for (size_t piece = 1; piece < 1000; piece = piece * 3 + 1) {
        struct line line;
        struct buf *got = test_buf();

        open_line(&line, true);
        line.wire.piece = piece;
        line.connection = begin(&line.wire, line.context);
        steps(line.connection, WIRE_NOW);
        ck_assert_int_eq(connection_state(line.connection), CONNECTION_OPEN);
        wire_answer(&line.wire, SPAN_STRING("answer"));
        while (connection_step(line.connection, WIRE_NOW))
            connection_read(line.connection, got);
        ck_assert_span(buf_span(got), SPAN_STRING("answer"));
        close_line(&line);
    }
}
END_TEST

START_TEST(it_says_good_bye)
{
    struct line line;

    connect_line(&line);
    connection_free(line.connection);
    line.connection = NULL;
    ck_assert_int_eq(SSL_get_shutdown(line.wire.peer.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    close_line(&line);
}
END_TEST

/* --- what goes wrong --------------------------------------------------------------------------------- */

static void ended(struct line *line, const char *why)
{
    ck_assert_int_eq(connection_state(line->connection), CONNECTION_ENDED);
    ck_assert_str_eq(connection_why(line->connection), why);
    ck_assert(!connection_step(line->connection, WIRE_NOW));
    ck_assert_int_eq(connection_due(line->connection), INT64_MAX);
    ck_assert_uint_eq(connection_write(line->connection, SPAN_STRING("x")), 0);
    close_line(line);
}

START_TEST(a_channel_that_is_refused)
{
    struct line line;

    open_line(&line, false);
    line.wire.refuses = true;
    line.connection = begin(&line.wire, line.context);
    ended(&line, "no channel can be opened");
    ck_assert_uint_eq(line.wire.closed, 0);
}
END_TEST

START_TEST(a_channel_that_cannot_be_opened)
{
    struct line line;

    open_line(&line, false);
    line.wire.stays_opening = true;
    line.connection = begin(&line.wire, line.context);
    steps(line.connection, WIRE_NOW);
    ck_assert_int_eq(connection_state(line.connection), CONNECTION_OPENING);
    wire_cut(&line.wire, "nobody is there");
    steps(line.connection, WIRE_NOW);
    ended(&line, "nobody is there");
}
END_TEST

/* `why` comes from the host, and goes to people. */
START_TEST(a_reason_is_made_harmless)
{
    struct line line;

    open_line(&line, false);
    line.connection = begin(&line.wire, line.context);
    wire_cut(&line.wire, "\x1B[2J\nboo");
    steps(line.connection, WIRE_NOW);
    ck_assert(strpbrk(connection_why(line.connection), "\x1B\n") == NULL);
    ck_assert_ptr_nonnull(strstr(connection_why(line.connection), "boo"));
    close_line(&line);
}
END_TEST

static void wait_in_vain(struct line *line)
{
    steps(line->connection, WIRE_NOW);
    ck_assert_int_eq(connection_due(line->connection), WIRE_NOW + PATIENCE);
    steps(line->connection, WIRE_NOW + PATIENCE - 1);
    ck_assert_int_eq(connection_state(line->connection), CONNECTION_OPENING);
    steps(line->connection, WIRE_NOW + PATIENCE);
    ended(line, "the server did not answer in time");
}

START_TEST(opening_has_an_end)
{
    struct line line;

    open_line(&line, false);
    line.wire.stays_opening = true;
    line.connection = begin(&line.wire, line.context);
    wait_in_vain(&line);
}
END_TEST

START_TEST(a_handshake_has_an_end)
{
    struct line line;

    open_line(&line, false);
    line.connection = begin(&line.wire, line.context);
    wait_in_vain(&line);
}
END_TEST

/* An octet now and then makes it no longer. */
START_TEST(a_handshake_in_drops_has_an_end)
{
    struct line line;
    int64_t now = WIRE_NOW;

    open_line(&line, true);
    line.wire.piece = 1;
    line.connection = begin(&line.wire, line.context);
    for (unsigned i = 0; i < 3; i++)
        connection_step(line.connection, now);
    while (connection_state(line.connection) == CONNECTION_OPENING) {
        now += 1000;
        connection_step(line.connection, now);
        ck_assert_int_le(now, WIRE_NOW + PATIENCE);
    }
    ended(&line, "the server did not answer in time");
}
END_TEST

START_TEST(a_channel_that_takes_nothing)
{
    struct line line;

    open_line(&line, true);
    line.wire.takes_nothing = true;
    line.connection = begin(&line.wire, line.context);
    steps(line.connection, WIRE_NOW);
    ended(&line, "the channel takes nothing any more");
}
END_TEST

START_TEST(a_cut_in_the_handshake)
{
    for (size_t size = 0; size < 1200; size += 100) {
        struct line line;

        open_line(&line, true);
        line.wire.piece = size != 0 ? size : 1;
        line.connection = begin(&line.wire, line.context);
        for (unsigned i = 0; i < 3; i++)
            connection_step(line.connection, WIRE_NOW);
        buf_clear(&line.wire.incoming);
        wire_cut(&line.wire, "the cable is gone");
        steps(line.connection, WIRE_NOW);
        ck_assert_int_eq(connection_state(line.connection), CONNECTION_ENDED);
        ck_assert_str_ne(connection_why(line.connection), "");
        close_line(&line);
    }
}
END_TEST

/* What came before a cut is read. */
START_TEST(a_cut_without_close_notify)
{
    struct line line;
    struct buf *got = test_buf();

    connect_line(&line);
    wire_answer(&line.wire, SPAN_STRING("half an ans"));
    wire_cut(&line.wire, "the cable is gone");
    steps(line.connection, WIRE_NOW);
    ck_assert(connection_read(line.connection, got));
    ck_assert_span(buf_span(got), SPAN_STRING("half an ans"));
    ended(&line, "the server hung up without closing TLS");
}
END_TEST

START_TEST(an_end_in_order)
{
    struct line line;
    struct buf *got = test_buf();

    connect_line(&line);
    https_peer_write(&line.wire.peer, SPAN_STRING("all"));
    wire_close(&line.wire);
    wire_cut(&line.wire, "");
    steps(line.connection, WIRE_NOW);
    ck_assert(connection_read(line.connection, got));
    ck_assert_span(buf_span(got), SPAN_STRING("all"));
    ended(&line, "");
}
END_TEST

START_TEST(garbage_instead_of_tls)
{
    struct line line;

    open_line(&line, false);
    line.connection = begin(&line.wire, line.context);
    steps(line.connection, WIRE_NOW);
    buf_append(&line.wire.incoming, SPAN_STRING("HTTP/1.1 400 Bad Request\r\n\r\n"));
    steps(line.connection, WIRE_NOW);
    ck_assert_int_eq(connection_state(line.connection), CONNECTION_ENDED);
    ck_assert_str_ne(connection_why(line.connection), "");
    close_line(&line);
}
END_TEST

START_TEST(a_session_goes_on_in_the_next)
{
    struct connection_server server = wire_server(bench_own());
    struct line line;
    struct buf *session = test_buf();

    connect_line(&line);
    ck_assert(!connection_is_resumed(line.connection));
    ck_assert(connection_session(line.connection, session));
    connection_free(line.connection);
    SSL_shutdown(line.wire.peer.ssl);
    line.connection = connection_new(&line.wire.bearer, line.context, &server, false, buf_span(session),
                                     WIRE_NOW, WIRE_NOW);
    steps(line.connection, WIRE_NOW);
    ck_assert_int_eq(connection_state(line.connection), CONNECTION_OPEN);
    ck_assert(connection_is_resumed(line.connection));
    close_line(&line);
}
END_TEST

TEST_MAIN("connection", addresses_are_read, nonsense_is_no_address, it_carries_octets_both_ways,
          pieces_of_any_size_do, it_says_good_bye, a_channel_that_is_refused, a_channel_that_cannot_be_opened,
          a_reason_is_made_harmless, opening_has_an_end, a_handshake_has_an_end,
          a_handshake_in_drops_has_an_end, a_channel_that_takes_nothing, a_cut_in_the_handshake,
          a_cut_without_close_notify, an_end_in_order, garbage_instead_of_tls, a_session_goes_on_in_the_next)
