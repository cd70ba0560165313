/* softeuicc: one program, a subcommand per task. The list below is all it can do. */
#include "config.h"

#include "common/command/command.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "tools/subcommands.h"

#include "euicc/softeuicc.h"

#include <stdio.h>
#include <string.h>

/* Sorted as a newcomer meets them. */
static const struct command *const subcommands[] = {
    &subcommand_create,
    &subcommand_pki,
#ifdef WITH_RUN
    &subcommand_run,
#endif
#ifdef WITH_CTL
    &subcommand_ctl,
#endif
#ifdef WITH_LPA
    &subcommand_lpa,
#endif
#ifdef WITH_DEVICE
    &subcommand_device,
#endif
#ifdef WITH_IPA
    &subcommand_ipa,
#endif
#ifdef WITH_PROFILE
    &subcommand_profile,
#endif
#ifdef WITH_SMDPP
    &subcommand_smdpp,
#endif
#ifdef WITH_SMDS
    &subcommand_smds,
#endif
#ifdef WITH_EIM
    &subcommand_eim,
#endif
#ifdef WITH_DEMO
    &subcommand_demo,
#endif
    NULL,
};

/* Those that this build lacks, each with the options of configure that were the reason. */
static const struct {
    const char *name, *options;
} left_out[] = {LEFT_OUT{NULL, NULL}};

static int print_help(void)
{
    print_lines("Usage: softeuicc SUBCOMMAND [OPTION]...\n"
                "       softeuicc SUBCOMMAND --help\n\n"
                "A software eUICC: an eSIM card behind a virtual PC/SC reader, and the tools around it.\n\n"
                "Subcommands:\n");
    for (size_t i = 0; subcommands[i] != NULL; i++)
        print_line("  %-7s  %s", subcommands[i]->name, subcommands[i]->summary);
    for (size_t i = 0; left_out[i].name != NULL; i++)
        print_line("  %-7s  not in this build (configured %s)", left_out[i].name, left_out[i].options);
    print_lines("\n  --help                 this text\n"
                "  --version              the version\n"
                "  --completion bash|zsh  a script that completes command lines in that shell\n");
    return EXIT_OK;
}

/* A list that a full disk cut short must not look whole to a script. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return status != EXIT_OK ? status : tool_error("cannot write to standard output");
}

/* What is said without a subcommand. */
static int run_option(const char *option, const char *value)
{
    if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0 || strcmp(option, "help") == 0)
        return print_help();
    if (strcmp(option, "--version") == 0 || strcmp(option, "-V") == 0) {
        print_line("softeuicc %s", softeuicc_version());
        return EXIT_OK;
    }
    if (strcmp(option, "--manual") == 0) {
        command_manual_list(subcommands);
        return EXIT_OK;
    }
    if (strcmp(option, "--completion") == 0) {
        if (value == NULL)
            return tool_usage("'--completion' needs a value: bash or zsh");
        return command_completion(value, subcommands)
                   ? EXIT_OK
                   : tool_usage("--completion is not bash or zsh: %s", value);
    }
    for (size_t i = 0; left_out[i].name != NULL; i++) {
        if (strcmp(option, left_out[i].name) == 0)
            return tool_error("this build has no '%s' (configured %s)", option, left_out[i].options);
    }
    return tool_usage("there is no subcommand '%s'", option);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return tool_usage("a subcommand is missing");
    for (size_t i = 0; subcommands[i] != NULL; i++) {
        if (strcmp(argv[1], subcommands[i]->name) != 0)
            continue;
        /* For the makefile, which puts what people wrote around it. */
        if (argc == 3 && strcmp(argv[2], "--manual") == 0)
            command_manual(subcommands[i]);
        else
            return flushed(command_run(subcommands[i], argc - 1, argv + 1));
        return flushed(EXIT_OK);
    }
    return flushed(run_option(argv[1], argc > 2 ? argv[2] : NULL));
}
