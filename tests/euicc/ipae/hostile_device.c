/* A device on a hostile network. See hostile_device.h. */
#include "tests/euicc/ipae/hostile_device.h"

#include "euicc/iot/eim.h"
#include "euicc/ipae/ipae.h"
#include "euicc/lifecycle/marking.h"
#include "tests/support/eim.h"

#include <string.h>

#define GRACE             5000 /* ms after a reset in which a terminal would have sent TERMINAL PROFILE */
#define ENABLE_B_ROLLBACK "A30E 5A0A 98940000000000000052 0500"
#define WAKES_MAX         6000
#define ADVANCES_MAX      500
#define BUSY_MAX          (17 * MINUTE) /* that one poll may take when nobody answers as he should */

/* --- the eIM ----------------------------------------------------------------------------------------- */

/* Over a bad connection it hears of no error: the order would be done with. */
static bool device_eim(void *context, struct span message, struct buf *answer)
{
    struct device *device = context;
    struct tlv_reader reader = tlv_reader(message);
    bool is_poll = tlv_peek(&reader) == 0xBF4F;
    bool is_bad = device->network.is == device->fault && !device->network.is->harmless;

    if (is_bad && is_poll != (device->stage == AT_POLL))
        return false;
    if (is_poll && device->fault != NULL)
        device->network.fault = device->fault;
    return ipa_bench_eim(&device->ipa, message, answer);
}

/* --- the device -------------------------------------------------------------------------------------- */

static int64_t device_now(void *context)
{
    return ((const struct device *)context)->network.now;
}

struct softeuicc *device_card(struct device *device)
{
    return device->ipa.es10.card;
}

void device_start(struct device *device)
{
    device->ipa.es10.terminal = terminal_start(device_card(device), SOFTEUICC_COLD);
    device->network.now += GRACE;
}

static void associate(struct device *device)
{
    struct buf tls = {0};
    struct span ca, content;

    ck_assert_int_eq(tlv_single(hostile_network_ca(), 0x30, &ca), TLV_OK);
    tlv_put(&tls, 0xA1, ca);
    ck_assert_int_eq(
        tlv_single(test_eim_configuration(0x30, &(struct test_eim_configuration){.id = device->ipa.eim.id,
                                                                                 .fqdn = BENCH_HOST,
                                                                                 .key = device->ipa.eim.key,
                                                                                 .tls = buf_span(&tls),
                                                                                 .protocol = hex("0780")}),
                   0x30, &content),
        TLV_OK);
    device->ipa.eim.counter = 0;
    ck_assert_int_eq(
        eim_add(device_card(device), content, &device->ipa.eim.has_token, &device->ipa.eim.token), EIM_OK);
    ck_assert(nvm_commit(device_card(device)->nvm));
    buf_free(&tls);
}

/* Another card, for which an order waits. */
void device_insert_off(struct device *device)
{
    struct es10_bench *es10_bench = &device->ipa.es10;

    softeuicc_close(es10_bench->card);
    device->network.fault = device->fault = NULL;
    device->network.now = BENCH_NOW * 1000;
    device->network.opened = 0;
    device->busy_since = 0;
    es10_bench->card =
        test_card_on(device->file != NULL ? device->file : ":memory:", es10_bench->cis, 1, 0, &device->hooks);
    es10_install(es10_bench, &(struct es10_profile){.iccid = BENCH_A});
    es10_install(es10_bench, &(struct es10_profile){.iccid = BENCH_B});
    associate(device);
    es10_bench->terminal = terminal_start(es10_bench->card, SOFTEUICC_COLD);
    es10(es10_bench, "BF31 11 A00C 5A0A %s 8101FF", es10_iccid(BENCH_A));
    ck_assert(ipae_insert(es10_bench->card, false) && nvm_commit(es10_bench->card->nvm) &&
              ipae_load(es10_bench->card));
    device->ipa.queue_head = device->ipa.queue_count = device->ipa.taken_count = 0;
    ipa_bench_order(&device->ipa, &device->ipa.eim, PSMO, ENABLE_B_ROLLBACK);
}

void device_insert(struct device *device)
{
    device_insert_off(device);
    device_start(device);
}

void device_open_empty(struct device *device)
{
    memset(device, 0, sizeof(*device));
    ipa_bench_open(&device->ipa);
    hostile_network_open(&device->network);
    device->network.eim = device_eim;
    device->network.context = device;
    device->hooks = (struct softeuicc_hooks){.context = device, .now = device_now};
}

