/* servers/eim's relay: to which servers it takes whom, and what an SM-DS has found (ES11) with every kind of
 * IPA. */
#include "apdu/tlv.h"
#include "tests/support/esipa.h"
#include "tests/support/test.h"
#include "tests/support/tls.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct esipa_bench bench;

#define INDIRECT_FEATURES "0640"
#define CTX_FEATURES      "0470" /* and eimDownloadDataHandling, eimCtxParams1Generation */
#define OTHER_EID         "89049032123451234512345678901243"

static char order_text[300];

/* Downloads by the activation code of an SM-DP+, and by an SM-DS. */
static const char *order_at_smdp(const char *address)
{
    snprintf(order_text, sizeof(order_text), "{\"activationCode\":\"1$%s$demo\"}", address);
    return order_text;
}

static const char *order_at_smds(const char *address)
{
    snprintf(order_text, sizeof(order_text), "{\"smds\":\"%s\"}", address);
    return order_text;
}

/* --- Who is taken where --------------------------------------------------------------------------------- */

/* An order of another eUICC that waits for its result. */
static void order_of_another(const char *download)
{
    char text[400];
    json_t *request;

    snprintf(text, sizeof(text), "{\"eid\":\"" OTHER_EID "\",\"download\":%s}", download);
    request = json_loads(text, 0, NULL);
    ck_assert_int_gt(eim_order_add(&bench.eim, OTHER_EID, ORDER_DOWNLOAD, false, request), 0);
    json_decref(request);
    ck_assert(
        db_run(bench.eim.db, "UPDATE eim_order SET state = 'sent' WHERE eid = '" OTHER_EID "'", DB_NONE));
}

/* InitiateAuthentication of a device that nobody knows: answers, and how many requests the server got. */
static unsigned ask_for(const char *address, const char *answer)
{
    char message[400], digits[200];
    unsigned before = bench.stub.requests;

    hex_from_span(span_of_string(address), digits, sizeof(digits));
    snprintf(message, sizeof(message),
             "BF39%02zX811000112233445566778899AABBCCDDEEFF83%02zX%sBF20058203020202", 28 + strlen(address),
             strlen(address), digits);
    esipa_bench_expect(&bench, message, ESIPA_ANSWERED, answer);
    return bench.stub.requests - before;
}

#define REFUSED "BF3903810101" /* invalidDpAddress */
#define ASKED   "BF390381017F" /* the stub says nothing that makes sense */

START_TEST(takes_nobody_to_unknown_servers)
{
    char other_port[40], allowed_text[60];
    const char *const allowed[] = {"smdp.example.com", allowed_text};

    esipa_bench_start(&bench);
    bench.stub.code = 500;
    snprintf(other_port, sizeof(other_port), "127.0.0.1:%u", https_port(bench.server));
    ck_assert_uint_eq(ask_for(bench.address, REFUSED), 0);
    /* An order that has not been sent, or has ended, is for nobody. */
    order_of_another(order_at_smdp(bench.address));
    ck_assert(db_run(bench.eim.db, "UPDATE eim_order SET state = 'queued'", DB_NONE));
    ck_assert_uint_eq(ask_for(bench.address, REFUSED), 0);
    ck_assert(db_run(bench.eim.db, "UPDATE eim_order SET state = 'done'", DB_NONE));
    ck_assert_uint_eq(ask_for(bench.address, REFUSED), 0);
    ck_assert(db_run(bench.eim.db, "UPDATE eim_order SET state = 'sent'", DB_NONE));
    ck_assert_uint_eq(ask_for(bench.address, ASKED), 1);
    ck_assert_uint_eq(ask_for(other_port, REFUSED), 0);
    ck_assert_uint_eq(ask_for("localhost", REFUSED), 0);
    ck_assert_uint_eq(ask_for("localhost:1", REFUSED), 0);
    /* An SM-DS, and one that stands in no order but in the list. */
    order_of_another(order_at_smds(other_port));
    ck_assert_uint_eq(ask_for(other_port, ASKED), 1);
    ck_assert(db_run(bench.eim.db, "DELETE FROM eim_order", DB_NONE));
    ck_assert_uint_eq(ask_for(other_port, REFUSED), 0);
    snprintf(allowed_text, sizeof(allowed_text), "%s", other_port);
    relay_allow(bench.relay, allowed, 2);
    ck_assert_uint_eq(ask_for(other_port, ASKED), 1);
    ck_assert_uint_eq(ask_for(bench.address, REFUSED), 0);
    esipa_bench_stop(&bench);
}
END_TEST

