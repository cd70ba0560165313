/* softeuicc profile: its commands. See profile.h. */
#include "tools/profile/profile.h"

#include "tools/subcommands.h"

static const struct command *const commands[] = {&profile_make, &profile_show, NULL};

const struct command subcommand_profile = {
    "profile",
    "",
    "make a profile package, or look into one",
    "Profile packages (TCA Interoperable Profile Package): make one, or look into one.",
    "'softeuicc profile COMMAND --help' says what a command takes.",
    .commands = commands,
};
