/*
 * The commands of an eUICC Package (SGP.32 2.11.1.1, PSMO and eCO) and their results (2.11.2.1): one table of
 * names, tags, arguments and result codes. JSON in, DER out; and results from DER to JSON.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_H
#define SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_H

#include "apdu/bytes.h"
#include "common/complaint.h"
#include "protocol/names.h"

#include <jansson.h>

#define COMMANDS_MAX     32                  /* in one package */
#define PACKAGE_SIZE_MAX ((size_t)32 * 1024) /* octets of a package */

/* Appends the commands of a JSON list ([{"enable": {"iccid": …}}, …], "psmo" or, with `eco`, "eco") one after
 * another: the content of psmoList or ecoList. `older`: profiles are asked for with the members alone that
 * ProfileInfo has in SGP.32 v1.0. */
bool commands_put(const json_t *list, bool eco, bool older, struct buf *out, struct complaint *complaint);
/* Whether a command of the order has results with members that SGP.32 v1.0 does not know. */
bool commands_have_later_members(const json_t *request);

/*
 * The results of a package as a JSON list of {"command", "code", "result", …}, with what the command asked
 * for ("profiles", "rules", "token", "eims"). False when one of them is malformed. *failure becomes "" when
 * every code is a success, else "enable: iccidOrAidNotFound(1)" of the first that is not. `request` is the
 * JSON list that asked; results must answer its commands in order, as far as they go. NULL skips that check.
 */
bool results_read(struct span results, const json_t *request, json_t **list, char *failure, size_t size);

/* A code by its name in one of these lists: "replayError(4)". */
char *code_text(enum names list, int64_t code, char *out, size_t size);

#endif
