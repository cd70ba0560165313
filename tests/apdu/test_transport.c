/* apdu/transport.c: what leaves the card when, for every length, in both protocols. */
#include "apdu/transport.h"
#include "tests/support/test.h"

#include <stdio.h>

static uint8_t response_octets[70000];

/* A card that answers every command with `size` octets and `status`,
 * and counts how often it was really run. */
struct fixture {
    struct transport transport;
    struct buf out;
    size_t size;
    uint16_t status;
    unsigned runs;
};

static void begin(struct fixture *card, bool t1, size_t size, uint16_t status)
{
    *card = (struct fixture){.size = size, .status = status};
    for (size_t i = 0; i < sizeof(response_octets); i++)
        response_octets[i] = (uint8_t)(i % 251);
    transport_reset(&card->transport, t1);
}

static void end(struct fixture *card)
{
    transport_free(&card->transport);
    buf_free(&card->out);
}

/* Returns the status word; the data is in card->out before it. */
static uint16_t send(struct fixture *card, const char *capdu)
{
    struct apdu_command command;

    ck_assert_uint_eq(apdu_decode(hex(capdu), &command), SW_OK);
    buf_clear(&card->out);
    if (!transport_serve(&card->transport, &command, &card->out)) {
        card->runs++;
        transport_answer(&card->transport, &command, SPAN(response_octets, card->size), card->status,
                         &card->out);
    }
    ck_assert_uint_ge(card->out.size, 2);
    card->out.size -= 2;
    return (uint16_t)(card->out.data[card->out.size] << 8 | card->out.data[card->out.size + 1]);
}

static void assert_answer(struct fixture *card, const char *capdu, uint16_t status, size_t from, size_t count)
{
    uint16_t answer = send(card, capdu);

    ck_assert_msg(answer == status, "%s: %04X instead of %04X", capdu, (unsigned)answer, (unsigned)status);
    ck_assert_span(buf_span(&card->out), SPAN(response_octets + from, count));
}

/* The first answer, by length and form. */
START_TEST(the_first_answer)
{
    static const struct {
        bool t1;
        size_t size;
        const char *capdu;
        uint16_t status;
        size_t count;
    } cases[] = {
        /* T=0: nothing to answer */
        {false, 0, "80E29100", 0x9000, 0},
        {false, 0, "80E2910000", 0x9000, 0},
        {false, 0, "80E2910001AA", 0x9000, 0},
        {false, 0, "80E2910001AA00", 0x9000, 0},
        /* T=0: cases 1, 3 and 4 are fetched */
        {false, 1, "80E29100", 0x6101, 0},
        {false, 1, "80E2910001AA", 0x6101, 0},
        {false, 1, "80E2910001AA01", 0x6101, 0},
        {false, 255, "80E2910001AA00", 0x61FF, 0},
        {false, 256, "80E2910001AA00", 0x6100, 0},
        {false, 257, "80E2910001AA00", 0x6100, 0},
        {false, 70000, "80E2910001AA", 0x6100, 0},
        /* T=0: case 2 answers at once, or says what Le must be */
        {false, 1, "80F2000001", 0x9000, 1},
        {false, 1, "80F2000002", 0x6C01, 0},
        {false, 1, "80F2000000", 0x6C01, 0},
        {false, 255, "80F20000FF", 0x9000, 255},
        {false, 255, "80F2000000", 0x6CFF, 0},
        {false, 255, "80F2000010", 0x6CFF, 0},
        {false, 256, "80F2000000", 0x9000, 256},
        {false, 256, "80F20000FF", 0x6C00, 0},
        {false, 257, "80F2000000", 0x6101, 256},
        {false, 600, "80F2000000", 0x6100, 256},
        {false, 600, "80F2000001", 0x6C00, 0},
        /* extended lengths under T=0 answer at once */
        {false, 1, "80F20000000000", 0x9000, 1},
        {false, 600, "80F20000000258", 0x9000, 600},
        {false, 600, "80F20000000257", 0x6101, 599},
        {false, 600, "80F20000000001", 0x6100, 1},
        {false, 600, "80E2910000 0001 AA 0000", 0x9000, 600},
        {false, 600, "80E2910000 0001 AA", 0x6100, 0},
        {false, TRANSPORT_PIECE_MAX, "80F20000000000", 0x9000, TRANSPORT_PIECE_MAX},
        {false, TRANSPORT_PIECE_MAX + 1, "80F20000000000", 0x6101, TRANSPORT_PIECE_MAX},
        {false, 70000, "80F20000000000", 0x6100, TRANSPORT_PIECE_MAX},
        /* T=1: at once, up to Ne */
        {true, 0, "80E2910001AA00", 0x9000, 0},
        {true, 1, "80F2000000", 0x9000, 1},
        {true, 1, "80F2000002", 0x9000, 1},
        {true, 2, "80F2000001", 0x6101, 1},
        {true, 256, "80E2910001AA00", 0x9000, 256},
        {true, 257, "80E2910001AA00", 0x6101, 256},
        {true, 600, "80E2910001AA00", 0x6100, 256},
        {true, 5, "80E2910001AA", 0x6105, 0},
        {true, 5, "80E29100", 0x6105, 0},
        {true, 70000, "80E2910000 0001 AA 0000", 0x6100, TRANSPORT_PIECE_MAX},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture card;

        begin(&card, cases[i].t1, cases[i].size, SW_OK);
        assert_answer(&card, cases[i].capdu, cases[i].status, 0, cases[i].count);
        end(&card);
    }
}
END_TEST

