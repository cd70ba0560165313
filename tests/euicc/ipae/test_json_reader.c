/* JSON read by SQLite: what is taken, what is found in it, and what hostile texts come to. */
#include "euicc/ipae/json_reader.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOSTILE_SIZE  ((size_t)1 << 20) /* of the largest answer that a card takes */
#define HOSTILE_LIMIT 20                /* seconds, on the slowest machine with sanitizers */

static bool takes(struct span json)
{
    struct json_reader *reader = json_reader_new();
    bool taken;

    ck_assert_ptr_nonnull(reader);
    taken = json_reader_takes(reader, json);
    json_reader_free(reader);
    return taken;
}

START_TEST(one_object_is_taken)
{
    static const char *const good[] = {"{}", " {\r\n\t} ", "{\"a\":{\"b\":[1,2.5e3,null,true,\"\"]}}",
                                       "{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\xC3\xA9\"}"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(takes(span_of_string(good[i])), "%s", good[i]);
}
END_TEST

START_TEST(nothing_else_is)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "1",
                                      "null",
                                      "\"{}\"",
                                      "{",
                                      "}",
                                      "{}{}",
                                      "{} x",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\":'b'}",
                                      "{\"a\":\"b}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u00\"}",
                                      "{\"a\":+1}",
                                      "{\"a\":0x10}",
                                      "{\"a\":True}",
                                      "{\"a\":1}/**/",
                                      "\xEF\xBB\xBF{}",
                                      "{\"a\":\"\xFF\"}",
                                      "{\"a\":\"\xC0\xAF\"}",
                                      "{\"a\":\"\xED\xA0\x80\"}",
                                      "{\"a\":\"b\\u0000c\"}",
                                      "{\"a\\u0000\":1}"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!takes(span_of_string(bad[i])), "%s", bad[i]);
    ck_assert(!takes(SPAN_NONE));
    ck_assert(!takes(SPAN_STRING("{}\0")));
    ck_assert(!takes(SPAN_STRING("{\"a\":\"b\0c\"}")));
}
END_TEST

/* Every beginning of a whole text is none. */
START_TEST(what_is_cut_off_is_not)
{
    static const char whole[] =
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"\\u00e9\"}},\"n\":-1}";

    for (size_t size = 0; size + 1 < sizeof(whole); size++)
        ck_assert_msg(!takes(SPAN(whole, size)), "%zu", size);
    ck_assert(takes(SPAN_STRING(whole)));
}
END_TEST

static enum json_found found(const char *object, struct json_member *member)
{
    struct json_reader *reader = json_reader_new();

    ck_assert_ptr_nonnull(reader);
    ck_assert_msg(json_reader_takes(reader, span_of_string(object)), "%s", object);
    ck_assert(json_reader_find(reader, span_of_string(object), "a", member));
    json_reader_free(reader);
    return member->found;
}

START_TEST(members_have_kinds)
{
    struct json_member member = {.found = JSON_FOUND_NONE};

    ck_assert_int_eq(found("{}", &member), JSON_FOUND_NONE);
    ck_assert_int_eq(found("{\"b\":1,\"A\":2,\"aa\":3,\"c\":{\"a\":4}}", &member), JSON_FOUND_NONE);
    ck_assert_int_eq(found("{\"a\":null}", &member), JSON_FOUND_NONE);
    ck_assert_int_eq(found("{\"a\":\"b\\u00e9\\n\"}", &member), JSON_FOUND_TEXT);
    ck_assert_span(buf_span(&member.text), SPAN_STRING("b\xC3\xA9\n"));
    ck_assert_int_eq(found("{\"a\":\"\"}", &member), JSON_FOUND_TEXT);
    ck_assert_uint_eq(member.text.size, 0);
    ck_assert_int_eq(found("{\"a\":-7}", &member), JSON_FOUND_INTEGER);
    ck_assert_int_eq(member.number, -7);
    ck_assert_int_eq(found("{\"a\":9223372036854775807}", &member), JSON_FOUND_INTEGER);
    ck_assert_int_eq(member.number, INT64_MAX);
    ck_assert_int_eq(found("{\"a\":9223372036854775808}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":99999999999999999999999999}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":1e400}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":1.0}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":true}", &member), JSON_FOUND_TRUE);
    ck_assert_int_eq(found("{\"a\":false}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":[\"b\"]}", &member), JSON_FOUND_OTHER);
    ck_assert_int_eq(found("{\"a\":{\"b\":{}}}", &member), JSON_FOUND_OBJECT);
    ck_assert_span(buf_span(&member.text), SPAN_STRING("{\"b\":{}}"));
    ck_assert_int_eq(found("{\"a\":1,\"b\":2,\"a\":1}", &member), JSON_FOUND_TWICE);
    ck_assert_int_eq(found("{\"a\":1,\"a\":null}", &member), JSON_FOUND_TWICE);
    buf_free(&member.text);
}
END_TEST

