/* Orders: checking what was asked for, keeping it, ending it. See server.h. */
#include "servers/eim/model/server.h"

#include "common/log.h"
#include "protocol/activation_code.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX     255
#define TAGS_MAX     32
#define WAYS         5       /* to say what is ordered */
#define ENDED_KEPT   "10000" /* ended orders, and as many of the eIM's own; older ones go */
#define REFUSED_KEPT "100"   /* answers that do not count */

/* --- Checking ------------------------------------------------------------------------------------------- */

static bool check_tags(const json_t *tags, struct complaint *complaint)
{
    json_t *tag;
    size_t i;

    if (!json_is_array(tags) || json_array_size(tags) == 0 || json_array_size(tags) > TAGS_MAX)
        return complain(complaint, "data", "tags", "is not a list of 1 to %d tags", TAGS_MAX);
    json_array_foreach(tags, i, tag)
    {
        struct buf octets = {0};
        bool ok = json_is_string(tag) && buf_append_hex(&octets, json_string_value(tag), NULL) &&
                  octets.size >= 1 && octets.size <= 3;

        buf_free(&octets);
        if (!ok)
            return complain(complaint, "data", "tags", "[%zu] is not a tag in hexadecimal such as \"BF22\"",
                            i);
    }
    return true;
}

static bool check_data(const json_t *data, struct complaint *complaint)
{
    static const char *const members[] = {"tags", NULL};

    if (!check_members(data, "data", members, complaint))
        return false;
    return json_object_get(data, "tags") == NULL || check_tags(json_object_get(data, "tags"), complaint);
}

static bool optional_text(const json_t *object, const char *path, const char *member, const char **text,
                          struct complaint *complaint)
{
    *text = NULL;
    if (json_object_get(object, member) == NULL)
        return true;
    *text = require_text(object, path, member, TEXT_MAX, complaint);
    return *text != NULL;
}

/* Exactly one way to name what is to be downloaded. */
static bool check_download(const json_t *download, bool unchecked, struct complaint *complaint)
{
    static const char *const members[] = {"activationCode", "smdpAddress", "matchingId",       "defaultSmdp",
                                          "smds",           "mode",        "confirmationCode", NULL};
    const char *code, *address, *matching_id, *smds, *mode, *confirmation;
    const json_t *use_default = json_object_get(download, "defaultSmdp");
    struct activation_code parsed;
    const char *why;
    int ways;

    if (!check_members(download, "download", members, complaint) ||
        !optional_text(download, "download", "activationCode", &code, complaint) ||
        !optional_text(download, "download", "smdpAddress", &address, complaint) ||
        !optional_text(download, "download", "matchingId", &matching_id, complaint) ||
        !optional_text(download, "download", "smds", &smds, complaint) ||
        !optional_text(download, "download", "mode", &mode, complaint) ||
        !optional_text(download, "download", "confirmationCode", &confirmation, complaint))
        return false;
    if (use_default != NULL && !json_is_true(use_default))
        return complain(complaint, "download", "defaultSmdp", "can only be true");
    ways = (code != NULL) + (address != NULL) + (smds != NULL) + (use_default != NULL);
    if (ways != 1)
        return complain(complaint, "download", NULL,
                        "needs exactly one of activationCode, smdpAddress, smds and defaultSmdp");
    if (mode != NULL && strcmp(mode, "direct") != 0 && strcmp(mode, "indirect") != 0)
        return complain(complaint, "download", "mode", "is neither direct nor indirect");
    if (unchecked)
        return true;
    if (code != NULL && !activation_code_parse(code, &parsed, &why))
        return complain(complaint, "download", "activationCode", "%s", why);
    if (matching_id != NULL && address == NULL)
        return complain(complaint, "download", "matchingId", "belongs to smdpAddress");
    if (address != NULL && (address[0] == '\0' || strchr(address, '$') != NULL ||
                            (matching_id != NULL && strchr(matching_id, '$') != NULL)))
        return complain(complaint, "download", "smdpAddress", "is not an address and a matchingId without $");
    return true;
}

