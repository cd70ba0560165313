/*
 * Tries that are to count whatever happens to power and disk: every command that compares a secret, with what
 * is right and what is wrong, cut off at every change of storage and in every mode of cut_vfs.h, on a disk
 * that fails once, and on one that is full. Nobody may learn which of both it was without a try being gone.
 */
#include "euicc/os/card.h"
#include "euicc/terminal/profile_view.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/ota.h"
#include "tests/support/profile.h"

#include <string.h>

#define CARD  "card.db"
#define ICCID "89490000000000000017"

#define PIN1  "31323334FFFFFFFF"
#define PIN2  "35363738FFFFFFFF"
#define PUK1  "3132333435363738"
#define ADM1  "3131313131313131"
#define WRONG "30303030FFFFFFFF"

#define USIM         "00A4040C07A0000000871002"
#define LEFT_OF_PIN1 "SELECT attempts_left FROM pin WHERE reference = '01'"
#define LEFT_OF_PUK1 "SELECT attempts_left FROM puk WHERE reference = '01'"
#define LEFT_OF_PIN2 "SELECT min(attempts_left) FROM pin WHERE reference = '81'"
#define LEFT_OF_ADM1 "SELECT attempts_left FROM pin WHERE reference = '0A'"
#define USES_OF_KEY  "SELECT 5 - counter FROM network_access WHERE counter_max IS NOT NULL"

/* How the octets of a guess are made. */
enum form { COMMAND, SCRIPT, AUTHENTICATE };

static const struct guess {
    const char *name;
    const char *right, *wrong; /* commands, or a script's for remote file management */
    const char *left;          /* what is left of the tries */
    const char *setup;         /* once, on a card that nothing happens to; NULL: nothing */
    const char *session;       /* after the USIM is selected; NULL: nothing */
    uint8_t reference;         /* of the code that is verified afterwards */
    enum form form;
    bool spends; /* what is right costs a try as well */
} guesses[] = {
    {"VERIFY PIN", "0020000108" PIN1, "0020000108" WRONG, LEFT_OF_PIN1, .reference = 0x01},
    {"VERIFY PIN, local", "0020008108" PIN2, "0020008108" WRONG, LEFT_OF_PIN2, .reference = 0x81},
    {"VERIFY PIN, administrative", "0020000A08" ADM1, "0020000A08" WRONG, LEFT_OF_ADM1, .reference = 0x0A},
    {"VERIFY PIN again", "0020000108" PIN1, "0020000108" WRONG, LEFT_OF_PIN1, .session = "0020000108" PIN1,
     .reference = 0x01},
    {"CHANGE PIN", "0024000110" PIN1 PIN1, "0024000110" WRONG PIN1, LEFT_OF_PIN1, .reference = 0x01},
    {"DISABLE PIN", "0026000108" PIN1, "0026000108" WRONG, LEFT_OF_PIN1, .reference = 0x01},
    {"ENABLE PIN", "0028000108" PIN1, "0028000108" WRONG, LEFT_OF_PIN1, .setup = "0026000108" PIN1,
     .reference = 0x01},
    {"UNBLOCK PIN", "002C000110" PUK1 PIN1, "002C000110" WRONG PIN1, LEFT_OF_PUK1, .reference = 0x01},
    {"VERIFY CHV", "A020000108" PIN1, "A020000108" WRONG, LEFT_OF_PIN1, .reference = 0x01},
    {"CHANGE CHV", "A024000110" PIN1 PIN1, "A024000110" WRONG PIN1, LEFT_OF_PIN1, .reference = 0x01},
    {"DISABLE CHV", "A026000108" PIN1, "A026000108" WRONG, LEFT_OF_PIN1, .reference = 0x01},
    {"ENABLE CHV", "A028000108" PIN1, "A028000108" WRONG, LEFT_OF_PIN1, .setup = "0026000108" PIN1,
     .reference = 0x01},
    {"UNBLOCK CHV", "A02C000010" PUK1 PIN1, "A02C000010" WRONG PIN1, LEFT_OF_PUK1, .reference = 0x01},
    {"VERIFY PIN in a script", "0020000108" PIN1, "0020000108" WRONG, LEFT_OF_PIN1, .form = SCRIPT},
    {"VERIFY PIN in a script that has written", "00A4000C026F07 00D6000801 77 0020000108" PIN1,
     "00A4000C026F07 00D6000801 77 0020000108" WRONG, LEFT_OF_PIN1, .form = SCRIPT},
    {"UNBLOCK PIN in a script", "002C000110" PUK1 PIN1, "002C000110" WRONG PIN1, LEFT_OF_PUK1,
     .form = SCRIPT},
    {"AUTHENTICATE", NULL, NULL, USES_OF_KEY, .session = "0020000108" PIN1, .form = AUTHENTICATE,
     .spends = true},
};

