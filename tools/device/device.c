/*
 * softeuicc device: a device with a modem, which has a card in its hands (in a PC/SC reader, or a card file)
 * and a network around it (device/air): it starts the card as modems do, serves its proactive commands, and
 * carries its octets.
 */
#include "apdu/digits.h"
#include "apdu/iccid.h"
#include "common/duration.h"
#include "common/tool.h"
#include "euicc/softeuicc.h"
#include "tools/device/device_tool.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_IMEI "356938035643809"

enum {
    RUN_DAYS_MAX = 36500, /* a hundred years */
};

/* --- options ------------------------------------------------------------------------------------------- */

static bool is_imei(const char *value)
{
    return digits_are(value, 15, 15);
}

/* The longest time, in days. */
static int take_duration(const struct option_row *row, const char *value, int64_t least, unsigned days,
                         int64_t *milliseconds)
{
    if (!duration_read(value, milliseconds))
        return tool_usage("--%s is not a time such as 500ms, 10s, 5m, 2h or 3d: %s", row->name, value);
    if (*milliseconds < least || *milliseconds > (int64_t)days * 24 * 3600 * 1000)
        return tool_usage("--%s is not a time from %s to %ud: %s", row->name, least < 1000 ? "1ms" : "1s",
                          days, value);
    return EXIT_OK;
}

static int take_time(void *settings, const struct option_row *row, const char *value)
{
    return take_duration(row, value, 1, RUN_DAYS_MAX, &((struct device_options *)settings)->duration);
}

static int take_status(void *settings, const struct option_row *row, const char *value)
{
    struct device_options *options = settings;
    int64_t milliseconds;
    int status = take_duration(row, value, 1000, 1, &milliseconds);

    if (status == EXIT_OK)
        options->modem.status_seconds = (unsigned)(milliseconds / 1000);
    return status;
}

/* "10s,54m": T3324 and T3412. */
static int take_saving(void *settings, const struct option_row *row, const char *value)
{
    struct device_options *options = settings;
    size_t size = strcspn(value, ",");
    int64_t active, sleep;
    char first[DURATION_SIZE];

    if (value[size] != ',' || size >= sizeof(first))
        return tool_usage("--%s is not ACTIVE,SLEEP, such as 16s,54m: %s", row->name, value);
    snprintf(first, sizeof(first), "%.*s", (int)size, value);
    if (take_duration(row, first, 1000, 31, &active) != EXIT_OK ||
        take_duration(row, value + size + 1, 1000, 413, &sleep) != EXIT_OK)
        return EXIT_USAGE;
    options->modem.active_seconds = (unsigned)(active / 1000);
    options->modem.sleep_seconds = (unsigned)(sleep / 1000);
    return EXIT_OK;
}

static int take_habit(void *settings, const struct option_row *row, const char *value)
{
    struct device_options *options = settings;
    char names[MODEM_HABIT_NAMES_SIZE];
    unsigned habit = modem_habit_find(value, names);

    if (habit == 0)
        return tool_usage("--%s is none of %s: %s", row->name, names, value);
    options->modem.habits |= habit;
    return EXIT_OK;
}

static int take_model(void *settings, const struct option_row *row, const char *value)
{
    struct device_options *options = settings;
    struct at_model_name name;
    char names[500] = "";

    options->model = at_model_find(value);
    if (options->model != NULL)
        return EXIT_OK;
    for (size_t i = 0; at_model_name(i, &name); i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i > 0 ? ", " : "", name.name);
    return tool_usage("--%s is none of %s: %s", row->name, names, value);
}

static int take_goal(void *settings, const struct option_row *row, const char *value)
{
    static const struct {
        const char *name;
        enum device_goal goal;
    } goals[] = {{"registered", GOAL_REGISTERED}, {"polled", GOAL_POLLED}, {"refreshed", GOAL_REFRESHED}};
    struct device_options *options = settings;

    options->goal_text = value;
    for (size_t i = 0; i < sizeof(goals) / sizeof(goals[0]); i++)
        if (strcmp(goals[i].name, value) == 0) {
            options->goal = goals[i].goal;
            return EXIT_OK;
        }
    if (strncmp(value, "profile=", 8) == 0 && digits_are(value + 8, 18, 20)) {
        options->goal = GOAL_PROFILE;
        options->goal_iccid = value + 8;
        return EXIT_OK;
    }
    return tool_usage("--%s is not registered, polled, refreshed or profile=ICCID: %s", row->name, value);
}

