/* euicc/network/http_reader.c: answers of every form, whole, in two pieces and octet by octet. */
#include "euicc/network/http_reader.h"
#include "tests/support/hostile.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct http_limits usual = {.body_max = 64, .head_max = 512};

/* Feeds what is before `cut` and what is behind it in pieces of `step` octets; each is a block of its size.
 * The reader is the caller's. */
static struct http_reader *fed(struct span answer, size_t cut, size_t step, const struct http_limits *limits,
                               bool end)
{
    struct http_reader *reader = http_reader_new(limits);

    ck_assert_ptr_nonnull(reader);
    for (size_t at = 0; at < answer.size;) {
        size_t stop = at < cut ? cut : answer.size;
        size_t size = stop - at < step ? stop - at : step;
        uint8_t *piece = malloc(size);
        enum http_progress progress;

        ck_assert_ptr_nonnull(piece);
        memcpy(piece, answer.data + at, size);
        progress = http_reader_feed(reader, SPAN(piece, size));
        free(piece);
        if (progress == HTTP_MALFORMED)
            return reader;
        at += size;
    }
    if (end)
        http_reader_end(reader);
    return reader;
}

/* How it stands, without changing it. */
static enum http_progress progress_of(struct http_reader *reader)
{
    return http_reader_feed(reader, SPAN_NONE);
}

struct expected {
    const char *answer;
    const char *why;  /* NULL: it is complete */
    const char *body; /* NULL: none */
    const char *type;
    unsigned status; /* 0: 200 */
    bool end;        /* the connection ends behind it */
    bool closes;     /* cannot be used again */
};

static void check_one(const struct expected *expected, size_t cut, size_t step)
{
    struct http_reader *reader = fed(span_of_string(expected->answer), cut, step, &usual, expected->end);
    enum http_progress progress = progress_of(reader);
    const struct http_facts *facts = http_reader_facts(reader);

    if (expected->why != NULL) {
        ck_assert_msg(progress == HTTP_MALFORMED, "%s", expected->answer);
        ck_assert_msg(strcmp(facts->why, expected->why) == 0, "%s\n%s, not %s", expected->answer, facts->why,
                      expected->why);
        ck_assert(!facts->reusable && facts->body.data == NULL);
        http_reader_free(reader);
        return;
    }
    ck_assert_msg(progress == HTTP_COMPLETE, "%s: %s", expected->answer,
                  facts->why != NULL ? facts->why : "");
    ck_assert_uint_eq(facts->status, expected->status != 0 ? expected->status : 200);
    ck_assert_span(facts->body, span_of_string(expected->body != NULL ? expected->body : ""));
    ck_assert_pstr_eq(facts->content_type, expected->type);
    ck_assert_msg(facts->reusable == !expected->closes, "%s", expected->answer);
    ck_assert_uint_eq(facts->surplus, 0);
    ck_assert_ptr_null(facts->why);
    http_reader_free(reader);
}

static void check(const struct expected *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(list[i].answer);

        check_one(&list[i], 0, SIZE_MAX);
        check_one(&list[i], 0, 1);
        check_one(&list[i], 0, 3);
        for (size_t cut = 1; cut < size; cut++)
            check_one(&list[i], cut, SIZE_MAX);
    }
}
#define CHECK(list) check(list, sizeof(list) / sizeof((list)[0]))

START_TEST(answers)
{
    static const struct expected list[] = {
        {.answer = OK_LINE "Content-Length: 3\r\nContent-Type: application/json\r\n\r\nabc",
         .body = "abc",
         .type = "application/json"},
        {.answer =
             OK_LINE "content-LENGTH:\t3 \r\nX: " /* an unknown one of any length */
                     "0123456789012345678901234567890123456789012345678901234567890123456789"
                     "0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\nabc",
         .body = "abc"},
        {.answer = OK_LINE "Content-Length: 0\r\n\r\n"},
        {.answer = OK_LINE "Content-Length: 0\r\nConnection: close\r\n\r\n", .closes = true},
        {.answer = OK_LINE "Content-Length: 1\r\nContent-Encoding: identity\r\n\r\na", .body = "a"},
        {.answer = "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", .body = "a", .closes = true},
        {.answer = "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na", .body = "a"},
        {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .status = 204},
        {.answer = "HTTP/1.1 204 No Content\r\nX-Admin-Protocol: gsma/rsp/v2.5.0\r\n\r\n", .status = 204},
        {.answer = "HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n", .status = 304},
        {.answer = "HTTP/1.1 500\r\nContent-Length: 2\r\n\r\nno", .status = 500, .body = "no"},
        {.answer = "\r\n" OK_LINE "Content-Length: 1\r\n\r\na", .body = "a"},
        {.answer = OK_LINE "Content-Type: \r\nContent-Length: 1\r\n\r\na", .body = "a", .type = ""},
    };

    CHECK(list);
}
END_TEST

