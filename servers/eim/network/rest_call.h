/* A request to the REST API on its way through a route: what the handlers get, and how they answer. */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_REST_CALL_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_REST_CALL_H

#include "common/http/http.h"
#include "servers/eim/model/server.h"
#include "servers/rsp/page.h"

struct rest_call {
    struct eim *eim;
    const char *parameter;                             /* what stands for {eid} or {id} in the path; NULL */
    json_t *body;                                      /* POST, PATCH: an object */
    char eid[EIM_EID_DIGITS + 1], state[12], force[8]; /* of the query; "" when absent */
    struct page page;                                  /* of a list */
    struct http_answer *answer;
};

/* Writes `json` (taken). NULL gives a 500. */
void rest_json(struct rest_call *call, int code, json_t *json);
/* {"error": {"field": …, "message": …}}; `field` may be "". */
void rest_error(struct rest_call *call, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One handler per route; the table is in rest.c. */
void rest_status(struct rest_call *call);
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

#endif
