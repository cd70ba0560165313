/*
 * ESipa's JSON binding (SGP.32 6.1.2, 6.4) for an IPA that makes and takes ASN.1: its message becomes a
 * function and its JSON, the JSON that is answered the message that would have been. What the card sends is
 * the card's own; what is answered is from outside.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_JSON_H
#define SOFTEUICC_EUICC_IPAE_IPAE_JSON_H

#include "euicc/ipae/json_reader.h"
#include "protocol/esipa_functions.h"

#define IPAE_JSON_WHY_MAX 160

/* Appends the JSON of this EsipaMessageFromIpaToEim. NULL: `why` is one line. */
const struct esipa_function *ipae_json_request(struct span message, struct buf *json,
                                               char why[IPAE_JSON_WHY_MAX]);

/*
 * Appends the EsipaMessageFromEimToIpa that this body means; nothing when the function has no answer, or the
 * body is empty. False: the function failed with something that has no number in ASN.1 (`why` is
 * "subjectCode-reasonCode message"), the body is malformed (it names the member), or memory ran out. The line
 * is harmless to print.
 *
 * Reading: what is there twice is refused, and so is a text with U+0000; null is as good as absent; members
 * that are not known are passed over. An answer without a header is taken as executed if it has a member that
 * the function's answer has.
 */
bool ipae_json_answer(struct json_reader *reader, const struct esipa_function *function, struct span json,
                      struct buf *message, char why[IPAE_JSON_WHY_MAX]);

#endif
