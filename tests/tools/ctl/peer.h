/* The other end of a control socket, which says what it is told to: for the tests of `softeuicc ctl`. */
#ifndef SOFTEUICC_TESTS_TOOLS_CTL_PEER_H
#define SOFTEUICC_TESTS_TOOLS_CTL_PEER_H

#include "apdu/bytes.h"
#include "common/net/local_socket.h"

/* A process of its own. */
struct peer {
    pid_t process;
    struct local_socket socket;
};

/* Listens at `path`; takes one connection, waits for a line, sends `answer` and hangs up. */
void peer_start(struct peer *peer, const char *path, struct span answer);
/* Ends it; the line that it got, or "" (static storage). */
const char *peer_end(struct peer *peer);

/* A connection from the other end of which come these octets, `pause` milliseconds before each; then it hangs
 * up. Ended by peer_end. */
int peer_drips(struct peer *peer, struct span octets, unsigned pause);

#endif
