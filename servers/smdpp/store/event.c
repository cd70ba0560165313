/* Events at SM-DS. See event.h. */
#include "servers/smdpp/store/event.h"

static const char *const state_words[] = {
    [SMDS_EVENT_KEPT] = "kept",
    [SMDS_EVENT_REGISTERING] = "registering",
    [SMDS_EVENT_REGISTERED] = "registered",
    [SMDS_EVENT_DELETING] = "deleting",
    [SMDS_EVENT_SENDING] = "sending",
};

#define EVENT_COLUMNS "id, iccid, event_id, eid, smds, tries"
#define OF_EXPIRED                                                                                           \
    "state = 'registered' AND iccid IN (SELECT iccid FROM profile_order WHERE expires <> 0 AND expires < ?)"

static bool take_event(struct db_rows *rows, struct smds_event *event)
{
    *event = (struct smds_event){0};
    if (!db_next(rows))
        return false;
    event->id = db_int(rows, 0);
    db_text(rows, 1, event->iccid, sizeof(event->iccid));
    db_text(rows, 2, event->event_id, sizeof(event->event_id));
    db_text(rows, 3, event->eid, sizeof(event->eid));
    db_text(rows, 4, event->smds, sizeof(event->smds));
    event->tries = db_int(rows, 5);
    db_end(rows);
    return true;
}

bool store_event_add(struct db *db, struct smds_event *event, enum smds_event_state state)
{
    db_begin(db);
    if (state != SMDS_EVENT_REGISTERING)
        db_run(db, "DELETE FROM smds_event WHERE iccid = ? AND state = 'kept'",
               DB_VALUES(DB_TEXT(event->iccid)));
    db_run(db, "INSERT INTO smds_event (iccid, event_id, eid, smds, state) VALUES (?,?,?,?,?)",
           DB_VALUES(DB_TEXT(event->iccid), DB_TEXT(event->event_id), DB_TEXT(event->eid),
                     DB_TEXT(event->smds), DB_TEXT(state_words[state])));
    event->id = db_last_id(db);
    return db_commit(db);
}

bool store_event_of(struct db *db, const char *iccid, enum smds_event_state state, struct smds_event *event)
{
    struct db_rows rows =
        db_query(db, "SELECT " EVENT_COLUMNS " FROM smds_event WHERE iccid = ? AND state = ? ORDER BY id",
                 DB_VALUES(DB_TEXT(iccid), DB_TEXT(state_words[state])));

    return take_event(&rows, event);
}

bool store_event_same(struct db *db, const struct smds_event *event, enum smds_event_state state, int64_t *id)
{
    *id = db_number(db, 0,
                    "SELECT id FROM smds_event WHERE smds = ? AND eid = ? AND event_id = ? AND state = ?",
                    DB_VALUES(DB_TEXT(event->smds), DB_TEXT(event->eid), DB_TEXT(event->event_id),
                              DB_TEXT(state_words[state])));
    return *id != 0;
}

bool store_event_set(struct db *db, int64_t id, enum smds_event_state state)
{
    return db_run(db, "UPDATE smds_event SET state = ?, next_try = 0 WHERE id = ?",
                  DB_VALUES(DB_TEXT(state_words[state]), DB_INT(id)));
}

bool store_event_forget(struct db *db, int64_t id)
{
    return db_run(db, "DELETE FROM smds_event WHERE id = ?", DB_VALUES(DB_INT(id)));
}

/* --- Deletion ------------------------------------------------------------------------------------------- */

bool store_events_drop(struct db *db, const char *iccid, int64_t now)
{
    return db_run(db, "DELETE FROM smds_event WHERE iccid = ? AND state = 'kept'",
                  DB_VALUES(DB_TEXT(iccid))) &&
           db_run(db,
                  "UPDATE smds_event SET state = 'deleting', next_try = ? WHERE iccid = ?"
                  " AND state = 'registered'",
                  DB_VALUES(DB_INT(now), DB_TEXT(iccid)));
}

bool store_events_expire(struct db *db, int64_t now)
{
    return db_run(db, "UPDATE smds_event SET state = 'deleting', next_try = ? WHERE " OF_EXPIRED,
                  DB_VALUES(DB_INT(now), DB_INT(now)));
}

bool store_events_recover(struct db *db, int64_t now)
{
    return db_run(db,
                  "UPDATE smds_event SET state = 'deleting', next_try = ?"
                  " WHERE state IN ('registering', 'deleting', 'sending')",
                  DB_VALUES(DB_INT(now)));
}

bool store_event_due(struct db *db, int64_t now, struct smds_event *event)
{
    struct db_rows rows = db_query(db,
                                   "SELECT " EVENT_COLUMNS " FROM smds_event WHERE state = 'deleting'"
                                   " AND next_try <= ? ORDER BY next_try, id LIMIT 1",
                                   DB_VALUES(DB_INT(now)));

    return take_event(&rows, event);
}

bool store_event_tried(struct db *db, const struct smds_event *event, enum smds_event_state state,
                       int64_t next)
{
    return db_run(
        db, "UPDATE smds_event SET state = ?, tries = ?, next_try = ? WHERE id = ?",
        DB_VALUES(DB_TEXT(state_words[state]), DB_INT(event->tries), DB_INT(next), DB_INT(event->id)));
}

int64_t store_events_next(struct db *db)
{
    return db_number(db, -1,
                     "SELECT ifnull(min(due), -1) FROM (SELECT min(next_try) AS due FROM smds_event"
                     " WHERE state = 'deleting' UNION ALL SELECT min(expires) + 1 FROM profile_order"
                     " WHERE expires <> 0 AND iccid IN (SELECT iccid FROM smds_event WHERE"
                     " state = 'registered'))",
                     DB_NONE);
}

struct db_rows store_events(struct db *db, int64_t after, int64_t limit)
{
    return db_query(db,
                    "SELECT id, state, iccid, eid, event_id AS eventId, smds AS smdsAddress, tries,"
                    " CASE state WHEN 'deleting' THEN next_try END AS nextTry FROM smds_event"
                    " WHERE id > ? ORDER BY id LIMIT ?",
                    DB_VALUES(DB_INT(after), DB_INT(limit)));
}
