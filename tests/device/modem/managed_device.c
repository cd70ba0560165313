/* A device whose card is managed over the modem's channels: see managed_device.h. */
#include "tests/device/modem/managed_device.h"

#include "apdu/apdu.h"
#include "euicc/lifecycle/marking.h"
#include "tests/device/modem/managed_names.h"

#include <stdio.h>
#include <string.h>

enum {
    TURNS_MAX = 20000,
    ADVANCES_MAX = 20000,
    BUSY_MAX = 40 * 60 * 1000, /* that one poll may take when nobody answers as he should */
    CHANNEL = 1,               /* the network's name for the one that leads to it */
    INS_RESPONSE = 0x14,
    HTTPS_PORT = 443,
    DNS_PORT = 53,
    SLOW = 4000, /* ms */
};

/* --- the link ---------------------------------------------------------------------------------------- */

static bool is_cut_here(struct managed_device *managed, uint8_t ins)
{
    managed->fetched += ins == INS_FETCH;
    return managed->cut_at != 0 && managed->fetched == managed->cut_at &&
           ((ins == INS_FETCH && managed->cut_place == CUT_BEFORE_FETCH) ||
            (ins == INS_RESPONSE && managed->cut_place == CUT_BEFORE_RESPONSE));
}

static bool is_without_power(const struct managed_device *managed)
{
    return managed->disk != NULL && cut_disk_is_off(managed->disk);
}

static void cut(struct managed_device *managed)
{
    managed->is_cut = true;
    managed->cut_at = 0;
}

static bool managed_transmit(struct link *link, struct span capdu, struct buf *response)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    struct managed_device *managed = link->state;
    size_t size = sizeof(rapdu);

    if (!managed->is_cut && capdu.size > 1 && is_cut_here(managed, capdu.data[1]))
        cut(managed);
    link->was_reset = managed->is_cut && managed->is_foreign;
    if (managed->is_cut)
        return false;
    softeuicc_transmit(device_card(&managed->device), capdu.data, capdu.size, rapdu, &size);
    if (is_without_power(managed)) {
        cut(managed);
        return false;
    }
    buf_append(response, SPAN(rapdu, size));
    if (capdu.size > 1 && capdu.data[1] == INS_RESPONSE && managed->cut_place == CUT_AFTER_RESPONSE &&
        managed->cut_at != 0 && managed->fetched == managed->cut_at)
        cut(managed);
    return true;
}

static bool managed_reset(struct link *link)
{
    struct managed_device *managed = link->state;

    if (managed->is_cut && !managed->is_foreign)
        return false;
    managed->is_cut = false;
    softeuicc_reset(device_card(&managed->device), SOFTEUICC_COLD, link->atr, &link->atr_size);
    if (is_without_power(managed))
        cut(managed);
    return !managed->is_cut;
}

static void managed_power_off(struct link *link)
{
    struct managed_device *managed = link->state;

    softeuicc_power_off(device_card(&managed->device));
}

static void managed_close(struct link *link)
{
    (void)link;
}

static const struct link_kind managed_kind = {managed_transmit, managed_reset, managed_power_off,
                                              managed_close};

/* --- the air ----------------------------------------------------------------------------------------- */

static struct air_channel *channel_of(struct managed_device *managed, unsigned order)
{
    for (size_t i = 0; order != 0 && i < FAKE_CHANNELS; i++)
        if (managed->air->channels[i].is_used && managed->air->channels[i].order == order)
            return &managed->air->channels[i];
    return NULL;
}

static void told_opened(void *context, unsigned channel)
{
    struct managed_device *managed = context;

    ck_assert_uint_eq(channel, CHANNEL);
    fake_air_open(channel_of(managed, managed->carried));
}

static void told_received(void *context, unsigned channel, struct span octets)
{
    struct managed_device *managed = context;

    ck_assert_uint_eq(channel, CHANNEL);
    fake_air_receive(channel_of(managed, managed->carried), octets);
}

static void told_closed(void *context, unsigned channel, const char *why)
{
    struct managed_device *managed = context;

    ck_assert_uint_eq(channel, CHANNEL);
    fake_air_drop(channel_of(managed, managed->carried), why);
}

/* The card has closed the channel to the network, or its modem has. */
static bool see_close(struct managed_device *managed)
{
    if (managed->carried == 0 || channel_of(managed, managed->carried) != NULL)
        return false;
    managed->carried = 0;
    if (managed->device.network.channel != 0)
        managed->device.network.calls.close(&managed->device.network, CHANNEL);
    return true;
}

static bool see_sent(struct managed_device *managed)
{
    struct hostile_network *network = &managed->device.network;
    struct air_channel *channel = channel_of(managed, managed->carried);
    size_t from = managed->handed_over;

    if (channel == NULL || channel->sent.size == from)
        return false;
    managed->handed_over = channel->sent.size;
    if (!network->calls.send(network, CHANNEL, channel->sent.data + from, channel->sent.size - from))
        fake_air_drop(channel, "the network takes nothing");
    return true;
}

