/*
 * profiles/uicc/uicc_admin.c and uicc_create.c: who may create, resize, delete, activate, deactivate and
 * terminate which file, and what becomes of it.
 */
#include "apdu/tlv.h"
#include "tests/support/test.h"
#include "tests/support/uicc.h"

#include <stdio.h>
#include <string.h>

#define ADM1        "0020000A083131313131313131"
#define SELECT_USIM "00A4040C10A0000000871002FFFFFFFF8907090000"
#define SELECT_6F50 "00A4000C026F50"
/* Access rules in the file itself: everything by ADM1; everything for everyone. */
#define BY_ADM1 "AB0B 80017F A406 83010A 950108"
#define BY_ALL  "AB05 80017F 9000"

#define EF_6F50 "82024121 83026F50 8A0105 " BY_ADM1 " 80020010"

#define expect(uicc, capdu, status) ck_assert_uint_eq(test_uicc_send((uicc), (capdu), NULL), (status))

/* A template of objects in CREATE FILE or another command, its lengths put in. */
static uint16_t send_template(struct uicc *uicc, uint8_t cla, uint8_t ins, uint8_t p1, const char *objects)
{
    struct buf template = {0};
    struct buf capdu = {0};
    size_t mark = tlv_open(&template, 0x62);
    uint16_t status;

    ck_assert(buf_append_hex(&template, objects, NULL));
    tlv_close(&template, mark);
    apdu_encode(&capdu, cla, ins, p1, 0, buf_span(&template), 0);
    status = test_uicc_transmit(uicc, buf_span(&capdu), NULL);
    buf_free(&template);
    buf_free(&capdu);
    return status;
}

static uint16_t create(struct uicc *uicc, const char *objects)
{
    return send_template(uicc, 0x00, 0xE0, 0x00, objects);
}

static uint16_t resize(struct uicc *uicc, uint8_t p1, const char *objects)
{
    return send_template(uicc, 0x80, 0xD4, p1, objects);
}

/* In the USIM, whose directory lets ADM1 create and delete; PIN1 is disabled. */
static struct uicc *in_usim(void)
{
    struct uicc *uicc = test_uicc(NULL);

    expect(uicc, SELECT_USIM, 0x9000);
    return uicc;
}

static struct uicc *as_administrator(void)
{
    struct uicc *uicc = in_usim();

    expect(uicc, ADM1, 0x9000);
    return uicc;
}

static void check_content(struct uicc *uicc, const char *read, const char *content)
{
    struct buf *answer = test_buf();

    ck_assert_uint_eq(test_uicc_send(uicc, read, answer), 0x9000);
    ck_assert_hex(buf_span(answer), content);
}

START_TEST(a_created_file_is_there)
{
    struct uicc *uicc = as_administrator();
    struct buf *fcp = test_buf();
    struct span value;

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    check_content(uicc, "00B0000000", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"); /* current */
    ck_assert_uint_eq(test_uicc_send(uicc, "00A40004026F50", fcp), 0x9000);
    ck_assert(tlv_find_path(buf_span(fcp), (const uint32_t[]){0x62, 0x82, 0}, &value));
    ck_assert_hex(value, "4121");
    ck_assert(tlv_find_path(buf_span(fcp), (const uint32_t[]){0x62, 0x80, 0}, &value));
    ck_assert_hex(value, "0010");
    ck_assert(tlv_find_path(buf_span(fcp), (const uint32_t[]){0x62, 0xAB, 0}, &value));
    ck_assert_hex(value, "80017FA40683010A950108");
    expect(uicc, "00D6000003 010203", 0x9000);
    /* What guards it guards it: after a reset ADM1 is not verified. */
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, SELECT_6F50, 0x9000);
    expect(uicc, "00B0000000", 0x6982);
    uicc_free(uicc);
}
END_TEST

