/*
 * euicc/lifecycle/lifecycle.c: every pair of state and event, against a statement of its own of what must
 * happen; and SGP.22's events on a card, with rules, classes and another enabled profile in all combinations.
 * SGP.32's are tests/euicc/lifecycle/test_lifecycle_model.c.
 */
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/terminal/toolkit.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define SUBJECT "89490000000000000017"
#define OTHER   "89490000000000000025"
#define THIRD   "89490000000000000033"

/* --- the statement: written from SGP.22 3.2, 5.7.16-5.7.19, SGP.32 3.3, 3.4, 5.9, without a look at the
 * table --- */

#define ABSENT   (1 + LIFECYCLE_ABSENT)
#define DISABLED (1 + LIFECYCLE_DISABLED)
#define ENABLED  (1 + LIFECYCLE_ENABLED)

/* 1 + the state it ends in, the same one for a refusal with a reason of its own; 0: it does not fit. */
static const int ends_in[LIFECYCLE_EVENTS][LIFECYCLE_STATES] = {
    /*                                   absent    disabled  enabled */
    [LIFECYCLE_INSTALL] = {DISABLED, 0, 0},
    [LIFECYCLE_ENABLE] = {0, ENABLED, 0},
    [LIFECYCLE_DISABLE] = {0, 0, DISABLED},
    [LIFECYCLE_DELETE] = {0, ABSENT, 0},
    [LIFECYCLE_MEMORY_RESET] = {0, ABSENT, ABSENT},
    [LIFECYCLE_PACKAGE_ENABLE] = {0, ENABLED, 0},
    [LIFECYCLE_PACKAGE_DISABLE] = {0, 0, DISABLED},
    [LIFECYCLE_PACKAGE_DELETE] = {0, ABSENT, 0},
    [LIFECYCLE_ROLLBACK] = {ABSENT, ENABLED, 0},
    [LIFECYCLE_EXECUTE_FALLBACK] = {ABSENT, ENABLED, 0},
    [LIFECYCLE_RETURN_FROM_FALLBACK] = {ABSENT, ENABLED, 0},
    [LIFECYCLE_IMMEDIATE_ENABLE] = {ABSENT, ENABLED, ENABLED},
    [LIFECYCLE_ENABLE_EMERGENCY] = {ABSENT, ENABLED, 0},
    [LIFECYCLE_DISABLE_EMERGENCY] = {ABSENT, 0, DISABLED},
    [LIFECYCLE_PACKAGE] = {ABSENT, 0, ENABLED},
    [LIFECYCLE_POWER_LOSS] = {0, DISABLED, ENABLED},
};

START_TEST(the_table_says_what_the_specifications_say)
{
    for (int event = 0; event < LIFECYCLE_EVENTS; event++) {
        for (int state = 0; state < LIFECYCLE_STATES; state++) {
            const struct lifecycle_row *row =
                lifecycle_row((enum lifecycle_event)event, (enum lifecycle_state)state);

            ck_assert_msg((row != NULL ? 1 + (int)row->to : 0) == ends_in[event][state], "%s in %s",
                          lifecycle_event_name((enum lifecycle_event)event),
                          lifecycle_state_name((enum lifecycle_state)state));
        }
    }
    ck_assert_int_eq(lifecycle_initial_state(), LIFECYCLE_DISABLED);
}
END_TEST

/* A pair stands in the table once, and a row that refuses changes nothing. */
START_TEST(the_rows_make_sense_by_themselves)
{
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);

    for (size_t i = 0; i < rows; i++) {
        ck_assert_ptr_eq(lifecycle_row(table[i].event, table[i].from), &table[i]);
        if (table[i].from != table[i].to)
            ck_assert(table[i].actions[0] != NULL || table[i].event == LIFECYCLE_INSTALL);
        else
            ck_assert(table[i].guards[0] != NULL || table[i].event == LIFECYCLE_POWER_LOSS);
    }
    for (int state = LIFECYCLE_DISABLED; state < LIFECYCLE_STATES; state++) {
        const struct lifecycle_row *row = lifecycle_row(LIFECYCLE_POWER_LOSS, (enum lifecycle_state)state);

        ck_assert_ptr_null(row->guards[0]);
        ck_assert_mem_eq(row->actions, lifecycle_row(LIFECYCLE_POWER_LOSS, LIFECYCLE_ENABLED)->actions,
                         sizeof(row->actions));
    }
}
END_TEST

static bool has_action(const struct lifecycle_row *row, const char *name)
{
    for (size_t i = 0; row->actions[i] != NULL; i++)
        if (strcmp(row->actions[i]->name, name) == 0)
            return true;
    return false;
}