static bool carry(struct managed_device *managed, struct air_channel *channel)
{
    struct hostile_network *network = &managed->device.network;

    if (managed->carried != 0)
        return false;
    managed->carried = channel->order;
    managed->handed_over = 0;
    if (!network->calls.open(network, CHANNEL, SOFTEUICC_TCP, BENCH_HOST, HTTPS_PORT)) {
        managed->carried = 0;
        fake_air_drop(channel, "refused");
    }
    return true;
}

static struct managed_answer *free_answer(struct managed_device *managed)
{
    for (size_t i = 0; i < MANAGED_ANSWERS; i++)
        if (managed->answers[i].channel == 0)
            return &managed->answers[i];
    ck_abort_msg("more questions than answers");
    return NULL;
}

static bool answer_question(struct managed_device *managed, struct air_channel *channel)
{
    struct managed_answer *answer = free_answer(managed);

    if (channel->sent.size == 0)
        return false;
    buf_clear(&answer->octets);
    if (names_answer(managed->dns, buf_span(&channel->sent), &answer->octets)) {
        answer->channel = channel->order;
        answer->at = managed->device.network.now + (managed->dns == DNS_IS_SLOW ? SLOW : 0);
    }
    buf_clear(&channel->sent);
    return true;
}

static bool tell_answer(struct managed_device *managed)
{
    for (size_t i = 0; i < MANAGED_ANSWERS; i++) {
        struct managed_answer *answer = &managed->answers[i];
        struct air_channel *channel = channel_of(managed, answer->channel);

        if (answer->channel == 0 || answer->at > managed->device.network.now)
            continue;
        answer->channel = 0;
        if (channel != NULL)
            fake_air_receive(channel, buf_span(&answer->octets));
        return true;
    }
    return false;
}

/* A channel that is neither the name server's nor the network's leads nowhere, in silence. */
static bool see_channel(struct managed_device *managed, struct air_channel *channel)
{
    bool is_new = !channel->is_noted;

    channel->is_noted = true;
    if (channel->target.transport == AIR_UDP && channel->target.port == DNS_PORT) {
        if (is_new)
            fake_air_open(channel);
        return answer_question(managed, channel) || is_new;
    }
    return is_new && names_is_host(&channel->target) && channel->target.port == HTTPS_PORT &&
           carry(managed, channel);
}

static bool see_attachment(struct managed_device *managed)
{
    struct air *air = managed->air;
    bool is_dark = managed->dark != NULL && es10_state(&managed->device.ipa.es10, managed->dark) == 1;

    if (managed->attached == air->attachments || !air->is_attached)
        return false;
    managed->attached = air->attachments;
    fake_air_set(air, is_dark ? AIR_LIMITED : AIR_NORMAL, AIR_NB_IOT);
    return true;
}

/* One thing that happens in the air. */
static bool tend(struct managed_device *managed)
{
    const struct network_listener listener = {managed, told_opened, told_received, told_closed};

    if (see_close(managed) || see_attachment(managed) || see_sent(managed) || tell_answer(managed))
        return true;
    for (size_t i = 0; i < FAKE_CHANNELS; i++)
        if (managed->air->channels[i].is_used && see_channel(managed, &managed->air->channels[i]))
            return true;
    return managed->carried != 0 && hostile_network_tell_to(&managed->device.network, &listener);
}

/* --- its life ---------------------------------------------------------------------------------------- */

static void told(void *context, const struct modem_event *event)
{
    struct managed_device *managed = context;
    char line[200];

    managed->troubles += event->kind == MODEM_EVENT_TROUBLE;
    if (event->kind == MODEM_EVENT_APDU)
        return;
    snprintf(line, sizeof(line), "%lld %d %u %.100s\n", (long long)(event->time / 1000 % 100000),
             (int)event->kind, event->number, event->text != NULL ? event->text : "");
    buf_append(&managed->told, span_of_string(line));
}

void managed_open(struct managed_device *managed)
{
    memset(managed, 0, sizeof(*managed));
    device_open_empty(&managed->device);
    managed->link = (struct link){.kind = &managed_kind, .name = "managed card", .state = managed};
    strcpy(managed->settings.imei, "123456789012347");
}

void managed_take_out(struct managed_device *managed)
{
    modem_free(managed->modem);
    managed->modem = NULL;
    if (managed->air != NULL)
        (void)see_close(managed);
    air_free(managed->air);
    device_clock_free(managed->clock);
    managed->air = NULL;
    managed->clock = NULL;
}

void managed_end(struct managed_device *managed)
{
    managed_take_out(managed);
    device_end(&managed->device);
    for (size_t i = 0; i < MANAGED_ANSWERS; i++)
        buf_free(&managed->answers[i].octets);
    buf_free(&managed->told);
}

