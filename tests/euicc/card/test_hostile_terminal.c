/*
 * A terminal that wishes the card ill: every instruction in every class on every kind of selected file and
 * application, wrong lengths, wrong channels, and a storm of damaged commands. The card must answer each with
 * a status word, keep its transactions, and never give away what the terminal has no right to read: files
 * whose READ rule is not satisfied are filled with a marker that is looked for in every answer, as are the
 * keys.
 */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "euicc/terminal/profile_view.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define MARKER      "\xA7LEAKED\x5C"
#define MARKER_SIZE (sizeof(MARKER) - 1)
#define STORM       20000
/* Anything but 0. */
#define SEED UINT64_C(0x5EED0F5EED0F5EED)

#define SELECT_USIM "00A4040C10A0000000871002FFFFFFFF8907090000"

/* Ways to everything that can be selected, each from a fresh reset. */
static const struct {
    const char *name;
    const char *commands[3];
} objects[] = {
    {"nothing", {NULL}},
    {"MF", {"00A4000C023F00"}},
    {"EF ICCID", {"00A4000C022FE2"}},
    {"EF DIR", {"00A4000C022F00"}},
    {"EF ARR", {"00A4000C022F06"}},
    {"DF TELECOM", {"00A4000C027F10"}},
    {"DF PHONEBOOK", {"00A4080C047F105F3A"}},
    {"USIM", {SELECT_USIM}},
    {"EF IMSI", {SELECT_USIM, "00A4000C026F07"}},
    {"EF Keys", {SELECT_USIM, "00A4000C026F08"}},
    {"EF SMS", {SELECT_USIM, "00A4000C026F3C"}},
    {"DF 5GS", {SELECT_USIM, "00A4000C025FC0"}},
    {"ISIM", {"00A4040C0CA0000000871004FFFFFFFF89"}},
    {"cyclic", {"00A4000C02A001"}},
    {"BER-TLV", {"00A4000C02A002"}},
    {"open BER-TLV", {"00A4000C02A003"}},
    {"ISD-R", {"00A4040C10A0000005591010FFFFFFFF8900000100"}},
    {"ECASD", {"00A4040C10A0000005591010FFFFFFFF8900000200"}},
    {"ISD-P", {"00A4040C10A0000005591010FFFFFFFF8900001000"}},
    {"security domain", {"00A4040C08A000000151000000"}},
    {"application", {"00A4040C07D2760001180101"}},
};
#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

static struct buf secrets[4];
static size_t answered;

/* --- the card -------------------------------------------------------------------------------------- */

static void add_file(struct fs *fs, enum saip_file_kind kind, uint16_t fid, size_t record_size,
                     const char *access)
{
    struct fs_file like = {.kind = kind,
                           .fid = fid,
                           .parent = fs->mf,
                           .life_cycle = FS_ACTIVATED,
                           .shareable = true,
                           .access_form = FS_ACCESS_EXPANDED,
                           .size = 4 * 32,
                           .record_size = record_size};

    ck_assert(buf_append_hex(&like.access, access, NULL));
    if (kind == SAIP_FILE_BER_TLV)
        ck_assert(buf_append_hex(&like.content,
                                 "8108"
                                 "A74C45414B45445C",
                                 NULL));
    ck_assert_ptr_nonnull(fs_create_file(fs, &like));
}

static void fill(struct fs *fs, struct fs_file *file)
{
    size_t size = fs_content(file).size;
    struct buf octets = {0};

    while (octets.size < size)
        buf_append(&octets, SPAN(MARKER, MARKER_SIZE));
    ck_assert(fs_write(fs, file, 0, SPAN(octets.data, size)));
    buf_free(&octets);
}

/* What cannot be read now holds markers. */
static size_t mark(const struct uicc *uicc)
{
    size_t marked = 0;

    for (size_t i = 0; i < uicc->fs->file_count; i++) {
        struct fs_file *file = uicc->fs->files[i];

        if (file == NULL || fs_is_directory(file) || file->kind == SAIP_FILE_BER_TLV || file->link != NULL ||
            fs_content(file).size < MARKER_SIZE || uicc_check_access(uicc, file, UICC_READ, 0xB0) == SW_OK)
            continue;
        fill(uicc->fs, file);
        marked++;
    }
    return marked;
}