static bool check_commands(const json_t *list, bool eco, struct complaint *complaint)
{
    struct buf out = {0};
    bool ok = commands_put(list, eco, false, &out, complaint);

    buf_free(&out);
    return ok;
}

/* A package in hexadecimal that goes out as it is. What it says it is, the answer is taken for. */
static bool check_raw(const json_t *raw, bool unchecked, enum order_kind *kind, struct complaint *complaint)
{
    struct buf octets = {0};
    bool ok = json_is_string(raw) && buf_append_hex(&octets, json_string_value(raw), NULL) &&
              octets.size > 0 && octets.size <= PACKAGE_SIZE_MAX;
    struct tlv_reader reader = tlv_reader(buf_span(&octets));
    uint32_t tag = tlv_peek(&reader);

    *kind = tag == TAG_DOWNLOAD_TRIGGER ? ORDER_DOWNLOAD
            : tag == TAG_IPA_EUICC_DATA ? ORDER_DATA
                                        : ORDER_PACKAGE;
    buf_free(&octets);
    if (!ok)
        return complain(complaint, "", "raw", "is not 1 to %zu octets in hexadecimal", PACKAGE_SIZE_MAX);
    return unchecked || complain(complaint, "", "raw", "needs unchecked: true");
}

bool eim_order_check(const json_t *request, enum order_kind *kind, struct complaint *complaint)
{
    static const char *const members[] = {"eid", "psmo", "eco", "download", "data", "raw", "unchecked", NULL};
    const json_t *unchecked = json_object_get(request, "unchecked");
    const char *eid, *what = NULL;
    const json_t *asked = NULL;

    if (!check_members(request, "", members, complaint))
        return false;
    eid = require_text(request, "", "eid", TEXT_MAX, complaint);
    if (eid == NULL)
        return false;
    if (!eid_is_good(eid))
        return complain(complaint, "", "eid", "is not an EID of 32 digits");
    if (unchecked != NULL && !json_is_boolean(unchecked))
        return complain(complaint, "", "unchecked", "is not true or false");
    for (size_t i = 1; i <= WAYS; i++) {
        if (json_object_get(request, members[i]) == NULL)
            continue;
        if (what != NULL)
            return complain(complaint, "", members[i], "cannot be in one order with %s", what);
        what = members[i];
        asked = json_object_get(request, what);
    }
    if (what == NULL)
        return complain(complaint, "", NULL, "one of psmo, eco, download, data and raw is missing");
    if (what[0] == 'r')
        return check_raw(asked, json_is_true(unchecked), kind, complaint);
    *kind = what[0] == 'd' ? (what[1] == 'o' ? ORDER_DOWNLOAD : ORDER_DATA) : ORDER_PACKAGE;
    if (*kind == ORDER_DOWNLOAD)
        return check_download(asked, json_is_true(unchecked), complaint);
    if (*kind == ORDER_DATA)
        return check_data(asked, complaint);
    return check_commands(asked, what[0] == 'e', complaint);
}

/* --- Keeping -------------------------------------------------------------------------------------------- */

#define SELECT_ORDER "SELECT id, eid, kind, state, internal, counter, sends, request FROM eim_order WHERE "

static bool find_order(struct eim *eim, const char *sql, struct db_value value, struct eim_order *order)
{
    struct db_rows rows = db_query(eim->db, sql, DB_VALUES(value));
    const char *text;

    *order = (struct eim_order){0};
    if (!db_next(&rows))
        return false;
    order->id = db_int(&rows, 0);
    db_text(&rows, 1, order->eid, sizeof(order->eid));
    order->kind = (enum order_kind)db_int(&rows, 2);
    db_text(&rows, 3, order->state, sizeof(order->state));
    order->internal = db_int(&rows, 4) != 0;
    order->counter = db_int(&rows, 5);
    order->sends = db_int(&rows, 6);
    text = db_string(&rows, 7);
    order->request = json_loads(text != NULL ? text : "{}", 0, NULL);
    db_end(&rows);
    return order->request != NULL;
}

