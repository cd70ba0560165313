/*
 * profiles/uicc/uicc_pin.c and uicc_misc.c: counters and what they close, disabled and replaced codes,
 * unblocking, local codes of an application session; SUSPEND UICC, GET CHALLENGE, TERMINAL CAPABILITY.
 */
#include "apdu/tlv.h"
#include "tests/support/test.h"
#include "tests/support/uicc.h"

#include <stdio.h>
#include <string.h>

#define PIN1        "31323334FFFFFFFF"
#define PIN2        "35363738FFFFFFFF"
#define PUK1        "3132333435363738"
#define PUK2        "3837363534333231"
#define ADM1        "3131313131313131"
#define NEW_PIN     "39383736353433FF"
#define WRONG       "30303030FFFFFFFF"
#define UNIVERSAL   "34343434FFFFFFFF"
#define SELECT_USIM "00A4040C10A0000000871002FFFFFFFF8907090000"
/* EF IMSI, which PIN1 guards, and EF FDN's neighbour in the USIM, which local PIN 81 guards for UPDATE. */
#define READ_IMSI "00B0870000"

/* What the store was told last, and what it held when it was told to keep it. */
struct stored {
    unsigned pins, puks, kept;
    uint8_t attempts_left, kept_left;
    bool fails, keeps_nothing;
};

static bool store_pin(void *context, const struct fs_pin *pin)
{
    struct stored *stored = context;

    stored->pins++;
    stored->attempts_left = pin->attempts_left;
    return !stored->fails;
}

static bool store_puk(void *context, const struct fs_puk *puk)
{
    struct stored *stored = context;

    stored->puks++;
    stored->attempts_left = puk->attempts_left;
    return !stored->fails;
}

static bool keep(void *context)
{
    struct stored *stored = context;

    stored->kept++;
    stored->kept_left = stored->attempts_left;
    return !stored->keeps_nothing;
}

static struct stored stored;

static struct uicc *make(void)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct uicc *uicc;

    recipe.pin1_enabled = true;
    uicc = test_uicc(&recipe);
    stored = (struct stored){0};
    uicc->fs->store = (struct fs_store){.context = &stored, .pin = store_pin, .puk = store_puk, .last = keep};
    return uicc;
}

static struct uicc *make_with_universal(void)
{
    struct uicc *uicc = make();
    struct fs_pin pin = {.directory = uicc->fs->mf,
                         .reference = 0x11,
                         .value = {'4', '4', '4', '4', 0xFF, 0xFF, 0xFF, 0xFF},
                         .attributes = FS_PIN_ENABLED | FS_PIN_MAY_CHANGE | FS_PIN_MAY_DISABLE,
                         .attempts = 3,
                         .attempts_left = 3,
                         .enabled = true};

    ck_assert(fs_add_pin(uicc->fs, &pin));
    return uicc;
}

#define expect(uicc, capdu, status) ck_assert_uint_eq(test_uicc_send((uicc), (capdu), NULL), (status))

START_TEST(a_pin_opens_what_it_guards)
{
    struct uicc *uicc = make();

    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0020000100", 0x63C3);
    expect(uicc, "0020000108" PIN1, 0x9000);
    ck_assert_uint_eq(stored.attempts_left, 3);
    expect(uicc, READ_IMSI, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_wrong_pin_is_counted_and_stored_before_the_answer)
{
    struct uicc *uicc = make();

    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "0020000108" PIN1, 0x9000);
    expect(uicc, "0020000108" WRONG, 0x63C2);
    ck_assert_uint_eq(stored.attempts_left, 2);
    ck_assert_uint_eq(stored.kept_left, 2);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0020000108" WRONG, 0x63C1);
    ck_assert_uint_eq(stored.kept_left, 1);
    expect(uicc, "0020000108" PIN1, 0x9000);
    ck_assert_uint_eq(stored.attempts_left, 3);
    ck_assert_uint_eq(stored.kept, 4);
    for (unsigned left = 3; left-- > 0;)
        ck_assert_uint_eq(test_uicc_send(uicc, "0020000108" WRONG, NULL), 0x63C0 | left);
    expect(uicc, "0020000108" PIN1, 0x6983);
    expect(uicc, "0020000100", 0x63C0);
    expect(uicc, "0024000110" PIN1 NEW_PIN, 0x6983);
    expect(uicc, "0026000108" PIN1, 0x6983);
    expect(uicc, READ_IMSI, 0x6982);
    uicc_reset(uicc);
    expect(uicc, "0020000108" PIN1, 0x6983);
    uicc_free(uicc);
}
END_TEST

