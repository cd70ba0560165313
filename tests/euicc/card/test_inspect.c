/*
 * What somebody outside of the card can ask of it: softeuicc_inspect's facts, the drawing of the state
 * machine, and the power that goes at every change of storage of a state change in turn.
 */
#include "apdu/tlv.h"
#include "euicc/ipae/ipae.h"
#include "tests/support/es10.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ONE "89490000000000000017"
#define TWO "89490000000000000025"

/* --- facts as lines "profiles.1.state=enabled" ---------------------------------------------------- */

#define DEPTH 8

struct lines {
    struct buf text;
    struct {
        char name[200];
        bool is_list;
        unsigned count;
    } levels[DEPTH];
    size_t depth;
    bool wrong; /* an end too many, a name in a list or none in an object */
};

static void put_value(struct lines *lines, const char *path, const struct softeuicc_fact *fact)
{
    char line[600];

    if (fact->kind == SOFTEUICC_NUMBER)
        snprintf(line, sizeof(line), "%s=%lld\n", path, (long long)fact->number);
    else if (fact->kind == SOFTEUICC_TRUTH)
        snprintf(line, sizeof(line), "%s=%s\n", path, fact->number != 0 ? "true" : "false");
    else
        snprintf(line, sizeof(line), "%s=%s\n", path, fact->kind == SOFTEUICC_TEXT ? fact->text : "(null)");
    buf_append(&lines->text, span_of_string(line));
}

static void take(void *context, const struct softeuicc_fact *fact)
{
    struct lines *lines = context;
    bool in_list = lines->depth > 0 && lines->levels[lines->depth - 1].is_list;
    char path[300] = "";
    char number[16];

    if (fact->kind == SOFTEUICC_END) {
        lines->wrong = lines->wrong || lines->depth == 0;
        lines->depth -= lines->depth > 0;
        return;
    }
    lines->wrong = lines->wrong || (fact->name == NULL) != in_list;
    if (in_list)
        snprintf(number, sizeof(number), "%u", lines->levels[lines->depth - 1].count++);
    snprintf(path, sizeof(path), "%s%s%s", lines->depth > 0 ? lines->levels[lines->depth - 1].name : "",
             lines->depth > 0 ? "." : "", in_list || fact->name == NULL ? number : fact->name);
    if (fact->kind != SOFTEUICC_OBJECT && fact->kind != SOFTEUICC_LIST) {
        put_value(lines, path, fact);
        return;
    }
    ck_assert_uint_lt(lines->depth, DEPTH);
    ck_assert_int_lt(snprintf(lines->levels[lines->depth].name, sizeof(lines->levels[0].name), "%s", path),
                     (int)sizeof(lines->levels[0].name));
    lines->levels[lines->depth].is_list = fact->kind == SOFTEUICC_LIST;
    lines->levels[lines->depth++].count = 0;
}

/* Everything the card tells, as one text; freed by the caller. */
static char *told(struct softeuicc *card)
{
    struct lines lines = {.depth = 0};

    ck_assert(softeuicc_inspect(card, take, &lines));
    ck_assert(!lines.wrong && lines.depth == 0);
    buf_append_octet(&lines.text, '\0');
    return (char *)lines.text.data;
}

static void assert_told(struct softeuicc *card, const char *line)
{
    char *text = told(card);
    char wanted[300];

    snprintf(wanted, sizeof(wanted), "%s\n", line);
    ck_assert_msg(strstr(text, wanted) != NULL, "%s is not in\n%s", line, text);
    free(text);
}

static void run_sql(struct es10_bench *bench, const char *sql)
{
    ck_assert(nvm_change(bench->card->nvm, sql, NVM_NONE) && nvm_commit(bench->card->nvm));
}

