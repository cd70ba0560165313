/* The client's end of a card's control socket (docs/ctl.md): one line out, one line in. */
#include "tools/ctl/ctl.h"

#include "common/local_socket.h"
#include "common/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)64 << 20) /* octets */
#define READ_SIZE  65536
/* A running card answers at once, or when its reader has noticed: it waits no longer than five seconds for
 * that. */
#define PATIENCE_S 15

enum ctl_connected ctl_connect(struct ctl_client *client, const char *path)
{
    uid_t uid;

    *client = (struct ctl_client){.fd = local_socket_connect(path)};
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

/* Receives more. False: the connection ended, or nothing came in time. */
static bool receive_more(struct ctl_client *client)
{
    ssize_t n;

    if (client->start > 0) {
        memmove(client->buffer, client->buffer + client->start, client->size - client->start);
        client->size -= client->start;
        client->start = 0;
    }
    if (client->capacity - client->size < READ_SIZE) {
        size_t capacity = client->capacity == 0 ? (size_t)2 * READ_SIZE : 2 * client->capacity;
        char *larger = capacity <= ANSWER_MAX ? realloc(client->buffer, capacity) : NULL;

        if (larger == NULL) {
            errno = EMSGSIZE;
            return false;
        }
        client->buffer = larger;
        client->capacity = capacity;
    }
    do
        n = recv(client->fd, client->buffer + client->size, READ_SIZE, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = ECONNRESET;
    if (n <= 0)
        return false;
    client->size += (size_t)n;
    return true;
}

json_t *ctl_receive(struct ctl_client *client, bool patient)
{
    const struct timeval limit = {patient ? 0 : PATIENCE_S, 0};
    json_error_t error;
    char *end;
    json_t *json;

    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    while (client->size == client->start ||
           (end = memchr(client->buffer + client->start, '\n', client->size - client->start)) == NULL) {
        if (!receive_more(client)) {
            tool_error(errno == EAGAIN ? "the card's daemon does not answer" : "the card's daemon is gone");
            return NULL;
        }
    }
    json =
        json_loadb(client->buffer + client->start, (size_t)(end - client->buffer) - client->start, 0, &error);
    client->start = (size_t)(end - client->buffer) + 1;
    if (json == NULL)
        tool_error("the card's daemon does not speak JSON: %s", error.text);
    return json;
}

json_t *ctl_call(struct ctl_client *client, json_t *request)
{
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    json_t *answer = NULL;
    json_t *result = NULL;
    const char *why;

    json_decref(request);
    if (text == NULL) {
        tool_error("the request cannot be made: what was given is no UTF-8 text");
        return NULL;
    }
    /* A daemon that turns us away may have gone already, but has said why. */
    if (send_all(client->fd, text, strlen(text)))
        (void)send_all(client->fd, "\n", 1);
    free(text);
    answer = ctl_receive(client, false);
    if (answer == NULL)
        return NULL;
    if (json_is_true(json_object_get(answer, "ok")))
        result = json_incref(json_object_get(answer, "result"));
    why = json_string_value(json_object_get(answer, "error"));
    if (result == NULL)
        tool_error("%s", why != NULL ? why : "the card's daemon gave no answer that makes sense");
    json_decref(answer);
    return result;
}
