/* Facts of a card, one after the other, into a JSON object: see inspect_json.h. */
#include "device/inspect_json.h"

#define DEPTH_MAX 8

/* The objects and lists that are open; each belongs to the one before it. */
struct builder {
    json_t *open[DEPTH_MAX];
    size_t depth;
    bool failed;
};

/* NULL: there is none; or it is not UTF-8, since somebody wrote it into the file by hand. */
static json_t *value_of(const struct softeuicc_fact *fact)
{
    switch (fact->kind) {
    case SOFTEUICC_OBJECT:
        return json_object();
    case SOFTEUICC_LIST:
        return json_array();
    case SOFTEUICC_NUMBER:
        return json_integer(fact->number);
    case SOFTEUICC_TRUTH:
        return json_boolean(fact->number != 0);
    case SOFTEUICC_TEXT:
        return json_string(fact->text);
    default:
        return NULL;
    }
}

static void inspect_json_take(void *context, const struct softeuicc_fact *fact)
{
    struct builder *builder = context;
    json_t *parent;
    json_t *value;

    if (builder->failed)
        return;
    if (fact->kind == SOFTEUICC_END) {
        builder->failed = builder->depth <= 1;
        builder->depth--;
        return;
    }
    parent = builder->open[builder->depth - 1];
    value = value_of(fact);
    if (value == NULL && (fact->kind == SOFTEUICC_NOTHING || fact->kind == SOFTEUICC_TEXT))
        return; /* what is absent is not there */
    if (json_is_array(parent) ? json_array_append_new(parent, value) != 0
                              : json_object_set_new(parent, fact->name, value) != 0) {
        builder->failed = true;
        return;
    }
    if (fact->kind == SOFTEUICC_OBJECT || fact->kind == SOFTEUICC_LIST) {
        builder->failed = builder->depth == DEPTH_MAX;
        if (!builder->failed)
            builder->open[builder->depth++] = value;
    }
}

json_t *inspect_json(struct softeuicc *card)
{
    json_t *whole = json_object();
    struct builder builder = {.open = {whole}, .depth = 1, .failed = whole == NULL};

    if (softeuicc_inspect(card, inspect_json_take, &builder) && !builder.failed)
        return whole;
    json_decref(whole);
    return NULL;
}
