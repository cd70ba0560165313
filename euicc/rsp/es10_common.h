/* What the ES10 handlers share: the simplest requests and responses, and values that many of them carry. */
#ifndef SOFTEUICC_EUICC_RSP_ES10_COMMON_H
#define SOFTEUICC_EUICC_RSP_ES10_COMMON_H

#include "apdu/tlv.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/rsp/es10.h"

/* undefinedError of nearly every response. */
#define ES10_UNDEFINED_ERROR 127

/* ES10_FAILED when the response could not be built, ES10_MEMORY when storage failed, else ES10_OK. */
uint16_t es10_finish(struct softeuicc *card, const struct buf *response);

/* Begins `tag` { A0 { …: the Ok of a response that is a CHOICE; closing it finishes. */
struct es10_ok {
    size_t outer, inner; /* marks */
};
struct es10_ok es10_open_ok(struct buf *response, uint32_t tag);
uint16_t es10_close_ok(struct softeuicc *card, struct buf *response, struct es10_ok ok);

/* Appends `tag` { 80 result } and finishes. */
uint16_t es10_result(struct softeuicc *card, struct buf *response, uint32_t tag, unsigned result);

/* Appends `tag` { 81 error }: the error of a response that is a CHOICE of a list and an error. */
uint16_t es10_choice_error(struct softeuicc *card, struct buf *response, uint32_t tag, unsigned error);

/* SetDefaultDpAddress as SGP.22 (BF3F) and SGP.32 (BF65) have it: { 80 address } answered by `tag` { 80
 * result }. An address that is none is undefinedError, the only error there is. */
uint16_t es10_set_default_dp_address(struct softeuicc *card, struct span request, uint32_t tag,
                                     struct buf *response);

/* A function's number for how its step in the lifecycle ended: 0 for ok, undefinedError for what `codes`, by
 * enum lifecycle_result, has none for. Not for LIFECYCLE_FAILED: es10_failure. */
unsigned es10_lifecycle_code(const uint8_t codes[LIFECYCLE_FAILED], enum lifecycle_result result);
/* The status word for what failed without a result: storage, or else memory or randomness. */
uint16_t es10_failure(const struct softeuicc *card);

/* A sequence number in a request. Those that no notification can have (0, above SQLite's integers) find
 * nothing. */
bool es10_sequence_number(struct span value, uint64_t *sequence);

/* A BOOLEAN value: one octet. */
bool es10_boolean(struct span value, bool *out);

#endif
