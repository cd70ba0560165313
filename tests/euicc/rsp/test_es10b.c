/* euicc/rsp/es10b.c, euicc_info.c and notification.c: what the card says of itself, the challenge, and
 * notifications. */
#include "apdu/tlv.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/session.h"
#include "euicc/rsp/es10.h"
#include "tests/support/es10.h"

#include <stdio.h>

#define A  "89490000000000000017"
#define B  "89490000000000000025"
#define A_ "98940000000000000071"
#define B_ "98940000000000000052"

#define ENABLE(iccid)  "BF3111 A00C 5A0A " iccid " 8101FF"
#define DISABLE(iccid) "BF3211 A00C 5A0A " iccid " 8101FF"
#define DELETE(iccid)  "BF330C 5A0A " iccid

static struct span member(struct span response, uint32_t outer, uint32_t tag)
{
    const uint32_t path[] = {outer, tag, 0};
    struct span value;

    ck_assert_msg(tlv_find_path(response, path, &value), "no %X", (unsigned)tag);
    return value;
}

static uint64_t number(struct span value)
{
    uint64_t result = 0;

    ck_assert(tlv_unsigned(value, &result));
    return result;
}

START_TEST(info1_lists_the_cis)
{
    struct es10_bench bench;
    char ids[2][41];
    char expected[400];

    es10_open(&bench, 2, 0);
    for (size_t i = 0; i < 2; i++)
        hex_from_span(SPAN_ARRAY(bench.cis[i].key_id), ids[i], sizeof(ids[i]));
    snprintf(expected, sizeof(expected), "BF2061 8203020202 A92C 0414%s 0414%s AA2C 0414%s 0414%s", ids[0],
             ids[1], ids[0], ids[1]);
    ck_assert_hex(es10(&bench, "BF2000"), expected);
    es10_close(&bench);
}
END_TEST

START_TEST(info2_has_its_values)
{
    struct es10_bench bench;
    struct span info;

    es10_open(&bench, 1, 0);
    bench.card->personality_bit = FOR_IOT;
    info = es10(&bench, "BF2200");
    ck_assert_hex(member(info, 0xBF22, 0x90), "00"); /* ipad */
    ck_assert_hex(member(info, 0xBF22, 0xB4), "A005 0403010200 8100 8200");
    bench.card->personality_bit = FOR_CONSUMER;
    info = es10(&bench, "BF2200");
    ck_assert_hex(member(info, 0xBF22, 0x81), "020301");
    ck_assert_hex(member(info, 0xBF22, 0x82), "020202");
    ck_assert_hex(member(info, 0xBF22, 0x88),
                  "03D8"); /* additional profile, CRL, test profiles, extensible device info */
    ck_assert(tlv_bit(member(info, 0xBF22, 0x85), 1)); /* USIM */
    ck_assert_hex(member(info, 0xBF22, 0x8B), "00");
    ck_assert_hex(member(info, 0xBF22, 0x99), "00");
    ck_assert_hex(member(info, 0xBF22, 0x04), "010000");
    es10_close(&bench);
}
END_TEST

static uint64_t resource(struct es10_bench *bench, uint32_t tag)
{
    const uint32_t path[] = {0xBF22, 0x84, tag, 0};
    struct span value;

    ck_assert(tlv_find_path(es10(bench, "BF2200"), path, &value));
    return number(value);
}

