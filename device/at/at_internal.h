/*
 * What an AT session keeps, for device/at/ only. A command is a row of a table: its name, the forms it has,
 * and a handler that says lines and gives back the result. Handlers stand in files by subject; at_table.c
 * knows them all.
 */
#ifndef SOFTEUICC_DEVICE_AT_AT_INTERNAL_H
#define SOFTEUICC_DEVICE_AT_AT_INTERNAL_H

#include "apdu/apdu.h"
#include "device/at/at_input.h"
#include "device/at/at_line.h"
#include "device/at/at_model.h"
#include "device/modem/modem_guest.h"

/* How a command ends. Errors that have a number are those of TS 27.007 9.2. */
enum at_result {
    AT_OK = -1,
    AT_ERROR = -2,
    AT_NO_CARRIER = -3,
    AT_NOT_ALLOWED = 3,
    AT_NOT_SUPPORTED = 4,
    AT_NO_SIM = 10,
    AT_PIN_REQUIRED = 11,
    AT_PUK_REQUIRED = 12,
    AT_SIM_FAILURE = 13,
    AT_SIM_BUSY = 14,
    AT_WRONG_PASSWORD = 16,
    AT_PIN2_REQUIRED = 17,
    AT_PUK2_REQUIRED = 18,
    AT_MEMORY_FULL = 20,
    AT_NOT_FOUND = 22,
    AT_NO_NETWORK = 30,
    AT_BAD_PARAMETERS = 50,
};

enum { AT_REGISTRATIONS = 3 }; /* +CREG, +CGREG, +CEREG */

/* The program's part of the card's toolkit (at_toolkit.c). */
struct at_toolkit {
    struct buf profile; /* of the program: +CUSATW=0 */
    bool is_active;     /* +CUSATA=1 */
    bool combines;      /* +CUSATD=1: the card is told of it */
    bool reports;       /* +CUSATD=,1 */
};

struct at {
    struct modem *modem;
    const struct at_model *model;
    struct at_client client;
    struct at_input input;
    struct buf out;     /* what goes to the program once the line is done */
    struct buf unasked; /* lines for after that */
    bool is_busy;       /* with a command line */
    /* What commands have set. */
    bool hides_results, is_terse; /* Q1, V0 */
    uint8_t line_feed;            /* S4 */
    unsigned cmee;
    unsigned registration[AT_REGISTRATIONS];
    unsigned registration_told[AT_REGISTRATIONS]; /* what was told last */
    unsigned character_set;                       /* +CSCS */
    unsigned operator_format;                     /* +COPS */
    bool has_deregistered;                        /* +COPS=2 */
    bool has_session[APDU_CHANNELS];              /* opened by +CCHO, by channel */
    struct at_toolkit toolkit;
    struct buf capdu, answer; /* scratch of handlers */
};

struct at_row {
    const char *name;
    unsigned forms;    /* of enum at_form; AT_TEST is served without the handler */
    const char *range; /* what "=?" answers, behind "NAME: "; NULL: OK alone */
    enum at_result (*serve)(struct at *at, const struct at_command *command);
};

#define HAS_QUIRK(at, quirk) (((at)->model->quirks & (unsigned)(quirk)) != 0)

#endif
