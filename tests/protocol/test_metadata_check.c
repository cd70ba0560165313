/*
 * What of a profile's metadata is refused early, and what the card refuses, is the same: of metadata with
 * every member in every form, and of such whose octets were changed.
 */
#include "apdu/tlv.h"
#include "common/input.h"
#include "euicc/profile/profile_metadata.h"
#include "protocol/metadata_check.h"
#include "protocol/metadata_json.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t dice_state = 1;

static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 8) % sides;
}

/* The card's verdict, on any card: euicc/rsp/bpp_command.c and euicc/profile/policy.c. */
static bool card_takes(struct span octets)
{
    struct profile_metadata metadata;
    size_t offset;

    return profile_metadata_parse(octets, &metadata, &offset) && !metadata.ppr_unknown &&
           ((!metadata.ppr1 && !metadata.ppr2) || metadata.owner.data != NULL);
}

static size_t taken, refused;

static void compare(struct span octets)
{
    struct metadata_fault fault = {"", ""};
    bool card = card_takes(octets);
    bool check = metadata_check(octets, &fault);
    struct buf text = {0};

    /* SGP.22 5.5.3 has no icon without its type; the card passes over one, as over members it does not know.
     */
    if (!check && card && strcmp(fault.reason, "it has no iconType") == 0)
        return;
    if (card != check) {
        buf_reserve(&text, 2 * octets.size + 1);
        ck_abort_msg("the card %s %s, the check says: %s %s", card ? "takes" : "refuses",
                     hex_from_span(octets, (char *)text.data, 2 * octets.size + 1), fault.member,
                     fault.reason);
    }
    if (!check && (fault.member[0] == '\0' || fault.reason[0] == '\0'))
        ck_abort_msg("a fault without words");
    taken += card;
    refused += !card;
}

/* Each member in its forms; "" is absent. The first is a good one. */
static const char *const members[][8] = {
    {"5A0A980011223344556677F8", "5A0A98001122334455667788", "5A09980011223344556677", "",
     "5A0AF8F01122334455667788"},
    {"91024F70", "9100", "9102C3A4", "9101C3", "9103410042", "", "9104EDA08041"},
    {"920150", "9200", "9202C3A4", "9102C3A4", "9201FF", ""},
    {"930101", "930100", "930102", "9300", "93020101", "", "9309010101010101010101"},
    {"9403504E47", "9400", "", "94820401",
     "9403504E47"
     "9403504E47"},
    {"950102", "950100", "950101", "950103", "9500", "", "95020002"},
    {"B609 3007 80020470 810161", "B600", "B609 3007 80020475 810161", "B606 3004 80020470", "B603 800161",
     "", "B604 3002 8101"},
    {"B705 800300F110", "B708 800300F110 8101AB", "B70B 800300F110 8101AB 8201CD", "B703 8101AB",
     "B704 800200F1", "B700", "B706 800300F110 81", ""},
    {"99020560", "99020500", "99020540", "99020580", "99020510", "9900", "99020960", ""},
    {"9F7B01FF", "9F7B00", "9F7B0100", "", "9F6701FF", "BF2200", "BF220101", "9F670200 00"},
};

static void put_form(const char *form, struct buf *out)
{
    ck_assert(buf_append_hex(out, form, NULL));
    if (strcmp(form, "94820401") == 0) /* one octet more than an icon may have */
        for (unsigned i = 0; i < METADATA_ICON_MAX + 1; i++)
            buf_append_octet(out, 0x55);
}

static void put_name(struct buf *out, uint32_t tag, size_t characters)
{
    size_t at = tlv_open(out, tag);

    for (size_t i = 0; i < characters; i++)
        buf_append(out, dice(2) == 0 ? SPAN_STRING("\xE2\x82\xAC") : SPAN_STRING("a"));
    tlv_close(out, at);
}

static void make(struct buf *out, unsigned odd)
{
    size_t at;

    buf_clear(out);
    at = tlv_open(out, 0xBF25);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        unsigned count = 0;

        while (count < 8 && members[i][count] != NULL)
            count++;
        if ((i == 1 || i == 2) && dice(4) == 0)
            put_name(out, i == 1 ? 0x91 : 0x92, (i == 1 ? 30 : 62) + dice(5));
        else
            put_form(members[i][dice(odd) == 0 ? dice(count) : 0], out);
    }
    tlv_close(out, at);
    ck_assert(!out->failed);
}

