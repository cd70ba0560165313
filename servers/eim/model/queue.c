/* Which package an eUICC gets next (SGP.32 5.14.5 GetEimPackage): one at a time, the same octets until its
 * result is there. See eim.h. */
#include "servers/eim/model/result.h"

#include "common/log.h"
#include "servers/eim/model/rules.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

/* Of a package without any answer, before none is believed to come. */
#define SENDS_MAX 16

/* --- What the eIM wants to know itself ------------------------------------------------------------------ */

static void queue_ask(struct eim *eim, const char *eid, enum order_kind kind, json_t *request)
{
    eim_order_add(eim, eid, kind, true, request);
    json_decref(request);
}

static bool has_internal(struct eim *eim, const char *eid, enum order_kind kind)
{
    return db_number(eim->db, 0,
                     "SELECT count(*) FROM eim_order WHERE eid = ? AND kind = ? AND internal AND state IN"
                     " ('" ORDER_QUEUED "', '" ORDER_SENT "', '" ORDER_LOST "')",
                     DB_VALUES(DB_TEXT(eid), DB_INT(kind))) > 0;
}

/* First contact: the certificates that results are verified with, and what the eUICC and its IPA can. */
static void want_data(struct eim *eim, const char *eid)
{
    int64_t tries = eim_euicc_number(eim, eid, "data_tries", 0);

    if (eim_euicc_number(eim, eid, "data_state", 0) != DATA_UNKNOWN || has_internal(eim, eid, ORDER_DATA))
        return;
    queue_ask(eim, eid, ORDER_DATA,
              tries == 0 ? json_pack("{s:s,s:{}}", "eid", eid, "data")
                         : json_pack("{s:s,s:{s:b}}", "eid", eid, "data", "least", 1));
    db_run(eim->db, "UPDATE euicc SET data_tries = data_tries + 1 WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
}

static void want_profiles(struct eim *eim, const char *eid)
{
    if (eim_euicc_number(eim, eid, "profiles_stale", 0) == 0 || has_internal(eim, eid, ORDER_PACKAGE))
        return;
    queue_ask(eim, eid, ORDER_PACKAGE, json_pack("{s:s,s:[{s:{}}]}", "eid", eid, "psmo", "listProfileInfo"));
}

/* --- Sending -------------------------------------------------------------------------------------------- */

/* The oldest order that has not been sent: first contact goes before the others, the profile list after
 * them. */
static int64_t next_queued(struct eim *eim, const char *eid)
{
    int64_t id = 0;

    want_data(eim, eid);
    for (int round = 0; id == 0 && round < 2; round++) {
        if (round == 1)
            want_profiles(eim, eid);
        id = db_number(eim->db, 0,
                       "SELECT id FROM eim_order WHERE eid = ? AND state = '" ORDER_QUEUED "'"
                       " ORDER BY internal AND kind = ? DESC, internal, id LIMIT 1",
                       DB_VALUES(DB_TEXT(eid), DB_INT(ORDER_DATA)));
    }
    return id;
}

/* Takes the next counter; it is stored in the same transaction as the package. */
static int64_t take_counter(struct eim *eim, const char *eid)
{
    db_run(eim->db, "UPDATE euicc SET counter = counter + 1 WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
    return eim_euicc_number(eim, eid, "counter", 0);
}

/* Builds and keeps an order's package. False when the order failed for good. */
static bool send_first(struct eim *eim, struct eim_order *order, struct buf *package)
{
    uint8_t transaction_id[EIM_TRANSACTION_ID_SIZE];
    struct complaint complaint = {0};
    char error[sizeof(complaint.field) + sizeof(complaint.why) + 2];

    if (order->kind == ORDER_PACKAGE && json_object_get(order->request, "raw") == NULL)
        order->counter = take_counter(eim, order->eid);
    if (RAND_bytes(transaction_id, sizeof(transaction_id)) != 1 ||
        !eim_package_put(eim, order, SPAN_ARRAY(transaction_id), package, &complaint)) {
        snprintf(error, sizeof(error), "%s%s%s", complaint.field, complaint.field[0] != '\0' ? " " : "",
                 complaint.why[0] != '\0' ? complaint.why : "no random numbers");
        eim_order_end(eim, order, error, NULL);
        return false;
    }
    db_run(eim->db,
           "UPDATE eim_order SET state = '" ORDER_SENT
           "', sent = ?, sends = 1, counter = ?, transaction_id = ?,"
           " package = ? WHERE id = ?",
           DB_VALUES(DB_INT(eim_now()), DB_INT(order->counter), DB_BLOB(SPAN_ARRAY(transaction_id)),
                     DB_BLOB(buf_span(package)), DB_INT(order->id)));
    log_line(LOG_LEVEL_INFO, "order %lld for %s: sent%s", (long long)order->id, order->eid,
             order->internal ? ", of the eIM's own" : "");
    return true;
}

/* The package that waits for its result, again. */
static void send_again(struct eim *eim, const struct eim_order *order, struct buf *package)
{
    struct db_rows rows = db_query(eim->db, "SELECT package, transaction_id FROM eim_order WHERE id = ?",
                                   DB_VALUES(DB_INT(order->id)));

    if (db_next(&rows)) {
        if (strcmp(order->state, ORDER_LOST) == 0)
            eim_results_request_put(db_blob(&rows, 1), package);
        else
            buf_append(package, db_blob(&rows, 0));
    }
    db_end(&rows);
    db_run(eim->db, "UPDATE eim_order SET sends = sends + 1 WHERE id = ?", DB_VALUES(DB_INT(order->id)));
    log_line(LOG_LEVEL_INFO, "order %lld for %s: sent again", (long long)order->id, order->eid);
}

/*
 * True when the outstanding order has no answer to wait for: the IPA asks for more after an answer that is no
 * order's, or it has got the package so often that it must be one that it cannot answer. Others wait behind.
 */
static bool is_hopeless(struct eim *eim, const struct eim_order *order)
{
    char progress[256];
    bool stray;

    eim_order_progress(eim, order->id, progress, sizeof(progress));
    stray = strncmp(progress, PROGRESS_STRAY, strlen(PROGRESS_STRAY)) == 0;
    if (!stray && order->sends < SENDS_MAX)
        return false;
    if (!stray)
        snprintf(progress, sizeof(progress), "no answer came to it, which was sent %d times", SENDS_MAX);
    eim_order_set_progress(eim, order->id, PROGRESS_REFUSED);
    eim_order_end(eim, order, progress, NULL);
    data_request_ended(eim, order);
    if (!order->internal)
        profiles_stale(eim, order->eid);
    return true;
}

/*
 * True when the outstanding order was a download of which is known how it ended although its IPA, which asks
 * for more, sent no ProfileDownloadTriggerResult: IPAs of v1.0 tell of an installation by its notification
 * alone (which ends the order when it is of a relayed download), and of a failure by CancelSession or not at
 * all.
 */
static bool download_is_over(struct eim *eim, const struct eim_order *order)
{
    char progress[256];
    bool installed;

    if (order->kind != ORDER_DOWNLOAD)
        return false;
    eim_order_progress(eim, order->id, progress, sizeof(progress));
    installed = strcmp(progress, PROGRESS_INSTALLED) == 0;
    if (!installed && strncmp(progress, PROGRESS_NOT_INSTALLED, strlen(PROGRESS_NOT_INSTALLED)) != 0 &&
        strncmp(progress, PROGRESS_CANCELLED, strlen(PROGRESS_CANCELLED)) != 0 &&
        strncmp(progress, PROGRESS_FAILED, strlen(PROGRESS_FAILED)) != 0)
        return false;
    eim_order_end(eim, order, installed ? NULL : eim_failure_cause(progress), NULL);
    return true;
}

static bool send_next(struct eim *eim, const char *eid, struct buf *package)
{
    struct eim_order order;
    bool found = eim_order_outstanding(eim, eid, &order);
    int64_t id;

    if (found && (download_is_over(eim, &order) || is_hopeless(eim, &order))) {
        eim_order_clear(&order);
        found = false;
    } else if (found) {
        send_again(eim, &order, package);
    }
    while (!found && !db_failed(eim->db) && (id = next_queued(eim, eid)) != 0 &&
           eim_order_find(eim, id, &order)) {
        found = send_first(eim, &order, package);
        if (!found) {
            eim_order_clear(&order);
            buf_clear(package);
        }
    }
    eim_order_clear(&order);
    return found;
}

/* The network, and since when it has been the one that is reported. */
static void take_network(struct eim *eim, const char *eid, struct span network)
{
    db_run(eim->db,
           "UPDATE euicc SET network_since = CASE WHEN network IS ?1 THEN network_since ELSE ?2 END,"
           " network = ?1 WHERE eid = ?3",
           DB_VALUES(DB_BLOB(network), DB_INT(eim_now()), DB_TEXT(eid)));
}

static void take_poll(struct eim *eim, const char *eid, const struct eim_poll *poll)
{
    char cause[40];

    eim_euicc_touch(eim, eid);
    if (poll->network.size == 3)
        take_network(eim, eid, poll->network);
    if (!poll->state_changed && !poll->has_cause)
        return;
    profiles_stale(eim, eid);
    if (poll->has_cause)
        eim_euicc_set(eim, eid, "state_change_cause", DB_INT(poll->cause));
    log_line(LOG_LEVEL_INFO, "eUICC %s: its state changed%s%s", eid, poll->has_cause ? ", " : "",
             poll->has_cause ? code_text(NAMES_STATE_CHANGE, poll->cause, cause, sizeof(cause)) : "");
}

enum eim_error eim_next_package(struct eim *eim, const struct eim_poll *poll, struct buf *package)
{
    char eid[EIM_EID_DIGITS + 1];
    struct buf made = {0};
    int64_t last_seen;
    bool found, is_ruled;

    if (poll->eid.data == NULL)
        return EIM_ERROR_MISSING_EID;
    if (!eid_to_digits(poll->eid, eid))
        return EIM_ERROR_INVALID_EID;
    db_begin(eim->db);
    is_ruled = eim_rules_await(eim, eid, &last_seen);
    take_poll(eim, eid, poll);
    if (is_ruled)
        eim_rules_polled(eim, eid, poll, last_seen);
    found = send_next(eim, eid, &made);
    if (made.failed)
        db_fail(eim->db, "out of memory");
    if (!db_commit(eim->db)) {
        log_line(LOG_LEVEL_ERROR, "eUICC %s: the state cannot be stored", eid);
        buf_free(&made);
        return EIM_ERROR_UNDEFINED;
    }
    buf_append(package, buf_span(&made));
    buf_free(&made);
    return found ? EIM_ERROR_NONE : EIM_ERROR_NO_PACKAGE;
}