#define GUESSES (sizeof(guesses) / sizeof(guesses[0]))

/* --- what is sent --- */

/* No two rounds are the same message. */
static struct span octets_of(const struct guess *guess, bool right, unsigned round)
{
    const struct ota_sender sender = {{0x16, 0x01}, 0x12, 0x12, "B00001", round + 1, NULL};

    switch (guess->form) {
    case AUTHENTICATE:
        return test_authenticate((uint16_t)((round + 1) << 8), right);
    case SCRIPT:
        return ota_envelope(
            ota_deliver(hex("7000"), ota_packet(&sender, right ? guess->right : guess->wrong)));
    default:
        return hex(right ? guess->right : guess->wrong);
    }
}

/* --- the card --- */

static struct es10_bench bench;

static void open_card(const char *storage)
{
    const struct softeuicc_hooks hooks = {.storage = storage};
    struct softeuicc_error error;

    bench.card = softeuicc_open(CARD, &hooks, &error);
    ck_assert_msg(bench.card != NULL, "%s", error.message);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
}

static uint16_t send_octets(struct span capdu, struct buf *response)
{
    buf_clear(response);
    return terminal_command(&bench.terminal, capdu, response);
}

static uint16_t send(const char *capdu)
{
    return send_octets(hex(capdu), test_buf());
}

/* A card with an enabled profile whose PIN1 is asked for and whose keys are good for five challenges. */
static void make_card(const char *storage)
{
    const struct softeuicc_hooks hooks = {.storage = storage};
    struct saip_recipe recipe = saip_recipe_default();

    recipe.iccid = ICCID;
    recipe.pin1_enabled = true;
    recipe.isim = false;
    bench.ci_count = 1;
    test_ci_make(&bench.cis[0], EC_CURVE_P256);
    bench.card = test_card_on(CARD, bench.cis, 1, 0, &hooks);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID, .package = test_profile_from(&recipe)});
    ck_assert_hex(es10(&bench, "BF3111 A00C5A0A%s 810100", es10_iccid(ICCID)), "BF3103800100");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert(nvm_change(bench.card->nvm, "UPDATE network_access SET counter_max = '000005'", NVM_NONE));
    ck_assert(nvm_commit(bench.card->nvm));
    es10_close(&bench);
}

static void begin_session(const struct guess *guess)
{
    ck_assert_uint_eq(send(USIM), SW_OK);
    if (guess->session != NULL)
        ck_assert_uint_eq(send(guess->session), SW_OK);
}

static int64_t left_of(const struct guess *guess)
{
    return nvm_figure(bench.card->nvm, guess->left, NVM_NONE);
}

/* --- power cuts --- */

/* Besides the modes of a power cut: the change fails, and the power stays on. */
#define FAILING_DISK CUT_MODES

/* What somebody sees of one guess: nothing, or an answer; and what it leaves. */
struct outcome {
    bool disturbed, off;
    uint16_t status;
    struct buf response;
    int64_t left;
};

static bool seems_same(const struct outcome *one, const struct outcome *other)
{
    return one->off == other->off &&
           (one->off || (one->status == other->status &&
                         span_equal(buf_span(&one->response), buf_span(&other->response))));
}

static bool is_failure(uint16_t status)
{
    return status == SW_MEMORY_FAILURE || status == SW_SIM_MEMORY_PROBLEM;
}

/* A command that failed has verified nothing. */
static void check_nothing_verified(const struct guess *guess)
{
    const struct fs *fs = profile_view_uicc(bench.card)->fs;

    for (size_t i = 0; i < fs->pin_count; i++)
        ck_assert_msg(fs->pins[i].reference != guess->reference || !fs->pins[i].verified, "%s", guess->name);
}

