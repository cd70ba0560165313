/*
 * The connections of an HTTPS server: how many there may be, and how long each may take. evhttp knows of
 * neither. When all places are taken, or the process has no descriptor left, connections wait outside, and
 * the one that has been idle longest makes room. See https.h.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_SEATS_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_SEATS_H

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct evhttp;
struct https_seats;

struct https_seats_options {
    unsigned max; /* connections at once */
    unsigned
        request_time; /* seconds from a request's first octet, or from the connection, to its last octet */
    const char
        *error_line; /* a header's line, with its end, for answers that evhttp itself gives; NULL: none */
};

/* NULL: no memory. */
struct https_seats *https_seats_new(struct event_base *base, struct evhttp *http,
                                    const struct https_seats_options *options);
/* After evhttp_free, which ends the connections. NULL is nothing to free. */
void https_seats_free(struct https_seats *seats);

/* Takes connections from a socket that listens; it becomes evhttp's. False: no memory, and it is closed. */
bool https_seats_listen(struct https_seats *seats, int fd);
/* A new connection, in evhttp's callback for them, before it has a socket. False: no memory. */
bool https_seats_take(struct https_seats *seats, struct bufferevent *connection);
/* Its request is whole; its answer begins; its answer has been sent. */
void https_seats_asked(struct https_seats *seats, struct bufferevent *connection);
void https_seats_answers(struct https_seats *seats, struct bufferevent *connection);
void https_seats_answered(struct https_seats *seats, struct bufferevent *connection);

/* How many connections all servers of this process may have: what it may have of descriptors (the soft limit
 * is raised to the hard one), less some for all else, and not more than anybody needs. */
unsigned https_seats_in_process(void);

#endif
