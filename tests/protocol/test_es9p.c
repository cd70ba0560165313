/* protocol/es9p*.c: every function between its two bindings, the forms that are tolerated, and what is
 * refused. */
#include "protocol/es9p_json.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

/* The same members in ASN.1 (content) and in JSON. */
static const struct {
    enum es9p_function_id function;
    bool answer;
    const char *asn1, *json;
} messages[] = {
    {ES9P_INITIATE_AUTHENTICATION, false, "8102AABB 8303612E62 BF2002 8100",
     "{\"euiccChallenge\":\"qrs=\",\"smdpAddress\":\"a.b\",\"euiccInfo1\":\"vyACgQA=\"}"},
    {ES9P_INITIATE_AUTHENTICATION, true, "8002A1B2 3000 5F3701AA 0401BB 30020500",
     "{\"transactionId\":\"A1B2\",\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcBqg==\","
     "\"euiccCiPKIdToBeUsed\":\"BAG7\",\"serverCertificate\":\"MAIFAA==\"}"},
    {ES9P_AUTHENTICATE_CLIENT, false, "8001A1 BF3802A000",
     "{\"transactionId\":\"A1\",\"authenticateServerResponse\":\"vzgCoAA=\"}"},
    {ES9P_AUTHENTICATE_CLIENT, true, "8001A1 BF2500 3000 5F3700 30020500",
     "{\"transactionId\":\"A1\",\"profileMetadata\":\"vyUA\",\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":"
     "\"XzcA\","
     "\"smdpCertificate\":\"MAIFAA==\"}"},
    {ES9P_AUTHENTICATE_CLIENT, true, "3000 5F3700 30020500", /* leniency */
     "{\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":\"XzcA\",\"smdpCertificate\":\"MAIFAA==\"}"},
    {ES9P_GET_BOUND_PROFILE_PACKAGE, false, "8001A1 BF2100",
     "{\"transactionId\":\"A1\",\"prepareDownloadResponse\":\"vyEA\"}"},
    {ES9P_GET_BOUND_PROFILE_PACKAGE, true, "8001A1 BF3600",
     "{\"transactionId\":\"A1\",\"boundProfilePackage\":\"vzYA\"}"},
    {ES9P_CANCEL_SESSION, false, "8001A1 A103810105",
     "{\"transactionId\":\"A1\",\"cancelSessionResponse\":\"v0EDgQEF\"}"},
    {ES9P_CANCEL_SESSION, true, "", "{}"},
    {ES9P_HANDLE_NOTIFICATION, false, "A003BF3700", "{\"pendingNotification\":\"vzcA\"}"},
    {ES11_AUTHENTICATE_CLIENT, true, "8001A1 A110 3006800141810161 3006800142810162",
     "{\"transactionId\":\"A1\",\"eventEntries\":[{\"eventId\":\"A\",\"rspServerAddress\":\"a\"},"
     "{\"eventId\":\"B\",\"rspServerAddress\":\"b\"}]}"},
    {ES11_AUTHENTICATE_CLIENT, true, "8001A1 A100", "{\"transactionId\":\"A1\",\"eventEntries\":[]}"},
};

#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static const struct es9p_member *members_of(size_t i)
{
    const struct es9p_function *function = &es9p_functions[messages[i].function];

    return messages[i].answer ? function->out : function->in;
}

START_TEST(goes_both_ways)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        struct es9p_message message = {0};
        struct span values[ES9P_MEMBERS_MAX];
        const struct es9p_member *which;
        json_t *expected = json_loads(messages[i].json, 0, NULL);
        json_t *object = json_object();
        struct buf out = {0};

        ck_assert_ptr_nonnull(expected);
        ck_assert_msg(es9p_read_asn1(members_of(i), hex(messages[i].asn1), &message, &which), "%zu", i);
        es9p_message_spans(&message, values);
        ck_assert(es9p_set_json(members_of(i), values, object));
        ck_assert_msg(json_equal(object, expected), "%zu", i);
        es9p_message_clear(&message);
        ck_assert_int_eq(es9p_read_json(members_of(i), expected, &message, &which), ES9P_FINE);
        es9p_message_spans(&message, values);
        es9p_put_asn1(members_of(i), values, &out);
        ck_assert_hex(buf_span(&out), messages[i].asn1);
        es9p_message_clear(&message);
        buf_free(&out);
        json_decref(object);
        json_decref(expected);
    }
}
END_TEST

