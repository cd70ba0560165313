/*
 * The commands of the UICC platform that are served whatever application is selected: SELECT by AID, MANAGE
 * CHANNEL, what a terminal tells about itself, and the toolkit's (ETSI TS 102 221 11.1.1, 11.1.17, 11.1.19,
 * 11.2.1, 11.2.3, 11.2.4); the toolkit's in class A0 too (3GPP TS 51.011 table 9.1.1, TS 51.014 6, 9.1).
 * SELECT of a file, or of an application of the enabled profile, goes on to the UICC.
 */
#include "euicc/card/commands.h"

#include "euicc/ipae/ipae.h"
#include "euicc/isdr/applications.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/os/describe.h"
#include "euicc/rsp/ipa_mode.h"
#include "euicc/terminal/ota.h"
#include "euicc/terminal/profile_view.h"
#include "euicc/terminal/toolkit.h"

#include <stdio.h>
#include <string.h>

/* SELECT, TS 102 221 tables 11.1 and 11.2 */
#define P1_BY_AID      0x04
#define P2_OCCURRENCE  0x03
#define P2_RESPONSE    0x0C /* 00 FCI, 04 FCP, 08 FMD */
#define P2_NO_RESPONSE 0x0C
#define P2_TERMINATE   0x40 /* application session control: termination */
#define P2_RESERVED    0xB0
#define AID_MIN        5 /* a RID alone */
#define AID_MAX        16

/* SELECT of something of the UICC: on success no other application is selected on the channel any more. */
static uint16_t select_in_uicc(struct softeuicc *card, const struct apdu_command *command,
                               struct fs_file *application, struct buf *response)
{
    struct uicc *uicc = profile_view_uicc(card);
    uint16_t status = SW_NO_DIAGNOSIS;

    if (uicc != NULL)
        status = application != NULL ? uicc_select_application(uicc, command, application, response)
                                     : uicc_process(uicc, command, response);
    if (status == SW_OK || (status & 0xFF00) == SW_WARNING)
        *channel_find(&card->channels, command->channel) = (struct channel){.open = true};
    return status;
}

static uint16_t select_file(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    char name[2 * 8 + 1];
    struct span shown = SPAN(command->data.data, command->data.size < 8 ? command->data.size : 8);

    card_describe_format(card, "SELECT file %s", hex_from_span(shown, name, sizeof(name)));
    return select_in_uicc(card, command, NULL, response);
}

/* Selects on the command's channel, answering what the application says about itself. A refused SELECT
 * changes nothing. */
static uint16_t commands_enter(struct softeuicc *card, const struct apdu_command *command,
                               struct selection chosen, struct buf *response)
{
    struct channel *channel = channel_find(&card->channels, command->channel);
    struct channel before = *channel;
    uint16_t status;

    channel->application = chosen.application;
    channel->instance = chosen.instance;
    status = chosen.application->select(card, command, response);
    if (status != SW_OK) {
        *channel = before;
        return status;
    }
    if ((command->p2 & P2_RESPONSE) == P2_NO_RESPONSE)
        buf_clear(response);
    if (profile_view_uicc(card) != NULL)
        uicc_close_channel(profile_view_uicc(card), command->channel);
    return SW_OK;
}

/* What an AID has found: one of the card's applications, or an ADF of the enabled profile;
 * neither: nothing. */
struct match {
    struct selection selection;
    struct fs_file *adf;
};

/* A partial AID meets the card's applications first, then the profile's;
 * the occurrence counts through both. */
static struct match find_application(struct softeuicc *card, const struct apdu_command *command,
                                     struct selection current)
{
    const struct uicc *uicc = profile_view_uicc(card);
    enum occurrence occurrence = command->p2 & P2_OCCURRENCE;
    bool in_uicc = current.application == NULL;
    const struct fs_file *adf = in_uicc && uicc != NULL ? uicc->channels[command->channel].application : NULL;
    bool backward = occurrence == OCCURRENCE_LAST || (occurrence == OCCURRENCE_PREVIOUS && adf != NULL);
    bool on_card = occurrence == OCCURRENCE_FIRST || (occurrence != OCCURRENCE_LAST && !in_uicc);
    struct match match = {.adf = NULL};

