/*
 * Power cuts: a card's life, step by step, with the power cut at every single change of storage in turn, in
 * every mode of cut_vfs.h. After each cut the card is opened again, and it must be as it was before the
 * interrupted command or as it is after it, never between: all tables are compared. What was answered before
 * the cut must be there. The one thing that may be between is a try of a code, which counts before the code
 * is compared (test_tries.c). The same with a disk that fails once and goes on.
 */
#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "tests/powercut/run.h"
#include "tests/support/ota.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARD       "card.db"
#define ICCID_ONE  "8944476500001224158"
#define ICCID_TWO  "8944476500001224166"
#define STATES_MAX 512 /* commands in one step */

/* Besides the modes of a power cut: the change fails, and the power stays on. */
#define FAILING_DISK CUT_MODES

/* The card's tables after the commands of an undisturbed run: states[k] after k of them. */
struct reference {
    struct buf states[STATES_MAX];
    struct buf tries[STATES_MAX];  /* what is left of each code's */
    int64_t sequences[STATES_MAX]; /* the highest sequence number given out */
    size_t commands;
};

static size_t cut_points, runs;

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
    int64_t value;

    ck_assert_msg(nvm_row(card->nvm, stmt), "%s: %s", sql, nvm_message(card->nvm));
    value = nvm_int(stmt, 0);
    nvm_done(stmt);
    return value;
}

static const char last_sequence[] = "SELECT last_notification FROM card";

static void remember(struct reference *reference, struct softeuicc *card)
{
    ck_assert_uint_lt(reference->commands, STATES_MAX);
    dump(card, &reference->states[reference->commands]);
    dump_tries(card, &reference->tries[reference->commands]);
    reference->sequences[reference->commands] = run_number(card, last_sequence);
}

static void reference_free(struct reference *reference)
{
    for (size_t i = 0; i <= reference->commands; i++) {
        buf_free(&reference->states[i]);
        buf_free(&reference->tries[i]);
    }
    free(reference);
}

static struct reference *reference_new(void)
{
    struct reference *reference = calloc(1, sizeof(*reference));

    ck_assert_ptr_nonnull(reference);
    return reference;
}

/* --- one run --- */

static int64_t fixed_now(void *context)
{
    (void)context;
    return INT64_C(1700000000000);
}

static struct softeuicc_hooks hooks_for(const struct cut_disk *disk)
{
    return (struct softeuicc_hooks){.now = fixed_now, .storage = cut_disk_name(disk)};
}

static bool disturbed(const struct cut_disk *disk)
{
    return cut_disk_is_off(disk) || cut_disk_has_failed(disk);
}

/* Stands between the terminal and the card, and keeps count. */
static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    struct run *run = context;

    softeuicc_transmit(run->card, capdu, capdu_size, rapdu, rapdu_size);
    run->wrong = run->wrong || disturbed(run->disk);
    if (run->wrong)
        return;
    run->answered++;
    if (run->reference != NULL) {
        run->reference->commands++;
        remember(run->reference, run->card);
    }
}

bool run_request(struct run *run, struct span octets)
{
    struct buf response = {0};
    uint16_t status = terminal_store_data(&run->terminal, octets, &response);

    buf_free(&response);
    return status == 0x9000;
}

/* Metadata with these members at its end. */
static struct buf metadata_with(const char *iccid, struct span further)
{
    struct buf plain = {0};
    struct buf metadata = {0};
    struct span content;
    size_t outer;

    server_put_metadata(&plain, iccid, "Operator", "Profile", -1);
    ck_assert_int_eq(tlv_single(buf_span(&plain), 0xBF25, &content), TLV_OK);
    outer = tlv_open(&metadata, 0xBF25);
    buf_append(&metadata, content);
    buf_append(&metadata, further);
    tlv_close(&metadata, outer);
    buf_free(&plain);
    return metadata;
}

bool run_download(struct run *run, const char *metadata_iccid, struct span package, struct span further)
{
    struct server_outcome outcome = {0};
    struct buf metadata = metadata_with(metadata_iccid, further);
    struct server server;
    bool done;

    server_init(&server, &run->terminal, run->ci, package, buf_span(&metadata));
    done = server_download(&server, &outcome);
    server_outcome_free(&outcome);
    server_free(&server);
    buf_free(&metadata);
    return done;
}

static struct span package_one, package_two;

