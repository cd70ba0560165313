/* What an eIM is and what it remembers: its keys, and one SQLite file. See server.h. */
#include "servers/eim/model/server.h"

#include "common/tool.h"
#include "servers/eim/model/configuration.h"

#include <openssl/objects.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCHEMA_VERSION 1

/* data_state: enum data_state. A NULL token is the default one, 84 01 00. profiles_stale: the list has to be
 * asked for. forward: 0 no, 1 waits, 2 delivered, 3 given up. */
static const char schema[] =
    "CREATE TABLE euicc ("
    "  eid TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  counter INTEGER NOT NULL, token INTEGER, data_state INTEGER NOT NULL DEFAULT 0,"
    "  data_tries INTEGER NOT NULL DEFAULT 0, euicc_certificate BLOB, eum_certificate BLOB, info1 BLOB,"
    "  info2 BLOB, ci_key_id BLOB, default_smdp TEXT, root_smds TEXT, ipa_capabilities BLOB,"
    "  device_info BLOB, profiles_stale INTEGER NOT NULL DEFAULT 1, profiles_at INTEGER NOT NULL DEFAULT 0,"
    "  state_change_cause INTEGER, network BLOB, last_notification INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE eim_order ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, eid TEXT NOT NULL, kind INTEGER NOT NULL,"
    "  internal INTEGER NOT NULL, state TEXT NOT NULL, request TEXT NOT NULL, created INTEGER NOT NULL,"
    "  sent INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0,"
    "  counter INTEGER NOT NULL DEFAULT 0, transaction_id BLOB UNIQUE, package BLOB, progress TEXT,"
    "  smdp_transaction_id BLOB, error TEXT, result TEXT);"
    "CREATE INDEX order_by_eid ON eim_order (eid, state);"
    "CREATE TABLE package_result ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, eid TEXT NOT NULL, order_id INTEGER, received INTEGER NOT NULL,"
    "  sequence INTEGER, digest BLOB NOT NULL, der BLOB NOT NULL, UNIQUE (eid, digest));"
    "CREATE TABLE profile ("
    "  eid TEXT NOT NULL, iccid TEXT NOT NULL, state TEXT NOT NULL, isdp_aid TEXT, nickname TEXT,"
    "  service_provider TEXT, name TEXT, class TEXT, fallback INTEGER NOT NULL DEFAULT 0,"
    "  fallback_allowed INTEGER, ecall INTEGER, PRIMARY KEY (eid, iccid)) WITHOUT ROWID;"
    "CREATE TABLE notification ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, eid TEXT NOT NULL, received INTEGER NOT NULL,"
    "  verified INTEGER NOT NULL, operation TEXT NOT NULL, sequence INTEGER NOT NULL, iccid TEXT,"
    "  address TEXT NOT NULL, result TEXT, digest BLOB NOT NULL, der BLOB NOT NULL, forward INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL DEFAULT 0, UNIQUE (eid, digest));";

int64_t eim_now(void)
{
    return (int64_t)time(NULL);
}

/* The identifier that the certificate names (registeredID), dotted. */
static bool take_oid(struct eim *eim)
{
    struct span oid = cert_oid(eim->sign.cert);
    uint8_t der[64];
    const uint8_t *at = der;
    ASN1_OBJECT *object;
    bool ok;

    if (oid.size == 0 || oid.size > sizeof(der) - 2)
        return false;
    der[0] = 0x06;
    der[1] = (uint8_t)oid.size;
    memcpy(der + 2, oid.data, oid.size);
    object = d2i_ASN1_OBJECT(NULL, &at, (long)oid.size + 2);
    ok = object != NULL && OBJ_obj2txt(eim->id, sizeof(eim->id), object, 1) > 0;
    ASN1_OBJECT_free(object);
    eim->id_type = EIM_ID_TYPE_OID;
    return ok;
}

/* Reading (SGP.32 2.11.1.1.1): a given eimId of digits and dots is an OID, one with a dot otherwise an FQDN.
 */
static bool take_id(struct eim *eim, const char *id)
{
    size_t size = strlen(id);

    if (size == 0 || size > EIM_ID_MAX) {
        tool_error("the eimId must have 1 to %d octets", EIM_ID_MAX);
        return false;
    }
    memcpy(eim->id, id, size + 1);
    if (strspn(id, "0123456789.") == size && strchr(id, '.') != NULL)
        eim->id_type = EIM_ID_TYPE_OID;
    else
        eim->id_type = strchr(id, '.') != NULL ? EIM_ID_TYPE_FQDN : EIM_ID_TYPE_PROPRIETARY;
    return true;
}

