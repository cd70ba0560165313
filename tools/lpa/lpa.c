/* `softeuicc lpa`: a small LPA for people and CI, over PC/SC or straight on a card file. This file: options,
 * dispatch, printing. */
#include "tools/lpa/lpa.h"
#include "protocol/device_info.h"

#include "common/left_out.h"
#include "common/tool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command {
    const char *name;
    const char *words;
    const char *summary;
    int min_words, max_words;
    int (*run)(struct lpa *lpa, int argc, char **argv);
};

static const struct command commands[] = {
    {"info", "", "the card: reader, ATR, EID, versions, memory, CIs, addresses", 0, 0, lpa_info},
    {"list", "", "its profiles", 0, 0, lpa_list},
    {"download", "AC|-", "download a profile; AC is an activation code, - uses the card's default SM-DP+", 1,
     1, lpa_download},
    {"enable", "ICCID|AID", "enable a profile", 1, 1, lpa_enable},
    {"disable", "ICCID|AID", "disable it", 1, 1, lpa_disable},
    {"delete", "ICCID|AID", "delete a disabled profile", 1, 1, lpa_delete},
    {"nickname", "ICCID [NAME]", "name a profile; without NAME the nickname is removed", 1, 2, lpa_nickname},
    {"notifications", "[process|remove [SEQ]]", "list, send, or remove pending notifications", 0, 2,
     lpa_notifications},
    {"default-smdp", "ADDRESS", "set the default SM-DP+ address; \"\" clears it", 1, 1, lpa_default_smdp},
    {"discover", "", "ask the SM-DS for waiting profiles", 0, 0, lpa_discover},
    {"reset", "[operational] [test] [smdp]", "eUICC memory reset; without words, all three", 0, 3, lpa_reset},
};

static void print_help(void)
{
    printf("Usage: softeuicc lpa [OPTION]... COMMAND [WORD]...\n\n"
           "A small LPA (SGP.22) that talks to a card in a PC/SC reader, or to a card file that nobody else "
           "has open.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char usage[64];

        snprintf(usage, sizeof(usage), "%s %s", commands[i].name, commands[i].words);
        printf("  %-38s %s\n", usage, commands[i].summary);
    }
    printf("\nOptions:\n"
           "  --reader NAME          the reader whose name contains NAME (default: $SOFTEUICC_READER, or the "
           "first\n"
           "                         reader that holds an eUICC)" PCSC_LEFT_OUT "\n"
           "  --card FILE            a card file instead of a reader\n"
           "  --confirmation CODE    confirmation code for download\n"
           "  --cacert FILE          PEM file of CAs to trust for HTTPS (default: $SOFTEUICC_CACERT, or the "
           "system's)\n"
           "  --imei DIGITS          IMEI to report in the device information\n"
           "  --smds ADDRESS         SM-DS for discover (default: the card's root SM-DS)\n"
           "  --keep-notifications   do not send notifications after download, enable, disable and delete\n"
           "  --no-refresh           change profiles without asking the card for a REFRESH\n"
           "  --json                 print JSON\n"
           "  --help                 this text\n");
}

enum {
    OPT_READER = 256,
    OPT_CARD,
    OPT_CONFIRMATION,
    OPT_CACERT,
    OPT_IMEI,
    OPT_SMDS,
    OPT_KEEP,
    OPT_NO_REFRESH,
    OPT_JSON
};

static const struct option options[] = {
    {"reader", required_argument, NULL, OPT_READER},
    {"card", required_argument, NULL, OPT_CARD},
    {"confirmation", required_argument, NULL, OPT_CONFIRMATION},
    {"cacert", required_argument, NULL, OPT_CACERT},
    {"imei", required_argument, NULL, OPT_IMEI},
    {"smds", required_argument, NULL, OPT_SMDS},
    {"keep-notifications", no_argument, NULL, OPT_KEEP},
    {"no-refresh", no_argument, NULL, OPT_NO_REFRESH},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    return NULL;
}

int tool_lpa(int argc, char **argv)
{
    struct lpa lpa = {.cacert = getenv("SOFTEUICC_CACERT")};
    const char *reader = NULL;
    const char *card = NULL;
    const struct command *command;
    int words;
    int status = EXIT_FAILED;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case OPT_READER:
            reader = optarg;
            break;
        case OPT_CARD:
            card = optarg;
            break;
        case OPT_CONFIRMATION:
            lpa.confirmation_code = optarg;
            break;
        case OPT_CACERT:
            lpa.cacert = optarg;
            break;
        case OPT_IMEI:
            if (!imei_is_valid(optarg))
                return tool_usage("'%s' is not an IMEI (15 or 16 digits)", optarg);
            lpa.imei = optarg;
            break;
        case OPT_SMDS:
            lpa.smds = optarg;
            break;
        case OPT_KEEP:
            lpa.no_notifications = true;
            break;
        case OPT_NO_REFRESH:
            lpa.no_refresh = true;
            break;
        case OPT_JSON:
            lpa.json = true;
            break;
        case 'h':
            print_help();
            return EXIT_OK;
        default:
            return EXIT_USAGE; /* getopt_long printed the line */
        }
    }
    if (reader != NULL && card != NULL)
        return tool_usage("--reader and --card exclude each other");
    if (reader == NULL)
        reader = getenv("SOFTEUICC_READER");
    if (optind >= argc)
        return tool_usage("a command is missing");
    command = find_command(argv[optind]);
    if (command == NULL)
        return tool_usage("there is no command '%s'", argv[optind]);
    words = argc - optind - 1;
    if (words < command->min_words || words > command->max_words)
        return tool_usage("%s takes %s", command->name,
                          command->words[0] != '\0' ? command->words : "no words");
    lpa.link = card != NULL ? link_open_file(card) : link_open_reader(reader);
    if (lpa.link == NULL)
        return EXIT_FAILED;
    if (es10_channel_open(&lpa.es10, lpa.link)) {
        status = command->run(&lpa, words, argv + optind + 1);
        es10_channel_close(&lpa.es10);
    }
    link_close(lpa.link);
    return status;
}

int lpa_print_json(json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    json_decref(object);
    if (text == NULL)
        return tool_error("out of memory");
    puts(text);
    free(text);
    return EXIT_OK;
}

const char *lpa_text(struct span octets, char *out, size_t size)
{
    size_t n = 0;
    json_t *probe;

    for (; n < octets.size && n + 1 < size; n++)
        out[n] = octets.data[n] < 0x20 || octets.data[n] == 0x7F ? '?' : (char)octets.data[n];
    out[n] = '\0';
    probe = json_string(out); /* NULL for what is not UTF-8, and for a character that was cut off */
    for (size_t i = 0; probe == NULL && i < n; i++) {
        if ((unsigned char)out[i] >= 0x80)
            out[i] = '?';
    }
    json_decref(probe);
    return out;
}

const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1])
{
    if (!iccid_to_digits(octets, out))
        hex_from_span(octets, out, ICCID_DIGITS_MAX + 1);
    return out;
}
