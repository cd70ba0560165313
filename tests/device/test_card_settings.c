/* device/card_settings.c: words that name a setting, and values as people write and read them. */
#include "device/card_settings.h"

#include "tests/support/test.h"

#include <string.h>

START_TEST(words_are_split)
{
    static const struct {
        const char *word, *name, *eim, *value; /* eim NULL: for all */
    } rows[] = {
        {"a=1", "a", NULL, "1"},
        {"a=", "a", NULL, ""},
        {"a==", "a", NULL, "="},
        {"a=b@c", "a", NULL, "b@c"},
        {"a=b@c=d", "a", NULL, "b@c=d"},
        {"a@e=1", "a", "e", "1"},
        {"a@e=", "a", "e", ""},
        {"a@=1", "a", "", "1"},
        {"a@@=1", "a", "@", "1"},
        {"a@x=y=1", "a", "x=y", "1"},
        {"a@=x=1", "a", "=x", "1"},
        {"a@x@y=z=", "a", "x@y=z", ""},
        {"a@e e\n=1", "a", "e e\n", "1"},
        {"psk=i=@:00", "psk", NULL, "i=@:00"},
        {"psk@e=i:00", "psk", "e", "i:00"},
    };
    static const char *const none[] = {"", "=", "=1", "@", "@e=1", "a", "a@e", "a@"};
    struct card_setting_word parts;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_msg(card_setting_split(rows[i].word, &parts), "%s", rows[i].word);
        ck_assert_span(parts.name, span_of_string(rows[i].name));
        ck_assert((parts.eim.data == NULL) == (rows[i].eim == NULL));
        if (rows[i].eim != NULL)
            ck_assert_span(parts.eim, span_of_string(rows[i].eim));
        ck_assert_span(parts.value, span_of_string(rows[i].value));
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert_msg(!card_setting_split(none[i], &parts), "%s", none[i]);
    /* Is "e=i" the eIM, or "i=j" the identity? A build without the IPAe knows no such setting. */
    ck_assert_int_eq(card_setting_split("psk@e=i=j:00", &parts), softeuicc_setting_at(0) == NULL);
}
END_TEST

START_TEST(values_for_the_library)
{
    static const struct {
        const char *name, *value, *expected;
    } rows[] = {
        {"poll-interval", "15m", "900"},   {"poll-interval", "1.5h", "5400"},
        {"poll-interval", "900", "900"},   {"poll-interval", "2000ms", "2"},
        {"poll-interval", "0s", "0"},      {"poll-interval", "", ""},
        {"poll-interval", "1 h", "1 h"},   {"poll-interval", "500ms", "500ms"},
        {"poll-jitter", "1m", "1m"},       {"poll-interval", "100y", "3153600000"},
        {"quiet-hours", "1h", "1h"},       {"nothing", "1h", "1h"},
        {"compact", "default", NULL},      {"nothing", "default", NULL},
        {"compact", "Default", "Default"},
    };
    char made[CARD_SETTING_SIZE];

    if (softeuicc_setting_at(0) == NULL)
        return; /* a build without the IPAe */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *value = card_setting_value(span_of_string(rows[i].name), rows[i].value, made);

        ck_assert((value == NULL) == (rows[i].expected == NULL));
        if (value != NULL)
            ck_assert_str_eq(value, rows[i].expected);
    }
}
END_TEST

START_TEST(values_for_people)
{
    static const struct {
        const char *kind, *value, *expected;
    } rows[] = {
        {"seconds", "900", "15m"},
        {"seconds", "0", "0s"},
        {"seconds", "99999999999999", "99999999999999"},
        {"seconds", "x", "x"},
        {"seconds", "-1", "-1"},
        {"percent", "20", "20%"},
        {"switch", "on", "on"},
        {"hours", "", "none"},
        {"address", "192.0.2.1", "192.0.2.1"},
        {"psk", "", "none"},
        {"psk", "device-7:***", "device-7:***"},
        {"", "900", "900"},
        {"percent", "123456789012345678901234567", "123456789012345678901234567"},
    };
    char made[CARD_SETTING_SIZE];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(card_setting_text(rows[i].kind, rows[i].value, made), rows[i].expected);
}
END_TEST

START_TEST(every_kind_has_a_name)
{
    const struct softeuicc_setting *setting;

    for (size_t i = 0; (setting = softeuicc_setting_at(i)) != NULL; i++)
        ck_assert_str_eq(card_setting_kind_named(setting->name), card_setting_kind(setting->kind));
    ck_assert_str_eq(card_setting_kind_named("nothing"), "");
}
END_TEST

TEST_MAIN("card_settings", words_are_split, values_for_the_library, values_for_people, every_kind_has_a_name)
