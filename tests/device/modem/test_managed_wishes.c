/*
 * What a device's owner and the network can want of a card with an IPAe: that it asks another name server,
 * that it polls when a short message comes for its ISD-R, that it is quiet at certain hours.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "tests/device/modem/managed_device.h"

#include <stdio.h>

static void set(struct managed_device *managed, const char *name, const char *value)
{
    const struct softeuicc_set_value setting = {name, NULL, value};

    ck_assert_int_eq(softeuicc_set(device_card(&managed->device), &setting, 1, NULL), SOFTEUICC_OK);
}

static size_t polls(struct managed_device *managed)
{
    return ipa_bench_count(&managed->device.ipa, 0xBF4F);
}

/* --- a name server ------------------------------------------------------------------------------------- */

/* On a network that does not say where its name server is. */
static void insert_nameless(struct managed_device *managed)
{
    managed_insert(managed);
    managed_take_out(managed);
    managed->no_resolver = true;
}

START_TEST(a_name_server_of_its_own)
{
    struct managed_device managed;

    managed_open(&managed);
    insert_nameless(&managed);
    managed_change_modem(&managed);
    managed_pass(&managed, 5 * MINUTE);
    ck_assert_uint_eq(polls(&managed), 0);
    /* It holds from the next name on, */
    set(&managed, "dns-server", "192.0.2.53");
    managed_pass(&managed, INTERVAL);
    device_carried_out(&managed.device, "a name server that was set");
    /* and no more when it is taken back: not for a name that is not known any more. */
    set(&managed, "dns-server", NULL);
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(managed.device.network.opened, 2);
    /* One that was set before the start. */
    insert_nameless(&managed);
    set(&managed, "dns-server", "192.0.2.53");
    managed_change_modem(&managed);
    managed_pass(&managed, 3 * MINUTE);
    device_carried_out(&managed.device, "a name server that was set before");
    managed_end(&managed);
}
END_TEST

/* --- short messages ------------------------------------------------------------------------------------- */

/* SMS-DELIVER of a command packet: length, header's length, SPI, KIc, KID, TAR, counter, padding. */
#define PACKET(tar) "44 05 91 2143F5 7FF6 00000000000000 13 027000 000E 0D 1621 19 19 " tar " 0000000001 00"
#define CALL        PACKET("000001")

static void open_quiet(struct managed_device *managed)
{
    managed_open(managed);
    managed_insert(managed);
    managed_pass(managed, 2 * MINUTE);
    device_carried_out(&managed->device, "an order");
    set(managed, "poll-interval", "0");
    managed_pass(managed, 2 * INTERVAL);
}

static void deliver_sms(struct managed_device *managed, const char *tpdu)
{
    fake_air_deliver(managed->air, hex(tpdu));
}

START_TEST(a_message_makes_it_poll)
{
    struct managed_device managed;
    size_t before;

    open_quiet(&managed);
    before = polls(&managed);
    managed_pass(&managed, 2 * INTERVAL); /* by itself it does not */
    ck_assert_uint_eq(polls(&managed), before);
    deliver_sms(&managed, CALL);
    managed_pass(&managed, 10 * 1000);
    ck_assert_uint_eq(polls(&managed), before + 1);
    ck_assert_uint_eq(managed.air->submitted.size, 0); /* nothing is answered */
    managed_pass(&managed, 2 * INTERVAL);
    ck_assert_uint_eq(polls(&managed), before + 1);
    set(&managed, "poll-on-message", "off");
    deliver_sms(&managed, CALL);
    managed_pass(&managed, 2 * INTERVAL);
    ck_assert_uint_eq(polls(&managed), before + 1);
    managed_end(&managed);
}
END_TEST

/* Those that come within a minute of a poll are one, a minute after it; a reset does not lose it. */
START_TEST(many_messages_are_two)
{
    struct managed_device managed;
    size_t before;

    open_quiet(&managed);
    before = polls(&managed);
    for (unsigned i = 0; i < 100; i++) {
        deliver_sms(&managed, CALL);
        managed_pass(&managed, 500);
    }
    ck_assert_uint_eq(polls(&managed), before + 1);
    managed_change_modem(&managed);
    managed_pass(&managed, 2 * INTERVAL);
    ck_assert_uint_eq(polls(&managed), before + 2);
    managed_end(&managed);
}
END_TEST

