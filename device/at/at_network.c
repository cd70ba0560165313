/* +CREG, +CGREG, +CEREG, +COPS, +CFUN, +CSQ, +CGATT: see at_network.h. */
#include "device/at/at_network.h"

#include "apdu/digits.h"
#include "device/at/at_answer.h"
#include "device/at/at_apdu.h"
#include "device/at/at_rows.h"

#include <stdio.h>
#include <string.h>

/* <stat> of 7.2. */
enum { NOT_REGISTERED = 0, HOME = 1, SEARCHING = 2, DENIED = 3, ROAMING = 5 };
/* <AcT>; LTE-M has that of E-UTRAN with *reading*, as modems in the field do. */
enum { ACT_GSM = 0, ACT_UTRAN = 2, ACT_E_UTRAN = 7, ACT_NB_IOT = 9, ACT_NR = 11 };
enum { SIGNAL_GOOD = 20, SIGNAL_UNKNOWN = 99 };

static const char *const registration_names[AT_REGISTRATIONS] = {"+CREG", "+CGREG", "+CEREG"};

/* --- registration -------------------------------------------------------------------------------------- */

static unsigned status_of(const struct at *at)
{
    const struct air_state *state = modem_network(at->modem);

    if (modem_stage(at->modem) == MODEM_OFF || !modem_has_radio(at->modem))
        return NOT_REGISTERED;
    switch (state->service) {
    case AIR_NORMAL:
        return state->is_roaming ? ROAMING : HOME;
    case AIR_SEARCHING:
        return SEARCHING;
    case AIR_LIMITED:
        return state->cause != 0 ? DENIED : NOT_REGISTERED;
    default:
        return NOT_REGISTERED;
    }
}

static unsigned technology_of(const struct at *at)
{
    static const unsigned technologies[] = {
        [AIR_GSM] = ACT_GSM,       [AIR_UTRAN] = ACT_UTRAN,   [AIR_LTE] = ACT_E_UTRAN,
        [AIR_LTE_M] = ACT_E_UTRAN, [AIR_NB_IOT] = ACT_NB_IOT, [AIR_NR] = ACT_NR};

    return technologies[modem_network(at->modem)->technology];
}

static bool is_on_network(unsigned status)
{
    return status == HOME || status == ROAMING;
}

static bool is_registered(const struct at *at)
{
    return is_on_network(status_of(at));
}

/* `stat[,"tac","ci",AcT]`, or with a rejection `stat,,,,0,cause` as n = 3 has it. */
static void put_registration(const struct at *at, unsigned detail, unsigned status, char *text, size_t size)
{
    const struct air_state *state = modem_network(at->modem);

    if (detail >= 2 && is_on_network(status))
        snprintf(text, size, "%u,\"%04X\",\"%08X\",%u", status, state->area, state->cell, technology_of(at));
    else if (detail >= 3 && status == DENIED)
        snprintf(text, size, "%u,,,,0,%u", status, state->cause);
    else
        snprintf(text, size, "%u", status);
}

static size_t registration_of(const char *name)
{
    size_t index = 0;

    while (index + 1 < AT_REGISTRATIONS && strcmp(registration_names[index], name) != 0)
        index++;
    return index;
}

static enum at_result serve_registration(struct at *at, const struct at_command *command)
{
    size_t index = registration_of(command->name);
    struct at_parameters parameters;
    uint32_t detail = 0;
    char text[60];

    if (command->form == AT_SET) {
        if (!at_parameters_read(command->parameters, &parameters) || parameters.count > 1 ||
            (at_parameter_is_there(&parameters, 0) && !at_parameter_number(&parameters, 0, 0, 3, &detail)))
            return AT_BAD_PARAMETERS;
        at->registration[index] = detail;
        at->registration_told[index] = status_of(at);
        return AT_OK;
    }
    put_registration(at, at->registration[index], status_of(at), text, sizeof(text));
    at_say(at, "%s: %u,%s", command->name, at->registration[index], text);
    return AT_OK;
}

static void tell_registration(struct at *at, size_t index, unsigned status)
{
    char text[60];

    at->registration_told[index] = status;
    put_registration(at, at->registration[index], status, text, sizeof(text));
    at_say_unasked(at, "%s: %s", registration_names[index], text);
}

/* n = 1 hears of another status, above that of another cell too. */
void at_network_changed(struct at *at)
{
    unsigned status = status_of(at);

    for (size_t i = 0; i < AT_REGISTRATIONS; i++)
        if (at->registration[i] > 1 || (at->registration[i] == 1 && at->registration_told[i] != status))
            tell_registration(at, i, status);
}

void at_network_left(struct at *at)
{
    unsigned status = status_of(at);

    for (size_t i = 0; i < AT_REGISTRATIONS; i++)
        if (at->registration[i] > 0 && at->registration_told[i] != status)
            tell_registration(at, i, status);
}

void at_network_leaves(struct at *at)
{
    for (size_t i = 0; i < AT_REGISTRATIONS; i++)
        if (at->registration[i] > 0 && is_on_network(at->registration_told[i]))
            tell_registration(at, i, SEARCHING);
}

