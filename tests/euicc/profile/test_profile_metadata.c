/* euicc/profile/profile_metadata.c: StoreMetadataRequest and ICCIDs. */
#include "euicc/profile/profile_metadata.h"
#include "tests/support/test.h"

#include <string.h>

#define ICCID "5A0A 98940000000000000071"

static bool parses(const char *text, struct profile_metadata *metadata)
{
    size_t offset = 0;

    return profile_metadata_parse(hex(text), metadata, &offset);
}

START_TEST(a_full_request_is_read)
{
    struct profile_metadata metadata;
    struct notification_configuration configuration;
    struct operator_id owner;
    struct span list;

    ck_assert(parses("BF25 54" ICCID "9103 4F7031 9203 4E6161 930101 9402 8950 950100"
                     "B61E 300D 80020410 8107 612E6C6F63616C"
                     "     300D 800204F0 8107 622E6C6F63616C"
                     "B70E 8003 00F110 8102 ABCD 8203 010203"
                     "99020560",
                     &metadata));
    ck_assert_hex(metadata.iccid, "98940000000000000071");
    ck_assert_hex(metadata.service_provider, "4F7031");
    ck_assert_hex(metadata.name, "4E6161");
    ck_assert(metadata.has_icon);
    ck_assert_uint_eq(metadata.icon_type, 1);
    ck_assert_hex(metadata.icon, "8950");
    ck_assert_int_eq(metadata.class, PROFILE_TEST);
    ck_assert(metadata.ppr1 && metadata.ppr2 && !metadata.ppr_update_control && !metadata.ppr_unknown);
    list = metadata.notification_configuration;
    ck_assert(notification_configuration_next(&list, &configuration));
    ck_assert_uint_eq(configuration.operations, 8);
    ck_assert_hex(configuration.address, "612E6C6F63616C");
    ck_assert(notification_configuration_next(&list, &configuration));
    ck_assert_uint_eq(configuration.operations, 15);
    ck_assert(!notification_configuration_next(&list, &configuration));
    ck_assert_uint_eq(list.size, 0);
    ck_assert(operator_id_parse(metadata.owner, &owner));
    ck_assert_hex(owner.mcc_mnc, "00F110");
    ck_assert_hex(owner.gid1, "ABCD");
    ck_assert_hex(owner.gid2, "010203");
}
END_TEST

START_TEST(what_is_absent_has_its_default)
{
    struct profile_metadata metadata;

    ck_assert(parses("BF25 10" ICCID "9100 9200", &metadata));
    ck_assert_int_eq(metadata.class, PROFILE_OPERATIONAL);
    ck_assert(!metadata.has_icon && !metadata.ppr1 && !metadata.ppr2);
    ck_assert_ptr_null(metadata.owner.data);
    ck_assert_ptr_null(metadata.notification_configuration.data);
    /* Unknown members at the end are skipped. */
    ck_assert(parses("BF25 15" ICCID "9100 9200 BF7602E200", &metadata));
    /* A rule nobody knows is noticed. */
    ck_assert(parses("BF25 14" ICCID "9100 9200 99020410", &metadata));
    ck_assert(metadata.ppr_unknown);
    ck_assert(parses("BF25 14" ICCID "9100 9200 99020780", &metadata));
    ck_assert(metadata.ppr_update_control && !metadata.ppr_unknown);
}
END_TEST

START_TEST(bad_forms_are_named_with_their_place)
{
    static const struct {
        const char *octets;
        size_t offset;
    } bad[] = {
        {"", 0},
        {"BF24 00", 0},
        {"BF25 00", 3},
        {"BF25 10 " ICCID "9100 9200 00", 19},                     /* an octet too many */
        {"BF25 0F 5A09 989400000000000000 9100 9200", 3},          /* ICCID of 9 octets */
        {"BF25 10 5A0A 9894000000000000007A 9100 9200", 3},        /* a digit that is none */
        {"BF25 10 5A0A F8940000000000000071 9100 9200", 3},        /* padding, then digits */
        {"BF25 10 5A0A FFFFFFFFFFFFFFFFFFFF 9100 9200", 3},        /* no digit at all */
        {"BF25 10 5A0A 9894000000000000F1FF 9100 9200", 3},        /* seventeen digits */
        {"BF25 0E " ICCID "9200", 15},                             /* no service provider */
        {"BF25 0E " ICCID "9100", 17},                             /* no name */
        {"BF25 11 " ICCID "9101C3 9200", 15},                      /* not UTF-8 */
        {"BF25 13 " ICCID "9100 9200 930102", 19},                 /* icon type */
        {"BF25 13 " ICCID "9100 9200 950103", 19},                 /* class */
        {"BF25 12 " ICCID "9100 9200 9900", 19},                   /* empty BIT STRING */
        {"BF25 14 " ICCID "9100 9200 99020860", 19},               /* unused bits */
        {"BF25 14 " ICCID "9100 9200 B7028000", 19},               /* owner without a network */
        {"BF25 14 " ICCID "9100 9200 B6023000", 19},               /* configuration without members */
        {"BF25 1A " ICCID "9100 9200 B6083006 80020410 8100", 19}, /* no address */
        {"BF25 14 " ICCID "9100 9200 94020102", 0}, /* icon without its type: unknown there, skipped */
    };
    struct profile_metadata metadata;

    for (size_t i = 0; i + 1 < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t offset = 999;

        ck_assert_msg(!profile_metadata_parse(hex(bad[i].octets), &metadata, &offset), "%s", bad[i].octets);
        ck_assert_msg(offset == bad[i].offset, "%s: %zu", bad[i].octets, offset);
    }
    ck_assert(parses(bad[sizeof(bad) / sizeof(bad[0]) - 1].octets, &metadata));
    ck_assert(!metadata.has_icon);
}
END_TEST

