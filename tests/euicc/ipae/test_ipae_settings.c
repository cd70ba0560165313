/*
 * The IPAe's settings (euicc/ipae/ipae_settings.c): which values each takes, that several are set together or
 * not at all, whatever fails, and that they are kept, over versions of the program too.
 */
#include "euicc/ipae/ipae_settings.h"

#include "euicc/ipae/ipae.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/pki.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct softeuicc *make_card(const char *path, const struct softeuicc_hooks *hooks)
{
    struct softeuicc *card;
    struct test_ci ci;

    test_ci_make(&ci, EC_CURVE_P256);
    card = test_card_on(path, &ci, 1, 0, hooks);
    test_ci_free(&ci);
    ck_assert(ipae_insert(card, false) && nvm_commit(card->nvm) && ipae_load(card));
    return card;
}

static struct softeuicc *opened(const char *path, const struct softeuicc_hooks *hooks)
{
    struct softeuicc_error error;
    struct softeuicc *card = softeuicc_open(path, hooks, &error);

    ck_assert_msg(card != NULL, "%s", error.message);
    return card;
}

static void assert_set(struct softeuicc *card, const char *name, const char *eim, const char *value)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    ck_assert_msg(softeuicc_set(card, &(struct softeuicc_set_value){name, eim, value}, 1, &error) ==
                      SOFTEUICC_OK,
                  "%s=%s: %s", name, value != NULL ? value : "NULL", error.message);
}

static void assert_refused(struct softeuicc *card, const char *name, const char *eim, const char *value,
                           const char *part)
{
    const struct softeuicc_set_value set = {name, eim, value};
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    ck_assert_msg(softeuicc_set(card, &set, 1, &error) == SOFTEUICC_INVALID, "%s=%s", name, value);
    ck_assert_int_eq(error.status, SOFTEUICC_INVALID);
    ck_assert_msg(strstr(error.message, part) != NULL, "%s=%s: %s", name, value, error.message);
    ck_assert_int_eq(softeuicc_set(card, &set, 1, NULL), SOFTEUICC_INVALID);
}

/* What is set: "poll-interval=10 compact@e=on". */
struct listing {
    char text[2000];
};

static void list_one(void *context, const struct softeuicc_set_value *value)
{
    struct listing *listing = context;
    size_t size = strlen(listing->text);

    snprintf(listing->text + size, sizeof(listing->text) - size, "%s%s%s%s=%s", size > 0 ? " " : "",
             value->name, value->eim != NULL ? "@" : "", value->eim != NULL ? value->eim : "", value->value);
}

static void assert_holds(struct softeuicc *card, const char *expected)
{
    struct listing listing = {""};

    ipae_each_setting(card, list_one, &listing);
    ck_assert_str_eq(listing.text, expected);
}

/* In RAM. */
static unsigned interval(const struct softeuicc *card)
{
    struct ipae_facts facts;

    ck_assert(ipae_look(card, &facts));
    return facts.interval;
}

/* --- values ------------------------------------------------------------------------------------------- */

