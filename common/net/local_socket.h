/*
 * A Unix socket that is for one user: made with mode 0600 before it has a name, and both ends look at who the
 * other one is. Paths may be longer than the 107 octets a socket address takes.
 */
#ifndef SOFTEUICC_COMMON_NET_LOCAL_SOCKET_H
#define SOFTEUICC_COMMON_NET_LOCAL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One line for a person. */
struct local_socket_error {
    char message[256];
};

/* A socket that listens. */
struct local_socket {
    int fd; /* -1: none; not blocking */
    char *path;
    dev_t device; /* of the name, to remove no one else's */
    ino_t inode;
};

/* Listens at `path`. A socket that a process left behind is replaced; one that somebody answers on is not,
 * nor anything else of that name. False with the reason. */
bool local_socket_listen(struct local_socket *socket, const char *path, struct local_socket_error *error);
/* Closes it and removes its name, if it still is its own. All-zero but fd == -1 is fine. */
void local_socket_close(struct local_socket *socket);

/* Connects; blocks no longer than a connection to this machine takes. -1 with errno. */
int local_socket_connect(const char *path);

/* True when the process at the other end runs as this process's user or as root; *uid says as whom. */
bool local_socket_peer_is_ours(int fd, uid_t *uid);

/* The path of a card's control socket unless another was named: beside the file that `card` leads to,
 * "FILE-ctl". NULL without memory; freed by the caller. */
char *local_socket_of_card(const char *card);

#endif
