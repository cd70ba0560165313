/* What `softeuicc lpa` reads, from a card that answers as the test says: what is malformed is one line and a
 * status, and no text of a card commands the terminal. */
#include "tests/tools/lpa/scripted_card.h"

#include "protocol/tags.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ICCID        "8949000000000000017"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- What it says of itself ----------------------------------------------------------------------------- */

static const char eid[] = "BF3E 12 5A10 89049032123451234512345678901235";
static const char addresses[] = "BF3C 0A 8003612E62 8103632E64";
static const char info2[] = "BF22 45 8103020301 8203020202 8303040506 840D 810102 8204 00012345 8302 1000"
                            "A90A 0403A1A2A3 0403B1B2B3 AA05 0403A1A2A3 0C04 53415331"
                            "8700 8800 8900 8A00 8B00 8C00 8D00";

static void answer_info(struct scripted_card *card)
{
    scripted_answer(card, TAG_GET_EID, hex(eid));
    scripted_answer(card, TAG_CONFIGURED_ADDRESSES, hex(addresses));
    scripted_answer(card, TAG_EUICC_INFO2, hex(info2));
}

START_TEST(info_of_a_good_card)
{
    struct scripted_card card = {0};

    answer_info(&card);
    ck_assert_captured(on_card(&card, lpa_info), 0,
                       "Reader               a card\n"
                       "ATR                  \n"
                       "EID                  89049032123451234512345678901235\n"
                       "Default SM-DP+       a.b\n"
                       "Root SM-DS           c.d\n"
                       "SGP.22 version       2.2.2\n"
                       "Profile version      2.3.1\n"
                       "Firmware             4.5.6\n"
                       "Free memory          74565 octets of NVM, 4096 of RAM\n"
                       "CIs (verification)   A1A2A3\n"
                       "                     B1B2B3\n"
                       "CIs (signing)        A1A2A3\n"
                       "SAS number           SAS1\n",
                       "");
    ck_assert_captured(
        on_card_json(&card, lpa_info), 0,
        "{\n  \"reader\": \"a card\",\n  \"eid\": \"89049032123451234512345678901235\",\n"
        "  \"default_smdp_address\": \"a.b\",\n  \"root_smds_address\": \"c.d\",\n  \"profile_version\": "
        "\"2.3.1\",\n"
        "  \"svn\": \"2.2.2\",\n  \"firmware_version\": \"4.5.6\",\n  \"installed_applications\": 2,\n"
        "  \"free_non_volatile_memory\": 74565,\n  \"free_volatile_memory\": 4096,\n"
        "  \"ci_pk_id_for_verification\": [\n    \"A1A2A3\",\n    \"B1B2B3\"\n  ],\n"
        "  \"ci_pk_id_for_signing\": [\n    \"A1A2A3\"\n  ],\n  \"sas_accreditation_number\": \"SAS1\"\n}\n",
        "");
    buf_free(&card.request);
}
END_TEST

START_TEST(info_of_a_bad_card)
{
    static const uint32_t tags[] = {TAG_GET_EID, TAG_CONFIGURED_ADDRESSES, TAG_EUICC_INFO2};
    const char *const answers[] = {eid, addresses, info2};
    struct scripted_card card = {0};

    for (size_t i = 0; i < COUNT(tags); i++) {
        const struct span good = hex(answers[i]);

        for (size_t size = 0; size < good.size; size++) {
            answer_info(&card);
            scripted_answer(&card, tags[i], SPAN(good.data, size));
            ck_assert_refusal(on_card(&card, lpa_info));
            ck_assert_refusal(on_card_json(&card, lpa_info));
        }
        answer_info(&card);
        scripted_refusal(&card, tags[i], 0x6F00);
        ck_assert_refusal(on_card(&card, lpa_info));
    }
    answer_info(&card);
    scripted_answer(&card, TAG_GET_EID, hex("BF3E 03 5B0100"));
    ck_assert_captured(on_card(&card, lpa_info), 1, "",
                       "softeuicc lpa: GetEID: the card's answer is malformed\n");
    buf_free(&card.request);
}
END_TEST

