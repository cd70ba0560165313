/*
 * The SM-DP+'s half of Remote SIM Provisioning (SGP.22 3.1.2, 3.1.3, 5.6): mutual authentication with an
 * eUICC (protocol/mutual_authentication.h), the offer of a profile, binding it, and checking what the eUICC
 * signed. DER in, DER out: no HTTP, no orders, no files; those are above.
 *
 * A download is: dp_initiate, dp_authenticate, (somebody chooses a profile) dp_offer, dp_prepare, dp_bind.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_DP_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_DP_H

#include "protocol/mutual_authentication.h"

/* One SM-DP+ identity: DPauth and DPpb under the same CI, with the same OID. */
struct dp_credentials {
    struct cert *auth_cert;
    struct ec_key *auth_key;
    struct cert *pb_cert;
    struct ec_key *pb_key;
};

struct dp_server {
    struct rsp_server rsp;
    struct rsp_credentials pb[RSP_CREDENTIALS_MAX]; /* DPpb, beside the DPauth with the same index */
};

/* One more name by which LPAs call this server; false when that cannot be one. */
bool dp_server_add_address(struct dp_server *server, const char *address);

/* Adds an identity; its four parts are the server's from now on (and freed at once on a failure). The CI must
 * have been added before. False and *why when the certificates do not chain to a trusted CI, have other roles
 * or different OIDs, or the keys are not theirs. A NULL part is a failure. */
bool dp_server_add_credentials(struct dp_server *server, struct dp_credentials credentials, const char **why);

/* Frees what the server holds, not the structure. */
void dp_server_clear(struct dp_server *server);

enum dp_stage {
    DP_STAGE_INITIATED,
    DP_STAGE_AUTHENTICATED,
    DP_STAGE_OFFERED,
    DP_STAGE_PREPARED,
    DP_STAGE_BOUND
};

/* One session with one eUICC. Readable by those above; filled by the functions below only. */
struct dp_session {
    enum dp_stage stage;
    struct rsp_session rsp;
    const struct rsp_credentials *pb; /* DPpb that this server binds with */
    struct buf smdp_signature2;       /* 5F37, whole */
    /* from PrepareDownload */
    bool has_hash_cc;
    uint8_t hash_cc[32];
    uint8_t euicc_otpk[EC_POINT_SIZE];
};

void dp_session_free(struct dp_session *session);

/* InitiateAuthentication (5.6.1), with the members of its answer. `info1` is the whole EUICCInfo1 (BF20).
 * NULL and *status when refused. */
struct dp_session *dp_initiate(const struct dp_server *server, struct span challenge, struct span address,
                               struct span info1, struct es9p_message *answer, struct refusal_status *status);

/* The eUICC's half of AuthenticateClient (5.6.3): `response` is the whole AuthenticateServerResponse (BF38).
 * On success the session knows the EID, the matchingId and EUICCInfo2, all verified. */
bool dp_authenticate(const struct dp_server *server, struct dp_session *session, struct span response,
                     struct refusal_status *status);

/* What the eUICC says about itself in EUICCInfo2. */
struct dp_euicc_facts {
    uint8_t profile_version[3]; /* the highest that it announces */
    bool has_free_nvm;
    uint64_t free_nvm;          /* octets, from extCardResource */
    struct span forbidden_pprs; /* BIT STRING value or SPAN_NONE */
};
bool dp_euicc_facts(const struct dp_session *session, struct dp_euicc_facts *facts);

/* The server's half of AuthenticateClient: offers a profile by its metadata (whole BF25). `otpk` is the
 * eUICC's one-time key of an earlier binding of the same profile, or SPAN_NONE. */
bool dp_offer(struct dp_session *session, struct span metadata, bool code_required, struct span otpk,
              struct es9p_message *answer, struct refusal_status *status);

/* The eUICC's half of GetBoundProfilePackage (5.6.2): `response` is the whole
 * PrepareDownloadResponse (BF21). */
bool dp_prepare(struct dp_session *session, struct span response, struct refusal_status *status);

/* Compares the eUICC's hashCc with that of a code of which `code_hash` is the SHA-256 (SGP.22 4.7). */
bool dp_code_matches(const struct dp_session *session, const uint8_t code_hash[32]);

/* The keys that a binding makes: secrets, which the caller wipes. */
struct dp_keys {
    bool known;                   /* of an earlier binding */
    uint8_t otsk[EC_SCALAR_SIZE]; /* the SM-DP+'s one-time private key */
    uint8_t ppk[48];              /* profile protection keys, if any */
};

/* The server's half of GetBoundProfilePackage: binds `package` (SAIP) with its metadata (whole BF25) to this
 * eUICC and session (SGP.22 2.5.4). With `ppk` the package is protected by its own random keys, which
 * ReplaceSessionKeys carries. Keys that are known give the same package as before, signed for this session
 * (SGP.22 3.1.3.2); others are made, and left in `keys`. */
bool dp_bind(struct dp_session *session, struct span metadata, struct span package, bool ppk,
             struct dp_keys *keys, struct buf *bpp, struct refusal_status *status);

/* CancelSession (5.6.5): `response` is the whole CancelSessionResponse (BF41). *reason is the
 * CancelSessionReason. */
bool dp_cancel(const struct dp_session *session, struct span response, uint64_t *reason,
               struct refusal_status *status);

#endif