static void step_download(struct run *run)
{
    bool done = run_download(run, ICCID_ONE, package_one, SPAN_NONE);

    ck_assert(done || run->wrong);
}

static void step_download_again(struct run *run)
{
    bool done = run_download(run, ICCID_TWO, package_two, SPAN_NONE);

    ck_assert(done || run->wrong);
}

/* The metadata names another ICCID than the package: refused at the end, which leaves a result and nothing
 * else. */
static void step_download_refused(struct run *run)
{
    ck_assert(!run_download(run, "8944476500001224174", package_two, SPAN_NONE));
}

#define ENABLE_ONE  "BF31 11 A00C 5A0A 984474560000214251F8 8101FF"
#define DISABLE_ONE "BF32 11 A00C 5A0A 984474560000214251F8 8101FF"
#define DELETE_ONE  "BF33 0C 5A0A 984474560000214251F8"
#define ENABLE_TWO  "BF31 11 A00C 5A0A 984474560000214261F6 8101FF"
#define ADDRESS     "BF3F 06 8004 612E6263"

void run_in_a_row(struct run *run, const char *const *requests, size_t count)
{
    for (size_t i = 0; i < count && !run->wrong; i++)
        ck_assert_msg(run_request(run, hex(requests[i])) || run->wrong, "%s", requests[i]);
}

static void step_enable(struct run *run)
{
    IN_A_ROW(run, ENABLE_ONE);
}

static void step_switch(struct run *run)
{
    IN_A_ROW(run, ENABLE_TWO, ENABLE_ONE);
}

static void step_settings(struct run *run)
{
    IN_A_ROW(run, "BF29 11 5A0A 984474560000214251F8 9003 414243", ADDRESS, "BF2B 00", "BF28 00",
             "BF30 03 800101", "BF30 03 800102", "BF30 03 800163");
}

static void step_disable(struct run *run)
{
    IN_A_ROW(run, DISABLE_ONE);
}

static void step_delete(struct run *run)
{
    IN_A_ROW(run, DELETE_ONE);
}

static void step_memory_reset(struct run *run)
{
    IN_A_ROW(run, "BF34 04 82020560");
}

static void command(struct run *run, struct span capdu, uint16_t expected)
{
    struct buf response = {0};
    char text[64];
    uint16_t status;

    if (run->wrong)
        return;
    status = terminal_command(&run->terminal, capdu, &response);
    ck_assert_msg(run->wrong || status == expected, "%s: %04X", hex_from_span(capdu, text, sizeof(text)),
                  status);
    buf_free(&response);
}

/* What a terminal does with the enabled profile's UICC, on the basic channel. A counter that was told must be
 * the one that is stored. */
static void step_uicc(struct run *run)
{
    static const struct {
        const char *capdu;
        uint16_t status;
        const char *counter; /* what is left of it is in the status word */
    } commands[] = {
        {"00A4040C07A0000000871002", 0x9000, NULL}, /* the USIM */
        {"0020000A08 FFFFFFFFFFFFFFFF", 0x63C9,
         "SELECT attempts_left FROM pin WHERE reference = '0A'"}, /* ADM1, wrong */
        {"0020000A08 3131313131313131", 0x9000, NULL},            /* right */
        {"0020008108 30303030FFFFFFFF", 0x63C2,
         "SELECT min(attempts_left) FROM pin WHERE reference = '81'"}, /* PIN2, wrong */
        {"002C000110 3030303030303030 30303030FFFFFFFF", 0x63C9,
         "SELECT attempts_left FROM puk WHERE reference = '01'"},       /* PUK1, wrong */
        {"002C000110 3132333435363738 31323334FFFFFFFF", 0x9000, NULL}, /* right */
        {"0024000110 31323334FFFFFFFF 35363738FFFFFFFF", 0x9000, NULL}, /* CHANGE PIN */
        {"0026000108 35363738FFFFFFFF", 0x9000, NULL},                  /* DISABLE PIN */
        {"00A4000C026F7E", 0x9000, NULL},                               /* EF LOCI */
        {"00D6000004 11223344", 0x9000, NULL},                          /* UPDATE BINARY */
        {"00E000001D 621B 82024121 83026F50 8A0105 AB0A80017F90008401D49000 80020010", 0x9000,
         NULL},                                              /* CREATE FILE */
        {"80D400000A 6208 83026F50 80020040", 0x9000, NULL}, /* RESIZE FILE, larger */
        {"80D400000A 6208 83026F50 80020004", 0x9000, NULL}, /* and smaller */
        {"0004000002 6F50", 0x9000, NULL},                   /* DEACTIVATE FILE */
        {"00E4000002 6F50", 0x9000, NULL},                   /* DELETE FILE */
        {"00E0000018 6216 82027921 83026F51 8A0105 AB0580017F9000 80020040", 0x9000, NULL},
        {"80DB008005 8103AABBCC", 0x9000, NULL}, /* SET DATA: an object is made, */
        {"80DB008004 8102DDEE", 0x9000, NULL},   /* another takes its place, */
        {"80DB008001 81", 0x9000, NULL},         /* and it is deleted */
    };
    struct buf authenticate = {0};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        command(run, hex(commands[i].capdu), commands[i].status);
        if (commands[i].counter != NULL && !run->wrong)
            ck_assert_int_eq(run_number(run->card, commands[i].counter), commands[i].status & 0x0F);
    }
    buf_append(&authenticate, test_authenticate(0x0101, true));
    command(run, buf_span(&authenticate), 0x9000);
    buf_free(&authenticate);
}

