/* euicc/network/https_exchange.c: posts to a server in memory that answers well, over connections that last
 * or do not. */
#include "tests/euicc/network/https_line.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- well -------------------------------------------------------------------------------------------- */

START_TEST(posts_one_after_another)
{
    struct https_line line;

    https_line_open(&line);
    for (unsigned i = 0; i < 5; i++) {
        https_line_post(&line, "question");
        https_line_serve(&line, "answer");
        https_line_answered(&line, "answer");
        line.now += 10 * PATIENCE;
    }
    ck_assert_uint_eq(line.wire.opened, 1);
    https_line_end(&line);
}
END_TEST

START_TEST(a_request_says_what_it_is)
{
    struct https_line line;
    struct span head, body;
    char text[600] = "";

    https_line_open(&line);
    line.server.port = 8443;
    https_line_post_with(&line, "question", SPAN_NONE);
    https_line_go(&line);
    ck_assert(https_peer_request(&line.wire.peer, &head, &body));
    ck_assert_uint_lt(head.size, sizeof(text));
    memcpy(text, head.data, head.size);
    ck_assert_ptr_eq(strstr(text, "POST /path HTTP/1.1\r\n"), text);
    ck_assert_ptr_nonnull(strstr(text, "\r\nHost: " BENCH_HOST ":8443\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nContent-Type: application/x-test\r\n"));
    https_line_end(&line);
}
END_TEST

START_TEST(octets_one_by_one)
{
    struct https_line line;

    https_line_open(&line);
    line.wire.piece = 1;
    https_line_post(&line, "question");
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

/* A request and an answer of many records. */
START_TEST(much_goes_both_ways)
{
    static char question[200001], reply[250001];
    struct https_line line;

    memset(question, 'q', sizeof(question) - 1);
    memset(reply, 'a', sizeof(reply) - 1);
    https_line_open(&line);
    line.wire.piece = 4096;
    https_line_post(&line, question);
    https_line_serve(&line, reply);
    https_line_answered(&line, reply);
    https_line_end(&line);
}
END_TEST

/* Each time a while passes, less than patience allows. */
START_TEST(answers_in_pieces)
{
    struct span answer = https_peer_answer("200 OK", "", SPAN_STRING("answer"));
    struct https_line line;
    size_t step = answer.size / 10 + 1;

    https_line_open(&line);
    https_line_post(&line, "question");
    for (size_t at = 0; at < answer.size; at += step) {
        ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
        ck_assert_int_eq(https_exchange_due(line.client), line.now + PATIENCE);
        line.now += PATIENCE - 1;
        ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
        wire_answer(&line.wire, SPAN(answer.data + at, answer.size - at < step ? answer.size - at : step));
    }
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

/* … but not for ever. */
START_TEST(answers_in_drops_have_an_end)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 200 OK\r\n\r\n"));
    while (https_line_go(&line) == HTTPS_RUNNING) {
        ck_assert_int_le(https_exchange_due(line.client), WIRE_NOW + ALL_PATIENCE);
        ck_assert_int_lt(line.now, WIRE_NOW + ALL_PATIENCE);
        line.now += PATIENCE / 2;
        if (line.now < WIRE_NOW + ALL_PATIENCE)
            wire_answer(&line.wire, SPAN_STRING("x"));
    }
    ck_assert_int_eq(line.now, WIRE_NOW + ALL_PATIENCE);
    https_line_failed(&line, "did not answer in time");
    https_line_end(&line);
}
END_TEST

START_TEST(interim_answers_are_passed_over)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 100 Continue\r\n\r\n"));
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 102 Processing\r\nX: y\r\n\r\n"));
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

START_TEST(a_status_is_handed_on)
{
    struct https_line line;
    struct https_answer answer;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, https_peer_answer("404 Not\x1B Found", "Content-Type: text/html\r\n", SPAN_NONE));
    ck_assert_int_eq(https_line_go(&line), HTTPS_FAILED); /* a control character */
    https_line_post(&line, "question");
    wire_answer(&line.wire, https_peer_answer("404 Not Found", "Content-Type: text/html\r\n", SPAN_NONE));
    ck_assert_int_eq(https_line_go(&line), HTTPS_ANSWERED);
    answer = https_exchange_answer(line.client);
    ck_assert_uint_eq(answer.status, 404);
    ck_assert_str_eq(answer.reason, "Not Found");
    ck_assert_str_eq(answer.content_type, "text/html");
    ck_assert_uint_eq(answer.body.size, 0);
    https_line_end(&line);
}
END_TEST

