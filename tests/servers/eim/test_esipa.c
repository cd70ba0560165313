/*
 * servers/eim's network side: ESipa messages well and badly formed, indirect downloads through a real SM-DP+,
 * notifications that wait for their SM-DP+.
 */
#include "apdu/tlv.h"
#include "tests/support/esipa.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static struct esipa_bench bench;

#define DIRECT_FEATURES  "0640" /* indirectRspServerCommunication */
#define HANDLES_FEATURES "0560" /* and eimDownloadDataHandling */
#define CTX_FEATURES     "0470" /* and eimCtxParams1Generation */
#define VERIFY_FEATURES  "0348" /* indirect, eimProfileMetadataVerification */

/* A download order for the SM-DP+ of this bench. */
static const char *activation(const char *more)
{
    static char text[200];

    snprintf(text, sizeof(text), "{\"activationCode\":\"1$%s$demo\"%s}", bench.address, more);
    return text;
}

/* --- Messages ------------------------------------------------------------------------------------------- */

START_TEST(answers_polls)
{
    esipa_bench_start(&bench);
    esipa_bench_expect(&bench, "BF4F00", ESIPA_ANSWERED, "BF4F03020104");       /* missingEid */
    esipa_bench_expect(&bench, "BF4F035A0189", ESIPA_ANSWERED, "BF4F03020103"); /* invalidEid */
    esipa_bench_expect(&bench, "BF4F028000", ESIPA_ANSWERED, "BF4F03020104");
    esipa_bench_expect(&bench, "BF4F03800100", ESIPA_ANSWERED, "BF4F0302017F");   /* a NULL with content */
    esipa_bench_expect(&bench, "BF4F028100", ESIPA_ANSWERED, "BF4F0302017F");     /* an empty INTEGER */
    esipa_bench_expect(&bench, "BF4F0482020102", ESIPA_ANSWERED, "BF4F0302017F"); /* rPLMN of two octets */
    esipa_bench_expect(&bench, "BF4F025A05", ESIPA_ANSWERED, "BF4F0302017F");     /* cut off inside */
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    /* The list of profiles is asked for next: a package, signed. */
    ck_assert_int_eq(esipa_bench_send(&bench, hex("BF4F1C5A10" TEST_EID "8000810101820362F210")),
                     ESIPA_ANSWERED);
    ck_assert_uint_gt(bench.answer.size, 100);
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(refuses_what_is_no_message)
{
    static const char *const messages[] = {
        "",       "00",           "BF4F",       "BF4F01",   "BF4F8000", "BF4F00BF4F00",     "30020500",
        "BF3800", "BF3D00",       "BF3D02A000", "BF3D0400", "BF5000",   "BF3D06A004300200", "FFFFFFFFFF",
        "A2",     "BF3D03BF3700",
    };

    esipa_bench_start(&bench);
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (strcmp(messages[i], "BF5000") == 0)
            esipa_bench_expect(&bench, messages[i], ESIPA_ANSWERED, "BF500302017F");
        else
            esipa_bench_expect(&bench, messages[i], ESIPA_MALFORMED, "");
    }
    esipa_bench_expect(&bench, "BF4E020500", ESIPA_UNSUPPORTED, ""); /* inject mode */
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(tells_whose_a_message_is)
{
    static const struct {
        const char *message, *eid; /* NULL: nobody's */
    } cases[] = {
        {"BF4F125A10" TEST_EID, TEST_EID},
        {"BF4F155A10" TEST_EID "810101", TEST_EID},
        {"BF4F035A0189", "89"},
        {"BF4F025A00", ""},
        {"BF50125A10" TEST_EID, TEST_EID},
        {"BF3D15BF50125A10" TEST_EID, TEST_EID},
        {"BF3D14A1125A10" TEST_EID, TEST_EID}, /* v1.0 */
        {"BF4F00", NULL},
        {"BF4F028000", NULL},
        {"BF4F058101015A00", NULL}, /* out of its place: not looked for there either */
        {"BF4F025A05", NULL},       /* cut off */
        {"BF50023000", NULL},
        {"BF3D14A0125A10" TEST_EID, NULL}, /* pendingNotification */
        {"BF3B125A10" TEST_EID, NULL},     /* another function */
        {"", NULL},
        {"BF4F", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span eid = esipa_eid(hex(cases[i].message));
        char text[40];

        ck_assert_int_eq(eid.data != NULL, cases[i].eid != NULL);
        if (eid.data != NULL)
            ck_assert_str_eq(hex_from_span(eid, text, sizeof(text)), cases[i].eid);
    }
}
END_TEST

START_TEST(answers_results)
{
    esipa_bench_start(&bench);
    esipa_bench_expect(&bench, "BF50055A01898400", ESIPA_ANSWERED, "BF5003020103");
    esipa_bench_expect(&bench, "BF50195A10" TEST_EID "BF510430020500", ESIPA_ANSWERED, "BF500302017F");
    /* v1.0: no eidValue, the answer an empty SEQUENCE */
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    esipa_bench_order(&bench, activation(""));
    {
        struct buf result = {0};
        size_t outer = tlv_open(&result, 0xBF50), inner = tlv_open(&result, 0xBF54), error;

        tlv_put(&result, 0x82, bench.eim_transaction);
        error = tlv_open(&result, 0x30);
        tlv_put_unsigned(&result, 0x80, 127);
        tlv_close(&result, error);
        tlv_close(&result, inner);
        tlv_close(&result, outer);
        ck_assert_int_eq(esipa_bench_send(&bench, buf_span(&result)), ESIPA_ANSWERED);
        ck_assert_hex(buf_span(&bench.answer), "BF5000");
        buf_free(&result);
    }
    esipa_bench_stop(&bench);
}
END_TEST

/* --- Indirect downloads --------------------------------------------------------------------------------- */

/* What the SM-DP+ has heard of installations. */
static size_t notifications_at_smdp(void)
{
    json_t *list = bench_get(&bench.dp, "/notifications");
    size_t count = json_array_size(list);

    json_decref(list);
    return count;
}

static void wait_for_notifications(size_t count)
{
    for (unsigned i = 0; i < 200 && notifications_at_smdp() < count; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_uint_eq(notifications_at_smdp(), count);
}

static void download(int64_t order)
{
    struct buf metadata = {0}, package = {0};

    bench_success(bench_initiate(&bench.dp));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "initiated");
    bench_success(bench_authenticate(&bench.dp));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "authenticated");
    bench_success(bench_prepare(&bench.dp));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "bound");
    bench_open_bpp(&bench.dp, false, &metadata, &package);
    buf_free(&metadata);
    buf_free(&package);
    ck_assert_int_eq(bench_install_result(&bench.dp, -1), 204);
}

