/* ProvideEimPackageResult (SGP.32 5.14.6): whose a result is, which order it answers, and how that one ends.
 * See eim.h; results of packages are package_result.c's, IpaEuiccData is data.c's. */
#include "servers/eim/model/result.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

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
    bool found = eim_order_by_answer(eim, eid, result->transaction_id, order);

    if (found && strcmp(order->eid, eid) == 0)
        return true;
    eim_order_clear(order);
    return false;
}

/* The answer to a waiting order does not count. */
static void refuse(struct eim *eim, const struct eim_order *order, struct span answer, const char *why)
{
    eim_order_refuse_answer(eim, order, answer, why);
    data_request_ended(eim, order);
}

/* A result that came before: the answer to it got lost, or the notification in it came first. What it holds
 * is acknowledged as it was then. */
static void take_again(struct eim *eim, const struct eim_result *result, const struct eim_order *order,
                       struct buf *acknowledgements)
{
    log_line(LOG_LEVEL_INFO, "order %lld for %s: its result again", (long long)order->id, order->eid);
    if (result->kind == EIM_RESULT_DATA)
        take_lists(eim, order->eid, result, acknowledgements);
    if (result->kind == EIM_RESULT_INSTALLED && was_relayed(eim, order))
        notification_take(eim, order->eid, result->installation, true, acknowledgements);
}

static void take_installed(struct eim *eim, const struct eim_result *result, const struct eim_order *order,
                           struct buf *acknowledgements)
{
    bool relayed = was_relayed(eim, order);
    enum notification taken = NOTIFICATION_MALFORMED;
    char failure[128];

    if (installation_failure(result->installation, failure, sizeof(failure)))
        taken = notification_take(eim, order->eid, result->installation, relayed,
                                  relayed ? acknowledgements : NULL);
    if (taken == NOTIFICATION_MALFORMED)
        eim_order_end(eim, order, "the ProfileInstallationResult is malformed", NULL);
    else if (taken == NOTIFICATION_UNVERIFIED)
        eim_order_end(eim, order, "the ProfileInstallationResult is not signed by the eUICC", NULL);
    else
        eim_order_end_installed(eim, order->id, failure); /* unless the notification in it has done so */
}

static void take_no_download(struct eim *eim, const struct eim_result *result, const struct eim_order *order)
{
    char error[400], code[64], progress[256], said[256];

    eim_order_progress(eim, order->id, progress, sizeof(progress));
    snprintf(said, sizeof(said), "%s", eim_failure_cause(progress));
    if (result->error_response.size > 0 && said[0] == '\0')
        hex_from_span(result->error_response, said, 129);
    snprintf(error, sizeof(error), "profileDownloadError: %s%s%s",
             result->has_error ? code_text(NAMES_DOWNLOAD, result->error, code, sizeof(code))
                               : "undefinedError",
             said[0] != '\0' ? ", " : "", said);
    eim_order_end(eim, order, error, NULL);
}

static void take_refused(struct eim *eim, const struct eim_result *result, const struct eim_order *order)
{
    char error[128], code[64];

    snprintf(error, sizeof(error), "eimPackageResultError: %s",
             code_text(NAMES_PACKAGE_REFUSED, result->error, code, sizeof(code)));
    eim_order_end(eim, order, error, NULL);
    data_request_ended(eim, order);
}

/* Whether an answer of this kind can be this order's. */
static bool fits(const struct eim_order *order, enum eim_result_kind kind)
{
    switch (kind) {
    case EIM_RESULT_REFUSED:
    case EIM_RESULT_DATA_ERROR:
        return true;
    case EIM_RESULT_DATA:
        return order->kind == ORDER_DATA || strcmp(order->state, ORDER_LOST) == 0;
    default:
        return order->kind == ORDER_DOWNLOAD;
    }
}

/* Everything but a package's own result. */
static void take_plain(struct eim *eim, const char *eid, const struct eim_result *result, struct span whole,
                       struct buf *acknowledgements)
{
    struct eim_order order;

