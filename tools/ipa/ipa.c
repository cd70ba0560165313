/* `softeuicc ipa`: a small IPAd (SGP.32) for people and CI, over PC/SC or straight on a card file. This file:
 * options, dispatch, what is kept between runs. */
#include "config.h"

#include "common/left_out.h"
#include "common/tool.h"
#include "protocol/device_info.h"
#include "tools/ipa/ipad.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_MAX        ((size_t)64 * 1024)
#define DEFAULT_ROLLBACK 60 /* seconds that a new profile has to find the network */

static int run_rollback(struct ipad *ipad, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return ipad_change(ipad, IPA_CHANGE_ROLLBACK);
}

static int run_fallback(struct ipad *ipad, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return ipad_change(ipad, IPA_CHANGE_FALLBACK);
}

static int run_return(struct ipad *ipad, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return ipad_change(ipad, IPA_CHANGE_RETURN);
}

static int run_emergency(struct ipad *ipad, int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[0], "on") == 0)
        return ipad_change(ipad, IPA_CHANGE_EMERGENCY_ON);
    if (strcmp(argv[0], "off") == 0)
        return ipad_change(ipad, IPA_CHANGE_EMERGENCY_OFF);
    return tool_usage("emergency takes on or off, not '%s'", argv[0]);
}

static const struct command {
    const char *name;
    const char *words;
    const char *summary;
    int min_words, max_words;
    int (*run)(struct ipad *ipad, int argc, char **argv);
} commands[] = {
    {"poll", "", "poll every associated eIM once: packages, downloads, results, notifications", 0, 0,
     ipad_poll},
    {"run", "", "poll every --every seconds; fall back and return when the network goes and comes", 0, 0,
     ipad_run},
    {"add-eim", "FILE", "AddInitialEim from an eIM configuration file ('softeuicc eim config')", 1, 1,
     ipad_add_eim},
    {"rollback", "", "go back to the profile before an enable that allowed it", 0, 0, run_rollback},
    {"fallback", "", "enable the Fallback Profile", 0, 0, run_fallback},
    {"return", "", "return from it to the profile before", 0, 0, run_return},
    {"emergency", "on|off", "enable the Emergency Profile, or leave it", 1, 1, run_emergency},
    {"reset", "WHAT...",
     "eUICC memory reset: operational, test, smdp, preloaded, provisioning, eim, immediate", 1, 7,
     ipad_reset},
    {"status", "", "the EID, the enabled profile, the associated eIMs", 0, 0, ipad_status},
};

static void print_help(void)
{
    printf("Usage: softeuicc ipa [OPTION]... COMMAND [WORD]...\n\n"
           "A small IPAd (SGP.32) that talks to a card in a PC/SC reader, or to a card file that nobody else "
           "has "
           "open,\nand to its eIMs.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char usage[64];

        snprintf(usage, sizeof(usage), "%s %s", commands[i].name, commands[i].words);
        printf("  %-20s %s\n", usage, commands[i].summary);
    }
    printf(
        "\nOptions:\n"
        "  --reader NAME          the reader whose name contains NAME (default: $SOFTEUICC_READER, or the "
        "first\n"
        "                         reader that holds an eUICC)" PCSC_LEFT_OUT "\n"
        "  --card FILE            a card file instead of a reader\n"
        "  --only EIM-ID          poll this eIM only\n"
        "  --eim URL              its address instead of the configured one: https://HOST[:PORT], "
        "coaps://…" COAP_LEFT_OUT "\n"
        "  --protocol https|coap" COAP_LEFT_OUT "  instead of what its eimSupportedProtocol says\n"
        "  --compact              send compact forms (always over CoAP)\n"
        "  --direct               talk to SM-DP+s directly also when the eIM would relay\n"
        "  --state FILE           what is kept between runs (default: the card file's name and -ipa; with a\n"
        "                         reader nothing is kept without this)\n"
        "  --every SECONDS        run: time between two polls\n"
        "  --rollback-after SECONDS   how long a profile that was just enabled may take to reach the eIM "
        "(%d)\n"
        "  --fallback-after SECONDS   run: this long without an eIM's answer, then the Fallback Profile\n"
        "  --return-every SECONDS     run: how often to try to return from it\n"
        "  --coverage FILE        ICCIDs of the profiles that have network, one a line; read every time\n"
        "  --cacert FILE          PEM file of CAs for SM-DP+s, and for eIMs without trustedPublicKeyDataTls\n"
        "                         (default: $SOFTEUICC_CACERT, or the system's)\n"
        "  --imei DIGITS          IMEI to report in the device information\n"
        "  --plmn DIGITS          the last registered network (MCC and MNC), reported as rPLMN\n"
        "  --plain                allow --eim http://…, for debugging: nothing is verified or encrypted\n"
        "  --v1                   the eIM speaks SGP.32 v1.0: results go out without eidValue\n"
        "  --json                 print JSON\n"
        "  --help                 this text\n\n"
        "Exit status: 0 done, 1 something failed, 2 wrong usage.\n",
        DEFAULT_ROLLBACK);
}

