/*
 * ipa: downloads on an eIM's trigger, from the test SM-DP+ (without its sockets) to a card in memory,
 * directly and through the eIM, in full and compact forms; what refuses, and the power cut at every moment.
 */
#include "apdu/tlv.h"
#include "protocol/restore.h"
#include "tests/ipa/es9p_server.h"
#include "tests/support/ipa.h"

#include <stdlib.h>
#include <string.h>

/* ProfileDownloadTriggerRequest with an activation code. */
static struct span trigger(const char *code, const char *transaction)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF54);
    size_t inner = tlv_open(out, 0xA0);

    tlv_put_string(out, 0x80, code);
    tlv_close(out, inner);
    if (transaction != NULL)
        tlv_put(out, 0x82, hex(transaction));
    tlv_close(out, outer);
    return buf_span(out);
}

#define CODE(matching_id) "1$" SERVER_ADDRESS "$" matching_id
#define DEMO              trigger(CODE("demo"), NULL)

static const uint32_t installed_path[] = {0xBF54, 0xBF37, 0xBF27, 0xA2, 0xA0, 0};

/* ES9+ in the ASN.1 binding. */
static bool ask_server(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    return es9p_server_ask(message, answer);
}

/* --- The eIM as a relay: ESipa's messages are ES9+'s without the envelope ----------------------------- */

static struct relay {
    struct buf euicc, eum, info2; /* as IpaEuiccData gave them */
    struct buf address, challenge, oid, transaction, signature2;
    size_t octets, compact; /* of what the IPA sent; how many of its objects were compact */
} relay;

static void keep(struct buf *to, struct span from)
{
    buf_clear(to);
    buf_append(to, from);
}

static void clear_relay(void)
{
    struct buf *const all[] = {&relay.euicc,     &relay.eum,         &relay.info2,     &relay.address,
                               &relay.challenge, &relay.transaction, &relay.signature2};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_free(all[i]);
    memset(&relay, 0, sizeof(relay));
}

static struct compact_known known(void)
{
    struct compact_known known = {
        .euicc_cert = buf_span(&relay.euicc),
        .eum_cert = buf_span(&relay.eum),
        .info2 = buf_span(&relay.info2),
        .transaction_id = buf_span(&relay.transaction),
        .server_address = buf_span(&relay.address),
        .server_challenge = buf_span(&relay.challenge),
        .server_oid = cert_oid(es9p_server_ci()->dp_auth.cert),
        .smdp_signature2 = buf_span(&relay.signature2),
    };

    return known;
}

/* What is compact becomes full again; the eIM's own code does it and verifies the signature. */
static void expand(struct span request, struct buf *out)
{
    const struct compact_known all = known();
    enum compact_status status = COMPACT_OK;
    struct tlv_reader reader = tlv_reader(request);
    struct tlv function;
    struct tlv_reader members;
    struct tlv member;
    size_t outer;

    ck_assert_int_eq(tlv_next(&reader, &function), TLV_OK);
    outer = tlv_open(out, function.tag);
    members = tlv_reader(function.value);
    while (tlv_next(&members, &member) == TLV_OK) {
        relay.compact += (member.tag == 0xBF38 || member.tag == 0xBF21) && member.value.data[0] == 0xA2;
        if (member.tag == 0xBF38)
            status = compact_expand_authenticate(&all, member.whole, out);
        else if (member.tag == 0xBF21)
            status = compact_expand_prepare(&all, member.whole, out);
        else
            buf_append(out, member.whole);
        ck_assert_msg(status == COMPACT_OK, "%06X: %s", member.tag, compact_status_name(status));
    }
    tlv_close(out, outer);
}

