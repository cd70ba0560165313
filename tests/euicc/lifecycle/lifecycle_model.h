/*
 * A second statement of what a card does with its profiles (SGP.22 5.7.16-5.7.19; SGP.32 3.3, 3.4.6, 3.4.7,
 * 5.9): a pure function from a state and an event to the next state, the codes answered and the notifications
 * made. It shares nothing with the card. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_LIFECYCLE_LIFECYCLE_MODEL_H
#define SOFTEUICC_TESTS_EUICC_LIFECYCLE_LIFECYCLE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define PROFILES_MAX 5
#define NOBODY       0 /* profiles are numbered from 1 */
#define CODES_MAX    32
#define NOTES_MAX    64
#define COMMANDS_MAX 2 /* in one package */

/* What never changes: the profiles there can be, and what they are like. */
struct world {
    const char *name;
    bool terminal; /* that serves REFRESH */
    bool v1_3;     /* the card is one of SGP.32 v1.3, else of v1.2 */
    unsigned count;
    struct {
        char name;
        bool test, ecall, ppr1, ppr2, fallback_allowed;
        bool downloaded; /* it can come (again), for immediate enable */
    } profiles[PROFILES_MAX];
};

enum { ABSENT, DISABLED, ENABLED };

/* What changes. Octets only, so that states can be compared as memory. */
struct state {
    uint8_t profiles[PROFILES_MAX];
    uint8_t rollback; /* whom a granted rollback enables */
    uint8_t fallback; /* who has the Fallback Attribute */
    uint8_t before_fallback, before_emergency, before_test;
    uint8_t emergency; /* the emergency function is on */
    uint8_t installed; /* by the RSP session that ended last */
    uint8_t busy;      /* a REFRESH is under way */
};

enum operation {
    LPA_ENABLE,
    LPA_DISABLE,
    LPA_DELETE,
    LPA_RESET_OPERATIONAL,
    LPA_RESET_TEST,
    IOT_RESET_OPERATIONAL,
    PACKAGE,
    ROLLBACK,
    IMMEDIATE_ENABLE,
    EMERGENCY_ON,
    EMERGENCY_OFF,
    FALLBACK,
    RETURN,
    POWER_LOSS,
    DOWNLOAD,
    OPERATIONS,
};

enum package_operation {
    NO_COMMAND,
    PACKAGE_ENABLE,
    PACKAGE_ENABLE_ROLLBACK,
    PACKAGE_DISABLE,
    PACKAGE_DELETE,
    PACKAGE_SET_FALLBACK,
    PACKAGE_UNSET_FALLBACK,
};

struct command {
    enum package_operation operation;
    uint8_t profile;
};

struct event {
    enum operation operation;
    uint8_t profile; /* of LPA_… and DOWNLOAD */
    bool refresh;
    struct command commands[COMMANDS_MAX];
};

struct outcome {
    struct state state;
    char codes[CODES_MAX]; /* hexadecimal: the result code, or each command's result as TLV */
    char notes[NOTES_MAX]; /* "dA eB ": disabled A, enabled B; x: deleted */
};

/* Whether the event is one at all in this world and state: a download of what is there is not. */
bool model_possible(const struct world *world, const struct state *state, const struct event *event);
void model_step(const struct world *world, const struct state *state, const struct event *event,
                struct outcome *outcome);

#endif
