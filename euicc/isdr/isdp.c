/*
 * ISD-Ps seen from the terminal (SGP.22 2.4.3): there is one per profile, it can be selected, and it offers
 * nothing there. What it does for the operator goes through the ISD-R.
 */
#include "euicc/isdr/applications.h"
#include "euicc/isdr/fci.h"
#include "euicc/profile/profile_store.h"

#include "apdu/tlv.h"

#include <string.h>

/* The AID of the profile's ISD-P. False when it is gone: deleted since it was selected. */
static bool read_aid(struct softeuicc *card, int64_t profile, uint8_t aid[ISDP_AID_SIZE])
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm, "SELECT isdp_aid FROM profile WHERE id = ?1", NVM_VALUES(NVM_INT(profile)));
    struct buf octets = {0};
    bool found = nvm_row(card->nvm, stmt) && buf_append_hex(&octets, nvm_text(stmt, 0), NULL) &&
                 octets.size == ISDP_AID_SIZE;
    if (found)
        memcpy(aid, octets.data, ISDP_AID_SIZE);
    nvm_done(stmt);
    buf_free(&octets);
    return found;
}

static uint16_t isdp_select(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    const struct channel *channel = &card->channels.channels[command->channel];
    uint8_t aid[ISDP_AID_SIZE];

    if (!read_aid(card, (int64_t)channel->instance, aid))
        return SW_FILE_NOT_FOUND;
    tlv_close(response, fci_open(response, SPAN_ARRAY(aid)));
    return SW_OK;
}

static uint16_t isdp_process(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    (void)card;
    (void)command;
    (void)response;
    return SW_INS_NOT_SUPPORTED;
}

const struct application isdp_application = {
    .name = "ISD-P",
    .aid = {(const uint8_t *)ISDP_AID_PREFIX, sizeof(ISDP_AID_PREFIX) - 1},
    .personalities = FOR_ALL,
    .select = isdp_select,
    .process = isdp_process,
};