START_TEST(info_of_an_odd_card)
{
    struct scripted_card card = {0};
    struct captured text;

    answer_info(&card);
    /* Nothing but an EID, and that too long; an address with control characters and one that is not UTF-8. */
    scripted_answer(&card, TAG_GET_EID, hex("BF3E 14 5A12 890490321234512345123456789012351122"));
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 0A 8004611B5B0A 8102E962"));
    scripted_answer(&card, TAG_EUICC_INFO2, hex("BF22 00"));
    text = on_card(&card, lpa_info);
    ck_assert_captured(text, 0,
                       "Reader               a card\n"
                       "ATR                  \n"
                       "EID                  89049032123451234512345678901235\n"
                       "Default SM-DP+       a?[?\n"
                       "Root SM-DS           ?b\n"
                       "SGP.22 version       ?\n"
                       "Profile version      ?\n"
                       "Firmware             ?\n"
                       "Free memory          0 octets of NVM, 0 of RAM\n"
                       "SAS number           \n",
                       "");
    text = on_card_json(&card, lpa_info);
    ck_assert_int_eq(text.status, 0);
    ck_assert_ptr_nonnull(strstr(text.out, "\"default_smdp_address\": \"a?[?\""));
    ck_assert_ptr_nonnull(strstr(text.out, "\"root_smds_address\": \"?b\""));
    ck_assert_ptr_nonnull(strstr(text.out, "\"ci_pk_id_for_signing\": []"));
    ck_assert_ptr_null(strstr(text.out, "free_volatile_memory"));
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 00"));
    ck_assert_ptr_nonnull(strstr(on_card(&card, lpa_info).out, "\nRoot SM-DS           (not set)\n"));
    ck_assert_ptr_null(strstr(on_card_json(&card, lpa_info).out, "root_smds_address"));
    buf_free(&card.request);
}
END_TEST

/* --- Profiles ------------------------------------------------------------------------------------------- */

/* BF2D { A0 { content } }. */
static struct span profiles(struct span content)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, TAG_PROFILES_INFO);

    tlv_put(out, 0xA0, content);
    tlv_close(out, outer);
    return buf_span(out);
}

START_TEST(list_of_a_bad_card)
{
    static const char *const bad[] = {
        "BF2D 03 810101",           /* an error */
        "BF2D 00",                  /* nothing */
        "BF2D 02 A100",             /* another list */
        "BF2D 04 A002 E400",        /* of something else */
        "BF2D 04 A002 E301",        /* cut off */
        "BF2D 06 A004 E302 5A0A",   /* cut off inside */
        "BF2D 07 A005 E303 9F7001", /* the same */
    };
    struct scripted_card card = {0};
    const struct span good = profiles(hex("E317 5A0A989400000000000010F7 9F700101 9503 000002 9200"));

    for (size_t i = 0; i < COUNT(bad); i++) {
        scripted_answer(&card, TAG_PROFILES_INFO, hex(bad[i]));
        ck_assert_refusal(on_card(&card, lpa_list));
        ck_assert_refusal(on_card_json(&card, lpa_list));
    }
    for (size_t size = 0; size < good.size; size++) {
        scripted_answer(&card, TAG_PROFILES_INFO, SPAN(good.data, size));
        ck_assert_refusal(on_card(&card, lpa_list));
    }
    scripted_refusal(&card, TAG_PROFILES_INFO, 0x6A80);
    ck_assert_captured(on_card(&card, lpa_list), 1, "",
                       "softeuicc lpa: GetProfilesInfo: the card answered 6A80\n");
    buf_free(&card.request);
}
END_TEST

