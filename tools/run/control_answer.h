/* What a request on the control socket gets for an answer, and what it does to the slot on the way. */
#ifndef SOFTEUICC_TOOLS_RUN_CONTROL_ANSWER_H
#define SOFTEUICC_TOOLS_RUN_CONTROL_ANSWER_H

#include "tools/run/control_request.h"
#include "tools/run/slot.h"

#include <jansson.h>

/* For what the answer waits, when it cannot be given at once. */
enum control_wait { CONTROL_WAIT_NOT, CONTROL_WAIT_REMOVED, CONTROL_WAIT_POWERED };

/* {"ok": true, "result": …}; takes the result over. NULL without memory. */
json_t *control_ok(json_t *result);
/* {"ok": false, "error": …} */
json_t *control_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Does what is asked. NULL with *wait set: the answer is control_settled's, later. `since` is when the daemon
 * began, by CLOCK_MONOTONIC. */
json_t *control_answer(struct slot *slot, const struct control_request *request, time_t since,
                       enum control_wait *wait);

/* The answer to remove, insert and power-cycle: where the card is now, and whether a reader noticed. */
json_t *control_settled(const struct slot *slot, bool noticed);

#endif
