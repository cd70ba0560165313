/* `softeuicc lpa`: a small LPA for people and CI, over PC/SC or straight on a card file. This file: its
 * commands and options. */
#include "tools/lpa/lpa.h"

#include "common/command/command_values.h"
#include "common/left_out.h"
#include "common/tool.h"
#include "tools/subcommands.h"

#include <stdlib.h>

static const struct option_row options[] = {
    {"reader", "NAME",
     "the reader whose name contains NAME (default: $SOFTEUICC_READER, or the first reader that holds an "
     "eUICC)" PCSC_LEFT_OUT,
     TAKES_TEXT(struct lpa, reader)},
    {"card", "FILE", "a card file instead of a reader", TAKES_TEXT(struct lpa, card)},
    {"confirmation", "CODE", "confirmation code for download", TAKES_TEXT(struct lpa, confirmation_code)},
    {"cacert", "FILE", "PEM file of CAs to trust for HTTPS (default: $SOFTEUICC_CACERT, or the system's)",
     TAKES_TEXT(struct lpa, cacert)},
    {"imei", "DIGITS", "IMEI to report in the device information", TAKES_TEXT(struct lpa, imei),
     MUST_BE_IMEI},
    {"smds", "ADDRESS", "SM-DS for discover (default: the card's root SM-DS)", TAKES_TEXT(struct lpa, smds),
     MUST_BE_SERVER},
    {"keep-notifications", NULL, "do not send notifications after download, enable, disable and delete",
     TAKES_FLAG(struct lpa, no_notifications)},
    {"no-refresh", NULL, "change profiles without asking the card for a REFRESH",
     TAKES_FLAG(struct lpa, no_refresh)},
    {"json", NULL, "print JSON", TAKES_FLAG(struct lpa, json)},
    {0},
};

static const struct command *const commands[] = {
    COMMAND("info", "", "the card: reader, ATR, EID, versions, memory, CIs, addresses", .run = lpa_info),
    COMMAND("list", "", "the card's profiles", .run = lpa_list),
    COMMAND("download", "AC|-",
            "download a profile; AC is an activation code, - uses the card's default SM-DP+", .min_words = 1,
            .max_words = 1, .run = lpa_download),
    COMMAND("enable", "ICCID|AID", "enable a profile", .min_words = 1, .max_words = 1, .run = lpa_enable),
    COMMAND("disable", "ICCID|AID", "disable a profile", .min_words = 1, .max_words = 1, .run = lpa_disable),
    COMMAND("delete", "ICCID|AID", "delete a disabled profile", .min_words = 1, .max_words = 1,
            .run = lpa_delete),
    COMMAND("nickname", "ICCID [NAME]", "name a profile; without NAME the nickname is removed",
            .min_words = 1, .max_words = 2, .run = lpa_nickname),
    COMMAND("notifications", "[process|remove [SEQ]]", "list, send, or remove pending notifications",
            .max_words = 2, .run = lpa_notifications),
    COMMAND("default-smdp", "ADDRESS", "set the default SM-DP+ address; \"\" clears it", .min_words = 1,
            .max_words = 1, .run = lpa_default_smdp),
    COMMAND("discover", "", "ask the SM-DS for waiting profiles", .run = lpa_discover),
    COMMAND("reset", "[operational] [test] [smdp]", "eUICC memory reset; without words, all three",
            .max_words = 3, .run = lpa_reset),
    NULL,
};

static void lpa_begin(void *settings)
{
    struct lpa *lpa = settings;

    lpa->cacert = getenv("SOFTEUICC_CACERT");
}

static int with_card(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    int status = EXIT_FAILED;

    if (lpa->reader != NULL && lpa->card != NULL)
        return tool_usage("--reader and --card exclude each other");
    if (lpa->reader == NULL)
        lpa->reader = getenv("SOFTEUICC_READER");
    if (!tool_watch())
        return EXIT_FAILED;
    lpa->link = lpa->card != NULL ? link_open_file(lpa->card) : link_open_reader(lpa->reader);
    if (lpa->link == NULL)
        return tool_finish(EXIT_FAILED, NULL);
    if (es10_channel_open(&lpa->es10, lpa->link)) {
        status = line->command->run(line);
        es10_channel_close(&lpa->es10);
    }
    link_close(lpa->link);
    return tool_finish(status, lpa->ended);
}

const struct command subcommand_lpa = {
    "lpa",
    "",
    "a small LPA: info, list, download, enable, disable, delete, notifications, …",
    "A small LPA (SGP.22) that talks to a card in a PC/SC reader, or to a card file that nobody else has "
    "open.",
    .options = options,
    .settings_size = sizeof(struct lpa),
    .begin = lpa_begin,
    .commands = commands,
    .around = with_card,
};
