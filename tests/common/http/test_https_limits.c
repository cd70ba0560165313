/* common/http/https.c and https_seats.c: how many connections there may be, how long a request may take, and
 * what evhttp's own answers have in their headers. The clients are bare sockets beside the server's loop. */
#include "common/http/https.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL "a/protocol/v1"

static struct {
    struct loop *loop;
    struct https *server;
    struct https_request *held; /* of path /later */
} bench;

static void limits_answer(void *context, struct https_request *request)
{
    struct http_answer out = {.code = 200, .content_type = "text/plain"};

    (void)context;
    if (strcmp(https_request(request)->path, "/later") == 0) {
        bench.held = request;
        return;
    }
    buf_append(&out.body, SPAN_STRING("here"));
    https_answer(request, &out);
    buf_free(&out.body);
}

static void limits_start(unsigned connections, unsigned seconds)
{
    static const char *const names[] = {"eim.test", "with.port.test:8445"};
    const struct https_options options = {.address = "127.0.0.1",
                                          .names = names,
                                          .names_count = 2,
                                          .body_max = 100,
                                          .allow = "GET, POST",
                                          .connections_max = connections,
                                          .request_time = seconds,
                                          .admin_protocol = PROTOCOL,
                                          .answer = limits_answer};

    bench.held = NULL;
    bench.loop = loop_open();
    bench.server = https_open(bench.loop, &options);
    ck_assert_ptr_nonnull(bench.server);
}

static void limits_stop(void)
{
    https_close(bench.server);
    loop_close(bench.loop);
}

/* Lets the server work for a while. */
static void turn(long milliseconds)
{
    const struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

    event_base_loopexit(loop_base(bench.loop), &wait);
    event_base_dispatch(loop_base(bench.loop));
}

