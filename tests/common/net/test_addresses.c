/* common/net/addresses.c: the order in which to try the addresses of a name, and listening on all of them.
 * What a name stands for is said here, not by the machine. */
#include "common/net/addresses.h"

#include "tests/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- A name service ------------------------------------------------------------------------------------- */

/* Blank-separated, in the order of the answer; NULL: there is no such name. */
static const char *answer;

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
void __wrap_freeaddrinfo(struct addrinfo *info);

static struct addrinfo *make_info(const char *text, uint16_t port, int type)
{
    struct addrinfo *info = calloc(1, sizeof(*info));
    struct sockaddr_storage *at = calloc(1, sizeof(*at));

    ck_assert(info != NULL && at != NULL);
    info->ai_addr = (struct sockaddr *)at;
    info->ai_socktype = type;
    if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)at)->sin6_addr) == 1) {
        ((struct sockaddr_in6 *)at)->sin6_port = htons(port);
        info->ai_family = AF_INET6;
        info->ai_addrlen = sizeof(struct sockaddr_in6);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET, text, &((struct sockaddr_in *)at)->sin_addr), 1);
        ((struct sockaddr_in *)at)->sin_port = htons(port);
        info->ai_family = AF_INET;
        info->ai_addrlen = sizeof(struct sockaddr_in);
    }
    at->ss_family = (sa_family_t)info->ai_family;
    return info;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    char text[512];

    ck_assert_str_eq(host, "name.test");
    *out = NULL;
    if (answer == NULL)
        return EAI_NONAME;
    snprintf(text, sizeof(text), "%s", answer);
    for (char *at = strtok(text, " "); at != NULL; at = strtok(NULL, " ")) {
        *out = make_info(at, (uint16_t)atoi(service), hints->ai_socktype);
        out = &(*out)->ai_next;
    }
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *info)
{
    while (info != NULL) {
        struct addrinfo *next = info->ai_next;

        free(info->ai_addr);
        free(info);
        info = next;
    }
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

/* "127.0.0.1 ::1", what was found. */
static const char *text_of(const struct addresses *addresses)
{
    static char text[ADDRESSES_MAX * INET6_ADDRSTRLEN];
    char one[INET6_ADDRSTRLEN];

    text[0] = '\0';
    for (size_t i = 0; i < addresses->count; i++) {
        const struct address *address = &addresses->list[i];

        inet_ntop(address->at.any.sa_family,
                  address->at.any.sa_family == AF_INET6 ? (const void *)&address->at.v6.sin6_addr
                                                        : (const void *)&address->at.v4.sin_addr,
                  one, sizeof(one));
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "", one);
    }
    return text;
}

static uint16_t port_of(const struct address *address)
{
    return ntohs(address->at.any.sa_family == AF_INET6 ? address->at.v6.sin6_port : address->at.v4.sin_port);
}

/* --- For a client --------------------------------------------------------------------------------------- */

START_TEST(families_take_turns)
{
    static const struct {
        const char *answer, *expected;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"::1 127.0.0.1", "::1 127.0.0.1"},
        {"127.0.0.1 ::1", "127.0.0.1 ::1"},
        {"::1 ::2 ::3 10.0.0.1", "::1 10.0.0.1 ::2 ::3"},
        {"10.0.0.1 10.0.0.2 10.0.0.3 ::1 ::2", "10.0.0.1 ::1 10.0.0.2 ::2 10.0.0.3"},
        {"127.0.0.1 127.0.0.1 ::1 127.0.0.1", "127.0.0.1 ::1"},
    };
    char why[ADDRESSES_WHY_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addresses found;

        answer = cases[i].answer;
        ck_assert(addresses_find("name.test", 5684, SOCK_DGRAM, &found, why));
        ck_assert_str_eq(text_of(&found), cases[i].expected);
        for (size_t k = 0; k < found.count; k++)
            ck_assert_uint_eq(port_of(&found.list[k]), 5684);
    }
}
END_TEST

START_TEST(more_than_there_is_room_for_are_passed_over)
{
    char many[512] = "", why[ADDRESSES_WHY_MAX];
    struct addresses found;

    for (int i = 1; i <= ADDRESSES_MAX + 4; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "10.0.0.%d ", i);
    answer = many;
    ck_assert(addresses_find("name.test", 1, SOCK_STREAM, &found, why));
    ck_assert_uint_eq(found.count, ADDRESSES_MAX);
}
END_TEST

