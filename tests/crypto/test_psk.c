/* crypto/psk.c: keys shared beforehand, as they are written. */
#include "tests/support/test.h"

#include "crypto/psk.h"

#include <stdio.h>
#include <string.h>

START_TEST(identity_and_key_are_read)
{
    static const uint8_t key[] = {0x00, 0xAB, 0xcd};
    struct psk psk;
    const char *why;

    ck_assert(psk_read("device-17:00abCD", &psk, &why));
    ck_assert_ptr_null(why);
    ck_assert_str_eq(psk.identity, "device-17");
    ck_assert_uint_eq(psk.key_size, sizeof(key));
    ck_assert_mem_eq(psk.key, key, sizeof(key));
    ck_assert(psk_read("Z\xC3\xBCrich 1:00", &psk, &why));
    ck_assert_str_eq(psk.identity, "Z\xC3\xBCrich 1");
}
END_TEST

START_TEST(as_long_as_libraries_keep)
{
    char text[PSK_IDENTITY_MAX + 2 * PSK_KEY_MAX + 4];
    struct psk psk;
    const char *why;

    snprintf(text, sizeof(text), "%0*d:%0*d", PSK_IDENTITY_MAX, 0, 2 * PSK_KEY_MAX, 0);
    ck_assert(psk_read(text, &psk, &why));
    ck_assert_uint_eq(psk.key_size, PSK_KEY_MAX);
    snprintf(text, sizeof(text), "%0*d:00", PSK_IDENTITY_MAX + 1, 0);
    ck_assert(!psk_read(text, &psk, &why));
    ck_assert_str_eq(why, "has no identity of 1 to 64 octets before its ':'");
    snprintf(text, sizeof(text), "a:%0*d", 2 * PSK_KEY_MAX + 2, 0);
    ck_assert(!psk_read(text, &psk, &why));
    ck_assert_str_eq(why, "has no key of 1 to 64 octets behind its ':'");
}
END_TEST

START_TEST(what_is_none_says_why)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"", "has no ':' between identity and key"},
        {"device", "has no ':' between identity and key"},
        {":00", "has no identity of 1 to 64 octets before its ':'"},
        {"a:", "has no key of 1 to 64 octets behind its ':'"},
        {"a:0", "has a key that is not hexadecimal"},
        {"a:0g", "has a key that is not hexadecimal"},
        {"a:00:11", "has a key that is not hexadecimal"},
        {"a:00 11", "has a key that is not hexadecimal"},
        {"a\n:00", "has an identity that cannot be printed"},
        {"a\xFF:00", "has an identity that cannot be printed"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct psk psk = {.key_size = 1};
        const char *why = NULL;

        ck_assert_msg(!psk_read(wrong[i].text, &psk, &why), "%s", wrong[i].text);
        ck_assert_str_eq(why, wrong[i].why);
        ck_assert_uint_eq(psk.key_size, 0);
    }
}
END_TEST

START_TEST(what_is_shown_is_no_key)
{
    char text[PSK_IDENTITY_MAX + 4], shown[PSK_SHOWN_SIZE];
    struct psk psk;
    const char *why;

    ck_assert(psk_read("device-7:0001", &psk, &why));
    psk_show(&psk, shown);
    ck_assert_str_eq(shown, "device-7:***");
    ck_assert(!psk_read(shown, &psk, &why));
    snprintf(text, sizeof(text), "%0*d:00", PSK_IDENTITY_MAX, 0);
    ck_assert(psk_read(text, &psk, &why));
    psk_show(&psk, shown);
    ck_assert_uint_eq(strlen(shown), PSK_IDENTITY_MAX + 4);
}
END_TEST

TEST_MAIN("psk", identity_and_key_are_read, as_long_as_libraries_keep, what_is_none_says_why,
          what_is_shown_is_no_key)