bool eim_order_find(struct eim *eim, int64_t id, struct eim_order *order)
{
    return find_order(eim, SELECT_ORDER "id = ?", DB_INT(id), order);
}

bool eim_order_outstanding(struct eim *eim, const char *eid, struct eim_order *order)
{
    return find_order(eim,
                      SELECT_ORDER "eid = ? AND state IN ('" ORDER_SENT "', '" ORDER_LOST "')"
                                   " ORDER BY id LIMIT 1",
                      DB_TEXT(eid), order);
}

bool eim_order_by_transaction(struct eim *eim, struct span transaction_id, struct eim_order *order)
{
    return find_order(eim, SELECT_ORDER "transaction_id = ?", DB_BLOB(transaction_id), order);
}

bool eim_order_by_answer(struct eim *eim, const char *eid, struct span transaction_id,
                         struct eim_order *order)
{
    if (transaction_id.data != NULL && eim_order_by_transaction(eim, transaction_id, order))
        return true;
    return eim_order_outstanding(eim, eid, order) &&
           (transaction_id.data == NULL || json_object_get(order->request, "raw") != NULL);
}

bool eim_order_is_waiting(const struct eim_order *order)
{
    return strcmp(order->state, ORDER_SENT) == 0 || strcmp(order->state, ORDER_LOST) == 0;
}

void eim_order_clear(struct eim_order *order)
{
    json_decref(order->request);
    *order = (struct eim_order){0};
}

int64_t eim_order_add(struct eim *eim, const char *eid, enum order_kind kind, bool internal,
                      const json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    int64_t id = 0;
    bool ok;

    db_begin(eim->db);
    db_run(eim->db, "INSERT OR IGNORE INTO euicc (eid, first_seen, last_seen, counter) VALUES (?, ?, 0, ?)",
           DB_VALUES(DB_TEXT(eid), DB_INT(eim_now()), DB_INT(eim->first_counter - 1)));
    if (!internal)
        eim_euicc_befriend(eim, eid);
    ok = db_run(eim->db,
                "INSERT INTO eim_order (eid, kind, internal, state, request, created)"
                " VALUES (?, ?, ?, '" ORDER_QUEUED "', ?, ?)",
                DB_VALUES(DB_TEXT(eid), DB_INT(kind), DB_INT(internal), DB_TEXT(text), DB_INT(eim_now())));
    if (ok)
        id = db_last_id(eim->db);
    /* What the eIM asks strangers must not push out what was ordered. */
    db_run(eim->db,
           "DELETE FROM eim_order WHERE internal = ?1 AND state IN ('" ORDER_DONE "', '" ORDER_FAILED "')"
           " AND id <= (SELECT id FROM eim_order WHERE internal = ?1 ORDER BY id DESC LIMIT 1"
           " OFFSET " ENDED_KEPT ")",
           DB_VALUES(DB_INT(internal)));
    free(text);
    return db_commit(eim->db) ? id : 0;
}

void eim_order_progress(struct eim *eim, int64_t id, char *out, size_t size)
{
    struct db_rows rows =
        db_query(eim->db, "SELECT progress FROM eim_order WHERE id = ?", DB_VALUES(DB_INT(id)));

    out[0] = '\0';
    if (db_next(&rows))
        db_text(&rows, 0, out, size);
    db_end(&rows);
}

const char *eim_failure_cause(const char *progress)
{
    static const char prefix[] = PROGRESS_FAILED ": ";

    return strncmp(progress, prefix, sizeof(prefix) - 1) == 0 ? progress + sizeof(prefix) - 1 : progress;
}

void eim_order_set_progress(struct eim *eim, int64_t id, const char *progress)
{
    db_run(eim->db, "UPDATE eim_order SET progress = ? WHERE id = ?",
           DB_VALUES(DB_TEXT(progress), DB_INT(id)));
}

