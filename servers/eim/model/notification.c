/* Notifications as an eIM gets them (SGP.32 3.7, 5.14.7): verified, kept, and passed on to their SM-DP+. See
 * eim.h, server.h, result.h. */
#include "servers/eim/model/result.h"

#include "apdu/iccid.h"
#include "common/log.h"
#include "protocol/names.h"

#include <stdio.h>
#include <string.h>

#define UNKNOWN_EID        "unknown" /* whose it is cannot be told */
#define NOTIFICATIONS_KEPT "10000"   /* older ones go, unless they wait for their SM-DP+ */
#define FORGED_KEPT        "100"     /* of those that do not verify, which anybody can make */

enum { EVENT_INSTALL, EVENT_ENABLE, EVENT_DISABLE, EVENT_DELETE };
enum { FORWARD_NO = 0, FORWARD_WAITS = 1 }; /* as the table says */

/* --- Whose, and whether it is true ---------------------------------------------------------------------- */

/* Writes whose it says it is: the caller's EID, or the one of the download it tells of. */
static void find_owner(struct eim *eim, const char *eid, const struct pending_notification *notification,
                       char digits[EIM_EID_DIGITS + 1])
{
    struct eim_download download;

    if (!eid_is_good(eid))
        eid = notification->is_installation &&
                      eim_download_by_smdp_transaction(eim, notification->transaction_id, &download)
                  ? download.eid
                  : UNKNOWN_EID;
    snprintf(digits, EIM_EID_DIGITS + 1, "%s", eid);
}

/* True when this eUICC signed it. An enclosed certificate says which eUICC's it is: it must be the one meant.
 */
static bool eim_notification_verify(struct eim *eim, const struct pending_notification *notification,
                                    char eid[EIM_EID_DIGITS + 1])
{
    struct cert *known = eim_euicc_certificate(eim, eid);
    struct refusal_status status = {0};
    char signer[EIM_EID_DIGITS + 1] = "";
    bool ok = pending_notification_verify(&eim->trust, notification, known, signer, &status);

    cert_free(known);
    if (ok && strcmp(eid, UNKNOWN_EID) == 0)
        memcpy(eid, signer, sizeof(signer));
    else if (ok && strcmp(eid, signer) != 0)
        ok = refusal_note(&status, REFUSAL_EUICC_VERIFICATION, "the notification is of eUICC %s", signer);
    if (!ok)
        log_line(LOG_LEVEL_ERROR, "eUICC %s: a notification does not verify: %s %s", eid,
                 refusal_codes(status.refusal)->message, status.detail);
    return ok;
}

/* --- What it tells -------------------------------------------------------------------------------------- */

static void failure_text(const struct pending_notification *notification, char *out, size_t size)
{
    out[0] = '\0';
    if (notification->is_installation && !notification->installed)
        snprintf(out, size, "%s: %s(%llu)", names_of(NAMES_INSTALL_COMMAND, notification->command_id),
                 names_of(NAMES_INSTALL_ERROR, notification->error_reason),
                 (unsigned long long)notification->error_reason);
}

bool installation_failure(struct span pending, char *failure, size_t size)
{
    struct pending_notification notification;
    struct refusal_status status = {0};

    if (!pending_notification_parse(pending, &notification, &status) || !notification.is_installation)
        return false;
    failure_text(&notification, failure, size);
    return true;
}

/* A notification that is older than another one says nothing new about the profiles. */
static void eim_notification_apply(struct eim *eim, const char *eid,
                                   const struct pending_notification *notification, const char *iccid)
{
    int64_t last = eim_euicc_number(eim, eid, "last_notification", -1);

    if (last < 0 || notification->sequence_number <= (uint64_t)last || iccid[0] == '\0')
        return;
    eim_euicc_set(eim, eid, "last_notification", DB_INT((int64_t)notification->sequence_number));
    if (notification->operation == EVENT_INSTALL && notification->installed) {
        profiles_set_state(eim, eid, iccid, false);
        profiles_stale(eim, eid); /* its name is in the list only */
    } else if (notification->operation == EVENT_ENABLE || notification->operation == EVENT_DISABLE) {
        profiles_set_state(eim, eid, iccid, notification->operation == EVENT_ENABLE);
    } else if (notification->operation == EVENT_DELETE) {
        profiles_remove(eim, eid, iccid);
    }
}

/* The relayed download that this installation ends: an IPA of v1.0 sends no ProfileDownloadTriggerResult. */
static void end_download(struct eim *eim, const char *eid, const struct pending_notification *notification,
                         const char *failure)
{
    int64_t id = db_number(eim->db, 0,
                           "SELECT id FROM eim_order WHERE smdp_transaction_id = ? AND eid = ? AND state ="
                           " '" ORDER_SENT "'",
                           DB_VALUES(DB_BLOB(notification->transaction_id), DB_TEXT(eid)));

    eim_order_end_installed(eim, id, failure);
}

