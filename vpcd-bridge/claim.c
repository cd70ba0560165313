/* Claims on slots: listening Unix sockets with abstract names (unix(7)). See claim.h. */
#include "vpcd-bridge/claim.h"

#include "common/tool.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ASKERS_MAX 64 /* they are never accepted: who asks wants to know whose socket it is */

static bool is_loopback(const struct addrinfo *address)
{
    if (address->ai_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *)(const void *)address->ai_addr)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)(const void *)address->ai_addr)->sin_addr.s_addr) >> 24 == 127;
}

/* One name for a slot, whatever its host was called: every loopback address is this machine. */
static socklen_t name_claim(const struct addrinfo *addresses, uint16_t port, struct sockaddr_un *out)
{
    char host[NI_MAXHOST] = "local";
    int size;

    if (!is_loopback(addresses))
        getnameinfo(addresses->ai_addr, addresses->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1, "softeuicc-vpcd/%.64s/%u", host, port);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

/* The process that has the claim; 0 when it cannot be told. */
static long claimant(const struct sockaddr_un *name, socklen_t size)
{
    struct ucred peer = {.pid = 0};
    socklen_t peer_size = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)name, size) == 0)
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size);
    if (fd >= 0)
        close(fd);
    return peer.pid;
}

bool claim_slot(const char *host, const struct addrinfo *addresses, uint16_t port, int *fd)
{
    struct sockaddr_un name;
    socklen_t size = name_claim(addresses, port, &name);
    char whose[48] = "";
    long pid;

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && bind(*fd, (struct sockaddr *)&name, size) == 0 && listen(*fd, ASKERS_MAX) == 0)
        return true;
    if (errno != EADDRINUSE) {
        tool_error("cannot claim the slot at %s port %u: %s", host, port, strerror(errno));
    } else {
        pid = claimant(&name, size);
        if (pid > 0)
            snprintf(whose, sizeof(whose), ", that of process %ld", pid);
        tool_error("the slot at %s port %u has a card already%s; name another one with --vpcd", host, port,
                   whose);
    }
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return false;
}