/* Every command that compares, with what is right and what is wrong: nobody learns which before it counts. */
START_TEST(what_cannot_be_counted_is_not_compared)
{
    static const struct {
        const char *before, *right, *wrong;
        uint8_t left;
    } commands[] = {
        {"0020000100", "0020000108" PIN1, "0020000108" WRONG, 2},
        {"0020000100", "0024000110" PIN1 NEW_PIN, "0024000110" WRONG NEW_PIN, 2},
        {"0020000100", "0026000108" PIN1, "0026000108" WRONG, 2},
        {"0026000108" PIN1, "0028000108" PIN1, "0028000108" WRONG, 2},
        {"0020000100", "002C000110" PUK1 NEW_PIN, "002C000110" PUK2 NEW_PIN, 9},
        {"0020000A00", "0020000A08" ADM1, "0020000A08" WRONG, 9},
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct uicc *uicc = make();
        struct fs_pin *pin = NULL;

        test_uicc_send(uicc, commands[i].before, NULL);
        pin = fs_find_pin(uicc->fs, uicc->fs->mf, commands[i].right[5] == 'A' ? 0x0A : 0x01);
        if (pin == NULL)
            pin = fs_find_pin(uicc->fs, uicc->fs->mf, 0x01);
        stored = (struct stored){.keeps_nothing = true};
        pin->verified = true;
        expect(uicc, commands[i].right, 0x6581);
        ck_assert_uint_eq(stored.kept_left, commands[i].left);
        expect(uicc, commands[i].wrong, 0x6581);
        ck_assert_uint_eq(stored.kept_left, commands[i].left - 1);
        ck_assert(commands[i].left > 3 || !pin->verified);
        stored.keeps_nothing = false;
        expect(uicc, commands[i].right, 0x9000);
        uicc_free(uicc);
    }
}
END_TEST

/* Also where only its padding would tell it from the right one. */
START_TEST(every_octet_of_a_pin_counts)
{
    struct uicc *uicc = make();

    for (size_t octet = 0; octet < 8; octet++) {
        struct buf capdu = {0};

        buf_append(&capdu, hex("0020000108" PIN1));
        capdu.data[5 + octet] ^= 0x01;
        ck_assert_uint_eq(test_uicc_transmit(uicc, buf_span(&capdu), NULL), 0x63C2);
        expect(uicc, "0020000108" PIN1, 0x9000);
        buf_free(&capdu);
    }
    uicc_free(uicc);
}
END_TEST

START_TEST(a_pin_that_may_not_be_changed_stays)
{
    struct uicc *uicc = make();
    struct fs_pin *pin = fs_find_pin(uicc->fs, uicc->fs->mf, 0x01);

    pin->attributes &= (uint8_t)~FS_PIN_MAY_CHANGE;
    expect(uicc, "0024000110" PIN1 NEW_PIN, 0x6985);
    ck_assert_uint_eq(stored.pins, 0);
    expect(uicc, "0020000108" PIN1, 0x9000);
    uicc_free(uicc);
}
END_TEST

START_TEST(what_cannot_be_stored_opens_nothing)
{
    struct uicc *uicc = make();

    stored.fails = true;
    expect(uicc, "0020000108" WRONG, 0x6581);
    expect(uicc, "0020000108" PIN1, 0x6581);
    expect(uicc, "0024000110" PIN1 NEW_PIN, 0x6581);
    expect(uicc, "002C000110" PUK1 NEW_PIN, 0x6581);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    uicc_free(uicc);
}
END_TEST

