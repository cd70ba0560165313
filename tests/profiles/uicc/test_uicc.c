/*
 * profiles/uicc*.c: the commands that select, read and change files, with their modes, status words and
 * access conditions, on a small UICC made here.
 */
#include "profiles/uicc/uicc.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ADF_A "A0000000871002FF01"
#define ADF_B "A0000000871004FF01"

/* Records of EF ARR. */
#define PIN1_CONDITION "A406830101950108"
#define ADM_CONDITION  "A40683010A950108"
static const char *const rules[] = {
    /* 1 */ "8001019000 800102" PIN1_CONDITION "840132" PIN1_CONDITION,
    /* 2 */ "800103A010" PIN1_CONDITION ADM_CONDITION "8001189700",
    /* 3 */ "800103AF10" PIN1_CONDITION ADM_CONDITION,
    /* 4 */ "80010B9000",
    /* 5 */ "800103A406830181950108",
};
enum { RULE_SIZE = 48, FREE = 4 };

static const struct uicc_host no_host = {.context = NULL};

static struct fs_file *add(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                           uint8_t sfi, uint8_t rule, size_t record_size, const char *content)
{
    struct fs_file like = {.kind = kind,
                           .fid = fid,
                           .parent = parent,
                           .sfi = sfi,
                           .life_cycle = FS_ACTIVATED,
                           .shareable = true,
                           .access_form = FS_ACCESS_REFERENCED,
                           .record_size = record_size};
    struct fs_file *file;

    buf_append(&like.access, hex("2F06"));
    buf_append_octet(&like.access, rule);
    buf_append(&like.content, hex(content));
    like.size = like.content.size;
    file = fs_create_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    return file;
}

static void add_pin(struct fs *fs, struct fs_file *directory, uint8_t reference)
{
    const struct fs_pin pin = {
        .directory = directory, .reference = reference, .attempts = 3, .attempts_left = 3, .enabled = true};

    ck_assert(fs_add_pin(fs, &pin));
}

static struct fs_file *add_adf(struct fs *fs, const char *aid, uint16_t fid)
{
    struct fs_file *adf = add(fs, fs->mf, SAIP_FILE_ADF, fid, 0, FREE, 0, "");

    fs_set_aid(&adf->aid, hex(aid));
    return adf;
}

static struct uicc *new_uicc(void)
{
    struct fs *fs = fs_new();
    struct buf *arr = test_buf();
    char text[2 * RULE_SIZE * (sizeof(rules) / sizeof(rules[0])) + 1];
    struct fs_file *df, *adf;
    struct uicc *uicc;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        buf_append(arr, hex(rules[i]));
        while (arr->size < RULE_SIZE * (i + 1))
            buf_append_octet(arr, 0xFF);
    }
    add(fs, NULL, SAIP_FILE_MF, 0x3F00, 0, FREE, 0, "");
    add(fs, fs->mf, SAIP_FILE_LINEAR_FIXED, 0x2F06, 6, FREE, RULE_SIZE,
        hex_from_span(buf_span(arr), text, sizeof(text)));
    add(fs, fs->mf, SAIP_FILE_TRANSPARENT, 0x2F01, 1, 1, 0, "00010203040506070809");
    add(fs, fs->mf, SAIP_FILE_LINEAR_FIXED, 0x2F02, 2, 1, 3, "010101 020202 030303 040404");
    add(fs, fs->mf, SAIP_FILE_CYCLIC, 0x2F03, 3, 1, 3, "000003 000002 000001");
    add(fs, fs->mf, SAIP_FILE_BER_TLV, 0x2F04, 4, FREE, 0, "8003010203 5F2D02656E")->maximum_size = 600;
    add(fs, fs->mf, SAIP_FILE_TRANSPARENT, 0x2F12, 0, 2, 0, "AA");
    add(fs, fs->mf, SAIP_FILE_TRANSPARENT, 0x2F13, 0, 3, 0, "BB");
    df = add(fs, fs->mf, SAIP_FILE_DF, 0x7F10, 0, FREE, 0, "");
    add(fs, df, SAIP_FILE_TRANSPARENT, 0x6F01, 1, FREE, 0, "CC");
    add(fs, df, SAIP_FILE_DF, 0x5F10, 0, FREE, 0, "");
    add(fs, fs->mf, SAIP_FILE_DF, 0x7F20, 0, FREE, 0, "");
    adf = add_adf(fs, ADF_A, 0x7FF0);
    add(fs, adf, SAIP_FILE_TRANSPARENT, 0x6F07, 7, 5, 0, "DD");
    add_adf(fs, ADF_B, 0x7FF1);
    add_pin(fs, fs->mf, 0x01);
    add_pin(fs, fs->mf, 0x0A);
    add_pin(fs, adf, 0x81);
    uicc = uicc_new(fs, &no_host);
    ck_assert_ptr_nonnull(uicc);
    return uicc;
}

