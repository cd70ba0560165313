/*
 * What the servers that LPAs call share, SM-DP+ (ES9+) and SM-DS (ES11): from an HTTP request to a function
 * of protocol/es9p.h and back, in both bindings (SGP.22 6.2-6.6). Who runs the function is the server's.
 */
#ifndef SOFTEUICC_SERVERS_RSP_BINDING_H
#define SOFTEUICC_SERVERS_RSP_BINDING_H

#include "protocol/es9p.h"
#include "servers/rsp/answer.h"

#define PREFIX_RSP     "/gsma/rsp2/"
#define PREFIX_ES9P    "/gsma/rsp2/es9plus/"
#define ADMIN_PROTOCOL "gsma/rsp/v2.2.2" /* X-Admin-Protocol of every answer */
/* Octets; the largest request is a notification with two certificates. */
#define REQUEST_BODY_LIMIT (256 * 1024)

/* What LPAs can call. */
struct rsp_interface {
    const char *name; /* "ES9+" */
    const struct es9p_function *(*by_name)(const char *name);
    const struct es9p_function *(*by_tag)(uint32_t tag);
    /* Runs one of those with a log line: from the members of its request to those of its answer, which is
     * cleared in any case. */
    bool (*run)(void *server, const struct es9p_function *function, const struct es9p_message *request,
                struct es9p_message *answer, struct refusal_status *status);
};

/* Whether a request under PREFIX_RSP is a POST of this content type in a protocol version that is spoken
 * here; else `answer` says that it is not. */
bool rsp_accepts(const struct http_request *request, const char *content_type, struct http_answer *answer);
/* Its body as a JSON object, under the same conditions; NULL with `answer` filled. */
json_t *rsp_json_body(const struct http_request *request, struct http_answer *answer);

/* The bindings. `answer` is empty on entry; each fills it completely. */
void rsp_json_answer(const struct rsp_interface *interface, void *server, const char *function,
                     const json_t *request, struct http_answer *answer);
void rsp_asn1_answer(const struct rsp_interface *interface, void *server, struct span body,
                     struct http_answer *answer);
/* An answer that had not the memory it needs becomes a 500. */
void rsp_finish(struct http_answer *answer);

#endif
