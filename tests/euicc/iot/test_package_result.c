/*
 * euicc/iot/euicc_package.c and package_result.c: what a list comes to as a whole, and what becomes of its
 * result until it is acknowledged. The commands by themselves: test_psmo.c, test_eco.c.
 */
#include "apdu/tlv.h"
#include "euicc/iot/package_sign.h"
#include "euicc/lifecycle/package_result.h"
#include "tests/euicc/iot/psmo_bench.h"

#include <stdio.h>

START_TEST(what_is_damaged_ends_the_list)
{
    /* After the first, which succeeds: nothing comes of what follows. */
    static const char *const damaged[] = {
        "A300",                         /* no ICCID */
        "A30B 5A09 989400000000000000", /* nine octets */
        "A30B 5A0A 9894000000000000",   /* the value passes the end */
        "A30F 5A0A" B_ "050100",        /* NULL with content */
        "A30D 5A0A" B_ "05",            /* cut off */
        "A40C 4F0A" B_,                 /* an AID where there is none */
        "A500",
        "A601", /* a tag without a length */
        "A60180",
        "A9",                 /* cut off in the list's own structure */
        "A93000",             /* passes the end */
        "BF2D02 A000",        /* a choice needs one */
        "BF2D04 5A 0A 98 94", /* which the tag list must not complete */
        "BF2D02 5C05",
        "BF6500",
        "BF6503 810100",
        "AC00", /* unknown */
        "BF2C00",
        "8000",
        "0500",
        "3080 0000",      /* indefinite length */
        "A3810C 5A0A" B_, /* not the shortest length */
        "A80C 4F0A" B_,
    };
    char list[512];
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        snprintf(list, sizeof(list), "A700 %s", damaged[i]);
        ck_assert_msg(span_equal(psmo_run(&bench, list), hex("870100 020102")), "%s", damaged[i]);
        psmo_assert_states(&bench, 0, 0);
    }
    psmo_close(&bench);
}
END_TEST

START_TEST(an_empty_list_is_a_package)
{
    struct psmo_bench bench;

    psmo_open(&bench);
    ck_assert_run(&bench, "", "");
    ck_assert_uint_eq(bench.eim.counter, 1);
    psmo_close(&bench);
}
END_TEST

START_TEST(unknown_members_are_skipped)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, "A30F 5A0A" A_ "9F2100 A70385 0100", "830100 870100");
    psmo_close(&bench);
}
END_TEST

/* The results of a list have a bound: the answer of the command that passes it is dropped and said so. */
START_TEST(results_overflow)
{
    struct buf list = {0};
    struct test_package package = {.transaction = SPAN_NONE};
    struct test_package_result result;
    struct psmo_bench bench;
    size_t count = 0;

    psmo_open_with_two(&bench);
    for (unsigned i = 0; i < 1000; i++)
        buf_append(&list, SPAN_STRING("\xBF\x2D\x00"));
    package.list = buf_span(&list);
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    ck_assert_uint_le(result.results.size, PACKAGE_RESULTS_SIZE);
    ck_assert_uint_gt(result.results.size, PACKAGE_RESULTS_SIZE - 200);
    ck_assert_hex(SPAN(result.results.data + result.results.size - 3, 3), "020101"); /* resultSizeOverflow */
    /* Small results as well: none is lost of what was done. */
    buf_clear(&list);
    for (unsigned i = 0; i < PACKAGE_RESULTS_SIZE / 2; i++)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    package.list = buf_span(&list);
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    for (size_t i = 0; i + 3 < result.results.size; i += 3, count++)
        ck_assert_hex(SPAN(result.results.data + i, 3), "870100");
    ck_assert_uint_gt(count, (PACKAGE_RESULTS_SIZE - 40) / 3);
    ck_assert_hex(SPAN(result.results.data + 3 * count, 3), "020101");
    buf_free(&list);
    psmo_close(&bench);
}
END_TEST

/* --- results and notifications ------------------------------------------------------------------- */

/* "Take effect after signing": the notifications of a package have higher numbers than its result. */
START_TEST(the_result_is_numbered_before_its_notifications)
{
    struct psmo_bench bench;

    psmo_open(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B, .address = "a.b", .operations = 15});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_hex(es10(&bench.es10, "BF2800"), "BF281D A01B BF2F18 800102 81020640 0C03612E62 5A0A" A_);
    ck_assert_run(&bench, DISABLE(A_) ENABLE(B_) DELETE(A_), "840100 830100 850100");
    ck_assert_hex(es10(&bench.es10, "BF2804 81020520"),
                  "BF281D A01B BF2F18 800104 81020520 0C03612E62 5A0A" A_);
    ck_assert_hex(es10(&bench.es10, "BF2804 81020410"),
                  "BF281D A01B BF2F18 800106 81020410 0C03612E62 5A0A" A_);
    psmo_close(&bench);
}
END_TEST