/* PIN1 guards, and there are files of every structure that none but the administrator may read. */
static void prepare(void)
{
    static const char adm[] = "80017F A406 83010A 950108";
    const struct saip_recipe recipe = saip_recipe_default();
    struct softeuicc *card = fuzz_card(SOFTEUICC_T1);
    struct uicc *uicc = profile_view_uicc(card);
    struct fs_application application = {.kind = FS_APPLICATION, .number = 100, .life_cycle = FS_SELECTABLE};
    struct fs_pin *pin;

    fs_set_aid(&application.aid, SPAN("\xD2\x76\x00\x01\x18\x01\x01", 7));
    ck_assert_ptr_nonnull(uicc);
    pin = fs_find_pin(uicc->fs, uicc->fs->mf, 0x01);
    ck_assert_ptr_nonnull(pin);
    pin->enabled = true;
    ck_assert(fs_pin_changed(uicc->fs, pin));
    add_file(uicc->fs, SAIP_FILE_CYCLIC, 0xA001, 16, adm);
    add_file(uicc->fs, SAIP_FILE_BER_TLV, 0xA002, 0, adm);
    add_file(uicc->fs, SAIP_FILE_BER_TLV, 0xA003, 0, "80017F 9000");
    ck_assert(fs_replace_content(uicc->fs, fs_child(uicc->fs->mf, 0xA003), SPAN("\x81\x01\x00", 3)));
    ck_assert(fs_add_application(uicc->fs, &application) &&
              fs_application_changed(uicc->fs, &uicc->fs->applications[uicc->fs->application_count - 1]));
    ck_assert_uint_gt(mark(uicc), 20);
    ck_assert(nvm_commit(card->nvm));
    profile_view_committed(card);
    fuzz_card_keep();
    buf_append(&secrets[0], SPAN(MARKER, MARKER_SIZE));
    buf_append(&secrets[1], SPAN(recipe.key, recipe.key_size));
    buf_append(&secrets[2], SPAN(recipe.opc, recipe.opc_size));
    buf_append(&secrets[3], SPAN_ARRAY(recipe.ota_key));
}

/* --- what holds for every answer ------------------------------------------------------------------- */

static bool contains(struct span in, struct span octets)
{
    for (size_t i = 0; i + octets.size <= in.size; i++)
        if (memcmp(in.data + i, octets.data, octets.size) == 0)
            return true;
    return false;
}

static bool may_have_data(uint8_t sw1)
{
    return sw1 >= 0x90 || (sw1 >= 0x61 && sw1 <= 0x63);
}

/* fuzz_transmit has checked the status word's range and the transaction. */
static struct span send(struct softeuicc *card, struct span capdu)
{
    struct span answer = fuzz_transmit(card, capdu);
    char text[64];

    answered++;
    hex_from_span(capdu, text, sizeof(text));
    ck_assert_msg(answer.size == 2 || may_have_data(answer.data[answer.size - 2]), "data with an error: %s",
                  text);
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        ck_assert_msg(!contains(answer, buf_span(&secrets[i])), "secret %zu is in the answer to %s", i, text);
    return answer;
}

static uint16_t send_hex(struct softeuicc *card, const char *text)
{
    struct buf capdu = {0};
    struct span answer;

    ck_assert(buf_append_hex(&capdu, text, NULL));
    answer = send(card, buf_span(&capdu));
    buf_free(&capdu);
    return (uint16_t)(answer.data[answer.size - 2] << 8 | answer.data[answer.size - 1]);
}

static bool select_object(struct softeuicc *card, size_t object)
{
    uint16_t status = SW_OK;

    for (size_t i = 0; i < 3 && objects[object].commands[i] != NULL; i++)
        status = send_hex(card, objects[object].commands[i]);
    return status == SW_OK;
}

/* --- every instruction ----------------------------------------------------------------------------- */

