/* What the files of the subcommand `softeuicc smds` share. */
#ifndef SOFTEUICC_TOOLS_SMDS_SMDS_H
#define SOFTEUICC_TOOLS_SMDS_SMDS_H

#include "common/command/command.h"

/* The client, with its own options. */
extern const struct command smds_events;

#define SMDS_DEFAULT_PORT 8446
#define SMDS_DEFAULT_URL  "https://127.0.0.1:" OPTION_DEFAULT(SMDS_DEFAULT_PORT)

#endif