START_TEST(resource_figures_are_live)
{
    struct es10_bench bench;
    uint64_t before;

    es10_open(&bench, 1, 200000);
    ck_assert_uint_eq(resource(&bench, 0x81), 0);
    before = resource(&bench, 0x82);
    ck_assert_uint_eq(before, 200000);
    ck_assert_uint_gt(resource(&bench, 0x83), 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert_uint_eq(resource(&bench, 0x81), 1);
    ck_assert_uint_lt(resource(&bench, 0x82), before);
    es10(&bench, DELETE(A_));
    ck_assert_uint_eq(resource(&bench, 0x81), 0);
    ck_assert_uint_eq(resource(&bench, 0x82), before);
    es10_close(&bench);
}
END_TEST

START_TEST(a_challenge_is_fresh_and_starts_a_session)
{
    struct es10_bench bench;
    struct span first;
    struct span second;

    es10_open(&bench, 1, 0);
    ck_assert_int_eq(rsp_session_stage(bench.card), RSP_NONE);
    first = es10(&bench, "BF2E00");
    ck_assert_uint_eq(first.size, 21);
    ck_assert_hex(SPAN(first.data, 5), "BF2E12 8010");
    ck_assert_int_eq(rsp_session_stage(bench.card), RSP_CHALLENGED);
    second = es10(&bench, "BF2E00");
    ck_assert(!span_equal(first, second));
    es10_close(&bench);
}
END_TEST

/* A has an address for all events, B for enable only and another for all. */
static void open_with_notifications(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 15});
    es10_install(bench, &(struct es10_profile){.iccid = B, .address = "b.example", .operations = 2});
    es10(bench, ENABLE(A_));  /* 1 */
    es10(bench, DISABLE(A_)); /* 2 */
    es10(bench, ENABLE(B_));  /* 3 */
    es10(bench, DISABLE(B_));
    es10(bench, DELETE(A_)); /* 4 */
}

#define METADATA(sequence, event, address, iccid)                                                            \
    "BF2F1E 8001" sequence " 8102" event " 0C09" address "2E6578616D706C65 5A0A " iccid
#define M1 METADATA("01", "0640", "61", A_)
#define M2 METADATA("02", "0520", "61", A_)
#define M3 METADATA("03", "0640", "62", B_)
#define M4 METADATA("04", "0410", "61", A_)

START_TEST(notifications_are_listed)
{
    struct es10_bench bench;

    open_with_notifications(&bench);
    ck_assert_hex(es10(&bench, "BF2800"), "BF288187 A08184" M1 M2 M3 M4);
    ck_assert_hex(es10(&bench, "BF2804 81020640"), "BF2844 A042" M1 M3);
    ck_assert_hex(es10(&bench, "BF2804 81020520"), "BF2823 A021" M2);
    ck_assert_hex(es10(&bench, "BF2804 81020430"), "BF2844 A042" M2 M4);
    ck_assert_hex(es10(&bench, "BF2804 81020780"), "BF2802 A000"); /* nothing was installed by download */
    ck_assert_hex(es10(&bench, "BF2803 810100"), "BF2802 A000");
    es10_close(&bench);
}
END_TEST

/* OtherSignedNotification: over these metadata, signed by the card, with its certificates. */
static void check_signed(const struct es10_bench *bench, struct span object, const char *metadata, size_t ci)
{
    const struct card_credentials *credentials = &bench->card->credentials[ci];
    struct tlv_reader reader;
    struct span content;
    struct span tbs;
    struct span signature;
    struct span certificate;

    ck_assert_int_eq(tlv_single(object, 0x30, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require_whole(&reader, 0xBF2F, NULL, &tbs));
    ck_assert_hex(tbs, metadata);
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature));
    ck_assert(ec_verify(cert_key(credentials->euicc_cert), &tbs, 1, signature));
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &certificate));
    ck_assert_span(certificate, cert_der(credentials->euicc_cert));
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &certificate));
    ck_assert_span(certificate, cert_der(credentials->eum_cert));
    ck_assert(tlv_finish(&reader));
}

static size_t count_objects(struct span response)
{
    struct span list = member(response, 0xBF2B, 0xA0);
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    size_t count = 0;

    while (tlv_next(&reader, &tlv) == TLV_OK)
        count++;
    ck_assert(tlv_good(&reader));
    return count;
}

