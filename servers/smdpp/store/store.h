/*
 * What an SM-DP+ remembers, in one SQLite file or in memory: orders, downloads (for who signs a later
 * result), one-time keys of interrupted downloads, and the notifications it received. The tables can be read
 * with any SQLite tool.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_STORE_STORE_H
#define SOFTEUICC_SERVERS_SMDPP_STORE_STORE_H

#include "common/database.h"
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

/* Each finder: true and *order when there is one. */
bool store_order_by_iccid(struct db *db, const char *iccid, struct order *order);
bool store_order_by_matching_id(struct db *db, const char *matching_id, struct order *order);
/* The oldest order that can be downloaded by this eUICC; those without a matchingId first. */
bool store_order_by_eid(struct db *db, const char *eid, struct order *order);
/* Inserts or replaces. An order that is available again is forgotten. False on a storage error. */
bool store_order_save(struct db *db, const struct order *order);

/* The caller frees download->euicc_cert. */
bool store_download_find(struct db *db, struct span transaction_id, struct download *download);
bool store_download_save(struct db *db, const struct download *download);

/* The eUICC's one-time public key of an unfinished binding of this profile to this eUICC; 65 octets. */
bool store_otpk_find(struct db *db, const char *profile, const char *eid, uint8_t otpk[65]);
bool store_otpk_save(struct db *db, const char *profile, const char *eid, const uint8_t otpk[65]);
bool store_otpk_forget(struct db *db, const char *profile, const char *eid);

bool store_notification_add(struct db *db, const struct received_notification *notification, struct span der);

/* All of them, oldest first, with the columns named as they are shown (common/database_json.h). */
struct db_rows store_orders(struct db *db);
struct db_rows store_notifications(struct db *db);

#endif
