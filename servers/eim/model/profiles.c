/* The profiles of each eUICC as the eIM knows them: from lists, from what its own packages did, and from
 * notifications. See server.h. */
#include "servers/eim/model/server.h"

#include <string.h>

void profiles_stale(struct eim *eim, const char *eid)
{
    /* A list that is on its way may have been made before the change: then one more is needed. */
    db_run(eim->db,
           "UPDATE euicc SET profiles_stale = 1 + EXISTS (SELECT 1 FROM eim_order WHERE eid = ?1 AND internal"
           " AND kind = ?2 AND state IN ('" ORDER_SENT "', '" ORDER_LOST "')) WHERE eid = ?1",
           DB_VALUES(DB_TEXT(eid), DB_INT(ORDER_PACKAGE)));
}

static const char *profiles_member(const json_t *profile, const char *name)
{
    return json_string_value(json_object_get(profile, name));
}

void profiles_replace(struct eim *eim, const char *eid, const json_t *list)
{
    json_t *profile;
    size_t i;

    db_run(eim->db, "DELETE FROM profile WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
    json_array_foreach(list, i, profile)
    {
        if (profiles_member(profile, "iccid") == NULL)
            continue;
        db_run(
            eim->db,
            "INSERT OR REPLACE INTO profile (eid, iccid, state, isdp_aid, nickname, service_provider, name,"
            " class, fallback, fallback_allowed, ecall) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            DB_VALUES(DB_TEXT(eid), DB_TEXT(profiles_member(profile, "iccid")),
                      DB_TEXT(profiles_member(profile, "state") != NULL ? profiles_member(profile, "state")
                                                                        : "disabled"),
                      DB_SOME_TEXT(profiles_member(profile, "isdpAid")),
                      DB_SOME_TEXT(profiles_member(profile, "nickname")),
                      DB_SOME_TEXT(profiles_member(profile, "serviceProvider")),
                      DB_SOME_TEXT(profiles_member(profile, "name")),
                      DB_SOME_TEXT(profiles_member(profile, "class")),
                      DB_INT(json_is_true(json_object_get(profile, "fallback"))),
                      DB_INT(json_is_true(json_object_get(profile, "fallbackAllowed"))),
                      DB_INT(json_is_true(json_object_get(profile, "ecall")))));
    }
    eim_euicc_set(eim, eid, "profiles_at", DB_INT(eim_now()));
}

void profiles_set_state(struct eim *eim, const char *eid, const char *iccid, bool enabled)
{
    if (enabled)
        db_run(eim->db, "UPDATE profile SET state = 'disabled' WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
    db_run(eim->db,
           "INSERT INTO profile (eid, iccid, state) VALUES (?1, ?2, ?3)"
           " ON CONFLICT (eid, iccid) DO UPDATE SET state = ?3",
           DB_VALUES(DB_TEXT(eid), DB_TEXT(iccid), DB_TEXT(enabled ? "enabled" : "disabled")));
}

void profiles_remove(struct eim *eim, const char *eid, const char *iccid)
{
    db_run(eim->db, "DELETE FROM profile WHERE eid = ? AND iccid = ?",
           DB_VALUES(DB_TEXT(eid), DB_TEXT(iccid)));
}

void profiles_apply(struct eim *eim, const char *eid, const json_t *request)
{
    void *only = json_object_iter((json_t *)(uintptr_t)request);
    const char *name = json_object_iter_key(only);
    const json_t *arguments = json_object_iter_value(only);
    const char *iccid = profiles_member(arguments, "iccid");

    if (name == NULL)
        return;
    if (strcmp(name, "enable") == 0)
        profiles_set_state(eim, eid, iccid, true);
    else if (strcmp(name, "disable") == 0)
        profiles_set_state(eim, eid, iccid, false);
    else if (strcmp(name, "delete") == 0)
        profiles_remove(eim, eid, iccid);
    else if (strcmp(name, "setFallbackAttribute") == 0)
        db_run(eim->db, "UPDATE profile SET fallback = iccid = ? WHERE eid = ?",
               DB_VALUES(DB_TEXT(iccid), DB_TEXT(eid)));
    else if (strcmp(name, "unsetFallbackAttribute") == 0)
        db_run(eim->db, "UPDATE profile SET fallback = 0 WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
    else if (strcmp(name, "setDefaultDpAddress") == 0)
        eim_euicc_set(eim, eid, "default_smdp", DB_SOME_TEXT(profiles_member(arguments, "address")));
}
