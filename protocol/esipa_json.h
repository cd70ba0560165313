/*
 * The JSON binding of ESipa (SGP.32 6.1.2, 6.4) as another form of the messages in ASN.1: an eIM turns a
 * request into what it takes anyway, and its answer into JSON; an IPA turns its request into JSON, and the
 * answer into what it takes anyway. It takes and gives octets; connections are its users' business.
 */
#ifndef SOFTEUICC_PROTOCOL_ESIPA_JSON_H
#define SOFTEUICC_PROTOCOL_ESIPA_JSON_H

#include "protocol/esipa_message.h"
#include "protocol/rsp_json.h"

#include <jansson.h>

/* --- An eIM's side -------------------------------------------------------------------------------------- */

/* Appends the request in ASN.1. False with a refusal that names the member. Members that no row has are
 * passed over. */
bool esipa_json_take_request(const struct esipa_function *function, const json_t *object, struct buf *der,
                             struct refusal_status *status);
/* The answer in JSON to one in ASN.1: Executed-Success with its members, or Failed with the codes of its
 * error. NULL: no memory, or the answer is none of this function. */
json_t *esipa_json_answer(const struct esipa_function *function, struct span der);

/* --- An IPA's side -------------------------------------------------------------------------------------- */

#define ESIPA_JSON_WHY_SIZE 640

/* The body of a request, which the caller frees, and its function. NULL with one line in `why`. */
char *esipa_json_request(struct span der, const struct esipa_function **function,
                         char why[ESIPA_JSON_WHY_SIZE]);

enum esipa_json_result {
    ESIPA_JSON_ANSWERED,  /* with an answer in ASN.1, be it an error; nothing for a function without one */
    ESIPA_JSON_REFUSED,   /* with codes that have no number in the function's ASN.1 */
    ESIPA_JSON_MALFORMED, /* no answer of this function */
};

/* Appends the answer in ASN.1 that means the same as this body; an empty one is nothing. One line in `why`,
 * which may hold characters from outside, when it is refused (also when the answer is an error) or malformed;
 * else it is empty.
 *
 * Reading (6.1.2): an answer without a header, which SGP.22 6.5.1.4 demands, is taken as executed if it has a
 * member that the function's answer has. */
enum esipa_json_result esipa_json_take_answer(const struct esipa_function *function, struct span body,
                                              struct buf *der, char why[ESIPA_JSON_WHY_SIZE]);

#endif