/* One object with `size` octets of `octet`, behind the fixed beginning. */
static bool parses_with(const char *before, uint8_t tag, const uint8_t *octets, size_t size,
                        const char *after)
{
    struct profile_metadata metadata;
    struct buf content = {0};
    struct buf whole = {0};
    size_t offset;
    bool good;

    buf_append(&content, hex(before));
    buf_append_octet(&content, tag);
    if (size > 0xFF)
        buf_append(&content, hex("82"));
    else if (size > 0x7F)
        buf_append(&content, hex("81"));
    if (size > 0xFF)
        buf_append_octet(&content, (uint8_t)(size >> 8));
    buf_append_octet(&content, (uint8_t)size);
    buf_append(&content, SPAN(octets, size));
    buf_append(&content, hex(after));
    buf_append(&whole, hex("BF2582"));
    buf_append_octet(&whole, (uint8_t)(content.size >> 8));
    buf_append_octet(&whole, (uint8_t)content.size);
    buf_append(&whole, buf_span(&content));
    good = content.size > 0xFF && profile_metadata_parse(buf_span(&whole), &metadata, &offset);
    buf_free(&content);
    buf_free(&whole);
    return good;
}

START_TEST(sizes_have_their_limits)
{
    static uint8_t octets[1100];
    /* Something unknown at the end makes the request long enough for its two length octets. */
    char filler[600];

    memset(filler, '0', sizeof(filler));
    memcpy(filler, "9F7F82011A", 10);
    filler[10 + 2 * 0x11A] = '\0';
    memset(octets, 'a', sizeof(octets));
    ck_assert(parses_with(ICCID "9100 9200 930101", 0x94, octets, ICON_MAX, ""));
    ck_assert(!parses_with(ICCID "9100 9200 930101", 0x94, octets, ICON_MAX + 1, ""));
    ck_assert(parses_with(ICCID "9100", 0x92, octets, PROFILE_NAME_MAX, filler));
    ck_assert(!parses_with(ICCID "9100", 0x92, octets, PROFILE_NAME_MAX + 1, filler));
    /* Limits of names are in characters. */
    for (size_t i = 0; i < 2 * (PROFILE_NAME_MAX + 1); i += 2)
        memcpy(octets + i, "\xC3\xA9", 2);
    ck_assert(parses_with(ICCID "9100", 0x92, octets, 2 * PROFILE_NAME_MAX, filler));
    ck_assert(!parses_with(ICCID "9100", 0x92, octets, 2 * (PROFILE_NAME_MAX + 1), filler));
}
END_TEST

START_TEST(every_beginning_is_refused)
{
    struct span octets =
        hex("BF25 3E" ICCID "9101 61 9201 62 930100 9402 FFD8 950101 B60C 300A 80020410 8104 612E6262"
            "B70E 8003 00F110 8102 ABCD 8203 010203 99020460");
    struct profile_metadata metadata;
    size_t offset;

    ck_assert(profile_metadata_parse(octets, &metadata, &offset));
    for (size_t size = 0; size < octets.size; size++) {
        ck_assert(!profile_metadata_parse(SPAN(octets.data, size), &metadata, &offset));
        ck_assert_uint_le(offset, size);
    }
}
END_TEST

TEST_MAIN("profile_metadata", a_full_request_is_read, what_is_absent_has_its_default,
          bad_forms_are_named_with_their_place, sizes_have_their_limits, every_beginning_is_refused)