START_TEST(answers_that_end_with_the_connection)
{
    static const struct expected list[] = {
        {.answer = OK_LINE "\r\nabc\r\n", .body = "abc\r\n", .end = true, .closes = true},
        {.answer = OK_LINE "\r\n", .end = true, .closes = true},
        {.answer = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\na",
         .body = "a",
         .end = true,
         .closes = true},
        /* One that had ended before. */
        {.answer = OK_LINE "Content-Length: 1\r\n\r\na", .body = "a", .end = true},
        {.answer = OK_LINE "\r\n0123456789012345678901234567890123456789012345678901234567890123",
         .body = "0123456789012345678901234567890123456789012345678901234567890123",
         .end = true,
         .closes = true},
        {.answer = OK_LINE "\r\n01234567890123456789012345678901234567890123456789012345678901234",
         .why = "the answer's body has more than 64 octets"},
        {.answer = "", .why = "the connection ended before an answer", .end = true},
        {.answer = "HTTP/1.1 100 Continue\r\n\r\n",
         .why = "the connection ended inside the answer's header",
         .end = true},
        {.answer = OK_LINE, .why = "the connection ended inside the answer's header", .end = true},
        {.answer = OK_LINE CHUNKED "1\r\na\r\n0\r\n",
         .why = "the connection ended inside the answer's body",
         .end = true},
        {.answer = OK_LINE "Content-Length: 3\r\n\r\nab",
         .why = "the connection ended inside the answer's body",
         .end = true},
    };

    CHECK(list);
}
END_TEST

