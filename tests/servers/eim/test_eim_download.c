/* servers/eim: what changes without its packages: notifications and state changes, and downloads. */
#include "tests/servers/eim/exchange.h"

#include "tests/support/test.h"

/* --- State changes and notifications -------------------------------------------------------------------- */

START_TEST(asks_again_when_the_state_changed)
{
    struct buf result = {0};
    json_t *euicc;

    start();
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 1), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF51);
    /* A change while the list is on its way: the list may be from before. */
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 4), EIM_ERROR_NONE);
    eim_bench_result(&bench, "BF2D14 A012 E310 5A0A 980011223344556687F6 9F7001 01", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D03 81017F", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    euicc = eim_bench_rest(&bench, "GET", "/v1/euiccs/" TEST_EID, NULL, NULL, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(euicc, "stateChangeCause")), "reset(4)");
    json_decref(euicc);
    stop();
}
END_TEST

/* The notifications as REST shows them. */
static size_t notifications(size_t *verified)
{
    json_t *list = eim_bench_rest(&bench, "GET", "/v1/notifications", NULL, NULL, NULL);
    size_t count = json_array_size(list);
    json_t *entry;
    size_t i;

    *verified = 0;
    json_array_foreach(list, i, entry) *verified += json_is_true(json_object_get(entry, "verified")) ? 1 : 0;
    json_decref(list);
    return count;
}

START_TEST(keeps_and_passes_on_notifications)
{
    struct buf enable = {0}, install = {0}, forged = {0}, pending = {0};
    char address[EIM_ADDRESS_MAX + 1];
    size_t verified;
    int64_t id;

    start();
    eim_bench_notification(&bench, 1, EIM_BENCH_ICCID2, &enable);
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&enable)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&enable)));
    ck_assert_uint_eq(notifications(&verified), 1);
    /* An installation is signed without certificates; the eUICC's is known. The EID is not said. */
    eim_bench_notification(&bench, 0, "8900112233445566794", &install);
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&install)));
    ck_assert_str_eq(eim_bench_profile(&bench, "8900112233445566794"), "disabled");
    /* A forged one is kept, changes nothing and goes nowhere. */
    eim_bench_notification(&bench, 3, EIM_BENCH_ICCID2, &forged);
    forged.data[9] ^= 0x40; /* its number */
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&forged)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    ck_assert_uint_eq(notifications(&verified), 3);
    ck_assert_uint_eq(verified, 2);
    ck_assert(!eim_take_notification(&bench.eim, bench.eid, SPAN_STRING("\x30\x00")));
    /* Two go to their SM-DP+; what failed comes again later, what is delivered never. */
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_str_eq(address, "smdp.example.com");
    ck_assert_span(buf_span(&pending), buf_span(&enable));
    eim_forward_done(&bench.eim, id, true);
    buf_clear(&pending);
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_span(buf_span(&pending), buf_span(&install));
    eim_forward_done(&bench.eim, id, false);
    buf_clear(&pending);
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    for (unsigned tries = 1; tries < EIM_FORWARD_TRIES; tries++) {
        db_run(bench.eim.db, "UPDATE notification SET next_try = 0", DB_NONE);
        ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
        eim_forward_done(&bench.eim, id, false);
    }
    db_run(bench.eim.db, "UPDATE notification SET next_try = 0", DB_NONE);
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    buf_free(&enable);
    buf_free(&install);
    buf_free(&forged);
    buf_free(&pending);
    stop();
}
END_TEST

/* A notification that is older than what is known does not turn the list back. */
START_TEST(ignores_old_news)
{
    struct buf older = {0}, newer = {0};

    start();
    eim_bench_notification(&bench, 1, EIM_BENCH_ICCID2, &older);
    eim_bench_notification(&bench, 2, EIM_BENCH_ICCID2, &newer);
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&newer)));
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&older)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "disabled");
    buf_free(&older);
    buf_free(&newer);
    stop();
}
END_TEST

