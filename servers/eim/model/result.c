/* What comes back from a package (SGP.32 5.14.6 ProvideEimPackageResult): verified, kept, applied once, and
 * acknowledged. See eim.h; IpaEuiccData is data.c's. */
#include "servers/eim/model/result.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define RESULTS_KEPT "10000" /* older ones go */

enum { ERROR_REPLAY = 4 }; /* EuiccPackageErrorCode */

void acknowledge(struct buf *acknowledgements, uint64_t sequence)
{
    tlv_put_unsigned(acknowledgements, 0x80, sequence);
}

/* Whether the result can be this order's: of this eUICC, a package, with its counter. */
static bool belongs(const struct eim_order *order, const char *eid, const struct package_result *result)
{
    return order->kind == ORDER_PACKAGE && strcmp(order->eid, eid) == 0 &&
           (result->kind == PACKAGE_ERROR_UNSIGNED || (uint64_t)order->counter == result->counter);
}

static bool find_order(struct eim *eim, const char *eid, const struct package_result *result,
                       struct eim_order *order)
{
    bool found = result->transaction_id.data != NULL
                     ? eim_order_by_transaction(eim, result->transaction_id, order)
                     : eim_order_outstanding(eim, eid, order);

    if (found && belongs(order, eid, result))
        return true;
    eim_order_clear(order);
    return false;
}

static bool is_waiting(const struct eim_order *order)
{
    return strcmp(order->state, ORDER_SENT) == 0 || strcmp(order->state, ORDER_LOST) == 0;
}

/* --- Signatures ----------------------------------------------------------------------------------------- */

/* The eUICC signs over the data object followed by the association token object (SGP.32 5.9.1). */
static bool verify(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_euicc euicc;
    struct cert *cert = NULL;
    struct buf token = {0};
    bool ok = false;

    if (eim_euicc_find(eim, eid, &euicc)) {
        if (euicc.euicc_cert.size > 0)
            cert = cert_parse(buf_span(&euicc.euicc_cert), NULL);
        eim_euicc_clear(&euicc);
    }
    if (cert != NULL) {
        eim_token_put(eim, eid, &token);
        ok = ec_verify(cert_key(cert), (const struct span[]){result->signed_data, buf_span(&token)}, 2,
                       result->signature);
    }
    if (!ok)
        log_line(LOG_LEVEL_ERROR, "eUICC %s: a package result does not verify: %s", eid,
                 cert != NULL ? "the signature is wrong" : "no certificate of this eUICC is known");
    cert_free(cert);
    buf_free(&token);
    return ok;
}

/* --- Signed results ------------------------------------------------------------------------------------- */

/* True when this very result was taken before. */
static bool is_known(struct eim *eim, const char *eid, struct span whole)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];

    crypto_sha256(&whole, 1, digest);
    return db_number(eim->db, 0, "SELECT count(*) FROM package_result WHERE eid = ? AND digest = ?",
                     DB_VALUES(DB_TEXT(eid), DB_BLOB(SPAN_ARRAY(digest)))) > 0;
}

static void keep(struct eim *eim, const char *eid, int64_t order, const struct package_result *result)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];

    crypto_sha256(&result->whole, 1, digest);
    db_run(eim->db,
           "INSERT INTO package_result (eid, order_id, received, sequence, digest, der) VALUES (?,?,?,?,?,?)",
           DB_VALUES(DB_TEXT(eid), DB_INT(order), DB_INT(eim_now()), DB_INT((int64_t)result->sequence),
                     DB_BLOB(SPAN_ARRAY(digest)), DB_BLOB(result->whole)));
    db_run(eim->db,
           "DELETE FROM package_result WHERE id <= (SELECT max(id) FROM package_result) - " RESULTS_KEPT,
           DB_NONE);
}

/* A list of all profiles. The eUICC numbers results and notifications in one row: a notification from before
 * the list, which may be delivered after it, says nothing new. */
