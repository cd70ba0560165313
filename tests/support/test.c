/* What every unit test program shares: see test.h. */
#include "tests/support/test.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept {
    struct kept *next;
    struct buf buf;
};

static struct kept *kept;
static char directory[] = "/tmp/softeuicc-test.XXXXXX";
static bool directory_made;
static pid_t directory_owner;

struct buf *test_buf(void)
{
    struct kept *k = calloc(1, sizeof(*k));

    ck_assert_ptr_nonnull(k);
    k->next = kept;
    kept = k;
    return &k->buf;
}

static void free_kept(void)
{
    while (kept != NULL) {
        struct kept *k = kept;

        kept = k->next;
        buf_free(&k->buf);
        free(k);
    }
}

struct span hex(const char *text)
{
    struct buf *buf = test_buf();
    size_t offset = 0;

    if (!buf_append_hex(buf, text, &offset))
        ck_abort_msg("bad hexadecimal at %zu: %s", offset, text);
    return buf_span(buf);
}

void assert_span(const char *file, int line, struct span actual, struct span expected)
{
    char *a;
    char *e;

    if (span_equal(actual, expected))
        return;
    a = malloc(2 * actual.size + 1);
    e = malloc(2 * expected.size + 1);
    ck_assert(a != NULL && e != NULL);
    ck_abort_msg("%s:%d: octets differ\n  have %s\n  want %s", file, line,
                 hex_from_span(actual, a, 2 * actual.size + 1),
                 hex_from_span(expected, e, 2 * expected.size + 1));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_directory(void)
{
    if (directory_made && directory_owner == getpid())
        nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_path(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

const char *shared_data(const char *name)
{
    static char path[512];
    static const char *const roots[] = {SOURCE_DIR "/../shared/data", "../shared/data"};

    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", roots[i], name);
        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

struct span test_read_file(const char *path)
{
    struct buf *buf = test_buf();
    FILE *file = fopen(path, "rb");
    uint8_t block[4096];
    size_t n;

    if (file == NULL)
        ck_abort_msg("cannot open %s", path);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        buf_append(buf, SPAN(block, n));
    fclose(file);
    return buf_span(buf);
}

int test_run(const char *suite_name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(suite_name);
    TCase *tcase = tcase_create(suite_name);
    SRunner *runner;
    int failed;

    if (mkdtemp(directory) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    directory_made = true;
    directory_owner = getpid();
    atexit(remove_directory);
    tcase_set_timeout(tcase, 900); /* seconds: the power-cut test with sanitizers on a machine that is busy */
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    signal(SIGHUP, SIG_DFL); /* a test run under nohup tests the same */
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_kept();
    return failed == 0 ? 0 : 1;
}
