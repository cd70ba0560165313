/* What a device does, told line by line: for people, with a line at the bottom of the terminal that says how
 * it stands, or as JSON. */
#include "apdu/digits.h"
#include "common/duration.h"
#include "common/print/print.h"
#include "common/print/print_json.h"
#include "common/print/status_line.h"
#include "device/air/air_text.h"
#include "tools/device/device_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OCTETS_MAX = 1500 /* of a channel, the most at once */, HEX_MAX = 2 * OCTETS_MAX + 1 };

static const char *const kinds[] = {
    [MODEM_EVENT_POWER] = "power",         [MODEM_EVENT_APDU] = "apdu",
    [MODEM_EVENT_PROACTIVE] = "proactive", [MODEM_EVENT_ENVELOPE] = "envelope",
    [MODEM_EVENT_NETWORK] = "network",     [MODEM_EVENT_PROFILE] = "profile",
    [MODEM_EVENT_CHANNEL] = "channel",     [MODEM_EVENT_SENT] = "sent",
    [MODEM_EVENT_RECEIVED] = "received",   [MODEM_EVENT_SMS_SENT] = "sms_sent",
    [MODEM_EVENT_SMS_CAME] = "sms_came",   [MODEM_EVENT_TROUBLE] = "trouble",
};

/* --- words --------------------------------------------------------------------------------------------- */

/* The general result of a TERMINAL RESPONSE; it stands behind details and devices. */
static void result_words(struct span answer, char *text, size_t size)
{
    struct proactive_response response;
    char hex[16];

    if (answer.data == NULL)
        snprintf(text, size, "not answered");
    else if (!proactive_read_response(answer, &response))
        snprintf(text, size, "answered with what is no TERMINAL RESPONSE");
    else if (response.result == PROACTIVE_DONE)
        snprintf(text, size, "done");
    else if (response.result <= PROACTIVE_DONE_MAX)
        snprintf(text, size, "done, %02X", response.result);
    else
        snprintf(text, size, "refused, %02X%s%s", response.result, response.additional.size > 0 ? " " : "",
                 hex_from_span(response.additional, hex, sizeof(hex)));
}

/* --- for people ----------------------------------------------------------------------------------------- */

/* How it stands: the last line of the terminal. */
static void show_status(const struct device *device)
{
    const struct modem_figures *figures = modem_figures(device->modem);
    char network[AIR_TEXT_SIZE], passed[DURATION_SIZE], line[200];

    snprintf(line, sizeof(line), "%s  %s  %s  %" PRIu64 " commands, %" PRIu64 "+%" PRIu64 " octets",
             duration_text(device_clock_now(device->clock) - device->begun, passed),
             air_state_text(modem_network(device->modem), network),
             modem_iccid(device->modem)[0] != '\0' ? modem_iccid(device->modem) : "no profile",
             figures->apdus, figures->sent, figures->received);
    status_line_show(line);
}

static void event_words(const struct device *device, const struct modem_event *event, char *text, size_t size)
{
    char hex[HEX_MAX], words[AIR_TEXT_SIZE];
    const char *what = event->text != NULL ? event->text : "";

    switch (event->kind) {
    case MODEM_EVENT_APDU:
        snprintf(text, size, "> %s", hex_from_span(event->octets, hex, sizeof(hex)));
        break;
    case MODEM_EVENT_PROACTIVE:
        result_words(event->answer, words, sizeof(words));
        snprintf(text, size, "%s: %s", what, words);
        break;
    case MODEM_EVENT_NETWORK:
        snprintf(text, size, "network: %s", air_state_text(modem_network(device->modem), words));
        break;
    case MODEM_EVENT_PROFILE:
        snprintf(text, size, "profile: %s", what[0] != '\0' ? what : "none");
        break;
    case MODEM_EVENT_CHANNEL:
        snprintf(text, size, "channel %u: %s", event->number, what);
        break;
    case MODEM_EVENT_SENT:
    case MODEM_EVENT_RECEIVED:
        snprintf(text, size, "channel %u: %zu octets %s", event->number, event->octets.size,
                 event->kind == MODEM_EVENT_SENT ? "sent" : "received");
        break;
    case MODEM_EVENT_SMS_SENT:
    case MODEM_EVENT_SMS_CAME:
        snprintf(text, size, "short message %s: %s", event->kind == MODEM_EVENT_SMS_SENT ? "sent" : "came",
                 hex_from_span(event->octets, hex, sizeof(hex)));
        break;
    case MODEM_EVENT_ENVELOPE:
        snprintf(text, size, "ENVELOPE, %s", what);
        break;
    case MODEM_EVENT_TROUBLE:
        snprintf(text, size, "trouble: %s", what);
        break;
    default:
        snprintf(text, size, "%s: %s", kinds[event->kind], what);
    }
}

static void tell_person(const struct device *device, const struct modem_event *event)
{
    char passed[DURATION_SIZE], text[HEX_MAX + 100], hex[HEX_MAX];

    status_line_clear();
    event_words(device, event, text, sizeof(text));
    duration_text(event->time - device->begun, passed);
    print_line("%12s  %s", passed, text);
    if (event->kind == MODEM_EVENT_APDU)
        print_line("%12s  < %s", "", hex_from_span(event->answer, hex, sizeof(hex)));
    if (device->modem != NULL)
        show_status(device);
}

/* --- for programs --------------------------------------------------------------------------------------- */