/* A package withdraws what an earlier one granted when it is accepted, before its commands. */
static bool is_in_package(enum lifecycle_event event)
{
    return event == LIFECYCLE_PACKAGE_ENABLE || event == LIFECYCLE_PACKAGE_DISABLE ||
           event == LIFECYCLE_PACKAGE_DELETE;
}

START_TEST(whatever_moves_the_enabled_profile_withdraws_a_rollback_grant)
{
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);

    for (size_t i = 0; i < rows; i++) {
        bool moves = table[i].from != table[i].to &&
                     (table[i].from == LIFECYCLE_ENABLED || table[i].to == LIFECYCLE_ENABLED);

        if (moves && !is_in_package(table[i].event))
            ck_assert_msg(has_action(&table[i], "withdraw a rollback grant"), "%s",
                          lifecycle_event_name(table[i].event));
    }
}
END_TEST

/* One situation: what the subject is like, and which other profile is enabled. */
struct situation {
    bool enabled;
    enum profile_class class;
    bool ppr1, ppr2;
    enum { NOBODY, PLAIN, LOCKED, TESTING, TESTING_AFTER_SUBJECT, TESTING_AFTER_THIRD } other;
    bool terminal_busy, refresh;
};

static enum lifecycle_result expected_of_enable(const struct situation *s)
{
    if (s->enabled)
        return LIFECYCLE_WRONG_STATE;
    if (s->other == LOCKED && s->class == PROFILE_OPERATIONAL)
        return LIFECYCLE_DISALLOWED_BY_POLICY;
    if (s->other == TESTING_AFTER_THIRD && s->class != PROFILE_TEST)
        return LIFECYCLE_WRONG_REENABLING;
    return s->terminal_busy && s->refresh ? LIFECYCLE_CAT_BUSY : LIFECYCLE_OK;
}

static enum lifecycle_result expected(const struct situation *s, enum lifecycle_event event)
{
    switch (event) {
    case LIFECYCLE_ENABLE:
        return expected_of_enable(s);
    case LIFECYCLE_DISABLE:
        if (!s->enabled)
            return LIFECYCLE_WRONG_STATE;
        if (s->ppr1)
            return LIFECYCLE_DISALLOWED_BY_POLICY;
        return s->terminal_busy && s->refresh ? LIFECYCLE_CAT_BUSY : LIFECYCLE_OK;
    case LIFECYCLE_DELETE:
        if (s->enabled)
            return LIFECYCLE_WRONG_STATE;
        return s->ppr2 ? LIFECYCLE_DISALLOWED_BY_POLICY : LIFECYCLE_OK;
    case LIFECYCLE_MEMORY_RESET:
        return s->enabled && s->terminal_busy ? LIFECYCLE_CAT_BUSY : LIFECYCLE_OK;
    default:
        return LIFECYCLE_WRONG_STATE; /* install: it is there already */
    }
}

static int expected_state(const struct situation *s, enum lifecycle_event event)
{
    if (expected(s, event) != LIFECYCLE_OK)
        return s->enabled ? 1 : 0;
    switch (event) {
    case LIFECYCLE_ENABLE:
        return 1;
    case LIFECYCLE_DISABLE:
        return 0;
    default:
        return -1;
    }
}

/* --- the card ------------------------------------------------------------------------------------ */

static void set_enabled(struct es10_bench *bench, const char *iccid)
{
    struct profile profile;

    ck_assert(profile_by_iccid(bench->card, hex(es10_iccid(iccid)), &profile));
    ck_assert(profile_set_state(bench->card, profile.id, PROFILE_ENABLED));
    profile_clear(&profile);
}

static int64_t id_of(struct es10_bench *bench, const char *iccid)
{
    struct profile profile;
    int64_t id;

    ck_assert(profile_by_iccid(bench->card, hex(es10_iccid(iccid)), &profile));
    id = profile.id;
    profile_clear(&profile);
    return id;
}

/* Puts the subject's row as the situation has it. Everything is in a transaction that is rolled back
 * afterwards. */
static void set_subject(struct es10_bench *bench, const struct situation *s)
{
    ck_assert(nvm_change(bench->card->nvm,
                         "UPDATE profile SET class = ?2, ppr1 = ?3, ppr2 = ?4 WHERE id = ?1",
                         NVM_VALUES(NVM_INT(id_of(bench, SUBJECT)), NVM_STRING(profile_class_name(s->class)),
                                    NVM_INT(s->ppr1), NVM_INT(s->ppr2))));
    if (s->enabled)
        set_enabled(bench, SUBJECT);
}

