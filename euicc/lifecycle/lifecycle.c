/*
 * The profile state machine: see lifecycle.h. The table is the whole of it; the guards it names are in
 * lifecycle_guards.c, the actions in lifecycle_actions.c, and below it stand the few lines that execute it.
 */
#include "euicc/lifecycle/lifecycle_steps.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/session.h"

#include <string.h>

static const struct lifecycle_row table[] = {
    {LIFECYCLE_INSTALL, LIFECYCLE_ABSENT, LIFECYCLE_DISABLED, {NULL}, {NULL}},

    /* ES10c (SGP.22 5.7.16-5.7.19). Reading: on a card that serves an LPA and an IPA, what the LPA does ends
     * what the IPA could have undone. */
    {LIFECYCLE_ENABLE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_no_emergency, &guard_ordinary, &guard_enabled_yields, &guard_reenabling, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_withdraw,
      &action_refresh_if_asked}},
    {LIFECYCLE_DISABLE,
     LIFECYCLE_ENABLED,
     LIFECYCLE_DISABLED,
     {&guard_no_emergency, &guard_ppr1, &guard_terminal},
     {&action_disable, &action_restore, &action_forget_return, &action_withdraw, &action_refresh_if_asked}},
    {LIFECYCLE_DELETE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ABSENT,
     {&guard_no_emergency, &guard_ppr2, &guard_not_marked},
     {&action_forget_way_back, &action_erase}},

    /* Memory reset asks no policy rule (SGP.22 5.7.19, SGP.32 5.9.5). */
    {LIFECYCLE_MEMORY_RESET,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ABSENT,
     {&guard_no_emergency, &guard_nothing_marked},
     {&action_forget_way_back, &action_erase}},
    {LIFECYCLE_MEMORY_RESET,
     LIFECYCLE_ENABLED,
     LIFECYCLE_ABSENT,
     {&guard_no_emergency, &guard_nothing_marked, &guard_terminal_for_reset},
     {&action_erase, &action_forget, &action_forget_return, &action_withdraw, &action_refresh}},

    /* eUICC Packages (SGP.32 3.3.1, 5.9.1). */
    {LIFECYCLE_PACKAGE, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_no_emergency}, {&action_withdraw}},
    {LIFECYCLE_PACKAGE, LIFECYCLE_ENABLED, LIFECYCLE_ENABLED, {&guard_no_emergency}, {&action_withdraw}},
    {LIFECYCLE_PACKAGE_ENABLE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_ordinary, &guard_enabled_yields, &guard_rollback_possible, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_grant,
      &action_refresh_if_asked}},
    {LIFECYCLE_PACKAGE_DISABLE,
     LIFECYCLE_ENABLED,
     LIFECYCLE_DISABLED,
     {&guard_ppr1, &guard_terminal},
     {&action_disable, &action_restore, &action_forget_return, &action_refresh_if_asked}},
    {LIFECYCLE_PACKAGE_DELETE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ABSENT,
     {&guard_ppr2, &guard_not_rollback_target, &guard_not_return_profile, &guard_not_marked},
     {&action_erase}},

    /* Rollback (SGP.32 3.3.2, 5.9.16). */
    {LIFECYCLE_ROLLBACK, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_rollback_granted}, {NULL}},
    {LIFECYCLE_ROLLBACK,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_rollback_in_order, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_drop_result,
      &action_withdraw, &action_reset_if_asked}},

    /* Fallback (SGP.32 3.4.6, 3.4.7, 5.9.20, 5.9.21). An enabled Fallback Profile is in no state to fall
     * back to; it answers so even in an emergency. */
    {LIFECYCLE_EXECUTE_FALLBACK,
     LIFECYCLE_ABSENT,
     LIFECYCLE_ABSENT,
     {&guard_somebody_enabled, &guard_fallback_set},
     {NULL}},
    {LIFECYCLE_EXECUTE_FALLBACK,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_somebody_enabled, &guard_no_emergency, &guard_fallback_ordinary, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_remember_return, &action_withdraw,
      &action_refresh_if_asked}},
    {LIFECYCLE_RETURN_FROM_FALLBACK, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_return_known}, {NULL}},
    {LIFECYCLE_RETURN_FROM_FALLBACK,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_fallback_enabled, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_withdraw,
      &action_refresh_if_asked}},

    /* Immediate enable (SGP.32 5.9.15). */
    {LIFECYCLE_IMMEDIATE_ENABLE,
     LIFECYCLE_ABSENT,
     LIFECYCLE_ABSENT,
     {&guard_immediate_configured, &guard_immediate_session, &guard_immediate_there},
     {NULL}},
    {LIFECYCLE_IMMEDIATE_ENABLE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_immediate_from_smdp, &guard_immediate_no_emergency, &guard_immediate_ordinary,
      &guard_immediate_yields, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_withdraw,
      &action_use_up_session, &action_refresh_if_asked}},
    {LIFECYCLE_IMMEDIATE_ENABLE,
     LIFECYCLE_ENABLED,
     LIFECYCLE_ENABLED,
     {&guard_immediate_not_enabled},
     {NULL}},

    /* The Emergency Profile (SGP.32 5.9.22, 5.9.23): an excursion that ends where it began, so all that is
     * remembered stays, but for a rollback grant. */
    {LIFECYCLE_ENABLE_EMERGENCY, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_emergency_there}, {NULL}},
    {LIFECYCLE_ENABLE_EMERGENCY,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_terminal},
     {&action_enter_emergency, &action_withdraw, &action_refresh_if_asked}},
    {LIFECYCLE_DISABLE_EMERGENCY, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_emergency_there}, {NULL}},
    {LIFECYCLE_DISABLE_EMERGENCY,
     LIFECYCLE_ENABLED,
     LIFECYCLE_DISABLED,
     {&guard_terminal},
     {&action_leave_emergency, &action_withdraw, &action_refresh_if_asked}},

    /* Power off and every reset: no profile moves, nothing that is remembered is forgotten. */
    {LIFECYCLE_POWER_LOSS, LIFECYCLE_DISABLED, LIFECYCLE_DISABLED, {NULL}, {&action_end_sessions}},
    {LIFECYCLE_POWER_LOSS, LIFECYCLE_ENABLED, LIFECYCLE_ENABLED, {NULL}, {&action_end_sessions}},
};