/* The octets stand beside the results of packages, without a sequence number. */
static void keep_refused(struct eim *eim, const struct eim_order *order, struct span answer)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];

    crypto_sha256(&answer, 1, digest);
    db_run(eim->db,
           "INSERT OR IGNORE INTO package_result (eid, order_id, received, digest, der) VALUES (?,?,?,?,?)",
           DB_VALUES(DB_TEXT(order->eid), DB_INT(order->id), DB_INT(eim_now()), DB_BLOB(SPAN_ARRAY(digest)),
                     DB_BLOB(answer)));
    db_run(eim->db,
           "DELETE FROM package_result WHERE sequence IS NULL AND id NOT IN (SELECT id FROM package_result"
           " WHERE sequence IS NULL ORDER BY id DESC LIMIT " REFUSED_KEPT ")",
           DB_NONE);
}

/*
 * Reading (SGP.32 5.14.6): an error makes an IPA keep its result and bring it again, before it asks for the
 * next package. So an answer that does not count is taken without an acknowledgement: the eUICC keeps what
 * it signed, and the orders behind this one go on.
 */
void eim_order_refuse_answer(struct eim *eim, const struct eim_order *order, struct span answer,
                             const char *why)
{
    keep_refused(eim, order, answer);
    eim_order_set_progress(eim, order->id, PROGRESS_REFUSED);
    eim_order_end(eim, order, why, NULL);
    if (!order->internal && order->kind != ORDER_DATA)
        profiles_stale(eim, order->eid); /* it may have been carried out */
}

void eim_order_note_stray(struct eim *eim, const char *eid, struct span transaction_id, const char *why)
{
    struct eim_order order;
    char progress[256];

    log_line(LOG_LEVEL_ERROR, "eUICC %s: an answer is for no order that waits: %s", eid, why);
    snprintf(progress, sizeof(progress), PROGRESS_STRAY ": %s", why);
    if (!eim_order_by_transaction(eim, transaction_id, &order) && eim_order_outstanding(eim, eid, &order))
        eim_order_set_progress(eim, order.id, progress);
    eim_order_clear(&order);
}

bool eim_order_was_refused(struct eim *eim, const struct eim_order *order)
{
    char progress[256];

    eim_order_progress(eim, order->id, progress, sizeof(progress));
    return strcmp(progress, PROGRESS_REFUSED) == 0;
}

void eim_order_end_installed(struct eim *eim, int64_t id, const char *failure)
{
    bool failed = failure[0] != '\0';
    struct eim_order order;

    if (eim_order_find(eim, id, &order) && eim_order_is_waiting(&order)) {
        eim_order_set_progress(eim, id, failed ? PROGRESS_NOT_INSTALLED : PROGRESS_INSTALLED);
        eim_order_end(eim, &order, failed ? failure : NULL, NULL);
    }
    eim_order_clear(&order);
}

void eim_order_end(struct eim *eim, const struct eim_order *order, const char *error, json_t *result)
{
    char *text = result != NULL ? json_dumps(result, JSON_COMPACT) : NULL;

    db_run(eim->db,
           "UPDATE eim_order SET state = ?, error = ?, result = coalesce(?, result), ended = ? WHERE id = ?",
           DB_VALUES(DB_TEXT(error != NULL ? ORDER_FAILED : ORDER_DONE), DB_SOME_TEXT(error), DB_TEXT(text),
                     DB_INT(eim_now()), DB_INT(order->id)));
    /* However the profile list was answered: it is asked for again at the next change, not for ever. */
    if (order->internal && order->kind == ORDER_PACKAGE)
        db_run(eim->db, "UPDATE euicc SET profiles_stale = max(profiles_stale - 1, 0) WHERE eid = ?",
               DB_VALUES(DB_TEXT(order->eid)));
    log_line(error != NULL ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "order %lld for %s: %s%s%s",
             (long long)order->id, order->eid, error != NULL ? ORDER_FAILED : ORDER_DONE,
             error != NULL ? ", " : "", error != NULL ? error : "");
    free(text);
    json_decref(result);
}