    if (!find_plain_order(eim, eid, result, &order)) {
        eim_order_note_stray(eim, eid, result->transaction_id, "its eimTransactionId is that of none");
        return;
    }
    if (!eim_order_is_waiting(&order))
        take_again(eim, result, &order, acknowledgements);
    else if (!fits(&order, result->kind))
        refuse(eim, &order, whole,
               result->kind == EIM_RESULT_DATA ? "answered with IpaEuiccData, which it did not ask for"
                                               : "answered by the result of a download, which it is not");
    else if (result->kind == EIM_RESULT_REFUSED)
        take_refused(eim, result, &order);
    else if (result->kind == EIM_RESULT_DATA || result->kind == EIM_RESULT_DATA_ERROR)
        take_data(eim, result, &order, acknowledgements);
    else if (result->kind == EIM_RESULT_INSTALLED)
        take_installed(eim, result, &order, acknowledgements);
    else
        take_no_download(eim, result, &order);
    eim_order_clear(&order);
}

/* One that does not parse: `why` ends the order that waits for it. */
static void take_malformed(struct eim *eim, const char *eid, const struct eim_result *result,
                           struct span whole, const char *why)
{
    struct eim_order order;
    bool found = find_plain_order(eim, eid, result, &order) && eim_order_is_waiting(&order);

    if (!found) {
        eim_order_clear(&order);
        found = eim_order_outstanding(eim, eid, &order);
    }
    log_line(LOG_LEVEL_ERROR, "eUICC %s: %s", eid, why);
    if (found)
        refuse(eim, &order, whole, why);
    eim_order_clear(&order);
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

/* Whose a result is; it must be known. */
static enum eim_error check_owner(struct eim *eim, struct span eid, const struct eim_result *result,
                                  char digits[EIM_EID_DIGITS + 1])
{
    digits[0] = '\0';
    if (eid.data == NULL && !find_owner(eim, result, digits))
        return EIM_ERROR_MISSING_EID;
    if (eid.data != NULL && !eid_to_digits(eid, digits))
        return EIM_ERROR_INVALID_EID;
    return eim_euicc_number(eim, digits, "count(*)", 0) > 0 ? EIM_ERROR_NONE : EIM_ERROR_EID_NOT_FOUND;
}

static void take_for(struct eim *eim, const char *eid, const struct eim_result *result, struct span whole,
                     struct buf *acknowledgements)
{
    if (result->kind == EIM_RESULT_PACKAGE) {
        take_package_result(eim, eid, &result->package, acknowledgements);
        take_notifications(eim, eid, result->data.notifications, acknowledgements);
    } else {
        take_plain(eim, eid, result, whole, acknowledgements);
    }
}

/* Reading (SGP.32 6.3.2.7): who gives no eidValue is an IPA of v1.0; one of v1.2 that took its place does. */
static void note_seen(struct eim *eim, struct span eid, const char *digits)
{
    eim_euicc_set(eim, digits, "last_seen", DB_INT(eim_now()));
    eim_euicc_set(eim, digits, "version1", DB_INT(eid.data == NULL));
}

enum eim_error eim_take_result(struct eim *eim, struct span eid, struct span result,
                               struct buf *acknowledgements)
{
    char digits[EIM_EID_DIGITS + 1];
    struct eim_result parsed;
    struct buf list = {0};
    enum eim_error error;
    const char *what;
    size_t offset;
    char why[160] = "";

    if (!eim_result_parse(result, &parsed, &what, &offset))
        snprintf(why, sizeof(why), "the answer cannot be read: %s, at octet %zu of %zu", what, offset,
                 result.size);
    db_begin(eim->db);
    error = check_owner(eim, eid, &parsed, digits);
    if (error == EIM_ERROR_NONE) {
        note_seen(eim, eid, digits);
        if (why[0] != '\0')
            take_malformed(eim, digits, &parsed, result, why);
        else
            take_for(eim, digits, &parsed, result, &list);
    } else if (why[0] != '\0') {
        log_line(LOG_LEVEL_ERROR, "nobody's: %s", why);
        error = EIM_ERROR_UNDEFINED;
    }
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
