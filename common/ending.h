/*
 * The signals that end a program in order: SIGINT, SIGTERM, and SIGHUP unless it was started with that one
 * ignored (nohup). The first is noted, and whoever waits is woken; what is under way is left, what was opened
 * is closed. The next one ends the program at once.
 */
#ifndef SOFTEUICC_COMMON_ENDING_H
#define SOFTEUICC_COMMON_ENDING_H

#include <signal.h>
#include <stdbool.h>

/* From now on they are noted, and SIGPIPE is ignored. False when the system refuses. Again: nothing is
 * changed. */
bool ending_watch(void);

/* The signal that came; 0: none, go on. */
int ending_signal(void);
/* "SIGINT"; one that ends nothing is "a signal". */
const char *ending_name(int signal);
/* Readable from the signal on, for whoever waits with poll; -1 before ending_watch. */
int ending_descriptor(void);

/* Whether what is under way is to be left: a signal came. Not between ending_farewell(true) and (false), when
 * what has to be said at the end is said; it has ENDING_FAREWELL_SECONDS for each call over a network. */
#define ENDING_FAREWELL_SECONDS 5
bool ending_due(void);
void ending_farewell(bool on);

/* What must be there whole or not at all, and is made quickly: the signals wait from hold to release. */
void ending_hold(sigset_t *before);
void ending_release(const sigset_t *before);

#endif