/* --- hostile ------------------------------------------------------------------------------------------ */

/* `before`, then `repeated` as often as fits, then `behind`; nothing of it takes long, whatever it is. */
static bool hostile(const char *before, const char *repeated, size_t times, const char *behind)
{
    struct json_reader *reader = json_reader_new();
    struct json_member member = {.found = JSON_FOUND_NONE};
    struct buf json = {0};
    time_t begun = time(NULL);
    bool taken;

    buf_append(&json, span_of_string(before));
    for (size_t i = 0; i < times && json.size + strlen(repeated) + strlen(behind) <= HOSTILE_SIZE; i++)
        buf_append(&json, span_of_string(repeated));
    buf_append(&json, span_of_string(behind));
    taken = json_reader_takes(reader, buf_span(&json));
    for (unsigned i = 0; taken && i < 12; i++)
        ck_assert(json_reader_find(reader, buf_span(&json), "header", &member));
    ck_assert_int_lt(time(NULL) - begun, HOSTILE_LIMIT);
    buf_free(&member.text);
    buf_free(&json);
    json_reader_free(reader);
    return taken;
}

START_TEST(large_texts_are_no_burden)
{
    ck_assert(!hostile("", "[", SIZE_MAX, ""));
    ck_assert(!hostile("{\"a\":", "[", SIZE_MAX, ""));
    ck_assert(!hostile("", "{\"a\":", SIZE_MAX, ""));
    ck_assert(!hostile("{\"a\":\"", "\\", SIZE_MAX, ""));
    ck_assert(!hostile("{\"a\":\"", "\\u", SIZE_MAX, "\"}"));
    ck_assert(hostile("{\"a\":\"", "\\\\", SIZE_MAX, "\"}"));
    ck_assert(hostile("{\"a\":\"", "\\u00e9", SIZE_MAX, "\"}"));
    ck_assert(hostile("{\"a\":[0", ",0", SIZE_MAX, "]}"));
    ck_assert(hostile("{\"a\":0", ",\"\":0", SIZE_MAX, "}"));
    ck_assert(hostile("{\"a\":0", ",\"header\":0", SIZE_MAX, "}"));
    ck_assert(hostile("{\"header\":", "1", SIZE_MAX, "}"));
    ck_assert(hostile("{", " ", SIZE_MAX, "}"));
}
END_TEST

/* As deep as it goes, and one more. */
START_TEST(nesting_has_an_end)
{
    bool taken = true;

    for (size_t depth = 1; taken; depth *= 2) {
        struct buf json = {0};

        ck_assert_uint_lt(depth, 100000);
        for (size_t i = 0; i < depth; i++)
            buf_append(&json, SPAN_STRING("{\"header\":"));
        buf_append(&json, SPAN_STRING("1"));
        for (size_t i = 0; i < depth; i++)
            buf_append(&json, SPAN_STRING("}"));
        taken = takes(buf_span(&json));
        ck_assert(taken || depth > 100);
        buf_free(&json);
    }
}
END_TEST

TEST_MAIN("json reader", one_object_is_taken, nothing_else_is, what_is_cut_off_is_not, members_have_kinds,
          large_texts_are_no_burden, nesting_has_an_end)