START_TEST(only_who_may_creates)
{
    struct uicc *uicc = in_usim();

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x6982);
    expect(uicc, SELECT_6F50, 0x6A82);
    expect(uicc, ADM1, 0x9000);
    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    ck_assert_uint_eq(create(uicc, EF_6F50), 0x6A89);
    uicc_free(uicc);
}
END_TEST

START_TEST(parameters_are_checked)
{
    static const struct {
        const char *what, *objects;
        uint16_t status;
    } cases[] = {
        {"nothing", "", 0x6A80},
        {"no descriptor", "83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"no identifier", "82024121 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"no life cycle", "82024121 83026F50 " BY_ALL " 80020010", 0x6A80},
        {"no access rule", "82024121 83026F50 8A0105 80020010", 0x6A80},
        {"two access rules", "82024121 83026F50 8A0105 " BY_ALL " 8B036F0601 80020010", 0x6A80},
        {"no size", "82024121 83026F50 8A0105 " BY_ALL, 0x6A80},
        {"size of nothing", "82024121 83026F50 8A0105 " BY_ALL " 80020000", 0x6A80},
        {"twice the size", "82024121 83026F50 8A0105 " BY_ALL " 80020010 80020010", 0x6A80},
        {"unknown object", "82024121 83026F50 8A0105 " BY_ALL " 80020010 8F0100", 0x6A80},
        {"unknown structure", "82024321 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"record descriptor", "8204412100 10 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"terminated from the start", "82024121 83026F50 8A010C " BY_ALL " 80020010", 0x6A80},
        {"MF", "82024121 83023F00 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"current ADF", "82024121 83027FFF 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"name of an EF", "82024121 83026F50 8A0105 " BY_ALL " 80020010 8405A000000001", 0x6A80},
        {"SFI in use", "82024121 83026F50 8A0105 " BY_ALL " 80020010 880138", 0x6A80},
        {"SFI's low bits", "82024121 83026F50 8A0105 " BY_ALL " 80020010 880139", 0x6A80},
        {"records without size", "82024221 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"records of nothing", "820442210000 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"half a record", "820442210003 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"too many records", "820442210001 83026F50 8A0105 " BY_ALL " 800200FF", 0x6A80},
        {"other number of records", "82054221000403 83026F50 8A0105 " BY_ALL " 80020010", 0x6A80},
        {"both patterns", "82024121 83026F50 8A0105 " BY_ALL " 80020010 A506C10100C20100", 0x6A80},
        {"directory with empty PINs", "82027821 83025F70 8A0105 " BY_ALL " 81020100 C600", 0x6A80},
        {"directory with content", "82027821 83025F70 8A0105 " BY_ALL " 80020100 C606900180830101", 0x6A80},
        {"application there is",
         "82027821 83027FF5 8410A0000000871002FFFFFFFF8907090000 8A0105 " BY_ALL " 81020100 C606900180830101",
         0x6A8A},
        {"more than a card holds", "82024121 83026F50 8A0105 " BY_ALL " 800400800000", 0x6A84},
    };
    struct uicc *uicc = as_administrator();
    size_t before = 0, after = 0;

    for (size_t i = 0; i < uicc->fs->file_count; i++)
        before += uicc->fs->files[i] != NULL;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t status = create(uicc, cases[i].objects);

        ck_assert_msg(status == cases[i].status, "%s: %04X", cases[i].what, status);
    }
    expect(uicc, "00E0000003 620182", 0x6A80);
    expect(uicc, "00E0010003 620100", 0x6A86);
    expect(uicc, "00E00000", 0x6700);
    for (size_t i = 0; i < uicc->fs->file_count; i++)
        after += uicc->fs->files[i] != NULL;
    ck_assert_uint_eq(before, after);
    uicc_free(uicc);
}
END_TEST

static bool take(void *context, int64_t octets)
{
    int64_t *left = context;

    if (octets > *left)
        return false;
    *left -= octets;
    return true;
}

