/*
 * The commands of the UICC platform that are served whatever application is selected: SELECT by AID, MANAGE
 * CHANNEL, what a terminal tells about itself, and the toolkit's (ETSI TS 102 221 11.1.1, 11.1.17, 11.1.19,
 * 11.2.1, 11.2.3, 11.2.4). Without an enabled profile there is no file system: SELECT of a file finds nothing.
 */
#include "euicc/applications.h"
#include "euicc/toolkit.h"

#include <stdio.h>

#define INS_SELECT              0xA4
#define INS_TERMINAL_PROFILE    0x10
#define INS_FETCH               0x12
#define INS_TERMINAL_RESPONSE   0x14
#define INS_TERMINAL_CAPABILITY 0xAA

/* SELECT, TS 102 221 tables 11.1 and 11.2 */
#define P1_BY_AID      0x04
#define P2_OCCURRENCE  0x03
#define P2_RESPONSE    0x0C /* 00 FCI, 04 FCP, 08 FMD */
#define P2_NO_RESPONSE 0x0C
#define P2_TERMINATE   0x40 /* application session control: termination */
#define P2_RESERVED    0xB0
#define AID_MIN        5 /* a RID alone */
#define AID_MAX        16

static uint16_t select_file(struct softeuicc *card, const struct apdu_command *command)
{
    char name[2 * 8 + 1];
    struct span shown = SPAN(command->data.data, command->data.size < 8 ? command->data.size : 8);

    card_describe_format(card, "SELECT file %s", hex_from_span(shown, name, sizeof(name)));
    switch (command->p1) {
    case 0x00: /* by file identifier */
    case 0x01: /* child DF */
    case 0x03: /* parent DF */
    case 0x08: /* by path from the MF */
    case 0x09: /* by path from the current DF */
        return SW_FILE_NOT_FOUND;
    default:
        return SW_WRONG_P1_P2;
    }
}

/* Selects on the command's channel, answering what the application says about itself. A refused SELECT
 * changes nothing. */
static uint16_t enter(struct softeuicc *card, const struct apdu_command *command, struct selection chosen,
                      struct buf *response)
{
    struct channel *channel = channel_find(&card->channels, command->channel);
    struct channel before = *channel;
    uint16_t status;

    channel->application = chosen.application;
    channel->instance = chosen.instance;
    status = chosen.application->select(card, command, response);
    if (status != SW_OK)
        *channel = before;
    else if ((command->p2 & P2_RESPONSE) == P2_NO_RESPONSE)
        buf_clear(response);
    return status;
}

static uint16_t select_application(struct softeuicc *card, const struct apdu_command *command,
                                   struct buf *response)
{
    struct channel *channel = channel_find(&card->channels, command->channel);
    struct selection current = {channel->application, channel->instance};
    struct selection chosen;
    char aid[2 * AID_MAX + 1];

    if (command->p1 != P1_BY_AID)
        return select_file(card, command);
    card_describe_format(card, "SELECT AID %s", hex_from_span(command->data, aid, sizeof(aid)));
    if ((command->p2 & P2_RESERVED) != 0)
        return SW_WRONG_P1_P2;
    if (command->data.size < AID_MIN || command->data.size > AID_MAX)
        return SW_WRONG_LENGTH;
    chosen = applications_find(card, command->data, command->p2 & P2_OCCURRENCE, current);
    if (chosen.application == NULL)
        return SW_FILE_NOT_FOUND;
    card_describe_format(card, "SELECT %s", chosen.application->name);
    if ((command->p2 & P2_TERMINATE) == 0)
        return enter(card, command, chosen, response);
    if (chosen.application != current.application || chosen.instance != current.instance)
        return SW_CONDITIONS_NOT_SATISFIED;
    *channel = (struct channel){.open = true};
    return SW_OK;
}

static uint16_t manage_channel(struct softeuicc *card, const struct apdu_command *command,
                               struct buf *response)
{
    card_describe(card, command->p1 == 0 ? "MANAGE CHANNEL open" : "MANAGE CHANNEL close");
    return channel_manage(&card->channels, command, response);
}

/* What a terminal says about its power supply and the like needs no answer and is of no use to this card. */
static uint16_t take_note(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    (void)card;
    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    return command->data.size > 0 ? SW_OK : SW_WRONG_LENGTH;
}

static const struct platform_command {
    uint8_t cla_base;
    uint8_t ins;
    const char *name; /* NULL: the handler says it better */
    uint16_t (*handler)(struct softeuicc *card, const struct apdu_command *command, struct buf *response);
} platform_commands[] = {
    {0x00, INS_SELECT, NULL, select_application},
    {0x00, INS_MANAGE_CHANNEL, NULL, manage_channel},
    {0x80, INS_TERMINAL_PROFILE, "TERMINAL PROFILE", toolkit_terminal_profile},
    {0x80, INS_FETCH, "FETCH", toolkit_fetch},
    {0x80, INS_TERMINAL_RESPONSE, "TERMINAL RESPONSE", toolkit_terminal_response},
    {0x80, INS_TERMINAL_CAPABILITY, "TERMINAL CAPABILITY", take_note},
};

bool card_platform_command(struct softeuicc *card, const struct apdu_command *command, struct buf *response,
                           uint16_t *status)
{
    for (size_t i = 0; i < sizeof(platform_commands) / sizeof(platform_commands[0]); i++) {
        const struct platform_command *row = &platform_commands[i];

        if (row->ins != command->ins)
            continue;
        if (row->name != NULL)
            card_describe(card, row->name);
        *status =
            row->cla_base == command->cla_base ? row->handler(card, command, response) : SW_CLA_NOT_SUPPORTED;
        return true;
    }
    return false;
}
