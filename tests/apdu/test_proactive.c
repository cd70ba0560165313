/* apdu/comprehension.c and apdu/proactive.c: data objects, commands and responses as octets. */
#include "apdu/proactive.h"
#include "tests/support/test.h"

START_TEST(takes_objects_whose_tags_ber_would_read_on)
{
    struct span in = hex("3F0108 BF0100 1F00 FF");
    struct comprehension_object object;

    ck_assert(comprehension_next(&in, &object));
    ck_assert_uint_eq(object.tag, PROACTIVE_ACCESS_TECHNOLOGY);
    ck_assert(!object.is_required);
    ck_assert_span(object.value, hex("08"));
    ck_assert(comprehension_next(&in, &object));
    ck_assert_uint_eq(object.tag, PROACTIVE_ACCESS_TECHNOLOGY);
    ck_assert(object.is_required);
    ck_assert(comprehension_next(&in, &object));
    ck_assert_uint_eq(object.tag, 0x9F);
    ck_assert(!comprehension_next(&in, &object));
    ck_assert_uint_eq(in.size, 1);
}
END_TEST

START_TEST(takes_tags_of_three_octets_and_long_lengths)
{
    struct span in = hex("7F012301AA 7F812301BB");
    struct comprehension_object object;
    struct buf octets = {0};
    struct span value;

    ck_assert(comprehension_next(&in, &object));
    ck_assert_uint_eq(object.tag, 0x8123);
    ck_assert(!object.is_required);
    ck_assert(comprehension_next(&in, &object));
    ck_assert_uint_eq(object.tag, 0x8123);
    ck_assert(object.is_required);

    ck_assert(buf_append_hex(&octets, "368180", NULL));
    for (unsigned i = 0; i < 0x80; i++)
        buf_append_octet(&octets, 0x55);
    in = buf_span(&octets);
    ck_assert(comprehension_take(&in, PROACTIVE_CHANNEL_DATA, &value));
    ck_assert_uint_eq(value.size, 0x80);
    buf_free(&octets);
}
END_TEST

/* TS 102 220 7.1.2 has lengths of three octets; no object of these commands is so long. */
START_TEST(refuses_a_length_of_three_octets)
{
    struct buf octets = {0};
    struct comprehension_object object;
    struct span in;

    ck_assert(buf_append_hex(&octets, "3683000100", NULL));
    for (unsigned i = 0; i < 0x100; i++)
        buf_append_octet(&octets, 0x55);
    in = buf_span(&octets);
    ck_assert(!comprehension_next(&in, &object));
    buf_free(&octets);
}
END_TEST

START_TEST(refuses_what_is_no_object)
{
    static const char *const bad[] = {"",         "00 00",    "FF 00",      "80 00", "36",
                                      "36 02 01", "36 81 7F", "36 82 00FF", "36 80", "36 83 000001",
                                      "7F",       "7F 01",    "7F 01 23",   "36 81", "36 82 01"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span in = hex(bad[i]);
        struct comprehension_object object;

        ck_assert_msg(!comprehension_next(&in, &object), "%s", bad[i]);
        ck_assert_uint_eq(in.size, hex(bad[i]).size);
        ck_assert(comprehension_is_sequence(in) == (in.size == 0));
    }
}
END_TEST

START_TEST(finds_an_object_among_others)
{
    struct span value, in = hex("0201AA 3F0108 8201BB");

    ck_assert(comprehension_find(in, PROACTIVE_DEVICE_IDENTITIES, &value));
    ck_assert_span(value, hex("AA"));
    ck_assert(comprehension_find(in, PROACTIVE_ACCESS_TECHNOLOGY, &value));
    ck_assert(!comprehension_find(in, PROACTIVE_RESULT, &value));
    ck_assert_ptr_null(value.data);
    ck_assert(!comprehension_find(hex("FF00 8201BB"), PROACTIVE_DEVICE_IDENTITIES, &value));
    ck_assert(!comprehension_take(&in, PROACTIVE_RESULT, &value));
    ck_assert_uint_eq(in.size, 9);
}
END_TEST

