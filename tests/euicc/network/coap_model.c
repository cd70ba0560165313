/* A server of CoAP for tests. See coap_model.h. */
#include "tests/euicc/network/coap_model.h"

#include "tests/support/test.h"

#include <coap3/coap.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 16, STEPS_MAX = 100000, TIMEOUT = 2500, REPEATS_MAX = 4 };

struct queue {
    struct buf datagrams[QUEUE_MAX];
    size_t count;
};

struct model_inside {
    int64_t now;
    struct queue to_server, to_client;
    struct buf held; /* a delayed datagram, and where it goes; empty: none */
    struct queue *held_for;
    bool seen[UINT16_MAX + 1]; /* message ids */
    struct buf last_reply;     /* to the request of `last_id` */
    int last_id;
    /* A separate response that is not acknowledged yet. */
    struct buf separate;
    uint16_t separate_id;
    int64_t timeout, due;
    unsigned repeats;
};

/* --- The channel ---------------------------------------------------------------------------------------- */

static void push(struct queue *queue, struct span datagram)
{
    ck_assert_uint_lt(queue->count, QUEUE_MAX);
    queue->datagrams[queue->count] = (struct buf){0};
    buf_append(&queue->datagrams[queue->count++], datagram);
}

static bool pop(struct queue *queue, struct buf *datagram)
{
    if (queue->count == 0)
        return false;
    *datagram = queue->datagrams[0];
    queue->count--;
    memmove(queue->datagrams, queue->datagrams + 1, queue->count * sizeof(*queue->datagrams));
    return true;
}

static void release_held(struct model_inside *inside)
{
    if (inside->held.size > 0)
        push(inside->held_for, buf_span(&inside->held));
    buf_clear(&inside->held);
}

static void carry(struct coap_model *model, struct queue *queue, struct span datagram)
{
    struct model_inside *inside = model->inside;
    const int number = (int)model->datagrams++;
    const bool release = inside->held.size > 0 && inside->held_for == queue;

    if (datagram.size > model->largest)
        model->largest = datagram.size;
    for (size_t i = 0; i < MODEL_FAULTS_MAX; i++) {
        if (model->faults[i].at != number)
            continue;
        if (model->faults[i].fault == MODEL_DELAY && inside->held.size == 0) {
            buf_append(&inside->held, datagram);
            inside->held_for = queue;
        }
        if (model->faults[i].fault != MODEL_DOUBLE)
            return;
        push(queue, datagram);
    }
    push(queue, datagram);
    if (release)
        release_held(inside);
}

/* --- What the server says ------------------------------------------------------------------------------- */

static void put_header(struct buf *out, unsigned type, unsigned code, unsigned id, coap_bin_const_t token)
{
    buf_append_octet(out, (uint8_t)(0x40 | type << 4 | token.length));
    buf_append_octet(out, (uint8_t)code);
    buf_append_number(out, 2, id);
    buf_append(out, SPAN(token.s, token.length));
}

/* An option of a small number, as long as it has to be. */
static void put_number(struct buf *out, unsigned *last, unsigned number, uint32_t value)
{
    unsigned size = value > 0xFFFF ? 3 : value > 0xFF ? 2 : value > 0 ? 1 : 0;
    unsigned delta = number - *last;

    buf_append_octet(out, (uint8_t)((delta < 13 ? delta : 13) << 4 | size));
    if (delta >= 13)
        buf_append_octet(out, (uint8_t)(delta - 13));
    buf_append_number(out, size, value);
    *last = number;
}

/* Says it with the acknowledgement, or behind it in a message that is to be acknowledged. */
static void respond(struct coap_model *model, const coap_pdu_t *request, unsigned code, struct span rest)
{
    struct model_inside *inside = model->inside;
    const unsigned id = (unsigned)coap_pdu_get_mid(request);

    buf_clear(&inside->last_reply);
    inside->last_id = (int)id;
    if (!model->separate) {
        put_header(&inside->last_reply, COAP_MESSAGE_ACK, code, id, coap_pdu_get_token(request));
        buf_append(&inside->last_reply, rest);
        carry(model, &inside->to_client, buf_span(&inside->last_reply));
        return;
    }
    put_header(&inside->last_reply, COAP_MESSAGE_ACK, 0, id, (coap_bin_const_t){0, NULL});
    carry(model, &inside->to_client, buf_span(&inside->last_reply));
    buf_clear(&inside->separate);
    put_header(&inside->separate, COAP_MESSAGE_CON, code, ++inside->separate_id, coap_pdu_get_token(request));
    buf_append(&inside->separate, rest);
    inside->repeats = 0;
    inside->timeout = TIMEOUT;
    inside->due = inside->now + TIMEOUT;
    carry(model, &inside->to_client, buf_span(&inside->separate));
}

/* A piece of the answer, with what Block1 said. */
static void respond_with_block(struct coap_model *model, const coap_pdu_t *request,
                               const coap_block_t *block1, unsigned number, unsigned szx)
{
    struct buf *rest = test_buf();
    unsigned last = 0;
    size_t size = (size_t)16 << szx;
    size_t from = number * size;

    ck_assert_uint_le(from, model->answer.size);
    if (model->answer.size - from < size)
        size = model->answer.size - from;
    put_number(rest, &last, COAP_OPTION_ETAG, 0xE7A6);
    put_number(rest, &last, COAP_OPTION_CONTENT_FORMAT, 42);
    if (size < model->answer.size)
        put_number(rest, &last, COAP_OPTION_BLOCK2,
                   number << 4 | (from + size < model->answer.size ? 8 : 0) | szx);
    if (block1 != NULL)
        put_number(rest, &last, COAP_OPTION_BLOCK1, block1->num << 4 | block1->szx);
    if (size < model->answer.size && number == 0)
        put_number(rest, &last, COAP_OPTION_SIZE2, (uint32_t)model->answer.size);
    if (size > 0) {
        buf_append_octet(rest, 0xFF);
        buf_append(rest, SPAN(model->answer.data + from, size));
    }
    respond(model, request, COAP_CODE(2, 4), buf_span(rest));
}