START_TEST(references_and_lengths_are_checked)
{
    static const struct {
        const char *capdu;
        uint16_t status;
    } cases[] = {
        {"0020010108" PIN1, 0x6A86},
        {"0020000008" PIN1, 0x6A86},
        {"0020004108" PIN1, 0x6A86},
        {"0020008008" PIN1, 0x6A86},
        {"0020000208" PIN1, 0x6A88},
        {"0020001108" PIN1, 0x6A88},
        {"0020000E08" PIN1, 0x6A88},
        {"0020008108" PIN2, 0x6A88}, /* no application is selected */
        {"0020000107"
         "31323334FFFFFF",
         0x6700},
        {"0020000109" PIN1 "FF", 0x6700},
        {"0024000108" PIN1, 0x6700},
        {"00240001", 0x6700},
        {"0024010110" PIN1 NEW_PIN, 0x6A86},
        {"0026000110" PIN1 PIN1, 0x6700},
        {"0026010108" PIN1, 0x6A86},
        {"0026910108" PIN1, 0x6A88}, /* there is no universal PIN */
        {"0028800108" PIN1, 0x6A86},
        {"0028000108" PIN1, 0x6985}, /* enabled already */
        {"002C000108" PUK1, 0x6700},
        {"002C000A10" PUK1 NEW_PIN, 0x6A88}, /* has no PUK */
        {"8020000108" PIN1, 0x6E00},
    };
    struct uicc *uicc = make();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t status = test_uicc_send(uicc, cases[i].capdu, NULL);

        ck_assert_msg(status == cases[i].status, "%s: %04X", cases[i].capdu, status);
    }
    ck_assert_uint_eq(stored.pins + stored.puks, 0);
    expect(uicc, "0020000100", 0x63C3);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_changed_pin_is_the_new_one)
{
    static const char *const bad[] = {"313233FFFFFFFFFF", "31323334FFFFFF35", "3132333A35363738",
                                      "FFFFFFFFFFFFFFFF", "3132333400000000"};
    struct uicc *uicc = make();

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char capdu[80];

        snprintf(capdu, sizeof(capdu), "0024000110" PIN1 "%s", bad[i]);
        expect(uicc, capdu, 0x6A80);
    }
    expect(uicc, "0024000110" WRONG NEW_PIN, 0x63C2);
    expect(uicc, "0020000108" NEW_PIN, 0x63C1);
    expect(uicc, "0024000110" PIN1 NEW_PIN, 0x9000);
    ck_assert_uint_eq(stored.attempts_left, 3);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x9000);
    uicc_reset(uicc);
    expect(uicc, "0020000108" PIN1, 0x63C2);
    expect(uicc, "0020000108" NEW_PIN, 0x9000);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_disabled_pin_guards_nothing)
{
    struct uicc *uicc = make();

    expect(uicc, "0026000108" WRONG, 0x63C2);
    expect(uicc, "0026000108" PIN1, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x9000);
    expect(uicc, "0020000108" PIN1, 0x6984);
    expect(uicc, "0024000110" PIN1 NEW_PIN, 0x6984);
    expect(uicc, "0026000108" PIN1, 0x6984);
    expect(uicc, "0028000108" WRONG, 0x63C2);
    expect(uicc, "0028000108" PIN1, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    /* PIN2 and ADM cannot be disabled: pinAttributes of the package. */
    expect(uicc, "0026008108" PIN2, 0x6985);
    expect(uicc, "0026000A08" ADM1, 0x6985);
    uicc_free(uicc);
}
END_TEST

START_TEST(the_universal_pin_stands_in)
{
    struct uicc *uicc = make_with_universal();

    expect(uicc, "0026950108" PIN1, 0x6A88);
    expect(uicc, "0026801108" UNIVERSAL, 0x6985); /* not for itself */
    expect(uicc, "0026910108" PIN1, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0020000108" PIN1, 0x6984);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0026001108" UNIVERSAL, 0x6985); /* it is needed */
    expect(uicc, "0020001108" WRONG, 0x63C2);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0020001108" UNIVERSAL, 0x9000);
    expect(uicc, READ_IMSI, 0x9000);
    /* Enabled again it guards by itself. */
    expect(uicc, "0028000108" PIN1, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "0020001108" UNIVERSAL, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    expect(uicc, "0026001108" UNIVERSAL, 0x9000);
    expect(uicc, "0026800108" PIN1, 0x6985); /* a disabled one cannot stand in */
    uicc_free(uicc);
}
END_TEST

START_TEST(a_puk_unblocks)
{
    struct uicc *uicc = make();

    for (unsigned i = 0; i < 3; i++)
        test_uicc_send(uicc, "0020000108" WRONG, NULL);
    expect(uicc, "0020000108" PIN1, 0x6983);
    expect(uicc, "002C000100", 0x63CA);
    expect(uicc, "002C000110" PUK2 NEW_PIN, 0x63C9);
    ck_assert_uint_eq(stored.puks, 1);
    ck_assert_uint_eq(stored.attempts_left, 9);
    expect(uicc, "002C000110" PUK1 "FFFFFFFFFFFFFFFF", 0x6A80);
    expect(uicc, "0020000108" PIN1, 0x6983); /* still */
    expect(uicc, "002C000110" PUK1 NEW_PIN, 0x9000);
    expect(uicc, "002C000100", 0x63CA);
    expect(uicc, "0020000100", 0x63C3);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x9000);
    expect(uicc, "0020000108" NEW_PIN, 0x9000);
    uicc_free(uicc);
}
END_TEST

START_TEST(unblocking_enables)
{
    struct uicc *uicc = make();

    expect(uicc, "0026000108" PIN1, 0x9000);
    expect(uicc, "002C000110" PUK1 NEW_PIN, 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_puk_blocks_for_good)
{
    struct uicc *uicc = make();

    for (unsigned left = 10; left-- > 0;)
        ck_assert_uint_eq(test_uicc_send(uicc, "002C000110" WRONG NEW_PIN, NULL), 0x63C0 | left);
    expect(uicc, "002C000110" PUK1 NEW_PIN, 0x6983);
    expect(uicc, "002C000100", 0x63C0);
    expect(uicc, "0020000108" PIN1, 0x9000); /* the PIN is not touched */
    uicc_free(uicc);
}
END_TEST

/* A local PIN is the application's: it lasts as long as a session of it, on whatever channel. */
START_TEST(a_local_pin_ends_with_its_session)
{
    struct uicc *uicc = make();

    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "0020008108" PIN2, 0x9000);
    ck_assert(uicc_pin_satisfied(uicc, uicc->channels[0].directory, 0x81));
    uicc_open_channel(uicc, 1, 0);
    expect(uicc, "01A4040C10A0000000871002FFFFFFFF8907090000", 0x9000);
    uicc_close_channel(uicc, 1);
    ck_assert(uicc_pin_satisfied(uicc, uicc->channels[0].directory, 0x81));
    expect(uicc, "00A4040C10A0000000871004FFFFFFFF8907090000", 0x9000); /* ISIM */
    expect(uicc, "0020008100", 0x63C3);
    ck_assert(!uicc_pin_satisfied(uicc, uicc->channels[0].directory, 0x81));
    expect(uicc, SELECT_USIM, 0x9000);
    ck_assert(!uicc_pin_satisfied(uicc, uicc->channels[0].directory, 0x81));
    uicc_free(uicc);
}
END_TEST

START_TEST(administrative_codes_are_any_octets)
{
    struct uicc *uicc = make();

    expect(uicc, "0020000A00", 0x63CA);
    expect(uicc, "0024000A10" ADM1 "0001020304050607", 0x9000);
    expect(uicc, "0020000A08" ADM1, 0x63C9);
    expect(uicc,
           "0020000A08"
           "0001020304050607",
           0x9000);
    uicc_free(uicc);
}
END_TEST

/* --- without files --------------------------------------------------------------------------------- */

static struct uicc *suspended(struct buf *answer)
{
    struct uicc *uicc = make();

    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "0020000108" PIN1, 0x9000);
    expect(uicc, READ_IMSI, 0x9000);
    ck_assert_uint_eq(test_uicc_send(uicc, "8076000003000102", answer), 0x6700);
    ck_assert_uint_eq(test_uicc_send(uicc, "807600000401010201", answer), 0x9000);
    ck_assert_uint_eq(answer->size, 10);
    ck_assert_hex(SPAN(answer->data, 2), "0201");
    return uicc;
}

