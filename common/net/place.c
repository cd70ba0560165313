/* HOST:PORT. See place.h. */
#include "common/net/place.h"

#include "common/number.h"

#include <stdio.h>
#include <string.h>

bool place_parse(const char *text, struct place *place)
{
    const char *host = text;
    size_t size = strcspn(text, ":");
    const char *rest = text + size;
    int64_t port;

    if (text[0] == '[') {
        host = text + 1;
        size = strcspn(host, "]");
        if (size == 0 || host[size] != ']')
            return false;
        rest = host + size + 1;
    }
    if (size > PLACE_HOST_MAX)
        return false;
    if (size > 0) {
        memcpy(place->host, host, size);
        place->host[size] = '\0';
    }
    if (rest[0] == '\0')
        return true;
    if (rest[0] != ':' || !number_read(rest + 1, 0, UINT16_MAX, &port))
        return false;
    place->port = (uint16_t)port;
    return true;
}

void place_text(const char *host, uint16_t port, uint16_t usual, char *out, size_t size)
{
    bool v6 = strchr(host, ':') != NULL;
    char behind[sizeof(":65535")] = "";

    if (port != usual)
        snprintf(behind, sizeof(behind), ":%u", port);
    snprintf(out, size, "%s%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "", behind);
}