/* --- connections ------------------------------------------------------------------------------------- */

START_TEST(connection_close_is_obeyed)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, https_peer_answer("200 OK", "Connection: close\r\n", SPAN_STRING("answer")));
    https_line_answered(&line, "answer");
    ck_assert(!line.wire.is_there);
    https_line_post(&line, "question");
    ck_assert_uint_eq(line.wire.opened, 2);
    https_line_end(&line);
}
END_TEST

/* Its end is the body's end, when TLS says so. */
START_TEST(a_body_without_length)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 200 OK\r\n\r\nans"));
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    wire_answer(&line.wire, SPAN_STRING("wer"));
    wire_close(&line.wire);
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

START_TEST(a_body_without_length_that_is_cut)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 200 OK\r\n\r\nans"));
    wire_cut(&line.wire, "the cable is gone");
    https_line_failed(&line, "hung up without closing TLS");
    https_line_end(&line);
}
END_TEST

START_TEST(another_server_is_another_connection)
{
    struct bench_identity other = bench_identity(&(struct bench_request){.name = "other"});
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    line.server.port = 444;
    https_line_post(&line, "question");
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    ck_assert_uint_eq(line.wire.opened, 2);
    snprintf(line.server.host, sizeof(line.server.host), "other.example.com");
    https_line_post(&line, "question");
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    ck_assert_uint_eq(line.wire.opened, 3);
    ck_assert_str_eq(line.wire.host, "other.example.com");
    /* What is trusted differently is not the connection that was trusted so. */
    line.server.trust = (struct tls_client_trust){TLS_TRUST_CERTIFICATE, &other.der, 1};
    https_line_post_with(&line, "question", SPAN_NONE);
    https_line_failed(&line, "certificate");
    ck_assert_uint_eq(line.wire.opened, 4);
    line.server.trust = (struct tls_client_trust){TLS_TRUST_KEY, &bench_own()->info, 1};
    https_line_post(&line, "question");
    ck_assert_uint_eq(line.wire.opened, 5);
    https_line_end(&line);
    bench_identity_free(&other);
}
END_TEST

START_TEST(a_post_gives_up_the_one_before)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "first");
    https_line_post(&line, "second");
    ck_assert_uint_eq(line.wire.opened, 2);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

/* Over a kept connection, a first answer having come. */
static void keep_one(struct https_line *line)
{
    https_line_open(line);
    https_line_post(line, "question");
    https_line_serve(line, "answer");
    https_line_answered(line, "answer");
}

START_TEST(a_kept_connection_that_was_closed)
{
    struct https_line line;

    keep_one(&line);
    wire_close(&line.wire);
    wire_cut(&line.wire, "");
    https_line_post(&line, "second");
    ck_assert_uint_eq(line.wire.opened, 2);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

START_TEST(a_kept_connection_that_goes_under_the_request)
{
    struct https_line line;
    struct span head, body;

    keep_one(&line);
    https_line_post(&line, "second");
    wire_cut(&line.wire, "the cable is gone");
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    ck_assert_uint_eq(line.wire.opened, 2);
    ck_assert(https_peer_request(&line.wire.peer, &head, &body));
    ck_assert_span(body, SPAN_STRING("second"));
    wire_cut(&line.wire, "the cable is gone"); /* once is enough */
    https_line_failed(&line, "hung up");
    ck_assert_uint_eq(line.wire.opened, 2);
    https_line_end(&line);
}
END_TEST

START_TEST(an_answer_that_began_is_not_asked_for_again)
{
    static const char *const beginnings[] = {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
                                             "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nans"};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        struct https_line line;

        keep_one(&line);
        https_line_post(&line, "second");
        wire_answer(&line.wire, span_of_string(beginnings[i]));
        wire_cut(&line.wire, "the cable is gone");
        https_line_failed(&line, "hung up");
        ck_assert_uint_eq(line.wire.opened, 1);
        https_line_end(&line);
    }
}
END_TEST