START_TEST(relays_a_download)
{
    int64_t order;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    order = esipa_bench_order(&bench, activation(""));
    download(order);
    wait_for_notifications(1);
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 204);
    wait_for_notifications(2);
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(relays_compact_forms)
{
    int64_t order;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    bench.dp.fault = esipa_bench_compact;
    order = esipa_bench_order(&bench, activation(""));
    download(order);
    wait_for_notifications(1);
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 204);
    wait_for_notifications(2);
    order = esipa_bench_order(&bench, activation(""));
    bench_until_offered(&bench.dp);
    bench_success(bench_cancel(&bench.dp, 1));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "cancelled");
    esipa_bench_stop(&bench);
}
END_TEST

/* Without eimTransactionId the order is found by the eUICC's certificate. */
START_TEST(relays_for_a_v1_ipa)
{
    int64_t order;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    order = esipa_bench_order(&bench, activation(""));
    bench.eim_transaction = SPAN_NONE;
    bench_success(bench_initiate(&bench.dp));
    bench_success(bench_authenticate(&bench.dp));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "authenticated");
    bench_success(bench_prepare(&bench.dp));
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(goes_on_after_a_restart)
{
    int64_t order;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    order = esipa_bench_order(&bench, activation(""));
    bench_success(bench_initiate(&bench.dp));
    esipa_bench_restart_relay(&bench);
    bench_success(bench_authenticate(&bench.dp));
    esipa_bench_restart_relay(&bench);
    bench.dp.fault = esipa_bench_compact; /* what was left out went with the session */
    bench_expect(bench_prepare(&bench.dp), "asn1", "127");
    bench.dp.fault = NULL;
    bench_success(bench_prepare(&bench.dp));
    ck_assert_str_eq(esipa_bench_progress(&bench, order), "bound");
    esipa_bench_stop(&bench);
}
END_TEST

/* --- What the eIM adds ---------------------------------------------------------------------------------- */

