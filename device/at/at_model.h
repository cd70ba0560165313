/* What is odd about modems of the field, as people who manage eUICCs through them report it. */
#ifndef SOFTEUICC_DEVICE_AT_AT_MODEL_H
#define SOFTEUICC_DEVICE_AT_AT_MODEL_H

#include "device/at/at.h"

enum at_quirk {
    AT_NO_CHANNELS = 1u << 0,    /* no +CCHO, +CCHC, +CGLA: there is +CSIM alone */
    AT_NO_TESTS = 1u << 1,       /* "+CCHO=?" and its like are errors, though the commands work */
    AT_BARE_SESSION = 1u << 2,   /* +CCHO answers with the number alone */
    AT_LONG_SESSION = 1u << 3,   /* … with sixteen digits that look like hexadecimal ones */
    AT_TELLS_CLOSED = 1u << 4,   /* +CCHC answers "+CCHC" before OK */
    AT_PLAIN_ERRORS = 1u << 5,   /* channels' errors are ERROR, whatever +CMEE says */
    AT_FOLLOWS = 1u << 6,        /* the modem gets what 61xx announces itself */
    AT_KEEPS_PADDING = 1u << 7,  /* the ICCID comes with its F */
    AT_TALKS = 1u << 8,          /* tells of its start, and of the card's, unasked */
    AT_QUOTES_PIN = 1u << 9,     /* +CPIN: "READY" */
    AT_GIVES_TOOLKIT = 1u << 10, /* commands for a person go to the program, which need not ask for them */
    AT_SAYS_CUSATER = 1u << 11,  /* +CUSATE answers with +CUSATER, and no status */
};

struct at_model {
    const char *name, *summary;
    const char *manufacturer, *product, *revision; /* +CGMI, +CGMM, +CGMR */
    const char *iccid;                  /* the commands that tell the ICCID, with blanks between them */
    unsigned quirks, cmee;              /* the latter: +CMEE at its start */
    const char *started, *card_started; /* AT_TALKS: lines; NULL: none */
};

/* One of the commands for logical channels. */
bool at_is_of_channels(const char *command);
/* Whether a model has a command: those for channels and for the ICCID differ. */
bool at_model_serves(const struct at_model *model, const char *command);

#endif
