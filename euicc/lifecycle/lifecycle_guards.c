/*
 * The guards of the lifecycle table (lifecycle_steps.h): each answers one question about a step before
 * anything is changed, and names the result when the answer is no.
 */
#include "euicc/lifecycle/immediate_enable.h"
#include "euicc/lifecycle/lifecycle_steps.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/session.h"
#include "euicc/terminal/toolkit.h"

#define GUARD(guard, text, question, result) const struct lifecycle_guard guard = {text, question, result}

bool lifecycle_displaces(const struct lifecycle_step *step)
{
    return step->has_enabled && step->enabled.id != step->subject->id;
}

static bool there(const struct lifecycle_step *step)
{
    return step->subject->id != 0;
}

/* --- the terminal -------------------------------------------------------------------------------- */

/* A proactive session stands in the way of a REFRESH; without the refresh flag it is ended (SGP.22
 * 5.7.16). */
static bool terminal_is_free(const struct lifecycle_step *step)
{
    return !step->refresh || toolkit_may_refresh(step->card);
}

GUARD(guard_terminal, "no proactive session", terminal_is_free, LIFECYCLE_CAT_BUSY);

/* Reading: memory reset has no refresh flag; it needs a REFRESH by itself when it takes away the enabled
 * profile. */
static bool terminal_is_free_for_reset(const struct lifecycle_step *step)
{
    return toolkit_may_refresh(step->card);
}

GUARD(guard_terminal_for_reset, "no proactive session", terminal_is_free_for_reset, LIFECYCLE_CAT_BUSY);

/* Reading: what is about to be enabled, or to be deleted, is not as disabled as it looks; and a memory reset,
 * which would leave nothing of what is marked, waits for the terminal. */
static bool is_not_marked(const struct lifecycle_step *step)
{
    return !marking_names(step->card, step->subject->id);
}

GUARD(guard_not_marked, "no change of it marked", is_not_marked, LIFECYCLE_WRONG_STATE);

static bool nothing_is_marked(const struct lifecycle_step *step)
{
    return !marking_waits(step->card);
}

GUARD(guard_nothing_marked, "no change marked", nothing_is_marked, LIFECYCLE_CAT_BUSY);

/* --- policy rules, classes ----------------------------------------------------------------------- */

static bool may_be_disabled(const struct lifecycle_step *step)
{
    return !step->subject->ppr1;
}

GUARD(guard_ppr1, "no PPR1", may_be_disabled, LIFECYCLE_DISALLOWED_BY_POLICY);

/*
 * Reading: PPR1 of the enabled profile yields to a test profile (SGP.21 TPRO8) and to a provisioning profile
 * (SGP.22 2.4.5.2); an operational profile does not displace it. Reading of SGP.32: rollback, fallback and
 * the Emergency Profile ask no policy rule at all (their results have no code for it): a device without its
 * way back would be lost.
 */
static bool enabled_yields(const struct lifecycle_step *step)
{
    return !lifecycle_displaces(step) || !step->enabled.ppr1 || step->subject->class != PROFILE_OPERATIONAL;
}

GUARD(guard_enabled_yields, "no PPR1 of the enabled one", enabled_yields, LIFECYCLE_DISALLOWED_BY_POLICY);
GUARD(guard_immediate_yields, "no PPR1 of the enabled one", enabled_yields, LIFECYCLE_NOT_AVAILABLE);

/*
 * Reading of SGP.22 5.7.16: from an enabled test profile the way leads to another test profile, or back to
 * the profile that was enabled before the test; when there was none (or it has been deleted), to any.
 * Reading of SGP.32: an eIM and the card's own ways back are not held to it.
 */
static bool is_right_reenabling(const struct lifecycle_step *step)
{
    int64_t before;

    if (!lifecycle_displaces(step) || step->enabled.class != PROFILE_TEST ||
        step->subject->class == PROFILE_TEST)
        return true;
    before = profile_before_test(step->card);
    return before == 0 || before == step->subject->id;
}

GUARD(guard_reenabling, "from a test only back", is_right_reenabling, LIFECYCLE_WRONG_REENABLING);

static bool may_be_deleted(const struct lifecycle_step *step)
{
    return !step->subject->ppr2;
}

GUARD(guard_ppr2, "no PPR2", may_be_deleted, LIFECYCLE_DISALLOWED_BY_POLICY);

/* --- the Emergency Profile ----------------------------------------------------------------------- */

/* Reading: only EnableEmergencyProfile enables the Emergency Profile; whoever else tries is refused by
 * policy, as far as its results can say so. */
static bool is_ordinary(const struct lifecycle_step *step)
{
    return !step->subject->ecall;
}