START_TEST(every_preset_is_a_value)
{
    struct softeuicc *card = make_card(":memory:", NULL);
    const struct softeuicc_setting *setting;
    struct ipae_settings as_made, set;
    size_t count = 0;

    ck_assert(ipae_settings_read(card, &as_made));
    while ((setting = softeuicc_setting_at(count)) != NULL) {
        assert_set(card, setting->name, NULL, setting->preset);
        ck_assert_str_ne(setting->meaning, "");
        ck_assert_uint_eq(strspn(setting->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                          strlen(setting->name));
        count++;
    }
    ck_assert_uint_eq(count, IPAE_SETTINGS);
    ck_assert(ipae_settings_read(card, &set));
    for (size_t i = 0; i < IPAE_SETTINGS; i++)
        ck_assert_int_eq(set.number[i], as_made.number[i]);
    ck_assert(!set.has_quiet_hours && !set.has_dns_server && !set.has_own);
    softeuicc_close(card);
}
END_TEST

START_TEST(numbers_have_limits)
{
    struct softeuicc *card = make_card(":memory:", NULL);
    const struct softeuicc_setting *setting;
    char text[24];

    for (size_t i = 0; (setting = softeuicc_setting_at(i)) != NULL; i++) {
        static const char *const bad[] = {"",     "1e3", "-1", "+1",  " 1",   "1 ",
                                          "0x10", "15m", "on", "1.0", "\xFF", "99999999999999999999"};

        if (setting->kind != SOFTEUICC_SETTING_SECONDS && setting->kind != SOFTEUICC_SETTING_PERCENT)
            continue;
        for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
            assert_refused(card, setting->name, NULL, bad[j], setting->name);
        snprintf(text, sizeof(text), "%" PRId64, setting->min - 1);
        assert_refused(card, setting->name, NULL, text, setting->name);
        snprintf(text, sizeof(text), "%" PRId64, setting->max + 1);
        assert_refused(card, setting->name, NULL, text, setting->name);
        snprintf(text, sizeof(text), "%" PRId64, setting->min);
        assert_set(card, setting->name, NULL, text);
        snprintf(text, sizeof(text), "000%" PRId64, setting->max);
        assert_set(card, setting->name, NULL, text);
    }
    softeuicc_close(card);
}
END_TEST

START_TEST(values_of_other_kinds)
{
    static const struct {
        const char *name, *value;
        bool is_one;
    } rows[] = {
        {"quiet-hours", "22:00-06:00", true},
        {"quiet-hours", "00:00-23:59", true},
        {"quiet-hours", "", true},
        {"quiet-hours", "24:00-06:00", false},
        {"quiet-hours", "22:00-22:00", false},
        {"quiet-hours", "22:60-06:00", false},
        {"quiet-hours", "2:00-06:00", false},
        {"quiet-hours", "22:00-06:0", false},
        {"quiet-hours", "22:00-06:00 ", false},
        {"quiet-hours", "22:00 06:00", false},
        {"quiet-hours", "22:00", false},
        {"quiet-hours", "-", false},
        {"quiet-hours", "022:00-06:00", false},
        {"dns-server", "192.0.2.1", true},
        {"dns-server", "2001:db8::1", true},
        {"dns-server", "", true},
        {"dns-server", "192.0.2", false},
        {"dns-server", "192.0.2.256", false},
        {"dns-server", "dns.example", false},
        {"dns-server", "192.0.2.1:53", false},
        {"dns-server", "[2001:db8::1]", false},
        {"dns-server", "::1%lo", false},
        {"dns-server", "2001:db8:::1", false},
        {"psk", "", true},
        {"psk", "device-7:00ff", true},
        {"psk", "device-7", false},
        {"psk", "device-7:", false},
        {"psk", "device-7:***", false},
        {"psk", ":00", false},
        {"psk", "off", false},
        {"compact", "on", true},
        {"compact", "off", true},
        {"compact", "", false},
        {"compact", "ON", false},
        {"compact", "1", false},
        {"compact", "yes", false},
    };
    struct softeuicc *card = make_card(":memory:", NULL);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is_one)
            assert_set(card, rows[i].name, NULL, rows[i].value);
        else
            assert_refused(card, rows[i].name, NULL, rows[i].value, rows[i].name);
    }
    assert_holds(card, "quiet-hours= dns-server= compact=off psk=device-7:***");
    softeuicc_close(card);
}
END_TEST

START_TEST(what_there_is_not)
{
    char long_name[400];
    struct softeuicc *card = make_card(":memory:", NULL);

    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_refused(card, "", NULL, "1", "no setting ''");
    assert_refused(card, "poll_interval", NULL, "1", "no setting 'poll_interval'");
    assert_refused(card, "x'; DROP TABLE card; --", NULL, "1", "no setting");
    assert_refused(card, long_name, NULL, "1", "no setting");
    assert_refused(card, "compact", NULL, long_name, "on or off");
    softeuicc_close(card);
}
END_TEST

/* --- single eIMs -------------------------------------------------------------------------------------- */

START_TEST(an_eim_may_have_its_own)
{
    struct softeuicc *card = make_card(":memory:", NULL);
    struct ipae_settings settings;
    char id[IPA_ID_MAX + 2];

    memset(id, 'e', sizeof(id));
    id[IPA_ID_MAX + 1] = '\0';
    assert_refused(card, "poll-interval", id, "60", "1 to 128 octets, not 129");
    assert_refused(card, "poll-interval", "", "60", "1 to 128 octets, not 0");
    assert_refused(card, "poll-interval", "caf\xE9", "60", "UTF-8");
    assert_refused(card, "fallback-after", "e", "60", "the same for all eIMs");
    assert_refused(card, "poll-interval", "e", "-1", "seconds");
    id[IPA_ID_MAX] = '\0';
    assert_set(card, "poll-interval", id, "61");
    assert_set(card, "poll-interval", "=@ '\xC3\xBC", "62");
    assert_set(card, "poll-interval", NULL, "63");
    ck_assert(ipae_settings_read(card, &settings));
    ck_assert(settings.has_own);
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_POLL_INTERVAL, id), 61);
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_POLL_INTERVAL, "=@ '\xC3\xBC"), 62);
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_POLL_INTERVAL, "another"), 63);
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_RETRY_AFTER, id), 60);
    /* Taken back: of the eIM what all have, of all the preset. Also what was never set. */
    assert_set(card, "poll-interval", id, NULL);
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_POLL_INTERVAL, id), 63);
    assert_set(card, "poll-interval", NULL, NULL);
    assert_set(card, "compact", "e", NULL);
    ck_assert_uint_eq(interval(card), 900);
    assert_holds(card, "poll-interval@=@ '\xC3\xBC=62");
    softeuicc_close(card);
}
END_TEST