enum {
    OPT_READER = 256,
    OPT_CARD,
    OPT_ONLY,
    OPT_EIM,
    OPT_PROTOCOL,
    OPT_COMPACT,
    OPT_DIRECT,
    OPT_STATE,
    OPT_EVERY,
    OPT_ROLLBACK_AFTER,
    OPT_FALLBACK_AFTER,
    OPT_RETURN_EVERY,
    OPT_COVERAGE,
    OPT_CACERT,
    OPT_IMEI,
    OPT_PLMN,
    OPT_PLAIN,
    OPT_V1,
    OPT_JSON
};

static const struct option options[] = {
    {"reader", required_argument, NULL, OPT_READER},
    {"card", required_argument, NULL, OPT_CARD},
    {"only", required_argument, NULL, OPT_ONLY},
    {"eim", required_argument, NULL, OPT_EIM},
    {"protocol", required_argument, NULL, OPT_PROTOCOL},
    {"compact", no_argument, NULL, OPT_COMPACT},
    {"direct", no_argument, NULL, OPT_DIRECT},
    {"state", required_argument, NULL, OPT_STATE},
    {"every", required_argument, NULL, OPT_EVERY},
    {"rollback-after", required_argument, NULL, OPT_ROLLBACK_AFTER},
    {"fallback-after", required_argument, NULL, OPT_FALLBACK_AFTER},
    {"return-every", required_argument, NULL, OPT_RETURN_EVERY},
    {"coverage", required_argument, NULL, OPT_COVERAGE},
    {"cacert", required_argument, NULL, OPT_CACERT},
    {"imei", required_argument, NULL, OPT_IMEI},
    {"plmn", required_argument, NULL, OPT_PLMN},
    {"plain", no_argument, NULL, OPT_PLAIN},
    {"v1", no_argument, NULL, OPT_V1},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* What the options say besides struct ipad. */
struct chosen {
    const char *reader, *card;
    struct ipa_settings settings;
    uint8_t plmn[3];
};

static bool take_seconds(const char *text, unsigned *out)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    *out = (unsigned)number;
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && number <= 100000000;
}

/* MCC and MNC, five or six digits, as 3GPP TS 24.008 10.5.1.3 codes them. */
static bool take_plmn(const char *text, uint8_t plmn[3])
{
    size_t length = strlen(text);
    uint8_t digits[6] = {0, 0, 0, 0, 0, 0x0F};

    if (length < 5 || length > 6 || strspn(text, "0123456789") != length)
        return false;
    for (size_t i = 0; i < length; i++)
        digits[i] = (uint8_t)(text[i] - '0');
    plmn[0] = (uint8_t)(digits[1] << 4 | digits[0]);
    plmn[1] = (uint8_t)(digits[5] << 4 | digits[2]);
    plmn[2] = (uint8_t)(digits[4] << 4 | digits[3]);
    return true;
}

/* One option; -1 when it is fine, else the exit status. */
static int take_option(int c, struct ipad *ipad, struct chosen *chosen)
{
    unsigned *seconds = c == OPT_EVERY            ? &ipad->every
                        : c == OPT_ROLLBACK_AFTER ? &ipad->rollback_after
                        : c == OPT_FALLBACK_AFTER ? &ipad->fallback_after
                                                  : &ipad->return_every;

    switch (c) {
    case OPT_READER:
        chosen->reader = optarg;
        break;
    case OPT_CARD:
        chosen->card = optarg;
        break;
    case OPT_ONLY:
        ipad->only = optarg;
        break;
    case OPT_EIM:
        ipad->eim_url = optarg;
        break;
    case OPT_PROTOCOL:
        if (strcmp(optarg, "https") != 0 && strcmp(optarg, "coap") != 0)
            return tool_usage("--protocol is https or coap, not '%s'", optarg);
        ipad->protocol = optarg;
        break;
    case OPT_COMPACT:
        ipad->compact = true;
        break;
    case OPT_DIRECT:
        chosen->settings.prefer_direct = true;
        break;
    case OPT_STATE:
        ipad->state_path = optarg;
        break;
    case OPT_EVERY:
    case OPT_ROLLBACK_AFTER:
    case OPT_FALLBACK_AFTER:
    case OPT_RETURN_EVERY:
        if (!take_seconds(optarg, seconds))
            return tool_usage("'%s' is not a number of seconds", optarg);
        break;
    case OPT_COVERAGE:
        ipad->coverage = optarg;
        break;
    case OPT_CACERT:
        ipad->cacert = optarg;
        break;
    case OPT_IMEI:
        if (!imei_is_valid(optarg))
            return tool_usage("'%s' is not an IMEI (15 or 16 digits)", optarg);
        chosen->settings.imei = optarg;
        break;
    case OPT_PLMN:
        if (!take_plmn(optarg, chosen->plmn))
            return tool_usage("'%s' is not a PLMN (MCC and MNC, 5 or 6 digits)", optarg);
        chosen->settings.rplmn = chosen->plmn;
        break;
    case OPT_PLAIN:
        ipad->plain = true;
        break;
    case OPT_V1:
        chosen->settings.v1 = true;
        break;
    case OPT_JSON:
        ipad->json = true;
        break;
    case 'h':
        print_help();
        return EXIT_OK;
    default:
        return EXIT_USAGE; /* getopt_long printed the line */
    }
    return -1;
}

