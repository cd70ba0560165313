/*
 * Changes of profiles with a REFRESH: they are marked, and take effect with the terminal's answer or a reset
 * (SGP.22 5.7.16, SGP.32 3.3.1). What was signed as done is what then happens, whoever interferes.
 */
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/marking.h"
#include "tests/euicc/iot/psmo_bench.h"

#define FETCH            "80120000 0B"
#define DONE             "80140000 0C 8103010104 82028281 830100"
#define REFUSED          "80140000 0C 8103010104 82028281 830132"
#define LPA(iccid, flag) "BF3111 A00C 5A0A " iccid " 8101" flag

static uint16_t command(struct psmo_bench *bench, const char *octets)
{
    return terminal_command(&bench->es10.terminal, hex(octets), test_buf());
}

/* A terminal that serves REFRESH, and a card with A enabled and B disabled. */
static void open_refreshing(struct psmo_bench *bench)
{
    psmo_open(bench);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 15});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = B, .address = "b.example", .operations = 15});
    es10(&bench->es10, LPA(A_, "FF"));
    ck_assert_uint_eq(command(bench, "80100000 03 000080"), 0x9000);
}

static unsigned notifications(struct psmo_bench *bench)
{
    return (unsigned)nvm_figure(bench->es10.card->nvm, "SELECT count(*) FROM notification", NVM_NONE);
}

START_TEST(a_change_waits_for_the_terminal)
{
    struct psmo_bench bench;
    unsigned before;

    open_refreshing(&bench);
    before = notifications(&bench);
    ck_assert_run(&bench, ENABLE(B_), "830100");
    psmo_assert_states(&bench, 1, 0);
    ck_assert_uint_eq(notifications(&bench), before);
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    psmo_assert_states(&bench, 1, 0);
    ck_assert_uint_eq(command(&bench, DONE), 0x9000);
    psmo_assert_states(&bench, 0, 1);
    ck_assert(notifications(&bench) > before);
    ck_assert(!marking_waits(bench.es10.card));
    psmo_close(&bench);
}
END_TEST

START_TEST(a_refused_refresh_leaves_the_old_profile)
{
    struct psmo_bench bench;
    unsigned before;

    open_refreshing(&bench);
    before = notifications(&bench);
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, REFUSED), 0x9000);
    psmo_assert_states(&bench, 1, 0);
    ck_assert_uint_eq(notifications(&bench), before);
    /* There is nothing to go back from; the result is signed and stays. */
    ck_assert_hex(es10(&bench.es10, "BF5803 8001FF"), "BF5803 020101");
    ck_assert_int_eq(nvm_figure(bench.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE), 1);
    /* And after a reset too. */
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD);
    psmo_assert_states(&bench, 1, 0);
    psmo_close(&bench);
}
END_TEST

START_TEST(a_reset_lets_it_take_effect)
{
    struct psmo_bench bench;

    for (unsigned answered = 0; answered < 3; answered++) {
        open_refreshing(&bench);
        es10_send(&bench.es10, hex(LPA(B_, "FF")), test_buf());
        if (answered > 0)
            ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
        /* "Currently unable": it would be asked again. */
        if (answered > 1)
            ck_assert_uint_eq(command(&bench, "80140000 0D 8103010104 82028281 83022000"), 0x9000);
        psmo_assert_states(&bench, 1, 0);
        bench.es10.terminal =
            terminal_start(bench.es10.card, answered == 0 ? SOFTEUICC_COLD : SOFTEUICC_WARM);
        psmo_assert_states(&bench, 0, 1);
        psmo_close(&bench);
    }
}
END_TEST

/* The commands of a package see what those before have done; what they configure besides is there at once. */
START_TEST(a_package_takes_effect_as_it_was_signed)
{
    struct psmo_bench bench;
    struct softeuicc *card;

    open_refreshing(&bench);
    card = bench.es10.card;
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    psmo_sql(&bench, "UPDATE iot SET fallback = (SELECT id FROM profile WHERE state = 'enabled')");
    ck_assert_run(&bench, ENABLE(B_) DELETE(A_) SET_FALLBACK(B_) "A702 8000", "830100 850100 8D0100 870100");
    psmo_assert_states(&bench, 1, 0);
    ck_assert_int_eq(nvm_figure(card->nvm, "SELECT fallback FROM iot", NVM_NONE), psmo_id(&bench, B));
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, DONE), 0x9000);
    psmo_assert_states(&bench, -1, 1);
    psmo_close(&bench);
}
END_TEST

START_TEST(a_rollback_is_granted_and_is_marked_itself)
{
    struct psmo_bench bench;

    open_refreshing(&bench);
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, DONE), 0x9000);
    psmo_assert_states(&bench, 0, 1);
    ck_assert_uint_eq(es10_send(&bench.es10, hex("BF5803 8001FF"), test_buf()), 0x910B);
    psmo_assert_states(&bench, 0, 1);
    /* Both results are there until it takes effect: which of them is true is not known before. */
    ck_assert_int_eq(nvm_figure(bench.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE), 2);
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, DONE), 0x9000);
    psmo_assert_states(&bench, 1, 0);
    ck_assert_int_eq(nvm_figure(bench.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE), 1);
    ck_assert_hex(es10(&bench.es10, "BF5803 8001FF"), "BF5803 020101");
    psmo_close(&bench);
}
END_TEST

START_TEST(who_else_changes_profiles_meets_what_is_marked)
{
    struct psmo_bench bench;
    struct buf response = {0};

    open_refreshing(&bench);
    es10_send(&bench.es10, hex(LPA(B_, "FF")), &response);
    buf_clear(&response);
    es10_send(&bench.es10, hex("BF330C 5A0A " B_), &response);
    ck_assert_hex(buf_span(&response), "BF3303 800102"); /* not as disabled as it looks */
    buf_clear(&response);
    es10_send(&bench.es10, hex("BF3404 82020780"), &response);
    ck_assert_hex(buf_span(&response), "BF3403 800105"); /* catBusy */
    buf_clear(&response);
    es10_send(&bench.es10, hex("BF3211 A00C 5A0A " A_ " 8101FF"), &response);
    ck_assert_hex(buf_span(&response), "BF3203 800105");
    psmo_assert_states(&bench, 1, 0);
    /* Without the flag the terminal is to reset the card by itself: B is enabled, and then disabled. */
    buf_clear(&response);
    es10_send(&bench.es10, hex("BF3211 A00C 5A0A " B_ " 810100"), &response);
    ck_assert_hex(buf_span(&response), "BF3203 800100");
    psmo_assert_states(&bench, 0, 0);
    ck_assert_uint_eq(command(&bench, FETCH), 0x6985);
    buf_free(&response);
    psmo_close(&bench);
}
END_TEST

TEST_MAIN("marking", a_change_waits_for_the_terminal, a_refused_refresh_leaves_the_old_profile,
          a_reset_lets_it_take_effect, a_package_takes_effect_as_it_was_signed,
          a_rollback_is_granted_and_is_marked_itself, who_else_changes_profiles_meets_what_is_marked)
