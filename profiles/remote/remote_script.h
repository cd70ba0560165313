/*
 * Scripts of remote management (ETSI TS 102 226 5): command APDUs one after the other in the compact format,
 * or as data objects in the expanded one, and what is answered. Who runs a command is for the caller.
 */
#ifndef SOFTEUICC_PROFILES_REMOTE_REMOTE_SCRIPT_H
#define SOFTEUICC_PROFILES_REMOTE_REMOTE_SCRIPT_H

#include "apdu/apdu.h"

/* Runs one command of a script; appends response data, returns the status word. */
typedef uint16_t remote_executor(void *context, const struct apdu_command *command, struct buf *response);

/* Whether the fifth octet of a command in the compact format is Le, and no data follows. */
typedef bool remote_outgoing(uint8_t ins);

/*
 * Runs a script until its end or the first command that fails; appends the answer in the script's format. An
 * empty script has an empty answer. Reading: a script that begins with AA or AE is in the expanded format (a
 * class octet of the compact one never has these values).
 */
void remote_script_run(struct span script, remote_executor *execute, remote_outgoing *is_outgoing,
                       void *context, struct buf *answer);

#endif