GUARD(guard_ordinary, "not to be the Emergency Profile", is_ordinary, LIFECYCLE_DISALLOWED_BY_POLICY);
GUARD(guard_fallback_ordinary, "not to be the Emergency Profile", is_ordinary, LIFECYCLE_NOT_AVAILABLE);
GUARD(guard_immediate_ordinary, "not to be the Emergency Profile", is_ordinary, LIFECYCLE_NOT_AVAILABLE);

static bool is_no_emergency(const struct lifecycle_step *step)
{
    return !recovery_emergency_active(step->card);
}

/* Reading: while the Emergency Profile is enabled nothing else moves a profile, whatever the function's
 * results can say: immediateEnableNotAvailable, undefinedError on ES10c, and commandError for a rollback,
 * whose grant is withdrawn then unless somebody edited the file. */
GUARD(guard_no_emergency, "no emergency", is_no_emergency, LIFECYCLE_ECALL_ACTIVE);
GUARD(guard_rollback_in_order, "no emergency", is_no_emergency, LIFECYCLE_COMMAND_ERROR);
GUARD(guard_immediate_no_emergency, "no emergency", is_no_emergency, LIFECYCLE_NOT_AVAILABLE);

GUARD(guard_emergency_there, "an Emergency Profile", there, LIFECYCLE_NOT_AVAILABLE);

/* --- rollback ------------------------------------------------------------------------------------ */

GUARD(guard_rollback_granted, "a rollback granted", there, LIFECYCLE_NOT_AVAILABLE);

int64_t lifecycle_rollback_target(const struct lifecycle_step *step)
{
    return step->has_enabled ? step->enabled.id : step->package->disabled;
}

/* Reading: a profile that the package disables and enables again is no way back from itself. */
static bool is_rollback_possible(const struct lifecycle_step *step)
{
    int64_t target;

    if (step->package == NULL || step->package->grant == NULL)
        return true;
    target = lifecycle_rollback_target(step);
    return target != 0 && target != step->subject->id;
}

GUARD(guard_rollback_possible, "with rollback: somewhere to go back to", is_rollback_possible,
      LIFECYCLE_ROLLBACK_NOT_AVAILABLE);

static bool is_not_rollback_target(const struct lifecycle_step *step)
{
    struct rollback_grant grant;

    return !recovery_rollback(step->card, &grant) || grant.profile != step->subject->id;
}

GUARD(guard_not_rollback_target, "not to be where a rollback leads", is_not_rollback_target,
      LIFECYCLE_ROLLBACK_NOT_AVAILABLE);

/* --- fallback ------------------------------------------------------------------------------------ */

static bool is_somebody_enabled(const struct lifecycle_step *step)
{
    return step->has_enabled;
}

GUARD(guard_somebody_enabled, "a profile enabled", is_somebody_enabled, LIFECYCLE_COMMAND_ERROR);
GUARD(guard_fallback_set, "a Fallback Profile", there, LIFECYCLE_NOT_AVAILABLE);

static bool is_fallback_enabled(const struct lifecycle_step *step)
{
    return step->has_enabled && step->enabled.id == recovery_fallback_profile(step->card);
}

GUARD(guard_fallback_enabled, "the Fallback Profile enabled", is_fallback_enabled, LIFECYCLE_NOT_AVAILABLE);
GUARD(guard_return_known, "somewhere to return to", there, LIFECYCLE_NOT_AVAILABLE);

static bool is_not_return_profile(const struct lifecycle_step *step)
{
    return !is_fallback_enabled(step) || recovery_before_fallback(step->card) != step->subject->id;
}

GUARD(guard_not_return_profile, "not to be where fallback returns to", is_not_return_profile,
      LIFECYCLE_RETURN_FALLBACK_PROFILE);

/* --- immediate enable ---------------------------------------------------------------------------- */

static bool is_immediate_configured(const struct lifecycle_step *step)
{
    return immediate_enable_configured(step->card);
}

GUARD(guard_immediate_configured, "to be configured", is_immediate_configured, LIFECYCLE_NOT_AVAILABLE);

static bool has_session(const struct lifecycle_step *step)
{
    return rsp_session_installed(step->card) != 0;
}

GUARD(guard_immediate_session, "an installation by this session", has_session, LIFECYCLE_NO_SESSION);
GUARD(guard_immediate_there, "its profile still there", there, LIFECYCLE_NOT_AVAILABLE);

static bool is_disabled(const struct lifecycle_step *step)
{
    return step->subject->state == PROFILE_DISABLED;
}

GUARD(guard_immediate_not_enabled, "it not enabled yet", is_disabled, LIFECYCLE_NOT_AVAILABLE);

static bool is_from_smdp(const struct lifecycle_step *step)
{
    return immediate_enable_allows(step->card, buf_span(&step->subject->smdp_oid),
                                   buf_span(&step->subject->smdp_address));
}

GUARD(guard_immediate_from_smdp, "the configured SM-DP+", is_from_smdp, LIFECYCLE_NOT_AVAILABLE);