START_TEST(notifications_are_handed_out_signed)
{
    struct es10_bench bench;

    open_with_notifications(&bench);
    ck_assert_uint_eq(count_objects(es10(&bench, "BF2B00")), 4);
    check_signed(&bench, member(es10(&bench, "BF2B05 A003 800102"), 0xBF2B, 0xA0), M2, 0);
    check_signed(&bench, member(es10(&bench, "BF2B05 A003 800104"), 0xBF2B, 0xA0), M4, 0);
    check_signed(&bench, member(es10(&bench, "BF2B06 A004 81020520"), 0xBF2B, 0xA0), M2, 0);
    ck_assert_uint_eq(count_objects(es10(&bench, "BF2B06 A004 81020640")), 2);
    /* nothing has these numbers */
    ck_assert_hex(es10(&bench, "BF2B05 A003 800105"), "BF2B02 A000");
    ck_assert_hex(es10(&bench, "BF2B05 A003 800100"), "BF2B02 A000");
    ck_assert_hex(es10(&bench, "BF2B05 A003 8001FF"), "BF2B02 A000");
    ck_assert_hex(es10(&bench, "BF2B0C A00A 80087FFFFFFFFFFFFFFF"), "BF2B02 A000");
    ck_assert_hex(es10(&bench, "BF2B06 A004 81020780"), "BF2B02 A000");
    es10_close(&bench);
}
END_TEST

START_TEST(a_card_without_notifications_has_no_result)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF2B00"), "BF2B02 A000"); /* an IPA counts on a list */
    ck_assert_hex(es10(&bench, "BF2B04 A002 8200"), "BF2B02 A200");
    ck_assert_hex(es10(&bench, "BF2B05 A003 800101"), "BF2B02 A000");
    bench.card->personality_bit = FOR_CONSUMER;
    ck_assert_hex(es10(&bench, "BF2B00"), "BF2B03 810101");
    ck_assert_hex(es10(&bench, "BF2B05 A003 800101"), "BF2B03 810101"); /* noResultAvailable */
    ck_assert_hex(es10(&bench, "BF2B06 A004 81020780"), "BF2B03 810101");
    ck_assert_uint_eq(es10_refused(&bench, "BF2B04 A002 8200"), 0x6A80);
    es10_close(&bench);
}
END_TEST

START_TEST(notifications_are_removed_one_by_one)
{
    struct es10_bench bench;

    open_with_notifications(&bench);
    ck_assert_hex(es10(&bench, "BF3003 800102"), "BF3003 800100");
    ck_assert_hex(es10(&bench, "BF3003 800102"), "BF3003 800101"); /* nothingToDelete */
    ck_assert_hex(es10(&bench, "BF3003 800163"), "BF3003 800101");
    ck_assert_hex(es10(&bench, "BF3003 800100"), "BF3003 800101");
    ck_assert_hex(es10(&bench, "BF3003 8001FF"), "BF3003 800101");
    ck_assert_uint_eq(count_objects(es10(&bench, "BF2B00")), 3);
    es10_close(&bench);
}
END_TEST

START_TEST(numbers_are_never_used_twice)
{
    struct es10_bench bench;
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    open_with_notifications(&bench);
    for (unsigned i = 1; i <= 4; i++)
        es10(&bench, "BF3003 8001%02X", i);
    softeuicc_reset(bench.card, SOFTEUICC_COLD, atr, &size);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    es10(&bench, ENABLE(B_));
    ck_assert_hex(es10(&bench, "BF2800"), "BF2823 A021" METADATA("05", "0640", "62", B_));
    /* A change that is refused takes no number. */
    es10(&bench, ENABLE(B_));
    ck_assert_uint_eq(notification_next_sequence(bench.card), 6);
    nvm_rollback(bench.card->nvm);
    es10_close(&bench);
}
END_TEST

START_TEST(numbers_beyond_one_octet_are_integers)
{
    struct buf out = {0};

    notification_put_metadata(&out, 128, NOTIFICATION_INSTALL, SPAN_STRING("a"), SPAN_NONE);
    ck_assert_hex(buf_span(&out), "BF2F0B 80020080 81020780 0C0161");
    buf_clear(&out);
    notification_put_metadata(&out, 0xFFFFFFFF, NOTIFICATION_DELETE, SPAN_STRING("a"), SPAN_NONE);
    ck_assert_hex(buf_span(&out), "BF2F0E 800500FFFFFFFF 81020410 0C0161");
    buf_free(&out);
}
END_TEST