START_TEST(a_new_card_tells_what_it_is)
{
    struct es10_bench bench;

    es10_open(&bench, 2, 100000);
    assert_told(bench.card, "eid=" TEST_EID);
    assert_told(bench.card, "personality=hybrid");
    assert_told(bench.card, "svn=2.2.2");
    assert_told(bench.card, "sgp32=1.2.0");
    assert_told(bench.card, "memory.size=100000");
    assert_told(bench.card, "memory_free=100000");
    assert_told(bench.card, "trusted_ci.1.curve=brainpoolP256r1");
    assert_told(bench.card, "enabled=(null)");
    assert_told(bench.card, "rollback=(null)");
    assert_told(bench.card, "emergency.active=false");
    assert_told(bench.card, "immediate_enable.on=false");
    assert_told(bench.card, "powered=true");
    assert_told(bench.card, "rsp_session.stage=none");
    assert_told(bench.card, "toolkit.session=none");
    assert_told(bench.card, "channels.1.application=ISD-R");
    assert_told(bench.card, "channels.0.file=3F00");
    assert_told(bench.card, "power_cut_in=(null)");
    es10(&bench, "BF2E00");
    assert_told(bench.card, "rsp_session.stage=challenged");
    softeuicc_power_off(bench.card);
    assert_told(bench.card, "powered=false");
    assert_told(bench.card, "rsp_session.stage=none");
    es10_close(&bench);
}
END_TEST

START_TEST(profiles_and_what_hangs_on_them_are_told)
{
    const struct es10_profile one = {.iccid = ONE, .name = "One", .address = "dp.test", .operations = 15};
    const struct es10_profile two = {.iccid = TWO, .ppr1 = true};
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &one);
    es10_install(&bench, &two);
    es10(&bench, "BF3111A00C5A0A%s810100", es10_iccid(ONE));
    assert_told(bench.card, "enabled=" ONE);
    assert_told(bench.card, "profiles.0.state=enabled");
    assert_told(bench.card, "profiles.0.name=One");
    assert_told(bench.card, "profiles.0.fallback=false");
    assert_told(bench.card, "profiles.1.state=disabled");
    assert_told(bench.card, "profiles.1.ppr1=true");
    assert_told(bench.card, "notifications.0.operation=enable");
    assert_told(bench.card, "notifications.0.address=dp.test");
    run_sql(&bench,
            "UPDATE iot SET fallback = 2, before_fallback = 1, rollback = 1, rollback_eim = 'eim.test',"
            " rollback_counter = 7, rollback_transaction = x'0102', rollback_result = 9");
    assert_told(bench.card, "profiles.1.fallback=true");
    assert_told(bench.card, "fallback_profile=" TWO);
    assert_told(bench.card, "return_profile=" ONE);
    assert_told(bench.card, "rollback.iccid=" ONE);
    assert_told(bench.card, "rollback.counter=7");
    assert_told(bench.card, "rollback.eim_transaction_id=0102");
    es10_close(&bench);
}
END_TEST

START_TEST(no_key_is_told)
{
    struct es10_bench bench;
    char *text;

    es10_open(&bench, 1, 0);
    run_sql(&bench, "INSERT INTO eim (eim_id, counter, public_key, curve, configuration)"
                    " VALUES ('eim.test', 3, x'0411223344', 'P-256', x'3003800101')");
    run_sql(&bench, "INSERT INTO package_result (sequence, eim_id, counter, result)"
                    " VALUES (5, 'eim.test', 3, x'BF5100')");
    assert_told(bench.card, "eims.0.eim_id=eim.test");
    assert_told(bench.card, "eims.0.counter=3");
    assert_told(bench.card, "package_results.0.octets=3");
    text = told(bench.card);
    ck_assert_ptr_null(strstr(text, "11223344"));
    ck_assert_ptr_null(strstr(text, "key="));
    free(text);
    es10_close(&bench);
}
END_TEST

START_TEST(looking_changes_nothing)
{
    struct es10_bench bench;
    struct span before;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = ONE});
    before = es10_tables(&bench);
    free(told(bench.card));
    ck_assert_span(es10_tables(&bench), before);
    /* In the middle of a request in two blocks, too. */
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("81E2110003BF3E03"), test_buf()), 0x9000);
    free(told(bench.card));
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("81E29101035C015A"), test_buf()), 0x9000);
    es10_close(&bench);
}
END_TEST

