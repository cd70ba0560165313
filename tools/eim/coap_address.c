/* Addresses for libcoap to listen on. See coap_address.h. */
#include "tools/eim/coap_address.h"

#include "tools/tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads a numeric address. */
static bool parse_address(const char *text, uint16_t port, coap_address_t *out)
{
    coap_address_init(out);
    if (inet_pton(AF_INET, text, &out->addr.sin.sin_addr) == 1) {
        out->size = sizeof(out->addr.sin);
        out->addr.sin.sin_family = AF_INET;
        out->addr.sin.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->addr.sin6.sin6_addr) == 1) {
        out->size = sizeof(out->addr.sin6);
        out->addr.sin6.sin6_family = AF_INET6;
        out->addr.sin6.sin6_port = htons(port);
        return true;
    }
    return false;
}

/* Finds out whether the port is free, or a free one. libcoap lets two servers share a port, of which one gets
 * nothing, and does not say which port it was given. */
static bool choose_port(coap_address_t *address)
{
    int fd = socket(address->addr.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, &address->addr.sa, address->size) == 0 &&
              getsockname(fd, &address->addr.sa, &address->size) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

bool coap_choose_address(const char *text, uint16_t port, coap_address_t *out)
{
    if (!parse_address(text, port, out)) {
        tool_error("'%s' is no IP address for CoAP to listen on", text);
        return false;
    }
    if (!choose_port(out)) {
        tool_error("cannot listen on %s port %u for CoAP: %s", text, port, strerror(errno));
        return false;
    }
    return true;
}