void device_open(struct device *device)
{
    device_open_empty(device);
    device->hooks.bearer = device->network.calls;
    device_insert(device);
}

void device_end(struct device *device)
{
    ipa_bench_close(&device->ipa);
    hostile_network_end(&device->network);
}

bool device_polls(struct device *device)
{
    struct ipae_facts facts;

    ck_assert(ipae_look(device_card(device), &facts));
    return facts.is_polling;
}

/* Wakes it until nothing is to be done now. */
void device_settle(struct device *device)
{
    const char *name = device->network.is->name;

    for (unsigned wakes = 0; wakes < WAKES_MAX; wakes++) {
        bool told = hostile_network_tell(&device->network, device_card(device));
        int64_t next = softeuicc_next_wakeup(device_card(device));

        ck_assert_msg(next >= -1, "%s: it wants to be woken at %lld", name, (long long)next);
        if (next >= 0 && next <= device->network.now)
            softeuicc_wake(device_card(device));
        else if (!told)
            return;
    }
    ck_abort_msg("%s: it never rests", name);
}

/* No poll goes on for ever. A result has time to be tried again. */
static void watch_how_long(struct device *device)
{
    if (!device_polls(device) || device->stage == AT_RESULT)
        device->busy_since = 0;
    else if (device->busy_since == 0)
        device->busy_since = device->network.now;
    else
        ck_assert_msg(device->network.now - device->busy_since <= BUSY_MAX, "%s: the poll does not end",
                      device->network.is->name);
}

/* What happens in so many milliseconds. */
void device_pass(struct device *device, int64_t time)
{
    int64_t until = device->network.now + time;

    for (unsigned advances = 0; advances < ADVANCES_MAX; advances++) {
        int64_t next, due;

        device_settle(device);
        watch_how_long(device);
        if (device->network.now == until)
            return;
        next = softeuicc_next_wakeup(device_card(device));
        ck_assert_msg(next >= 0, "%s: it wants nothing any more", device->network.is->name);
        due = hostile_network_due(&device->network);
        next = next < due ? next : due;
        device->network.now = next < until ? next : until;
    }
    ck_abort_msg("%s: it is never quiet", device->network.is->name);
}

/* --- what is held ------------------------------------------------------------------------------------ */

int64_t device_results(struct device *device)
{
    return nvm_figure(device_card(device)->nvm, "SELECT count(*) FROM package_result", NVM_NONE);
}

/* The order was carried out once, and the eIM has the one result of that. */
void device_carried_out(struct device *device, const char *name)
{
    size_t results = ipa_bench_count(&device->ipa, 0xBF50);

    ck_assert_msg(es10_state(&device->ipa.es10, BENCH_B) == 1, "%s: the order was not carried out", name);
    ck_assert_int_eq(es10_state(&device->ipa.es10, BENCH_A), 0);
    ck_assert_msg(device->ipa.queue_head == 1, "%s: the eIM has no result", name);
    ck_assert_uint_gt(results, 0);
    for (size_t i = 1; i < results; i++)
        ck_assert_msg(span_equal(ipa_bench_result(&device->ipa, i), ipa_bench_result(&device->ipa, 0)),
                      "%s: there are two results", name);
    ck_assert(!marking_waits(device_card(device)));
    ck_assert_msg(device_results(device) == 0, "%s: a result is left", name);
}

/* The next poll brings nothing more. */
void device_stays(struct device *device, const char *name)
{
    size_t polls = ipa_bench_count(&device->ipa, 0xBF4F);
    size_t results = ipa_bench_count(&device->ipa, 0xBF50);

    device_pass(device, INTERVAL);
    ck_assert_msg(ipa_bench_count(&device->ipa, 0xBF4F) > polls, "%s: it polls no more", name);
    ck_assert_msg(ipa_bench_count(&device->ipa, 0xBF50) == results, "%s: the result goes out again", name);
    ck_assert_int_eq(es10_state(&device->ipa.es10, BENCH_B), 1);
    ck_assert(!device_polls(device));
}

void device_heal(struct device *device)
{
    hostile_network_heal(&device->network);
    device->fault = NULL;
}

void device_go(struct device *device, unsigned steps)
{
    while (steps-- > 0) {
        (void)hostile_network_tell(&device->network, device_card(device));
        softeuicc_wake(device_card(device));
    }
}
