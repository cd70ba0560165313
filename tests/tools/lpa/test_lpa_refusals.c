/* Downloads of `softeuicc lpa` to a card that answers as the test says, from a server that says yes to
 * everything: each refusal of the card is its line, and the server hears of those that end a session. */
#include "protocol/tags.h"
#include "tests/support/test.h"
#include "tests/tools/lpa/lpa_server.h"
#include "tests/tools/lpa/scripted_card.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SUCCESS                                                                                              \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"transactionId\":\"0102\""

/* A server that says yes to everything, and a card that has got so far. */
static void start_script(struct scripted_card *card)
{
    lpa_server_start();
    lpa_server_say(
        "initiateAuthentication", 200,
        SUCCESS ",\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcA\",\"euiccCiPKIdToBeUsed\":\"BAA=\","
                "\"serverCertificate\":\"MAA=\"}");
    lpa_server_say("authenticateClient", 200,
                   SUCCESS
                   ",\"profileMetadata\":\"vyUA\",\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":\"XzcA\","
                   "\"smdpCertificate\":\"MAA=\"}");
    /* BF36 { BF23 {}, A0 {}, A1 { 88 {} } } */
    lpa_server_say("getBoundProfilePackage", 200, SUCCESS ",\"boundProfilePackage\":\"vzYJvyMAoAChAogA\"}");
    lpa_server_say("cancelSession", 200, SUCCESS "}");
    *card = (struct scripted_card){.count = 0};
    scripted_answer(card, TAG_EUICC_INFO1, hex("BF20 00"));
    scripted_answer(card, TAG_GET_EUICC_CHALLENGE, hex("BF2E 12 8010 00112233445566778899AABBCCDDEEFF"));
    scripted_answer(card, TAG_AUTHENTICATE_SERVER, hex("BF38 02 A000"));
    scripted_answer(card, TAG_PREPARE_DOWNLOAD, hex("BF21 02 A000"));
    scripted_answer(card, TAG_CANCEL_SESSION, hex("BF41 02 A000"));
    scripted_answer(card, TAG_LIST_NOTIFICATION, hex("BF28 02 A000"));
}

static struct captured download_to(struct scripted_card *card)
{
    const struct lpa settings = {.cacert = lpa_server_cacert(), .json = true, .no_notifications = true};
    char code[60];

    snprintf(code, sizeof(code), "1$%s$X", lpa_server_address());
    return scripted_run(card, &settings, lpa_download, code, NULL);
}

/* TAG { A1 { 80 transactionId, 02 code } } */
static struct span refusal(uint32_t tag, unsigned number)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, tag);
    size_t inner = tlv_open(out, 0xA1);

    tlv_put(out, 0x80, hex("0102"));
    tlv_put_unsigned(out, 0x02, number);
    tlv_close(out, inner);
    tlv_close(out, outer);
    return buf_span(out);
}

START_TEST(cards_that_refuse_the_server)
{
    static const char *const names[] = {
        [1] = "invalidCertificate(1)", [2] = "invalidSignature(2)",   [3] = "unsupportedCurve(3)",
        [4] = "noSessionContext(4)",   [5] = "invalidOid(5)",         [6] = "euiccChallengeMismatch(6)",
        [7] = "ciPKUnknown(7)",        [127] = "undefinedError(127)",
    };
    struct scripted_card card;

    start_script(&card);
    for (unsigned number = 1; number < COUNT(names); number += number == 7 ? 120 : 1) {
        char line[200];

        scripted_answer(&card, TAG_AUTHENTICATE_SERVER, refusal(TAG_AUTHENTICATE_SERVER, number));
        snprintf(line, sizeof(line), "softeuicc lpa: AuthenticateServer: the card refused the server: %s\n",
                 names[number]);
        ck_assert_captured(download_to(&card), 1, "", line);
    }
    scripted_answer(&card, TAG_AUTHENTICATE_SERVER, hex("BF38 02 A100"));
    ck_assert_captured(
        download_to(&card), 1, "",
        "softeuicc lpa: AuthenticateServer: the card refused the server: undefinedError(127)\n");
    ck_assert_uint_eq(lpa_server_count("authenticateClient"), 0);
    ck_assert_int_eq(lpa_server_cancelled(), -1);
    buf_free(&card.request);
    lpa_server_stop();
}
END_TEST

