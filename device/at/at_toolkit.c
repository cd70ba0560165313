/* +CUSATR, +CUSATW, +CUSATD, +CUSATA, +CUSATT, +CUSATE, +CUSATP and +CUSATEND: see at_toolkit.h. *Reading*:
 * what both profiles have the modem does; a program gets the commands that the modem does not serve. */
#include "device/at/at_toolkit.h"

#include "device/at/at_answer.h"
#include "device/at/at_apdu.h"
#include "device/at/at_rows.h"

enum { OCTETS_MAX = APDU_SHORT_NC, COMMAND_MAX = APDU_SHORT_NE };
enum { STATE_DOWNLOADED = 2, STATE_ACTIVE = 4 };                                  /* <UICC_state> */
enum { PROFILE_TE = 0, PROFILE_MT = 1, PROFILE_DEFAULT = 2, PROFILE_ACTIVE = 3 }; /* <storage> */

/* --- the modem asks ------------------------------------------------------------------------------------ */

static void on_asked(void *context, struct span command)
{
    char hex[2 * COMMAND_MAX + 1];

    at_say_unasked(context, "+CUSATP: %s", hex_from_span(command, hex, sizeof(hex)));
}

static void on_ended(void *context)
{
    at_say_unasked(context, "+CUSATEND");
}

static void activate(struct at *at, bool is_active)
{
    const struct modem_toolkit toolkit = {at, on_asked, on_ended};

    if (at->toolkit.is_active == is_active)
        return;
    at->toolkit.is_active = is_active;
    modem_set_toolkit(at->modem, is_active ? &toolkit : NULL);
}

void at_toolkit_begin(struct at *at)
{
    if (HAS_QUIRK(at, AT_GIVES_TOOLKIT))
        activate(at, true);
}

void at_toolkit_end(struct at *at)
{
    activate(at, false);
    modem_set_toolkit_profile(at->modem, SPAN("", 0));
    buf_free(&at->toolkit.profile);
    at->toolkit.combines = at->toolkit.reports = false;
}

void at_toolkit_saw(struct at *at, struct span capdu)
{
    if (at->toolkit.reports && capdu.size > 1 && capdu.data[1] == INS_TERMINAL_PROFILE)
        at_say_unasked(at, "+CUSATS: %d", STATE_DOWNLOADED);
}

/* --- profiles ------------------------------------------------------------------------------------------ */

static void say_profile(struct at *at, uint32_t storage)
{
    struct buf profile = {0};

    if (storage == PROFILE_TE)
        buf_append(&profile, buf_span(&at->toolkit.profile));
    else
        modem_terminal_profile(at->modem, storage == PROFILE_ACTIVE, &profile);
    at_say_octets(at, buf_span(&profile), "+CUSATR: %u,", storage);
    buf_free(&profile);
}

static enum at_result serve_cusatr(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    uint32_t storage;

    if (command->form == AT_EXECUTE) {
        for (storage = PROFILE_TE; storage <= PROFILE_ACTIVE; storage++)
            say_profile(at, storage);
        return AT_OK;
    }
    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 1 ||
        !at_parameter_number(&parameters, 0, PROFILE_TE, PROFILE_ACTIVE, &storage))
        return AT_BAD_PARAMETERS;
    say_profile(at, storage);
    return AT_OK;
}

static void tell_modem(const struct at *at)
{
    modem_set_toolkit_profile(at->modem, at->toolkit.combines ? buf_span(&at->toolkit.profile) : SPAN("", 0));
}

/* A program writes its own, and none of the modem's. */
static enum at_result serve_cusatw(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    struct buf profile = {0};
    uint32_t storage;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 2 ||
        !at_parameter_number(&parameters, 0, PROFILE_TE, PROFILE_ACTIVE, &storage) ||
        !at_parameter_hex(&parameters, 1, &profile) || profile.size > OCTETS_MAX) {
        buf_free(&profile);
        return AT_BAD_PARAMETERS;
    }
    if (storage != PROFILE_TE) {
        buf_free(&profile);
        return AT_NOT_ALLOWED;
    }
    buf_free(&at->toolkit.profile);
    at->toolkit.profile = profile;
    tell_modem(at);
    return AT_OK;
}

/* A number that may be left out, and is as it was then. */
static bool take_optional(const struct at_parameters *parameters, size_t index, uint32_t *value)
{
    return !at_parameter_is_there(parameters, index) || at_parameter_number(parameters, index, 0, 2, value);
}