static void verify(struct uicc *uicc, uint8_t reference, bool verified)
{
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        if (uicc->fs->pins[i].reference == reference)
            uicc->fs->pins[i].verified = verified;
}

/* The answer as the terminal would see it in one piece. */
static struct span answer(struct uicc *uicc, const char *capdu)
{
    struct apdu_command command;
    struct buf *response = test_buf();
    uint16_t status = apdu_decode(hex(capdu), &command);

    if (status == SW_OK)
        status = uicc_process(uicc, &command, response);
    if (status >= 0x6400 && status < 0x7000)
        buf_clear(response);
    buf_append_octet(response, (uint8_t)(status >> 8));
    buf_append_octet(response, (uint8_t)status);
    return buf_span(response);
}

#define ck_assert_answer(uicc, capdu, expected) ck_assert_hex(answer((uicc), (capdu)), (expected))

/* --- SELECT ---------------------------------------------------------------------------------------- */

#define FCP_MF "62188202782183023F00A5068001718701018A01058B032F0604"

START_TEST(select_by_identifier)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00A40004023F0000", FCP_MF "9000");
    ck_assert_answer(uicc, "00A4000400", FCP_MF "9000");
    ck_assert_answer(uicc, "00A40004022F0100",
                     "62178202412183022F018A01058B032F06018002000A880108"
                     "9000");
    ck_assert_answer(uicc, "00A40004022F0200",
                     "621A8205422100030483022F028A01058B032F06018002000C880110"
                     "9000");
    ck_assert_answer(uicc, "00A4000C027F10", "9000");
    /* A child, the directory itself, a sister directory, the parent; but no EF beside the directory. */
    ck_assert_answer(uicc, "00A4000C026F01", "9000");
    ck_assert_answer(uicc, "00A4000C027F10", "9000");
    ck_assert_answer(uicc, "00A4000C022F01", "6A82");
    ck_assert_answer(uicc, "00A4000C025F10", "9000");
    ck_assert_answer(uicc, "00A4000C027F10", "9000");
    ck_assert_answer(uicc, "00A4000C027F20", "9000");
    ck_assert_answer(uicc, "00A4000C023F00", "9000");
    /* ADFs have no identifier for a terminal, and none is current. */
    ck_assert_answer(uicc, "00A4000C027FF0", "6A82");
    ck_assert_answer(uicc, "00A4000C027FFF", "6A82");
    uicc_free(uicc);
}
END_TEST

START_TEST(select_by_path)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00A4080C047F106F01", "9000");
    ck_assert_answer(uicc, "00B0000001", "CC9000");
    ck_assert_answer(uicc, "00A4090C025F10", "9000");
    ck_assert_answer(uicc, "00A40304 00", "62108202782183027F108A01058B032F06049000");
    ck_assert_answer(uicc, "00A4010C025F10", "9000");
    ck_assert_answer(uicc, "00A4010C026F01", "6A82");
    ck_assert_answer(uicc, "00A4080C047F206F01", "6A82");
    ck_assert_answer(uicc, "00A4080C063F007F106F01", "6A82");
    ck_assert_answer(uicc, "00A4080C037F106F", "6700");
    ck_assert_answer(uicc, "00A4020C022F01", "6A86");
    ck_assert_answer(uicc, "00A4000102 3F00", "6A86");
    ck_assert_answer(uicc, "00A4008402 3F00", "6A86");
    uicc_free(uicc);
}
END_TEST