static void take_list(struct eim *eim, const char *eid, const json_t *profiles, uint64_t sequence)
{
    profiles_replace(eim, eid, profiles);
    db_run(eim->db, "UPDATE euicc SET last_notification = max(last_notification, ?) WHERE eid = ?",
           DB_VALUES(DB_INT((int64_t)sequence), DB_TEXT(eid)));
}

/* What each successful command did to what is known of the eUICC. */
static void apply(struct eim *eim, const struct eim_order *order, const json_t *results, uint64_t sequence)
{
    const json_t *psmo = json_object_get(order->request, "psmo");
    json_t *result;
    size_t i;

    json_array_foreach(results, i, result)
    {
        if (json_integer_value(json_object_get(result, "code")) != 0)
            break;
        if (json_object_get(result, "profiles") != NULL)
            take_list(eim, order->eid, json_object_get(result, "profiles"), sequence);
        else if (psmo != NULL)
            profiles_apply(eim, order->eid, json_array_get(psmo, i));
    }
}

static bool is_rollback(const json_t *results)
{
    const char *name = json_string_value(json_object_get(json_array_get(results, 0), "command"));

    return name != NULL && strcmp(name, "rollback") == 0;
}

/* ProfileRollback (SGP.32 3.3.2): a new result of the package that granted it, which may have been reported
 * as done. What the package did is undone; which profile is enabled now, the list will say. */
static void take_rollback(struct eim *eim, const struct eim_order *order, const char *failure,
                          json_t *results)
{
    char error[200];

    snprintf(error, sizeof(error), "rolledBack: %s",
             failure[0] != '\0' ? failure : "the eUICC went back to the profile that was enabled before");
    eim_order_end(eim, order, error, results);
    profiles_stale(eim, order->eid);
}

static void take_results(struct eim *eim, const struct eim_order *order, const struct package_result *result)
{
    const json_t *psmo = json_object_get(order->request, "psmo");
    const json_t *request = psmo != NULL ? psmo : json_object_get(order->request, "eco");
    json_t *results;
    char failure[160];

    if (!results_read(result->results, request, &results, failure, sizeof(failure))) {
        if (is_waiting(order))
            eim_order_end(eim, order, "the result does not answer the package's commands", NULL);
        profiles_stale(eim, order->eid);
    } else if (is_rollback(results)) {
        take_rollback(eim, order, failure, results);
    } else if (!is_waiting(order)) {
        log_line(LOG_LEVEL_ERROR, "order %lld for %s: a second result, which is not applied",
                 (long long)order->id, order->eid);
        json_decref(results);
    } else {
        apply(eim, order, results, result->sequence);
        eim_order_end(eim, order, failure[0] != '\0' ? failure : NULL, results);
    }
}

/* The order that a result with a wrong signature names is told so; it goes on waiting for the true one, for a
 * while (queue.c). */
static void note_unverified(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_order order;

    if (result->transaction_id.data == NULL || !find_order(eim, eid, result, &order))
        return;
    if (is_waiting(&order))
        db_run(eim->db, "UPDATE eim_order SET progress = '" PROGRESS_UNVERIFIED "' WHERE id = ?",
               DB_VALUES(DB_INT(order.id)));
    eim_order_clear(&order);
}

static bool take_signed_result(struct eim *eim, const char *eid, const struct package_result *result,
                               struct buf *acknowledgements)
{
    struct eim_order order;
    bool found;

    if (result->sequence > INT64_MAX)
        return false;
    if (!verify(eim, eid, result)) {
        note_unverified(eim, eid, result);
        return false;
    }
    acknowledge(acknowledgements, result->sequence);
    if (is_known(eim, eid, result->whole)) {
        log_line(LOG_LEVEL_INFO, "eUICC %s: package result %llu again", eid,
                 (unsigned long long)result->sequence);
        return true;
    }
    found = find_order(eim, eid, result, &order);
    keep(eim, eid, found ? order.id : 0, result);
    if (found)
        take_results(eim, &order, result);
    else
        log_line(LOG_LEVEL_ERROR, "eUICC %s: package result %llu, counter %llu, answers no order", eid,
                 (unsigned long long)result->sequence, (unsigned long long)result->counter);
    eim_order_clear(&order);
    return true;
}

