/*
 * The event loop of what runs on: one libevent base that ends with the signals of common/ending.h. Everything
 * a program waits for (sockets, requests of its own, timers) is an event on it.
 */
#ifndef SOFTEUICC_COMMON_LOOP_H
#define SOFTEUICC_COMMON_LOOP_H

#include <stdbool.h>

struct event_base;
struct loop;

/* On failure prints the line and returns NULL. The signals are watched from now on, and SIGPIPE is ignored.
 */
struct loop *loop_open(void);
struct event_base *loop_base(const struct loop *loop);
/* Serves until one of those signals, or loop_end; what has been called finishes. In a farewell
 * (ending_farewell) only until loop_end. False when the loop failed. */
bool loop_run(struct loop *loop);
/* Also before loop_run, which then returns at once. */
void loop_end(struct loop *loop);
/* Whatever has events on the loop is closed before it. NULL is nothing to close. */
void loop_close(struct loop *loop);

#endif
