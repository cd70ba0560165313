/* The calls of ES2+ that were answered. See es2p_call.h. */
#include "servers/smdpp/network/es2p_call.h"

#include <stdlib.h>

#define CALL_LIFETIME 86400 /* seconds for which an answer is given again */

/* The parameters stand in one order, whatever order they came in. */
bool es2p_call_digest(const char *function, const json_t *request, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    json_t *parameters = json_deep_copy(request);
    char *text;
    struct span parts[2];
    bool ok;

    if (parameters == NULL)
        return false;
    json_object_del(parameters, "header");
    text = json_dumps(parameters, JSON_COMPACT | JSON_SORT_KEYS);
    parts[0] = span_of_string(function);
    parts[1] = span_of_string(text != NULL ? text : "");
    ok = text != NULL && crypto_sha256(parts, 2, digest);
    free(text);
    json_decref(parameters);
    return ok;
}

enum store_answer es2p_call_answered(struct smdpp *smdpp, const struct es2p_call *call, json_t *fields)
{
    struct buf text = {0};
    enum store_answer found = store_call_find(smdpp->store, call, smdpp_now() - CALL_LIFETIME, &text);
    json_t *stored = found == STORE_FOUND ? json_loadb((const char *)text.data, text.size, 0, NULL) : NULL;

    if (found == STORE_FOUND && json_object_update(fields, stored) != 0)
        found = STORE_FAILED;
    json_decref(stored);
    buf_free(&text);
    return found;
}

bool es2p_call_keep(struct smdpp *smdpp, const struct es2p_call *call, const json_t *fields)
{
    char *text = json_dumps(fields, JSON_COMPACT);
    bool ok = text != NULL && store_call_save(smdpp->store, call, smdpp_now(), text);

    free(text);
    return ok;
}
