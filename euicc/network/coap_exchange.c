/* Confirmable requests, one after the other, and what comes back: see coap_exchange.h. */
#include "euicc/network/coap_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* RFC 7252 4.8: ACK_TIMEOUT, times a number up to ACK_RANDOM_FACTOR 1.5. */
    ACK_TIMEOUT = 2000,
    ACK_TIMEOUT_SPREAD = 1000,
    SLOW_FACTOR = 5, /* 4.8.1 lets a slow network have longer ones */
    MAX_RETRANSMIT = 4,
    /* Ours. A server that speaks without going on is not listened to for ever. */
    USELESS_MAX = 64,
    /* So that no two requests of an exchange have one token. */
    REQUESTS_MAX = UINT16_MAX,
    /* Acknowledgements and resets that wait to be taken. One more is as if it were lost on the way. */
    REPLIES_MAX = 8,
    EMPTY_SIZE = 4,
};

struct coap_exchange {
    struct coap_transfer transfer;
    enum coap_state state;
    /* The request that is under way: the last one once the exchange has ended. */
    struct buf message;
    uint32_t requests; /* with this one */
    uint16_t id, token;
    bool to_send;  /* it waits to be taken */
    bool answered; /* its response has been taken */
    unsigned repeated;
    int64_t timeout, due;
    unsigned useless; /* datagrams since the request */
    /* Empty messages that wait to be taken. */
    uint8_t replies[REPLIES_MAX][EMPTY_SIZE];
    size_t reply_count;
    uint8_t reply[EMPTY_SIZE]; /* the one that was taken */
};

/* --- Sending ------------------------------------------------------------------------------------------ */

static void stop_sending(struct coap_exchange *exchange)
{
    exchange->to_send = false;
    exchange->due = COAP_NEVER;
}

/* Of an answer that did not become whole nothing is left. */
static void end_exchange(struct coap_exchange *exchange, enum coap_state state)
{
    struct coap_answer *answer = &exchange->transfer.answer;

    stop_sending(exchange);
    exchange->state = state;
    if (state != COAP_FAILED)
        return;
    buf_clear(&answer->payload);
    if (COAP_CODE_CLASS(answer->code) == 2)
        answer->code = COAP_EMPTY;
}

static void exchange_fail(struct coap_exchange *exchange, const char *why)
{
    end_exchange(exchange, COAP_FAILED);
    snprintf(exchange->transfer.why, sizeof(exchange->transfer.why), "%s", why);
}

/* The next request, with a message id and a token of its own. */
static void send_request(struct coap_exchange *exchange, int64_t now)
{
    const struct coap_request *request = &exchange->transfer.request;
    uint8_t token[sizeof(exchange->token)];

    if (exchange->requests == REQUESTS_MAX) {
        exchange_fail(exchange, "too many blocks");
        return;
    }
    exchange->id = (uint16_t)(request->message_id + exchange->requests);
    exchange->token = (uint16_t)(request->token + exchange->requests);
    exchange->requests++;
    octets_put_number(token, sizeof(token), exchange->token);
    coap_transfer_write(&exchange->transfer, exchange->id, SPAN_ARRAY(token), &exchange->message);
    if (exchange->message.failed) {
        exchange_fail(exchange, "out of memory");
        return;
    }
    exchange->to_send = true;
    exchange->answered = false;
    exchange->repeated = 0;
    exchange->useless = 0;
    exchange->timeout = ACK_TIMEOUT + (int64_t)ACK_TIMEOUT_SPREAD * request->jitter / UINT16_MAX;
    if (request->is_slow)
        exchange->timeout *= SLOW_FACTOR;
    exchange->due = now + exchange->timeout;
}

/* An acknowledgement or a reset; one that waits already is not said twice. */
static void exchange_reply(struct coap_exchange *exchange, enum coap_type type, uint16_t id)
{
    struct buf message = {0};

    coap_message_begin(&message, type, COAP_EMPTY, id, SPAN_NONE);
    for (size_t i = 0; i < exchange->reply_count; i++) {
        if (span_equal(SPAN_ARRAY(exchange->replies[i]), buf_span(&message))) {
            buf_free(&message);
            return;
        }
    }
    if (message.size == EMPTY_SIZE && exchange->reply_count < REPLIES_MAX)
        memcpy(exchange->replies[exchange->reply_count++], message.data, EMPTY_SIZE);
    buf_free(&message);
}

/* RFC 7252 4.2, 4.3: a confirmable message is rejected by a reset, another one by silence. */
static void reject_message(struct coap_exchange *exchange, const struct coap_message *message)
{
    if (message->type == COAP_CONFIRMABLE)
        exchange_reply(exchange, COAP_RESET, message->id);
}

/* --- Receiving ---------------------------------------------------------------------------------------- */

static bool is_waiting(const struct coap_exchange *exchange)
{
    return exchange->state == COAP_RUNNING && !exchange->answered;
}

static void take_empty(struct coap_exchange *exchange, const struct coap_message *message)
{
    const bool ours = is_waiting(exchange) && message->id == exchange->id;

    if (message->type == COAP_ACKNOWLEDGEMENT && ours)
        stop_sending(exchange);
    else if (message->type == COAP_RESET && ours)
        exchange_fail(exchange, "the server has reset the request");
    else
        reject_message(exchange, message);
}

