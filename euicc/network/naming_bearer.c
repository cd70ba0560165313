/* Channels to names over a bearer that knows addresses only: see naming_bearer.h. */
#include "euicc/network/naming_bearer.h"

#include "crypto/printable.h"
#include "euicc/network/naming_question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_WAIT   60000           /* ms for the channel to the last address to open */
#define SET_BACK    2000            /* ms that go by when the clock is set back */
#define ELAPSED_MAX 3600000         /* more than anything waits for */
#define TIME_MAX    (INT64_MAX / 2) /* of a clock, so that sums stay numbers */

enum naming_state {
    NAMING_FREE,
    NAMING_QUESTION,   /* the name's addresses are asked for */
    NAMING_CONNECTING, /* the channel below opens */
    NAMING_THROUGH,    /* there is nothing to do any more: all is the channel's below */
    NAMING_FAILED
};

struct naming_channel {
    enum naming_state state;
    enum bearer_transport transport;
    char name[HOST_NAME_MAX + 2];
    uint16_t port;
    enum resolver_families families;
    unsigned below;
    struct naming_question question;
    struct resolved resolved;
    size_t next;        /* of the addresses */
    bool is_remembered; /* they are the cache's */
    bool was_opening;   /* a channel to one of them was, and ended */
    int64_t waited;     /* ms until the channel below opened */
    char why[NAMING_WHY_MAX];
};

struct naming_bearer {
    struct bearer bearer;
    struct naming_settings settings;
    struct ip_address servers[RESOLVER_SERVERS_MAX];
    size_t server_count;
    int64_t now;
    struct resolver_cache cache;
    bool cache_changed;
    struct naming_channel channels[NAMING_CHANNELS + 1]; /* by their numbers */
};

static struct naming_channel *naming_find(struct naming_bearer *naming, unsigned channel)
{
    return channel >= 1 && channel <= NAMING_CHANNELS && naming->channels[channel].state != NAMING_FREE
               ? &naming->channels[channel]
               : NULL;
}

/* --- a channel to a name ------------------------------------------------------------------------------ */

static void close_below(struct naming_bearer *naming, struct naming_channel *channel)
{
    const struct bearer *below = naming->settings.bearer;

    naming_question_end(&channel->question);
    if (channel->below != BEARER_NO_CHANNEL)
        below->close(below->context, channel->below);
    channel->below = BEARER_NO_CHANNEL;
}

/* `why` may come from the host or the terminal, the name from a configuration. */
static void naming_fail(struct naming_bearer *naming, struct naming_channel *channel, const char *why)
{
    char line[NAMING_WHY_MAX];

    snprintf(line, sizeof(line), "%.100s: %.90s", channel->name, why);
    printable_text(line, strlen(line));
    memcpy(channel->why, line, sizeof(line));
    close_below(naming, channel);
    channel->state = NAMING_FAILED;
}

/* Why the bearer below has no channel. */
static const char *why_refused(const struct naming_bearer *naming, const struct naming_channel *refused)
{
    for (unsigned i = 1; i <= NAMING_CHANNELS; i++) {
        const struct naming_channel *other = &naming->channels[i];

        if (other != refused && (other->below != BEARER_NO_CHANNEL || other->state == NAMING_QUESTION))
            return "there is no channel beside the one that is open";
    }
    return "no channel can be opened";
}

static void begin_question(struct naming_bearer *naming, struct naming_channel *channel)
{
    struct resolver_settings settings = {.server_count = naming->server_count, .families = channel->families};
    uint64_t random;

    memcpy(settings.servers, naming->servers, sizeof(settings.servers));
    channel->is_remembered = false;
    if (!naming->settings.random(naming->settings.context, (uint8_t *)&random, sizeof(random))) {
        naming_fail(naming, channel, "there are no random numbers to ask with");
        return;
    }
    channel->state = NAMING_QUESTION;
    naming_question_begin(&channel->question, naming->settings.bearer, channel->name, &settings, random);
}

/* Opens a channel to the next address that takes one. After the last one: what was remembered is asked for
 * anew, else it has failed, with the reason of the last. */
static void connect_next(struct naming_bearer *naming, struct naming_channel *channel, const char *why)
{
    const struct bearer *below = naming->settings.bearer;
    char text[HOST_ADDRESS_TEXT];

    while (channel->next < channel->resolved.count) {
        (void)host_address_text(&channel->resolved.addresses[channel->next++], text);
        channel->below = below->open(below->context, channel->transport, text, channel->port);
        if (channel->below != BEARER_NO_CHANNEL) {
            channel->state = NAMING_CONNECTING;
            channel->waited = 0;
            channel->was_opening = true;
            return;
        }
        why = why_refused(naming, channel);
    }
    if (!channel->is_remembered || !channel->was_opening) {
        naming_fail(naming, channel, why);
        return;
    }
    resolver_cache_forget(&naming->cache, channel->name, channel->families);
    naming->cache_changed = true;
    begin_question(naming, channel);
}