START_TEST(knows_address_and_matching_id)
{
    struct buf expected = {0};

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, HANDLES_FEATURES);
    esipa_bench_order(&bench, activation(""));
    bench.leaves_data = true;
    bench_success(bench_initiate(&bench.dp));
    tlv_put_string(&expected, 0x0C, "demo");
    ck_assert_span(buf_span(&bench.extras), buf_span(&expected));
    bench_success(bench_authenticate(&bench.dp));
    buf_free(&expected);
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(makes_ctx_params1)
{
    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, CTX_FEATURES);
    esipa_bench_order(&bench, activation(""));
    bench.leaves_data = true;
    bench_success(bench_initiate(&bench.dp));
    ck_assert_hex(buf_span(&bench.extras), "0C0464656D6F A212A010800464656D6FA108800435290611A100");
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(gives_the_confirmation_code)
{
    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    bench_success(bench_es2p(&bench.dp, "downloadOrder", json_pack("{s:s}", "iccid", BENCH_ICCID)));
    bench_success(bench_es2p(&bench.dp, "confirmOrder",
                             json_pack("{s:s,s:s,s:s,s:b}", "iccid", BENCH_ICCID, "matchingId", "demo",
                                       "confirmationCode", "1234", "releaseFlag", true)));
    esipa_bench_order(&bench, activation(",\"confirmationCode\":\"1234\""));
    bench_until_offered(&bench.dp);
    ck_assert_uint_eq(bench.extras.size, 34);
    ck_assert_uint_eq(bench.extras.data[0], 0x04);
    bench.dp.code = NULL; /* the eUICC has not got it: */
    bench_expect(bench_prepare(&bench.dp), "asn1", "2");
    bench.dp.code = "4321";
    bench_expect(bench_prepare(&bench.dp), "asn1", "3");
    bench.dp.code = "1234"; /* as what the eIM gave says */
    bench_success(bench_prepare(&bench.dp));
    esipa_bench_stop(&bench);
}
END_TEST

