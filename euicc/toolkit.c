/* Proactive commands and their session: see toolkit.h. One at a time, as TS 102 221 7.4.2 has it. */
#include "euicc/toolkit.h"

#include "apdu/tlv.h"

#include <stdlib.h>

/* TERMINAL PROFILE, TS 102 223 5.2: the third octet's eighth bit. */
#define PROFILE_REFRESH_OCTET 2
#define PROFILE_REFRESH_BIT   0x80

/* TS 102 223 9.4 (command type), 8.7 (device identities), 9.2 (tags; the first bit says "comprehension
 * required"). */
#define COMMAND_REFRESH            0x01
#define DEVICE_UICC                0x81
#define DEVICE_TERMINAL            0x82
#define TAG_PROACTIVE              0xD0
#define TAG_COMMAND_DETAILS        0x81
#define TAG_DEVICE_IDENTITIES      0x82
#define TAG_RESULT                 0x83
#define COMPREHENSION_REQUIRED     0x80
#define COMMAND_DETAILS_SIZE       3
#define SW1_PROACTIVE              0x9100
#define PROACTIVE_COMMAND_SIZE_MAX 255 /* what 91xx can announce */

enum stage {
    STAGE_NONE,
    STAGE_MADE,      /* by the command at hand, whose answer has not left yet */
    STAGE_ANNOUNCED, /* 91xx went out */
    STAGE_FETCHED,   /* the terminal works on it */
};

struct proactive {
    bool serves_refresh;
    enum stage stage;
    uint8_t details[COMMAND_DETAILS_SIZE]; /* of the command under way: number, type, qualifier */
    struct buf command;                    /* whole, D0 */
};

bool toolkit_session_active(const struct softeuicc *card)
{
    return card->proactive != NULL && card->proactive->stage != STAGE_NONE;
}

static void end_session(struct proactive *proactive)
{
    proactive->stage = STAGE_NONE;
    buf_clear(&proactive->command);
}

static bool make_command(struct proactive *proactive)
{
    const uint8_t devices[] = {DEVICE_UICC, DEVICE_TERMINAL};
    size_t outer;

    buf_clear(&proactive->command);
    outer = tlv_open(&proactive->command, TAG_PROACTIVE);
    tlv_put(&proactive->command, TAG_COMMAND_DETAILS, SPAN_ARRAY(proactive->details));
    tlv_put(&proactive->command, TAG_DEVICE_IDENTITIES, SPAN_ARRAY(devices));
    tlv_close(&proactive->command, outer);
    return !proactive->command.failed && proactive->command.size <= PROACTIVE_COMMAND_SIZE_MAX;
}

/*
 * Reading of SGP.22 5.7.16: the change of state is stored at once, and the REFRESH makes the terminal notice.
 * The specification lets the change take effect with the terminal's RESET, which is the same thing for
 * everybody but a terminal that refuses to refresh.
 */
bool toolkit_request_refresh(struct softeuicc *card, enum toolkit_refresh mode)
{
    struct proactive *proactive = card->proactive;

    if (proactive == NULL || !proactive->serves_refresh)
        return true;
    if (proactive->stage != STAGE_NONE)
        return false;
    proactive->details[0] = 1; /* command number */
    proactive->details[1] = COMMAND_REFRESH;
    proactive->details[2] = (uint8_t)mode;
    if (!make_command(proactive))
        return false;
    proactive->stage = STAGE_MADE;
    return true;
}

uint16_t toolkit_terminal_profile(struct softeuicc *card, const struct apdu_command *command,
                                  struct buf *response)
{
    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (command->data.size == 0)
        return SW_WRONG_LENGTH;
    if (card->proactive == NULL)
        card->proactive = calloc(1, sizeof(*card->proactive));
    if (card->proactive == NULL)
        return SW_NO_DIAGNOSIS;
    card->proactive->serves_refresh = command->data.size > PROFILE_REFRESH_OCTET &&
                                      (command->data.data[PROFILE_REFRESH_OCTET] & PROFILE_REFRESH_BIT) != 0;
    return SW_OK;
}

uint16_t toolkit_fetch(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    struct proactive *proactive = card->proactive;

    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (command->ne == 0)
        return SW_WRONG_LENGTH;
    if (proactive == NULL || proactive->stage != STAGE_ANNOUNCED)
        return SW_CONDITIONS_NOT_SATISFIED;
    buf_append(response, buf_span(&proactive->command));
    proactive->stage = STAGE_FETCHED;
    return SW_OK;
}

/* An object whose tag comes with or without the comprehension bit. */
static bool require(struct tlv_reader *reader, uint32_t tag, struct span *value)
{
    if (tlv_peek(reader) == (tag & ~(uint32_t)COMPREHENSION_REQUIRED))
        tag &= ~(uint32_t)COMPREHENSION_REQUIRED;
    return tlv_require(reader, tag, value);
}

/* The response must be to the command under way; any result of it ends the session (TS 102 223 6.7, 8.12). */
uint16_t toolkit_terminal_response(struct softeuicc *card, const struct apdu_command *command,
                                   struct buf *response)
{
    struct tlv_reader reader = tlv_reader(command->data);
    struct proactive *proactive = card->proactive;
    struct span details;
    struct span value;

    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (proactive == NULL || proactive->stage != STAGE_FETCHED)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (!require(&reader, TAG_COMMAND_DETAILS, &details) ||
        !require(&reader, TAG_DEVICE_IDENTITIES, &value) || !require(&reader, TAG_RESULT, &value) ||
        value.size < 1 || !tlv_skip_rest(&reader) || !span_equal(details, SPAN_ARRAY(proactive->details)))
        return SW_WRONG_DATA;
    end_session(proactive);
    return SW_OK;
}

uint16_t toolkit_status(struct softeuicc *card, uint16_t status)
{
    struct proactive *proactive = card->proactive;

    if (proactive == NULL || (proactive->stage != STAGE_MADE && proactive->stage != STAGE_ANNOUNCED))
        return status;
    if (status == SW_OK) {
        proactive->stage = STAGE_ANNOUNCED;
        return (uint16_t)(SW1_PROACTIVE | proactive->command.size);
    }
    if (proactive->stage == STAGE_MADE)
        end_session(proactive);
    return status;
}

void toolkit_reset(struct softeuicc *card)
{
    if (card->proactive == NULL)
        return;
    end_session(card->proactive);
    card->proactive->serves_refresh = false;
}

void toolkit_free(struct softeuicc *card)
{
    if (card->proactive == NULL)
        return;
    buf_free(&card->proactive->command);
    free(card->proactive);
    card->proactive = NULL;
}