static int limits_connect(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(https_port(bench.server))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

/* What has come, as text; NULL: nothing but the end of the connection. */
static const char *limits_hear(int fd)
{
    static char octets[4000];
    size_t size = 0;
    ssize_t got;

    while ((got = recv(fd, octets + size, sizeof(octets) - 1 - size, MSG_DONTWAIT)) > 0)
        size += (size_t)got;
    octets[size] = '\0';
    return got == 0 && size == 0 ? NULL : octets;
}

static const char *limits_ask(int fd, const char *path)
{
    char request[100];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    say(fd, request);
    turn(100);
    return limits_hear(fd);
}

/* The status of an answer; 0: none. */
static int limits_status(const char *method, const char *headers)
{
    char request[300];
    const char *answer;
    int fd = limits_connect();
    int status = 0;

    snprintf(request, sizeof(request), "%s / HTTP/1.1\r\n%sContent-Length: 0\r\n\r\n", method, headers);
    say(fd, request);
    turn(30);
    answer = limits_hear(fd);
    if (answer != NULL && strncmp(answer, "HTTP/1.1 ", 9) == 0)
        status = atoi(answer + 9);
    close(fd);
    return status;
}

/* A page that has its name lead to this machine (DNS rebinding) is told nothing, whatever it asks. */
START_TEST(answers_to_its_names_only)
{
    static const struct {
        const char *host;
        bool ours;
    } cases[] = {
        {"localhost", true},
        {"LOCALHOST:80", true},
        {"localhost.", true},
        {"127.0.0.1", true},
        {"127.0.0.1:443", true},
        {"192.0.2.7:8445", true},
        {"[::1]", true},
        {"[2001:db8::1]:80", true},
        {"eim.test", true},
        {"Eim.Test:8445", true},
        {"eim.test.:1", true},
        {"with.port.test", true},
        {"page.example", false},
        {"page.example:1", false},
        {"localhost.example", false},
        {"eim.test.example", false},
        {"127.0.0.1.nip", false},
        {"xeim.test", false},
        {"", false},
        {":80", false},
        {"[", false},
        {"eim.test:x", false},
        {".", false},
        {"eim.test..", false},
        {"2130706433", false},
    };
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    char headers[200];

    limits_start(100, 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *method = methods[i % (sizeof(methods) / sizeof(methods[0]))];

        snprintf(headers, sizeof(headers), "Host: %s\r\n", cases[i].host);
        ck_assert_msg(limits_status(method, headers) == (cases[i].ours ? 200 : 421), "%s '%s'", method,
                      cases[i].host);
    }
    ck_assert_int_eq(limits_status("GET", ""), 200);
    ck_assert_int_eq(limits_status("GET", "Host: localhost\r\nHost: page.example\r\n"), 421);
    limits_stop();
}
END_TEST

/* Nor may a page of another server change anything; of its own it may. */
START_TEST(takes_changes_from_no_other_page)
{
    static const struct {
        const char *origin;
        bool ours;
    } cases[] = {{"http://localhost:8445", true},
                 {"https://127.0.0.1", true},
                 {"https://eim.test", true},
                 {"https://page.example", false},
                 {"null", false},
                 {"file://", false},
                 {"localhost", false}};
    static const char *const changes[] = {"POST", "PUT", "PATCH", "DELETE"};
    char headers[200];

    limits_start(100, 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *method = changes[i % (sizeof(changes) / sizeof(changes[0]))];

        snprintf(headers, sizeof(headers), "Host: localhost\r\nOrigin: %s\r\n", cases[i].origin);
        ck_assert_msg(limits_status(method, headers) == (cases[i].ours ? 200 : 403), "%s '%s'", method,
                      cases[i].origin);
        ck_assert_int_eq(limits_status("GET", headers), 200);
    }
    limits_stop();
}
END_TEST

/* An octet now and then, each well within the idle timeout: the request has its time as a whole. */
START_TEST(a_slow_request_ends)
{
    static const char *const beginnings[] = {"G", "GET / HTTP/1.1\r\nA: b\r\n",
                                             "POST / HTTP/1.1\r\nContent-Length: 90\r\n\r\nbody", ""};
    int fds[4], other;

    limits_start(100, 4);
    for (int i = 0; i < 4; i++) {
        fds[i] = limits_connect();
        say(fds[i], beginnings[i]);
    }
    other = limits_connect();
    ck_assert_ptr_nonnull(strstr(limits_ask(other, "/"), "here"));
    for (int i = 0; i < 3; i++) {
        turn(400);
        for (int k = 0; k < 4; k++) {
            if (k != 3)
                say(fds[k], "a");
            ck_assert_ptr_nonnull(limits_hear(fds[k]));
        }
    }
    turn(3500);
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(limits_hear(fds[i]));
        close(fds[i]);
    }
    ck_assert_msg(strstr(limits_ask(other, "/"), "here") != NULL, "one that is kept does not end with them");
    say(other, "G"); /* its next one has its own time */
    turn(4500);
    ck_assert_ptr_null(limits_hear(other));
    close(other);
    limits_stop();
}
END_TEST

/* The time is the client's: the server may take longer for its answer. */
START_TEST(a_slow_answer_does_not)
{
    const struct http_answer answer = {.code = 204};
    int fd;

    limits_start(100, 1);
    fd = limits_connect();
    ck_assert_str_eq(limits_ask(fd, "/later"), "");
    turn(1500);
    ck_assert_ptr_nonnull(bench.held);
    https_answer(bench.held, &answer);
    turn(100);
    ck_assert_ptr_nonnull(strstr(limits_hear(fd), " 204 "));
    turn(1500);
    ck_assert_msg(strstr(limits_ask(fd, "/"), "here") != NULL, "idle is not slow");
    close(fd);
    limits_stop();
}
END_TEST

START_TEST(the_longest_idle_makes_room)
{
    int fds[4];

    limits_start(4, 60);
    for (int i = 0; i < 3; i++) {
        fds[i] = limits_connect();
        ck_assert_ptr_nonnull(strstr(limits_ask(fds[i], "/"), "here"));
    }
    ck_assert_ptr_nonnull(
        strstr(limits_ask(fds[0], "/"), "here")); /* now the second one is the longest idle */
    fds[3] = limits_connect();
    ck_assert_ptr_nonnull(strstr(limits_ask(fds[3], "/"), "here"));
    ck_assert_ptr_null(limits_hear(fds[1]));
    ck_assert_str_eq(limits_hear(fds[0]), "");
    ck_assert_str_eq(limits_hear(fds[2]), "");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    limits_stop();
}
END_TEST

