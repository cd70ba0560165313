/*
 * All addresses of a name: a client tries each of them, a server listens on each of them. `localhost` is two
 * on most machines (127.0.0.1 and ::1), and it depends on the other side which of them answers.
 */
#ifndef SOFTEUICC_COMMON_NET_ADDRESSES_H
#define SOFTEUICC_COMMON_NET_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESSES_MAX     16 /* of one name; more are passed over */
#define ADDRESSES_WHY_MAX 160

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t size;
};

/* Where to connect to, in the order to try: as the system's rules sort them (RFC 6724), then the families in
 * turn (RFC 8305 4), each address once. */
struct addresses {
    struct address list[ADDRESSES_MAX];
    size_t count;
};

/* Finds the addresses of a name or of a number without brackets; `type` is SOCK_STREAM or SOCK_DGRAM. False
 * when there is none, with the system's reason in `why`. */
bool addresses_find(const char *host, uint16_t port, int type, struct addresses *out,
                    char why[ADDRESSES_WHY_MAX]);

/*
 * Opens a socket on each address of `host`, all on one port: `*port`, or with 0 one that is free on all of
 * them, which is left in `*port`. SOCK_STREAM: they listen; SOCK_DGRAM: they are bound. An address that this
 * machine does not have (a name stands for ::1, and IPv6 is switched off) is passed over unless it is the
 * only one. A wildcard address that is alone serves both families, as the system is set up. `fds` and `found`
 * are parallel; the sockets do not block, and become the caller's. False with the reason in `why` and nothing
 * open; also when somebody else has the port on one of the addresses.
 */
bool addresses_listen(const char *host, uint16_t *port, int type, struct addresses *found,
                      int fds[ADDRESSES_MAX], char why[ADDRESSES_WHY_MAX]);

/* Whether a host is every address of this machine, as "0.0.0.0" and "::" are; whether all that it stands for
 * is on the loopback interface. */
bool addresses_is_any(const char *host);
bool addresses_is_loopback(const char *host);

/* What others may call this machine: its name in the DNS if that leads to none of its loopback addresses,
 * else its first address (IPv4 before IPv6) beside those, else "localhost". */
void addresses_own_name(char *out, size_t size);

#endif
