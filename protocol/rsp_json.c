/* Headers and members of the JSON functions between servers. See rsp_json.h. */
#include "protocol/rsp_json.h"

#include "protocol/rsp_address.h"

#include <stdio.h>
#include <string.h>

#define IDENTIFIER_MAX 255 /* characters of functionRequesterIdentifier and functionCallIdentifier */

/* --- A server's side ---------------------------------------------------------------------------------- */

bool rsp_take_text(const json_t *request, const char *name, size_t min, size_t max, const char *allowed,
                   const char **text, struct refusal_status *status)
{
    const json_t *value = json_object_get(request, name);
    size_t size = json_string_length(value);

    *text = NULL;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value) || size < min || size > max || strlen(json_string_value(value)) != size ||
        (allowed != NULL && strspn(json_string_value(value), allowed) != size))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "%s", name);
    *text = json_string_value(value);
    return true;
}

bool rsp_require(const void *value, const char *name, struct refusal_status *status)
{
    return value != NULL || refusal_note(status, REFUSAL_INPUT_MISSING, "%s", name);
}

bool rsp_take_eid(const json_t *request, const char **eid, struct refusal_status *status)
{
    return rsp_take_text(request, "eid", 32, 32, "0123456789", eid, status);
}

bool rsp_take_flag(const json_t *request, const char *name, bool *flag, struct refusal_status *status)
{
    const json_t *value = json_object_get(request, name);

    *flag = json_is_true(value);
    if (!rsp_require(value, name, status))
        return false;
    if (!json_is_boolean(value))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "%s", name);
    return true;
}

bool rsp_take_header(const json_t *request, const char **requester, const char **call,
                     struct refusal_status *status)
{
    const json_t *header = json_object_get(request, "header");

    return rsp_require(header, "header", status) &&
           rsp_take_text(header, "functionRequesterIdentifier", 1, IDENTIFIER_MAX, NULL, requester, status) &&
           rsp_require(*requester, "functionRequesterIdentifier", status) &&
           rsp_take_text(header, "functionCallIdentifier", 1, IDENTIFIER_MAX, NULL, call, status) &&
           rsp_require(*call, "functionCallIdentifier", status);
}

bool rsp_check_header(const json_t *request, struct refusal_status *status)
{
    const char *requester, *call;

    return rsp_take_header(request, &requester, &call, status);
}

json_t *json_with_codes(const char *subject, const char *reason, const char *message)
{
    return json_pack("{s:{s:{s:s,s:{s:s,s:s,s:s}}}}", "header", "functionExecutionStatus", "status", "Failed",
                     "statusCodeData", "subjectCode", subject, "reasonCode", reason, "message", message);
}

json_t *json_with_status(const struct refusal_status *status)
{
    const struct refusal_codes *codes = refusal_codes(status->refusal);
    bool detailed = status->detail[0] != '\0';
    char message[2 * sizeof(status->detail)];
    json_t *object;

    if (status->refusal == REFUSAL_NONE)
        return json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success");
    /* What a client sent may be in the detail: not everything is UTF-8. */
    snprintf(message, sizeof(message), "%s%s%s", codes->message, detailed ? ": " : "", status->detail);
    object = json_with_codes(codes->subject, codes->reason, message);
    return object != NULL ? object : json_with_codes(codes->subject, codes->reason, codes->message);
}

/* --- A client's side ---------------------------------------------------------------------------------- */

bool rsp_url(const char *interface, const char *function, const char *address, char url[RSP_URL_SIZE])
{
    if (!rsp_address_is_good(address) || strlen(address) > RSP_ADDRESS_MAX)
        return false;
    snprintf(url, RSP_URL_SIZE, "https://%s/gsma/rsp2/%s/%s", address, interface, function);
    return true;
}

static const char *member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

void rsp_read_execution(const json_t *answer, struct rsp_execution *execution)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const json_t *data = json_object_get(status, "statusCodeData");
    const char *text = member_text(status, "status");
    /* Leniency: some write Failed (6.5.1.4) like its kin, Executed-Success. */
    bool failed = strcmp(text, "Failed") == 0 || strcmp(text, "Executed-Failed") == 0;

    *execution = (struct rsp_execution){0};
    execution->executed = strncmp(text, "Executed-", 9) == 0 && !failed;
    execution->known = execution->executed || failed || json_is_object(data);
    snprintf(execution->subject, sizeof(execution->subject), "%s", member_text(data, "subjectCode"));
    snprintf(execution->reason, sizeof(execution->reason), "%s", member_text(data, "reasonCode"));
    snprintf(execution->message, sizeof(execution->message), "%s", member_text(data, "message"));
}