/* None that is at work is sent away: the next one waits until somebody goes. */
START_TEST(who_works_keeps_the_place)
{
    int fds[3];

    limits_start(2, 60);
    fds[0] = limits_connect();
    ck_assert_str_eq(limits_ask(fds[0], "/later"), "");
    fds[1] = limits_connect();
    ck_assert_str_eq(limits_ask(fds[1], "/later"), "");
    fds[2] = limits_connect();
    ck_assert_str_eq(limits_ask(fds[2], "/"), "");
    turn(1500);
    ck_assert_str_eq(limits_hear(fds[0]), "");
    ck_assert_str_eq(limits_hear(fds[2]), "");
    https_answer(bench.held, &(struct http_answer){.code = 204}); /* that of fds[1] */
    turn(300);
    ck_assert_ptr_nonnull(strstr(limits_hear(fds[1]), " 204 "));
    ck_assert_ptr_nonnull(strstr(limits_hear(fds[2]), "here"));
    ck_assert_str_eq(limits_hear(fds[0]), "");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    limits_stop();
}
END_TEST

static double processor_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* A server that has no descriptor left for a client that waits rests, and goes on when there is one. */
START_TEST(no_descriptor_is_left)
{
    struct rlimit before, few;
    int fd, taken[64];
    size_t count = 0;
    double used;

    limits_start(1000, 60);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    fd = limits_connect();
    few = (struct rlimit){(rlim_t)fd + 16, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < 64 && (taken[count] = dup(fd)) >= 0)
        count++;
    ck_assert_uint_lt(count, 64);
    used = processor_seconds();
    turn(1500);
    used = processor_seconds() - used;
    ck_assert_msg(used < 0.5, "%f s", used);
    while (count > 0)
        close(taken[--count]);
    turn(1500);
    ck_assert_ptr_nonnull(strstr(limits_ask(fd, "/"), "here"));
    close(fd);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    limits_stop();
}
END_TEST

/* What evhttp answers by itself, and what is answered here: each with the version, once. */
START_TEST(every_answer_has_its_headers)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "HEAD / HTTP/1.1\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "FROB / HTTP/1.1\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\n\r\n",
        "GET http://[/ HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nExpect: more\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nContent-Length: "
        "101\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123"
        "4567890123456789012345678901234567890",
    };

    limits_start(100, 60);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = limits_connect();
        const char *answer, *version, *body;

        say(fd, requests[i]);
        turn(50);
        answer = limits_hear(fd);
        ck_assert_msg(answer != NULL && strncmp(answer, "HTTP/1.1 ", 9) == 0, "%s", requests[i]);
        version = strstr(answer, "\r\nX-Admin-Protocol: " PROTOCOL "\r\n");
        ck_assert_msg(version != NULL && strstr(version + 2, "X-Admin-Protocol") != NULL, "%s", answer);
        ck_assert_msg(strstr(version + 4, "\r\nX-Admin-Protocol") == NULL, "twice: %s", answer);
        body = strstr(answer, "\r\n\r\n");
        ck_assert_ptr_nonnull(body);
        ck_assert_msg(body[4] == '\0' || strstr(answer, "\r\nContent-Type: ") != NULL, "%s", answer);
        close(fd);
    }
    limits_stop();
}
END_TEST

/* Closing in the middle of everything. */
START_TEST(ends_with_clients_in_every_state)
{
    int fds[4];

    limits_start(100, 60);
    for (int i = 0; i < 4; i++)
        fds[i] = limits_connect();
    say(fds[0], "GET ");
    ck_assert_str_eq(limits_ask(fds[1], "/later"), "");
    ck_assert_ptr_nonnull(strstr(limits_ask(fds[2], "/"), "here"));
    limits_stop();
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}
END_TEST

TEST_MAIN("https_limits", answers_to_its_names_only, takes_changes_from_no_other_page, a_slow_request_ends,
          a_slow_answer_does_not, the_longest_idle_makes_room, who_works_keeps_the_place,
          no_descriptor_is_left, every_answer_has_its_headers, ends_with_clients_in_every_state)