static void learn(struct span answer)
{
    static const uint32_t signed1[] = {0xBF39, 0xA0, 0x30, 0};
    static const uint32_t signature2[] = {0xBF3B, 0xA0, 0x5F37, 0};
    struct span content;
    struct span value;

    if (tlv_find_path(answer, signed1, &content)) {
        ck_assert(tlv_find(content, 0x80, &value));
        keep(&relay.transaction, value);
        ck_assert(tlv_find(content, 0x83, &value));
        keep(&relay.address, value);
        ck_assert(tlv_find(content, 0x84, &value));
        keep(&relay.challenge, value);
    }
    if (tlv_find_path(answer, signature2, &value)) {
        buf_clear(&relay.signature2);
        tlv_put(&relay.signature2, 0x5F37, value);
    }
}

static bool relay_server(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct buf request = {0};
    struct buf got = {0};
    struct span content;
    size_t outer = tlv_open(&request, 0xA2);
    bool ok;

    relay.octets += message.size;
    expand(message, &request);
    tlv_close(&request, outer);
    ok = ask_server(bench, buf_span(&request), &got);
    if (ok && tlv_single(buf_span(&got), 0xA2, &content) == TLV_OK) {
        learn(content);
        buf_append(answer, content);
    }
    buf_free(&request);
    buf_free(&got);
    return ok;
}

static void keep_as(struct buf *to, uint32_t tag, struct span content)
{
    buf_clear(to);
    tlv_put(to, tag, content);
}

/* What the eIM is given by IpaEuiccData. */
static void take_data(struct ipa_bench *bench)
{
    struct span data;
    struct span value;

    ipa_bench_order_object(bench, hex("BF52 06 5C04 A5A6BF22"));
    ck_assert(ipa_bench_poll(bench, &bench->eim));
    ck_assert(tlv_find_path(ipa_bench_result(bench, 0), (const uint32_t[]){0xBF52, 0xA0, 0}, &data));
    ck_assert(tlv_find(data, 0xA5, &value));
    keep_as(&relay.eum, 0x30, value);
    ck_assert(tlv_find(data, 0xA6, &value));
    keep_as(&relay.euicc, 0x30, value);
    ck_assert(tlv_find(data, 0xBF22, &value));
    keep_as(&relay.info2, 0xBF22, value);
    bench->taken_count = 0;
}

static void allow_relay(struct ipa_bench *bench)
{
    ipa_bench_let_eim_relay(bench, 1);
    bench->relay = true;
    bench->smdp = relay_server;
}

static void open_benches(struct ipa_bench *bench)
{
    es9p_server_start();
    ipa_bench_open_under(bench, es9p_server_ci());
    bench->smdp = ask_server;
}

static void close_benches(struct ipa_bench *bench)
{
    ipa_bench_close(bench);
    es9p_server_stop();
    clear_relay();
}

static void assert_installed(struct ipa_bench *bench, const char *iccid, struct span result)
{
    struct span success;

    ck_assert_msg(es10_state(&bench->es10, iccid) == 0, "cut at %u: %s", bench->cut_at, bench->why);
    ck_assert(tlv_find_path(result, installed_path, &success));
    ck_assert_hex(es10(&bench->es10, "BF2B00"), "BF2B02A000");
}

START_TEST(direct)
{
    struct ipa_bench bench;

    open_benches(&bench);
    ipa_bench_order_object(&bench, DEMO);
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    assert_installed(&bench, SERVER_ICCID, ipa_bench_result(&bench, 0));
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION], 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_IMMEDIATE_ENABLE], 0);
    close_benches(&bench);
}
END_TEST

START_TEST(through_the_eim)
{
    struct ipa_bench bench;

    open_benches(&bench);
    allow_relay(&bench);
    ipa_bench_order_object(&bench, trigger(CODE("demo"), "01020304"));
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF39), 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3B), 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3A), 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3D), 1);
    ck_assert_uint_eq(relay.compact, 0);
    close_benches(&bench);
}
END_TEST

/* A trigger that is handed in: the response is there when the download has ended, well or not. The result is
 * reported when the same trigger comes in a poll, and the profile is not downloaded again. */
