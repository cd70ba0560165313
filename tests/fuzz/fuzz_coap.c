/*
 * A server's datagrams and the time to an exchange of CoAP. The input: an octet with the sizes of blocks and
 * of the request, an octet of 64 octets of answer each, then steps: an octet that says which, with bit 8 for
 * a datagram that comes twice, and what the step needs. A response that is completed on the way has the
 * message id and the token that are right now: its step has an octet for the code and a piece with options
 * and payload.
 */
#include "euicc/network/coap_exchange.h"
#include "tests/fuzz/fuzz.h"

#include <coap3/coap.h>
#include <stdlib.h>
#include <string.h>

enum step {
    STEP_DATAGRAM, /* a piece as it is */
    STEP_DUE,      /* the time is what the exchange waits for */
    STEP_LATER,    /* an octet of 50 ms each has passed */
    STEP_PIGGYBACKED,
    STEP_CONFIRMABLE,
    STEP_NON_CONFIRMABLE,
    STEP_ACKNOWLEDGEMENT, /* empty */
    STEP_EARLIER,         /* a confirmable response to the request before */
};

enum { STEP_MASK = 0x07, STEP_TWICE = 0x80, REPLIES_MAX = 8, HEAD_MAX = 32, PDU_MAX = 4096 };

struct session {
    struct coap_exchange *exchange;
    struct coap_request request;
    int64_t now;
    uint16_t id, token; /* of the last request that was sent */
    uint16_t server_id;
};

/* What is sent is a message for libcoap, not larger than a block makes it, and not too much of it. */
static void check_sent(struct session *session)
{
    struct span datagram;
    unsigned count = 0;

    while (coap_exchange_next(session->exchange, &datagram)) {
        coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, PDU_MAX);

        fuzz_check(pdu != NULL);
        fuzz_check(coap_pdu_parse(COAP_PROTO_UDP, datagram.data, datagram.size, pdu) != 0);
        fuzz_check(datagram.size <= HEAD_MAX + COAP_BLOCK_SIZE(session->request.szx));
        fuzz_check(count++ <= REPLIES_MAX);
        if (coap_pdu_get_code(pdu) == COAP_REQUEST_CODE_POST) {
            session->id = (uint16_t)coap_pdu_get_mid(pdu);
            session->token = (uint16_t)span_number(SPAN(datagram.data + 4, 2));
        } else {
            fuzz_check(datagram.size == 4);
        }
        coap_delete_pdu(pdu);
        fuzz_trace(datagram);
    }
}

static void check_state(const struct session *session)
{
    const struct coap_answer *answer = coap_exchange_answer(session->exchange);
    const enum coap_state state = coap_exchange_state(session->exchange);
    const char *why = coap_exchange_why(session->exchange);

    fuzz_check(answer->payload.size <= session->request.answer_max);
    fuzz_check((state == COAP_FAILED) == (*why != '\0'));
    fuzz_check(strchr(why, '\n') == NULL && strlen(why) < COAP_WHY_SIZE);
    fuzz_check(state != COAP_COMPLETE || COAP_CODE_CLASS(answer->code) == 2);
    fuzz_check(state != COAP_FAILED || (answer->payload.size == 0 && COAP_CODE_CLASS(answer->code) != 2));
    fuzz_check(state == COAP_RUNNING || coap_exchange_due(session->exchange) == COAP_NEVER);
}

/* A block of exactly its size, so that a sanitizer sees one octet too far. */
static void give(struct session *session, struct span datagram)
{
    uint8_t *octets = malloc(datagram.size > 0 ? datagram.size : 1);

    if (octets == NULL)
        return;
    if (datagram.size > 0)
        memcpy(octets, datagram.data, datagram.size);
    coap_exchange_receive(session->exchange, SPAN(octets, datagram.size), session->now);
    free(octets);
}

static void complete(struct buf *out, enum coap_type type, uint16_t id, uint16_t token, struct span *in)
{
    const uint8_t code = fuzz_octet(in);

    buf_append_octet(out, (uint8_t)(0x42 | type << 4));
    buf_append_octet(out, code);
    buf_append_number(out, 2, id);
    buf_append_number(out, 2, token);
    buf_append(out, fuzz_piece(in));
}

/* The datagram of a step. */
static void make_datagram(struct session *session, enum step step, struct span *in, struct buf *out)
{
    switch (step) {
    case STEP_PIGGYBACKED:
        complete(out, COAP_ACKNOWLEDGEMENT, session->id, session->token, in);
        break;
    case STEP_CONFIRMABLE:
        complete(out, COAP_CONFIRMABLE, session->server_id++, session->token, in);
        break;
    case STEP_NON_CONFIRMABLE:
        complete(out, COAP_NON_CONFIRMABLE, session->server_id++, session->token, in);
        break;
    case STEP_EARLIER:
        complete(out, COAP_CONFIRMABLE, session->server_id++, (uint16_t)(session->token - 1), in);
        break;
    case STEP_ACKNOWLEDGEMENT:
        coap_message_begin(out, COAP_ACKNOWLEDGEMENT, COAP_EMPTY, session->id, SPAN_NONE);
        break;
    default:
        buf_append(out, fuzz_piece(in));
    }
}

static void take_step(struct session *session, struct span *in)
{
    const uint8_t octet = fuzz_octet(in);
    const enum step step = (enum step)(octet & STEP_MASK);
    const int64_t due = coap_exchange_due(session->exchange);
    struct buf datagram = {0};

    if (step == STEP_DUE || step == STEP_LATER) {
        if (step == STEP_LATER)
            session->now += (int64_t)fuzz_octet(in) * 50;
        else if (due != COAP_NEVER)
            session->now = due;
        coap_exchange_tick(session->exchange, session->now);
        return;
    }
    make_datagram(session, step, in, &datagram);
    give(session, buf_span(&datagram));
    if ((octet & STEP_TWICE) != 0)
        give(session, buf_span(&datagram));
    buf_free(&datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t payload[31 * 40];
    struct span in = SPAN(data, size);
    const uint8_t sizes = fuzz_octet(&in);
    struct session session = {.request = {.path = "/a/b",
                                          .content_format = sizes % 2 != 0 ? 42 : -1,
                                          .payload = SPAN(payload, (size_t)(sizes >> 3) * 40),
                                          .szx = (sizes & 7) % 7,
                                          .answer_max = (size_t)fuzz_octet(&in) * 64,
                                          .message_id = 0xFFFE,
                                          .token = 0xFFFE}};

    session.exchange = coap_exchange_new(&session.request, 0);
    fuzz_check(session.exchange != NULL);
    check_sent(&session);
    while (in.size > 0) {
        take_step(&session, &in);
        check_sent(&session);
        check_state(&session);
    }
    fuzz_trace(buf_span(&coap_exchange_answer(session.exchange)->payload));
    fuzz_trace(span_of_string(coap_exchange_why(session.exchange)));
    coap_exchange_free(session.exchange);
    return 0;
}
