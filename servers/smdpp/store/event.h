/*
 * The events of an SM-DP+ at SM-DS (SGP.22 3.6.1), each from before the SM-DS hears of it until it has
 * forgotten it: what is still to be deleted is an outbox that outlives the program.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_STORE_EVENT_H
#define SOFTEUICC_SERVERS_SMDPP_STORE_EVENT_H

#include "common/database/database.h"
#include "servers/smdpp/store/order.h"

#define STORE_SMDS_MAX 255 /* characters of an SM-DS address */

enum smds_event_state {
    SMDS_EVENT_KEPT,        /* to be registered when the order is released */
    SMDS_EVENT_REGISTERING, /* the SM-DS is being asked, and may know it */
    SMDS_EVENT_REGISTERED,
    SMDS_EVENT_DELETING, /* to be deleted at its time */
    SMDS_EVENT_SENDING,  /* the SM-DS is being asked to delete it */
};

struct smds_event {
    int64_t id;
    char iccid[21];
    char event_id[STORE_MATCHING_ID_MAX + 1];
    char eid[33];
    char smds[STORE_SMDS_MAX + 1];
    int64_t tries; /* to delete it */
};

/* Adds one in this state and sets its id. It replaces what is kept for the same ICCID, which stays only while
 * the SM-DS is being asked. */
bool store_event_add(struct db *db, struct smds_event *event, enum smds_event_state state);
/* The first of this ICCID in this state. */
bool store_event_of(struct db *db, const char *iccid, enum smds_event_state state, struct smds_event *event);
/* The event with this EID and eventId at this SM-DS in this state. */
bool store_event_same(struct db *db, const struct smds_event *event, enum smds_event_state state,
                      int64_t *id);
bool store_event_set(struct db *db, int64_t id, enum smds_event_state state);
bool store_event_forget(struct db *db, int64_t id);

/* The order is over: what is kept is forgotten, what is registered is to be deleted at once. */
bool store_events_drop(struct db *db, const char *iccid, int64_t now);
/* The same for orders that have expired. */
bool store_events_expire(struct db *db, int64_t now);
/* At the start: what was being asked is to be deleted, and all that waits is due. */
bool store_events_recover(struct db *db, int64_t now);

/* The one whose deletion is due longest. */
bool store_event_due(struct db *db, int64_t now, struct smds_event *event);
/* A try of its deletion begins (SENDING) or has failed (DELETING); the next one is at `next`. */
bool store_event_tried(struct db *db, const struct smds_event *event, enum smds_event_state state,
                       int64_t next);
/* When a deletion or an expiry is due; -1: never. */
int64_t store_events_next(struct db *db);

/* At most so many of them that came after the one with this id (0: all), with the columns named as they are
 * shown (common/database/database_json.h). */
struct db_rows store_events(struct db *db, int64_t after, int64_t limit);

#endif
