/*
 * ipa: with an eIM of SGP.32 v1.0, which has other codings, acknowledges nothing and forgets a package once
 * it handed it out. Downloads go through it from the test SM-DP+ to a card in memory.
 */
#include "tests/ipa/es9p_server.h"
#include "tests/support/ipa.h"

#include <stdio.h>
#include <string.h>

static struct {
    bool tagged_signatures; /* as an eIM hands them on that keeps their tag in base64 */
    const char *answer;     /* to a result: hexadecimal octets */
    char log[400];          /* what came in, in order: tags */
} eim;

/* GetEimPackageRequest of v1.0: EID, notifyStateChange NULL, rPLMN of three octets, and nothing else. */
static void check_request(struct span message)
{
    struct span content;
    struct span value;
    struct tlv_reader reader;

    ck_assert_int_eq(tlv_single(message, 0xBF4F, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require_sized(&reader, 0x5A, 16, 16, &value));
    if (tlv_optional(&reader, 0x80, &value))
        ck_assert_uint_eq(value.size, 0);
    if (tlv_optional(&reader, 0x81, &value))
        ck_assert_uint_eq(value.size, 3);
    ck_assert(tlv_finish(&reader));
}

/* Copies the objects; a signature goes into another one. */
static void tag_signatures(struct span objects, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(objects);
    struct tlv tlv;
    size_t outer;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag != 0x5F37 && tlv.tag != 0xA0 && tlv.tag != 0xBF39 && tlv.tag != 0xBF3B) {
            buf_append(out, tlv.whole);
            continue;
        }
        outer = tlv_open(out, tlv.tag);
        if (tlv.tag == 0x5F37)
            buf_append(out, tlv.whole);
        else
            tag_signatures(tlv.value, out);
        tlv_close(out, outer);
    }
}

static bool relay(struct span message, struct buf *answer)
{
    struct buf request = {0};
    struct buf got = {0};
    struct span content;
    bool ok;

    tlv_put(&request, 0xA2, message);
    ok = es9p_server_ask(buf_span(&request), &got) && tlv_single(buf_span(&got), 0xA2, &content) == TLV_OK;
    if (ok && eim.tagged_signatures)
        tag_signatures(content, answer);
    else if (ok)
        buf_append(answer, content);
    buf_free(&request);
    buf_free(&got);
    return ok;
}

static bool answer_as_v1(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    uint32_t tag = bench->taken[bench->taken_count - 1].tag;
    size_t used = strlen(eim.log);

    snprintf(eim.log + used, sizeof(eim.log) - used, "%s%06X", used > 0 ? " " : "", (unsigned)tag);
    switch (tag) {
    case 0xBF4F:
        check_request(message);
        if (bench->queue_head < bench->queue_count)
            tlv_put(answer, 0xBF4F, bench->queue[bench->queue_head++]);
        else
            buf_append(answer, hex("BF4F 03 020101"));
        return true;
    case 0xBF50:
        buf_append(answer, hex(eim.answer));
        return true;
    case 0xBF3D:
        return true;
    default:
        return relay(message, answer);
    }
}

static void be_v1(struct ipa_bench *bench)
{
    memset(&eim, 0, sizeof(eim));
    eim.answer = "BF50 00";
    bench->settings.v1 = true;
    bench->answer = answer_as_v1;
    ipa_bench_power_on(bench);
}

static void open_downloads(struct ipa_bench *bench)
{
    es9p_server_start();
    ipa_bench_open_under(bench, es9p_server_ci());
    be_v1(bench);
}

static void close_downloads(struct ipa_bench *bench)
{
    ipa_bench_close(bench);
    es9p_server_stop();
}

static struct span trigger(const char *code)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF54);
    size_t inner = tlv_open(out, 0xA0);

    tlv_put_string(out, 0x80, code);
    tlv_close(out, inner);
    tlv_close(out, outer);
    return buf_span(out);
}

#define CODE(matching_id) trigger("1$" SERVER_ADDRESS "$" matching_id)

/* The object in ProvideEimPackageResult, which has no eidValue. */
static struct span result(struct ipa_bench *bench, size_t index)
{
    struct span content;

    ck_assert_int_eq(tlv_single(ipa_bench_taken(bench, 0xBF50, index)->octets, 0xBF50, &content), TLV_OK);
    return content;
}

static void check_nothing_is_left(struct ipa_bench *bench)
{
    ck_assert_hex(es10(&bench->es10, "BF2B00"), "BF2B02A000");
    ck_assert_hex(es10(&bench->es10, "BF2B 04 A002 8200"), "BF2B02A200");
}

