/* The SM-DS of servers/smds without sockets: the eUICC of tests/support/smdpp.h, which can lie, asks it over
 * ES11 in both bindings; events are registered over ES12. */
#include "servers/rsp/page.h"
#include "tests/support/smds.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define OTHER_EID "89049032000000000000000000001521"

static struct smds_bench ds;

static void start(void)
{
    smds_bench_start(&ds);
}

static void stop(void)
{
    smds_bench_stop(&ds);
}

static void open_store(const char *path)
{
    char why[DB_WHY_MAX];

    ds.smds.store = smds_store_open(path, why);
    ck_assert_msg(ds.smds.store != NULL, "%s", why);
}

static json_t *es12(const char *function, const char *owner, const char *eid, const char *event_id,
                    const char *server, bool forwarding)
{
    return smds_bench_es12(&ds, function, owner, eid, event_id, server, forwarding);
}

static json_t *add(const char *owner, const char *eid, const char *event_id)
{
    return es12("registerEvent", owner, eid, event_id, "smdp.example.com", false);
}

static json_t *take(const char *owner, const char *eid, const char *event_id)
{
    return es12("deleteEvent", owner, eid, event_id, NULL, false);
}

/* Authenticates and compares the eventIds that come, with blanks between them. */
static void expect_events(const char *matching_id, const char *expected)
{
    char found[400] = "";
    json_t *answer;
    const json_t *event;
    size_t i;

    ds.bench.matching_id = matching_id;
    bench_success(bench_initiate(&ds.bench));
    answer = bench_authenticate(&ds.bench);
    ck_assert(bench_is_success(answer));
    ck_assert_str_eq(json_string_value(json_object_get(answer, "transactionId")), ds.bench.transaction);
    ck_assert(json_is_array(json_object_get(answer, "eventEntries")));
    json_array_foreach(json_object_get(answer, "eventEntries"), i, event)
    {
        if (i > 0)
            strcat(found, " ");
        strcat(found, json_string_value(json_object_get(event, "eventId")));
        ck_assert_str_eq(json_string_value(json_object_get(event, "rspServerAddress")), "smdp.example.com");
    }
    ck_assert_str_eq(found, expected);
    json_decref(answer);
}

/* --- ES11 ----------------------------------------------------------------------------------------------- */

START_TEST(gives_events_to_their_card)
{
    start();
    expect_events(NULL, "");
    expect_events("", "");
    bench_success(add("a", TEST_EID, "E-1"));
    bench_success(add("a", OTHER_EID, "E-2"));
    bench_success(add("b", TEST_EID, "E-3"));
    expect_events(NULL, "E-1 E-3");
    expect_events("", "E-1 E-3");
    expect_events("E-3", "E-3");
    bench_success(add("a", TEST_EID, "E-3")); /* another owner's may have the same name */
    expect_events("E-3", "E-3 E-3");
    ds.bench.matching_id = "E-2"; /* another card's */
    bench_success(bench_initiate(&ds.bench));
    bench_expect(bench_authenticate(&ds.bench), "8.9.5", "3.9");
    bench_expect(bench_authenticate(&ds.bench), "8.10.1", "3.9"); /* the session is over */
    stop();
}
END_TEST

static enum bench_point faulty;

static void flip_last(struct bench *unused, enum bench_point point, struct buf *octets)
{
    (void)unused;
    if (point == faulty)
        octets->data[octets->size - 1] ^= 1;
}

static void svn_3(struct bench *unused, enum bench_point point, struct buf *octets)
{
    (void)unused;
    if (point == BENCH_INFO1)
        octets->data[5] = 3;
}

START_TEST(refuses_as_an_smds)
{
    static const struct {
        enum bench_point point;
        const char *subject, *reason;
    } cases[] = {{BENCH_INFO1, "8.9.2", "3.1"}, /* the CI that it signs under */
                 {BENCH_SIGNATURE1, "8.1", "6.1"},
                 {BENCH_EUICC_CERT, "8.1.3", "6.1"},
                 {BENCH_EUM_CERT, "8.1.2", "6.1"}};

    start();
    ds.bench.fault = flip_last;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *answer;

        faulty = cases[i].point;
        answer = bench_initiate(&ds.bench);
        if (bench_is_success(answer)) {
            json_decref(answer);
            answer = bench_authenticate(&ds.bench);
        }
        bench_expect(answer, cases[i].subject, cases[i].reason);
    }
    ds.bench.fault = svn_3;
    bench_expect(bench_initiate(&ds.bench), "8.9.3", "3.1");
    ds.bench.fault = NULL;
    ds.bench.address = "elsewhere.example";
    bench_expect(bench_initiate(&ds.bench), "8.9.1", "3.8");
    ck_assert_uint_le(smds_session_count(&ds.smds), 5);
    stop();
}
END_TEST

