/* The settings of a card's IPAe as JSON: what docs/ctl.md calls the result of "ipae". */
#ifndef SOFTEUICC_DEVICE_CARD_SETTINGS_JSON_H
#define SOFTEUICC_DEVICE_CARD_SETTINGS_JSON_H

#include "euicc/softeuicc.h"

#include <jansson.h>

/* All of them, with their values; NULL with one line in `why`, which holds `size` characters. */
json_t *card_settings_json(struct softeuicc *card, char *why, size_t size);

#endif
