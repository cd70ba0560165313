/* servers/smdpp: ES9+ from the first request to the notification, honest and with an eUICC that lies. */
#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "tests/support/edit.h"
#include "tests/support/smdpp.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench;

/* --- Honest --------------------------------------------------------------------------------------------- */

static void check_answer_of_initiate(const json_t *answer)
{
    struct buf octets = {0};
    struct buf signature = {0};
    struct span content, value, whole;
    struct tlv_reader reader;

    bench_take(answer, "serverSigned1", &octets);
    whole = buf_span(&octets);
    ck_assert_int_eq(tlv_single(whole, 0x30, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require_sized(&reader, 0x80, 16, 16, &value));
    ck_assert_span(value, SPAN_ARRAY(bench.transaction_id));
    ck_assert(tlv_require(&reader, 0x81, &value));
    ck_assert_hex(value, "01020300000000000000000000000000");
    ck_assert(tlv_require(&reader, 0x83, &value));
    ck_assert_span(value, span_of_string(BENCH_ADDRESS));
    ck_assert(tlv_require_sized(&reader, 0x84, 16, 16, &value) && tlv_finish(&reader));
    bench_take(answer, "serverSignature1", &signature);
    ck_assert_int_eq(tlv_single(buf_span(&signature), 0x5F37, &value), TLV_OK);
    ck_assert(ec_verify(bench.ci.dp_auth.key, &whole, 1, value));
    bench_take(answer, "euiccCiPKIdToBeUsed", &octets);
    ck_assert_int_eq(tlv_single(buf_span(&octets), 0x04, &value), TLV_OK);
    ck_assert_span(value, SPAN_ARRAY(bench.ci.key_id));
    bench_take(answer, "serverCertificate", &octets);
    ck_assert_span(buf_span(&octets), buf_span(&bench.ci.dp_auth.der));
    buf_free(&octets);
    buf_free(&signature);
}

static void check_offer(bool code_required)
{
    struct span parts[2] = {buf_span(&bench.smdp_signed2), buf_span(&bench.signature1)};
    struct span content, value;
    struct tlv_reader reader;

    ck_assert_int_eq(tlv_single(buf_span(&bench.smdp_signature2), 0x5F37, &value), TLV_OK);
    ck_assert(ec_verify(bench.ci.dp_pb.key, parts, 2, value));
    ck_assert_span(buf_span(&bench.smdp_certificate), buf_span(&bench.ci.dp_pb.der));
    ck_assert_int_eq(tlv_single(parts[0], 0x30, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0x80, &value) && tlv_require(&reader, 0x01, &value));
    ck_assert_hex(value, code_required ? "FF" : "00");
}

static void check_package(bool ppk)
{
    struct buf metadata = {0};
    struct buf package = {0};

    bench_open_bpp(&bench, ppk, &metadata, &package);
    ck_assert_span(buf_span(&metadata), buf_span(&bench.metadata));
    ck_assert_span(buf_span(&package), test_read_file(test_path("profiles/demo.der")));
    buf_free(&metadata);
    buf_free(&package);
}

static void download_on(enum ec_curve curve, bool ppk)
{
    json_t *answer;

    bench_start(&bench, curve);
    bench.smdpp.options.ppk = ppk;
    answer = bench_initiate(&bench);
    check_answer_of_initiate(answer);
    bench_success(answer);
    bench_success(bench_authenticate(&bench));
    check_offer(false);
    bench_success(bench_prepare(&bench));
    check_package(ppk);
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    bench_stop(&bench);
}

START_TEST(serves_a_download)
{
    download_on(EC_CURVE_P256, false);
    download_on(EC_CURVE_BRAINPOOL_P256R1, false);
    download_on(EC_CURVE_P256, true);
}
END_TEST

START_TEST(tells_what_the_metadata_says)
{
    struct span content, value;

    bench_start(&bench, EC_CURVE_P256);
    bench_until_offered(&bench);
    ck_assert_int_eq(tlv_single(buf_span(&bench.metadata), 0xBF25, &content), TLV_OK);
    ck_assert(tlv_find(content, 0x5A, &value));
    ck_assert_hex(value, "980011223344556677F8");
    ck_assert(tlv_find(content, 0x95, &value));
    ck_assert_hex(value, "02");
    ck_assert(tlv_find(content, 0xB6, &value));
    ck_assert_hex(value, "301B 80020470 8115 736D64702E6578616D706C652E636F6D3A38343433");
    bench_stop(&bench);
}
END_TEST

/* --- A lying eUICC -------------------------------------------------------------------------------------- */

static void flip_at(struct bench *b, enum bench_point point, struct buf *octets, enum bench_point when,
                    long offset)
{
    (void)b;
    if (point == when)
        edit_flip(octets, offset);
}

static const uint32_t list_path[] = {0xBF20, 0xAA, 0x04, 0};
static const uint32_t verification_path[] = {0xBF20, 0xA9, 0x04, 0};

static void other_signing_ci(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_INFO1)
        edit_value(octets, list_path, hex("0102030405060708090A0B0C0D0E0F1011121314"));
}

