/*
 * What the eIM orders by itself: rules (servers/rules/rules.h), kept in its state and judged when an eUICC
 * polls, and now and then for those that do not. An order of a rule is one like any other; that it was a
 * rule's, and why, is logged and kept (rule_event). An eUICC that is a stranger gets none.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_RULES_H
#define SOFTEUICC_SERVERS_EIM_MODEL_RULES_H

#include "servers/eim/model/server.h"

#define EIM_RULES_TICK 30 /* seconds from one look at silent eUICCs to the next */

/* The rules are these from now on, all or nothing. A "version" in the document must be that of the rules that
 * it replaces. False after a complaint; without one when it could not be stored (db_reason). */
bool eim_rules_set(struct eim *eim, json_t *document, struct complaint *complaint);
/* {"version": …, "rules": […]}; version 0 before any were set. NULL: it could not be read. */
json_t *eim_rules_show(struct eim *eim);

/* Before a poll is noted: whether there are rules to judge after it, and when the eUICC was heard of (seconds
 * since 1970, 0: never). */
bool eim_rules_await(struct eim *eim, const char *eid, int64_t *last_seen);
/* Judges all rules for the eUICC once its poll is noted, within the poll's transaction. */
void eim_rules_polled(struct eim *eim, const char *eid, const struct eim_poll *poll, int64_t last_seen);
/* Judges those that are for silence, for some of the eUICCs that are silent: call it every EIM_RULES_TICK. */
void eim_rules_tick(struct eim *eim);

/*
 * What the rules would do for this eUICC if it polled now, changing nothing. `request` may say otherwise what
 * is known of it: "network", "networkFor", "silentFor", "cause", and "rules", a list in place of the rules
 * that are set; "eid" is not looked at. *verdicts becomes a list of {"rule", "fires", "reason", "orders"}.
 * False after a complaint.
 */
bool eim_rules_test(struct eim *eim, const char *eid, const json_t *request, json_t **verdicts,
                    struct complaint *complaint);

/* --- For rules_test.c ----------------------------------------------------------------------------------- */

/* An eUICC as rules see it. */
struct eim_situation {
    struct eim *eim;
    struct rules_facts facts; /* whose context this is */
    uint8_t network[PLMN_SIZE];
    bool is_listed, is_stale; /* its profiles were asked for; that list is old */
    bool has_order;           /* assumed, for a dry run */
};

/* What is known of it; false when it is not known. It stays where it is, and `eid` as long. */
bool eim_situation_take(struct eim *eim, const char *eid, struct eim_situation *situation);
/* The rules that are set; NULL without any. */
const struct rules *eim_rules_current(struct eim *eim);
/* Reads rules, and checks that their orders are orders. */
struct rules *eim_rules_read(json_t *document, struct complaint *complaint);
/* The requests of what is to be done, as eim_order_check knows them; NULL when memory is out. */
json_t *eim_rules_orders(const struct rules_action *action, const char *eid);

#endif
