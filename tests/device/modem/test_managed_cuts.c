/*
 * A card with an IPAe that is managed over the modem's channels, and whose power goes at every change of its
 * storage: whenever it happens, it ends where it would have without it, and the eIM has heard of it.
 */
#include "euicc/lifecycle/marking.h"
#include "tests/device/modem/managed_device.h"

#define FILE_NAME "card.db"

static void open_disk(struct managed_device *managed)
{
    managed_open(managed);
    managed->disk = cut_disk_new();
    managed->device.file = FILE_NAME;
    managed->device.hooks.storage = cut_disk_name(managed->disk);
    device_insert_off(&managed->device);
    softeuicc_close(device_card(&managed->device));
    managed->device.ipa.es10.card = NULL;
}

static void close_disk(struct managed_device *managed)
{
    managed_end(managed);
    cut_disk_free(managed->disk);
}

static void insert(struct managed_device *managed)
{
    struct softeuicc_error error;

    managed->device.ipa.es10.card = softeuicc_open(FILE_NAME, &managed->device.hooks, &error);
    ck_assert_msg(device_card(&managed->device) != NULL, "%s", error.message);
}

/* The power comes back whenever it goes. A modem whose card was without it is another one. */
static void live_on(struct managed_device *managed, int64_t time)
{
    int64_t until = managed->device.network.now + time;

    while (managed->is_cut || managed_go(managed, until - managed->device.network.now)) {
        ck_assert(cut_disk_is_off(managed->disk));
        softeuicc_close(device_card(&managed->device));
        cut_disk_power_on(managed->disk);
        insert(managed);
        managed_change_modem(managed);
    }
}

/* One life on a copy of the disk, whose power goes at this change (0: never). The changes that there were. */
static uint64_t live(struct managed_device *managed, uint64_t at, enum cut_mode mode)
{
    struct cut_disk *whole = managed->disk;
    struct ipa_bench *ipa = &managed->device.ipa;
    const char *enabled = managed->dark != NULL ? BENCH_A : BENCH_B;
    uint64_t changes;

    managed->disk = cut_disk_copy(whole);
    managed->device.hooks.storage = cut_disk_name(managed->disk);
    managed->device.network.now = BENCH_NOW * 1000;
    managed->device.busy_since = 0;
    ipa->queue_head = ipa->taken_count = 0;
    buf_clear(&managed->told);
    insert(managed);
    changes = cut_disk_changes(managed->disk);
    cut_disk_arm(managed->disk, at, mode);
    managed_change_modem(managed);
    live_on(managed, 3 * INTERVAL);
    changes = cut_disk_changes(managed->disk) - changes;
    ck_assert_msg(es10_state(&ipa->es10, enabled) == 1, "cut %llu %s: the wrong profile is enabled",
                  (unsigned long long)at, cut_mode_name(mode));
    ck_assert_msg(ipa->queue_head == 1, "cut %llu %s: the eIM has no result", (unsigned long long)at,
                  cut_mode_name(mode));
    ck_assert(!marking_waits(device_card(&managed->device)));
    ck_assert_int_eq(device_results(&managed->device), 0);
    managed_take_out(managed);
    softeuicc_close(device_card(&managed->device));
    ipa->es10.card = NULL;
    cut_disk_free(managed->disk);
    managed->disk = whole;
    return changes;
}

/* A share of the cuts; in sanitizer builds a smaller one. */
static void live_with_every_cut(const char *dark, unsigned share)
{
    struct managed_device managed;
    uint64_t changes;

    open_disk(&managed);
    managed.dark = dark;
    changes = live(&managed, 0, CUT_LOST);
    ck_assert_uint_gt(changes, 20);
    for (uint64_t at = 1; at <= changes; at += share * TEST_SHARE)
        live(&managed, at, at / (share * TEST_SHARE) % 2 == 0 ? CUT_LOST : CUT_TORN);
    close_disk(&managed);
}

START_TEST(a_cut_at_any_change)
{
    live_with_every_cut(NULL, 1);
}
END_TEST

START_TEST(a_cut_at_any_change_in_the_dark)
{
    live_with_every_cut(BENCH_B, 2);
}
END_TEST

TEST_MAIN("managed cuts", a_cut_at_any_change, a_cut_at_any_change_in_the_dark)