/* The order is another eUICC's: that is seen when this one says who it is, and goes no further. */
START_TEST(takes_an_euicc_to_its_own_servers)
{
    const char *allowed = bench.address;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, INDIRECT_FEATURES);
    order_of_another(order_at_smdp(bench.address));
    bench_success(bench_initiate(&bench.dp));
    bench_expect(bench_authenticate(&bench.dp), "asn1", "7"); /* eidMismatch */
    relay_allow(bench.relay, &allowed, 1);
    bench_success(bench_initiate(&bench.dp));
    bench_success(bench_authenticate(&bench.dp));
    esipa_bench_stop(&bench);
}
END_TEST

static int64_t notifications(int forward)
{
    return db_number(bench.eim.db, -1, "SELECT count(*) FROM notification WHERE forward = ?",
                     DB_VALUES(DB_INT(forward)));
}

/* Notifications go to the servers of this eUICC's orders, also of those that have ended. */
START_TEST(passes_notifications_to_known_servers)
{
    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, INDIRECT_FEATURES);
    bench.stub.code = 503;
    order_of_another(order_at_smdp(bench.address));
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 204);
    for (unsigned i = 0; i < 20; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_uint_eq(bench.stub.requests, 0);
    ck_assert_int_eq(notifications(3), 1);
    ck_assert(db_run(bench.eim.db, "UPDATE eim_order SET state = 'done', eid = '" TEST_EID "'", DB_NONE));
    ck_assert_int_eq(bench_notify(&bench.dp, 2, BENCH_ICCID), 204);
    for (unsigned i = 0; i < 100 && bench.stub.requests < 1; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_uint_eq(bench.stub.requests, 1);
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(knows_when_two_addresses_are_one)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {{"a.b", "a.b", true},         {"a.b", "A.B:443", true}, {"a.b:443", "a.b", true},
                 {"a.b", "a.b:444", false},    {"a.b", "a.c", false},    {"", "", false},
                 {"[::1]:1", "[::1]:1", true}, {"a.b:1", "a.b:", false}, {"a.b:1", "a.b:01", true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(eim_address_is_same(cases[i].a, cases[i].b) == cases[i].same, "'%s', '%s'", cases[i].a,
                      cases[i].b);
}
END_TEST

/* --- How many, how long --------------------------------------------------------------------------------- */

#define MANY (RELAY_CALLS_MAX + 40)

static unsigned answered;

static void on_one(void *context, enum esipa_outcome outcome, struct span answer)
{
    (void)context;
    ck_assert_int_eq(outcome, ESIPA_ANSWERED);
    ck_assert_hex(answer, ASKED);
    answered++;
}

static void ask_many(unsigned count)
{
    char message[400], digits[200];

    answered = 0;
    hex_from_span(span_of_string(bench.address), digits, sizeof(digits));
    snprintf(message, sizeof(message),
             "BF39%02zX811000112233445566778899AABBCCDDEEFF83%02zX%sBF20058203020202",
             28 + strlen(bench.address), strlen(bench.address), digits);
    for (unsigned i = 0; i < count; i++)
        esipa_message(&bench.eim, bench.relay, hex(message), on_one, NULL);
}

static void turn_until(unsigned count, unsigned turns)
{
    for (unsigned i = 0; i < turns && answered < count; i++)
        esipa_bench_turn(&bench, 20);
}

/* However many devices ask at once: a few connections, the others wait for one, and too many are refused. */
START_TEST(counts_its_connections)
{
    const char *allowed = bench.address;

    esipa_bench_start(&bench);
    relay_allow(bench.relay, &allowed, 1);
    bench.stub = (struct esipa_stub){.code = 500, .delay = 20};
    ask_many(MANY);
    ck_assert_uint_eq(answered, MANY - RELAY_CALLS_MAX);
    turn_until(MANY, 20000);
    ck_assert_uint_eq(answered, MANY);
    ck_assert_uint_eq(bench.stub.requests, RELAY_CALLS_MAX);
    ck_assert_uint_le(bench.stub.held_max, 8);
    esipa_bench_stop(&bench);
}
END_TEST

/* One server that never answers: each call has its time in all, the waiting for a connection included. */
START_TEST(ends_calls_in_time)
{
    const char *allowed = bench.address;
    struct test_tls tls;
    time_t begin;

    esipa_bench_start(&bench);
    test_tls_make(&tls);
    relay_close(bench.relay);
    bench.relay = relay_open(bench.loop, &bench.eim, tls.ca, 2);
    ck_assert_ptr_nonnull(bench.relay);
    relay_allow(bench.relay, &allowed, 1);
    bench.stub = (struct esipa_stub){.code = 500, .delay = 5000};
    begin = time(NULL);
    ask_many(40);
    turn_until(40, 5000);
    ck_assert_uint_eq(answered, 40);
    ck_assert_int_le((int)(time(NULL) - begin), 4);
    while (bench.stub.held > 0)
        esipa_bench_turn(&bench, 200);
    esipa_bench_stop(&bench);
}
END_TEST

/* --- What an SM-DS has found ---------------------------------------------------------------------------- */

/* The SM-DP+ of the bench is the SM-DS, too, under another name; it says who has the profile. */
static void discover(const char *smdp)
{
    static char body[300];

    snprintf(body, sizeof(body),
             "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"transactionId\":"
             "\"A1\","
             "\"eventEntries\":[{\"eventId\":\"demo\",\"rspServerAddress\":\"%s\"}]}",
             smdp);
    bench_success(bench_initiate(&bench.dp));
    bench.stub = (struct esipa_stub){.code = 200, .body = body};
    bench_expect(bench_authenticate(&bench.dp), "asn1", "126");
    bench.stub = (struct esipa_stub){.code = 0};
}

enum kind { V12, V10, COMPACT, LEFT_OUT, RESTARTED };

static void discover_and_download(enum kind kind)
{
    char smdp[40], expected[120];
    struct span found;
    static const uint32_t path[] = {0xBF54, 0xA0, 0x80, 0};

    esipa_bench_start(&bench);
    snprintf(smdp, sizeof(smdp), "127.0.0.1:%u", https_port(bench.server));
    ck_assert(dp_server_add_address(&bench.dp.smdpp.dp, smdp));
    esipa_bench_introduce(&bench, kind == LEFT_OUT ? CTX_FEATURES : INDIRECT_FEATURES);
    esipa_bench_order(&bench, order_at_smds(bench.address));
    if (kind == V10)
        bench.eim_transaction = SPAN_NONE;
    bench.leaves_data = kind == LEFT_OUT;
    bench.dp.fault = kind == COMPACT ? esipa_bench_compact : NULL;
    discover(smdp);
    ck_assert(tlv_find_path(buf_span(&bench.extras), path, &found));
    snprintf(expected, sizeof(expected), "1$%s$demo", smdp);
    ck_assert_span(found, span_of_string(expected));
    bench.dp.address = smdp;
    if (kind == RESTARTED)
        esipa_bench_restart_relay(&bench);
    bench_success(bench_initiate(&bench.dp));
    if (kind == LEFT_OUT)
        ck_assert_hex(SPAN(bench.extras.data, 6), "0C0464656D6F");
    bench_success(bench_authenticate(&bench.dp));
    bench_success(bench_prepare(&bench.dp));
    esipa_bench_stop(&bench);
}

START_TEST(downloads_what_an_smds_found)
{
    discover_and_download(V12);
}
END_TEST

START_TEST(downloads_it_with_a_v1_ipa)
{
    discover_and_download(V10);
}
END_TEST

START_TEST(downloads_it_with_compact_forms)
{
    discover_and_download(COMPACT);
}
END_TEST

START_TEST(downloads_it_with_the_address_left_out)
{
    discover_and_download(LEFT_OUT);
}
END_TEST

START_TEST(downloads_it_after_a_restart)
{
    discover_and_download(RESTARTED);
}
END_TEST

/* Only where the event leads. */
START_TEST(goes_nowhere_but_to_the_event)
{
    char smdp[40];

    esipa_bench_start(&bench);
    snprintf(smdp, sizeof(smdp), "127.0.0.1:%u", https_port(bench.server));
    esipa_bench_introduce(&bench, INDIRECT_FEATURES);
    esipa_bench_order(&bench, order_at_smds(bench.address));
    bench.dp.address = smdp;
    bench_expect(bench_initiate(&bench.dp), "asn1", "1");
    bench.dp.address = bench.address;
    discover("smdp.example.com");
    bench.dp.address = smdp;
    bench_expect(bench_initiate(&bench.dp), "asn1", "50"); /* smdpAddressMismatch */
    bench.eim_transaction = SPAN_NONE;
    bench_expect(bench_initiate(&bench.dp), "asn1", "1");
    esipa_bench_stop(&bench);
}
END_TEST

TEST_MAIN("esipa_servers", takes_nobody_to_unknown_servers, takes_an_euicc_to_its_own_servers,
          passes_notifications_to_known_servers, knows_when_two_addresses_are_one, counts_its_connections,
          ends_calls_in_time, downloads_what_an_smds_found, downloads_it_with_a_v1_ipa,
          downloads_it_with_compact_forms, downloads_it_with_the_address_left_out,
          downloads_it_after_a_restart, goes_nowhere_but_to_the_event)
