/* An air that does what a test says: see fake_air.h. */
#include "tests/device/modem/fake_air.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct air *air_new(struct event_base *base, struct device_clock *clock, const char *name, uint64_t seed,
                    char why[AIR_WHY_MAX])
{
    struct air *air = calloc(1, sizeof(*air));

    (void)base;
    (void)clock;
    (void)name;
    (void)seed;
    (void)why;
    if (air == NULL)
        return NULL;
    air->state = (struct air_state){.service = AIR_NONE,
                                    .plmn = {0x62, 0xF2, 0x10},
                                    .area = 0x1234,
                                    .cell = 0x00ABCDE,
                                    .technology = AIR_NB_IOT};
    return air;
}

void air_free(struct air *air)
{
    if (air == NULL)
        return;
    for (size_t i = 0; i < FAKE_CHANNELS; i++)
        buf_free(&air->channels[i].sent);
    buf_free(&air->submitted);
    free(air);
}

void air_watch(struct air *air, const struct air_watcher *watcher)
{
    air->watcher = *watcher;
}

void air_attach(struct air *air, const struct air_subscriber *subscriber)
{
    snprintf(air->iccid, sizeof(air->iccid), "%s", subscriber->iccid);
    snprintf(air->imsi, sizeof(air->imsi), "%s", subscriber->imsi);
    air->is_attached = true;
    air->attachments++;
    air->state.service = air->imsi[0] != '\0' ? AIR_NORMAL : AIR_LIMITED;
}

void air_detach(struct air *air)
{
    air->is_attached = false;
    air->iccid[0] = air->imsi[0] = '\0';
    air->state.service = AIR_NONE;
}

const struct air_state *air_state(const struct air *air)
{
    return &air->state;
}

bool air_submit(struct air *air, struct span tpdu)
{
    if (air->state.service != AIR_NORMAL)
        return false;
    buf_clear(&air->submitted);
    buf_append(&air->submitted, tpdu);
    return true;
}

size_t air_resolver(const struct air *air, uint8_t address[16])
{
    memcpy(address, air->resolver, air->resolver_size);
    return air->resolver_size;
}

void fake_air_set(struct air *air, enum air_service service, enum air_technology technology)
{
    air->state.service = service;
    air->state.technology = technology;
    air->state.cause = 0;
    air->watcher.changed(air->watcher.context);
}

void fake_air_reject(struct air *air, uint8_t cause)
{
    air->state.service = AIR_LIMITED;
    air->state.cause = cause;
    air->watcher.changed(air->watcher.context);
}

void fake_air_deliver(struct air *air, struct span tpdu)
{
    air->watcher.message(air->watcher.context, tpdu);
}

/* --- channels -------------------------------------------------------------------------------------- */

struct air_channel *air_channel_open(struct air *air, const struct air_target *target,
                                     const struct air_channel_events *events)
{
    for (size_t i = 0; i < FAKE_CHANNELS && air->state.service == AIR_NORMAL; i++) {
        struct air_channel *channel = &air->channels[i];

        if (channel->is_used)
            continue;
        buf_free(&channel->sent);
        *channel = (struct air_channel){
            .air = air, .is_used = true, .order = ++air->opened, .target = *target, .events = *events};
        snprintf(channel->apn, sizeof(channel->apn), "%s", target->apn != NULL ? target->apn : "");
        return channel;
    }
    return NULL;
}

bool air_channel_send(struct air_channel *channel, struct span octets)
{
    buf_append(&channel->sent, octets);
    return true;
}

void air_channel_close(struct air_channel *channel)
{
    if (channel != NULL)
        channel->is_used = false;
}

struct air_channel *fake_air_channel(struct air *air)
{
    struct air_channel *last = NULL;

    for (size_t i = 0; i < FAKE_CHANNELS; i++)
        if (air->channels[i].is_used && (last == NULL || air->channels[i].order > last->order))
            last = &air->channels[i];
    return last;
}

void fake_air_open(struct air_channel *channel)
{
    channel->events.opened(channel->events.context);
}

void fake_air_receive(struct air_channel *channel, struct span octets)
{
    channel->events.received(channel->events.context, octets);
}

void fake_air_drop(struct air_channel *channel, const char *why)
{
    channel->events.closed(channel->events.context, why);
}
