/*
 * What the card does about its network in a device that lives through it (SGP.32 3.4.6, 3.4.7, 6.3.2.6): it
 * falls back with a REFRESH when it is lost, returns, and tells of another device and of another network.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "tests/device/modem/managed_device.h"

#define HOUR (60 * MINUTE)

/* The order is carried out: B is enabled, and A is what it falls back to. */
static void open_settled(struct managed_device *managed)
{
    struct nvm *nvm;

    managed_open(managed);
    managed_insert(managed);
    managed_pass(managed, 2 * MINUTE);
    device_carried_out(&managed->device, "at first");
    nvm = device_card(&managed->device)->nvm;
    ck_assert(nvm_change(nvm, "UPDATE iot SET fallback = (SELECT min(id) FROM profile)", NVM_NONE) &&
              nvm_commit(nvm));
    managed_pass(managed, INTERVAL); /* of which the eIM hears */
    managed->device.ipa.taken_count = 0;
}

static bool is_enabled(struct managed_device *managed, const char *iccid)
{
    return es10_state(&managed->device.ipa.es10, iccid) == 1;
}

static size_t polls(struct managed_device *managed)
{
    return ipa_bench_count(&managed->device.ipa, 0xBF4F);
}

/* A member of the last GetEimPackageRequest. */
static bool poll_told(struct managed_device *managed, uint32_t tag, struct span *value)
{
    struct span content;

    ck_assert_uint_gt(polls(managed), 0);
    ck_assert(tlv_single(ipa_bench_taken(&managed->device.ipa, 0xBF4F, polls(managed) - 1)->octets, 0xBF4F,
                         &content) == TLV_OK);
    return tlv_find(content, tag, value);
}

/* Polls in a row that have reached no eIM. */
static int64_t failures(struct managed_device *managed)
{
    return nvm_figure(device_card(&managed->device)->nvm, "SELECT coalesce(max(failures), 0) FROM ipae_eim",
                      NVM_NONE);
}

static int cause_told(struct managed_device *managed)
{
    struct span value;

    return poll_told(managed, 0x81, &value) ? value.data[0] : -1;
}

static void roam(struct managed_device *managed, const char *plmn)
{
    struct air *air = managed->air;

    memcpy(air->state.plmn, hex(plmn).data, sizeof(air->state.plmn));
    air->state.cell++;
    fake_air_set(air, AIR_NORMAL, AIR_LTE_M);
}

static void lose(struct managed_device *managed)
{
    managed->dark = BENCH_B;
    fake_air_set(managed->air, AIR_LIMITED, AIR_NB_IOT);
}

/* The terminal tells of the loss, so that its time begins at once, and no poll is needed to see it. */
START_TEST(falls_back_and_returns)
{
    struct managed_device managed;
    unsigned attachments;

    open_settled(&managed);
    lose(&managed);
    managed_pass(&managed, HOUR - MINUTE);
    ck_assert(is_enabled(&managed, BENCH_B));
    ck_assert_uint_eq(polls(&managed), 0);
    attachments = managed.air->attachments;
    managed_pass(&managed, 2 * MINUTE);
    ck_assert(is_enabled(&managed, BENCH_A));
    ck_assert_uint_eq(managed.air->attachments, attachments + 1); /* after a REFRESH */
    ck_assert_uint_eq(polls(&managed), 1);
    ck_assert_int_eq(cause_told(&managed), IPA_CAUSE_FALLBACK);
    /* In vain; ten minutes later it is back. */
    managed_pass(&managed, 6 * HOUR);
    ck_assert(is_enabled(&managed, BENCH_B));
    managed_pass(&managed, 12 * MINUTE);
    ck_assert(is_enabled(&managed, BENCH_A));
    ck_assert_int_eq(cause_told(&managed), IPA_CAUSE_FALLBACK);
    managed.dark = NULL;
    managed_pass(&managed, 6 * HOUR + MINUTE);
    ck_assert(is_enabled(&managed, BENCH_B));
    managed_stays(&managed, BENCH_B, "in the end");
    managed_end(&managed);
}
END_TEST

