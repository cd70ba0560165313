/*
 * Indirect download (SGP.32 3.2.3.2, 5.14.1-5.14.3, 5.14.8): InitiateAuthentication, AuthenticateClient,
 * GetBoundProfilePackage and CancelSession of ESipa become the ES9+ functions of the same name at the SM-DP+,
 * and their answers ESipa's. The ESipa transactionId is the SM-DP+'s; what a session needs beside it is kept
 * in relay_session.h. An SM-DS is asked the same way (ES11). Also hands on notifications that wait in the
 * store.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_H

#include "common/loop.h"
#include "servers/eim/model/eim.h"
#include "servers/eim/network/esipa_answer.h"
#include "servers/eim/network/relay_session.h"

#define RELAY_TIMEOUT   60  /* seconds for a call to an SM-DP+ */
#define RELAY_CALLS_MAX 256 /* at once; more are answered with undefinedError */

#define ESIPA_UNDEFINED_ERROR 127

struct relay;

/* `cacert`: PEM file of the roots that SM-DP+ are trusted by, NULL for the system's; `timeout` in seconds. On
 * failure prints the line and returns NULL. */
struct relay *relay_open(struct loop *loop, struct eim *eim, const char *cacert, long timeout);
/* Servers that every device may have the eIM call, beside those that orders are for: FQDN or FQDN:port, texts
 * that must stay. */
void relay_allow(struct relay *relay, const char *const *addresses, size_t count);
/* Calls under way end without an answer. NULL is nothing to close. */
void relay_close(struct relay *relay);

/* Takes the content of a request with one of the four functions' tags; false, and nothing done, with another.
 * `done` may be called before this returns. */
bool relay_message(struct relay *relay, uint32_t tag, struct span content, esipa_done *done, void *context);

struct relay_sessions *relay_sessions(struct relay *relay);

/* Sends what waits in the store (eim_forward_next), one after the other; call it after a notification came.
 * It also looks by itself now and then. */
void relay_forward(struct relay *relay);

#endif