START_TEST(select_applications)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00A4040407A000000087100200",
                     "6217820278218409" ADF_A "8A01058B032F0604"
                     "9000");
    ck_assert_answer(uicc, "80F2000100", "8409" ADF_A "9000");
    ck_assert_answer(uicc, "00A4000C023F00", "9000");
    ck_assert_answer(uicc, "00A4080C047FFF6F07", "9000");
    ck_assert_answer(uicc, "80F2000100", "8409" ADF_A "9000");
    /* In their order: A, B. */
    ck_assert_answer(uicc, "00A4040E05A000000087", "9000");
    ck_assert_answer(uicc, "80F2000100", "8409" ADF_B "9000");
    ck_assert_answer(uicc, "00A4040E05A000000087", "6A82");
    ck_assert_answer(uicc, "00A4040F05A000000087", "9000");
    ck_assert_answer(uicc, "80F2000100", "8409" ADF_A "9000");
    ck_assert_answer(uicc, "00A4040F05A000000087", "6A82");
    ck_assert_answer(uicc, "00A4040D05A000000087", "9000");
    ck_assert_answer(uicc, "80F2000100", "8409" ADF_B "9000");
    ck_assert_answer(uicc, "00A4040C04A0000000", "6700");
    ck_assert_answer(uicc, "00A4040C07A0000000871003", "6A82");
    /* Termination: of the current application only, and MF is selected after it. */
    ck_assert_answer(uicc, "00A4044C09" ADF_A, "6985");
    ck_assert_answer(uicc, "00A4044C09" ADF_B, "9000");
    ck_assert_answer(uicc, "80F2000100", "6A88");
    ck_assert_answer(uicc, "80F2000000", FCP_MF "9000");
    uicc_free(uicc);
}
END_TEST

START_TEST(channels_are_apart)
{
    struct uicc *uicc = new_uicc();

    uicc_open_channel(uicc, 1, 0);
    ck_assert_answer(uicc, "00A4000C022F01", "9000");
    ck_assert_answer(uicc, "01B0000001", "6986");
    ck_assert_answer(uicc, "01A4040C09" ADF_A, "9000");
    ck_assert_answer(uicc, "80F2000100", "6A88");
    uicc_open_channel(uicc, 2, 1);
    ck_assert_answer(uicc, "82F2000100", "8409" ADF_A "9000");
    /* A local PIN is verified as long as one session of its application is open. */
    verify(uicc, 0x81, true);
    ck_assert_answer(uicc, "01B0870001", "DD9000");
    uicc_close_channel(uicc, 1);
    ck_assert_answer(uicc, "02B0870001", "DD9000");
    uicc_close_channel(uicc, 2);
    uicc_open_channel(uicc, 1, 0);
    ck_assert_answer(uicc, "01A4040C09" ADF_A, "9000");
    ck_assert_answer(uicc, "01B0870001", "6982");
    /* Not shareable: on one channel only. */
    fs_by_path(uicc->fs, hex("2F01"))->shareable = false;
    ck_assert_answer(uicc, "01A4000C023F00", "9000");
    ck_assert_answer(uicc, "01A4000C022F01", "6985");
    ck_assert_answer(uicc, "00A4000C022F02", "9000");
    ck_assert_answer(uicc, "01A4000C022F01", "9000");
    uicc_free(uicc);
}
END_TEST

/* --- files ----------------------------------------------------------------------------------------- */

START_TEST(binary)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00B0000001", "6986");
    ck_assert_answer(uicc, "00B0810000", "000102030405060708099000");
    ck_assert_answer(uicc, "00B0000802", "08099000");
    ck_assert_answer(uicc, "00B0000803", "6C02");
    ck_assert_answer(uicc, "00B0000A01", "6B00");
    ck_assert_answer(uicc, "00B00000", "6700");
    ck_assert_answer(uicc, "00B0890001", "6A82");
    ck_assert_answer(uicc, "00B0A10001", "6A86");
    ck_assert_answer(uicc, "00B0820001", "6981");
    ck_assert_answer(uicc, "00A4000C022F01", "9000");
    ck_assert_answer(uicc, "00D6000002AABB", "6982");
    verify(uicc, 0x01, true);
    ck_assert_answer(uicc, "00D6000002AABB", "9000");
    ck_assert_answer(uicc, "00D6810901CC", "9000");
    ck_assert_answer(uicc, "00D6000902CCDD", "6700");
    ck_assert_answer(uicc, "00D60000", "6700");
    ck_assert_answer(uicc, "00B000000A", "AABB02030405060708CC9000");
    ck_assert_answer(uicc, "80B0000001", "6E00");
    ck_assert_answer(uicc, "00A4000C023F00", "9000");
    ck_assert_answer(uicc, "00B0000001", "6986");
    uicc_free(uicc);
}
END_TEST

