/* The result of an eUICC Package (SGP.32 2.11.2.1): verified, kept, applied once, and acknowledged. See
 * result.h. */
#include "servers/eim/model/result.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define RESULTS_KEPT "10000" /* older ones go */

enum { ERROR_REPLAY = 4 }; /* EuiccPackageErrorCode */

/* Whether the result can be this order's: of this eUICC, a package, with its counter (0: one whose octets
 * were ordered). */
static bool belongs(const struct eim_order *order, const char *eid, const struct package_result *result)
{
    return order->kind == ORDER_PACKAGE && strcmp(order->eid, eid) == 0 &&
           (result->kind == PACKAGE_ERROR_UNSIGNED || order->counter == 0 ||
            (uint64_t)order->counter == result->counter);
}

static bool find_order(struct eim *eim, const char *eid, const struct package_result *result,
                       struct eim_order *order)
{
    bool found = eim_order_by_answer(eim, eid, result->transaction_id, order);

    if (found && belongs(order, eid, result))
        return true;
    eim_order_clear(order);
    return false;
}

/* --- Signatures ----------------------------------------------------------------------------------------- */

static const char signature_wrong[] = "the eUICC's signature does not hold";

/* The eUICC signs over the data object followed by the association token object (SGP.32 5.9.1). */
static bool package_result_verify(struct eim *eim, const char *eid, const struct package_result *result,
                                  const char **why)
{
    struct cert *cert = eim_euicc_certificate(eim, eid);
    struct buf token = {0};
    bool ok = false;

    if (cert != NULL) {
        eim_token_put(eim, eid, &token);
        ok = ec_verify(cert_key(cert), (const struct span[]){result->signed_data, buf_span(&token)}, 2,
                       result->signature);
    }
    *why = cert != NULL ? signature_wrong
                        : "the signature cannot be checked: no certificate of this eUICC is known";
    cert_free(cert);
    buf_free(&token);
    return ok;
}

/* --- Signed results ------------------------------------------------------------------------------------- */

/* True when this very result was taken before. */
static bool is_known(struct eim *eim, const char *eid, struct span digest)
{
    return db_number(
               eim->db, 0,
               "SELECT count(*) FROM package_result WHERE eid = ? AND digest = ? AND sequence IS NOT NULL",
               DB_VALUES(DB_TEXT(eid), DB_BLOB(digest))) > 0;
}