static const struct option_row options[] = {
    {"reader", "NAME",
     "the reader whose name contains NAME (default: $SOFTEUICC_READER, or the first reader that holds an "
     "eUICC)",
     TAKES_TEXT(struct device_options, reader)},
    {"card", "FILE", "a card file that nobody else has open, instead of a reader",
     TAKES_TEXT(struct device_options, card)},
    {"network", "NAME|FILE",
     "the network around the device: lan (default), nbiot, ltem, satellite, or a script (docs/network.md)",
     TAKES_TEXT(struct device_options, network)},
    {"seed", "NUMBER", "of what is left to chance in the network (default 1)",
     TAKES_NUMBER(struct device_options, seed, 0, INT64_MAX)},
    {"virtual", NULL,
     "time passes only while something is done, and jumps to the next thing otherwise: a year takes a "
     "minute or two. The card file's clock is the device's then",
     TAKES_FLAG(struct device_options, is_virtual)},
    {"lend", NULL,
     "lends the card file its network as a host does (softeuicc.h), instead of carrying BIP channels",
     TAKES_FLAG(struct device_options, lends)},
    OPTION_HEAD("How long it runs, by its own clock (default: until SIGINT, SIGTERM or SIGHUP):"),
    {"for", "TIME", "ends after so long: 500ms, 10s, 5m, 2h, 3d, 1y; with --until that has failed then",
     TAKES_BY(take_time)},
    {"until", "WHAT",
     "ends when it is registered on a network, when the card has polled (a server has answered, and all "
     "channels are closed again), when it is refreshed (another profile is seen), or when profile=ICCID is",
     TAKES_BY(take_goal)},
    OPTION_HEAD("What kind of device it is:"),
    {"imei", "DIGITS", "its IMEI (default " DEFAULT_IMEI ")", TAKES_TEXT(struct device_options, imei),
     .is_good = is_imei, .must_be = "an IMEI of 15 digits"},
    {"ipad", NULL, "TERMINAL CAPABILITY says that it has an IPAd, so that the card's IPAe stays off",
     TAKES_FLAG(struct device_options, modem.declares_ipad)},
    {"plain", NULL, "it says nothing of itself, neither TERMINAL CAPABILITY nor TERMINAL PROFILE",
     TAKES_FLAG(struct device_options, modem.declares_nothing)},
    {"terminal-profile", "HEX", "its TERMINAL PROFILE (default: all that it can do)",
     TAKES_TEXT(struct device_options, terminal_profile)},
    {"habit", "NAME",
     "a bad habit of devices in the field (docs/device.md lists them); may be given several times",
     TAKES_BY(take_habit)},
    {"channels", "NUMBER", "channels that it has (default 7)",
     TAKES_NUMBER(struct device_options, modem.channels, 1, PROACTIVE_CHANNELS_MAX)},
    {"buffer", "OCTETS", "of each of them (default 1500)",
     TAKES_NUMBER(struct device_options, modem.buffer, 64, 1500)},
    {"status", "TIME", "between two STATUS commands while it is idle (default 30s)", TAKES_BY(take_status)},
    {"psm", "ACTIVE,SLEEP",
     "power saving: after the time ACTIVE (T3324) without anything to do the card is switched off, for the "
     "time "
     "SLEEP (T3412)",
     TAKES_BY(take_saving)},
    {"suspend", NULL, "with --psm: SUSPEND UICC where the card serves it",
     TAKES_FLAG(struct device_options, modem.suspends)},
    OPTION_HEAD("An AT port, for programs that manage the card through the modem:"),
    {"at", "LINK",
     "a pseudo terminal that speaks AT commands (3GPP TS 27.007), behind the symbolic link LINK: such as an "
     "LPA made for modems opens",
     TAKES_TEXT(struct device_options, at)},
    {"modem", "NAME",
     "the modem of the field that it is at that port (docs/device.md lists them; default generic)",
     TAKES_BY(take_model)},
    OPTION_HEAD("What is shown:"),
    {"trace", NULL, "every command to the card and its answer, every line at the AT port",
     TAKES_FLAG(struct device_options, trace), .letter = 't'},
    {"quiet", NULL, "only the summary at the end", TAKES_FLAG(struct device_options, quiet), .letter = 'q'},
    {"json", NULL, "one JSON object in a line for each thing that happens, and the summary",
     TAKES_FLAG(struct device_options, json)},
    {0},
};

