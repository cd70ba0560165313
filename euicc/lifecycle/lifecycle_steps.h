/*
 * What the rows of the lifecycle table are made of: guards (lifecycle_guards.c) and actions
 * (lifecycle_actions.c). For lifecycle*.c only.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_LIFECYCLE_STEPS_H
#define SOFTEUICC_EUICC_LIFECYCLE_LIFECYCLE_STEPS_H

#include "euicc/lifecycle/lifecycle.h"

/* Another profile than the subject is enabled. */
bool lifecycle_displaces(const struct lifecycle_step *step);
/* The profile that an enable of this package would have the card go back to; 0: there is none. */
int64_t lifecycle_rollback_target(const struct lifecycle_step *step);

extern const struct lifecycle_guard guard_terminal, guard_terminal_for_reset, guard_not_marked,
    guard_nothing_marked, guard_ppr1, guard_ppr2, guard_enabled_yields, guard_reenabling, guard_ordinary,
    guard_no_emergency, guard_rollback_possible, guard_not_rollback_target, guard_not_return_profile,
    guard_rollback_granted, guard_rollback_in_order, guard_somebody_enabled, guard_fallback_set,
    guard_fallback_ordinary, guard_fallback_enabled, guard_return_known, guard_immediate_configured,
    guard_immediate_session, guard_immediate_there, guard_immediate_not_enabled, guard_immediate_from_smdp,
    guard_immediate_ordinary, guard_immediate_yields, guard_immediate_no_emergency, guard_emergency_there;

extern const struct lifecycle_action action_displace, action_remember, action_enable, action_disable,
    action_restore, action_forget, action_forget_way_back, action_erase, action_refresh_if_asked,
    action_reset_if_asked, action_refresh, action_withdraw, action_grant, action_drop_result,
    action_remember_return, action_forget_return, action_use_up_session, action_enter_emergency,
    action_leave_emergency, action_end_sessions;

#endif
