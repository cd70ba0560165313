/*
 * The test SM-DP+ behind real HTTPS, in a thread of the test program: what an LPA under test downloads from.
 * It keeps what it was asked, and can be made to say something else than it would. One at a time.
 */
#ifndef SOFTEUICC_TESTS_TOOLS_LPA_LPA_SERVER_H
#define SOFTEUICC_TESTS_TOOLS_LPA_LPA_SERVER_H

#include "tests/support/pki.h"

#include <jansson.h>
#include <sys/types.h>

#define SERVER_ICCID "8900112233445566778" /* of the profile "demo" */

void lpa_server_start(void);
void lpa_server_stop(void);

/* The CI that it and its cards are under; its address, localhost with a port; the PEM file of the CA that its
 * TLS certificate is of. */
const struct test_ci *lpa_server_ci(void);
const char *lpa_server_address(void);
const char *lpa_server_cacert(void);

/* An order of the profile "demo" under this matching identifier; `code` NULL: no confirmation code. */
void lpa_server_order(const char *matching_id, const char *code);
/* Its state. */
const char *lpa_server_order_state(void);

/* How often a function (the last part of its path) was asked, and the request the last time. */
unsigned lpa_server_count(const char *function);
const char *lpa_server_heard(const char *function);
/* The reason in the last CancelSession, as the card signed it; -1 when there was none. */
int lpa_server_cancelled(void);

/* What it answers to a function from now on: this body (NULL: none) with this status, without looking at the
 * request. Texts stay the caller's. */
void lpa_server_say(const char *function, int status, const char *body);
/* The same from its own answer, in which a member is replaced (taken; NULL: it is left out). */
void lpa_server_alter(const char *function, const char *member, json_t *value);
/* A process that asks for this function gets a signal in place of an answer; is_dead: and nobody an answer to
 * anything from then on. */
void lpa_server_end(const char *function, pid_t process, int signal, bool is_dead);
/* Its own answers again. */
void lpa_server_be_honest(void);

/* Has the certificate of an SM-DS from now on; before the first request. */
void lpa_server_as_smds(void);

#endif