static uint16_t resume(struct uicc *uicc, const struct buf *answer)
{
    uint8_t capdu[13] = {0x80, 0x76, 0x01, 0x00, 0x08};

    memcpy(capdu + 5, answer->data + 2, 8);
    return test_uicc_transmit(uicc, SPAN_ARRAY(capdu), NULL);
}

START_TEST(a_suspended_uicc_resumes)
{
    struct buf *answer = test_buf();
    struct uicc *uicc = suspended(answer);

    uicc_reset(uicc);
    ck_assert_ptr_null(uicc->channels[0].application);
    ck_assert_uint_eq(resume(uicc, answer), 0x9000);
    expect(uicc, "00B0000000", 0x9000); /* EF IMSI is current, and PIN1 verified */
    ck_assert_uint_eq(resume(uicc, answer), 0x6985);
    uicc_free(uicc);
}
END_TEST

/* Past uicc_process, with no answer. */
static void select_as_the_card_does(struct uicc *uicc)
{
    static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    struct apdu_command command;
    struct fs_file *usim;

    ck_assert_uint_eq(apdu_decode(SPAN_ARRAY(select), &command), SW_OK);
    usim = uicc_find_application(uicc, command.data, UICC_FIRST, NULL);
    ck_assert_ptr_nonnull(usim);
    ck_assert_uint_eq(uicc_select_application(uicc, &command, usim, test_buf()), SW_OK);
}