/* --- Errors --------------------------------------------------------------------------------------------- */

/* A package that went out more than once and is refused as replayed was carried out: its result got lost on
 * the way. The eUICC keeps results until they are acknowledged. */
static void take_replay(struct eim *eim, const struct eim_order *order)
{
    if (order->sends > 1 && strcmp(order->state, ORDER_SENT) == 0) {
        db_run(eim->db, "UPDATE eim_order SET state = '" ORDER_LOST "' WHERE id = ?",
               DB_VALUES(DB_INT(order->id)));
        log_line(LOG_LEVEL_INFO, "order %lld for %s: carried out before; its result is asked for",
                 (long long)order->id, order->eid);
    } else {
        eim_order_end(eim, order, "replayError(4): the eUICC has seen this counter or a higher one", NULL);
    }
}

static bool take_signed_error(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_order order;
    char text[64];

    if (!verify(eim, eid, result))
        return false;
    if (!find_order(eim, eid, result, &order))
        return true; /* an old error; nothing waits for it */
    if (!is_waiting(&order))
        log_line(LOG_LEVEL_INFO, "order %lld for %s: an error after its end", (long long)order.id, eid);
    else if (result->error == ERROR_REPLAY)
        take_replay(eim, &order);
    else
        eim_order_end(eim, &order, code_text(CODES_PACKAGE_ERROR, result->error, text, sizeof(text)), NULL);
    eim_order_clear(&order);
    return true;
}

static bool take_unsigned_error(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_order order;
    char code[64];
    char error[160];

    if (!find_order(eim, eid, result, &order))
        return true;
    snprintf(error, sizeof(error), "euiccPackageErrorUnsigned: %s",
             result->has_error ? code_text(CODES_PACKAGE_UNSIGNED, result->error, code, sizeof(code))
                               : "the eUICC does not know this eIM, or its signature");
    if (is_waiting(&order))
        eim_order_end(eim, &order, error, NULL);
    eim_order_clear(&order);
    return true;
}

bool take_package_result(struct eim *eim, const char *eid, const struct package_result *result,
                         struct buf *acknowledgements)
{
    if (!span_equal(result->eim_id, span_of_string(eim->id))) {
        log_line(LOG_LEVEL_ERROR, "eUICC %s: a package result for another eIM", eid);
        return false;
    }
    switch (result->kind) {
    case PACKAGE_RESULT_SIGNED:
        return take_signed_result(eim, eid, result, acknowledgements);
    case PACKAGE_ERROR_SIGNED:
        return take_signed_error(eim, eid, result);
    default:
        return take_unsigned_error(eim, eid, result);
    }
}

/* --- Lists ---------------------------------------------------------------------------------------------- */

void take_notifications(struct eim *eim, struct span eid, struct span list, struct buf *acknowledgements)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv object;
    uint64_t sequence;
    bool verified;

    while (list.data != NULL && tlv_next(&reader, &object) == TLV_OK) {
        if (notification_take(eim, eid, object.whole, true, &sequence, &verified) && verified)
            acknowledge(acknowledgements, sequence);
    }
}

/* --- ProvideEimPackageResult ---------------------------------------------------------------------------- */

/* Reading (SGP.32 3.2.3): after an indirect download the eIM passes the installation's result on, after a
 * direct one the IPA does so itself. */
static bool was_relayed(struct eim *eim, const struct eim_order *order)
{
    return db_number(eim->db, 0, "SELECT smdp_transaction_id IS NOT NULL FROM eim_order WHERE id = ?",
                     DB_VALUES(DB_INT(order->id))) != 0;
}

/* The order that a result without a package inside answers, which may have ended before. */
static bool find_plain_order(struct eim *eim, const char *eid, const struct eim_result *result,
                             struct eim_order *order)
{
    bool found = eim_order_by_transaction(eim, result->transaction_id, order) ||
                 (result->transaction_id.data == NULL && eim_order_outstanding(eim, eid, order));

    if (found && strcmp(order->eid, eid) == 0)
        return true;
    eim_order_clear(order);
    return false;
}

