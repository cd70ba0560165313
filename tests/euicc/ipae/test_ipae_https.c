/*
 * A card with an IPAe that speaks HTTPS over the host's network, which works well: what it says, and what
 * becomes of that when the device is reset, has an IPA of its own, or uses the card meanwhile.
 */
#include "euicc/lifecycle/marking.h"
#include "tests/euicc/ipae/hostile_device.h"

#include <string.h>

/* --- on a good network ------------------------------------------------------------------------------- */

static bool says(struct device *device, const char *line)
{
    struct span head = device->network.head;
    size_t size = strlen(line);

    for (size_t at = 0; at + size <= head.size; at++)
        if (memcmp(head.data + at, line, size) == 0)
            return true;
    return false;
}

START_TEST(all_is_well)
{
    struct device device;

    device_open(&device);
    device_pass(&device, MINUTE);
    device_carried_out(&device, "all is well");
    ck_assert(says(&device, "POST /gsma/rsp2/asn1 HTTP/1.1\r\n"));
    ck_assert(says(&device, "\r\nHost: " BENCH_HOST "\r\n"));
    ck_assert(says(&device, "\r\nContent-Type: application/x-gsma-rsp-asn1\r\n"));
    ck_assert(says(&device, "\r\nX-Admin-Protocol: gsma/rsp/v2"));
    /* One connection before the change and one after it; none is kept while it rests. */
    ck_assert_uint_eq(device.network.opened, 2);
    ck_assert_uint_eq(device.network.closed, 2);
    ck_assert_int_eq(nvm_figure(device_card(&device)->nvm, "SELECT count(*) FROM ipae_session", NVM_NONE), 1);
    device_stays(&device, "all is well");
    device_end(&device);
}
END_TEST

/* The device is switched off and on wherever the card is. */
START_TEST(a_reset_at_any_step)
{
    struct device device;

    device_open(&device);
    for (unsigned steps = 0; steps < 24; steps++) {
        device_insert(&device);
        device_go(&device, steps);
        device_start(&device);
        device_pass(&device, 2 * INTERVAL);
        device_carried_out(&device, "a reset");
        device_stays(&device, "a reset");
    }
    device_end(&device);
}
END_TEST

START_TEST(a_power_off_at_any_step)
{
    struct device device;

    device_open(&device);
    for (unsigned steps = 0; steps < 24; steps++) {
        device_insert(&device);
        device_go(&device, steps);
        softeuicc_power_off(device_card(&device));
        ck_assert_int_eq(softeuicc_next_wakeup(device_card(&device)), -1);
        (void)hostile_network_tell(&device.network, device_card(&device));
        softeuicc_wake(device_card(&device));
        device.network.now += INTERVAL;
        device_start(&device);
        device_pass(&device, 2 * INTERVAL);
        device_carried_out(&device, "a power off");
    }
    device_end(&device);
}
END_TEST

/* A card that is closed leaves no channel open, and is not asked for what comes of one. */
START_TEST(a_card_that_is_taken_out)
{
    struct device device;

    device_open(&device);
    for (unsigned steps = 0; steps < 24; steps++) {
        device_insert(&device);
        device_go(&device, steps);
        device_insert(&device);
        ck_assert_uint_eq(device.network.channel, 0);
        for (unsigned channel = 0; channel <= SOFTEUICC_CHANNELS + 1; channel++) {
            softeuicc_bearer_opened(device_card(&device), channel);
            softeuicc_bearer_received(device_card(&device), channel, (const uint8_t *)"late", 4);
            softeuicc_bearer_closed(device_card(&device), channel, NULL);
        }
    }
    device_pass(&device, 2 * INTERVAL);
    device_carried_out(&device, "another card");
    device_end(&device);
}
END_TEST

/* SGP.32 3.8.4: then the IPAe is not for this device. */
START_TEST(a_device_with_an_ipad)
{
    struct device device;
    struct es10_bench *bench;
    int enabled;

    device_open(&device);
    for (unsigned steps = 0; steps < 10; steps++) {
        device_insert(&device);
        bench = &device.ipa.es10;
        device_go(&device, steps);
        bench->terminal = terminal_start(bench->card, SOFTEUICC_COLD);
        ck_assert_uint_eq(terminal_command(&bench->terminal, hex("80AA0000 05 A903 840101"), test_buf()),
                          0x9000);
        ck_assert_int_eq(softeuicc_next_wakeup(bench->card), -1);
        enabled = es10_state(bench, BENCH_B);
        ck_assert_uint_eq(device.network.channel, 0);
        device.network.opened = 0;
        device.network.now += 2 * INTERVAL;
        device_go(&device, 10);
        ck_assert_uint_eq(device.network.opened, 0);
        ck_assert_int_eq(es10_state(bench, BENCH_B), enabled);
        /* The next device has none. */
        device_start(&device);
        device_pass(&device, 2 * INTERVAL);
        device_carried_out(&device, "after an IPAd");
    }
    device_end(&device);
}
END_TEST

/* While the terminal works on a command of the card's, the IPAe has no turn, and wants none: not when it is
 * due, nor because of what comes from the network. */
START_TEST(a_terminal_at_work)
{
    struct device device;
    struct terminal *terminal;
    struct span enable = hex("BF31 11 A00C 5A0A 98940000000000000052 8101FF");

    device_open(&device);
    for (unsigned steps = 0; steps < 16; steps++) {
        device_insert(&device);
        terminal = &device.ipa.es10.terminal;
        ck_assert_uint_eq(terminal_command(terminal, hex("80100000 03 000080"), test_buf()) & 0xFF00, 0x9000);
        device_go(&device, steps);
        if (!marking_waits(device_card(&device)))
            ck_assert_uint_eq(es10_send(&device.ipa.es10, enable, test_buf()), 0x910B);
        else
            ck_assert_uint_eq(terminal_command(terminal, hex("80F2000C"), test_buf()), 0x910B);
        device_settle(&device);
        ck_assert_int_eq(softeuicc_next_wakeup(device_card(&device)), -1);
        device.network.now += 2 * INTERVAL;
        device_settle(&device);
        ck_assert_uint_eq(terminal_command(terminal, hex("80120000 0B"), test_buf()), 0x9000);
        device_settle(&device);
        ck_assert_uint_eq(
            terminal_command(terminal, hex("80140000 0C 8103010104 82028281 830100"), test_buf()), 0x9000);
        device_settle(&device);
        device_start(&device);
        device_pass(&device, 2 * INTERVAL);
        ck_assert_int_eq(es10_state(&device.ipa.es10, BENCH_B), 1);
        ck_assert_uint_eq(device.ipa.queue_head, 1);
        ck_assert_int_eq(device_results(&device), 0);
    }
    device_end(&device);
}
END_TEST

/* An LPA that uses the card is not disturbed, and the poll goes on behind it. */
START_TEST(an_lpa_in_between)
{
    struct device device;

    device_open(&device);
    for (unsigned steps = 0; steps < 16; steps++) {
        device_insert(&device);
        device_go(&device, steps);
        es10(&device.ipa.es10, "BF2E00");
        device_settle(&device);
        ck_assert_int_gt(softeuicc_next_wakeup(device_card(&device)), device.network.now);
        device_pass(&device, 2 * INTERVAL);
        device_carried_out(&device, "an LPA");
    }
    device_end(&device);
}
END_TEST

TEST_MAIN("ipae https", all_is_well, a_reset_at_any_step, a_power_off_at_any_step, a_card_that_is_taken_out,
          a_device_with_an_ipad, a_terminal_at_work, an_lpa_in_between)
