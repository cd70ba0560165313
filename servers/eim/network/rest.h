/*
 * The eIM's REST API: one table of routes, which docs/openapi/eim.yaml describes. JSON in and out; a bad
 * request is answered with one error that names the field.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_REST_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_REST_H

#include "common/http/http.h"

#define REST_BODY_MAX ((size_t)256 * 1024) /* octets */

struct eim;

/* Answers everything that is not ESipa: /, /v1/…, /openapi.yaml, and 404. `answer` is filled completely; the
 * caller frees answer->body. */
void eim_rest_answer(struct eim *eim, const struct http_request *request, struct http_answer *answer);

/* The routes, in the order of the table; false after the last. */
bool rest_route(size_t index, const char **method, const char **path);

/* The lines of openapi.yaml, NULL at the end; made from docs/openapi/eim.yaml when building. */
extern const char *const openapi_lines[];

#endif