/* --- Downloads ------------------------------------------------------------------------------------------ */

START_TEST(triggers_downloads)
{
    static const struct {
        const char *what, *data;
    } cases[] = {
        {"\"download\":{\"activationCode\":\"LPA:1$a.b$M\"}", "A009 8007 312461 2E62 244D"},
        {"\"download\":{\"activationCode\":\" lpa: 1$a.b$M\\n\"}", "A009 8007 312461 2E62 244D"},
        {"\"download\":{\"smdpAddress\":\"a.b\",\"matchingId\":\"M\"}", "A009 8007 312461 2E62 244D"},
        {"\"download\":{\"smdpAddress\":\"a.b\",\"mode\":\"direct\"}", "A008 8006 312461 2E62 24"},
        {"\"download\":{\"defaultSmdp\":true}", "A002 8100"},
        {"\"download\":{\"smds\":\"a.b\"}", "A007 A205 8003 612E62"},
        {"\"download\":{\"smds\":\"\"}", "A002 A200"},
    };
    struct buf result = {0};

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t order = eim_bench_order(&bench, cases[i].what);
        struct eim_download download;
        struct tlv_reader reader;
        struct span content;
        struct tlv first;

        poll_for(0xBF54);
        ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF54, &content), TLV_OK);
        reader = tlv_reader(content);
        ck_assert_int_eq(tlv_next(&reader, &first), TLV_OK);
        ck_assert_hex(first.whole, cases[i].data);
        ck_assert(eim_download_by_eid(&bench.eim, bench.eid, &download));
        ck_assert_int_eq(download.order, order);
        if (i < 2) {
            ck_assert_str_eq(download.smdp_address, "a.b");
            ck_assert_str_eq(download.matching_id, "M");
        }
        ck_assert(buf_append_hex(&result, "BF5405 3003 800168", NULL));
        provide(&result, EIM_ERROR_NONE, 0);
        eim_bench_expect(&bench, order, "failed", "profileDownloadError: ecallActive(104)");
        ck_assert(!eim_download_by_eid(&bench.eim, bench.eid, &download));
    }
    stop();
}
END_TEST

/* What failed first stays the cause, said once, whatever fails after it and whoever tells. */
START_TEST(keeps_the_first_cause_of_a_failed_download)
{
    static const char *const ends[] = {"BF5405 3003 80017F", ""}; /* the IPA's result, or another poll */
    static const char *const errors[] = {"profileDownloadError: undefinedError(127), AuthenticateClient: no",
                                         "AuthenticateClient: no"};
    char progress[256];
    struct buf result = {0};

    start();
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        int64_t order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\"}");

        poll_for(0xBF54);
        eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, SPAN_STRING("smdp-transaction"), NULL);
        eim_download_report(&bench.eim, order, EIM_STEP_FAILED, SPAN_NONE, "AuthenticateClient: no");
        eim_download_report(&bench.eim, order, EIM_STEP_FAILED, SPAN_NONE,
                            "CancelSession: unknown transactionId");
        eim_download_report(&bench.eim, order, EIM_STEP_CANCELLED, SPAN_NONE, NULL);
        eim_order_progress(&bench.eim, order, progress, sizeof(progress));
        ck_assert_str_eq(progress, "failed: AuthenticateClient: no");
        if (ends[i][0] != '\0') {
            ck_assert(buf_append_hex(&result, ends[i], NULL));
            provide(&result, EIM_ERROR_NONE, 0);
        } else {
            ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
        }
        eim_bench_expect(&bench, order, "failed", errors[i]);
        eim_download_report(&bench.eim, order, EIM_STEP_FAILED, SPAN_NONE, "too late");
        eim_order_progress(&bench.eim, order, progress, sizeof(progress));
        ck_assert_str_eq(progress, "failed: AuthenticateClient: no");
        eim_bench_expect(&bench, order, "failed", errors[i]);
    }
    stop();
}
END_TEST

