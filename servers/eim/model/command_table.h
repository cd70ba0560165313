/* The table of command.h, for the two files that work on it. */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_TABLE_H
#define SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_TABLE_H

#include "servers/eim/model/command.h"

struct command {
    const char *name; /* as the ASN.1 module calls it */
    bool eco;
    uint32_t tag, result_tag;
    const char *members[4]; /* of its JSON object, NULL at the end */
    bool (*put)(const json_t *arguments, const char *path, struct buf *out, struct complaint *complaint);
};

extern const struct command command_table[];
extern const size_t command_count;

#endif
