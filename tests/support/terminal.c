/* The terminal's side of a card in the same process: see terminal.h. */
#include "tests/support/terminal.h"

#include "apdu/apdu.h"
#include "tests/support/codes.h"
#include "tests/support/test.h"

static const uint8_t isd_r[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};

/* One exchange on the wire. */
static uint16_t exchange(struct terminal *terminal, struct span capdu, struct buf *response)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size = sizeof(rapdu);

    if (terminal->transmit != NULL)
        terminal->transmit(terminal->context, capdu.data, capdu.size, rapdu, &size);
    else
        softeuicc_transmit(terminal->card, capdu.data, capdu.size, rapdu, &size);
    ck_assert_uint_ge(size, 2);
    buf_append(response, SPAN(rapdu, size - 2));
    return (uint16_t)(rapdu[size - 2] << 8 | rapdu[size - 1]);
}

/* What a warning may have behind it, TS 102 221 7.3.1.1.4 clause 4b; 6985: nothing. */
static void fetch_behind_warning(struct terminal *terminal, unsigned channel, struct buf *response)
{
    unsigned size = 256;

    for (;;) {
        struct buf fetch = {0};
        uint16_t status;

        apdu_encode(&fetch, apdu_cla(0x00, channel), 0xC0, 0, 0, SPAN_NONE, size);
        status = exchange(terminal, buf_span(&fetch), response);
        buf_free(&fetch);
        if (status >> 8 != 0x6C && status >> 8 != 0x61)
            return;
        size = (status & 0xFF) != 0 ? status & 0xFFu : 256;
    }
}

uint16_t terminal_command(struct terminal *terminal, struct span capdu, struct buf *response)
{
    uint16_t status = exchange(terminal, capdu, response);
    struct apdu_command command = {.channel = terminal->channel};

    apdu_decode(capdu, &command); /* for its channel; whether it can be is the card's business */
    while (status >> 8 == 0x61 || status >> 8 == 0x6C) {
        struct buf again = {0};

        ck_assert_msg(status >> 8 == 0x61, "wrong Le %04X", status);
        apdu_encode(&again, apdu_cla(0x00, command.channel), 0xC0, 0, 0, SPAN_NONE,
                    (status & 0xFF) != 0 ? status & 0xFFu : 256);
        status = exchange(terminal, buf_span(&again), response);
        buf_free(&again);
    }
    if ((status >> 8 == 0x62 || status >> 8 == 0x63) && command.form == APDU_CASE_4)
        fetch_behind_warning(terminal, command.channel, response);
    return status;
}

struct terminal terminal_start(struct softeuicc *card, enum softeuicc_reset kind)
{
    struct terminal terminal = {.card = card, .block = 255};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t atr_size = sizeof(atr);

    softeuicc_reset(card, kind, atr, &atr_size);
    terminal_select(&terminal);
    return terminal;
}

void terminal_select(struct terminal *terminal)
{
    static const uint8_t manage_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    struct buf response = {0};
    struct buf select = {0};

    ck_assert_uint_eq(exchange(terminal, SPAN_ARRAY(manage_channel), &response), 0x9000);
    ck_assert_uint_eq(response.size, 1);
    terminal->channel = response.data[0];
    buf_clear(&response);
    apdu_encode(&select, apdu_cla(0x00, terminal->channel), 0xA4, 0x04, 0x00, SPAN_ARRAY(isd_r), 256);
    ck_assert_uint_eq(terminal_command(terminal, buf_span(&select), &response), 0x9000);
    buf_free(&select);
    buf_free(&response);
}

/* Whatever is answered is what its function may answer, number by number. */
static void check_codes(const struct terminal *terminal, uint16_t status, struct span answer)
{
    char problem[CODES_PROBLEM_MAX];

    if (terminal->card != NULL && (status == 0x9000 || status >> 8 == 0x91))
        ck_assert_msg(codes_check(terminal->card, answer, problem), "%s", problem);
}

uint16_t terminal_store_data(struct terminal *terminal, struct span request, struct buf *response)
{
    size_t offset = 0;
    unsigned number = 0;

    for (;;) {
        size_t size = request.size - offset < terminal->block ? request.size - offset : terminal->block;
        bool last = offset + size == request.size;
        struct buf command = {0};
        size_t before = response->size;
        uint16_t status;

        apdu_encode(&command, apdu_cla(0x80, terminal->channel), 0xE2, last ? 0x91 : 0x11, (uint8_t)number++,
                    SPAN(request.data + offset, size), last ? 256 : 0);
        status = terminal_command(terminal, buf_span(&command), response);
        buf_free(&command);
        offset += size;
        if (last || status != 0x9000) {
            check_codes(terminal, status,
                        response->size > before ? SPAN(response->data + before, response->size - before)
                                                : SPAN_NONE);
            return status;
        }
        ck_assert_uint_eq(response->size, before);
    }
}