START_TEST(a_connection_that_cannot_be_made_again)
{
    struct https_line line;

    keep_one(&line);
    https_line_post(&line, "second");
    line.wire.refuses = true;
    wire_cut(&line.wire, "the cable is gone");
    https_line_failed(&line, "no channel");
    https_line_end(&line);
}
END_TEST

/* An answer that nobody asked for is none to the next question. */
START_TEST(what_comes_between_two_posts)
{
    struct https_line line;

    keep_one(&line);
    https_line_serve(&line, "unasked");
    https_line_post(&line, "second");
    ck_assert_uint_eq(line.wire.opened, 2);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

START_TEST(a_session_is_taken_and_goes_on)
{
    struct https_line line;
    struct buf *session = test_buf();

    https_line_open(&line);
    https_line_post(&line, "question");
    ck_assert(https_exchange_session(line.client, session));
    ck_assert(!https_exchange_session(line.client, test_buf()));
    wire_answer(&line.wire, https_peer_answer("200 OK", "Connection: close\r\n", SPAN_STRING("answer")));
    https_line_answered(&line, "answer");
    ck_assert(!https_exchange_session(line.client, test_buf()));
    SSL_shutdown(line.wire.peer.ssl);
    https_line_post_with(&line, "question", buf_span(session));
    https_line_go(&line);
    ck_assert_int_eq(SSL_session_reused(line.wire.peer.ssl), 1);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    https_line_end(&line);
}
END_TEST

/* It has other suites by now, and no session: it is asked anew without, once. */
START_TEST(a_session_that_is_refused)
{
    struct https_line line;
    struct buf *session = test_buf();

    https_line_open(&line);
    SSL_CTX_set_max_proto_version(line.wire.server, TLS1_2_VERSION);
    SSL_CTX_set_options(line.wire.server, SSL_OP_NO_TICKET);
    SSL_CTX_set_cipher_list(line.wire.server, "ECDHE-ECDSA-AES128-GCM-SHA256");
    https_line_post(&line, "question");
    ck_assert(https_exchange_session(line.client, session));
    wire_answer(&line.wire, https_peer_answer("200 OK", "Connection: close\r\n", SPAN_STRING("answer")));
    https_line_answered(&line, "answer");
    SSL_CTX_set_cipher_list(line.wire.server, "ECDHE-ECDSA-AES256-GCM-SHA384");
    SSL_CTX_flush_sessions(line.wire.server, LONG_MAX);
    https_line_post_with(&line, "question", buf_span(session));
    https_line_go(&line);
    ck_assert_uint_eq(line.wire.opened, 3);
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    buf_clear(session);
    ck_assert(https_exchange_session(line.client, session));
    /* Without a common suite there is an end. */
    SSL_CTX_set_cipher_list(line.wire.server, "ECDHE-RSA-AES256-GCM-SHA384");
    SSL_CTX_flush_sessions(line.wire.server, LONG_MAX);
    https_peer_close(&line.wire.peer);
    https_line_post_with(&line, "question", buf_span(session));
    https_line_failed(&line, "handshake failure");
    ck_assert_uint_eq(line.wire.opened, 5);
    https_line_end(&line);
}
END_TEST

TEST_MAIN("https_exchange", posts_one_after_another, a_request_says_what_it_is, octets_one_by_one,
          much_goes_both_ways, answers_in_pieces, answers_in_drops_have_an_end,
          interim_answers_are_passed_over, a_status_is_handed_on, connection_close_is_obeyed,
          a_body_without_length, a_body_without_length_that_is_cut, another_server_is_another_connection,
          a_post_gives_up_the_one_before, a_kept_connection_that_was_closed,
          a_kept_connection_that_goes_under_the_request, an_answer_that_began_is_not_asked_for_again,
          a_connection_that_cannot_be_made_again, what_comes_between_two_posts,
          a_session_is_taken_and_goes_on, a_session_that_is_refused)
