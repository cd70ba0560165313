/* What a card tells of itself (softeuicc_inspect) as a JSON object. */
#ifndef SOFTEUICC_DEVICE_INSPECT_JSON_H
#define SOFTEUICC_DEVICE_INSPECT_JSON_H

#include "euicc/softeuicc.h"

#include <jansson.h>

/* NULL when memory ran out or the card's storage could not be read. */
json_t *inspect_json(struct softeuicc *card);

#endif
