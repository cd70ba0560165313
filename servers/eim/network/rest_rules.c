/* The rules of the eIM over REST: shown, set, tried, and what they did. See rest_call.h. */
#include "servers/eim/model/rules.h"

#include "common/database/database_json.h"
#include "servers/eim/network/rest_call.h"

#include <string.h>

void rest_rules(struct rest_call *call)
{
    rest_json(call, 200, eim_rules_show(call->eim));
}

/* They have been changed by somebody else since they were read. */
static bool is_outdated(const struct rest_call *call, const struct complaint *complaint)
{
    return strcmp(complaint->field, "version") == 0 &&
           json_is_integer(json_object_get(call->body, "version"));
}

void rest_rules_set(struct rest_call *call)
{
    struct complaint complaint = {0};

    if (eim_rules_set(call->eim, call->body, &complaint))
        rest_rules(call);
    else if (complaint.why[0] == '\0')
        rest_cannot_store(call, "rules");
    else
        rest_error(call, is_outdated(call, &complaint) ? 409 : 400, complaint.field, "%s", complaint.why);
}

void rest_rules_test(struct rest_call *call)
{
    struct complaint complaint = {0};
    const char *eid = require_text(call->body, "", "eid", EIM_EID_DIGITS, &complaint);
    json_t *verdicts = NULL;

    if (eid != NULL && !eid_is_good(eid))
        complain(&complaint, "", "eid", "is not an EID of 32 digits");
    if (complaint.why[0] == '\0' && !rest_euicc_is_there(call, eid))
        return;
    if (complaint.why[0] == '\0' && eim_rules_test(call->eim, eid, call->body, &verdicts, &complaint))
        rest_json(call, 200, json_pack("{s:o}", "verdicts", verdicts));
    else
        rest_error(call, 400, complaint.field, "%s", complaint.why);
}

void rest_rule_events(struct rest_call *call)
{
    bool failed;
    json_t *list = db_json(db_query(call->eim->db,
                                    "SELECT id, at, rule, eid, reason, orders AS orders_json FROM rule_event"
                                    " WHERE (?1 IS NULL OR eid = ?1) AND id > ?2 ORDER BY id LIMIT ?3",
                                    DB_VALUES(DB_SOME_TEXT(call->eid), DB_INT(call->page.after_number),
                                              DB_INT(call->page.limit))),
                           &failed);

    rest_list(call, list, failed);
}
