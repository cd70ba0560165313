/* The JSON of what an IPA sends: see ipae_json.h. */
#include "euicc/ipae/ipae_json.h"
#include "protocol/esipa_message.h"

#include <inttypes.h>
#include <stdio.h>

static void put_characters(struct buf *json, const char *text)
{
    buf_append(json, span_of_string(text));
}

/* Addresses, and what is base64 or hexadecimal, have nothing that JSON would want to be written otherwise. */
static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '"' || text.data[i] == '\\')
            return false;
    return true;
}

static bool put_value(struct buf *json, const struct esipa_value *value)
{
    char number[24];

    if (value->kind == ESIPA_VALUE_NUMBER) {
        snprintf(number, sizeof(number), "%" PRId64, value->number);
        put_characters(json, number);
        return true;
    }
    if (value->kind == ESIPA_VALUE_TRUE) {
        put_characters(json, "true");
        return true;
    }
    put_characters(json, "\"");
    buf_append(json, value->text);
    put_characters(json, "\"");
    return is_plain(value->text);
}

static bool put_member(struct buf *json, const struct esipa_member *member, struct span octets,
                       struct esipa_fault *fault)
{
    struct buf text = {0};
    struct esipa_value value;
    bool done = true;

    put_characters(json, json->data[json->size - 1] == '{' ? "\"" : ",\"");
    put_characters(json, member->name);
    put_characters(json, "\":");
    if (!esipa_member_give(member, octets, &text, &value))
        json->failed = true;
    else if (!put_value(json, &value))
        done = esipa_fault_note(fault, member->name, "has a character that no address has");
    buf_free(&text);
    return done;
}

static bool put_request(const struct esipa_message *request, struct buf *json, struct esipa_fault *fault)
{
    put_characters(json, "{");
    for (size_t i = 0; request->form->members[i].name != NULL && !json->failed; i++) {
        if (request->is_there[i] &&
            !put_member(json, &request->form->members[i], buf_span(&request->part[i]), fault))
            return false;
    }
    put_characters(json, "}");
    return !json->failed || esipa_fault_note(fault, "message", "does not fit into memory");
}

const struct esipa_function *ipae_json_request(struct span message, struct buf *json,
                                               char why[IPAE_JSON_WHY_MAX])
{
    const struct esipa_function *function;
    struct esipa_message request = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    bool done =
        esipa_read_request(message, &function, &request, &fault) && put_request(&request, json, &fault);

    if (!done)
        snprintf(why, IPAE_JSON_WHY_MAX, "%s: %s %s", function != NULL ? function->name : "a request",
                 fault.member, fault.what);
    esipa_message_clear(&request);
    return done ? function : NULL;
}
