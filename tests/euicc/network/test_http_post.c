/* euicc/network/http_post.c: what a request looks like, and what may not stand in one. */
#include "euicc/network/http_post.h"
#include "tests/support/test.h"

#include <string.h>

static const struct http_field es9p_fields[] = {{"User-Agent", "gsma-rsp-lpad"},
                                                {"X-Admin-Protocol", "gsma/rsp/v2.5.0"},
                                                {"Content-Type", "application/json;charset=UTF-8"}};

static struct http_post es9p_post(void)
{
    return (struct http_post){.host = "smdp.example.com",
                              .port = 443,
                              .path = "/gsma/rsp2/es9plus/initiateAuthentication",
                              .fields = es9p_fields,
                              .field_count = 3,
                              .body = SPAN_STRING("{}"),
                              .keep_alive = true};
}

START_TEST(a_request)
{
    static const char expected[] = "POST /gsma/rsp2/es9plus/initiateAuthentication HTTP/1.1\r\n"
                                   "Host: smdp.example.com\r\n"
                                   "User-Agent: gsma-rsp-lpad\r\n"
                                   "X-Admin-Protocol: gsma/rsp/v2.5.0\r\n"
                                   "Content-Type: application/json;charset=UTF-8\r\n"
                                   "Content-Length: 2\r\n"
                                   "\r\n"
                                   "{}";
    struct http_post post = es9p_post();
    struct buf *out = test_buf();

    ck_assert(http_post_write(&post, out));
    ck_assert_span(buf_span(out), SPAN_STRING(expected));
    /* What is there already stays. */
    ck_assert(http_post_write(&post, out));
    ck_assert_uint_eq(out->size, 2 * (sizeof(expected) - 1));
}
END_TEST

START_TEST(hosts_and_ports)
{
    static const struct {
        const char *host;
        uint16_t port;
        const char *expected;
    } cases[] = {{"192.0.2.1", 443, "POST /a HTTP/1.1\r\nHost: 192.0.2.1\r\n"},
                 {"eim.example", 8443, "POST /a HTTP/1.1\r\nHost: eim.example:8443\r\n"},
                 {"2001:db8::1", 443, "POST /a HTTP/1.1\r\nHost: [2001:db8::1]\r\n"},
                 {"::1", 65535, "POST /a HTTP/1.1\r\nHost: [::1]:65535\r\n"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_post post = {.host = cases[i].host, .port = cases[i].port, .path = "/a"};
        struct buf *out = test_buf();

        ck_assert(http_post_write(&post, out));
        buf_append_octet(out, '\0');
        ck_assert_pstr_eq((char *)out->data + strlen(cases[i].expected),
                          "Content-Length: 0\r\nConnection: close\r\n\r\n");
        ck_assert_span(SPAN(out->data, strlen(cases[i].expected)), span_of_string(cases[i].expected));
    }
}
END_TEST

START_TEST(what_cannot_stand_in_a_request)
{
    static const char *const hosts[] = {"",      "a b", "a\r\nX: y", "a/b", "user@a", "[::1]",
                                        "a:443", "1.2", "b\xC3\xBC", "a\n", "::1%1",  "a#b"};
    static const char *const paths[] = {"",       "a",         "/a b", "/a\r\nX: y", "/a\n", "/\t",
                                        "/a\x7F", "/\xC3\xBC", "/a#b", "http://a/",  "*",    "/a HTTP/1.1"};
    static const struct http_field fields[] = {{"", "a"},           {"A B", "a"},
                                               {"A:", "a"},         {"A\r\nB", "a"},
                                               {"A\n", "a"},        {"\xC3\xBC", "a"},
                                               {"A", "a\r\nB: c"},  {"A", "a\n"},
                                               {"A", "\r"},         {"A", "a\x7F"},
                                               {"A", "\x01"},       {"A", "\xC3\xBC"},
                                               {"A\"", "a"},        {"host", "a"},
                                               {"Connection", "a"}, {"CONTENT-LENGTH", "1"},
                                               {"A(b)", "a"},       {"transfer-encoding", "chunked"}};
    struct http_post post;
    struct buf *out = test_buf();

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        post = es9p_post();
        post.host = hosts[i];
        ck_assert_msg(!http_post_write(&post, out), "%s", hosts[i]);
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        post = es9p_post();
        post.path = paths[i];
        ck_assert_msg(!http_post_write(&post, out), "%s", paths[i]);
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct http_field both[] = {{"Good", "one\ttwo"}, fields[i]};

        post = es9p_post();
        post.fields = both;
        post.field_count = 1;
        ck_assert(http_post_write(&post, out));
        buf_clear(out);
        post.field_count = 2;
        ck_assert_msg(!http_post_write(&post, out), "%s: %s", fields[i].name, fields[i].value);
        ck_assert_uint_eq(out->size, 0);
    }
    post = es9p_post();
    post.port = 0;
    ck_assert(!http_post_write(&post, out));
    ck_assert_uint_eq(out->size, 0);
    ck_assert(!out->failed);
}
END_TEST

START_TEST(a_body_that_is_too_large)
{
    struct http_post post = es9p_post();
    struct buf *out = test_buf();

    post.body = SPAN("", BUF_LIMIT + 1); /* never looked at: there is no room for it */
    ck_assert(!http_post_write(&post, out));
    ck_assert(out->failed);
    ck_assert_uint_eq(out->size, 0);
}
END_TEST

TEST_MAIN("http_post", a_request, hosts_and_ports, what_cannot_stand_in_a_request, a_body_that_is_too_large)