static void write_metadata(const char *json)
{
    FILE *file = fopen(test_path("profiles/demo.json"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(json, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Our SM-DP+ delivers nothing but what it has offered; here it is made to forget what that was. */
static void take_for_offered(struct smdpp *smdpp)
{
    const struct profile *profile;

    smdpp_refresh_profiles(smdpp);
    profile = profile_catalogue_by_name(smdpp->catalogue, "demo");
    ck_assert_ptr_nonnull(profile);
    ck_assert_ptr_nonnull(LIST_FIRST(&smdpp->sessions));
    memcpy(LIST_FIRST(&smdpp->sessions)->profile_digest, profile->digest, sizeof(profile->digest));
}

START_TEST(verifies_metadata)
{
    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, VERIFY_FEATURES);
    esipa_bench_order(&bench, activation(""));
    bench_until_offered(&bench.dp);
    ck_assert(bench.metadata_left_out);
    write_metadata("{\"profileName\": \"Another one\"}");
    take_for_offered(&bench.dp.smdpp);
    bench_expect(bench_prepare(&bench.dp), "asn1", "50");
    bench_until_bound(&bench.dp);
    esipa_bench_stop(&bench);
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------------------------- */

static void end_order(void)
{
    struct eim_order order;

    ck_assert(eim_order_outstanding(&bench.eim, TEST_EID, &order));
    eim_order_end(&bench.eim, &order, "given up", NULL);
    eim_order_clear(&order);
}

START_TEST(refuses_beginnings)
{
    char message[300], address[80];
    const char *const allowed[] = {address, bench.address};

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    /* not well-formed: no challenge, a short one, an eimTransactionId too long */
    esipa_bench_expect(&bench, "BF3900", ESIPA_ANSWERED, "BF390381017F");
    esipa_bench_expect(&bench, "BF3906810401020304", ESIPA_ANSWERED, "BF390381017F");
    /* no address, and no order that says one: invalidDpAddress */
    esipa_bench_expect(&bench, "BF3912811000112233445566778899AABBCCDDEEFF", ESIPA_ANSWERED, "BF3903810101");
    /* invalidEimTransactionId */
    esipa_bench_expect(&bench, "BF3915811000112233445566778899AABBCCDDEEFF820101", ESIPA_ANSWERED,
                       "BF3903810134");
    /* an address that is none */
    snprintf(message, sizeof(message),
             "BF391F811000112233445566778899AABBCCDDEEFF8303612F62BF20058203020202");
    esipa_bench_expect(&bench, message, ESIPA_ANSWERED, "BF3903810101");
    /* nobody there: a port that was free a moment ago */
    snprintf(address, sizeof(address), "localhost:1");
    relay_allow(bench.relay, allowed, 2);
    bench.dp.address = address;
    bench_expect(bench_initiate(&bench.dp), "asn1", "127");
    /* smdpAddressMismatch: the order names another one; the SM-DP+ calls itself otherwise */
    bench.dp.address = bench.address;
    esipa_bench_order(&bench, "{\"activationCode\":\"1$other.example.com$demo\"}");
    bench_expect(bench_initiate(&bench.dp), "asn1", "50");
    bench.eim_transaction = SPAN_NONE;
    bench_success(bench_initiate(&bench.dp));
    /* smdpOidMismatch */
    end_order();
    snprintf(message, sizeof(message), "{\"activationCode\":\"1$%s$demo$2.999.11\"}", bench.address);
    esipa_bench_order(&bench, message);
    bench_expect(bench_initiate(&bench.dp), "asn1", "51");
    end_order();
    snprintf(message, sizeof(message), "{\"activationCode\":\"1$%s$demo$" TEST_OID "\"}", bench.address);
    esipa_bench_order(&bench, message);
    bench_success(bench_initiate(&bench.dp));
    strcpy(bench.dp.smdpp.dp.rsp.address[0], "elsewhere:1"); /* so that it refuses: */
    bench_expect(bench_initiate(&bench.dp), "asn1", "1");
    esipa_bench_stop(&bench);
}
END_TEST

static void other_euicc(struct bench *dp, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_EUICC_CERT) {
        buf_clear(octets);
        buf_append(octets, buf_span(&dp->ci.dp_auth.der));
    }
}

static void damaged_compact(struct bench *dp, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_SIGNATURE1 || point == BENCH_SIGNATURE2 || point == 0)
        octets->data[10] ^= 1;
    esipa_bench_compact(dp, point, octets);
}

START_TEST(refuses_signatures_over_compact_forms)
{
    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    esipa_bench_order(&bench, activation(""));
    bench_success(bench_initiate(&bench.dp));
    bench.dp.fault = damaged_compact;
    bench_expect(bench_authenticate(&bench.dp), "asn1", "5");
    bench.dp.fault = esipa_bench_compact;
    bench_success(bench_authenticate(&bench.dp));
    bench.dp.fault = damaged_compact;
    bench_expect(bench_prepare(&bench.dp), "asn1", "1");
    bench_expect(bench_cancel(&bench.dp, 0), "asn1", "2");
    ck_assert_int_eq(bench_install_result(&bench.dp, -1), 400);
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 400);
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(refuses_sessions_it_does_not_know)
{
    esipa_bench_start(&bench);
    esipa_bench_expect(&bench, "BF3B088001 01BF380281 00", ESIPA_ANSWERED, "BF3B0382010A");
    esipa_bench_expect(&bench, "BF3A08800101BF21028100", ESIPA_ANSWERED, "BF3A0381015F");
    esipa_bench_expect(&bench, "BF4108800101A103810105", ESIPA_ANSWERED, "BF4103810101");
    esipa_bench_expect(&bench, "BF4109800101BF4103810105", ESIPA_ANSWERED, "BF4103810101");
    esipa_bench_expect(&bench, "BF3B00", ESIPA_ANSWERED, "BF3B0382017F");
    esipa_bench_expect(&bench, "BF3A028000", ESIPA_ANSWERED, "BF3A0381017F");
    esipa_bench_expect(&bench, "BF4103800101", ESIPA_ANSWERED, "BF410381017F");
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(refuses_another_euicc)
{
    struct test_entity other = {0};
    const struct cert_request request = {.role = CERT_ROLE_EUICC,
                                         .organization = "softeuicc tests",
                                         .common_name = "Test eUICC",
                                         .serial_number = "89049032123451234512345678901243",
                                         .not_before = 1577836800,
                                         .not_after = 2524608000};

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    esipa_bench_order(&bench, activation(""));
    bench_success(bench_initiate(&bench.dp));
    bench.dp.fault = other_euicc; /* a certificate without an EID: the SM-DP+ says */
    bench_expect(bench_authenticate(&bench.dp), "asn1", "3");
    bench.dp.fault = NULL;
    test_entity_request(&other, &request, EC_CURVE_P256, &bench.dp.ci.eum);
    test_entity_free(&bench.dp.euicc);
    bench.dp.euicc = other;
    bench_expect(bench_authenticate(&bench.dp), "asn1", "7"); /* eidMismatch, before it is relayed */
    esipa_bench_stop(&bench);
}
END_TEST

/* --- Notifications -------------------------------------------------------------------------------------- */

static int64_t waiting(void)
{
    return db_number(bench.eim.db, -1, "SELECT count(*) FROM notification WHERE forward = 1", DB_NONE);
}

START_TEST(keeps_notifications_for_an_smdp_that_is_away)
{
    const char *const allowed = bench.address;

    esipa_bench_start(&bench);
    relay_allow(bench.relay, &allowed, 1);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    bench.stub.code = 503;
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 204); /* the IPA is rid of it */
    ck_assert_int_eq(bench_notify(&bench.dp, 2, BENCH_ICCID), 204);
    for (unsigned i = 0; i < 100 && bench.stub.requests < 1; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_uint_ge(bench.stub.requests, 1);
    bench.stub.code = 0; /* it is back; the eIM has been restarted since */
    esipa_bench_restart_relay(&bench);
    relay_allow(bench.relay, &allowed, 1);
    ck_assert(db_run(bench.eim.db, "UPDATE notification SET next_try = 0", DB_NONE));
    relay_forward(bench.relay);
    wait_for_notifications(2);
    for (unsigned i = 0; i < 100 && waiting() > 0; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_int_eq(waiting(), 0);
    esipa_bench_stop(&bench);
}
END_TEST

static struct buf caught;

static void catch_notification(struct bench *dp, enum bench_point point, struct buf *octets)
{
    (void)dp;
    if (point == BENCH_NOTIFICATION) {
        buf_clear(&caught);
        buf_append(&caught, buf_span(octets));
        buf_clear(octets);
        buf_append(octets, hex("0400"));
    }
}

/* What cannot be restored stays with the IPA; what comes with it in a list is taken. */
START_TEST(leaves_out_of_a_list_what_it_cannot_restore)
{
    static const uint32_t path[] = {0xBF4F, 0xBF52, 0x83, 0};
    struct buf message = {0};
    struct span id;
    size_t marks[4];

    esipa_bench_start(&bench);
    bench.dp.fault = catch_notification;
    ck_assert_int_eq(bench_notify(&bench.dp, 1, BENCH_ICCID), 400);
    ck_assert_int_eq(esipa_bench_send(&bench, hex("BF4F125A10" TEST_EID)), ESIPA_ANSWERED);
    ck_assert(tlv_find_path(buf_span(&bench.answer), path, &id));
    marks[0] = tlv_open(&message, 0xBF50);
    tlv_put(&message, 0x5A, hex(TEST_EID));
    marks[1] = tlv_open(&message, 0xBF52);
    marks[2] = tlv_open(&message, 0xA0);
    marks[3] = tlv_open(&message, 0xA0);
    buf_append(&message, hex("A100"));
    buf_append(&message, buf_span(&caught));
    buf_append(&message, hex("A016A00E800101020101A206A0044F0200125F3703010203"));
    tlv_close(&message, marks[3]);
    tlv_put(&message, 0x87, id);
    tlv_close(&message, marks[2]);
    tlv_close(&message, marks[1]);
    tlv_close(&message, marks[0]);
    ck_assert_int_eq(esipa_bench_send(&bench, buf_span(&message)), ESIPA_ANSWERED);
    ck_assert_hex(buf_span(&bench.answer), "BF5006BF5303800101"); /* the one that was taken */
    ck_assert_int_eq(db_number(bench.eim.db, -1, "SELECT count(*) FROM notification", DB_NONE), 1);
    buf_free(&message);
    buf_free(&caught);
    esipa_bench_stop(&bench);
}
END_TEST

TEST_MAIN("esipa", answers_polls, refuses_what_is_no_message, tells_whose_a_message_is, answers_results,
          relays_a_download, relays_compact_forms, relays_for_a_v1_ipa, goes_on_after_a_restart,
          knows_address_and_matching_id, makes_ctx_params1, gives_the_confirmation_code, verifies_metadata,
          refuses_beginnings, refuses_signatures_over_compact_forms, refuses_sessions_it_does_not_know,
          refuses_another_euicc, keeps_notifications_for_an_smdp_that_is_away,
          leaves_out_of_a_list_what_it_cannot_restore)
