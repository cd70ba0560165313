/* store of the SM-DP+: the state that an earlier version of softeuicc left. */
#include "servers/smdpp/store/store.h"
#include "tests/support/store.h"
#include "tests/support/test.h"

static const char *const before_2[] = {
    "DROP TABLE es2p_call",
    "DROP TABLE smds_event",
    "ALTER TABLE profile_order DROP COLUMN eid_ordered",
    "ALTER TABLE unfinished_binding DROP COLUMN content_sha256",
    "ALTER TABLE unfinished_binding DROP COLUMN smdp_otsk",
    "ALTER TABLE unfinished_binding DROP COLUMN ppk",
    "INSERT INTO profile_order (iccid, profile, state, eid, matching_id, wrong_codes, tries, created, "
    "expires)"
    " VALUES ('1', 'demo', 'released', 'card', 'A', 0, 1, 10, 0), ('2', 'demo', 'released', '', 'B', 2, 3, "
    "10, "
    "0),"
    " ('3', 'demo', 'downloaded', 'card', 'C', 0, 1, 10, 0), ('4', 'demo', 'linked', 'card', 'D', 0, 0, 10, "
    "0)",
    "INSERT INTO unfinished_binding (profile, eid, euicc_otpk) VALUES ('demo', 'card', x'0102')",
    NULL,
};

/* An EID was ordered when it stands in an order that no card has begun. */
START_TEST(knows_its_orders_after_version_1)
{
    static const char *const ordered[] = {"1", "4"}, *const open[] = {"2", "3"};
    static const char query[] = "SELECT eid_ordered FROM profile_order WHERE iccid = ?";
    struct db *db;

    store_go_back(store_in(store_open, "smdpp.db"), before_2, 1);
    db = store_in(store_open, "smdpp.db");
    store_check_shape(db, store_open);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(db_number(db, -1, query, DB_VALUES(DB_TEXT(ordered[i]))), 1);
        ck_assert_int_eq(db_number(db, -1, query, DB_VALUES(DB_TEXT(open[i]))), 0);
    }
    ck_assert_int_eq(
        db_number(db, 0, "SELECT wrong_codes FROM profile_order WHERE matching_id = 'B'", DB_NONE), 2);
    ck_assert_int_eq(
        db_number(db, 0,
                  "SELECT count(*) FROM unfinished_binding WHERE euicc_otpk = x'0102' AND ppk IS "
                  "NULL",
                  DB_NONE),
        1);
    db_close(db);
}
END_TEST

TEST_MAIN("smdpp_store", knows_its_orders_after_version_1)
