/* What the parts of `softeuicc ctl` share. */
#ifndef SOFTEUICC_TOOLS_CTL_CTL_H
#define SOFTEUICC_TOOLS_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A connection to a running card. */
struct ctl_client {
    int fd;
    int64_t patience; /* milliseconds that an answer may take, to its end */
    char *buffer;     /* received; from `start` on not yet taken, before `searched` no line's end */
    size_t start, searched, size, capacity;
};

enum ctl_connected { CTL_CONNECTED, CTL_NOBODY /* listens there */, CTL_FAILED /* the line was printed */ };

/* Connects to the control socket. */
enum ctl_connected ctl_connect(struct ctl_client *client, const char *path);
void ctl_disconnect(struct ctl_client *client);
/* Sends a request (taken over) and returns its result; NULL after printing the line that says why not. */
json_t *ctl_call(struct ctl_client *client, json_t *request);
/* The next object from the card; waits for ever when `patient`. NULL after printing the line that says why
 * not. */
json_t *ctl_receive(struct ctl_client *client, bool patient);

/* What is said of an answer that is none. */
#define CTL_NONSENSE "the card's daemon gave no answer that makes sense"

#define CTL_TEXT_SIZE 512 /* octets, with the zero */

/* A member's value as text on one line, cut to what fits; "" when it is not there. Returns `out`. */
const char *ctl_text(const json_t *object, const char *name, char out[CTL_TEXT_SIZE]);

/* `ctl ipae`: asks for the settings of the IPAe, and sets those that the words say, of one eIM if it is
 * named. NULL after the line that says what is wrong with them. */
json_t *ctl_ipae_request(const char *eim, int argc, char **argv);
/* Leaves only what is about one eIM. */
void ctl_ipae_narrow(json_t *result, const char *eim);
/* Prints them as tables. False: that is no answer. */
bool ctl_say_ipae(const json_t *result);

/* Prints what a card tells of itself for people: what is there, whatever it is. True. */
bool ctl_show(const json_t *card);
/* Prints one entry of the trace. */
void ctl_print_trace(const json_t *entry);

#endif