START_TEST(reads_the_command_it_has_built)
{
    const struct proactive_command built = {1, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, PROACTIVE_CHANNEL + 1,
                                            hex("B60401020304")};
    struct proactive_command command;
    struct buf octets = {0};

    ck_assert(proactive_build(&octets, &built));
    ck_assert_span(buf_span(&octets), hex("D00F 8103014301 82028121 B60401020304"));
    ck_assert(proactive_read_command(buf_span(&octets), &command));
    ck_assert_uint_eq(command.number, 1);
    ck_assert_uint_eq(command.type, PROACTIVE_SEND_DATA);
    ck_assert_uint_eq(command.qualifier, PROACTIVE_SEND_NOW);
    ck_assert_uint_eq(command.destination, PROACTIVE_CHANNEL + 1);
    ck_assert_span(command.objects, built.objects);
    buf_free(&octets);
}
END_TEST

START_TEST(refuses_commands_that_are_none)
{
    static const char *const bad[] = {
        "",
        "D000",
        "D1098103014100 82028121",           /* another tag */
        "D0098103014100 82028121 00",        /* something behind it */
        "D008 81020141 82028121",            /* details of two octets */
        "D008 8103014100 820181",            /* one device */
        "D009 82028121 8103014100",          /* in another order */
        "D00B 8103014100 82028121 B605",     /* an object cut off */
        "D010 8103014100 82028121 36040102", /* the whole cut off */
    };
    struct proactive_command command;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!proactive_read_command(hex(bad[i]), &command), "%s", bad[i]);
}
END_TEST

START_TEST(reads_the_response_it_has_put)
{
    const struct proactive_response put = {.number = 1,
                                           .type = PROACTIVE_PROVIDE_LOCAL_INFORMATION,
                                           .qualifier = PROACTIVE_LOCAL_ACCESS_TECHNOLOGY,
                                           .result = PROACTIVE_DONE_MODIFIED,
                                           .additional = hex("AB"),
                                           .objects = hex("3F0108")};
    struct proactive_response response;
    struct buf octets = {0};

    proactive_put_response(&octets, &put);
    ck_assert_span(buf_span(&octets), hex("8103012606 82028281 830207AB 3F0108"));
    ck_assert(proactive_read_response(buf_span(&octets), &response));
    ck_assert_uint_eq(response.type, put.type);
    ck_assert_uint_eq(response.qualifier, put.qualifier);
    ck_assert_uint_eq(response.result, put.result);
    ck_assert_span(response.additional, put.additional);
    ck_assert_span(response.objects, put.objects);
    ck_assert(proactive_read_response(hex("0103010100 02028281 030100"), &response));
    ck_assert_uint_eq(response.result, 0);
    ck_assert(!proactive_read_response(hex("0103010100 02028281 0300"), &response));
    ck_assert(!proactive_read_response(hex("0103010100 02028281 030100 3F02"), &response));
    buf_free(&octets);
}
END_TEST

START_TEST(timer_values_are_swapped_digits)
{
    struct buf octets = {0};
    unsigned seconds = 0;

    proactive_put_timer_value(&octets, 12 * 3600 + 34 * 60 + 56);
    ck_assert_span(buf_span(&octets), hex("2503 214365"));
    ck_assert(proactive_read_timer_value(hex("214365"), &seconds));
    ck_assert_uint_eq(seconds, 12 * 3600 + 34 * 60 + 56);
    ck_assert(!proactive_read_timer_value(hex("4200"), &seconds));
    ck_assert(!proactive_read_timer_value(hex("420000"), &seconds)); /* 24 hours */
    ck_assert(!proactive_read_timer_value(hex("000600"), &seconds)); /* 60 minutes */
    ck_assert(!proactive_read_timer_value(hex("0000A0"), &seconds));
    ck_assert(!proactive_read_timer_value(hex("00000A"), &seconds));
    buf_free(&octets);
}
END_TEST

START_TEST(names_types_of_command)
{
    ck_assert_str_eq(proactive_type_name(PROACTIVE_REFRESH), "REFRESH");
    ck_assert_str_eq(proactive_type_name(PROACTIVE_GET_CHANNEL_STATUS), "GET CHANNEL STATUS");
    ck_assert_str_eq(proactive_type_name(0x00), "");
    ck_assert_str_eq(proactive_type_name(PROACTIVE_GET_CHANNEL_STATUS + 1), "");
    ck_assert_str_eq(proactive_type_name(0xFF), "");
}
END_TEST

TEST_MAIN("proactive", takes_objects_whose_tags_ber_would_read_on,
          takes_tags_of_three_octets_and_long_lengths, refuses_what_is_no_object,
          refuses_a_length_of_three_octets, finds_an_object_among_others, reads_the_command_it_has_built,
          refuses_commands_that_are_none, reads_the_response_it_has_put, timer_values_are_swapped_digits,
          names_types_of_command)