static void other_verification_ci(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_INFO1)
        edit_value(octets, verification_path, hex("0102030405060708090A0B0C0D0E0F1011121314"));
}

static void old_version(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_INFO1)
        edit_value(octets, EDIT_PATH(0xBF20, 0x82), hex("010000"));
}

static void new_version(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_INFO1)
        edit_value(octets, EDIT_PATH(0xBF20, 0x82), hex("030000"));
}

static void cut_info1(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_INFO1)
        octets->size--;
}

START_TEST(refuses_to_begin)
{
    static const struct {
        void (*fault)(struct bench *b, enum bench_point point, struct buf *octets);
        const char *subject, *reason;
    } cases[] = {
        {other_signing_ci, "8.8.2", "3.1"}, {other_verification_ci, "8.8.4", "3.7"},
        {old_version, "8.8.3", "3.1"},      {new_version, "8.8.3", "3.1"},
        {cut_info1, "1.6", "2.1"},
    };

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench.fault = cases[i].fault;
        bench_expect(bench_initiate(&bench), cases[i].subject, cases[i].reason);
    }
    ck_assert_uint_eq(smdpp_session_count(&bench.smdpp), 0);
    bench_stop(&bench);
}
END_TEST

static void bad_signature1(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_SIGNATURE1, -1);
}

static void bad_challenge(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED1)
        edit_value(octets, EDIT_PATH(0x30, 0x84), hex("00000000000000000000000000000000"));
}

static void bad_transaction1(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED1)
        edit_value(octets, EDIT_PATH(0x30, 0x80), hex("00000000000000000000000000000000"));
}

static void bad_address(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED1)
        edit_value(octets, EDIT_PATH(0x30, 0x83), SPAN_STRING("evil.example.com"));
}

static void no_info2(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED1)
        edit_remove(octets, EDIT_PATH(0x30, 0xBF22));
}

static void no_device_info(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED1)
        edit_remove(octets, EDIT_PATH(0x30, 0xA0, 0xA1));
}

static void broken_euicc_cert(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_EUICC_CERT, -1);
}

static void broken_eum_cert(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_EUM_CERT, -1);
}

/* A DPauth certificate of the same CI in the EUM's place. */
static void wrong_role(struct bench *b, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_EUM_CERT)
        edit_set(octets, buf_span(&b->ci.dp_auth.der));
}

/* An EUM of another CI altogether. */
static void foreign_eum(struct bench *b, enum bench_point point, struct buf *octets)
{
    struct test_ci other;

    (void)b;
    if (point != BENCH_EUM_CERT)
        return;
    test_ci_make(&other, EC_CURVE_P256);
    edit_set(octets, buf_span(&other.eum.der));
    test_ci_free(&other);
}

static void issue(struct bench *b, struct buf *octets, enum cert_role role, const char *eid,
                  int64_t not_after)
{
    struct cert_request request = {
        .role = role,
        .organization = "softeuicc tests",
        .common_name = "Test",
        .serial_number = eid,
        .oid = role == CERT_ROLE_EUM ? "2.999.5" : NULL,
        .eid_prefix = role == CERT_ROLE_EUM ? "89049032" : NULL,
        .not_before = 1577836800,
        .not_after = not_after,
    };
    bool eum = role == CERT_ROLE_EUM;

    buf_clear(octets);
    ck_assert(cert_issue(&request, eum ? b->ci.eum.key : b->euicc.key, eum ? b->ci.ci.cert : b->ci.eum.cert,
                         eum ? b->ci.ci.key : b->ci.eum.key, octets));
}

