/* How calls of ES2+ (SGP.22 6.5.1.3) are known again, so that one that is repeated has its effect once. */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_ES2P_CALL_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_ES2P_CALL_H

#include "crypto/ec.h"
#include "servers/smdpp/model/server.h"

#include <jansson.h>

/* What a call asks for, whoever asks: its function, and its parameters without the header. */
bool es2p_call_digest(const char *function, const json_t *request, uint8_t digest[CRYPTO_SHA256_SIZE]);

/* The members of the answer that the same call had before, into `fields`. */
enum store_answer es2p_call_answered(struct smdpp *smdpp, const struct es2p_call *call, json_t *fields);
/* Stores the members of its answer. */
bool es2p_call_keep(struct smdpp *smdpp, const struct es2p_call *call, const json_t *fields);

#endif
