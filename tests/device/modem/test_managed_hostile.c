/*
 * A card with an IPAe that speaks HTTPS over the modem's channels, and everything that may happen to it
 * there: as test_ipae_hostile has it over a network that the host lends, and a name server's faults.
 */
#include "tests/device/modem/managed_device.h"
#include "tests/euicc/ipae/network_faults.h"

static void nothing_changed(struct managed_device *managed, const char *name)
{
    struct ipa_bench *ipa = &managed->device.ipa;

    ck_assert_msg(es10_state(&ipa->es10, BENCH_A) == 1, "%s: a profile changed", name);
    ck_assert_int_eq(es10_state(&ipa->es10, BENCH_B), 0);
    ck_assert_uint_eq(ipa->queue_head, 0);
}

static void heals(struct managed_device *managed, const char *name)
{
    device_heal(&managed->device);
    managed_pass(managed, 2 * INTERVAL + 2 * MINUTE);
    device_carried_out(&managed->device, name);
    managed_stays(managed, BENCH_B, name);
}

START_TEST(all_is_well)
{
    struct managed_device managed;

    managed_open(&managed);
    managed_insert(&managed);
    managed_pass(&managed, 2 * MINUTE);
    device_carried_out(&managed.device, "all is well");
    ck_assert_uint_eq(managed.device.network.opened, 2);
    ck_assert_uint_eq(managed.troubles, 0);
    managed_stays(&managed, BENCH_B, "all is well");
    managed_end(&managed);
}
END_TEST

/* In sanitizer builds a share of the faults. */
START_TEST(a_bad_poll)
{
    struct managed_device managed;

    managed_open(&managed);
    managed.device.network.gives_no_sessions = true;
    for (size_t i = 0; i < network_fault_count; i += TEST_SHARE) {
        const struct network_fault *fault = &network_faults[i];

        managed_insert(&managed);
        managed.device.stage = AT_POLL;
        managed.device.network.fault = managed.device.fault = fault;
        managed_pass(&managed, fault->harmless ? INTERVAL - MINUTE : INTERVAL + MINUTE);
        if (fault->harmless) {
            ck_assert_msg(es10_state(&managed.device.ipa.es10, BENCH_B) == 1, "%s: nothing is done",
                          fault->name);
        } else {
            ck_assert_msg(managed.device.network.opened >= 2, "%s: it was tried %u times", fault->name,
                          managed.device.network.opened);
            nothing_changed(&managed, fault->name);
        }
        heals(&managed, fault->name);
    }
    managed_end(&managed);
}
END_TEST

START_TEST(a_bad_result)
{
    struct managed_device managed;

    managed_open(&managed);
    managed.device.network.gives_no_sessions = true;
    for (size_t i = 0; i < network_fault_count; i += TEST_SHARE) {
        const struct network_fault *fault = &network_faults[i];

        managed_insert(&managed);
        managed.device.stage = AT_RESULT;
        managed.device.fault = fault;
        managed_pass(&managed, 3 * MINUTE);
        ck_assert_msg(es10_state(&managed.device.ipa.es10, BENCH_B) == 1, "%s: nothing is done", fault->name);
        if (!fault->harmless)
            ck_assert_msg(device_results(&managed.device) == 1, "%s: the result is gone", fault->name);
        heals(&managed, fault->name);
    }
    managed_end(&managed);
}
END_TEST

START_TEST(a_bad_name_server)
{
    struct managed_device managed;

    managed_open(&managed);
    for (enum dns_habit habit = DNS_ANSWERS; habit < DNS_HABITS; habit++) {
        bool works = habit == DNS_ANSWERS || habit == DNS_IS_SLOW;

        managed_insert(&managed);
        managed.dns = habit;
        managed_pass(&managed, INTERVAL + MINUTE);
        if (works)
            device_carried_out(&managed.device, dns_habit_name(habit));
        else
            nothing_changed(&managed, dns_habit_name(habit));
        managed.dns = DNS_ANSWERS;
        heals(&managed, dns_habit_name(habit));
    }
    managed_end(&managed);
}
END_TEST

TEST_MAIN("managed hostile", all_is_well, a_bad_poll, a_bad_result, a_bad_name_server)