/* Names that would command a terminal, or are no text; the longest ones, of four octets a character. */
START_TEST(list_of_names)
{
    static const char *const hostile[][2] = {
        {"1B5D303B78 07", "?]0;x?"},
        {"610A62", "a?b"},
        {"C29B316D", "??1m"},
        {"C3A9", "\xC3\xA9"},
        {"E9", "?"},
        {"C0AF", "??"},
        {"EDA080", "???"},
        {"00", "?"},
        {"7F", "?"},
        {"C3", "?"},
        {"61C3A962FF", "a\xC3\xA9"
                       "b?"},
        {"F09F9880", "\xF0\x9F\x98\x80"},
    };
    struct scripted_card card = {0};
    struct buf name = {0};
    char line[400];

    for (size_t i = 0; i < COUNT(hostile); i++) {
        for (uint32_t tag = 0x90; tag <= 0x92; tag++) {
            struct buf *info = test_buf();
            size_t outer = tlv_open(info, TAG_PROFILE_INFO);
            struct captured text;

            tlv_put(info, tag, hex(hostile[i][0]));
            tlv_close(info, outer);
            scripted_answer(&card, TAG_PROFILES_INFO, profiles(buf_span(info)));
            text = on_card(&card, lpa_list);
            ck_assert_int_eq(text.status, 0);
            ck_assert_msg(strstr(text.out, hostile[i][1]) != NULL, "%zu: %s", i, text.out);
            for (const char *c = text.out; *c != '\0'; c++)
                ck_assert((unsigned char)*c >= 0x20 || *c == '\n');
            snprintf(line, sizeof(line), "\"%s\": \"%s\"",
                     tag == 0x90   ? "nickname"
                     : tag == 0x91 ? "service_provider_name"
                                   : "profile_name",
                     hostile[i][1]);
            text = on_card_json(&card, lpa_list);
            ck_assert_msg(text.status == 0 && strstr(text.out, line) != NULL, "%zu: %s", i, text.out);
        }
    }
    for (size_t i = 0; i < 64; i++)
        buf_append(&name, SPAN_STRING("\xF0\x9F\x98\x80"));
    for (uint32_t tag = 0x90; tag <= 0x92; tag++) {
        const struct span longest = SPAN(name.data, tag == 0x91 ? 4 * 32 : 4 * 64);
        struct buf *info = test_buf();
        size_t outer = tlv_open(info, TAG_PROFILE_INFO);

        tlv_put(info, tag, longest);
        tlv_close(info, outer);
        scripted_answer(&card, TAG_PROFILES_INFO, profiles(buf_span(info)));
        snprintf(line, sizeof(line), "%.*s", (int)longest.size, (const char *)longest.data);
        ck_assert_ptr_nonnull(strstr(on_card_json(&card, lpa_list).out, line));
    }
    buf_free(&name);
    buf_free(&card.request);
}
END_TEST

START_TEST(list_of_odd_profiles)
{
    struct scripted_card card = {0};

    scripted_answer(&card, TAG_PROFILES_INFO,
                    profiles(hex("E30A 5A0812345678123456FF" /* an ICCID of eight octets, and nothing else */
                                 "E314 5A0A989400000000000010F7 9F700101 950100 E300"
                                 "E304 950101 9F70 E303 950109")));
    /* The last but one is cut off inside. */
    ck_assert_refusal(on_card(&card, lpa_list));
    scripted_answer(&card, TAG_PROFILES_INFO,
                    profiles(hex("E30A 5A0812345678123456FF"
                                 "E313 5A0A989400000000000010F7 9F700101 950100"
                                 "E303 950101 E303 950109")));
    ck_assert_captured(on_card_json(&card, lpa_list), 0,
                       "[\n  {\n    \"iccid\": \"12345678123456FF\",\n    \"state\": \"disabled\",\n"
                       "    \"class\": \"operational\"\n  },\n"
                       "  {\n    \"iccid\": \"" ICCID "\",\n    \"state\": \"enabled\",\n"
                       "    \"class\": \"test\"\n  },\n"
                       "  {\n    \"state\": \"disabled\",\n"
                       "    \"class\": \"provisioning\"\n  },\n"
                       "  {\n    \"state\": \"disabled\",\n"
                       "    \"class\": \"?\"\n  }\n]\n",
                       "");
    buf_free(&card.request);
}
END_TEST

/* --- Notifications -------------------------------------------------------------------------------------- */