START_TEST(cards_that_prepare_nothing)
{
    static const char *const names[] = {
        [1] = "invalidCertificate(1)", [2] = "invalidSignature(2)",     [3] = "unsupportedCurve(3)",
        [4] = "noSessionContext(4)",   [5] = "invalidTransactionId(5)", [6] = "unknown(6)",
    };
    struct scripted_card card;

    start_script(&card);
    for (unsigned number = 1; number < COUNT(names); number++) {
        char line[200];

        scripted_answer(&card, TAG_PREPARE_DOWNLOAD, refusal(TAG_PREPARE_DOWNLOAD, number));
        snprintf(line, sizeof(line), "softeuicc lpa: PrepareDownload: the card refused: %s\n", names[number]);
        ck_assert_captured(download_to(&card), 1, "", line);
        ck_assert_span(buf_span(&card.request), hex("BF41 07 80020102 810101")); /* postponed */
        ck_assert_uint_eq(lpa_server_count("cancelSession"), number);
    }
    /* A session that the card has ended already is none to tell the server of. */
    scripted_answer(&card, TAG_CANCEL_SESSION, hex("BF41 03 810105"));
    ck_assert_int_eq(download_to(&card).status, 1);
    ck_assert_uint_eq(lpa_server_count("cancelSession"), COUNT(names) - 1);
    scripted_answer(&card, TAG_CANCEL_SESSION, hex("3000"));
    ck_assert_int_eq(download_to(&card).status, 1);
    ck_assert_uint_eq(lpa_server_count("cancelSession"), COUNT(names) - 1);
    ck_assert_uint_eq(lpa_server_count("getBoundProfilePackage"), 0);
    buf_free(&card.request);
    lpa_server_stop();
}
END_TEST

START_TEST(installation_results)
{
    static const struct {
        const char *result, *line;
    } rows[] = {
        {"BF37 0D BF27 0A A208 A106 800100 810102",
         "the card refused the package at initialiseSecureChannel(0): invalidSignature(2)"},
        {"BF37 0D BF27 0A A208 A106 800105 81010C",
         "the card refused the package at loadProfileElements(5): installFailedDueToPEProcessingError(12)"},
        {"BF37 0D BF27 0A A208 A106 800102 81010F",
         "the card refused the package at storeMetadata(2): pprNotAllowed(15)"},
        {"BF37 07 BF27 04 A202 A100",
         "the card refused the package at undefinedError(127): installFailedDueToUnknownError(127)"},
        {"BF37 05 BF27 02 A200",
         "the card refused the package at undefinedError(127): installFailedDueToUnknownError(127)"},
        {"BF37 03 BF27 00", "the card's installation result is malformed"},
        {"3000", "the card's installation result is malformed"},
        {"FF", "the card's installation result is malformed"},
    };
    struct scripted_card card;

    start_script(&card);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[200];

        scripted_answer(&card, TAG_BOUND_PROFILE_PACKAGE, hex(rows[i].result));
        snprintf(line, sizeof(line), "softeuicc lpa: LoadBoundProfilePackage: %s\n", rows[i].line);
        ck_assert_captured(download_to(&card), 1, "", line);
    }
    ck_assert_int_eq(lpa_server_cancelled(), -1);
    scripted_answer(&card, TAG_BOUND_PROFILE_PACKAGE, hex("BF37 07 BF27 04 A202 A000"));
    ck_assert_captured(download_to(&card), 0, "{}\n", "");
    buf_free(&card.request);
    lpa_server_stop();
}
END_TEST

/* All segments are sent, each in its own request; the last one is asked for a result. */
START_TEST(packages_without_a_result)
{
    struct scripted_card card;

    start_script(&card);
    scripted_answer(&card, TAG_BOUND_PROFILE_PACKAGE, SPAN("", 0));
    scripted_answer(&card, 0xA0, SPAN("", 0));
    scripted_answer(&card, 0xA1, SPAN("", 0));
    scripted_answer(&card, 0x88, hex("BF37 07 BF27 04 A202 A000"));
    ck_assert_captured(download_to(&card), 0, "{}\n", "");
    ck_assert_hex(buf_span(&card.request), "8800");
    scripted_answer(&card, 0x88, SPAN("", 0));
    ck_assert_captured(download_to(&card), 1, "",
                       "softeuicc lpa: LoadBoundProfilePackage: the card gave no installation result\n");
    ck_assert_hex(buf_span(&card.request), "BF41 07 80020102 810105");
    scripted_refusal(&card, 0xA1, 0x6985);
    ck_assert_captured(download_to(&card), 1, "",
                       "softeuicc lpa: LoadBoundProfilePackage: the card answered 6985\n");
    ck_assert_hex(buf_span(&card.request), "BF41 07 80020102 810105");
    ck_assert_uint_eq(lpa_server_count("cancelSession"), 2);
    /* BF36 { BF23 {}, A1 { 88 cut off } } */
    lpa_server_say("getBoundProfilePackage", 200, SUCCESS ",\"boundProfilePackage\":\"vzYHvyMAoQKIBQ==\"}");
    scripted_answer(&card, 0xA1, SPAN("", 0));
    ck_assert_captured(download_to(&card), 1, "",
                       "softeuicc lpa: getBoundProfilePackage: the package is malformed: data cut off\n");
    ck_assert_uint_eq(lpa_server_count("cancelSession"), 3);
    buf_free(&card.request);
    lpa_server_stop();
}
END_TEST

TEST_MAIN("lpa_refusals", cards_that_refuse_the_server, cards_that_prepare_nothing, installation_results,
          packages_without_a_result)