static void device_begin(void *settings)
{
    struct device_options *made = settings;

    made->network = "lan";
    made->imei = DEFAULT_IMEI;
    made->seed = 1;
}

static int check_options(const struct device_options *given)
{
    if (given->reader != NULL && given->card != NULL)
        return tool_usage("--reader and --card exclude each other");
    if (given->network[0] == '\0')
        return tool_usage("--network has no name");
    if (given->is_virtual && given->card == NULL)
        return tool_usage("--virtual needs --card FILE: a card in a reader has a clock of its own");
    if (given->lends && given->card == NULL)
        return tool_usage("--lend needs --card FILE: a card in a reader has a host of its own");
    if (given->modem.suspends && given->modem.sleep_seconds == 0)
        return tool_usage("--suspend needs --psm ACTIVE,SLEEP");
    if (given->at != NULL && given->at[0] == '\0')
        return tool_usage("--at has no name");
    if (given->at != NULL && given->is_virtual)
        return tool_usage("--at and --virtual exclude each other: who uses the port lives in real time");
    if (given->at == NULL && given->model != NULL)
        return tool_usage("--modem needs --at LINK");
    if (given->is_virtual && given->duration == 0 && given->goal == GOAL_NONE)
        return tool_usage("--virtual needs --for TIME or --until WHAT: virtual time has no end");
    return EXIT_OK;
}

/* --- running ------------------------------------------------------------------------------------------- */

static void on_end(void *context)
{
    loop_end(((struct device *)context)->loop);
}

static bool is_reached(struct device *device, const struct modem_event *event)
{
    switch (device->options->goal) {
    case GOAL_REGISTERED:
        return modem_network(device->modem)->service == AIR_NORMAL;
    case GOAL_POLLED:
        return device->lent != NULL ? lent_air_has_polled(device->lent)
                                    : device->has_polled && modem_is_idle(device->modem);
    case GOAL_REFRESHED:
        return device->has_changed;
    case GOAL_PROFILE:
        return event->kind == MODEM_EVENT_PROFILE && iccid_is_same(event->text, device->options->goal_iccid);
    default:
        return false;
    }
}

static void on_event(void *context, const struct modem_event *event)
{
    struct device *device = context;

    device_report(device, event);
    if (device->lent != NULL)
        lent_air_schedule(device->lent);
    if (device->at != NULL)
        at_serial_modem_told(device->at, event);
    if (ferror(stdout))
        loop_end(device->loop);
    if (device->modem == NULL)
        return;
    device->has_polled = device->has_polled || modem_figures(device->modem)->from_servers > 0;
    device->has_changed = device->has_changed ||
                          (event->kind == MODEM_EVENT_PROFILE && modem_figures(device->modem)->resets > 1);
    device->reached = device->reached || is_reached(device, event);
    if (device->reached || modem_stage(device->modem) == MODEM_FAILED)
        loop_end(device->loop);
}

static void on_at_line(void *context, bool is_answer, const char *line)
{
    device_report_at(context, is_answer, line);
}

static int64_t card_time(void *context)
{
    return device_clock_now(context);
}

/* A card file's clock is the device's, where that is a virtual one or wakes the card. */
static struct link *open_link(struct device *device)
{
    const struct device_options *given = device->options;
    struct softeuicc_hooks hooks = {.context = device->clock, .now = card_time};

    if (given->card == NULL)
        return link_open_reader(given->reader != NULL ? given->reader : getenv("SOFTEUICC_READER"));
    if (device->lent != NULL)
        hooks.bearer = lent_air_bearer(device->lent);
    return link_open_card(given->card, given->is_virtual || given->lends ? &hooks : NULL);
}

/* Before the modem starts: what it tells then is for the port too. */
static bool open_port(struct device *device)
{
    const struct device_options *given = device->options;
    const struct at_serial_settings settings = {
        given->at, given->model != NULL ? given->model : at_model_find("generic"), on_at_line, device};
    char why[AT_PORT_WHY_MAX];

    if (given->at == NULL)
        return true;
    device->at = at_serial_open(loop_base(device->loop), device->modem, &settings, why);
    if (device->at == NULL)
        tool_error("%s", why);
    return device->at != NULL;
}