START_TEST(needs_its_own_certificate)
{
    const char *why = NULL;

    start();
    ck_assert(!rsp_server_add_credentials(&ds.smds.rsp, smds_bench_credentials(&ds.bench.ci.dp_auth), &why));
    ck_assert_ptr_nonnull(why);
    ck_assert_uint_eq(ds.smds.rsp.credentials_count, 1);
    stop();
}
END_TEST

/* The server's signature is that of its DSauth certificate, which the answer carries. */
START_TEST(shows_an_smds_certificate)
{
    json_t *answer;
    struct buf der = {0}, signed1 = {0}, signature = {0};
    struct cert *cert;
    struct span whole, value;

    start();
    answer = bench_initiate(&ds.bench);
    bench_take(answer, "serverCertificate", &der);
    bench_take(answer, "serverSigned1", &signed1);
    bench_take(answer, "serverSignature1", &signature);
    cert = cert_parse(buf_span(&der), NULL);
    ck_assert_ptr_nonnull(cert);
    ck_assert_int_eq(cert_role(cert), CERT_ROLE_DS_AUTH);
    ck_assert_int_eq(tlv_single(buf_span(&signature), 0x5F37, &value), TLV_OK);
    whole = buf_span(&signed1);
    ck_assert(ec_verify(cert_key(cert), &whole, 1, value));
    cert_free(cert);
    buf_free(&der);
    buf_free(&signed1);
    buf_free(&signature);
    json_decref(answer);
    stop();
}
END_TEST

/* One octet more or less of what JSON carries in base64 is the binding's; here is the other binding. */
static struct http_answer asn1(struct span body)
{
    return bench_request(&ds.bench, "POST", "/gsma/rsp2/asn1", "application/x-gsma-rsp-asn1",
                         "gsma/rsp/v2.2.2", body);
}

START_TEST(speaks_asn1)
{
    struct buf body = {0};
    size_t outer = tlv_open(&body, 0xA2), request = tlv_open(&body, 0xBF39);
    static const uint32_t error[] = {0xA2, 0xBF39, 0x81, 0}, ok[] = {0xA2, 0xBF39, 0xA0, 0x30, 0};
    static const uint8_t challenge[16] = {1};
    struct http_answer answer;
    struct span value;

    start();
    tlv_put(&body, 0x81, SPAN_ARRAY(challenge));
    tlv_put_string(&body, 0x83, BENCH_ADDRESS);
    bench_put_info1(&ds.bench, &body);
    tlv_close(&body, request);
    tlv_close(&body, outer);
    answer = asn1(buf_span(&body));
    ck_assert_int_eq(answer.code, 200);
    ck_assert(tlv_find_path(buf_span(&answer.body), ok, &value));
    buf_free(&answer.body);
    ds.smds.rsp.addresses = 0;
    ck_assert(rsp_server_add_address(&ds.smds.rsp, "elsewhere.example"));
    answer = asn1(buf_span(&body));
    ck_assert(tlv_find_path(buf_span(&answer.body), error, &value));
    ck_assert_span(value, hex("01")); /* invalidDpAddress */
    buf_free(&answer.body);
    /* AuthenticateClient of a session that is none: BF40 with ES11's own number, invalidTransactionId */
    answer = asn1(hex("A2 0C BF3B 09 80 01 AA BF38 03 A1 01 00"));
    ck_assert_int_eq(answer.code, 200);
    ck_assert_span(buf_span(&answer.body), hex("A2 06 BF40 03 81 01 07"));
    buf_free(&answer.body);
    /* what ES11 has not */
    answer = asn1(hex("A2 08 BF3A 05 80 01 AA BF21 00"));
    ck_assert_int_eq(answer.code, 400);
    buf_free(&answer.body);
    buf_free(&body);
    stop();
}
END_TEST

/* --- ES12 ----------------------------------------------------------------------------------------------- */

START_TEST(events_have_one_owner)
{
    start();
    bench_success(add("a", TEST_EID, "E-1"));
    bench_expect(add("a", TEST_EID, "E-1"), "8.9.5", "3.3");
    bench_expect(take("b", TEST_EID, "E-1"), "8.9.5", "3.9");
    bench_expect(take("a", OTHER_EID, "E-1"), "8.9.5", "3.9");
    bench_expect(take("a", TEST_EID, "E-2"), "8.9.5", "3.9");
    /* nobody could be sent there: it would end in an activation code */
    bench_expect(es12("registerEvent", "a", TEST_EID, "E-2", "smdp.example.com$1", false), "1.6", "2.1");
    expect_events(NULL, "E-1");
    bench_success(take("a", TEST_EID, "E-1"));
    bench_expect(take("a", TEST_EID, "E-1"), "8.9.5", "3.9");
    expect_events(NULL, "");
    ck_assert_uint_eq(ds.errands_told, 0);
    stop();
}
END_TEST

