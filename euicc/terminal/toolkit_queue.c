/* The queue of proactive commands: see toolkit_queue.h. */
#include "euicc/terminal/toolkit_queue.h"

#include <stdlib.h>
#include <string.h>

/* Where a terminal says in TERMINAL PROFILE that it serves something: octet and bits, counted from 1 as
 * TS 102 223 5.2 does. */
static const struct {
    uint8_t octet, bits;
} services[] = {
    [TOOLKIT_REFRESH] = {3, 0x80},
    [TOOLKIT_REFRESH_PROFILE_STATE_CHANGE] = {34, 0x20},
    [TOOLKIT_SEND_SHORT_MESSAGE] = {4, 0x02},
    [TOOLKIT_TIMERS] = {8, 0x01},
    [TOOLKIT_POLL_INTERVAL] = {3, 0x20},
    [TOOLKIT_LOCATION] = {4, 0x40},
    [TOOLKIT_DATE_TIME] = {8, 0x04},
    [TOOLKIT_ACCESS_TECHNOLOGY] = {9, 0x80},
    [TOOLKIT_EVENT_LOCATION_STATUS] = {5, 0x10},
    [TOOLKIT_EVENT_ACCESS_TECHNOLOGY] = {6, 0x10},
    [TOOLKIT_EVENT_NETWORK_REJECTION] = {25, 0x10},
    [TOOLKIT_CHANNELS] = {12, 0x0F},
};

bool toolkit_serves(const struct softeuicc *card, enum toolkit_service service)
{
    const struct proactive *proactive = card->proactive;
    size_t index = services[service].octet - 1u;

    return proactive != NULL && index < proactive->profile_size &&
           (proactive->profile[index] & services[service].bits) == services[service].bits;
}

struct proactive *queue_of(struct softeuicc *card)
{
    if (card->proactive == NULL)
        card->proactive = calloc(1, sizeof(*card->proactive));
    return card->proactive;
}

void queue_drop(struct proactive *proactive, size_t index)
{
    buf_free(&proactive->queue[index].objects);
    proactive->count--;
    memmove(&proactive->queue[index], &proactive->queue[index + 1],
            (proactive->count - index) * sizeof(proactive->queue[0]));
}

/* Builds the command now, so that one too long is refused by who wants it. */
bool queue_put(struct proactive *proactive, const struct proactive_command *command)
{
    struct buf whole = {0};
    struct pending *pending = &proactive->queue[proactive->count];
    bool fits = proactive->count < QUEUE_MAX && proactive_build(&whole, command);

    buf_free(&whole);
    if (!fits)
        return false;
    *pending = (struct pending){.type = command->type,
                                .qualifier = command->qualifier,
                                .destination = command->destination,
                                .fresh = true};
    buf_append(&pending->objects, command->objects);
    if (pending->objects.failed) {
        buf_free(&pending->objects);
        return false;
    }
    proactive->count++;
    return true;
}

bool queue_put_with(struct proactive *proactive, struct proactive_command command, struct buf *objects)
{
    bool queued;

    command.objects = buf_span(objects);
    queued = !objects->failed && queue_put(proactive, &command);
    buf_free(objects);
    return queued;
}

void queue_to_front(struct proactive *proactive)
{
    struct pending last = proactive->queue[proactive->count - 1];

    memmove(&proactive->queue[1], &proactive->queue[0], (proactive->count - 1) * sizeof(proactive->queue[0]));
    proactive->queue[0] = last;
}

void queue_before_refresh(struct proactive *proactive)
{
    size_t last = proactive->count - 1;
    size_t first = proactive->stage == STAGE_NONE ? 0 : 1;
    struct pending moved = proactive->queue[last];

    while (first < last && proactive->queue[first].type != PROACTIVE_REFRESH)
        first++;
    memmove(&proactive->queue[first + 1], &proactive->queue[first],
            (last - first) * sizeof(proactive->queue[0]));
    proactive->queue[first] = moved;
}

bool toolkit_is_busy(const struct softeuicc *card)
{
    return card->proactive != NULL && card->proactive->count == QUEUE_MAX;
}

size_t toolkit_room(const struct softeuicc *card)
{
    return card->proactive != NULL ? QUEUE_MAX - card->proactive->count : 0;
}
