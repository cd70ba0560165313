/*
 * Storage that fails and goes on: in a card's life, step by step, every single call that SQLite makes of its
 * storage fails once, by itself and because the disk is full. A command that was answered with success is
 * stored; one that was not is stored whole or not at all; the card says that something failed, and goes on
 * when the storage does. (What changes storage is cut off in every way in test_powercut.c.)
 */
#include "euicc/os/card.h"
#include "tests/powercut/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t runs;

/* The line that a person gets is about storage: nothing is wrong with the card. */
static void check_words(const struct softeuicc_error *error, const char *what)
{
    ck_assert_msg(error->status == SOFTEUICC_STORAGE, "%s: status %d, %s", what, error->status,
                  error->message);
    ck_assert_msg(strstr(error->message, "damaged") == NULL && strstr(error->message, "not a card") == NULL &&
                      strstr(error->message, "not the log") == NULL,
                  "%s: %s", what, error->message);
}

static void tell(char what[128], const char *step, uint64_t call, enum cut_fault fault,
                 const struct cut_disk *disk)
{
    snprintf(what, 128, "%s, call %" PRIu64 " (%s) on a %s disk", step, call, cut_disk_failed_call(disk),
             fault == CUT_FULL ? "full" : "bad");
}

/* --- creation ------------------------------------------------------------------------------------ */

