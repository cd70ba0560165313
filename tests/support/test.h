/*
 * What every unit test program shares: `check` suites run without forking under a debugger (CK_FORK=no) and
 * the exit status is the number that "make check" wants. A test program is: TCase functions, then
 * TEST_MAIN("name", case, case, …).
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_TEST_H
#define SOFTEUICC_TESTS_SUPPORT_TEST_H

#include "apdu/bytes.h"

#include <check.h>

/* Runs a suite made of these test functions; returns the exit status. Prints check's closing line. */
int test_run(const char *suite_name, const TTest *const *tests, size_t count);

#define TEST_MAIN(suite_name, ...)                                                                           \
    int main(void)                                                                                           \
    {                                                                                                        \
        const TTest *const tests[] = {__VA_ARGS__};                                                          \
        return test_run(suite_name, tests, sizeof(tests) / sizeof(tests[0]));                                \
    }

/* Of so many rounds of an exhaustive test one is done. A build with sanitizers looks for what a round does to
 * memory, and takes long for each; all of them are the other build's. */
#ifdef __SANITIZE_ADDRESS__
#define TEST_SHARE 5
#else
#define TEST_SHARE 1
#endif

/* An empty buffer that is freed when the program ends. */
struct buf *test_buf(void);

/* The octets written as hexadecimal; freed when the program ends. Fails the test on a bad digit. */
struct span hex(const char *text);

/* Compares octets and shows both as hexadecimal when they differ. */
void assert_span(const char *file, int line, struct span actual, struct span expected);
#define ck_assert_span(actual, expected) assert_span(__FILE__, __LINE__, (actual), (expected))
#define ck_assert_hex(actual, text)      assert_span(__FILE__, __LINE__, (actual), hex(text))

/* A path inside a fresh temporary directory of this test program, removed at exit. Static storage, one at a
 * time. */
const char *test_path(const char *name);

/* ../shared/data/NAME if that is there, else NULL: for the industry's own material, which is not part of the
 * project. */
const char *shared_data(const char *name);

/* A whole file; freed when the program ends. Fails the test when it cannot be read. */
struct span test_read_file(const char *path);

#endif
