/* apdu/apdu.c: every case and length, every class octet, and back. */
#include "apdu/apdu.h"
#include "tests/support/test.h"

#include <stdlib.h>

START_TEST(decodes_every_form)
{
    static const struct {
        const char *capdu;
        uint16_t status;
        enum apdu_case form;
        bool extended;
        const char *data;
        uint32_t ne;
    } cases[] = {
        {"", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A40400", SW_OK, APDU_CASE_1, false, "", 0},
        {"00B0000001", SW_OK, APDU_CASE_2, false, "", 1},
        {"00B00000FF", SW_OK, APDU_CASE_2, false, "", 255},
        {"00B0000000", SW_OK, APDU_CASE_2, false, "", 256},
        {"00B00000000001", SW_OK, APDU_CASE_2, true, "", 1},
        {"00B0000000FFFF", SW_OK, APDU_CASE_2, true, "", 65535},
        {"00B00000000000", SW_OK, APDU_CASE_2, true, "", 65536},
        {"00A40400023F00", SW_OK, APDU_CASE_3, false, "3F00", 0},
        {"00A40400023F0010", SW_OK, APDU_CASE_4, false, "3F00", 16},
        {"00A40400023F0000", SW_OK, APDU_CASE_4, false, "3F00", 256},
        {"00A404000000023F00", SW_OK, APDU_CASE_3, true, "3F00", 0},
        {"00A404000000023F000001", SW_OK, APDU_CASE_4, true, "3F00", 1},
        {"00A404000000023F000000", SW_OK, APDU_CASE_4, true, "3F00", 65536},
        /* Lc says more than there is; more than Lc and Le; half an extended Le; Lc of nought with data */
        {"00A40400033F00", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A40400023F000000", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000023F0000", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000023F", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000023F00000000", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000003F00", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000000000", SW_WRONG_LENGTH, 0, false, "", 0},
        {"00A404000000", SW_WRONG_LENGTH, 0, false, "", 0},
        {"FFCA000000", SW_CLA_NOT_SUPPORTED, 0, false, "", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct apdu_command command;
        uint16_t status = apdu_decode(hex(cases[i].capdu), &command);

        ck_assert_msg(status == cases[i].status, "%s: %04X", cases[i].capdu, (unsigned)status);
        if (status != SW_OK)
            continue;
        ck_assert_msg(command.form == cases[i].form, "%s: case %d", cases[i].capdu, (int)command.form);
        ck_assert_int_eq(command.extended, cases[i].extended);
        ck_assert_uint_eq(command.ne, cases[i].ne);
        ck_assert_hex(command.data, cases[i].data);
        ck_assert_ptr_nonnull(command.data.data);
    }
}
END_TEST

/* TS 102 221 10.1.1: what each of the 256 class octets says, computed the other way round than the code does
 * it. */
START_TEST(knows_every_class_octet)
{
    static const struct {
        uint8_t first, last;
        bool further;
        uint8_t base;
        bool chaining;
        bool valid;
    } rows[] = {
        {0x00, 0x0F, false, 0x00, false, true},  {0x10, 0x1F, false, 0x00, true, true},
        {0x20, 0x3F, false, 0x00, false, false}, {0x40, 0x4F, true, 0x00, false, true},
        {0x50, 0x5F, true, 0x00, true, true},    {0x60, 0x6F, true, 0x00, false, true},
        {0x70, 0x7F, true, 0x00, true, true},    {0x80, 0x8F, false, 0x80, false, true},
        {0x90, 0x9F, false, 0x80, true, true},   {0xA0, 0xAF, false, 0xA0, false, true},
        {0xB0, 0xBF, false, 0x00, false, false}, {0xC0, 0xCF, true, 0x80, false, true},
        {0xD0, 0xDF, true, 0x80, true, true},    {0xE0, 0xEF, true, 0x80, false, true},
        {0xF0, 0xFE, true, 0x80, true, true},    {0xFF, 0xFF, false, 0x00, false, false},
    };
    unsigned seen = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned cla = rows[i].first; cla <= rows[i].last; cla++, seen++) {
            struct apdu_command command;
            bool secure = rows[i].further ? (cla & 0xF0) == 0x60 || (cla & 0xF0) == 0x70 || cla >= 0xE0
                                          : cla % 16 / 4 != 0;
            uint16_t status = apdu_decode(SPAN(((uint8_t[]){(uint8_t)cla, 0xF2, 0, 0}), 4), &command);

            ck_assert_msg(status == (rows[i].valid ? SW_OK : SW_CLA_NOT_SUPPORTED), "CLA %02X: %04X", cla,
                          (unsigned)status);
            ck_assert_uint_eq(command.cla, cla);
            ck_assert_uint_eq(command.ins, 0xF2);
            if (!rows[i].valid)
                continue;
            ck_assert_msg(command.channel == (rows[i].further ? 4 + cla % 16 : cla % 4), "CLA %02X", cla);
            ck_assert_msg(command.cla_base == rows[i].base, "CLA %02X", cla);
            ck_assert_msg(command.chaining == rows[i].chaining, "CLA %02X", cla);
            ck_assert_msg(command.secure_messaging == secure, "CLA %02X", cla);
        }
    }
    ck_assert_uint_eq(seen, 256);
}
END_TEST