static void set_other(struct es10_bench *bench, const struct situation *s)
{
    ck_assert(nvm_change(bench->card->nvm, "UPDATE profile SET class = ?2, ppr1 = ?3 WHERE id = ?1",
                         NVM_VALUES(NVM_INT(id_of(bench, OTHER)),
                                    NVM_STRING(s->other >= TESTING ? "test" : "operational"),
                                    NVM_INT(s->other == LOCKED))));
    if (s->other != NOBODY)
        set_enabled(bench, OTHER);
    if (s->other == TESTING_AFTER_SUBJECT)
        ck_assert(profile_set_before_test(bench->card, id_of(bench, SUBJECT)));
    if (s->other == TESTING_AFTER_THIRD)
        ck_assert(profile_set_before_test(bench->card, id_of(bench, THIRD)));
}

static void set_terminal(struct es10_bench *bench, const struct situation *s)
{
    struct buf response = {0};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(bench->card, SOFTEUICC_WARM, atr, &size);
    if (s->terminal_busy) {
        bench->terminal = terminal_start(bench->card, SOFTEUICC_WARM);
        ck_assert_uint_eq(terminal_command(&bench->terminal, hex("80100000 04 00008002"), &response), 0x9000);
    }
    buf_free(&response);
}

/* The terminal serves REFRESH and short messages, and is at one of these. */
static void keep_busy(struct es10_bench *bench)
{
    if (toolkit_session_active(bench->card))
        return;
    ck_assert(toolkit_send_short_message(bench->card, hex("4100")));
    ck_assert_uint_eq(toolkit_status(bench->card, SW_OK) & 0xFF00, 0x9100);
}

static void try_one(struct es10_bench *bench, const struct situation *s, enum lifecycle_event event)
{
    struct profile subject;
    enum lifecycle_result result;
    struct span before;

    set_subject(bench, s);
    set_other(bench, s);
    if (s->terminal_busy)
        keep_busy(bench);
    before = es10_tables(bench);
    ck_assert(profile_by_iccid(bench->card, hex(es10_iccid(SUBJECT)), &subject));
    result = lifecycle_run(bench->card, &subject, event, s->refresh);
    profile_clear(&subject);
    ck_assert_msg(result == expected(s, event),
                  "%s: enabled %d class %d ppr1 %d ppr2 %d other %d busy %d refresh %d gives %d, not %d",
                  lifecycle_event_name(event), s->enabled, s->class, s->ppr1, s->ppr2, s->other,
                  s->terminal_busy, s->refresh, result, expected(s, event));
    ck_assert_int_eq(es10_state(bench, SUBJECT), expected_state(s, event));
    if (result != LIFECYCLE_OK)
        ck_assert_span(es10_tables(bench), before);
    else if (event == LIFECYCLE_ENABLE)
        ck_assert_int_eq(es10_state(bench, OTHER), 0);
    nvm_rollback(bench->card->nvm);
}

static void try_all(struct es10_bench *bench, struct situation s)
{
    for (int event = 0; event <= LIFECYCLE_MEMORY_RESET; event++)
        try_one(bench, &s, (enum lifecycle_event)event);
}

START_TEST(every_situation_ends_as_stated)
{
    struct es10_bench bench;
    unsigned situations = 0;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = SUBJECT, .address = "s.example", .operations = 15});
    es10_install(&bench, &(struct es10_profile){.iccid = OTHER});
    es10_install(&bench, &(struct es10_profile){.iccid = THIRD});
    for (int busy = 0; busy < 2; busy++) {
        set_terminal(&bench, &(struct situation){.terminal_busy = busy != 0});
        for (unsigned bits = 0; bits < 16; bits++) {
            for (int class = PROFILE_TEST; class <= PROFILE_OPERATIONAL; class ++) {
                for (int other = NOBODY; other <= TESTING_AFTER_THIRD; other++) {
                    struct situation s = {.enabled = (bits & 1) != 0,
                                          .ppr1 = (bits & 2) != 0,
                                          .ppr2 = (bits & 4) != 0,
                                          .refresh = (bits & 8) != 0,
                                          .class = (enum profile_class) class,
                                          .other = other,
                                          .terminal_busy = busy != 0};

                    if (s.enabled && s.other != NOBODY)
                        continue; /* two enabled profiles do not exist */
                    /* A REFRESH that was made and rolled back would keep the terminal busy: begin with a
                     * fresh one. */
                    try_all(&bench, s);
                    situations++;
                }
            }
        }
    }
    ck_assert_uint_eq(situations, 2 * 8 * 3 * (6 + 1));
    es10_close(&bench);
}
END_TEST

