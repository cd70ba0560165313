/* Which profiles have network: a file of ICCIDs. */
#include "device/coverage.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define LISTED   "8988211000000000011"
#define UNLISTED "8988211000000000029"

static const char *file_of(const char *text)
{
    const char *path = test_path("coverage");
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

START_TEST(finds_what_is_listed)
{
    static const char *const texts[] = {LISTED "\n", LISTED, UNLISTED "1\n  " LISTED "  \r\n",
                                        "# all\n\n" LISTED "# at home\n", LISTED "F\n"};
    char why[256] = "";

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(coverage_has(file_of(texts[i]), LISTED, why, sizeof(why)), "%s", texts[i]);
        ck_assert_str_eq(why, "");
    }
}
END_TEST

START_TEST(says_what_is_not)
{
    static const char *const texts[] = {"", UNLISTED "\n", "#" LISTED "\n", LISTED "0\n", "8988\n"};
    char why[256];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(!coverage_has(file_of(texts[i]), LISTED, why, sizeof(why)), "%s", texts[i]);
        ck_assert_ptr_nonnull(strstr(why, "no network with profile " LISTED));
    }
    ck_assert(!coverage_has(test_path("nothing"), LISTED, why, sizeof(why)));
    ck_assert_ptr_nonnull(strstr(why, "No such file or directory"));
}
END_TEST

TEST_MAIN("coverage", finds_what_is_listed, says_what_is_not)
