/* The other end of a control socket: see peer.h. */
#include "tests/tools/ctl/peer.h"

#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX 8192
#define PATIENCE 60 /* seconds: no peer outlives its test for long */
#define HEARD    "heard"

static void send_octets(int fd, struct span octets)
{
    while (octets.size > 0) {
        ssize_t n = send(fd, octets.data, octets.size, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the client has had enough */
        octets = SPAN(octets.data + n, octets.size - (size_t)n);
    }
}

static void hear_line(int fd)
{
    FILE *heard = fopen(test_path(HEARD), "w");
    char octet = 0;

    for (size_t i = 0; heard != NULL && i < LINE_MAX && recv(fd, &octet, 1, 0) == 1 && octet != '\n'; i++)
        fputc(octet, heard);
    if (heard != NULL)
        fclose(heard);
}

void peer_start(struct peer *peer, const char *path, struct span answer)
{
    struct local_socket_error error = {""};

    ck_assert_msg(local_socket_listen(&peer->socket, path, &error), "%s", error.message);
    ck_assert_int_eq(fcntl(peer->socket.fd, F_SETFL, 0), 0); /* accept waits */
    unlink(test_path(HEARD));
    peer->process = fork();
    ck_assert_int_ge(peer->process, 0);
    if (peer->process == 0) {
        int fd;

        alarm(PATIENCE);
        fd = accept(peer->socket.fd, NULL, NULL);
        hear_line(fd);
        send_octets(fd, answer);
        _exit(0);
    }
}

int peer_drips(struct peer *peer, struct span octets, unsigned pause)
{
    int ends[2];

    *peer = (struct peer){.socket = {.fd = -1}};
    unlink(test_path(HEARD));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    peer->process = fork();
    ck_assert_int_ge(peer->process, 0);
    if (peer->process == 0) {
        close(ends[0]);
        alarm(PATIENCE);
        for (size_t i = 0; i < octets.size; i++) {
            usleep(pause * 1000);
            send_octets(ends[1], SPAN(octets.data + i, 1));
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

const char *peer_end(struct peer *peer)
{
    static char line[LINE_MAX + 1];
    FILE *heard = NULL;
    size_t size = 0;

    if (access(test_path(HEARD), F_OK) != 0)
        kill(peer->process, SIGKILL); /* nobody came */
    ck_assert_int_eq(waitpid(peer->process, NULL, 0), peer->process);
    heard = fopen(test_path(HEARD), "r");
    if (heard != NULL) {
        size = fread(line, 1, LINE_MAX, heard);
        fclose(heard);
    }
    line[size] = '\0';
    local_socket_close(&peer->socket);
    return line;
}