/* True when it is new. One that is known, but was not to be forwarded until now, is from now on. */
static bool eim_notification_keep(struct eim *eim, const char *eid,
                                  const struct pending_notification *notification, struct span pending,
                                  const char *iccid, bool verified, bool forward)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char failure[128], address[EIM_ADDRESS_MAX + 1];
    int64_t state =
        verified && forward && notification->address.size > 0 && notification->address.size <= EIM_ADDRESS_MAX
            ? FORWARD_WAITS
            : FORWARD_NO;

    crypto_sha256(&pending, 1, digest);
    snprintf(address, sizeof(address), "%.*s", (int)notification->address.size,
             (const char *)notification->address.data);
    failure_text(notification, failure, sizeof(failure));
    if (db_number(eim->db, 0, "SELECT count(*) FROM notification WHERE eid = ? AND digest = ?",
                  DB_VALUES(DB_TEXT(eid), DB_BLOB(SPAN_ARRAY(digest)))) > 0) {
        if (state == FORWARD_WAITS)
            db_run(eim->db,
                   "UPDATE notification SET forward = 1 WHERE eid = ? AND digest = ? AND forward = 0",
                   DB_VALUES(DB_TEXT(eid), DB_BLOB(SPAN_ARRAY(digest))));
        return false;
    }
    db_run(eim->db,
           "INSERT INTO notification (eid, received, verified, operation, sequence, iccid, address, result,"
           " digest, der, forward) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
           DB_VALUES(DB_TEXT(eid), DB_INT(eim_now()), DB_INT(verified),
                     DB_TEXT(names_of(NAMES_EVENT, notification->operation)),
                     DB_INT((int64_t)notification->sequence_number), DB_SOME_TEXT(iccid), DB_TEXT(address),
                     DB_SOME_TEXT(failure), DB_BLOB(SPAN_ARRAY(digest)), DB_BLOB(pending), DB_INT(state)));
    db_run(eim->db,
           "DELETE FROM notification WHERE verified = ?1 AND forward <> 1 AND id <= (SELECT id FROM"
           " notification WHERE verified = ?1 ORDER BY id DESC LIMIT 1"
           " OFFSET CASE WHEN ?1 THEN " NOTIFICATIONS_KEPT " ELSE " FORGED_KEPT " END)",
           DB_VALUES(DB_INT(verified)));
    if (notification->is_installation && verified)
        end_download(eim, eid, notification, failure);
    return true;
}

void acknowledge(struct buf *acknowledgements, uint64_t sequence)
{
    tlv_put_unsigned(acknowledgements, 0x80, sequence);
}

enum notification notification_take(struct eim *eim, const char *eid, struct span pending, bool forward,
                                    struct buf *acknowledgements)
{
    struct pending_notification notification;
    struct refusal_status status = {0};
    char digits[EIM_EID_DIGITS + 1];
    char iccid[ICCID_DIGITS_MAX + 1] = "";
    bool verified;

    if (!pending_notification_parse(pending, &notification, &status) ||
        notification.sequence_number > INT64_MAX) {
        log_line(LOG_LEVEL_ERROR, "a notification was refused: %s", status.detail);
        return NOTIFICATION_MALFORMED;
    }
    if (notification.iccid.data != NULL && !iccid_to_digits(notification.iccid, iccid))
        iccid[0] = '\0';
    find_owner(eim, eid, &notification, digits);
    verified = eim_notification_verify(eim, &notification, digits);
    if (eim_notification_keep(eim, digits, &notification, pending, iccid, verified, forward)) {
        log_line(LOG_LEVEL_INFO, "eUICC %s: notification %llu, %s %s", digits,
                 (unsigned long long)notification.sequence_number,
                 names_of(NAMES_EVENT, notification.operation), iccid);
        if (verified)
            eim_notification_apply(eim, digits, &notification, iccid);
    }
    if (verified && acknowledgements != NULL)
        acknowledge(acknowledgements, notification.sequence_number);
    return verified ? NOTIFICATION_TAKEN : NOTIFICATION_UNVERIFIED;
}

void take_notifications(struct eim *eim, const char *eid, struct span list, struct buf *acknowledgements)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv object;

    while (list.data != NULL && tlv_next(&reader, &object) == TLV_OK)
        notification_take(eim, eid, object.whole, true, acknowledgements);
}

bool eim_take_notification(struct eim *eim, const char *eid, struct span pending)
{
    bool ok;

    db_begin(eim->db);
    ok = notification_take(eim, eid, pending, true, NULL) != NOTIFICATION_MALFORMED;
    return db_commit(eim->db) && ok;
}

/* --- Passing on ----------------------------------------------------------------------------------------- */

bool eim_forward_next(struct eim *eim, int64_t *id, char address[EIM_ADDRESS_MAX + 1], struct buf *pending)
{
    struct db_rows rows =
        db_query(eim->db,
                 "SELECT id, address, der FROM notification WHERE forward = 1 AND next_try <= ?"
                 " ORDER BY id LIMIT 1",
                 DB_VALUES(DB_INT(eim_now())));

    if (!db_next(&rows))
        return false;
    *id = db_int(&rows, 0);
    db_text(&rows, 1, address, EIM_ADDRESS_MAX + 1);
    buf_append(pending, db_blob(&rows, 2));
    db_end(&rows);
    /* Until it is reported it is not offered again. */
    return db_run(eim->db, "UPDATE notification SET next_try = ? WHERE id = ?",
                  DB_VALUES(DB_INT(eim_now() + EIM_FORWARD_RETRY), DB_INT(*id)));
}

void eim_forward_done(struct eim *eim, int64_t id, bool delivered)
{
    if (delivered)
        db_run(eim->db, "UPDATE notification SET forward = 2 WHERE id = ?", DB_VALUES(DB_INT(id)));
    else
        db_run(eim->db,
               "UPDATE notification SET tries = tries + 1, next_try = ?,"
               " forward = CASE WHEN tries + 1 >= ? THEN 3 ELSE 1 END WHERE id = ?",
               DB_VALUES(DB_INT(eim_now() + EIM_FORWARD_RETRY), DB_INT(EIM_FORWARD_TRIES), DB_INT(id)));
}
