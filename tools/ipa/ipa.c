/* `softeuicc ipa`: a small IPAd (SGP.32) for people and CI, over PC/SC or straight on a card file. This file:
 * options, dispatch, what is kept between runs. */
#include "config.h"

#include "apdu/digits.h"
#include "common/command/command_values.h"
#include "common/left_out.h"
#include "common/psk_file.h"
#include "common/tool.h"
#include "tools/ipa/ipa_tool.h"
#include "tools/subcommands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_MAX        ((size_t)64 * 1024)
#define DEFAULT_ROLLBACK 60 /* seconds that a new profile has to find the network */
#define SECONDS_MAX      100000000

#define TAKES_SECONDS(member) TAKES_NUMBER(struct ipad, member, 0, SECONDS_MAX), .unit = "seconds"

/* What of ipa_change a command does is in its row. */
static int poll_once(const struct command_line *line)
{
    return ipad_poll(line->settings);
}

static int run_on(const struct command_line *line)
{
    return ipad_run(line->settings);
}

static int run_change(const struct command_line *line)
{
    return ipad_change(line->settings, *(const enum ipa_change *)line->command->with);
}

static int run_emergency(const struct command_line *line)
{
    if (strcmp(line->argv[0], "on") == 0)
        return ipad_change(line->settings, IPA_CHANGE_EMERGENCY_ON);
    if (strcmp(line->argv[0], "off") == 0)
        return ipad_change(line->settings, IPA_CHANGE_EMERGENCY_OFF);
    return tool_usage("emergency takes on or off, not '%s'", line->argv[0]);
}

/* --- Options -------------------------------------------------------------------------------------------- */

static int take_plmn(void *settings, const struct option_row *row, const char *value)
{
    struct ipad *ipad = settings;

    if (!digits_are(value, 5, 6))
        return tool_usage("--%s is not a PLMN (MCC and MNC, 5 or 6 digits): %s", row->name, value);
    digits_plmn(value, strlen(value) - 3, ipad->plmn);
    ipad->settings.rplmn = ipad->plmn;
    return EXIT_OK;
}

static const char *const protocols[] = {"https", "coap", NULL};

static const struct option_row options[] = {
    {"reader", "NAME",
     "the reader whose name contains NAME (default: $SOFTEUICC_READER, or the first reader that holds an "
     "eUICC)" PCSC_LEFT_OUT,
     TAKES_TEXT(struct ipad, reader)},
    {"card", "FILE", "a card file instead of a reader", TAKES_TEXT(struct ipad, card)},
    {"only", "EIM-ID", "poll this eIM only; with inject: the eIM of a package that does not say its own",
     TAKES_TEXT(struct ipad, only)},
    {"eim", "URL", "its address instead of the configured one: https://HOST[:PORT], coaps://…" COAP_LEFT_OUT,
     TAKES_TEXT(struct ipad, eim_url)},
    {"protocol", "https|coap", "instead of what its eimSupportedProtocol says" COAP_LEFT_OUT,
     TAKES_CHOICE(struct ipad, protocol, protocols)},
    {"json-binding", NULL,
     "speak ESipa's JSON binding to the eIM, by HTTPS; --eim https://HOST[:PORT]/gsma/rsp2/esipa says the "
     "same",
     TAKES_FLAG(struct ipad, json_binding)},
    {"compact", NULL, "send compact forms (always over CoAP)", TAKES_FLAG(struct ipad, compact)},
    {"direct", NULL, "talk to SM-DP+s directly also when the eIM would relay",
     TAKES_FLAG(struct ipad, settings.prefer_direct)},
    {"state", "FILE",
     "what is kept between runs (default: the card file's name and -ipa; with a reader nothing is kept "
     "without this)",
     TAKES_TEXT(struct ipad, state_path)},
    {"rollback-after", "SECONDS",
     "how long a profile that was just enabled may take to reach the eIM (" OPTION_DEFAULT(
         DEFAULT_ROLLBACK) ")",
     TAKES_SECONDS(rollback_after)},
    {"coverage", "FILE", "ICCIDs of the profiles that have network, one a line; read every time",
     TAKES_TEXT(struct ipad, coverage)},
    {"cacert", "FILE",
     "PEM file of CAs for SM-DP+s, and for eIMs without trustedPublicKeyDataTls (default: $SOFTEUICC_CACERT, "
     "or the "
     "system's)",
     TAKES_TEXT(struct ipad, cacert)},
    {"psk", "FILE",
     "by CoAP: the pre-shared key for the eIM, the first line IDENTITY:HEXKEY, instead of certificates and "
     "trustedPublicKeyDataTls" COAP_LEFT_OUT,
     TAKES_TEXT(struct ipad, psk_path)},
    {"imei", "DIGITS", "IMEI to report in the device information", TAKES_TEXT(struct ipad, settings.imei),
     MUST_BE_IMEI},
    {"plmn", "DIGITS", "the last registered network (MCC and MNC), reported as rPLMN", TAKES_BY(take_plmn)},
    {"plain", NULL, "allow --eim http://…, for debugging: nothing is verified or encrypted",
     TAKES_FLAG(struct ipad, plain)},
    {"v1", NULL,
     "the eIM speaks SGP.32 v1.0: other codings, no acknowledgements, downloads through it unless --direct",
     TAKES_FLAG(struct ipad, settings.v1)},
    {"json", NULL, "print JSON", TAKES_FLAG(struct ipad, json)},
    OPTION_HEAD("Of the command inject:"),
    {"out", "FILE", "write the response (TransferEimPackageResponse) to FILE, in DER",
     TAKES_TEXT(struct ipad, out)},
    OPTION_HEAD("Of the command run:"),
    {"every", "SECONDS", "time between two polls", TAKES_SECONDS(every)},
    {"fallback-after", "SECONDS", "this long without an eIM's answer, then the Fallback Profile",
     TAKES_SECONDS(fallback_after)},
    {"return-every", "SECONDS", "how often to try to return from it", TAKES_SECONDS(return_every)},
    {0},
};