/* The operator's short messages: each counter is used up once, with what its script did. */
static void step_ota(struct run *run)
{
    static const struct {
        const char *tar, *script;
    } messages[] = {
        {"B00001", "00A4000C026F07 00D6000801 77"},                             /* UPDATE BINARY of EF IMSI */
        {"B20100", "80E6200016 0000 10 A0000005591010FFFFFFFF8900000F00 000000" /* UpdateMetadata */
                   "80E2910008 BF2A05 9203 4F5441"},
        {"B20100", "80E4000009 4F07 00000000000000"}, /* DELETE of what is not there: the counter counts */
    };

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]) && !run->wrong; i++) {
        const struct ota_sender sender = {{0x16, 0x00}, 0x12, 0x12, messages[i].tar, i + 1, NULL};

        command(run, ota_envelope(ota_deliver(hex("7000"), ota_packet(&sender, messages[i].script))), 0x9000);
        if (!run->wrong)
            ck_assert_int_eq(run_number(run->card, "SELECT max(counter) FROM domain_key"), (int64_t)i + 1);
    }
}

/* The log has grown; a reset folds it into the file. */
static void step_fold(struct run *run)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    IN_A_ROW(run, ADDRESS);
    if (run->wrong)
        return;
    softeuicc_reset(run->card, SOFTEUICC_WARM, atr, &size);
    run->wrong = disturbed(run->disk);
    if (run->wrong)
        return;
    terminal_select(&run->terminal);
    IN_A_ROW(run, "BF3F 06 8004 622E6263");
}

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

/* Opens the card on run->disk, does the step, closes it. */
static void live(struct run *run, const struct step *step)
{
    struct softeuicc_hooks hooks = hooks_for(run->disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    run->card = softeuicc_open(CARD, &hooks, &error);
    if (run->card == NULL) {
        ck_assert_msg(disturbed(run->disk), "%s", error.message);
        return;
    }
    if (run->reference != NULL)
        remember(run->reference, run->card);
    softeuicc_reset(run->card, SOFTEUICC_COLD, atr, &size);
    run->terminal = (struct terminal){.card = run->card, .block = 255, .transmit = transmit, .context = run};
    /* A reset is an event of its own: it may show a profile for the first time, and then its files are
     * stored. */
    run->wrong = disturbed(run->disk);
    if (!run->wrong) {
        run->answered++;
        if (run->reference != NULL) {
            run->reference->commands++;
            remember(run->reference, run->card);
        }
        terminal_select(&run->terminal);
        step->run(run);
    }
    softeuicc_close(run->card);
}

/* --- what must hold afterwards --- */

static void check_integrity(struct softeuicc *card)
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

static bool same(struct softeuicc *card, const struct reference *reference, size_t commands, unsigned spent)
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
        if (same(card, reference, run->answered, 0) ||
            (run->wrong &&
             (same(card, reference, run->answered + 1, 0) || same(card, reference, run->answered, 1))))
            return true;
    }
    return false;
}

