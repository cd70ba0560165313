/*
 * Common mutual authentication (SGP.22 3.1.2), the half of a server that an LPA calls, which is the same for
 * an SM-DP+ (ES9+, 5.6.1 and 5.6.3) and an SM-DS (ES11, 5.8.1 and 5.8.2): who the server is, and what an
 * eUICC must have signed. DER in, DER out.
 */
#ifndef SOFTEUICC_PROTOCOL_MUTUAL_AUTHENTICATION_H
#define SOFTEUICC_PROTOCOL_MUTUAL_AUTHENTICATION_H

#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "protocol/es9p.h"
#include "protocol/euicc_trust.h"
#include "protocol/names.h"
#include "protocol/refusal.h"

#define RSP_TRANSACTION_ID_SIZE 16
#define RSP_CHALLENGE_SIZE      16
#define RSP_MATCHING_ID_MAX     255 /* characters taken from an eUICC; longer ones are refused */
#define RSP_CREDENTIALS_MAX     EUICC_TRUST_MAX
#define RSP_ADDRESSES_MAX       8
#define RSP_ADDRESS_SIZE        256 /* octets, with the end */

/* --- Who a server is ------------------------------------------------------------------------------------ */

/* DPauth or DSauth under one CI. */
struct rsp_credentials {
    struct cert *cert;
    struct ec_key *key;
};

/* All-zero has no address, trusts nobody and is nobody. */
struct rsp_server {
    enum cert_role role; /* CERT_ROLE_DP_AUTH or CERT_ROLE_DS_AUTH */
    /* What an LPA calls this server, FQDN or FQDN:port; the first is what it calls itself. */
    char address[RSP_ADDRESSES_MAX][RSP_ADDRESS_SIZE];
    size_t addresses;
    struct euicc_trust trust;
    struct rsp_credentials credentials[RSP_CREDENTIALS_MAX];
    size_t credentials_count;
};

/* One more name of this server; false when it is no address (rsp_address.h) or too long, or there are too
 * many. */
bool rsp_server_add_address(struct rsp_server *server, const char *address);

/* Whether a certificate is of `role` from a trusted CI, with an OID, and the key belongs to it; else false
 * with a line in *why. A NULL part is a failure. */
bool rsp_server_check_pair(const struct rsp_server *server, const struct cert *cert, const struct ec_key *key,
                           enum cert_role role, const char **why);
/* Adds an identity of the server's role; its parts are the server's from now on (and freed at once on a
 * failure). The CI must have been added before. False and *why as above, or when there are too many. */
bool rsp_server_add_credentials(struct rsp_server *server, struct rsp_credentials credentials,
                                const char **why);

/* Frees what the server holds, not the structure. */
void rsp_server_clear(struct rsp_server *server);

/* --- A session with an eUICC ---------------------------------------------------------------------------- */

/* Readable by those above; filled by the functions below only. */
struct rsp_session {
    bool authenticated;
    uint8_t transaction_id[RSP_TRANSACTION_ID_SIZE];
    uint8_t server_challenge[RSP_CHALLENGE_SIZE];
    char address[RSP_ADDRESS_SIZE];            /* as the LPA wrote it */
    const struct cert *ci;                     /* that the eUICC signs under */
    const struct rsp_credentials *credentials; /* that this server signs with */
    /* from AuthenticateServer */
    struct cert *euicc_cert;
    char eid[33];
    bool has_matching_id;
    char matching_id[RSP_MATCHING_ID_MAX + 1];
    struct buf euicc_info2;      /* content of BF22 */
    struct buf euicc_signature1; /* 5F37, whole */
};

/* Frees what the session holds, not the structure. */
void rsp_session_clear(struct rsp_session *session);

/* InitiateAuthentication in an all-zero session, with the members of its answer. `info1` is the whole
 * EUICCInfo1 (BF20). False and *status when refused; the caller clears the session in any case. */
bool rsp_initiate(const struct rsp_server *server, struct rsp_session *session, struct span challenge,
                  struct span address, struct span info1, struct es9p_message *answer,
                  struct refusal_status *status);

/* The eUICC's half of AuthenticateClient: `response` is the whole AuthenticateServerResponse (BF38). On
 * success the session knows the EID, the matchingId and EUICCInfo2, all verified. */
bool rsp_authenticate(const struct rsp_server *server, struct rsp_session *session, struct span response,
                      struct refusal_status *status);

/* --- What the further functions of a session need, too -------------------------------------------------- */

/* Refuses an object of the eUICC's that does not have its form. Returns false. */
bool rsp_refuse_form(struct refusal_status *status, const char *object, enum tlv_status form);

/* How the response of an ES10 function, which is called by the name of its type, says an error. */
struct rsp_response {
    uint32_t tag;
    const char *name, *code_type;
    enum names codes;
};
/* Opens a response: what is in its A0. Its A1 { 80 transactionId, 02 code } is a refusal with the code's
 * name. */
bool rsp_open_response(const struct rsp_response *response, struct span whole, struct tlv_reader *reader,
                       struct refusal_status *status);

/* Appends `5F37 40 signature` over `parts`. */
bool rsp_put_signature(const struct ec_key *key, const struct span *parts, size_t count, struct buf *out);

/* Checks that a transaction id that an eUICC signed is this session's. */
bool rsp_same_transaction(const struct rsp_session *session, struct span signed_id,
                          struct refusal_status *status);

#endif
