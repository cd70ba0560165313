/*
 * ES12 (SGP.22 5.9) and ES15 (5.10, the same functions between an Alternative and the Root SM-DS): one row
 * for each function, with the members of its request and its refusals, in the JSON binding (6.5.2). What is
 * remembered of an event is its server's business, connections are its client's.
 */
#ifndef SOFTEUICC_PROTOCOL_ES12_H
#define SOFTEUICC_PROTOCOL_ES12_H

#include "apdu/bytes.h"
#include "protocol/rsp_json.h"

#define ES12_PREFIX       "/gsma/rsp2/es12/" /* of a function's path */
#define ES12_EVENT_ID_MAX 255                /* characters */
#define ES12_ADDRESS_MAX  255                /* characters of rspServerAddress */

enum es12_function_id { ES12_REGISTER_EVENT, ES12_DELETE_EVENT, ES12_FUNCTIONS };

struct es12_function {
    enum es12_function_id id;
    const char *name; /* the last part of the path */
    bool has_server;  /* rspServerAddress and forwardingIndicator are members */
    /* What says that there is nothing left to do: that event is there already, or is not there. */
    const char *done_subject, *done_reason;
};

/* By enum es12_function_id. */
extern const struct es12_function es12_functions[ES12_FUNCTIONS];
/* The function with this name; NULL when there is none. */
const struct es12_function *es12_by_name(const char *name);

/* The members of both functions; of DeleteEvent only the first two. */
struct es12_event {
    const char *eid; /* 32 digits */
    const char *event_id;
    const char *server; /* FQDN[:port] of the SM-DP+, or of the Alternative SM-DS that knows it */
    bool forwarding;    /* an Alternative SM-DS is to register itself at the Root */
};

/* --- A server's side ---------------------------------------------------------------------------------- */

/* Reads a request with its header; the texts live as long as `request`. */
bool es12_read(const struct es12_function *function, const json_t *request, struct es12_event *event,
               struct refusal_status *status);

/* --- A client's side ---------------------------------------------------------------------------------- */

/* Lines of the header of every request (6.5.1), the last one NULL. */
extern const char *const es12_header[];
/* The body of a request from `requester` with this identifier of the call; the caller frees. NULL without
 * memory, or when a text is not UTF-8. */
char *es12_request_text(const struct es12_function *function, const struct es12_event *event,
                        const char *requester, const char *call);

enum es12_outcome {
    ES12_EXECUTED,
    ES12_REFUSED,     /* with subject and reason code */
    ES12_INACCESSIBLE /* no connection, no trust, or the answer is not ES12 */
};

struct es12_reply {
    enum es12_outcome outcome;
    bool nothing_left; /* REFUSED, but with the codes of es12_function.done_subject */
    struct rsp_execution execution;
    char why[640]; /* not EXECUTED: one line, which may hold characters from outside */
};

/* Reads an answer with this HTTP status. */
void es12_read_reply(const struct es12_function *function, long http_status, struct span body,
                     struct es12_reply *reply);

#endif
