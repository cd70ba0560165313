/* ES9+ and ES11 from ASN.1 to JSON and back. See es9p_asn1.h. */
#include "device/es9p_asn1.h"

#include "apdu/tlv.h"
#include "device/bearer_internal.h"
#include "device/es9p_client.h"

#include <stdio.h>
#include <stdlib.h>

#define TAG_ENVELOPE 0xA2 /* RemoteProfileProvisioningRequest and -Response */
#define TAG_OK       0xA0

struct es9p_bearer {
    struct bearer base;
    struct es9p_client *client;
    /* The message that is under way. */
    struct es9p_call call;
    const char *address;
};

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

static void put_answer(const struct es9p_function *function, const struct es9p_message *members,
                       struct buf *answer)
{
    struct span values[ES9P_MEMBERS_MAX];
    size_t envelope;
    size_t outer;
    size_t ok;

    if (function->answer == 0)
        return;
    es9p_message_spans(members, values);
    envelope = tlv_open(answer, TAG_ENVELOPE);
    outer = tlv_open(answer, function->answer);
    ok = tlv_open(answer, TAG_OK);
    es9p_put_asn1(function->out, values, answer);
    tlv_close(answer, ok);
    tlv_close(answer, outer);
    tlv_close(answer, envelope);
}

static void es9p_close(struct bearer *bearer)
{
    es9p_client_close(((struct es9p_bearer *)bearer)->client);
}

static void on_reply(void *context, const struct es9p_reply *reply)
{
    struct es9p_bearer *es9p = context;

    if (reply->outcome == ES9P_MALFORMED)
        bearer_malformed(&es9p->base, "%s: %s: %s", es9p->address, es9p->call.function->name, reply->why);
    else if (reply->outcome != ES9P_EXECUTED && reply->is_answered)
        bearer_refused(&es9p->base, "%s: %s: %s", es9p->address, es9p->call.function->name, reply->why);
    else if (reply->outcome != ES9P_EXECUTED)
        bearer_failed(&es9p->base, "%s: %s: %s", es9p->address, es9p->call.function->name, reply->why);
    else {
        put_answer(es9p->call.function, &reply->answer, &es9p->base.answer);
        bearer_answered(&es9p->base);
    }
}

static void es9p_post(struct bearer *bearer, const struct ipa_message *message)
{
    struct es9p_bearer *es9p = (struct es9p_bearer *)bearer;
    struct es9p_message request = {0};
    struct span values[ES9P_MEMBERS_MAX];

    es9p->call = (struct es9p_call){read_request(message, &request), on_reply, es9p};
    es9p->address = message->address;
    es9p_message_spans(&request, values);
    if (es9p->call.function == NULL)
        bearer_failed(bearer, "%s: no such function of ES9+", message->address);
    else
        es9p_client_post(es9p->client, message->address, values, &es9p->call);
    es9p_message_clear(&request);
}

struct bearer *es9p_asn1_open(struct loop *loop, const char *cacert, char why[BEARER_WHY_SIZE])
{
    static const struct bearer_kind kind = {es9p_post, es9p_close};
    struct es9p_bearer *es9p = calloc(1, sizeof(*es9p));

    if (es9p == NULL || !bearer_begin(&es9p->base, &kind, loop)) {
        snprintf(why, BEARER_WHY_SIZE, "out of memory");
        free(es9p);
        return NULL;
    }
    es9p->client = es9p_client_open(loop, cacert, "--cacert", BEARER_TIMEOUT, 0);
    if (es9p->client != NULL)
        return &es9p->base;
    snprintf(why, BEARER_WHY_SIZE, "requests to SM-DP+s cannot be set up");
    bearer_close(&es9p->base);
    return NULL;
}