START_TEST(the_state_machine_is_drawn)
{
    const size_t length = softeuicc_lifecycle_dot(NULL, 0);
    char *whole = malloc(length + 2);
    char small[10];

    ck_assert_ptr_nonnull(whole);
    ck_assert_uint_eq(softeuicc_lifecycle_dot(whole, length + 2), length);
    ck_assert_uint_eq(strlen(whole), length);
    ck_assert_int_eq(strncmp(whole, "digraph", 7), 0);
    ck_assert_uint_eq(softeuicc_lifecycle_dot(small, sizeof(small)), length);
    ck_assert_int_eq(strncmp(small, whole, sizeof(small) - 1), 0);
    ck_assert_uint_eq(strlen(small), sizeof(small) - 1);
    free(whole);
}
END_TEST

/* --- power ----------------------------------------------------------------------------------------- */

static struct softeuicc *opened(const char *path)
{
    const struct softeuicc_hooks hooks = {.power_cuts = true};
    struct softeuicc_error why = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_open(path, &hooks, &why);

    ck_assert_msg(card != NULL, "%s", why.message);
    return card;
}

/* Enables ONE with the power cut at change `after`. True when the card answered. */
static bool enabled_before_the_cut(const char *path, uint64_t after)
{
    struct es10_bench bench = {.card = opened(path)};
    struct buf response = {0};
    struct buf request = {0};
    bool answered;

    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert(softeuicc_cut_power(bench.card, after));
    buf_append(&request, hex("BF3111A00C5A0A"));
    buf_append(&request, hex(es10_iccid(ONE)));
    buf_append(&request, hex("810100"));
    (void)es10_send(&bench, buf_span(&request), &response);
    answered = !softeuicc_has_lost_power(bench.card);
    if (answered)
        ck_assert_hex(buf_span(&response), "BF3103800100");
    softeuicc_close(bench.card);
    buf_free(&request);
    buf_free(&response);
    return answered;
}

static void make_card_file(const char *path)
{
    struct es10_bench bench = {.ci_count = 1};

    test_ci_make(&bench.cis[0], EC_CURVE_P256);
    bench.card = test_card(path, bench.cis, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = ONE, .address = "dp.test", .operations = 15});
    softeuicc_close(bench.card);
    test_ci_free(&bench.cis[0]);
}

static void copy_file(const char *from, const char *to)
{
    const struct span octets = test_read_file(from);
    FILE *file = fopen(to, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(octets.data, 1, octets.size, file), octets.size);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_power_goes_at_every_change_in_turn)
{
    char origin[200];
    char path[200];
    uint64_t after;
    bool answered = false;

    snprintf(origin, sizeof(origin), "%s", test_path("origin.db"));
    snprintf(path, sizeof(path), "%s", test_path("card.db"));
    make_card_file(origin);
    for (after = 1; !answered; after++) {
        struct softeuicc *card;

        ck_assert_uint_lt(after, 1000);
        copy_file(origin, path);
        answered = enabled_before_the_cut(path, after);
        /* What was not synced is lost: an answer that did not leave is a change that did not happen. */
        card = opened(path);
        assert_told(card, answered ? "enabled=" ONE : "enabled=(null)");
        assert_told(card, answered ? "last_sequence=1" : "last_sequence=0");
        softeuicc_close(card);
    }
    ck_assert_uint_gt(after, 3); /* a commit is some writes and a sync */
}
END_TEST

START_TEST(a_dead_card_answers_nothing_well)
{
    char path[200];
    struct softeuicc *card;
    struct es10_bench bench;

    snprintf(path, sizeof(path), "%s", test_path("dead.db"));
    make_card_file(path);
    ck_assert(!enabled_before_the_cut(path, 1));
    card = opened(path);
    bench.card = card;
    bench.terminal = terminal_start(card, SOFTEUICC_COLD);
    ck_assert(softeuicc_cut_power(card, 5));
    assert_told(card, "power_cut_in=5");
    es10(&bench, "BF3E035C015A"); /* reading does not count */
    assert_told(card, "power_cut_in=5");
    ck_assert(softeuicc_cut_power(card, 0));
    assert_told(card, "power_cut_in=(null)");
    es10(&bench, "BF3111A00C5A0A%s810100", es10_iccid(ONE));
    ck_assert(!softeuicc_has_lost_power(card));
    ck_assert(softeuicc_cut_power(card, 1));
    ck_assert_uint_ne(es10_send(&bench, hex("BF3F0B8009616464722E74657374"), test_buf()), 0x9000);
    ck_assert(softeuicc_has_lost_power(card));
    softeuicc_close(card);
}
END_TEST

