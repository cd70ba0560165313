/*
 * ISD-Ps seen from the terminal (SGP.22 2.4.3): there is one per profile, it can be selected, and it offers
 * nothing there. What it does for the operator goes through the ISD-R.
 */
#include "euicc/isdr/applications.h"

#include "apdu/tlv.h"

static uint16_t isdp_select(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    const struct channel *channel = &card->channels.channels[command->channel];
    struct selection self = {&isdp_application, channel->instance};
    uint8_t aid[16];

    if (!applications_aid(card, self, aid))
        return SW_FILE_NOT_FOUND;
    tlv_close(response, applications_open_fci(response, SPAN_ARRAY(aid)));
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
