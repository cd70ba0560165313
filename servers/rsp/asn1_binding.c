/*
 * The ASN.1 binding of ES9+ and ES11 (SGP.22 6.6): RemoteProfileProvisioningRequest and -Response. Refusals
 * are the functions' own error numbers, which say less than the codes of the JSON binding. See binding.h.
 */
#include "servers/rsp/binding.h"

#include "apdu/tlv.h"
#include "protocol/admin_protocol.h"

#define TAG_REQUEST  0xA2
#define TAG_RESPONSE 0xA2
#define TAG_OK       0xA0
#define TAG_ERROR    0x81

static void put_response(const struct es9p_function *function, const struct es9p_message *result,
                         const struct refusal_status *status, struct buf *out)
{
    size_t outer = tlv_open(out, TAG_RESPONSE);
    size_t response = tlv_open(out, function->answer);
    const struct refusal_codes *codes = refusal_codes(status->refusal);
    struct span values[ES9P_MEMBERS_MAX];
    size_t ok;

    if (status->refusal != REFUSAL_NONE) {
        tlv_put_unsigned(out, TAG_ERROR,
                         es9p_error_number(function->id, ES9P_NUMBERS, codes->subject, codes->reason));
    } else {
        ok = tlv_open(out, TAG_OK);
        es9p_message_spans(result, values);
        es9p_put_asn1(function->out, values, out);
        tlv_close(out, ok);
    }
    tlv_close(out, response);
    tlv_close(out, outer);
}

/* Reading (6.6): a body that is no request at all has no function whose error number could answer it, so it
 * is an HTTP error. */
void rsp_asn1_answer(const struct rsp_interface *interface, void *server, struct span body,
                     struct http_answer *answer)
{
    const struct es9p_function *function = NULL;
    const struct es9p_member *missing;
    struct es9p_message request = {0}, result = {0};
    struct refusal_status status = {0};
    struct span choice;
    struct span content = SPAN_NONE;

    if (tlv_single(body, TAG_REQUEST, &choice) == TLV_OK) {
        function = interface->by_tag(tlv_peek(&(struct tlv_reader){.in = choice}));
        if (function != NULL && tlv_single(choice, function->request, &content) != TLV_OK)
            function = NULL;
    }
    if (function == NULL || !es9p_read_asn1(function->in, content, &request, &missing)) {
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID,
                       "the body is not a RemoteProfileProvisioningRequest");
        es9p_message_clear(&request);
        return;
    }
    interface->run(server, function, &request, &result, &status);
    if (function->answer != 0) {
        answer->code = 200;
        answer->content_type = ASN1_BINDING_CONTENT_TYPE;
        put_response(function, &result, &status, &answer->body);
    } else if (status.refusal == REFUSAL_NONE) {
        answer->code = 204;
    } else {
        answer_refusal(answer, status.refusal == REFUSAL_INTERNAL ? 500 : 400, status.refusal, status.detail);
    }
    es9p_message_clear(&result);
    es9p_message_clear(&request);
}
