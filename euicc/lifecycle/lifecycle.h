/*
 * The profile state machine (SGP.22 3.2, 3.3, 5.7.16-5.7.19; SGP.32 3.3, 3.4.6, 3.4.7, 5.9): states and
 * events stand in one const table in lifecycle.c, which the code executes, the documentation is printed from
 * and the tests enumerate. The guards and actions that the table names are in lifecycle_guards.c and
 * lifecycle_actions.c.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_LIFECYCLE_H
#define SOFTEUICC_EUICC_LIFECYCLE_LIFECYCLE_H

#include "euicc/lifecycle/recovery.h"
#include "euicc/profile/profile_store.h"

/* The states of a profile; the first is that of a profile that is not on the card. */
enum lifecycle_state { LIFECYCLE_ABSENT, LIFECYCLE_DISABLED, LIFECYCLE_ENABLED, LIFECYCLE_STATES };

enum lifecycle_event {
    /* Of a profile that the request names: lifecycle_run. Enable, disable and delete are ES10c's. */
    LIFECYCLE_INSTALL,
    LIFECYCLE_ENABLE,
    LIFECYCLE_DISABLE,
    LIFECYCLE_DELETE,
    LIFECYCLE_MEMORY_RESET, /* SGP.22's and SGP.32's, for each profile they take */
    /* The same by a command of an eUICC Package: lifecycle_run_package. */
    LIFECYCLE_PACKAGE_ENABLE,
    LIFECYCLE_PACKAGE_DISABLE,
    LIFECYCLE_PACKAGE_DELETE,
    /* Of the profile that the card finds: lifecycle_trigger. */
    LIFECYCLE_ROLLBACK,         /* the one to go back to */
    LIFECYCLE_EXECUTE_FALLBACK, /* the Fallback Profile */
    LIFECYCLE_RETURN_FROM_FALLBACK,
    LIFECYCLE_IMMEDIATE_ENABLE,  /* the one that this RSP session has installed */
    LIFECYCLE_ENABLE_EMERGENCY,  /* the Emergency Profile */
    LIFECYCLE_DISABLE_EMERGENCY, /* the same */
    LIFECYCLE_PACKAGE,           /* a package is accepted; about the enabled profile */
    /* Of every profile: lifecycle_power_loss. */
    LIFECYCLE_POWER_LOSS,
    LIFECYCLE_EVENTS
};

/* Each ES10 function has its own numbers for these. */
enum lifecycle_result {
    LIFECYCLE_OK = 0,
    LIFECYCLE_WRONG_STATE, /* the profile is not in a state that the event fits */
    LIFECYCLE_DISALLOWED_BY_POLICY,
    LIFECYCLE_WRONG_REENABLING, /* SGP.22 EnableProfile wrongProfileReenabling(4) */
    LIFECYCLE_CAT_BUSY,
    LIFECYCLE_ROLLBACK_NOT_AVAILABLE,  /* package enable, delete: rollbackNotAvailable(20) */
    LIFECYCLE_RETURN_FALLBACK_PROFILE, /* package delete: returnFallbackProfile(21) */
    LIFECYCLE_NOT_AVAILABLE,           /* nothing is granted, set, remembered, configured or there */
    LIFECYCLE_NO_SESSION,              /* ImmediateEnable: noSessionContext(4) */
    LIFECYCLE_COMMAND_ERROR,           /* commandError(7) */
    LIFECYCLE_ECALL_ACTIVE,            /* ecallActive(104): the Emergency Profile is enabled */
    LIFECYCLE_FAILED,                  /* storage or signing: the command must be rolled back */
};

/* What a step in a package depends on besides the card. */
struct lifecycle_package {
    /* Enable with rollbackFlag: what is to be recorded; its `profile` is found here. NULL: no flag. */
    const struct rollback_grant *grant;
    int64_t disabled; /* the profile that the package disabled before, 0: none */
};

/* What a step is about: the profile that moves, and the one that is enabled when it begins (which may be the
 * same). A subject that is not on the card has the id 0. */
struct lifecycle_step {
    struct softeuicc *card;
    const struct profile *subject;
    bool has_enabled;
    struct profile enabled;
    bool refresh;                            /* the request asks for a REFRESH of the terminal */
    const struct lifecycle_package *package; /* NULL outside of packages */
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
    bool at_once; /* of a change that is marked (marking.h): done then, not when it takes effect */
};

#define LIFECYCLE_GUARDS_MAX  6
#define LIFECYCLE_ACTIONS_MAX 7

/* A row without actions whose last guard cannot hold in its state only says
 * what the event is refused with. */
struct lifecycle_row {
    enum lifecycle_event event;
    enum lifecycle_state from, to;
    const struct lifecycle_guard *guards[LIFECYCLE_GUARDS_MAX + 1]; /* NULL-terminated */
    const struct lifecycle_action *actions[LIFECYCLE_ACTIONS_MAX + 1];
};

/* The whole table. */
const struct lifecycle_row *lifecycle_table(size_t *rows);

/* The row for an event in a state; NULL: the event does not fit the state (LIFECYCLE_WRONG_STATE). */
const struct lifecycle_row *lifecycle_row(enum lifecycle_event event, enum lifecycle_state from);

/* Moves the profile by `event`, with everything the table says goes with it: the other profile that is
 * disabled, notifications, what is remembered, REFRESH. Anything but OK and FAILED has changed nothing.
 * Installation itself is profile_install (euicc/rsp/profile_install.h). */
enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile,
                                    enum lifecycle_event event, bool refresh);

/* The same for a command of an eUICC Package. Only one step of a package may ask for a REFRESH: a second one
 * would find the terminal busy with the first. */
enum lifecycle_result lifecycle_run_package(struct softeuicc *card, const struct profile *profile,
                                            enum lifecycle_event event, bool refresh,
                                            const struct lifecycle_package *package);

/* The same for an event whose profile the card finds. */
enum lifecycle_result lifecycle_trigger(struct softeuicc *card, enum lifecycle_event event, bool refresh);

/*
 * The terminal has answered the REFRESH that a marked change was asked for with (marking.h), or a reset came:
 * the change takes effect, with its notifications. Or the terminal has refused it (`refreshed` false): the
 * profile that was enabled stays. Reading: whoever changes profiles without a REFRESH says that the terminal
 * resets the card by itself, which settles what is marked. True also when nothing is marked; false: storage
 * failed.
 */
bool lifecycle_settle(struct softeuicc *card, bool refreshed);

/* What lifecycle_trigger would answer; only the guards are asked. */
enum lifecycle_result lifecycle_check(struct softeuicc *card, enum lifecycle_event event, bool refresh);

/* Power off and every reset. Cannot fail. */
void lifecycle_power_loss(struct softeuicc *card);

/* The state an installed profile begins in. */
enum lifecycle_state lifecycle_initial_state(void);
/* "absent", "disabled", "enabled"; "install", "enable", … */
const char *lifecycle_state_name(enum lifecycle_state state);
const char *lifecycle_event_name(enum lifecycle_event event);

/* Prints the table as a Graphviz graph into `out`: lifecycle_dot.c. */
void lifecycle_dot(struct buf *out);

#endif
