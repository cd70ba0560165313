/* An IPA, its card and its eIM for tests: see ipa.h. */
#include "tests/support/ipa.h"

#include "apdu/tlv.h"
#include "tests/support/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 5000 /* a poll that takes more does not end */

/* --- The power ---------------------------------------------------------------------------------------- */

/* A moment at which the power may go. True: it goes before what comes now. */
static bool cut_before(struct ipa_bench *bench)
{
    if (bench->off)
        return true;
    bench->moment++;
    if (bench->cut == CUT_BEFORE && bench->moment == bench->cut_at)
        bench->off = true;
    return bench->off;
}

static bool cut_after(struct ipa_bench *bench)
{
    if (bench->cut == CUT_AFTER && bench->moment == bench->cut_at)
        bench->off = true;
    return bench->off;
}

/* --- The host ----------------------------------------------------------------------------------------- */

static uint16_t host_es10(void *context, struct span request, struct buf *response)
{
    struct ipa_bench *bench = context;
    uint16_t status;

    if (cut_before(bench))
        return 0;
    status = terminal_store_data(&bench->es10.terminal, request, response);
    return cut_after(bench) ? 0 : status;
}

static bool host_save(void *context, struct span state)
{
    struct ipa_bench *bench = context;

    if (cut_before(bench))
        return false;
    buf_clear(&bench->kept);
    buf_append(&bench->kept, state);
    return !cut_after(bench);
}

static void host_report(void *context, const struct ipa_report *report)
{
    struct ipa_bench *bench = context;

    bench->events[report->event]++;
    buf_clear(&bench->last[report->event]);
    buf_append(&bench->last[report->event], report->octets);
    bench->codes[report->event] = report->code;
    snprintf(bench->texts[report->event], sizeof(bench->texts[0]), "%s",
             report->text != NULL ? report->text : "");
    if (report->text != NULL)
        snprintf(bench->why, sizeof(bench->why), "%s", report->text);
}

void ipa_bench_power_on(struct ipa_bench *bench)
{
    const struct ipa_host host = {bench, host_es10, host_save, host_report};

    ipa_free(bench->ipa);
    bench->off = false;
    bench->es10.terminal = terminal_start(bench->es10.card, SOFTEUICC_COLD);
    bench->ipa = ipa_new(&host, &bench->settings, buf_span(&bench->kept));
    ck_assert_ptr_nonnull(bench->ipa);
}

/* The eIMs and the IPA of a card. */
static void start(struct ipa_bench *bench)
{
    test_eim_open(&bench->eim, "eim.example.com", EC_CURVE_P256);
    test_eim_open(&bench->other, "other.example.com", EC_CURVE_P256);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
    bench->settings = (struct ipa_settings){.direct = true, .indirect = true};
    ipa_bench_power_on(bench);
}

void ipa_bench_open(struct ipa_bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    es10_open(&bench->es10, 1, 0);
    es10_install(&bench->es10,
                 &(struct es10_profile){.iccid = BENCH_A, .address = "smdp.example.com", .operations = 0xF});
    es10_install(&bench->es10,
                 &(struct es10_profile){.iccid = BENCH_B, .address = "smdp.example.com", .operations = 0xF});
    es10(&bench->es10, "BF31 11 A00C 5A0A %s 8101FF", es10_iccid(BENCH_A));
    bench->es10.terminal = terminal_start(bench->es10.card, SOFTEUICC_COLD);
    es10(&bench->es10, "BF30 03 8001 01");
    start(bench);
}

void ipa_bench_open_under(struct ipa_bench *bench, const struct test_ci *ci)
{
    memset(bench, 0, sizeof(*bench));
    bench->es10.cis[0] = *ci; /* borrowed: ci_count stays 0 */
    bench->es10.card = test_card(":memory:", ci, 1, 0);
    start(bench);
}

