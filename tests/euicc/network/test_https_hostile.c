/* euicc/network/https_exchange.c: posts to a server that is silent, or whose answers are none. */
#include "tests/euicc/network/https_line.h"

/* --- time -------------------------------------------------------------------------------------------- */

START_TEST(a_connection_has_its_time)
{
    struct https_line line;

    https_line_open(&line);
    line.wire.stays_opening = true;
    https_line_post_with(&line, "question", SPAN_NONE);
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    ck_assert_int_eq(https_exchange_due(line.client), WIRE_NOW + PATIENCE);
    line.now += PATIENCE - 1;
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    line.now++;
    https_line_failed(&line, "did not answer in time");
    https_line_end(&line);
}
END_TEST

/* … and an answer its own, however long the connection took. */
START_TEST(an_answer_has_its_time)
{
    struct https_line line;

    https_line_open(&line);
    line.wire.stays_opening = true;
    https_line_post_with(&line, "question", SPAN_NONE);
    https_line_go(&line);
    line.now += PATIENCE - 1;
    line.wire.stays_opening = false;
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    ck_assert_int_eq(https_exchange_due(line.client), line.now + PATIENCE);
    line.now += PATIENCE - 1;
    ck_assert_int_eq(https_line_go(&line), HTTPS_RUNNING);
    line.now++;
    https_line_failed(&line, "did not answer in time");
    https_line_end(&line);
}
END_TEST

/* --- badly ------------------------------------------------------------------------------------------- */

START_TEST(answers_that_are_none)
{
    static const char *const bad[] = {
        "garbage\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 300001\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxsurplus",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct https_line line;

        https_line_open(&line);
        https_line_post(&line, "question");
        wire_answer(&line.wire, span_of_string(bad[i]));
        https_line_failed(&line, "");
        ck_assert_str_ne(https_exchange_why(line.client), "");
        /* Nothing of it is in the way of the next. */
        https_line_post(&line, "question");
        https_line_serve(&line, "answer");
        https_line_answered(&line, "answer");
        https_line_end(&line);
    }
}
END_TEST

/* Answers whose header, or body, does not end. */
START_TEST(answers_without_end)
{
    static const char *const beginnings[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n",
                                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""};
    static const char *const again[] = {"X-Header: and one more\r\n", "octets without end",
                                        "1;extension=long-and-useless\r\nx\r\n",
                                        "HTTP/1.1 100 Continue\r\n\r\n"};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        struct https_line line;
        unsigned count = 0;

        https_line_open(&line);
        https_line_post(&line, "question");
        wire_answer(&line.wire, span_of_string(beginnings[i]));
        while (https_line_go(&line) == HTTPS_RUNNING) {
            ck_assert_uint_lt(++count, 20000);
            wire_answer(&line.wire, span_of_string(again[i]));
        }
        https_line_failed(&line, "more than");
        https_line_end(&line);
    }
}
END_TEST

START_TEST(a_server_that_closes_without_an_answer)
{
    struct https_line line;

    https_line_open(&line);
    https_line_post(&line, "question");
    wire_close(&line.wire);
    https_line_failed(&line, "closed the connection before it answered");
    https_line_post(&line, "question");
    wire_answer(&line.wire, SPAN_STRING("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nans"));
    wire_close(&line.wire);
    https_line_failed(&line, "ended inside the answer's body");
    https_line_end(&line);
}
END_TEST

START_TEST(a_server_that_hangs_up_at_once)
{
    struct https_line line;

    https_line_open(&line);
    line.wire.refuses = true;
    https_line_post_with(&line, "question", SPAN_NONE);
    https_line_failed(&line, "no channel can be opened");
    https_line_end(&line);
}
END_TEST

START_TEST(requests_that_cannot_be_written)
{
    struct span many[17];
    const struct https_request odd = {"/path with blanks\r\n", NULL, 0, SPAN_STRING("x"), 10};
    const struct https_request fine = {"/path", NULL, 0, SPAN_STRING("x"), 10};
    struct https_line line;

    https_line_open(&line);
    ck_assert(!https_exchange_post(line.client, &line.server, &odd, SPAN_NONE, WIRE_NOW, WIRE_NOW));
    ck_assert_int_eq(https_line_go(&line), HTTPS_FAILED);
    for (size_t i = 0; i < 17; i++)
        many[i] = bench_own()->der;
    line.server.trust = (struct tls_client_trust){TLS_TRUST_CAS, many, 17};
    ck_assert(!https_exchange_post(line.client, &line.server, &fine, SPAN_NONE, WIRE_NOW, WIRE_NOW));
    ck_assert_int_eq(https_line_go(&line), HTTPS_FAILED);
    line.server = wire_server(bench_own());
    https_line_post(&line, "question");
    https_line_serve(&line, "answer");
    https_line_answered(&line, "answer");
    /* Nor is the connection that was kept in their way. */
    ck_assert(!https_exchange_post(line.client, &line.server, &odd, SPAN_NONE, WIRE_NOW, WIRE_NOW));
    https_line_post(&line, "question");
    https_line_end(&line);
}
END_TEST

TEST_MAIN("https hostile", a_connection_has_its_time, an_answer_has_its_time, answers_that_are_none,
          answers_without_end, a_server_that_closes_without_an_answer, a_server_that_hangs_up_at_once,
          requests_that_cannot_be_written)
