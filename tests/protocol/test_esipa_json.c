/* protocol/esipa_*.c: every message between the two bindings, octet for octet; what is refused on either
 * side; refusals by codes and by numbers. */
#include "protocol/esipa_json.h"
#include "protocol/tags.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EID "89049032123451234512345678901235"

/* The same message in ASN.1 and in JSON. */
struct pair {
    uint32_t function;
    const char *der, *json;
};

static const struct pair requests[] = {
    {TAG_INITIATE_AUTHENTICATION, "BF39 12 8110 00112233445566778899AABBCCDDEEFF",
     "{\"euiccChallenge\":\"ABEiM0RVZneImaq7zN3u/w==\"}"},
    {TAG_INITIATE_AUTHENTICATION,
     "BF39 20 8110 00112233445566778899AABBCCDDEEFF 8303612E62 BF20028100 8202A1B2",
     "{\"euiccChallenge\":\"ABEiM0RVZneImaq7zN3u/w==\",\"smdpAddress\":\"a.b\",\"euiccInfo1\":\"vyACgQA=\","
     "\"eimTransactionId\":\"A1B2\"}"},
    {TAG_AUTHENTICATE_CLIENT, "BF3B 08 8001A1 BF3802A000",
     "{\"transactionId\":\"A1\",\"authenticateServerResponse\":\"vzgCoAA=\"}"},
    {TAG_GET_BOUND_PROFILE_PACKAGE, "BF3A 06 8001A1 BF2100",
     "{\"transactionId\":\"A1\",\"prepareDownloadResponse\":\"vyEA\"}"},
    {TAG_CANCEL_SESSION, "BF41 08 8001A1 A103810105",
     "{\"transactionId\":\"A1\",\"cancelSessionResponse\":\"v0EDgQEF\"}"},
    {TAG_HANDLE_NOTIFICATION, "BF3D 05 A003BF3700", "{\"pendingNotification\":\"vzcA\"}"},
    {TAG_HANDLE_NOTIFICATION, "BF3D 04 A0023000", "{\"pendingNotification\":\"MAA=\"}"},
    {TAG_HANDLE_NOTIFICATION, "BF3D 06 BF5003020102", "{\"provideEimPackageResult\":\"v1ADAgEC\"}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 03 BF5100", "{\"euiccPackageRequest\":\"v1EA\"}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 06 BF5303800101", "{\"eimAcknowledgements\":\"v1MDgAEB\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 12 5A10" EID, "{\"eidValue\":\"" EID "\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 1C 5A10" EID "8000 810103 820362F210",
     "{\"eidValue\":\"" EID "\",\"notifyStateChange\":true,\"stateChangeCause\":3,\"rPLMN\":\"YvIQ\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 18 5A10" EID "81047FFFFFFF",
     "{\"eidValue\":\"" EID "\",\"stateChangeCause\":2147483647}"},
    {TAG_PROVIDE_EIM_RESULT, "BF50 15 5A10" EID "BF5100",
     "{\"eidValue\":\"" EID "\",\"eimPackageResult\":\"v1EA\"}"},
    {TAG_PROVIDE_EIM_RESULT, "BF50 19 5A10" EID "3005BF5100A000",
     "{\"eidValue\":\"" EID "\",\"eimPackageResult\":\"MAW/UQCgAA==\"}"},
    {TAG_PROVIDE_EIM_RESULT, "BF50 05 A003020101", "{\"eimPackageResult\":\"oAMCAQE=\"}"},
};