/* What is malformed goes out as it was given, and the IPA's answer ends the order by its name. */
START_TEST(sends_what_it_was_told_unchecked)
{
    static const struct {
        const char *what, *package; /* NULL: with a transaction of its own */
        const char *data, *answer, *error;
    } cases[] = {
        {"\"download\":{\"activationCode\":\" LPA:x\"}", NULL, "A008 8006 204C50413A78", "A003 020101",
         "eimPackageResultError: invalidPackageFormat(1)"},
        {"\"download\":{\"activationCode\":\"\"}", NULL, "A002 8000", "BF5405 3003 80017F",
         "profileDownloadError: undefinedError(127)"},
        {"\"download\":{\"smdpAddress\":\"a$\",\"matchingId\":\"$\"}", NULL, "A008 8006 312461242424",
         "A003 020101", "eimPackageResultError: invalidPackageFormat(1)"},
        {"\"raw\":\"9F5500\"", "9F5500", NULL, "A003 020102", "eimPackageResultError: unknownPackage(2)"},
        {"\"raw\":\"BF5403A0820101\"", "BF5403A0820101", NULL, "A003 020101",
         "eimPackageResultError: invalidPackageFormat(1)"},
        {"\"raw\":\"BF5203830107\"", "BF5203830107", NULL, "BF5208 A106 800107 020101",
         "incorrectTagList(1)"},
        {"\"raw\":\"00\"", "00", NULL, "A003 02017F", "eimPackageResultError: undefinedError(127)"},
    };
    struct eim_poll poll = {0};
    struct buf eid = {0}, package = {0}, answer = {0};
    struct tlv_reader reader;
    struct span content;
    struct tlv first;
    char what[200];
    int64_t order;
    int code;

    start();
    ck_assert(buf_append_hex(&eid, bench.eid, NULL));
    poll.eid = buf_span(&eid);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(what, sizeof(what), "{\"eid\":\"%s\",%s}", bench.eid, cases[i].what);
        json_decref(eim_bench_rest(&bench, "POST", "/v1/orders", NULL, what, &code));
        ck_assert_int_eq(code, 400);
        snprintf(what, sizeof(what), "\"unchecked\":true,%s", cases[i].what);
        order = eim_bench_order(&bench, what);
        buf_clear(&package);
        ck_assert_int_eq(eim_next_package(&bench.eim, &poll, &package), EIM_ERROR_NONE);
        if (cases[i].package != NULL) {
            ck_assert_hex(buf_span(&package), cases[i].package);
        } else {
            ck_assert_int_eq(tlv_single(buf_span(&package), 0xBF54, &content), TLV_OK);
            reader = tlv_reader(content);
            ck_assert_int_eq(tlv_next(&reader, &first), TLV_OK);
            ck_assert_hex(first.whole, cases[i].data);
        }
        ck_assert(buf_append_hex(&answer, cases[i].answer, NULL));
        provide(&answer, EIM_ERROR_NONE, 0);
        eim_bench_expect(&bench, order, "failed", cases[i].error);
    }
    buf_free(&eid);
    buf_free(&package);
    stop();
}
END_TEST

static void put_trigger_result(struct span installation, struct buf *out)
{
    size_t at = tlv_open(out, 0xBF54);

    tlv_put(out, 0x82, SPAN_ARRAY(bench.transaction));
    buf_append(out, installation);
    tlv_close(out, at);
}