START_TEST(linear_records)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00B2011403", "0101019000");
    ck_assert_answer(uicc, "00B2040400", "0404049000");
    ck_assert_answer(uicc, "00B2050403", "6A83");
    ck_assert_answer(uicc, "00B2000403", "6A83"); /* no current record */
    ck_assert_answer(uicc, "00B2000203", "0101019000");
    ck_assert_answer(uicc, "00B2000203", "0202029000");
    ck_assert_answer(uicc, "00B2000403", "0202029000");
    ck_assert_answer(uicc, "00B2040403", "0404049000"); /* leaves the pointer alone */
    ck_assert_answer(uicc, "00B2000303", "0101019000");
    ck_assert_answer(uicc, "00B2000303", "6A83");
    ck_assert_answer(uicc, "00B2000403", "0101019000");
    ck_assert_answer(uicc, "00B2010402", "6C03");
    ck_assert_answer(uicc, "00B2010503", "6A86");
    ck_assert_answer(uicc, "00B2010203", "6A86");
    ck_assert_answer(uicc, "00A4000C022F02", "9000");
    ck_assert_answer(uicc, "00B2000303", "0404049000"); /* without a pointer: from the end */
    verify(uicc, 0x01, true);
    ck_assert_answer(uicc, "00DC010403AAAAAA", "9000");
    ck_assert_answer(uicc, "00DC000303BBBBBB", "9000");
    ck_assert_answer(uicc, "00DC000402CCCC", "6700");
    ck_assert_answer(uicc, "00DC000403CCCCCC", "9000");
    ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F02"))), "AAAAAA020202CCCCCC040404");
    ck_assert_answer(uicc, "00A4000C022F01", "9000");
    ck_assert_answer(uicc, "00B2010403", "6981");
    uicc_free(uicc);
}
END_TEST

START_TEST(cyclic_records)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "00B2011C03", "0000039000");
    ck_assert_answer(uicc, "00DC00030300000A", "6982");
    verify(uicc, 0x01, true);
    ck_assert_answer(uicc, "00DC01040300000A", "6A86");
    ck_assert_answer(uicc, "00DC00030300000A", "9000");
    ck_assert_answer(uicc, "00B2000403", "00000A9000");
    ck_assert_answer(uicc, "00B2000203", "0000039000");
    ck_assert_answer(uicc, "00B2000203", "0000029000");
    ck_assert_answer(uicc, "00B2000203", "00000A9000"); /* round */
    ck_assert_answer(uicc, "00B2000303", "0000029000");
    ck_assert_answer(uicc, "80320000010500", "00000F059000");
    ck_assert_answer(uicc, "80328300020100 00", "00010F01009000");
    ck_assert_answer(uicc, "8032000003FFFFFF00", "9850");
    ck_assert_answer(uicc, "80320000040000000100", "6700");
    ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F03"))), "00010F00000F00000A");
    verify(uicc, 0x01, false);
    ck_assert_answer(uicc, "80320000010500", "6982");
    ck_assert_answer(uicc, "80328200010500", "6981");
    uicc_free(uicc);
}
END_TEST

