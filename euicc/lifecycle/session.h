/*
 * The RSP session in RAM (SGP.22 3.1.2, 3.1.3): from GetEUICCChallenge to the last segment of the Bound
 * Profile Package. A reset, a new challenge or CancelSession ends it. At most one exists.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_SESSION_H
#define SOFTEUICC_EUICC_LIFECYCLE_SESSION_H

#include "euicc/os/card.h"

#define RSP_CHALLENGE_SIZE     16 /* euiccChallenge, serverChallenge: Octet16 */
#define RSP_TRANSACTION_ID_MAX 16 /* TransactionId: 1 to 16 octets */
#define RSP_SERVER_ADDRESS_MAX 255
#define RSP_ONE_TIME_KEYS_KEPT 4 /* otPK.EUICC pairs kept for retries; the oldest is forgotten */

/* How far the session has come; each stage is entered from the one before it only. */
enum rsp_stage { RSP_NONE, RSP_CHALLENGED, RSP_AUTHENTICATED, RSP_PREPARED, RSP_LOADING };

struct rsp_session;

/* Ends the session, wipes its keys. A half-loaded profile leaves nothing behind. */
void rsp_session_end(struct softeuicc *card);
void rsp_session_free(struct softeuicc *card);
/* Starts over with a fresh challenge (GetEUICCChallenge). False without randomness or memory. */
bool rsp_session_start(struct softeuicc *card, uint8_t challenge[RSP_CHALLENGE_SIZE]);
enum rsp_stage rsp_session_stage(const struct softeuicc *card);

/* Ends what the card keeps in RAM across commands (the RSP session, blocks collected): after a reset. When a
 * command's changes could not be stored the RSP session alone is ended, so that RAM never knows more than the
 * file. */
void card_end_sessions(struct softeuicc *card);

/* The profile that the session which ended last has installed: its id, until a reset, another session or
 * rsp_session_end; 0 for none. */
int64_t rsp_session_installed(const struct softeuicc *card);

/* --- for download.c and bpp*.c only --- */

struct bpp_load; /* bpp_load.h: a Bound Profile Package on its way in */

struct rsp_session {
    enum rsp_stage stage;
    uint8_t challenge[RSP_CHALLENGE_SIZE];

    /* From AuthenticateServer on. */
    uint8_t transaction_id[RSP_TRANSACTION_ID_MAX];
    size_t transaction_id_size;
    /* What the card signs with: under the CI of euiccCiPKIdToBeUsed. */
    const struct card_credentials *signing;
    const struct card_credentials *verification; /* the CI that issued the server's certificate */
    enum cert_role server_role;                  /* DPauth or DSauth */
    struct buf server_oid;                       /* content octets of the registeredID */
    struct buf server_address;
    uint8_t euicc_signature1[EC_SIGNATURE_SIZE];

    /* From PrepareDownload on. */
    struct cert *dp_pb;
    struct ec_key *otpk;
    uint8_t otpk_point[EC_POINT_SIZE];

    struct bpp_load *load; /* while RSP_LOADING */

    int64_t installed; /* after it (RSP_NONE): the profile it installed, for ImmediateEnable; 0: none */
};

struct span rsp_session_transaction_id(const struct rsp_session *session);

#endif
