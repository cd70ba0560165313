/*
 * The JSON binding of ES9+ and ES11 (SGP.22 6.5): members, and what a client sends and hears. It takes and
 * gives octets; connections are its users' business.
 */
#ifndef SOFTEUICC_PROTOCOL_ES9P_JSON_H
#define SOFTEUICC_PROTOCOL_ES9P_JSON_H

#include "protocol/es9p.h"
#include "protocol/rsp_json.h"

#include <jansson.h>

/* --- Members ------------------------------------------------------------------------------------------ */

enum es9p_fault {
    ES9P_FINE,
    ES9P_MISSING,
    ES9P_NO_STRING, /* or no array of events */
    ES9P_NO_HEX,
    ES9P_NO_BASE64
};

/* "transactionId is not hexadecimal" is *which and this text. */
const char *es9p_fault_text(enum es9p_fault fault);

/* Reads all members; others are passed over. *which is the one that is not fine. Objects are not looked into:
 * a server has its own order of refusals. */
enum es9p_fault es9p_read_json(const struct es9p_member *members, const json_t *object,
                               struct es9p_message *message, const struct es9p_member **which);
/* Sets all members. False without memory, or when a text is not UTF-8. */
bool es9p_set_json(const struct es9p_member *members, const struct span *values, json_t *object);

/* --- A client's side ---------------------------------------------------------------------------------- */

#define ES9P_ADDRESS_MAX RSP_ADDRESS_MAX
#define ES9P_URL_SIZE    RSP_URL_SIZE
#define ES9P_ANSWER_MAX  ((size_t)4 << 20) /* octets; a Bound Profile Package is far below */

/* Lines of the header of every request (6.5.1), the last one NULL. */
extern const char *const es9p_header[];
/* Where a function is at the server with this address: an FQDN with an optional :port. False when it
 * is none. */
bool es9p_url(const struct es9p_function *function, const char *address, char url[ES9P_URL_SIZE]);
/* The body of a request; the caller frees. NULL as es9p_set_json says. */
char *es9p_request_text(const struct es9p_function *function, const struct span *values);

enum es9p_outcome {
    ES9P_EXECUTED,
    ES9P_REFUSED,      /* with subject and reason code */
    ES9P_MALFORMED,    /* executed, but a member of the answer is not well-formed, or another object */
    ES9P_NO_SUCH_HOST, /* the address is none, or is not known to the DNS */
    ES9P_NOT_TRUSTED,  /* the server's certificate */
    ES9P_UNREACHABLE,  /* no connection, TLS failed, timeout, or the answer is not ES9+ */
};

struct es9p_reply {
    enum es9p_outcome outcome;
    struct es9p_message answer; /* EXECUTED: function->out */
    bool is_answered;           /* by somebody who speaks HTTP */
    char subject[16];           /* REFUSED: "8.2.6" */
    char reason[16];            /* REFUSED: "3.8" */
    char why[640];              /* not EXECUTED: one line, which may hold characters from outside */
};

/* Reads an answer with this HTTP status. The caller clears reply->answer. */
void es9p_read_reply(const struct es9p_function *function, long http_status, struct span body,
                     struct es9p_reply *reply);

#endif
