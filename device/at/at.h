/*
 * A modem's AT commands (ITU-T V.250, 3GPP TS 27.007) for programs that manage its card, or want to know
 * where it is: a session takes octets and gives octets, and stands beside the modem (device/modem), whose
 * card it shares. No calls, no short messages, no data connections of the program's own.
 */
#ifndef SOFTEUICC_DEVICE_AT_AT_H
#define SOFTEUICC_DEVICE_AT_AT_H

#include "device/modem/modem.h"

/* Named modems of the field, with what is odd about them (--modem). */
struct at_model;
struct at_model_name {
    const char *name;    /* "generic" */
    const char *summary; /* one lower-case line */
};
/* In order; false: there is none of that number. */
bool at_model_name(size_t index, struct at_model_name *name);
/* NULL: there is none of that name. */
const struct at_model *at_model_find(const char *name);

/* What a session calls, out of at_receive and at_modem_told. */
struct at_client {
    void *context;
    /* Octets for the program. */
    void (*send)(void *context, struct span octets);
    /* A command line, or a line of an answer; one line, harmless to print. May be NULL. */
    void (*told)(void *context, bool is_answer, const char *line);
};

struct at;

/* The modem is borrowed, and may not run yet. NULL without memory. */
struct at *at_new(struct modem *modem, const struct at_model *model, const struct at_client *client);
void at_free(struct at *at); /* NULL is fine */

/* From the program. Commands are done when it returns. Never from what a modem tells. */
void at_receive(struct at *at, struct span octets);
/* What the modem has told; at any time. What a program is told unasked waits for the end of its command. */
void at_modem_told(struct at *at, const struct modem_event *event);
/* The program has gone, and with it what it has set, as with a modem under &D3: the next one may know nothing
 * of echo off and codes of errors. Sessions of +CCHO stay open, until +CCHC or a reset of the card. */
void at_left(struct at *at);

#endif
