/* The JSON binding of ESipa for the card: each function's request, each answer, and answers that are none. */
#include "euicc/ipae/ipae_json.h"
#include "protocol/tags.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define STATUS(status) "\"header\":{\"functionExecutionStatus\":{\"status\":\"" status "\"}}"
#define DONE           STATUS("Executed-Success")
#define FAILED(subject, reason)                                                                              \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"                   \
    "\"subjectCode\":\"" subject "\",\"reasonCode\":\"" reason "\",\"message\":\"so it is\"}}}}"

/* --- requests ----------------------------------------------------------------------------------------- */

static void assert_request(const char *message, const char *function, const char *json)
{
    char why[IPAE_JSON_WHY_MAX] = "";
    struct buf made = {0};
    const struct esipa_function *found = ipae_json_request(hex(message), &made, why);

    ck_assert_msg(found != NULL, "%s", why);
    ck_assert_str_eq(found->name, function);
    buf_append_octet(&made, 0);
    ck_assert_str_eq((const char *)made.data, json);
    buf_free(&made);
}

static void assert_no_request(const char *message, const char *line)
{
    char why[IPAE_JSON_WHY_MAX] = "";
    struct buf made = {0};

    ck_assert_msg(ipae_json_request(hex(message), &made, why) == NULL, "%s", message);
    ck_assert_str_eq(why, line);
    buf_free(&made);
}

#define EID        "5A1089049032123451234512345678901235"
#define EID_DIGITS "\"eidValue\":\"89049032123451234512345678901235\""

START_TEST(a_poll)
{
    assert_request("BF4F12" EID, "getEimPackage", "{" EID_DIGITS "}");
    assert_request("BF4F17" EID "8000 810103", "getEimPackage",
                   "{" EID_DIGITS ",\"notifyStateChange\":true,\"stateChangeCause\":3}");
    assert_request("BF4F17" EID "820362F210", "getEimPackage", "{" EID_DIGITS ",\"rPLMN\":\"YvIQ\"}");
}
END_TEST

START_TEST(a_result)
{
    assert_request("BF5015" EID "BF5100", "provideEimPackageResult",
                   "{" EID_DIGITS ",\"eimPackageResult\":\"v1EA\"}");
    assert_request("BF5017" EID "A003020101", "provideEimPackageResult",
                   "{" EID_DIGITS ",\"eimPackageResult\":\"oAMCAQE=\"}");
    assert_request("BF500B 3009 BF5100 A004 BF370101", "provideEimPackageResult",
                   "{\"eimPackageResult\":\"MAm/UQCgBL83AQE=\"}");
}
END_TEST

START_TEST(a_notification)
{
    assert_request("BF3D06 A004 BF370101", "handleNotification", "{\"pendingNotification\":\"vzcBAQ==\"}");
    assert_request("BF3D06 BF5003 BF5100", "handleNotification",
                   "{\"provideEimPackageResult\":\"v1ADv1EA\"}");
}
END_TEST

START_TEST(a_download)
{
    assert_request("BF392D 8110000102030405060708090A0B0C0D0E0F 830F736D6470702E6578616D706C653A31"
                   "BF2003820101 8202ABCD",
                   "initiateAuthentication",
                   "{\"euiccChallenge\":\"AAECAwQFBgcICQoLDA0ODw==\",\"smdpAddress\":\"smdpp.example:1\","
                   "\"euiccInfo1\":\"vyADggEB\",\"eimTransactionId\":\"ABCD\"}");
    assert_request("BF3B08 80020A0F BF3801FF", "authenticateClient",
                   "{\"transactionId\":\"0A0F\",\"authenticateServerResponse\":\"vzgB/w==\"}");
    assert_request("BF3A08 80020A0F BF2101FF", "getBoundProfilePackage",
                   "{\"transactionId\":\"0A0F\",\"prepareDownloadResponse\":\"vyEB/w==\"}");
    assert_request("BF4109 80020A0F A103820101", "cancelSession",
                   "{\"transactionId\":\"0A0F\",\"cancelSessionResponse\":\"v0EDggEB\"}");
}
END_TEST