START_TEST(notifications_of_a_bad_card)
{
    static const char *const bad[] = {
        "BF28 03 81017F",                                   /* an error */
        "BF28 00",                                          /* nothing */
        "BF28 04 A002 3000",                                /* a list of something else */
        "BF28 05 A003 BF2F00",                              /* without members */
        "BF28 0D A00B BF2F 08 81020640 0C03612E62 00",      /* without a number */
        "BF28 0E A00C BF2F 08 800101 0C03612E62",           /* without an event */
        "BF28 0C A00A BF2F 07 800101 81020640",             /* without an address */
        "BF28 12 A010 BF2F 0C 8000 81020640 0C03612E62 00", /* an empty number */
    };
    const struct span good = hex("BF28 1D A01B BF2F 18 800101 81020780 0C03612E62 5A0A989400000000000010F7");
    struct scripted_card card = {0};

    for (size_t i = 0; i < COUNT(bad); i++) {
        scripted_answer(&card, TAG_LIST_NOTIFICATION, hex(bad[i]));
        ck_assert_refusal(on_card(&card, lpa_notifications));
        ck_assert_refusal(on_card_json(&card, lpa_notifications));
        ck_assert_refusal(on_card(&card, lpa_notifications, "process"));
        ck_assert_refusal(on_card_json(&card, lpa_notifications, "process"));
        ck_assert_refusal(on_card(&card, lpa_notifications, "remove"));
    }
    for (size_t size = 0; size < good.size; size++) {
        scripted_answer(&card, TAG_LIST_NOTIFICATION, SPAN(good.data, size));
        ck_assert_refusal(on_card(&card, lpa_notifications));
    }
    scripted_answer(&card, TAG_LIST_NOTIFICATION, good);
    ck_assert_captured(on_card(&card, lpa_notifications), 0,
                       "SEQ  EVENT    ICCID                ADDRESS\n"
                       "1    install  " ICCID "  a.b\n",
                       "");
    buf_free(&card.request);
}
END_TEST

START_TEST(events)
{
    static const char *const names[] = {"install", "enable", "disable", "delete", "?"};
    static const uint8_t bits[] = {0x80, 0x40, 0x20, 0x10, 0x00};
    struct scripted_card card = {0};

    for (size_t i = 0; i < COUNT(bits); i++) {
        uint8_t answer[] = {0xBF, 0x28, 0x14, 0xA0, 0x12, 0xBF, 0x2F, 0x0F, 0x80, 0x01, 0x01, 0x81,
                            0x02, 0x04, 0x00, 0x0C, 0x06, 'a',  0x1B, '[',  'x',  0xE9, 'y'};
        int width = strlen(names[i]) > strlen("EVENT") ? (int)strlen(names[i]) : (int)strlen("EVENT");
        char text[200];

        answer[14] = bits[i];
        scripted_answer(&card, TAG_LIST_NOTIFICATION, SPAN_ARRAY(answer));
        snprintf(text, sizeof(text), "SEQ  %-*s  ICCID  ADDRESS\n1    %-*s         a?[x?y\n", width, "EVENT",
                 width, names[i]);
        ck_assert_captured(on_card(&card, lpa_notifications), 0, text, "");
    }
    buf_free(&card.request);
}
END_TEST

START_TEST(removal)
{
    static const char list[] =
        "BF28 20 A01E BF2F 0C 800107 81020640 0C03612F62 BF2F 0C 800108 81020640 0C03612F62";
    struct scripted_card card = {0};

    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 03 800100"));
    ck_assert_captured(on_card(&card, lpa_notifications, "remove", "300"), 0, "1 removed\n", "");
    ck_assert_span(buf_span(&card.request), hex("BF30 04 8002012C"));
    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 03 800101"));
    ck_assert_captured(on_card(&card, lpa_notifications, "remove", "300"), 1, "",
                       "softeuicc lpa: RemoveNotificationFromList: there is no such notification\n");
    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 03 80017F"));
    ck_assert_captured(on_card(&card, lpa_notifications, "remove", "300"), 1, "",
                       "softeuicc lpa: RemoveNotificationFromList: the card refused\n");
    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 00"));
    ck_assert_captured(on_card(&card, lpa_notifications, "remove", "300"), 1, "",
                       "softeuicc lpa: RemoveNotificationFromList: the card's answer is malformed\n");
    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 02 8000"));
    ck_assert_refusal(on_card(&card, lpa_notifications, "remove", "300"));
    /* All of them: the first that stays ends it. */
    scripted_answer(&card, TAG_LIST_NOTIFICATION, hex(list));
    ck_assert_refusal(on_card(&card, lpa_notifications, "remove"));
    scripted_answer(&card, TAG_REMOVE_NOTIFICATION, hex("BF30 03 800100"));
    ck_assert_captured(on_card(&card, lpa_notifications, "remove"), 0, "2 removed\n", "");
    ck_assert_span(buf_span(&card.request), hex("BF30 03 800108"));
    buf_free(&card.request);
}
END_TEST

