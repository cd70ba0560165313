/* What a card is after each command, and whether another is the same: see reference.h. */
#include "tests/powercut/reference.h"

#include "apdu/tlv.h"
#include "euicc/os/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES_MAX 512 /* commands in one step */

/* The card's tables after the commands of an undisturbed run: states[k] after k of them. */
struct reference {
    struct buf states[STATES_MAX];
    struct buf tries[STATES_MAX];  /* what is left of each code's */
    int64_t sequences[STATES_MAX]; /* the highest sequence number given out */
    size_t commands;
};

/* --- the card's content as text --- */

static void put_column(struct buf *out, sqlite3_stmt *stmt, int column)
{
    char text[64];

    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        tlv_put_string(out, 0x05, "");
        break;
    case SQLITE_BLOB:
        /* Signatures and keys are different in every run. */
        snprintf(text, sizeof(text), "%zu octets", nvm_blob(stmt, column).size);
        tlv_put_string(out, 0x04, text);
        break;
    default:
        tlv_put_string(out, 0x0C, nvm_text(stmt, column));
        break;
    }
}

static void dump(struct softeuicc *card, struct buf *out)
{
    static const char *const tables[] = {
        "SELECT * FROM card",
        "SELECT ci_key_id, curve, priority, ci_cert, eum_cert FROM credentials ORDER BY priority",
        "SELECT * FROM profile ORDER BY id",
        "SELECT * FROM profile_element ORDER BY profile, position",
        "SELECT * FROM notification_address ORDER BY profile, position",
        "SELECT * FROM notification ORDER BY sequence",
        "SELECT * FROM rat ORDER BY position",
        "SELECT * FROM crl ORDER BY ci_key_id, base, part",
        "SELECT * FROM one_time_key ORDER BY used_at",
        "SELECT *, hex(content) FROM file ORDER BY profile, number",
        "SELECT profile, directory, reference, value, puk, attributes, enabled, replaced, attempts FROM pin"
        " ORDER BY profile, directory, reference",
        "SELECT profile, reference, value, attempts FROM puk ORDER BY profile, reference",
        "SELECT * FROM network_access ORDER BY profile, application",
        "SELECT * FROM application ORDER BY profile, number",
        "SELECT * FROM load_package ORDER BY profile, number",
        "SELECT * FROM domain_key ORDER BY profile, application, position",
        "SELECT * FROM eim ORDER BY position",
        "SELECT * FROM iot",
        "SELECT * FROM package_result ORDER BY sequence",
    };

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        sqlite3_stmt *stmt = nvm_select(card->nvm, tables[i], NVM_NONE);

        tlv_put_string(out, 0x30, tables[i]);
        while (nvm_row(card->nvm, stmt))
            for (int column = 0; column < sqlite3_column_count(stmt); column++)
                put_column(out, stmt, column);
    }
    ck_assert_msg(!nvm_failed(card->nvm), "%s", nvm_message(card->nvm));
    ck_assert(!out->failed);
}

static void dump_tries(struct softeuicc *card, struct buf *out)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm,
                                    "SELECT attempts_left FROM (SELECT * FROM pin"
                                    " ORDER BY profile, directory, reference) UNION ALL"
                                    " SELECT attempts_left FROM (SELECT * FROM puk ORDER BY profile,"
                                    " reference)",
                                    NVM_NONE);

    while (nvm_row(card->nvm, stmt))
        buf_append_octet(out, (uint8_t)nvm_int(stmt, 0));
    ck_assert_msg(!nvm_failed(card->nvm), "%s", nvm_message(card->nvm));
}

int64_t run_number(struct softeuicc *card, const char *sql)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, sql, NVM_NONE);
    bool there = nvm_row(card->nvm, stmt);
    int64_t value;

    if (!there) { /* the call that fails may be this one's */
        nvm_rollback(card->nvm);
        stmt = nvm_select(card->nvm, sql, NVM_NONE);
        there = nvm_row(card->nvm, stmt);
    }
    ck_assert_msg(there, "%s: %s", sql, nvm_message(card->nvm));
    value = nvm_int(stmt, 0);
    nvm_done(stmt);
    return value;
}

static const char last_sequence[] = "SELECT last_notification FROM card";