/* A result that came before: the answer to it got lost, or the notification in it came first. What it holds
 * is acknowledged as it was then. */
static void take_again(struct eim *eim, struct span eid, const struct eim_result *result,
                       const struct eim_order *order, struct buf *acknowledgements)
{
    uint64_t sequence = 0;
    bool verified = false;

    log_line(LOG_LEVEL_INFO, "order %lld for %s: its result again", (long long)order->id, order->eid);
    if (result->kind == EIM_RESULT_DATA)
        take_lists(eim, eid, order->eid, result, acknowledgements);
    if (result->kind == EIM_RESULT_INSTALLED && was_relayed(eim, order) &&
        notification_take(eim, eid, result->installation, true, &sequence, &verified) && verified)
        acknowledge(acknowledgements, sequence);
}

/* Ends the order, unless the notification in its result has done so. */
static void end_installed(struct eim *eim, const struct eim_order *order, const char *failure)
{
    struct eim_order now;

    if (eim_order_find(eim, order->id, &now) && is_waiting(&now)) {
        db_run(eim->db, "UPDATE eim_order SET progress = ? WHERE id = ?",
               DB_VALUES(DB_TEXT(failure[0] != '\0' ? PROGRESS_NOT_INSTALLED : PROGRESS_INSTALLED),
                         DB_INT(order->id)));
        eim_order_end(eim, &now, failure[0] != '\0' ? failure : NULL, NULL);
    }
    eim_order_clear(&now);
}

static void take_installed(struct eim *eim, struct span eid, const struct eim_result *result,
                           const struct eim_order *order, struct buf *acknowledgements)
{
    bool relayed = was_relayed(eim, order);
    uint64_t sequence = 0;
    bool verified = false;
    char failure[128];

    if (!installation_failure(result->installation, failure, sizeof(failure)) ||
        !notification_take(eim, eid, result->installation, relayed, &sequence, &verified)) {
        eim_order_end(eim, order, "the ProfileInstallationResult is malformed", NULL);
        return;
    }
    if (!verified) {
        eim_order_end(eim, order, "the ProfileInstallationResult is not signed by the eUICC", NULL);
        return;
    }
    if (relayed)
        acknowledge(acknowledgements, sequence);
    end_installed(eim, order, failure);
}

static void take_no_download(struct eim *eim, const struct eim_result *result, const struct eim_order *order)
{
    char error[400], code[64], said[256] = "";
    struct db_rows rows =
        db_query(eim->db, "SELECT progress FROM eim_order WHERE id = ?", DB_VALUES(DB_INT(order->id)));

    if (db_next(&rows))
        db_text(&rows, 0, said, sizeof(said));
    db_end(&rows);
    if (result->error_response.size > 0 && said[0] == '\0')
        hex_from_span(result->error_response, said, 129);
    snprintf(error, sizeof(error), "profileDownloadError: %s%s%s",
             result->has_error ? code_text(CODES_DOWNLOAD_ERROR, result->error, code, sizeof(code))
                               : "undefinedError",
             said[0] != '\0' ? ", " : "", said);
    eim_order_end(eim, order, error, NULL);
}

static void take_refused(struct eim *eim, const struct eim_result *result, const struct eim_order *order)
{
    char error[128], code[64];

    snprintf(error, sizeof(error), "eimPackageResultError: %s",
             code_text(CODES_RESPONSE_ERROR, result->error, code, sizeof(code)));
    eim_order_end(eim, order, error, NULL);
    data_request_ended(eim, order);
}

/* Everything but a package's own result; false when no order waits for it. */
static bool take_plain(struct eim *eim, struct span eid, const char *digits, const struct eim_result *result,
                       struct buf *acknowledgements)
{
    struct eim_order order;

