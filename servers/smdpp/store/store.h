/*
 * What an SM-DP+ remembers, in one SQLite file or in memory: orders, downloads (for who signs a later
 * result), one-time keys of unfinished downloads, the notifications it received, and how it answered the last
 * calls of ES2+. The tables can be read with any SQLite tool; one-time keys are secrets.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_STORE_STORE_H
#define SOFTEUICC_SERVERS_SMDPP_STORE_STORE_H

#include "common/database/database.h"
#include "servers/smdpp/store/order.h"

/* A download that reached binding. */
struct download {
    uint8_t transaction_id[16];
    char iccid[21];
    char eid[33];
    char profile[121];
    bool ordered; /* false: taken by its file name, without an order */
    struct buf euicc_cert;
};

struct received_notification {
    int64_t received;
    bool verified;
    char eid[33], iccid[21], operation[9];
    int64_t sequence_number;
    char address[256];
    char result[96]; /* of an installation; else "" */
};

/* NULL is in memory. On failure NULL, with a line in `why`. */
struct db *store_open(const char *path, char why[DB_WHY_MAX]);

/* What a finder says: that there is nothing is another answer than that it could not look. */
enum store_answer {
    STORE_FOUND,
    STORE_NONE,
    STORE_FAILED /* the database has logged why; or what is stored makes no sense */
};

/* Each finder: *order when it is found. */
enum store_answer store_order_by_iccid(struct db *db, const char *iccid, struct order *order);
enum store_answer store_order_by_matching_id(struct db *db, const char *matching_id, struct order *order);
/* The order that this eUICC is to have next: what can be downloaded first, then those without a matchingId,
 * then the oldest. */
enum store_answer store_order_by_eid(struct db *db, const char *eid, struct order *order);
/* Inserts or replaces. An order that is available again is forgotten. False on a storage error. */
bool store_order_save(struct db *db, const struct order *order);

/* The caller frees download->euicc_cert in any case. */
enum store_answer store_download_find(struct db *db, struct span transaction_id, struct download *download);
bool store_download_save(struct db *db, const struct download *download);

/* The keys of the last binding of a profile to an eUICC, until its download ends. */
struct binding {
    uint8_t euicc_otpk[65];
    uint8_t content[32]; /* SHA-256 of what was bound */
    bool has_keys;       /* the next two are known: false for one of an earlier version */
    uint8_t smdp_otsk[32];
    uint8_t ppk[48]; /* profile protection keys; zeros without */
};
enum store_answer store_binding_find(struct db *db, const char *profile, const char *eid,
                                     struct binding *binding);
bool store_binding_save(struct db *db, const char *profile, const char *eid, const struct binding *binding);
/* Of this profile to this eUICC; with NULL to any. */
bool store_binding_forget(struct db *db, const char *profile, const char *eid);

/* A call of ES2+ that succeeded; `request` is what it asked for, as a SHA-256. */
struct es2p_call {
    const char *requester; /* functionRequesterIdentifier */
    const char *id;        /* functionCallIdentifier */
    uint8_t request[32];
};
/* The answer to the last call with these identifiers, appended, when it was this request since `since`. */
enum store_answer store_call_find(struct db *db, const struct es2p_call *call, int64_t since,
                                  struct buf *answer);
/* Takes the place of the last call with these identifiers. */
bool store_call_save(struct db *db, const struct es2p_call *call, int64_t now, const char *answer);

bool store_notification_add(struct db *db, const struct received_notification *notification, struct span der);

/* At most so many of them, with the columns named as they are shown (common/database/database_json.h): those
 * whose ICCID comes after this one ("": all), those that came in after the one with this id (0: all). */
struct db_rows store_orders(struct db *db, const char *after, int64_t limit);
struct db_rows store_notifications(struct db *db, int64_t after, int64_t limit);

#endif
