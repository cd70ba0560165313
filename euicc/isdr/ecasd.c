/*
 * ECASD seen from the terminal (SGP.22 2.4.2): it keeps the card's keys and certificates, which the ISD-R
 * uses; what it shows is the EID (SGP.02 2.2.2: GET DATA, tag 5A). Nothing secret can be read here, and
 * nothing written.
 */
#include "euicc/isdr/applications.h"
#include "euicc/isdr/fci.h"
#include "euicc/os/describe.h"

#include "apdu/tlv.h"
#include "protocol/tags.h"

#define INS_GET_DATA 0xCA /* GlobalPlatform 2.3 11.3 */

static uint16_t ecasd_select(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    (void)card;
    (void)command;
    tlv_close(response, fci_open(response, ecasd_application.aid));
    return SW_OK;
}

static uint16_t get_data(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    unsigned tag = (unsigned)command->p1 << 8 | command->p2;

    if (command->data.size != 0)
        return SW_WRONG_LENGTH;
    if (tag != TAG_EID)
        return SW_REFERENCE_NOT_FOUND;
    card_describe(card, "ECASD GET DATA EID");
    tlv_put(response, TAG_EID, SPAN_ARRAY(card->eid));
    return SW_OK;
}

static uint16_t ecasd_process(struct softeuicc *card, const struct apdu_command *command,
                              struct buf *response)
{
    if (command->ins == INS_GET_DATA)
        return get_data(card, command, response);
    return SW_INS_NOT_SUPPORTED;
}

const struct application ecasd_application = {
    .name = "ECASD",
    .aid = {(const uint8_t *)ECASD_AID, sizeof(ECASD_AID) - 1},
    .personalities = FOR_ALL,
    .select = ecasd_select,
    .process = ecasd_process,
};
