/* A server with what it is trusted by: see server_copy.h. */
#include "euicc/network/server_copy.h"

#include <string.h>

void server_copy_free(struct server_copy *copy)
{
    for (size_t i = 0; i < SERVER_TRUSTED_MAX; i++)
        buf_free(&copy->octets[i]);
    memset(&copy->server, 0, sizeof(copy->server));
}

bool server_copy_take(struct server_copy *copy, const struct connection_server *server)
{
    bool whole = server->trust.count <= SERVER_TRUSTED_MAX;

    server_copy_free(copy);
    copy->server = *server;
    copy->server.trust.values = copy->values;
    for (size_t i = 0; whole && i < server->trust.count; i++) {
        buf_append(&copy->octets[i], server->trust.values[i]);
        copy->values[i] = buf_span(&copy->octets[i]);
        whole = !copy->octets[i].failed;
    }
    return whole;
}

bool server_copy_is(const struct server_copy *copy, const struct connection_server *server)
{
    const struct connection_server *own = &copy->server;

    if (strcmp(own->host, server->host) != 0 || own->port != server->port ||
        own->trust.kind != server->trust.kind || own->trust.count != server->trust.count)
        return false;
    for (size_t i = 0; i < own->trust.count; i++)
        if (!span_equal(own->trust.values[i], server->trust.values[i]))
            return false;
    return true;
}
