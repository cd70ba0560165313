/*
 * What the JSON functions between servers share, ES2+ and ES12 (SGP.22 6.5.1): the header of a request and
 * its text members, and the functionExecutionStatus of an answer, ES9+'s and ES11's as well. A server takes
 * members with the refusal that a missing or wrong one gives.
 */
#ifndef SOFTEUICC_PROTOCOL_RSP_JSON_H
#define SOFTEUICC_PROTOCOL_RSP_JSON_H

#include "protocol/refusal.h"

#include <jansson.h>
#include <stddef.h>

/* --- A server's side ---------------------------------------------------------------------------------- */

/* A text parameter; *text is NULL when it is absent. False when it is there and no text of min to max
 * characters of `allowed` (NULL: any). */
bool rsp_take_text(const json_t *request, const char *name, size_t min, size_t max, const char *allowed,
                   const char **text, struct refusal_status *status);
bool rsp_take_eid(const json_t *request, const char **eid, struct refusal_status *status);
/* A boolean that must be there. */
bool rsp_take_flag(const json_t *request, const char *name, bool *flag, struct refusal_status *status);
/* False when it is NULL. */
bool rsp_require(const void *value, const char *name, struct refusal_status *status);
/* The header of a request (6.5.1.3): who calls, and how it calls this call. */
bool rsp_take_header(const json_t *request, const char **requester, const char **call,
                     struct refusal_status *status);
bool rsp_check_header(const json_t *request, struct refusal_status *status);
/* An object with the header of 6.5.1.4: Executed-Success, or Failed with the codes. NULL: no memory. */
json_t *json_with_status(const struct refusal_status *status);
/* The same, Failed with these codes. NULL: no memory, or one of them is not UTF-8. */
json_t *json_with_codes(const char *subject, const char *reason, const char *message);

/* --- A client's side ---------------------------------------------------------------------------------- */

#define RSP_ADDRESS_MAX 299                    /* characters of an FQDN with :port */
#define RSP_URL_SIZE    (RSP_ADDRESS_MAX + 64) /* with its zero */

/* Where a function of an interface ("es12") is at the server with this address: an FQDN with an optional
 * :port. False when it is none. */
bool rsp_url(const char *interface, const char *function, const char *address, char url[RSP_URL_SIZE]);

struct rsp_execution {
    bool known;       /* the answer has a functionExecutionStatus */
    bool executed;    /* Executed-Success, or -WithWarning */
    char subject[16]; /* not executed: "8.2.6" */
    char reason[16];  /* "3.8" */
    char message[500];
};
/* Reads the header of an answer (6.5.1.4). */
void rsp_read_execution(const json_t *answer, struct rsp_execution *execution);

#endif