START_TEST(a_network_that_comes_back_is_none_lost)
{
    struct managed_device managed;

    open_settled(&managed);
    for (unsigned i = 0; i < 4; i++) {
        lose(&managed);
        managed_pass(&managed, HOUR - 2 * MINUTE);
        managed.dark = NULL;
        fake_air_set(managed.air, AIR_NORMAL, AIR_NB_IOT);
        managed_pass(&managed, MINUTE);
        ck_assert_uint_eq(polls(&managed), i + 1); /* what was missed is made up for */
    }
    ck_assert(is_enabled(&managed, BENCH_B));
    managed_end(&managed);
}
END_TEST

/* Something answers there: the DNS. */
START_TEST(an_eim_that_is_down_is_no_loss)
{
    struct managed_device managed;
    struct ipae_tally fallbacks;

    open_settled(&managed);
    managed.dns = DNS_LIES;
    managed_pass(&managed, 12 * HOUR);
    ck_assert(ipae_look_count(device_card(&managed.device), IPAE_FALLBACKS, &fallbacks));
    ck_assert_uint_eq(fallbacks.ever, 0);
    ck_assert(is_enabled(&managed, BENCH_B));
    managed.dns = DNS_ANSWERS;
    managed_pass(&managed, HOUR);
    ck_assert_uint_gt(polls(&managed), 0);
    ck_assert_int_eq(cause_told(&managed), -1);
    managed.dns = DNS_IS_SILENT;
    managed_pass(&managed, 2 * HOUR);
    ck_assert(is_enabled(&managed, BENCH_A));
    managed_end(&managed);
}
END_TEST

START_TEST(another_device_is_told)
{
    struct managed_device managed;

    open_settled(&managed);
    managed_change_modem(&managed); /* another one with the same IMEI is none */
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(polls(&managed), 1);
    ck_assert_int_eq(cause_told(&managed), -1);
    strcpy(managed.settings.imei, "351234567890128");
    managed_change_modem(&managed);
    managed_pass(&managed, MINUTE);
    ck_assert_uint_eq(polls(&managed), 2); /* at once */
    ck_assert_int_eq(cause_told(&managed), IPA_CAUSE_DEVICE);
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(polls(&managed), 3);
    ck_assert_int_eq(cause_told(&managed), -1);
    managed_end(&managed);
}
END_TEST

START_TEST(another_network_is_told)
{
    struct managed_device managed;
    struct span plmn;

    open_settled(&managed);
    managed_pass(&managed, INTERVAL);
    ck_assert_uint_eq(polls(&managed), 1);
    ck_assert(poll_told(&managed, 0x82, &plmn));
    ck_assert_hex(plmn, "62F210");
    managed_pass(&managed, 5 * MINUTE);
    roam(&managed, "02F801");
    managed_pass(&managed, MINUTE);
    ck_assert_uint_eq(polls(&managed), 2);
    ck_assert(poll_told(&managed, 0x82, &plmn));
    ck_assert_hex(plmn, "02F801");
    /* At a border it polls once a minute at most. */
    for (unsigned i = 0; i < 10; i++) {
        roam(&managed, i % 2 == 0 ? "62F210" : "02F801");
        managed_pass(&managed, 10 * 1000);
    }
    ck_assert_uint_le(polls(&managed), 4);
    managed_pass(&managed, 2 * MINUTE);
    ck_assert(poll_told(&managed, 0x82, &plmn));
    ck_assert_hex(plmn, "02F801");
    managed_end(&managed);
}
END_TEST

