/* What the command at hand is in the field's terms, for traces: kept here, shown by softeuicc_describe. */
#ifndef SOFTEUICC_EUICC_OS_DESCRIBE_H
#define SOFTEUICC_EUICC_OS_DESCRIBE_H

#include "euicc/os/card.h"

/* The first takes a text that lives as long as the card; the second one that has to be made, which costs
 * more. */
void card_describe(struct softeuicc *card, const char *name);
void card_describe_format(struct softeuicc *card, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `name` and a number behind it: "GET RESPONSE 32". */
void card_describe_number(struct softeuicc *card, const char *name, unsigned number);

#endif