START_TEST(what_the_binding_has_not)
{
    assert_no_request("", "a request: message is not well-formed");
    assert_no_request("BF4D00", "a request: message is of no function");
    assert_no_request("BF4F0100", "getEimPackage: eidValue is missing");
    assert_no_request("BF4F14" EID "8300", "getEimPackage: message has an object too many");
    assert_no_request("BF4F12 5A10 A9049032123451234512345678901235",
                      "getEimPackage: eidValue is not 32 digits");
    assert_no_request("BF4F15" EID "800100", "getEimPackage: notifyStateChange has a value");
    assert_no_request("BF4F14" EID "8100", "getEimPackage: stateChangeCause does not have the right length");
#define ADDRESS(octet) "BF3915 8110000102030405060708090A0B0C0D0E0F 8301" octet
#define NO_ADDRESS     "initiateAuthentication: smdpAddress has a character that no address has"
    assert_no_request(ADDRESS("22"), NO_ADDRESS);
    assert_no_request(ADDRESS("5C"), NO_ADDRESS);
    assert_no_request(ADDRESS("0A"), NO_ADDRESS);
    assert_no_request("BF3D02 A000", "handleNotification: pendingNotification is not an object with its tag");
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------------ */

static struct json_reader *reader(void)
{
    static struct json_reader *one;

    if (one == NULL)
        one = json_reader_new();
    ck_assert_ptr_nonnull(one);
    return one;
}

static void assert_octets_answer(uint32_t function, struct span json, const char *message)
{
    char why[IPAE_JSON_WHY_MAX] = "";
    struct buf made = {0};

    ck_assert_msg(ipae_json_answer(reader(), esipa_by_tag(function), json, &made, why) == IPAE_JSON_ANSWERED,
                  "%s: %.*s", why, (int)json.size, (const char *)json.data);
    ck_assert_hex(buf_span(&made), message);
    buf_free(&made);
}

static void assert_answer(uint32_t function, const char *json, const char *message)
{
    assert_octets_answer(function, span_of_string(json), message);
}

static void assert_none(uint32_t function, struct span json, enum ipae_json_result result, const char *line)
{
    char why[IPAE_JSON_WHY_MAX] = "";
    struct buf made = {0};

    ck_assert_int_eq(ipae_json_answer(reader(), esipa_by_tag(function), json, &made, why), result);
    ck_assert_str_eq(why, line);
    ck_assert_uint_eq(made.size, 0);
    buf_free(&made);
}

static void assert_refused(uint32_t function, const char *json, const char *line)
{
    assert_none(function, span_of_string(json), IPAE_JSON_REFUSED, line);
}

static void assert_malformed(uint32_t function, const char *json, const char *line)
{
    assert_none(function, span_of_string(json), IPAE_JSON_MALFORMED, line);
}

START_TEST(a_package)
{
    assert_answer(TAG_GET_EIM_PACKAGE, "{" DONE ",\"euiccPackageRequest\":\"v1EA\"}", "BF4F03 BF5100");
    assert_answer(TAG_GET_EIM_PACKAGE, "{\"ipaEuiccDataRequest\":\"v1IDXAGA\"," DONE "}",
                  "BF4F06 BF52035C0180");
    assert_answer(TAG_GET_EIM_PACKAGE, "{" DONE ",\"profileDownloadTriggerRequest\":\"v1QA\",\"more\":[]}",
                  "BF4F03 BF5400");
    assert_answer(TAG_GET_EIM_PACKAGE, "{" DONE ",\"eimPackageError\":1,\"euiccPackageRequest\":null}",
                  "BF4F03 020101");
    assert_answer(TAG_GET_EIM_PACKAGE, "{" DONE ",\"eimPackageError\":0}", "BF4F03 020101");
    assert_answer(TAG_GET_EIM_PACKAGE, "{" DONE ",\"eimPackageError\":127}", "BF4F03 02017F");
    assert_answer(TAG_GET_EIM_PACKAGE, "{\"eimPackageError\":1}", "BF4F03 020101");
    assert_answer(TAG_GET_EIM_PACKAGE,
                  "{" STATUS("Executed-WithWarning") ",\"euiccPackageRequest\":\"v1EA\"}", "BF4F03 BF5100");
    assert_answer(TAG_GET_EIM_PACKAGE, "", "");
}
END_TEST

START_TEST(acknowledgements)
{
    assert_answer(TAG_PROVIDE_EIM_RESULT, "{" DONE ",\"eimAcknowledgements\":\"v1MDgAEF\"}",
                  "BF5006 BF5303800105");
    assert_answer(TAG_PROVIDE_EIM_RESULT, "{" DONE "}", "BF5002 3000");
}
END_TEST

START_TEST(no_answer)
{
    assert_answer(TAG_HANDLE_NOTIFICATION, "", "");
    assert_answer(TAG_HANDLE_NOTIFICATION, "{" DONE "}", "");
    assert_answer(TAG_CANCEL_SESSION, "{" DONE ",\"x\":1}", "BF4102 A000");
}
END_TEST

#define INITIATED                                                                                            \
    ",\"transactionId\":\"0a0F\",\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcBAQ==\","              \
    "\"euiccCiPKIdentifierToBeUsed\":\"BAEC\",\"serverCertificate\":\"MAEA\""

START_TEST(steps_of_a_download)
{
    assert_answer(TAG_INITIATE_AUTHENTICATION, "{" DONE INITIATED "}",
                  "BF3912 A010 80020A0F 3000 5F370101 040102 300100");
    assert_answer(TAG_INITIATE_AUTHENTICATION,
                  "{" DONE INITIATED ",\"matchingId\":\"A-1\",\"ctxParams1\":\"oAA=\"}",
                  "BF391B A019 80020A0F 3000 5F370101 040102 300100 0C03412D31 A202A000");
    assert_answer(TAG_AUTHENTICATE_CLIENT,
                  "{" DONE
                  ",\"transactionId\":\"0A0F\",\"profileMetadata\":\"vyUA\",\"smdpSigned2\":\"MAA=\","
                  "\"smdpSignature2\":\"XzcBAQ==\",\"smdpCertificate\":\"MAEA\",\"hashCc\":\"BAEC\"}",
                  "BF3B15 A013 80020A0F BF2500 3000 5F370101 300100 040102");
    assert_answer(TAG_AUTHENTICATE_CLIENT,
                  "{" DONE ",\"transactionId\":\"0A0F\",\"profileDownloadTrigger\":\"v1QA\"}",
                  "BF3B09 A107 80020A0F BF5400");
    assert_answer(TAG_GET_BOUND_PROFILE_PACKAGE,
                  "{" DONE ",\"transactionId\":\"0A0F\",\"boundProfilePackage\":\"vzYA\"}",
                  "BF3A09 A007 80020A0F BF3600");
}
END_TEST

START_TEST(failures)
{
    /* With a number in ASN.1. */
    assert_answer(TAG_GET_EIM_PACKAGE, FAILED("8.1.1", "3.7"), "BF4F03 020101");
    assert_answer(TAG_GET_EIM_PACKAGE, FAILED("8.1.1", "3.9"), "BF4F03 020102");
    assert_answer(TAG_GET_EIM_PACKAGE, FAILED("8.1.1", "2.1"), "BF4F03 020103");
    assert_answer(TAG_GET_EIM_PACKAGE, FAILED("8.1.1", "2.2"), "BF4F03 020104");
    assert_answer(TAG_PROVIDE_EIM_RESULT, FAILED("8.1.1", "3.9"), "BF5003 020102");
    assert_answer(TAG_PROVIDE_EIM_RESULT, FAILED("1.2", "4.2"), "BF5003 02017F");
    assert_answer(TAG_AUTHENTICATE_CLIENT, FAILED("8.2.6", "3.8"), "BF3B03 820106");
    assert_answer(TAG_INITIATE_AUTHENTICATION, FAILED("8.8", "3.10"), "BF3903 810133");
    assert_answer(TAG_GET_BOUND_PROFILE_PACKAGE, FAILED("8.2.7", "3.8"), "BF3A03 810103");
    /* Without. */
    assert_refused(TAG_GET_EIM_PACKAGE, FAILED("1.2", "4.2"),
                   "getEimPackage: the eIM refused: 1.2-4.2 so it is");
    assert_refused(TAG_AUTHENTICATE_CLIENT, FAILED("8.2.6", "9.9"),
                   "authenticateClient: the eIM refused: 8.2.6-9.9 so it is");
    assert_refused(TAG_HANDLE_NOTIFICATION, FAILED("8.1.1", "3.9"),
                   "handleNotification: the eIM refused: 8.1.1-3.9 so it is");
    assert_refused(TAG_HANDLE_NOTIFICATION, "{" STATUS("Executed-Failed") "}",
                   "handleNotification: the eIM refused: -");
    assert_refused(
        TAG_CANCEL_SESSION,
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
        "\"subjectCode\":\"8.10.1-and-much-more\",\"reasonCode\":\"3\\n9\",\"message\":\"\\u001b[0m\"}"
        "}}}",
        "cancelSession: the eIM refused: 8.10.1-and-much-3?9 ?[0m");
}
END_TEST

/* --- what is none ------------------------------------------------------------------------------------- */

START_TEST(no_json)
{
#define NO_JSON "handleNotification: the answer is no object in JSON"
    assert_malformed(TAG_HANDLE_NOTIFICATION, "<html></html>", NO_JSON);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "[]", NO_JSON);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{" DONE, NO_JSON);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{" DONE "}}", NO_JSON);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{" DONE ",\"\xFF\":1}", NO_JSON);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{" DONE ",\"a\":\"\\u0000\"}", NO_JSON);
    assert_none(TAG_HANDLE_NOTIFICATION, SPAN_STRING("{" DONE "}\0"), IPAE_JSON_MALFORMED, NO_JSON);
}
END_TEST