/* Of the answers the members alone; the header is the same in all. */
static const struct pair answers[] = {
    {TAG_INITIATE_AUTHENTICATION, "BF39 13 A011 8002A1B2 3000 5F3701AA 0401BB 30020500",
     "{\"transactionId\":\"A1B2\",\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcBqg==\","
     "\"euiccCiPKIdentifierToBeUsed\":\"BAG7\",\"serverCertificate\":\"MAIFAA==\"}"},
    {TAG_INITIATE_AUTHENTICATION, "BF39 18 A016 3000 5F3701AA 0401BB 30020500 0C0141 A204A0028000",
     "{\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcBqg==\",\"euiccCiPKIdentifierToBeUsed\":\"BAG7\","
     "\"serverCertificate\":\"MAIFAA==\",\"matchingId\":\"A\",\"ctxParams1\":\"oAKAAA==\"}"},
    {TAG_AUTHENTICATE_CLIENT, "BF3B 13 A011 8001A1 BF2500 3000 5F3700 30020500 0400",
     "{\"transactionId\":\"A1\",\"profileMetadata\":\"vyUA\",\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":"
     "\"XzcA\",\"smdpCertificate\":\"MAIFAA==\",\"hashCc\":\"BAA=\"}"},
    {TAG_AUTHENTICATE_CLIENT, "BF3B 0B A009 3000 5F3700 30020500",
     "{\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":\"XzcA\",\"smdpCertificate\":\"MAIFAA==\"}"},
    {TAG_AUTHENTICATE_CLIENT, "BF3B 0A A108 8001A1 BF5402A000",
     "{\"transactionId\":\"A1\",\"profileDownloadTrigger\":\"v1QCoAA=\"}"},
    {TAG_GET_BOUND_PROFILE_PACKAGE, "BF3A 08 A006 8001A1 BF3600",
     "{\"transactionId\":\"A1\",\"boundProfilePackage\":\"vzYA\"}"},
    {TAG_CANCEL_SESSION, "BF41 02 A000", "{}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 03 BF5100", "{\"euiccPackageResult\":\"v1EA\"}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 09 3007 BF5100 A0023000",
     "{\"ePRAndNotifications\":{\"euiccPackageResult\":\"v1EA\",\"notificationList\":\"oAIwAA==\"}}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 05 3003 BF5100",
     "{\"ePRAndNotifications\":{\"euiccPackageResult\":\"v1EA\"}}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 03 BF5200", "{\"ipaEuiccDataResponse\":\"v1IA\"}"},
    {TAG_TRANSFER_EIM_PACKAGE, "BF4E 02 0500", "{\"eimPackageReceived\":true}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 03 BF5100", "{\"euiccPackageRequest\":\"v1EA\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 05 BF52025C00", "{\"ipaEuiccDataRequest\":\"v1ICXAA=\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 03 BF5400", "{\"profileDownloadTriggerRequest\":\"v1QA\"}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 03 020101", "{\"eimPackageError\":0}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 03 020104", "{\"eimPackageError\":4}"},
    {TAG_GET_EIM_PACKAGE, "BF4F 03 02017F", "{\"eimPackageError\":127}"},
    {TAG_PROVIDE_EIM_RESULT, "BF50 06 BF5303800101", "{\"eimAcknowledgements\":\"v1MDgAEB\"}"},
    {TAG_PROVIDE_EIM_RESULT, "BF50 02 3000", "{}"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *json_of(const char *text)
{
    json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);

    ck_assert_msg(object != NULL, "%s", text);
    return object;
}

static const struct esipa_function *function_of(uint32_t tag)
{
    const struct esipa_function *function = esipa_by_tag(tag);

    ck_assert_ptr_nonnull(function);
    return function;
}

START_TEST(requests_go_both_ways)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        const struct esipa_function *function = NULL;
        char why[ESIPA_JSON_WHY_SIZE];
        char *text = esipa_json_request(hex(requests[i].der), &function, why);
        struct refusal_status status = {0};
        struct buf der = {0};
        json_t *object;

        ck_assert_msg(text != NULL, "%zu: %s", i, why);
        ck_assert_str_eq(why, "");
        ck_assert_str_eq(text, requests[i].json);
        ck_assert_ptr_eq(function, function_of(requests[i].function));
        ck_assert_ptr_eq(function, esipa_by_name(function->name));
        object = json_of(text);
        ck_assert_msg(esipa_json_take_request(function, object, &der, &status), "%s", status.detail);
        ck_assert_hex(buf_span(&der), requests[i].der);
        buf_free(&der);
        json_decref(object);
        free(text);
    }
}
END_TEST

#define SUCCESS "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

/* The body of an answer with these members, which the caller frees. */
static char *successful(const char *members)
{
    json_t *object = json_of("{" SUCCESS "}");
    json_t *others = json_of(members);
    char *text;

    json_object_update(object, others);
    text = json_dumps(object, JSON_COMPACT);
    json_decref(others);
    json_decref(object);
    return text;
}

START_TEST(answers_go_both_ways)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct esipa_function *function = function_of(answers[i].function);
        char *expected = successful(answers[i].json);
        json_t *object = esipa_json_answer(function, hex(answers[i].der));
        char *text = json_dumps(object, JSON_COMPACT);
        char why[ESIPA_JSON_WHY_SIZE];
        struct buf der = {0};

        ck_assert_msg(text != NULL, "%zu", i);
        ck_assert_str_eq(text, expected);
        ck_assert_int_eq(esipa_json_take_answer(function, span_of_string(text), &der, why),
                         ESIPA_JSON_ANSWERED);
        ck_assert_str_eq(why, "");
        ck_assert_hex(buf_span(&der), answers[i].der);
        buf_free(&der);
        free(text);
        free(expected);
        json_decref(object);
    }
}
END_TEST

