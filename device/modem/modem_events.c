/* Events of the network: see modem_events.h. */
#include "device/modem/modem_events.h"

#include "apdu/tlv.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { PLMN_OCTETS = 3, AREA_OCTETS = 2, TRACKING_AREA_OCTETS = 3 };
enum { UPDATE_ATTACH = 0x09 }; /* 31.111 8.113: EPS attach */

static const uint8_t served[] = {EVENT_LOCATION_STATUS, EVENT_DATA_AVAILABLE, EVENT_CHANNEL_STATUS,
                                 EVENT_ACCESS_TECHNOLOGY, EVENT_NETWORK_REJECTION};

/* All of the list is taken, or nothing of it. */
void events_set_up(struct modem *modem)
{
    struct span list;
    uint32_t events = 0;

    if (!comprehension_find(modem->command.objects, PROACTIVE_EVENT_LIST, &list)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
        return;
    }
    for (size_t i = 0; i < list.size; i++) {
        if (memchr(served, list.data[i], sizeof(served)) != NULL) {
            events |= 1u << list.data[i];
        } else if (!HAS_HABIT(modem, MODEM_SENDS_NO_EVENTS)) {
            modem_respond(modem, PROACTIVE_BEYOND_ABILITY);
            return;
        }
    }
    modem->events = HAS_HABIT(modem, MODEM_SENDS_NO_EVENTS) ? 0 : events;
    modem_respond(modem, PROACTIVE_DONE);
}

/* --- where it is ----------------------------------------------------------------------------------- */

uint8_t events_access_technology(enum air_technology technology)
{
    switch (technology) {
    case AIR_GSM:
        return ACCESS_GSM;
    case AIR_UTRAN:
        return ACCESS_UTRAN;
    case AIR_NR:
        return ACCESS_NG_RAN;
    default:
        return ACCESS_E_UTRAN;
    }
}

/* A cell's identity stands at the left of its octets, with ones behind it. */
void events_put_location(const struct air_state *state, struct buf *out)
{
    buf_append(out, SPAN_ARRAY(state->plmn));
    if (state->technology == AIR_NR) {
        buf_append_number(out, TRACKING_AREA_OCTETS, state->area);
        buf_append_number(out, 5, (uint64_t)state->cell << 4 | 0xF);
        return;
    }
    buf_append_number(out, AREA_OCTETS, state->area);
    if (state->technology == AIR_GSM)
        buf_append_number(out, 2, state->cell);
    else if (state->technology == AIR_UTRAN)
        buf_append_number(out, 4, (uint64_t)(state->cell & 0xFFFF) << 16 | state->cell >> 16);
    else
        buf_append_number(out, 4, (uint32_t)(state->cell << 4 | 0xF));
}

static struct modem_place place_of(const struct air_state *state)
{
    struct modem_place place = {
        .area = state->area, .cell = state->cell, .technology = events_access_technology(state->technology)};

    memcpy(place.plmn, state->plmn, sizeof(place.plmn));
    place.status = state->service == AIR_NORMAL    ? LOCATION_NORMAL
                   : state->service == AIR_LIMITED ? LOCATION_LIMITED
                                                   : LOCATION_NONE;
    return place;
}

static bool same_place(const struct modem_place *a, const struct modem_place *b)
{
    return a->status == b->status && a->area == b->area && a->cell == b->cell &&
           memcmp(a->plmn, b->plmn, sizeof(a->plmn)) == 0;
}

/* A rejection is one event, whatever else changes while its cause stands. */
static void note_rejection(struct modem *modem, const struct air_state *state)
{
    bool is_rejected = state->cause != 0 && state->service != AIR_SEARCHING;
    bool is_another = state->cause != modem->rejection.cause || state->cell != modem->rejection.cell;

    if (is_rejected && (!modem->is_rejected || is_another)) {
        modem->rejection = *state;
        modem->rejection_due = (modem->events & 1u << EVENT_NETWORK_REJECTION) != 0;
    }
    modem->is_rejected = is_rejected;
}

