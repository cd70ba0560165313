/* The tables of an eIM. See store.h. */
#include "servers/eim/store/store.h"

/* data_state: 0 unknown, 1 known, 2 refused. A NULL token is the default one, 84 01 00. profiles_stale: how
 * often the list has to be asked for. stranger: nobody ordered anything for it and its certificates are not
 * known. version1: its IPA is one of SGP.32 v1.0. lists_v1: its profiles are asked for as v1.0 knows them.
 * forward: 0 no, 1 waits, 2 delivered, 3 given up. A package_result without a sequence is an answer that was
 * not believed, as it came. network_since: when that network was reported first, no other one since. rules:
 * one row, whose version grows with every change. rule_event: what rules have ordered, orders is a JSON list
 * of ids. */
#define RULES_TABLES                                                                                         \
    "CREATE TABLE rules ("                                                                                   \
    "  id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, json TEXT NOT NULL);"                \
    "CREATE TABLE rule_event ("                                                                              \
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, rule TEXT NOT NULL, eid TEXT NOT NULL,"    \
    "  reason TEXT NOT NULL, orders TEXT NOT NULL);"                                                         \
    "CREATE INDEX rule_event_by_eid ON rule_event (eid, rule, at);"

static const char tables[] =
    "CREATE TABLE euicc ("
    "  eid TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    "  counter INTEGER NOT NULL, token INTEGER, data_state INTEGER NOT NULL DEFAULT 0,"
    "  data_tries INTEGER NOT NULL DEFAULT 0, euicc_certificate BLOB, eum_certificate BLOB, info1 BLOB,"
    "  info2 BLOB, ci_key_id BLOB, default_smdp TEXT, root_smds TEXT, ipa_capabilities BLOB,"
    "  device_info BLOB, profiles_stale INTEGER NOT NULL DEFAULT 1, profiles_at INTEGER NOT NULL DEFAULT 0,"
    "  state_change_cause INTEGER, network BLOB, last_notification INTEGER NOT NULL DEFAULT 0,"
    "  stranger INTEGER NOT NULL DEFAULT 1, version1 INTEGER NOT NULL DEFAULT 0,"
    "  lists_v1 INTEGER NOT NULL DEFAULT 0, network_since INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE INDEX euicc_strangers ON euicc (last_seen) WHERE stranger;"
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
    "  tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL DEFAULT 0, UNIQUE (eid, digest));"
    "CREATE INDEX order_by_origin ON eim_order (internal);"
    "CREATE INDEX result_refused ON package_result (id) WHERE sequence IS NULL;"
    "CREATE INDEX notification_by_worth ON notification (verified);" RULES_TABLES;

static const char *const upgrades[] = {
    "ALTER TABLE euicc ADD COLUMN stranger INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE euicc ADD COLUMN version1 INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN lists_v1 INTEGER NOT NULL DEFAULT 0;"
    "UPDATE euicc SET stranger = 0 WHERE data_state = 1 OR EXISTS"
    " (SELECT 1 FROM eim_order WHERE eim_order.eid = euicc.eid AND NOT internal);"
    "CREATE INDEX euicc_strangers ON euicc (last_seen) WHERE stranger;"
    "CREATE INDEX order_by_origin ON eim_order (internal);"
    "CREATE INDEX result_refused ON package_result (id) WHERE sequence IS NULL;"
    "CREATE INDEX notification_by_worth ON notification (verified);",
    "ALTER TABLE euicc ADD COLUMN network_since INTEGER NOT NULL DEFAULT 0;"
    "UPDATE euicc SET network_since = last_seen WHERE network IS NOT NULL;" RULES_TABLES,
};

struct db *eim_store_open(const char *path, char why[DB_WHY_MAX])
{
    static const struct db_schema schema = {
        .name = "an eIM's state",
        .tables = tables,
        .known = "eim_order",
        .version = 3,
        .upgrades = upgrades,
    };

    return db_open(path, &schema, why);
}
