/*
 * Any octets as an eIM's answer in JSON to the card. Input: one octet for the function, then the answer. What
 * is taken is one ASN.1 message of that function, and is the same a second time; what is not, has a line.
 */
#include "apdu/tlv.h"
#include "crypto/printable.h"
#include "euicc/ipae/ipae_json.h"
#include "protocol/tags.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const uint32_t tags[] = {
    TAG_INITIATE_AUTHENTICATION, TAG_AUTHENTICATE_CLIENT, TAG_GET_BOUND_PROFILE_PACKAGE,
    TAG_GET_EIM_PACKAGE,         TAG_PROVIDE_EIM_RESULT,  TAG_HANDLE_NOTIFICATION,
    TAG_CANCEL_SESSION};

static void check_line(const char *why)
{
    char printed[IPAE_JSON_WHY_MAX];

    fuzz_check(why[0] != '\0' && strlen(why) < sizeof(printed));
    memcpy(printed, why, strlen(why) + 1);
    printable_text(printed, strlen(printed));
    fuzz_check(strcmp(printed, why) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    const struct esipa_function *function =
        esipa_by_tag(tags[fuzz_octet(&in) % (sizeof(tags) / sizeof(tags[0]))]);
    struct json_reader *reader = json_reader_new();
    char why[IPAE_JSON_WHY_MAX] = "";
    struct buf message = {0};
    struct buf again = {0};
    struct span content;

    fuzz_check(reader != NULL);
    if (ipae_json_answer(reader, function, in, &message, why) != IPAE_JSON_ANSWERED) {
        fuzz_check(message.size == 0);
        check_line(why);
        fuzz_trace(span_of_string(why));
    } else {
        fuzz_check(function->has_answer && in.size > 0
                       ? tlv_single(buf_span(&message), function->tag, &content) == TLV_OK &&
                             tlv_is_sequence(content)
                       : message.size == 0);
        fuzz_check(ipae_json_answer(reader, function, in, &again, why) == IPAE_JSON_ANSWERED);
        fuzz_check(span_equal(buf_span(&message), buf_span(&again)));
        fuzz_trace(buf_span(&message));
    }
    buf_free(&message);
    buf_free(&again);
    json_reader_free(reader);
    return 0;
}
