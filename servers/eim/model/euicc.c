/* What is kept of each eUICC: its certificates, and what it and its IPA said of themselves. See eim.h,
 * server.h. */
#include "servers/eim/model/server.h"

#include "apdu/digits.h"

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

bool eim_euicc_touch(struct eim *eim, const char *eid)
{
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