/* With TLS certificates their OID counts, and no word of the header. */
START_TEST(owners_by_certificate)
{
    json_t *events;

    start();
    ds.door.by_certificate = true;
    bench_expect(add("a", TEST_EID, "E-1"), "1.1", "1.2");
    ds.client_cert = buf_span(&ds.bench.euicc.der); /* has no OID */
    bench_expect(add("a", TEST_EID, "E-1"), "1.1", "1.2");
    ds.client_cert = buf_span(&ds.bench.ci.dp_auth.der);
    bench_success(add("a", TEST_EID, "E-1"));
    bench_expect(add("b", TEST_EID, "E-1"), "8.9.5", "3.3");
    events = bench_get(&ds.bench, "/events");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(events, 0), "owner")), TEST_OID);
    json_decref(events);
    ds.client_cert = buf_span(&ds.bench.ci.dp2_pb.der);
    bench_expect(take("a", TEST_EID, "E-1"), "8.9.5", "3.9");
    ds.client_cert = buf_span(&ds.bench.ci.dp_auth.der);
    bench_success(take("b", TEST_EID, "E-1"));
    stop();
}
END_TEST

START_TEST(keeps_within_its_limits)
{
    start();
    for (unsigned i = 0; i < 3; i++) {
        char name[8];

        snprintf(name, sizeof(name), "E-%u", i);
        bench_success(add("a", TEST_EID, name));
    }
    bench_expect(add("a", TEST_EID, "E-3"), "8.9", "4.8");
    bench_success(add("a", OTHER_EID, "E-3"));
    bench_success(add("a", OTHER_EID, "E-4"));
    bench_expect(add("a", OTHER_EID, "E-5"), "8.9", "4.8");
    bench_success(take("a", TEST_EID, "E-0"));
    bench_success(add("a", OTHER_EID, "E-5"));
    stop();
}
END_TEST

START_TEST(forgets_old_events)
{
    start();
    ds.smds.options.lifetime = 100;
    bench_success(add("a", TEST_EID, "old"));
    bench_success(add("a", TEST_EID, "new"));
    ck_assert(
        db_run(ds.smds.store, "UPDATE event SET created = created - 200 WHERE event_id = 'old'", DB_NONE));
    expect_events(NULL, "new");
    bench_success(add("a", TEST_EID, "old"));
    stop();
}
END_TEST

START_TEST(opens_only_its_doors)
{
    static const struct {
        bool es11, es12;
        const char *method, *path;
        int code;
    } cases[] = {
        {true, false, "POST", "/gsma/rsp2/es12/registerEvent", 404},
        {true, false, "POST", "/gsma/rsp2/es9plus/initiateAuthentication", 200},
        {true, false, "POST", "/gsma/rsp2/es11/initiateAuthentication", 200},
        {true, false, "POST", "/gsma/rsp2/es9plus/getBoundProfilePackage", 404},
        {true, false, "POST", "/gsma/rsp2/es9plus/handleNotification", 404},
        {true, false, "GET", "/", 200},
        {true, false, "GET", "/events", 200},
        {true, false, "GET", "/orders", 404},
        {true, false, "POST", "/events", 405},
        {false, true, "POST", "/gsma/rsp2/es12/registerEvent", 200},
        {false, true, "POST", "/gsma/rsp2/es15/deleteEvent", 200},
        {false, true, "POST", "/gsma/rsp2/es12/forgetEvent", 404},
        {false, true, "GET", "/gsma/rsp2/es12/registerEvent", 405},
        {false, true, "POST", "/gsma/rsp2/es9plus/initiateAuthentication", 404},
        {false, true, "POST", "/gsma/rsp2/asn1", 404},
        {false, true, "GET", "/events", 404},
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_answer answer;

        ds.door = (struct smds_door){.es11 = cases[i].es11, .es12 = cases[i].es12};
        answer = bench_request(&ds.bench, cases[i].method, cases[i].path, "application/json",
                               "gsma/rsp/v2.2.2", SPAN_STRING("{}"));
        ck_assert_msg(answer.code == cases[i].code, "case %zu: %d", i, answer.code);
        buf_free(&answer.body);
    }
    stop();
}
END_TEST

/* --- The Root ------------------------------------------------------------------------------------------- */

