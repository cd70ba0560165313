/*
 * What a card with an IPAe counts of its life over the modem's channels: as much as the modem does for
 * itself, and it is still there after a reset, a loss of power, and storage that failed.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "tests/device/modem/managed_device.h"

#include <string.h>

#define FILE_NAME "card.db"

static struct ipae_tally tally(struct managed_device *managed, const char *name)
{
    struct ipae_tally found = {.name = ""};

    for (size_t i = 0; strcmp(found.name, name) != 0; i++)
        ck_assert_msg(ipae_look_count(device_card(&managed->device), i, &found), "%s is not counted", name);
    return found;
}

static uint64_t ever(struct managed_device *managed, const char *name)
{
    return tally(managed, name).ever;
}

static uint64_t last_round(struct managed_device *managed, const char *name)
{
    return tally(managed, name).last_round;
}

/* What the card had counted when this modem began. */
struct before {
    uint64_t sent, received, channels, channel_ms, proactive_commands;
};

static struct before now(struct managed_device *managed)
{
    return (struct before){ever(managed, "sent"), ever(managed, "received"), ever(managed, "channels"),
                           ever(managed, "channel_ms"), ever(managed, "proactive_commands")};
}

static void as_the_modem(struct managed_device *managed, const struct before *before)
{
    const struct modem_figures *figures = modem_figures(managed->modem);

    ck_assert_uint_gt(figures->sent, 0);
    ck_assert_uint_eq(ever(managed, "sent"), before->sent + figures->sent);
    ck_assert_uint_eq(ever(managed, "received"), before->received + figures->received);
    ck_assert_uint_eq(ever(managed, "channels"), before->channels + figures->channels_opened);
    ck_assert_uint_eq(ever(managed, "channel_ms"), before->channel_ms + (uint64_t)figures->channel_ms);
    ck_assert_uint_eq(ever(managed, "proactive_commands"),
                      before->proactive_commands + figures->proactive_commands);
}

START_TEST(as_much_as_the_modem_counts)
{
    static const struct before none = {.sent = 0};
    struct managed_device managed;
    struct before before;

    managed_open(&managed);
    managed_insert(&managed);
    managed_pass(&managed, 2 * MINUTE);
    device_carried_out(&managed.device, "an order");
    as_the_modem(&managed, &none);
    ck_assert_uint_eq(ever(&managed, "packages"), 1);
    ck_assert_uint_eq(ever(&managed, "profile_changes"), 1);
    ck_assert_uint_eq(ever(&managed, "rollbacks"), 0);
    ck_assert_uint_eq(ever(&managed, "polls"), 1);
    ck_assert_uint_eq(ever(&managed, "polls_failed"), 0);
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(ever(&managed, "polls"), 2);
    ck_assert_uint_eq(last_round(&managed, "polls"), 1);
    ck_assert_uint_eq(last_round(&managed, "packages"), 0);
    ck_assert_uint_gt(last_round(&managed, "sent"), 0);
    ck_assert_uint_lt(2 * last_round(&managed, "sent"), ever(&managed, "sent"));
    as_the_modem(&managed, &none);
    /* Each command is a FETCH and a TERMINAL RESPONSE; some events come to that. */
    ck_assert_uint_gt(ever(&managed, "commands"), 2 * ever(&managed, "proactive_commands"));
    ck_assert_uint_lt(ever(&managed, "commands"), 3 * ever(&managed, "proactive_commands"));
    /* In another modem. */
    managed_take_out(&managed);
    before = now(&managed);
    managed_change_modem(&managed);
    managed_pass(&managed, INTERVAL);
    as_the_modem(&managed, &before);
    ck_assert_uint_eq(ever(&managed, "polls"), 3);
    managed_end(&managed);
}
END_TEST

START_TEST(a_change_that_is_taken_back)
{
    static const struct before none = {.sent = 0};
    struct managed_device managed;

    managed_open(&managed);
    managed_insert(&managed);
    managed.dark = BENCH_B;
    managed_pass(&managed, INTERVAL);
    managed_rolled_back(&managed, "no network");
    ck_assert_uint_eq(ever(&managed, "profile_changes"), 2);
    ck_assert_uint_eq(ever(&managed, "rollbacks"), 1);
    ck_assert_uint_eq(ever(&managed, "fallbacks"), 0);
    ck_assert_uint_eq(ever(&managed, "proactive_commands"),
                      none.proactive_commands + modem_figures(managed.modem)->proactive_commands);
    ck_assert_uint_eq(ever(&managed, "channel_ms"), (uint64_t)modem_figures(managed.modem)->channel_ms);
    managed_end(&managed);
}
END_TEST

/* --- on a disk ----------------------------------------------------------------------------------------- */

static void open_disk(struct managed_device *managed)
{
    managed_open(managed);
    managed->disk = cut_disk_new();
    managed->device.file = FILE_NAME;
    managed->device.hooks.storage = cut_disk_name(managed->disk);
    managed_insert(managed);
    managed_pass(managed, 2 * MINUTE);
    device_carried_out(&managed->device, "an order");
}