static bool fail_creation(const struct test_ci *ci, uint64_t call, enum cut_fault fault)
{
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc_hooks hooks = run_hooks(disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct softeuicc *card;
    char what[128];
    bool made, hit;
    size_t size;

    cut_disk_fault(disk, call, fault);
    card = run_create(ci, disk, &error);
    made = card != NULL;
    softeuicc_close(card);
    hit = cut_disk_has_failed(disk);
    if (hit) {
        tell(what, "creation", call, fault, disk);
        if (!made) {
            check_words(&error, what);
            /* The deletion itself may be what failed. */
            ck_assert_msg(cut_disk_file(disk, RUN_CARD, &size) == NULL ||
                              strcmp(cut_disk_failed_call(disk), "delete") == 0,
                          "%s: half a card is left", what);
        }
        runs++;
    }
    cut_disk_heal(disk);
    card = made ? softeuicc_open(RUN_CARD, &hooks, &error) : NULL;
    ck_assert_msg(!made || card != NULL, "%s: %s", what, error.message);
    if (made)
        check_integrity(card);
    softeuicc_close(card);
    cut_disk_free(disk);
    return hit;
}

/* --- a life -------------------------------------------------------------------------------------- */

static void step_nothing(struct run *run)
{
    (void)run;
}

/* What is answered after a failed command is true as well. */
static void step_goes_on(struct run *run)
{
    IN_A_ROW(run, "BF3F 06 8004 632E6263", "BF3F 06 8004 642E6263", "BF2B 00", "BF3F 06 8004 652E6263");
}

static const struct step {
    const char *name;
    void (*run)(struct run *run);
    unsigned every; /* which calls: each, or one of so many */
} steps[] = {
    {"open and close", step_nothing, 1},
    {"settings", step_goes_on, 1},
    {"download", step_download, 1},
    {"enable", step_enable, 1},
    {"files, codes, authentication", step_uicc, 2},
    {"messages of the operator", step_ota, 1},
    {"disable", step_disable, 1},
    {"delete", step_delete, 1},
    {"second download", step_download_again, 7},
    {"memory reset", step_memory_reset, 1},
};

/* False when the fault did not come any more. */
static bool fail_step(const struct cut_disk *before, const struct test_ci *ci, const struct step *step,
                      const struct reference *reference, uint64_t call, enum cut_fault fault)
{
    struct run run = {.ci = ci, .disk = cut_disk_copy(before), .late_fault = call, .fault = fault};
    char what[128];
    bool hit;

    run_live(&run, step->run);
    hit = run_disturbed(&run);
    if (hit) {
        tell(what, step->name, call, fault, run.disk);
        cut_disk_heal(run.disk);
        check_survivor(&run, reference, what);
        runs++;
    }
    cut_disk_free(run.disk);
    return hit;
}

/* What the UICC counts is counted, or it answers an error: also where its profile could not be shown. */
static void check_a_try(const struct cut_disk *disk, struct softeuicc **card, const char *what)
{
    const struct softeuicc_hooks hooks = run_hooks(disk);
    const struct span guess = hex("0020000A08 FFFFFFFFFFFFFFFF");
    uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size;

    softeuicc_transmit(*card, guess.data, guess.size, rapdu, &size);
    softeuicc_close(*card);
    *card = softeuicc_open(RUN_CARD, &hooks, NULL);
    ck_assert_ptr_nonnull(*card);
    if (rapdu[0] == 0x63)
        ck_assert_msg(run_number(*card, "SELECT attempts_left FROM pin WHERE reference = '0A'") ==
                          (rapdu[1] & 0x0F),
                      "%s: a try is not counted", what);
}

/* The same at opening and at power on, where nobody is answered; then somebody is, if a profile is `shown`.
 */
static bool fail_opening(const struct cut_disk *before, const struct reference *reference, bool shown,
                         uint64_t call, enum cut_fault fault)
{
    struct run run = {.disk = cut_disk_copy(before)};
    struct softeuicc_hooks hooks = run_hooks(run.disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    char what[128];
    size_t size;
    bool hit;

    cut_disk_fault(run.disk, call, fault);
    run.card = softeuicc_open(RUN_CARD, &hooks, &error);
    if (run.card != NULL)
        softeuicc_reset(run.card, SOFTEUICC_COLD, atr, &size);
    hit = run_disturbed(&run);
    if (hit) {
        tell(what, "opening", call, fault, run.disk);
        if (run.card == NULL)
            check_words(&error, what);
        cut_disk_heal(run.disk);
        if (shown && run.card != NULL)
            check_a_try(run.disk, &run.card, what);
        runs++;
    }
    softeuicc_close(run.card);
    if (hit && !shown)
        check_survivor(&run, reference, what);
    cut_disk_free(run.disk);
    return hit;
}

/* Lives the step undisturbed, then with every call failing; leaves the disk as after it. */
static void fail_each_call(struct cut_disk **disk, const struct test_ci *ci, const struct step *step)
{
    struct reference *reference = reference_new();
    struct run undisturbed = {.ci = ci, .disk = cut_disk_copy(*disk), .reference = reference};
    uint64_t calls[CUT_FAULTS];

    run_live(&undisturbed, step->run);
    for (unsigned fault = 0; fault < CUT_FAULTS; fault++) {
        calls[fault] = 1;
        while (fail_step(*disk, ci, step, reference, calls[fault], (enum cut_fault)fault))
            calls[fault] += step->every * TEST_SHARE;
        for (uint64_t call = 1;
             (step->run == step_nothing || step->run == step_uicc) &&
             fail_opening(*disk, reference, step->run == step_uicc, call, (enum cut_fault)fault);
             call += TEST_SHARE)
            continue;
    }
    printf("faults in %-28s %4" PRIu64 " calls, %3" PRIu64 " that need room\n", step->name,
           calls[CUT_BAD] - 1, calls[CUT_FULL] - 1);
    reference_free(reference);
    cut_disk_free(*disk);
    *disk = undisturbed.disk;
}

START_TEST(no_success_that_is_not_stored)
{
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc *card;
    struct test_ci ci;

    test_ci_make(&ci, EC_CURVE_P256);
    steps_begin();
    for (unsigned fault = 0; fault < CUT_FAULTS; fault++)
        for (uint64_t call = 1; fail_creation(&ci, call, (enum cut_fault)fault); call += TEST_SHARE)
            continue;
    card = run_create(&ci, disk, NULL);
    ck_assert_ptr_nonnull(card);
    softeuicc_close(card);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        fail_each_call(&disk, &ci, &steps[i]);
    printf("faults: %zu runs\n", runs);
    cut_disk_free(disk);
    test_ci_free(&ci);
}
END_TEST

TEST_MAIN("faults", no_success_that_is_not_stored)
