/*
 * The RSP session in RAM: see session.h. The structure is allocated with the first challenge and reused;
 * ending a session wipes what is secret in it (SGP.22 3.1.2, 3.1.3).
 */
#include "euicc/lifecycle/session.h"

#include "euicc/lifecycle/bpp_load.h"
#include "euicc/os/host.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void rsp_session_end(struct softeuicc *card)
{
    struct rsp_session *session = card->rsp;

    if (session == NULL)
        return;
    session->installed = 0;
    if (session->stage == RSP_NONE)
        return;
    bpp_load_free(session->load);
    cert_free(session->dp_pb);
    ec_key_free(session->otpk);
    buf_free(&session->server_oid);
    buf_free(&session->server_address);
    OPENSSL_cleanse(session, sizeof(*session)); /* all zero: RSP_NONE */
}

void rsp_session_free(struct softeuicc *card)
{
    rsp_session_end(card);
    free(card->rsp);
    card->rsp = NULL;
}

void card_end_sessions(struct softeuicc *card)
{
    for (unsigned i = 0; i < APDU_CHANNELS; i++)
        store_data_reset(&card->store_data[i]);
    rsp_session_end(card);
}

bool rsp_session_start(struct softeuicc *card, uint8_t challenge[RSP_CHALLENGE_SIZE])
{
    rsp_session_end(card);
    if (card->rsp == NULL && (card->rsp = calloc(1, sizeof(*card->rsp))) == NULL)
        return false;
    if (!card_random(card, card->rsp->challenge, RSP_CHALLENGE_SIZE))
        return false;
    memcpy(challenge, card->rsp->challenge, RSP_CHALLENGE_SIZE);
    card->rsp->stage = RSP_CHALLENGED;
    return true;
}

enum rsp_stage rsp_session_stage(const struct softeuicc *card)
{
    return card->rsp != NULL ? card->rsp->stage : RSP_NONE;
}

int64_t rsp_session_installed(const struct softeuicc *card)
{
    return card->rsp != NULL ? card->rsp->installed : 0;
}

struct span rsp_session_transaction_id(const struct rsp_session *session)
{
    return SPAN(session->transaction_id, session->transaction_id_size);
}
