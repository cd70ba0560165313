/* An AT session: see at.h. */
#include "device/at/at.h"

#include "crypto/printable.h"
#include "device/at/at_answer.h"
#include "device/at/at_apdu.h"
#include "device/at/at_defaults.h"
#include "device/at/at_network.h"
#include "device/at/at_table.h"
#include "device/at/at_toolkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 600, UNASKED_LINE_MAX = 40 };

struct at *at_new(struct modem *modem, const struct at_model *model, const struct at_client *client)
{
    struct at *at = calloc(1, sizeof(*at));

    if (at == NULL)
        return NULL;
    at->modem = modem;
    at->model = model;
    at->client = *client;
    at_input_begin(&at->input);
    at_set_defaults(at);
    return at;
}

void at_free(struct at *at)
{
    if (at == NULL)
        return;
    at_toolkit_end(at);
    at_input_end(&at->input);
    buf_free(&at->out);
    buf_free(&at->unasked);
    buf_free(&at->capdu);
    buf_free(&at->answer);
    free(at);
}

/* --- command lines ------------------------------------------------------------------------------------- */

static void tell_line(const struct at *at, struct span line)
{
    char harmless[TOLD_MAX];
    size_t size = line.size < sizeof(harmless) ? line.size : sizeof(harmless) - 1;

    if (at->client.told == NULL)
        return;
    memcpy(harmless, line.data, size);
    harmless[size] = '\0';
    printable_text(harmless, size);
    at->client.told(at->client.context, false, harmless);
}

/* Up to the first command that fails (V.250 5.2.3). */
static enum at_result do_commands(struct at *at, struct span line)
{
    enum at_result result = AT_OK;
    struct at_command command;

    while (result == AT_OK && at_line_next(&line, &command))
        result = at_serve(at, &command);
    return result == AT_OK && line.size > 0 ? AT_ERROR : result;
}

/* What is no command line is passed over, as noise is. */
static void do_line(struct at *at)
{
    struct span line = buf_span(&at->input.line);

    if (line.size == 0)
        return;
    tell_line(at, line);
    if (!at_line_begin(&line))
        return;
    at_say_result(at, do_commands(at, line));
}

void at_receive(struct at *at, struct span octets)
{
    at->is_busy = true;
    at_toolkit_begin(at);
    while (octets.size > 0) {
        switch (at_input_take(&at->input, &octets, &at->out)) {
        case AT_INPUT_LINE:
            do_line(at);
            break;
        case AT_INPUT_LONG:
            at_say_result(at, AT_ERROR);
            break;
        default:
            break;
        }
        at_send(at);
    }
    at->is_busy = false;
}

/* --- what the modem tells ------------------------------------------------------------------------------ */

/* Each line of a text. */
static void say_lines(struct at *at, const char *lines)
{
    while (lines != NULL && *lines != '\0') {
        size_t size = strcspn(lines, "\n");

        at_say_unasked(at, "%.*s", size < UNASKED_LINE_MAX ? (int)size : UNASKED_LINE_MAX, lines);
        lines += size + (lines[size] == '\n');
    }
}

static void power_changed(struct at *at, const char *text)
{
    bool is_on = strcmp(text, "on") == 0, is_reset = strcmp(text, "reset") == 0;

    at_sessions_end(at);
    at_network_left(at);
    if (!HAS_QUIRK(at, AT_TALKS))
        return;
    if (is_on)
        say_lines(at, at->model->started);
    if (is_on || is_reset)
        say_lines(at, at->model->card_started);
}

void at_modem_told(struct at *at, const struct modem_event *event)
{
    if (event->kind == MODEM_EVENT_POWER)
        power_changed(at, event->text);
    else if (event->kind == MODEM_EVENT_PROFILE)
        at_network_leaves(at);
    else if (event->kind == MODEM_EVENT_NETWORK)
        at_network_changed(at);
    else if (event->kind == MODEM_EVENT_APDU)
        at_toolkit_saw(at, event->octets);
}

void at_left(struct at *at)
{
    at_input_drop(&at->input);
    at_toolkit_end(at);
    at_set_defaults(at);
}