static void ipad_begin(void *settings)
{
    struct ipad *ipad = settings;

    ipad->cacert = getenv("SOFTEUICC_CACERT");
    ipad->rollback_after = DEFAULT_ROLLBACK;
    ipad->settings.direct = true;
    ipad->settings.indirect = true;
#ifdef HAVE_COAP
    ipad->settings.coaps = true;
#endif
}

/* The JSON binding has HTTPS only, as --protocol and the URL may. */
static int check_psk(const struct ipad *ipad, const struct bearer_target *target)
{
    if (ipad->psk_path == NULL)
        return EXIT_OK;
    if (ipad->json_binding)
        return tool_usage("--psk and --json-binding exclude each other");
    if (ipad->protocol != NULL && strcmp(ipad->protocol, "https") == 0)
        return tool_usage("--psk needs --protocol coap");
    if (ipad->eim_url != NULL && target->scheme != BEARER_COAPS)
        return tool_usage("--psk needs --eim coaps://…");
    return EXIT_OK;
}

static int check_options(const struct command_line *line)
{
    const struct ipad *ipad = line->settings;
    struct bearer_target target = {.is_json = false};

    if (line->command->run == run_on && ipad->every == 0)
        return tool_usage("run needs --every SECONDS");
    if (line->command->run != ipad_inject && ipad->out != NULL)
        return tool_usage("--out is of the command inject");
    if (ipad->reader != NULL && ipad->card != NULL)
        return tool_usage("--reader and --card exclude each other");
    if (ipad->json_binding && ipad->settings.v1)
        return tool_usage("--json-binding and --v1 exclude each other");
    if (ipad->json_binding && ipad->protocol != NULL && strcmp(ipad->protocol, "coap") == 0)
        return tool_usage("CoAP has no JSON binding: --json-binding needs --protocol https");
    if (ipad->eim_url == NULL)
        return check_psk(ipad, &target);
    if (!bearer_parse_url(ipad->eim_url, &target))
        return tool_usage("--eim is not a URL of an eIM (https://HOST[:PORT][/PATH] or coaps://…): %s",
                          ipad->eim_url);
    if (target.scheme == BEARER_PLAIN_HTTP && !ipad->plain)
        return tool_usage("http:// verifies and encrypts nothing: it needs --plain");
    if (ipad->json_binding && target.scheme == BEARER_COAPS)
        return tool_usage("CoAP has no JSON binding: --json-binding needs https://");
    if (target.is_json && ipad->settings.v1)
        return tool_usage("an eIM in the JSON binding and --v1 exclude each other");
    if (ipad->protocol != NULL)
        return tool_usage("--eim and --protocol exclude each other");
    return check_psk(ipad, &target);
}

/* --- The host of the procedures ----------------------------------------------------------------------- */

static uint16_t send_es10(void *context, struct span request, struct buf *response)
{
    struct ipad *ipad = context;
    uint16_t sw;

    if (ipad->link_broken)
        return 0;
    if (!es10_fits(request))
        return 0x6700; /* wrong length: what a card would say to one more block */
    sw = es10_channel_send(&ipad->es10, request, response);
    ipad->link_broken = sw == 0;
    return sw;
}