void reference_begin(struct reference *reference, struct softeuicc *card)
{
    ck_assert_uint_lt(reference->commands, STATES_MAX);
    dump(card, &reference->states[reference->commands]);
    dump_tries(card, &reference->tries[reference->commands]);
    reference->sequences[reference->commands] = run_number(card, last_sequence);
}

void reference_add(struct reference *reference, struct softeuicc *card)
{
    reference->commands++;
    reference_begin(reference, card);
}

void reference_free(struct reference *reference)
{
    for (size_t i = 0; i <= reference->commands; i++) {
        buf_free(&reference->states[i]);
        buf_free(&reference->tries[i]);
    }
    free(reference);
}

struct reference *reference_new(void)
{
    struct reference *reference = calloc(1, sizeof(*reference));

    ck_assert_ptr_nonnull(reference);
    return reference;
}

/* --- what must hold afterwards --- */

void check_integrity(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "PRAGMA integrity_check", NVM_NONE);

    ck_assert(nvm_row(card->nvm, stmt));
    ck_assert_str_eq(nvm_text(stmt, 0), "ok");
    nvm_done(stmt);
    ck_assert(!nvm_row(card->nvm, nvm_select(card->nvm, "PRAGMA foreign_key_check", NVM_NONE)));
    ck_assert_int_eq(
        run_number(card,
                   "SELECT count(*) FROM profile_element WHERE profile NOT IN (SELECT id FROM profile)"),
        0);
    ck_assert_int_eq(
        run_number(card,
                   "SELECT count(*) FROM notification_address WHERE profile NOT IN (SELECT id FROM profile)"),
        0);
    ck_assert_int_le(run_number(card, "SELECT ifnull(max(sequence), 0) FROM notification"),
                     run_number(card, last_sequence));
    ck_assert_int_le(run_number(card, "SELECT count(*) FROM profile WHERE state = 'enabled'"), 1);
}

/* Whether the tries that are left are those after so many commands, or `spent` fewer of one code. */
static bool same_tries(struct softeuicc *card, const struct reference *reference, size_t commands,
                       unsigned spent)
{
    struct span then = buf_span(&reference->tries[commands]);
    struct buf now = {0};
    bool good;

    dump_tries(card, &now);
    good = now.size == then.size;
    for (size_t i = 0; good && i < now.size; i++) {
        unsigned fewer = (unsigned)then.data[i] - now.data[i];

        good = fewer == 0 || fewer == spent;
        spent -= good ? fewer : 0;
    }
    buf_free(&now);
    return good && spent == 0;
}

bool reference_same(struct softeuicc *card, const struct reference *reference, size_t commands,
                    unsigned spent)
{
    struct buf now = {0};
    bool equal;

    if (commands > reference->commands)
        return false;
    dump(card, &now);
    equal = span_equal(buf_span(&now), buf_span(&reference->states[commands])) &&
            same_tries(card, reference, commands, spent);
    buf_free(&now);
    return equal;
}

/* As after the commands that were answered, or after the next. The rows that a reset makes of a profile's
 * elements are stored without a sync: they may be gone, and a reset makes them again. */
static bool is_before_or_after(struct softeuicc *card, const struct run *run,
                               const struct reference *reference)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    for (unsigned resets = 0; resets <= 1; resets++) {
        if (resets > 0)
            softeuicc_reset(card, SOFTEUICC_COLD, atr, &size);
        if (reference_same(card, reference, run->answered, 0) ||
            (run->wrong && (reference_same(card, reference, run->answered + 1, 0) ||
                            reference_same(card, reference, run->answered, 1))))
            return true;
    }
    return false;
}

/* The card as it is found again, `run` being over. */
void check_survivor(const struct run *run, const struct reference *reference, const char *what)
{
    struct softeuicc_hooks hooks = run_hooks(run->disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_open(RUN_CARD, &hooks, &error);
    struct run after = {.ci = run->ci, .disk = run->disk, .card = card};

    ck_assert_msg(card != NULL, "%s: %s", what, error.message);
    check_integrity(card);
    ck_assert_msg(is_before_or_after(card, run, reference),
                  "%s: neither as after %zu commands nor as after the next", what, run->answered);
    ck_assert_int_ge(run_number(card, last_sequence), reference->sequences[run->answered]);
    /* Life goes on. */
    after.terminal = terminal_start(card, SOFTEUICC_COLD);
    ck_assert(run_request(&after, hex("BF2D 00")) && run_request(&after, hex(RUN_ADDRESS)));
    softeuicc_close(card);
}