START_TEST(a_name_that_is_none_is_told)
{
    char why[ADDRESSES_WHY_MAX] = "";
    struct addresses found;
    int fds[ADDRESSES_MAX];
    uint16_t port = 0;

    answer = NULL;
    ck_assert(!addresses_find("name.test", 1, SOCK_STREAM, &found, why));
    ck_assert_str_eq(why, gai_strerror(EAI_NONAME));
    ck_assert(!addresses_listen("name.test", &port, SOCK_STREAM, &found, fds, why));
    ck_assert_str_eq(why, gai_strerror(EAI_NONAME));
}
END_TEST

/* --- For a server --------------------------------------------------------------------------------------- */

static bool can_connect(const struct address *address)
{
    int fd = socket(address->at.any.sa_family, SOCK_STREAM, 0);
    bool ok = fd >= 0 && connect(fd, &address->at.any, address->size) == 0;

    close(fd);
    return ok;
}

static void close_all(const struct addresses *found, const int *fds)
{
    for (size_t i = 0; i < found->count; i++)
        close(fds[i]);
}

START_TEST(every_address_listens_on_one_port)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    const char *expected = has_ipv6() ? "127.0.0.1 ::1 127.0.0.2" : "127.0.0.1 127.0.0.2";

    answer = "127.0.0.1 127.0.0.2 ::1";
    for (size_t i = 0; i < 2; i++) {
        char why[ADDRESSES_WHY_MAX];
        struct addresses found;
        int fds[ADDRESSES_MAX];
        uint16_t port = 0;

        ck_assert_msg(addresses_listen("name.test", &port, types[i], &found, fds, why), "%s", why);
        ck_assert_str_eq(text_of(&found), expected);
        ck_assert_uint_ne(port, 0);
        for (size_t k = 0; k < found.count; k++) {
            ck_assert_uint_eq(port_of(&found.list[k]), port);
            ck_assert(types[i] == SOCK_DGRAM || can_connect(&found.list[k]));
        }
        close_all(&found, fds);
    }
}
END_TEST

/* 192.0.2.1 is nobody's (RFC 5737). */
START_TEST(an_address_of_another_machine_is_passed_over)
{
    char why[ADDRESSES_WHY_MAX];
    struct addresses found;
    int fds[ADDRESSES_MAX];
    uint16_t port = 0;

    answer = "192.0.2.1 127.0.0.1";
    ck_assert(addresses_listen("name.test", &port, SOCK_STREAM, &found, fds, why));
    ck_assert_str_eq(text_of(&found), "127.0.0.1");
    close_all(&found, fds);
    answer = "192.0.2.1";
    port = 0;
    ck_assert(!addresses_listen("name.test", &port, SOCK_STREAM, &found, fds, why));
    ck_assert_str_eq(why, strerror(EADDRNOTAVAIL));
}
END_TEST

/* Half of what was asked for is nothing: the caller would think that it is reached at every address. */
START_TEST(a_port_that_is_taken_on_one_address_is_taken)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    for (size_t i = 0; i < 2; i++) {
        char why[ADDRESSES_WHY_MAX] = "";
        struct addresses taken, found;
        int taken_fds[ADDRESSES_MAX], fds[ADDRESSES_MAX];
        uint16_t port = 0;

        answer = "127.0.0.2";
        ck_assert(addresses_listen("name.test", &port, types[i], &taken, taken_fds, why));
        answer = "127.0.0.1 127.0.0.2";
        ck_assert(!addresses_listen("name.test", &port, types[i], &found, fds, why));
        ck_assert_str_eq(why, strerror(EADDRINUSE));
        close_all(&taken, taken_fds);
        ck_assert(addresses_listen("name.test", &port, types[i], &found, fds, why));
        close_all(&found, fds);
    }
}
END_TEST

START_TEST(this_machine)
{
    static const struct {
        const char *host;
        bool any, loopback;
    } cases[] = {{"0.0.0.0", true, false},   {"::", true, false},        {"0:0::0", true, false},
                 {"::1", false, true},       {"127.0.0.1", false, true}, {"127.9.9.9", false, true},
                 {"192.0.2.1", false, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        answer = cases[i].host;
        ck_assert_int_eq(addresses_is_any(cases[i].host), cases[i].any);
        ck_assert_int_eq(addresses_is_loopback("name.test"), cases[i].loopback);
    }
    answer = "127.0.0.1 192.0.2.1";
    ck_assert(!addresses_is_loopback("name.test"));
    ck_assert(!addresses_is_any("name.test"));
}
END_TEST

TEST_MAIN("addresses", families_take_turns, more_than_there_is_room_for_are_passed_over,
          a_name_that_is_none_is_told, every_address_listens_on_one_port,
          an_address_of_another_machine_is_passed_over, a_port_that_is_taken_on_one_address_is_taken,
          this_machine)