static void assert_psk(struct softeuicc *card, const char *eim, const char *expected)
{
    struct buf *psk = test_buf();

    ck_assert(ipae_setting_psk(card, eim, psk));
    ck_assert_span(buf_span(psk), span_of_string(expected));
}

/* The key of one eIM, or of all; nobody who looks or fails is shown it. */
START_TEST(a_pre_shared_key_is_told_nobody)
{
    static const char refused[] = "psk is IDENTITY:KEY, the key in hexadecimal; this ";
    static const char *const bad[] = {"00112233", "a:0011223", "a:00112233:", ":00112233", "a\x01:00112233"};
    struct softeuicc *card = make_card(":memory:", NULL);
    struct softeuicc_error error;

    assert_psk(card, "e", "");
    assert_set(card, "psk", "e", "mine:00112233");
    assert_psk(card, "e", "mine:00112233");
    assert_psk(card, "another", "");
    assert_set(card, "psk", NULL, "all:44556677");
    assert_psk(card, "e", "mine:00112233");
    assert_psk(card, "another", "all:44556677");
    assert_holds(card, "psk=all:*** psk@e=mine:***");
    assert_set(card, "psk", "e", "");
    assert_psk(card, "e", "");
    assert_holds(card, "psk=all:*** psk@e=");
    assert_set(card, "psk", "e", NULL);
    assert_psk(card, "e", "all:44556677");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct softeuicc_set_value value = {"psk", NULL, bad[i]};

        ck_assert_int_eq(softeuicc_set(card, &value, 1, &error), SOFTEUICC_INVALID);
        ck_assert_int_eq(strncmp(error.message, refused, strlen(refused)), 0);
        ck_assert_ptr_null(strstr(error.message, "0011"));
    }
    assert_holds(card, "psk=all:***");
    softeuicc_close(card);
}
END_TEST

/* --- together ----------------------------------------------------------------------------------------- */

START_TEST(all_or_none)
{
    struct softeuicc_set_value values[] = {
        {"poll-interval", NULL, "60"}, {"compact", "e", "on"}, {"retry-after", NULL, "0"}};
    struct softeuicc *card = make_card(":memory:", NULL);
    struct softeuicc_error error;

    assert_set(card, "poll-interval", NULL, "50");
    ck_assert_int_eq(softeuicc_set(card, values, 3, &error), SOFTEUICC_INVALID);
    ck_assert_str_eq(error.message, "retry-after is 1 to 86400 seconds (1d), not '0'");
    assert_holds(card, "poll-interval=50");
    ck_assert_uint_eq(interval(card), 50);
    ck_assert_int_eq(softeuicc_set(card, values, 0, &error), SOFTEUICC_OK);
    ck_assert_int_eq(softeuicc_set(card, values, 2, &error), SOFTEUICC_OK);
    assert_holds(card, "poll-interval=60 compact@e=on");
    ck_assert_uint_eq(interval(card), 60);
    /* One after the other: the last one counts. */
    values[1] = (struct softeuicc_set_value){"poll-interval", NULL, NULL};
    values[2] = (struct softeuicc_set_value){"poll-interval", NULL, "70"};
    ck_assert_int_eq(softeuicc_set(card, values, 3, &error), SOFTEUICC_OK);
    assert_holds(card, "poll-interval=70 compact@e=on");
    softeuicc_close(card);
}
END_TEST

START_TEST(a_card_without_an_ipae_has_none)
{
    struct softeuicc *card;
    struct test_ci ci;

    test_ci_make(&ci, EC_CURVE_P256);
    card = test_card(":memory:", &ci, 1, 0);
    test_ci_free(&ci);
    assert_refused(card, "poll-interval", NULL, "60", "the card has no IPAe");
    assert_holds(card, "");
    softeuicc_close(card);
}
END_TEST

/* --- what is kept --------------------------------------------------------------------------------------- */

START_TEST(they_outlive_the_card_that_is_open)
{
    struct softeuicc *card = make_card(test_path("kept.db"), NULL);

    assert_set(card, "poll-interval", NULL, "77");
    assert_set(card, "v1", "eim.example", "on");
    assert_set(card, "quiet-hours", NULL, "22:00-06:00");
    softeuicc_close(card);
    card = opened(test_path("kept.db"), NULL);
    ck_assert_uint_eq(interval(card), 77);
    assert_holds(card, "poll-interval=77 quiet-hours=22:00-06:00 v1@eim.example=on");
    softeuicc_close(card);
}
END_TEST

