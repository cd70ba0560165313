/* apdu/channel.c: MANAGE CHANNEL from every channel, with every refusal. */
#include "apdu/channel.h"
#include "tests/support/test.h"

static const int an_application;

/* Runs one MANAGE CHANNEL; returns the status word and puts the response into `response` (cleared first). */
static uint16_t manage(struct channel_table *table, const char *capdu, struct buf *response)
{
    struct apdu_command command;

    ck_assert_uint_eq(apdu_decode(hex(capdu), &command), SW_OK);
    buf_clear(response);
    return channel_manage(table, &command, response);
}

START_TEST(only_the_basic_channel_is_open_after_reset)
{
    struct channel_table table;

    for (unsigned i = 0; i < APDU_CHANNELS; i++)
        table.channels[i] = (struct channel){true, &an_application, 7};
    channel_reset(&table);
    ck_assert_ptr_eq(channel_find(&table, 0), &table.channels[0]);
    ck_assert_ptr_null(table.channels[0].application);
    for (unsigned i = 1; i < APDU_CHANNELS + 2; i++)
        ck_assert_ptr_null(channel_find(&table, i));
}
END_TEST

START_TEST(opens_the_lowest_free_channel_until_none_is_left)
{
    struct channel_table table;
    struct buf response = {0};

    channel_reset(&table);
    for (unsigned i = 1; i < APDU_CHANNELS; i++) {
        ck_assert_uint_eq(manage(&table, "0070000001", &response), SW_OK);
        ck_assert_span(buf_span(&response), SPAN(((uint8_t[]){(uint8_t)i}), 1));
        ck_assert_ptr_nonnull(channel_find(&table, i));
    }
    ck_assert_uint_eq(manage(&table, "0070000001", &response), SW_FUNCTION_NOT_SUPPORTED);
    ck_assert_uint_eq(response.size, 0);
    ck_assert_uint_eq(manage(&table, "00708007", &response), SW_OK);
    ck_assert_ptr_null(channel_find(&table, 7));
    ck_assert_uint_eq(manage(&table, "4A70000001", &response), SW_OK);
    ck_assert_hex(buf_span(&response), "07");
    buf_free(&response);
}
END_TEST

START_TEST(opens_the_channel_that_is_named)
{
    struct channel_table table;
    struct buf response = {0};

    channel_reset(&table);
    ck_assert_uint_eq(manage(&table, "00700013", &response), SW_OK);
    ck_assert_uint_eq(response.size, 0);
    ck_assert_ptr_nonnull(channel_find(&table, 19));
    ck_assert_uint_eq(manage(&table, "00700013", &response), SW_WRONG_P1_P2);
    ck_assert_uint_eq(manage(&table, "00700014", &response), SW_FUNCTION_NOT_SUPPORTED);
    ck_assert_uint_eq(manage(&table, "007000FF", &response), SW_FUNCTION_NOT_SUPPORTED);
    buf_free(&response);
}
END_TEST

START_TEST(a_channel_inherits_unless_it_comes_from_the_basic_one)
{
    struct channel_table table;
    struct buf response = {0};

    channel_reset(&table);
    table.channels[0].application = &an_application;
    ck_assert_uint_eq(manage(&table, "0070000001", &response), SW_OK);
    ck_assert_ptr_null(channel_find(&table, 1)->application);
    table.channels[1].application = &an_application;
    table.channels[1].instance = 42;
    ck_assert_uint_eq(manage(&table, "0170000001", &response), SW_OK);
    ck_assert_ptr_eq(channel_find(&table, 2)->application, &an_application);
    ck_assert_uint_eq(channel_find(&table, 2)->instance, 42);
    buf_free(&response);
}
END_TEST

START_TEST(closes_by_number_or_by_class)
{
    struct channel_table table;
    struct buf response = {0};

    channel_reset(&table);
    ck_assert_uint_eq(manage(&table, "00700001", &response), SW_OK);
    ck_assert_uint_eq(manage(&table, "00700004", &response), SW_OK);
    table.channels[1].application = &an_application;
    ck_assert_uint_eq(manage(&table, "00708001", &response), SW_OK);
    ck_assert_ptr_null(table.channels[1].application);
    ck_assert_uint_eq(manage(&table, "0070800100", &response), SW_WARNING);
    ck_assert_uint_eq(manage(&table, "40708000", &response), SW_OK); /* channel 4 closes itself */
    ck_assert_ptr_null(channel_find(&table, 4));
    ck_assert_uint_eq(manage(&table, "00708000", &response), SW_FUNCTION_NOT_SUPPORTED);
    ck_assert_uint_eq(manage(&table, "00708014", &response), SW_FUNCTION_NOT_SUPPORTED);
    ck_assert_uint_eq(response.size, 0);
    buf_free(&response);
}
END_TEST

START_TEST(refuses_what_is_not_manage_channel)
{
    struct channel_table table;
    struct buf response = {0};

    channel_reset(&table);
    ck_assert_uint_eq(manage(&table, "00700000", &response), SW_WRONG_LENGTH); /* no Le for the number */
    ck_assert_uint_eq(manage(&table, "007000000101", &response), SW_WRONG_LENGTH);
    ck_assert_uint_eq(manage(&table, "00704000", &response), SW_FUNCTION_NOT_SUPPORTED);
    ck_assert_uint_eq(manage(&table, "8070000001", &response), SW_CLA_NOT_SUPPORTED);
    for (unsigned i = 1; i < APDU_CHANNELS; i++)
        ck_assert_ptr_null(channel_find(&table, i));
    buf_free(&response);
}
END_TEST

TEST_MAIN("channel", only_the_basic_channel_is_open_after_reset,
          opens_the_lowest_free_channel_until_none_is_left, opens_the_channel_that_is_named,
          a_channel_inherits_unless_it_comes_from_the_basic_one, closes_by_number_or_by_class,
          refuses_what_is_not_manage_channel)
