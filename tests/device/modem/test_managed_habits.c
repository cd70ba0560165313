/*
 * A card with an IPAe in devices with the bad habits that devices have, one of them and two: an order to
 * enable another profile, on a network that is there with it or is not. What cannot be done with a habit is
 * not done, in a way that is known, and what is to be done is done in the next device.
 */
#include "tests/device/modem/managed_device.h"

#include <stdio.h>

/* What came of the order. */
enum outcome {
    CARRIED_OUT, /* and the eIM has the result */
    TAKEN_BACK,  /* and the eIM has heard so */
    NOT_TAKEN,   /* no poll gets through: nothing has happened */
    NOT_TOLD,    /* it was done or taken back, and its result waits in the card */
    LOST         /* none of these, as must not be */
};

static const char *const outcome_names[] = {"carried out", "taken back", "not taken", "not told", "lost"};

/* What comes of it in a device with the habit, when there is a network with the other profile and when there
 * is none. A modem that ignores a REFRESH stays with the network of the profile before. */
static const struct {
    enum modem_habit habit;
    enum outcome good, dark;
} expected[] = {
    {MODEM_SAYS_OK, CARRIED_OUT, TAKEN_BACK},          {MODEM_LIES_IN_PROFILE, CARRIED_OUT, TAKEN_BACK},
    {MODEM_CLAIMS_ALL, NOT_TAKEN, NOT_TAKEN},          {MODEM_FETCHES_LATE, CARRIED_OUT, TAKEN_BACK},
    {MODEM_FAILS_CHANNELS, TAKEN_BACK, TAKEN_BACK},    {MODEM_RESETS_SILENTLY, CARRIED_OUT, TAKEN_BACK},
    {MODEM_IGNORES_REFRESH, CARRIED_OUT, CARRIED_OUT}, {MODEM_REFUSES_REFRESH, TAKEN_BACK, TAKEN_BACK},
    {MODEM_HIDES_STATUS, NOT_TAKEN, NOT_TAKEN},        {MODEM_SENDS_NO_EVENTS, CARRIED_OUT, TAKEN_BACK},
    {MODEM_LOSES_TIMERS, CARRIED_OUT, TAKEN_BACK},     {MODEM_DROPS_BIT_8, CARRIED_OUT, TAKEN_BACK},
    {MODEM_INTERRUPTS, CARRIED_OUT, TAKEN_BACK},
};
/* Milliseconds after which an eIM that was not reached is polled again. */
enum { LONGEST_RETRY = 60 * 60 * 1000 };

enum { HABITS = sizeof(expected) / sizeof(expected[0]) };

/* Two habits together are as bad as the worse of them, but for these. */
static const struct {
    unsigned habits;
    enum outcome good, dark;
} together[] = {
    /* The reset is what makes channels work again. */
    {MODEM_FAILS_CHANNELS | MODEM_RESETS_SILENTLY, CARRIED_OUT, TAKEN_BACK},
    /* No REFRESH leads to a reset. */
    {MODEM_FAILS_CHANNELS | MODEM_IGNORES_REFRESH, NOT_TOLD, NOT_TOLD},
    {MODEM_FAILS_CHANNELS | MODEM_REFUSES_REFRESH, NOT_TOLD, NOT_TOLD},
    /* It is looked at with every STATUS only, which is too seldom for a handshake. */
    {MODEM_SENDS_NO_EVENTS | MODEM_LOSES_TIMERS, NOT_TAKEN, NOT_TAKEN},
};

static const char *habit_name(enum modem_habit habit)
{
    const struct modem_habit_name *named = modem_habits;

    while (named->name != NULL && named->habit != habit)
        named++;
    ck_assert_ptr_nonnull(named->name);
    return named->name;
}

static enum outcome outcome_of(struct managed_device *managed)
{
    struct ipa_bench *ipa = &managed->device.ipa;
    bool is_a = es10_state(&ipa->es10, BENCH_A) == 1, is_b = es10_state(&ipa->es10, BENCH_B) == 1;
    bool is_told = ipa->queue_head == 1 && device_results(&managed->device) == 0;