static const uint8_t classes[] = {0x00, 0x80, 0x01, 0x40, 0x84, 0xA0, 0x90, 0xFF};

/* A command's four cases, with lengths that are right, wrong, or of another case. */
static void every_form(struct softeuicc *card, uint8_t cla, uint8_t ins)
{
    static const uint8_t parameters[][2] = {{0x00, 0x00}, {0x01, 0x04}, {0x00, 0x81}, {0x87, 0x00}};
    uint8_t capdu[40];

    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        memset(capdu, 0x01, sizeof(capdu));
        capdu[0] = cla;
        capdu[1] = ins;
        memcpy(capdu + 2, parameters[i], 2);
        send(card, SPAN(capdu, 4)); /* case 1 */
        capdu[4] = 0x00;
        send(card, SPAN(capdu, 5)); /* case 2 */
        capdu[4] = 0x08;
        send(card, SPAN(capdu, 13)); /* case 3 */
        send(card, SPAN(capdu, 14)); /* case 4 */
        send(card, SPAN(capdu, 12)); /* too little */
        capdu[4] = 0x10;
        send(card, SPAN(capdu, 21));
    }
}

static void every_instruction(size_t from, size_t to)
{
    for (size_t object = from; object < to; object++) {
        for (size_t c = 0; c < sizeof(classes); c++) {
            struct softeuicc *card = fuzz_card(SOFTEUICC_T1);

            ck_assert_msg(select_object(card, object), "%s cannot be selected", objects[object].name);
            for (unsigned ins = 0; ins <= 0xFF; ins++) {
                every_form(card, classes[c], (uint8_t)ins);
                /* SELECT and its like lead elsewhere: back. The card may have closed the way. */
                select_object(card, object);
            }
        }
    }
}

START_TEST(every_instruction_on_files)
{
    prepare();
    every_instruction(0, OBJECTS / 2);
    ck_assert_uint_gt(answered, 100000);
}
END_TEST

START_TEST(every_instruction_on_applications)
{
    prepare();
    every_instruction(OBJECTS / 2, OBJECTS);
    ck_assert_uint_gt(answered, 100000);
}
END_TEST

/* --- a storm --------------------------------------------------------------------------------------- */

/* Commands that mean something, to be damaged. None has a right PIN. */
static const char *const sound[] = {
    "00A4000C023F00",
    "00A40004027F10",
    "00A4080406 7FFF6F07",
    "00A4030400",
    SELECT_USIM,
    "00A40004026F07",
    "00A40004026F3C",
    "00A4000402A001",
    "00A4000402A002",
    "00A4000402A003",
    "00A4040010A0000005591010FFFFFFFF890000010000",
    "00B0000000",
    "00B0870000",
    "00B0000009",
    "00B2010400",
    "00B2000200",
    "00B2010C00",
    "00D6000003010203",
    "00DC0104 10 A7A7A7A7A7A7A7A7A7A7A7A7A7A7A7A7",
    "00A2010408 A74C45414B45445C 00",
    "00A2010604 0000A74C 00",
    "8032000003000001",
    "80CB0080018100",
    "80DB0080068104AABBCCDD",
    "80CB00A000",
    "80F2000000",
    "80F2000C",
    "80F2000100",
    "0020000100",
    "0020000108FFFFFFFFFFFFFFFF",
    "002000810830303030FFFFFFFF",
    "0024000110 30303030FFFFFFFF30303030FFFFFFFF",
    "002600010830303030FFFFFFFF",
    "002800010830303030FFFFFFFF",
    "002C000110 3030303030303030 30303030FFFFFFFF",
    "0004000002 6F07",
    "0044000002 6F07",
    "00E8000002 6F07",
    "00E6000002 5FC0",
    "00FE0000",
    "00E4000002 6F07",
    "00E000001C 621A 82024121 83026F50 8A0105 AB0580017F9000 80020010 880108",
    "80D4000008 6206 83026F07 80020080",
    "0084000008",
    "80AA000005A903830107",
    "8076000004 00010101",
    "8076010008 0001020304050607",
    "0088008122 10 00112233445566778899AABBCCDDEEFF 10 00112233445566778899AABBCCDDEEFF 00",
    "8078000000",
    "0070000001",
    "0070800100",
    "00C0000000",
    "80100000080102030405060708",
    "8012000010",
    "80140000 0C 8103010300 82028281 830100",
    "80C2000008 D606 990101 820100",
    "80E2910003BF2D00",
    "80CABF3000",
    "00CA005A00",
    "00CB3FFF00",
};
#define SOUND (sizeof(sound) / sizeof(sound[0]))

