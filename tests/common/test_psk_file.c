/* common/psk_file.c: files of keys shared beforehand. */
#include "common/psk_file.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char *file_of(struct span text, mode_t mode)
{
    static char path[200];
    FILE *file;

    snprintf(path, sizeof(path), "%s", test_path("keys"));
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text.data, 1, text.size, file), text.size);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

static struct psk_file read_good(const char *text)
{
    struct psk_file file;

    ck_assert(psk_file_read(file_of(span_of_string(text), 0600), &file));
    return file;
}

START_TEST(lines_are_read_in_their_order)
{
    struct psk_file file = read_good("# of the bench\n\n  \t\r\nsecond:00ff\nfirst:AB\n#x:00");

    ck_assert_uint_eq(file.count, 2);
    ck_assert_str_eq(file.list[0].identity, "second");
    ck_assert_uint_eq(file.list[0].key_size, 2);
    ck_assert_uint_eq(file.list[0].key[1], 0xFF);
    ck_assert_str_eq(file.list[1].identity, "first");
    psk_file_free(&file);
    ck_assert_uint_eq(file.count, 0);
    file = read_good("a:00"); /* the last line need not end */
    ck_assert_uint_eq(file.count, 1);
    psk_file_free(&file);
}
END_TEST

START_TEST(identities_are_found)
{
    struct psk_file file = read_good("device:01\ndevice-1:02\n");

    ck_assert_ptr_eq(psk_file_find(&file, SPAN_STRING("device")), &file.list[0]);
    ck_assert_ptr_eq(psk_file_find(&file, SPAN_STRING("device-1")), &file.list[1]);
    ck_assert_ptr_null(psk_file_find(&file, SPAN_STRING("devic")));
    ck_assert_ptr_null(psk_file_find(&file, SPAN_STRING("device-12")));
    ck_assert_ptr_null(psk_file_find(&file, SPAN_STRING("Device")));
    ck_assert_ptr_null(psk_file_find(&file, SPAN_STRING("")));
    psk_file_free(&file);
    ck_assert_ptr_null(psk_file_find(&file, SPAN_STRING("device")));
}
END_TEST

static int read_it(void *context)
{
    struct psk_file file;
    bool ok = psk_file_read(context, &file);

    if (ok)
        psk_file_free(&file);
    else
        ck_assert(file.list == NULL && file.count == 0);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static void assert_refused(struct span text, const char *what)
{
    char *path = file_of(text, 0600);
    char line[400];

    snprintf(line, sizeof(line), "softeuicc name: %s%s\n", path, what);
    ck_assert_captured(capture(read_it, path), EXIT_FAILED, "", line);
}

START_TEST(refusals_name_the_line)
{
    char nothing[300];

    tool_set_name("name");
    assert_refused(SPAN_STRING("a:00\n\nb:0x\n"), ":3 has a key that is not hexadecimal");
    assert_refused(SPAN_STRING("a:000\n"), ":1 has a key that is not hexadecimal");
    assert_refused(SPAN_STRING("#\na\n"), ":2 has no ':' between identity and key");
    assert_refused(SPAN_STRING(" # a\n"), ":1 has no ':' between identity and key");
    assert_refused(SPAN_STRING("a:00\nb:01\na:02\n"), ":3 has an identity that an earlier line has");
    assert_refused(SPAN_STRING("a:00\nb:00\0:01\n"), ":2 has a zero octet");
    assert_refused(SPAN_STRING("a:00\n\0\n"), ":2 has a zero octet");
    assert_refused(SPAN_STRING("a:00\0"), ":1 has a zero octet");
    assert_refused(SPAN_STRING("# none\n\n"), " has no key");
    assert_refused(SPAN_STRING(""), " has no key");
    snprintf(nothing, sizeof(nothing), "%s", test_path("nothing"));
    ck_assert_int_eq(capture(read_it, nothing).status, EXIT_FAILED);
}
END_TEST

START_TEST(who_else_may_read_it_is_said_once)
{
    char *path = file_of(SPAN_STRING("a:00\n"), 0644);

    ck_assert_ptr_nonnull(strstr(capture(read_it, path).err, "others may read the secret in"));
    ck_assert_captured(capture(read_it, path), EXIT_OK, "", "");
}
END_TEST

TEST_MAIN("psk_file", lines_are_read_in_their_order, identities_are_found, refusals_name_the_line,
          who_else_may_read_it_is_said_once)