/* Cut off after every octet, and with one more behind. */
START_TEST(refuses_octets_that_are_not_whole)
{
    const struct esipa_function *function;
    char why[ESIPA_JSON_WHY_SIZE];

    for (size_t i = 0; i < COUNT(requests); i++) {
        struct span whole = hex(requests[i].der);
        struct buf longer = {0};

        for (size_t size = 0; size < whole.size; size++) {
            ck_assert_ptr_null(esipa_json_request(SPAN(whole.data, size), &function, why));
            ck_assert_str_ne(why, "");
        }
        buf_append(&longer, whole);
        buf_append_octet(&longer, 0);
        ck_assert_ptr_null(esipa_json_request(buf_span(&longer), &function, why));
        buf_free(&longer);
    }
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct span whole = hex(answers[i].der);

        for (size_t size = 0; size < whole.size; size++)
            ck_assert_ptr_null(esipa_json_answer(function_of(answers[i].function), SPAN(whole.data, size)));
    }
}
END_TEST

START_TEST(refuses_other_octets)
{
    static const struct {
        const char *der, *why;
    } cases[] = {
        {"BF4D00", "a request: message is of no function"},
        {"BF4F00", "getEimPackage: eidValue is missing"},
        {"BF4F 03 5A0189", "getEimPackage: eidValue does not have the right length"},
        {"BF4F 12 5A10 890490321234512345123456789012FA", "getEimPackage: eidValue is not 32 digits"},
        {"BF4F 15 5A10" EID "800100", "getEimPackage: notifyStateChange has a value"},
        {"BF4F 15 5A10" EID "8101FF", "getEimPackage: stateChangeCause is not a number from 0 to 2147483647"},
        {"BF4F 14 5A10" EID "8500", "getEimPackage: message has an object too many"},
        {"BF4F 17 5A10" EID "810103 8000", "getEimPackage: message has an object too many"},
        {"BF3D 04 A1023000", "handleNotification: pendingNotification is missing"},
        {"BF3D 04 A0020000", "handleNotification: pendingNotification is not an object with its tag"},
        {"BF3D 04 A0023001", "handleNotification: pendingNotification is not an object with its tag"},
        {"BF3D 07 A0023000 BF5000",
         "handleNotification: pendingNotification is not the only one of a choice"},
        {"BF39 17 8110 00112233445566778899AABBCCDDEEFF 8303610062",
         "initiateAuthentication: smdpAddress has "
         "a zero octet"},
        {"BF39 17 8110 00112233445566778899AABBCCDDEEFF 8303C36162",
         "initiateAuthentication: the request cannot be written in JSON"},
    };
    const struct esipa_function *function;
    char why[ESIPA_JSON_WHY_SIZE];

    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_ptr_null(esipa_json_request(hex(cases[i].der), &function, why));
        ck_assert_str_eq(why, cases[i].why);
    }
    ck_assert_ptr_null(esipa_by_name(""));
    ck_assert_ptr_null(esipa_by_name("GetEimPackage"));
    ck_assert_ptr_null(esipa_by_tag(0));
}
END_TEST

#define EID_AND(more) "{\"eidValue\":\"" EID "\"," more "}"

