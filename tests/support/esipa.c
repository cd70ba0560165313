/* An eIM between an IPA and an SM-DP+. See esipa.h. */
#include "tests/support/esipa.h"

#include "apdu/tlv.h"
#include "protocol/admin_protocol.h"
#include "protocol/compact.h"
#include "tests/support/test.h"
#include "tests/support/tls.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The SM-DP+ ----------------------------------------------------------------------------------------- */

struct delayed {
    struct esipa_stub *stub;
    struct https_request *request;
    struct http_answer answer;
};

static void answer_delayed(evutil_socket_t fd, short events, void *context)
{
    struct delayed *delayed = context;

    (void)fd;
    (void)events;
    delayed->stub->held--;
    https_answer(delayed->request, &delayed->answer);
    buf_free(&delayed->answer.body);
    free(delayed);
}

static void answer_as_stub(struct esipa_bench *bench, struct https_request *request)
{
    struct delayed *delayed = calloc(1, sizeof(*delayed));
    const struct timeval wait = {bench->stub.delay / 1000, bench->stub.delay % 1000 * 1000};

    ck_assert_ptr_nonnull(delayed);
    bench->stub.requests++;
    bench->stub.held++;
    if (bench->stub.held > bench->stub.held_max)
        bench->stub.held_max = bench->stub.held;
    delayed->stub = &bench->stub;
    delayed->request = request;
    delayed->answer.code = bench->stub.code;
    if (bench->stub.body != NULL) {
        delayed->answer.content_type = "application/json";
        buf_append(&delayed->answer.body, span_of_string(bench->stub.body));
    }
    if (bench->stub.delay == 0)
        answer_delayed(-1, 0, delayed);
    else
        event_base_once(loop_base(bench->loop), -1, EV_TIMEOUT, answer_delayed, delayed, &wait);
}

static void on_request(void *context, struct https_request *request)
{
    struct esipa_bench *bench = context;
    struct http_answer answer;

    if (bench->stub.code != 0) {
        answer_as_stub(bench, request);
        return;
    }
    http_api_answer(&bench->dp.smdpp, https_request(request), &answer);
    https_answer(request, &answer);
    buf_free(&answer.body);
}

/* --- The IPA -------------------------------------------------------------------------------------------- */

/* The eUICC's messages come in the ASN.1 binding of ES9+, which is nearly that of ESipa. */
static void put_message(const struct esipa_bench *bench, struct span body, struct buf *out)
{
    struct span choice;
    struct tlv_reader reader;
    struct tlv message, member;
    size_t at;

    ck_assert_int_eq(tlv_single(body, 0xA2, &choice), TLV_OK);
    reader = tlv_reader(choice);
    ck_assert_int_eq(tlv_next(&reader, &message), TLV_OK);
    at = tlv_open(out, message.tag);
    reader = tlv_reader(message.value);
    while (tlv_next(&reader, &member) == TLV_OK) {
        bool left = message.tag == 0xBF39 && bench->leaves_data && member.tag != 0x81;

        buf_append(out, left ? SPAN("", 0) : member.whole);
    }
    if (message.tag == 0xBF39 && bench->eim_transaction.data != NULL)
        tlv_put(out, 0x82, bench->eim_transaction);
    tlv_close(out, at);
}

/* The Ok of an answer: as ES9+ has it, the rest is kept. */
static void put_ok(struct esipa_bench *bench, uint32_t tag, struct span content, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(content);
    size_t mandatory = tag == 0xBF39 || tag == 0xBF3B ? 5 : 2;
    size_t at = tlv_open(out, 0xA0);
    struct tlv member;

    buf_clear(&bench->extras);
    for (size_t i = 0; tlv_next(&reader, &member) == TLV_OK; i++) {
        if (tag == 0xBF3B && i == 1 && member.tag == 0x30) { /* the eIM verifies the metadata itself */
            bench->metadata_left_out = true;
            tlv_put(out, 0xBF25, SPAN("", 0));
            i++;
        }
        buf_append(i < mandatory ? out : &bench->extras, member.whole);
    }
    tlv_close(out, at);
}

static void put_answer(struct esipa_bench *bench, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(buf_span(&bench->answer));
    size_t outer = tlv_open(out, 0xA2);
    struct tlv message, choice;
    size_t at;

    ck_assert_int_eq(tlv_next(&reader, &message), TLV_OK);
    ck_assert(tlv_finish(&reader));
    reader = tlv_reader(message.value);
    ck_assert_int_eq(tlv_next(&reader, &choice), TLV_OK);
    ck_assert(tlv_finish(&reader));
    at = tlv_open(out, message.tag);
    if (choice.tag == 0xA1) { /* authenticateClientOkDSEsipa, which no ES9+ has */
        buf_clear(&bench->extras);
        buf_append(&bench->extras, choice.value);
        tlv_put_unsigned(out, 0x81, ESIPA_BENCH_FROM_SMDS);
        choice.tag = 0x82;
    } else if (choice.tag == 0xA0) {
        put_ok(bench, message.tag, choice.value, out);
    } else {
        tlv_put(out, 0x81, choice.value);
    }
    ck_assert_int_eq(choice.tag == (message.tag == 0xBF3B ? 0x82u : 0x81u), choice.tag != 0xA0);
    tlv_close(out, at);
    tlv_close(out, outer);
}

