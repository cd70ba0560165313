/* common/print/junit.c: whole documents, octet for octet, and texts that XML cannot hold as they are. */
#include "common/print/junit.h"
#include "tests/support/test.h"

static const char *document(const struct junit_case *cases, size_t count)
{
    struct buf *out = test_buf();

    junit_put(out, "a suite", cases, count);
    buf_append_octet(out, 0);
    ck_assert(!out->failed);
    return (const char *)out->data;
}

START_TEST(a_suite)
{
    static const struct junit_case cases[] = {
        {.group = "first", .name = "card", .seconds = 1.25},
        {.group = "first",
         .name = "SM-DP+",
         .seconds = 0.5,
         .failure = "installs is 2, expected 1\nand more"},
    };

    ck_assert_str_eq(document(cases, 2),
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<testsuite name=\"a suite\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"1.750\">\n"
                     "  <testcase classname=\"first\" name=\"card\" time=\"1.250\"/>\n"
                     "  <testcase classname=\"first\" name=\"SM-DP+\" time=\"0.500\">\n"
                     "    <failure message=\"installs is 2, expected 1\">installs is 2, expected 1\nand more"
                     "</failure>\n"
                     "  </testcase>\n"
                     "</testsuite>\n");
}
END_TEST

START_TEST(a_suite_without_cases_and_without_times)
{
    const struct junit_case one = {.group = "g", .name = "n", .seconds = -1};

    ck_assert_str_eq(document(NULL, 0),
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<testsuite name=\"a suite\" tests=\"0\" failures=\"0\" errors=\"0\">\n"
                     "</testsuite>\n");
    ck_assert_str_eq(document(&one, 1),
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<testsuite name=\"a suite\" tests=\"1\" failures=\"0\" errors=\"0\">\n"
                     "  <testcase classname=\"g\" name=\"n\"/>\n"
                     "</testsuite>\n");
}
END_TEST

/* What comes from a card or a server cannot end the element that it stands in, nor is there anything in it
 * that no XML may have: controls, and octets that are no UTF-8. */
START_TEST(hostile_texts)
{
    const struct junit_case one = {.group = "<&>\"'",
                                   .name = "a\x01\x1b[2J\xff"
                                           "b\n</testsuite>",
                                   .seconds = -1,
                                   .failure = "]]>\n\xc3\xa9\x7f</failure>"};
    const char *text = document(&one, 1);

    ck_assert_ptr_nonnull(strstr(text, "classname=\"&lt;&amp;&gt;&quot;&apos;\""));
    ck_assert_ptr_nonnull(strstr(text, "name=\"a??[2J?b\">"));
    ck_assert_ptr_nonnull(strstr(text, "message=\"]]&gt;\">]]&gt;\n\xc3\xa9?&lt;/failure&gt;</failure>"));
}
END_TEST

TEST_MAIN("junit", a_suite, a_suite_without_cases_and_without_times, hostile_texts)
