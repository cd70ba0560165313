/* The subcommands of `softeuicc eim` that work on files, not on a running eIM. */
#ifndef SOFTEUICC_TOOLS_EIM_EIM_TOOL_H
#define SOFTEUICC_TOOLS_EIM_EIM_TOOL_H

#include "common/command/command.h"

extern const struct command eim_config;

#endif