static void package_result_keep(struct eim *eim, const char *eid, int64_t order,
                                const struct package_result *result, struct span digest)
{
    db_run(eim->db,
           "INSERT OR REPLACE INTO package_result (eid, order_id, received, sequence, digest, der) VALUES "
           "(?,?,?,?,?,?)",
           DB_VALUES(DB_TEXT(eid), DB_INT(order), DB_INT(eim_now()), DB_INT((int64_t)result->sequence),
                     DB_BLOB(digest), DB_BLOB(result->whole)));
    db_run(eim->db,
           "DELETE FROM package_result WHERE sequence IS NOT NULL AND id <= (SELECT id FROM package_result"
           " WHERE sequence IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET " RESULTS_KEPT ")",
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
static void package_result_apply(struct eim *eim, const struct eim_order *order, const json_t *results,
                                 uint64_t sequence)
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

/* The true result of an order that an answer without worth had ended. What it changed may have been changed
 * again since: the list will say. */
static void take_late(struct eim *eim, const struct eim_order *order, const char *failure, json_t *results)
{
    eim_order_set_progress(eim, order->id, NULL);
    eim_order_end(eim, order, failure[0] != '\0' ? failure : NULL, results);
    profiles_stale(eim, order->eid);
}

static void take_results(struct eim *eim, const struct eim_order *order, const struct package_result *result)
{
    const json_t *psmo = json_object_get(order->request, "psmo");
    const json_t *request = psmo != NULL ? psmo : json_object_get(order->request, "eco");
    json_t *results;
    char failure[160];

    if (!results_read(result->results, request, &results, failure, sizeof(failure))) {
        if (eim_order_is_waiting(order))
            eim_order_end(eim, order, "the result does not answer the package's commands", NULL);
        profiles_stale(eim, order->eid);
    } else if (is_rollback(results)) {
        take_rollback(eim, order, failure, results);
    } else if (eim_order_was_refused(eim, order)) {
        take_late(eim, order, failure, results);
    } else if (!eim_order_is_waiting(order)) {
        log_line(LOG_LEVEL_ERROR, "order %lld for %s: a second result, which is not applied",
                 (long long)order->id, order->eid);
        json_decref(results);
    } else {
        package_result_apply(eim, order, results, result->sequence);
        eim_order_end(eim, order, failure[0] != '\0' ? failure : NULL, results);
    }
}

/* Why a signature does not hold although nobody lies: IPAs of v1.0 decode results and encode them anew,
 * without the members that they do not know. */
static const char *likely_cause(struct eim *eim, const struct eim_order *order)
{
    if (eim_euicc_number(eim, order->eid, "version1", 0) != 0)
        return "; its IPA is one of SGP.32 v1.0 and may have encoded the result anew, without what it does "
               "not "
               "know";
    if (commands_have_later_members(order->request))
        return "; its IPA may have encoded the result anew and lost members that v1.0 does not know "
               "(profiles: 9F7B, 9F26, 9F67; eIMs: 82)";
    return "";
}

/* The eIM asks for the list of profiles once more, with what every IPA knows. */
static void want_older_list(struct eim *eim, const struct eim_order *order)
{
    if (!commands_have_later_members(order->request) || eim_euicc_number(eim, order->eid, "lists_v1", 0) != 0)
        return;
    eim_euicc_set(eim, order->eid, "lists_v1", DB_INT(1));
    profiles_stale(eim, order->eid);
}

/* The order that this answer names, if one waits for it, ends with the reason: no better answer will come.
 */
static bool end_waiting(struct eim *eim, const char *eid, const struct package_result *result,
                        const char *why)
{
    struct eim_order order;
    char text[256] = "";
    bool waits = eim_order_by_answer(eim, eid, result->transaction_id, &order) &&
                 order.kind == ORDER_PACKAGE && strcmp(order.eid, eid) == 0 && eim_order_is_waiting(&order);

    if (waits) {
        snprintf(text, sizeof(text), "%s%s", why, why == signature_wrong ? likely_cause(eim, &order) : "");
        eim_order_refuse_answer(eim, &order, result->whole, text);
        if (why == signature_wrong)
            want_older_list(eim, &order);
    }
    eim_order_clear(&order);
    return waits;
}

/* The answer does not count, whoever sent it. */
static void package_result_refuse(struct eim *eim, const char *eid, const struct package_result *result,
                                  const char *why)
{
    if (!end_waiting(eim, eid, result, why))
        eim_order_note_stray(eim, eid, result->transaction_id, why);
}

static void take_signed_result(struct eim *eim, const char *eid, const struct package_result *result,
                               struct buf *acknowledgements)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct eim_order order;
    const char *why = "its sequence number is too large";
    bool found;

    if (result->sequence > INT64_MAX || !package_result_verify(eim, eid, result, &why)) {
        package_result_refuse(eim, eid, result, why);
        return;
    }
    acknowledge(acknowledgements, result->sequence);
    crypto_sha256(&result->whole, 1, digest);
    if (is_known(eim, eid, SPAN_ARRAY(digest))) {
        log_line(LOG_LEVEL_INFO, "eUICC %s: package result %llu again", eid,
                 (unsigned long long)result->sequence);
        return;
    }
    found = find_order(eim, eid, result, &order);
    package_result_keep(eim, eid, found ? order.id : 0, result, SPAN_ARRAY(digest));
    if (found)
        take_results(eim, &order, result);
    else if (!end_waiting(eim, eid, result, "the answer has another counter than the package"))
        log_line(LOG_LEVEL_ERROR, "eUICC %s: package result %llu, counter %llu, answers no order", eid,
                 (unsigned long long)result->sequence, (unsigned long long)result->counter);
    eim_order_clear(&order);
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

static void take_signed_error(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_order order;
    const char *why;
    char text[64];

    if (!package_result_verify(eim, eid, result, &why)) {
        package_result_refuse(eim, eid, result, why);
        return;
    }
    if (!find_order(eim, eid, result, &order))
        return; /* an old error; nothing waits for it */
    if (!eim_order_is_waiting(&order))
        log_line(LOG_LEVEL_INFO, "order %lld for %s: an error after its end", (long long)order.id, eid);
    else if (result->error == ERROR_REPLAY)
        take_replay(eim, &order);
    else
        eim_order_end(eim, &order, code_text(NAMES_PACKAGE_ERROR, result->error, text, sizeof(text)), NULL);
    eim_order_clear(&order);
}

static void take_unsigned_error(struct eim *eim, const char *eid, const struct package_result *result)
{
    struct eim_order order;
    char code[64];
    char error[160];

    if (!find_order(eim, eid, result, &order)) {
        eim_order_note_stray(eim, eid, result->transaction_id, "its eimTransactionId is that of none");
        return;
    }
    snprintf(error, sizeof(error), "euiccPackageErrorUnsigned: %s",
             result->has_error ? code_text(NAMES_PACKAGE_UNSIGNED, result->error, code, sizeof(code))
                               : "the eUICC does not know this eIM, or its signature");
    if (eim_order_is_waiting(&order))
        eim_order_end(eim, &order, error, NULL);
    eim_order_clear(&order);
}

void take_package_result(struct eim *eim, const char *eid, const struct package_result *result,
                         struct buf *acknowledgements)
{
    if (!span_equal(result->eim_id, span_of_string(eim->id))) {
        package_result_refuse(eim, eid, result, "the answer is to another eIM");
        return;
    }
    switch (result->kind) {
    case PACKAGE_RESULT_SIGNED:
        take_signed_result(eim, eid, result, acknowledgements);
        break;
    case PACKAGE_ERROR_SIGNED:
        take_signed_error(eim, eid, result);
        break;
    default:
        take_unsigned_error(eim, eid, result);
    }
}