    if (on_card)
        match.selection = applications_find(card, command->data, occurrence, current);
    if (match.selection.application != NULL || uicc == NULL || (on_card && occurrence == OCCURRENCE_PREVIOUS))
        return match;
    match.adf = uicc_find_application(uicc, command->data,
                                      on_card ? UICC_FIRST : (enum uicc_occurrence)occurrence, adf);
    if (match.adf == NULL && backward)
        match.selection = applications_find(card, command->data, OCCURRENCE_LAST, current);
    return match;
}

/* The one that no AID means; there is no other one before or after it. */
static struct match find_issuer(struct softeuicc *card, const struct apdu_command *command)
{
    enum occurrence occurrence = command->p2 & P2_OCCURRENCE;
    struct match match = {.adf = NULL};

    if (occurrence == OCCURRENCE_FIRST || occurrence == OCCURRENCE_LAST)
        match.selection = applications_issuer(card);
    return match;
}

static uint16_t select_application(struct softeuicc *card, const struct apdu_command *command,
                                   struct buf *response)
{
    struct channel *channel = channel_find(&card->channels, command->channel);
    struct selection current = {channel->application, channel->instance};
    struct match match;
    char aid[2 * AID_MAX + 1];

    if (command->p1 != P1_BY_AID)
        return select_file(card, command, response);
    card_describe_format(card, "SELECT AID %s", hex_from_span(command->data, aid, sizeof(aid)));
    if ((command->p2 & P2_RESERVED) != 0)
        return SW_WRONG_P1_P2;
    if (command->data.size != 0 && (command->data.size < AID_MIN || command->data.size > AID_MAX))
        return SW_WRONG_LENGTH;
    match = command->data.size != 0 ? find_application(card, command, current) : find_issuer(card, command);
    if (match.adf != NULL)
        return select_in_uicc(card, command, match.adf, response);
    /* What the UICC would have had is not known while its storage fails. */
    if (match.selection.application == NULL)
        return profile_view_uicc(card) != NULL ? SW_FILE_NOT_FOUND : SW_NO_DIAGNOSIS;
    card_describe_format(card, "SELECT %s", match.selection.application->name);
    if ((command->p2 & P2_TERMINATE) == 0)
        return commands_enter(card, command, match.selection, response);
    if (match.selection.application != current.application || match.selection.instance != current.instance)
        return SW_CONDITIONS_NOT_SATISFIED;
    *channel = (struct channel){.open = true};
    return SW_OK;
}

static uint16_t manage_channel(struct softeuicc *card, const struct apdu_command *command,
                               struct buf *response)
{
    struct uicc *uicc = profile_view_uicc(card);
    struct channel_table before = card->channels;
    uint16_t status;

    card_describe(card, command->p1 == 0 ? "MANAGE CHANNEL open" : "MANAGE CHANNEL close");
    status = channel_manage(&card->channels, command, response);
    for (unsigned i = 0; i < APDU_CHANNELS; i++) {
        bool open = card->channels.channels[i].open;

        if (!open && before.channels[i].open)
            store_data_reset(&card->store_data[i]);
        if (uicc == NULL)
            continue;
        if (open && !before.channels[i].open)
            uicc_open_channel(uicc, i, command->channel);
        else if (!open && before.channels[i].open)
            uicc_close_channel(uicc, i);
    }
    return status;
}

static uint16_t terminal_profile(struct softeuicc *card, const struct apdu_command *command,
                                 struct buf *response)
{
    uint16_t status = toolkit_terminal_profile(card, command, response);

    if (status == SW_OK)
        ipae_terminal_is_ready(card);
    return status;
}

/* What a REFRESH was for takes effect with the terminal's answer, or not. */
static uint16_t terminal_response(struct softeuicc *card, const struct apdu_command *command,
                                  struct buf *response)
{
    uint16_t status = toolkit_terminal_response(card, command, response);
    enum toolkit_refresh refresh = toolkit_take_refresh(card);