START_TEST(search)
{
    struct uicc *uicc = new_uicc();

    verify(uicc, 0x01, true);
    ck_assert_answer(uicc, "00DC021403010702", "9000");
    ck_assert_answer(uicc, "00A2010401 0100", "01029000");
    ck_assert_answer(uicc, "00A2020401 0100", "029000");
    ck_assert_answer(uicc, "00A2020501 0100", "02019000");
    ck_assert_answer(uicc, "00A2010401 AA00", "6282");
    ck_assert_answer(uicc, "00A2010404 0101010100", "6700");
    ck_assert_answer(uicc, "00A2050401 0100", "6A83");
    /* The pointer is on the first match; P1 00 begins there. */
    ck_assert_answer(uicc, "00A2010401 0300", "039000");
    ck_assert_answer(uicc, "00A2000401 0400", "049000");
    ck_assert_answer(uicc, "00A2000401 0100", "6282");
    /* Enhanced: from an offset, behind a value, from the next record. */
    ck_assert_answer(uicc, "00A2010603 04020100", "019000");
    ck_assert_answer(uicc, "00A2010603 0C070200", "029000");
    ck_assert_answer(uicc, "00A2010603 06000100", "029000");
    ck_assert_answer(uicc, "00A2040603 07000300", "039000");
    ck_assert_answer(uicc, "00A2010602 0400", "6700");
    ck_assert_answer(uicc, "00A2010603 00000100", "6A80");
    ck_assert_answer(uicc, "00A2010701 0100", "6A86");
    uicc_free(uicc);
}
END_TEST

START_TEST(data_objects)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *file = fs_by_path(uicc->fs, hex("2F04"));

    ck_assert_answer(uicc, "80CB048001 8000", "80030102039000");
    ck_assert_answer(uicc, "80CB008002 5F2D00", "5F2D02656E9000");
    ck_assert_answer(uicc, "80CB008001 8100", "6A88");
    ck_assert_answer(uicc, "80CB008001 5C00", "5C03805F2D9000");
    ck_assert_answer(uicc, "80CB008001 80", "80030102039000"); /* as over T=0 */
    ck_assert_answer(uicc, "80DB008003 5C0180", "6A80");
    ck_assert_answer(uicc, "80CB008001 8002", "800362F1");
    ck_assert_answer(uicc, "80CB000002", "010262F1");
    ck_assert_answer(uicc, "80CB000002", "039000");
    ck_assert_answer(uicc, "80CB000002", "6985");
    ck_assert_answer(uicc, "80CB008001 5F00", "6A80");
    ck_assert_answer(uicc, "80CB004001 8000", "6A86");
    /* Replaced, added in two blocks, emptied, deleted. */
    ck_assert_answer(uicc, "80DB008003 8001AA", "9000");
    ck_assert_hex(fs_content(file), "5F2D02656E8001AA");
    ck_assert_answer(uicc, "80DB008004 82030102", "63F1");
    ck_assert_answer(uicc, "80DB00000103", "9000");
    ck_assert_hex(fs_content(file), "5F2D02656E8001AA8203010203");
    ck_assert_answer(uicc, "80DB008002 8000", "9000");
    ck_assert_answer(uicc, "80DB008002 5F2D", "9000");
    ck_assert_hex(fs_content(file), "82030102038000");
    ck_assert_answer(uicc, "80DB008002 5F2D", "6A88");
    ck_assert_answer(uicc, "80DB008004 8001AABB", "6A80");
    ck_assert_answer(uicc, "80DB000001 AA", "6985");
    ck_assert_answer(uicc, "80DB008005 8382FFFF00", "6A84");
    /* A chain is gone when something else is selected. */
    ck_assert_answer(uicc, "80DB008004 82030102", "63F1");
    ck_assert_answer(uicc, "00A4000C022F04", "9000");
    ck_assert_answer(uicc, "80DB00000103", "6985");
    uicc_free(uicc);
}
END_TEST

/* --- access conditions ----------------------------------------------------------------------------- */

START_TEST(conditions_are_combined)
{
    struct uicc *uicc = new_uicc();

    for (unsigned i = 0; i < 4; i++) {
        bool pin1 = (i & 1) != 0;
        bool adm = (i & 2) != 0;

        verify(uicc, 0x01, pin1);
        verify(uicc, 0x0A, adm);
        ck_assert_answer(uicc, "00A4000C022F12", "9000");
        ck_assert_answer(uicc, "00B0000001", pin1 || adm ? "AA9000" : "6982");
        ck_assert_answer(uicc, "00A4000C022F13", "9000");
        ck_assert_answer(uicc, "00B0000001", pin1 && adm ? "BB9000" : "6982");
    }
    uicc_free(uicc);
}
END_TEST

