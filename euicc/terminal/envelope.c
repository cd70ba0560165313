/*
 * ENVELOPE (ETSI TS 102 221 11.2.2, TS 102 223 7): what terminal and network send to applications of the
 * card, by its tag. No application is installed on this card: what only one could want is accepted and has no
 * effect.
 */
#include "apdu/tlv.h"
#include "euicc/os/describe.h"
#include "euicc/terminal/ota.h"
#include "euicc/terminal/toolkit.h"

/* TS 102 223 9.1, 3GPP TS 31.111 9.1. Reading: without a handler the answer is 9000, which lets calls and
 * messages that the terminal asks about (D4, D5) go ahead as they are. */
static const struct envelope {
    uint32_t tag;
    const char *name;
    uint16_t (*handler)(struct softeuicc *card, struct span content, struct buf *response);
} envelopes[] = {
    {ENVELOPE_SMS_DOWNLOAD, "ENVELOPE SMS-PP download", ota_sms_download},
    {0xD2, "ENVELOPE cell broadcast", NULL},
    {0xD3, "ENVELOPE menu selection", NULL},
    {0xD4, "ENVELOPE call control", NULL},
    {0xD5, "ENVELOPE short message control", NULL},
    {ENVELOPE_EVENT, "ENVELOPE event", toolkit_event_download},
    {ENVELOPE_TIMER_EXPIRATION, "ENVELOPE timer expiration", toolkit_timer_expired},
};

uint16_t toolkit_envelope(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    struct tlv envelope;

    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (command->data.size == 0)
        return SW_WRONG_LENGTH;
    if (tlv_only(command->data, &envelope) != TLV_OK)
        return SW_WRONG_DATA;
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
        if (envelopes[i].tag != envelope.tag)
            continue;
        card_describe(card, envelopes[i].name);
        return envelopes[i].handler != NULL ? envelopes[i].handler(card, envelope.value, response) : SW_OK;
    }
    return SW_WRONG_DATA;
}
