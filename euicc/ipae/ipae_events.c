/* The events that the IPAe wants to be told: see ipae_events.h. */
#include "euicc/ipae/ipae_events.h"

#include "apdu/proactive.h"
#include "apdu/tlv.h"
#include "euicc/terminal/toolkit.h"

/* Reading: events of channels are asked for whatever TERMINAL PROFILE says of them, since terminals are known
 * that send them without saying so. */
static const struct {
    uint8_t event;
    bool of_channels;
    enum toolkit_service service; /* of the others */
} events[] = {
    {EVENT_DATA_AVAILABLE, true, TOOLKIT_CHANNELS},
    {EVENT_CHANNEL_STATUS, true, TOOLKIT_CHANNELS},
    {EVENT_LOCATION_STATUS, false, TOOLKIT_EVENT_LOCATION_STATUS},
    {EVENT_ACCESS_TECHNOLOGY, false, TOOLKIT_EVENT_ACCESS_TECHNOLOGY},
    {EVENT_NETWORK_REJECTION, false, TOOLKIT_EVENT_NETWORK_REJECTION},
};

enum { EVENTS = sizeof(events) / sizeof(events[0]) };

static bool wants_event(const struct softeuicc *card, bool carries, size_t index)
{
    return events[index].of_channels ? carries : toolkit_serves(card, events[index].service);
}

bool ipae_events_wanted(const struct softeuicc *card, bool carries)
{
    for (size_t i = 0; i < EVENTS; i++)
        if (wants_event(card, carries, i))
            return true;
    return false;
}

void ipae_events_put(const struct softeuicc *card, bool carries, struct buf *out)
{
    size_t list = tlv_open(out, PROACTIVE_EVENT_LIST);

    for (size_t i = 0; i < EVENTS; i++)
        if (wants_event(card, carries, i))
            buf_append_octet(out, events[i].event);
    tlv_close(out, list);
}