START_TEST(memory_ends)
{
    struct uicc *uicc = as_administrator();
    int64_t left = 15;

    uicc->host.take_memory = take;
    uicc->host.context = &left;
    ck_assert_uint_eq(create(uicc, EF_6F50), 0x6A84);
    ck_assert_uint_eq(create(uicc, "82024121 83026F51 8A0105 " BY_ALL " 8002000D"), 0x9000);
    ck_assert_int_eq(left, 2);
    ck_assert_uint_eq(resize(uicc, 0, "83026F51 8002001F"), 0x6982); /* no bit of the octet is RESIZE */
    ck_assert_uint_eq(create(uicc, "82024121 83026F52 8A0105 AB0A 80017F9000 8401D4 9000 80020001"), 0x9000);
    ck_assert_uint_eq(resize(uicc, 0, "83026F52 80020003"), 0x6A84);
    ck_assert_uint_eq(resize(uicc, 0, "83026F52 80020002"), 0x9000);
    ck_assert_int_eq(left, 0);
    ck_assert_uint_eq(resize(uicc, 0, "83026F52 80020001"), 0x9000);
    ck_assert_int_eq(left, 1);
    expect(uicc, "00E4000002 6F51", 0x9000);
    ck_assert_int_eq(left, 14);
    uicc_free(uicc);
}
END_TEST

START_TEST(patterns_fill)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, "82024121 83026F50 8A0105 " BY_ALL " 80020006 A504C1020102"), 0x9000);
    check_content(uicc, "00B0000000", "010202020202");
    ck_assert_uint_eq(create(uicc, "82024121 83026F51 8A0105 " BY_ALL " 80020006 A504C2020102"), 0x9000);
    check_content(uicc, "00B0000000", "010201020102");
    ck_assert_uint_eq(create(uicc, "820442210003 83026F52 8A0105 " BY_ALL " 80020006 A504C1020102"), 0x9000);
    check_content(uicc, "00B2020400", "010202");
    expect(uicc, "00B2030400", 0x6A83);
    uicc_free(uicc);
}
END_TEST

START_TEST(directories_are_made_and_deleted_with_what_is_in_them)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, "82027821 83025F70 8A0105 " BY_ALL " 81020100 C609 9001C0 830101 830181"),
                      0x9000);
    ck_assert_uint_eq(uicc->channels[0].directory->fid, 0x5F70);
    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    expect(uicc, "00A4000C023F00", 0x9000);
    expect(uicc, "00A4090C065F706F50", 0x6700);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "00A4090C045F706F50", 0x9000);
    /* Another channel stands in it. */
    uicc_open_channel(uicc, 1, 0);
    expect(uicc, "01A4040C10A0000000871002FFFFFFFF8907090000", 0x9000);
    expect(uicc, "01A4000C025F70", 0x9000);
    expect(uicc, "00E4000002 5F70", 0x6985);
    uicc_close_channel(uicc, 1);
    expect(uicc, "00E4000002 5F70", 0x9000);
    ck_assert_uint_eq(uicc->channels[0].directory->kind, SAIP_FILE_ADF);
    ck_assert_ptr_null(uicc->channels[0].file);
    expect(uicc, "00B0000000", 0x6986);
    expect(uicc, "00A4000C025F70", 0x6A82);
    uicc_free(uicc);
}
END_TEST

/* The octets that pySim's create_ef sends, with all its options; a cyclic file, which it reads only, like the
 * others. The order of the objects is its own. */