static void take_addresses(struct naming_bearer *naming, struct naming_channel *channel)
{
    channel->next = 0;
    if (channel->resolved.count == 0)
        naming_fail(naming, channel, channel->resolved.why);
    else
        connect_next(naming, channel, "");
}

static void begin_name(struct naming_bearer *naming, struct naming_channel *channel)
{
    channel->is_remembered = resolver_cache_find(&naming->cache, channel->name, channel->families,
                                                 naming->now, &channel->resolved);
    if (channel->is_remembered)
        take_addresses(naming, channel);
    else
        begin_question(naming, channel);
}

/* --- going on ----------------------------------------------------------------------------------------- */

static void take_answer(struct naming_bearer *naming, struct naming_channel *channel)
{
    naming_question_result(&channel->question, &channel->resolved);
    if (channel->question.is_refused)
        channel->resolved.why = why_refused(naming, channel);
    if (channel->resolved.count > 0 || channel->resolved.final) {
        resolver_cache_put(&naming->cache, channel->name, channel->families, naming->now, &channel->resolved);
        naming->cache_changed = true;
    }
    take_addresses(naming, channel);
}

/* How long the channel below may be opening. */
static int64_t open_wait(const struct naming_channel *channel)
{
    return channel->next < channel->resolved.count || channel->is_remembered ? NAMING_OPEN_WAIT : LAST_WAIT;
}

/* True: there may be more to do. */
static bool see_opening(struct naming_bearer *naming, struct naming_channel *channel, int64_t elapsed)
{
    const struct bearer *below = naming->settings.bearer;
    const char *why = "";
    char kept[NAMING_WHY_MAX];

    switch (below->state(below->context, channel->below, &why)) {
    case BEARER_OPEN:
        channel->state = NAMING_THROUGH;
        return false;
    case BEARER_OPENING:
        channel->waited += elapsed;
        if (channel->waited < open_wait(channel))
            return false;
        why = "the server did not answer in time";
        break;
    default:
        break;
    }
    snprintf(kept, sizeof(kept), "%s", why); /* it ends with the channel */
    close_below(naming, channel);
    connect_next(naming, channel, kept);
    return true;
}

static bool naming_step(struct naming_bearer *naming, struct naming_channel *channel, int64_t elapsed)
{
    switch (channel->state) {
    case NAMING_QUESTION:
        if (!naming_question_go(&channel->question, elapsed))
            return false;
        take_answer(naming, channel);
        return true;
    case NAMING_CONNECTING:
        return see_opening(naming, channel, elapsed);
    default:
        return false;
    }
}

static void naming_run(struct naming_bearer *naming, struct naming_channel *channel, int64_t elapsed)
{
    while (naming_step(naming, channel, elapsed))
        elapsed = 0;
}

void naming_bearer_go(struct naming_bearer *naming, int64_t now)
{
    int64_t elapsed = SET_BACK;

    if (now < 0 || now > TIME_MAX)
        now = now < 0 ? 0 : TIME_MAX;
    if (now >= naming->now)
        elapsed = now - naming->now < ELAPSED_MAX ? now - naming->now : ELAPSED_MAX;
    naming->now = now;
    for (unsigned i = 1; i <= NAMING_CHANNELS; i++)
        naming_run(naming, &naming->channels[i], elapsed);
}

int64_t naming_bearer_due(const struct naming_bearer *naming)
{
    int64_t least = INT64_MAX;

    for (unsigned i = 1; i <= NAMING_CHANNELS; i++) {
        const struct naming_channel *channel = &naming->channels[i];
        int64_t wait = INT64_MAX;

        if (channel->state == NAMING_QUESTION)
            wait = naming_question_wait(&channel->question);
        else if (channel->state == NAMING_CONNECTING)
            wait = open_wait(channel) - channel->waited;
        if (wait < least)
            least = wait;
    }
    return least == INT64_MAX ? least : naming->now + least;
}

/* --- what the network stack asks ---------------------------------------------------------------------- */

static void open_named(struct naming_bearer *naming, struct naming_channel *channel, const char *host)
{
    snprintf(channel->name, sizeof(channel->name), "%s", host);
    channel->families = naming->settings.families;
    if (host_is_name(host))
        begin_name(naming, channel);
    else
        naming_fail(naming, channel, "the host is neither a name nor an address");
    naming_run(naming, channel, 0);
}

