/*
 * ES9+ (and ES11) as a client, JSON binding over HTTPS (SGP.22 6.5). One object per server; libcurl keeps the
 * connection.
 */
#ifndef SOFTEUICC_DEVICE_ES9P_H
#define SOFTEUICC_DEVICE_ES9P_H

#include "apdu/bytes.h"

#include <jansson.h>

struct es9p;

/* `address` is an FQDN with an optional :port. `cacert`: a PEM file of trusted roots, NULL for the system's.
 * Prints its line on failure. */
struct es9p *es9p_open(const char *address, const char *cacert);
void es9p_close(struct es9p *server);

/*
 * POSTs `request` to /gsma/rsp2/es9plus/`function` (the reference is taken over). Returns the answer's
 * object, whose functionExecutionStatus was a success; NULL with the error line printed (subject and reason
 * codes, if the server gave some). A function that answers 204 gives an empty object.
 */
json_t *es9p_call(struct es9p *server, const char *function, json_t *request);

/* From now on es9p_call prints no line; es9p_why has it. */
void es9p_set_quiet(struct es9p *server);
const char *es9p_why(const struct es9p *server);

/* Sets object[key] to the base64 of octets. */
void es9p_set_octets(json_t *object, const char *key, struct span octets);
/* Appends the octets that the base64 text object[key] stands for; false (line printed with `function` and
 * key) when absent or malformed. */
bool es9p_get_octets(const json_t *object, const char *function, const char *key, struct buf *out);
/* The same, without a line and false only: for optional members. */
bool es9p_find_octets(const json_t *object, const char *key, struct buf *out);

#endif
