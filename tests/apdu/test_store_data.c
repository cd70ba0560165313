/* apdu/store_data.c: blocks become requests; whatever breaks the order drops what was collected. */
#include "apdu/store_data.h"
#include "tests/support/test.h"

#include <string.h>

struct outcome {
    uint16_t status;
    bool complete;
    struct span request;
};

static struct outcome send(struct store_data *state, uint8_t cla, uint8_t p1, uint8_t p2, struct span data)
{
    struct apdu_command command;
    struct outcome outcome;
    struct buf capdu = {0};

    apdu_encode(&capdu, cla, INS_STORE_DATA, p1, p2, data, 0);
    ck_assert_uint_eq(apdu_decode(buf_span(&capdu), &command), SW_OK);
    command.data = data; /* the same octets, in memory that outlives this function */
    outcome.status = store_data_block(state, &command, &outcome.complete, &outcome.request);
    buf_free(&capdu);
    return outcome;
}

static void assert_outcome(struct outcome outcome, uint16_t status, const char *request)
{
    ck_assert_uint_eq(outcome.status, status);
    ck_assert_int_eq(outcome.complete, request != NULL);
    if (request != NULL)
        ck_assert_hex(outcome.request, request);
    else
        ck_assert_ptr_null(outcome.request.data);
}

START_TEST(one_block_is_a_request)
{
    struct store_data state = {0};

    assert_outcome(send(&state, 0x81, 0x91, 0, hex("BF3E035C015A")), SW_OK, "BF3E035C015A");
    assert_outcome(send(&state, 0xC0, 0x91, 0, hex("BF2000")), SW_OK, "BF2000");
    ck_assert(!state.active);
    store_data_reset(&state);
}
END_TEST

START_TEST(blocks_are_put_together)
{
    struct store_data state = {0};

    assert_outcome(send(&state, 0x81, 0x11, 0, hex("0102")), SW_OK, NULL);
    assert_outcome(send(&state, 0x81, 0x11, 1, hex("")), SW_OK, NULL);
    assert_outcome(send(&state, 0x81, 0x11, 2, hex("03")), SW_OK, NULL);
    assert_outcome(send(&state, 0x81, 0x91, 3, hex("")), SW_OK, "010203");
    /* and the next request begins from nothing */
    assert_outcome(send(&state, 0x81, 0x11, 0, hex("AA")), SW_OK, NULL);
    assert_outcome(send(&state, 0x81, 0x91, 1, hex("BB")), SW_OK, "AABB");
    assert_outcome(send(&state, 0x81, 0x91, 0, hex("")), SW_OK, "");
    store_data_reset(&state);
}
END_TEST

