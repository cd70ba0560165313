/* The JSON of what an IPA sends: see ipae_json.h. */
#include "euicc/ipae/ipae_json.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "protocol/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool put_characters(struct buf *json, const char *text)
{
    buf_append(json, span_of_string(text));
    return !json->failed;
}

static bool put_base64(struct buf *json, struct span octets)
{
    char *text = base64_encode(octets);
    bool done = text != NULL && put_characters(json, text);

    free(text);
    return done;
}

/* The one object inside. */
static bool put_inner(struct buf *json, struct span content)
{
    struct tlv inner;

    return tlv_only(content, &inner) == TLV_OK && put_base64(json, content);
}

static bool put_retagged(struct buf *json, uint32_t own, struct span content)
{
    struct buf whole = {0};
    bool done;

    tlv_put(&whole, own, content);
    done = !whole.failed && put_base64(json, buf_span(&whole));
    buf_free(&whole);
    return done;
}

static bool put_id(struct buf *json, struct span octets)
{
    for (size_t i = 0; i < octets.size; i++) {
        char digits[3];

        if (!put_characters(json, hex_from_span(SPAN(octets.data + i, 1), digits, sizeof(digits))))
            return false;
    }
    return true;
}

static bool put_eid(struct buf *json, struct span octets)
{
    for (size_t i = 0; i < octets.size; i++)
        if (octets.data[i] >> 4 > 9 || (octets.data[i] & 0x0F) > 9)
            return false;
    return put_id(json, octets);
}

/* Addresses have nothing that JSON would want to be written otherwise. */
static bool put_plain(struct buf *json, struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '"' || text.data[i] == '\\')
            return false;
    buf_append(json, text);
    return !json->failed;
}

static bool put_number(struct buf *json, struct span value)
{
    char text[24];
    int64_t number;

    if (!tlv_signed(value, &number))
        return false;
    snprintf(text, sizeof(text), "%" PRId64, number);
    return put_characters(json, text);
}

static bool put_text(struct buf *json, const struct esipa_member *member, const struct tlv *tlv)
{
    switch (member->kind) {
    case ESIPA_OBJECT:
        return put_base64(json, tlv->whole);
    case ESIPA_UNDER:
        return put_inner(json, tlv->value);
    case ESIPA_RETAGGED:
        return put_retagged(json, member->own, tlv->value);
    case ESIPA_OCTETS:
        return put_base64(json, tlv->value);
    case ESIPA_ID:
        return put_id(json, tlv->value);
    case ESIPA_EID:
        return put_eid(json, tlv->value);
    default:
        return put_plain(json, tlv->value);
    }
}

static bool put_value(struct buf *json, const struct esipa_member *member, const struct tlv *tlv)
{
    if (member->kind == ESIPA_INTEGER)
        return put_number(json, tlv->value);
    if (member->kind == ESIPA_FLAG)
        return tlv->value.size == 0 && put_characters(json, "true");
    return put_characters(json, "\"") && put_text(json, member, tlv) && put_characters(json, "\"");
}

/* v1.0 has the network's three octets with the tag that stateChangeCause has since, which is one octet. */
static uint32_t request_tag(const struct esipa_function *function, const struct tlv *tlv)
{
    bool is_old = function->tag == TAG_GET_EIM_PACKAGE && tlv->tag == 0x81 && tlv->value.size == 3;

    return is_old ? 0x82 : tlv->tag;
}

static const struct esipa_member *request_member(const struct esipa_function *function, const struct tlv *tlv)
{
    uint32_t tag = request_tag(function, tlv);

    for (const struct esipa_member *member = function->in.members; member->name != NULL; member++)
        if (member->tag == tag || member->tag == 0)
            return member;
    return NULL;
}

static bool size_fits(const struct esipa_member *member, const struct tlv *tlv)
{
    return member->max == 0 || (tlv->value.size >= member->min && tlv->value.size <= member->max);
}

/* What it has instead of a member. */
static const struct esipa_function *no_request(char why[IPAE_JSON_WHY_MAX],
                                               const struct esipa_function *function, const char *what)
{
    snprintf(why, IPAE_JSON_WHY_MAX, "%s cannot be written in JSON: %s",
             function != NULL ? function->name : "the message", what);
    return NULL;
}

const struct esipa_function *ipae_json_request(struct span message, struct buf *json,
                                               char why[IPAE_JSON_WHY_MAX])
{
    const struct esipa_function *function;
    struct tlv tlv;
    struct tlv_reader reader;
    bool is_first = true;

    if (tlv_only(message, &tlv) != TLV_OK || (function = esipa_by_tag(tlv.tag)) == NULL ||
        function->is_inject)
        return no_request(why, NULL, "it is of no function that the binding has");
    reader = tlv_reader(tlv.value);
    put_characters(json, "{");
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        const struct esipa_member *member = request_member(function, &tlv);

        if (member == NULL)
            return no_request(why, function, "it has a member that the binding has not");
        put_characters(json, is_first ? "\"" : ",\"");
        put_characters(json, member->name);
        put_characters(json, "\":");
        if (!size_fits(member, &tlv) || !put_value(json, member, &tlv))
            return no_request(why, function, member->name);
        is_first = false;
    }
    put_characters(json, "}");
    if (!tlv_good(&reader) || json->failed)
        return no_request(why, function, json->failed ? "out of memory" : "it is malformed");
    return function;
}