START_TEST(disabled_pins_are_satisfied)
{
    struct uicc *uicc = new_uicc();
    struct fs_pin *pin = fs_find_pin(uicc->fs, uicc->fs->mf, 0x01);
    const struct fs_pin universal = {
        .directory = uicc->fs->mf, .reference = 0x11, .attempts = 3, .attempts_left = 3, .enabled = true};

    pin->enabled = false;
    ck_assert_answer(uicc, "00D681000111", "9000");
    ck_assert(fs_add_pin(uicc->fs, &universal));
    pin = fs_find_pin(uicc->fs, uicc->fs->mf, 0x01);
    pin->replaced = true;
    ck_assert_answer(uicc, "00D681000111", "6982");
    verify(uicc, 0x11, true);
    ck_assert_answer(uicc, "00D681000111", "9000");
    uicc_reset(uicc);
    ck_assert_answer(uicc, "00D681000111", "6982");
    uicc_free(uicc);
}
END_TEST

/* Every form of rule, asked for every access mode bit: what it grants with nothing, PIN1, ADM verified. */
START_TEST(rules_are_read_strictly)
{
    static const struct {
        enum fs_access_form form;
        const char *rule;
        uint8_t granted, granted_pin1; /* access mode bits */
    } cases[] = {
        {FS_ACCESS_EXPANDED, "80017F9000", 0x7F, 0x7F},
        {FS_ACCESS_EXPANDED, "80017F9700", 0, 0},
        {FS_ACCESS_EXPANDED, "800101900080010290009000", 0x03, 0x03},
        {FS_ACCESS_EXPANDED, "800101800102" PIN1_CONDITION, 0, 0x03}, /* both modes, one condition */
        {FS_ACCESS_EXPANDED, "8001019700" PIN1_CONDITION, 0, 0x01},   /* either condition */
        {FS_ACCESS_EXPANDED, "800101A403830101", 0, 0x01},
        {FS_ACCESS_EXPANDED, "800101A406830101950180", 0, 0}, /* another use than of a PIN */
        {FS_ACCESS_EXPANDED, "800101A403950108", 0, 0},       /* no reference */
        {FS_ACCESS_EXPANDED, "800101A403830107", 0, 0},       /* no such PIN */
        {FS_ACCESS_EXPANDED, "800101A000", 0, 0},
        {FS_ACCESS_EXPANDED, "800101AF00", 0, 0},
        {FS_ACCESS_EXPANDED, "800101A7029000", 0, 0},
        {FS_ACCESS_EXPANDED, "800101B4029000", 0, 0}, /* secure messaging */
        {FS_ACCESS_EXPANDED, "8001019E0100", 0x01, 0x01},
        {FS_ACCESS_EXPANDED, "8001019E01FF", 0, 0},
        {FS_ACCESS_EXPANDED, "9000800101", 0, 0},
        {FS_ACCESS_EXPANDED, "8002010190", 0, 0},
        {FS_ACCESS_EXPANDED, "", 0, 0},
        {FS_ACCESS_EXPANDED, "FFFFFF", 0, 0},
        {FS_ACCESS_COMPACT, "0300FF", 0x02, 0x02},
        {FS_ACCESS_COMPACT, "03FF00", 0x01, 0x01},
        {FS_ACCESS_COMPACT, "03", 0, 0},
        {FS_ACCESS_COMPACT, "", 0, 0},
        {FS_ACCESS_REFERENCED, "2F0604", 0x0B, 0x0B},
        {FS_ACCESS_REFERENCED, "2F060104", 0x0B, 0x0B}, /* with a security environment */
        {FS_ACCESS_REFERENCED, "2F0609", 0, 0},         /* no such record: nothing is allowed (9.2.7) */
        {FS_ACCESS_REFERENCED, "2F0600", 0, 0},
        {FS_ACCESS_REFERENCED, "2F06FF", 0, 0},
        {FS_ACCESS_REFERENCED, "6F0601", 0, 0},
        {FS_ACCESS_REFERENCED, "2F0101", 0, 0}, /* not linear fixed */
        {FS_ACCESS_REFERENCED, "04", 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct uicc *uicc = new_uicc();
        struct fs_file *file = fs_by_path(uicc->fs, hex("2F12"));

        file->access_form = cases[i].form;
        buf_clear(&file->access);
        buf_append(&file->access, hex(cases[i].rule));
        for (unsigned bit = 0; bit < 7; bit++) {
            uint8_t mode = (uint8_t)(1 << bit);

            verify(uicc, 0x01, false);
            ck_assert_msg((uicc_check_access(uicc, file, mode, 0xB0) == SW_OK) ==
                              ((cases[i].granted & mode) != 0),
                          "rule %s, mode %02X", cases[i].rule, mode);
            verify(uicc, 0x01, true);
            ck_assert_msg((uicc_check_access(uicc, file, mode, 0xB0) == SW_OK) ==
                              ((cases[i].granted_pin1 & mode) != 0),
                          "rule %s, mode %02X with PIN1", cases[i].rule, mode);
        }
        uicc_free(uicc);
    }
}
END_TEST

START_TEST(states_are_respected)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *file = fs_by_path(uicc->fs, hex("2F01"));

    file->life_cycle = FS_DEACTIVATED;
    ck_assert_answer(uicc, "00A4000C022F01", "6283");
    ck_assert_answer(uicc, "00B0000001", "6984");
    file->special = FS_READABLE_WHEN_DEACTIVATED;
    ck_assert_answer(uicc, "00B0000001", "009000");
    file->life_cycle = FS_TERMINATED;
    ck_assert_answer(uicc, "00A4000C022F01", "6285");
    ck_assert_answer(uicc, "00B0000001", "6985");
    uicc_free(uicc);
}
END_TEST