/* Nothing that the card cannot give is sent, and it stays. */
START_TEST(notifications_that_cannot_be_read)
{
    static const char *const bad[] = {"BF2B 03 810101", "BF2B 02 A000", "BF2B 00", "BF2B 04 A002 3001"};
    struct scripted_card card = {0};

    scripted_answer(&card, TAG_LIST_NOTIFICATION, hex("BF28 11 A00F BF2F 0C 800107 81020640 0C03612E62"));
    for (size_t i = 0; i < COUNT(bad); i++) {
        scripted_answer(&card, TAG_RETRIEVE_NOTIFICATIONS, hex(bad[i]));
        ck_assert_captured(on_card(&card, lpa_notifications, "process"), 1, "0 sent, 1 left\n",
                           "softeuicc lpa: RetrieveNotificationsList: the card has no notification 7\n");
        ck_assert_span(buf_span(&card.request), hex("BF2B 05 A003 800107"));
    }
    ck_assert_captured(on_card_json(&card, lpa_notifications, "process"), 1,
                       "{\n  \"sent\": 0,\n  \"left\": 1\n}\n",
                       "softeuicc lpa: RetrieveNotificationsList: the card has no notification 7\n");
    buf_free(&card.request);
}
END_TEST

/* --- Before a server is asked --------------------------------------------------------------------------- */

START_TEST(cards_that_are_no_use_to_a_server)
{
    const struct lpa settings = {.smds = "localhost:1"};
    struct scripted_card card = {0};

    ck_assert_captured(
        on_card(&card, lpa_download, "1$localhost:1$X"), 1, "",
        "softeuicc lpa: GetEUICCInfo1: the card answered 6A88 (it does not have this function)\n");
    scripted_answer(&card, TAG_EUICC_INFO1, hex("BF20 00"));
    scripted_answer(&card, TAG_GET_EUICC_CHALLENGE, hex("BF2E 00"));
    ck_assert_captured(on_card(&card, lpa_download, "1$localhost:1$X"), 1, "",
                       "softeuicc lpa: GetEUICCChallenge: the card's answer is malformed\n");
    ck_assert_captured(scripted_run(&card, &settings, lpa_discover, NULL), 1, "",
                       "softeuicc lpa: GetEUICCChallenge: the card's answer is malformed\n");
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 00"));
    ck_assert_captured(on_card(&card, lpa_discover), 1, "",
                       "softeuicc lpa: the card has no root SM-DS address; name one with --smds ADDRESS\n");
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 04 8000 8100"));
    ck_assert_captured(on_card(&card, lpa_discover), 1, "",
                       "softeuicc lpa: the card has no root SM-DS address; name one with --smds ADDRESS\n");
    ck_assert_captured(
        on_card(&card, lpa_download, "-"), 1, "",
        "softeuicc lpa: the card has no default SM-DP+ address (set it with 'softeuicc lpa default-smdp "
        "ADDRESS')\n");
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 0A 80031B5B41 81031B5B42"));
    ck_assert_captured(on_card(&card, lpa_download, "-"), 1, "",
                       "softeuicc lpa: '?[A' is not a server address (FQDN, optionally :port)\n");
    scripted_answer(&card, TAG_CONFIGURED_ADDRESSES, hex("BF3C 0A 8003612041 8103612042"));
    ck_assert_captured(on_card(&card, lpa_download, "-"), 1, "",
                       "softeuicc lpa: 'a A' is not a server address (FQDN, optionally :port)\n");
    ck_assert_captured(on_card(&card, lpa_discover), 1, "",
                       "softeuicc lpa: 'a B' is not a server address (FQDN, optionally :port)\n");
    buf_free(&card.request);
}
END_TEST

TEST_MAIN("lpa_read", info_of_a_good_card, info_of_a_bad_card, info_of_an_odd_card, list_of_a_bad_card,
          list_of_names, list_of_odd_profiles, notifications_of_a_bad_card, events, removal,
          notifications_that_cannot_be_read, cards_that_are_no_use_to_a_server)
