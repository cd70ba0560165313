/* The JSON binding of ES9+ (SGP.22 6.5): parameters by name; octets in base64, transaction ids in
 * hexadecimal. See http_api.h. */
#include "crypto/base64.h"
#include "servers/smdpp/network/http_api.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

/* The octets of one parameter, kept in `out`. */
static bool take_input(const struct es9p_input *input, const json_t *request, struct buf *out,
                       struct dp_status *status)
{
    const json_t *value = json_object_get(request, input->name);
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    bool ok;

    if (value == NULL || json_is_null(value))
        return dp_refuse(status, DP_INPUT_MISSING, "%s", input->name);
    if (text == NULL)
        return dp_refuse(status, DP_INPUT_INVALID, "%s is not a string", input->name);
    switch (input->form) {
    case ES9P_BASE64:
        ok = base64_decode(text, size, out);
        break;
    case ES9P_HEX:
        ok = strlen(text) == size && buf_append_hex(out, text, NULL);
        break;
    default:
        buf_append(out, SPAN(text, size));
        ok = !out->failed;
        break;
    }
    if (!ok)
        return dp_refuse(status, DP_INPUT_INVALID, "%s is not %s", input->name,
                         input->form == ES9P_HEX ? "hexadecimal" : "base64");
    return true;
}

static bool put_objects(const struct es9p_function *function, const struct es9p_answer *answer, json_t *json)
{
    char id[2 * DP_TRANSACTION_ID_SIZE + 1];
    bool ok = true;

    if (answer->has_transaction_id)
        ok = json_object_set_new(
                 json, "transactionId",
                 json_string(hex_from_span(SPAN_ARRAY(answer->transaction_id), id, sizeof(id)))) == 0;
    for (size_t i = 0; ok && i < answer->objects.count; i++) {
        char *text = base64_encode(buf_span(&answer->objects.part[i]));

        ok = text != NULL && json_object_set_new(json, function->outputs[i], json_string(text)) == 0;
        free(text);
    }
    return ok;
}

static void write_answer(const struct es9p_function *function, const struct es9p_answer *result,
                         const struct dp_status *status, struct http_answer *answer)
{
    json_t *json = json_with_status(status);

    if (status->refusal == DP_ACCEPTED && function->is_notification) {
        answer->code = 204; /* 6.3 */
        json_decref(json);
        return;
    }
    if (status->refusal == DP_ACCEPTED && json != NULL && !put_objects(function, result, json)) {
        json_decref(json);
        json = NULL;
    }
    answer_json(answer, 200, json);
}

void es9p_json_answer(struct smdpp *smdpp, const char *name, const json_t *request,
                      struct http_answer *answer)
{
    const struct es9p_function *function = es9p_function_by_name(name);
    struct buf octets[ES9P_INPUTS_MAX] = {{0}};
    struct span inputs[ES9P_INPUTS_MAX];
    struct es9p_answer result = {0};
    struct dp_status status = {0};
    bool ok = true;

    if (function == NULL) {
        answer_refusal(answer, 404, DP_INPUT_INVALID, "no such ES9+ function");
        return;
    }
    for (size_t i = 0; ok && i < function->input_count; i++) {
        ok = take_input(&function->inputs[i], request, &octets[i], &status);
        inputs[i] = buf_span(&octets[i]);
    }
    if (ok)
        es9p_run(smdpp, function, inputs, &result, &status);
    else
        log_line(LOG_LEVEL_INFO, "ES9+ %s: %s: %s", name, dp_refusal_codes(status.refusal)->message,
                 status.detail);
    write_answer(function, &result, &status, answer);
    dp_answer_clear(&result.objects);
    for (size_t i = 0; i < ES9P_INPUTS_MAX; i++)
        buf_free(&octets[i]);
}