/* --- hostile terminals ----------------------------------------------------------------------------- */

/* Every instruction with every form of data on every kind of selected object: without a verified code nothing
 * that has a condition leaves, and nothing changes. */
START_TEST(every_instruction_on_every_file)
{
    static const char *const selects[] = {"00A4000C022F01", "00A4000C022F02", "00A4000C022F03",
                                          "00A4000C022F12", "00A4000C022F13", "00A4000C023F00",
                                          "00A4000C027F10"};
    static const uint8_t parameters[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
                                         0x06, 0x80, 0x81, 0x84, 0x92, 0xFF};
    static const uint8_t octets[] = {0x80, 0x03, 0xAA, 0xBB, 0x01, 0x02};

    for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++) {
        struct uicc *uicc = new_uicc();
        struct buf response = {0};

        for (unsigned cla = 0; cla <= 0x80; cla += 0x80) {
            for (unsigned ins = 0; ins <= 0xFF; ins++) {
                for (size_t p = 0; p < sizeof(parameters) * sizeof(parameters); p++) {
                    struct apdu_command command = {.cla = (uint8_t)cla,
                                                   .cla_base = (uint8_t)cla,
                                                   .ins = (uint8_t)ins,
                                                   .p1 = parameters[p / sizeof(parameters)],
                                                   .p2 = parameters[p % sizeof(parameters)]};

                    /* SET DATA may change EF 2F04, which is open. */
                    if (ins == 0xDB)
                        continue;
                    answer(uicc, selects[i]);
                    command.data = SPAN(octets, p % (sizeof(octets) + 1));
                    command.ne = p % 3 == 0 ? 0 : p % 3 == 1 ? 1 : 256;
                    buf_clear(&response);
                    uicc_process(uicc, &command, &response);
                    for (size_t at = 0; at < response.size && response.size == 1; at++)
                        ck_assert(response.data[at] != 0xAA && response.data[at] != 0xBB);
                }
            }
        }
        ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F01"))), "00010203040506070809");
        ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F02"))), "010101020202030303040404");
        ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F03"))), "000003000002000001");
        ck_assert_hex(fs_content(fs_by_path(uicc->fs, hex("2F12"))), "AA");
        buf_free(&response);
        uicc_free(uicc);
    }
}
END_TEST

TEST_MAIN("uicc", select_by_identifier, select_by_path, select_applications, channels_are_apart, binary,
          linear_records, cyclic_records, search, data_objects, conditions_are_combined,
          disabled_pins_are_satisfied, rules_are_read_strictly, states_are_respected,
          every_instruction_on_every_file)