START_TEST(a_trigger_that_is_injected)
{
    struct ipa_bench bench;
    struct span success;

    for (int through_eim = 0; through_eim < 2; through_eim++) {
        open_benches(&bench);
        if (through_eim)
            allow_relay(&bench);
        ck_assert_msg(ipa_bench_inject(&bench, &bench.eim, DEMO), "%s", ipa_why(bench.ipa));
        ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
        ck_assert_hex(ipa_bench_taken(&bench, 0xBF4E, 0)->octets, "BF4E 02 0500");
        ck_assert_int_eq(bench.codes[IPA_EVENT_DOWNLOAD], 0);
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3A), through_eim ? 1 : 0);
        ipa_bench_power_on(&bench);
        ipa_bench_order_object(&bench, DEMO);
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert(tlv_find_path(ipa_bench_result(&bench, 0), installed_path, &success));
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3A), through_eim ? 1 : 0);

        ck_assert(ipa_bench_inject(&bench, &bench.eim, trigger(CODE("nothing"), NULL)));
        ck_assert_hex(ipa_bench_taken(&bench, 0xBF4E, 1)->octets, "BF4E 02 0500");
        ck_assert_int_eq(bench.codes[IPA_EVENT_DOWNLOAD], 1);
        close_benches(&bench);
    }
}
END_TEST

/* The installation result in HandleNotification, restored. */
static void check_notification(struct ipa_bench *bench, bool expect_compact)
{
    const struct compact_known all = known();
    struct compact_known with_iccid = all;
    struct span content;
    struct buf full = {0};
    uint8_t iccid[ICCID_SIZE];

    ck_assert(iccid_from_digits(SERVER_ICCID, iccid));
    with_iccid.iccid = SPAN_ARRAY(iccid);
    ck_assert_int_eq(tlv_single(ipa_bench_taken(bench, 0xBF3D, 0)->octets, 0xBF3D, &content), TLV_OK);
    ck_assert_int_eq(tlv_single(content, 0xA0, &content), TLV_OK);
    ck_assert_int_eq(content.data[0] == 0xA0, expect_compact);
    ck_assert_int_eq(compact_expand_notification(&with_iccid, content, &full), COMPACT_OK);
    ck_assert_span(buf_span(&full), buf_span(&bench->last[IPA_EVENT_DOWNLOAD]));
    buf_free(&full);
}

START_TEST(compact_forms_are_restored_by_the_eim)
{
    struct ipa_bench bench;
    size_t full;

    open_benches(&bench);
    allow_relay(&bench);
    ipa_bench_order_object(&bench, DEMO);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    check_notification(&bench, false);
    full = relay.octets;
    close_benches(&bench);

    open_benches(&bench);
    allow_relay(&bench);
    bench.settings.compact = true;
    ipa_bench_power_on(&bench);
    take_data(&bench);
    ipa_bench_order_object(&bench, DEMO);
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
    ck_assert_uint_eq(relay.compact, 2);
    ck_assert_uint_lt(relay.octets, full / 2);
    check_notification(&bench, true);
    close_benches(&bench);
}
END_TEST

START_TEST(what_is_not_known_is_not_left_out)
{
    struct ipa_bench bench;

    open_benches(&bench);
    allow_relay(&bench);
    bench.settings.compact = true; /* but the eIM has never asked for anything */
    ipa_bench_power_on(&bench);
    ipa_bench_order_object(&bench, DEMO);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
    ck_assert_uint_eq(relay.compact, 0);
    close_benches(&bench);
}
END_TEST

START_TEST(an_eim_that_downloads_by_itself)
{
    struct ipa_bench bench;
    struct span content;
    struct span value;

    open_benches(&bench);
    allow_relay(&bench);
    bench.relay = false; /* it does not answer; what is asked is enough */
    ipa_bench_order_object(&bench, hex("BF54 04 8202 ABCD"));
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    ck_assert_int_eq(tlv_single(ipa_bench_taken(&bench, 0xBF39, 0)->octets, 0xBF39, &content), TLV_OK);
    ck_assert(!tlv_find(content, 0x83, &value)); /* no smdpAddress */
    ck_assert(tlv_find(content, 0x82, &value));
    ck_assert_hex(value, "ABCD");
    close_benches(&bench);
}
END_TEST

