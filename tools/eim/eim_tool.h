/* The subcommands of `softeuicc eim` that work on files, not on a running eIM. */
#ifndef SOFTEUICC_TOOLS_EIM_EIM_TOOL_H
#define SOFTEUICC_TOOLS_EIM_EIM_TOOL_H

int eim_run_config(int argc, char **argv);

#endif
