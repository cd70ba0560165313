/* What a person reads when PC/SC refuses (device/link_pcsc.c), with a pcscd of the test's own. */
#include "device/link.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_reader(void *context)
{
    struct link *link = link_open_reader(NULL);

    (void)context;
    link_close(link);
    return link == NULL;
}

/* Where libpcsclite looks for pcscd: in a directory of its own. Static storage. */
static const char *own_socket(void)
{
    static char path[] = "/tmp/softeuicc-pcscd.XXXXXX/comm";
    char *slash = strrchr(path, '/');

    *slash = '\0';
    ck_assert_ptr_nonnull(mkdtemp(path));
    *slash = '/';
    ck_assert_int_eq(setenv("PCSCLITE_CSOCK_NAME", path, 1), 0);
    return path;
}

static void remove_socket(const char *path)
{
    char directory[64];

    unlink(path);
    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* pcscd 2.3 does so with a client that polkit refuses: it takes the connection, and ends it. */
static void *refuse_everybody(void *listening)
{
    int client;

    while ((client = accept(*(int *)listening, NULL, NULL)) >= 0)
        close(client);
    return NULL;
}

START_TEST(names_polkit_when_pcscd_ends_the_connection)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = own_socket();
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    struct captured captured;
    pthread_t refusing;

    strcpy(at.sun_path, path);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(listening, 8), 0);
    ck_assert_int_eq(pthread_create(&refusing, NULL, refuse_everybody, &listening), 0);
    captured = capture(open_reader, NULL);
    ck_assert_int_eq(captured.status, 1);
    ck_assert_msg(strstr(captured.err, "start it with --disable-polkit") != NULL, "%s", captured.err);
    ck_assert_ptr_null(strstr(captured.err, "is pcscd running?"));
    shutdown(listening, SHUT_RDWR);
    pthread_join(refusing, NULL);
    close(listening);
    remove_socket(path);
}
END_TEST

START_TEST(asks_for_pcscd_when_there_is_none)
{
    const char *path = own_socket();
    struct captured captured = capture(open_reader, NULL);

    ck_assert_int_eq(captured.status, 1);
    ck_assert_msg(strstr(captured.err, "(is pcscd running?)") != NULL, "%s", captured.err);
    ck_assert_ptr_null(strstr(captured.err, "polkit"));
    remove_socket(path);
}
END_TEST

TEST_MAIN("link_pcsc", names_polkit_when_pcscd_ends_the_connection, asks_for_pcscd_when_there_is_none)