START_TEST(a_block_that_is_not_due_drops_everything)
{
    static const struct {
        uint8_t cla, p1, p2;
        uint16_t status;
    } cases[] = {
        {0x81, 0x11, 2, SW_WRONG_P1_P2},       {0x81, 0x91, 0, SW_WRONG_P1_P2},
        {0x81, 0x11, 0, SW_WRONG_P1_P2},       {0x81, 0x91, 255, SW_WRONG_P1_P2},
        {0x81, 0x90, 1, SW_WRONG_P1_P2},       {0x81, 0x00, 1, SW_WRONG_P1_P2},
        {0x81, 0x80, 1, SW_WRONG_P1_P2},       {0x81, 0x31, 1, SW_WRONG_P1_P2},
        {0x01, 0x91, 1, SW_CLA_NOT_SUPPORTED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store_data state = {0};

        assert_outcome(send(&state, 0x81, 0x11, 0, hex("DEAD")), SW_OK, NULL);
        assert_outcome(send(&state, cases[i].cla, cases[i].p1, cases[i].p2, hex("01")), cases[i].status,
                       NULL);
        assert_outcome(send(&state, 0x81, 0x91, 1, hex("01")), SW_WRONG_P1_P2, NULL);
        assert_outcome(send(&state, 0x81, 0x91, 0, hex("02")), SW_OK, "02");
        store_data_reset(&state);
    }
}
END_TEST

/* What the card does at SELECT, reset and every other command of the channel. */
START_TEST(what_was_dropped_does_not_go_on)
{
    struct store_data chains[3] = {0};

    assert_outcome(send(&chains[1], 0x81, 0x11, 0, hex("DEAD")), SW_OK, NULL);
    assert_outcome(send(&chains[2], 0x82, 0x11, 0, hex("010203")), SW_OK, NULL);
    ck_assert_uint_eq(store_data_held(chains, 3), 5);
    store_data_reset(&chains[1]);
    ck_assert_uint_eq(store_data_held(chains, 3), 3);
    ck_assert_uint_eq(chains[1].collected.capacity, 0);
    assert_outcome(send(&chains[1], 0x81, 0x91, 1, hex("04")), SW_WRONG_P1_P2, NULL);
    assert_outcome(send(&chains[2], 0x82, 0x91, 1, hex("04")), SW_OK, "01020304");
    for (unsigned i = 0; i < 3; i++)
        store_data_reset(&chains[i]);
}
END_TEST

START_TEST(block_numbers_go_on_at_nought)
{
    struct store_data state = {0};
    struct outcome outcome;

    for (unsigned i = 0; i < 600; i++)
        assert_outcome(
            send(&state, 0x80, 0x11, (uint8_t)i, SPAN(((uint8_t[]){(uint8_t)i, (uint8_t)(i >> 8)}), 2)),
            SW_OK, NULL);
    outcome = send(&state, 0x80, 0x91, (uint8_t)600, hex("FF"));
    ck_assert_uint_eq(outcome.status, SW_OK);
    ck_assert_uint_eq(outcome.request.size, 1201);
    ck_assert_uint_eq(outcome.request.data[2 * 300], 300 & 0xFF);
    ck_assert_uint_eq(outcome.request.data[2 * 300 + 1], 300 >> 8);
    store_data_reset(&state);
}
END_TEST

START_TEST(a_request_has_a_largest_size)
{
    static uint8_t filler[255];
    struct store_data state = {0};
    size_t collected = 0;
    unsigned block = 0;

    memset(filler, 0x5A, sizeof(filler));
    while (collected + sizeof(filler) <= STORE_DATA_MAX) {
        assert_outcome(send(&state, 0x80, 0x11, (uint8_t)block++, SPAN_ARRAY(filler)), SW_OK, NULL);
        collected += sizeof(filler);
    }
    assert_outcome(send(&state, 0x80, 0x11, (uint8_t)block++, SPAN(filler, STORE_DATA_MAX - collected)),
                   SW_OK, NULL);
    ck_assert_uint_eq(state.collected.size, STORE_DATA_MAX);
    assert_outcome(send(&state, 0x80, 0x91, (uint8_t)block, hex("00")), SW_NOT_ENOUGH_MEMORY, NULL);
    ck_assert_uint_eq(state.collected.size, 0);
    assert_outcome(send(&state, 0x80, 0x91, 0, hex("BF2000")), SW_OK, "BF2000");
    store_data_reset(&state);
}
END_TEST

/* A failed allocation must look like memory that is short, not like a truncated request. */
START_TEST(no_memory_is_an_error)
{
    struct store_data state = {0};

    assert_outcome(send(&state, 0x80, 0x11, 0, hex("01")), SW_OK, NULL);
    state.collected.failed = true;
    assert_outcome(send(&state, 0x80, 0x91, 1, hex("02")), SW_NOT_ENOUGH_MEMORY, NULL);
    assert_outcome(send(&state, 0x80, 0x91, 0, hex("03")), SW_OK, "03");
    store_data_reset(&state);
}
END_TEST

TEST_MAIN("store_data", one_block_is_a_request, blocks_are_put_together,
          a_block_that_is_not_due_drops_everything, what_was_dropped_does_not_go_on,
          block_numbers_go_on_at_nought, a_request_has_a_largest_size, no_memory_is_an_error)