void ipa_bench_close(struct ipa_bench *bench)
{
    ipa_free(bench->ipa);
    buf_free(&bench->kept);
    for (size_t i = 0; i < sizeof(bench->last) / sizeof(bench->last[0]); i++)
        buf_free(&bench->last[i]);
    test_eim_close(&bench->eim);
    test_eim_close(&bench->other);
    es10_close(&bench->es10);
}

/* --- The eIM ------------------------------------------------------------------------------------------ */

void ipa_bench_let_eim_relay(struct ipa_bench *bench, uint8_t sequence)
{
    struct buf update = {0};
    size_t outer = tlv_open(&update, 0xAA);
    char text[256];

    tlv_put_string(&update, 0x80, bench->eim.id);
    tlv_put(&update, 0x89, SPAN_STRING(""));
    tlv_close(&update, outer);
    hex_from_span(buf_span(&update), text, sizeof(text));
    ck_assert_hex(test_package_run(&bench->es10.terminal, &bench->eim, ECO, text), "8A0100");
    es10(&bench->es10, "BF30 03 8001 %02X", sequence);
    buf_free(&update);
}

void ipa_bench_order_object(struct ipa_bench *bench, struct span object)
{
    ck_assert_uint_lt(bench->queue_count, IPA_QUEUE_MAX);
    bench->queue[bench->queue_count++] = object;
}

void ipa_bench_order(struct ipa_bench *bench, struct test_eim *eim, uint32_t list_tag, const char *commands)
{
    struct buf *out = test_buf();

    test_package_put(out, eim, &(struct test_package){.list_tag = list_tag, .list = hex(commands)});
    ipa_bench_order_object(bench, buf_span(out));
}

static void enabled_iccid(struct ipa_bench *bench, char out[21])
{
    static const char *const all[] = {BENCH_A, BENCH_B};

    out[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        if (es10_state(&bench->es10, all[i]) == 1)
            memcpy(out, all[i], sizeof(BENCH_A));
    }
}

static void take(struct ipa_bench *bench, struct span message)
{
    struct ipa_taken *taken = &bench->taken[bench->taken_count];
    struct tlv_reader reader = tlv_reader(message);
    struct buf *copy = test_buf();
    struct tlv tlv;

    ck_assert_uint_lt(bench->taken_count, IPA_TAKEN_MAX);
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
    ck_assert(tlv_finish(&reader));
    buf_append(copy, message);
    *taken = (struct ipa_taken){.tag = tlv.tag, .octets = buf_span(copy)};
    enabled_iccid(bench, taken->enabled);
    bench->taken_count++;
}

size_t ipa_bench_count(const struct ipa_bench *bench, uint32_t tag)
{
    size_t count = 0;

    for (size_t i = 0; i < bench->taken_count; i++)
        count += bench->taken[i].tag == tag;
    return count;
}

const struct ipa_taken *ipa_bench_taken(const struct ipa_bench *bench, uint32_t tag, size_t index)
{
    for (size_t i = 0; i < bench->taken_count; i++) {
        if (bench->taken[i].tag == tag && index-- == 0)
            return &bench->taken[i];
    }
    ck_abort_msg("no such message was sent");
    return NULL;
}

static struct span result_of(struct span message)
{
    struct span content;
    struct span eid;
    struct tlv_reader reader;
    struct tlv result;

    ck_assert_int_eq(tlv_single(message, 0xBF50, &content), TLV_OK);
    reader = tlv_reader(content);
    if (tlv_optional(&reader, 0x5A, &eid)) /* not with --v1 */
        ck_assert_uint_eq(eid.size, 16);
    ck_assert_int_eq(tlv_next(&reader, &result), TLV_OK);
    ck_assert(tlv_finish(&reader));
    return result.whole;
}

struct span ipa_bench_result(const struct ipa_bench *bench, size_t index)
{
    return result_of(ipa_bench_taken(bench, 0xBF50, index)->octets);
}