START_TEST(headers_that_are_none)
{
#define NO_HEADER "handleNotification: the answer's header is missing"
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{}", NO_HEADER);
    assert_malformed(TAG_PROVIDE_EIM_RESULT, "{}", "provideEimPackageResult: the answer's header is missing");
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{\"header\":{}}", NO_HEADER);
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{\"header\":[]}",
                     "handleNotification: the answer's header is no object");
    assert_malformed(TAG_HANDLE_NOTIFICATION,
                     "{\"header\":{\"functionExecutionStatus\":\"Executed-Success\"}}",
                     "handleNotification: the answer's functionExecutionStatus is no object");
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{\"header\":{\"functionExecutionStatus\":{\"status\":1}}}",
                     "handleNotification: the answer's status is no string");
    assert_refused(TAG_HANDLE_NOTIFICATION, "{" STATUS("Executed-Success-not") "}",
                   "handleNotification: the eIM refused: -");
    assert_malformed(TAG_HANDLE_NOTIFICATION, "{" DONE "," STATUS("Failed") "}",
                     "handleNotification: the answer's header is there twice");
}
END_TEST

static void package_is(const char *members, const char *what)
{
    char json[300];
    char line[IPAE_JSON_WHY_MAX];

    snprintf(json, sizeof(json), "{" DONE ",%s}", members);
    snprintf(line, sizeof(line), "getEimPackage: the answer%s", what);
    assert_malformed(TAG_GET_EIM_PACKAGE, json, line);
}