/* Cut off after every octet, and each member in another's place. */
START_TEST(refuses_what_is_not_whole)
{
    const struct es9p_member *which;

    for (size_t i = 0; i < MESSAGES; i++) {
        struct span whole = hex(messages[i].asn1);

        for (size_t size = 0; size < whole.size && !messages[i].answer; size++) {
            struct es9p_message message = {0};

            ck_assert(!es9p_read_asn1(members_of(i), SPAN(whole.data, size), &message, &which));
            es9p_message_clear(&message);
        }
    }
}
END_TEST

/* What encoders are seen to write instead of the forms above. */
START_TEST(tolerates_other_tags)
{
    static const struct {
        enum es9p_function_id function;
        size_t member;
        const char *content, *object;
    } cases[] = {
        {ES9P_AUTHENTICATE_CLIENT, ES9P_RESPONSE, "8001A1 BF3805BF3802A000", "BF3802A000"},
        {ES9P_GET_BOUND_PROFILE_PACKAGE, ES9P_RESPONSE, "8001A1 BF2103BF2100", "BF2100"},
        {ES9P_CANCEL_SESSION, ES9P_RESPONSE, "8001A1 BF4103810105", "BF4103810105"},
        {ES9P_CANCEL_SESSION, ES9P_RESPONSE, "8001A1 A106BF4103810105", "BF4103810105"},
        {ES9P_CANCEL_SESSION, ES9P_RESPONSE, "8001A1 BF4106BF4103810105", "BF4103810105"},
        {ES9P_HANDLE_NOTIFICATION, ES9P_NOTIFICATION, "BF3700", "BF3700"},
        {ES9P_HANDLE_NOTIFICATION, ES9P_NOTIFICATION, "3000", "3000"},
        {ES9P_HANDLE_NOTIFICATION, ES9P_NOTIFICATION, "A003BF3700 8100", "BF3700"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct es9p_message message = {0};
        const struct es9p_member *which;

        ck_assert(
            es9p_read_asn1(es9p_functions[cases[i].function].in, hex(cases[i].content), &message, &which));
        ck_assert_hex(buf_span(&message.part[cases[i].member]), cases[i].object);
        es9p_message_clear(&message);
    }
}
END_TEST

START_TEST(says_what_is_wrong_in_json)
{
    static const struct {
        const char *json, *member;
        enum es9p_fault fault;
    } cases[] = {
        {"{}", "transactionId", ES9P_MISSING},
        {"{\"transactionId\":null}", "transactionId", ES9P_MISSING},
        {"{\"transactionId\":7}", "transactionId", ES9P_NO_STRING},
        {"{\"transactionId\":\"A\"}", "transactionId", ES9P_NO_HEX},
        {"{\"transactionId\":\"A1\\u0000\"}", "transactionId", ES9P_NO_HEX},
        {"{\"transactionId\":\"A1\"}", "prepareDownloadResponse", ES9P_MISSING},
        {"{\"transactionId\":\"A1\",\"prepareDownloadResponse\":\"?\"}", "prepareDownloadResponse",
         ES9P_NO_BASE64},
        {"[]", "transactionId", ES9P_MISSING},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct es9p_message message = {0};
        const struct es9p_member *which = NULL;
        json_t *object = json_loads(cases[i].json, JSON_ALLOW_NUL, NULL);

        ck_assert_ptr_nonnull(object);
        ck_assert_int_eq(
            es9p_read_json(es9p_functions[ES9P_GET_BOUND_PROFILE_PACKAGE].in, object, &message, &which),
            cases[i].fault);
        ck_assert_str_eq(which->name, cases[i].member);
        es9p_message_clear(&message);
        json_decref(object);
    }
}
END_TEST

#define EXECUTED "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

START_TEST(reads_replies)
{
    static const struct {
        enum es9p_function_id function;
        long status;
        const char *body;
        enum es9p_outcome outcome;
        const char *why;
    } cases[] = {
        {ES9P_HANDLE_NOTIFICATION, 204, "", ES9P_EXECUTED, ""},
        {ES9P_CANCEL_SESSION, 200, EXECUTED "}", ES9P_EXECUTED, ""},
        {ES9P_GET_BOUND_PROFILE_PACKAGE, 200, EXECUTED ",\"boundProfilePackage\":\"vzYA\"}", ES9P_EXECUTED,
         ""},
        {ES9P_GET_BOUND_PROFILE_PACKAGE, 200, EXECUTED ",\"boundProfilePackage\":\"MAA=\"}", ES9P_MALFORMED,
         "the answer has no well-formed 'boundProfilePackage'"},
        {ES9P_GET_BOUND_PROFILE_PACKAGE, 200, EXECUTED "}", ES9P_MALFORMED,
         "the answer has no well-formed 'boundProfilePackage'"},
        {ES9P_GET_BOUND_PROFILE_PACKAGE, 204, "", ES9P_UNREACHABLE, "HTTP status 204"},
        {ES9P_CANCEL_SESSION, 200, "[]", ES9P_UNREACHABLE, "the answer has no functionExecutionStatus"},
        {ES9P_CANCEL_SESSION, 500, "", ES9P_UNREACHABLE, "HTTP status 500"},
        {ES9P_CANCEL_SESSION, 200,
         "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
         "\"subjectCode\":"
         "\"8.10.1\",\"reasonCode\":\"3.9\",\"message\":\"no\"}}}}",
         ES9P_REFUSED, "refused, subject 8.10.1 reason 3.9: no"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct es9p_reply reply;

        es9p_read_reply(&es9p_functions[cases[i].function], cases[i].status, span_of_string(cases[i].body),
                        &reply);
        ck_assert_int_eq(reply.outcome, cases[i].outcome);
        ck_assert_str_eq(reply.why, cases[i].why);
        es9p_message_clear(&reply.answer);
    }
}
END_TEST

START_TEST(names_servers)
{
    static const char *const none[] = {"", "a b", "a/b", "user@a", "a?b", "a#b", "a\\b", "a\nb"};
    const struct es9p_function *function = es9p_by_tag(0xBF3A);
    char url[ES9P_URL_SIZE];

    ck_assert_ptr_eq(es9p_by_name("getBoundProfilePackage"), function);
    ck_assert_ptr_null(es9p_by_name("getBound"));
    ck_assert_ptr_null(es9p_by_tag(0xBF40));
    ck_assert(es9p_url(function, "a.b:1", url));
    ck_assert_str_eq(url, "https://a.b:1/gsma/rsp2/es9plus/getBoundProfilePackage");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert(!es9p_url(function, none[i], url));
}
END_TEST

START_TEST(numbers_refusals)
{
    ck_assert_uint_eq(es9p_error_number(ES9P_AUTHENTICATE_CLIENT, ES9P_NUMBERS, "8.2.6", "3.8"), 6);
    ck_assert_uint_eq(es9p_error_number(ES9P_AUTHENTICATE_CLIENT, ES9P_NUMBERS, "8.8.5", "4.10"), 127);
    ck_assert_uint_eq(es9p_error_number(ES9P_AUTHENTICATE_CLIENT, ES9P_NUMBERS_ESIPA, "8.8.5", "4.10"), 18);
    ck_assert_uint_eq(es9p_error_number(ES9P_CANCEL_SESSION, ES9P_NUMBERS, "8.2.6", "3.8"), 127);
    for (size_t i = 0; i < ES9P_FUNCTIONS; i++)
        ck_assert_uint_eq(es9p_functions[i].id, i);
}
END_TEST

TEST_MAIN("es9p", goes_both_ways, refuses_what_is_not_whole, tolerates_other_tags, says_what_is_wrong_in_json,
          reads_replies, names_servers, numbers_refusals)
