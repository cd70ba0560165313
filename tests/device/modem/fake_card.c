/* A card as a link: see fake_card.h. */
#include "tests/device/modem/fake_card.h"

#include "apdu/apdu.h"
#include "apdu/proactive.h"
#include "apdu/transport.h"

#include <string.h>

enum {
    FETCH = 0x12,
    RESPONSE = 0x14,
    ENVELOPE = 0xC2,
    SELECT = 0xA4,
    READ_BINARY = 0xB0,
    READ_RECORD = 0xB2
};
enum { SUSPEND_UICC = 0x76, USIM = 0x7FFF };

static void log_line(struct buf *log, struct span octets)
{
    char line[2 * 300];

    hex_from_span(octets, line, sizeof(line));
    buf_append(log, span_of_string(line));
    buf_append_octet(log, '\n');
}

/* Content of a file, or nothing. */
static bool content_of(const struct fake_card *card, unsigned file, struct buf *content)
{
    static const char dir[] = "61124F10A0000000871002FF44FF1289040000FFFFFF";

    if (file == 0x2F00 && card->imsi != NULL)
        return buf_append_hex(content, dir, NULL);
    if (file == 0x2FE2 && card->iccid != NULL)
        return buf_append_hex(content, card->iccid, NULL);
    if (file == 0x6F07 && card->imsi != NULL)
        return buf_append_hex(content, card->imsi, NULL);
    return false;
}

static void put_parameters(unsigned file, size_t size, struct buf *out)
{
    const uint8_t linear[] = {0x62, 0x07, 0x82, 0x05, 0x42, 0x21, 0x00, (uint8_t)size, 0x01};
    const uint8_t binary[] = {0x62, 0x08, 0x82, 0x02, 0x41, 0x21, 0x80, 0x02, 0x00, (uint8_t)size};

    buf_append(out, file == 0x2F00 ? SPAN_ARRAY(linear) : SPAN_ARRAY(binary));
}

static uint16_t select_file(struct fake_card *card, const struct apdu_command *command, struct buf *out)
{
    struct buf content = {0};
    unsigned file = (unsigned)span_number(command->data);
    bool found = true;

    if (command->p1 == 0x04) {
        card->selected = USIM;
    } else if (file != 0x3F00) {
        found = content_of(card, file, &content);
        card->selected = file;
    }
    if (found)
        put_parameters(file, content.size, out);
    buf_free(&content);
    return found ? SW_OK : SW_FILE_NOT_FOUND;
}

static void forget_queue(struct fake_card *card)
{
    for (size_t i = 0; i < card->queued; i++)
        buf_free(&card->queue[i]);
    card->queued = 0;
}

static void pop(struct fake_card *card)
{
    if (card->queued == 0)
        return;
    buf_free(&card->queue[0]);
    card->queued--;
    memmove(&card->queue[0], &card->queue[1], card->queued * sizeof(card->queue[0]));
    memset(&card->queue[card->queued], 0, sizeof(card->queue[0]));
}

static uint16_t run(struct fake_card *card, const struct apdu_command *command, struct buf *out)
{
    switch (command->ins) {
    case SELECT:
        return select_file(card, command, out);
    case READ_BINARY:
    case READ_RECORD:
        return content_of(card, card->selected, out) ? SW_OK : SW_COMMAND_NOT_ALLOWED;
    case FETCH:
        if (card->queued > 0)
            buf_append(out, buf_span(&card->queue[0]));
        return card->queued > 0 ? SW_OK : SW_CONDITIONS_NOT_SATISFIED;
    case RESPONSE:
        log_line(&card->responses, command->data);
        pop(card);
        return SW_OK;
    case ENVELOPE:
        log_line(&card->envelopes, command->data);
        return card->busy > 0 && card->busy-- > 0 ? SW_TOOLKIT_BUSY : SW_OK;
    case SUSPEND_UICC:
        if (!card->suspends)
            return SW_INS_NOT_SUPPORTED;
        if (command->p1 == 0x00)
            buf_append(out, SPAN("\x01\x3C"
                                 "TOKENABC",
                                 10));
        return SW_OK;
    default:
        return SW_OK;
    }
}

/* 9000 announces what is queued, except to who has just fetched it. */
static void put_status(const struct fake_card *card, uint8_t ins, uint16_t sw, struct buf *response)
{
    if (sw == SW_OK && card->queued > 0 && ins != FETCH)
        sw = (uint16_t)(0x9100 | (card->queue[0].size & 0xFF));
    transport_put_status(response, sw);
}

static void answer(struct fake_card *card, struct span capdu, struct buf *response)
{
    struct apdu_command command;
    struct buf out = {0};
    uint16_t sw = apdu_decode(capdu, &command);

    if (sw == SW_OK && command.ins == INS_GET_RESPONSE) {
        buf_append(response, buf_span(&card->pending));
        put_status(card, command.ins, SW_OK, response);
        return;
    }
    if (sw == SW_OK)
        sw = run(card, &command, &out);
    buf_clear(&card->pending);
    if (card->uses_get_response && sw == SW_OK && command.form == APDU_CASE_4 && out.size > 0) {
        buf_append(&card->pending, buf_span(&out));
        transport_put_status(response, (uint16_t)(SW_MORE_DATA | (out.size & 0xFF)));
    } else {
        buf_append(response, buf_span(&out));
        put_status(card, command.ins, sw, response);
    }
    buf_free(&out);
}

static bool transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct fake_card *card = link->state;

    if (card->is_off || card->is_gone || card->was_reset) {
        link->was_reset = card->was_reset;
        return false;
    }
    card->commands++;
    log_line(&card->log, capdu);
    if (card->answer != NULL)
        card->answer(card->context, capdu, response);
    else
        answer(card, capdu, response);
    return true;
}

static bool fake_reset(struct link *link)
{
    struct fake_card *card = link->state;

    card->resets++;
    card->is_off = card->was_reset = false;
    card->selected = 0;
    forget_queue(card);
    return !card->is_gone;
}

static void fake_power_off(struct link *link)
{
    struct fake_card *card = link->state;

    card->power_offs++;
    card->is_off = true;
}

static void fake_close(struct link *link)
{
    (void)link;
}

static const struct link_kind kind = {transmit, fake_reset, fake_power_off, fake_close};

void fake_card_init(struct fake_card *card)
{
    *card = (struct fake_card){.link = {.kind = &kind, .name = "fake card"},
                               .iccid = "98940000000000000010",
                               .imsi = "082926100000000010"};
    card->link.state = card;
}

void fake_card_free(struct fake_card *card)
{
    forget_queue(card);
    buf_free(&card->log);
    buf_free(&card->responses);
    buf_free(&card->envelopes);
    buf_free(&card->pending);
}

void fake_card_queue(struct fake_card *card, const char *command)
{
    if (card->queued < FAKE_QUEUE_MAX)
        buf_append_hex(&card->queue[card->queued++], command, NULL);
}

void fake_card_command(struct fake_card *card, uint8_t type, uint8_t qualifier, uint8_t destination,
                       const char *objects)
{
    struct buf octets = {0};
    struct proactive_command command = {1, type, qualifier, destination, SPAN_NONE};

    buf_append_hex(&octets, objects, NULL);
    command.objects = buf_span(&octets);
    if (card->queued < FAKE_QUEUE_MAX)
        proactive_build(&card->queue[card->queued++], &command);
    buf_free(&octets);
}

const char *fake_log_take(struct buf *log)
{
    buf_append_octet(log, '\0');
    log->size = 0;
    return log->failed ? "" : (const char *)log->data;
}
