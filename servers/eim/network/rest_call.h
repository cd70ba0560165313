/* A request to the REST API on its way through a route: what the handlers get, and how they answer. */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_REST_CALL_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_REST_CALL_H

#include "common/http/http.h"
#include "servers/eim/model/server.h"
#include "servers/rsp/page.h"

struct rest_call {
    struct eim *eim;
    const char *parameter;                             /* what stands for {eid} or {id} in the path; NULL */
    json_t *body;                                      /* POST, PUT, PATCH: an object */
    char eid[EIM_EID_DIGITS + 1], state[12], force[8]; /* of the query; "" when absent */
    struct page page;                                  /* of a list */
    struct http_answer *answer;
};

/* Writes `json` (taken). NULL gives a 500. */
void rest_json(struct rest_call *call, int code, json_t *json);
/* {"error": {"field": …, "message": …}}; `field` may be "". */
void rest_error(struct rest_call *call, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A list (taken), or that rows of it could not be read. */
void rest_list(struct rest_call *call, json_t *list, bool failed);
/* 500 with the reason: "the order cannot be stored: …". */
void rest_cannot_store(struct rest_call *call, const char *what);
/* Whether the eUICC is known; else 404 is answered. */
bool rest_euicc_is_there(struct rest_call *call, const char *eid);

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
void rest_rules(struct rest_call *call);
void rest_rules_set(struct rest_call *call);
void rest_rules_test(struct rest_call *call);
void rest_rule_events(struct rest_call *call);

#endif
