/*
 * Power cuts: a card's life, step by step, with the power cut at every single change of storage in turn, in
 * every mode of cut_vfs.h. After each cut the card is opened again, and it must be as it was before the
 * interrupted command or as it is after it, never between: all tables are compared. What was answered before
 * the cut must be there. The one thing that may be between is a try of a code, which counts before the code
 * is compared (test_tries.c). The same with a disk that fails once and goes on.
 */
#include "euicc/os/card.h"
#include "tests/powercut/reference.h"

#include <inttypes.h>
#include <stdio.h>

/* Besides the modes of a power cut: the change fails, and the power stays on. */
#define FAILING_DISK CUT_MODES

static size_t cut_points, runs;

static const struct step {
    const char *name;
    void (*run)(struct run *run);
    bool long_log; /* begins with a log that is due to be folded */
    bool spared;   /* only prepares: not disturbed */
} steps[] = {
    {"download", step_download, false, false},
    {"refused download", step_download_refused, false, false},
    {"enable", step_enable, false, false},
    {"files, codes, authentication", step_uicc, false, false},
    {"messages of the operator", step_ota, false, false},
    {"second download", step_download_again, false, false},
    {"switch", step_switch, false, false},
    {"settings and notifications", step_settings, false, false},
    {"log folded", step_fold, true, false},
    {"eIM associated", step_iot_associate, false, false},
    {"a profile to fall back to", step_iot_fallback_profile, false, true},
    {"an emergency profile", step_iot_emergency_profile, false, true},
    {"immediate enable", step_iot_immediate_enable, false, false},
    {"package of many commands", step_iot_package, false, false},
    {"rollback", step_iot_rollback, false, false},
    {"package that fails midway", step_iot_package_refused, false, false},
    {"fallback", step_iot_fallback, false, false},
    {"return from fallback", step_iot_return, false, false},
    {"emergency on and off", step_iot_emergency, false, false},
    {"disable", step_disable, false, false},
    {"delete", step_delete, false, false},
    {"memory reset", step_memory_reset, false, false},
    {"IoT memory reset", step_iot_memory_reset, false, false},
};

/* False when the disturbance did not come any more: the step was over before. */
static bool disturb(const struct cut_disk *before, const struct test_ci *ci, const struct step *step,
                    const struct reference *reference, uint64_t change, unsigned mode)
{
    struct run run = {.ci = ci, .disk = cut_disk_copy(before)};
    bool hit;
    char what[96];

    if (mode == FAILING_DISK)
        cut_disk_fail(run.disk, change);
    else
        cut_disk_arm(run.disk, change, (enum cut_mode)mode);
    snprintf(what, sizeof(what), "%s, change %" PRIu64 " %s", step->name, change,
             mode == FAILING_DISK ? "failed" : cut_mode_name((enum cut_mode)mode));
    run_live(&run, step->run);
    hit = run_disturbed(&run);
    if (hit) {
        if (cut_disk_is_off(run.disk))
            cut_disk_power_on(run.disk);
        check_survivor(&run, reference, what);
        runs++;
    }
    cut_disk_free(run.disk);
    return hit;
}

/* A disk with the same card and a log that is due to be folded, as a cut leaves it. */
static struct cut_disk *with_long_log(const struct cut_disk *before)
{
    struct run run = {.disk = cut_disk_copy(before)};
    struct softeuicc_hooks hooks = run_hooks(run.disk);
    const struct span settings[] = {hex("BF3F 06 8004 632E6263"), hex("BF3F 06 8004 642E6263")};
    struct cut_disk *copy;
    size_t size = 0;

    run.card = softeuicc_open(RUN_CARD, &hooks, NULL);
    ck_assert_ptr_nonnull(run.card);
    run.terminal = terminal_start(run.card, SOFTEUICC_COLD);
    for (size_t i = 0; size <= (size_t)(NVM_LOG_FOLD + 4) * 4120; i++) {
        ck_assert(run_request(&run, settings[i % 2]));
        ck_assert_ptr_nonnull(cut_disk_file(run.disk, RUN_CARD "-wal", &size));
    }
    copy = cut_disk_copy(run.disk);
    softeuicc_close(run.card);
    cut_disk_free(run.disk);
    return copy;
}

/* Runs the step undisturbed, then disturbed at every change; leaves the disk as after it. */
static void torment(struct cut_disk **disk, const struct test_ci *ci, const struct step *step)
{
    struct reference *reference = reference_new();
    struct cut_disk *before = step->long_log ? with_long_log(*disk) : cut_disk_copy(*disk);
    struct run undisturbed = {.ci = ci, .disk = cut_disk_copy(before), .reference = reference};
    uint64_t points = 0;

    run_live(&undisturbed, step->run);
    for (unsigned mode = 0; !step->spared && mode <= FAILING_DISK; mode++) {
        uint64_t change = 1;

        while (disturb(before, ci, step, reference, change, mode))
            change += TEST_SHARE;
        points = change - 1;
        ck_assert_uint_gt(points, 0);
    }
    if (!step->spared)
        printf("power cuts in %-27s %4" PRIu64 " cut points\n", step->name, points);
    cut_points += points;
    reference_free(reference);
    cut_disk_free(before);
    cut_disk_free(*disk);
    *disk = undisturbed.disk;
}

/* --- creation --- */

/* False when the disturbance did not come any more. A card that was said to be made is there; another is
 * there whole, or not. */
static bool disturb_creation(const struct test_ci *ci, const struct reference *reference, uint64_t change,
                             enum cut_mode mode)
{
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc_hooks hooks = run_hooks(disk);
    struct softeuicc *card;
    bool made;
    bool hit;

    cut_disk_arm(disk, change, mode);
    card = run_create(ci, disk, NULL);
    made = card != NULL;
    softeuicc_close(card);
    hit = cut_disk_is_off(disk);
    cut_disk_power_on(disk);
    card = softeuicc_open(RUN_CARD, &hooks, NULL);
    ck_assert_msg(card != NULL || !made, "change %" PRIu64 " %s: the card is gone", change,
                  cut_mode_name(mode));
    if (card != NULL) {
        check_integrity(card);
        ck_assert(reference_same(card, reference, 0, 0));
    }
    softeuicc_close(card);
    cut_disk_free(disk);
    return hit;
}

static struct cut_disk *torment_creation(const struct test_ci *ci)
{
    struct reference *reference = reference_new();
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc *card = run_create(ci, disk, NULL);
    uint64_t points = 0;

    ck_assert_ptr_nonnull(card);
    reference_begin(reference, card);
    softeuicc_close(card);
    for (unsigned mode = 0; mode < CUT_MODES; mode++) {
        uint64_t change = 1;

        for (; disturb_creation(ci, reference, change, (enum cut_mode)mode); change += TEST_SHARE)
            runs++;
        points = change - 1;
    }
    printf("power cuts in %-27s %4" PRIu64 " cut points\n", "creation", points);
    cut_points += points;
    reference_free(reference);
    return disk;
}

START_TEST(before_or_after_never_between)
{
    struct cut_disk *disk;
    struct test_ci ci;

    test_ci_make(&ci, EC_CURVE_P256);
    steps_begin();
    disk = torment_creation(&ci);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        torment(&disk, &ci, &steps[i]);
    printf("power cuts: %zu cut points, %zu runs (%d modes and a failing disk)\n", cut_points, runs,
           CUT_MODES);
    cut_disk_free(disk);
    step_iot_done();
    test_ci_free(&ci);
}
END_TEST

TEST_MAIN("powercut", before_or_after_never_between)
