/*
 * The actions of the lifecycle table (lifecycle_steps.h): each does one thing that a step has as its effect,
 * inside the command's transaction.
 */
#include "euicc/lifecycle/lifecycle_steps.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/package_result.h"
#include "euicc/lifecycle/session.h"
#include "euicc/terminal/toolkit.h"

#define ACTION(action, text, effect)         const struct lifecycle_action action = {text, effect, false}
#define ACTION_AT_ONCE(action, text, effect) const struct lifecycle_action action = {text, effect, true}

/* --- profiles ------------------------------------------------------------------------------------ */

/* The enabled profile, if another one is, goes out of the way. */
static bool displace(const struct lifecycle_step *step)
{
    if (!lifecycle_displaces(step))
        return true;
    return profile_set_state(step->card, step->enabled.id, PROFILE_DISABLED) &&
           notification_for_profile(step->card, &step->enabled, NOTIFICATION_DISABLE);
}

ACTION(action_displace, "disable the enabled one, notify", displace);

static bool enable(const struct lifecycle_step *step)
{
    return profile_set_state(step->card, step->subject->id, PROFILE_ENABLED) &&
           notification_for_profile(step->card, step->subject, NOTIFICATION_ENABLE);
}

ACTION(action_enable, "enable, notify", enable);

static bool disable(const struct lifecycle_step *step)
{
    return profile_set_state(step->card, step->subject->id, PROFILE_DISABLED) &&
           notification_for_profile(step->card, step->subject, NOTIFICATION_DISABLE);
}

ACTION(action_disable, "disable, notify", disable);

static bool erase(const struct lifecycle_step *step)
{
    return notification_for_profile(step->card, step->subject, NOTIFICATION_DELETE) &&
           profile_delete(step->card, step->subject->id);
}

ACTION(action_erase, "notify, erase", erase);

/* --- test profiles ------------------------------------------------------------------------------- */

/*
 * The profile that a first test profile displaces is remembered; a test after a test keeps the memory,
 * anything else ends it. Reading of SGP.32: whatever enables a test profile, the card's own ways back too,
 * does the same.
 */
static bool lifecycle_remember(const struct lifecycle_step *step)
{
    int64_t before = profile_before_test(step->card);
    int64_t id = 0;

    if (step->subject->class == PROFILE_TEST && lifecycle_displaces(step))
        id = step->enabled.class == PROFILE_TEST ? before : step->enabled.id;
    return id == before || profile_set_before_test(step->card, id);
}

ACTION(action_remember, "remember whom a test displaced", lifecycle_remember);

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

ACTION(action_restore, "enable again whom a test displaced", restore);

/* Reading: a memory reset that takes the enabled test profile leaves nothing enabled; what it displaced stays
 * disabled. */
static bool lifecycle_forget(const struct lifecycle_step *step)
{
    return profile_before_test(step->card) == 0 || profile_set_before_test(step->card, 0);
}

ACTION(action_forget, "forget whom a test displaced", lifecycle_forget);

/* --- REFRESH ------------------------------------------------------------------------------------- */

/* Who does not ask for it has the terminal reset the card by itself, whatever that is at (SGP.22 5.7.16). */
static bool refresh_if_asked(const struct lifecycle_step *step)
{
    if (step->refresh)
        return toolkit_request_refresh(step->card);
    toolkit_end_session(step->card);
    return true;
}

ACTION_AT_ONCE(action_refresh_if_asked, "REFRESH if asked", refresh_if_asked);

/* Reading: a terminal that has not got to the network with a profile that it switched to begins anew with the
 * one before it. Some cannot use a channel after a switch until they are reset. */
static bool reset_if_asked(const struct lifecycle_step *step)
{
    if (step->refresh)
        return toolkit_request_reset(step->card);
    toolkit_end_session(step->card);
    return true;
}

ACTION_AT_ONCE(action_reset_if_asked, "REFRESH with a reset if asked", reset_if_asked);

static bool refresh_always(const struct lifecycle_step *step)
{
    return toolkit_request_refresh(step->card);
}

ACTION(action_refresh, "REFRESH", refresh_always);

/* --- rollback ------------------------------------------------------------------------------------ */