START_TEST(notifications_come_in_the_order_of_what_happened)
{
    struct es10_bench bench;
    struct span list;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = SUBJECT, .address = "s.example", .operations = 15});
    es10_install(
        &bench,
        &(struct es10_profile){
            .iccid = OTHER, .test = true, .address = "t.example", .operations = 6, .address2 = "u.example"});
    es10(&bench, "BF3111 A00C 5A0A 98940000000000000071 8101FF"); /* 1: s enabled */
    es10(&bench, "BF3111 A00C 5A0A 98940000000000000052 8101FF"); /* 2: s disabled, 3 and 4: t, u enabled */
    es10(&bench,
         "BF3211 A00C 5A0A 98940000000000000052 8101FF"); /* 5 and 6: t, u disabled, 7: s enabled again */
    es10(&bench, "BF330C 5A0A 98940000000000000052");     /* 8: u deleted */
    list = es10(&bench, "BF2800");
    ck_assert_hex(list, "BF2882010C A0820108"
                        "BF2F1E 800101 81020640 0C09 732E6578616D706C65 5A0A 98940000000000000071"
                        "BF2F1E 800102 81020520 0C09 732E6578616D706C65 5A0A 98940000000000000071"
                        "BF2F1E 800103 81020640 0C09 742E6578616D706C65 5A0A 98940000000000000052"
                        "BF2F1E 800104 81020640 0C09 752E6578616D706C65 5A0A 98940000000000000052"
                        "BF2F1E 800105 81020520 0C09 742E6578616D706C65 5A0A 98940000000000000052"
                        "BF2F1E 800106 81020520 0C09 752E6578616D706C65 5A0A 98940000000000000052"
                        "BF2F1E 800107 81020640 0C09 732E6578616D706C65 5A0A 98940000000000000071"
                        "BF2F1E 800108 81020410 0C09 752E6578616D706C65 5A0A 98940000000000000052");
    es10_close(&bench);
}
END_TEST

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

/* The graph as a text. */
static const char *graph(void)
{
    struct buf *out = test_buf();

    lifecycle_dot(out);
    buf_append_octet(out, '\0');
    ck_assert(!out->failed);
    return (const char *)out->data;
}

/* A row that only refuses has one edge, any other has one on each side of its box. */
START_TEST(the_graph_shows_every_row)
{
    const char *text = graph();
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);
    unsigned edges = 0;
    unsigned lines = 0;

    for (size_t i = 0; i < rows; i++) {
        char box[32];

        snprintf(box, sizeof(box), "    row%zu [", i);
        ck_assert_uint_eq(count(text, box), 1);
        ck_assert_ptr_nonnull(strstr(text, lifecycle_event_name(table[i].event)));
        edges += table[i].actions[0] == NULL && table[i].guards[0] != NULL ? 1 : 2;
        for (size_t k = 0; table[i].guards[k] != NULL; k++, lines++)
            ck_assert_ptr_nonnull(strstr(text, table[i].guards[k]->name));
        for (size_t k = 0; table[i].actions[k] != NULL; k++, lines++)
            ck_assert_ptr_nonnull(strstr(text, table[i].actions[k]->name));
        lines++; /* the event */
    }
    ck_assert_uint_eq(count(text, " -> "), edges);
    ck_assert_uint_eq(count(text, "<tr>"), lines);
    /* What a missing row says, a guard says of a profile that is about to leave its state: of two deletions.
     */
    ck_assert_uint_eq(count(text, "wrong state"), 2);
}
END_TEST

/* What Graphviz reads: everything that is opened is closed, and text has nothing in it that HTML would take
 * for its own. */
START_TEST(the_graph_is_well_formed_and_always_the_same)
{
    static const char *const pairs[][2] = {
        {"{", "}"},        {"[", "]"},      {"<table ", "</table>"}, {"<tr>", "</tr>"}, {"<font ", "</font>"},
        {"<td ", "</td>"}, {"<b>", "</b>"}, {"<i>", "</i>"},         {"label=<", ">]"}};
    const char *text = graph();
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);

    ck_assert_ptr_eq(strstr(text, "digraph lifecycle {"), text);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        ck_assert_uint_eq(count(text, pairs[i][0]), count(text, pairs[i][1]));
    for (size_t i = 0; i < rows; i++) {
        for (size_t k = 0; table[i].guards[k] != NULL; k++)
            ck_assert_ptr_null(strpbrk(table[i].guards[k]->name, "<>&\"\\"));
        for (size_t k = 0; table[i].actions[k] != NULL; k++)
            ck_assert_ptr_null(strpbrk(table[i].actions[k]->name, "<>&\"\\"));
    }
    ck_assert_str_eq(text, graph());
}
END_TEST

TEST_MAIN("lifecycle", the_table_says_what_the_specifications_say, the_rows_make_sense_by_themselves,
          whatever_moves_the_enabled_profile_withdraws_a_rollback_grant, every_situation_ends_as_stated,
          notifications_come_in_the_order_of_what_happened, the_graph_shows_every_row,
          the_graph_is_well_formed_and_always_the_same)
