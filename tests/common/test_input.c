/* common/input.c: what is read as a file and what is not, without waiting; and secrets that others may read.
 */
#include "common/input.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT 100

static const char *file_of(const char *name, size_t size, mode_t mode)
{
    FILE *file = fopen(test_path(name), "w");

    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < size; i++)
        fputc('x', file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(test_path(name), mode), 0);
    return test_path(name);
}

/* Reads it; the line that says why not, "" when it was read. */
static const char *input_of(const char *path, size_t *size)
{
    static char why[INPUT_WHY_MAX];
    struct buf out = {0};
    bool ok = input_read(path, "NAME", LIMIT, &out, why);

    *size = out.size;
    buf_free(&out);
    return ok ? "" : why;
}

static void assert_refused(const char *path, const char *line)
{
    size_t size;

    ck_assert_str_eq(input_of(path, &size), line);
}

START_TEST(files_are_read)
{
    size_t size;

    ck_assert_str_eq(input_of(file_of("empty", 0, 0600), &size), "");
    ck_assert_uint_eq(size, 0);
    ck_assert_str_eq(input_of(file_of("full", LIMIT, 0600), &size), "");
    ck_assert_uint_eq(size, LIMIT);
    assert_refused(file_of("larger", LIMIT + 1, 0600), "NAME is larger than the 100 octets allowed");
    assert_refused(test_path("nothing"), "cannot open NAME: No such file or directory");
    ck_assert_int_eq(symlink("full", test_path("link")), 0);
    ck_assert_str_eq(input_of(test_path("link"), &size), "");
}
END_TEST

/* Without a writer an open FIFO would be waited for, as long as the test is let run. */
START_TEST(what_is_no_file_is_refused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(mkfifo(test_path("fifo"), 0600), 0);
    assert_refused(test_path("fifo"), "NAME is a FIFO, not a file");
    ck_assert_int_eq(symlink("fifo", test_path("to-fifo")), 0);
    assert_refused(test_path("to-fifo"), "NAME is a FIFO, not a file");
    assert_refused(test_path(""), "NAME is a directory, not a file");
    assert_refused("/dev/zero", "NAME is a device, not a file");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", test_path("socket"));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_refused(test_path("socket"), "cannot open NAME: it is a socket or a device, not a file");
    close(fd);
    ck_assert_str_eq(input_other_kind(test_path("fifo")), "a FIFO");
    ck_assert_str_eq(input_other_kind("/dev/null"), "a device");
    ck_assert_ptr_null(input_other_kind(test_path("nothing")));
    ck_assert_ptr_null(input_other_kind(file_of("file", 1, 0600)));
}
END_TEST

/* A pipe that the caller opened itself, and the same behind a link in a directory. */
START_TEST(pipes_of_the_caller)
{
    char path[40];
    size_t size;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "12345", 5), 5);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    ck_assert_int_eq(symlink(path, test_path("to-pipe")), 0);
    assert_refused(test_path("to-pipe"), "NAME is a FIFO, not a file");
    close(ends[1]);
    ck_assert_str_eq(input_of(path, &size), "");
    ck_assert_uint_eq(size, 5);
    close(ends[0]);
}
END_TEST

static int read_secret(void *context)
{
    struct buf out = {0};
    bool ok = tool_read_secret(context, LIMIT, &out);

    tool_check_secret(context);
    buf_free(&out);
    return ok ? EXIT_OK : EXIT_FAILED;
}

START_TEST(secrets)
{
    static const mode_t modes[] = {0600, 0400, 0700, 0610, 0622, 0640, 0604, 0644, 0777};
    char other[200];

    tool_set_name("name");
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        bool is_exposed = (modes[i] & 0044) != 0;
        char name[20], path[200], line[600] = "";
        struct captured captured;

        snprintf(name, sizeof(name), "key%zu", i);
        snprintf(path, sizeof(path), "%s", file_of(name, 1, modes[i]));
        if (is_exposed)
            snprintf(line, sizeof(line),
                     "softeuicc name: warning: others may read the secret in %s (mode %04o): chmod 600 %s\n",
                     path, (unsigned)modes[i], path);
        captured = capture(read_secret, path);
        ck_assert_captured(captured, EXIT_OK, "", line);
        captured = capture(read_secret, path); /* once is enough */
        ck_assert_captured(captured, EXIT_OK, "", "");
    }
    snprintf(other, sizeof(other), "%s", file_of("a b", 1, 0644));
    ck_assert_ptr_nonnull(strstr(capture(read_secret, other).err, ": chmod 600 it\n"));
    snprintf(other, sizeof(other), "%s", test_path("a-fifo"));
    ck_assert_int_eq(mkfifo(other, 0644), 0);
    ck_assert_ptr_nonnull(strstr(capture(read_secret, other).err, "fifo is a FIFO, not a file\n"));
}
END_TEST

TEST_MAIN("input", files_are_read, what_is_no_file_is_refused, pipes_of_the_caller, secrets)