static const char *refused(struct ipa_bench *bench, const char *code)
{
    size_t before = ipa_bench_count(bench, 0xBF50);
    struct span success;

    ipa_bench_order_object(bench, trigger(code, NULL));
    ck_assert_msg(ipa_bench_poll(bench, &bench->eim), "%s", ipa_why(bench->ipa));
    ck_assert(!tlv_find_path(ipa_bench_result(bench, before), installed_path, &success));
    return bench->why;
}

START_TEST(refusals)
{
    struct ipa_bench bench;

    open_benches(&bench);
    ck_assert_str_eq(refused(&bench, CODE("nothing")),
                     "AuthenticateClient: the SM-DP+ refused: matchingIdRefused(6)");
    ck_assert_str_eq(
        refused(&bench, CODE("demo$2.999.99")),
        "the server's certificate does not carry the OID 2.999.99 that the activation code names");
    ck_assert_str_eq(refused(&bench, "1$other.example.com$demo"),
                     "InitiateAuthentication: the SM-DP+ refused: invalidDpAddress(1)");
    bench.smdp = NULL;
    ck_assert_str_eq(refused(&bench, CODE("demo")), "no answer");
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), -1);
    close_benches(&bench);
}
END_TEST

#define ANOTHER_ADDRESS "xmdp.example.com:8443"

/* A server that is reached where another one should be: it takes any address for its own, and signs its own.
 */
static bool ask_another(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    uint8_t *copy = malloc(message.size);
    uint8_t *address;
    bool ok;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, message.data, message.size);
    address = memmem(copy, message.size, ANOTHER_ADDRESS, strlen(ANOTHER_ADDRESS));
    if (address != NULL)
        memcpy(address, SERVER_ADDRESS, strlen(SERVER_ADDRESS));
    ok = ask_server(bench, SPAN(copy, message.size), answer);
    free(copy);
    return ok;
}

/* Its certificate is good, and so is its signature. */
START_TEST(another_server_than_the_one_meant)
{
    struct ipa_bench bench;

    ck_assert_uint_eq(strlen(ANOTHER_ADDRESS), strlen(SERVER_ADDRESS));
    open_benches(&bench);
    bench.smdp = ask_another;
    ck_assert_str_eq(refused(&bench, "1$" ANOTHER_ADDRESS "$demo"),
                     "InitiateAuthentication: the server signs another address than " ANOTHER_ADDRESS);
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), -1);
    ipa_bench_order_object(&bench, DEMO);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
    close_benches(&bench);
}
END_TEST

static uint32_t refused_step; /* of the functions of a download */

static const char *refuse_step(struct ipa_bench *bench, enum ipa_peer peer, struct span message)
{
    struct tlv tlv;

    (void)bench;
    return peer == IPA_PEER_EIM && tlv_only(message, &tlv) == TLV_OK && tlv.tag == refused_step ? "status 502"
                                                                                                : NULL;
}

/* An eIM that relays and refuses a step of it: the trigger has its result, and the package behind it runs. */
START_TEST(a_refused_step_stops_no_package)
{
    static const uint32_t steps[] = {0xBF39, 0xBF3B, 0xBF3A};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct ipa_bench bench;

        open_benches(&bench);
        allow_relay(&bench);
        bench.refuses = refuse_step;
        refused_step = steps[i];
        ipa_bench_order_object(&bench, DEMO);
        ipa_bench_order_object(&bench, hex("BF52 03 5C01A8"));
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_hex(ipa_bench_result(&bench, 0), "BF54 05 3003 80017F");
        ck_assert_str_eq(bench.why, "status 502");
        ck_assert_uint_eq(bench.queue_head, bench.queue_count);
        close_benches(&bench);
    }
}
END_TEST

