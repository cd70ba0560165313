/* ES10 requests (device/es10.c) against cards that answer nonsense: each ends, with an error. */
#include "device/es10.h"

#include "device/link_private.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#define OPEN_CHANNEL 0x70
#define SELECT       0xA4
#define STORE_DATA   0xE2

/* Answers MANAGE CHANNEL with `channel`, or `full` with 6A81; the first STORE DATA and what follows with
 * `answer`, the rest with 9000. */
struct card {
    uint8_t channel;
    bool full;
    uint8_t select_class, store_data_class, closed; /* as they came */
    struct span answer;
    unsigned answers;
    bool asked;
};

static bool transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct card *card = link->state;

    card->asked = card->asked || capdu.data[1] == STORE_DATA;
    if (capdu.data[1] == SELECT)
        card->select_class = capdu.data[0];
    if (capdu.data[1] == STORE_DATA)
        card->store_data_class = capdu.data[0];
    if (capdu.data[1] == OPEN_CHANNEL && capdu.data[2] == 0x80)
        card->closed = capdu.data[3];
    if (card->full) {
        buf_append(response, SPAN_STRING("\x6A\x81"));
        return true;
    }
    if (capdu.data[1] == OPEN_CHANNEL)
        buf_append_octet(response, card->channel);
    if (card->asked) {
        buf_append(response, card->answer);
        card->answers++;
        return true;
    }
    buf_append(response, SPAN_STRING("\x90\x00"));
    return true;
}

static bool reset(struct link *link)
{
    (void)link;
    return true;
}

static void close_nothing(struct link *link)
{
    (void)link;
}

static const struct link_kind kind = {transmit, reset, close_nothing, close_nothing};

/* How many answers the card gave until the request failed. */
static unsigned fails(struct span answer, size_t request_size)
{
    static uint8_t octets[70000];
    struct card card = {.channel = 1, .answer = answer};
    struct link *link = link_new(&kind, "a card", &card);
    struct buf response = {0};
    struct es10 es10;

    ck_assert(es10_channel_open(&es10, link));
    ck_assert(!es10_request(&es10, "Test", SPAN(octets, request_size), &response));
    card.asked = false;
    es10_channel_close(&es10);
    buf_free(&response);
    link_close(link);
    return card.answers;
}

START_TEST(answers_without_end_are_given_up)
{
    ck_assert_uint_eq(fails(SPAN_STRING("\x6C\x10"), 3), 2);
    ck_assert_uint_eq(fails(SPAN_STRING("\x61\x10"), 3), 2);
    ck_assert_uint_le(fails(SPAN_STRING("data\x61\x10"), 3), (1 << 20) / 6 + 1);
    ck_assert_uint_eq(fails(SPAN_STRING("\x6C\x10"), 300), 1); /* the first block asks for nothing */
}
END_TEST

START_TEST(a_request_of_too_many_blocks_is_not_begun)
{
    ck_assert_uint_eq(fails(SPAN_STRING("\x90\x00"), 256 * 255 + 1), 0);
}
END_TEST

START_TEST(channels_that_do_not_exist_are_refused)
{
    static const uint8_t bad[] = {0, 20, 255};

    for (size_t i = 0; i < sizeof(bad); i++) {
        struct card card = {.channel = bad[i]};
        struct link *link = link_new(&kind, "a card", &card);
        struct es10 es10;

        ck_assert_msg(!es10_channel_open(&es10, link), "channel %u", bad[i]);
        link_close(link);
    }
}
END_TEST

/* ISO/IEC 7816-4 5.4.1: channels 0 to 3 in two bits, 4 to 19 in four. */
START_TEST(every_channel_is_used_and_closed)
{
    for (unsigned number = 1; number < 20; number++) {
        uint8_t bits = (uint8_t)(number < 4 ? number : 0x40 | (number - 4));
        struct card card = {.channel = (uint8_t)number, .answer = SPAN_STRING("\x90\x00")};
        struct link *link = link_new(&kind, "a card", &card);
        struct buf response = {0};
        struct es10 es10;

        ck_assert_msg(es10_channel_open(&es10, link), "channel %u", number);
        ck_assert(es10_request(&es10, "Test", SPAN_STRING("\xBF\x20\x00"), &response));
        card.asked = false;
        es10_channel_close(&es10);
        ck_assert_uint_eq(card.select_class, bits);
        ck_assert_uint_eq(card.store_data_class, 0x80 | bits);
        ck_assert_uint_eq(card.closed, number);
        buf_free(&response);
        link_close(link);
    }
}
END_TEST

static int open_channel(void *context)
{
    struct es10 es10;
    bool ok = es10_channel_open(&es10, context);

    if (ok)
        es10_channel_close(&es10);
    return ok ? 0 : 1;
}

START_TEST(a_card_without_a_free_channel_is_named)
{
    struct card card = {.full = true};
    struct link *link = link_new(&kind, "a card", &card);

    ck_assert_captured(
        capture(open_channel, link), 1, "",
        "softeuicc: a card: the card opened no logical channel (6A81): other programs have them "
        "all, or left them open; end those, or reset the card ('softeuicc ctl power-cycle', or "
        "out of the reader and in again)\n");
    link_close(link);
}
END_TEST

TEST_MAIN("es10_channel", answers_without_end_are_given_up, a_request_of_too_many_blocks_is_not_begun,
          channels_that_do_not_exist_are_refused, every_channel_is_used_and_closed,
          a_card_without_a_free_channel_is_named)