START_TEST(resuming_has_one_attempt_and_one_moment)
{
    struct buf *answer = test_buf();
    struct uicc *uicc = suspended(answer);

    ck_assert_uint_eq(resume(uicc, answer), 0x6985); /* there was no reset */
    uicc_free(uicc);

    uicc = suspended(answer);
    uicc_reset(uicc);
    answer->data[9] ^= 1;
    ck_assert_uint_eq(resume(uicc, answer), 0x6982);
    answer->data[9] ^= 1;
    ck_assert_uint_eq(resume(uicc, answer), 0x6985);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, READ_IMSI, 0x6982);
    uicc_free(uicc);

    uicc = suspended(answer);
    uicc_reset(uicc);
    expect(uicc, "80F2000C", 0x9000); /* another command is a fresh start */
    ck_assert_uint_eq(resume(uicc, answer), 0x6985);
    uicc_free(uicc);

    uicc = suspended(answer);
    uicc_reset(uicc);
    select_as_the_card_does(uicc);
    ck_assert_uint_eq(resume(uicc, answer), 0x6985);
    uicc_free(uicc);

    uicc = suspended(answer);
    uicc_reset(uicc);
    uicc_reset(uicc);
    ck_assert_uint_eq(resume(uicc, answer), 0x6985);
    uicc_free(uicc);
}
END_TEST

START_TEST(suspend_checks_what_it_is_told)
{
    struct uicc *uicc = make();

    expect(uicc,
           "8076000004"
           "05010501",
           0x6A80); /* no such unit */
    expect(uicc,
           "8076000004"
           "02010101",
           0x6A80); /* at least an hour, at most a minute */
    expect(uicc,
           "8076020004"
           "00010101",
           0x6A86);
    expect(uicc,
           "8076000003"
           "000101",
           0x6700);
    expect(uicc,
           "8176000004"
           "00010101",
           0x6985);
    uicc_open_channel(uicc, 1, 0);
    expect(uicc, "01A4040C10A0000000871002FFFFFFFF8907090000", 0x9000);
    expect(uicc,
           "8076000004"
           "00010101",
           0x6985);
    uicc_free(uicc);
}
END_TEST

START_TEST(challenges_are_as_long_as_asked_and_never_the_same)
{
    struct buf *first = test_buf();
    struct buf *second = test_buf();
    struct uicc *uicc = make();

    ck_assert_uint_eq(test_uicc_send(uicc, "0084000008", first), 0x9000);
    ck_assert_uint_eq(test_uicc_send(uicc, "0084000008", second), 0x9000);
    ck_assert_uint_eq(first->size, 8);
    ck_assert(!span_equal(buf_span(first), buf_span(second)));
    ck_assert_uint_eq(test_uicc_send(uicc, "0084000000", first), 0x9000);
    ck_assert_uint_eq(first->size, 256);
    expect(uicc, "00840000", 0x6700);
    expect(uicc, "0084010008", 0x6A86);
    expect(uicc, "0084000001AA", 0x6700);
    uicc->host.random = NULL;
    expect(uicc, "0084000008", 0x6F00);
    uicc_free(uicc);
}
END_TEST

START_TEST(terminal_capabilities_are_checked)
{
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A903830107")), 0x9000);
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A90A8003FFFFFF8100830107")), 0x9000);
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A903840107")), 0x9000); /* of a later release */
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A9038001FF")), 0x6A80);
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A904830107")), 0x6A80);
    ck_assert_uint_eq(uicc_check_terminal_capability(hex("A803830107")), 0x6A80);
}
END_TEST

TEST_MAIN("uicc_pin", a_pin_opens_what_it_guards, a_wrong_pin_is_counted_and_stored_before_the_answer,
          what_cannot_be_counted_is_not_compared, every_octet_of_a_pin_counts,
          a_pin_that_may_not_be_changed_stays, what_cannot_be_stored_opens_nothing,
          references_and_lengths_are_checked, a_changed_pin_is_the_new_one, a_disabled_pin_guards_nothing,
          the_universal_pin_stands_in, a_puk_unblocks, unblocking_enables, a_puk_blocks_for_good,
          a_local_pin_ends_with_its_session, administrative_codes_are_any_octets, a_suspended_uicc_resumes,
          resuming_has_one_attempt_and_one_moment, suspend_checks_what_it_is_told,
          challenges_are_as_long_as_asked_and_never_the_same, terminal_capabilities_are_checked)
