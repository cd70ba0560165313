/*
 * The floor of every PC/SC figure: a card in a vpcd slot that has an ATR and answers 9000 to every command.
 * One blocking socket, no event loop, no card. Ends when vpcd closes the connection. Usage: echo_card HOST
 * PORT.
 */
#include "tests/bench/bench.h"
#include "vpcd-bridge/vpcd.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int connect_to(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;

    if (getaddrinfo(host, port, &hints, &addresses) != 0)
        bench_fail("cannot find the address of %s", host);
    for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next) {
        int fd = socket(a->ai_family, SOCK_STREAM, 0);

        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            freeaddrinfo(addresses);
            return fd;
        }
    }
    bench_fail("cannot connect to %s port %s", host, port);
}

int main(int argc, char **argv)
{
    static const uint8_t atr_frame[] = {0x00, 0x04, 0x3B, 0x02, 0x14, 0x50}; /* T=0, two historical octets */
    static const uint8_t ok_frame[] = {0x00, 0x02, 0x90, 0x00};
    struct vpcd_parser parser = {0};
    uint8_t octets[8192];
    ssize_t n;
    int fd;

    if (argc != 3)
        bench_fail("usage: echo_card HOST PORT");
    fd = connect_to(argv[1], argv[2]);
    for (;;) {
        struct span message;

        setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
        n = recv(fd, octets, sizeof(octets), 0);
        if (n <= 0 || !vpcd_parser_feed(&parser, SPAN(octets, (size_t)n)))
            break;
        while (vpcd_parser_next(&parser, &message)) {
            if (message.size > 1)
                (void)!send(fd, ok_frame, sizeof(ok_frame), MSG_NOSIGNAL);
            else if (message.size == 1 && message.data[0] == VPCD_GET_ATR)
                (void)!send(fd, atr_frame, sizeof(atr_frame), MSG_NOSIGNAL);
        }
    }
    vpcd_parser_free(&parser);
    return 0;
}
