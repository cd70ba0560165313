/* ES10 requests (device/es10.c) against cards that answer nonsense: each ends, with an error. */
#include "device/es10.h"

#include "device/link_private.h"
#include "tests/support/test.h"

#define OPEN_CHANNEL 0x70
#define STORE_DATA   0xE2

/* Answers MANAGE CHANNEL with `channel`, the first STORE DATA and what follows with `answer`, the rest with
 * 9000. */
struct card {
    uint8_t channel;
    struct span answer;
    unsigned answers;
    bool asked;
};

static bool transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct card *card = link->state;

    card->asked = card->asked || capdu.data[1] == STORE_DATA;
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

static const struct link_kind kind = {transmit, reset, close_nothing};

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

TEST_MAIN("es10_channel", answers_without_end_are_given_up, a_request_of_too_many_blocks_is_not_begun,
          channels_that_do_not_exist_are_refused)