static void guess_on(struct cut_disk *disk, const struct guess *guess, bool right, unsigned round,
                     uint64_t change, unsigned mode, struct outcome *outcome)
{
    open_card(cut_disk_name(disk));
    begin_session(guess);
    if (mode == FAILING_DISK)
        cut_disk_fail(disk, change);
    else
        cut_disk_arm(disk, change, (enum cut_mode)mode);
    outcome->status = send_octets(octets_of(guess, right, round), &outcome->response);
    outcome->off = cut_disk_is_off(disk);
    outcome->disturbed = outcome->off || cut_disk_has_failed(disk);
    if (!outcome->off && is_failure(outcome->status)) {
        ck_assert_uint_eq(outcome->response.size, 0);
        check_nothing_verified(guess);
    }
    if (!outcome->off) {
        cut_disk_arm(disk, 0, CUT_LOST);
        cut_disk_fail(disk, UINT32_MAX);
    }
    softeuicc_close(bench.card);
    if (outcome->off)
        cut_disk_power_on(disk);
    open_card(cut_disk_name(disk));
    outcome->left = left_of(guess);
    softeuicc_close(bench.card);
}

static struct cut_disk *set_up(const struct cut_disk *base, const struct guess *guess, int64_t *left)
{
    struct cut_disk *disk = cut_disk_copy(base);

    open_card(cut_disk_name(disk));
    if (guess->setup != NULL) {
        ck_assert_uint_eq(send(USIM), SW_OK);
        ck_assert_uint_eq(send(guess->setup), SW_OK);
    }
    *left = left_of(guess);
    softeuicc_close(bench.card);
    return disk;
}

/* The right guess and a wrong one, disturbed at the same change. False: neither was. */
static bool compare_guesses(const struct cut_disk *disk, const struct guess *guess, int64_t left,
                            uint64_t change, unsigned mode, bool *costs)
{
    struct outcome outcomes[2] = {0};
    const struct outcome *wrong = &outcomes[0], *right = &outcomes[1];
    bool disturbed;

    for (unsigned i = 0; i < 2; i++) {
        struct cut_disk *copy = cut_disk_copy(disk);

        guess_on(copy, guess, i == 1, 0, change, mode, &outcomes[i]);
        cut_disk_free(copy);
        ck_assert_msg(outcomes[i].left == left || outcomes[i].left == left - 1, "%s", guess->name);
    }
    if (wrong->left == left)
        ck_assert_msg(seems_same(wrong, right), "%s: change %u, mode %u tells and does not count",
                      guess->name, (unsigned)change, mode);
    if (wrong->off && right->off)
        ck_assert_int_eq(wrong->left, right->left);
    if (!right->disturbed)
        ck_assert_int_eq(right->left, guess->spends ? left - 1 : left);
    *costs = *costs || (right->off && right->left == left - 1);
    disturbed = wrong->disturbed || right->disturbed;
    buf_free(&outcomes[0].response);
    buf_free(&outcomes[1].response);
    return disturbed;
}

START_TEST(nothing_is_learned_without_a_try)
{
    struct cut_disk *base = cut_disk_new();

    make_card(cut_disk_name(base));
    for (size_t i = 0; i < GUESSES; i++)
        for (unsigned mode = i % TEST_SHARE; mode <= FAILING_DISK; mode += TEST_SHARE) {
            int64_t left;
            struct cut_disk *disk = set_up(base, &guesses[i], &left);
            bool costs = false;
            uint64_t change = 1;

            while (compare_guesses(disk, &guesses[i], left, change, mode, &costs))
                change++;
            ck_assert_uint_gt(change, 2);
            /* The count lasts before what is right has been found right. */
            ck_assert_msg(costs || mode == FAILING_DISK, "%s, mode %u", guesses[i].name, mode);
            cut_disk_free(disk);
        }
    cut_disk_free(base);
}
END_TEST