START_TEST(answers_in_chunks)
{
    static const struct expected list[] = {
        {.answer = OK_LINE CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", .body = "abcde"},
        {.answer = OK_LINE CHUNKED "0\r\n\r\n"},
        {.answer = OK_LINE "Connection: close\r\n" CHUNKED "A;name=\"v\"\r\n0123456789\r\n000\r\n\r\n",
         .body = "0123456789",
         .closes = true},
        {.answer = OK_LINE CHUNKED "1\r\na\r\n0\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n",
         .body = "a"},
        {.answer = OK_LINE "Transfer-Encoding: Chunked \r\n\r\n1\r\na\r\n0\r\n\r\n", .body = "a"},
        {.answer = OK_LINE CHUNKED "3\r\nabcX\n0\r\n\r\n",
         .why = "a chunk of the answer goes on behind its end"},
        {.answer = OK_LINE CHUNKED "3\r\nabc\rX0\r\n\r\n",
         .why = "a line of the answer does not end with CR LF"},
        {.answer = OK_LINE CHUNKED "3\nabc\r\n0\r\n\r\n",
         .why = "the answer is not HTTP: invalid character in chunk size header"},
        {.answer = OK_LINE CHUNKED "\r\n",
         .why = "the answer is not HTTP: invalid character in chunk size header"},
        {.answer = OK_LINE CHUNKED "-1\r\n",
         .why = "the answer is not HTTP: invalid character in chunk size header"},
        {.answer = OK_LINE CHUNKED "41\r\n", .why = "the answer's body has more than 64 octets"},
        {.answer =
             OK_LINE CHUNKED "3F\r\n012345678901234567890123456789012345678901234567890123456789012\r\n2\r\n",
         .why = "the answer's body has more than 64 octets"},
        {.answer = OK_LINE CHUNKED "FFFFFFFFFFFFFFFF\r\n",
         .why = "the answer is not HTTP: invalid character in content-length header"},
        {.answer = OK_LINE CHUNKED "1FFFFFFFFFFFFFFFF\r\n",
         .why = "the answer is not HTTP: invalid character in content-length header"},
        {.answer = OK_LINE CHUNKED "1\r\na\r\n0\r\nA: b\r\n c\r\n\r\n",
         .why = "a line of the answer's header is folded"},
    };

    CHECK(list);
}
END_TEST

START_TEST(interim_answers)
{
    static const struct expected list[] = {
        {.answer = "HTTP/1.1 100 Continue\r\n\r\n" OK_LINE "Content-Length: 1\r\n\r\na", .body = "a"},
        {.answer =
             "HTTP/1.1 103 Early Hints\r\nContent-Type: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
             "HTTP/1.0 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n" OK_LINE
             "Content-Length: 1\r\n\r\na",
         .body = "a"},
        {.answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
         .why = "the server switches to a protocol that nobody asked for"},
        {.answer = "HTTP/1.1 100 Continue\r\n\r\nabc",
         .why = "the answer is not HTTP: invalid constant string"},
    };

    CHECK(list);
}
END_TEST

/* Forms by which two readers of one stream are led to read different messages, and other bad ones. */
START_TEST(answers_that_are_refused)
{
    static const char twice[] = "the answer is not HTTP: unexpected content-length header";
    static const char number[] = "the answer is not HTTP: invalid character in content-length header";
    static const char coding[] = "the answer's Transfer-Encoding is not chunked alone";
    static const char end[] = "a line of the answer does not end with CR LF";
    static const struct expected list[] = {
        {.answer = OK_LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", .why = twice},
        {.answer = OK_LINE "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", .why = twice},
        {.answer = OK_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
         .why = twice},
        {.answer = OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n",
         .why = twice},
        {.answer = OK_LINE "Transfer-Encoding: chunked\r\n" CHUNKED "0\r\n\r\n",
         .why = "the answer says its length, type or coding twice"},
        {.answer = OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .why = coding},
        {.answer = OK_LINE "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", .why = coding},
        {.answer = OK_LINE "Transfer-Encoding: identity\r\n\r\nabc", .why = coding},
        {.answer = OK_LINE "Transfer-Encoding: xchunked\r\n\r\nabc", .why = coding},
        {.answer = OK_LINE "Transfer-Encoding:\r\n\r\nabc", .why = coding},
        {.answer = OK_LINE "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
         .why = "a field's name in the answer holds a blank"},
        {.answer = OK_LINE "Content-Length : 1\r\n\r\na",
         .why = "a field's name in the answer holds a blank"},
        {.answer = "HTTP/1.0 200 OK\r\n" CHUNKED "0\r\n\r\n", .why = "the answer is in chunks, and HTTP/1.0"},
        {.answer = OK_LINE "Content-Length: 1, 1\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length: +1\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length: -1\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length: 0x1\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length:\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length: 99999999999999999999\r\n\r\na", .why = number},
        {.answer = OK_LINE "Content-Length: 65\r\n\r\n", .why = "the answer's body has more than 64 octets"},
        {.answer = OK_LINE "Content-Length: 0000000000000000001\r\n\r\na",
         .why = "the answer's Content-Length is no number"},
        {.answer = OK_LINE "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
         .why = "the answer has a Content-Encoding"},
        {.answer = OK_LINE "Content-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n",
         .why = "the answer says its length, type or coding twice"},
        {.answer = OK_LINE "Content-Type: "
                           "0123456789012345678901234567890123456789012345678901234567890123"
                           "01234567890123456789012345678901234567890123456789012345678901234\r\n\r\n",
         .why = "the answer's length, type or coding is too long"},
        {.answer = OK_LINE "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
         .why = "a line of the answer's header is folded"},
        {.answer = "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", .why = end},
        {.answer = "HTTP/1.1 200 OK\rContent-Length: 1\r\n\r\na", .why = end},
        {.answer = OK_LINE "X: a\rContent-Length: 0\r\n\r\n",
         .why = "the answer is not HTTP: LF character expected"},
        {.answer = OK_LINE "Content-Length: 0\r\n\n", .why = end},
        {.answer = OK_LINE "Content-Length: 0\n\r\n", .why = end},
        {.answer = OK_LINE "X: a\x01\r\n\r\n", .why = "the answer is not HTTP: invalid character in header"},
        {.answer = "HTTP/1.1 200 O\x1bK\r\nContent-Length: 0\r\n\r\n",
         .why = "the answer's header holds a control character"},
        {.answer = OK_LINE "no colon\r\n\r\n", .why = "the answer is not HTTP: invalid character in header"},
        {.answer = "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", .why = "the answer is none of HTTP/1"},
        {.answer = "HTTP/1.1 42 OK\r\n\r\n", .why = "the answer's status is none of 100 to 599"},
        {.answer = "HTTP/1.1 600 OK\r\n\r\n", .why = "the answer's status is none of 100 to 599"},
        {.answer = "HTTP/1.1 2000 OK\r\n\r\n", .why = "the answer is not HTTP: invalid HTTP status code"},
        {.answer = "HTTP/1.1 OK\r\n\r\n", .why = "the answer is not HTTP: invalid HTTP status code"},
        {.answer = "<html>", .why = "the answer is not HTTP: invalid constant string"},
        {.answer = "\x15\x03\x03", .why = "the answer is not HTTP: invalid constant string"},
    };

    CHECK(list);
}
END_TEST

START_TEST(octets_behind_the_end)
{
    static const char *const whole_ones[] = {OK_LINE "Content-Length: 1\r\n\r\na",
                                             OK_LINE CHUNKED "0\r\n\r\n",
                                             "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n"};

    for (size_t i = 0; i < sizeof(whole_ones) / sizeof(whole_ones[0]); i++) {
        struct span answer = span_of_string(whole_ones[i]);
        struct buf *longer = test_buf();
        struct http_reader *reader = fed(answer, 0, SIZE_MAX, &usual, false);
        struct http_reader *whole;

        ck_assert_int_eq(progress_of(reader), HTTP_COMPLETE);
        ck_assert_int_eq(http_reader_feed(reader, SPAN_STRING("HT")), HTTP_MALFORMED);
        ck_assert_uint_eq(http_reader_facts(reader)->surplus, 2);
        buf_append(longer, answer);
        buf_append(longer, SPAN_STRING("HTT"));
        whole = fed(buf_span(longer), 0, SIZE_MAX, &usual, false);
        ck_assert_uint_eq(http_reader_facts(whole)->surplus, 3);
        ck_assert_int_eq(progress_of(whole), HTTP_MALFORMED);
        ck_assert_str_eq(http_reader_facts(whole)->why, "octets stand behind the end of the answer");
        ck_assert_str_eq(http_reader_facts(whole)->why, http_reader_facts(reader)->why);
        ck_assert(!http_reader_facts(whole)->reusable);
        http_reader_free(whole);
        http_reader_free(reader);
    }
}
END_TEST

/* Feeds the same over and over; how many octets it takes until that is refused. */
static size_t endless(const char *begin, const char *again, const struct http_limits *limits, const char *why)
{
    struct http_reader *reader = http_reader_new(limits);
    size_t total = strlen(begin);

    ck_assert_int_eq(http_reader_feed(reader, span_of_string(begin)), HTTP_MORE);
    while (http_reader_feed(reader, span_of_string(again)) == HTTP_MORE) {
        total += strlen(again);
        ck_assert_uint_lt(total, 10 * 1024 * 1024);
    }
    ck_assert_str_eq(http_reader_facts(reader)->why, why);
    http_reader_free(reader);
    return total;
}

START_TEST(what_has_no_end)
{
    static const char around[] = "what is around the answer's body takes more than 16384 octets";
    static const struct http_limits large = {.body_max = 100000, .head_max = SIZE_MAX};

    ck_assert_uint_le(endless("", "\r\n", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless("", "HTTP/1.1 100 Continue\r\n\r\n", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless("HTTP/1.1 200 ", "a", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE, "a", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE, "A: b\r\n", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE "Content-Type: ", "a", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE CHUNKED, "0", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE CHUNKED "1;", "a", &large, around), HTTP_HEAD_MAX);
    ck_assert_uint_le(endless(OK_LINE CHUNKED "0\r\n", "A: b\r\n", &large, around), HTTP_HEAD_MAX);
    /* A body of one octet a chunk is a body; one whose chunks have more to say than that is not. */
    endless(OK_LINE CHUNKED, "1\r\na\r\n", &large, "the answer's body has more than 100000 octets");
    ck_assert_uint_le(endless(OK_LINE CHUNKED, "1;name=value\r\na\r\n", &large, around), 3 * HTTP_HEAD_MAX);
    endless(OK_LINE "\r\n", "abc", &large, "the answer's body has more than 100000 octets");
}
END_TEST

/* However long the body was: what is around it gets no more than it had at the beginning. */
START_TEST(endless_trailers_of_a_long_body)
{
    static const struct http_limits large = {.body_max = 100000, .head_max = HTTP_HEAD_MAX};
    struct buf *begin = test_buf();

    buf_append(begin, SPAN_STRING(OK_LINE CHUNKED "4000\r\n"));
    for (size_t i = 0; i < 0x4000; i++)
        buf_append_octet(begin, 'a');
    buf_append(begin, SPAN_STRING("\r\n0\r\n"));
    buf_append_octet(begin, '\0');
    ck_assert_uint_le(endless((const char *)begin->data, "A: b\r\n", &large,
                              "what is around the answer's body takes more than 16384 octets"),
                      begin->size + HTTP_HEAD_MAX);
}
END_TEST

/* A limit above what a buffer takes is none that memory keeps to. */
START_TEST(more_than_a_buffer_takes)
{
    static const struct http_limits none = {.body_max = SIZE_MAX, .head_max = 100};
    static uint8_t piece[1024 * 1024];
    struct http_reader *reader = http_reader_new(&none);
    size_t total = 0;

    ck_assert_int_eq(http_reader_feed(reader, SPAN_STRING(OK_LINE "\r\n")), HTTP_MORE);
    while (http_reader_feed(reader, SPAN_ARRAY(piece)) == HTTP_MORE)
        total += sizeof(piece);
    ck_assert_uint_le(total, BUF_LIMIT);
    ck_assert_str_eq(http_reader_facts(reader)->why, "no memory for the answer");
    http_reader_free(reader);
}
END_TEST

/* The limits are met exactly. */
START_TEST(limits)
{
    static const char head[] = OK_LINE "Content-Length: 3\r\n\r\n";
    static const char answer[] = OK_LINE "Content-Length: 3\r\n\r\nabc";

    for (size_t step = 1; step <= sizeof(answer); step += sizeof(answer) - 1) {
        for (size_t head_max = 0; head_max <= sizeof(head); head_max++) {
            struct http_limits tight = {.body_max = 3, .head_max = head_max};
            struct http_reader *reader = fed(SPAN_STRING(answer), 0, step, &tight, false);

            ck_assert_int_eq(progress_of(reader),
                             head_max >= sizeof(head) - 1 ? HTTP_COMPLETE : HTTP_MALFORMED);
            http_reader_free(reader);
        }
        for (size_t body_max = 0; body_max < 5; body_max++) {
            struct http_limits tight = {.body_max = body_max, .head_max = 100};
            struct http_reader *reader = fed(SPAN_STRING(answer), 0, step, &tight, false);

            ck_assert_int_eq(progress_of(reader), body_max >= 3 ? HTTP_COMPLETE : HTTP_MALFORMED);
            http_reader_free(reader);
        }
    }
}
END_TEST

START_TEST(every_cut_is_no_answer)
{
    static const char answer[] = OK_LINE "Content-Type: a/b\r\n" CHUNKED "3\r\nabc\r\n0\r\nA: b\r\n\r\n";

    for (size_t size = 0; size < sizeof(answer) - 1; size++) {
        struct http_reader *reader = fed(SPAN(answer, size), 0, SIZE_MAX, &usual, false);

        ck_assert_int_eq(progress_of(reader), HTTP_MORE);
        ck_assert_ptr_null(http_reader_facts(reader)->body.data);
        ck_assert_int_eq(http_reader_end(reader), HTTP_MALFORMED);
        /* It stays so. */
        ck_assert_int_eq(http_reader_feed(reader, SPAN_STRING(answer)), HTTP_MALFORMED);
        http_reader_free(reader);
    }
}
END_TEST

/* Any octet changed to any other: no other outcome for another cut. */
START_TEST(changed_octets)
{
    static const char answer[] = OK_LINE "Content-Type: a/b\r\n" CHUNKED "3;x\r\nabc\r\n0\r\nA: b\r\n\r\n";
    uint8_t changed[sizeof(answer) - 1];

    memcpy(changed, answer, sizeof(changed));
    for (size_t i = 0; i < sizeof(changed); i++) {
        for (unsigned octet = 0; octet < 256; octet += TEST_SHARE) {
            struct http_reader *whole;
            struct http_reader *octets;
            const struct http_facts *a;
            const struct http_facts *b;

            changed[i] = (uint8_t)octet;
            whole = fed(SPAN_ARRAY(changed), 0, SIZE_MAX, &usual, true);
            octets = fed(SPAN_ARRAY(changed), 0, 1, &usual, true);
            a = http_reader_facts(whole);
            b = http_reader_facts(octets);
            ck_assert_int_eq(progress_of(whole), progress_of(octets));
            ck_assert_pstr_eq(a->why, b->why);
            ck_assert_uint_eq(a->status, b->status);
            ck_assert_pstr_eq(a->content_type, b->content_type);
            ck_assert_str_eq(a->reason, b->reason);
            ck_assert(a->reusable == b->reusable);
            ck_assert(a->body.size == b->body.size && span_equal(a->body, b->body));
            http_reader_free(whole);
            http_reader_free(octets);
        }
        changed[i] = (uint8_t)answer[i];
    }
}
END_TEST

START_TEST(texts_are_harmless)
{
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        struct buf *answer = test_buf();
        struct http_reader *reader;
        const struct http_facts *facts;

        buf_append(answer, SPAN_STRING("HTTP/1.1 200 "));
        buf_append(answer, span_of_string(hostile_texts[i]));
        buf_append(answer, SPAN_STRING("\r\nContent-Type: "));
        buf_append(answer, span_of_string(hostile_texts[i]));
        buf_append(answer, SPAN_STRING("\r\nContent-Length: 0\r\n\r\n"));
        reader = fed(buf_span(answer), 0, SIZE_MAX, &usual, false);
        facts = http_reader_facts(reader);
        ck_assert_harmless(facts->reason, 0);
        if (facts->content_type != NULL)
            ck_assert_harmless(facts->content_type, 0);
        if (facts->why != NULL)
            ck_assert_harmless(facts->why, 0);
        http_reader_free(reader);
    }
    http_reader_free(NULL);
}
END_TEST

START_TEST(the_status_line_says_why)
{
    struct buf *answer = test_buf();
    struct http_reader *reader =
        fed(SPAN_STRING("HTTP/1.1 503 Come back at four\r\nContent-Length: 0\r\n\r\n"), 0, 1, &usual, false);

    ck_assert_str_eq(http_reader_facts(reader)->reason, "Come back at four");
    ck_assert_uint_eq(http_reader_facts(reader)->status, 503);
    http_reader_free(reader);
    buf_append(answer, SPAN_STRING("HTTP/1.1 503 "));
    for (size_t i = 0; i < 200; i++)
        buf_append_octet(answer, 'a');
    buf_append(answer, SPAN_STRING("\r\nContent-Length: 0\r\n\r\n"));
    reader = fed(buf_span(answer), 0, 7, &usual, false);
    ck_assert_uint_eq(strlen(http_reader_facts(reader)->reason), 128);
    http_reader_free(reader);
}
END_TEST

START_TEST(media_types)
{
    static const char asn1[] = "application/x-gsma-rsp-asn1";

    ck_assert(http_media_type_is(asn1, asn1));
    ck_assert(http_media_type_is("Application/X-GSMA-RSP-ASN1;charset=x", asn1));
    ck_assert(http_media_type_is("application/json ; charset=UTF-8", "application/json"));
    ck_assert(!http_media_type_is("application/jsonp", "application/json"));
    ck_assert(!http_media_type_is("application/jso", "application/json"));
    ck_assert(!http_media_type_is("", "application/json"));
    ck_assert(!http_media_type_is(NULL, asn1));
}
END_TEST

TEST_MAIN("http_reader", answers, answers_that_end_with_the_connection, answers_in_chunks, interim_answers,
          answers_that_are_refused, octets_behind_the_end, what_has_no_end, endless_trailers_of_a_long_body,
          more_than_a_buffer_takes, limits, every_cut_is_no_answer, changed_octets, texts_are_harmless,
          the_status_line_says_why, media_types)