static void close_disk(struct managed_device *managed)
{
    struct cut_disk *disk = managed->disk;

    managed_end(managed);
    cut_disk_free(disk);
}

/* The card's process ends, and another one has it. */
static void reopen(struct managed_device *managed)
{
    struct softeuicc_error error;

    managed_take_out(managed);
    softeuicc_close(device_card(&managed->device));
    if (cut_disk_is_off(managed->disk))
        cut_disk_power_on(managed->disk);
    managed->device.ipa.es10.card = softeuicc_open(FILE_NAME, &managed->device.hooks, &error);
    ck_assert_msg(device_card(&managed->device) != NULL, "%s", error.message);
}

static void keep_tallies(struct managed_device *managed, struct ipae_tally tallies[IPAE_COUNTS])
{
    for (size_t i = 0; i < IPAE_COUNTS; i++)
        ck_assert(ipae_look_count(device_card(&managed->device), i, &tallies[i]));
}

static void same_tallies(struct managed_device *managed, const struct ipae_tally tallies[IPAE_COUNTS])
{
    struct ipae_tally found;

    for (size_t i = 0; i < IPAE_COUNTS; i++) {
        ck_assert(ipae_look_count(device_card(&managed->device), i, &found));
        ck_assert_msg(found.ever == tallies[i].ever && found.last_round == tallies[i].last_round,
                      "%s: %llu, %llu; kept %llu, %llu", found.name, (unsigned long long)tallies[i].ever,
                      (unsigned long long)tallies[i].last_round, (unsigned long long)found.ever,
                      (unsigned long long)found.last_round);
    }
}

START_TEST(kept_when_it_is_switched_off)
{
    struct managed_device managed;
    struct ipae_tally tallies[IPAE_COUNTS];

    open_disk(&managed);
    managed_take_out(&managed);
    keep_tallies(&managed, tallies);
    reopen(&managed);
    same_tallies(&managed, tallies);
    close_disk(&managed);
}
END_TEST

/* Counts that could not be stored by themselves are stored the next time. */
START_TEST(kept_after_storage_failed)
{
    struct managed_device managed;
    struct ipae_tally tallies[IPAE_COUNTS];

    open_disk(&managed);
    managed_take_out(&managed);
    ipae_count_note(device_card(&managed.device)->ipae, IPAE_COMMANDS);
    cut_disk_fail(managed.disk, 1);
    ipae_count_flush(device_card(&managed.device)->ipae);
    cut_disk_heal(managed.disk);
    keep_tallies(&managed, tallies);
    reopen(&managed);
    same_tallies(&managed, tallies);
    close_disk(&managed);
}
END_TEST

/* What came behind the end of the last round is lost, and an idle poll has the one sync that it had. */
START_TEST(kept_with_the_end_of_a_round)
{
    struct managed_device managed;
    uint64_t syncs, sent, before, polls;

    open_disk(&managed);
    managed_pass(&managed, INTERVAL);
    syncs = cut_disk_syncs(managed.disk);
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(cut_disk_syncs(managed.disk) - syncs, 1);
    sent = ever(&managed, "sent");
    before = sent - last_round(&managed, "sent");
    polls = ever(&managed, "polls");
    cut_disk_arm(managed.disk, 1, CUT_LOST);
    reopen(&managed);
    ck_assert_uint_eq(ever(&managed, "polls"), polls);
    ck_assert_uint_gt(ever(&managed, "sent"), before);
    ck_assert_uint_lt(ever(&managed, "sent"), sent); /* without the end of TLS, which comes behind */
    close_disk(&managed);
}
END_TEST

/* A poll whose end cannot be stored is made again; what it sent was sent. */
START_TEST(storage_that_fails_changes_nothing_of_it)
{
    struct managed_device managed;
    struct ipae_tally tallies[IPAE_COUNTS];

    open_disk(&managed);
    for (uint64_t change = 1; change <= 12; change++) {
        struct before before = now(&managed);
        uint64_t polls = ever(&managed, "polls");
        uint64_t sent = modem_figures(managed.modem)->sent;

        cut_disk_fail(managed.disk, change);
        managed_pass(&managed, INTERVAL);
        cut_disk_heal(managed.disk);
        ck_assert_uint_eq(ever(&managed, "sent"), before.sent + modem_figures(managed.modem)->sent - sent);
        ck_assert_uint_eq(ever(&managed, "polls"), polls + 1);
        managed_take_out(&managed);
        keep_tallies(&managed, tallies);
        reopen(&managed);
        same_tallies(&managed, tallies);
        managed_change_modem(&managed);
        managed_pass(&managed, MINUTE);
    }
    close_disk(&managed);
}
END_TEST

TEST_MAIN("managed count", as_much_as_the_modem_counts, a_change_that_is_taken_back,
          kept_when_it_is_switched_off, kept_after_storage_failed, kept_with_the_end_of_a_round,
          storage_that_fails_changes_nothing_of_it)
