/* Short messages: see modem_sms.h. */
#include "device/modem/modem_sms.h"

#include "apdu/tlv.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { PID_DATA_DOWNLOAD = 0x7F, PID_ANSI_DATA_DOWNLOAD = 0x7C }; /* 3GPP TS 23.040 9.2.3.9 */

void sms_send(struct modem *modem)
{
    struct span tpdu;

    if (!comprehension_find(modem->command.objects, PROACTIVE_SMS_TPDU, &tpdu)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
    } else if (tpdu.size == 0 || tpdu.size > TPDU_MAX) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
    } else if (!air_submit(modem->air, tpdu)) {
        modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, BUSY_NO_SERVICE);
    } else {
        modem_tell(modem, MODEM_EVENT_SMS_SENT, 0, NULL, tpdu, SPAN_NONE);
        modem_respond(modem, PROACTIVE_DONE);
    }
}

/* Whether the protocol identifier of an SMS-DELIVER says that it is for the card. */
static bool is_for_card(struct span tpdu)
{
    struct span head, address, pid;

    if (!span_take(&tpdu, 1, &head) || !span_take(&tpdu, 1, &head) ||
        !span_take(&tpdu, 1 + (head.data[0] + 1u) / 2, &address) || !span_take(&tpdu, 1, &pid))
        return false;
    return pid.data[0] == PID_DATA_DOWNLOAD || pid.data[0] == PID_ANSI_DATA_DOWNLOAD;
}

void sms_came(struct modem *modem, struct span tpdu)
{
    struct modem_message *message = &modem->messages[modem->message_count];

    modem_is_active(modem);
    if (!is_for_card(tpdu) || tpdu.size > TPDU_MAX) {
        modem_tell(modem, MODEM_EVENT_SMS_CAME, 0, NULL, tpdu, SPAN_NONE);
        return;
    }
    if (modem->message_count == MESSAGES_MAX) {
        modem_trouble(modem, "a short message is lost: %u wait for the card", (unsigned)MESSAGES_MAX);
        return;
    }
    memcpy(message->tpdu, tpdu.data, tpdu.size);
    message->size = tpdu.size;
    modem->message_count++;
    modem_wake(modem);
}

bool sms_take(struct modem *modem, struct buf *objects)
{
    if (modem->message_count == 0)
        return false;
    tlv_put(objects, PROACTIVE_SMS_TPDU, SPAN(modem->messages[0].tpdu, modem->messages[0].size));
    modem->message_count--;
    memmove(&modem->messages[0], &modem->messages[1], modem->message_count * sizeof(modem->messages[0]));
    return true;
}