static bool device_open(struct device *device, const struct modem_settings *settings)
{
    const struct device_options *given = device->options;
    struct event_base *base;
    char why[AIR_WHY_MAX];

    device->loop = loop_open();
    if (device->loop == NULL)
        return false;
    base = loop_base(device->loop);
    device->clock = device_clock_new(base, given->is_virtual, -1);
    if (device->clock == NULL || (device->end = alarm_new(device->clock, on_end, device)) == NULL) {
        tool_error("out of memory");
        return false;
    }
    device->begun = device_clock_now(device->clock);
    device->air = air_new(base, device->clock, given->network, given->seed, why);
    if (device->air == NULL) {
        tool_error("%s", why);
        return false;
    }
    if (given->lends && (device->lent = lent_air_new(device->air, device->clock)) == NULL) {
        tool_error("out of memory");
        return false;
    }
    device->link = open_link(device);
    if (device->link == NULL)
        return false;
    if (device->lent != NULL)
        lent_air_serve(device->lent, link_card(device->link));
    device->modem = modem_new(device->clock, device->link, device->air, settings, on_event, device);
    if (device->modem == NULL)
        tool_error("out of memory");
    return device->modem != NULL && open_port(device);
}

static void device_close(struct device *device)
{
    struct at_serial *at = device->at;

    device->at = NULL; /* what the modem tells meanwhile is for nobody */
    at_serial_close(at);
    modem_free(device->modem);
    if (device->lent != NULL)
        lent_air_serve(device->lent, NULL);
    link_close(device->link);
    lent_air_free(device->lent);
    air_free(device->air);
    alarm_free(device->end);
    device_clock_free(device->clock);
    loop_close(device->loop);
}

/* Until its time is over, what was waited for has come, or a signal. */
static int device_serve(struct device *device)
{
    const struct device_options *given = device->options;
    bool has_failed;

    if (given->duration > 0)
        alarm_set(device->end, device->begun + given->duration);
    if (device->at != NULL)
        device_report_port(device);
    if (!modem_start(device->modem) || !loop_run(device->loop))
        return EXIT_FAILED;
    has_failed = modem_stage(device->modem) == MODEM_FAILED;
    device->last = *modem_network(device->modem);
    modem_stop(device->modem);
    if (ferror(stdout)) /* which is said in the end */
        return EXIT_OK;
    device_summary(device);
    if (has_failed)
        return tool_error("the card cannot be reached any more");
    if (given->goal != GOAL_NONE && !device->reached)
        return tool_error("--until %s: that has not happened", given->goal_text);
    return EXIT_OK;
}

static int run_device(const struct command_line *line)
{
    const struct device_options *given = line->settings;
    struct device device = {.options = given};
    struct modem_settings settings = given->modem;
    struct buf profile = {0};
    int status = check_options(given);

    if (status != EXIT_OK)
        return status;
    if (given->terminal_profile != NULL && (!buf_append_hex(&profile, given->terminal_profile, NULL) ||
                                            profile.size == 0 || profile.size > 255)) {
        buf_free(&profile);
        return tool_usage("--terminal-profile is not 1 to 255 octets in hexadecimal");
    }
    if (profile.size > 0)
        settings.profile = buf_span(&profile);
    snprintf(settings.imei, sizeof(settings.imei), "%s", given->imei);
    status = device_open(&device, &settings) ? device_serve(&device) : EXIT_FAILED;
    device_close(&device);
    buf_free(&profile);
    /* A signal is how it is meant to end; that nobody reads is not. */
    return fflush(stdout) != 0 || ferror(stdout) ? tool_finish(status, NULL) : status;
}

const struct command subcommand_device = {
    "device",
    "",
    "a device with a modem, around a card",
    "A device with a modem, which starts a card as modems do, serves its proactive commands, and carries its "
    "octets over a simulated network to real hosts (BIP): what a card with an IPA of its own needs (create "
    "--ipae). Works with any card in a PC/SC reader, and with card files.",
    "Exit status: 0 it ended as asked, 1 the card failed or what --until waits for did not happen, 2 wrong "
    "usage.",
    .options = options,
    .settings_size = sizeof(struct device_options),
    .begin = device_begin,
    .run = run_device,
};
