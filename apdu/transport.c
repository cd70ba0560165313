/*
 * How responses travel: ISO/IEC 7816-3 12.2 and TS 102 221 7.3.1.1 for T=0, ISO/IEC 7816-4 5.3.4 for the
 * rest. The table in transport.h says what leaves the card when. The octet level of the protocols is the
 * reader's business, not ours.
 */
#include "apdu/transport.h"

#include <string.h>

void transport_reset(struct transport *transport, bool t1)
{
    transport_drop(transport);
    transport->t1 = t1;
}

void transport_free(struct transport *transport)
{
    buf_free(&transport->pending);
    *transport = (struct transport){0};
}

void transport_drop(struct transport *transport)
{
    transport->waiting = TRANSPORT_NOTHING;
    transport->offset = 0;
    buf_clear(&transport->pending);
}

void transport_put_status(struct buf *out, uint16_t status)
{
    buf_append_number(out, 2, status);
}

/* True when the response comes in pieces that the terminal must name exactly. */
static bool is_exact(const struct transport *transport, const struct apdu_command *command)
{
    return !transport->t1 && !command->extended;
}

static uint16_t status_with_count(uint16_t status, size_t count)
{
    return (uint16_t)(status | (count < APDU_SHORT_NE ? count : 0));
}

/* Keeps what of `data` has not left yet; false without memory. */
static bool transport_keep(struct transport *transport, enum transport_waiting waiting,
                           const struct apdu_command *command, struct span data, uint16_t status)
{
    buf_append(&transport->pending, data);
    if (transport->pending.failed) {
        transport_drop(transport);
        return false;
    }
    transport->waiting = waiting;
    transport->status = status;
    transport->channel = command->channel;
    memcpy(transport->header, (const uint8_t[]){command->cla, command->ins, command->p1, command->p2}, 4);
    return true;
}

/* The class of a SIM (3GPP TS 51.011 9.2): what is to be fetched is told by 9FXX, and GET RESPONSE may leave
 * some of it. */
static bool is_sim(uint8_t cla)
{
    return cla == CLA_SIM;
}

static bool carries_data(uint16_t status)
{
    unsigned sw1 = status >> 8;

    return sw1 < 0x64 || sw1 > 0x6F;
}

/* TS 102 221 7.3.1.1.4, clause 4b: over T=0 a warning leaves the card at once, and a GET RESPONSE with P3 00
 * finds the data behind it. */
static bool is_warning(uint16_t status)
{
    return status >> 8 == 0x62 || (status >> 8 == 0x63 && (status & 0xF0) != 0xC0);
}

void transport_answer(struct transport *transport, const struct apdu_command *command, struct span data,
                      uint16_t status, struct buf *out)
{
    size_t now = 0;
    uint16_t answer = status;

    transport_drop(transport);
    if (!carries_data(status))
        data.size = 0;
    if (data.size > 0 && is_exact(transport, command) && command->form == APDU_CASE_2 &&
        command->ne != data.size && !(command->ne == APDU_SHORT_NE && data.size > APDU_SHORT_NE)) {
        answer = transport_keep(transport, TRANSPORT_REPETITION, command, data, status)
                     ? status_with_count(SW_WRONG_LE, data.size)
                     : SW_NO_DIAGNOSIS;
        transport_put_status(out, answer);
        return;
    }
    if (!is_exact(transport, command) || command->form == APDU_CASE_2)
        now = command->ne < TRANSPORT_PIECE_MAX ? command->ne : TRANSPORT_PIECE_MAX;
    if (now > data.size)
        now = data.size;
    if (now < data.size) {
        struct span rest = SPAN(data.data + now, data.size - now);

        bool warned = is_exact(transport, command) && is_warning(status);

        if (!transport_keep(transport, TRANSPORT_GET_RESPONSE, command, rest, warned ? SW_OK : status)) {
            transport_put_status(out, SW_NO_DIAGNOSIS);
            return;
        }
        if (!warned)
            answer = status_with_count(is_sim(command->cla) ? SW_SIM_RESPONSE : SW_MORE_DATA, rest.size);
    }
    buf_append(out, SPAN(data.data, now));
    transport_put_status(out, answer);
}

/* Hands out the next `count` octets of what is pending; 61xx when more is left, else the response's own
 * status word. */
static void hand_out(struct transport *transport, size_t count, struct buf *out)
{
    size_t left = transport->pending.size - transport->offset - count;

    buf_append(out, SPAN(transport->pending.data + transport->offset, count));
    transport->offset += count;
    if (left > 0 && !is_sim(transport->header[0])) {
        transport->waiting = TRANSPORT_GET_RESPONSE;
        transport_put_status(out, status_with_count(SW_MORE_DATA, left));
        return;
    }
    transport_put_status(out, transport->status);
    transport_drop(transport);
}

/*
 * Reading: the class octet of GET RESPONSE is that of the command it follows (TS 102 221 7.3.1.1.5); field
 * LPAs send 0x and 8x alike, so only its channel counts. Without a response to fetch the answer is 6985.
 */
static void get_response(struct transport *transport, const struct apdu_command *command, struct buf *out)
{
    size_t left = transport->pending.size - transport->offset;
    uint16_t refusal = 0;

    if (command->p1 != 0 || command->p2 != 0)
        refusal = SW_BAD_P1_P2;
    else if (command->form != APDU_CASE_2)
        refusal = SW_WRONG_LENGTH;
    else if (transport->waiting != TRANSPORT_GET_RESPONSE || transport->channel != command->channel)
        refusal = SW_CONDITIONS_NOT_SATISFIED;
    if (refusal != 0) {
        transport_drop(transport);
        transport_put_status(out, refusal);
        return;
    }
    if (command->ne <= left && command->ne <= TRANSPORT_PIECE_MAX)
        hand_out(transport, command->ne, out);
    else if (is_exact(transport, command))
        transport_put_status(out,
                             status_with_count(is_sim(command->cla) ? SW_WRONG_LENGTH : SW_WRONG_LE, left));
    else
        hand_out(transport, left < TRANSPORT_PIECE_MAX ? left : TRANSPORT_PIECE_MAX, out);
}

static bool is_repetition(const struct transport *transport, const struct apdu_command *command)
{
    const uint8_t header[4] = {command->cla, command->ins, command->p1, command->p2};

    return transport->waiting == TRANSPORT_REPETITION && command->form == APDU_CASE_2 && !command->extended &&
           memcmp(transport->header, header, sizeof(header)) == 0;
}

bool transport_serve(struct transport *transport, const struct apdu_command *command, struct buf *out)
{
    size_t expected;

    if (command->ins == INS_GET_RESPONSE && !command->chaining && !command->secure_messaging) {
        get_response(transport, command, out);
        return true;
    }
    if (!is_repetition(transport, command)) {
        transport_drop(transport);
        return false;
    }
    expected = transport->pending.size < APDU_SHORT_NE ? transport->pending.size : APDU_SHORT_NE;
    if (command->ne == expected)
        hand_out(transport, expected, out);
    else
        transport_put_status(out, status_with_count(SW_WRONG_LE, expected));
    return true;
}
