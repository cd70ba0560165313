/* What `softeuicc ipa` shows of a card, from one that says what the test wants: an eIM's name was written by
 * others. */
#include "protocol/tags.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"
#include "tools/ipa/ipa_tool.h"

struct shown {
    struct ipad ipad;
    const char *eims; /* the answer to GetEimConfigurationData, hexadecimal */
};

static uint16_t answer(void *context, struct span request, struct buf *response)
{
    const struct shown *shown = context;
    uint32_t tag = 0;
    struct tlv tlv;

    if (tlv_only(request, &tlv) == TLV_OK)
        tag = tlv.tag;
    if (tag == TAG_GET_EID)
        buf_append(response, hex("BF3E 12 5A10 89049032123451234512345678901235"));
    else if (tag == TAG_PROFILES_INFO)
        buf_append(response, hex("BF2D 02 A000"));
    else if (tag == TAG_EIM_CONFIGURATION_DATA)
        buf_append(response, hex(shown->eims));
    else
        return 0x6A88;
    return 0x9000;
}

static int status(void *context)
{
    struct shown *shown = context;
    const struct command_line line = {.settings = &shown->ipad};

    return ipad_status(&line);
}

/* With what the IPA kept of polls before. */
static struct captured status_with(const char *eims, bool json, const char *kept)
{
    struct shown shown = {.ipad.json = json, .eims = eims};
    const struct ipa_host host = {.context = &shown, .es10 = answer};
    struct captured captured;

    shown.ipad.ipa = ipa_new(&host, &shown.ipad.settings, hex(kept));
    ck_assert_ptr_nonnull(shown.ipad.ipa);
    captured = capture(status, &shown);
    ipa_free(shown.ipad.ipa);
    return captured;
}

static struct captured status_of(const char *eims, bool json)
{
    return status_with(eims, json, "");
}

START_TEST(shows_an_eim)
{
    ck_assert_captured(status_of("BF55 0D A00B 3009 8003612E62 8102632E", false), 0,
                       "EID 89049032123451234512345678901235\n"
                       "no enabled profile\n"
                       "eIM a.b: c., trust system\n",
                       "");
}
END_TEST

/* ESC [ in the name, U+009B and an octet that is not UTF-8 in the address. */
START_TEST(commands_no_terminal)
{
    static const char hostile[] = "BF55 12 A010 300E 8005611B5B316D 8105C29B316DFF";

    ck_assert_captured(status_of(hostile, false), 0,
                       "EID 89049032123451234512345678901235\n"
                       "no enabled profile\n"
                       "eIM a?[1m: ??1m?, trust system\n",
                       "");
    ck_assert_captured(
        status_of(hostile, true), 0,
        "{\n  \"eid\": \"89049032123451234512345678901235\",\n"
        "  \"fallback_profile_enabled\": false,\n  \"emergency_profile_enabled\": false,\n"
        "  \"eims\": [\n    {\n      \"eim_id\": \"a?[1m\",\n      \"eim_fqdn\": \"??1m?\",\n"
        "      \"indirect_profile_download\": false,\n"
        "      \"trusted_public_key_data_tls\": \"system\"\n    }\n  ],\n  \"refused\": []\n}\n",
        "");
}
END_TEST

#define EID_  "89049032123451234512345678901235"
#define EIMS_ "BF55 0D A00B 3009 8003612E62 8102632E"

/* A result that was refused twice, one that was given up, and a notification. */
START_TEST(shows_what_was_refused)
{
    ck_assert_captured(status_with(EIMS_, false,
                                   "3051 5A10 " EID_ "A000 A53B"
                                   "3011 800105 810102 820102 8303612E62 840135"
                                   "3011 800106 81010A 820100 8303612E62 840135"
                                   "3013 800107 810101 820100 8303612E62 840135 8500"),
                       0,
                       "EID " EID_ "\n"
                       "no enabled profile\n"
                       "eIM a.b: c., trust system\n"
                       "result 5, eIM a.b: not taken (2 times), again after 2 more polls: 5\n"
                       "result 6, eIM a.b: not taken (10 times), given up: 5\n"
                       "notification 7, eIM a.b: not taken (1 times), again after 0 more polls: 5\n",
                       "");
}
END_TEST

TEST_MAIN("ipa_status", shows_an_eim, shows_what_was_refused, commands_no_terminal)
