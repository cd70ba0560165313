/*
 * What an IPA may send to the eIM, and what REST may be asked. The eIM knows one eUICC, for which a package
 * of three commands waits; the state is put back after each input. Input: one octet that says what follows:
 * an EimPackageResult, the results of the waiting package (which the eUICC then signs, so that the fuzzer
 * gets behind the signature), a notification, an ESipa message that needs no SM-DP+, or the body of an order.
 */
#include "servers/eim/network/esipa.h"
#include "servers/eim/network/relay_private.h"
#include "servers/eim/network/rest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/eim_bench.h"

#include <stdlib.h>

enum input { INPUT_RESULT, INPUT_SIGNED_RESULTS, INPUT_NOTIFICATION, INPUT_ESIPA, INPUT_ORDER, INPUTS };

#define WITHOUT_EID 0x80 /* bit of the first octet: the result does not say whose it is (v1.0) */

static struct eim_bench bench;
/* As long as the process; volatile, so that the address is kept where leaks are looked for. */
static struct loop *volatile loop;
static struct relay *relay;
static struct buf eid;

static void start(void)
{
    if (bench.eid != NULL)
        return;
    eim_bench_start(&bench, NULL);
    eim_bench_introduce(&bench);
    eim_bench_order(&bench,
                    "\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}},{\"enable\":{\"iccid\":"
                    "\"" EIM_BENCH_ICCID2 "\",\"rollback\":true}},{\"listProfileInfo\":{}}]");
    fuzz_check(eim_bench_poll(&bench) == EIM_ERROR_NONE);
    fuzz_check(buf_append_hex(&eid, bench.eid, NULL));
    loop = loop_open();
    relay = loop != NULL ? relay_open(loop, &bench.eim, NULL, 1) : NULL;
    fuzz_check(relay != NULL);
}

static void take_result(struct span result, bool without_eid)
{
    struct buf acknowledgements = {0};
    struct tlv_reader reader;
    struct span number;

    eim_take_result(&bench.eim, without_eid ? SPAN_NONE : buf_span(&eid), result, &acknowledgements);
    reader = tlv_reader(buf_span(&acknowledgements));
    while (tlv_optional(&reader, 0x80, &number))
        fuzz_check(number.size > 0);
    fuzz_check(tlv_finish(&reader));
    buf_free(&acknowledgements);
}

static void take_signed_results(struct span results)
{
    struct buf text = {0}, result = {0};

    if (results.size > 4096 || !buf_reserve(&text, 2 * results.size + 1))
        return;
    eim_bench_result(&bench, hex_from_span(results, (char *)text.data, 2 * results.size + 1), &result);
    take_result(buf_span(&result), false);
    /* Signed: whatever the results are, the order has ended. */
    fuzz_check(db_number(bench.eim.db, -1, "SELECT count(*) FROM eim_order WHERE state = 'sent'", DB_NONE) ==
               0);
    buf_free(&text);
    buf_free(&result);
}

static void on_answer(void *context, enum esipa_outcome outcome, struct span message)
{
    bool *answered = context;

    fuzz_check(!*answered);
    *answered = true;
    fuzz_check(outcome != ESIPA_ANSWERED || message.size > 0);
}

static void take_esipa(struct span message)
{
    struct tlv_reader reader = tlv_reader(message);
    bool answered = false;

    if (relay_function_by_tag(tlv_peek(&reader)) != NULL)
        return;
    esipa_message(&bench.eim, relay, message, on_answer, &answered);
    fuzz_check(answered);
}

static void take_order(struct span body)
{
    const struct http_request request = {
        .method = "POST", .path = "/v1/orders", .content_type = "application/json", .body = body};
    struct http_answer answer;

    eim_rest_answer(&bench.eim, &request, &answer);
    fuzz_check(answer.code == 201 || answer.code == 400);
    buf_free(&answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t first = fuzz_octet(&in);

    start();
    db_begin(bench.eim.db);
    switch (first % INPUTS) {
    case INPUT_RESULT:
        take_result(in, (first & WITHOUT_EID) != 0);
        break;
    case INPUT_SIGNED_RESULTS:
        take_signed_results(in);
        break;
    case INPUT_NOTIFICATION:
        eim_take_notification(&bench.eim, (first & WITHOUT_EID) != 0 ? "" : bench.eid, in);
        break;
    case INPUT_ESIPA:
        take_esipa(in);
        break;
    default:
        take_order(in);
    }
    db_fail(bench.eim.db, "nothing of it happened");
    db_commit(bench.eim.db);
    return 0;
}