/* What the card is told at its start: the modem's profile, or with 1 the program's too. The modem does not
 * wait for a program (2). */
static enum at_result serve_cusatd(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    uint32_t download = at->toolkit.combines, reports = at->toolkit.reports;

    if (command->form == AT_READ) {
        at_say(at, "+CUSATD: %u,%u", download, reports);
        return AT_OK;
    }
    if (!at_parameters_read(command->parameters, &parameters) || parameters.count > 2 ||
        !take_optional(&parameters, 0, &download) || !take_optional(&parameters, 1, &reports) || reports > 1)
        return AT_BAD_PARAMETERS;
    if (download > 1)
        return AT_NOT_SUPPORTED;
    at->toolkit.combines = download == 1;
    at->toolkit.reports = reports == 1;
    tell_modem(at);
    return AT_OK;
}

/* --- commands and responses ---------------------------------------------------------------------------- */

static enum at_result serve_cusata(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    uint32_t wanted;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 1 ||
        !at_parameter_number(&parameters, 0, 0, 1, &wanted))
        return AT_BAD_PARAMETERS;
    activate(at, wanted == 1);
    at_say(at, "+CUSATA: %d", wanted == 1 ? STATE_ACTIVE : STATE_DOWNLOADED);
    return AT_OK;
}

/* The octets of a parameter without others; false: it is none, or too long for the card. */
static bool read_octets(const struct at_command *command, struct buf *octets)
{
    struct at_parameters parameters;

    return at_parameters_read(command->parameters, &parameters) && parameters.count == 1 &&
           at_parameter_hex(&parameters, 0, octets) && octets->size > 0 && octets->size <= OCTETS_MAX;
}

static enum at_result answer_command(struct at *at, struct span response)
{
    if (!modem_rouse(at->modem))
        return at_no_card(at);
    switch (modem_toolkit_respond(at->modem, response)) {
    case MODEM_TOOLKIT_DONE:
        return AT_OK;
    case MODEM_TOOLKIT_NOT_ASKED:
        return AT_NOT_ALLOWED;
    default:
        return AT_BAD_PARAMETERS;
    }
}

static enum at_result serve_cusatt(struct at *at, const struct at_command *command)
{
    struct buf response = {0};
    enum at_result result =
        read_octets(command, &response) ? answer_command(at, buf_span(&response)) : AT_BAD_PARAMETERS;

    buf_free(&response);
    return result;
}

static void say_envelope(struct at *at, uint16_t sw)
{
    struct span data = buf_span(&at->answer);

    if (HAS_QUIRK(at, AT_SAYS_CUSATER)) {
        at_say_octets(at, data, "+CUSATER: ");
        return;
    }
    if (sw == SW_TOOLKIT_BUSY)
        at_say(at, "+CUSATE: \"\",1");
    else
        at_say_octets(at, data, "+CUSATE: ");
    at_say(at, "+CUSATE2: %u,%u", sw >> 8u, sw & 0xFFu);
}

static enum at_result serve_cusate(struct at *at, const struct at_command *command)
{
    struct buf envelope = {0};
    uint16_t sw = 0;
    bool is_good = read_octets(command, &envelope);

    if (is_good)
        sw = modem_command(at->modem, 0x80, INS_ENVELOPE, 0, 0, buf_span(&envelope), APDU_SHORT_NE,
                           &at->answer);
    buf_free(&envelope);
    if (!is_good)
        return AT_BAD_PARAMETERS;
    if (sw == 0)
        return at_no_card(at);
    say_envelope(at, sw);
    return AT_OK;
}

const struct at_row at_toolkit_rows[] = {
    {"+CUSATR", AT_TEST | AT_EXECUTE | AT_SET, "(0-3)", serve_cusatr},
    {"+CUSATW", AT_TEST | AT_SET, "(0)", serve_cusatw},
    {"+CUSATD", AT_TEST | AT_READ | AT_SET, "(0,1),(0,1)", serve_cusatd},
    {"+CUSATA", AT_TEST | AT_SET, "(0,1)", serve_cusata},
    {"+CUSATT", AT_TEST | AT_SET, NULL, serve_cusatt},
    {"+CUSATE", AT_TEST | AT_SET, NULL, serve_cusate},
    {NULL, 0, NULL, NULL},
};
