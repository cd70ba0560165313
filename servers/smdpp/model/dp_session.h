/* What the files of dp.h share among themselves. */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_DP_SESSION_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_DP_SESSION_H

#include "servers/smdpp/model/dp.h"

#include "apdu/tlv.h"

/* A response's A1 { 80 transactionId, 02 code }: refuses with the code's name. Returns false. */
bool dp_refuse_error_response(struct span error, const char *response, const char *code_type,
                              enum names names, struct refusal_status *status);

/* Appends `5F37 40 signature` over `parts`. */
bool dp_put_signature(const struct ec_key *key, const struct span *parts, size_t count, struct buf *out);

/* Checks that a transaction id that an eUICC signed is this session's. */
bool dp_same_transaction(const struct dp_session *session, struct span signed_id,
                         struct refusal_status *status);

#endif
