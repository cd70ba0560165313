/*
 * Stands in for test.c and the check framework in programs that are not test suites (fuzz targets,
 * benchmarks) but use the test bench: an assertion that fails ends the program. check's own assertions write
 * a file as they pass.
 */
#include "tests/support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct kept {
    struct kept *next;
    struct buf buf;
};

/* Kept until the program ends, in reach of who looks for leaks. */
static struct kept *kept;

void _mark_point(const char *file, int line)
{
    (void)file;
    (void)line;
}

void _ck_assert_failed(const char *file, int line, const char *expression, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: %s", file, line, expression);
    if (format != NULL) {
        va_start(arguments, format);
        fputs(": ", stderr);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
    }
    fputc('\n', stderr);
    abort();
}

struct buf *test_buf(void)
{
    struct kept *k = calloc(1, sizeof(*k));

    ck_assert_ptr_nonnull(k);
    k->next = kept;
    kept = k;
    return &k->buf;
}

void assert_span(const char *file, int line, struct span actual, struct span expected)
{
    if (!span_equal(actual, expected))
        _ck_assert_failed(file, line, "octets differ", NULL);
}