START_TEST(only_who_asked_can_cut)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert(!softeuicc_cut_power(bench.card, 1));
    ck_assert(!softeuicc_has_lost_power(bench.card));
    es10_close(&bench);
}
END_TEST

/* What the tables say of an IPAe; a build without one says nothing. */
START_TEST(an_ipae_tells_of_its_polls)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    assert_told(bench.card, "ipae=(null)");
    if (!ipae_is_built) {
        es10_close(&bench);
        return;
    }
    run_sql(&bench, "INSERT INTO ipae (one, strict, lost_since, on_trial, return_at, imei, plmn) VALUES"
                    " (1, 1, 1700000000000, 1, 1700000060000, '356938035643809', x'62F210')");
    run_sql(&bench, "INSERT INTO ipae_setting VALUES ('poll-interval', '', '60'), ('compact', 'two', 'on')");
    run_sql(&bench, "INSERT INTO eim (position, eim_id, counter, public_key, curve, configuration) VALUES"
                    " (1, 'one', 0, x'04', 'P-256', x''), (2, 'two', 0, x'04', 'P-256', x''),"
                    " (3, 'three', 0, x'04', 'P-256', x'')");
    run_sql(&bench, "INSERT INTO ipae_eim VALUES ('one', 1700000000000, 1700000900000, 0, NULL),"
                    " ('two', 1700000001000, 9223372036854775807, 2, 'no network')");
    ck_assert(ipae_load(bench.card));
    assert_told(bench.card, "ipae.strict=true");
    assert_told(bench.card, "ipae.poll_interval=60");
    assert_told(bench.card, "ipae.lost_since=2023-11-14T22:13:20Z");
    assert_told(bench.card, "ipae.on_trial=true");
    assert_told(bench.card, "ipae.return_at=2023-11-14T22:14:20Z");
    assert_told(bench.card, "ipae.imei=356938035643809");
    assert_told(bench.card, "ipae.plmn=262-01");
    assert_told(bench.card, "ipae.settings.0.name=poll-interval");
    assert_told(bench.card, "ipae.settings.0.eim_id=(null)");
    assert_told(bench.card, "ipae.settings.1.eim_id=two");
    assert_told(bench.card, "ipae.settings.1.value=on");
    assert_told(bench.card, "ipae.eims.0.last_poll=2023-11-14T22:13:20Z");
    assert_told(bench.card, "ipae.eims.0.next_poll=2023-11-14T22:28:20Z");
    assert_told(bench.card, "ipae.eims.0.failure=(null)");
    assert_told(bench.card, "ipae.eims.1.next_poll=(null)");
    assert_told(bench.card, "ipae.eims.1.failures=2");
    assert_told(bench.card, "ipae.eims.1.failure=no network");
    assert_told(bench.card, "ipae.eims.2.eim_id=three");
    assert_told(bench.card, "ipae.eims.2.last_poll=(null)");
    assert_told(bench.card, "ipae.eims.2.failures=0");
    run_sql(&bench, "UPDATE ipae SET plmn = x'130014', imei = NULL");
    ipae_free(bench.card);
    ck_assert(ipae_load(bench.card));
    assert_told(bench.card, "ipae.plmn=310-410");
    assert_told(bench.card, "ipae.imei=(null)");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("inspect", a_new_card_tells_what_it_is, profiles_and_what_hangs_on_them_are_told, no_key_is_told,
          looking_changes_nothing, an_ipae_tells_of_its_polls, the_state_machine_is_drawn,
          the_power_goes_at_every_change_in_turn, a_dead_card_answers_nothing_well, only_who_asked_can_cut)