#define LONG_AGO 1609459200 /* 2021-01-01 */
#define FAR_AWAY 2524608000 /* 2050-01-01 */

static void foreign_eid(struct bench *b, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_EUICC_CERT)
        issue(b, octets, CERT_ROLE_EUICC, "89044000123451234512345678901235", FAR_AWAY);
}

static void expired_euicc(struct bench *b, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_EUICC_CERT)
        issue(b, octets, CERT_ROLE_EUICC, TEST_EID, LONG_AGO);
}

static void expired_eum(struct bench *b, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_EUM_CERT)
        issue(b, octets, CERT_ROLE_EUM, NULL, LONG_AGO);
}

static void cut_response(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_AUTHENTICATE)
        octets->size /= 2;
}

static void card_error(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_AUTHENTICATE)
        edit_set(octets, hex("BF3817 A115 8010 00112233445566778899AABBCCDDEEFF 020106"));
}

START_TEST(refuses_an_euicc)
{
    static const struct {
        void (*fault)(struct bench *b, enum bench_point point, struct buf *octets);
        const char *subject, *reason;
    } cases[] = {
        {bad_signature1, "8.1", "6.1"},
        {bad_challenge, "8.1", "6.1"},
        {bad_transaction1, "8.10.1", "3.9"},
        {bad_address, "8.1", "6.1"},
        {no_info2, "1.6", "2.1"},
        {no_device_info, "1.6", "2.1"},
        {broken_euicc_cert, "8.1.3", "6.1"},
        {broken_eum_cert, "8.1.2", "6.1"},
        {wrong_role, "8.1.2", "6.1"},
        {foreign_eum, "8.11.1", "3.9"},
        {foreign_eid, "8.1.3", "6.1"},
        {expired_euicc, "8.1.3", "6.3"},
        {expired_eum, "8.1.2", "6.3"},
        {cut_response, "1.6", "2.1"},
        {card_error, "8.1", "4.2"},
    };

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench.fault = NULL;
        bench_success(bench_initiate(&bench));
        bench.fault = cases[i].fault;
        bench_expect(bench_authenticate(&bench), cases[i].subject, cases[i].reason);
    }
    bench.fault = expired_euicc;
    bench.smdpp.dp.rsp.trust.ignore_expiry = true;
    bench_until_offered(&bench);
    bench_stop(&bench);
}
END_TEST

START_TEST(refuses_profiles)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(bench_initiate(&bench));
    bench.matching_id = "NOTHING";
    bench_expect(bench_authenticate(&bench), "8.2.6", "3.8");
    bench_expect(bench_authenticate(&bench), "8.10.1", "3.9"); /* the session is over */

    bench_success(bench_initiate(&bench));
    bench.matching_id = NULL;
    bench_expect(bench_authenticate(&bench), "8.1.1", "3.8");
    bench_success(bench_initiate(&bench));
    bench.matching_id = "";
    bench_expect(bench_authenticate(&bench), "8.1.1", "3.8");
    bench_success(bench_initiate(&bench));
    bench.matching_id = "../profiles/demo";
    bench_expect(bench_authenticate(&bench), "8.2.6", "3.8");

    bench.matching_id = "demo";
    bench.free_nvm = 100;
    bench_success(bench_initiate(&bench));
    bench_expect(bench_authenticate(&bench), "8.1", "4.8");
    bench.free_nvm = 1000000;
    bench.profile_version = 1;
    bench_success(bench_initiate(&bench));
    bench_expect(bench_authenticate(&bench), "8.2.5", "4.3");
    bench.smdpp.options.no_eligibility = true;
    bench_until_offered(&bench);

    bench.smdpp.options.orders_only = true;
    bench_success(bench_initiate(&bench));
    bench_expect(bench_authenticate(&bench), "8.2.6", "3.8");
    bench.smdpp.options.orders_only = false;
    bench.matching_id = "SECOND-ONE"; /* second_one.der in the characters of an activation code */
    bench_until_offered(&bench);
    bench_stop(&bench);
}
END_TEST

static void bad_signature2(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_SIGNATURE2, 0);
}