START_TEST(members_that_are_none)
{
    package_is("\"x\":1", "'s euiccPackageRequest is missing");
    package_is("\"euiccPackageRequest\":\"v1EA\",\"eimPackageError\":1",
               "'s euiccPackageRequest is not the only one of a choice");
    package_is("\"euiccPackageRequest\":\"v1EA\",\"euiccPackageRequest\":\"v1EA\"",
               "'s euiccPackageRequest is there twice");
    package_is("\"euiccPackageRequest\":1", "'s euiccPackageRequest is not a string");
    package_is("\"euiccPackageRequest\":{}", "'s euiccPackageRequest is not a string");
    package_is("\"euiccPackageRequest\":true", "'s euiccPackageRequest is not a string");
    package_is("\"euiccPackageRequest\":\"v1E\"", "'s euiccPackageRequest is not base64");
    package_is("\"euiccPackageRequest\":\"v1E=\"", "'s euiccPackageRequest is not an object with its tag");
    package_is("\"euiccPackageRequest\":\"v1EA=\"", "'s euiccPackageRequest is not base64");
    package_is("\"euiccPackageRequest\":\"v1EAv1EA\"",
               "'s euiccPackageRequest is not an object with its tag");
    package_is("\"euiccPackageRequest\":\"v1IA\"", "'s euiccPackageRequest is not an object with its tag");
    package_is("\"euiccPackageRequest\":\"\"", "'s euiccPackageRequest is not an object with its tag");
    package_is("\"euiccPackageRequest\":\"\\u2028\"", "'s euiccPackageRequest is not base64");
    package_is("\"eimPackageError\":-1", "'s eimPackageError is not a number from 0 to 2147483647");
    package_is("\"eimPackageError\":2147483648", "'s eimPackageError is not a number from 0 to 2147483647");
    package_is("\"eimPackageError\":1.0", "'s eimPackageError is not a number from 0 to 2147483647");
    package_is("\"eimPackageError\":\"1\"", "'s eimPackageError is not a number from 0 to 2147483647");
    package_is("\"eimPackageError\":18446744073709551617",
               "'s eimPackageError is not a number from 0 to 2147483647");
    assert_malformed(TAG_GET_BOUND_PROFILE_PACKAGE, "{" DONE ",\"transactionId\":\"0A0\"}",
                     "getBoundProfilePackage: the answer's transactionId is not hexadecimal");
    assert_malformed(TAG_GET_BOUND_PROFILE_PACKAGE, "{" DONE ",\"transactionId\":\"0A 0F\"}",
                     "getBoundProfilePackage: the answer's transactionId is not hexadecimal");
    assert_malformed(TAG_GET_BOUND_PROFILE_PACKAGE, "{" DONE ",\"transactionId\":\"0A0F\"}",
                     "getBoundProfilePackage: the answer's boundProfilePackage is missing");
    assert_malformed(TAG_INITIATE_AUTHENTICATION, "{" DONE INITIATED ",\"ctxParams1\":\"oAAA\"}",
                     "initiateAuthentication: the answer's ctxParams1 is not an object with its tag");
}
END_TEST

