/* Settings of a card's IPAe (softeuicc_setting_at) as people write and read them. */
#ifndef SOFTEUICC_DEVICE_CARD_SETTINGS_H
#define SOFTEUICC_DEVICE_CARD_SETTINGS_H

#include "apdu/bytes.h"
#include "euicc/softeuicc.h"

/* "NAME=VALUE", or "NAME@EIMID=VALUE" for one eIM. */
struct card_setting_word {
    struct span name, value; /* of the word that was read */
    struct span eim;         /* .data is NULL: for all */
};

/* The name ends at the first '@' or '='; an eimId, in which both may be, at the last '=', as no value has
 * one. The identity of a pre-shared key may: of one for an eIM there is no other '=', as nobody could tell
 * which is meant. False: it is not of that form. */
bool card_setting_split(const char *word, struct card_setting_word *parts);

#define CARD_SETTING_SIZE 24 /* of a value that is made here, with its zero */

/* A value as the library takes it: of seconds, a span of time with a unit (common/duration.h) in seconds;
 * else as it is, for the library to say whether it will do. NULL for "default", which takes it back. Returns
 * `out` or `value`. */
const char *card_setting_value(struct span name, const char *value, char out[CARD_SETTING_SIZE]);

/* "seconds", "percent", "switch", "hours", "address", "psk" */
const char *card_setting_kind(enum softeuicc_setting_kind kind);

/* That of the setting with this name; "" when this library has none. */
const char *card_setting_kind_named(const char *name);

/* A value for people, by its kind's name: "15m", "20%", "none". Returns `out` or `value`. */
const char *card_setting_text(const char *kind, const char *value, char out[CARD_SETTING_SIZE]);

#endif