/* The counter under which a package or its result was signed; none: SPAN_NONE. */
static struct span counter_of(struct span object)
{
    static const uint32_t package[] = {0xBF51, 0x30, 0x81, 0};
    static const uint32_t result[] = {0xBF51, 0xA0, 0x30, 0x81, 0};
    static const uint32_t error[] = {0xBF51, 0xA1, 0x30, 0x81, 0};
    struct span value;

    return tlv_find_path(object, package, &value) || tlv_find_path(object, result, &value) ||
                   tlv_find_path(object, error, &value)
               ? value
               : SPAN_NONE;
}

/* Whether this is the result of what stands at the queue's head. */
static bool is_awaited(const struct ipa_bench *bench, struct span result)
{
    struct tlv_reader head = tlv_reader(SPAN_NONE);
    struct tlv_reader reader = tlv_reader(result);

    if (bench->queue_head == bench->queue_count)
        return false;
    head = tlv_reader(bench->queue[bench->queue_head]);
    if (tlv_peek(&reader) == 0xA0)
        return true; /* eimPackageResultResponseError */
    if (tlv_peek(&reader) == 0x30)
        ck_assert(tlv_find(result, 0x30, &result));
    reader = tlv_reader(result);
    return tlv_peek(&head) == tlv_peek(&reader) &&
           (tlv_peek(&head) != 0xBF51 ||
            span_equal(counter_of(result), counter_of(bench->queue[bench->queue_head])));
}

/* Every sequence number in a result, as eimAcknowledgements. */
static void acknowledge(struct span result, struct buf *out)
{
    static const uint32_t number[] = {0xBF51, 0xA0, 0x30, 0x83, 0};
    struct span both;
    struct span list;
    struct span value;
    struct tlv_reader reader;
    struct tlv pending;

    if (tlv_find_path(result, number, &value))
        tlv_put(out, 0x80, value);
    if (tlv_single(result, 0x30, &both) != TLV_OK)
        return;
    if (tlv_find_path(both, number, &value))
        tlv_put(out, 0x80, value);
    ck_assert(tlv_find(both, 0xA0, &list));
    reader = tlv_reader(list);
    while (tlv_next(&reader, &pending) == TLV_OK) {
        static const uint32_t other[] = {0xBF2F, 0x80, 0};
        static const uint32_t installation[] = {0xBF27, 0xBF2F, 0x80, 0};

        if (tlv_find_path(pending.value, other, &value) || tlv_find_path(pending.value, installation, &value))
            tlv_put(out, 0x80, value);
    }
}

static void answer_result(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct span result = result_of(message);
    struct buf list = {0};
    size_t outer = tlv_open(answer, 0xBF50);

    if (is_awaited(bench, result))
        bench->queue_head++;
    if (!bench->no_acknowledgements)
        acknowledge(result, &list);
    if (list.size > 0)
        tlv_put(answer, 0xBF53, buf_span(&list));
    else
        tlv_put(answer, 0x30, SPAN_STRING(""));
    tlv_close(answer, outer);
    buf_free(&list);
}

/* False: no answer ever comes. */
static bool eim_answer(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    uint32_t tag = bench->taken[bench->taken_count - 1].tag;

    if (bench->answer != NULL)
        return bench->answer(bench, message, answer);
    switch (tag) {
    case 0xBF4F:
        if (bench->queue_head < bench->queue_count)
            tlv_put(answer, 0xBF4F, bench->queue[bench->queue_head]);
        else
            buf_append(answer, hex("BF4F 03 020101"));
        return true;
    case 0xBF50:
        answer_result(bench, message, answer);
        return true;
    case 0xBF3D:
        return true;
    default:
        return bench->relay && bench->smdp(bench, message, answer);
    }
}

/* --- A poll ------------------------------------------------------------------------------------------- */

