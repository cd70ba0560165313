/*
 * ES9+ and ES11 between their two bindings (SGP.22 6.5, 6.6): the procedures speak ASN.1, public servers only
 * JSON, whose members are the ASN.1 objects in base64.
 */
#include "device/es9p.h"
#include "tools/ipa/ipad.h"

#include "apdu/tlv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A member of a request or an answer: where it is in the ASN.1, and its JSON name. */
struct member {
    uint32_t tag;
    const char *name;
    enum { WHOLE, CONTENT, TEXT, HEX_DIGITS, CANCEL } form;
};

struct function {
    uint32_t request, answer;
    const char *name;
    struct member in[4], out[6];
};

static const struct function functions[] = {
    {0xBF39,
     0xBF39,
     "initiateAuthentication",
     {{0x81, "euiccChallenge", CONTENT}, {0x83, "smdpAddress", TEXT}, {0xBF20, "euiccInfo1", WHOLE}},
     {{0x80, "transactionId", HEX_DIGITS},
      {0, "serverSigned1", WHOLE},
      {0, "serverSignature1", WHOLE},
      {0, "euiccCiPKIdToBeUsed", WHOLE},
      {0, "serverCertificate", WHOLE}}},
    {0xBF3B,
     0xBF3B,
     "authenticateClient",
     {{0x80, "transactionId", HEX_DIGITS}, {0xBF38, "authenticateServerResponse", WHOLE}},
     {{0x80, "transactionId", HEX_DIGITS},
      {0, "profileMetadata", WHOLE},
      {0, "smdpSigned2", WHOLE},
      {0, "smdpSignature2", WHOLE},
      {0, "smdpCertificate", WHOLE}}},
    {0xBF3A,
     0xBF3A,
     "getBoundProfilePackage",
     {{0x80, "transactionId", HEX_DIGITS}, {0xBF21, "prepareDownloadResponse", WHOLE}},
     {{0x80, "transactionId", HEX_DIGITS}, {0, "boundProfilePackage", WHOLE}}},
    {0xBF41,
     0xBF41,
     "cancelSession",
     {{0x80, "transactionId", HEX_DIGITS}, {0xA1, "cancelSessionResponse", CANCEL}},
     {{0, NULL, WHOLE}}},
    {0xBF3D, 0, "handleNotification", {{0xA0, "pendingNotification", CONTENT}}, {{0, NULL, WHOLE}}},
};

static const struct function *find_function(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (functions[i].request == tag)
            return &functions[i];
    }
    return NULL;
}

/* --- Requests ----------------------------------------------------------------------------------------- */

static void set_member(json_t *object, const struct member *member, const struct tlv *tlv)
{
    struct buf rewrapped = {0};
    char text[IPA_ADDRESS_MAX + 1];

    switch (member->form) {
    case WHOLE:
        es9p_set_octets(object, member->name, tlv->whole);
        break;
    case CONTENT:
        es9p_set_octets(object, member->name, tlv->value);
        break;
    case TEXT:
        json_object_set_new(object, member->name,
                            json_stringn((const char *)tlv->value.data, tlv->value.size));
        break;
    case HEX_DIGITS:
        json_object_set_new(object, member->name, json_string(hex_from_span(tlv->value, text, sizeof(text))));
        break;
    case CANCEL: /* in JSON it has the tag of its type again */
        tlv_put(&rewrapped, 0xBF41, tlv->value);
        es9p_set_octets(object, member->name, buf_span(&rewrapped));
        buf_free(&rewrapped);
        break;
    }
}

static json_t *to_json(const struct function *function, struct span content)
{
    json_t *object = json_object();
    struct tlv_reader reader = tlv_reader(content);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        for (const struct member *member = function->in; member->name != NULL; member++) {
            if (member->tag == tlv.tag)
                set_member(object, member, &tlv);
        }
    }
    return object;
}

/* --- Answers ------------------------------------------------------------------------------------------ */

static bool put_member(const json_t *answer, const struct member *member, struct buf *out)
{
    const json_t *text = json_object_get(answer, member->name);
    size_t outer;
    bool ok;

    if (member->form == WHOLE)
        return es9p_find_octets(answer, member->name, out);
    outer = tlv_open(out, member->tag);
    ok = json_is_string(text) && buf_append_hex(out, json_string_value(text), NULL);
    tlv_close(out, outer);
    return ok;
}

/* AuthenticateClientOkEs11 { 80 transactionId, A1 { 30 { 80 eventId, 81 rspServerAddress } … } } */
static bool put_events(const json_t *answer, struct buf *out)
{
    static const struct member transaction = {0x80, "transactionId", HEX_DIGITS};
    const json_t *events = json_object_get(answer, "eventEntries");
    size_t index;
    const json_t *event;
    bool ok = put_member(answer, &transaction, out);
    size_t list = tlv_open(out, 0xA1);

    json_array_foreach(events, index, event)
    {
        const char *id = json_string_value(json_object_get(event, "eventId"));
        const char *address = json_string_value(json_object_get(event, "rspServerAddress"));
        size_t entry = tlv_open(out, 0x30);

        ok = ok && id != NULL && address != NULL;
        tlv_put_string(out, 0x80, id != NULL ? id : "");
        tlv_put_string(out, 0x81, address != NULL ? address : "");
        tlv_close(out, entry);
    }
    tlv_close(out, list);
    return ok;
}

static bool from_json(const struct function *function, bool es11, const json_t *answer, struct buf *out,
                      const char **missing)
{
    bool events = es11 && function->request == 0xBF3B;
    size_t envelope = tlv_open(out, 0xA2);
    size_t outer = tlv_open(out, events ? 0xBF40 : function->answer);
    size_t ok = tlv_open(out, 0xA0);
    bool complete = true;

    if (events) {
        complete = put_events(answer, out);
        *missing = "eventEntries";
    }
    for (const struct member *member = function->out; !events && complete && member->name != NULL; member++) {
        complete = put_member(answer, member, out);
        *missing = member->name;
    }
    tlv_close(out, ok);
    tlv_close(out, outer);
    tlv_close(out, envelope);
    return complete && !out->failed;
}

bool ipad_es9p(const struct ipad *ipad, const struct ipa_message *message, struct buf *answer,
               char why[BEARER_WHY_SIZE])
{
    struct span content = SPAN_NONE;
    struct tlv_reader reader;
    struct tlv tlv = {0, SPAN_NONE, SPAN_NONE};
    const struct function *function = NULL;
    const char *missing = "";
    struct es9p *server;
    json_t *object;
    bool ok;

    if (tlv_single(message->octets, 0xA2, &content) == TLV_OK) {
        reader = tlv_reader(content);
        if (tlv_next(&reader, &tlv) == TLV_OK)
            function = find_function(tlv.tag);
    }
    if (function == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "%s: no such function of ES9+", message->address);
        return false;
    }
    server = es9p_open(message->address, ipad->cacert);
    if (server == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "%s: no address of a server", message->address);
        return false;
    }
    es9p_set_quiet(server);
    object = es9p_call(server, function->name, to_json(function, tlv.value));
    snprintf(why, BEARER_WHY_SIZE, "%s", es9p_why(server));
    es9p_close(server);
    buf_clear(answer);
    ok = object != NULL;
    if (ok && function->answer != 0 &&
        !from_json(function, message->peer == IPA_PEER_SMDS, object, answer, &missing)) {
        snprintf(why, BEARER_WHY_SIZE, "%s: %s: the answer has no well-formed '%s'", message->address,
                 function->name, missing);
        ok = false;
    }
    json_decref(object);
    return ok;
}