START_TEST(a_channel_goes_into_the_class_and_back)
{
    static const uint8_t bases[] = {0x00, 0x80};

    for (size_t b = 0; b < sizeof(bases); b++) {
        for (unsigned channel = 0; channel < APDU_CHANNELS; channel++) {
            struct apdu_command command;
            uint8_t cla = apdu_cla(bases[b], channel);

            ck_assert_uint_eq(apdu_decode(SPAN(((uint8_t[]){cla, 0, 0, 0}), 4), &command), SW_OK);
            ck_assert_uint_eq(command.channel, channel);
            ck_assert_uint_eq(command.cla_base, bases[b]);
            ck_assert(!command.chaining && !command.secure_messaging);
        }
    }
    ck_assert_uint_eq(apdu_cla(0x80, 3), 0x83);
    ck_assert_uint_eq(apdu_cla(0x80, 4), 0xC0);
    ck_assert_uint_eq(apdu_cla(0x00, 19), 0x4F);
}
END_TEST

/* Every length of the data field and every Ne around the borders survives, in the shortest form that can say
 * it. */
START_TEST(encodes_what_it_decodes)
{
    static uint8_t filler[APDU_EXTENDED_NC];
    static const size_t lengths[] = {0, 1, 2, 127, 254, 255, 256, 257, 1000, 65534, 65535};
    static const uint32_t expected[] = {0, 1, 255, 256, 257, 65535, 65536};

    for (size_t i = 0; i < sizeof(filler); i++)
        filler[i] = (uint8_t)(i * 7);
    for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
        for (size_t e = 0; e < sizeof(expected) / sizeof(expected[0]); e++) {
            bool extended = lengths[l] > 255 || expected[e] > 256;
            enum apdu_case form = lengths[l] == 0 ? (expected[e] == 0 ? APDU_CASE_1 : APDU_CASE_2)
                                                  : (expected[e] == 0 ? APDU_CASE_3 : APDU_CASE_4);
            struct apdu_command command;
            struct buf buf = {0};

            apdu_encode(&buf, 0x81, 0xE2, 0x91, 0x05, SPAN(filler, lengths[l]), expected[e]);
            ck_assert(!buf.failed);
            ck_assert_uint_eq(apdu_decode(buf_span(&buf), &command), SW_OK);
            ck_assert_uint_eq(command.cla, 0x81);
            ck_assert_uint_eq(command.ins, 0xE2);
            ck_assert_uint_eq(command.p1, 0x91);
            ck_assert_uint_eq(command.p2, 0x05);
            ck_assert_uint_eq(command.ne, expected[e]);
            ck_assert_int_eq(command.form, form);
            ck_assert_int_eq(command.extended, extended);
            ck_assert_span(command.data, SPAN(filler, lengths[l]));
            buf_free(&buf);
        }
    }
}
END_TEST

START_TEST(refuses_to_encode_what_has_no_form)
{
    static uint8_t filler[APDU_EXTENDED_NC + 1];
    struct buf buf = {0};

    apdu_encode(&buf, 0, 0xE2, 0, 0, SPAN(filler, sizeof(filler)), 0);
    ck_assert(buf.failed);
    buf_free(&buf);
    apdu_encode(&buf, 0, 0xE2, 0, 0, SPAN_NONE, APDU_EXTENDED_NE + 1);
    ck_assert(buf.failed);
    buf_free(&buf);
}
END_TEST

/* No prefix and no extension of a command is read beyond its end (sanitizers watch) or taken for another
 * length. */
START_TEST(a_cut_command_is_never_the_whole_one)
{
    struct span whole = hex("80E29100 05 BF3E03 5C01");

    for (size_t n = 0; n < whole.size; n++) {
        uint8_t *copy = malloc(n + 1);
        struct apdu_command command;
        uint16_t status;

        ck_assert_ptr_nonnull(copy);
        for (size_t i = 0; i < n; i++)
            copy[i] = whole.data[i];
        status = apdu_decode(SPAN(copy, n), &command);
        ck_assert_uint_eq(status, n == 4 || n == 5 ? SW_OK : SW_WRONG_LENGTH);
        free(copy);
    }
}
END_TEST

START_TEST(status_words_have_names)
{
    ck_assert_str_eq(apdu_status_name(0x9000), "ok");
    ck_assert_str_eq(apdu_status_name(0x6120), "response available");
    ck_assert_str_eq(apdu_status_name(0x6C10), "wrong Le");
    ck_assert_str_eq(apdu_status_name(0x6A88), "referenced data or function not found");
    ck_assert_str_eq(apdu_status_name(0x63C2), "verification failed, retries left");
    ck_assert_str_eq(apdu_status_name(0x9112), "ok, proactive command pending");
    ck_assert_str_eq(apdu_status_name(0x1234), "unknown status");
}
END_TEST

TEST_MAIN("apdu", decodes_every_form, knows_every_class_octet, a_channel_goes_into_the_class_and_back,
          encodes_what_it_decodes, refuses_to_encode_what_has_no_form, a_cut_command_is_never_the_whole_one,
          status_words_have_names)