static uint64_t cancel_reason;

/* The same, of an eIM that has carried the step out but says so in no notation that the IPA takes. */
static const char *garble_step(struct ipa_bench *bench, enum ipa_peer peer, struct span message)
{
    static const uint32_t cancel[] = {0xBF41, 0xA1, 0xA0, 0x30, 0x82, 0};
    struct span value;

    if (tlv_find_path(message, cancel, &value))
        ck_assert(tlv_unsigned(value, &cancel_reason));
    return refuse_step(bench, peer, message) != NULL ? "no JSON" : NULL;
}

/* It believes in a session that goes on: it is told that it does not. A session that the card has not joined
 * yet ends by itself. */
START_TEST(an_answer_that_is_none_cancels_the_session)
{
    static const struct {
        uint32_t step;
        uint64_t reason;
    } cases[] = {{0xBF39, 0}, {0xBF3B, 127 /* undefinedReason */}, {0xBF3A, 5 /* loadBppExecutionError */}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ipa_bench bench;

        open_benches(&bench);
        allow_relay(&bench);
        bench.garbles = garble_step;
        refused_step = cases[i].step;
        cancel_reason = 0;
        ipa_bench_order_object(&bench, DEMO);
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_hex(ipa_bench_result(&bench, 0), "BF54 05 3003 80017F");
        ck_assert_str_eq(bench.why, "no JSON");
        ck_assert_uint_eq(cancel_reason, cases[i].reason);
        close_benches(&bench);
    }
}
END_TEST

static const char *broken_package; /* in hexadecimal */

/* A server that sends another package than it has bound, and is told how the session ends. */
static bool ask_a_broken_one(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    static const uint32_t bind[] = {0xA2, 0xBF3A, 0};
    static const uint32_t cancel[] = {0xA2, 0xBF41, 0xA1, 0xA0, 0x30, 0x82, 0};
    struct span value;
    bool ok = ask_server(bench, message, answer);

    if (tlv_find_path(message, cancel, &value))
        ck_assert(tlv_unsigned(value, &cancel_reason));
    if (tlv_find_path(message, bind, &value)) {
        size_t outer, function, fine;

        buf_clear(answer);
        outer = tlv_open(answer, 0xA2);
        function = tlv_open(answer, 0xBF3A);
        fine = tlv_open(answer, 0xA0);
        buf_append(answer, hex(broken_package));
        tlv_close(answer, fine);
        tlv_close(answer, function);
        tlv_close(answer, outer);
    }
    return ok;
}

/* It cannot be cut into segments: the session ends on both sides, and the order is told why. */
START_TEST(a_package_that_is_none)
{
    static const char *const packages[] = {"BF36 00", "BF36 03 BF2400", "BF3A 00"};

    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        struct ipa_bench bench;

        open_benches(&bench);
        bench.smdp = ask_a_broken_one;
        broken_package = packages[i];
        cancel_reason = 0;
        ck_assert_str_eq(refused(&bench, CODE("demo")),
                         i < 2 ? "GetBoundProfilePackage: the package is malformed"
                               : "GetBoundProfilePackage: the answer of the SM-DP+ has no package");
        ck_assert_uint_eq(cancel_reason, 5 /* loadBppExecutionError */);
        ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), -1);
        close_benches(&bench);
    }
}
END_TEST

