/* The rules, stated once more: see lifecycle_model.h.
 * Functions return the code of the function's response. */
#include "tests/euicc/lifecycle/lifecycle_model.h"

#include <stdio.h>
#include <string.h>

struct model {
    const struct world *world;
    struct outcome *out;
    struct state *s;
};

#define FACT(m, profile, fact) ((m)->world->profiles[(profile)-1].fact)
#define STATE(m, profile)      ((m)->s->profiles[(profile)-1])

static uint8_t enabled(const struct model *m)
{
    for (uint8_t p = 1; p <= m->world->count; p++)
        if (STATE(m, p) == ENABLED)
            return p;
    return NOBODY;
}

static void note(struct model *m, char what, uint8_t profile)
{
    size_t size = strlen(m->out->notes);

    snprintf(m->out->notes + size, NOTES_MAX - size, "%c%c ", what, FACT(m, profile, name));
}

/* A change that asks for none ends the session that there is. */
static void refresh(struct model *m, bool wanted)
{
    m->s->busy = wanted && m->world->terminal;
}

/* A profile takes the place of whatever is enabled. A test profile knows whom the first test displaced. */
static void switch_to(struct model *m, uint8_t profile)
{
    uint8_t old = enabled(m);
    uint8_t before = NOBODY;

    if (FACT(m, profile, test) && old != NOBODY)
        before = FACT(m, old, test) ? m->s->before_test : old;
    m->s->before_test = before;
    if (old != NOBODY) {
        STATE(m, old) = DISABLED;
        note(m, 'd', old);
    }
    STATE(m, profile) = ENABLED;
    note(m, 'e', profile);
}

static void switch_off(struct model *m, uint8_t profile)
{
    STATE(m, profile) = DISABLED;
    note(m, 'd', profile);
    if (FACT(m, profile, test) && m->s->before_test != NOBODY) {
        STATE(m, m->s->before_test) = ENABLED;
        note(m, 'e', m->s->before_test);
        m->s->before_test = NOBODY;
    }
}

/* Nothing leads to a profile that is gone. */
static void erase(struct model *m, uint8_t profile)
{
    uint8_t *const memories[] = {&m->s->rollback, &m->s->fallback, &m->s->before_fallback,
                                 &m->s->before_emergency, &m->s->before_test};

    STATE(m, profile) = ABSENT;
    note(m, 'x', profile);
    for (unsigned i = 0; i < sizeof(memories) / sizeof(memories[0]); i++)
        if (*memories[i] == profile)
            *memories[i] = NOBODY;
}

/* PPR1 holds against operational profiles. */
static bool enabled_is_locked(const struct model *m, uint8_t against)
{
    uint8_t old = enabled(m);

    return old != NOBODY && FACT(m, old, ppr1) && !FACT(m, against, test);
}

static bool catches_terminal_busy(const struct model *m, bool wanted)
{
    return wanted && m->s->busy;
}

/* --- the LPA ------------------------------------------------------------------------------------- */

static unsigned lpa_enable(struct model *m, const struct event *event)
{
    uint8_t p = event->profile;
    uint8_t old = enabled(m);
    uint8_t back = m->s->before_test;

    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == ENABLED)
        return 2;
    if (m->s->emergency)
        return 127;
    if (FACT(m, p, ecall) || enabled_is_locked(m, p))
        return 3;
    if (old != NOBODY && FACT(m, old, test) && !FACT(m, p, test) && back != NOBODY && back != p)
        return 4;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_to(m, p);
    m->s->rollback = NOBODY;
    m->s->before_fallback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned lpa_disable(struct model *m, const struct event *event)
{
    uint8_t p = event->profile;

    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == DISABLED)
        return 2;
    if (m->s->emergency)
        return 127;
    if (FACT(m, p, ppr1))
        return 3;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_off(m, p);
    m->s->rollback = NOBODY;
    m->s->before_fallback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned lpa_delete(struct model *m, const struct event *event)
{
    uint8_t p = event->profile;

    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == ENABLED)
        return 2;
    if (m->s->emergency)
        return 127;
    if (FACT(m, p, ppr2))
        return 3;
    erase(m, p);
    return 0;
}

/* The enabled profile goes first. It takes every way back with it, and a test's memory. */
static unsigned memory_reset(struct model *m, bool test, unsigned in_emergency)
{
    uint8_t old = enabled(m);
    bool takes_enabled = old != NOBODY && FACT(m, old, test) == test;
    bool any = false;

    for (uint8_t p = 1; p <= m->world->count; p++)
        any = any || (STATE(m, p) != ABSENT && FACT(m, p, test) == test);
    if (any && m->s->emergency)
        return in_emergency;
    if (!any)
        return 1;
    if (takes_enabled) {
        if (m->s->busy)
            return 5;
        erase(m, old);
        m->s->rollback = NOBODY;
        m->s->before_fallback = NOBODY;
        m->s->before_test = NOBODY;
        refresh(m, true);
    }
    for (uint8_t p = 1; p <= m->world->count; p++)
        if (STATE(m, p) != ABSENT && FACT(m, p, test) == test)
            erase(m, p);
    return 0;
}