static uint64_t state;

/* xorshift64*. */
static unsigned any(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

static void damage(struct buf *capdu)
{
    switch (any(8)) {
    case 0:
        capdu->size = any((unsigned)capdu->size + 1);
        break;
    case 1:
        for (unsigned more = any(300); more > 0; more--)
            buf_append_octet(capdu, (uint8_t)any(256));
        break;
    case 2:
        capdu->data[any((unsigned)capdu->size)] = (uint8_t)any(256);
        break;
    case 3:
        capdu->data[any((unsigned)capdu->size)] ^= (uint8_t)(1 << any(8));
        break;
    case 4:
        capdu->data[2 + any(2)] = (uint8_t)any(256);
        break;
    case 5:
        capdu->data[0] = (uint8_t)(any(2) != 0 ? any(256) : (capdu->data[0] & 0xF0) | any(4));
        break;
    default:
        break; /* as it is */
    }
}

static void storm(enum softeuicc_protocol protocol)
{
    struct softeuicc *card = fuzz_card(protocol);

    for (unsigned i = 0; i < STORM; i++) {
        struct buf capdu = {0};
        uint8_t atr[SOFTEUICC_ATR_MAX];
        size_t size;

        if (any(300) == 0) {
            softeuicc_reset(card, SOFTEUICC_WARM, atr, &size);
            continue;
        }
        if (any(1000) == 0)
            card = fuzz_card(protocol); /* codes are blocked and files gone: from the beginning */
        ck_assert(buf_append_hex(&capdu, sound[any(SOUND)], NULL));
        damage(&capdu);
        send(card, buf_span(&capdu));
        buf_free(&capdu);
    }
}

START_TEST(a_storm_over_t0)
{
    prepare();
    state = SEED;
    storm(SOFTEUICC_T0);
}
END_TEST

START_TEST(a_storm_over_t1)
{
    prepare();
    state = ~SEED;
    storm(SOFTEUICC_T1);
}
END_TEST

/* The markers are where they are looked for: who has the codes sees them. Without this the tests above might
 * pass for a card that answers nothing. */
START_TEST(who_has_the_codes_reads_the_markers)
{
    struct softeuicc *card;
    struct span answer;

    prepare();
    card = fuzz_card(SOFTEUICC_T1);
    ck_assert_uint_eq(send_hex(card, SELECT_USIM), 0x9000);
    ck_assert_uint_eq(send_hex(card, "00B0870000"), 0x6982);
    ck_assert_uint_eq(send_hex(card, "002000010831323334FFFFFFFF"), 0x9000);
    answer = fuzz_transmit(card, hex("00B0870000"));
    ck_assert(contains(answer, SPAN(MARKER, MARKER_SIZE)));
    ck_assert_uint_eq(send_hex(card, "00A4000C023F00"), 0x9000);
    ck_assert_uint_eq(send_hex(card, "00A4000C02A001"), 0x9000);
    ck_assert_uint_eq(send_hex(card, "00B2010400"), 0x6982);
    ck_assert_uint_eq(send_hex(card, "0020000A083131313131313131"), 0x9000);
    answer = fuzz_transmit(card, hex("00B2010400"));
    ck_assert(contains(answer, SPAN(MARKER, MARKER_SIZE)));
}
END_TEST

TEST_MAIN("hostile_terminal", who_has_the_codes_reads_the_markers, every_instruction_on_files,
          every_instruction_on_applications, a_storm_over_t0, a_storm_over_t1)