/* Each change of storage fails in turn: the old value stays, in RAM and in the file, until one is stored. */
START_TEST(storage_that_fails_changes_nothing)
{
    static const struct softeuicc_set_value values[] = {{"poll-interval", NULL, "60"},
                                                        {"compact", "e", "on"}};
    struct cut_disk *disk = cut_disk_new();
    const struct softeuicc_hooks hooks = {.storage = cut_disk_name(disk)};
    struct softeuicc *card = make_card("card.db", &hooks);
    struct softeuicc_error error;
    unsigned failures = 0;

    assert_set(card, "poll-interval", NULL, "50");
    for (uint64_t change = 1; change < 100; change++) {
        enum softeuicc_status status;

        cut_disk_fail(disk, change);
        status = softeuicc_set(card, values, 2, &error);
        cut_disk_fail(disk, 0);
        if (status == SOFTEUICC_OK)
            break;
        ck_assert_int_eq(status, SOFTEUICC_STORAGE);
        ck_assert_uint_eq(interval(card), 50);
        assert_holds(card, "poll-interval=50");
        softeuicc_close(card);
        card = opened("card.db", &hooks);
        ck_assert_uint_eq(interval(card), 50);
        assert_holds(card, "poll-interval=50");
        failures++;
    }
    ck_assert_uint_ge(failures, 2);
    ck_assert_uint_eq(interval(card), 60);
    assert_holds(card, "poll-interval=60 compact@e=on");
    softeuicc_close(card);
    cut_disk_free(disk);
}
END_TEST

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* As version 8 of the schema had it. */
#define AS_BEFORE                                                                                            \
    "DROP TABLE ipae_setting; DROP TABLE ipae_eim; DROP TABLE ipae_count;"                                   \
    "ALTER TABLE ipae DROP COLUMN lost_since; ALTER TABLE ipae DROP COLUMN in_vain; ALTER TABLE ipae DROP "  \
    "COLUMN on_trial;"                                                                                       \
    "ALTER TABLE ipae DROP COLUMN return_at; ALTER TABLE ipae DROP COLUMN imei;"                             \
    "ALTER TABLE ipae DROP COLUMN plmn;"                                                                     \
    "ALTER TABLE ipae ADD COLUMN poll_interval INTEGER NOT NULL DEFAULT 900;"                                \
    "ALTER TABLE ipae ADD COLUMN next_poll INTEGER NOT NULL DEFAULT 0;"                                      \
    "PRAGMA user_version = 8;"

START_TEST(an_older_card_keeps_its_interval)
{
    static const struct {
        const char *change, *holds;
    } rows[] = {{"", ""}, {"UPDATE ipae SET poll_interval = 120", "poll-interval=120"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct softeuicc *card = make_card(test_path("old.db"), NULL);

        softeuicc_close(card);
        execute(test_path("old.db"), AS_BEFORE);
        execute(test_path("old.db"), rows[i].change);
        card = opened(test_path("old.db"), NULL);
        assert_holds(card, rows[i].holds);
        ck_assert_uint_eq(interval(card), i == 0 ? 900 : 120);
        assert_set(card, "poll-interval", NULL, "60");
        ck_assert_uint_eq(interval(card), 60);
        softeuicc_close(card);
        ck_assert_int_eq(unlink(test_path("old.db")), 0);
    }
}
END_TEST

START_TEST(what_another_version_has_kept_is_passed_over)
{
    struct softeuicc *card = make_card(test_path("newer.db"), NULL);
    struct ipae_settings settings;

    assert_set(card, "retry-after", NULL, "30");
    softeuicc_close(card);
    execute(test_path("newer.db"), "INSERT INTO ipae_setting VALUES ('poll-politely', '', 'on'),"
                                   " ('poll-interval', '', 'fortnightly'), ('compact', 'e', 'mostly'),"
                                   " ('dns-server', 'e', '192.0.2.1'), ('quiet-hours', '', 'weekends')");
    card = opened(test_path("newer.db"), NULL);
    assert_holds(card, "retry-after=30");
    ck_assert_uint_eq(interval(card), 900);
    ck_assert(ipae_settings_read(card, &settings));
    ck_assert_int_eq(ipae_setting_of(card, &settings, IPAE_COMPACT, "e"), 0);
    ck_assert(!settings.has_quiet_hours && !settings.has_dns_server);
    assert_set(card, "poll-interval", NULL, "60");
    ck_assert_uint_eq(interval(card), 60);
    softeuicc_close(card);
}
END_TEST

TEST_MAIN("ipae_settings", every_preset_is_a_value, numbers_have_limits, values_of_other_kinds,
          what_there_is_not, an_eim_may_have_its_own, a_pre_shared_key_is_told_nobody, all_or_none,
          a_card_without_an_ipae_has_none, they_outlive_the_card_that_is_open,
          storage_that_fails_changes_nothing, an_older_card_keeps_its_interval,
          what_another_version_has_kept_is_passed_over)
