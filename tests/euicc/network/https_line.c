/* A client of HTTPS on a wire. See https_line.h. */
#include "tests/euicc/network/https_line.h"

#include <string.h>

#define ANSWER_MAX 300000 /* octets */

void https_line_open(struct https_line *line)
{
    wire_open(&line->wire, bench_own_server(0));
    line->server = wire_server(bench_own());
    line->now = WIRE_NOW;
    line->tls = tls_client_context_new();
    ck_assert_ptr_nonnull(line->tls);
    line->client = https_exchange_new(&line->wire.bearer, line->tls);
    ck_assert_ptr_nonnull(line->client);
    ck_assert_int_eq(https_exchange_due(line->client), INT64_MIN);
}

void https_line_end(struct https_line *line)
{
    https_exchange_free(line->client);
    tls_client_context_free(line->tls);
    ck_assert_uint_eq(line->wire.closed + (line->wire.refuses ? 1 : 0), line->wire.opened);
    wire_end(&line->wire);
}

void https_line_post_with(struct https_line *line, const char *body, struct span session)
{
    static const struct http_field fields[] = {{"Content-Type", "application/x-test"}};
    const struct https_request request = {"/path", fields, 1, span_of_string(body), ANSWER_MAX};

    ck_assert(https_exchange_post(line->client, &line->server, &request, session, WIRE_NOW, line->now));
}

enum https_state https_line_go(struct https_line *line)
{
    return https_exchange_go(line->client, line->now);
}

void https_line_post(struct https_line *line, const char *body)
{
    struct span head, got;

    https_line_post_with(line, body, SPAN_NONE);
    ck_assert_int_eq(https_line_go(line), HTTPS_RUNNING);
    ck_assert(https_peer_request(&line->wire.peer, &head, &got));
    ck_assert_span(got, span_of_string(body));
}

void https_line_answered(struct https_line *line, const char *body)
{
    struct https_answer answer;

    ck_assert_msg(https_line_go(line) == HTTPS_ANSWERED, "%s", https_exchange_why(line->client));
    answer = https_exchange_answer(line->client);
    ck_assert_uint_eq(answer.status, 200);
    ck_assert_span(answer.body, span_of_string(body));
    ck_assert_int_eq(https_exchange_due(line->client), INT64_MIN);
}

void https_line_failed(struct https_line *line, const char *why)
{
    ck_assert_int_eq(https_line_go(line), HTTPS_FAILED);
    ck_assert_msg(strstr(https_exchange_why(line->client), why) != NULL, "%s",
                  https_exchange_why(line->client));
    ck_assert_int_eq(https_exchange_due(line->client), INT64_MIN);
    ck_assert(!line->wire.is_there); /* nothing of it is kept */
}

void https_line_serve(struct https_line *line, const char *body)
{
    wire_answer(&line->wire, https_peer_answer("200 OK", "", span_of_string(body)));
}
