/* eim_store: the state that an earlier version of softeuicc left. */
#include "servers/eim/store/store.h"
#include "tests/support/store.h"
#include "tests/support/test.h"

static const char *const before_3[] = {
    "DROP TABLE rules",
    "DROP TABLE rule_event",
    "ALTER TABLE euicc DROP COLUMN network_since",
    "INSERT INTO euicc (eid, first_seen, last_seen, counter, network) VALUES ('there', 1, 20, 3, x'27F450'),"
    " ('nowhere', 1, 30, 4, NULL)",
    NULL,
};

static const char *const before_2[] = {
    "DROP TABLE rules",
    "DROP TABLE rule_event",
    "ALTER TABLE euicc DROP COLUMN network_since",
    "DROP INDEX euicc_strangers",
    "DROP INDEX order_by_origin",
    "DROP INDEX result_refused",
    "DROP INDEX notification_by_worth",
    "ALTER TABLE euicc DROP COLUMN stranger",
    "ALTER TABLE euicc DROP COLUMN version1",
    "ALTER TABLE euicc DROP COLUMN lists_v1",
    "INSERT INTO euicc (eid, first_seen, last_seen, counter, data_state) VALUES"
    " ('ordered', 1, 2, 3, 0), ('known', 1, 2, 4, 1), ('stranger', 1, 2, 0, 0), ('asked', 1, 2, 0, 2)",
    "INSERT INTO eim_order (eid, kind, internal, state, request, created, counter) VALUES"
    " ('ordered', 0, 0, 'sent', '{}', 5, 3), ('asked', 1, 1, 'sent', '{}', 6, 0)",
    NULL,
};

static int64_t strangers(struct db *db, const char *eid)
{
    return db_number(db, -1, "SELECT stranger FROM euicc WHERE eid = ?", DB_VALUES(DB_TEXT(eid)));
}

/* Who has an order of somebody, or certificates that are known, is no stranger. */
START_TEST(knows_its_devices_after_version_1)
{
    struct db *db;

    store_go_back(store_in(eim_store_open, "eim.db"), before_2, 1);
    db = store_in(eim_store_open, "eim.db");
    store_check_shape(db, eim_store_open);
    ck_assert_int_eq(strangers(db, "ordered"), 0);
    ck_assert_int_eq(strangers(db, "known"), 0);
    ck_assert_int_eq(strangers(db, "stranger"), 1);
    ck_assert_int_eq(strangers(db, "asked"), 1); /* for its data, by the eIM itself */
    ck_assert_int_eq(db_number(db, 0, "SELECT sum(counter) FROM euicc", DB_NONE), 7);
    ck_assert_int_eq(
        db_number(db, 0, "SELECT counter FROM eim_order WHERE eid = 'ordered' AND state = 'sent'", DB_NONE),
        3);
    db_close(db);
}
END_TEST

/* Where a device was seen last it has been since then, as far as is known. */
START_TEST(knows_where_they_are_after_version_2)
{
    static const char since[] = "SELECT network_since FROM euicc WHERE eid = ?";
    struct db *db;

    store_go_back(store_in(eim_store_open, "eim.db"), before_3, 2);
    db = store_in(eim_store_open, "eim.db");
    store_check_shape(db, eim_store_open);
    ck_assert_int_eq(db_number(db, -1, since, DB_VALUES(DB_TEXT("there"))), 20);
    ck_assert_int_eq(db_number(db, -1, since, DB_VALUES(DB_TEXT("nowhere"))), 0);
    ck_assert_int_eq(db_number(db, -1, "SELECT count(*) FROM rules", DB_NONE), 0);
    db_close(db);
}
END_TEST

TEST_MAIN("eim_store", knows_its_devices_after_version_1, knows_where_they_are_after_version_2)
