/* The JSON of what an IPA sends: see esipa_json.h. */
#include "euicc/ipae/esipa_json.h"

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

static bool put_cancel(struct buf *json, struct span content)
{
    struct buf whole = {0};
    bool done;

    tlv_put(&whole, TAG_CANCEL_SESSION, content);
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

static bool put_text(struct buf *json, const struct esipa_json_member *member, const struct tlv *tlv)
{
    switch (member->kind) {
    case ESIPA_JSON_OBJECT:
        return put_base64(json, tlv->whole);
    case ESIPA_JSON_INNER:
        return put_inner(json, tlv->value);
    case ESIPA_JSON_CANCEL:
        return put_cancel(json, tlv->value);
    case ESIPA_JSON_OCTETS:
        return put_base64(json, tlv->value);
    case ESIPA_JSON_ID:
        return put_id(json, tlv->value);
    case ESIPA_JSON_EID:
        return put_eid(json, tlv->value);
    default:
        return put_plain(json, tlv->value);
    }
}

static bool put_value(struct buf *json, const struct esipa_json_member *member, const struct tlv *tlv)
{
    if (member->kind == ESIPA_JSON_NUMBER)
        return put_number(json, tlv->value);
    if (member->kind == ESIPA_JSON_FLAG)
        return tlv->value.size == 0 && put_characters(json, "true");
    return put_characters(json, "\"") && put_text(json, member, tlv) && put_characters(json, "\"");
}

static const struct esipa_json_member *request_member(const struct esipa_json_function *function,
                                                      const struct tlv *tlv)
{
    for (const struct esipa_json_member *member = function->request; member->name != NULL; member++)
        if ((member->tag == tlv->tag || member->tag == 0) &&
            (member->size == 0 || member->size == tlv->value.size))
            return member;
    return NULL;
}

/* What it has instead of a member. */
static const struct esipa_json_function *
no_request(char why[ESIPA_JSON_WHY_MAX], const struct esipa_json_function *function, const char *what)
{
    snprintf(why, ESIPA_JSON_WHY_MAX, "%s cannot be written in JSON: %s",
             function != NULL ? function->name : "the message", what);
    return NULL;
}

const struct esipa_json_function *esipa_json_request(struct span message, struct buf *json,
                                                     char why[ESIPA_JSON_WHY_MAX])
{
    const struct esipa_json_function *function;
    struct tlv tlv;
    struct tlv_reader reader;
    bool is_first = true;

    if (tlv_only(message, &tlv) != TLV_OK || (function = esipa_json_function_of(tlv.tag)) == NULL)
        return no_request(why, NULL, "it is of no function that the binding has");
    reader = tlv_reader(tlv.value);
    put_characters(json, "{");
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        const struct esipa_json_member *member = request_member(function, &tlv);

        if (member == NULL)
            return no_request(why, function, "it has a member that the binding has not");
        put_characters(json, is_first ? "\"" : ",\"");
        put_characters(json, member->name);
        put_characters(json, "\":");
        if (!put_value(json, member, &tlv))
            return no_request(why, function, member->name);
        is_first = false;
    }
    put_characters(json, "}");
    if (!tlv_good(&reader) || json->failed)
        return no_request(why, function, json->failed ? "out of memory" : "it is malformed");
    return function;
}
