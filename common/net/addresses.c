/* All addresses of a name. See addresses.h. */
#include "common/net/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
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

/* --- This machine --------------------------------------------------------------------------------------- */

static bool addresses_numeric(const char *host, struct in6_addr *v6, struct in_addr *v4)
{
    *v6 = in6addr_loopback;
    v4->s_addr = htonl(INADDR_LOOPBACK);
    return inet_pton(AF_INET6, host, v6) == 1 || inet_pton(AF_INET, host, v4) == 1;
}

bool addresses_is_any(const char *host)
{
    struct in6_addr v6;
    struct in_addr v4;

    return addresses_numeric(host, &v6, &v4) &&
           (IN6_IS_ADDR_UNSPECIFIED(&v6) || v4.s_addr == htonl(INADDR_ANY));
}

static bool address_is_loopback(const struct sockaddr *at)
{
    if (at->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)at)->sin6_addr);
    return at->sa_family == AF_INET &&
           ntohl(((const struct sockaddr_in *)(const void *)at)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool addresses_is_loopback(const char *host)
{
    struct addresses found;
    char why[ADDRESSES_WHY_MAX];

    if (!addresses_find(host, 0, SOCK_STREAM, &found, why))
        return false;
    for (size_t i = 0; i < found.count; i++) {
        if (!address_is_loopback(&found.list[i].at.any))
            return false;
    }
    return true;
}

static bool own_dns_name(char *out, size_t size)
{
    const struct addrinfo wanted = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char name[256] = "";
    bool ok;

    if (gethostname(name, sizeof(name) - 1) != 0 || getaddrinfo(name, NULL, &wanted, &found) != 0)
        return false;
    ok = found->ai_canonname != NULL && strchr(found->ai_canonname, '.') != NULL &&
         strlen(found->ai_canonname) < size;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        ok = ok && !address_is_loopback(at->ai_addr);
    if (ok)
        snprintf(out, size, "%s", found->ai_canonname);
    freeaddrinfo(found);
    return ok;
}

static bool own_address(int family, char *out, size_t size)
{
    struct ifaddrs *all = NULL;
    bool ok = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *at = all; at != NULL && !ok; at = at->ifa_next) {
        const struct sockaddr *address = at->ifa_addr;

        if (address == NULL || address->sa_family != family || (at->ifa_flags & IFF_UP) == 0 ||
            address_is_loopback(address))
            continue;
        if (family == AF_INET6 &&
            IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr))
            continue;
        ok =
            getnameinfo(address, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
                        out, (socklen_t)size, NULL, 0, NI_NUMERICHOST) == 0;
    }
    freeifaddrs(all);
    return ok;
}

void addresses_own_name(char *out, size_t size)
{
    if (!own_dns_name(out, size) && !own_address(AF_INET, out, size) && !own_address(AF_INET6, out, size))
        snprintf(out, size, "localhost");
}