static bool trust_all(struct eim *eim, const char *pki)
{
    const char *why;

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct pki_pair ci;

        if (!pki_has_curve(pki, curve))
            continue;
        if (!pki_load(pki, curve, PKI_CI, false, &ci))
            return false;
        if (!euicc_trust_add(&eim->trust, ci.cert, &why)) {
            tool_error("%s/%s: %s", pki, pki_curve_directory(curve), why);
            return false;
        }
    }
    return true;
}

bool eim_identity_load(struct eim *eim, const char *pki, enum ec_curve curve, const char *id)
{
    bool asked = curve != EC_CURVE_NONE;

    if (!asked)
        curve = pki_has_curve(pki, EC_CURVE_P256) ? EC_CURVE_P256 : EC_CURVE_BRAINPOOL_P256R1;
    if (!pki_has_curve(pki, curve)) {
        tool_error("%s is not a test PKI%s%s (make one with 'softeuicc pki init --dir %s')", pki,
                   asked ? " with certificates on " : "", asked ? ec_curve_name(curve) : "", pki);
        return false;
    }
    if (!pki_load(pki, curve, PKI_EIM_SIGN, true, &eim->sign) || !trust_all(eim, pki))
        return false;
    if (id != NULL)
        return take_id(eim, id);
    if (take_oid(eim))
        return true;
    tool_error("the eIM's certificate has no registeredID; say who it is with --id");
    return false;
}

bool eim_state_open(struct eim *eim, const char *path)
{
    const char *why;

    eim->started = eim_now();
    if (db_open(&eim->db, path != NULL ? path : ":memory:", schema, SCHEMA_VERSION, &why))
        return true;
    tool_error("%s: %s", path != NULL ? path : "state in memory", why);
    return false;
}

void eim_close(struct eim *eim)
{
    pki_pair_free(&eim->sign);
    euicc_trust_clear(&eim->trust);
    db_close(&eim->db);
    *eim = (struct eim){0};
}

/* --- eUICCs --------------------------------------------------------------------------------------------- */

bool eid_to_digits(struct span eid, char digits[EIM_EID_DIGITS + 1])
{
    if (eid.size != EIM_EID_OCTETS)
        return false;
    hex_from_span(eid, digits, EIM_EID_DIGITS + 1);
    return eid_is_good(digits);
}

bool eid_is_good(const char *digits)
{
    return strlen(digits) == EIM_EID_DIGITS && strspn(digits, "0123456789") == EIM_EID_DIGITS;
}

bool eim_euicc_touch(struct eim *eim, const char *eid)
{
    return db_run(&eim->db,
                  "INSERT INTO euicc (eid, first_seen, last_seen, counter) VALUES (?1, ?2, ?2, ?3)"
                  " ON CONFLICT (eid) DO UPDATE SET last_seen = ?2",
                  "sii", eid, eim_now(), eim->first_counter - 1);
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
    if (!euicc->ipa_known)
        return;
    euicc->ipa_direct = tlv_bit(features, 0);
    euicc->ipa_indirect = tlv_bit(features, 1);
    euicc->ipa_handles_none = tlv_bit(features, 2);
    euicc->ipa_needs_ctx = tlv_bit(features, 3);
    euicc->ipa_eim_verifies = tlv_bit(features, 4);
    euicc->ipa_compact = tlv_bit(features, 5);
}

bool eim_euicc_find(struct eim *eim, const char *eid, struct eim_euicc *euicc)
{
    sqlite3_stmt *stmt = db_query(&eim->db,
                                  "SELECT eid, euicc_certificate, eum_certificate, info1, info2, ci_key_id,"
                                  " ipa_capabilities, device_info FROM euicc WHERE eid = ?",
                                  "s", eid);

    *euicc = (struct eim_euicc){0};
    if (!db_row(&eim->db, &stmt))
        return false;
    db_text(stmt, 0, euicc->eid, sizeof(euicc->eid));
    copy(&euicc->euicc_cert, db_blob(stmt, 1));
    copy(&euicc->eum_cert, db_blob(stmt, 2));
    copy(&euicc->info1, db_blob(stmt, 3));
    copy(&euicc->info2, db_blob(stmt, 4));
    copy(&euicc->ci_key_id, db_blob(stmt, 5));
    take_capabilities(db_blob(stmt, 6), euicc);
    copy(&euicc->device_info, db_blob(stmt, 7));
    db_end(&stmt);
    return true;
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