/* Its configuration cannot say that it relays. The installation result goes to it at once, as a notification,
 * and nothing that it does not know. */
START_TEST(downloads_go_through_it)
{
    static const uint32_t installed[] = {0xBF3D, 0xA0, 0xBF37, 0xBF27, 0xA2, 0xA0, 0};

    for (unsigned tagged = 0; tagged < 2; tagged++) {
        struct ipa_bench bench;
        struct span success;

        open_downloads(&bench);
        eim.tagged_signatures = tagged == 1;
        ipa_bench_order_object(&bench, CODE("demo"));
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_msg(es10_state(&bench.es10, SERVER_ICCID) == 0, "%s", bench.why);
        ck_assert_str_eq(eim.log, "00BF4F 00BF39 00BF3B 00BF3A 00BF3D 00BF4F");
        ck_assert(tlv_find_path(ipa_bench_taken(&bench, 0xBF3D, 0)->octets, installed, &success));
        ck_assert_uint_eq(bench.events[IPA_EVENT_DELIVERED], 1);
        check_nothing_is_left(&bench);
        close_downloads(&bench);
    }
}
END_TEST

/* What goes wrong in a step, the eIM has seen; what goes wrong before the first, it hears in its own coding.
 */
START_TEST(downloads_that_fail)
{
    static const struct {
        const char *code, *log;
    } cases[] = {
        {"1$" SERVER_ADDRESS "$nothing", "00BF4F 00BF39 00BF3B 00BF4F"},
        {"1$other.example.com$demo", "00BF4F 00BF39 00BF4F"},
        {"nonsense", "00BF4F 00BF50 00BF4F"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ipa_bench bench;

        open_downloads(&bench);
        ipa_bench_order_object(&bench, trigger(cases[i].code));
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        ck_assert_str_eq(eim.log, cases[i].log);
        ck_assert_uint_eq(bench.events[IPA_EVENT_DOWNLOAD], 1);
        if (ipa_bench_count(&bench, 0xBF50) > 0)
            ck_assert_hex(result(&bench, 0), "BF54 02 3000");
        close_downloads(&bench);
    }
}
END_TEST

/* The eIM forgot the trigger; the profile is there, or nothing is, and what is there was told. */
START_TEST(the_power_goes_at_any_moment_of_a_download)
{
    for (unsigned mode = CUT_BEFORE; mode <= CUT_AFTER; mode++) {
        bool done = false;

        for (unsigned at = 1; !done; at++) {
            struct ipa_bench bench;
            int state;

            open_downloads(&bench);
            ipa_bench_order_object(&bench, CODE("demo"));
            bench.cut = (enum ipa_cut)mode;
            bench.cut_at = at;
            done = ipa_bench_poll(&bench, &bench.eim);
            bench.cut = CUT_NEVER;
            ipa_bench_power_on(&bench);
            ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "cut at %u: %s", at, ipa_why(bench.ipa));
            state = es10_state(&bench.es10, SERVER_ICCID);
            ck_assert_int_ge(ipa_bench_count(&bench, 0xBF3D), state == 0);
            check_nothing_is_left(&bench);
            close_downloads(&bench);
        }
    }
}
END_TEST

/* v1.0 has no stateChangeCause; its tag is rPLMN's there. The eIM is told that something changed, once. */
START_TEST(a_state_change_has_no_cause)
{
    static const uint8_t plmn[] = {0x62, 0xF2, 0x10};
    struct ipa_bench bench;
    struct span content;
    struct span value;

    open_downloads(&bench);
    bench.settings.rplmn = plmn;
    ipa_bench_power_on(&bench);
    ipa_bench_order(&bench, &bench.eim, PSMO, "A702 8000");
    ipa_bench_order_object(&bench, CODE("demo"));
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert_int_eq(es10_state(&bench.es10, SERVER_ICCID), 1); /* ImmediateEnable */
    ck_assert_uint_eq(bench.refreshes, 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_STATE_CHANGE], 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(tlv_single(ipa_bench_taken(&bench, 0xBF4F, i)->octets, 0xBF4F, &content), TLV_OK);
        ck_assert_int_eq(tlv_find(content, 0x80, &value), i == 2);
        ck_assert(tlv_find(content, 0x81, &value));
        ck_assert_span(value, SPAN_ARRAY(plmn));
    }
    close_downloads(&bench);
}
END_TEST