/* Under two CIs a profile's notifications are signed under the one its download used, else under P-256. */
START_TEST(the_ci_of_the_download_signs)
{
    struct es10_bench bench;

    es10_open(&bench, 2, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A,
                                                .address = "a.example",
                                                .operations = 2,
                                                .ci_key_id = SPAN_ARRAY(bench.cis[1].key_id)});
    es10_install(&bench, &(struct es10_profile){.iccid = B, .address = "b.example", .operations = 2});
    es10(&bench, ENABLE(A_));
    es10(&bench, ENABLE(B_));
    ck_assert_int_eq(bench.card->credentials[1].curve, EC_CURVE_BRAINPOOL_P256R1);
    check_signed(&bench, member(es10(&bench, "BF2B05 A003 800101"), 0xBF2B, 0xA0), M1, 1);
    check_signed(&bench, member(es10(&bench, "BF2B05 A003 800102"), 0xBF2B, 0xA0),
                 METADATA("02", "0640", "62", B_), 0);
    es10_close(&bench);
}
END_TEST

START_TEST(results_of_installations_stand_among_the_notifications)
{
    struct es10_bench bench;
    struct buf metadata = {0};

    es10_open(&bench, 1, 0);
    notification_put_metadata(&metadata, notification_next_sequence(bench.card), NOTIFICATION_INSTALL,
                              SPAN_STRING("a.example"), hex(A_));
    ck_assert(notification_store_result(bench.card, 1, SPAN_STRING("a.example"), hex(A_), buf_span(&metadata),
                                        hex("BF3703 5F3700")));
    ck_assert(nvm_commit(bench.card->nvm));
    ck_assert_hex(es10(&bench, "BF2B06 A004 81020780"), "BF2B08 A006 BF3703 5F3700");
    ck_assert_hex(es10(&bench, "BF2804 81020780"), "BF2823 A021" METADATA("01", "0780", "61", A_));
    buf_free(&metadata);
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {
        "BF2001 00",
        "BF2202 8001",
        "BF2E01 80",
        "BF2802 8100", /* empty BIT STRING */
        "BF2804 81020840",
        "BF2803 81010500",
        "BF2804 03020780", /* a filter, but for its tag: not all notifications */
        "BF2804 80020780",
        "BF2808 8B0100 81020780", /* members have an order */
        "BF2B03 800101",          /* a criterion without the tag of the CHOICE */
        "BF2B04 81020780",
        "BF2B02 A000", /* a choice needs one */
        "BF2B04 A002 8000",
        "BF2B0D A00B 8009010203040506070809",
        "BF2B06 A004 80020001", /* not the shortest INTEGER */
        "BF2B08 A006 800101 800101",
        "BF2B05 A003 830101",
        "BF2B04 A002 8100",
        "BF3000",
        "BF3002 8000",
        "BF3003 810101",
        "BF3004 80020001",
    };
    struct es10_bench bench;

    open_with_notifications(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    es10_sweep(&bench, "BF2000");
    es10_sweep(&bench, "BF2200");
    es10_sweep(&bench, "BF2E00");
    es10_sweep(&bench, "BF2800");
    es10_sweep(&bench, "BF2804 81020640");
    es10_sweep(&bench, "BF2B00");
    es10_sweep(&bench, "BF2807 81020640 8B0100"); /* what a later version may add */
    es10_sweep(&bench, "BF2B06 A004 81020640");
    es10_sweep(&bench, "BF2B05 A003 800101");
    es10_sweep(&bench, "BF3003 800101");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("es10b", info1_lists_the_cis, info2_has_its_values, resource_figures_are_live,
          a_challenge_is_fresh_and_starts_a_session, notifications_are_listed,
          notifications_are_handed_out_signed, a_card_without_notifications_has_no_result,
          notifications_are_removed_one_by_one, numbers_are_never_used_twice,
          numbers_beyond_one_octet_are_integers, the_ci_of_the_download_signs,
          results_of_installations_stand_among_the_notifications, malformed_requests_are_refused)