#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

const struct lifecycle_row *lifecycle_table(size_t *rows)
{
    *rows = TABLE_ROWS;
    return table;
}

/* --- events -------------------------------------------------------------------------------------- */

static bool profile_if_any(struct softeuicc *card, int64_t id, struct profile *subject)
{
    return id != 0 && profile_by_id(card, id, subject);
}

static bool rollback_profile(struct softeuicc *card, struct profile *subject)
{
    struct rollback_grant grant;

    return recovery_rollback(card, &grant) && profile_if_any(card, grant.profile, subject);
}

static bool fallback_profile(struct softeuicc *card, struct profile *subject)
{
    return profile_if_any(card, recovery_fallback_profile(card), subject);
}

static bool profile_before_fallback(struct softeuicc *card, struct profile *subject)
{
    return profile_if_any(card, recovery_before_fallback(card), subject);
}

static bool installed_profile(struct softeuicc *card, struct profile *subject)
{
    return profile_if_any(card, rsp_session_installed(card), subject);
}

static bool emergency_profile(struct softeuicc *card, struct profile *subject)
{
    return profile_if_any(card, recovery_emergency_profile(card), subject);
}

/* Only which and that it is enabled: a package's acceptance asks nothing else of it. */
static bool enabled_profile(struct softeuicc *card, struct profile *subject)
{
    subject->id = nvm_figure(card->nvm, "SELECT id FROM profile WHERE state = 'enabled'", NVM_NONE);
    subject->state = PROFILE_ENABLED;
    return subject->id != 0;
}

static const struct event {
    const char *name;
    /* The profile it is about; false: there is none. NULL: the request names it. */
    bool (*subject)(struct softeuicc *card, struct profile *subject);
} events[] = {
    [LIFECYCLE_INSTALL] = {"install", NULL},
    [LIFECYCLE_ENABLE] = {"enable", NULL},
    [LIFECYCLE_DISABLE] = {"disable", NULL},
    [LIFECYCLE_DELETE] = {"delete", NULL},
    [LIFECYCLE_MEMORY_RESET] = {"memory reset", NULL},
    [LIFECYCLE_PACKAGE_ENABLE] = {"package: enable", NULL},
    [LIFECYCLE_PACKAGE_DISABLE] = {"package: disable", NULL},
    [LIFECYCLE_PACKAGE_DELETE] = {"package: delete", NULL},
    [LIFECYCLE_ROLLBACK] = {"rollback", rollback_profile},
    [LIFECYCLE_EXECUTE_FALLBACK] = {"execute fallback", fallback_profile},
    [LIFECYCLE_RETURN_FROM_FALLBACK] = {"return from fallback", profile_before_fallback},
    [LIFECYCLE_IMMEDIATE_ENABLE] = {"immediate enable", installed_profile},
    [LIFECYCLE_ENABLE_EMERGENCY] = {"enable emergency profile", emergency_profile},
    [LIFECYCLE_DISABLE_EMERGENCY] = {"disable emergency profile", emergency_profile},
    [LIFECYCLE_PACKAGE] = {"package accepted", enabled_profile},
    [LIFECYCLE_POWER_LOSS] = {"power loss, reset", NULL},
};