static unsigned naming_open(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct naming_bearer *naming = context;
    const struct bearer *below = naming->settings.bearer;
    struct naming_channel *channel;
    struct ip_address address;
    unsigned number = 1;

    while (number <= NAMING_CHANNELS && naming->channels[number].state != NAMING_FREE)
        number++;
    if (number > NAMING_CHANNELS)
        return BEARER_NO_CHANNEL;
    channel = &naming->channels[number];
    *channel = (struct naming_channel){.transport = transport, .port = port};
    if (!host_address(host, &address)) {
        open_named(naming, channel, host);
        return number;
    }
    channel->below = below->open(below->context, transport, host, port);
    if (channel->below == BEARER_NO_CHANNEL)
        return BEARER_NO_CHANNEL;
    channel->state = NAMING_THROUGH;
    return number;
}

static enum bearer_state naming_state(void *context, unsigned number, const char **why)
{
    struct naming_bearer *naming = context;
    const struct bearer *below = naming->settings.bearer;
    const struct naming_channel *channel = naming_find(naming, number);

    if (channel == NULL) {
        *why = "there is no such channel";
        return BEARER_ENDED;
    }
    if (channel->state == NAMING_THROUGH)
        return below->state(below->context, channel->below, why);
    *why = channel->why;
    return channel->state == NAMING_FAILED ? BEARER_ENDED : BEARER_OPENING;
}

static bool naming_send(void *context, unsigned number, struct span octets)
{
    struct naming_bearer *naming = context;
    const struct bearer *below = naming->settings.bearer;
    const struct naming_channel *channel = naming_find(naming, number);

    return channel != NULL && channel->state == NAMING_THROUGH &&
           below->send(below->context, channel->below, octets);
}

static bool naming_receive(void *context, unsigned number, struct buf *out)
{
    struct naming_bearer *naming = context;
    const struct bearer *below = naming->settings.bearer;
    const struct naming_channel *channel = naming_find(naming, number);

    return channel != NULL && channel->state == NAMING_THROUGH &&
           below->receive(below->context, channel->below, out);
}

static void naming_close(void *context, unsigned number)
{
    struct naming_bearer *naming = context;
    struct naming_channel *channel = naming_find(naming, number);

    if (channel == NULL)
        return;
    close_below(naming, channel);
    channel->state = NAMING_FREE;
}

static size_t naming_datagram_max(void *context, unsigned number)
{
    const struct naming_channel *channel = naming_find(context, number);
    const struct bearer *below = ((const struct naming_bearer *)context)->settings.bearer;

    return channel != NULL && channel->below != BEARER_NO_CHANNEL
               ? below->datagram_max(below->context, channel->below)
               : 0;
}

/* --- its life ----------------------------------------------------------------------------------------- */

struct naming_bearer *naming_bearer_new(const struct naming_settings *settings, int64_t now)
{
    struct naming_bearer *naming = calloc(1, sizeof(*naming));

    if (naming == NULL)
        return NULL;
    naming->settings = *settings;
    naming->bearer =
        (struct bearer){.context = naming,
                        .takes_names = true,
                        .is_slow = settings->bearer->is_slow,
                        .open = naming_open,
                        .state = naming_state,
                        .send = naming_send,
                        .receive = naming_receive,
                        .close = naming_close,
                        .datagram_max = settings->bearer->datagram_max != NULL ? naming_datagram_max : NULL};
    naming_bearer_go(naming, now);
    return naming;
}

void naming_bearer_free(struct naming_bearer *naming)
{
    if (naming == NULL)
        return;
    for (unsigned number = 1; number <= NAMING_CHANNELS; number++)
        naming_close(naming, number);
    free(naming);
}

const struct bearer *naming_bearer_bearer(const struct naming_bearer *naming)
{
    return &naming->bearer;
}

void naming_bearer_set_servers(struct naming_bearer *naming, const struct ip_address *servers, size_t count)
{
    naming->server_count = count < RESOLVER_SERVERS_MAX ? count : RESOLVER_SERVERS_MAX;
    for (size_t i = 0; i < naming->server_count; i++)
        naming->servers[i] = servers[i];
}

void naming_bearer_set_families(struct naming_bearer *naming, enum resolver_families families)
{
    naming->settings.families = families;
}

void naming_bearer_load_cache(struct naming_bearer *naming, struct span octets)
{
    (void)resolver_cache_read(octets, &naming->cache);
    naming->cache_changed = false;
}

bool naming_bearer_cache(struct naming_bearer *naming, struct buf *out)
{
    if (!naming->cache_changed)
        return false;
    resolver_cache_write(&naming->cache, out);
    naming->cache_changed = out->failed;
    return !out->failed;
}
