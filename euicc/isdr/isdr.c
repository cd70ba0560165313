/*
 * The ISD-R seen from the terminal (SGP.22 5.7.1, 5.7.2): SELECT answers what the eUICC is, STORE DATA
 * carries ES10 functions. The functions themselves are in es10.c's table.
 */
#include "euicc/isdr/applications.h"
#include "euicc/isdr/es10.h"
#include "euicc/isdr/fci.h"
#include "euicc/rsp/ipa_mode.h"
#include "protocol/tags.h"

#include "apdu/tlv.h"

/* Bits of euiccConfiguration, SGP.32 ISDRProprietaryApplicationTemplateIoT */
#define CONFIGURATION_IPAE_SUPPORTED  0x80
#define CONFIGURATION_ENABLED_PROFILE 0x40

static bool has_enabled_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT 1 FROM profile WHERE state = 'enabled'", NVM_NONE) != 0;
}

/* ISDRProprietaryApplicationTemplate E0 { 82 svn }; lpaeSupport is left out: there is no LPA in the eUICC. */
static void put_consumer_template(const struct softeuicc *card, struct buf *response)
{
    size_t mark = tlv_open(response, 0xE0);

    tlv_put(response, 0x82, SPAN_ARRAY(card->sgp22));
    tlv_close(response, mark);
}

static void put_iot_template(struct softeuicc *card, struct buf *response)
{
    uint8_t bits = (uint8_t)((ipa_mode_has_ipae(card) ? CONFIGURATION_IPAE_SUPPORTED : 0) |
                             (has_enabled_profile(card) ? CONFIGURATION_ENABLED_PROFILE : 0));
    size_t mark = tlv_open(response, 0xE1);

    tlv_put_bits(response, 0x80, &bits, 2);
    tlv_close(response, mark);
}

static uint16_t isdr_select(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    size_t fci = fci_open(response, isdr_application.aid);

    (void)command;
    put_consumer_template(card, response);
    if ((card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0)
        put_iot_template(card, response);
    tlv_close(response, fci);
    return SW_OK;
}

/* Of what another IPA or LPA asks while the card's own one has the card to itself, only the question who has
 * it is answered. */
static bool is_refused(const struct softeuicc *card, struct span request)
{
    struct tlv tlv;

    return ipa_mode_is_exclusive(card) &&
           (tlv_only(request, &tlv) != TLV_OK || tlv.tag != TAG_IPAE_ACTIVATION);
}

static uint16_t store_data(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    struct span request = SPAN_NONE;
    bool complete = false;
    struct store_data *chain = &card->store_data[command->channel];
    uint16_t status = store_data_block(chain, command, &complete, &request);
    struct store_data served;

    if (status != SW_OK || !complete)
        return status;
    /* The request stays where it is while it is served, whatever that does to the card's sessions. */
    served = *chain;
    *chain = (struct store_data){0};
    status = is_refused(card, request) ? SW_CONDITIONS_NOT_SATISFIED : es10_dispatch(card, request, response);
    store_data_reset(&served);
    return status;
}

static uint16_t isdr_process(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    if (command->ins == INS_STORE_DATA)
        return store_data(card, command, response);
    return SW_INS_NOT_SUPPORTED;
}

const struct application isdr_application = {
    .name = "ISD-R",
    .aid = {(const uint8_t *)ISDR_AID, sizeof(ISDR_AID) - 1},
    .personalities = FOR_ALL,
    .select = isdr_select,
    .process = isdr_process,
};