static void bad_transaction2(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED2)
        edit_value(octets, EDIT_PATH(0x30, 0x80), hex("00000000000000000000000000000000"));
}

static void off_the_curve(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_SIGNED2, -1);
}

static void no_otpk(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_SIGNED2)
        edit_remove(octets, EDIT_PATH(0x30, 0x5F49));
}

static void prepare_error(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_PREPARE)
        edit_set(octets, hex("BF2117 A115 8010 00112233445566778899AABBCCDDEEFF 020102"));
}

START_TEST(refuses_to_bind)
{
    static const struct {
        void (*fault)(struct bench *b, enum bench_point point, struct buf *octets);
        const char *subject, *reason;
    } cases[] = {
        {bad_signature2, "8.1", "6.1"}, {bad_transaction2, "8.10.1", "3.9"}, {off_the_curve, "1.6", "2.1"},
        {no_otpk, "1.6", "2.1"},        {prepare_error, "8.1", "4.2"},
    };

    bench_start(&bench, EC_CURVE_P256);
    bench_success(bench_initiate(&bench));
    bench_expect(bench_prepare(&bench), "8.10.1", "3.9"); /* not authenticated */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench.fault = NULL;
        bench_until_offered(&bench);
        bench.fault = cases[i].fault;
        bench_expect(bench_prepare(&bench), cases[i].subject, cases[i].reason);
    }
    bench.fault = NULL;
    strcpy(bench.transaction, "00112233445566778899AABBCCDDEEFF");
    bench_expect(bench_prepare(&bench), "8.10.1", "3.9");
    bench_stop(&bench);
}
END_TEST

/* --- Interrupted downloads, cancelled sessions ---------------------------------------------------------- */

static bool offers_otpk(void)
{
    uint8_t otpk[EC_POINT_SIZE];
    struct span content, value;

    ck_assert_int_eq(tlv_single(buf_span(&bench.smdp_signed2), 0x30, &content), TLV_OK);
    if (!tlv_find(content, 0x5F49, &value))
        return false;
    ec_key_point(bench.otsk, otpk);
    ck_assert_span(value, SPAN_ARRAY(otpk));
    return true;
}

START_TEST(binds_again)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_until_bound(&bench);
    ck_assert(!offers_otpk());
    bench_until_offered(&bench); /* the same eUICC comes back */
    ck_assert(offers_otpk());
    bench_success(bench_prepare(&bench));
    check_package(false);
    bench_until_offered(&bench);
    ec_key_free(bench.otsk); /* and this time it has lost its key */
    bench.otsk = NULL;
    bench_success(bench_prepare(&bench));
    check_package(false);
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    bench_until_offered(&bench);
    ck_assert(!offers_otpk());
    bench_stop(&bench);
}
END_TEST

/* The parts of the BPP that was received: the SM-DP+'s one-time key and signature, and all that is protected.
 */
struct parts {
    struct span otpk, signature, sealed;
};

static struct parts take_parts(const struct buf *bpp)
{
    struct parts parts;
    struct span content, initialise;
    struct tlv_reader reader;

    ck_assert_int_eq(tlv_single(buf_span(bpp), 0xBF36, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0xBF23, &initialise));
    parts.sealed = SPAN(content.data + reader.offset, content.size - reader.offset);
    ck_assert(tlv_find(initialise, 0x5F49, &parts.otpk) && tlv_find(initialise, 0x5F37, &parts.signature));
    return parts;
}

static int64_t count_kept_keys(void)
{
    return db_number(bench.smdpp.store, -1, "SELECT count(*) FROM unfinished_binding", DB_NONE);
}

/* Binds once more for the same eUICC; whether the protected part and its keys are the same as before. */
static bool binds_the_same(bool ppk)
{
    struct buf before = {0};
    struct parts first, second;
    bool same;

    buf_append(&before, buf_span(&bench.bpp));
    bench_until_bound(&bench);
    first = take_parts(&before);
    second = take_parts(&bench.bpp);
    check_package(ppk);
    ck_assert(!span_equal(first.signature, second.signature)); /* it covers the transactionId */
    same = span_equal(first.otpk, second.otpk);
    ck_assert(span_equal(first.sealed, second.sealed) == same);
    buf_free(&before);
    return same;
}

