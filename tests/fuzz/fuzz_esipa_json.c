/*
 * Any octets as a message of ESipa in either binding, request or answer; what is accepted goes to the other
 * binding and back, and is the same. Input: one octet (the low three bits choose the function, the next two
 * what it is: a request or an answer in JSON, a request or an answer in ASN.1), then the message.
 */
#include "protocol/esipa_json.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum input { INPUT_JSON_REQUEST, INPUT_JSON_ANSWER, INPUT_DER_REQUEST, INPUT_DER_ANSWER, INPUTS };

/* A request in ASN.1 that an eIM made of JSON: an IPA writes it in JSON so that it comes out the same. */
static void check_request(const struct esipa_function *expected, struct span der)
{
    const struct esipa_function *function;
    struct refusal_status status = {.refusal = REFUSAL_NONE};
    char why[ESIPA_JSON_WHY_SIZE];
    char *text = esipa_json_request(der, &function, why);
    struct buf again = {0};
    json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;

    fuzz_check(object != NULL && function == expected && why[0] == '\0');
    fuzz_check(esipa_json_take_request(function, object, &again, &status));
    fuzz_check(span_equal(buf_span(&again), der));
    fuzz_trace(span_of_string(text));
    buf_free(&again);
    json_decref(object);
    free(text);
}

/* An answer in ASN.1 that an IPA made of JSON, likewise. */
static void check_answer(const struct esipa_function *function, struct span der)
{
    json_t *object = esipa_json_answer(function, der);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    char why[ESIPA_JSON_WHY_SIZE];
    struct buf again = {0};

    fuzz_check(text != NULL);
    fuzz_check(esipa_json_take_answer(function, span_of_string(text), &again, why) == ESIPA_JSON_ANSWERED);
    fuzz_check(span_equal(buf_span(&again), der));
    fuzz_trace(span_of_string(text));
    buf_free(&again);
    free(text);
    json_decref(object);
}

static void take_json_request(const struct esipa_function *function, struct span body)
{
    json_t *object = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
    struct refusal_status status = {.refusal = REFUSAL_NONE};
    struct buf der = {0};

    if (object != NULL && esipa_json_take_request(function, object, &der, &status))
        check_request(function, buf_span(&der));
    else
        fuzz_check(object == NULL || (status.refusal != REFUSAL_NONE && der.size == 0));
    buf_free(&der);
    json_decref(object);
}

static void take_json_answer(const struct esipa_function *function, struct span body)
{
    char why[ESIPA_JSON_WHY_SIZE];
    struct buf der = {0};
    enum esipa_json_result result = esipa_json_take_answer(function, body, &der, why);

    fuzz_check(result == ESIPA_JSON_ANSWERED || (why[0] != '\0' && der.size == 0));
    if (der.size > 0)
        check_answer(function, buf_span(&der));
    fuzz_trace(span_of_string(why));
    buf_free(&der);
}

/* What stands in ASN.1 may be longer than it must be; what comes back of it has one form. */
static void take_der_request(struct span der)
{
    const struct esipa_function *function;
    struct refusal_status status = {.refusal = REFUSAL_NONE};
    char why[ESIPA_JSON_WHY_SIZE];
    char *text = esipa_json_request(der, &function, why);
    struct buf again = {0};
    json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;

    fuzz_check((text != NULL) == (why[0] == '\0'));
    if (text != NULL) {
        fuzz_check(esipa_json_take_request(function, object, &again, &status));
        check_request(function, buf_span(&again));
    }
    buf_free(&again);
    json_decref(object);
    free(text);
}

static void take_der_answer(const struct esipa_function *function, struct span der)
{
    json_t *object = esipa_json_answer(function, der);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    fuzz_check((object != NULL) == (text != NULL));
    if (text != NULL)
        take_json_answer(function, span_of_string(text));
    free(text);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t first = fuzz_octet(&in);
    const struct esipa_function *function = &esipa_functions[first % ESIPA_FUNCTIONS];

    switch (first / ESIPA_FUNCTIONS % INPUTS) {
    case INPUT_JSON_REQUEST:
        take_json_request(function, in);
        break;
    case INPUT_JSON_ANSWER:
        take_json_answer(function, in);
        break;
    case INPUT_DER_REQUEST:
        take_der_request(in);
        break;
    default:
        take_der_answer(function, in);
    }
    return 0;
}
