/* What is kept of each eUICC: its certificates, and what it and its IPA said of themselves. See eim.h,
 * server.h. */
#include "servers/eim/model/server.h"

#include "apdu/digits.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

bool eid_to_digits(struct span eid, char digits[EIM_EID_DIGITS + 1])
{
    if (eid.size != EIM_EID_OCTETS)
        return false;
    hex_from_span(eid, digits, EIM_EID_DIGITS + 1);
    return eid_is_good(digits);
}

bool eid_is_good(const char *digits)
{
    return digits_are(digits, EIM_EID_DIGITS, EIM_EID_DIGITS);
}

void eim_euicc_forget(struct eim *eim, const char *eid)
{
    static const char *const statements[] = {
        "DELETE FROM profile WHERE eid = ?",        "DELETE FROM notification WHERE eid = ?",
        "DELETE FROM package_result WHERE eid = ?", "DELETE FROM eim_order WHERE eid = ?",
        "DELETE FROM rule_event WHERE eid = ?",     "DELETE FROM euicc WHERE eid = ?"};

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        db_run(eim->db, statements[i], DB_VALUES(DB_TEXT(eid)));
}

void eim_euicc_befriend(struct eim *eim, const char *eid)
{
    eim_euicc_set(eim, eid, "stranger", DB_INT(0));
}

/* Forgets the stranger that was seen first, if that was before `before`. */
static bool forget_stranger(struct eim *eim, int64_t before)
{
    char eid[EIM_EID_DIGITS + 1];
    struct db_rows rows =
        db_query(eim->db, "SELECT eid FROM euicc WHERE stranger AND last_seen < ? ORDER BY last_seen LIMIT 1",
                 DB_VALUES(DB_INT(before)));

    if (!db_next(&rows))
        return false;
    db_text(&rows, 0, eid, sizeof(eid));
    db_end(&rows);
    eim_euicc_forget(eim, eid);
    return true;
}

/* Room for one stranger more. */
static void make_room(struct eim *eim)
{
    int64_t now = eim_now();
    bool is_full;

    while (!db_failed(eim->db) && forget_stranger(eim, now - STRANGER_AGE)) {
    }
    is_full = db_number(eim->db, 0, "SELECT count(*) FROM euicc WHERE stranger", DB_NONE) >= STRANGERS_MAX;
    if (is_full && !eim->is_crowded)
        log_line(LOG_LEVEL_ERROR,
                 "%d eUICCs poll that nothing was ordered for and that have shown no certificates: from now "
                 "on the oldest of them are forgotten",
                 STRANGERS_MAX);
    eim->is_crowded = is_full;
    if (is_full)
        forget_stranger(eim, INT64_MAX);
}

bool eim_euicc_touch(struct eim *eim, const char *eid)
{
    if (eim_euicc_number(eim, eid, "count(*)", 0) == 0)
        make_room(eim);
    return db_run(eim->db,
                  "INSERT INTO euicc (eid, first_seen, last_seen, counter) VALUES (?1, ?2, ?2, ?3)"
                  " ON CONFLICT (eid) DO UPDATE SET last_seen = ?2",
                  DB_VALUES(DB_TEXT(eid), DB_INT(eim_now()), DB_INT(eim->first_counter - 1)));
}

void eim_euicc_set(struct eim *eim, const char *eid, const char *column, struct db_value value)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "UPDATE euicc SET %s = ? WHERE eid = ?", column);
    db_run(eim->db, sql, DB_VALUES(value, DB_TEXT(eid)));
}

int64_t eim_euicc_number(struct eim *eim, const char *eid, const char *column, int64_t otherwise)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT %s FROM euicc WHERE eid = ?", column);
    return db_number(eim->db, otherwise, sql, DB_VALUES(DB_TEXT(eid)));
}

static void copy(struct buf *out, struct span octets)
{
    if (octets.data != NULL)
        buf_append(out, octets);
}

static void take_capabilities(struct span content, struct eim_euicc *euicc)
{
    struct span features;

    euicc->ipa_known = content.data != NULL && tlv_find(content, 0x80, &features);
    for (unsigned i = 0; euicc->ipa_known && i < EIM_IPA_FEATURES; i++)
        euicc->ipa[i] = tlv_bit(features, i);
}

bool eim_euicc_find(struct eim *eim, const char *eid, struct eim_euicc *euicc)
{
    struct db_rows rows = db_query(eim->db,
                                   "SELECT eid, euicc_certificate, eum_certificate, info1, info2, ci_key_id,"
                                   " ipa_capabilities, device_info FROM euicc WHERE eid = ?",
                                   DB_VALUES(DB_TEXT(eid)));

    *euicc = (struct eim_euicc){0};
    if (!db_next(&rows))
        return false;
    db_text(&rows, 0, euicc->eid, sizeof(euicc->eid));
    copy(&euicc->euicc_cert, db_blob(&rows, 1));
    copy(&euicc->eum_cert, db_blob(&rows, 2));
    copy(&euicc->info1, db_blob(&rows, 3));
    copy(&euicc->info2, db_blob(&rows, 4));
    copy(&euicc->ci_key_id, db_blob(&rows, 5));
    take_capabilities(db_blob(&rows, 6), euicc);
    copy(&euicc->device_info, db_blob(&rows, 7));
    db_end(&rows);
    return true;
}

bool eim_ipa_has(struct eim *eim, const char *eid, enum eim_ipa_feature feature)
{
    struct eim_euicc euicc;
    bool has = eim_euicc_find(eim, eid, &euicc) && euicc.ipa[feature];

    eim_euicc_clear(&euicc);
    return has;
}

struct cert *eim_euicc_certificate(struct eim *eim, const char *eid)
{
    struct eim_euicc euicc;
    bool known = eim_euicc_find(eim, eid, &euicc) && euicc.euicc_cert.size > 0;
    struct cert *cert = known ? cert_parse(buf_span(&euicc.euicc_cert), NULL) : NULL;

    eim_euicc_clear(&euicc);
    return cert;
}

void eim_euicc_clear(struct eim_euicc *euicc)
{
    buf_free(&euicc->euicc_cert);
    buf_free(&euicc->eum_cert);
    buf_free(&euicc->info1);
    buf_free(&euicc->info2);
    buf_free(&euicc->ci_key_id);
    buf_free(&euicc->device_info);
    *euicc = (struct eim_euicc){0};
}