static unsigned lpa_reset_operational(struct model *m, const struct event *event)
{
    (void)event;
    return memory_reset(m, false, 127);
}

static unsigned lpa_reset_test(struct model *m, const struct event *event)
{
    (void)event;
    return memory_reset(m, true, 127);
}

static unsigned iot_reset_operational(struct model *m, const struct event *event)
{
    (void)event;
    return memory_reset(m, false, 104);
}

/* --- packages ------------------------------------------------------------------------------------ */

struct progress {
    bool enabled, disabled, refreshed;
    uint8_t switched_off;
};

static unsigned package_enable(struct model *m, uint8_t p, bool rollback, struct progress *progress)
{
    uint8_t old = enabled(m);
    uint8_t back = old != NOBODY ? old : progress->switched_off;

    if (progress->enabled)
        return 127;
    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == ENABLED)
        return 2;
    if (FACT(m, p, ecall) || enabled_is_locked(m, p))
        return 3;
    if (rollback && (back == NOBODY || back == p))
        return 20;
    if (catches_terminal_busy(m, !progress->refreshed))
        return 5;
    switch_to(m, p);
    m->s->before_fallback = NOBODY;
    if (rollback)
        m->s->rollback = back;
    progress->enabled = true;
    progress->refreshed = true;
    return 0;
}

static unsigned package_disable(struct model *m, uint8_t p, struct progress *progress)
{
    if (progress->disabled || progress->enabled)
        return 127;
    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == DISABLED)
        return 2;
    if (FACT(m, p, ppr1))
        return 3;
    if (catches_terminal_busy(m, !progress->refreshed))
        return 5;
    switch_off(m, p);
    m->s->before_fallback = NOBODY;
    progress->disabled = true;
    progress->switched_off = p;
    progress->refreshed = true;
    return 0;
}

static unsigned package_delete(struct model *m, uint8_t p)
{
    if (STATE(m, p) == ABSENT)
        return 1;
    if (STATE(m, p) == ENABLED)
        return 2;
    if (FACT(m, p, ppr2))
        return 3;
    if (m->s->rollback == p)
        return 20;
    if (m->s->fallback != NOBODY && enabled(m) == m->s->fallback && m->s->before_fallback == p)
        return 21;
    erase(m, p);
    return 0;
}

static unsigned package_set_fallback(struct model *m, uint8_t p)
{
    if (STATE(m, p) == ABSENT)
        return 1;
    if (m->s->fallback == p)
        return 0;
    if (!FACT(m, p, fallback_allowed))
        return 2;
    if (m->s->fallback != NOBODY && enabled(m) == m->s->fallback)
        return 3;
    m->s->fallback = p;
    return 0;
}

static unsigned package_unset_fallback(struct model *m)
{
    if (m->s->fallback == NOBODY)
        return 2;
    if (enabled(m) == m->s->fallback)
        return 3;
    m->s->fallback = NOBODY;
    return 0;
}

static unsigned run_command(struct model *m, const struct command *command, struct progress *progress,
                            unsigned *tag)
{
    switch (command->operation) {
    case PACKAGE_ENABLE:
    case PACKAGE_ENABLE_ROLLBACK:
        *tag = 0x83;
        return package_enable(m, command->profile, command->operation == PACKAGE_ENABLE_ROLLBACK, progress);
    case PACKAGE_DISABLE:
        *tag = 0x84;
        return package_disable(m, command->profile, progress);
    case PACKAGE_DELETE:
        *tag = 0x85;
        return package_delete(m, command->profile);
    case PACKAGE_SET_FALLBACK:
        *tag = 0x8D;
        return package_set_fallback(m, command->profile);
    default:
        *tag = 0x8E;
        return package_unset_fallback(m);
    }
}

/* The results one after the other; an emergency refuses the package whole. */
static void package(struct model *m, const struct event *event)
{
    struct progress progress = {.enabled = false};
    unsigned code = 0;

    if (m->s->emergency) {
        snprintf(m->out->codes, CODES_MAX, "020168");
        return;
    }
    m->s->rollback = NOBODY;
    for (unsigned i = 0; i < COMMANDS_MAX && event->commands[i].operation != NO_COMMAND && code == 0; i++) {
        size_t size = strlen(m->out->codes);
        unsigned tag;

        code = run_command(m, &event->commands[i], &progress, &tag);
        snprintf(m->out->codes + size, CODES_MAX - size, "%02X01%02X", tag, code);
    }
    if (progress.refreshed)
        refresh(m, true);
}

/* --- the IPA's ways back ------------------------------------------------------------------------- */