static void take_response(struct coap_exchange *exchange, const struct coap_message *response, int64_t now)
{
    enum coap_step step;

    stop_sending(exchange);
    exchange->answered = response->critical < 0;
    step = coap_transfer_take(&exchange->transfer, response);
    if (step == COAP_STEP_SEND)
        send_request(exchange, now);
    else
        end_exchange(exchange, step == COAP_STEP_DONE ? COAP_COMPLETE : COAP_FAILED);
}

/* How many requests ago this token was the current one; negative: it is none of the exchange's. */
static int32_t age_of(const struct coap_exchange *exchange, struct span token)
{
    uint16_t age;

    if (token.size != sizeof(exchange->token))
        return -1;
    age = (uint16_t)(exchange->token - span_number(token));
    return age < exchange->requests ? age : -1;
}

/* A response with the acknowledgement of its request (RFC 7252 5.2.1). */
static void take_piggybacked(struct coap_exchange *exchange, const struct coap_message *response, int64_t now)
{
    if (is_waiting(exchange) && response->id == exchange->id && age_of(exchange, response->token) == 0)
        take_response(exchange, response, now);
}

/*
 * A response by itself (RFC 7252 5.2.2), which stands for the acknowledgement as well if that has not come.
 * One whose token was answered is a repetition: its acknowledgement was lost.
 */
static void take_separate(struct coap_exchange *exchange, const struct coap_message *response, int64_t now)
{
    const int32_t age = age_of(exchange, response->token);
    const bool taken = age > 0 || (age == 0 && exchange->answered);
    const bool meant = age == 0 && is_waiting(exchange);

    if (!taken && (!meant || response->critical >= 0))
        reject_message(exchange, response);
    else if (response->type == COAP_CONFIRMABLE)
        exchange_reply(exchange, COAP_ACKNOWLEDGEMENT, response->id);
    if (meant)
        take_response(exchange, response, now);
}

static bool is_response(const struct coap_message *message)
{
    const unsigned class = COAP_CODE_CLASS(message->code);

    return class >= 2 && class <= 5;
}

static void take_message(struct coap_exchange *exchange, const struct coap_message *message, int64_t now)
{
    if (message->code == COAP_EMPTY)
        take_empty(exchange, message);
    else if (!is_response(message) || message->type == COAP_RESET)
        reject_message(exchange, message);
    else if (message->type == COAP_ACKNOWLEDGEMENT)
        take_piggybacked(exchange, message, now);
    else
        take_separate(exchange, message, now);
}

void coap_exchange_receive(struct coap_exchange *exchange, struct span datagram, int64_t now)
{
    struct coap_message message;
    enum coap_reading reading = coap_message_read(datagram, &message);

    exchange->useless++;
    if (reading == COAP_READ)
        take_message(exchange, &message, now);
    else if (reading == COAP_MALFORMED)
        reject_message(exchange, &message);
    if (exchange->state == COAP_RUNNING && exchange->useless >= USELESS_MAX)
        exchange_fail(exchange, "the server sends what answers nothing");
}

/* --- The rest ----------------------------------------------------------------------------------------- */

struct coap_exchange *coap_exchange_new(const struct coap_request *request, int64_t now)
{
    struct coap_exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    if (coap_transfer_begin(&exchange->transfer, request))
        send_request(exchange, now);
    else
        end_exchange(exchange, COAP_FAILED);
    return exchange;
}

void coap_exchange_free(struct coap_exchange *exchange)
{
    if (exchange == NULL)
        return;
    coap_transfer_end(&exchange->transfer);
    buf_free(&exchange->message);
    free(exchange);
}

void coap_exchange_tick(struct coap_exchange *exchange, int64_t now)
{
    if (now < exchange->due)
        return;
    if (exchange->repeated == MAX_RETRANSMIT) {
        exchange_fail(exchange, "no answer from the server");
        return;
    }
    exchange->repeated++;
    exchange->timeout *= 2;
    exchange->due = now + exchange->timeout;
    exchange->to_send = true;
}

int64_t coap_exchange_due(const struct coap_exchange *exchange)
{
    return exchange->due;
}

bool coap_exchange_next(struct coap_exchange *exchange, struct span *datagram)
{
    if (exchange->reply_count > 0) {
        memcpy(exchange->reply, exchange->replies[0], EMPTY_SIZE);
        exchange->reply_count--;
        memmove(exchange->replies[0], exchange->replies[1], exchange->reply_count * EMPTY_SIZE);
        *datagram = SPAN_ARRAY(exchange->reply);
        return true;
    }
    if (!exchange->to_send)
        return false;
    exchange->to_send = false;
    *datagram = buf_span(&exchange->message);
    return true;
}

enum coap_state coap_exchange_state(const struct coap_exchange *exchange)
{
    return exchange->state;
}

const struct coap_answer *coap_exchange_answer(const struct coap_exchange *exchange)
{
    return &exchange->transfer.answer;
}

const char *coap_exchange_why(const struct coap_exchange *exchange)
{
    return exchange->transfer.why;
}