    if (refresh == TOOLKIT_REFRESH_NONE)
        return status;
    if (marking_waits(card) &&
        (!lifecycle_settle(card, refresh != TOOLKIT_REFRESH_REFUSED) ||
         !ipae_settled(card, refresh != TOOLKIT_REFRESH_REFUSED, refresh == TOOLKIT_REFRESH_DONE)))
        return SW_MEMORY_FAILURE;
    if (refresh == TOOLKIT_REFRESH_SWITCHED)
        profile_view_switch(card);
    return status;
}

/* What comes for the ISD-R as a short message is for the IPAe. */
static uint16_t envelope(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    uint16_t status = toolkit_envelope(card, command, response);

    if (ota_take_call(card))
        ipae_message_came(card);
    return status;
}

/* eUICC-related capabilities, TS 102 221 11.1.19.2.4 and SGP.32 3.8.4: bit 1 of the first octet, "the device
 * has an IPAd". */
static bool has_ipad(struct span capabilities)
{
    static const uint32_t path[] = {0xA9, 0x84, 0};
    struct span octets;

    return tlv_find_path(capabilities, path, &octets) && octets.size > 0 && (octets.data[0] & 0x01) != 0;
}

/* What a terminal says about its power supply and the like is checked, and of no use to this card. */
static uint16_t terminal_capability(struct softeuicc *card, const struct apdu_command *command,
                                    struct buf *response)
{
    uint16_t status;

    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (command->data.size == 0)
        return SW_WRONG_LENGTH;
    status = uicc_check_terminal_capability(command->data);
    if (status == SW_OK)
        ipa_mode_declare_ipad(card, has_ipad(command->data));
    return status;
}

static const struct platform_command {
    uint8_t cla_base;
    uint8_t ins;
    const char *name; /* NULL: the handler says it better */
    uint16_t (*handler)(struct softeuicc *card, const struct apdu_command *command, struct buf *response);
    bool of_sim; /* class A0 has it too */
} platform_commands[] = {
    {0x00, INS_SELECT, NULL, select_application, false},
    {0x00, INS_MANAGE_CHANNEL, NULL, manage_channel, false},
    {0x80, INS_TERMINAL_PROFILE, "TERMINAL PROFILE", terminal_profile, true},
    {0x80, INS_FETCH, "FETCH", toolkit_fetch, true},
    {0x80, INS_TERMINAL_RESPONSE, "TERMINAL RESPONSE", terminal_response, true},
    {0x80, INS_ENVELOPE, "ENVELOPE", envelope, true},
    {0x80, INS_TERMINAL_CAPABILITY, "TERMINAL CAPABILITY", terminal_capability, false},
};

/* What class A0 has no word for is a "technical problem": TS 51.011 9.4. */
static uint16_t platform_status(const struct apdu_command *command, uint16_t status)
{
    static const uint8_t words[] = {SW_WRONG_LENGTH >> 8, SW_BAD_P1_P2 >> 8, SW_INS_NOT_SUPPORTED >> 8,
                                    SW_CLA_NOT_SUPPORTED >> 8};
    uint8_t first = (uint8_t)(status >> 8);

    if (command->cla != CLA_SIM || first >= 0x90 || memchr(words, first, sizeof(words)) != NULL)
        return status;
    return status == SW_MEMORY_FAILURE ? SW_SIM_MEMORY_PROBLEM : SW_NO_DIAGNOSIS;
}

bool card_platform_command(struct softeuicc *card, const struct apdu_command *command, struct buf *response,
                           uint16_t *status)
{
    for (size_t i = 0; i < sizeof(platform_commands) / sizeof(platform_commands[0]); i++) {
        const struct platform_command *row = &platform_commands[i];

        bool sim = command->cla == CLA_SIM;

        if (row->ins != command->ins || (sim && !row->of_sim))
            continue;
        if (row->name != NULL)
            card_describe(card, row->name);
        *status = sim || row->cla_base == command->cla_base ? row->handler(card, command, response)
                                                            : SW_CLA_NOT_SUPPORTED;
        *status = platform_status(command, *status);
        return true;
    }
    return false;
}