static bool save_state(void *context, struct span state)
{
    const struct ipad *ipad = context;

    return ipad->state_path == NULL || tool_write_file(ipad->state_path, state, 0600);
}

static bool load_state(const struct ipad *ipad, struct buf *state)
{
    if (ipad->state_path == NULL || (access(ipad->state_path, F_OK) != 0 && errno == ENOENT))
        return true;
    return tool_read_file(ipad->state_path, STATE_MAX, state);
}

/* The first key of --psk. */
static bool load_psk(struct ipad *ipad)
{
    struct psk_file file;

    if (ipad->psk_path == NULL)
        return true;
    if (!psk_file_read(ipad->psk_path, &file))
        return false;
    ipad->psk = file.list[0];
    psk_file_free(&file);
    return true;
}

static int run_command(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    const struct ipa_host host = {ipad, send_es10, save_state, ipad_report};
    struct buf state = {0};
    int status = EXIT_FAILED;

    if (load_state(ipad, &state)) {
        ipad->ipa = ipa_new(&host, &ipad->settings, buf_span(&state));
        status = ipad->ipa != NULL ? line->command->run(line) : tool_error("out of memory");
    }
    ipa_free(ipad->ipa);
    buf_free(&state);
    return status;
}

static int with_card(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    char default_state[4096];
    int status = check_options(line);

    if (status != EXIT_OK)
        return status;
    status = EXIT_FAILED;
    if (ipad->state_path == NULL && ipad->card != NULL) {
        snprintf(default_state, sizeof(default_state), "%s-ipa", ipad->card);
        ipad->state_path = default_state;
    }
    if (ipad->reader == NULL)
        ipad->reader = getenv("SOFTEUICC_READER");
    if (!load_psk(ipad) || !tool_watch())
        return EXIT_FAILED;
    ipad->link = ipad->card != NULL ? link_open_file(ipad->card) : link_open_reader(ipad->reader);
    if (ipad->link == NULL)
        return tool_finish(EXIT_FAILED, NULL);
    if (es10_channel_open(&ipad->es10, ipad->link)) {
        status = run_command(line);
        es10_channel_close(&ipad->es10);
    }
    link_close(ipad->link);
    psk_clear(&ipad->psk);
    /* What runs on has no other end than a signal. */
    return line->command->run == run_on ? status : tool_finish(status, ipad->ended);
}

static const struct command *const commands[] = {
    COMMAND("poll", "", "poll every associated eIM once: packages, downloads, results, notifications",
            .run = poll_once),
    COMMAND("run", "", "poll every --every seconds; fall back and return when the network goes and comes",
            .run = run_on),
    COMMAND("add-eim", "FILE", "AddInitialEim from an eIM configuration file ('softeuicc eim config')",
            .min_words = 1, .max_words = 1, .run = ipad_add_eim),
    COMMAND(
        "inject", "FILE",
        "do an eIM package from a file (DER or hexadecimal; '-': standard input) instead of polling for it",
        .min_words = 1, .max_words = 1, .run = ipad_inject),
    COMMAND("rollback", "", "go back to the profile before an enable that allowed it", .run = run_change,
            .with = &(const enum ipa_change){IPA_CHANGE_ROLLBACK}),
    COMMAND("fallback", "", "enable the Fallback Profile", .run = run_change,
            .with = &(const enum ipa_change){IPA_CHANGE_FALLBACK}),
    COMMAND("return", "", "return from it to the profile before", .run = run_change,
            .with = &(const enum ipa_change){IPA_CHANGE_RETURN}),
    COMMAND("emergency", "on|off", "enable the Emergency Profile, or leave it", .min_words = 1,
            .max_words = 1, .run = run_emergency),
    COMMAND("reset", "WHAT...",
            "eUICC memory reset: operational, test, smdp, preloaded, provisioning, eim, immediate",
            .min_words = 1, .max_words = 7, .run = ipad_reset),
    COMMAND("status", "", "the EID, the enabled profile, the associated eIMs", .run = ipad_status),
    NULL,
};

const struct command subcommand_ipa = {
    "ipa",
    "",
    "a small IPAd: polls the card's eIMs, falls back, returns",
    "A small IPAd (SGP.32) that talks to a card in a PC/SC reader, or to a card file that nobody else has "
    "open, and to "
    "its eIMs.",
    "Exit status: 0 done, 1 something failed, 2 wrong usage.",
    .options = options,
    .settings_size = sizeof(struct ipad),
    .begin = ipad_begin,
    .commands = commands,
    .around = with_card,
};
