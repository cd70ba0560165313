/*
 * The enabled profile's files on a whole card: every package read back over APDUs, what is stored when, what
 * a change of profile, a reset, an error and a card file of the first schema mean for them.
 */
#include "apdu/apdu.h"
#include "euicc/profile/profile_files.h"
#include "euicc/terminal/profile_view.h"
#include "tests/support/es10.h"
#include "tests/support/profile.h"
#include "tests/support/reads_back.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST  "89490000000000000017"
#define SECOND "89490000000000000025"
#define USIM   "A0000000871002"

static void reset(struct es10_bench *bench)
{
    bench->terminal = terminal_start(bench->card, SOFTEUICC_WARM);
}

static void enable(struct es10_bench *bench, const char *iccid)
{
    ck_assert_hex(es10(bench, "BF3111 A00C5A0A%s 810100", es10_iccid(iccid)), "BF3103800100");
}

static uint16_t command(void *context, struct span capdu, struct buf *response)
{
    struct es10_bench *bench = context;

    return terminal_command(&bench->terminal, capdu, response);
}

static uint16_t status_of(struct es10_bench *bench, const char *capdu)
{
    return command(bench, hex(capdu), test_buf());
}

static struct span answer(struct es10_bench *bench, const char *capdu)
{
    struct buf *response = test_buf();

    ck_assert_uint_eq(command(bench, hex(capdu), response), SW_OK);
    return buf_span(response);
}

/* Satisfies every rule, as a terminal that knows all codes would. */
static void verify_everything(struct es10_bench *bench)
{
    struct fs *fs = profile_view_uicc(bench->card)->fs;

    for (size_t i = 0; i < fs->pin_count; i++)
        fs->pins[i].verified = true;
}

static int64_t count(struct es10_bench *bench, const char *sql)
{
    sqlite3_stmt *stmt = nvm_select(bench->card->nvm, sql, NVM_NONE);
    int64_t number = nvm_row(bench->card->nvm, stmt) ? nvm_int(stmt, 0) : -1;

    nvm_done(stmt);
    return number;
}

#define COUNT(bench, table) count((bench), "SELECT count(*) FROM " table)

static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

/* Installs a package, enables it, and reads every file over APDUs. */
static void install_and_read(const char *name, struct span der)
{
    struct es10_bench bench = {0};
    struct es10_profile profile = {.package = der};
    struct saip_package package;
    struct saip_failure failure;
    struct reads_back_counts counts;
    char digits[21];
    double begin;

    ck_assert_msg(saip_decode(der, &package, &failure), "%s", failure.reason);
    ck_assert(iccid_to_digits(SPAN_ARRAY(package.iccid), digits));
    profile.iccid = digits;
    es10_open(&bench, 1, 0);
    begin = milliseconds();
    es10_install(&bench, &profile);
    printf("%s: decode to commit %.2f ms of CPU\n", name, milliseconds() - begin);
    enable(&bench, digits);
    reset(&bench);
    verify_everything(&bench);
    counts = reads_back(&package, command, &bench);
    ck_assert_uint_eq(counts.files, package.file_count);
    ck_assert_uint_gt(counts.read, 50);
    /* Read again from the rows instead of what installation left in RAM. */
    ck_assert_int_eq(COUNT(&bench, "file"), (int64_t)package.file_count);
    ck_assert(!nvm_in_transaction(bench.card->nvm));
    saip_free(&package);
    es10_close(&bench);
}

START_TEST(packages_read_back)
{
    static const char *const names[] = {"ts48/TS48v1_A.der", "ts48/TS48v3_SAIP2.1_NoBERTLV.der",
                                        "ts48/TS48v5_SAIP2.3_BERTLV_SUCI.der"};

    install_and_read("built", test_profile(FIRST));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (shared_data(names[i]) == NULL)
            printf("skipped: %s is not there\n", names[i]);
        else
            install_and_read(names[i], test_read_file(shared_data(names[i])));
    }
}
END_TEST

static void open_bench(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = FIRST});
    es10_install(bench, &(struct es10_profile){.iccid = SECOND});
}

