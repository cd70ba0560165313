/*
 * The ASN.1 binding of ES9+ (SGP.22 6.6): RemoteProfileProvisioningRequest and -Response. Refusals are the
 * functions' own error numbers, which say less than the codes of the JSON binding. See http_api.h.
 */
#include "servers/smdpp/network/http_api.h"

#include "apdu/tlv.h"

#define TAG_REQUEST  0xA2
#define TAG_RESPONSE 0xA2
#define TAG_OK       0xA0
#define TAG_ERROR    0x81

#define TAG_INITIATE_AUTHENTICATION   0xBF39
#define TAG_GET_BOUND_PROFILE_PACKAGE 0xBF3A
#define TAG_AUTHENTICATE_CLIENT       0xBF3B
#define TAG_CANCEL_SESSION            0xBF41

#define UNDEFINED_ERROR 127

static const struct {
    uint32_t function;
    enum dp_refusal refusal;
    uint8_t number;
} errors[] = {
    {TAG_INITIATE_AUTHENTICATION, DP_ADDRESS_REFUSED, 1},
    {TAG_INITIATE_AUTHENTICATION, DP_SVN_UNSUPPORTED, 2},
    {TAG_INITIATE_AUTHENTICATION, DP_CI_UNSUPPORTED, 3},
    {TAG_INITIATE_AUTHENTICATION, DP_DPAUTH_UNAVAILABLE, 3},

    {TAG_AUTHENTICATE_CLIENT, DP_EUM_INVALID, 1},
    {TAG_AUTHENTICATE_CLIENT, DP_EUM_EXPIRED, 2},
    {TAG_AUTHENTICATE_CLIENT, DP_EUICC_INVALID, 3},
    {TAG_AUTHENTICATE_CLIENT, DP_EUICC_EXPIRED, 4},
    {TAG_AUTHENTICATE_CLIENT, DP_EUICC_VERIFICATION, 5},
    {TAG_AUTHENTICATE_CLIENT, DP_MATCHING_ID_REFUSED, 6},
    {TAG_AUTHENTICATE_CLIENT, DP_EID_REFUSED, 7},
    {TAG_AUTHENTICATE_CLIENT, DP_NOT_ELIGIBLE, 8},
    {TAG_AUTHENTICATE_CLIENT, DP_CI_UNKNOWN, 9},
    {TAG_AUTHENTICATE_CLIENT, DP_TRANSACTION_UNKNOWN, 10},
    {TAG_AUTHENTICATE_CLIENT, DP_EUICC_MEMORY, 11},

    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_EUICC_VERIFICATION, 1},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_CODE_MISSING, 2},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_CODE_REFUSED, 3},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_CODE_RETRIES, 4},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_REBINDING_REFUSED, 5},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_ORDER_EXPIRED, 6},
    {TAG_GET_BOUND_PROFILE_PACKAGE, DP_TRANSACTION_UNKNOWN, 95},

    {TAG_CANCEL_SESSION, DP_TRANSACTION_UNKNOWN, 1},
    {TAG_CANCEL_SESSION, DP_EUICC_VERIFICATION, 2},
};

static uint8_t error_number(uint32_t function, enum dp_refusal refusal)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].function == function && errors[i].refusal == refusal)
            return errors[i].number;
    }
    return UNDEFINED_ERROR;
}

/* Reading (X.680 31.2.7): a member [56] of a type that is a [56] CHOICE itself has that tag once. There are
 * encoders that write it twice, or around the member's own tag; the object that is meant is inside then. */
static struct span object_meant(const struct es9p_input *input, const struct tlv *tlv)
{
    uint32_t own = input->tag != 0 ? input->tag : TAG_CANCEL_SESSION;
    struct span ignored;

    return tlv_single(tlv->value, own, &ignored) == TLV_OK ? tlv->value : tlv->whole;
}

/* The parameters of a request in place. */
static bool take_inputs(const struct es9p_function *function, struct span content, struct span *inputs)
{
    struct tlv_reader reader = tlv_reader(content);

    for (size_t i = 0; i < function->input_count; i++) {
        const struct es9p_input *input = &function->inputs[i];
        struct tlv tlv;

        if (tlv_next(&reader, &tlv) != TLV_OK || (input->tag != 0 && tlv.tag != input->tag))
            return false;
        inputs[i] = input->whole ? object_meant(input, &tlv) : tlv.value;
    }
    return tlv_skip_rest(&reader);
}

static void put_response(const struct es9p_function *function, const struct es9p_answer *result,
                         const struct dp_status *status, struct buf *out)
{
    size_t outer = tlv_open(out, TAG_RESPONSE);
    size_t response = tlv_open(out, function->tag);
    size_t ok;

    if (status->refusal != DP_ACCEPTED) {
        tlv_put_unsigned(out, TAG_ERROR, error_number(function->tag, status->refusal));
    } else {
        ok = tlv_open(out, TAG_OK);
        if (result->has_transaction_id)
            tlv_put(out, 0x80, SPAN_ARRAY(result->transaction_id));
        for (size_t i = 0; i < result->objects.count; i++)
            buf_append(out, buf_span(&result->objects.part[i]));
        tlv_close(out, ok);
    }
    tlv_close(out, response);
    tlv_close(out, outer);
}

/* Reading (6.6): a body that is no request at all has no function whose error number could answer it, so it
 * is an HTTP error. */
void es9p_asn1_answer(struct smdpp *smdpp, struct span body, struct http_answer *answer)
{
    const struct es9p_function *function = NULL;
    struct span inputs[ES9P_INPUTS_MAX];
    struct es9p_answer result = {0};
    struct dp_status status = {0};
    struct span choice;
    struct span content = SPAN_NONE;

    if (tlv_single(body, TAG_REQUEST, &choice) == TLV_OK) {
        function = es9p_function_by_tag(tlv_peek(&(struct tlv_reader){.in = choice}));
        if (function != NULL && tlv_single(choice, function->tag, &content) != TLV_OK)
            function = NULL;
    }
    if (function == NULL || !take_inputs(function, content, inputs)) {
        answer_refusal(answer, 400, DP_INPUT_INVALID, "the body is not a RemoteProfileProvisioningRequest");
        return;
    }
    es9p_run(smdpp, function, inputs, &result, &status);
    if (function->is_notification) {
        if (status.refusal == DP_ACCEPTED)
            answer->code = 204;
        else
            answer_refusal(answer, 400, status.refusal, status.detail);
    } else {
        answer->code = 200;
        answer->content_type = CONTENT_TYPE_ASN1;
        put_response(function, &result, &status, &answer->body);
    }
    dp_answer_clear(&result.objects);
}
