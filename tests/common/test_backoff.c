/* Pauses between tries. */
#include "common/backoff.h"
#include "tests/support/test.h"

START_TEST(doubles_up_to_a_limit)
{
    static const int64_t pauses[] = {10, 20, 40, 80, 100, 100};

    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
        ck_assert_int_eq(backoff_seconds((int64_t)i + 1, 10, 100), pauses[i]);
    ck_assert_int_eq(backoff_seconds(0, 10, 100), 10);
    ck_assert_int_eq(backoff_seconds(1, 10, 5), 5);
    ck_assert_int_eq(backoff_seconds(1000, 1, INT64_MAX), INT64_MAX);
}
END_TEST

TEST_MAIN("backoff", doubles_up_to_a_limit)
