/* One member of an ESipa message between its octets and JSON; for esipa_json.c only. */
#ifndef SOFTEUICC_PROTOCOL_ESIPA_JSON_MEMBER_H
#define SOFTEUICC_PROTOCOL_ESIPA_JSON_MEMBER_H

#include "protocol/esipa_message.h"

#include <jansson.h>

/* Appends the member's octets, which then fit it (esipa_member_fits). False with *fault. */
bool esipa_member_from_json(const struct esipa_member *member, const json_t *value, struct buf *out,
                            struct esipa_fault *fault);
/* NULL without memory, or when a text is not UTF-8. `octets` fit the member. */
json_t *esipa_member_to_json(const struct esipa_member *member, struct span octets);

#endif