/*
 * SGP.32 5.9.15, 5.9.20 to 5.9.23: with the refresh flag and without it (CR111007R00). Reading: a grant
 * undoes one switch, so whatever else moves the enabled profile (an LPA's enable and disable too) withdraws
 * it, at the moment when it takes effect.
 */
static bool withdraw(const struct lifecycle_step *step)
{
    return recovery_withdraw_rollback(step->card);
}

ACTION(action_withdraw, "withdraw a rollback grant", withdraw);

static bool grant(const struct lifecycle_step *step)
{
    struct rollback_grant granted;

    if (step->package == NULL || step->package->grant == NULL)
        return true;
    granted = *step->package->grant;
    granted.profile = lifecycle_rollback_target(step);
    return recovery_grant_rollback(step->card, &granted);
}

ACTION(action_grant, "with rollback: grant it", grant);

/* The eIM learns from the rollback's own result what became of the package. */
static bool drop_result(const struct lifecycle_step *step)
{
    struct rollback_grant granted;

    if (recovery_rollback(step->card, &granted))
        (void)package_result_remove(step->card, granted.result);
    return !nvm_failed(step->card->nvm);
}

ACTION(action_drop_result, "drop the package's result", drop_result);

/* --- deletion of a profile that is remembered ---------------------------------------------------- */

/*
 * Reading: an LPA may delete the profile that a rollback or a fallback would go back to, a memory reset does;
 * then there is no such way any more. All but the grant, which has more to it than the profile, is forgotten
 * by the tables themselves (ON DELETE SET NULL).
 */
static bool forget_way_back(const struct lifecycle_step *step)
{
    struct rollback_grant granted;

    return !recovery_rollback(step->card, &granted) || granted.profile != step->subject->id ||
           recovery_withdraw_rollback(step->card);
}

ACTION(action_forget_way_back, "forget ways back to it", forget_way_back);

/* --- fallback ------------------------------------------------------------------------------------ */

static bool remember_return(const struct lifecycle_step *step)
{
    return recovery_set_before_fallback(step->card, step->enabled.id);
}

ACTION(action_remember_return, "remember where to return to", remember_return);

/* SGP.32 3.3.1 says it of a package's enable. Reading: of every other switch as well. */
static bool forget_return(const struct lifecycle_step *step)
{
    return recovery_before_fallback(step->card) == 0 || recovery_set_before_fallback(step->card, 0);
}

ACTION(action_forget_return, "forget where to return to", forget_return);

/* --- immediate enable ---------------------------------------------------------------------------- */

/* Reading: a download entitles to one immediate enable. */
static bool use_up_session(const struct lifecycle_step *step)
{
    rsp_session_end(step->card);
    return true;
}

ACTION_AT_ONCE(action_use_up_session, "use up the session", use_up_session);

/* --- the Emergency Profile ----------------------------------------------------------------------- */

/* There are no notifications for the switch to it (SGP.32 5.9.22). Reading: nor for the one back, since no
 * server has heard of the first. */
static bool enter_emergency(const struct lifecycle_step *step)
{
    struct softeuicc *card = step->card;
    int64_t before = lifecycle_displaces(step) ? step->enabled.id : 0;

    return (before == 0 || profile_set_state(card, before, PROFILE_DISABLED)) &&
           profile_set_state(card, step->subject->id, PROFILE_ENABLED) &&
           recovery_set_emergency(card, true, before);
}

ACTION(action_enter_emergency, "swap, remember the enabled one", enter_emergency);

static bool leave_emergency(const struct lifecycle_step *step)
{
    struct softeuicc *card = step->card;
    int64_t before = recovery_before_emergency(card);

    return profile_set_state(card, step->subject->id, PROFILE_DISABLED) &&
           (before == 0 || profile_set_state(card, before, PROFILE_ENABLED)) &&
           recovery_set_emergency(card, false, 0);
}

ACTION(action_leave_emergency, "swap back, forget", leave_emergency);

/* --- power --------------------------------------------------------------------------------------- */

/* What lives in RAM: a download under way and what ImmediateEnable may enable, proactive commands. All else
 * is remembered: power-cycling a device that cannot attach is what a rollback is granted for. */
static bool end_sessions(const struct lifecycle_step *step)
{
    card_end_sessions(step->card);
    toolkit_reset(step->card);
    return true;
}

ACTION(action_end_sessions, "end sessions", end_sessions);