START_TEST(files_are_made_as_pysim_makes_them)
{
    static const struct {
        const char *descriptor, *size;
    } kinds[] = {
        {"820201 21", "80020010"},         {"820241 21", "80020010"},
        {"820502 21 0004 04", "80020010"}, {"820542 21 0004 04", "80020010"},
        {"820506 21 0004 04", "80020010"}, {"820239 21", "80020010"},
        {"820279 21", "80020010"},
    };
    struct uicc *uicc = as_administrator();
    const char *sfis[] = {"8800", "880138", NULL, ""};
    char free_one[8] = "8800";

    for (uint8_t sfi = 1; sfi <= 30; sfi++)
        if (fs_child_by_sfi(uicc->channels[0].directory, sfi) == NULL)
            snprintf(free_one, sizeof(free_one), "8801%02X", sfi << 3 & 0xFF);
    sfis[2] = free_one;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t j = 0; j < sizeof(sfis) / sizeof(sfis[0]); j++) {
            char objects[128];
            bool taken = j == 1; /* by a file of the USIM */

            snprintf(objects, sizeof(objects), "%s 83026F50 8A0105 8B036F0601 %s %s", kinds[i].descriptor,
                     kinds[i].size, sfis[j]);
            ck_assert_msg(create(uicc, objects) == (taken ? 0x6A80 : 0x9000), "%s", objects);
            if (!taken)
                ck_assert(fs_delete_file(uicc->fs, fs_child(uicc->channels[0].directory, 0x6F50)));
            expect(uicc, SELECT_USIM, 0x9000);
        }
    uicc_free(uicc);
}
END_TEST

/* And those of its create_df: never with a PIN status, with the size and one vendor's object when asked for.
 */
START_TEST(directories_are_made_as_pysim_makes_them)
{
    static const char *const sizes[] = {"", "81020100", "A503D20105", "81020100 A503D2010F"};
    static const char *const descriptors[] = {"82023821", "82027821"};

    for (size_t i = 0; i < 2 * 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct uicc *uicc = as_administrator();
        bool application = (i & 1) != 0;
        struct buf *fcp = test_buf();
        struct span of_new, of_parent;
        char objects[128];

        if (application)
            expect(uicc, "00A4000C023F00", 0x9000);
        ck_assert_uint_eq(test_uicc_send(uicc, "80F2000000", fcp), 0x9000);
        ck_assert(tlv_find_path(buf_span(fcp), (const uint32_t[]){0x62, 0xC6, 0}, &of_parent));
        snprintf(objects, sizeof(objects), "%s 83025F70 %s 8A0105 8B036F0601 %s", descriptors[i >> 1 & 1],
                 application ? "8407A0000000990102" : "", sizes[i >> 2]);
        ck_assert_msg(create(uicc, objects) == 0x9000, "%s", objects);
        ck_assert_uint_eq(uicc->channels[0].directory->fid, 0x5F70);
        fcp = test_buf();
        ck_assert_uint_eq(test_uicc_send(uicc, "80F2000000", fcp), 0x9000);
        ck_assert(tlv_find_path(buf_span(fcp), (const uint32_t[]){0x62, 0xC6, 0}, &of_new));
        ck_assert(span_equal(of_new, of_parent));
        uicc_free(uicc);
    }
}
END_TEST

START_TEST(an_application_is_made_and_deleted)
{
    struct uicc *uicc = test_uicc(NULL);

    expect(uicc, "0020000A083131313131313131", 0x9000);
    ck_assert_uint_eq(
        create(uicc, "82027821 83027FF7 8407A0000000990102 8A0105 " BY_ALL " 81020100 C606900180830101"),
        0x9000);
    expect(uicc, "00A4040C07A0000000990102", 0x9000);
    expect(uicc, "00A4000C023F00", 0x9000);
    expect(uicc, "00E4000002 7FF7", 0x6A82); /* an ADF has no identifier for terminals */
    expect(uicc, "00E4000002 7FFF", 0x9000);
    ck_assert_ptr_null(uicc->channels[0].application);
    expect(uicc, "00A4040C07A0000000990102", 0x6A82);
    uicc_free(uicc);
}
END_TEST