/* Follows 61xx and 6Cxx as a terminal does, and must end with the whole response, whatever its length. */
static void fetch_all(struct fixture *card, const char *capdu, const char *repeated_header, uint16_t last)
{
    uint16_t status = send(card, capdu);
    struct buf got = {0};
    char next[32];

    buf_append(&got, buf_span(&card->out));
    for (unsigned steps = 0; status != last; steps++) {
        ck_assert_uint_lt(steps, 1000);
        if ((status & 0xFF00) == SW_MORE_DATA)
            snprintf(next, sizeof(next), "01C00000%02X", (unsigned)status & 0xFF);
        else if ((status & 0xFF00) == SW_WRONG_LE)
            snprintf(next, sizeof(next), "%s%02X", repeated_header, (unsigned)status & 0xFF);
        else
            ck_abort_msg("%s, %zu octets: %04X", capdu, card->size, (unsigned)status);
        status = send(card, next);
        buf_append(&got, buf_span(&card->out));
    }
    ck_assert_span(buf_span(&got), SPAN(response_octets, card->size));
    ck_assert_uint_eq(card->runs, 1);
    ck_assert_int_eq(card->transport.waiting, TRANSPORT_NOTHING);
    buf_free(&got);
}

START_TEST(a_terminal_gets_every_length)
{
    static const char *const forms[] = {
        "81E2910001AA", "81E2910001AA00",          "81E2910001AA10", "81E29100",      "81E2910000",
        "81E2910001",   "81E2910000 0001 AA 0000", "81E29100000000", "81E29100000101"};
    static const size_t more[] = {1000, 4096, 65532, 65533, 65534, 65535, 65536, 70000};

    for (int t1 = 0; t1 < 2; t1++) {
        for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
            for (size_t n = 1; n < 520 + sizeof(more) / sizeof(more[0]); n++) {
                struct fixture card;

                begin(&card, t1 == 1, n < 520 ? n : more[n - 520], 0x9110);
                fetch_all(&card, forms[f], "81E29100", 0x9110);
                end(&card);
            }
        }
    }
}
END_TEST