START_TEST(a_change_is_seen_after_the_next_reset)
{
    struct es10_bench bench = {0};

    open_bench(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022FE2"), SW_FILE_NOT_FOUND);
    enable(&bench, FIRST);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022FE2"), SW_FILE_NOT_FOUND);
    reset(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022FE2"), SW_OK);
    ck_assert_span(answer(&bench, "00B000000A"), hex(es10_iccid(FIRST)));
    /* An application session, an EF and verified codes on two channels: nothing of it is left. */
    ck_assert_hex(answer(&bench, "0070000001"), "02");
    ck_assert_uint_eq(status_of(&bench, "02A4040C07" USIM), SW_OK);
    ck_assert_uint_eq(status_of(&bench, "02A4000C026F07"), SW_OK);
    verify_everything(&bench);
    enable(&bench, SECOND);
    reset(&bench);
    ck_assert_uint_eq(status_of(&bench, "02B0000001"), SW_CHANNEL_NOT_SUPPORTED);
    ck_assert_uint_eq(status_of(&bench, "00B0000001"), SW_UICC_NO_EF);
    ck_assert_uint_eq(status_of(&bench, "00A4000C027FFF"), SW_FILE_NOT_FOUND);
    for (size_t i = 0; i < profile_view_uicc(bench.card)->fs->pin_count; i++)
        ck_assert(!profile_view_uicc(bench.card)->fs->pins[i].verified);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022FE2"), SW_OK);
    ck_assert_span(answer(&bench, "00B000000A"), hex(es10_iccid(SECOND)));
    ck_assert_hex(es10(&bench, "BF3211 A00C5A0A%s 810100", es10_iccid(SECOND)), "BF3203800100");
    reset(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022FE2"), SW_FILE_NOT_FOUND);
    es10_close(&bench);
}
END_TEST

/* EF PL, which PIN1 may write in the built profile (rule 10 of its EF ARR or the like; all codes are
 * verified). */
START_TEST(updates_are_stored_or_undone)
{
    struct es10_bench bench = {0};
    struct buf before = {0};
    uint8_t capdu[5 + 2];

    open_bench(&bench);
    enable(&bench, FIRST);
    reset(&bench);
    verify_everything(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022F05"), SW_OK);
    buf_append(&before, answer(&bench, "00B0000002"));
    memcpy(capdu, "\x00\xD6\x00\x00\x02\x66\x72", sizeof(capdu));
    ck_assert_uint_eq(command(&bench, SPAN_ARRAY(capdu), test_buf()), SW_OK);
    ck_assert(!nvm_in_transaction(bench.card->nvm));
    ck_assert_hex(answer(&bench, "00B0000002"), "6672");
    ck_assert_int_eq(count(&bench, "SELECT count(*) FROM file WHERE fid = '2F05' AND content = x'6672'"), 1);
    /* Storage that fails: the terminal gets an error, RAM is as before,
     * what is selected and verified stays. */
    ck_assert(
        sqlite3_exec(sqlite3_db_handle(nvm_select(bench.card->nvm, "SELECT 1", NVM_NONE)),
                     "CREATE TRIGGER broken BEFORE UPDATE ON file BEGIN SELECT RAISE(ABORT, 'broken'); END",
                     NULL, NULL, NULL) == SQLITE_OK);
    capdu[5] = 0x00;
    ck_assert_uint_eq(command(&bench, SPAN_ARRAY(capdu), test_buf()), SW_MEMORY_FAILURE);
    ck_assert_hex(answer(&bench, "00B0000002"), "6672");
    ck_assert(sqlite3_exec(sqlite3_db_handle(nvm_select(bench.card->nvm, "SELECT 1", NVM_NONE)),
                           "DROP TRIGGER broken", NULL, NULL, NULL) == SQLITE_OK);
    ck_assert_uint_eq(command(&bench, SPAN_ARRAY(capdu), test_buf()), SW_OK);
    ck_assert_hex(answer(&bench, "00B0000002"), "0072");
    /* Another profile's file is another file; this one's is still there afterwards. */
    enable(&bench, SECOND);
    reset(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022F05"), SW_OK);
    ck_assert_span(answer(&bench, "00B0000002"), buf_span(&before));
    enable(&bench, FIRST);
    reset(&bench);
    ck_assert_uint_eq(status_of(&bench, "00A4000C022F05"), SW_OK);
    ck_assert_hex(answer(&bench, "00B0000002"), "0072");
    buf_free(&before);
    es10_close(&bench);
}
END_TEST

/* Both profiles are shown once, which makes their rows, and are disabled in the end. */
static void show_both(struct es10_bench *bench)
{
    static const char *const iccids[] = {FIRST, SECOND};

    for (size_t i = 0; i < 2; i++) {
        enable(bench, iccids[i]);
        reset(bench);
    }
    ck_assert_hex(es10(bench, "BF3211 A00C5A0A%s 810100", es10_iccid(SECOND)), "BF3203800100");
    reset(bench);
}

/* Rows of every table go with their profile, and only its own. */
START_TEST(deletion_takes_the_rows)
{
    struct es10_bench bench = {0};
    int64_t files, pins;

    open_bench(&bench);
    show_both(&bench);
    files = COUNT(&bench, "file");
    pins = COUNT(&bench, "pin");
    ck_assert_int_gt(COUNT(&bench, "network_access"), 0);
    ck_assert_int_gt(COUNT(&bench, "domain_key"), 0);
    ck_assert_hex(es10(&bench, "BF330C5A0A%s", es10_iccid(FIRST)), "BF3303800100");
    ck_assert_int_eq(COUNT(&bench, "file"), files / 2);
    ck_assert_int_eq(COUNT(&bench, "pin"), pins / 2);
    ck_assert_hex(es10(&bench, "BF330C5A0A%s", es10_iccid(SECOND)), "BF3303800100");
    ck_assert_int_eq(COUNT(&bench, "file") + COUNT(&bench, "pin") + COUNT(&bench, "puk") +
                         COUNT(&bench, "network_access") + COUNT(&bench, "application") +
                         COUNT(&bench, "domain_key"),
                     0);
    es10_close(&bench);
}
END_TEST

/* A download makes no rows of files: they are made when the profile is first shown, and then stored. */
START_TEST(profiles_are_interpreted_when_first_shown)
{
    struct es10_bench bench = {0};
    struct saip_package package;
    struct saip_failure failure;

    open_bench(&bench);
    ck_assert_int_eq(COUNT(&bench, "file") + COUNT(&bench, "pin") + COUNT(&bench, "domain_key"), 0);
    enable(&bench, FIRST);
    ck_assert_int_eq(COUNT(&bench, "file"), 0);
    reset(&bench);
    ck_assert(saip_decode(test_profile(FIRST), &package, &failure));
    ck_assert_int_eq(COUNT(&bench, "file"), (int64_t)package.file_count);
    verify_everything(&bench);
    ck_assert_uint_eq(reads_back(&package, command, &bench).files, package.file_count);
    saip_free(&package);
    es10_close(&bench);
}
END_TEST

/* A card file edited by hand: the profile is not shown, the eUICC goes on. */
START_TEST(rows_that_make_no_sense_show_nothing)
{
    static const char *const edits[] = {
        "UPDATE file SET parent = 9999 WHERE fid = '2FE2'",
        "UPDATE file SET content = x'00' WHERE fid = '2FE2'",
        "UPDATE file SET link = number WHERE fid = '2FE2'",
        "UPDATE file SET record_size = 7 WHERE fid = '2F00'",
        "UPDATE file SET fid = 'ZZZZ' WHERE fid = '2FE2'",
        "UPDATE file SET aid = '00112233445566778899AABBCCDDEEFF00' WHERE aid IS NOT NULL",
        "UPDATE file SET parent = NULL WHERE number = 1",
        "UPDATE pin SET directory = directory + 9999",
        "UPDATE pin SET value = '31'",
        "UPDATE network_access SET sqn = '00'",
        "UPDATE network_access SET application = application + 9999",
        "UPDATE domain_key SET application = application + 77",
    };
    struct es10_bench bench = {0};

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        open_bench(&bench);
        show_both(&bench);
        enable(&bench, FIRST);
        ck_assert_msg(nvm_change(bench.card->nvm, edits[i], NVM_NONE), "%s: %s", edits[i],
                      nvm_message(bench.card->nvm));
        ck_assert(nvm_commit(bench.card->nvm));
        reset(&bench);
        ck_assert_msg(status_of(&bench, "00A4000C022FE2") == SW_FILE_NOT_FOUND, "%s", edits[i]);
        ck_assert_uint_eq(status_of(&bench, "00A4000C023F00"), SW_OK);
        ck_assert_int_eq(es10_state(&bench, FIRST), 1);
        es10_close(&bench);
        bench = (struct es10_bench){0};
    }
}
END_TEST

TEST_MAIN("files", packages_read_back, a_change_is_seen_after_the_next_reset, updates_are_stored_or_undone,
          deletion_takes_the_rows, profiles_are_interpreted_when_first_shown,
          rows_that_make_no_sense_show_nothing)