START_TEST(binds_again_with_the_same_keys)
{
    for (unsigned ppk = 0; ppk < 2; ppk++) {
        FILE *file;

        bench_start(&bench, EC_CURVE_P256);
        bench.smdpp.options.ppk = ppk != 0;
        bench_until_bound(&bench);
        ck_assert(binds_the_same(ppk != 0));
        ck_assert(binds_the_same(ppk != 0));
        ck_assert_int_eq(count_kept_keys(), 1);
        ec_key_free(bench.otsk); /* the eUICC has lost its key */
        bench.otsk = NULL;
        ck_assert(!binds_the_same(ppk != 0));
        ck_assert(binds_the_same(ppk != 0));
        bench.smdpp.options.ppk = ppk == 0; /* the same keys are not used for anything else */
        ck_assert(!binds_the_same(ppk == 0));
        bench.smdpp.options.ppk = ppk != 0;
        file = fopen(test_path("profiles/demo.json"), "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs("{\"profileName\":\"Another\"}", file), 0);
        ck_assert_int_eq(fclose(file), 0);
        ck_assert(!binds_the_same(ppk != 0));
        ck_assert_int_eq(bench_install_result(&bench, 11), 204); /* interrupted */
        ck_assert(binds_the_same(ppk != 0));
        ck_assert_int_eq(bench_install_result(&bench, -1), 204);
        ck_assert_int_eq(count_kept_keys(), 0);
        ck_assert(!binds_the_same(ppk != 0));
        bench_until_offered(&bench);
        bench_success(bench_cancel(&bench, 1)); /* later */
        ck_assert_int_eq(count_kept_keys(), 1);
        bench_until_offered(&bench);
        bench_success(bench_cancel(&bench, 0)); /* rejected */
        ck_assert_int_eq(count_kept_keys(), 0);
        bench_stop(&bench);
    }
}
END_TEST

static void bad_oid(struct bench *b, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_CANCEL_SIGNED)
        edit_value(octets, EDIT_PATH(0x30, 0x81), cert_oid(b->ci.dp2_auth.cert));
}

static void bad_cancel(struct bench *b, enum bench_point point, struct buf *octets)
{
    flip_at(b, point, octets, BENCH_CANCEL, -1);
}

static void cancel_error(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_CANCEL)
        edit_set(octets, hex("BF4103 810105"));
}

START_TEST(cancels_sessions)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(bench_initiate(&bench));
    bench_expect(bench_cancel(&bench, 0), "8.10.1", "3.9");
    bench_until_offered(&bench);
    bench.fault = bad_oid;
    bench_expect(bench_cancel(&bench, 0), "8.8", "3.10");
    bench.fault = bad_cancel;
    bench_expect(bench_cancel(&bench, 0), "8.1", "6.1");
    bench.fault = cancel_error;
    bench_expect(bench_cancel(&bench, 0), "8.1", "4.2");
    bench.fault = NULL;
    bench_success(bench_cancel(&bench, 0));
    bench_expect(bench_cancel(&bench, 0), "8.10.1", "3.9");
    bench_stop(&bench);
}
END_TEST

START_TEST(forgets_old_sessions)
{
    char first[33];

    bench_start(&bench, EC_CURVE_P256);
    bench_success(bench_initiate(&bench));
    strcpy(first, bench.transaction);
    for (unsigned i = 0; i < SMDPP_SESSIONS_MAX; i++)
        bench_success(bench_initiate(&bench));
    ck_assert_uint_eq(smdpp_session_count(&bench.smdpp), SMDPP_SESSIONS_MAX);
    bench_success(bench_authenticate(&bench));
    LIST_FIRST(&bench.smdpp.sessions)->used -= SMDPP_SESSION_LIFETIME + 1;
    bench_expect(bench_prepare(&bench), "8.10.1", "3.9");
    strcpy(bench.transaction, first);
    bench_expect(bench_authenticate(&bench), "8.10.1", "3.9");
    bench_stop(&bench);
}
END_TEST

TEST_MAIN("smdpp", serves_a_download, tells_what_the_metadata_says, refuses_to_begin, refuses_an_euicc,
          refuses_profiles, refuses_to_bind, binds_again, binds_again_with_the_same_keys, cancels_sessions,
          forgets_old_sessions)