/* Whatever is cut off, or another character at one place, does no harm. */
START_TEST(every_text_beside_a_good_one)
{
    static const char good[] = "{" DONE INITIATED ",\"matchingId\":\"A-1\",\"ctxParams1\":\"oAA=\"}";
    const struct esipa_function *function = esipa_by_tag(TAG_INITIATE_AUTHENTICATION);
    char why[IPAE_JSON_WHY_MAX];
    struct buf made = {0};

    for (size_t size = 1; size + 1 < sizeof(good); size++)
        ck_assert_int_eq(ipae_json_answer(reader(), function, SPAN(good, size), &made, why),
                         IPAE_JSON_MALFORMED);
    for (size_t at = 0; at + 1 < sizeof(good); at++) {
        static const char others[] = {'\0', '"', '\\', '{', '}', ',', ':', '0', (char)0xFF};

        for (size_t i = 0; i < sizeof(others); i++) {
            char text[sizeof(good)];

            memcpy(text, good, sizeof(good));
            text[at] = others[i];
            buf_clear(&made);
            (void)ipae_json_answer(reader(), function, SPAN(text, sizeof(text) - 1), &made, why);
        }
    }
    buf_free(&made);
}
END_TEST

TEST_MAIN("ipae json binding", a_poll, a_result, a_notification, a_download, what_the_binding_has_not,
          a_package, acknowledgements, no_answer, steps_of_a_download, failures, no_json,
          headers_that_are_none, members_that_are_none, every_text_beside_a_good_one)
