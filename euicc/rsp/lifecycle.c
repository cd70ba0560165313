/*
 * The profile state machine: see lifecycle.h. The table near the end is the whole of it; above it stand the
 * guards and the actions it names, below it the few lines that execute and print it.
 */
#include "euicc/rsp/lifecycle.h"

#include "euicc/rsp/notification.h"
#include "euicc/toolkit.h"

#include <string.h>

static bool displaces_another(const struct lifecycle_step *step)
{
    return step->has_enabled && step->enabled.id != step->subject->id;
}

/* --- guards -------------------------------------------------------------------------------------- */

/* A proactive session stands in the way of a REFRESH; without the refresh flag the terminal has ended it
 * (SGP.22 5.7.16). */
static bool terminal_is_free(const struct lifecycle_step *step)
{
    return !step->refresh || !toolkit_session_active(step->card);
}

static const struct lifecycle_guard guard_terminal = {"no proactive session", terminal_is_free,
                                                      LIFECYCLE_CAT_BUSY};

/* Reading: memory reset has no refresh flag; it needs a REFRESH by itself when it takes away the enabled
 * profile. */
static bool terminal_is_free_for_reset(const struct lifecycle_step *step)
{
    return !toolkit_session_active(step->card);
}

static const struct lifecycle_guard guard_terminal_for_reset = {
    "no proactive session", terminal_is_free_for_reset, LIFECYCLE_CAT_BUSY};

static bool may_be_disabled(const struct lifecycle_step *step)
{
    return !step->subject->ppr1;
}

static const struct lifecycle_guard guard_ppr1 = {"not PPR1", may_be_disabled,
                                                  LIFECYCLE_DISALLOWED_BY_POLICY};

/*
 * Reading: PPR1 of the enabled profile yields to a test profile (SGP.21 TPRO8) and to a provisioning profile
 * (SGP.22 2.4.5.2); an operational profile does not displace it.
 */
static bool enabled_yields(const struct lifecycle_step *step)
{
    return !displaces_another(step) || !step->enabled.ppr1 || step->subject->class != PROFILE_OPERATIONAL;
}

static const struct lifecycle_guard guard_enabled_yields = {"enabled profile not PPR1", enabled_yields,
                                                            LIFECYCLE_DISALLOWED_BY_POLICY};

/*
 * Reading of SGP.22 5.7.16: from an enabled test profile the way leads to another test profile, or back to
 * the profile that was enabled before the test; when there was none (or it has been deleted), to any.
 */
static bool is_right_reenabling(const struct lifecycle_step *step)
{
    int64_t before;

    if (!displaces_another(step) || step->enabled.class != PROFILE_TEST ||
        step->subject->class == PROFILE_TEST)
        return true;
    before = profile_before_test(step->card);
    return before == 0 || before == step->subject->id;
}

static const struct lifecycle_guard guard_reenabling = {"from a test only back", is_right_reenabling,
                                                        LIFECYCLE_WRONG_REENABLING};

static bool may_be_deleted(const struct lifecycle_step *step)
{
    return !step->subject->ppr2;
}

static const struct lifecycle_guard guard_ppr2 = {"not PPR2", may_be_deleted, LIFECYCLE_DISALLOWED_BY_POLICY};

/* --- actions ------------------------------------------------------------------------------------- */

/* The enabled profile, if another one is, goes out of the way. */
static bool displace(const struct lifecycle_step *step)
{
    if (!displaces_another(step))
        return true;
    return profile_set_state(step->card, step->enabled.id, PROFILE_DISABLED) &&
           notification_for_profile(step->card, &step->enabled, NOTIFICATION_DISABLE);
}

static const struct lifecycle_action action_displace = {"disable the enabled one", displace};

/* The profile that a first test profile displaces is remembered; a test after a test keeps the memory,
 * anything else ends it. */
static bool remember(const struct lifecycle_step *step)
{
    int64_t before = profile_before_test(step->card);
    int64_t id = 0;

    if (step->subject->class == PROFILE_TEST && displaces_another(step))
        id = step->enabled.class == PROFILE_TEST ? before : step->enabled.id;
    return id == before || profile_set_before_test(step->card, id);
}

static const struct lifecycle_action action_remember = {"remember whom a test displaced", remember};

static bool enable(const struct lifecycle_step *step)
{
    return profile_set_state(step->card, step->subject->id, PROFILE_ENABLED) &&
           notification_for_profile(step->card, step->subject, NOTIFICATION_ENABLE);
}

static const struct lifecycle_action action_enable = {"enable, notify", enable};

static bool disable(const struct lifecycle_step *step)
{
    return profile_set_state(step->card, step->subject->id, PROFILE_DISABLED) &&
           notification_for_profile(step->card, step->subject, NOTIFICATION_DISABLE);
}

static const struct lifecycle_action action_disable = {"disable, notify", disable};

/* When a test profile is disabled, the profile it displaced is enabled again (SGP.21 TPRO10). Reading: with
 * its enable notification. */
static bool restore(const struct lifecycle_step *step)
{
    int64_t before = profile_before_test(step->card);
    struct profile profile;
    bool done;

    if (before == 0 || step->subject->class != PROFILE_TEST)
        return true;
    if (!profile_by_id(step->card, before, &profile))
        return false;
    done = profile_set_before_test(step->card, 0) && profile_set_state(step->card, before, PROFILE_ENABLED) &&
           notification_for_profile(step->card, &profile, NOTIFICATION_ENABLE);
    profile_clear(&profile);
    return done;
}