START_TEST(names_the_member_that_is_wrong)
{
    static const struct {
        const char *function, *json, *detail;
        enum refusal refusal;
    } cases[] = {
        {"getEimPackage", "{}", "eidValue", REFUSAL_INPUT_MISSING},
        {"getEimPackage", "[]", "eidValue", REFUSAL_INPUT_MISSING},
        {"getEimPackage", "{\"eidValue\":null}", "eidValue", REFUSAL_INPUT_MISSING},
        {"getEimPackage", "{\"eidValue\":[\"" EID "\"]}", "eidValue is not a string", REFUSAL_INPUT_INVALID},
        {"getEimPackage", "{\"eidValue\":\"8904903212345123451234567890123F\"}", "eidValue is not 32 digits",
         REFUSAL_INPUT_INVALID},
        {"getEimPackage", "{\"eidValue\":\"" EID "\\u0000\"}", "eidValue is not 32 digits",
         REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"notifyStateChange\":\"true\""), "notifyStateChange is not true or false",
         REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"stateChangeCause\":1.0"),
         "stateChangeCause is not a number from 0 to 2147483647", REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"stateChangeCause\":-1"),
         "stateChangeCause is not a number from 0 to 2147483647", REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"stateChangeCause\":2147483648"),
         "stateChangeCause is not a number from 0 to 2147483647", REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"rPLMN\":\"YvI\""), "rPLMN is not base64", REFUSAL_INPUT_INVALID},
        {"getEimPackage", EID_AND("\"rPLMN\":\"YvIQAA==\""), "rPLMN does not have the right length",
         REFUSAL_INPUT_INVALID},
        {"provideEimPackageResult", EID_AND("\"eimPackageResult\":\"v1EBAAA=\""),
         "eimPackageResult is not an object with its tag", REFUSAL_INPUT_INVALID},
        {"provideEimPackageResult", EID_AND("\"eimPackageResult\":\"AAMCAQE=\""),
         "eimPackageResult is not an object with its tag", REFUSAL_INPUT_INVALID},
        {"provideEimPackageResult", EID_AND("\"eimPackageResult\":\"\""),
         "eimPackageResult is not an object with its tag", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"A\",\"cancelSessionResponse\":\"v0EA\"}",
         "transactionId is not hexadecimal", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"A1 B2\",\"cancelSessionResponse\":\"v0EA\"}",
         "transactionId is not hexadecimal", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"A1\\u0000\",\"cancelSessionResponse\":\"v0EA\"}",
         "transactionId is not hexadecimal", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"\",\"cancelSessionResponse\":\"v0EA\"}",
         "transactionId does not have the right length", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"" EID "00\",\"cancelSessionResponse\":\"v0EA\"}",
         "transactionId does not have the right length", REFUSAL_INPUT_INVALID},
        {"cancelSession", "{\"transactionId\":\"A1\",\"cancelSessionResponse\":\"oQA=\"}",
         "cancelSessionResponse is not an object with its tag", REFUSAL_INPUT_INVALID},
        {"initiateAuthentication",
         "{\"euiccChallenge\":\"ABEiM0RVZneImaq7zN3u/w==\",\"smdpAddress\":\"a\\u0000b\"}",
         "smdpAddress has a zero octet", REFUSAL_INPUT_INVALID},
        {"transferEimPackage", "{\"euiccPackageRequest\":\"v1EA\",\"ipaEuiccDataRequest\":\"v1IA\"}",
         "euiccPackageRequest is not the only one of a choice", REFUSAL_INPUT_INVALID},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct refusal_status status = {0};
        json_t *object = json_of(cases[i].json);
        struct buf der = {0};

        ck_assert(!esipa_json_take_request(esipa_by_name(cases[i].function), object, &der, &status));
        ck_assert_str_eq(status.detail, cases[i].detail);
        ck_assert_int_eq(status.refusal, cases[i].refusal);
        ck_assert_uint_eq(der.size, 0);
        json_decref(object);
    }
}
END_TEST