/* Whatever was under way: afterwards the profile is there once, and its success was told. */
static void cut_everywhere(bool indirect)
{
    for (unsigned mode = CUT_BEFORE; mode <= CUT_AFTER; mode++) {
        bool done = false;
        unsigned moments = 0;

        for (unsigned at = 1; !done; at++) {
            struct ipa_bench bench;
            size_t last;

            open_benches(&bench);
            if (indirect)
                allow_relay(&bench);
            ipa_bench_order_object(&bench, DEMO);
            bench.cut = (enum ipa_cut)mode;
            bench.cut_at = at;
            bench.moment = 0;
            done = ipa_bench_poll(&bench, &bench.eim);
            moments = bench.moment;
            bench.cut = CUT_NEVER;
            ipa_bench_power_on(&bench);
            ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "cut at %u: %s", at, ipa_why(bench.ipa));
            ck_assert_uint_eq(bench.queue_head, bench.queue_count);
            last = ipa_bench_count(&bench, 0xBF50) - 1;
            assert_installed(&bench, SERVER_ICCID, ipa_bench_result(&bench, last));
            close_benches(&bench);
        }
        ck_assert_uint_gt(moments, 20);
    }
}

START_TEST(the_power_goes_at_any_moment_of_a_direct_download)
{
    cut_everywhere(false);
}
END_TEST

START_TEST(the_power_goes_at_any_moment_of_an_indirect_download)
{
    cut_everywhere(true);
}
END_TEST

/* --- An SM-DS that knows where the profile is --- */

#define SMDS_ADDRESS "smds.example.com"

static bool smds_session; /* the session that goes on is the SM-DS's */
static const char *const one_event[] = {"demo", NULL};
static const char *const *smds_events = one_event;

static bool ci_has_a_tag; /* euiccCiPKIdentifierToBeUsed comes as 04 16 04 14 … */

static void put_ds_initiated(struct span challenge, struct buf *out)
{
    const struct test_ci *ci = es9p_server_ci();
    struct buf signed1 = {0};
    struct span covered;
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer = tlv_open(&signed1, 0x30);
    size_t ok;

    tlv_put(&signed1, 0x80, SPAN_STRING("DS transaction 1"));
    tlv_put(&signed1, 0x81, challenge);
    tlv_put_string(&signed1, 0x83, SMDS_ADDRESS);
    tlv_put(&signed1, 0x84, SPAN_STRING("server challenge"));
    tlv_close(&signed1, outer);
    covered = buf_span(&signed1);
    ck_assert(ec_sign(ci->ds_auth.key, &covered, 1, signature));
    outer = tlv_open(out, 0xBF39);
    ok = tlv_open(out, 0xA0);
    tlv_put(out, 0x80, SPAN_STRING("DS transaction 1"));
    buf_append(out, covered);
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
    if (ci_has_a_tag) {
        size_t id = tlv_open(out, 0x04);

        tlv_put(out, 0x04, SPAN_ARRAY(ci->key_id));
        tlv_close(out, id);
    } else {
        tlv_put(out, 0x04, SPAN_ARRAY(ci->key_id));
    }
    buf_append(out, buf_span(&ci->ds_auth.der));
    tlv_close(out, ok);
    tlv_close(out, outer);
    buf_free(&signed1);
}

/* AuthenticateClient's answer: ES11's event, or ESipa's trigger. */
static void put_ds_authenticated(bool es11, struct buf *out)
{
    size_t outer = tlv_open(out, es11 ? 0xBF40 : 0xBF3B);
    size_t ok = tlv_open(out, es11 ? 0xA0 : 0xA1);

    tlv_put(out, 0x80, SPAN_STRING("DS transaction 1"));
    if (es11) {
        size_t list = tlv_open(out, 0xA1);

        for (size_t i = 0; smds_events[i] != NULL; i++) {
            size_t entry = tlv_open(out, 0x30);

            tlv_put_string(out, 0x80, smds_events[i]);
            tlv_put_string(out, 0x81, SERVER_ADDRESS);
            tlv_close(out, entry);
        }
        tlv_close(out, list);
    } else {
        buf_append(out, DEMO);
    }
    tlv_close(out, ok);
    tlv_close(out, outer);
}

