/*
 * A card with an IPAe that speaks the JSON binding of ESipa (SGP.32 6.1.2) to an eIM: what it says, that the
 * order is carried out, and what becomes of it when the eIM refuses, or does not speak JSON.
 */
#include "crypto/base64.h"
#include "euicc/ipae/ipae_json.h"
#include "tests/euicc/ipae/hostile_device.h"

#include <stdlib.h>
#include <string.h>

#define STATUS(status) "\"header\":{\"functionExecutionStatus\":{" status "}}"
#define DONE           STATUS("\"status\":\"Executed-Success\"")
#define REFUSAL(subject, reason)                                                                             \
    "{" STATUS("\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"" subject                        \
               "\",\"reasonCode\":\"" reason "\"}") "}"

/* The eIM of a device, with JSON before it. */
struct json_eim {
    struct device device;
    bool (*asn1)(void *context, struct span message, struct buf *answer);
    struct json_reader *reader;
    const char *result_answer; /* instead of what it says to a result */
    unsigned polls, results;
};

static bool head_says(struct json_eim *eim, const char *line)
{
    struct span head = eim->device.network.head;
    size_t size = strlen(line);

    for (size_t at = 0; at + size <= head.size; at++)
        if (memcmp(head.data + at, line, size) == 0)
            return true;
    return false;
}

/* Appends the octets of a member in base64. */
static void take_object(struct json_eim *eim, struct span json, const char *name, struct buf *out)
{
    struct json_member member = {.found = JSON_FOUND_NONE};

    ck_assert(json_reader_find(eim->reader, json, name, &member));
    ck_assert_int_eq(member.found, JSON_FOUND_TEXT);
    ck_assert(base64_decode((const char *)member.text.data, member.text.size, out));
    buf_free(&member.text);
}

/* The function's request in ASN.1: its EID, and what else it has. */
static uint32_t take_request(struct json_eim *eim, struct span json, struct buf *message)
{
    struct json_member eid = {.found = JSON_FOUND_NONE};
    bool is_poll = head_says(eim, "POST /gsma/rsp2/esipa/getEimPackage HTTP/1.1\r\n");
    uint32_t tag = is_poll ? 0xBF4F : 0xBF50;
    size_t outer = tlv_open(message, tag);

    ck_assert(is_poll || head_says(eim, "POST /gsma/rsp2/esipa/provideEimPackageResult HTTP/1.1\r\n"));
    ck_assert(head_says(eim, "\r\nContent-Type: application/json;charset=UTF-8\r\n"));
    ck_assert(head_says(eim, "\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\n"));
    ck_assert(json_reader_takes(eim->reader, json));
    ck_assert(json_reader_find(eim->reader, json, "eidValue", &eid));
    ck_assert_uint_eq(eid.text.size, 32);
    buf_append_octet(&eid.text, 0);
    tlv_put(message, 0x5A, hex((const char *)eid.text.data));
    if (!is_poll)
        take_object(eim, json, "eimPackageResult", message);
    tlv_close(message, outer);
    buf_free(&eid.text);
    return tag;
}

static void put_answer(struct span message, struct buf *json)
{
    static const struct {
        uint32_t tag;
        const char *name;
    } members[] = {{0xBF51, "euiccPackageRequest"}, {0xBF53, "eimAcknowledgements"}};
    struct tlv tlv;

    ck_assert_int_eq(tlv_only(message, &tlv), TLV_OK);
    ck_assert_int_eq(tlv_only(tlv.value, &tlv), TLV_OK);
    buf_append(json, SPAN_STRING("{" DONE));
    if (tlv.tag == 0x02)
        buf_append(json, SPAN_STRING(",\"eimPackageError\":1"));
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char *text = base64_encode(tlv.whole);

        if (tlv.tag == members[i].tag) {
            buf_append(json, SPAN_STRING(",\""));
            buf_append(json, span_of_string(members[i].name));
            buf_append(json, SPAN_STRING("\":\""));
            buf_append(json, span_of_string(text));
            buf_append(json, SPAN_STRING("\""));
        }
        free(text);
    }
    buf_append(json, SPAN_STRING("}"));
}