static void set_octets(json_t *object, const char *name, struct span octets)
{
    char hex[HEX_MAX];

    if (octets.data != NULL)
        json_object_set_new(object, name, json_string(hex_from_span(octets, hex, sizeof(hex))));
}

static void set_network(json_t *object, const struct air_state *state)
{
    char plmn[PLMN_TEXT_SIZE];

    json_object_set_new(object, "service", json_string(air_service_name(state->service)));
    if (air_has_plmn(state)) {
        json_object_set_new(object, "plmn", json_string(digits_plmn_text(state->plmn, plmn)));
        json_object_set_new(object, "technology", json_string(air_technology_name(state->technology)));
        json_object_set_new(object, "roaming", json_boolean(state->is_roaming));
    }
    if (state->cause != 0)
        json_object_set_new(object, "cause", json_integer(state->cause));
}

static void tell_program(const struct device *device, const struct modem_event *event)
{
    json_t *object = json_pack("{s:s, s:I}", "event", kinds[event->kind], "time",
                               (json_int_t)(event->time - device->begun));

    if (object != NULL) {
        if (event->number != 0)
            json_object_set_new(object, "channel", json_integer(event->number));
        if (event->text != NULL && event->text[0] != '\0')
            json_object_set_new(object, event->kind == MODEM_EVENT_PROFILE ? "iccid" : "text",
                                print_json_text(event->text));
        set_octets(object, "octets", event->octets);
        set_octets(object, "answer", event->answer);
        if (event->kind == MODEM_EVENT_NETWORK && device->modem != NULL)
            set_network(object, modem_network(device->modem));
    }
    (void)print_json_line(object);
}

/* --- both ----------------------------------------------------------------------------------------------- */

/* What comes with each command of the card, and is only of interest to who follows the octets. */
static bool is_detail(enum modem_event_kind kind)
{
    return kind == MODEM_EVENT_APDU;
}

void device_report(const struct device *device, const struct modem_event *event)
{
    const struct device_options *options = device->options;

    if (options->quiet)
        return;
    if (is_detail(event->kind) && !options->trace) {
        /* Between two lines much time may pass. */
        if (!options->json && !options->is_virtual && device->modem != NULL)
            show_status(device);
        return;
    }
    if (options->json)
        tell_program(device, event);
    else
        tell_person(device, event);
    if (!options->is_virtual)
        fflush(stdout); /* who reads a pipe is as curious as who sits at a terminal */
}

/* An event of the AT port, by the device's clock. */
static void report_port(const struct device *device, const char *kind, const char *mark, const char *text)
{
    int64_t time = device_clock_now(device->clock) - device->begun;
    char passed[DURATION_SIZE];

    if (device->options->json) {
        (void)print_json_line(json_pack("{s:s, s:I, s:o}", "event", kind, "time", (json_int_t)time, "text",
                                        print_json_text(text)));
    } else {
        status_line_clear();
        print_line("%12s  %s%s", duration_text(time, passed), mark, text);
    }
    fflush(stdout);
}

void device_report_at(const struct device *device, bool is_answer, const char *line)
{
    if (device->options->trace && !device->options->quiet)
        report_port(device, is_answer ? "at_answer" : "at_command", is_answer ? "AT < " : "AT > ", line);
}

void device_report_port(const struct device *device)
{
    if (!device->options->quiet)
        report_port(device, "at_port", "AT port: ", device->options->at);
}

/* Through the modem's channels, or through those that were lent. */
static void octets_of(const struct device *device, uint64_t *sent, uint64_t *received)
{
    const struct modem_figures *modem = modem_figures(device->modem);
    const struct air_figures *lent = air_figures(device->air);

    *sent = device->lent != NULL ? lent->sent : modem->sent;
    *received = device->lent != NULL ? lent->received : modem->received;
}

static json_t *summary_json(const struct device *device)
{
    const struct modem_figures *figures = modem_figures(device->modem);
    uint64_t sent, received;
    json_t *object;

    octets_of(device, &sent, &received);
    object = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "event", "summary", "time",
        (json_int_t)(device_clock_now(device->clock) - device->begun), "commands", (json_int_t)figures->apdus,
        "proactive_commands", (json_int_t)figures->proactive_commands, "status_commands",
        (json_int_t)figures->polls, "resets", (json_int_t)figures->resets, "channels",
        (json_int_t)figures->channels_opened, "channel_ms", (json_int_t)figures->channel_ms, "sent",
        (json_int_t)sent, "received", (json_int_t)received, "reached", device->reached);

    if (object != NULL && modem_iccid(device->modem)[0] != '\0')
        json_object_set_new(object, "iccid", json_string(modem_iccid(device->modem)));
    if (object != NULL)
        set_network(object, &device->last);
    return object;
}

void device_summary(const struct device *device)
{
    const struct modem_figures *figures = modem_figures(device->modem);
    char passed[DURATION_SIZE], open[DURATION_SIZE];
    uint64_t sent, received;

    if (device->options->json) {
        (void)print_json_line(summary_json(device));
        return;
    }
    octets_of(device, &sent, &received);
    status_line_clear();
    print_line("time %s, %" PRIu64 " commands (%" PRIu64 " STATUS), %" PRIu64 " proactive commands, %" PRIu64
               " resets",
               duration_text(device_clock_now(device->clock) - device->begun, passed), figures->apdus,
               figures->polls, figures->proactive_commands, figures->resets);
    print_line("%" PRIu64 " channels open for %s in all, %" PRIu64 " octets sent, %" PRIu64 " received",
               figures->channels_opened, duration_text(figures->channel_ms, open), sent, received);
}
