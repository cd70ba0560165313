/* Lines to the program of an AT session (ITU-T V.250 5.7). */
#ifndef SOFTEUICC_DEVICE_AT_AT_ANSWER_H
#define SOFTEUICC_DEVICE_AT_AT_ANSWER_H

#include "device/at/at_internal.h"

/* A line of a command's answer. */
void at_say(struct at *at, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with octets in hexadecimal and quotes behind it. */
void at_say_octets(struct at *at, struct span octets, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The result of the whole line. */
void at_say_result(struct at *at, enum at_result result);
/* A line that nobody asked for: sent at once, or after the command line that is being done. */
void at_say_unasked(struct at *at, const char *format, ...) __attribute__((format(printf, 2, 3)));
void at_say_unasked_octets(struct at *at, struct span octets, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* All that was said goes out. */
void at_send(struct at *at);

#endif