static const struct lifecycle_action action_restore = {"enable again whom a test displaced", restore};

/* Reading: a memory reset that takes the enabled test profile leaves nothing enabled; what it displaced stays
 * disabled. */
static bool forget(const struct lifecycle_step *step)
{
    return profile_before_test(step->card) == 0 || profile_set_before_test(step->card, 0);
}

static const struct lifecycle_action action_forget = {"forget whom a test displaced", forget};

static bool erase(const struct lifecycle_step *step)
{
    return notification_for_profile(step->card, step->subject, NOTIFICATION_DELETE) &&
           profile_delete(step->card, step->subject->id);
}

static const struct lifecycle_action action_erase = {"notify, erase", erase};

static bool refresh_if_asked(const struct lifecycle_step *step)
{
    return !step->refresh || toolkit_request_refresh(step->card, TOOLKIT_REFRESH_UICC_RESET);
}

static const struct lifecycle_action action_refresh_if_asked = {"REFRESH if asked", refresh_if_asked};

static bool refresh_always(const struct lifecycle_step *step)
{
    return toolkit_request_refresh(step->card, TOOLKIT_REFRESH_UICC_RESET);
}

static const struct lifecycle_action action_refresh = {"REFRESH", refresh_always};

/* --- the table ----------------------------------------------------------------------------------- */

static const struct lifecycle_row table[] = {
    {LIFECYCLE_INSTALL, LIFECYCLE_ABSENT, LIFECYCLE_DISABLED, {NULL}, {NULL}},
    {LIFECYCLE_ENABLE,
     LIFECYCLE_DISABLED,
     LIFECYCLE_ENABLED,
     {&guard_enabled_yields, &guard_reenabling, &guard_terminal},
     {&action_displace, &action_remember, &action_enable, &action_refresh_if_asked}},
    {LIFECYCLE_DISABLE,
     LIFECYCLE_ENABLED,
     LIFECYCLE_DISABLED,
     {&guard_ppr1, &guard_terminal},
     {&action_disable, &action_restore, &action_refresh_if_asked}},
    {LIFECYCLE_DELETE, LIFECYCLE_DISABLED, LIFECYCLE_ABSENT, {&guard_ppr2}, {&action_erase}},
    /* Memory reset asks no policy rule (SGP.22 5.7.19). */
    {LIFECYCLE_MEMORY_RESET, LIFECYCLE_DISABLED, LIFECYCLE_ABSENT, {NULL}, {&action_erase}},
    {LIFECYCLE_MEMORY_RESET,
     LIFECYCLE_ENABLED,
     LIFECYCLE_ABSENT,
     {&guard_terminal_for_reset},
     {&action_erase, &action_forget, &action_refresh}},
};

#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

const char *lifecycle_state_name(enum lifecycle_state state)
{
    static const char *const names[] = {"absent", "disabled", "enabled"};

    return names[state];
}

const char *lifecycle_event_name(enum lifecycle_event event)
{
    static const char *const names[] = {"install", "enable", "disable", "delete", "memory reset"};

    return names[event];
}

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

static enum lifecycle_result execute(const struct lifecycle_row *row, const struct lifecycle_step *step)
{
    for (size_t i = 0; row->guards[i] != NULL; i++)
        if (!row->guards[i]->holds(step))
            return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : row->guards[i]->refusal;
    for (size_t i = 0; row->actions[i] != NULL; i++)
        if (!row->actions[i]->run(step))
            return LIFECYCLE_FAILED;
    return nvm_failed(step->card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_OK;
}

enum lifecycle_result lifecycle_run(struct softeuicc *card, const struct profile *profile,
                                    enum lifecycle_event event, bool refresh)
{
    enum lifecycle_state from = profile->state == PROFILE_ENABLED ? LIFECYCLE_ENABLED : LIFECYCLE_DISABLED;
    const struct lifecycle_row *row = lifecycle_row(event, from);
    struct lifecycle_step step = {.card = card, .subject = profile, .refresh = refresh};
    enum lifecycle_result result;

    if (row == NULL)
        return LIFECYCLE_WRONG_STATE;
    step.has_enabled = profile_enabled(card, &step.enabled);
    result = execute(row, &step);
    profile_clear(&step.enabled);
    return result;
}

/* --- the picture --------------------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

static void put_row(struct buf *out, const struct lifecycle_row *row)
{
    put_text(out, "  ");
    put_text(out, lifecycle_state_name(row->from));
    put_text(out, " -> ");
    put_text(out, lifecycle_state_name(row->to));
    put_text(out, " [label=\"");
    put_text(out, lifecycle_event_name(row->event));
    for (size_t i = 0; row->guards[i] != NULL; i++) {
        put_text(out, i == 0 ? "\\n[" : "; ");
        put_text(out, row->guards[i]->name);
    }
    if (row->guards[0] != NULL)
        put_text(out, "]");
    for (size_t i = 0; row->actions[i] != NULL; i++) {
        put_text(out, "\\n/ ");
        put_text(out, row->actions[i]->name);
    }
    put_text(out, "\"];\n");
}

void lifecycle_dot(struct buf *out)
{
    put_text(out, "digraph lifecycle {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (size_t i = 0; i < TABLE_ROWS; i++)
        put_row(out, &table[i]);
    put_text(out, "}\n");
}
