/* The tables of an SM-DS. See store.h. */
#include "servers/smds/store/store.h"

static const char tables[] =
    "CREATE TABLE event ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, eid TEXT NOT NULL, event_id TEXT NOT NULL, server TEXT NOT NULL,"
    "  owner TEXT NOT NULL, root_id TEXT, created INTEGER NOT NULL, UNIQUE (owner, eid, event_id));"
    "CREATE INDEX event_by_eid ON event (eid, id);"
    "CREATE INDEX event_by_age ON event (created);"
    "CREATE TABLE errand ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, is_delete INTEGER NOT NULL, eid TEXT NOT NULL,"
    "  root_id TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL);"
    "CREATE INDEX errand_by_root_id ON errand (root_id);";

struct db *smds_store_open(const char *path, char why[DB_WHY_MAX])
{
    static const struct db_schema schema = {
        .name = "the state of an SM-DS",
        .tables = tables,
        .known = "errand",
        .version = 1,
    };

    return db_open(path, &schema, why);
}

/* --- Events --------------------------------------------------------------------------------------------- */

#define EVENT_COLUMNS "id, eid, event_id, server, owner, root_id, created"

static bool take_event(struct db_rows rows, struct event_record *event, bool *failed)
{
    bool found = db_next(&rows);

    *event = (struct event_record){0};
    if (found) {
        event->id = db_int(&rows, 0);
        db_text(&rows, 1, event->eid, sizeof(event->eid));
        db_text(&rows, 2, event->event_id, sizeof(event->event_id));
        db_text(&rows, 3, event->server, sizeof(event->server));
        db_text(&rows, 4, event->owner, sizeof(event->owner));
        db_text(&rows, 5, event->root_id, sizeof(event->root_id));
        event->created = db_int(&rows, 6);
    }
    *failed = rows.failed;
    db_end(&rows);
    return found;
}

bool smds_store_find(struct db *db, const char *owner, const char *eid, const char *event_id,
                     struct event_record *event, bool *failed)
{
    return take_event(
        db_query(db, "SELECT " EVENT_COLUMNS " FROM event WHERE owner = ? AND eid = ? AND event_id = ?",
                 DB_VALUES(DB_TEXT(owner), DB_TEXT(eid), DB_TEXT(event_id))),
        event, failed);
}

int64_t smds_store_count(struct db *db, const char *eid)
{
    if (eid == NULL)
        return db_number(db, -1, "SELECT count(*) FROM event", DB_NONE);
    return db_number(db, -1, "SELECT count(*) FROM event WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
}

bool smds_store_add(struct db *db, const struct event_record *event)
{
    db_begin(db);
    db_run(db, "INSERT INTO event (eid, event_id, server, owner, root_id, created) VALUES (?,?,?,?,?,?)",
           DB_VALUES(DB_TEXT(event->eid), DB_TEXT(event->event_id), DB_TEXT(event->server),
                     DB_TEXT(event->owner), DB_SOME_TEXT(event->root_id), DB_INT(event->created)));
    if (event->root_id[0] != '\0')
        db_run(db, "INSERT INTO errand (is_delete, eid, root_id, tries, due) VALUES (0, ?, ?, 0, 0)",
               DB_VALUES(DB_TEXT(event->eid), DB_TEXT(event->root_id)));
    return db_commit(db);
}

/* The Root may have heard of the event while its errand is still here: the errand to delete follows in any
 * case, and a Root that knows nothing of it says so. */
bool smds_store_delete(struct db *db, const struct event_record *event)
{
    db_begin(db);
    db_run(db, "DELETE FROM event WHERE id = ?", DB_VALUES(DB_INT(event->id)));
    if (event->root_id[0] != '\0') {
        db_run(db, "DELETE FROM errand WHERE root_id = ?", DB_VALUES(DB_TEXT(event->root_id)));
        db_run(db, "INSERT INTO errand (is_delete, eid, root_id, tries, due) VALUES (1, ?, ?, 0, 0)",
               DB_VALUES(DB_TEXT(event->eid), DB_TEXT(event->root_id)));
    }
    return db_commit(db);
}

struct db_rows smds_store_of_eid(struct db *db, const char *eid, const char *event_id)
{
    return db_query(db,
                    "SELECT event_id, server FROM event"
                    " WHERE eid = ?1 AND (?2 IS NULL OR event_id = ?2 OR root_id = ?2) ORDER BY id",
                    DB_VALUES(DB_TEXT(eid), DB_TEXT(event_id)));
}

bool smds_store_older(struct db *db, int64_t created, struct event_record *event)
{
    bool failed;

    return take_event(db_query(db,
                               "SELECT " EVENT_COLUMNS " FROM event WHERE created < ? ORDER BY id LIMIT 1",
                               DB_VALUES(DB_INT(created))),
                      event, &failed);
}

struct db_rows smds_store_events(struct db *db, int64_t after, int64_t limit)
{
    return db_query(db,
                    "SELECT id, eid, event_id AS eventId, server AS rspServerAddress, owner,"
                    " root_id AS rootEventId, created FROM event WHERE id > ? ORDER BY id LIMIT ?",
                    DB_VALUES(DB_INT(after), DB_INT(limit)));
}

/* --- Errands -------------------------------------------------------------------------------------------- */

bool smds_store_errand(struct db *db, int64_t now, struct errand *errand)
{
    struct db_rows rows = db_query(
        db, "SELECT id, is_delete, eid, root_id, tries FROM errand WHERE due <= ? ORDER BY due, id LIMIT 1",
        DB_VALUES(DB_INT(now)));
    bool found = db_next(&rows);

    *errand = (struct errand){0};
    if (found) {
        errand->id = db_int(&rows, 0);
        errand->is_delete = db_int(&rows, 1) != 0;
        db_text(&rows, 2, errand->eid, sizeof(errand->eid));
        db_text(&rows, 3, errand->root_id, sizeof(errand->root_id));
        errand->tries = db_int(&rows, 4);
    }
    db_end(&rows);
    return found;
}

bool smds_store_errand_done(struct db *db, int64_t id)
{
    return db_run(db, "DELETE FROM errand WHERE id = ?", DB_VALUES(DB_INT(id)));
}

bool smds_store_errand_later(struct db *db, int64_t id, int64_t due)
{
    return db_run(db, "UPDATE errand SET tries = tries + 1, due = ? WHERE id = ?",
                  DB_VALUES(DB_INT(due), DB_INT(id)));
}

int64_t smds_store_errands(struct db *db)
{
    return db_number(db, -1, "SELECT count(*) FROM errand", DB_NONE);
}
