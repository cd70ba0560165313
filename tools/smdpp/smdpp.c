/* The subcommand `softeuicc smdpp`: a test SM-DP+ over HTTPS (SGP.22), and small clients for it. */
#include "tools/smdpp/smdpp.h"

#include "common/left_out.h"
#include "common/print/print.h"
#include "common/print/qr.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "protocol/activation_code.h"
#include "tools/smdpp/settings.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <sys/stat.h>

/* --- Serving -------------------------------------------------------------------------------------------- */

static int smdpp_run(const struct command_line *line)
{
    const struct smdpp_settings *settings = line->settings;

    if (!smdpp_settings_check(settings))
        return EXIT_USAGE;
    if (!tool_watch()) /* also a signal that comes before all is ready ends it in order */
        return EXIT_FAILED;
    log_set_level(settings->log);
    umask(077); /* the state has what a profile is given out for */
    return smdpp_serve(settings);
}

/* --- Small ones ----------------------------------------------------------------------------------------- */

/* An activation code as every LPA's camera takes it (SGP.22 4.1); any other text as it is. */
static int print_qr(const struct command_line *line)
{
    struct activation_code code;
    char text[2048];
    const char *why;
    struct span bare = activation_code_bare(line->argv[0]);

    if (!activation_code_parse(line->argv[0], &code, &why))
        return qr_print(stdout, line->argv[0]) ? EXIT_OK : EXIT_FAILED;
    snprintf(text, sizeof(text), "LPA:%.*s", (int)bare.size, (const char *)bare.data);
    return qr_print(stdout, text) ? EXIT_OK : EXIT_FAILED;
}

static int print_states(const struct command_line *line)
{
    static const struct table_column columns[] = {TABLE_WHOLE("from"), TABLE_WHOLE("event"),
                                                  TABLE_WHOLE("to")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    enum order_state from, to;
    enum order_event event;

    (void)line;
    table_without_titles(table);
    for (unsigned i = 0; order_row(i, &from, &event, &to); i++) {
        table_add(table, "%s", order_state_name(from));
        table_add(table, "%s", order_event_name(event));
        table_add(table, "%s", order_state_name(to));
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

static const struct command *const commands[] = {
    &smdpp_order,
    &smdpp_cancel,
    &smdpp_orders,
    &smdpp_events,
    &smdpp_profiles,
    &smdpp_notifications,
    COMMAND("qr", "TEXT", "draw a QR code" QR_LEFT_OUT, .min_words = 1, .max_words = 1, .settings_size = 1,
            .run = print_qr),
    COMMAND("states", "", "print the states of an order and what leads from one to another",
            .settings_size = 1, .run = print_states),
    NULL,
};

const struct command subcommand_smdpp = {
    "smdpp",
    "--pki DIR --profiles DIR [OPTION]...",
    "a test SM-DP+ over HTTPS, its orders and lists",
    "A test SM-DP+ (SGP.22): ES9+ for LPAs in JSON and ASN.1, ES2+ for operators. Every .der file of the "
    "profile "
    "directory can be downloaded with its name as matchingId, or be ordered.",
    "'softeuicc smdpp COMMAND --help' says what a command takes.",
    .options = smdpp_option_rows,
    .settings_size = sizeof(struct smdpp_settings),
    .begin = smdpp_settings_begin,
    .commands = commands,
    .run = smdpp_run,
};