    if (is_a == is_b)
        return LOST;
    if (is_told)
        return is_b ? CARRIED_OUT : TAKEN_BACK;
    if (ipa->queue_head == 0 && device_results(&managed->device) == 1)
        return NOT_TOLD;
    return is_a && ipa->queue_head == 0 && ipa_bench_count(ipa, 0xBF4F) == 0 ? NOT_TAKEN : LOST;
}

/* The next device has no bad habit. */
static void ends_well(struct managed_device *managed, const char *name)
{
    struct ipa_bench *ipa = &managed->device.ipa;
    enum outcome outcome;

    managed->settings.habits = 0;
    managed_change_modem(managed);
    managed_pass(managed, LONGEST_RETRY + INTERVAL);
    outcome = outcome_of(managed);
    ck_assert_msg(ipa_bench_count(ipa, 0xBF50) > 0, "%s: the eIM has no result", name);
    ck_assert_msg(outcome == CARRIED_OUT || outcome == TAKEN_BACK, "%s: in the end it is %s", name,
                  outcome_names[outcome]);
    managed->dark = NULL;
    managed_change_modem(managed);
    managed_stays(managed, outcome == CARRIED_OUT ? BENCH_B : BENCH_A, name);
}

static enum outcome live(struct managed_device *managed, unsigned habits, const char *dark)
{
    managed->settings.habits = habits;
    managed_insert(managed);
    managed->dark = dark;
    managed_pass(managed, 3 * INTERVAL);
    return outcome_of(managed);
}

static enum outcome expected_of(size_t i, size_t j, bool is_dark)
{
    unsigned habits = expected[i].habit | expected[j].habit;
    bool has_network = !is_dark || (habits & MODEM_IGNORES_REFRESH) != 0;
    enum outcome first = has_network ? expected[i].good : expected[i].dark;
    enum outcome second = has_network ? expected[j].good : expected[j].dark;

    for (size_t k = 0; k < sizeof(together) / sizeof(together[0]); k++)
        if (together[k].habits == habits)
            return is_dark ? together[k].dark : together[k].good;
    return first > second ? first : second;
}

static void live_with_two(struct managed_device *managed, size_t i, size_t j)
{
    char name[100];

    for (unsigned dark = 0; dark < 2; dark++) {
        enum outcome wanted = expected_of(i, j, dark != 0), outcome;

        snprintf(name, sizeof(name), "%s and %s%s", habit_name(expected[i].habit),
                 habit_name(expected[j].habit), dark != 0 ? ", dark" : "");
        outcome = live(managed, expected[i].habit | expected[j].habit, dark != 0 ? BENCH_B : NULL);
        ck_assert_msg(outcome == wanted, "%s: it is %s, not %s", name, outcome_names[outcome],
                      outcome_names[wanted]);
        ends_well(managed, name);
    }
}

START_TEST(one_habit)
{
    struct managed_device managed;

    managed_open(&managed);
    for (size_t i = 0; i < HABITS; i++) {
        const char *name = habit_name(expected[i].habit);
        enum outcome outcome = live(&managed, expected[i].habit, NULL);

        ck_assert_msg(outcome == expected[i].good, "%s: it is %s", name, outcome_names[outcome]);
        ends_well(&managed, name);
        outcome = live(&managed, expected[i].habit, BENCH_B);
        ck_assert_msg(outcome == expected[i].dark, "%s, dark: it is %s", name, outcome_names[outcome]);
        ends_well(&managed, name);
    }
    ck_assert_ptr_null(modem_habits[HABITS].name);
    managed_end(&managed);
}
END_TEST

/* In sanitizer builds a share of them. */
START_TEST(two_habits)
{
    struct managed_device managed;
    unsigned pairs = 0;

    managed_open(&managed);
    for (size_t i = 0; i < HABITS; i++)
        for (size_t j = i + 1; j < HABITS; j++)
            if (pairs++ % TEST_SHARE == 0)
                live_with_two(&managed, i, j);
    managed_end(&managed);
}
END_TEST

TEST_MAIN("managed habits", one_habit, two_habits)