/* What other writers may do. */
START_TEST(takes_other_forms)
{
    static const char text[] =
        "{\"eidValue\":\"" EID "\",\"notifyStateChange\":false,\"rPLMN\":null,\"x\":{}}";
    static const char none[] = "{" SUCCESS ",\"eimPackageError\":1}";
    struct refusal_status status = {0};
    json_t *object = json_of(text);
    char why[ESIPA_JSON_WHY_SIZE];
    struct buf der = {0};

    ck_assert(esipa_json_take_request(esipa_by_name("getEimPackage"), object, &der, &status));
    ck_assert_hex(buf_span(&der), "BF4F 12 5A10" EID);
    json_decref(object);
    buf_clear(&der);
    ck_assert_int_eq(esipa_json_take_answer(esipa_by_name("getEimPackage"), span_of_string(none), &der, why),
                     ESIPA_JSON_ANSWERED);
    ck_assert_hex(buf_span(&der), "BF4F 03 020101");
    buf_free(&der);
    ck_assert(esipa_json_take_answer(esipa_by_name("handleNotification"), SPAN_NONE, &der, why) ==
              ESIPA_JSON_ANSWERED);
    ck_assert_uint_eq(der.size, 0);
    ck_assert_int_eq(
        esipa_json_take_answer(esipa_by_name("handleNotification"), SPAN_STRING("{" SUCCESS "}"), &der, why),
        ESIPA_JSON_ANSWERED);
    ck_assert_uint_eq(der.size, 0);
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------------------------- */

START_TEST(errors_go_both_ways)
{
    static const struct {
        uint32_t function;
        const char *der, *codes, *message;
    } cases[] = {
        {TAG_INITIATE_AUTHENTICATION, "BF39 03 810101", "8.8.1 3.8", "invalidDpAddress(1)"},
        {TAG_INITIATE_AUTHENTICATION, "BF39 03 810132", "8.8.1 3.10", "smdpAddressMismatch(50)"},
        {TAG_INITIATE_AUTHENTICATION, "BF39 03 810133", "8.8 3.10", "smdpOidMismatch(51)"},
        {TAG_INITIATE_AUTHENTICATION, "BF39 03 810134", "8.10.1 3.9", "invalidEimTransactionId(52)"},
        {TAG_AUTHENTICATE_CLIENT, "BF3B 03 820106", "8.2.6 3.8", "matchingIdRefused(6)"},
        {TAG_AUTHENTICATE_CLIENT, "BF3B 03 820138", "8.9.5 3.9", "eventIdUnknown(56)"},
        {TAG_GET_BOUND_PROFILE_PACKAGE, "BF3A 03 81015F", "8.10.1 3.9", "invalidTransactionId(95)"},
        {TAG_GET_BOUND_PROFILE_PACKAGE, "BF3A 03 810132", "8.2 3.10", "metadataMismatch(50)"},
        {TAG_CANCEL_SESSION, "BF41 03 810102", "8.1 6.1", NULL},
        {TAG_PROVIDE_EIM_RESULT, "BF50 03 020102", "8.1.1 3.9", "eidNotFound(2)"},
        {TAG_PROVIDE_EIM_RESULT, "BF50 03 020103", "8.1.1 2.1", "invalidEid(3)"},
        {TAG_PROVIDE_EIM_RESULT, "BF50 03 020104", "8.1.1 2.2", "missingEid(4)"},
        {TAG_PROVIDE_EIM_RESULT, "BF50 03 02017F", "1.2 4.2", "undefinedError(127)"},
    };

    const struct esipa_function *function = function_of(TAG_AUTHENTICATE_CLIENT);
    json_t *undefined = esipa_json_answer(function, hex("BF3B 03 82017F"));
    struct rsp_execution told;

    /* Its codes say no more than that: whoever hears them tells them as they are. */
    rsp_read_execution(undefined, &told);
    ck_assert_str_eq(told.subject, "1.2");
    ck_assert_str_eq(told.reason, "4.2");
    ck_assert_str_eq(told.message, "undefinedError(127)");
    json_decref(undefined);
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *object = esipa_json_answer(function_of(cases[i].function), hex(cases[i].der));
        char *text = json_dumps(object, JSON_COMPACT);
        struct rsp_execution execution;
        char codes[40], why[ESIPA_JSON_WHY_SIZE];
        struct buf der = {0};

        function = function_of(cases[i].function);
        rsp_read_execution(object, &execution);
        ck_assert(execution.known && !execution.executed);
        snprintf(codes, sizeof(codes), "%s %s", execution.subject, execution.reason);
        ck_assert_str_eq(codes, cases[i].codes);
        if (cases[i].message != NULL)
            ck_assert_str_eq(execution.message, cases[i].message);
        ck_assert_int_eq(esipa_json_take_answer(function, span_of_string(text), &der, why),
                         ESIPA_JSON_ANSWERED);
        ck_assert_str_ne(why, "");
        ck_assert_hex(buf_span(&der), cases[i].der);
        buf_free(&der);
        free(text);
        json_decref(object);
    }
}
END_TEST

#define FAILED(status)                                                                                       \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"" status "\",\"statusCodeData\":{"               \
    "\"subjectCode\":\"8.1.1\",\"reasonCode\":\"3.9\",\"message\":\"who?\"}}}}"

