/* All addresses of a name. See addresses.h. */
#include "common/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG    128
#define PORT_TRIES 16 /* for one that is free on every address */

/* Host byte order. */
static uint16_t port_of(const struct address *address)
{
    return ntohs(address->at.any.sa_family == AF_INET6 ? address->at.v6.sin6_port : address->at.v4.sin_port);
}

static void set_port(struct address *address, uint16_t port)
{
    if (address->at.any.sa_family == AF_INET6)
        address->at.v6.sin6_port = htons(port);
    else
        address->at.v4.sin_port = htons(port);
}

static bool addresses_has(const struct addresses *addresses, const struct addrinfo *info)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (addresses->list[i].size == info->ai_addrlen &&
            memcmp(&addresses->list[i].at, info->ai_addr, info->ai_addrlen) == 0)
            return true;
    }
    return false;
}

static void add(struct addresses *addresses, const struct addrinfo *info)
{
    struct address *address = &addresses->list[addresses->count];

    if (addresses->count == ADDRESSES_MAX || info->ai_addrlen > sizeof(address->at) ||
        addresses_has(addresses, info))
        return;
    memcpy(&address->at, info->ai_addr, info->ai_addrlen);
    address->size = info->ai_addrlen;
    addresses->count++;
}

/* The next one of a family from `info` on; NULL when there is none. */
static const struct addrinfo *next_of(const struct addrinfo *info, int family)
{
    while (info != NULL && info->ai_family != family)
        info = info->ai_next;
    return info;
}

static void alternate(const struct addrinfo *found, struct addresses *out)
{
    int first = found->ai_family;
    int second = first == AF_INET6 ? AF_INET : AF_INET6;
    const struct addrinfo *a = next_of(found, first);
    const struct addrinfo *b = next_of(found, second);

    while (a != NULL || b != NULL) {
        if (a != NULL) {
            add(out, a);
            a = next_of(a->ai_next, first);
        }
        if (b != NULL) {
            add(out, b);
            b = next_of(b->ai_next, second);
        }
    }
}

bool addresses_find(const char *host, uint16_t port, int type, struct addresses *out,
                    char why[ADDRESSES_WHY_MAX])
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = type, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[8];
    int error;

    out->count = 0;
    snprintf(service, sizeof(service), "%u", port);
    error = getaddrinfo(host, service, &hints, &found);
    if (error == 0)
        alternate(found, out);
    if (found != NULL)
        freeaddrinfo(found);
    if (out->count == 0)
        snprintf(why, ADDRESSES_WHY_MAX, "%s",
                 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error != 0 ? error : EAI_NONAME));
    return out->count > 0;
}

/* --- Listening ------------------------------------------------------------------------------------------ */

/* Closes without a word in errno. */
static void close_all(const int *fds, size_t count)
{
    int error = errno;

    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    errno = error;
}

/* A socket, or -1 with errno. What the system made of port 0 is then in the address. */
static int listen_on(struct address *address, int type, bool among_others)
{
    int fd = socket(address->at.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    /* A server that starts again takes its port back at once. Two UDP servers would share it. */
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (among_others && address->at.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
    if (bind(fd, &address->at.any, address->size) == 0 &&
        getsockname(fd, &address->at.any, &address->size) == 0 &&
        (type != SOCK_STREAM || listen(fd, BACKLOG) == 0))
        return fd;
    close_all(&fd, 1);
    return -1;
}

/* On every address of `all` that the machine has; the first one chooses the port for all. Otherwise nothing
 * is open, and errno is that of the one that failed. */
static bool listen_on_all(const struct addresses *all, uint16_t port, int type, struct addresses *found,
                          int *fds)
{
    found->count = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct address address = all->list[i];
        int fd;

        set_port(&address, port);
        fd = listen_on(&address, type, all->count > 1);
        if (fd < 0 && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT))
            continue;
        if (fd < 0) {
            close_all(fds, found->count);
            return false;
        }
        port = port_of(&address);
        fds[found->count] = fd;
        found->list[found->count++] = address;
    }
    return found->count > 0;
}

bool addresses_listen(const char *host, uint16_t *port, int type, struct addresses *found,
                      int fds[ADDRESSES_MAX], char why[ADDRESSES_WHY_MAX])
{
    unsigned tries = *port == 0 ? PORT_TRIES : 1;
    struct addresses all;

    if (!addresses_find(host, *port, type, &all, why))
        return false;
    while (tries-- > 0) {
        if (listen_on_all(&all, *port, type, found, fds)) {
            *port = port_of(&found->list[0]);
            return true;
        }
        if (errno != EADDRINUSE)
            break;
    }
    snprintf(why, ADDRESSES_WHY_MAX, "%s", strerror(errno));
    return false;
}
