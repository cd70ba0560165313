/*
 * The profile state machine (SGP.22 3.2, 3.3; SGP.32 adds rows): states and events stand in one const table in lifecycle.c, which the
 * code executes, the documentation is printed from and the tests enumerate.
 */
#ifndef SOFTEUICC_EUICC_RSP_LIFECYCLE_H
#define SOFTEUICC_EUICC_RSP_LIFECYCLE_H

#include "euicc/rsp/profile_store.h"

enum lifecycle_event {
    LIFECYCLE_INSTALL,
    LIFECYCLE_ENABLE,
    LIFECYCLE_DISABLE,
    LIFECYCLE_DELETE,
    LIFECYCLE_MEMORY_RESET,
    /* SGP.32 events are added here, with their rows. */
};

enum lifecycle_result {
    LIFECYCLE_OK = 0,
    LIFECYCLE_WRONG_STATE,
    LIFECYCLE_DISALLOWED_BY_POLICY,
    LIFECYCLE_WRONG_REENABLING, /* SGP.22 EnableProfile wrongProfileReenabling(4) */
    LIFECYCLE_CAT_BUSY,
    LIFECYCLE_FAILED, /* storage or signing */
};

/* Moves the profile by `event`, with everything the table says goes with it: the other profile that is disabled, notifications,
 * REFRESH. */
enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile, enum lifecycle_event event,
                                    bool refresh);

/* Prints the table as a Graphviz graph into `out`. */
void lifecycle_dot(struct buf *out);

#endif