static bool json_eim(void *context, struct span json, struct buf *answer)
{
    struct json_eim *eim = context;
    struct buf message = {0};
    struct buf answered = {0};
    bool is_poll = take_request(eim, json, &message) == 0xBF4F;
    bool is_answered = true;

    eim->polls += is_poll;
    eim->results += !is_poll;
    if (!is_poll && eim->result_answer != NULL) {
        buf_append(answer, span_of_string(eim->result_answer));
    } else {
        is_answered = eim->asn1(&eim->device, buf_span(&message), &answered);
        if (is_answered)
            put_answer(buf_span(&answered), answer);
    }
    buf_free(&message);
    buf_free(&answered);
    return is_answered;
}

static void json_set(struct json_eim *eim, const char *value)
{
    const struct softeuicc_set_value set = {"json", NULL, value};

    ck_assert_int_eq(softeuicc_set(device_card(&eim->device), &set, 1, NULL), SOFTEUICC_OK);
}

static void json_open(struct json_eim *eim)
{
    *eim = (struct json_eim){.reader = json_reader_new()};
    ck_assert_ptr_nonnull(eim->reader);
    device_open(&eim->device);
    eim->asn1 = eim->device.network.eim;
    eim->device.network.eim = json_eim;
    eim->device.network.context = eim;
    json_set(eim, "on");
}

static void json_end(struct json_eim *eim)
{
    device_end(&eim->device);
    json_reader_free(eim->reader);
}

/* --- the tests ---------------------------------------------------------------------------------------- */

START_TEST(an_order_in_json)
{
    static struct json_eim eim;

    json_open(&eim);
    device_pass(&eim.device, MINUTE);
    device_carried_out(&eim.device, "in JSON");
    ck_assert_uint_eq(eim.results, 1);
    ck_assert_uint_eq(eim.polls, 2);
    device_stays(&eim.device, "in JSON");
    json_end(&eim);
}
END_TEST

/* Another eIM's value is not this one's. */
START_TEST(by_the_eim_that_is_asked)
{
    static struct json_eim eim;
    const struct softeuicc_set_value other = {"json", "another", "on"};

    json_open(&eim);
    json_set(&eim, NULL);
    ck_assert_int_eq(softeuicc_set(device_card(&eim.device), &other, 1, NULL), SOFTEUICC_OK);
    eim.device.network.eim = eim.asn1;
    eim.device.network.context = &eim.device;
    device_pass(&eim.device, MINUTE);
    device_carried_out(&eim.device, "in ASN.1");
    ck_assert(head_says(&eim, "POST /gsma/rsp2/asn1 HTTP/1.1\r\n"));
    json_end(&eim);
}
END_TEST

/* An eIM that does not want a result has been reached: nothing is rolled back, and it comes again later. */
START_TEST(a_result_that_is_refused)
{
    static struct json_eim eim;

    json_open(&eim);
    eim.result_answer = REFUSAL("8.1.1", "3.9");
    device_pass(&eim.device, MINUTE);
    ck_assert_int_eq(es10_state(&eim.device.ipa.es10, BENCH_B), 1);
    ck_assert_int_eq(device_results(&eim.device), 1);
    eim.result_answer = NULL;
    device_pass(&eim.device, 4 * INTERVAL);
    ck_assert_int_eq(es10_state(&eim.device.ipa.es10, BENCH_B), 1);
    ck_assert_int_eq(device_results(&eim.device), 0);
    json_end(&eim);
}
END_TEST

/* What is no answer is as none in the ASN.1 binding: the profile is rolled back, which was granted. */
START_TEST(an_answer_that_is_no_json)
{
    static struct json_eim eim;

    json_open(&eim);
    eim.result_answer = "<html>log in</html>";
    device_pass(&eim.device, INTERVAL);
    ck_assert_uint_gt(eim.results, 1);
    ck_assert_int_eq(es10_state(&eim.device.ipa.es10, BENCH_A), 1);
    ck_assert_int_eq(es10_state(&eim.device.ipa.es10, BENCH_B), 0);
    json_end(&eim);
}
END_TEST

TEST_MAIN("ipae json", an_order_in_json, by_the_eim_that_is_asked, a_result_that_is_refused,
          an_answer_that_is_no_json)
