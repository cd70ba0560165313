/*
 * softeuicc demo: the managed life of a device, shown to anybody in a minute. See demo.h for its parts.
 */
#include "tools/demo/demo.h"

#include "common/command/command_values.h"
#include "common/log.h"
#include "common/tool.h"
#include "tools/subcommands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PERCENT_USUAL = 100, PERCENT_MAX = 10000, PERCENT_UNSET = -1 };

struct settings {
    struct demo_options options;
    unsigned bearer;
    bool has_speed;
    unsigned habits;
    enum log_level log;
};

static const char *const bearers[] = {"bip", "host", NULL};

/* "2", "0.5", "max" */
static int take_speed(void *settings_, const struct option_row *row, const char *value)
{
    struct settings *settings = settings_;
    char *end;
    double factor = strtod(value, &end);

    settings->has_speed = true;
    settings->options.percent = 0;
    if (strcmp(value, "max") == 0)
        return EXIT_OK;
    if (strspn(value, "0123456789.") != strlen(value) || *end != '\0' || factor < 0.01 || factor > 100)
        return tool_usage("--%s is not a number from 0.01 to 100, nor max: %s", row->name, value);
    settings->options.percent = (unsigned)(factor * PERCENT_USUAL + 0.5);
    return EXIT_OK;
}

static int take_habit(void *settings_, const struct option_row *row, const char *value)
{
    struct settings *settings = settings_;
    char names[MODEM_HABIT_NAMES_SIZE];
    unsigned habit = modem_habit_find(value, names);

    if (habit == 0)
        return tool_usage("--%s is none of %s: %s", row->name, names, value);
    settings->habits |= habit;
    return EXIT_OK;
}

static const struct option_row options[] = {
    {"bearer", "bip|host",
     "how the card's octets travel: over channels of the modem (the default), or over the network that a "
     "host "
     "lends it; it is the same simulated one",
     TAKES_CHOICE(struct settings, bearer, bearers)},
    {"speed", "FACTOR",
     "the pace of the story: 1 takes about a minute (the default on a terminal), 2 half of that; max: as "
     "fast "
     "as it goes (the default elsewhere)",
     TAKES_BY(take_speed)},
    {"habit", "NAME",
     "a bad habit of the device (docs/device.md lists them); may be given several times. With most of them "
     "the "
     "story has another end",
     TAKES_BY(take_habit)},
    {"facts", NULL, "show each fact by which a step is confirmed",
     TAKES_FLAG(struct settings, options.facts)},
    {"json", NULL, "one JSON object at the end, with every fact", TAKES_FLAG(struct settings, options.json)},
    {"junit", "FILE", "write the steps as JUnit's XML, for the pages of CI systems",
     TAKES_TEXT(struct settings, options.junit)},
    {"keep", "DIR",
     "leave the world there (it must not exist): PKI, card, profiles, network, the servers' states, and the "
     "commands that made it",
     TAKES_TEXT(struct settings, options.keep)},
    {"log", "LEVEL", "of the servers: off (default), error, info or debug, on stderr",
     TAKES_CHOICE(struct settings, log, log_levels)},
    {"seed", "NUMBER", "of what is left to chance in the network (default 1)",
     TAKES_NUMBER(struct settings, options.seed, 0, INT64_MAX)},
    {0},
};

static void demo_begin(void *settings_)
{
    struct settings *settings = settings_;

    settings->options.seed = 1;
    settings->log = LOG_LEVEL_OFF;
}

static int64_t real_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_modem(void *context, const struct modem_event *event)
{
    struct demo *demo = context;
    struct witness *witness = &demo->witness;

    world_told(&demo->world, event);
    if (demo->world.modem == NULL)
        return;
    if (event->kind == MODEM_EVENT_PROACTIVE && event->text != NULL && strcmp(event->text, "REFRESH") == 0)
        witness->refreshes++;
    if (event->kind == MODEM_EVENT_NETWORK && modem_network(demo->world.modem)->cause != 0) {
        witness->rejections++;
        witness->last_cause = modem_network(demo->world.modem)->cause;
    }
    view_event(demo, event);
}

/* The step that was not confirmed; what of the demo itself failed has been said. */
static int say_failure(const struct demo *demo)
{
    const struct story *story = &demo->story;

    if (story->has_failed)
        return EXIT_FAILED;
    return tool_error("step %zu of %zu, '%s', was not confirmed by all", story->at + 1, story_steps_count,
                      story_steps[story->at].name);
}

static int demo_report(struct demo *demo)
{
    bool is_good = story_is_good(&demo->story), is_written;
    int status;

    view_end(demo, is_good ? story_steps_count : 0);
    is_written = demo->options->junit == NULL || report_junit(demo, demo->options->junit);
    status = demo->options->json ? report_json(demo) : EXIT_OK;
    if (status != EXIT_OK || !is_written)
        return EXIT_FAILED;
    return is_good ? EXIT_OK : say_failure(demo);
}

static int demo_tell(struct demo *demo, const struct world_settings *settings)
{
    int status = EXIT_FAILED;

    demo->started = real_now();
    if (world_open(&demo->world, settings) && view_open(demo)) {
        view_begin(demo);
        if (story_start(&demo->story, demo) && loop_run(demo->world.loop)) {
            demo->took = real_now() - demo->started;
            status = demo->story.is_over ? demo_report(demo) : EXIT_FAILED;
        }
    }
    view_close(demo);
    story_clear(&demo->story);
    world_close(&demo->world);
    return status;
}

static int run_demo(const struct command_line *line)
{
    struct settings *given = line->settings;
    struct demo_options *made = &given->options;
    struct demo *demo;
    struct world_settings settings = {.keep = made->keep,
                                      .script = story_network,
                                      .over_host = given->bearer == 1,
                                      .habits = given->habits,
                                      .seed = made->seed};
    int status;

    if (made->keep != NULL && made->keep[0] == '\0')
        return tool_usage("--keep has no name");
    if (made->junit != NULL && made->junit[0] == '\0')
        return tool_usage("--junit has no name");
    if (!given->has_speed)
        made->percent = isatty(STDOUT_FILENO) && !made->json ? PERCENT_USUAL : 0;
    made->over_host = given->bearer == 1;
    if (!tool_watch())
        return EXIT_FAILED;
    demo = calloc(1, sizeof(*demo));
    if (demo == NULL)
        return tool_error("out of memory");
    log_set_level(given->log);
    umask(077);
    demo->options = made;
    settings.told = on_modem;
    settings.context = demo;
    status = demo_tell(demo, &settings);
    free(demo);
    return tool_finish(status, NULL);
}

const struct command subcommand_demo = {
    "demo",
    "",
    "the life of a device whose card manages itself, in a minute",
    "A card with an IPA of its own in a device on a simulated NB-IoT network, an eIM and an SM-DP+, all in "
    "this process, over real TLS and in virtual time; neither pcscd nor root is needed. The card polls, "
    "downloads, switches, rolls back, falls back, returns, and gets a local profile abroad, by a rule.",
    "Exit status: 0 card, device, eIM and SM-DP+ have confirmed every step, 1 they have not, 2 wrong usage.",
    .options = options,
    .settings_size = sizeof(struct settings),
    .begin = demo_begin,
    .run = run_demo,
};