const char *lifecycle_state_name(enum lifecycle_state state)
{
    static const char *const names[] = {"absent", "disabled", "enabled"};

    return names[state];
}

const char *lifecycle_event_name(enum lifecycle_event event)
{
    return events[event].name;
}

/* --- the table at work --------------------------------------------------------------------------- */

const struct lifecycle_row *lifecycle_row(enum lifecycle_event event, enum lifecycle_state from)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].event == event && table[i].from == from)
            return &table[i];
    return NULL;
}

enum lifecycle_state lifecycle_initial_state(void)
{
    return lifecycle_row(LIFECYCLE_INSTALL, LIFECYCLE_ABSENT)->to;
}

static enum lifecycle_result lifecycle_ask(const struct lifecycle_row *row, const struct lifecycle_step *step)
{
    for (size_t i = 0; row->guards[i] != NULL; i++)
        if (!row->guards[i]->holds(step))
            return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : row->guards[i]->refusal;
    return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_OK;
}

/* `was_marked`: what was to be done at once has been. */
static enum lifecycle_result lifecycle_act(const struct lifecycle_row *row, const struct lifecycle_step *step,
                                           bool was_marked)
{
    for (size_t i = 0; row->actions[i] != NULL; i++)
        if (!(was_marked && row->actions[i]->at_once) && !row->actions[i]->run(step))
            return LIFECYCLE_FAILED;
    return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_OK;
}

/* The profile that is enabled when the step begins. At most one is: it need not be read twice. */
static void find_enabled(struct lifecycle_step *step)
{
    if (step->subject->id != 0 && step->subject->state == PROFILE_ENABLED) {
        step->enabled = *step->subject;
        step->has_enabled = true;
    } else {
        step->has_enabled = profile_enabled(step->card, &step->enabled);
    }
}

static void forget_enabled(struct lifecycle_step *step)
{
    if (step->enabled.id != step->subject->id)
        profile_clear(&step->enabled);
}

static enum lifecycle_state state_of(const struct profile *profile)
{
    if (profile->id == 0)
        return LIFECYCLE_ABSENT;
    return profile->state == PROFILE_ENABLED ? LIFECYCLE_ENABLED : LIFECYCLE_DISABLED;
}

static enum lifecycle_result lifecycle_execute(struct lifecycle_step *step, enum lifecycle_event event,
                                               bool only_ask)
{
    enum lifecycle_state state = state_of(step->subject);
    const struct lifecycle_row *row = lifecycle_row(event, state);
    enum lifecycle_result result;

    if (row == NULL)
        return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_WRONG_STATE;
    find_enabled(step);
    result = lifecycle_ask(row, step);
    if (result == LIFECYCLE_OK && !only_ask)
        result = lifecycle_act(row, step, false);
    if (result == LIFECYCLE_OK && !only_ask)
        marking_note(step->card, lifecycle_event_name(event), step->subject->id);
    forget_enabled(step);
    return result;
}

/* --- changes that are marked ------------------------------------------------------------------------ */

static bool find_event(const char *name, enum lifecycle_event *event)
{
    for (*event = 0; *event < LIFECYCLE_EVENTS; (*event)++)
        if (strcmp(name, events[*event].name) == 0)
            return true;
    return false;
}

