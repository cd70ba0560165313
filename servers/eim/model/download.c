/* Download orders as the relay sees them (SGP.32 3.2.3.2). See eim.h. */
#include "servers/eim/model/server.h"

#include "common/log.h"
#include "common/net/place.h"
#include "protocol/activation_code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void set(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void take_address(struct eim *eim, const json_t *request, struct eim_download *download)
{
    const char *code = json_string_value(json_object_get(request, "activationCode"));
    const char *smds = json_string_value(json_object_get(request, "smds"));
    const json_t *event = json_object_get(request, "event");
    struct activation_code parsed;
    struct db_rows rows;
    const char *why;
    bool found;

    set(download->confirmation_code, sizeof(download->confirmation_code),
        json_string_value(json_object_get(request, "confirmationCode")));
    if (code != NULL && activation_code_parse(code, &parsed, &why)) {
        set(download->smdp_address, sizeof(download->smdp_address), parsed.address);
        set(download->matching_id, sizeof(download->matching_id), parsed.matching_id);
        set(download->smdp_oid, sizeof(download->smdp_oid), parsed.oid);
        download->has_matching_id = true;
        return;
    }
    set(download->smdp_address, sizeof(download->smdp_address),
        json_string_value(json_object_get(request, "smdpAddress")));
    set(download->matching_id, sizeof(download->matching_id),
        json_string_value(json_object_get(request, "matchingId")));
    download->has_matching_id = json_object_get(request, "matchingId") != NULL;
    download->by_smds = smds != NULL;
    set(download->smds_address, sizeof(download->smds_address), smds);
    if (event != NULL) {
        set(download->smdp_address, sizeof(download->smdp_address),
            json_string_value(json_object_get(event, "smdpAddress")));
        set(download->matching_id, sizeof(download->matching_id),
            json_string_value(json_object_get(event, "matchingId")));
        download->has_matching_id = true;
    }
    if (json_object_get(request, "defaultSmdp") == NULL && (smds == NULL || smds[0] != '\0'))
        return;
    rows = db_query(eim->db, "SELECT default_smdp, root_smds FROM euicc WHERE eid = ?",
                    DB_VALUES(DB_TEXT(download->eid)));
    found = db_next(&rows);
    if (found && download->by_smds)
        db_text(&rows, 1, download->smds_address, sizeof(download->smds_address));
    else if (found)
        db_text(&rows, 0, download->smdp_address, sizeof(download->smdp_address));
    db_end(&rows);
}

/* Takes the order; true when it is a download, and unless `ended` may be waits for its result. */
static bool download_take(struct eim *eim, struct eim_order *order, bool ended, struct eim_download *download)
{
    bool ok = order->kind == ORDER_DOWNLOAD && (ended || strcmp(order->state, ORDER_SENT) == 0);

    *download = (struct eim_download){0};
    if (ok) {
        download->order = order->id;
        set(download->eid, sizeof(download->eid), order->eid);
        take_address(eim, json_object_get(order->request, "download"), download);
    }
    eim_order_clear(order);
    return ok;
}

static bool eim_download_take(struct eim *eim, struct eim_order *order, struct eim_download *download)
{
    return download_take(eim, order, false, download);
}

bool eim_download_by_transaction(struct eim *eim, struct span eim_transaction_id,
                                 struct eim_download *download)
{
    struct eim_order order;

    return eim_order_by_transaction(eim, eim_transaction_id, &order) &&
           eim_download_take(eim, &order, download);
}

bool eim_download_by_smdp_transaction(struct eim *eim, struct span transaction_id,
                                      struct eim_download *download)
{
    struct eim_order order;
    int64_t id = db_number(eim->db, 0,
                           "SELECT id FROM eim_order WHERE smdp_transaction_id = ? ORDER BY id DESC LIMIT 1",
                           DB_VALUES(DB_BLOB(transaction_id)));

    return eim_order_find(eim, id, &order) && eim_download_take(eim, &order, download);
}

