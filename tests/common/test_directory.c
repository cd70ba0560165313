/* common/directory.c: all of a directory goes, and nothing beside it. */
#include "common/directory.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

START_TEST(all_of_it_and_no_more)
{
    char dir[] = "/tmp/test-directory-XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert_int_eq(mkdir("beside", 0700) | mkdir("gone", 0700) | mkdir("gone/below", 0700), 0);
    make_file("beside/stays");
    make_file("gone/one");
    make_file("gone/below/.two");
    ck_assert_int_eq(symlink("../beside", "gone/link") | symlink("nowhere", "gone/below/dangling"), 0);
    directory_remove("gone");
    ck_assert_int_ne(access("gone", F_OK), 0);
    ck_assert_int_eq(access("beside/stays", F_OK), 0);
    directory_remove("gone"); /* nothing is there */
    ck_assert_int_eq(chdir("/"), 0);
    directory_remove(dir);
    ck_assert_int_ne(access(dir, F_OK), 0);
}
END_TEST

TEST_MAIN("directory", all_of_it_and_no_more)