START_TEST(follows_an_indirect_download)
{
    struct buf result = {0}, installation = {0}, pending = {0};
    char address[EIM_ADDRESS_MAX + 1];
    struct eim_download download;
    struct span content;
    int64_t order, id;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    eim_bench_data(&bench, "A804 8002 0260", &result); /* indirect, eimDownloadDataHandling */
    provide(&result, EIM_ERROR_NONE, 0);
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\",\"mode\":\"indirect\","
                                    "\"confirmationCode\":\"1234\"}");
    /* This IPA leaves the data to the eIM: the trigger has none. */
    poll_for(0xBF54);
    ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF54, &content), TLV_OK);
    ck_assert_uint_eq(content.size, 18);
    ck_assert(eim_download_by_transaction(&bench.eim, bench.transaction_id, &download));
    ck_assert_str_eq(download.smdp_address, "a.b");
    ck_assert_str_eq(download.confirmation_code, "1234");
    eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, SPAN_STRING("smdp-transaction"), NULL);
    ck_assert(eim_download_by_smdp_transaction(&bench.eim, SPAN_STRING("smdp-transaction"), &download));
    ck_assert_int_eq(download.order, order);
    ck_assert(!eim_download_by_smdp_transaction(&bench.eim, SPAN_STRING("another"), &download));
    eim_download_report(&bench.eim, order, EIM_STEP_BOUND, SPAN_NONE, NULL);
    eim_bench_notification(&bench, 0, EIM_BENCH_ICCID, &installation);
    put_trigger_result(buf_span(&installation), &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "done", "");
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_span(buf_span(&pending), buf_span(&installation));
    buf_free(&installation);
    buf_free(&pending);
    stop();
}
END_TEST

/* The notification alone ends a relayed download; the trigger's result that follows, twice, changes nothing.
 */
START_TEST(ends_a_download_by_its_notification)
{
    struct buf result = {0}, installation = {0};
    uint64_t numbers[2];
    size_t count;
    int64_t order;

    start();
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\"}");
    poll_for(0xBF54);
    eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, SPAN_STRING("smdp-transaction"), NULL);
    eim_bench_notification(&bench, 0, "8900112233445566794", &installation);
    put_trigger_result(buf_span(&installation), &result);
    ck_assert(eim_take_notification(&bench.eim, bench.eid, buf_span(&installation)));
    eim_bench_expect(&bench, order, "done", "");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), numbers, &count), EIM_ERROR_NONE);
        ck_assert_uint_eq(count, 1);
        ck_assert_uint_eq(numbers[0], bench.sequence);
    }
    eim_bench_expect(&bench, order, "done", "");
    buf_free(&result);
    buf_free(&installation);
    stop();
}
END_TEST

/* The answer to a result got lost: the same result again is no error. */
START_TEST(takes_any_result_twice)
{
    struct buf data = {0}, refused = {0};
    size_t at;
    int64_t order;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    eim_bench_data(&bench, "", &data);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&data), NULL, NULL), EIM_ERROR_NONE);
    provide(&data, EIM_ERROR_NONE, 0);
    order = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    at = tlv_open(&refused, 0xA0);
    tlv_put(&refused, 0x80, SPAN_ARRAY(bench.transaction));
    tlv_put_unsigned(&refused, 0x02, 1);
    tlv_close(&refused, at);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&refused), NULL, NULL), EIM_ERROR_NONE);
    provide(&refused, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "eimPackageResultError: invalidPackageFormat(1)");
    stop();
}
END_TEST

START_TEST(believes_no_forged_installation)
{
    struct buf result = {0}, installation = {0}, pending = {0};
    char address[EIM_ADDRESS_MAX + 1];
    int64_t order, id;

    start();
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\"}");
    poll_for(0xBF54);
    eim_bench_notification(&bench, 0, "8900112233445566794", &installation);
    installation.data[installation.size - 1] ^= 1;
    put_trigger_result(buf_span(&installation), &result);
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "the ProfileInstallationResult is not signed by the eUICC");
    ck_assert_str_eq(eim_bench_profile(&bench, "8900112233445566794"), "");
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    buf_free(&installation);
    stop();
}
END_TEST

TEST_MAIN("eim_download", asks_again_when_the_state_changed, keeps_and_passes_on_notifications,
          ignores_old_news, triggers_downloads, keeps_the_first_cause_of_a_failed_download,
          sends_what_it_was_told_unchecked, follows_an_indirect_download, ends_a_download_by_its_notification,
          takes_any_result_twice, believes_no_forged_installation)
