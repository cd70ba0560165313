/*
 * The profile state machine (SGP.22 3.2, 3.3, 5.7.16-5.7.19; SGP.32 adds rows): states and events stand in
 * one const table in lifecycle.c, which the code executes, the documentation is printed from and the tests
 * enumerate.
 */
#ifndef SOFTEUICC_EUICC_RSP_LIFECYCLE_H
#define SOFTEUICC_EUICC_RSP_LIFECYCLE_H

#include "euicc/rsp/profile_store.h"

/* The states of a profile; the first is that of a profile that is not on the card. */
enum lifecycle_state { LIFECYCLE_ABSENT, LIFECYCLE_DISABLED, LIFECYCLE_ENABLED, LIFECYCLE_STATES };

enum lifecycle_event {
    LIFECYCLE_INSTALL,
    LIFECYCLE_ENABLE,
    LIFECYCLE_DISABLE,
    LIFECYCLE_DELETE,
    LIFECYCLE_MEMORY_RESET,
    /* SGP.32 events are added here, with their rows. */
    LIFECYCLE_EVENTS
};

enum lifecycle_result {
    LIFECYCLE_OK = 0,
    LIFECYCLE_WRONG_STATE,
    LIFECYCLE_DISALLOWED_BY_POLICY,
    LIFECYCLE_WRONG_REENABLING, /* SGP.22 EnableProfile wrongProfileReenabling(4) */
    LIFECYCLE_CAT_BUSY,
    LIFECYCLE_FAILED, /* storage or signing: the command must be rolled back */
};

/* What a step is about: the profile that moves, and the one that is enabled when it begins (which may be the
 * same). */
struct lifecycle_step {
    struct softeuicc *card;
    const struct profile *subject;
    bool has_enabled;
    struct profile enabled;
    bool refresh; /* the request asks for a REFRESH of the terminal */
};

/* May the step be made? Guards are asked in order, before anything is changed; the first that does not hold
 * gives the result. */
struct lifecycle_guard {
    const char *name;
    bool (*holds)(const struct lifecycle_step *step);
    enum lifecycle_result refusal;
};

/* What a step does. Actions run in order; false (storage, signing) ends the step with LIFECYCLE_FAILED. */
struct lifecycle_action {
    const char *name;
    bool (*run)(const struct lifecycle_step *step);
};

#define LIFECYCLE_GUARDS_MAX  4
#define LIFECYCLE_ACTIONS_MAX 6

struct lifecycle_row {
    enum lifecycle_event event;
    enum lifecycle_state from, to;
    const struct lifecycle_guard *guards[LIFECYCLE_GUARDS_MAX + 1]; /* NULL-terminated */
    const struct lifecycle_action *actions[LIFECYCLE_ACTIONS_MAX + 1];
};

/* The row for an event in a state; NULL: the event does not fit the state (LIFECYCLE_WRONG_STATE). */
const struct lifecycle_row *lifecycle_row(enum lifecycle_event event, enum lifecycle_state from);

/* Moves the profile by `event`, with everything the table says goes with it: the other profile that is
 * disabled, notifications, REFRESH. Anything but OK and FAILED has changed nothing. Installation itself is
 * profile_install (profile_store.h). */
enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile,
                                    enum lifecycle_event event, bool refresh);

/* The state an installed profile begins in. */
enum lifecycle_state lifecycle_initial_state(void);
/* "absent", "disabled", "enabled"; "install", "enable", … */
const char *lifecycle_state_name(enum lifecycle_state state);
const char *lifecycle_event_name(enum lifecycle_event event);

/* Prints the table as a Graphviz graph into `out`. */
void lifecycle_dot(struct buf *out);

#endif
