/* An exchange played from a script. See coap_script.h. */
#include "tests/euicc/network/coap_script.h"

#include <stdlib.h>
#include <string.h>

struct coap_request script_request(struct span payload)
{
    return (struct coap_request){.path = "/a",
                                 .content_format = -1,
                                 .payload = payload,
                                 .szx = COAP_SZX_MAX,
                                 .answer_max = 65536,
                                 .message_id = 0x0001,
                                 .token = 0xA001};
}

void script_expect(struct coap_exchange *exchange, const char *sent)
{
    struct span datagram;
    char one[4096];

    while (sent != NULL) {
        size_t size = strcspn(sent, "|");

        ck_assert_uint_lt(size, sizeof(one));
        memcpy(one, sent, size);
        one[size] = '\0';
        ck_assert_msg(coap_exchange_next(exchange, &datagram), "nothing is sent instead of %s", one);
        ck_assert_hex(datagram, one);
        sent = sent[size] == '|' ? sent + size + 1 : NULL;
    }
    if (coap_exchange_next(exchange, &datagram))
        ck_assert_span(datagram, SPAN_STRING(""));
}

void script_play(struct coap_exchange *exchange, const struct script_round *rounds, size_t count)
{
    ck_assert_ptr_nonnull(exchange);
    for (size_t i = 0; i < count; i++) {
        script_expect(exchange, rounds[i].sent);
        if (rounds[i].received != NULL)
            coap_exchange_receive(exchange, hex(rounds[i].received), 0);
    }
}

void script_complete(struct coap_exchange *exchange, unsigned code, struct span payload)
{
    const struct coap_answer *answer = coap_exchange_answer(exchange);

    ck_assert_msg(coap_exchange_state(exchange) == COAP_COMPLETE, "%s", coap_exchange_why(exchange));
    ck_assert_str_eq(coap_exchange_why(exchange), "");
    ck_assert_uint_eq(answer->code, code);
    ck_assert_span(buf_span(&answer->payload), payload);
    ck_assert(coap_exchange_due(exchange) == COAP_NEVER);
    coap_exchange_free(exchange);
}

void script_failed(struct coap_exchange *exchange, const char *why)
{
    ck_assert_ptr_nonnull(exchange);
    ck_assert_str_eq(coap_exchange_why(exchange), why);
    ck_assert_int_eq(coap_exchange_state(exchange), COAP_FAILED);
    ck_assert_uint_eq(coap_exchange_answer(exchange)->payload.size, 0);
    ck_assert_uint_ne(COAP_CODE_CLASS(coap_exchange_answer(exchange)->code), 2);
    ck_assert(coap_exchange_due(exchange) == COAP_NEVER);
    coap_exchange_free(exchange);
}

struct span script_octets(size_t size, unsigned seed)
{
    struct buf *octets = test_buf();

    for (size_t i = 0; i < size; i++)
        buf_append_octet(octets, (uint8_t)(i * 7 + (i >> 8) * 3 + seed));
    if (size == 0)
        buf_reserve(octets, 1);
    return buf_span(octets);
}