START_TEST(is_the_verdict_of_the_card)
{
    struct buf out = {0};

    for (unsigned i = 0; i < 20000; i++) {
        make(&out, 1 + dice(20));
        compare(buf_span(&out));
        for (unsigned changes = dice(3); changes > 0; changes--) {
            out.data[dice((unsigned)out.size)] = (uint8_t)dice(256);
            compare(SPAN(out.data, dice(8) == 0 ? dice((unsigned)out.size) : out.size));
        }
    }
    buf_free(&out);
    ck_assert_uint_gt(taken, 2000);
    ck_assert_uint_gt(refused, 10000);
}
END_TEST

/* --- What is made from JSON ----------------------------------------------------------------------------- */

static char why[METADATA_WHY_SIZE];
static const uint8_t iccid[ICCID_SIZE] = {0x98, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0xF8};

static bool builds(const json_t *json, const char *name, struct buf *out)
{
    const struct metadata_profile profile = {iccid, name, input_read, test_path(""), "s.example.com"};
    struct metadata_facts facts;

    why[0] = '\0';
    buf_clear(out);
    return metadata_json_build(json, &profile, out, &facts, why);
}

static void maybe_set(json_t *json, const char *name, const char *const *texts)
{
    size_t count = 0;
    json_t *value;

    while (texts[count] != NULL)
        count++;
    if (dice(3) == 0)
        return;
    value = json_loads(texts[dice((unsigned)count)], JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(value);
    json_object_set_new(json, name, value);
}

START_TEST(json_becomes_what_a_card_takes)
{
    static const char *const names[] = {"\"\"",
                                        "\"x\"",
                                        "\"\\u20AC\\u20AC\"",
                                        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
                                        "\"\\u20ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
                                        NULL};
    static const char *const classes[] = {"\"test\"", "\"provisioning\"", "\"operational\"", NULL};
    static const char *const rules[] = {"[]", "[\"ppr1\"]", "[\"ppr2\"]", "[\"ppr1\",\"ppr2\"]", NULL};
    static const char *const owners[] = {"{\"mccmnc\":\"001-01\"}", "{\"mccmnc\":\"001-001\",\"gid1\":\"\"}",
                                         NULL};
    static const char *const notifications[] = {"[]", "[{\"address\":\"\\u20AC\",\"events\":[\"enable\"]}]",
                                                NULL};
    static const char *const icons[] = {"\"icon.png\"", "\"icon.gif\"", NULL};
    static const char *const types[] = {"\"png\"", "\"jpg\"", NULL};
    static const char *const flags[] = {"true", "false", NULL};
    static const char *const defaults[] = {
        "name",
        "",
        "\xFF\x80",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xE2\x82\xAC\xE2\x82\xAC",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xE2"};
    struct buf out = {0};
    FILE *file = fopen(test_path("icon.png"), "w");
    unsigned built = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("PNG", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    for (unsigned i = 0; i < 5000; i++) {
        json_t *json = json_object();

        maybe_set(json, "serviceProviderName", names);
        maybe_set(json, "profileName", names);
        maybe_set(json, "profileClass", classes);
        maybe_set(json, "pprs", rules);
        maybe_set(json, "owner", owners);
        maybe_set(json, "notifications", notifications);
        maybe_set(json, "icon", icons);
        maybe_set(json, "iconType", types);
        maybe_set(json, "ecallIndication", flags);
        maybe_set(json, "fallbackAllowed", flags);
        if (builds(json, defaults[dice(sizeof(defaults) / sizeof(defaults[0]))], &out)) {
            built++;
            if (!card_takes(buf_span(&out)))
                ck_abort_msg("no card takes %s", json_dumps(json, 0));
        } else if (why[0] == '\0') {
            ck_abort_msg("refused without words");
        }
        json_decref(json);
    }
    ck_assert_uint_gt(built, 500);
    buf_free(&out);
}
END_TEST

static void expect(const char *text, const char *reason)
{
    json_t *json = json_loads(text, 0, NULL);
    struct buf out = {0};

    ck_assert_int_eq(builds(json, "name", &out), reason == NULL);
    ck_assert_str_eq(why, reason != NULL ? reason : "");
    buf_free(&out);
    json_decref(json);
}

START_TEST(says_why)
{
    expect("{\"pprs\":[\"ppr1\"]}", "pprs: an eUICC allows rules to an owner, and owner is missing");
    expect("{\"pprs\":[]}", NULL);
    expect("{\"pprs\":[\"ppr2\"],\"owner\":{\"mccmnc\":\"001-01\"}}", NULL);
    /* 32 characters of 96 octets. */
    expect("{\"serviceProviderName\":"
           "\"\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC"
           "\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20A"
           "C\\u20AC"
           "\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\\u20AC\"}",
           NULL);
    expect("{\"serviceProviderName\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
           "serviceProviderName is not a text of at most 32 characters");
}
END_TEST

TEST_MAIN("metadata_check", is_the_verdict_of_the_card, json_becomes_what_a_card_takes, says_why)