START_TEST(takes_refusals_of_others)
{
    static const struct {
        const char *function, *body, *der, *why;
        enum esipa_json_result result;
    } cases[] = {
        {"getEimPackage", FAILED("Failed"), "BF4F 03 020102",
         "getEimPackage: refused, subject 8.1.1 reason 3.9: who?", ESIPA_JSON_ANSWERED},
        {"getEimPackage", FAILED("Executed-Failed"), "BF4F 03 020102",
         "getEimPackage: refused, subject 8.1.1 reason 3.9: who?", ESIPA_JSON_ANSWERED},
        {"getEimPackage",
         "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
         "\"subjectCode\":\"8.1.1\",\"reasonCode\":\"3.7\"}}}}",
         "BF4F 03 020101", "getEimPackage: refused, subject 8.1.1 reason 3.7", ESIPA_JSON_ANSWERED},
        {"cancelSession", FAILED("Failed"), "", "cancelSession: refused, subject 8.1.1 reason 3.9: who?",
         ESIPA_JSON_REFUSED},
        {"cancelSession", "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Failed\"}}}", "",
         "cancelSession: refused, subject  reason ", ESIPA_JSON_REFUSED},
        {"provideEimPackageResult", FAILED("Failed"), "BF50 03 020102",
         "provideEimPackageResult: refused, subject 8.1.1 reason 3.9: who?", ESIPA_JSON_ANSWERED},
        {"provideEimPackageResult", "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}}}",
         "BF50 03 02017F", "provideEimPackageResult: refused, subject  reason ", ESIPA_JSON_ANSWERED},
        {"handleNotification", FAILED("Failed"), "",
         "handleNotification: refused, subject 8.1.1 reason 3.9: who?", ESIPA_JSON_REFUSED},
        {"getEimPackage", "{}", "", "getEimPackage: in the answer, euiccPackageRequest is missing",
         ESIPA_JSON_MALFORMED},
        {"getEimPackage", "[1]", "", "getEimPackage: in the answer, euiccPackageRequest is missing",
         ESIPA_JSON_MALFORMED},
        {"getEimPackage", "{\"euiccPackageRequest\":\"v1EA\"}", "BF4F 03 BF5100", "", ESIPA_JSON_ANSWERED},
        {"getEimPackage",
         "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Done\"}},\"euiccPackageRequest\":\"v1EA\"}",
         "", "getEimPackage: refused, subject  reason ", ESIPA_JSON_REFUSED},
        {"provideEimPackageResult", "{}", "", "provideEimPackageResult: in the answer, header is missing",
         ESIPA_JSON_MALFORMED},
        {"handleNotification", "{}", "", "handleNotification: in the answer, header is missing",
         ESIPA_JSON_MALFORMED},
        {"getEimPackage", "{" SUCCESS "}", "", "getEimPackage: in the answer, euiccPackageRequest is missing",
         ESIPA_JSON_MALFORMED},
        {"getEimPackage", "{" SUCCESS ",\"euiccPackageRequest\":\"v1IA\"}", "",
         "getEimPackage: in the answer, euiccPackageRequest is not an object with its tag",
         ESIPA_JSON_MALFORMED},
        {"transferEimPackage", "{" SUCCESS ",\"ePRAndNotifications\":\"v1IA\"}", "",
         "transferEimPackage: in the answer, ePRAndNotifications is not an object", ESIPA_JSON_MALFORMED},
        {"transferEimPackage", "{" SUCCESS ",\"ePRAndNotifications\":{}}", "",
         "transferEimPackage: in the answer, euiccPackageResult is missing", ESIPA_JSON_MALFORMED},
        {"authenticateClient", "{" SUCCESS ",\"profileDownloadTrigger\":7}", "",
         "authenticateClient: in the answer, profileDownloadTrigger is not a string", ESIPA_JSON_MALFORMED},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char why[ESIPA_JSON_WHY_SIZE];
        struct buf der = {0};

        ck_assert_int_eq(esipa_json_take_answer(esipa_by_name(cases[i].function),
                                                span_of_string(cases[i].body), &der, why),
                         cases[i].result);
        ck_assert_str_eq(why, cases[i].why);
        ck_assert_hex(buf_span(&der), cases[i].der);
        buf_free(&der);
    }
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
    static const char *const bodies[] = {"{", "\xFF", "{\"a\":1,\"a\":1}", "{\"a\":\"\\u0000\"}", "{} {}"};

    for (size_t i = 0; i < COUNT(bodies); i++) {
        char why[ESIPA_JSON_WHY_SIZE];
        struct buf der = {0};

        ck_assert_int_eq(
            esipa_json_take_answer(esipa_by_name("getEimPackage"), span_of_string(bodies[i]), &der, why),
            ESIPA_JSON_MALFORMED);
        ck_assert_int_eq(strncmp(why, "getEimPackage: the answer is not JSON: ", 39), 0);
        ck_assert_uint_eq(der.size, 0);
    }
}
END_TEST

TEST_MAIN("esipa_json", requests_go_both_ways, answers_go_both_ways, refuses_octets_that_are_not_whole,
          refuses_other_octets, names_the_member_that_is_wrong, takes_other_forms, errors_go_both_ways,
          takes_refusals_of_others, refuses_what_is_no_json)
