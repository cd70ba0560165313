/*
 * A card with an IPAe and a modem that does its work, on a network that is well: with small buffers and few
 * channels, with terminals that say little of themselves, and with resets, losses of power, an LPA and short
 * messages in between. Whatever it is, the order that waits is carried out once.
 */
#include "tests/device/modem/managed_device.h"

#include <stdio.h>

/* --- what terminals have ------------------------------------------------------------------------------- */

START_TEST(buffers_and_channels)
{
    static const unsigned buffers[] = {64, 100, 255, 500, 1500}, channels[] = {1, 2, 7};
    struct managed_device managed;
    char name[60];

    managed_open(&managed);
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        for (size_t j = 0; j < sizeof(channels) / sizeof(channels[0]); j++) {
            snprintf(name, sizeof(name), "%u channels with %u octets", channels[j], buffers[i]);
            managed.settings.buffer = buffers[i];
            managed.settings.channels = channels[j];
            managed_insert(&managed);
            managed_pass(&managed, 2 * MINUTE);
            device_carried_out(&managed.device, name);
            managed_stays(&managed, BENCH_B, name);
            ck_assert_uint_eq(managed.troubles, 0);
        }
    managed_end(&managed);
}
END_TEST

/* TERMINAL PROFILEs. A modem that is not asked for a REFRESH stays on the network that it is on. */
static const struct terminal_kind {
    const char *name, *profile;
    bool refreshes;
} kinds[] = {
    {"everything", "2300E842111C00078000001FE260000043C0000000000000D0000000000000000720", true},
    {"channels only", "0000000000000000000000 0F", false},
    {"channels and polling", "0000200000000000000000 0F", false},
    {"channels and timers", "0000000000000001000000 0F", false},
    {"without REFRESH", "23006842111C00078000001FE260000043C0000000000000D0000000000000000720", false},
    {"REFRESH with a reset", "2300E842111C00078000001FE260000043C0000000000000D0000000000000000700", true},
    {"REFRESH and channels only", "0000800000000000000000 0F", true},
};

START_TEST(terminal_profiles)
{
    struct managed_device managed;

    managed_open(&managed);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (unsigned dark = 0; dark < 2; dark++) {
            managed.settings.profile = hex(kinds[i].profile);
            managed_insert(&managed);
            managed.dark = dark != 0 ? BENCH_B : NULL;
            managed_pass(&managed, 2 * INTERVAL);
            if (dark != 0 && kinds[i].refreshes)
                managed_rolled_back(&managed, kinds[i].name);
            else
                device_carried_out(&managed.device, kinds[i].name);
        }
    managed_end(&managed);
}
END_TEST

/* --- what comes in between ----------------------------------------------------------------------------- */

/* Every command that the card makes in such a life. */
static unsigned count_commands(struct managed_device *managed)
{
    managed_insert(managed);
    managed_pass(managed, 2 * MINUTE);
    device_carried_out(&managed->device, "an undisturbed life");
    return managed->fetched;
}

static const char *const place_names[] = {"before FETCH", "before TERMINAL RESPONSE",
                                          "after TERMINAL RESPONSE"};

static void live_with_cut(struct managed_device *managed, enum cut_place place, unsigned at, bool is_foreign)
{
    char name[80];

    snprintf(name, sizeof(name), "%s %s %u", is_foreign ? "a reset" : "a power loss", place_names[place], at);
    managed_insert(managed);
    managed->is_foreign = is_foreign;
    managed->cut_place = place;
    managed->cut_at = at;
    if (is_foreign)
        managed_pass(managed, 0);
    else if (managed_go(managed, 2 * MINUTE))
        managed_restart(managed, 1000);
    managed_pass(managed, 2 * INTERVAL);
    device_carried_out(&managed->device, name);
    managed_stays(managed, BENCH_B, name);
}

/* In sanitizer builds a share of the places. */
static void live_with_every_cut(bool is_foreign)
{
    struct managed_device managed;
    unsigned commands;

    managed_open(&managed);
    commands = count_commands(&managed);
    ck_assert_uint_gt(commands, 20);
    for (unsigned at = 1; at <= commands; at += TEST_SHARE)
        for (enum cut_place place = CUT_BEFORE_FETCH; place <= CUT_AFTER_RESPONSE; place++)
            live_with_cut(&managed, place, at, is_foreign);
    managed_end(&managed);
}

START_TEST(a_power_loss_at_any_command)
{
    live_with_every_cut(false);
}
END_TEST

START_TEST(a_reset_at_any_command)
{
    live_with_every_cut(true);
}
END_TEST

/* --- others who use the card -------------------------------------------------------------------------- */

static void transmit_by_other(struct managed_device *managed, const char *capdu)
{
    struct buf *response = test_buf();
    uint16_t status;

    ck_assert(managed->link.kind->transmit(&managed->link, hex(capdu), response));
    status = (uint16_t)span_number(SPAN(response->data + response->size - 2, 2));
    ck_assert_msg(status >> 8 == 0x90 || status >> 8 == 0x91 || status >> 8 == 0x61, "%s: %04X", capdu,
                  status);
}

/* GetEUICCChallenge, on a channel of its own. */
static void use_by_lpa(struct managed_device *managed)
{
    transmit_by_other(managed, "0070000001");
    transmit_by_other(managed, "01A4040010 A0000005591010FFFFFFFF8900000100 00");
    transmit_by_other(managed, "81E2910003 BF2E00 00");
    transmit_by_other(managed, "00708001");
}

/* For the card: a command packet that nobody can have sent. */
static void send_message(struct managed_device *managed)
{
    fake_air_deliver(managed->air, hex("44 05 91 2143F5 7FF6 00000000000000 06 027000 000102"));
}

static void say_other_profile(struct managed_device *managed)
{
    transmit_by_other(managed,
                      "8010000022 2300E842111C00078000001FE260000043C0000000000000D0000000000000000700");
}

/* The card's life with this in between, after each of its commands. In sanitizer builds a share of them. */
static void live_with(const char *name, void (*happens)(struct managed_device *managed))
{
    struct managed_device managed;
    unsigned commands;

    managed_open(&managed);
    commands = count_commands(&managed);
    for (unsigned at = 1; at <= commands; at += TEST_SHARE) {
        managed_insert(&managed);
        managed.cut_place = CUT_AFTER_RESPONSE;
        managed.cut_at = at;
        if (managed_go(&managed, 2 * MINUTE)) {
            managed.is_cut = false;
            happens(&managed);
        }
        managed_pass(&managed, 2 * INTERVAL);
        device_carried_out(&managed.device, name);
        managed_stays(&managed, BENCH_B, name);
    }
    managed_end(&managed);
}

START_TEST(an_lpa_in_between)
{
    live_with("an LPA", use_by_lpa);
}
END_TEST

START_TEST(a_message_in_between)
{
    live_with("a short message", send_message);
}
END_TEST

START_TEST(another_profile_in_between)
{
    live_with("another TERMINAL PROFILE", say_other_profile);
}
END_TEST

TEST_MAIN("managed life", buffers_and_channels, terminal_profiles, a_power_loss_at_any_command,
          a_reset_at_any_command, an_lpa_in_between, a_message_in_between, another_profile_in_between)
