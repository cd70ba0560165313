/*
 * Any octets as an HTTP answer to the card: how they are cut changes nothing, and what is accepted is what
 * the same answer written plainly is. Input: one octet for the size of the pieces, one for the limits and
 * whether the connection ends behind it, then the answer.
 */
#include "euicc/network/http_reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#define WITH_END    0x01u
#define SMALL_HEAD  0x02u
#define SMALL_BODY  0x04u
#define LARGEST     0x10000u
#define SMALL_LIMIT 20u

static struct http_reader *fed(struct span answer, size_t step, const struct http_limits *limits, bool end)
{
    struct http_reader *reader = http_reader_new(limits);

    fuzz_check(reader != NULL);
    while (answer.size > 0) {
        size_t size = step < answer.size ? step : answer.size;
        enum http_progress progress = http_reader_feed(reader, SPAN(answer.data, size));

        fuzz_check(http_reader_facts(reader)->surplus <= size);
        answer = SPAN(answer.data + size, answer.size - size);
        if (progress == HTTP_MALFORMED)
            return reader;
    }
    if (end)
        fuzz_check(http_reader_end(reader) != HTTP_MORE);
    return reader;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_same(struct http_reader *one, struct http_reader *other)
{
    const struct http_facts *a = http_reader_facts(one);
    const struct http_facts *b = http_reader_facts(other);

    fuzz_check(http_reader_feed(one, SPAN_NONE) == http_reader_feed(other, SPAN_NONE));
    fuzz_check(a->status == b->status && a->reusable == b->reusable);
    fuzz_check(same_text(a->reason, b->reason) && same_text(a->content_type, b->content_type));
    fuzz_check(same_text(a->why, b->why));
    fuzz_check(span_equal(a->body, b->body));
}

/* The same answer without any freedom of form. */
static void check_plain(struct http_reader *reader, const struct http_limits *limits)
{
    const struct http_facts *facts = http_reader_facts(reader);
    struct http_reader *plain;
    struct buf answer = {0};
    char head[512];
    int size = snprintf(head, sizeof(head), "HTTP/1.1 %u %s\r\n%s%s%sContent-Length: %zu\r\n%s\r\n",
                        facts->status, facts->reason, facts->content_type != NULL ? "Content-Type: " : "",
                        facts->content_type != NULL ? facts->content_type : "",
                        facts->content_type != NULL ? "\r\n" : "", facts->body.size,
                        facts->reusable ? "" : "Connection: close\r\n");
    const struct http_limits wider = {.body_max = limits->body_max, .head_max = HTTP_HEAD_MAX};

    fuzz_check(size > 0 && (size_t)size < sizeof(head));
    fuzz_check(facts->status >= 200 && facts->status <= 599 && facts->body.size <= limits->body_max);
    buf_append(&answer, SPAN(head, (size_t)size));
    buf_append(&answer, facts->body);
    plain = fed(buf_span(&answer), SIZE_MAX, &wider, false);
    check_same(reader, plain);
    http_reader_free(plain);
    buf_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    size_t step = 2 + (size_t)fuzz_octet(&in);
    uint8_t how = fuzz_octet(&in);
    const struct http_limits limits = {.body_max = (how & SMALL_BODY) != 0 ? SMALL_LIMIT : LARGEST,
                                       .head_max = (how & SMALL_HEAD) != 0 ? 5 * SMALL_LIMIT : HTTP_HEAD_MAX};
    bool end = (how & WITH_END) != 0;
    struct http_reader *whole = fed(in, SIZE_MAX, &limits, end);
    struct http_reader *pieces = fed(in, step, &limits, end);
    struct http_reader *octets = fed(in, 1, &limits, end);
    const struct http_facts *facts = http_reader_facts(whole);

    check_same(whole, pieces);
    check_same(whole, octets);
    if (http_reader_feed(whole, SPAN_NONE) == HTTP_COMPLETE)
        check_plain(whole, &limits);
    fuzz_trace(SPAN(facts->reason, strlen(facts->reason)));
    fuzz_trace(facts->body);
    http_reader_free(whole);
    http_reader_free(pieces);
    http_reader_free(octets);
    return 0;
}