START_TEST(get_response_with_a_wrong_length)
{
    struct fixture card;

    begin(&card, false, 300, SW_OK);
    assert_answer(&card, "81E2910001AA", 0x6100, 0, 0);
    assert_answer(&card, "81C0000010", 0x6100, 0, 16);   /* less than is left: 284 more */
    assert_answer(&card, "81C0000000", 0x611C, 16, 256); /* 28 more */
    assert_answer(&card, "81C000001D", 0x6C1C, 0, 0);    /* more than is left: nothing lost */
    assert_answer(&card, "81C0000000", 0x6C1C, 0, 0);
    assert_answer(&card, "01C000001B", 0x6101, 272, 27); /* 0x and 8x are one channel */
    assert_answer(&card, "81C0000001", 0x9000, 299, 1);
    assert_answer(&card, "81C0000001", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
    ck_assert_uint_eq(card.runs, 1);
    end(&card);

    /* Where Le need not be exact, what is left is answered. */
    begin(&card, true, 300, SW_OK);
    assert_answer(&card, "81E2910001AA00", 0x612C, 0, 256);
    assert_answer(&card, "81C0000000", 0x9000, 256, 44);
    end(&card);
    begin(&card, false, 70000, SW_OK);
    assert_answer(&card, "81E2910001AA", 0x6100, 0, 0);
    assert_answer(&card, "81C00000000000", 0x6100, 0, TRANSPORT_PIECE_MAX);
    assert_answer(&card, "81C00000000000", 0x9000, TRANSPORT_PIECE_MAX, 70000 - TRANSPORT_PIECE_MAX);
    end(&card);
}
END_TEST

START_TEST(get_response_refusals_forget_the_response)
{
    static const struct {
        const char *capdu;
        uint16_t status;
    } cases[] = {
        {"81C0010005", SW_BAD_P1_P2},
        {"81C0000105", SW_BAD_P1_P2},
        {"81C00000", SW_WRONG_LENGTH},
        {"81C0000001AA", SW_WRONG_LENGTH},
        {"81C0000001AA05", SW_WRONG_LENGTH},
        {"80C0000005", SW_CONDITIONS_NOT_SATISFIED}, /* another channel */
        {"C0C0000005", SW_CONDITIONS_NOT_SATISFIED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture card;

        begin(&card, false, 5, SW_OK);
        assert_answer(&card, "81E2910001AA", 0x6105, 0, 0);
        assert_answer(&card, cases[i].capdu, cases[i].status, 0, 0);
        assert_answer(&card, "81C0000005", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
        end(&card);
    }
}
END_TEST

START_TEST(any_other_command_drops_the_response)
{
    struct fixture card;

    begin(&card, false, 5, SW_OK);
    assert_answer(&card, "81E2910001AA", 0x6105, 0, 0);
    assert_answer(&card, "00F2000005", SW_OK, 0, 5);
    assert_answer(&card, "81C0000005", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
    /* a chained or secured C0 is no GET RESPONSE: the card refuses it by itself */
    assert_answer(&card, "91C0000005", SW_OK, 0, 5);
    assert_answer(&card, "8DC0000005", SW_OK, 0, 5);
    ck_assert_uint_eq(card.runs, 4);
    /* a reset too */
    assert_answer(&card, "81E2910001AA", 0x6105, 0, 0);
    transport_reset(&card.transport, false);
    assert_answer(&card, "81C0000005", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
    end(&card);
}
END_TEST

START_TEST(a_repetition_is_not_run_again)
{
    struct fixture card;

    begin(&card, false, 7, 0x9105);
    assert_answer(&card, "8012000000", 0x6C07, 0, 0);
    assert_answer(&card, "8012000008", 0x6C07, 0, 0);
    assert_answer(&card, "8012000007", 0x9105, 0, 7);
    ck_assert_uint_eq(card.runs, 1);
    /* the next one is a new command */
    assert_answer(&card, "8012000007", 0x9105, 0, 7);
    ck_assert_uint_eq(card.runs, 2);
    /* another header, form or channel is another command */
    assert_answer(&card, "8012000000", 0x6C07, 0, 0);
    assert_answer(&card, "8012000107", 0x9105, 0, 7);
    ck_assert_uint_eq(card.runs, 4);
    assert_answer(&card, "8012000000", 0x6C07, 0, 0);
    assert_answer(&card, "8112000007", 0x9105, 0, 7);
    ck_assert_uint_eq(card.runs, 6);
    assert_answer(&card, "8012000000", 0x6C07, 0, 0);
    assert_answer(&card, "80120000000007", 0x9105, 0, 7);
    ck_assert_uint_eq(card.runs, 8);
    /* GET RESPONSE does not fetch what 6Cxx announced */
    assert_answer(&card, "8012000000", 0x6C07, 0, 0);
    assert_answer(&card, "80C0000007", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
    end(&card);
}
END_TEST

START_TEST(only_success_and_warnings_carry_data)
{
    static const struct {
        uint16_t status;
        bool data;
    } cases[] = {{0x9000, true},  {0x9120, true},  {0x63C1, true},  {0x6400, false},
                 {0x6581, false}, {0x6A80, false}, {0x6F00, false}, {0x6D00, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture card;

        begin(&card, false, 4, cases[i].status);
        if (cases[i].data)
            fetch_all(&card, "81A4040001AA", "81A40400", cases[i].status);
        else
            assert_answer(&card, "81A4040001AA", cases[i].status, 0, 0);
        end(&card);
    }
}
END_TEST

START_TEST(a_warning_comes_before_its_data)
{
    static const uint16_t warnings[] = {0x6283, 0x62F1, 0x6310};

    for (size_t i = 0; i < 3; i++) {
        struct fixture card;

        begin(&card, false, 4, warnings[i]);
        assert_answer(&card, "81A4040001AA", warnings[i], 0, 0);
        assert_answer(&card, "81C0000000", 0x6C04, 0, 0);
        assert_answer(&card, "81C0000004", 0x9000, 0, 4);
        /* T=1, and an extended Le, bring both at once. */
        assert_answer(&card, "81A40400000001AA0000", warnings[i], 0, 4);
        end(&card);
        begin(&card, true, 4, warnings[i]);
        assert_answer(&card, "81A4040001AA00", warnings[i], 0, 4);
        end(&card);
    }
}
END_TEST

START_TEST(no_memory_is_a_status_word)
{
    static const char *const capdus[] = {"81E2910001AA", "81E2910001"};

    for (size_t i = 0; i < 2; i++) {
        struct fixture card;
        struct apdu_command command;

        begin(&card, false, 5, SW_OK);
        ck_assert_uint_eq(apdu_decode(hex(capdus[i]), &command), SW_OK);
        /* More than a buffer may ever hold: the copy fails before the memory is read. */
        transport_answer(&card.transport, &command, SPAN(response_octets, BUF_LIMIT + 1), SW_OK, &card.out);
        ck_assert_hex(buf_span(&card.out), "6F00");
        assert_answer(&card, "81C0000005", SW_CONDITIONS_NOT_SATISFIED, 0, 0);
        end(&card);
    }
}
END_TEST

TEST_MAIN("transport", the_first_answer, a_terminal_gets_every_length, get_response_with_a_wrong_length,
          get_response_refusals_forget_the_response, any_other_command_drops_the_response,
          a_repetition_is_not_run_again, only_success_and_warnings_carry_data,
          a_warning_comes_before_its_data, no_memory_is_a_status_word)
