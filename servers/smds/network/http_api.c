/* From an HTTP request to a function of the SM-DS. See http_api.h. */
#include "servers/smds/network/http_api.h"
#include "protocol/admin_protocol.h"

#include <openssl/objects.h>
#include <string.h>

#define PREFIX_ES11 "/gsma/rsp2/es11/"
#define PREFIX_ES15 "/gsma/rsp2/es15/"

static const struct rsp_interface es11 = {"ES11", es11_by_name, es11_by_tag, smds_es11};

/* What follows `prefix`; NULL when it is not there. */
static const char *behind(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

/* Reading (6.5.2): the paths of ES11 are those of ES9+, as LPAs in the field have them (lpac); the other
 * form, with its own name, is taken too. */
static const char *es11_function(const char *path)
{
    const char *function = behind(path, PREFIX_ES9P);

    return function != NULL ? function : behind(path, PREFIX_ES11);
}

/* Reading (5.10): ES15 has ES12's functions; its path is taken with either name. */
static const char *es12_function_name(const char *path)
{
    const char *function = behind(path, ES12_PREFIX);

    return function != NULL ? function : behind(path, PREFIX_ES15);
}

/* --- ES12 ----------------------------------------------------------------------------------------------- */

/* The registeredID of a certificate's subjectAltName, dotted. */
static bool oid_of(struct span der, char *out, size_t size)
{
    struct cert *cert = cert_parse(der, NULL);
    struct span oid = cert != NULL ? cert_oid(cert) : SPAN_NONE;
    struct buf octets = {0};
    const uint8_t *at;
    ASN1_OBJECT *object = NULL;
    bool ok;

    tlv_put(&octets, 0x06, oid);
    at = octets.data;
    if (oid.size > 0 && !octets.failed)
        object = d2i_ASN1_OBJECT(NULL, &at, (long)octets.size);
    ok = object != NULL && OBJ_obj2txt(out, (int)size, object, 1) > 0;
    ASN1_OBJECT_free(object);
    buf_free(&octets);
    cert_free(cert);
    return ok;
}

/* Reading (5.9, 6.1): an event belongs to the OID of the certificate that its SM-DP+ (or Alternative SM-DS)
 * has for TLS. */
static bool take_owner(const struct smds_door *door, const struct http_request *request, const json_t *json,
                       char owner[STORE_OWNER_MAX + 1], struct refusal_status *status)
{
    const char *requester =
        json_string_value(json_object_get(json_object_get(json, "header"), "functionRequesterIdentifier"));

    if (!door->by_certificate) /* es12_read has seen that it is there, and how long */
        snprintf(owner, STORE_OWNER_MAX + 1, "%s", requester);
    else if (!oid_of(request->client_cert, owner, STORE_OWNER_MAX + 1))
        return refusal_note(status, REFUSAL_OWNER_UNKNOWN, NULL);
    return true;
}

static void answer_es12(struct smds *smds, const struct smds_door *door, const char *name,
                        const struct http_request *request, struct http_answer *answer)
{
    const struct es12_function *function = es12_by_name(name);
    json_t *json = rsp_json_body(request, answer);
    struct refusal_status status = {0};
    struct es12_event event;
    char owner[STORE_OWNER_MAX + 1];

    if (json == NULL)
        return;
    if (function == NULL) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such ES12 function");
    } else {
        if (es12_read(function, json, &event, &status) && take_owner(door, request, json, owner, &status))
            smds_es12(smds, function, owner, &event, &status);
        answer_json(answer, 200, json_with_status(&status));
    }
    json_decref(json);
}

/* --- All of it ------------------------------------------------------------------------------------------ */

static void answer_es11(struct smds *smds, const char *function, const struct http_request *request,
                        struct http_answer *answer)
{
    json_t *json = rsp_json_body(request, answer);

    if (json == NULL)
        return;
    rsp_json_answer(&es11, smds, function, json, answer);
    json_decref(json);
}

void smds_answer(struct smds *smds, const struct smds_door *door, const struct http_request *request,
                 struct http_answer *answer)
{
    const char *path = request->path;
    const char *es11_name = door->es11 ? es11_function(path) : NULL;
    const char *es12_name = door->es12 ? es12_function_name(path) : NULL;

    *answer = (struct http_answer){0};
    if (es11_name != NULL) {
        answer_es11(smds, es11_name, request, answer);
    } else if (es12_name != NULL) {
        answer_es12(smds, door, es12_name, request, answer);
    } else if (door->es11 && strcmp(path, ASN1_BINDING_PATH) == 0) {
        if (rsp_accepts(request, ASN1_BINDING_CONTENT_TYPE, answer))
            rsp_asn1_answer(&es11, smds, request->body, answer);
    } else if (!door->es11 || behind(path, PREFIX_RSP) != NULL) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such interface");
    } else if (strcmp(request->method, "GET") != 0) {
        answer_refusal(answer, 405, REFUSAL_INPUT_INVALID, "only GET");
    } else {
        smds_show(smds, path, request->query, answer);
    }
    rsp_finish(answer);
}