static struct http_answer carry(struct bench *dp, const struct http_request *request)
{
    struct esipa_bench *bench = (struct esipa_bench *)dp; /* its first member */
    struct http_answer answer = {.code = 200, .content_type = ASN1_BINDING_CONTENT_TYPE};
    struct buf message = {0};

    if (strcmp(request->path, ASN1_BINDING_PATH) != 0) {
        http_api_answer(&dp->smdpp, request, &answer); /* what a test asks the SM-DP+ itself */
        return answer;
    }
    put_message(bench, request->body, &message);
    if (esipa_bench_send(bench, buf_span(&message)) == ESIPA_ANSWERED)
        put_answer(bench, &answer.body);
    else
        answer = (struct http_answer){.code = bench->outcome == ESIPA_EMPTY ? 204 : 400};
    buf_free(&message);
    return answer;
}

static void on_answered(void *context, enum esipa_outcome outcome, struct span answer)
{
    struct esipa_bench *bench = context;

    ck_assert(!bench->answered);
    bench->answered = true;
    bench->outcome = outcome;
    buf_clear(&bench->answer);
    buf_append(&bench->answer, answer);
    ck_assert_int_eq(answer.size > 0, outcome == ESIPA_ANSWERED);
}

void esipa_bench_turn(struct esipa_bench *bench, long milliseconds)
{
    const struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

    event_base_loopexit(loop_base(bench->loop), &wait);
    event_base_loop(loop_base(bench->loop), EVLOOP_ONCE);
}

enum esipa_outcome esipa_bench_send(struct esipa_bench *bench, struct span message)
{
    bench->answered = false;
    esipa_message(&bench->eim, bench->relay, message, on_answered, bench);
    while (!bench->answered)
        event_base_loop(loop_base(bench->loop), EVLOOP_ONCE);
    return bench->outcome;
}

void esipa_bench_expect(struct esipa_bench *bench, const char *message, enum esipa_outcome outcome,
                        const char *answer)
{
    enum esipa_outcome got = esipa_bench_send(bench, hex(message));

    ck_assert_msg(got == outcome, "%s: outcome %d instead of %d", message, got, outcome);
    ck_assert_hex(buf_span(&bench->answer), answer);
}

/* --- Start and end -------------------------------------------------------------------------------------- */

static void open_relay(struct esipa_bench *bench)
{
    struct test_tls tls;

    test_tls_make(&tls);
    bench->relay = relay_open(bench->loop, &bench->eim, tls.ca, RELAY_TIMEOUT);
    ck_assert_ptr_nonnull(bench->relay);
}

void esipa_bench_restart_relay(struct esipa_bench *bench)
{
    relay_close(bench->relay);
    open_relay(bench);
}

void esipa_bench_start(struct esipa_bench *bench)
{
    struct test_tls tls;
    const struct https_options options = {.address = "127.0.0.1",
                                          .cert = tls.cert,
                                          .key = tls.key,
                                          .body_max = REQUEST_BODY_LIMIT,
                                          .allow = "POST",
                                          .answer = on_request,
                                          .context = bench};
    const char *why = NULL;

    *bench = (struct esipa_bench){0};
    bench->loop = loop_open();
    test_tls_make(&tls);
    bench->server = https_open(bench->loop, &options);
    ck_assert_ptr_nonnull(bench->server);
    snprintf(bench->address, sizeof(bench->address), "localhost:%u", https_port(bench->server));
    bench_start_at(&bench->dp, EC_CURVE_P256, bench->address);
    bench->dp.carry = carry;
    bench->dp.asn1 = true;
    ck_assert(eim_identity_load(&bench->eim, tls.directory, EC_CURVE_P256, "esipa-tests"));
    ck_assert(euicc_trust_add(&bench->eim.trust, cert_parse(buf_span(&bench->dp.ci.ci.der), NULL), &why));
    bench->eim.first_counter = 1;
    ck_assert(eim_state_open(&bench->eim, NULL));
    open_relay(bench);
}

void esipa_bench_stop(struct esipa_bench *bench)
{
    relay_close(bench->relay);
    https_close(bench->server);
    loop_close(bench->loop);
    eim_close(&bench->eim);
    bench_stop(&bench->dp);
    buf_free(&bench->answer);
    buf_free(&bench->extras);
}

/* --- Orders --------------------------------------------------------------------------------------------- */

