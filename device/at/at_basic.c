/* What every modem has: ITU-T V.250, and what the modem is (3GPP TS 27.007 5). */
#include "device/at/at_answer.h"
#include "device/at/at_defaults.h"
#include "device/at/at_rows.h"

#include <string.h>

enum { CARRIAGE_RETURN = '\r', LINE_FEED = '\n', BACKSPACE = '\b', CONTROL_MAX = 127 };

/* A number behind a basic command; left out it is 0. */
static bool read_number(const struct at_command *command, uint32_t max, uint32_t *value)
{
    struct at_parameters parameters;

    *value = 0;
    return command->form == AT_EXECUTE || command->parameters.size == 0 ||
           (at_parameters_read(command->parameters, &parameters) && parameters.count == 1 &&
            at_parameter_number(&parameters, 0, 0, max, value));
}

/* E, Q and V. */
static enum at_result serve_flag(struct at *at, const struct at_command *command)
{
    uint32_t value;

    if (!read_number(command, 1, &value))
        return AT_ERROR;
    if (command->name[0] == 'E')
        at->input.echoes = value == 1;
    else if (command->name[0] == 'Q')
        at->hides_results = value == 1;
    else
        at->is_terse = value == 0;
    return AT_OK;
}

/* What has no meaning for a modem without a line of its own: taken. */
static enum at_result serve_nothing(struct at *at, const struct at_command *command)
{
    uint32_t value;

    (void)at;
    return read_number(command, 255, &value) ? AT_OK : AT_ERROR;
}

static enum at_result serve_reset(struct at *at, const struct at_command *command)
{
    uint32_t value;

    if (!read_number(command, 1, &value))
        return AT_ERROR;
    at_set_defaults(at);
    return AT_OK;
}

static uint8_t *register_of(struct at *at, const char *name)
{
    if (strcmp(name, "S3") == 0)
        return &at->input.end;
    if (strcmp(name, "S4") == 0)
        return &at->line_feed;
    return strcmp(name, "S5") == 0 ? &at->input.erase : NULL;
}

static enum at_result serve_register(struct at *at, const struct at_command *command)
{
    uint8_t *value = register_of(at, command->name);
    uint32_t wanted;

    if (value == NULL)
        return AT_ERROR;
    if (command->form == AT_READ) {
        at_say(at, "%03u", *value);
        return AT_OK;
    }
    if (!read_number(command, CONTROL_MAX, &wanted))
        return AT_ERROR;
    *value = (uint8_t)wanted;
    return AT_OK;
}

static enum at_result serve_name(struct at *at, const struct at_command *command)
{
    const struct at_model *model = at->model;

    if (strcmp(command->name, "I") == 0) {
        at_say(at, "%s", model->manufacturer);
        at_say(at, "%s", model->product);
        at_say(at, "Revision: %s", model->revision);
    } else if (strstr(command->name, "MI") != NULL) {
        at_say(at, "%s", model->manufacturer);
    } else if (strstr(command->name, "MM") != NULL) {
        at_say(at, "%s", model->product);
    } else {
        at_say(at, "%s", model->revision);
    }
    return AT_OK;
}

/* The IMEI; with 0 or nothing as a serial number, which is the same here. 2: IMEISV; 3: its last digits. */
static enum at_result serve_imei(struct at *at, const struct at_command *command)
{
    enum { IMEI = 1, IMEISV = 2, SOFTWARE = 3, WITHOUT_CHECK = 14 };
    const char *imei = modem_imei(at->modem);
    uint32_t kind;

    if (!read_number(command, SOFTWARE, &kind))
        return AT_BAD_PARAMETERS;
    if (kind == IMEI)
        at_say(at, "+CGSN: \"%s\"", imei);
    else if (kind == IMEISV)
        at_say(at, "+CGSN: \"%.*s00\"", WITHOUT_CHECK, imei);
    else if (kind == SOFTWARE)
        at_say(at, "+CGSN: \"00\"");
    else
        at_say(at, "%s", imei);
    return AT_OK;
}

static enum at_result serve_capabilities(struct at *at, const struct at_command *command)
{
    (void)command;
    at_say(at, "+GCAP: +CGSM");
    return AT_OK;
}

static enum at_result serve_cmee(struct at *at, const struct at_command *command)
{
    uint32_t value;

    if (command->form == AT_READ) {
        at_say(at, "+CMEE: %u", at->cmee);
        return AT_OK;
    }
    if (!read_number(command, 2, &value))
        return AT_BAD_PARAMETERS;
    at->cmee = value;
    return AT_OK;
}

/* Activity of the phone: 0, it is ready. */
static enum at_result serve_cpas(struct at *at, const struct at_command *command)
{
    (void)command;
    at_say(at, "+CPAS: 0");
    return AT_OK;
}

/* The character set: of texts there are none. */
static enum at_result serve_cscs(struct at *at, const struct at_command *command)
{
    static const char *const character_sets[] = {"GSM", "IRA", "HEX", "UCS2"};
    struct at_parameters parameters;
    char name[8];

    if (command->form == AT_READ) {
        at_say(at, "+CSCS: \"%s\"", character_sets[at->character_set]);
        return AT_OK;
    }
    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 1 ||
        !at_parameter_text(&parameters, 0, name, sizeof(name)))
        return AT_BAD_PARAMETERS;
    for (unsigned i = 0; i < sizeof(character_sets) / sizeof(character_sets[0]); i++)
        if (strcmp(character_sets[i], name) == 0) {
            at->character_set = i;
            return AT_OK;
        }
    return AT_NOT_SUPPORTED;
}

const struct at_row at_basic_rows[] = {
    {"E", AT_EXECUTE | AT_SET, NULL, serve_flag},
    {"Q", AT_EXECUTE | AT_SET, NULL, serve_flag},
    {"V", AT_EXECUTE | AT_SET, NULL, serve_flag},
    {"X", AT_EXECUTE | AT_SET, NULL, serve_nothing},
    {"&C", AT_EXECUTE | AT_SET, NULL, serve_nothing},
    {"&D", AT_EXECUTE | AT_SET, NULL, serve_nothing},
    {"&K", AT_EXECUTE | AT_SET, NULL, serve_nothing},
    {"H", AT_EXECUTE | AT_SET, NULL, serve_nothing},
    {"Z", AT_EXECUTE | AT_SET, NULL, serve_reset},
    {"&F", AT_EXECUTE | AT_SET, NULL, serve_reset},
    {"I", AT_EXECUTE | AT_SET, NULL, serve_name},
    {"S3", AT_READ | AT_SET, NULL, serve_register},
    {"S4", AT_READ | AT_SET, NULL, serve_register},
    {"S5", AT_READ | AT_SET, NULL, serve_register},
    {"+GMI", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+GMM", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+GMR", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+CGMI", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+CGMM", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+CGMR", AT_TEST | AT_EXECUTE, NULL, serve_name},
    {"+GSN", AT_TEST | AT_EXECUTE, NULL, serve_imei},
    {"+CGSN", AT_TEST | AT_EXECUTE | AT_SET, "(0-3)", serve_imei},
    {"+GCAP", AT_TEST | AT_EXECUTE, NULL, serve_capabilities},
    {"+CMEE", AT_TEST | AT_READ | AT_SET, "(0-2)", serve_cmee},
    {"+CPAS", AT_TEST | AT_EXECUTE, "(0)", serve_cpas},
    {"+CSCS", AT_TEST | AT_READ | AT_SET, "(\"GSM\",\"IRA\",\"HEX\",\"UCS2\")", serve_cscs},
    {NULL, 0, NULL, NULL},
};
