/*
 * The eIM's REST API: one table of routes, which docs/openapi/eim.yaml describes. JSON in and out; a bad
 * request is answered with one error that names the field.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_REST_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_REST_H

#include "servers/eim/model/server.h"

#define REST_BODY_MAX ((size_t)256 * 1024) /* octets */

/* A request on its way through a route. */
struct rest_call {
    struct eim *eim;
    const char *parameter;                             /* what stands for {eid} or {id} in the path; NULL */
    json_t *body;                                      /* POST, PATCH: an object */
    char eid[EIM_EID_DIGITS + 1], state[12], force[8]; /* of the query; "" when absent */
    struct http_answer *answer;
};

/* The routes, in the order of the table; false after the last. */
bool rest_route(size_t index, const char **method, const char **path);

/* Writes `json` (taken). NULL gives a 500. */
void rest_json(struct rest_call *call, int code, json_t *json);
/* {"error": {"field": …, "message": …}}; `field` may be "". */
void rest_error(struct rest_call *call, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One handler per route. */
void rest_status(struct rest_call *call);
void rest_openapi(struct rest_call *call);
void rest_euiccs(struct rest_call *call);
void rest_euicc(struct rest_call *call);
void rest_euicc_change(struct rest_call *call);
void rest_euicc_forget(struct rest_call *call);
void rest_profiles(struct rest_call *call);
void rest_orders(struct rest_call *call);
void rest_order_add(struct rest_call *call);
void rest_order(struct rest_call *call);
void rest_order_cancel(struct rest_call *call);
void rest_notifications(struct rest_call *call);

/* The lines of openapi.yaml, NULL at the end; made from docs/openapi/eim.yaml when building. */
extern const char *const openapi_lines[];

#endif