/* The guards were asked when it was marked, and what moves profiles since settles it first. */
static bool take_step(struct softeuicc *card, const struct marked_step *marked)
{
    struct profile subject;
    struct lifecycle_step step = {.card = card, .subject = &subject};
    const struct lifecycle_row *row = NULL;
    enum lifecycle_event event;
    bool done;

    if (!profile_by_id(card, marked->profile, &subject))
        return !nvm_failed(card->nvm);
    if (find_event(marked->event, &event))
        row = lifecycle_row(event, state_of(&subject));
    find_enabled(&step);
    done = row == NULL || lifecycle_act(row, &step, true) == LIFECYCLE_OK;
    forget_enabled(&step);
    profile_clear(&subject);
    return done;
}

bool lifecycle_settle(struct softeuicc *card, bool refreshed)
{
    struct marking *around = card->marking; /* of the command at hand, whose steps these are not */
    struct marked_step step;
    struct buf steps = {0};
    bool done;

    if (!marking_waits(card))
        return !nvm_failed(card->nvm);
    card->marking = NULL;
    done = marking_take(card, &steps);
    for (size_t at = 0; done && at < steps.size; at += sizeof(step)) {
        memcpy(&step, steps.data + at, sizeof(step));
        /* What was not changed cannot be rolled back. */
        done = refreshed ? take_step(card, &step)
                         : strncmp(step.event, "package", 7) != 0 || recovery_withdraw_rollback(card);
    }
    buf_free(&steps);
    card->marking = around;
    return done && !nvm_failed(card->nvm);
}

/* --- what others ask -------------------------------------------------------------------------------- */

enum lifecycle_result lifecycle_run_package(struct softeuicc *card, const struct profile *profile,
                                            enum lifecycle_event event, bool refresh,
                                            const struct lifecycle_package *package)
{
    struct lifecycle_step step = {.card = card, .subject = profile, .refresh = refresh, .package = package};
    struct profile now;
    enum lifecycle_result result;

    if (refresh || (event != LIFECYCLE_ENABLE && event != LIFECYCLE_DISABLE) || !marking_waits(card))
        return nvm_failed(card->nvm) ? LIFECYCLE_FAILED : lifecycle_execute(&step, event, false);
    if (!lifecycle_settle(card, true) || !profile_by_id(card, profile->id, &now))
        return nvm_failed(card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_WRONG_STATE;
    step.subject = &now;
    result = lifecycle_execute(&step, event, false);
    profile_clear(&now);
    return result;
}

enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile,
                                    enum lifecycle_event event, bool refresh)
{
    struct marking marking;
    enum lifecycle_result result;

    if (!refresh)
        return lifecycle_run_package(card, profile, event, false, NULL);
    if (!marking_begin(card, &marking, false))
        return LIFECYCLE_FAILED;
    result = lifecycle_run_package(card, profile, event, true, NULL);
    return marking_end(card, &marking) ? result : LIFECYCLE_FAILED;
}

/* The subject is found before anything else; one that is not there is a subject too. */
static enum lifecycle_result trigger(struct softeuicc *card, enum lifecycle_event event, bool refresh,
                                     bool only_ask)
{
    struct profile subject = {.id = 0};
    struct lifecycle_step step = {.card = card, .subject = &subject, .refresh = refresh};
    enum lifecycle_result result;

    (void)events[event].subject(card, &subject);
    result = lifecycle_execute(&step, event, only_ask);
    profile_clear(&subject);
    return result;
}

enum lifecycle_result lifecycle_trigger(struct softeuicc *card, enum lifecycle_event event, bool refresh)
{
    struct marking marking;
    enum lifecycle_result result;

    if (!refresh && event != LIFECYCLE_PACKAGE && !lifecycle_settle(card, true))
        return LIFECYCLE_FAILED;
    if (!refresh)
        return trigger(card, event, false, false);
    if (!marking_begin(card, &marking, false))
        return LIFECYCLE_FAILED;
    result = trigger(card, event, true, false);
    return marking_end(card, &marking) ? result : LIFECYCLE_FAILED;
}

enum lifecycle_result lifecycle_check(struct softeuicc *card, enum lifecycle_event event, bool refresh)
{
    return trigger(card, event, refresh, true);
}

/* Its rows have the same actions and no guard, and memory is not asked which profile is enabled: memory may
 * be what failed. */
void lifecycle_power_loss(struct softeuicc *card)
{
    const struct profile none = {.id = 0};
    const struct lifecycle_step step = {.card = card, .subject = &none};

    (void)lifecycle_act(lifecycle_row(LIFECYCLE_POWER_LOSS, LIFECYCLE_DISABLED), &step, false);
}
