/* From an HTTP request to a function of the SM-DP+. See http_api.h. */
#include "servers/smdpp/network/http_api.h"
#include "protocol/admin_protocol.h"
#include "servers/smdpp/network/registrar.h"

#include <string.h>

#define PREFIX_ES2P "/gsma/rsp2/es2plus/"

static bool run_es9p(void *smdpp, const struct es9p_function *function, const struct es9p_message *request,
                     struct es9p_message *answer, struct refusal_status *status)
{
    return es9p_run(smdpp, function, request, answer, status);
}

static const struct rsp_interface es9plus = {"ES9+", es9p_by_name, es9p_by_tag, run_es9p};

static void answer_json_function(struct smdpp *smdpp, const struct http_request *request,
                                 struct http_answer *answer)
{
    bool es9p = strncmp(request->path, PREFIX_ES9P, strlen(PREFIX_ES9P)) == 0;
    const char *function = request->path + (es9p ? strlen(PREFIX_ES9P) : strlen(PREFIX_ES2P));
    json_t *json = rsp_json_body(request, answer);

    if (json == NULL)
        return;
    if (es9p)
        rsp_json_answer(&es9plus, smdpp, function, json, answer);
    else
        es2p_answer(smdpp, function, json, answer);
    json_decref(json);
}

static void answer_rsp(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer)
{
    const char *path = request->path;

    if (strcmp(path, ASN1_BINDING_PATH) == 0) {
        if (rsp_accepts(request, ASN1_BINDING_CONTENT_TYPE, answer))
            rsp_asn1_answer(&es9plus, smdpp, request->body, answer);
    } else if (strncmp(path, PREFIX_ES9P, strlen(PREFIX_ES9P)) == 0 ||
               strncmp(path, PREFIX_ES2P, strlen(PREFIX_ES2P)) == 0) {
        answer_json_function(smdpp, request, answer);
    } else {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such interface");
    }
}

bool http_api_admits(enum http_api_door door, const struct http_request *request, struct http_answer *answer)
{
    const char *path = request->path;
    bool rsp = strncmp(path, PREFIX_RSP, strlen(PREFIX_RSP)) == 0;
    bool es2p = strncmp(path, PREFIX_ES2P, strlen(PREFIX_ES2P)) == 0;

    *answer = (struct http_answer){0};
    if (door == HTTP_API_ALL || strcmp(path, "/") == 0)
        return true;
    if (door == HTTP_API_LPAS && (es2p || !rsp))
        answer_refusal(answer, 403, REFUSAL_INPUT_INVALID,
                       "ES2+ and the lists are at this server's listener for operators");
    else if (door == HTTP_API_OPERATORS && rsp && !es2p)
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "this listener is for operators (ES2+) only");
    else
        return true;
    rsp_finish(answer);
    return false;
}

void http_api_answer(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer)
{
    *answer = (struct http_answer){0};
    if (strncmp(request->path, PREFIX_RSP, strlen(PREFIX_RSP)) == 0)
        answer_rsp(smdpp, request, answer);
    else if (strcmp(request->method, "GET") != 0)
        answer_refusal(answer, 405, REFUSAL_INPUT_INVALID, "only GET");
    else
        status_answer(smdpp, request->path, request->query, answer);
    rsp_finish(answer);
}

void http_api_serve(struct smdpp *smdpp, const struct http_request *request, http_api_done *done,
                    void *context)
{
    struct http_answer answer;

    http_api_answer(smdpp, request, &answer);
    if (smdpp->registration != NULL) {
        buf_free(&answer.body);
        registrar_register(smdpp->registrar, done, context);
    } else {
        done(context, &answer);
    }
    if (smdpp->registrar != NULL)
        registrar_look(smdpp->registrar);
}