/* Somebody who cuts the power at the same change every time, and tries until nothing is left. */
START_TEST(no_more_answers_than_tries)
{
    struct cut_disk *base = cut_disk_new();

    make_card(cut_disk_name(base));
    for (size_t i = 0; i < GUESSES; i++)
        /* Where the session begins with a right value, there are tries again every time. */
        for (uint64_t change = 1 + i % TEST_SHARE; change < 8 && guesses[i].session == NULL;
             change += TEST_SHARE) {
            int64_t left;
            struct cut_disk *disk = set_up(base, &guesses[i], &left);
            struct outcome outcome = {.left = left};
            int64_t answers = 0;

            for (unsigned round = 0; round < left + 3 && outcome.left > 0; round++) {
                guess_on(disk, &guesses[i], false, round, change, CUT_LOST, &outcome);
                answers += !outcome.off;
                ck_assert_msg(answers <= left - outcome.left, "%s: change %u, round %u, %04X",
                              guesses[i].name, (unsigned)change, round, outcome.status);
            }
            buf_free(&outcome.response);
            cut_disk_free(disk);
        }
    cut_disk_free(base);
}
END_TEST

/* --- a full disk --- */

static unsigned room; /* changes that still go through */

static int full_change(struct memory_disk *disk, struct memory_file *file, const struct memory_change *change)
{
    (void)disk;
    (void)file;
    if (change->kind != MEMORY_WRITE)
        return SQLITE_OK;
    if (room == 0)
        return SQLITE_FULL;
    room--;
    return SQLITE_OK;
}

static int full_sync(struct memory_disk *disk, struct memory_file *file, bool is_log)
{
    (void)disk;
    (void)file;
    (void)is_log;
    return SQLITE_OK;
}

/* With room for so many changes: what is answered, and what is left. */
static void guess_in_room(const struct guess *guess, bool right, unsigned *round, unsigned changes,
                          struct outcome *outcome)
{
    room = changes;
    outcome->status = send_octets(octets_of(guess, right, (*round)++), &outcome->response);
    outcome->disturbed = room == 0;
    if (is_failure(outcome->status))
        check_nothing_verified(guess);
    room = UINT32_MAX;
    outcome->left = left_of(guess);
}

START_TEST(a_full_disk_is_no_way_to_try)
{
    struct memory_disk disk = {.change = full_change, .sync = full_sync};
    unsigned round = 0;

    room = UINT32_MAX;
    memory_disk_open(&disk);
    make_card(disk.name);
    open_card(disk.name);
    for (size_t i = 0; i < GUESSES; i++) {
        const struct guess *guess = &guesses[i];
        struct outcome outcome = {0};
        int64_t left;

        if (guess->form == AUTHENTICATE)
            continue; /* its uses would be gone */
        bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
        ck_assert_uint_eq(send(USIM), SW_OK);
        if (guess->setup != NULL)
            (void)send(guess->setup);
        if (guess->session != NULL)
            ck_assert_uint_eq(send(guess->session), SW_OK);
        left = left_of(guess);
        for (unsigned tries = 0; tries < 20; tries++) {
            guess_in_room(guess, tries == 19, &round, 0, &outcome);
            ck_assert_msg(is_failure(outcome.status), "%s: %04X", guess->name, outcome.status);
            ck_assert_uint_eq(outcome.response.size, 0);
            ck_assert_int_eq(outcome.left, left);
        }
        for (unsigned changes = 1, full = 2; full > 0 && changes < 64; changes++) {
            guess_in_room(guess, false, &round, changes, &outcome);
            full = outcome.disturbed && full > 0 ? full : full - 1;
            ck_assert(is_failure(outcome.status) || outcome.left == left - 1);
            guess_in_room(guess, true, &round, UINT32_MAX, &outcome);
            ck_assert_int_eq(outcome.left, left);
            if (guess->setup != NULL)
                (void)send(guess->setup);
            else if (strncmp(guess->name, "DISABLE", 7) == 0)
                ck_assert_uint_eq(send("0028000108" PIN1), SW_OK);
        }
        if (guess->setup != NULL)
            ck_assert_uint_eq(send("0028000108" PIN1), SW_OK);
        buf_free(&outcome.response);
    }
    softeuicc_close(bench.card);
    memory_disk_close(&disk);
}
END_TEST

TEST_MAIN("tries", nothing_is_learned_without_a_try, no_more_answers_than_tries, a_full_disk_is_no_way_to_try)