static bool has_network(struct ipa_bench *bench)
{
    return bench->dark == NULL || es10_state(&bench->es10, bench->dark) != 1;
}

bool ipa_bench_eim(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    if (!has_network(bench))
        return false;
    take(bench, message);
    return eim_answer(bench, message, answer);
}

static void carry(struct ipa_bench *bench)
{
    const struct ipa_message *message = ipa_message(bench->ipa);
    char problem[CODES_PROBLEM_MAX];
    struct buf answer = {0};
    const char *refusal = NULL;
    const char *garbled = NULL;
    bool ok = false;

    if (cut_before(bench))
        return;
    if (has_network(bench)) {
        if (message->peer == IPA_PEER_EIM) {
            ck_assert_msg(bench->settings.v1 ||
                              codes_check_message(bench->es10.card, message->octets, problem),
                          "%s", problem);
            take(bench, message->octets);
        }
        if (bench->refuses != NULL)
            refusal = bench->refuses(bench, message->peer, message->octets);
        if (bench->garbles != NULL)
            garbled = bench->garbles(bench, message->peer, message->octets);
        if (refusal != NULL) {
            ok = false;
        } else if (message->peer == IPA_PEER_EIM) {
            ok = eim_answer(bench, message->octets, &answer);
        } else {
            ok = bench->smdp != NULL && bench->smdp(bench, message->octets, &answer);
        }
    }
    if (!cut_after(bench)) {
        if (refusal != NULL)
            ipa_refused(bench->ipa, refusal);
        else if (garbled != NULL)
            ipa_malformed(bench->ipa, garbled);
        else if (ok)
            ipa_answered(bench->ipa, buf_span(&answer));
        else
            ipa_unreachable(bench->ipa, "no answer");
    }
    buf_free(&answer);
}

static void hand_over(struct ipa_bench *bench)
{
    const struct ipa_message *message = ipa_message(bench->ipa);
    char problem[CODES_PROBLEM_MAX];

    if (cut_before(bench))
        return;
    ck_assert_str_eq(message->address, "");
    ck_assert_msg(codes_check_message(bench->es10.card, message->octets, problem), "%s", problem);
    if (!bench->no_injector)
        take(bench, message->octets);
    if (cut_after(bench))
        return;
    if (bench->no_injector)
        ipa_unreachable(bench->ipa, "nobody takes it");
    else
        ipa_answered(bench->ipa, SPAN_NONE);
}

static void refresh(struct ipa_bench *bench)
{
    if (cut_before(bench))
        return;
    bench->refreshes++;
    bench->es10.terminal = terminal_start(bench->es10.card, SOFTEUICC_WARM);
    if (!cut_after(bench))
        ipa_refreshed(bench->ipa);
}

/* What was begun, to its end or the cut. */
static bool run(struct ipa_bench *bench)
{
    unsigned tries = 0;

    for (unsigned step = 0; !bench->off && ipa_want(bench->ipa) != IPA_NOTHING; step++) {
        ck_assert_uint_lt(step, STEPS_MAX);
        switch (ipa_want(bench->ipa)) {
        case IPA_SEND:
            if (ipa_message(bench->ipa)->peer == IPA_PEER_INJECTOR)
                hand_over(bench);
            else
                carry(bench);
            break;
        case IPA_REFRESH:
            refresh(bench);
            break;
        default:
            if (tries++ < bench->retries)
                ipa_retry(bench->ipa);
            else
                ipa_give_up(bench->ipa);
        }
    }
    return !bench->off && ipa_outcome(bench->ipa) == IPA_DONE;
}

bool ipa_bench_poll(struct ipa_bench *bench, const struct test_eim *eim)
{
    ipa_start_poll(bench->ipa, eim->id);
    return run(bench);
}

bool ipa_bench_inject(struct ipa_bench *bench, const struct test_eim *eim, struct span request)
{
    ipa_start_inject(bench->ipa, eim->id, request);
    return run(bench);
}
