/* ES9+ and ES11 from ASN.1 to JSON and back. See es9p_asn1.h. */
#include "device/es9p_asn1.h"
#include "device/es9p.h"

#include "apdu/tlv.h"

#include <stdio.h>

#define TAG_ENVELOPE 0xA2 /* RemoteProfileProvisioningRequest and -Response */
#define TAG_OK       0xA0

/* The function that a request is of, and its members. NULL when it is none. */
static const struct es9p_function *read_request(const struct ipa_message *message,
                                                struct es9p_message *request)
{
    const struct es9p_function *function = NULL;
    const struct es9p_member *missing;
    struct span content;
    struct tlv_reader reader;
    struct tlv tlv;

    if (tlv_single(message->octets, TAG_ENVELOPE, &content) != TLV_OK)
        return NULL;
    reader = tlv_reader(content);
    if (tlv_next(&reader, &tlv) == TLV_OK)
        function = es9p_by_tag(tlv.tag);
    if (function == NULL || !es9p_read_asn1(function->in, tlv.value, request, &missing))
        return NULL;
    if (message->peer == IPA_PEER_SMDS && function->id == ES9P_AUTHENTICATE_CLIENT)
        return &es9p_functions[ES11_AUTHENTICATE_CLIENT];
    return function;
}

static bool put_answer(const struct es9p_function *function, const struct es9p_message *members,
                       struct buf *answer)
{
    struct span values[ES9P_MEMBERS_MAX];
    size_t envelope;
    size_t outer;
    size_t ok;

    buf_clear(answer);
    if (function->answer == 0)
        return true;
    es9p_message_spans(members, values);
    envelope = tlv_open(answer, TAG_ENVELOPE);
    outer = tlv_open(answer, function->answer);
    ok = tlv_open(answer, TAG_OK);
    es9p_put_asn1(function->out, values, answer);
    tlv_close(answer, ok);
    tlv_close(answer, outer);
    tlv_close(answer, envelope);
    return !answer->failed;
}

bool es9p_carry(const struct ipa_message *message, const char *cacert, struct buf *answer,
                char why[BEARER_WHY_SIZE])
{
    struct es9p_message request = {0};
    struct es9p_message members = {0};
    const struct es9p_function *function = read_request(message, &request);
    struct es9p *server = function != NULL ? es9p_open(message->address, cacert) : NULL;
    struct span values[ES9P_MEMBERS_MAX];
    bool ok = false;

    if (server == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "%s: %s", message->address,
                 function == NULL ? "no such function of ES9+" : "no address of a server");
    } else {
        es9p_set_quiet(server);
        es9p_message_spans(&request, values);
        ok = es9p_call(server, function->id, values, &members) == ES9P_EXECUTED &&
             put_answer(function, &members, answer);
        snprintf(why, BEARER_WHY_SIZE, "%s", es9p_why(server));
    }
    es9p_close(server);
    es9p_message_clear(&request);
    es9p_message_clear(&members);
    return ok;
}