/* The members of a list in an answer: their tags must be `tag`. */
static unsigned count_in(struct span answer, uint32_t list_tag, uint32_t tag)
{
    const uint32_t path[] = {0xBF2B, list_tag, 0};
    struct tlv_reader reader;
    struct span list;
    struct tlv object;
    unsigned count = 0;

    ck_assert(tlv_find_path(answer, path, &list));
    reader = tlv_reader(list);
    while (tlv_next(&reader, &object) == TLV_OK) {
        ck_assert_uint_eq(object.tag, tag);
        count++;
    }
    return count;
}

START_TEST(results_are_kept_until_they_are_acknowledged)
{
    struct psmo_bench bench;
    struct span answer;

    psmo_open(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    psmo_run(&bench, ENABLE(A_));
    psmo_run(&bench, DISABLE(A_));
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B00"), 0xA0, 0x30), 2);
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B04 A002 8200"), 0xA2, 0xBF51), 2);
    answer = es10(&bench.es10, "BF2B05 A003 800103"); /* a number finds either */
    ck_assert_uint_eq(count_in(answer, 0xA2, 0xBF51), 1);
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B05 A003 800102"), 0xA0, 0x30), 1);
    ck_assert_hex(es10(&bench.es10, "BF2B05 A003 800109"), "BF2B02 A000");
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD); /* they survive a reset */
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800100");
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800101"); /* nothingToDelete */
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B04 A002 8200"), 0xA2, 0xBF51), 1);
    ck_assert_hex(es10(&bench.es10, "BF3003 800102"), "BF3003 800100");
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B00"), 0xA0, 0x30), 1);
    ck_assert_uint_eq(es10_refused(&bench.es10, "BF2B05 A003 820100"), 0x6A80);
    ck_assert_uint_eq(es10_refused(&bench.es10, "BF2B06 A004 82008200"), 0x6A80);
    es10_sweep(&bench.es10, "BF2B04 A002 8200");
    psmo_close(&bench);
}
END_TEST

START_TEST(what_is_stored_is_what_was_answered)
{
    struct buf request = {0};
    struct buf *answer = test_buf();
    struct psmo_bench bench;
    struct span stored;

    psmo_open_with_two(&bench);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex(ENABLE(A_))});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), answer), 0x9000);
    ck_assert(
        tlv_find_path(es10(&bench.es10, "BF2B04 A002 8200"), (const uint32_t[]){0xBF2B, 0xA2, 0}, &stored));
    ck_assert_span(stored, buf_span(answer));
    buf_free(&request);
    psmo_close(&bench);
}
END_TEST

START_TEST(the_oldest_result_gives_way)
{
    struct psmo_bench bench;
    struct span list;

    psmo_open(&bench);
    for (unsigned i = 0; i < PACKAGE_RESULTS_MAX + 3; i++)
        psmo_run(&bench, "A600");
    list = es10(&bench.es10, "BF2B04 A002 8200");
    ck_assert_uint_eq(count_in(list, 0xA2, 0xBF51), PACKAGE_RESULTS_MAX);
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800101");
    ck_assert_hex(es10(&bench.es10, "BF3003 800104"), "BF3003 800100");
    psmo_close(&bench);
}
END_TEST

static int64_t rows(struct psmo_bench *bench, sqlite3_stmt *stmt)
{
    int64_t count = nvm_row(bench->es10.card->nvm, stmt) ? nvm_int(stmt, 0) : -1;

    nvm_done(stmt);
    return count;
}

static int64_t pages(struct psmo_bench *bench)
{
    return rows(bench, nvm_select(bench->es10.card->nvm, "PRAGMA page_count", NVM_NONE));
}

/* Switching all day long leaves nothing behind once results and notifications are acknowledged. */
START_TEST(switches_leave_nothing_behind)
{
    struct psmo_bench bench;
    int64_t begun = 0;

    psmo_open(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B, .address = "a.b", .operations = 15});
    ck_assert_run(&bench, ENABLE(B_), "830100");
    es10(&bench.es10, "BF3003 800101");
    es10(&bench.es10, "BF3003 800102");
    for (unsigned i = 0; i < 60; i++) {
        unsigned first = 3 + 3 * i;

        ck_assert_run(&bench, i % 2 == 0 ? ENABLE_ROLLBACK(A_) : ENABLE_ROLLBACK(B_), "830100");
        for (unsigned n = first; n < first + 3; n++)
            ck_assert_hex(es10(&bench.es10, n < 128 ? "BF3003 8001%02X" : "BF3004 800200%02X", n),
                          "BF3003 800100");
        if (i == 5)
            begun = pages(&bench);
    }
    ck_assert_int_eq(rows(&bench, nvm_select(bench.es10.card->nvm,
                                             "SELECT (SELECT count(*) FROM package_result) +"
                                             " (SELECT count(*) FROM notification)",
                                             NVM_NONE)),
                     0);
    ck_assert_int_eq(pages(&bench), begun);
    psmo_close(&bench);
}
END_TEST

TEST_MAIN("package_result", what_is_damaged_ends_the_list, an_empty_list_is_a_package,
          unknown_members_are_skipped, results_overflow, the_result_is_numbered_before_its_notifications,
          results_are_kept_until_they_are_acknowledged, what_is_stored_is_what_was_answered,
          the_oldest_result_gives_way, switches_leave_nothing_behind)
