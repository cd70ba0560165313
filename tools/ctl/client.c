/* The client's end of a card's control socket (docs/ctl.md): one line out, one line in. */
#include "tools/ctl/ctl.h"

#include "common/net/local_socket.h"
#include "common/tool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)64 << 20) /* octets */
#define READ_SIZE  65536
/* Milliseconds. A running card answers at once, or when its reader has noticed: it waits no longer than five
 * seconds for that. */
#define PATIENCE 15000
#define FOR_EVER INT64_MAX

enum ctl_connected ctl_connect(struct ctl_client *client, const char *path)
{
    uid_t uid;

    *client = (struct ctl_client){.fd = local_socket_connect(path), .patience = PATIENCE};
    if (client->fd < 0 && (errno == ENOENT || errno == ECONNREFUSED))
        return CTL_NOBODY;
    if (client->fd < 0) {
        tool_error("cannot connect to %s: %s", path, strerror(errno));
        return CTL_FAILED;
    }
    /* Root serves anybody's card. */
    if (!local_socket_peer_is_ours(client->fd, &uid) && geteuid() != 0) {
        tool_error("%s is a socket of user %ld", path, (long)uid);
        ctl_disconnect(client);
        return CTL_FAILED;
    }
    return CTL_CONNECTED;
}

void ctl_disconnect(struct ctl_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->buffer);
    *client = (struct ctl_client){.fd = -1};
}

static bool send_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

static int64_t ctl_client_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits until there is something to receive. False with errno: nothing came by `end`. */
static bool wait_until(int fd, int64_t end)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int ready;

    do {
        int64_t left = end - ctl_client_now();

        ready = poll(&poll_fd, 1, end == FOR_EVER ? -1 : left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0;
}

/* Makes room for READ_SIZE octets. False with errno: the line is too long, or memory ran out. */
static bool make_room(struct ctl_client *client)
{
    size_t capacity = client->capacity == 0 ? (size_t)2 * READ_SIZE : 2 * client->capacity;
    char *larger;

    if (client->start > 0) {
        memmove(client->buffer, client->buffer + client->start, client->size - client->start);
        client->size -= client->start;
        client->searched -= client->start;
        client->start = 0;
    }
    if (client->capacity - client->size >= READ_SIZE)
        return true;
    if (capacity > ANSWER_MAX) {
        errno = EMSGSIZE;
        return false;
    }
    larger = realloc(client->buffer, capacity);
    if (larger == NULL)
        return false;
    client->buffer = larger;
    client->capacity = capacity;
    return true;
}

/* Receives more, by `end`. False with errno; 0: the connection ended. */
static bool receive_more(struct ctl_client *client, int64_t end)
{
    ssize_t n;

    if (!make_room(client) || !wait_until(client->fd, end))
        return false;
    do
        n = recv(client->fd, client->buffer + client->size, READ_SIZE, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = 0;
    if (n <= 0)
        return false;
    client->size += (size_t)n;
    return true;
}

/* The end of the line that begins at `start`; NULL: it is not there yet. */
static const char *find_end(struct ctl_client *client)
{
    size_t from = client->searched;

    client->searched = client->size;
    return client->size > from ? memchr(client->buffer + from, '\n', client->size - from) : NULL;
}

static void say_why_not(int why)
{
    if (why == ETIMEDOUT)
        tool_error("the card's daemon does not answer");
    else if (why == EMSGSIZE)
        tool_error("the card's daemon sends a line without end");
    else if (why == ENOMEM)
        tool_error("out of memory");
    else
        tool_error("the card's daemon is gone");
}

json_t *ctl_receive(struct ctl_client *client, bool patient)
{
    const int64_t end = patient ? FOR_EVER : ctl_client_now() + client->patience;
    json_error_t error;
    const char *begin;
    const char *line_end;
    json_t *json;

    while ((line_end = find_end(client)) == NULL) {
        if (!receive_more(client, end)) {
            say_why_not(errno);
            return NULL;
        }
    }
    begin = client->buffer + client->start;
    json = json_loadb(begin, (size_t)(line_end - begin), 0, &error);
    client->start = (size_t)(line_end - client->buffer) + 1;
    client->searched = client->start;
    if (json == NULL)
        tool_error("the card's daemon does not speak JSON: %s", error.text);
    else if (!json_is_object(json))
        tool_error(CTL_NONSENSE);
    else
        return json;
    json_decref(json);
    return NULL;
}

/* The result of an answer, owned by the caller; NULL after the line that says why there is none. */
static json_t *result_of(const json_t *answer)
{
    json_t *result = json_object_get(answer, "result");
    const char *why = json_string_value(json_object_get(answer, "error"));

    if (json_is_true(json_object_get(answer, "ok")) && json_is_object(result))
        return json_incref(result);
    if (json_is_false(json_object_get(answer, "ok")) && why != NULL)
        tool_error("%s", why);
    else
        tool_error(CTL_NONSENSE);
    return NULL;
}

json_t *ctl_call(struct ctl_client *client, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    json_t *answer;
    json_t *result = NULL;

    json_decref(request);
    if (text == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    /* A daemon that turns us away may have gone already, but has said why. */
    if (send_all(client->fd, text, strlen(text)))
        (void)send_all(client->fd, "\n", 1);
    free(text);
    answer = ctl_receive(client, false);
    if (answer != NULL)
        result = result_of(answer);
    json_decref(answer);
    return result;
}