static bool ask_smds(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct span content;
    struct span function;
    struct span value;
    bool es11 = tlv_single(message, 0xA2, &content) == TLV_OK;
    size_t envelope = 0;

    if (!es11)
        content = message;
    if (tlv_single(content, 0xBF39, &function) == TLV_OK)
        smds_session = tlv_find(function, 0x83, &value) && span_equal(value, SPAN_STRING(SMDS_ADDRESS));
    if (!smds_session || (tlv_single(content, 0xBF39, &function) != TLV_OK &&
                          tlv_single(content, 0xBF3B, &function) != TLV_OK))
        return es11 ? ask_server(bench, message, answer) : relay_server(bench, message, answer);
    if (es11)
        envelope = tlv_open(answer, 0xA2);
    if (tlv_find(function, 0x81, &value))
        put_ds_initiated(value, answer);
    else
        put_ds_authenticated(es11, answer);
    if (es11)
        tlv_close(answer, envelope);
    return true;
}

static struct span smds_trigger(void)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF54);
    size_t data = tlv_open(out, 0xA0);
    size_t smds = tlv_open(out, 0xA2);

    tlv_put_string(out, 0x80, SMDS_ADDRESS);
    tlv_close(out, smds);
    tlv_close(out, data);
    tlv_put(out, 0x82, hex("0A0B"));
    tlv_close(out, outer);
    return buf_span(out);
}

START_TEST(by_way_of_an_sm_ds)
{
    static const uint32_t transaction[] = {0xBF54, 0x82, 0};

    for (unsigned indirect = 0; indirect < 2; indirect++) {
        struct ipa_bench bench;
        struct span value;

        open_benches(&bench);
        if (indirect == 1)
            allow_relay(&bench);
        bench.smdp = ask_smds;
        ipa_bench_order_object(&bench, smds_trigger());
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_msg(es10_state(&bench.es10, SERVER_ICCID) == 0, "%s", bench.why);
        ck_assert(tlv_find_path(ipa_bench_result(&bench, 0), transaction, &value));
        ck_assert_hex(value, "0A0B"); /* of the trigger that the eIM sent */
        close_benches(&bench);
    }
}
END_TEST

START_TEST(a_ci_as_v1_names_it)
{
    for (unsigned v1 = 0; v1 < 2; v1++) {
        struct ipa_bench bench;

        open_benches(&bench);
        bench.settings.v1 = v1 == 1;
        bench.settings.prefer_direct = true;
        ipa_bench_power_on(&bench);
        bench.smdp = ask_smds;
        ci_has_a_tag = true;
        ipa_bench_order_object(&bench, smds_trigger());
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), v1 == 1 ? 0 : -1);
        ci_has_a_tag = false;
        close_benches(&bench);
    }
}
END_TEST

/* Each is tried; the result is that of the profile that was installed, whatever came of the others. */
START_TEST(follows_all_events)
{
    static const char *const lists[][4] = {
        {"nothing", "demo", NULL}, {"demo", "nothing", NULL}, {"nothing", "demo", "nothing", NULL}, {NULL}};
    static const uint32_t done[] = {0xBF54, 0xBF37, 0};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct ipa_bench bench;
        struct span value;
        unsigned count = 0;

        while (lists[i][count] != NULL)
            count++;
        open_benches(&bench);
        smds_events = lists[i];
        bench.smdp = ask_smds;
        ipa_bench_order_object(&bench, smds_trigger());
        ipa_bench_poll(&bench, &bench.eim);
        ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID) == 0, count > 0);
        ck_assert_int_eq(tlv_find_path(ipa_bench_result(&bench, 0), done, &value), count > 0);
        ck_assert_uint_eq(bench.events[IPA_EVENT_DOWNLOAD], count > 0 ? count : 1);
        smds_events = one_event;
        close_benches(&bench);
    }
}
END_TEST