/* Its list of notifications beside a result is coded otherwise, and a server that is not reached costs it the
 * result. */
START_TEST(a_result_comes_without_notifications)
{
    struct ipa_bench bench;
    struct span value;

    ipa_bench_open(&bench);
    be_v1(&bench);
    ipa_bench_order(&bench, &bench.eim, PSMO,
                    "A3 0C 5A0A "
                    "98940000000000000052");
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    ck_assert_int_eq(tlv_single(result(&bench, 0), 0xBF51, &value), TLV_OK);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3D), 2); /* disabled, enabled */
    check_nothing_is_left(&bench);
    ipa_bench_close(&bench);
}
END_TEST

/* Its CHOICEs have an INTEGER where v1.2 has a SEQUENCE. */
START_TEST(refusals_are_numbers)
{
    static const struct {
        const char *package, *result;
    } cases[] = {
        {"BF5F 00", "020102"},      {"BF51 00", "020101"},
        {"BF54 02 A000", "020101"}, {"BF52 03 5C01C1", "BF52 03 810101"},
        {"BF52 03 5C0181", NULL}, /* as v1.2 has it: served */
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    be_v1(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ipa_bench_order_object(&bench, hex(cases[i].package));
        ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
        if (cases[i].result != NULL)
            ck_assert_hex(result(&bench, i), cases[i].result);
    }
    ipa_bench_close(&bench);
}
END_TEST

/* All that v1.0 can ask for, in its order. */
START_TEST(data_as_it_asks_for_it)
{
    static const uint32_t tags[] = {0x80, 0xBF20, 0xBF22, 0x83, 0x84, 0xA5, 0xA6, 0xA8, 0xA9, 0xBF2B};
    struct ipa_bench bench;
    struct span data;
    struct tlv_reader reader;
    struct tlv tlv;
    size_t at = 0;

    ipa_bench_open(&bench);
    be_v1(&bench);
    es10(&bench.es10, "BF3F 0C 800A 736D64702E74657374 2E");
    es10(&bench.es10, "BF31 11 A00C 5A0A 98940000000000000052 8101FF"); /* has notifications */
    ipa_bench_order_object(&bench, hex("BF52 0F 5C0D 80BF20BF228384A5A688A9BF2B"));
    ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "%s", ipa_why(bench.ipa));
    ck_assert(tlv_find_path(result(&bench, 0), (const uint32_t[]){0xBF52, 0xA0, 0}, &data));
    reader = tlv_reader(data);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        while (at < sizeof(tags) / sizeof(tags[0]) && tags[at] != tlv.tag)
            at++;
        ck_assert_msg(at < sizeof(tags) / sizeof(tags[0]), "%06X", (unsigned)tlv.tag);
    }
    ck_assert(tlv_good(&reader));
    ck_assert_uint_eq(tlv.tag, 0xBF2B);
    ck_assert_int_eq(tlv_single(tlv.value, 0xA0, &data), TLV_OK);
    ck_assert_uint_gt(data.size, 0);
    ipa_bench_close(&bench);
}
END_TEST

/* A success of the eIM is nothing, or its own message; a portal's page is none. */
START_TEST(what_a_portal_says_removes_nothing)
{
    static const struct {
        const char *answer;
        bool taken;
    } cases[] = {
        {"", true},        {"BF50 00", true}, {"BF50 02 3000", true},  {"BF50 03 040100", true},
        {"BF5003", false}, {"FFFF", false},   {"3C68746D6C3E", false}, {"BF4F 03 020101", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ipa_bench bench;

        ipa_bench_open(&bench);
        be_v1(&bench);
        eim.answer = cases[i].answer;
        for (unsigned package = 0; package < 3; package++)
            ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
        ck_assert_int_eq(ipa_bench_poll(&bench, &bench.eim), cases[i].taken);
        ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 3); /* one after another all the same */
        if (cases[i].taken)
            check_nothing_is_left(&bench);
        else
            ck_assert_uint_gt(es10(&bench.es10, "BF2B 04 A002 8200").size, 6);
        ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
        ck_assert_int_eq(ipa_bench_poll(&bench, &bench.eim), cases[i].taken);
        ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 4);
        ipa_bench_close(&bench);
    }
}
END_TEST

TEST_MAIN("ipa_version1", downloads_go_through_it, downloads_that_fail,
          the_power_goes_at_any_moment_of_a_download, a_state_change_has_no_cause,
          a_result_comes_without_notifications, refusals_are_numbers, data_as_it_asks_for_it,
          what_a_portal_says_removes_nothing)