/* Polls; the package's tag and the content of its transaction id. */
static uint32_t poll_package(struct esipa_bench *bench, uint32_t id_tag, struct span *id)
{
    static const uint32_t paths[][4] = {{0xBF4F, 0xBF52, 0, 0}, {0xBF4F, 0xBF54, 0, 0}};
    struct buf *kept = test_buf();
    struct span package;

    ck_assert_int_eq(esipa_bench_send(bench, hex("BF4F125A10" TEST_EID)), ESIPA_ANSWERED);
    buf_append(kept, buf_span(&bench->answer));
    for (size_t i = 0; i < 2; i++) {
        if (tlv_find_path(buf_span(kept), paths[i], &package)) {
            ck_assert(tlv_find(package, id_tag, id));
            return paths[i][1];
        }
    }
    return 0;
}

void esipa_bench_introduce(struct esipa_bench *bench, const char *features)
{
    struct buf message = {0};
    struct span id, certificate;
    size_t marks[4];

    ck_assert_uint_eq(poll_package(bench, 0x83, &id), 0xBF52);
    marks[0] = tlv_open(&message, 0xBF50);
    tlv_put(&message, 0x5A, hex(TEST_EID));
    marks[1] = tlv_open(&message, 0xBF52);
    marks[2] = tlv_open(&message, 0xA0);
    bench_put_info1(&bench->dp, &message);
    bench_put_info2(&bench->dp, &message);
    ck_assert_int_eq(tlv_single(buf_span(&bench->dp.ci.eum.der), 0x30, &certificate), TLV_OK);
    tlv_put(&message, 0xA5, certificate);
    ck_assert_int_eq(tlv_single(buf_span(&bench->dp.euicc.der), 0x30, &certificate), TLV_OK);
    tlv_put(&message, 0xA6, certificate);
    tlv_put(&message, 0x87, id);
    marks[3] = tlv_open(&message, 0xA8);
    tlv_put(&message, 0x80, hex(features));
    tlv_close(&message, marks[3]);
    tlv_put(&message, 0xA9, hex("800435290611A100"));
    tlv_close(&message, marks[2]);
    tlv_close(&message, marks[1]);
    tlv_close(&message, marks[0]);
    ck_assert_int_eq(esipa_bench_send(bench, buf_span(&message)), ESIPA_ANSWERED);
    ck_assert_hex(buf_span(&bench->answer), "BF50023000");
    buf_free(&message);
}

int64_t esipa_bench_order(struct esipa_bench *bench, const char *download)
{
    char text[600];
    json_t *request;
    int64_t order;

    snprintf(text, sizeof(text), "{\"eid\":\"" TEST_EID "\",\"download\":%s}", download);
    request = json_loads(text, 0, NULL);
    order = eim_order_add(&bench->eim, TEST_EID, ORDER_DOWNLOAD, false, request);
    json_decref(request);
    ck_assert_int_gt(order, 0);
    ck_assert_uint_eq(poll_package(bench, 0x82, &bench->eim_transaction), 0xBF54);
    return order;
}

const char *esipa_bench_progress(struct esipa_bench *bench, int64_t order)
{
    static char text[300];
    struct db_rows rows =
        db_query(bench->eim.db, "SELECT progress FROM eim_order WHERE id = ?", DB_VALUES(DB_INT(order)));

    ck_assert(db_next(&rows));
    db_text(&rows, 0, text, sizeof(text));
    db_end(&rows);
    return text;
}

/* --- Compact forms -------------------------------------------------------------------------------------- */

void esipa_bench_compact(struct bench *bench, enum bench_point point, struct buf *octets)
{
    struct compact_given given = {.has_certs = true, .has_info2 = true};
    struct buf info2 = {0}, out = {0};

    bench_put_info2(bench, &info2);
    ck_assert(compact_digest_certs(buf_span(&bench->euicc.der), buf_span(&bench->ci.eum.der), given.certs));
    ck_assert(compact_digest_info2(buf_span(&info2), given.info2));
    if (point == BENCH_AUTHENTICATE)
        compact_authenticate(buf_span(octets), &given, false, &out);
    else if (point == BENCH_PREPARE)
        compact_prepare(buf_span(octets), false, SPAN_NONE, &out);
    else if (point == BENCH_CANCEL)
        compact_cancel(buf_span(octets), &out);
    else if (point == BENCH_NOTIFICATION && octets->data[0] == 0xBF)
        compact_installation_result(buf_span(octets), &out);
    else if (point == BENCH_NOTIFICATION)
        compact_other_notification(buf_span(octets), &given, hex(TEST_EID).data, &out);
    else
        buf_append(&out, buf_span(octets));
    if (point == BENCH_AUTHENTICATE || point == BENCH_PREPARE || point == BENCH_CANCEL ||
        point == BENCH_NOTIFICATION)
        ck_assert_uint_lt(out.size, octets->size);
    buf_clear(octets);
    buf_append(octets, buf_span(&out));
    buf_free(&info2);
    buf_free(&out);
}
