/* What the files of the subcommand `softeuicc smdpp` share. */
#ifndef SOFTEUICC_TOOLS_SMDPP_SMDPP_H
#define SOFTEUICC_TOOLS_SMDPP_SMDPP_H

#include "common/command/command.h"

/* The clients, each with its own options. */
extern const struct command smdpp_order;
extern const struct command smdpp_cancel;
extern const struct command smdpp_orders;
extern const struct command smdpp_events;
extern const struct command smdpp_profiles;
extern const struct command smdpp_notifications;

#endif