void events_network_changed(struct modem *modem)
{
    const struct air_state *state = air_state(modem->air);
    struct modem_place place = place_of(state);

    modem_tell(modem, MODEM_EVENT_NETWORK, 0, NULL, SPAN_NONE, SPAN_NONE);
    note_rejection(modem, state);
    if (state->service == AIR_SEARCHING)
        return;
    if ((modem->events & 1u << EVENT_LOCATION_STATUS) != 0 && !same_place(&place, &modem->place))
        modem->location_due = true;
    if ((modem->events & 1u << EVENT_ACCESS_TECHNOLOGY) != 0 && place.status != LOCATION_NONE &&
        place.technology != modem->place.technology)
        modem->technology_due = true;
    modem->place = place;
}

void events_place_told(struct modem *modem)
{
    modem->place = place_of(air_state(modem->air));
}

/* --- the events ------------------------------------------------------------------------------------ */

static void put_location(const struct air_state *state, struct buf *objects)
{
    size_t at = tlv_open(objects, PROACTIVE_LOCATION_INFORMATION & ~COMPREHENSION_REQUIRED);

    events_put_location(state, objects);
    tlv_close(objects, at);
}

static void put_technology(const struct air_state *state, struct buf *objects)
{
    const uint8_t technology = events_access_technology(state->technology);

    modem_put_object(objects, PROACTIVE_ACCESS_TECHNOLOGY, SPAN(&technology, 1));
}

static uint8_t take_location(struct modem *modem, struct buf *objects)
{
    const uint8_t status = modem->place.status;

    modem->location_due = false;
    modem_put_object(objects, PROACTIVE_LOCATION_STATUS, SPAN(&status, 1));
    if (status == LOCATION_NORMAL)
        put_location(air_state(modem->air), objects);
    return EVENT_LOCATION_STATUS;
}

/* 31.111 7.5.2: who rejected it, and why. */
static uint8_t take_rejection(struct modem *modem, struct buf *objects)
{
    static const uint8_t update = UPDATE_ATTACH;
    const struct air_state *state = &modem->rejection;
    uint8_t area[PLMN_OCTETS + AREA_OCTETS];

    modem->rejection_due = false;
    memcpy(area, state->plmn, PLMN_OCTETS);
    octets_put_number(area + PLMN_OCTETS, AREA_OCTETS, state->area);
    put_location(state, objects);
    if (state->technology == AIR_GSM || state->technology == AIR_UTRAN)
        modem_put_object(objects, PROACTIVE_ROUTING_AREA, SPAN_ARRAY(area));
    else
        modem_put_object(objects, (uint8_t)PROACTIVE_TRACKING_AREA, SPAN_ARRAY(area));
    put_technology(state, objects);
    modem_put_object(objects, PROACTIVE_UPDATE_TYPE, SPAN(&update, 1));
    modem_put_object(objects, PROACTIVE_REJECTION_CAUSE, SPAN(&state->cause, 1));
    return EVENT_NETWORK_REJECTION;
}

uint8_t events_take(struct modem *modem, struct buf *objects)
{
    if (modem->rejection_due)
        return take_rejection(modem, objects);
    if (modem->location_due)
        return take_location(modem, objects);
    if (!modem->technology_due)
        return 0;
    modem->technology_due = false;
    put_technology(air_state(modem->air), objects);
    return EVENT_ACCESS_TECHNOLOGY;
}

void events_end_all(struct modem *modem)
{
    modem->events = 0;
    modem->location_due = modem->technology_due = modem->rejection_due = modem->is_rejected = false;
    modem->place = (struct modem_place){.status = PLACE_UNTOLD, .technology = PLACE_UNTOLD};
    memset(&modem->rejection, 0, sizeof(modem->rejection));
}
