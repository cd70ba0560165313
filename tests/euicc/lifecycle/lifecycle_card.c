/* A real card that can be put into any state of the model, and its answer to an event:
 * see lifecycle_card.h. */
#include "tests/euicc/lifecycle/lifecycle_card.h"

#include "apdu/tlv.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/card.h"
#include "euicc/terminal/toolkit.h"

#include <stdio.h>
#include <string.h>

#define EIM_ID "2.999.1"

static const char *const iccids[] = {"89490000000000000017", "89490000000000000025", "89490000000000000033",
                                     "89490000000000000041", "89490000000000000058"};

/* --- SQL ----------------------------------------------------------------------------------------- */

static void run_sql(struct lifecycle_card *bench, const char *sql, const int64_t *values, size_t count)
{
    struct nvm *nvm = bench->es10.card->nvm;
    struct nvm_value bound[8];

    ck_assert_uint_le(count, 8);
    for (size_t i = 0; i < count; i++)
        bound[i] = NVM_INT(values[i]);
    ck_assert_msg(nvm_change(nvm, sql, (struct nvm_values){bound, count}), "%s: %s", sql, nvm_message(nvm));
}

#define SQL(bench, sql) run_sql((bench), (sql), NULL, 0)
#define SQL_WITH(bench, sql, ...)                                                                            \
    run_sql((bench), (sql), (const int64_t[]){__VA_ARGS__},                                                  \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* --- the card's state ---------------------------------------------------------------------------- */

static uint8_t who(const struct lifecycle_card *bench, int64_t id)
{
    for (uint8_t i = 0; i < bench->world->count; i++)
        if (bench->ids[i] == id)
            return (uint8_t)(1 + i);
    ck_assert_int_eq(id, 0);
    return NOBODY;
}

static int64_t id_of(const struct lifecycle_card *bench, uint8_t profile)
{
    return profile == NOBODY ? 0 : bench->ids[profile - 1];
}

void lifecycle_card_read(struct lifecycle_card *bench, struct state *state)
{
    struct softeuicc *card = bench->es10.card;
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT id, state = 'enabled' FROM profile", NVM_NONE);

    *state = (struct state){.rollback = NOBODY};
    while (nvm_row(card->nvm, stmt))
        state->profiles[who(bench, nvm_int(stmt, 0)) - 1] = nvm_int(stmt, 1) != 0 ? ENABLED : DISABLED;
    stmt = nvm_select(card->nvm,
                      "SELECT rollback, fallback, before_fallback, emergency, before_emergency,"
                      " before_test, (rollback IS NULL) = (rollback_eim IS NULL)"
                      " FROM iot, card",
                      NVM_NONE);
    ck_assert(nvm_row(card->nvm, stmt));
    state->rollback = who(bench, nvm_int(stmt, 0));
    state->fallback = who(bench, nvm_int(stmt, 1));
    state->before_fallback = who(bench, nvm_int(stmt, 2));
    state->emergency = nvm_int(stmt, 3) != 0;
    state->before_emergency = who(bench, nvm_int(stmt, 4));
    state->before_test = who(bench, nvm_int(stmt, 5));
    ck_assert_msg(nvm_int(stmt, 6) != 0, "a grant is there in part");
    nvm_done(stmt);
    state->installed = who(bench, rsp_session_installed(card));
    state->busy = toolkit_session_active(card);
}

/* --- the card is put into a state ---------------------------------------------------------------- */

/* Profiles come back as they were installed, without what makes their files, which nobody looks at here. */
static void put_profiles(struct lifecycle_card *bench, const struct state *state)
{
    SQL(bench, "UPDATE profile SET state = 'disabled' WHERE state = 'enabled'");
    SQL(bench, "INSERT INTO profile SELECT * FROM saved_profile WHERE id NOT IN (SELECT id FROM profile)");
    SQL(bench, "INSERT INTO notification_address SELECT * FROM saved_address"
               " WHERE profile NOT IN (SELECT profile FROM notification_address)");
    for (unsigned i = 0; i < bench->world->count; i++) {
        if (state->profiles[i] == ABSENT)
            SQL_WITH(bench, "DELETE FROM profile WHERE id = ?1", bench->ids[i]);
        if (state->profiles[i] == ENABLED)
            SQL_WITH(bench, "UPDATE profile SET state = 'enabled' WHERE id = ?1", bench->ids[i]);
    }
}

static void put_memory(struct lifecycle_card *bench, const struct state *state)
{
    SQL_WITH(bench,
             "UPDATE iot SET rollback = nullif(?1, 0), rollback_eim = iif(?1, '" EIM_ID "', NULL),"
             " rollback_counter = iif(?1, 1, NULL), rollback_result = iif(?1, 0, NULL),"
             " fallback = nullif(?2, 0), before_fallback = nullif(?3, 0), emergency = ?4,"
             " before_emergency = nullif(?5, 0)",
             id_of(bench, state->rollback), id_of(bench, state->fallback),
             id_of(bench, state->before_fallback), state->emergency, id_of(bench, state->before_emergency));
    SQL_WITH(bench, "UPDATE card SET before_test = nullif(?1, 0)", id_of(bench, state->before_test));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

static void announce_terminal(struct lifecycle_card *bench)
{
    static const uint8_t profile[] = {0x80, 0x10, 0x00, 0x00, 0x03, 0x00, 0x00, 0x80}; /* REFRESH */
    struct buf response = {0};

    toolkit_reset(bench->es10.card);
    if (bench->world->terminal)
        ck_assert_uint_eq(terminal_command(&bench->es10.terminal, SPAN_ARRAY(profile), &response), 0x9000);
    buf_free(&response);
}

static void put_ram(struct lifecycle_card *bench, const struct state *state)
{
    struct softeuicc *card = bench->es10.card;

    card->rsp->installed = id_of(bench, state->installed);
    if ((state->busy != 0) == toolkit_session_active(card))
        return;
    if (state->busy)
        ck_assert((toolkit_request_refresh(card) && toolkit_status(card, SW_OK) != SW_OK));
    else
        announce_terminal(bench);
}

void lifecycle_card_put(struct lifecycle_card *bench, const struct state *state)
{
    put_profiles(bench, state);
    put_memory(bench, state);
    put_ram(bench, state);
}

/* --- requests ------------------------------------------------------------------------------------ */

static void put_iccid(struct lifecycle_card *bench, uint8_t profile, struct buf *out)
{
    tlv_put(out, 0x5A, SPAN(bench->coded[profile - 1], ICCID_SIZE));
}

static void put_boolean(struct buf *out, uint32_t tag, bool value)
{
    const uint8_t octet = value ? 0xFF : 0x00;

    tlv_put(out, tag, SPAN(&octet, 1));
}

static void put_change(struct lifecycle_card *bench, const struct event *event, struct buf *out)
{
    size_t identifier = tlv_open(out, 0xA0);

    put_iccid(bench, event->profile, out);
    tlv_close(out, identifier);
    put_boolean(out, 0x81, event->refresh);
}

static void put_command(struct lifecycle_card *bench, const struct command *command, struct buf *out)
{
    static const uint32_t tags[] = {
        [PACKAGE_ENABLE] = 0xA3, [PACKAGE_ENABLE_ROLLBACK] = 0xA3, [PACKAGE_DISABLE] = 0xA4,
        [PACKAGE_DELETE] = 0xA5, [PACKAGE_SET_FALLBACK] = 0xA8,    [PACKAGE_UNSET_FALLBACK] = 0xA9};
    size_t at = tlv_open(out, tags[command->operation]);

    if (command->operation != PACKAGE_UNSET_FALLBACK)
        put_iccid(bench, command->profile, out);
    if (command->operation == PACKAGE_ENABLE_ROLLBACK)
        tlv_put(out, 0x05, SPAN(NULL, 0));
    tlv_close(out, at);
}

static void put_package(struct lifecycle_card *bench, const struct event *event, struct buf *out)
{
    struct buf commands = {0};
    struct test_package package = {.list_tag = PSMO};

    for (unsigned i = 0; i < COMMANDS_MAX && event->commands[i].operation != NO_COMMAND; i++)
        put_command(bench, &event->commands[i], &commands);
    package.list = buf_span(&commands);
    test_package_put(out, &bench->eim, &package);
    buf_free(&commands);
}

static void put_options(struct buf *out, uint8_t unused, uint8_t bits)
{
    const uint8_t octets[] = {unused, bits};

    tlv_put(out, 0x82, SPAN_ARRAY(octets));
}

/* Function by function: its tag, and what it is asked. */
static const struct function {
    uint32_t tag;
    enum { CHANGE, NAMED, OPTIONS, SIGNED, REFRESH_ONLY, NOT_SENT } content;
    uint8_t option; /* resetOptions */
} functions[OPERATIONS] = {
    [LPA_ENABLE] = {0xBF31, CHANGE, 0},
    [LPA_DISABLE] = {0xBF32, CHANGE, 0},
    [LPA_DELETE] = {0xBF33, NAMED, 0},
    [LPA_RESET_OPERATIONAL] = {0xBF34, OPTIONS, 0x80},
    [LPA_RESET_TEST] = {0xBF34, OPTIONS, 0x40},
    [IOT_RESET_OPERATIONAL] = {0xBF64, OPTIONS, 0x80},
    [PACKAGE] = {0xBF51, SIGNED, 0},
    [ROLLBACK] = {0xBF58, REFRESH_ONLY, 0},
    [IMMEDIATE_ENABLE] = {0xBF5A, REFRESH_ONLY, 0},
    [EMERGENCY_ON] = {0xBF5B, REFRESH_ONLY, 0},
    [EMERGENCY_OFF] = {0xBF5C, REFRESH_ONLY, 0},
    [FALLBACK] = {0xBF5D, REFRESH_ONLY, 0},
    [RETURN] = {0xBF5E, REFRESH_ONLY, 0},
    [POWER_LOSS] = {0, NOT_SENT, 0},
    [DOWNLOAD] = {0, NOT_SENT, 0},
};

static void put_request(struct lifecycle_card *bench, const struct event *event, struct buf *out)
{
    const struct function *function = &functions[event->operation];
    size_t outer;

    if (function->content == SIGNED) {
        put_package(bench, event, out);
        return;
    }
    outer = tlv_open(out, function->tag);
    switch (function->content) {
    case CHANGE:
        put_change(bench, event, out);
        break;
    case NAMED:
        put_iccid(bench, event->profile, out);
        break;
    case OPTIONS:
        put_options(out, 4, function->option);
        break;
    case REFRESH_ONLY:
        put_boolean(out, 0x80, event->refresh);
        break;
    default: /* not sent */
        ck_abort();
    }
    tlv_close(out, outer);
}

/* --- what the card answers ----------------------------------------------------------------------- */

static struct tlv first(struct span octets)
{
    struct tlv_reader reader = tlv_reader(octets);
    struct tlv object = {0};

    ck_assert_int_eq(tlv_next(&reader, &object), TLV_OK);
    return object;
}

/* BF51 { A0 | A1 { 30 { …, 30 results | 02 code }, 5F37 } } */
static void read_package_result(struct span response, char codes[CODES_MAX])
{
    struct tlv_reader reader = tlv_reader(first(first(first(response).value).value).value);
    struct tlv member;

    while (tlv_next(&reader, &member) == TLV_OK) {
        if (member.tag == 0x30 || member.tag == 0x02)
            hex_from_span(member.tag == 0x30 ? member.value : member.whole, codes, CODES_MAX);
    }
}

/* A rollback's own result is there when there was a rollback, and says so. */
static void check_rollback_result(struct span response, const char *codes)
{
    struct tlv_reader reader = tlv_reader(first(response).value);
    struct tlv member;
    char results[CODES_MAX] = "";

    ck_assert_int_eq(tlv_next(&reader, &member), TLV_OK);
    if (strcmp(codes, "00") == 0) {
        ck_assert_int_eq(tlv_next(&reader, &member), TLV_OK);
        read_package_result(member.whole, results);
        ck_assert_str_eq(results, "8C0100");
    }
    ck_assert(tlv_finish(&reader));
}

static void read_codes(const struct event *event, struct span response, char codes[CODES_MAX])
{
    struct tlv code;

    if (event->operation == PACKAGE) {
        read_package_result(response, codes);
        return;
    }
    code = first(first(response).value);
    ck_assert_uint_eq(code.tag, event->operation == ROLLBACK ? 0x02 : 0x80);
    hex_from_span(code.value, codes, CODES_MAX);
    if (event->operation == ROLLBACK)
        check_rollback_result(response, codes);
}

/* The notifications that were made, as the model writes them; they do not stay. */
static void take_notes(struct lifecycle_card *bench, char notes[NOTES_MAX])
{
    struct nvm *nvm = bench->es10.card->nvm;
    sqlite3_stmt *stmt =
        nvm_select(nvm, "SELECT operation, iccid FROM notification ORDER BY sequence", NVM_NONE);
    size_t size = 0;

    notes[0] = '\0';
    while (nvm_row(nvm, stmt)) {
        const char *operation = nvm_text(stmt, 0);
        unsigned i = 0;

        while (strcmp(iccids[i], nvm_text(stmt, 1)) != 0)
            i++;
        size += (size_t)snprintf(notes + size, NOTES_MAX - size, "%c%c ",
                                 strcmp(operation, "delete") == 0 ? 'x' : operation[0],
                                 bench->world->profiles[i].name);
    }
    if (size > 0) {
        SQL(bench, "DELETE FROM notification");
        ck_assert(nvm_commit(nvm));
    }
}

/* --- one event ----------------------------------------------------------------------------------- */

/* The card loses its power and gets it back; nobody looks at files, so none are made. */
static void lose_power(struct lifecycle_card *bench)
{
    softeuicc_power_off(bench->es10.card);
    bench->es10.card->powered = true;
    terminal_select(&bench->es10.terminal);
    announce_terminal(bench);
}

/* What the end of a download leaves, without the download, which test_es10b_recovery.c makes. */
static void end_download(struct lifecycle_card *bench, const struct event *event)
{
    struct state state;

    lifecycle_card_read(bench, &state);
    state.profiles[event->profile - 1] = DISABLED;
    state.installed = event->profile;
    lifecycle_card_put(bench, &state);
}

/* What was marked takes effect, as with the terminal's answer. */
static void settle(struct lifecycle_card *bench)
{
    ck_assert(lifecycle_settle(bench->es10.card, true));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

void lifecycle_card_do(struct lifecycle_card *bench, const struct event *event, struct outcome *outcome)
{
    struct buf request = {0};
    struct buf response = {0};
    uint16_t status;
    bool busy;

    snprintf(outcome->codes, CODES_MAX, "00");
    if (event->operation == POWER_LOSS) {
        lose_power(bench);
    } else if (event->operation == DOWNLOAD) {
        end_download(bench, event);
    } else {
        put_request(bench, event, &request);
        status = es10_send(&bench->es10, buf_span(&request), &response);
        ck_assert_msg(status == 0x9000 || status >> 8 == 0x91, "BF%02X: %04X",
                      functions[event->operation].tag & 0xFF, status);
        read_codes(event, buf_span(&response), outcome->codes);
    }
    buf_free(&request);
    buf_free(&response);
    busy = toolkit_session_active(bench->es10.card);
    settle(bench);
    take_notes(bench, outcome->notes);
    lifecycle_card_read(bench, &outcome->state);
    outcome->state.busy = busy;
}

/* --- the card itself ----------------------------------------------------------------------------- */

static void install(struct lifecycle_card *bench)
{
    for (unsigned i = 0; i < bench->world->count; i++) {
        struct profile profile;

        es10_install(&bench->es10, &(struct es10_profile){.iccid = iccids[i],
                                                          .test = bench->world->profiles[i].test,
                                                          .ppr1 = bench->world->profiles[i].ppr1,
                                                          .ppr2 = bench->world->profiles[i].ppr2,
                                                          .address = "n.example",
                                                          .operations = 14});
        ck_assert(iccid_from_digits(iccids[i], bench->coded[i]));
        ck_assert(profile_by_iccid(bench->es10.card, SPAN_ARRAY(bench->coded[i]), &profile));
        bench->ids[i] = profile.id;
        profile_clear(&profile);
        SQL_WITH(bench, "UPDATE profile SET ecall = ?2, fallback_allowed = ?3 WHERE id = ?1", bench->ids[i],
                 bench->world->profiles[i].ecall, bench->world->profiles[i].fallback_allowed);
    }
    SQL(bench, "CREATE TABLE saved_profile AS SELECT * FROM profile");
    SQL(bench, "CREATE TABLE saved_address AS SELECT * FROM notification_address");
    SQL(bench, "UPDATE iot SET immediate_enable = 1");
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

void lifecycle_card_open(struct lifecycle_card *bench, const struct world *world)
{
    *bench = (struct lifecycle_card){.world = world};
    es10_open(&bench->es10, 1, 0);
    if (world->v1_3)
        bench->es10.card->sgp32[1] = 3;
    test_eim_open(&bench->eim, EIM_ID, EC_CURVE_P256);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
    install(bench);
    es10(&bench->es10, "BF2E00"); /* a session there is, to be marked as ended */
    announce_terminal(bench);
}

void lifecycle_card_close(struct lifecycle_card *bench)
{
    test_eim_close(&bench->eim);
    es10_close(&bench->es10);
}