START_TEST(another_network_is_not_told_when_that_is_not_wanted)
{
    struct ipae_tally before, after;
    static const struct softeuicc_set_value off = {"poll-on-network", NULL, "off"};
    struct managed_device managed;

    open_settled(&managed);
    ck_assert_int_eq(softeuicc_set(device_card(&managed.device), &off, 1, NULL), SOFTEUICC_OK);
    managed_pass(&managed, INTERVAL);
    ck_assert(ipae_look_count(device_card(&managed.device), IPAE_COMMANDS, &before));
    roam(&managed, "02F801");
    managed_pass(&managed, 1000);
    ck_assert(ipae_look_count(device_card(&managed.device), IPAE_COMMANDS, &after));
    ck_assert_uint_eq(after.ever, before.ever + 1); /* the event's */
    managed_pass(&managed, 10 * MINUTE);
    ck_assert_uint_eq(polls(&managed), 1);
    managed_end(&managed);
}
END_TEST

/* To one that is down nothing is told, and no network makes it worth more tries. */
START_TEST(another_network_is_told_to_who_can_be_reached)
{
    struct managed_device managed;
    struct ipae_facts facts;
    struct ipae_tally before, after;
    struct softeuicc *card;

    open_settled(&managed);
    card = device_card(&managed.device);
    managed.dns = DNS_LIES;
    managed_pass(&managed, INTERVAL);
    roam(&managed, "02F801");
    ck_assert(ipae_look_count(card, IPAE_POLLS_FAILED, &before));
    managed_pass(&managed, 3 * HOUR);
    ck_assert(ipae_look_count(card, IPAE_POLLS_FAILED, &after) && ipae_look(card, &facts));
    ck_assert_uint_gt(after.ever, before.ever);
    ck_assert_uint_lt(after.ever, before.ever + 15);
    ck_assert_hex(SPAN(facts.plmn, 3), "62F210");
    managed.dns = DNS_ANSWERS;
    managed_pass(&managed, 2 * HOUR);
    ck_assert(ipae_look(card, &facts));
    ck_assert_hex(SPAN(facts.plmn, 3), "02F801");
    managed_end(&managed);
}
END_TEST

/* A poll that is due before the device is attached waits, and says where that is. */
START_TEST(the_first_poll_says_where)
{
    struct managed_device managed;
    struct span plmn;

    managed_open(&managed);
    managed_insert(&managed);
    managed.device.ipa.queue_count = 0; /* no order makes it poll again */
    managed.dark = BENCH_A;
    managed_change_modem(&managed);
    managed.device.ipa.taken_count = 0;
    managed_pass(&managed, 20 * 1000);
    ck_assert_uint_eq(ipa_bench_count(&managed.device.ipa, 0xBF4F), 0);
    managed.dark = NULL;
    roam(&managed, "02F801");
    managed_pass(&managed, 10 * 1000);
    ck_assert_uint_eq(polls(&managed), 1);
    ck_assert(poll_told(&managed, 0x82, &plmn));
    ck_assert_hex(plmn, "02F801");
    ck_assert_int_eq(cause_told(&managed), -1); /* the card was in no other device */
    managed_end(&managed);
}
END_TEST

/* When it fails all the same, the network that came meanwhile is no reason for another one at once. */
START_TEST(a_poll_that_waited_for_a_network_has_missed_none)
{
    struct managed_device managed;

    managed_open(&managed);
    managed.device.ipa.queue_count = 0;
    managed_insert(&managed);
    managed.dark = BENCH_A;
    managed.dns = DNS_LIES;
    managed_change_modem(&managed);
    managed_pass(&managed, 20 * 1000);
    ck_assert_int_eq(failures(&managed), 0);
    managed.dark = NULL;
    fake_air_set(managed.air, AIR_NORMAL, AIR_NB_IOT);
    managed_pass(&managed, 2 * MINUTE); /* of which the name takes one */
    ck_assert_int_eq(failures(&managed), 1);
    managed_pass(&managed, 2 * MINUTE);
    ck_assert_int_eq(failures(&managed), 2);
    managed_end(&managed);
}
END_TEST

TEST_MAIN("managed watch", the_first_poll_says_where, a_poll_that_waited_for_a_network_has_missed_none,
          falls_back_and_returns, a_network_that_comes_back_is_none_lost, an_eim_that_is_down_is_no_loss,
          another_device_is_told, another_network_is_told,
          another_network_is_not_told_when_that_is_not_wanted, another_network_is_told_to_who_can_be_reached)