void managed_change_modem(struct managed_device *managed)
{
    static const uint8_t resolver[] = {192, 0, 2, 53};

    managed_take_out(managed);
    managed->is_cut = false;
    managed->attached = 0;
    for (size_t i = 0; i < MANAGED_ANSWERS; i++)
        managed->answers[i].channel = 0;
    managed->clock = device_clock_new(NULL, true, managed->device.network.now);
    managed->air = air_new(NULL, managed->clock, "", 0, NULL);
    ck_assert(managed->clock != NULL && managed->air != NULL);
    memcpy(managed->air->resolver, resolver, sizeof(resolver));
    managed->air->resolver_size = managed->no_resolver ? 0 : sizeof(resolver);
    managed->modem =
        modem_new(managed->clock, &managed->link, managed->air, &managed->settings, told, managed);
    ck_assert(managed->modem != NULL && (modem_start(managed->modem) || is_without_power(managed)));
}

void managed_insert(struct managed_device *managed)
{
    managed_take_out(managed);
    managed->dns = DNS_ANSWERS;
    managed->no_resolver = false;
    managed->dark = NULL;
    managed->cut_at = managed->fetched = managed->troubles = 0;
    managed->is_foreign = false;
    buf_clear(&managed->told);
    device_insert_off(&managed->device);
    managed_change_modem(managed);
}

enum { LOG_END = 3000 }; /* characters */

/* With as much of the end as a message of the library holds. */
static void abort_with_log(struct managed_device *managed, const char *what)
{
    size_t size = managed->told.size;
    size_t start = size > LOG_END ? size - LOG_END : 0;

    buf_append_octet(&managed->told, 0);
    ck_abort_msg("%s: %s\n%s", managed->device.network.is->name, what,
                 (const char *)managed->told.data + start);
}

/* A card that another program has reset is one that the modem goes on with. */
static bool is_dead(const struct managed_device *managed)
{
    return managed->is_cut && !managed->is_foreign;
}

void managed_settle(struct managed_device *managed)
{
    for (unsigned turns = 0; turns < TURNS_MAX; turns++)
        if (is_dead(managed) || (!tend(managed) && fake_clock_settle(managed->clock, 1) == 0))
            return;
    abort_with_log(managed, "it never rests");
}

static void watch_how_long(struct managed_device *managed)
{
    struct device *device = &managed->device;

    if (!device_polls(device))
        device->busy_since = 0;
    else if (device->busy_since == 0)
        device->busy_since = device->network.now;
    else if (device->network.now - device->busy_since > BUSY_MAX)
        abort_with_log(managed, "the poll does not end");
}

static int64_t next_of(struct managed_device *managed)
{
    int64_t next = fake_clock_next(managed->clock), due = hostile_network_due(&managed->device.network);

    if (managed->carried != 0 && due < next)
        next = due;
    for (size_t i = 0; i < MANAGED_ANSWERS; i++)
        if (managed->answers[i].channel != 0 && managed->answers[i].at < next)
            next = managed->answers[i].at;
    return next;
}

bool managed_go(struct managed_device *managed, int64_t time)
{
    struct hostile_network *network = &managed->device.network;
    int64_t until = network->now + time;

    for (unsigned advances = 0; advances < ADVANCES_MAX; advances++) {
        int64_t next;

        managed_settle(managed);
        if (is_dead(managed))
            return true;
        watch_how_long(managed);
        if (network->now == until)
            return false;
        next = next_of(managed);
        network->now = next < until ? next : until;
        fake_clock_jump(managed->clock, network->now);
    }
    abort_with_log(managed, "it is never quiet");
    return false;
}

void managed_pass(struct managed_device *managed, int64_t time)
{
    ck_assert(!managed_go(managed, time));
}

void managed_restart(struct managed_device *managed, int64_t time)
{
    managed->device.network.now += time;
    managed_change_modem(managed);
}

/* --- what is held ------------------------------------------------------------------------------------ */

void managed_stays(struct managed_device *managed, const char *enabled, const char *name)
{
    struct ipa_bench *ipa = &managed->device.ipa;
    size_t polls = ipa_bench_count(ipa, 0xBF4F), results = ipa_bench_count(ipa, 0xBF50);

    managed_pass(managed, INTERVAL + 2 * MINUTE);
    if (ipa_bench_count(ipa, 0xBF4F) <= polls)
        abort_with_log(managed, "it polls no more");
    ck_assert_msg(ipa_bench_count(ipa, 0xBF50) == results, "%s: the result goes out again", name);
    ck_assert_msg(es10_state(&ipa->es10, enabled) == 1, "%s: another profile is enabled", name);
}

void managed_rolled_back(struct managed_device *managed, const char *name)
{
    struct device *device = &managed->device;

    ck_assert_msg(es10_state(&device->ipa.es10, BENCH_A) == 1, "%s: it is not taken back", name);
    ck_assert_msg(device->ipa.queue_head == 1, "%s: the eIM has no result", name);
    ck_assert_uint_gt(ipa_bench_count(&device->ipa, 0xBF50), 0);
    ck_assert(!marking_waits(device_card(device)));
    ck_assert_msg(device_results(device) == 0, "%s: a result is left", name);
}
