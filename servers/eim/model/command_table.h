/* The table of command.h, for the two files that work on it. */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_TABLE_H
#define SOFTEUICC_SERVERS_EIM_MODEL_COMMAND_TABLE_H

#include "servers/eim/model/command.h"

#define TAG_RAT         0xA6
#define TAG_DELETED_EIM 0x89
#define TAG_ROLLBACK    0x8C
#define TAG_TERMINATED  0x02 /* processingTerminated */

#define COMMAND_MEMBERS_MAX 3

/* A member of a command's JSON object and of the command, in which they stand in this order. */
struct command_member {
    const char *name;
    uint32_t tag;
    /* Appends a text; NULL, or what is wrong with it. A member without is true or false: [tag] NULL or
     * nothing. */
    const char *(*put)(const char *text, uint32_t tag, struct buf *out);
    size_t max; /* octets of the text */
    bool optional;
};

struct command {
    const char *name; /* as the ASN.1 module calls it */
    enum { COMMAND_PSMO, COMMAND_ECO, COMMAND_NONE /* a result that answers any */ } list;
    uint32_t tag, result_tag;
    bool has_later_members; /* its result, since SGP.32 v1.0 */
    enum names codes;       /* of the result; NAMES_DEFAULT_DP has none but ok(0) */
    struct command_member members[COMMAND_MEMBERS_MAX + 1]; /* one without a name at the end */
};

extern const struct command command_table[];
extern const size_t command_count;

#endif
