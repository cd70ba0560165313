/*
 * Changes of profiles that are marked (SGP.22 5.7.16, SGP.32 3.3.1): asked for with a REFRESH, they take
 * effect when the terminal has answered it well, or with a reset. Until then the card shows what was before.
 * What a command would change is tried out in a part of its transaction, so that the commands after it, and
 * the result that is signed, see it; then that part is undone, and the steps are noted in the table `marked`.
 * lifecycle.c takes them again when the time has come (lifecycle_settle).
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_MARKING_H
#define SOFTEUICC_EUICC_LIFECYCLE_MARKING_H

#include "euicc/os/card.h"

/* A command under way whose changes may come to be marked. */
struct marking {
    struct buf steps; /* struct marked_step each, in their order */
    bool of_package;  /* see marking_end */
};

struct marked_step {
    char event[32]; /* its name in the lifecycle table */
    int64_t profile;
};

/* Begins; no other is under way. False: storage failed. */
bool marking_begin(struct softeuicc *card, struct marking *marking, bool of_package);
/* A step was taken. No effect outside of a marking. */
void marking_note(struct softeuicc *card, const char *event, int64_t profile);
/*
 * Ends it and frees what it holds. When a REFRESH was made for it, the steps are undone and marked. Of a
 * package stays what it has configured besides: Fallback Attribute, immediate enabling, default SM-DP+, and
 * the rollback that it grants. False: storage or memory failed; the command is to be rolled back.
 */
bool marking_end(struct softeuicc *card, struct marking *marking);

/* Whether any change is marked. */
bool marking_waits(struct softeuicc *card);
/* Whether one of this profile is. */
bool marking_names(struct softeuicc *card, int64_t profile);
/* Takes what is marked out of the table: appends struct marked_step. */
bool marking_take(struct softeuicc *card, struct buf *steps);

#endif
