/* crypto/base64.c: the test vectors of RFC 4648 section 10, and what must be refused. */
#include "crypto/base64.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static bool decodes(const char *text, struct buf *out)
{
    buf_clear(out);
    return base64_decode(text, strlen(text), out);
}

START_TEST(goes_both_ways)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xEF\xBE", "++++"},
    };
    struct buf out = {0};

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char *text = base64_encode(span_of_string(vectors[i][0]));

        ck_assert_str_eq(text, vectors[i][1]);
        free(text);
        ck_assert(decodes(vectors[i][1], &out));
        ck_assert_uint_eq(out.size, strlen(vectors[i][0]));
        ck_assert(memcmp(out.data != NULL ? (const char *)out.data : "", vectors[i][0], out.size) == 0);
    }
    ck_assert(decodes("Zm9v\r\nYmFy\n", &out));
    ck_assert_span(buf_span(&out), SPAN_STRING("foobar"));
    buf_free(&out);
}
END_TEST

START_TEST(refuses_what_is_not_base64)
{
    static const char *const bad[] = {"Z",    "Zg",       "Zg=",   "Zg===", "=",     "====",     "A===",
                                      "Zg=A", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm9v-", "Zm9v_A==", "\xC3\xA4"};
    struct buf out = {0};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!decodes(bad[i], &out), "%s", bad[i]);
    ck_assert(!base64_decode("Zm\0v", 4, &out));
    buf_free(&out);
}
END_TEST

TEST_MAIN("base64", goes_both_ways, refuses_what_is_not_base64)