START_TEST(deleting_needs_its_rule)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "00E4000002 6F50", 0x6982);
    expect(uicc, "00E4000002 6FF0", 0x6A82);
    expect(uicc, "00E4000002 3F00", 0x6985);
    expect(uicc, "00E4000001 6F", 0x6700);
    expect(uicc, "00E4030002 6F50", 0x6A86);
    expect(uicc, ADM1, 0x9000);
    expect(uicc, "00E4000002 6F50", 0x9000);
    expect(uicc, SELECT_6F50, 0x6A82);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_deactivated_file_is_not_used)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    expect(uicc, "00040000", 0x9000); /* the current one */
    expect(uicc, SELECT_6F50, 0x6283);
    expect(uicc, "00B0000000", 0x6984);
    expect(uicc, "00D6000001AA", 0x6984);
    expect(uicc, "0004000002 6F50", 0x9000); /* again */
    expect(uicc, "0044090002 6F50", 0x9000);
    expect(uicc, "0004080004 7FFF6F50", 0x9000);
    expect(uicc, "00B0000000", 0x6984);
    expect(uicc, "0044080004 7FFF6FF0", 0x6A82);
    expect(uicc, "00440800", 0x6700);
    expect(uicc, "0044000102 6F50", 0x6A86);
    uicc_free(uicc);
}
END_TEST

START_TEST(activation_needs_its_rule)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    expect(uicc, "0004000002 6F50", 0x9000);
    uicc_reset(uicc);
    expect(uicc, SELECT_USIM, 0x9000);
    expect(uicc, "0044000002 6F50", 0x6982);
    expect(uicc, ADM1, 0x9000);
    expect(uicc, "0044000002 6F50", 0x9000);
    expect(uicc, "00B0000000", 0x9000);
    uicc_free(uicc);
}
END_TEST

START_TEST(what_is_in_a_deactivated_directory_is_not_used)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, "82027821 83025F70 8A0105 " BY_ALL " 81020100 C606900180830101"), 0x9000);
    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    expect(uicc, "0004000002 5F70", 0x9000);
    expect(uicc, SELECT_6F50, 0x9000);
    expect(uicc, "00B0000000", 0x6984);
    expect(uicc, "0004000002 6F50", 0x6984);
    expect(uicc, "00E4000002 6F50", 0x6984);
    ck_assert_uint_eq(create(uicc, "82024121 83026F51 8A0105 " BY_ALL " 80020010"), 0x6984);
    expect(uicc, "0044000002 5F70", 0x9000);
    expect(uicc, SELECT_6F50, 0x9000);
    expect(uicc, "00B0000000", 0x9000);
    uicc_free(uicc);
}
END_TEST

START_TEST(termination_is_for_good)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, EF_6F50), 0x9000);
    expect(uicc, "00E6000002 6F50", 0x6981);
    expect(uicc, "00E8000002 6F50", 0x9000);
    expect(uicc, SELECT_6F50, 0x6285);
    expect(uicc, "00B0000000", 0x6985);
    expect(uicc, "0044000002 6F50", 0x6985);
    expect(uicc, "0004000002 6F50", 0x6985);
    expect(uicc, "00E8000002 6F50", 0x6985);
    expect(uicc, "00E6000002 3F00", 0x6985);
    ck_assert_uint_eq(create(uicc, "82027821 83025F70 8A0105 " BY_ALL " 81020100 C606900180830101"), 0x9000);
    ck_assert_uint_eq(create(uicc, "82024121 83026F51 8A0105 " BY_ALL " 80020010"), 0x9000);
    expect(uicc, "00E8000002 5F70", 0x6981);
    expect(uicc, "00E6000002 5F70", 0x9000);
    expect(uicc, "00A4000C026F51", 0x9000);
    expect(uicc, "00B0000000", 0x6985);
    uicc_free(uicc);
}
END_TEST

START_TEST(a_terminated_uicc_can_be_seen_only)
{
    struct uicc *uicc = as_administrator();

    expect(uicc, "00FE0100", 0x6A86);
    expect(uicc, "00FE0000", 0x6982);
    /* A rule that lets everyone. */
    uicc->fs->mf->access_form = FS_ACCESS_COMPACT;
    buf_clear(&uicc->fs->mf->access);
    ck_assert(buf_append_hex(&uicc->fs->mf->access, "2000", NULL));
    expect(uicc, "00FE0000", 0x9000);
    expect(uicc, "00A4000C023F00", 0x6285);
    expect(uicc, "80F2000C", 0x9000);
    expect(uicc, "0020000A083131313131313131", 0x6985);
    expect(uicc, "00A4000C022FE2", 0x9000);
    expect(uicc, "00B0000000", 0x6985);
    uicc_reset(uicc);
    expect(uicc, "00A4000C022FE2", 0x9000);
    expect(uicc, "00B0000000", 0x6985);
    uicc_free(uicc);
}
END_TEST

