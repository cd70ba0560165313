/* The listening side of the vpcd protocol for benchmarks: see fake_vpcd.h. */
#include "tests/bench/fake_vpcd.h"

#include "tests/bench/bench.h"
#include "vpcd-bridge/vpcd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds; longer than anything that works takes. */
#define PATIENCE 5000

void fake_vpcd_listen(struct fake_vpcd *vpcd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    *vpcd = (struct fake_vpcd){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .connection = -1};
    if (vpcd->listener < 0 || bind(vpcd->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(vpcd->listener, 1) != 0 ||
        getsockname(vpcd->listener, (struct sockaddr *)&address, &size) != 0)
        bench_fail("cannot listen on 127.0.0.1");
    snprintf(vpcd->address, sizeof(vpcd->address), "127.0.0.1:%u", ntohs(address.sin_port));
}

static void await(int fd, const char *what)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    if (poll(&poll_fd, 1, PATIENCE) != 1)
        bench_fail("%s: nothing came within %d ms", what, PATIENCE);
}

void fake_vpcd_start(struct fake_vpcd *vpcd, const char *program, const char *card)
{
    int on = 1;

    vpcd->pid = fork();
    if (vpcd->pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(program, program, "run", "--card", card, "--vpcd", vpcd->address, (char *)NULL);
        _exit(127);
    }
    await(vpcd->listener, "softeuicc run");
    vpcd->connection = accept4(vpcd->listener, NULL, NULL, SOCK_CLOEXEC);
    if (vpcd->connection < 0 || setsockopt(vpcd->connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        bench_fail("softeuicc run did not connect");
}

void fake_vpcd_send(struct fake_vpcd *vpcd, struct span message)
{
    struct buf frame = {0};

    vpcd_put_frame(&frame, message);
    if (frame.failed || write(vpcd->connection, frame.data, frame.size) != (ssize_t)frame.size)
        bench_fail("cannot send a frame");
    buf_free(&frame);
}

static void receive(struct fake_vpcd *vpcd, uint8_t *out, size_t size)
{
    while (size > 0) {
        ssize_t n;

        await(vpcd->connection, "the card");
        n = read(vpcd->connection, out, size);
        if (n <= 0)
            bench_fail("softeuicc run hung up");
        out += n;
        size -= (size_t)n;
    }
}

void fake_vpcd_receive(struct fake_vpcd *vpcd, struct buf *answer)
{
    uint8_t header[2];
    size_t size;

    receive(vpcd, header, sizeof(header));
    size = (size_t)header[0] << 8 | header[1];
    buf_clear(answer);
    if (!buf_reserve(answer, size))
        bench_fail("no memory");
    receive(vpcd, answer->data, size);
    answer->size = size;
}

void fake_vpcd_atr(struct fake_vpcd *vpcd, struct buf *atr)
{
    static const uint8_t power_on[] = {VPCD_POWER_ON};
    static const uint8_t get_atr[] = {VPCD_GET_ATR};

    fake_vpcd_send(vpcd, SPAN_ARRAY(power_on));
    fake_vpcd_send(vpcd, SPAN_ARRAY(get_atr));
    fake_vpcd_receive(vpcd, atr);
    if (atr->size < 2 || atr->data[0] != 0x3B)
        bench_fail("that is not an ATR");
}

void fake_vpcd_stop(struct fake_vpcd *vpcd)
{
    uint8_t rest[256];
    int status = -1;

    kill(vpcd->pid, SIGTERM);
    /* The card leaves first, and waits until vpcd has noticed. */
    while (recv(vpcd->connection, rest, sizeof(rest), 0) > 0)
        continue;
    close(vpcd->connection);
    vpcd->connection = -1;
    if (waitpid(vpcd->pid, &status, 0) != vpcd->pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_fail("softeuicc run did not end well: status %d", status);
}
