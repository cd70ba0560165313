/* What the files of dp.h share among themselves. */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_DP_SESSION_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_DP_SESSION_H

#include "servers/smdpp/model/dp.h"

#include "apdu/tlv.h"

/* Refuses an object of the eUICC's that does not have its form. Returns false. */
bool dp_refuse_form(struct refusal_status *status, const char *object, enum tlv_status form);

/* How the response of an ES10 function, which is called by the name of its type, says an error. */
struct dp_response {
    uint32_t tag;
    const char *name, *code_type;
    enum names codes;
};
/* Opens a response: what is in its A0. Its A1 { 80 transactionId, 02 code } is a refusal with the code's
 * name. */
bool dp_open_response(const struct dp_response *response, struct span whole, struct tlv_reader *reader,
                      struct refusal_status *status);

/* Appends `5F37 40 signature` over `parts`. */
bool dp_put_signature(const struct ec_key *key, const struct span *parts, size_t count, struct buf *out);

/* Checks that a transaction id that an eUICC signed is this session's. */
bool dp_same_transaction(const struct dp_session *session, struct span signed_id,
                         struct refusal_status *status);

#endif