bool eim_download_by_eid(struct eim *eim, const char *eid, struct eim_download *download)
{
    struct eim_order order;

    return eim_order_outstanding(eim, eid, &order) && eim_download_take(eim, &order, download);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Whether a step is news of this download: not after its end, nor a failure that follows from another. */
static bool is_news(struct eim *eim, int64_t id, enum eim_step step)
{
    char before[256];
    struct eim_order order;
    bool waits = eim_order_find(eim, id, &order) && eim_order_is_waiting(&order);

    eim_order_clear(&order);
    eim_order_progress(eim, id, before, sizeof(before));
    return waits && ((step != EIM_STEP_CANCELLED && step != EIM_STEP_FAILED) ||
                     (!begins_with(before, PROGRESS_CANCELLED) && !begins_with(before, PROGRESS_FAILED)));
}

void eim_download_report(struct eim *eim, int64_t order, enum eim_step step, struct span transaction_id,
                         const char *why)
{
    static const char *const names[] = {
        [EIM_STEP_INITIATED] = "initiated",  [EIM_STEP_AUTHENTICATED] = "authenticated",
        [EIM_STEP_BOUND] = "bound",          [EIM_STEP_CANCELLED] = PROGRESS_CANCELLED,
        [EIM_STEP_FAILED] = PROGRESS_FAILED,
    };
    char progress[256];

    snprintf(progress, sizeof(progress), "%s%s%s", names[step], why != NULL && why[0] != '\0' ? ": " : "",
             why != NULL ? why : "");
    log_line(LOG_LEVEL_INFO, "order %lld: %s", (long long)order, progress);
    if (!is_news(eim, order, step))
        return;
    db_begin(eim->db);
    eim_order_set_progress(eim, order, progress);
    if (step == EIM_STEP_INITIATED)
        db_run(eim->db, "UPDATE eim_order SET smdp_transaction_id = ? WHERE id = ?",
               DB_VALUES(DB_BLOB(transaction_id), DB_INT(order)));
    if (!db_commit(eim->db))
        log_line(LOG_LEVEL_ERROR, "order %lld: its progress cannot be stored", (long long)order);
}

/* --- The servers of downloads --------------------------------------------------------------------------- */

#define USUAL_PORT 443
#define LOOKED_AT  "1000" /* orders, the newest: what is older than so many has been heard of */
#define LOOKED_MAX 1000

bool eim_address_is_same(const char *a, const char *b)
{
    struct place first = {.port = USUAL_PORT}, second = {.port = USUAL_PORT};

    return place_parse(a, &first) && place_parse(b, &second) && first.host[0] != '\0' &&
           strcasecmp(first.host, second.host) == 0 && first.port == second.port;
}

void eim_download_found(struct eim *eim, int64_t id, const char *smdp_address, const char *matching_id)
{
    struct eim_order order;
    char *text = NULL;

    if (!eim_order_find(eim, id, &order))
        return;
    if (json_object_set_new(json_object_get(order.request, "download"), "event",
                            json_pack("{s:s,s:s}", "smdpAddress", smdp_address, "matchingId", matching_id)) ==
        0)
        text = json_dumps(order.request, JSON_COMPACT);
    if (text == NULL || !db_run(eim->db, "UPDATE eim_order SET request = ? WHERE id = ?",
                                DB_VALUES(DB_TEXT(text), DB_INT(id))))
        log_line(LOG_LEVEL_ERROR, "order %lld: the event that was found cannot be stored", (long long)id);
    free(text);
    eim_order_clear(&order);
}

static bool order_is_from(struct eim *eim, int64_t id, const char *address)
{
    struct eim_order order;
    struct eim_download download;

    return eim_order_find(eim, id, &order) && download_take(eim, &order, true, &download) &&
           (eim_address_is_same(address, download.smdp_address) ||
            (download.by_smds && eim_address_is_same(address, download.smds_address)));
}

bool eim_download_is_from(struct eim *eim, const char *eid, const char *address, bool ended)
{
    int64_t *ids = calloc(LOOKED_MAX, sizeof(*ids));
    size_t count = 0;
    bool found = false;
    struct db_rows rows;

    if (ids == NULL)
        return false;
    rows = db_query(eim->db,
                    "SELECT id FROM eim_order WHERE kind = ?1 AND (?2 IS NULL OR eid = ?2) AND"
                    " (?3 OR state = '" ORDER_SENT "') ORDER BY id DESC LIMIT " LOOKED_AT,
                    DB_VALUES(DB_INT(ORDER_DOWNLOAD), DB_SOME_TEXT(eid != NULL ? eid : ""), DB_INT(ended)));
    while (count < LOOKED_MAX && db_next(&rows))
        ids[count++] = db_int(&rows, 0);
    db_end(&rows);
    for (size_t i = 0; i < count && !found; i++)
        found = order_is_from(eim, ids[i], address);
    free(ids);
    return found;
}

bool eim_forward_is_known(struct eim *eim, int64_t id, const char *address)
{
    struct db_rows rows =
        db_query(eim->db, "SELECT eid FROM notification WHERE id = ?", DB_VALUES(DB_INT(id)));
    char eid[EIM_EID_DIGITS + 1] = "";

    if (db_next(&rows))
        db_text(&rows, 0, eid, sizeof(eid));
    db_end(&rows);
    return eid[0] != '\0' && eim_download_is_from(eim, eid, address, true);
}

void eim_forward_refuse(struct eim *eim, int64_t id)
{
    db_run(eim->db, "UPDATE notification SET forward = 3 WHERE id = ?", DB_VALUES(DB_INT(id)));
}