static unsigned rollback(struct model *m, const struct event *event)
{
    if (m->s->rollback == NOBODY)
        return 1;
    if (m->s->emergency)
        return 7;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_to(m, m->s->rollback);
    m->s->rollback = NOBODY;
    m->s->before_fallback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned fallback(struct model *m, const struct event *event)
{
    uint8_t old = enabled(m);
    uint8_t to = m->s->fallback;

    if (old == NOBODY)
        return 7;
    if (to == NOBODY)
        return 6;
    if (old == to)
        return 2;
    if (m->s->emergency)
        return 104;
    if (FACT(m, to, ecall))
        return 6;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_to(m, to);
    m->s->before_fallback = old;
    m->s->rollback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned return_from_fallback(struct model *m, const struct event *event)
{
    uint8_t old = enabled(m);

    if (old == NOBODY || old != m->s->fallback || m->s->before_fallback == NOBODY)
        return 6;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_to(m, m->s->before_fallback);
    m->s->before_fallback = NOBODY;
    m->s->rollback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned immediate_enable(struct model *m, const struct event *event)
{
    uint8_t p = m->s->installed;

    if (p == NOBODY)
        return 4;
    if (STATE(m, p) != DISABLED || m->s->emergency || FACT(m, p, ecall) || enabled_is_locked(m, p))
        return 1;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    switch_to(m, p);
    m->s->installed = NOBODY;
    m->s->rollback = NOBODY;
    m->s->before_fallback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static uint8_t emergency_profile(const struct model *m)
{
    for (uint8_t p = 1; p <= m->world->count; p++)
        if (FACT(m, p, ecall) && STATE(m, p) != ABSENT)
            return p;
    return NOBODY;
}

/* There and back without a word to anybody, and nothing forgotten but a rollback grant (CR111007R00). */
static unsigned emergency_on(struct model *m, const struct event *event)
{
    uint8_t e = emergency_profile(m);
    uint8_t old = enabled(m);

    if (e == NOBODY)
        return 8;
    if (old == e)
        return 2;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    if (old != NOBODY)
        STATE(m, old) = DISABLED;
    STATE(m, e) = ENABLED;
    m->s->emergency = 1;
    m->s->before_emergency = old;
    m->s->rollback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

static unsigned emergency_off(struct model *m, const struct event *event)
{
    uint8_t e = emergency_profile(m);

    if (e == NOBODY)
        return m->world->v1_3 ? 8 : 2; /* ecallNotAvailable came with v1.3 */
    if (STATE(m, e) != ENABLED)
        return 2;
    if (catches_terminal_busy(m, event->refresh))
        return 5;
    STATE(m, e) = DISABLED;
    if (m->s->before_emergency != NOBODY)
        STATE(m, m->s->before_emergency) = ENABLED;
    m->s->emergency = 0;
    m->s->before_emergency = NOBODY;
    m->s->rollback = NOBODY;
    refresh(m, event->refresh);
    return 0;
}

/* --- the rest ------------------------------------------------------------------------------------ */

static unsigned power_loss(struct model *m, const struct event *event)
{
    (void)event;
    m->s->installed = NOBODY;
    m->s->busy = 0;
    return 0;
}

static unsigned download(struct model *m, const struct event *event)
{
    STATE(m, event->profile) = DISABLED;
    m->s->installed = event->profile;
    return 0;
}

bool model_possible(const struct world *world, const struct state *state, const struct event *event)
{
    (void)world;
    return event->operation != DOWNLOAD || state->profiles[event->profile - 1] == ABSENT;
}

void model_step(const struct world *world, const struct state *state, const struct event *event,
                struct outcome *outcome)
{
    static unsigned (*const steps[])(struct model * m, const struct event *event) = {
        [LPA_ENABLE] = lpa_enable,
        [LPA_DISABLE] = lpa_disable,
        [LPA_DELETE] = lpa_delete,
        [LPA_RESET_OPERATIONAL] = lpa_reset_operational,
        [LPA_RESET_TEST] = lpa_reset_test,
        [IOT_RESET_OPERATIONAL] = iot_reset_operational,
        [PACKAGE] = NULL,
        [ROLLBACK] = rollback,
        [IMMEDIATE_ENABLE] = immediate_enable,
        [EMERGENCY_ON] = emergency_on,
        [EMERGENCY_OFF] = emergency_off,
        [FALLBACK] = fallback,
        [RETURN] = return_from_fallback,
        [POWER_LOSS] = power_loss,
        [DOWNLOAD] = download,
    };
    struct model m = {.world = world, .out = outcome, .s = &outcome->state};

    outcome->state = *state;
    outcome->notes[0] = '\0';
    outcome->codes[0] = '\0';
    if (event->operation == PACKAGE)
        package(&m, event);
    else
        snprintf(outcome->codes, CODES_MAX, "%02X", steps[event->operation](&m, event));
}
