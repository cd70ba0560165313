/* The subcommands of `softeuicc`, each with its options and commands; tools/main.c has the list of them. */
#ifndef SOFTEUICC_TOOLS_SUBCOMMANDS_H
#define SOFTEUICC_TOOLS_SUBCOMMANDS_H

#include "common/command/command.h"

extern const struct command subcommand_create;
extern const struct command subcommand_ctl;
extern const struct command subcommand_demo;
extern const struct command subcommand_device;
extern const struct command subcommand_eim;
extern const struct command subcommand_ipa;
extern const struct command subcommand_lpa;
extern const struct command subcommand_pki;
extern const struct command subcommand_profile;
extern const struct command subcommand_run;
extern const struct command subcommand_smdpp;
extern const struct command subcommand_smds;

#endif
