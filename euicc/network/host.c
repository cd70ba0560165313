/* Literal addresses and names of hosts: see host.h. */
#include "euicc/network/host.h"

#include <arpa/inet.h>
#include <string.h>

static const char label_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

bool host_address(const char *host, struct ip_address *address)
{
    *address = (struct ip_address){{0}, 0};
    if (inet_pton(AF_INET, host, address->octets) == 1)
        address->size = IPV4_SIZE;
    else if (inet_pton(AF_INET6, host, address->octets) == 1)
        address->size = IPV6_SIZE;
    return address->size != 0;
}

char *host_address_text(const struct ip_address *address, char text[HOST_ADDRESS_TEXT])
{
    text[0] = '\0';
    if (address->size != 0)
        (void)inet_ntop(address->size == IPV4_SIZE ? AF_INET : AF_INET6, address->octets, text,
                        HOST_ADDRESS_TEXT);
    return text;
}

bool host_is_name(const char *host)
{
    const char *label = host;

    for (;;) {
        size_t size = strspn(label, label_characters);
        const char *end = label + size;

        if (size == 0 || size > HOST_LABEL_MAX || (*end != '.' && *end != '\0'))
            return false;
        if (*end == '\0' || end[1] == '\0')
            return end - host <= HOST_NAME_MAX && strspn(label, "0123456789") != size;
        label = end + 1;
    }
}

bool host_same_address(const struct ip_address *a, const struct ip_address *b)
{
    return span_equal(SPAN(a->octets, a->size), SPAN(b->octets, b->size));
}
