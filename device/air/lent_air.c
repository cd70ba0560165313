/* Channels of a card as channels of the air: see lent_air.h. */
#include "device/air/lent_air.h"

#include "device/air/name_question.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct lent_channel {
    struct lent_air *lent;
    unsigned number;
    bool is_used;
    struct air_target target;
    struct name_question *question; /* NULL: the address is known */
    struct air_channel *channel;    /* NULL: not yet, or it could not be opened */
    bool has_ended;                 /* the card knows it, or is told it next: */
    const char *untold;             /* why; NULL: it knows */
};

struct lent_air {
    struct air *air;
    struct device_clock *clock;
    struct softeuicc *card;
    struct alarm *wake;                                   /* the card wants it */
    struct alarm *news;                                   /* something is untold */
    uint64_t received;                                    /* octets from servers */
    struct lent_channel channels[SOFTEUICC_CHANNELS + 1]; /* by their names */
};

/* --- when the card is woken --------------------------------------------------------------------------- */

static void schedule_wake(struct lent_air *lent)
{
    const int64_t next = lent->card != NULL ? softeuicc_next_wakeup(lent->card) : -1;

    alarm_set(lent->wake, next < 0 ? ALARM_NEVER : next);
}

static void on_wake(void *context)
{
    struct lent_air *lent = context;

    if (lent->card != NULL)
        softeuicc_wake(lent->card);
    schedule_wake(lent);
}

static void end_untold(struct lent_channel *channel, const char *why)
{
    channel->has_ended = true;
    channel->untold = why;
    alarm_set(channel->lent->news, 0);
}

void lent_air_schedule(struct lent_air *lent)
{
    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++) {
        struct lent_channel *channel = &lent->channels[number];

        if (channel->is_used && !channel->has_ended && channel->channel != NULL &&
            air_channel_has_ended(channel->channel))
            end_untold(channel, "the device is off the network");
    }
    schedule_wake(lent);
}

/* --- what the card is told ---------------------------------------------------------------------------- */

static void on_opened(void *context)
{
    struct lent_channel *channel = context;
    struct lent_air *lent = channel->lent;

    if (lent->card != NULL)
        softeuicc_bearer_opened(lent->card, channel->number);
    schedule_wake(lent);
}

static void on_received(void *context, struct span octets)
{
    struct lent_channel *channel = context;
    struct lent_air *lent = channel->lent;

    lent->received += octets.size;
    if (lent->card != NULL)
        softeuicc_bearer_received(lent->card, channel->number, octets.data, octets.size);
    schedule_wake(lent);
}

static void on_closed(void *context, const char *why)
{
    struct lent_channel *channel = context;
    struct lent_air *lent = channel->lent;

    channel->has_ended = true;
    if (lent->card != NULL)
        softeuicc_bearer_closed(lent->card, channel->number, why);
    schedule_wake(lent);
}

static void on_news(void *context)
{
    struct lent_air *lent = context;

    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++) {
        struct lent_channel *channel = &lent->channels[number];
        const char *why = channel->untold;

        channel->untold = NULL;
        if (channel->is_used && why != NULL)
            on_closed(channel, why);
    }
}

/* --- what the card asks ------------------------------------------------------------------------------- */

static bool read_address(const char *host, struct air_target *target)
{
    if (inet_pton(AF_INET, host, target->address) == 1)
        target->address_size = 4;
    else if (inet_pton(AF_INET6, host, target->address) == 1)
        target->address_size = 16;
    return target->address_size != 0;
}

static bool open_target(struct lent_channel *channel)
{
    const struct air_channel_events events = {channel, on_opened, on_received, on_closed};

    channel->channel = air_channel_open(channel->lent->air, &channel->target, &events);
    return channel->channel != NULL;
}

static void on_found(void *context, struct span address, const char *why)
{
    struct lent_channel *channel = context;

    if (address.size != 0) {
        memcpy(channel->target.address, address.data, address.size);
        channel->target.address_size = address.size;
        if (!open_target(channel))
            why = "there is no network";
    }
    name_question_free(channel->question);
    channel->question = NULL;
    if (why != NULL)
        on_closed(channel, why);
}

static bool lent_open(void *context, unsigned number, enum softeuicc_transport transport, const char *host,
                      uint16_t port)
{
    struct lent_air *lent = context;
    struct lent_channel *channel = &lent->channels[number];
    const struct name_asker asker = {channel, on_found};

    *channel = (struct lent_channel){
        .lent = lent,
        .number = number,
        .target = {.transport = transport == SOFTEUICC_TCP ? AIR_TCP : AIR_UDP, .port = port}};
    if (read_address(host, &channel->target)) {
        channel->is_used = open_target(channel);
    } else {
        channel->question = name_question_new(lent->air, lent->clock, host, &asker);
        channel->is_used = channel->question != NULL;
    }
    return channel->is_used;
}

static bool lent_send(void *context, unsigned number, const uint8_t *octets, size_t size)
{
    struct lent_channel *channel = &((struct lent_air *)context)->channels[number];

    return channel->channel != NULL && air_channel_send(channel->channel, SPAN(octets, size));
}

static void lent_close(void *context, unsigned number)
{
    struct lent_channel *channel = &((struct lent_air *)context)->channels[number];

    name_question_free(channel->question);
    air_channel_close(channel->channel);
    *channel = (struct lent_channel){.is_used = false};
}

/* --- its life ----------------------------------------------------------------------------------------- */

struct lent_air *lent_air_new(struct air *air, struct device_clock *clock)
{
    struct lent_air *lent = calloc(1, sizeof(*lent));

    if (lent == NULL)
        return NULL;
    lent->air = air;
    lent->clock = clock;
    lent->wake = alarm_new(clock, on_wake, lent);
    lent->news = alarm_new(clock, on_news, lent);
    if (lent->wake != NULL && lent->news != NULL)
        return lent;
    lent_air_free(lent);
    return NULL;
}

void lent_air_free(struct lent_air *lent)
{
    if (lent == NULL)
        return;
    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++)
        lent_close(lent, number);
    alarm_free(lent->wake);
    alarm_free(lent->news);
    free(lent);
}

struct softeuicc_bearer lent_air_bearer(struct lent_air *lent)
{
    return (struct softeuicc_bearer){lent, lent_open, lent_send, lent_close};
}

void lent_air_serve(struct lent_air *lent, struct softeuicc *card)
{
    lent->card = card;
    schedule_wake(lent);
}

bool lent_air_has_polled(const struct lent_air *lent)
{
    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++)
        if (lent->channels[number].is_used)
            return false;
    return lent->received > 0;
}
