/*
 * ESipa's JSON binding (SGP.32 6.1.2, 6.4) for an IPA that makes and takes ASN.1: its message becomes a
 * function and its JSON, the JSON that is answered the message that would have been. What the members are is
 * protocol/esipa_message.h's; the notation is here, written by hand and read by SQLite.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_JSON_H
#define SOFTEUICC_EUICC_IPAE_IPAE_JSON_H

#include "euicc/ipae/json_reader.h"
#include "protocol/esipa_functions.h"

#define IPAE_JSON_WHY_MAX 160

/* Appends the JSON of this EsipaMessageFromIpaToEim. NULL: `why` is one line. */
const struct esipa_function *ipae_json_request(struct span message, struct buf *json,
                                               char why[IPAE_JSON_WHY_MAX]);

enum ipae_json_result {
    IPAE_JSON_ANSWERED, /* with an answer in ASN.1, be it an error; nothing for a function without one */
    IPAE_JSON_REFUSED,  /* with codes that have no number in the function's ASN.1 */
    IPAE_JSON_MALFORMED /* no answer of this function; or memory ran out */
};

/*
 * Appends the EsipaMessageFromEimToIpa that this body means; an empty one is nothing. Unless it is answered,
 * `why` is a line that is harmless to print: "subjectCode-reasonCode message", or what is wrong with a
 * member.
 *
 * Reading: what is there twice is refused, and so is a text with U+0000; null is as good as absent; members
 * that are not known are passed over; without a header it is as esipa_json.h says.
 */
enum ipae_json_result ipae_json_answer(struct json_reader *reader, const struct esipa_function *function,
                                       struct span json, struct buf *message, char why[IPAE_JSON_WHY_MAX]);

#endif