static int check_options(const struct ipad *ipad, const struct chosen *chosen)
{
    struct bearer_target target;

    if (chosen->reader != NULL && chosen->card != NULL)
        return tool_usage("--reader and --card exclude each other");
    if (ipad->eim_url == NULL)
        return -1;
    if (!bearer_parse_url(ipad->eim_url, &target))
        return tool_usage("'%s' is not a URL of an eIM (https://HOST[:PORT][/PATH] or coaps://…)",
                          ipad->eim_url);
    if (target.scheme == BEARER_PLAIN_HTTP && !ipad->plain)
        return tool_usage("http:// verifies and encrypts nothing: it needs --plain");
    if (ipad->protocol != NULL)
        return tool_usage("--eim and --protocol exclude each other");
    return -1;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    return NULL;
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

static int run_command(struct ipad *ipad, const struct chosen *chosen, const struct command *command,
                       int argc, char **argv)
{
    const struct ipa_host host = {ipad, send_es10, save_state, ipad_report};
    struct buf state = {0};
    int status = EXIT_FAILED;

    if (load_state(ipad, &state)) {
        ipad->ipa = ipa_new(&host, &chosen->settings, buf_span(&state));
        status = ipad->ipa != NULL ? command->run(ipad, argc, argv) : tool_error("out of memory");
    }
    ipa_free(ipad->ipa);
    buf_free(&state);
    buf_free(&ipad->answer);
    return status;
}

static int with_card(struct ipad *ipad, struct chosen *chosen, const struct command *command, int argc,
                     char **argv)
{
    char default_state[4096];
    int status = EXIT_FAILED;

    if (ipad->state_path == NULL && chosen->card != NULL) {
        snprintf(default_state, sizeof(default_state), "%s-ipa", chosen->card);
        ipad->state_path = default_state;
    }
    ipad->link = chosen->card != NULL ? link_open_file(chosen->card) : link_open_reader(chosen->reader);
    if (ipad->link == NULL)
        return EXIT_FAILED;
    if (es10_channel_open(&ipad->es10, ipad->link)) {
        status = run_command(ipad, chosen, command, argc, argv);
        es10_channel_close(&ipad->es10);
    }
    link_close(ipad->link);
    return status;
}

int tool_ipa(int argc, char **argv)
{
    struct ipad ipad = {.cacert = getenv("SOFTEUICC_CACERT"), .rollback_after = DEFAULT_ROLLBACK};
    struct chosen chosen = {.settings = {.direct = true, .indirect = true}};
    const struct command *command;
    int words;
    int c;
    int status;

#ifdef HAVE_COAP
    chosen.settings.coaps = true;
#endif
    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        status = take_option(c, &ipad, &chosen);
        if (status >= 0)
            return status;
    }
    status = check_options(&ipad, &chosen);
    if (status >= 0)
        return status;
    if (chosen.reader == NULL)
        chosen.reader = getenv("SOFTEUICC_READER");
    if (optind >= argc)
        return tool_usage("a command is missing");
    command = find_command(argv[optind]);
    if (command == NULL)
        return tool_usage("there is no command '%s'", argv[optind]);
    words = argc - optind - 1;
    if (words < command->min_words || words > command->max_words)
        return tool_usage("%s takes %s", command->name,
                          command->words[0] != '\0' ? command->words : "no words");
    return with_card(&ipad, &chosen, command, words, argv + optind + 1);
}
