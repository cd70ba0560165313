/* `softeuicc ipa`: what its files share. Polls and the schedule are device/ipad's. */
#ifndef SOFTEUICC_TOOLS_IPA_IPA_TOOL_H
#define SOFTEUICC_TOOLS_IPA_IPA_TOOL_H

#include "common/command/command.h"
#include "device/ipad/ipad.h"

/* The commands. Each returns the exit status. */
int ipad_add_eim(const struct command_line *line);
int ipad_inject(const struct command_line *line);
int ipad_change(struct ipad *ipad, enum ipa_change change);
int ipad_reset(const struct command_line *line);
int ipad_status(const struct command_line *line);

/* What the procedures report, as lines or JSON; `context` is a struct ipad. */
void ipad_report(void *context, const struct ipa_report *report);

#endif
