/* What the parts of `softeuicc ctl` share. */
#ifndef SOFTEUICC_TOOLS_CTL_CTL_H
#define SOFTEUICC_TOOLS_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A connection to a running card. */
struct ctl_client {
    int fd;
    char *buffer; /* received, from `start` on not yet taken */
    size_t start, size, capacity;
};

enum ctl_connected { CTL_CONNECTED, CTL_NOBODY /* listens there */, CTL_FAILED /* the line was printed */ };

/* Connects to the control socket. */
enum ctl_connected ctl_connect(struct ctl_client *client, const char *path);
void ctl_disconnect(struct ctl_client *client);
/* Sends a request (taken over) and returns its result; NULL after printing the line that says why not. */
json_t *ctl_call(struct ctl_client *client, json_t *request);
/* The next line from the card; waits for ever when `patient`. NULL after printing the line that says why not.
 */
json_t *ctl_receive(struct ctl_client *client, bool patient);

/* Prints what a card tells of itself for people. */
void ctl_show(const json_t *card);
/* Prints one entry of the trace. */
void ctl_print_trace(const json_t *entry);

#endif