/* --- what is switched on ------------------------------------------------------------------------------- */

enum { MINIMUM = 0, FULL = 1, NO_RADIO = 4 };

static unsigned functionality(const struct at *at)
{
    if (modem_stage(at->modem) == MODEM_OFF)
        return MINIMUM;
    return modem_has_radio(at->modem) || at->has_deregistered ? FULL : NO_RADIO;
}

/* --- the operator -------------------------------------------------------------------------------------- */

enum { MODE_AUTOMATIC = 0, MODE_DEREGISTER = 2, MODE_FORMAT = 3, FORMAT_MAX = 2 };

static enum at_result say_operator(struct at *at)
{
    char digits[PLMN_DIGITS_MAX + 1];
    unsigned mode = at->has_deregistered ? MODE_DEREGISTER : MODE_AUTOMATIC;

    if (!is_registered(at)) {
        at_say(at, "+COPS: %u", mode);
        return AT_OK;
    }
    digits_from_plmn(modem_network(at->modem)->plmn, digits);
    at_say(at, "+COPS: %u,%u,\"%s\",%u", mode, at->operator_format, digits, technology_of(at));
    return AT_OK;
}

/* *Reading*: the network has no names, so that every format is told in digits. One that is chosen by hand is
 * nothing that the simulated radio does. */
static enum at_result serve_cops(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    uint32_t mode, format = at->operator_format;

    if (command->form == AT_READ)
        return say_operator(at);
    if (!at_parameters_read(command->parameters, &parameters) ||
        !at_parameter_number(&parameters, 0, 0, 4, &mode) ||
        (at_parameter_is_there(&parameters, 1) &&
         !at_parameter_number(&parameters, 1, 0, FORMAT_MAX, &format)))
        return AT_BAD_PARAMETERS;
    if (mode != MODE_AUTOMATIC && mode != MODE_DEREGISTER && mode != MODE_FORMAT)
        return AT_NOT_SUPPORTED;
    at->operator_format = format;
    if (mode == MODE_FORMAT)
        return AT_OK;
    if (functionality(at) != FULL)
        return AT_NOT_ALLOWED;
    at->has_deregistered = mode == MODE_DEREGISTER;
    modem_set_radio(at->modem, !at->has_deregistered);
    at_network_left(at);
    return AT_OK;
}

/* --- the radio ----------------------------------------------------------------------------------------- */

static enum at_result set_functionality(struct at *at, uint32_t wanted, bool resets)
{
    bool is_off = modem_stage(at->modem) == MODEM_OFF;

    at->has_deregistered = false;
    if (wanted == MINIMUM) {
        modem_stop(at->modem);
        return AT_OK;
    }
    if ((is_off || resets) && !modem_start(at->modem))
        return AT_SIM_FAILURE;
    modem_set_radio(at->modem, wanted == FULL);
    at_network_left(at);
    return AT_OK;
}

static enum at_result serve_cfun(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    uint32_t wanted, resets = 0;

    if (command->form == AT_READ) {
        at_say(at, "+CFUN: %u", functionality(at));
        return AT_OK;
    }
    if (!at_parameters_read(command->parameters, &parameters) || parameters.count > 2 ||
        !at_parameter_number(&parameters, 0, 0, NO_RADIO, &wanted) ||
        (at_parameter_is_there(&parameters, 1) && !at_parameter_number(&parameters, 1, 0, 1, &resets)))
        return AT_BAD_PARAMETERS;
    if (wanted != MINIMUM && wanted != FULL && wanted != NO_RADIO)
        return AT_NOT_SUPPORTED;
    return set_functionality(at, wanted, resets == 1);
}

/* *Reading*: a scripted cell is heard well, or not at all. */
static enum at_result serve_csq(struct at *at, const struct at_command *command)
{
    enum air_service service = modem_network(at->modem)->service;
    bool is_heard = service == AIR_NORMAL || service == AIR_LIMITED;

    (void)command;
    at_say(at, "+CSQ: %d,%d", is_heard ? SIGNAL_GOOD : SIGNAL_UNKNOWN, SIGNAL_UNKNOWN);
    return AT_OK;
}

static enum at_result serve_cgatt(struct at *at, const struct at_command *command)
{
    (void)command;
    at_say(at, "+CGATT: %d", is_registered(at));
    return AT_OK;
}

const struct at_row at_network_rows[] = {
    {"+CREG", AT_TEST | AT_READ | AT_SET, "(0-3)", serve_registration},
    {"+CGREG", AT_TEST | AT_READ | AT_SET, "(0-3)", serve_registration},
    {"+CEREG", AT_TEST | AT_READ | AT_SET, "(0-3)", serve_registration},
    {"+COPS", AT_READ | AT_SET, NULL, serve_cops},
    {"+CFUN", AT_TEST | AT_READ | AT_SET, "(0,1,4),(0,1)", serve_cfun},
    {"+CSQ", AT_TEST | AT_EXECUTE, "(0-31,99),(99)", serve_csq},
    {"+CGATT", AT_TEST | AT_READ, "(0,1)", serve_cgatt},
    {NULL, 0, NULL, NULL},
};