/* Every bit of the octet, and RESIZE FILE by its instruction. */
#define BY_ALL_AND_RESIZE "AB0A 80017F9000 8401D49000"

START_TEST(files_are_resized)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, "82024121 83026F50 8A0105 " BY_ALL_AND_RESIZE " 80020004"), 0x9000);
    expect(uicc, "00D6000004 01020304", 0x9000);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020006"), 0x9000);
    check_content(uicc, "00B0000000", "01020304FFFF");
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020008 A504C2020A0B"), 0x9000);
    check_content(uicc, "00B0000000", "01020304FFFF0A0B");
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020002"), 0x9000);
    check_content(uicc, "00B0000000", "0102");
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020000"), 0x6A80);
    ck_assert_uint_eq(resize(uicc, 1, "83026F50 80020004"), 0x6A86);
    ck_assert_uint_eq(resize(uicc, 2, "83026F50 80020004"), 0x6A86);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50"), 0x6A80);
    ck_assert_uint_eq(resize(uicc, 0, "80020004"), 0x6A80);
    ck_assert_uint_eq(resize(uicc, 0, "83026FF0 80020004"), 0x6A82);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 8A0105 80020004 82024121"), 0x6A80);

    ck_assert_uint_eq(create(uicc, "820442210002 83026F51 8A0105 " BY_ALL_AND_RESIZE " 80020004"), 0x9000);
    ck_assert_uint_eq(resize(uicc, 0, "83026F51 80020005"), 0x6A80);
    ck_assert_uint_eq(resize(uicc, 0, "83026F51 80020006 A503C1010A"), 0x9000);
    check_content(uicc, "00B2030400", "0A0A");
    ck_assert_uint_eq(create(uicc, "820446210002 83026F53 8A0105 " BY_ALL_AND_RESIZE " 80020004"), 0x9000);
    ck_assert_uint_eq(resize(uicc, 0, "83026F53 80020006"), 0x6981);
    uicc_free(uicc);
}
END_TEST

START_TEST(ber_tlv_files_are_resized)
{
    struct uicc *uicc = as_administrator();

    ck_assert_uint_eq(create(uicc, "82027921 83026F50 8A0105 " BY_ALL_AND_RESIZE " 80020010 A50486020020"),
                      0x9000);
    expect(uicc, "80DB0080 0A 81 08 0102030405060708", 0x9000);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020004 A50486020008"), 0x6985);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020008 A50486020006"), 0x6A80);
    ck_assert_uint_eq(resize(uicc, 0, "83026F50 80020018"), 0x9000);
    check_content(uicc, "80CB008001 8100", "81080102030405060708");
    ck_assert_uint_eq(resize(uicc, 1, "83026F50 80020004 A50486020008"), 0x9000);
    expect(uicc, "80CB008001 8100", 0x6A88);
    uicc_free(uicc);
}
END_TEST

TEST_MAIN("uicc_admin", a_created_file_is_there, only_who_may_creates, parameters_are_checked, memory_ends,
          files_are_made_as_pysim_makes_them, directories_are_made_as_pysim_makes_them, patterns_fill,
          directories_are_made_and_deleted_with_what_is_in_them, an_application_is_made_and_deleted,
          deleting_needs_its_rule, a_deactivated_file_is_not_used, activation_needs_its_rule,
          what_is_in_a_deactivated_directory_is_not_used, termination_is_for_good,
          a_terminated_uicc_can_be_seen_only, files_are_resized, ber_tlv_files_are_resized)
