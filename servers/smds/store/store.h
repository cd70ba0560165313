/*
 * What an SM-DS remembers, in one SQLite file or in memory: event records, and what the Root SM-DS is still
 * to be told. The tables can be read with any SQLite tool.
 */
#ifndef SOFTEUICC_SERVERS_SMDS_STORE_STORE_H
#define SOFTEUICC_SERVERS_SMDS_STORE_STORE_H

#include "common/database/database.h"

#define STORE_EVENT_ID_MAX 255
#define STORE_OWNER_MAX    255

/* An event record (SGP.22 3.6.1). */
struct event_record {
    int64_t id;
    char eid[33];
    char event_id[STORE_EVENT_ID_MAX + 1];
    char server[256];                     /* rspServerAddress */
    char owner[STORE_OWNER_MAX + 1];      /* who registered it, and alone may delete it */
    char root_id[STORE_EVENT_ID_MAX + 1]; /* the eventId under which the Root has it; "": it has not */
    int64_t created;                      /* seconds since 1970 */
};

/* What is to be told to the Root: an event of this server's is registered or deleted there. */
struct errand {
    int64_t id;
    bool is_delete;
    char eid[33];
    char root_id[STORE_EVENT_ID_MAX + 1];
    int64_t tries;
};

/* NULL is in memory. On failure NULL, with a line in `why`. */
struct db *smds_store_open(const char *path, char why[DB_WHY_MAX]);

/* The owner's event with this eventId for this eUICC. False when there is none, and with *failed when that
 * could not be read. */
bool smds_store_find(struct db *db, const char *owner, const char *eid, const char *event_id,
                     struct event_record *event, bool *failed);
/* How many events there are; with an EID those of one eUICC. -1 on a storage error. */
int64_t smds_store_count(struct db *db, const char *eid);
/* Adds an event, and with a root_id the errand to register it there; deletes one, and with a root_id the
 * errand to delete it there. All of it or nothing. */
bool smds_store_add(struct db *db, const struct event_record *event);
bool smds_store_delete(struct db *db, const struct event_record *event);
/* The events of an eUICC, oldest first; with an event_id those that have it, here or at the Root. Columns:
 * eventId, rspServerAddress. */
struct db_rows smds_store_of_eid(struct db *db, const char *eid, const char *event_id);
/* One event that is older than this. */
bool smds_store_older(struct db *db, int64_t created, struct event_record *event);
/* At most so many of those that came after the one with this id (0: all), oldest first, with the columns
 * named as they are shown (common/database/database_json.h). */
struct db_rows smds_store_events(struct db *db, int64_t after, int64_t limit);

/* The first errand that is due; false when there is none. */
bool smds_store_errand(struct db *db, int64_t now, struct errand *errand);
/* It is done, or not worth another try. */
bool smds_store_errand_done(struct db *db, int64_t id);
bool smds_store_errand_later(struct db *db, int64_t id, int64_t due);
int64_t smds_store_errands(struct db *db);

#endif
