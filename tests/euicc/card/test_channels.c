/*
 * What a logical channel has begun is its own: sequences whose commands build on one another, each run alone
 * and then with another one between its commands on another channel, whose every answer must be the same.
 * What is the card's by its nature is not among them: a response that waits (GET RESPONSE belongs to the last
 * command, ISO/IEC 7816-4 5.3.4), verified codes, the RSP session, the proactive session, a suspension.
 */
#include "euicc/os/card.h"
#include "euicc/terminal/profile_view.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define ICCID       "89490000000000000017"
#define COMMANDS    8
#define SELECT_ISDR "00A4040C10A0000005591010FFFFFFFF8900000100"

/* The class octet is the channel's. Nothing here changes what another sequence reads. */
static const struct sequence {
    const char *name;
    const char *commands[COMMANDS];
} sequences[] = {
    {"record pointer", {"00A4000C022F00", "00B2000200", "00B2000200", "00B2000300"}},
    {"search", {"00A4000C022F06", "00A2010401 80", "00B2000400", "00A20106 03 010080", "00B2000400"}},
    {"selected file", {"00A4000C022FE2", "00B0000000", "00B0000500", "80F200000000"}},
    {"application", {"00A4040C07A0000000871002", "00A4000C026F07", "00A4000C027FFF", "80F2000100"}},
    {"next application", {"00A4040005A000000087", "00A4040205A000000087", "00A4040305A000000087"}},
    {"object read in blocks",
     {"00A4000C02A003", "80CB008001 81 04", "80CB000004", "80CB000004", "80CB000004"}},
    {"object set in blocks", {"00A4000C02A004", "80DB008003 820401", "80DB000002 0203", "80DB000001 04"}},
    {"request in blocks", {SELECT_ISDR, "80E2110002 BF3E", "80E2110102 035C", "80E2910202 015A 00"}},
    {"request begun", {SELECT_ISDR, "80E2110005 BF2D000000", "80CA005A00", "80E2910103 5C015A 00"}},
    {"what ends a request", {SELECT_ISDR, "80E2110002 BF3E", SELECT_ISDR, "80E2910104 035C015A"}},
    {"operator's domain", {"00A4040000", "80CA00E000", "80CA004200"}},
    {"nothing that is there", {"00A4000C026F99", "00B0000000", "00B2000200", "80CB000004"}},
};

#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

static struct es10_bench bench;

/* An object file at MF that everybody may use. */
static void add_object_file(uint16_t fid)
{
    struct fs *fs = profile_view_uicc(bench.card)->fs;
    struct fs_file like = {.kind = SAIP_FILE_BER_TLV,
                           .fid = fid,
                           .parent = fs->mf,
                           .life_cycle = FS_ACTIVATED,
                           .shareable = true,
                           .access_form = FS_ACCESS_EXPANDED,
                           .size = 64};
    struct fs_file *file;

    ck_assert(buf_append_hex(&like.access, "80017F9000", NULL));
    file = fs_create_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    ck_assert(fs_replace_content(fs, file, hex("810C 0102030405060708090A0B0C")));
    ck_assert(nvm_commit(bench.card->nvm));
}

static void open_bench(void)
{
    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID});
    ck_assert_hex(es10(&bench, "BF3111 A00C5A0A%s 810100", es10_iccid(ICCID)), "BF3103800100");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    add_object_file(0xA003);
    add_object_file(0xA004);
}

/* Two channels besides the basic one, over T=1: an answer comes whole. */
static void begin(void)
{
    uint8_t atr[SOFTEUICC_ATR_MAX], rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size;

    softeuicc_set_protocol(bench.card, SOFTEUICC_T1);
    softeuicc_reset(bench.card, SOFTEUICC_COLD, atr, &size);
    for (unsigned channel = 1; channel <= 2; channel++) {
        softeuicc_transmit(bench.card, hex("0070000001").data, 5, rapdu, &size);
        ck_assert_hex(SPAN(rapdu, size), channel == 1 ? "019000" : "029000");
    }
}

static void send(const char *command, unsigned channel, struct buf *answers)
{
    uint8_t capdu[64], rapdu[SOFTEUICC_RAPDU_MAX];
    struct span octets = hex(command);
    size_t size;

    memcpy(capdu, octets.data, octets.size);
    capdu[0] |= (uint8_t)channel;
    softeuicc_transmit(bench.card, capdu, octets.size, rapdu, &size);
    if (answers != NULL)
        buf_append(answers, SPAN(rapdu, size));
}

/* One on channel 1, `beside` on channel 2: before each command of the first, so many more of the other. */
static void run(const struct sequence *sequence, const struct sequence *beside, unsigned step,
                struct buf *answers)
{
    size_t other = 0;

    begin();
    for (size_t i = 0; i < COMMANDS && sequence->commands[i] != NULL; i++) {
        for (unsigned n = 0; beside != NULL && n < step; n++) {
            if (other == COMMANDS || beside->commands[other] == NULL)
                other = 0;
            send(beside->commands[other++], 2, NULL);
        }
        send(sequence->commands[i], 1, answers);
    }
}

START_TEST(no_channel_disturbs_another)
{
    open_bench();
    for (size_t i = 0; i < SEQUENCES; i++) {
        struct buf alone = {0};

        run(&sequences[i], NULL, 0, &alone);
        for (size_t j = 0; j < SEQUENCES; j++)
            for (unsigned step = 1; step <= 3; step++) {
                struct buf beside = {0};

                run(&sequences[i], &sequences[j], step, &beside);
                ck_assert_msg(span_equal(buf_span(&alone), buf_span(&beside)), "%s beside %s, %u a time",
                              sequences[i].name, sequences[j].name, step);
                buf_free(&beside);
            }
        buf_free(&alone);
    }
    es10_close(&bench);
}
END_TEST

/* Nor does a command that cannot be stored, found out by its change or by its commit: what it has changed is
 * read again, the others' work stays. */
static const char *const failures[] = {
    "CREATE TRIGGER full BEFORE UPDATE ON file WHEN new.fid = '6F7E' BEGIN SELECT raise(ABORT, 'full'); END",
    "CREATE TRIGGER full AFTER UPDATE ON file WHEN new.fid = '6F7E' BEGIN INSERT INTO orphan VALUES (-1); "
    "END",
};

static void fail_beside(const char *failure)
{
    static const struct sequence failing = {"failure",
                                            {"00A4040C07A0000000871002", "00A4000C026F7E", "00D6000001 77"}};
    struct nvm *nvm;

    open_bench();
    nvm = bench.card->nvm;
    ck_assert(nvm_change(nvm,
                         "CREATE TABLE orphan (parent INTEGER REFERENCES profile (id)"
                         " DEFERRABLE INITIALLY DEFERRED)",
                         NVM_NONE));
    ck_assert(nvm_change(nvm, failure, NVM_NONE) && nvm_commit(nvm));
    for (size_t i = 0; i < SEQUENCES; i++) {
        struct buf alone = {0};
        struct buf beside = {0};

        run(&sequences[i], NULL, 0, &alone);
        run(&sequences[i], &failing, 3, &beside);
        ck_assert_msg(span_equal(buf_span(&alone), buf_span(&beside)), "%s", sequences[i].name);
        buf_free(&alone);
        buf_free(&beside);
    }
    es10_close(&bench);
}

START_TEST(a_failure_on_one_channel_leaves_the_others)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        fail_beside(failures[i]);
}
END_TEST

TEST_MAIN("channels", no_channel_disturbs_another, a_failure_on_one_channel_leaves_the_others)
