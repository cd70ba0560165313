/*
 * What the commands of an eUICC Package share (SGP.32 2.11.1.1.2, 2.11.1.1.3): euicc_package.c runs the list,
 * psmo.c and eco.c hold one table of commands each.
 */
#ifndef SOFTEUICC_EUICC_IOT_PACKAGE_COMMAND_H
#define SOFTEUICC_EUICC_IOT_PACKAGE_COMMAND_H

#include "euicc/iot/eim.h"

/* A package on its way through its list: the commands that follow see what those before have done. */
struct package_run {
    struct softeuicc *card;
    const struct eim *eim;
    uint32_t counter;
    struct span transaction; /* eimTransactionId; SPAN_NONE: none */
    uint32_t sequence;       /* of the result to come */
    bool has_enabled, has_disabled, has_deleted;
    int64_t disabled; /* the profile that a command of this package disabled, 0: none */
    bool refreshed;   /* the REFRESH for this package has been made */
};

enum package_outcome {
    PACKAGE_GOES_ON,
    PACKAGE_ENDS,    /* the result that was appended is a failure and the last one */
    PACKAGE_DAMAGED, /* the command does not parse; nothing was appended or changed */
    PACKAGE_FAILED,  /* storage, memory: the whole command is to be rolled back */
};

/* What a command that is not a list leaves in the result, in octets, is never more than this. */
#define PACKAGE_SMALL_RESULT_MAX 16

struct package_command {
    uint32_t tag;
    /* `content` is that of the command's object. Appends the EuiccResultData. */
    enum package_outcome (*run)(struct package_run *run, struct span content, struct buf *results);
};

/* The command with this tag; NULL: there is none. */
const struct package_command *psmo_find(uint32_t tag);
const struct package_command *eco_find(uint32_t tag);

/* Appends a result that is just a number, 0 being ok. */
enum package_outcome package_put_result(struct buf *results, uint32_t tag, unsigned code);

#endif