/* The card as it is found again, `run` being over. */
static void check_survivor(const struct run *run, const struct reference *reference, const char *what)
{
    struct softeuicc_hooks hooks = hooks_for(run->disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_open(CARD, &hooks, &error);
    struct run after = {.ci = run->ci, .disk = run->disk, .card = card};

    ck_assert_msg(card != NULL, "%s: %s", what, error.message);
    check_integrity(card);
    ck_assert_msg(is_before_or_after(card, run, reference),
                  "%s: neither as after %zu commands nor as after the next", what, run->answered);
    ck_assert_int_ge(run_number(card, last_sequence), reference->sequences[run->answered]);
    /* Life goes on. */
    after.terminal = terminal_start(card, SOFTEUICC_COLD);
    ck_assert(run_request(&after, hex("BF2D 00")) && run_request(&after, hex(ADDRESS)));
    softeuicc_close(card);
}

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
    live(&run, step);
    hit = disturbed(run.disk);
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
    struct softeuicc_hooks hooks = hooks_for(run.disk);
    const struct span settings[] = {hex("BF3F 06 8004 632E6263"), hex("BF3F 06 8004 642E6263")};
    struct cut_disk *copy;
    size_t size = 0;

    run.card = softeuicc_open(CARD, &hooks, NULL);
    ck_assert_ptr_nonnull(run.card);
    run.terminal = terminal_start(run.card, SOFTEUICC_COLD);
    for (size_t i = 0; size <= (size_t)(NVM_LOG_FOLD + 4) * 4120; i++) {
        ck_assert(run_request(&run, settings[i % 2]));
        ck_assert_ptr_nonnull(cut_disk_file(run.disk, CARD "-wal", &size));
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

    live(&undisturbed, step);
    for (unsigned mode = 0; !step->spared && mode <= FAILING_DISK; mode++) {
        uint64_t change = 1;

        while (disturb(before, ci, step, reference, change, mode))
            change++;
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

static struct softeuicc *create(const struct test_ci *ci, const struct cut_disk *disk)
{
    struct softeuicc_hooks hooks = hooks_for(disk);
    struct softeuicc_credentials credentials;
    struct softeuicc_parameters parameters = {.eid = TEST_EID,
                                              .credentials = &credentials,
                                              .credentials_count = 1,
                                              .default_smdp = "smdp.example.com"};
    struct softeuicc *card;
    struct buf key = {0};

    ck_assert(ec_key_to_pkcs8(ci->eum.key, &key));
    credentials = (struct softeuicc_credentials){.ci_cert = ci->ci.der.data,
                                                 .ci_cert_size = ci->ci.der.size,
                                                 .eum_cert = ci->eum.der.data,
                                                 .eum_cert_size = ci->eum.der.size,
                                                 .eum_key = key.data,
                                                 .eum_key_size = key.size};
    card = softeuicc_create_open(CARD, &parameters, &hooks, NULL);
    buf_free(&key);
    return card;
}

/* False when the disturbance did not come any more. A card that was said to be made is there; another is
 * there whole, or not. */
static bool disturb_creation(const struct test_ci *ci, const struct reference *reference, uint64_t change,
                             enum cut_mode mode)
{
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc_hooks hooks = hooks_for(disk);
    struct softeuicc *card;
    bool made;
    bool hit;

    cut_disk_arm(disk, change, mode);
    card = create(ci, disk);
    made = card != NULL;
    softeuicc_close(card);
    hit = cut_disk_is_off(disk);
    cut_disk_power_on(disk);
    card = softeuicc_open(CARD, &hooks, NULL);
    ck_assert_msg(card != NULL || !made, "change %" PRIu64 " %s: the card is gone", change,
                  cut_mode_name(mode));
    if (card != NULL) {
        check_integrity(card);
        ck_assert(same(card, reference, 0, 0));
    }
    softeuicc_close(card);
    cut_disk_free(disk);
    return hit;
}

static struct cut_disk *torment_creation(const struct test_ci *ci)
{
    struct reference *reference = reference_new();
    struct cut_disk *disk = cut_disk_new();
    struct softeuicc *card = create(ci, disk);
    uint64_t points = 0;

    ck_assert_ptr_nonnull(card);
    remember(reference, card);
    softeuicc_close(card);
    for (unsigned mode = 0; mode < CUT_MODES; mode++) {
        uint64_t change = 1;

        for (; disturb_creation(ci, reference, change, (enum cut_mode)mode); change++)
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
    package_one = test_profile(ICCID_ONE);
    package_two = test_profile(ICCID_TWO);
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
