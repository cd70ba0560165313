/*
 * The profile state machine: see lifecycle.h. The table is the whole of it; the guards it names are in
 * lifecycle_guards.c, the actions in lifecycle_actions.c, and below it stand the few lines that execute it.
 */
#include "euicc/lifecycle/lifecycle_steps.h"
#include "euicc/lifecycle/session.h"

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
     {&guard_no_emergency, &guard_ppr2},
     {&action_forget_way_back, &action_erase}},

    /* Memory reset asks no policy rule (SGP.22 5.7.19, SGP.32 5.9.5). */
    {LIFECYCLE_MEMORY_RESET,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ABSENT,
     {&guard_no_emergency},
     {&action_forget_way_back, &action_erase}},
    {LIFECYCLE_MEMORY_RESET,
     LIFECYCLE_ENABLED,
     LIFECYCLE_ABSENT,
     {&guard_no_emergency, &guard_terminal_for_reset},
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
     {&guard_ppr2, &guard_not_rollback_target, &guard_not_return_profile},
     {&action_erase}},

    /* Rollback (SGP.32 3.3.2, 5.9.16). */
    {LIFECYCLE_ROLLBACK, LIFECYCLE_ABSENT, LIFECYCLE_ABSENT, {&guard_rollback_granted}, {NULL}},
    {LIFECYCLE_ROLLBACK,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_rollback_in_order, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_forget_return, &action_drop_result,
      &action_withdraw, &action_refresh_if_asked}},

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

static enum lifecycle_result lifecycle_act(const struct lifecycle_row *row, const struct lifecycle_step *step)
{
    for (size_t i = 0; row->actions[i] != NULL; i++)
        if (!row->actions[i]->run(step))
            return LIFECYCLE_FAILED;
    return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_OK;
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
    /* At most one profile is enabled: it need not be read twice. */
    if (state == LIFECYCLE_ENABLED)
        step->enabled = *step->subject;
    step->has_enabled = state == LIFECYCLE_ENABLED || profile_enabled(step->card, &step->enabled);
    result = lifecycle_ask(row, step);
    if (result == LIFECYCLE_OK && !only_ask)
        result = lifecycle_act(row, step);
    if (state != LIFECYCLE_ENABLED)
        profile_clear(&step->enabled);
    return result;
}

enum lifecycle_result lifecycle_run_package(struct softeuicc *card, const struct profile *profile,
                                            enum lifecycle_event event, bool refresh,
                                            const struct lifecycle_package *package)
{
    struct lifecycle_step step = {.card = card, .subject = profile, .refresh = refresh, .package = package};

    return lifecycle_execute(&step, event, false);
}

enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile,
                                    enum lifecycle_event event, bool refresh)
{
    return lifecycle_run_package(card, profile, event, refresh, NULL);
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
    return trigger(card, event, refresh, false);
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

    (void)lifecycle_act(lifecycle_row(LIFECYCLE_POWER_LOSS, LIFECYCLE_DISABLED), &step);
}
