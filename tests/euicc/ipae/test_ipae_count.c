/*
 * What a card with an IPAe counts over a network that its host lends: what went through the channels, and no
 * commands of a terminal. And a short message that makes such a card poll.
 */
#include "euicc/ipae/ipae.h"
#include "tests/euicc/ipae/hostile_device.h"
#include "tests/support/ota.h"

#include <string.h>

static struct ipae_tally tally(struct device *device, const char *name)
{
    struct ipae_tally found = {.name = ""};

    for (size_t i = 0; strcmp(found.name, name) != 0; i++)
        ck_assert_msg(ipae_look_count(device_card(device), i, &found), "%s is not counted", name);
    return found;
}

static size_t polls(struct device *device)
{
    return ipa_bench_count(&device->ipa, 0xBF4F);
}

START_TEST(what_goes_over_the_network_of_the_host)
{
    static const struct network_fault slow = {.name = "slow", .delay = 1000, .harmless = true};
    struct device device;

    device_open(&device);
    device_pass(&device, 2 * MINUTE);
    device_carried_out(&device, "an order");
    ck_assert_uint_eq(tally(&device, "packages").ever, 1);
    ck_assert_uint_eq(tally(&device, "profile_changes").ever, 1);
    device.network.fault = &slow;
    device_pass(&device, INTERVAL);
    /* The last poll had one connection. */
    ck_assert_uint_eq(tally(&device, "polls").last_round, 1);
    ck_assert_uint_eq(tally(&device, "channels").last_round, 1);
    ck_assert_uint_gt(tally(&device, "sent").last_round, 0);
    ck_assert_uint_eq(tally(&device, "sent").last_round, device.network.sent);
    ck_assert_uint_eq(tally(&device, "received").last_round, device.network.came);
    ck_assert_uint_ge(tally(&device, "channel_ms").last_round, 1000);
    ck_assert_uint_lt(tally(&device, "channel_ms").last_round, (uint64_t)MINUTE);
    ck_assert_uint_eq(tally(&device, "channels").ever, device.network.opened);
    ck_assert_uint_eq(tally(&device, "proactive_commands").ever, 0);
    ck_assert_uint_eq(tally(&device, "commands").ever, 0);
    device_end(&device);
}
END_TEST

START_TEST(polls_that_reach_nobody)
{
    static const struct network_fault refused = {.name = "refused", .channel = CHANNEL_REFUSED};
    struct device device;

    device_open(&device);
    device.network.fault = &refused;
    device_pass(&device, INTERVAL);
    ck_assert_uint_ge(tally(&device, "polls").ever, 2);
    ck_assert_uint_eq(tally(&device, "polls_failed").ever, tally(&device, "polls").ever);
    ck_assert_uint_eq(tally(&device, "sent").ever, 0);
    ck_assert_uint_eq(tally(&device, "channels").ever, 0);
    device_end(&device);
}
END_TEST

/* A server that opens a channel and says no more is a sign of a network nevertheless. */
START_TEST(a_server_that_opens_a_channel_is_heard)
{
    static const struct network_fault silent = {.name = "silent", .cut_sent = 1, .silent = true};
    static const struct network_fault refused = {.name = "refused", .channel = CHANNEL_REFUSED};
    struct device device;
    struct ipae_facts facts;

    device_open(&device);
    device.network.fault = &silent;
    device_pass(&device, INTERVAL);
    ck_assert_uint_gt(tally(&device, "polls_failed").ever, 0);
    ck_assert(ipae_look(device_card(&device), &facts));
    ck_assert_int_eq(facts.lost_since, 0);
    device.network.fault = &refused;
    device_pass(&device, INTERVAL);
    ck_assert(ipae_look(device_card(&device), &facts));
    ck_assert_int_gt(facts.lost_since, 0);
    device_end(&device);
}
END_TEST

START_TEST(a_message_makes_it_poll)
{
    static const struct softeuicc_set_value never = {"poll-interval", NULL, "0"};
    /* With everything that a packet can ask for, and no key that the card knows. */
    static const struct ota_sender sender = {{0x16, 0x39}, 0x72, 0x72, "000001", 1, NULL};
    struct device device;
    struct buf *response = test_buf();
    size_t before;

    device_open(&device);
    device_pass(&device, 2 * MINUTE);
    device_carried_out(&device, "an order");
    ck_assert_int_eq(softeuicc_set(device_card(&device), &never, 1, NULL), SOFTEUICC_OK);
    device.network.now += INTERVAL;
    device_settle(&device);
    ck_assert_int_eq(softeuicc_next_wakeup(device_card(&device)), -1);
    before = polls(&device);
    ck_assert_uint_eq(ota_send(&device.ipa.es10, ota_packet(&sender, ""), response), 0x9000);
    ck_assert_uint_eq(response->size, 0);
    device_settle(&device);
    ck_assert_uint_gt(polls(&device), before);
    ck_assert_uint_eq(tally(&device, "polls").last_round, 1);
    ck_assert_uint_eq(tally(&device, "commands").ever, 0);
    device_end(&device);
}
END_TEST

TEST_MAIN("ipae count", what_goes_over_the_network_of_the_host, polls_that_reach_nobody,
          a_server_that_opens_a_channel_is_heard, a_message_makes_it_poll)