static const char *const others[] = {
    PACKET("000002"),
    PACKET("B00001"),
    PACKET("000001FF"), /* whose lengths do not fit */
    /* Without a header it is no command packet, */
    "04 05 91 2143F5 7FF6 00000000000000 10 000E 0D 1621 19 19 000001 0000000001 00",
    /* and text is none either. */
    "04 05 91 2143F5 0000 00000000000000 04 000001FF",
};

START_TEST(no_other_message_does)
{
    struct managed_device managed;
    size_t before, size = hex(CALL).size;
    struct ipae_tally commands;
    struct softeuicc *card;
    uint64_t own;

    open_quiet(&managed);
    before = polls(&managed);
    card = device_card(&managed.device);
    ck_assert(ipae_look_count(card, IPAE_PROACTIVE_COMMANDS, &commands));
    own = commands.ever;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        deliver_sms(&managed, others[i]);
        managed_pass(&managed, 2 * MINUTE);
        ck_assert_msg(polls(&managed) == before, "message %zu", i);
    }
    /* What answers them is not the IPAe, which does not count it as its own. */
    ck_assert_uint_gt(managed.air->submitted.size, 0);
    ck_assert(ipae_look_count(card, IPAE_PROACTIVE_COMMANDS, &commands));
    ck_assert_uint_eq(commands.ever, own);
    for (size_t i = 1; i < size; i++) {
        fake_air_deliver(managed.air, SPAN(hex(CALL).data, i));
        managed_pass(&managed, 2 * MINUTE);
        ck_assert_msg(polls(&managed) == before, "the first %zu octets", i);
    }
    managed_end(&managed);
}
END_TEST

/* A poll that is due before anyway is not put off. */
START_TEST(no_message_puts_a_poll_off)
{
    struct managed_device managed;
    size_t before;

    open_quiet(&managed);
    set(&managed, "poll-interval", "30");
    managed_pass(&managed, MINUTE);
    before = polls(&managed);
    for (unsigned i = 0; i < 40; i++) {
        deliver_sms(&managed, CALL);
        managed_pass(&managed, 6 * 1000);
    }
    ck_assert_uint_ge(polls(&managed), before + 7);
    managed_end(&managed);
}
END_TEST

/* --- quiet hours ---------------------------------------------------------------------------------------- */

/* The card's host has no right time. */
static int64_t eight_hours_ago(void *context)
{
    return ((const struct device *)context)->network.now - (int64_t)8 * 60 * MINUTE;
}

static const char *time_of_day(char text[12], int64_t time)
{
    int64_t minute = time / MINUTE % (24 * 60);

    snprintf(text, 12, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
    return text;
}

/* A poll that waits for the network does so for a minute, whatever becomes of the clock. */
START_TEST(a_poll_is_not_held_by_a_clock_that_was_set_back)
{
    struct managed_device managed;
    struct ipae_tally failed;

    managed_open(&managed);
    managed_insert(&managed);
    managed.device.ipa.queue_count = 0;
    managed.dark = BENCH_A;
    managed_change_modem(&managed);
    managed_pass(&managed, 20 * 1000);
    device_card(&managed.device)->hooks.now = eight_hours_ago;
    managed_pass(&managed, 5 * MINUTE);
    ck_assert(ipae_look_count(device_card(&managed.device), IPAE_POLLS_FAILED, &failed));
    ck_assert_uint_ge(failed.ever, 1);
    managed_end(&managed);
}
END_TEST

/* They are by the terminal's clock. */
START_TEST(quiet_hours_are_the_terminals)
{
    struct managed_device managed;
    char from[12], to[12], hours[24];
    int64_t now;
    size_t before;

    managed_open(&managed);
    managed.device.hooks.now = eight_hours_ago;
    managed_insert(&managed);
    managed_pass(&managed, 2 * MINUTE);
    device_carried_out(&managed.device, "an order");
    now = managed.device.network.now;
    snprintf(hours, sizeof(hours), "%s-%s", time_of_day(from, now), time_of_day(to, now + 120 * MINUTE));
    set(&managed, "quiet-hours", hours);
    before = polls(&managed);
    managed_pass(&managed, 118 * MINUTE);
    ck_assert_uint_eq(polls(&managed), before);
    managed_pass(&managed, 3 * MINUTE);
    ck_assert_uint_eq(polls(&managed), before + 1);
    managed_end(&managed);
}
END_TEST

TEST_MAIN("managed wishes", a_name_server_of_its_own, a_message_makes_it_poll, many_messages_are_two,
          no_other_message_does, no_message_puts_a_poll_off, a_poll_is_not_held_by_a_clock_that_was_set_back,
          quiet_hours_are_the_terminals)