static void expect_errand(bool is_delete, const char *root_id)
{
    struct errand errand;

    ck_assert(smds_store_errand(ds.smds.store, smds_now(), &errand));
    ck_assert_int_eq(errand.is_delete, is_delete);
    ck_assert_str_eq(errand.eid, TEST_EID);
    ck_assert_str_eq(errand.root_id, root_id);
}

START_TEST(tells_the_root)
{
    struct event_record event;
    struct errand errand;
    bool failed;

    start();
    bench_success(es12("registerEvent", "a", TEST_EID, "E-1", "smdp.example.com", true));
    ck_assert_uint_eq(ds.errands_told, 0); /* it is the Root */
    ds.smds.options.has_root = true;
    bench_success(add("a", TEST_EID, "E-2"));
    ck_assert_uint_eq(ds.errands_told, 0); /* nobody asked */
    bench_success(es12("registerEvent", "a", TEST_EID, "E-3", "smdp.example.com", true));
    ck_assert_uint_eq(ds.errands_told, 1);
    ck_assert(smds_store_find(ds.smds.store, "a", TEST_EID, "E-3", &event, &failed));
    ck_assert_uint_ge(strlen(event.root_id), 16);
    ck_assert_str_ne(event.root_id, "E-3");
    expect_errand(false, event.root_id);
    expect_events(event.root_id, "E-3");
    expect_events(NULL, "E-1 E-2 E-3");
    bench_success(take("a", TEST_EID, "E-3"));
    ck_assert_uint_eq(ds.errands_told, 2);
    ck_assert_int_eq(smds_store_errands(ds.smds.store), 1); /* not to register it, too */
    expect_errand(true, event.root_id);
    ck_assert(smds_store_errand(ds.smds.store, smds_now(), &errand));
    ck_assert(smds_store_errand_later(ds.smds.store, errand.id, smds_now() + 100));
    ck_assert(!smds_store_errand(ds.smds.store, smds_now(), &errand));
    ck_assert(smds_store_errand(ds.smds.store, smds_now() + 200, &errand));
    ck_assert_int_eq(errand.tries, 1);
    ck_assert(smds_store_errand_done(ds.smds.store, errand.id));
    ck_assert_int_eq(smds_store_errands(ds.smds.store), 0);
    stop();
}
END_TEST

START_TEST(remembers_in_a_file)
{
    start();
    remove(test_path("smds.db"));
    db_close(ds.smds.store);
    open_store(test_path("smds.db"));
    bench_success(add("a", TEST_EID, "E-1"));
    db_close(ds.smds.store);
    open_store(test_path("smds.db"));
    expect_events(NULL, "E-1");
    stop();
}
END_TEST

static void expect_page(const char *query, int code, size_t count, int64_t first)
{
    struct http_answer answer;
    const struct http_request request = {.method = "GET", .path = "/events", .query = query};
    json_t *rows;

    smds_answer(&ds.smds, &ds.door, &request, &answer);
    ck_assert_int_eq(answer.code, code);
    rows = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);
    ck_assert_int_eq(json_is_array(rows), code == 200);
    if (code == 200) {
        ck_assert_uint_eq(json_array_size(rows), count);
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(rows, 0), "id")), first);
    }
    json_decref(rows);
    buf_free(&answer.body);
}

START_TEST(shows_events_in_pages)
{
    start();
    ds.smds.options.events_max = ds.smds.options.per_eid_max = 2 * PAGE_ROWS_DEFAULT;
    for (unsigned i = 0; i <= PAGE_ROWS_DEFAULT; i++) {
        char name[8];

        snprintf(name, sizeof(name), "E-%u", i);
        bench_success(add("a", TEST_EID, name));
    }
    expect_page(NULL, 200, PAGE_ROWS_DEFAULT, 1);
    expect_page("after=100", 200, 1, 101);
    expect_page("after=101", 200, 0, 0);
    expect_page("limit=1000", 200, PAGE_ROWS_DEFAULT + 1, 1);
    expect_page("after=7&limit=2", 200, 2, 8);
    expect_page("limit=1001", 400, 0, 0);
    expect_page("after=E-1", 400, 0, 0);
    expect_page("before=1", 400, 0, 0);
    ck_assert(db_run(ds.smds.store, "ALTER TABLE event RENAME TO gone", DB_NONE));
    expect_page(NULL, 500, 0, 0);
    stop();
}
END_TEST

TEST_MAIN("smds", gives_events_to_their_card, refuses_as_an_smds, needs_its_own_certificate,
          shows_an_smds_certificate, speaks_asn1, events_have_one_owner, owners_by_certificate,
          keeps_within_its_limits, forgets_old_events, opens_only_its_doors, tells_the_root,
          remembers_in_a_file, shows_events_in_pages)
