/*
 * A card with an IPAe that speaks HTTPS over the host's network, and everything that may happen to it there.
 * Whatever it is, the card rests again and keeps what it has to do: on a good network the order that waits is
 * carried out once, and the eIM hears of it.
 */
#include "tests/euicc/ipae/hostile_device.h"
#include "tests/euicc/ipae/network_faults.h"

static void nothing_changed(struct device *device)
{
    ck_assert_msg(es10_state(&device->ipa.es10, BENCH_A) == 1, "%s: a profile changed", device->fault->name);
    ck_assert_int_eq(es10_state(&device->ipa.es10, BENCH_B), 0);
    ck_assert_uint_eq(device->ipa.queue_head, 0);
    ck_assert_msg(nvm_figure(device_card(device)->nvm, "SELECT counter FROM eim", NVM_NONE) == 0,
                  "%s: a package was taken", device->fault->name);
}

/* In sanitizer builds a share of the faults. */
START_TEST(a_bad_poll)
{
    struct device device;

    device_open(&device);
    device.network.gives_no_sessions = true;
    for (size_t i = 0; i < network_fault_count; i += TEST_SHARE) {
        const struct network_fault *fault = &network_faults[i];

        device_insert(&device);
        device.stage = AT_POLL;
        device.network.fault = device.fault = fault;
        device_pass(&device, fault->harmless ? INTERVAL - MINUTE : INTERVAL + MINUTE);
        if (fault->harmless) {
            ck_assert_msg(es10_state(&device.ipa.es10, BENCH_B) == 1, "%s: nothing is done", fault->name);
        } else {
            ck_assert_uint_ge(device.network.opened, 2);
            nothing_changed(&device);
        }
        device_heal(&device);
        device_pass(&device, 2 * INTERVAL + 2 * MINUTE);
        device_carried_out(&device, fault->name);
        device_stays(&device, fault->name);
    }
    device_end(&device);
}
END_TEST

START_TEST(a_bad_result)
{
    struct device device;

    device_open(&device);
    device.network.gives_no_sessions = true;
    for (size_t i = 0; i < network_fault_count; i += TEST_SHARE) {
        const struct network_fault *fault = &network_faults[i];

        device_insert(&device);
        device.stage = AT_RESULT;
        device.fault = fault;
        device_pass(&device, 3 * MINUTE);
        ck_assert_msg(es10_state(&device.ipa.es10, BENCH_B) == 1, "%s: nothing is done", fault->name);
        ck_assert_uint_ge(device.network.opened, 2);
        if (!fault->harmless)
            ck_assert_msg(device_results(&device) == 1, "%s: the result is gone", fault->name);
        device_heal(&device);
        device_pass(&device, 2 * INTERVAL + 2 * MINUTE);
        device_carried_out(&device, fault->name);
        device_stays(&device, fault->name);
    }
    device_end(&device);
}
END_TEST

TEST_MAIN("ipae hostile", a_bad_poll, a_bad_result)
