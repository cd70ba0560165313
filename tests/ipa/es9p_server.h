/* The test SM-DP+ without its sockets, for tests that look into the card too: its headers and the card's use
 * some names for different things. */
#ifndef SOFTEUICC_TESTS_IPA_ES9P_SERVER_H
#define SOFTEUICC_TESTS_IPA_ES9P_SERVER_H

#include "tests/support/pki.h"

#define SERVER_ADDRESS "smdp.example.com:8443"
#define SERVER_ICCID   "8900112233445566778" /* of the profile "demo" */

void es9p_server_start(void);
void es9p_server_stop(void);
/* The CI that it and its cards are under. */
const struct test_ci *es9p_server_ci(void);
/* A RemoteProfileProvisioningRequest; appends the answer's body. False for an HTTP error. */
bool es9p_server_ask(struct span request, struct buf *answer);

#endif
