/* softeuicc: one program, a subcommand per task. The table below is all it can do. */
#include "config.h"

#include "common/left_out.h"
#include "common/tool.h"

#include "euicc/softeuicc.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Sorted as a newcomer meets them. */
static const struct tool tools[] = {
    {"create", "make a card file", tool_create},
    {"pki", "make a test PKI, show certificates, revoke them", tool_pki},
#ifdef WITH_RUN
    {"run", "put cards into the virtual reader", tool_run},
#endif
#ifdef WITH_CTL
    {"ctl", "look at a running card, take it out, cut its power, set its clock, follow it", tool_ctl},
#endif
#ifdef WITH_LPA
    {"lpa", "a small LPA: info, list, download, enable, disable, delete, notifications, …", tool_lpa},
#endif
#ifdef WITH_IPA
    {"ipa", "a small IPAd: polls the card's eIMs, falls back, returns", tool_ipa},
#endif
#ifdef WITH_PROFILE
    {"profile", "make a profile package, or look into one", tool_profile},
#endif
#ifdef WITH_SMDPP
    {"smdpp", "a test SM-DP+ over HTTPS, its orders and lists", tool_smdpp},
#endif
#ifdef WITH_EIM
    {"eim", "a test eIM over HTTPS" AND_COAP ", orders for IoT eUICCs", tool_eim},
#endif
    {NULL, NULL, NULL},
};

/* Those that this build lacks, each with the options of configure that were the reason. */
static const struct {
    const char *name, *options;
} left_out[] = {LEFT_OUT{NULL, NULL}};

static void print_help(void)
{
    printf("Usage: softeuicc SUBCOMMAND [OPTION]...\n"
           "       softeuicc SUBCOMMAND --help\n\n"
           "A software eUICC: an eSIM card behind a virtual PC/SC reader, and the tools around it.\n\n"
           "Subcommands:\n");
    for (const struct tool *tool = tools; tool->name != NULL; tool++)
        printf("  %-10s %s\n", tool->name, tool->summary);
    for (size_t i = 0; left_out[i].name != NULL; i++)
        printf("  %-10s not in this build (configured %s)\n", left_out[i].name, left_out[i].options);
    printf("\n  --help     this text\n  --version  the version\n");
}

/* A list that a full disk cut short must not look whole to a script. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return status != EXIT_OK ? status : tool_error("cannot write to standard output");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return tool_usage("a subcommand is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("softeuicc %s\n", softeuicc_version());
        return EXIT_OK;
    }
    for (const struct tool *tool = tools; tool->name != NULL; tool++) {
        if (strcmp(argv[1], tool->name) == 0) {
            tool_set_name(tool->name);
            optind = 1;
            return flushed(tool->run(argc - 1, argv + 1));
        }
    }
    for (size_t i = 0; left_out[i].name != NULL; i++) {
        if (strcmp(argv[1], left_out[i].name) == 0)
            return tool_error("this build has no '%s' (configured %s)", argv[1], left_out[i].options);
    }
    return tool_usage("there is no subcommand '%s'", argv[1]);
}
