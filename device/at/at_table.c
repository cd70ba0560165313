/* The tables of commands, put together: see at_table.h. */
#include "device/at/at_table.h"

#include "device/at/at_answer.h"
#include "device/at/at_rows.h"

#include <string.h>

static enum at_result serve_clac(struct at *at, const struct at_command *command);

static const struct at_row list_rows[] = {
    {"+CLAC", AT_TEST | AT_EXECUTE, NULL, serve_clac},
    {NULL, 0, NULL, NULL},
};

static const struct at_row *const tables[] = {at_basic_rows,   at_apdu_rows,    at_file_rows, at_pin_rows,
                                              at_network_rows, at_toolkit_rows, list_rows};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

/* A line for each, as one would type it. */
static enum at_result serve_clac(struct at *at, const struct at_command *command)
{
    (void)command;
    for (size_t i = 0; i < TABLES; i++)
        for (const struct at_row *row = tables[i]; row->name != NULL; row++)
            if (at_model_serves(at->model, row->name))
                at_say(at, "AT%s", row->name);
    return AT_OK;
}

static const struct at_row *find_row(const struct at *at, const char *name)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct at_row *row = tables[i]; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0)
                return at_model_serves(at->model, name) ? row : NULL;
    return NULL;
}

static enum at_result serve_test(struct at *at, const struct at_row *row)
{
    if (at_is_of_channels(row->name) && HAS_QUIRK(at, AT_NO_TESTS))
        return AT_ERROR;
    if (row->range != NULL)
        at_say(at, "%s: %s", row->name, row->range);
    return AT_OK;
}

/* What is not there at all is ERROR, whatever +CMEE says. */
enum at_result at_serve(struct at *at, const struct at_command *command)
{
    const struct at_row *row = find_row(at, command->name);

    if (row == NULL || (row->forms & command->form) == 0)
        return AT_ERROR;
    if (command->form == AT_TEST)
        return serve_test(at, row);
    return row->serve(at, command);
}
