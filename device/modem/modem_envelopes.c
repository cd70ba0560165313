/* ENVELOPE: see modem_envelopes.h. */
#include "device/modem/modem_envelopes.h"

#include "apdu/tlv.h"
#include "device/modem/card_commands.h"
#include "device/modem/modem_channels.h"
#include "device/modem/modem_events.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_sms.h"
#include "device/modem/modem_tell.h"
#include "device/modem/modem_timers.h"

enum { ATTEMPTS_MAX = 10, RETRY_MS = 500 };

static const char *event_name(uint8_t event)
{
    switch (event) {
    case EVENT_LOCATION_STATUS:
        return "location status";
    case EVENT_DATA_AVAILABLE:
        return "data available";
    case EVENT_CHANNEL_STATUS:
        return "channel status";
    case EVENT_ACCESS_TECHNOLOGY:
        return "access technology change";
    default:
        return "network rejection";
    }
}

static void put_devices(struct buf *out, uint8_t source)
{
    const uint8_t devices[] = {source, PROACTIVE_UICC};

    tlv_put(out, PROACTIVE_DEVICE_IDENTITIES, SPAN_ARRAY(devices));
}

/* Puts the whole together: `objects` behind what every envelope of its kind begins with. */
static void make(struct modem *modem, uint8_t tag, uint8_t event, uint8_t source, struct span objects)
{
    struct buf *out = &modem->envelope.octets;
    struct buf content = {0};

    if (tag == ENVELOPE_EVENT)
        tlv_put_octet(&content, PROACTIVE_EVENT_LIST, event);
    put_devices(&content, source);
    buf_append(&content, objects);
    if (!content.failed)
        modem_spoil_objects(modem, content.data, content.size);
    buf_clear(out);
    tlv_put(out, tag, buf_span(&content));
    if (content.failed || out->failed || out->size > APDU_SHORT_NC)
        modem->envelope.name = NULL;
    buf_free(&content);
}

static uint8_t take_event(struct modem *modem, struct buf *objects)
{
    uint8_t event = events_take(modem, objects);

    return event != 0 ? event : channels_take_event(modem, objects);
}

/* Timers come first, since their time has come; messages last. */
bool envelopes_wait(struct modem *modem)
{
    struct modem_envelope *envelope = &modem->envelope;
    struct buf objects = {0};
    uint8_t event;

    if (envelope->name != NULL)
        return true;
    envelope->attempts = 0;
    envelope->retry_at = 0;
    envelope->is_message = false;
    if (timers_take_expired(modem, &objects)) {
        envelope->name = "timer expiration";
        make(modem, ENVELOPE_TIMER_EXPIRATION, 0, PROACTIVE_TERMINAL, buf_span(&objects));
    } else if ((event = take_event(modem, &objects)) != 0) {
        envelope->name = event_name(event);
        make(modem, ENVELOPE_EVENT, event,
             event == EVENT_NETWORK_REJECTION ? PROACTIVE_NETWORK : PROACTIVE_TERMINAL, buf_span(&objects));
    } else if (sms_take(modem, &objects)) {
        envelope->name = "short message";
        envelope->is_message = true;
        make(modem, ENVELOPE_SMS_DOWNLOAD, 0, PROACTIVE_NETWORK, buf_span(&objects));
    }
    buf_free(&objects);
    return envelope->name != NULL;
}

/* What the card answered to a message goes back to the network, in a report. */
static void tell_message(struct modem *modem, uint16_t sw)
{
    struct comprehension_object object = {0};
    struct span rest;

    if (tlv_single(buf_span(&modem->envelope.octets), ENVELOPE_SMS_DOWNLOAD, &rest) != TLV_OK)
        return;
    while (comprehension_next(&rest, &object))
        continue;
    buf_append_number(&modem->data, 2, sw);
    modem_tell(modem, MODEM_EVENT_SMS_CAME, 0, NULL, object.value, buf_span(&modem->data));
}

void envelopes_send(struct modem *modem)
{
    struct modem_envelope *envelope = &modem->envelope;
    const char *name = envelope->name;
    uint16_t sw;

    modem_is_active(modem);
    sw = card_command(modem, 0x80, INS_ENVELOPE, 0, 0, buf_span(&envelope->octets), APDU_SHORT_NE);
    modem_tell(modem, MODEM_EVENT_ENVELOPE, 0, name, buf_span(&envelope->octets), SPAN_NONE);
    if (sw == SW_TOOLKIT_BUSY && ++envelope->attempts < ATTEMPTS_MAX) {
        envelope->retry_at = modem_now(modem) + RETRY_MS;
        return;
    }
    envelope->name = NULL;
    if (sw == SW_TOOLKIT_BUSY)
        modem_trouble(modem, "the card is too busy for an envelope (%s), which is given up", name);
    if (envelope->is_message && sw != 0)
        tell_message(modem, sw);
}

void envelopes_drop(struct modem *modem)
{
    if (!modem->envelope.is_message)
        modem->envelope.name = NULL;
}