    if (!find_plain_order(eim, digits, result, &order)) {
        log_line(LOG_LEVEL_ERROR, "eUICC %s: a result that answers no order", digits);
        return false;
    }
    if (!is_waiting(&order))
        take_again(eim, eid, result, &order, acknowledgements);
    else if (result->kind == EIM_RESULT_REFUSED)
        take_refused(eim, result, &order);
    else if (result->kind == EIM_RESULT_DATA || result->kind == EIM_RESULT_DATA_ERROR)
        take_data(eim, eid, result, &order, acknowledgements);
    else if (order.kind != ORDER_DOWNLOAD)
        log_line(LOG_LEVEL_ERROR, "order %lld for %s: answered by a download's result", (long long)order.id,
                 digits);
    else if (result->kind == EIM_RESULT_INSTALLED)
        take_installed(eim, eid, result, &order, acknowledgements);
    else
        take_no_download(eim, result, &order);
    eim_order_clear(&order);
    return true;
}

/*
 * Whose a result is that does not say it (v1.0 has no eidValue): of the order with its transaction, of the
 * certificate that it holds, or of the only order that waits at all.
 */
static bool find_owner(struct eim *eim, const struct eim_result *result, char eid[EIM_EID_DIGITS + 1])
{
    struct eim_order order;
    struct db_rows rows;
    unsigned count = 0;

    if (eim_order_by_transaction(eim, result->transaction_id, &order)) {
        memcpy(eid, order.eid, EIM_EID_DIGITS + 1);
        eim_order_clear(&order);
        return true;
    }
    if (result->data.euicc_cert.data != NULL && eid_of_certificate(result->data.euicc_cert, eid))
        return true;
    rows = db_query(eim->db,
                    "SELECT eid FROM eim_order WHERE state IN ('" ORDER_SENT "', '" ORDER_LOST "') LIMIT 2",
                    DB_NONE);
    for (; db_next(&rows); count++)
        db_text(&rows, 0, eid, EIM_EID_DIGITS + 1);
    return count == 1;
}

static enum eim_error take_for(struct eim *eim, const char *digits, const struct eim_result *result,
                               struct buf *acknowledgements)
{
    struct buf eid = {0};
    bool ok;

    buf_append_hex(&eid, digits, NULL);
    db_run(eim->db, "UPDATE euicc SET last_seen = ? WHERE eid = ?",
           DB_VALUES(DB_INT(eim_now()), DB_TEXT(digits)));
    if (result->kind == EIM_RESULT_PACKAGE) {
        ok = take_package_result(eim, digits, &result->package, acknowledgements);
        take_notifications(eim, buf_span(&eid), result->notifications, acknowledgements);
    } else {
        ok = take_plain(eim, buf_span(&eid), digits, result, acknowledgements);
    }
    buf_free(&eid);
    return ok ? EIM_ERROR_NONE : EIM_ERROR_UNDEFINED;
}

enum eim_error eim_take_result(struct eim *eim, struct span eid, struct span result,
                               struct buf *acknowledgements)
{
    char digits[EIM_EID_DIGITS + 1];
    struct eim_result parsed;
    struct buf list = {0};
    enum eim_error error;
    const char *why;

    if (!eim_result_parse(result, &parsed, &why)) {
        log_line(LOG_LEVEL_ERROR, "a result was refused: %s", why);
        return EIM_ERROR_UNDEFINED;
    }
    if (eid.data == NULL && !find_owner(eim, &parsed, digits))
        return EIM_ERROR_MISSING_EID;
    if (eid.data != NULL && !eid_to_digits(eid, digits))
        return EIM_ERROR_INVALID_EID;
    if (db_number(eim->db, 0, "SELECT count(*) FROM euicc WHERE eid = ?", DB_VALUES(DB_TEXT(digits))) == 0)
        return EIM_ERROR_EID_NOT_FOUND;
    db_begin(eim->db);
    error = take_for(eim, digits, &parsed, &list);
    if (list.failed)
        db_fail(eim->db, "out of memory");
    if (!db_commit(eim->db)) {
        log_line(LOG_LEVEL_ERROR, "eUICC %s: a result cannot be stored", digits);
        error = EIM_ERROR_UNDEFINED;
    } else {
        buf_append(acknowledgements, buf_span(&list));
    }
    buf_free(&list);
    return error;
}