/* A block of the payload. True when it was the last one. */
static bool take_payload(struct coap_model *model, const coap_pdu_t *request, const coap_block_t *block1)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    struct buf *rest = test_buf();
    unsigned last = 0;

    coap_get_data(request, &size, &data);
    if (block1 == NULL || block1->num == 0)
        buf_clear(&model->received);
    if (block1 != NULL)
        ck_assert_uint_eq(model->received.size, (size_t)block1->num << (block1->szx + 4));
    buf_append(&model->received, SPAN(data, size));
    if (block1 == NULL || !block1->m)
        return true;
    ck_assert_uint_eq(size, (size_t)16 << block1->szx);
    put_number(rest, &last, COAP_OPTION_BLOCK1,
               block1->num << 4 | 8 | (block1->szx < model->szx ? block1->szx : model->szx));
    respond(model, request, COAP_CODE(2, 31), buf_span(rest));
    return false;
}

static void take_request(struct coap_model *model, const coap_pdu_t *request)
{
    coap_block_t block1;
    coap_block_t block2 = {0, 0, 0};
    const bool in_blocks = coap_get_block(request, COAP_OPTION_BLOCK1, &block1) != 0;
    const bool hint = coap_get_block(request, COAP_OPTION_BLOCK2, &block2) != 0;
    const unsigned szx = hint && block2.szx < model->szx ? block2.szx : model->szx;

    ck_assert_int_eq(coap_pdu_get_code(request), COAP_REQUEST_CODE_POST);
    if (block2.num > 0) {
        ck_assert(!in_blocks && block2.szx <= model->szx);
        respond_with_block(model, request, NULL, block2.num, block2.szx);
    } else if (take_payload(model, request, in_blocks ? &block1 : NULL)) {
        model->posts++;
        respond_with_block(model, request, in_blocks ? &block1 : NULL, 0, szx);
    }
}

/* --- What it hears -------------------------------------------------------------------------------------- */

static void server_receive(struct coap_model *model, struct span datagram)
{
    struct model_inside *inside = model->inside;
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 4096);
    int id;

    ck_assert_int_ne(coap_pdu_parse(COAP_PROTO_UDP, datagram.data, datagram.size, pdu), 0);
    id = coap_pdu_get_mid(pdu);
    if (coap_pdu_get_type(pdu) != COAP_MESSAGE_CON) {
        ck_assert_int_eq(coap_pdu_get_type(pdu), COAP_MESSAGE_ACK);
        if (id == inside->separate_id)
            inside->due = COAP_NEVER;
    } else if (!inside->seen[id]) {
        inside->seen[id] = true;
        take_request(model, pdu);
    } else if (id == inside->last_id) {
        carry(model, &inside->to_client, buf_span(&inside->last_reply));
    }
    coap_delete_pdu(pdu);
}

static void server_tick(struct coap_model *model)
{
    struct model_inside *inside = model->inside;

    if (inside->now < inside->due)
        return;
    inside->timeout *= 2;
    inside->due = ++inside->repeats > REPEATS_MAX ? COAP_NEVER : inside->now + inside->timeout;
    if (inside->due != COAP_NEVER)
        carry(model, &inside->to_client, buf_span(&inside->separate));
}

/* --- Both ----------------------------------------------------------------------------------------------- */

/* What was delayed arrives, or the time is the next at which something happens. False: nothing will. */
static bool wait_for_more(struct coap_model *model, struct coap_exchange *exchange)
{
    struct model_inside *inside = model->inside;
    int64_t due = coap_exchange_due(exchange);

    if (inside->held.size > 0) {
        release_held(inside);
        return true;
    }
    if (inside->due < due)
        due = inside->due;
    if (due == COAP_NEVER)
        return false;
    inside->now = due;
    coap_exchange_tick(exchange, due);
    server_tick(model);
    return true;
}

static bool model_step(struct coap_model *model, struct coap_exchange *exchange)
{
    struct model_inside *inside = model->inside;
    struct span sent;
    struct buf datagram = {0};

    while (coap_exchange_next(exchange, &sent))
        carry(model, &inside->to_server, sent);
    if (pop(&inside->to_server, &datagram))
        server_receive(model, buf_span(&datagram));
    else if (pop(&inside->to_client, &datagram))
        coap_exchange_receive(exchange, buf_span(&datagram), inside->now);
    else
        return wait_for_more(model, exchange);
    buf_free(&datagram);
    return true;
}

void coap_model_play(struct coap_model *model, struct coap_exchange *exchange)
{
    unsigned steps = 0;

    ck_assert_ptr_nonnull(exchange);
    model->inside = calloc(1, sizeof(*model->inside));
    ck_assert_ptr_nonnull(model->inside);
    model->inside->last_id = MODEL_NOWHERE;
    model->inside->due = COAP_NEVER;
    while (model_step(model, exchange))
        ck_assert_uint_lt(steps++, STEPS_MAX);
}

void coap_model_free(struct coap_model *model)
{
    buf_free(&model->inside->held);
    buf_free(&model->inside->last_reply);
    buf_free(&model->inside->separate);
    free(model->inside);
    buf_free(&model->received);
}