/* ConfigureImmediateEnable by the eIM, then a download: the profile is the enabled one when that is told. */
START_TEST(a_profile_is_enabled_at_once)
{
    struct ipa_bench bench;

    open_benches(&bench);
    ipa_bench_order(&bench, &bench.eim, PSMO, "A702 8000");
    ipa_bench_order_object(&bench, DEMO);
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_IMMEDIATE_ENABLE], 1);
    ck_assert_int_eq(bench.codes[IPA_EVENT_IMMEDIATE_ENABLE], 0);
    ck_assert_uint_eq(bench.refreshes, 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_STATE_CHANGE], 1);
    ck_assert_int_eq(bench.codes[IPA_EVENT_STATE_CHANGE], 5); /* immediateEnableProfile */
    close_benches(&bench);
}
END_TEST

/* --- The program ends ----------------------------------------------------------------------------------- */

static struct {
    bool (*server)(struct ipa_bench *bench, struct span message, struct buf *answer);
    unsigned messages, at;
    bool said; /* there was a last message */
    uint32_t last;
} leaving;

/* In place of the answer number `at` the IPA is told to leave; its last word arrives. */
static bool leave_at(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct tlv_reader reader;
    struct tlv function;
    struct span content;

    if (leaving.messages++ != leaving.at)
        return leaving.server(bench, message, answer);
    leaving.said = ipa_leave(bench->ipa, "interrupted");
    if (!leaving.said)
        return false;
    content = ipa_message(bench->ipa)->octets;
    ck_assert(leaving.server(bench, content, answer)); /* it believes nothing that the card has not signed */
    if (!bench->relay)
        ck_assert_int_eq(tlv_single(content, 0xA2, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert_int_eq(tlv_next(&reader, &function), TLV_OK);
    leaving.last = function.tag;
    return false;
}

static void leave_everywhere(bool through_eim)
{
    unsigned last_words = 0;

    for (leaving.at = 0; leaving.at < 4; leaving.at++) {
        struct ipa_bench bench;

        open_benches(&bench);
        if (through_eim)
            allow_relay(&bench);
        leaving.server = bench.smdp;
        leaving.messages = 0;
        leaving.said = false;
        bench.smdp = leave_at;
        ipa_bench_order_object(&bench, trigger(CODE("demo"), through_eim ? "01020304" : NULL));
        /* Also when the answer to the last word comes, which changes nothing any more. */
        if (leaving.at < (through_eim ? 3 : 4)) {
            ck_assert_msg(!ipa_bench_poll(&bench, &bench.eim), "%u", leaving.at);
            ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
            ck_assert_str_eq(ipa_why(bench.ipa), "interrupted");
        }
        last_words += leaving.said;
        ck_assert_msg(leaving.said == (leaving.at == 1 || leaving.at == 2), "%u", leaving.at);
        if (leaving.said) {
            ck_assert_uint_eq(leaving.last, 0xBF41);
            ck_assert_uint_eq(bench.events[IPA_EVENT_DOWNLOAD],
                              0); /* the eIM hears nothing: the order stays */
        }
        bench.smdp = leaving.server;
        ipa_bench_power_on(&bench);
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%u: %s", leaving.at, ipa_why(bench.ipa));
        ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 0);
        close_benches(&bench);
    }
    ck_assert_uint_eq(last_words, 2);
}

START_TEST(an_ipa_that_ends_leaves_no_session)
{
    leave_everywhere(false);
    leave_everywhere(true);
}
END_TEST

TEST_MAIN("ipa_download", direct, through_the_eim, a_trigger_that_is_injected,
          compact_forms_are_restored_by_the_eim, what_is_not_known_is_not_left_out,
          an_eim_that_downloads_by_itself, refusals, another_server_than_the_one_meant,
          a_refused_step_stops_no_package, an_answer_that_is_none_cancels_the_session, a_ci_as_v1_names_it,
          a_package_that_is_none, the_power_goes_at_any_moment_of_a_direct_download,
          the_power_goes_at_any_moment_of_an_indirect_download, a_profile_is_enabled_at_once,
          by_way_of_an_sm_ds, follows_all_events, an_ipa_that_ends_leaves_no_session)
