/* The card through its public API, as a reader drives it: power, ATR, channels, SELECT, errors, and what a
 * command may not do. */
#include "euicc/softeuicc.h"

#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "euicc/os/host.h"
#include "euicc/os/nvm.h"
#include "tests/support/pki.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ISDR  "A0000005591010FFFFFFFF8900000100"
#define ECASD "A0000005591010FFFFFFFF8900000200"
#define ISDP  "A0000005591010FFFFFFFF890000"

static struct test_ci ci;

static struct softeuicc *new_card(enum softeuicc_personality personality)
{
    struct buf key = {0};
    struct softeuicc_credentials credentials;
    struct softeuicc_parameters parameters = {
        .eid = TEST_EID, .personality = personality, .credentials = &credentials, .credentials_count = 1};
    struct softeuicc_error error;
    struct softeuicc *card;

    if (ci.ci.cert == NULL)
        test_ci_make(&ci, EC_CURVE_P256);
    ck_assert(ec_key_to_pkcs8(ci.eum.key, &key));
    credentials = (struct softeuicc_credentials){.ci_cert = ci.ci.der.data,
                                                 .ci_cert_size = ci.ci.der.size,
                                                 .eum_cert = ci.eum.der.data,
                                                 .eum_cert_size = ci.eum.der.size,
                                                 .eum_key = key.data,
                                                 .eum_key_size = key.size};
    card = softeuicc_create_open(":memory:", &parameters, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error.message);
    buf_free(&key);
    return card;
}

static void done(struct softeuicc *card)
{
    softeuicc_close(card);
    test_ci_free(&ci);
    ci = (struct test_ci){0};
}

static struct span power_on(struct softeuicc *card)
{
    static uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size = 0;

    softeuicc_reset(card, SOFTEUICC_COLD, atr, &size);
    return SPAN(atr, size);
}

/* One exchange; the answer with its status word, valid until the next. */
static struct span send(struct softeuicc *card, const char *command)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    struct span capdu = hex(command);
    size_t size = sizeof(rapdu);

    softeuicc_transmit(card, capdu.data, capdu.size, rapdu, &size);
    ck_assert_uint_ge(size, 2);
    return SPAN(rapdu, size);
}

#define ck_assert_answer(card, command, answer) ck_assert_hex(send(card, command), answer)

static const char *described(const struct softeuicc *card)
{
    static char line[96];

    softeuicc_describe(card, line, sizeof(line));
    return line;
}

/* Three profiles as rows, without content: for SELECT. */
static void put_profiles(struct softeuicc *card)
{
    static const char sql[] =
        "INSERT INTO profile (isdp_aid, iccid, state, class, origin, metadata, memory, installed_at) "
        "VALUES (?1, ?2, 'disabled', 'test', 'preloaded', x'BF2500', 1, 'now')";
    static const char *const aids[] = {ISDP "1000", ISDP "1100", ISDP "1200"};

    for (size_t i = 0; i < 3; i++)
        ck_assert(nvm_change(card->nvm, sql, NVM_VALUES(NVM_STRING(aids[i]), NVM_STRING(aids[i]))));
    ck_assert(nvm_commit(card->nvm));
}

START_TEST(power_and_protocol)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);
    struct span atr;

    ck_assert_str_eq(softeuicc_eid(card), TEST_EID);
    ck_assert_answer(card, "0070000001", "6F00");
    atr = power_on(card);
    ck_assert_uint_eq(atr.data[0], 0x3B);
    ck_assert_str_eq(described(card), "power on");
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_answer(card, "00A4040010" ISDR, "6126");
    /* T=1 begins with the next reset, not before. */
    softeuicc_set_protocol(card, SOFTEUICC_T1);
    ck_assert_answer(card, "00A4040010" ISDR, "6126");
    power_on(card);
    ck_assert_uint_eq(send(card, "00A4040010" ISDR "00").size, 0x26 + 2);
    softeuicc_set_protocol(card, SOFTEUICC_T0);
    power_on(card);
    ck_assert_answer(card, "00A4040010" ISDR, "6126");
    softeuicc_power_off(card);
    ck_assert_str_eq(described(card), "power off");
    ck_assert_answer(card, "00C0000026", "6F00");
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    done(card);
}
END_TEST

START_TEST(a_reset_ends_everything)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    power_on(card);
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_answer(card, "01A4040010" ISDR, "6126");
    softeuicc_reset(card, SOFTEUICC_WARM, atr, &size);
    ck_assert_str_eq(described(card), "reset");
    ck_assert_answer(card, "01C0000026", "6881");
    ck_assert_answer(card, "00C0000026", "6985");
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6D00");
    done(card);
}
END_TEST

START_TEST(isd_r_says_what_the_card_is)
{
    static const struct {
        enum softeuicc_personality personality;
        const char *answer;
    } cards[] = {
        {SOFTEUICC_CONSUMER, "6F1F8410" ISDR "A5049F6501FFE0058203020202"
                             "9000"},
        {SOFTEUICC_HYBRID, "6F248410" ISDR "A5049F6501FFE0058203020202E103800100"
                           "9000"},
        {SOFTEUICC_IOT, "6F248410" ISDR "A5049F6501FFE0058203020202E103800100"
                        "9000"},
    };

    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        struct softeuicc *card = new_card(cards[i].personality);

        softeuicc_set_protocol(card, SOFTEUICC_T1);
        power_on(card);
        ck_assert_answer(card, "00A4040010" ISDR "00", cards[i].answer);
        ck_assert_str_eq(described(card), "SELECT ISD-R");
        put_profiles(card);
        ck_assert(nvm_change(card->nvm, "UPDATE profile SET state = 'enabled' WHERE id = 1", NVM_NONE));
        ck_assert(nvm_commit(card->nvm));
        if (cards[i].personality != SOFTEUICC_CONSUMER)
            ck_assert_answer(card, "00A4040010" ISDR "00",
                             "6F258410" ISDR "A5049F6501FFE0058203020202E10480020640"
                             "9000");
        done(card);
    }
}
END_TEST

START_TEST(select_by_partial_aid)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    put_profiles(card);
    /* First, next, next … and no further. */
    ck_assert_uint_gt(send(card, "00A4040005A00000055900").size, 2);
    ck_assert_str_eq(described(card), "SELECT ISD-R");
    ck_assert_uint_gt(send(card, "00A4040205A00000055900").size, 2);
    ck_assert_str_eq(described(card), "SELECT ECASD");
    ck_assert_answer(card, "00A4040205A00000055900", "6F188410" ISDP "1000A5049F6501FF9000");
    ck_assert_answer(card, "00A4040205A00000055900", "6F188410" ISDP "1100A5049F6501FF9000");
    ck_assert_answer(card, "00A4040205A00000055900", "6F188410" ISDP "1200A5049F6501FF9000");
    ck_assert_answer(card, "00A4040205A00000055900", "6A82");
    /* The refused one changed nothing: previous goes back from there. */
    ck_assert_answer(card, "00A4040305A00000055900", "6F188410" ISDP "1100A5049F6501FF9000");
    ck_assert_answer(card, "00A4040105A00000055900", "6F188410" ISDP "1200A5049F6501FF9000");
    ck_assert_answer(card, "00A4040010" ECASD "00", "6F188410" ECASD "A5049F6501FF9000");
    ck_assert_uint_gt(send(card, "00A4040305A00000055900").size, 2);
    ck_assert_str_eq(described(card), "SELECT ISD-R");
    ck_assert_answer(card, "00A4040305A00000055900", "6A82");
    ck_assert_answer(card, "00A404000F" ISDP "1100", "6F188410" ISDP "1100A5049F6501FF9000");
    done(card);
}
END_TEST

/* A terminal finds a UICC, on which there is nothing to use and nothing to change. */
START_TEST(without_profile)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "80F200001A", "62188202782183023F00A5068001718701018A01058B032F06029000");
    ck_assert_answer(card, "00A4000C023F00", "9000");
    ck_assert_answer(card, "00A4000C022FE2", "6A82");
    ck_assert_answer(card, "00A4000C022F05", "9000");
    ck_assert_answer(card, "00B0000002", "FFFF9000");
    ck_assert_answer(card, "00D600000101", "6982");
    ck_assert_answer(card, "00A4040C07A0000000871002", "6A82");
    /* A channel that has an application selected goes back to the files by SELECT. */
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    ck_assert_answer(card, "00B0000002", "6D00");
    ck_assert_answer(card, "00A4000C022F05", "9000");
    ck_assert_answer(card, "00B0000002", "FFFF9000");
    done(card);
}
END_TEST

/* Without a profile the ISD-R stands in the issuer's place, on whatever channel. */
START_TEST(select_without_aid)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);
    static uint8_t isdr[SOFTEUICC_RAPDU_MAX];
    struct span answer;

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    answer = send(card, "00A4040010" ISDR "00");
    ck_assert_uint_gt(answer.size, 2);
    memcpy(isdr, answer.data, answer.size);
    answer.data = isdr;
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert(span_equal(send(card, "00A4040000"), answer));
    ck_assert(span_equal(send(card, "01A4040000"), answer));
    ck_assert(span_equal(send(card, "01A4040100"), answer));
    ck_assert_answer(card, "80E2910006BF3E035C015A00", "BF3E125A10890490321234512345123456789012359000");
    ck_assert_answer(card, "81E2910006BF3E035C015A00", "BF3E125A10890490321234512345123456789012359000");
    ck_assert_answer(card, "00A4040C", "9000");
    ck_assert_answer(card, "00A4040200", "6A82");
    ck_assert_answer(card, "00A4040300", "6A82");
    ck_assert_answer(card, "00A4048000", "6A86");
    ck_assert_answer(card, "00A4044C", "9000");
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6D00");
    ck_assert_answer(card, "00A4044C", "6985");
    done(card);
}
END_TEST

START_TEST(select_refuses)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "00A40004026F07", "6A82");
    ck_assert_str_eq(described(card), "SELECT file 6F07");
    ck_assert_answer(card, "00A40804047F206F07", "6A82");
    ck_assert_answer(card, "00A40504023F00", "6A86");
    ck_assert_answer(card, "00A4048005A000000559", "6A86");
    ck_assert_answer(card, "00A4040004A0000005", "6700");
    ck_assert_answer(card, "00A4040011" ISDR "00", "6700");
    ck_assert_answer(card, "00A4040007A0000000871002", "6A82");
    ck_assert_answer(card, "00A4040010" ISDP "1000", "6A82");
    ck_assert_answer(card, "80A4040010" ISDR, "6E00");
    ck_assert_answer(card, "04A4040010" ISDR, "6882");
    ck_assert_answer(card, "10A4040010" ISDR, "6884");
    ck_assert_answer(card, "A0A4040010" ISDR, "6E00");
    /* No response data wanted; termination of what is selected, and only of that. */
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    ck_assert_answer(card, "00A4044C10" ECASD, "6985");
    ck_assert_answer(card, "00A4044C10" ISDR, "9000");
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6D00");
    done(card);
}
END_TEST

START_TEST(channels_have_applications_of_their_own)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_str_eq(described(card), "MANAGE CHANNEL open");
    ck_assert_answer(card, "0070000001", "029000");
    ck_assert_answer(card, "01A4040C10" ISDR, "9000");
    ck_assert_answer(card, "02A4040C10" ECASD, "9000");
    ck_assert_answer(card, "82CA005A00",
                     "5A1089049032123451234512345678901235"
                     "9000");
    ck_assert_str_eq(described(card), "ECASD GET DATA EID");
    ck_assert_answer(card, "81E2910006BF3E035C015A00",
                     "BF3E125A1089049032123451234512345678901235"
                     "9000");
    ck_assert_str_eq(described(card), "ES10c.GetEID");
    ck_assert_answer(card, "80CA005A00", "6D00");
    /* Opened from a channel that has something selected: inherits it. */
    ck_assert_answer(card, "0170000001", "039000");
    ck_assert_answer(card, "83E2910006BF3E035C015A00",
                     "BF3E125A1089049032123451234512345678901235"
                     "9000");
    ck_assert_answer(card, "01708001", "9000");
    ck_assert_answer(card, "81E2910006BF3E035C015A00", "6881");
    ck_assert_answer(card, "C0E2910006BF3E035C015A00", "6881");
    for (unsigned i = 0; i < 17; i++)
        ck_assert_uint_eq(send(card, "0070000001").size, 3);
    ck_assert_answer(card, "0070000001", "6A81");
    /* Channel 4 and above have the other class octets. */
    ck_assert_answer(card, "4FA4040C10" ISDR, "9000");
    ck_assert_answer(card, "CFE2910006BF3E035C015A00",
                     "BF3E125A1089049032123451234512345678901235"
                     "9000");
    done(card);
}
END_TEST

START_TEST(ecasd_shows_the_eid_and_nothing_else)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    ck_assert_answer(card, "00A4040C10" ECASD, "9000");
    ck_assert_answer(card, "80CA005A00",
                     "5A1089049032123451234512345678901235"
                     "9000");
    ck_assert_answer(card, "00CA005A00",
                     "5A1089049032123451234512345678901235"
                     "9000");
    ck_assert_answer(card, "80CA005A0101", "6700");
    for (unsigned tag = 0; tag < 0x10000; tag += 0x35) {
        char command[16];

        if (tag == 0x5A)
            continue;
        snprintf(command, sizeof(command), "80CA%04X00", tag);
        ck_assert_answer(card, command, "6A88");
    }
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6D00");
    done(card);
}
END_TEST

START_TEST(isd_p_offers_nothing)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    put_profiles(card);
    ck_assert_answer(card, "00A4040C10" ISDP "1100", "9000");
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6D00");
    ck_assert_answer(card, "80CA006600", "6D00");
    done(card);
}
END_TEST

START_TEST(store_data_in_blocks)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_answer(card, "01A4040C10" ISDR, "9000");
    ck_assert_answer(card, "81E2110003BF3E03", "9000");
    /* What happens on another channel does not matter. */
    ck_assert_answer(card, "00A40004026F07", "6A82");
    ck_assert_answer(card, "81E29101035C015A00",
                     "BF3E125A1089049032123451234512345678901235"
                     "9000");
    /* Another command on the channel, and a SELECT, drop what was collected. */
    ck_assert_answer(card, "81E2110003BF3E03", "9000");
    ck_assert_answer(card, "01A4040C10" ISDR, "9000");
    ck_assert_answer(card, "81E29101035C015A", "6A86");
    ck_assert_answer(card, "81E2110003BF3E03", "9000");
    ck_assert_answer(card, "81CA005A00", "6D00");
    ck_assert_answer(card, "81E29101035C015A", "6A86");
    ck_assert_answer(card, "81E2110003BF3E03", "9000");
    ck_assert_answer(card, "81E29102035C015A", "6A86");
    ck_assert_answer(card, "81E2100003BF3E03", "6A86");
    ck_assert_answer(card, "01E2910006BF3E035C015A", "6E00");
    done(card);
}
END_TEST

/* Requests on two channels, their blocks in every order; and what ends one of them leaves the other. */
START_TEST(each_channel_collects_for_itself)
{
    static const char *const blocks[2][3] = {{"81E2110002BF3E", "81E211010203 5C", "81E2910202015A00"},
                                             {"82E2110002BF3E", "82E211010203 5C", "82E2910202015A00"}};
    static const char *const enders[] = {"01A4040C10" ISDR, "81CA005A00", "81E2110502AABB", "0070800100"};
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    softeuicc_set_protocol(card, SOFTEUICC_T1);
    power_on(card);
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_answer(card, "0070000001", "029000");
    ck_assert_answer(card, "01A4040C10" ISDR, "9000");
    ck_assert_answer(card, "02A4040C10" ISDR, "9000");
    for (unsigned order = 0; order < 1u << 6; order++) {
        size_t next[2] = {0, 0};

        if (__builtin_popcount(order) != 3)
            continue;
        for (unsigned step = 0; step < 6; step++) {
            unsigned channel = order >> step & 1;
            bool last = next[channel] == 2;
            struct span answer = send(card, blocks[channel][next[channel]++]);

            ck_assert_uint_eq(answer.size, last ? 23 : 2);
            ck_assert_uint_eq(answer.data[answer.size - 2], 0x90);
        }
    }
    for (size_t i = 0; i < sizeof(enders) / sizeof(enders[0]); i++) {
        ck_assert_answer(card, blocks[0][0], "9000");
        ck_assert_answer(card, blocks[1][0], "9000");
        (void)send(card, enders[i]);
        ck_assert_uint_eq(card->store_data[1].collected.size, 0);
        ck_assert_answer(card, blocks[1][1], "9000");
        ck_assert_uint_gt(send(card, blocks[1][2]).size, 2);
        ck_assert_uint_eq(store_data_held(card->store_data, APDU_CHANNELS), 0);
    }
    done(card);
}
END_TEST

START_TEST(requests_that_are_none)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    ck_assert_answer(card, "80E29100", "6A80");
    ck_assert_answer(card, "80E2910001BF", "6A80");
    ck_assert_answer(card, "80E2910005BF3E035C01", "6A80");
    ck_assert_answer(card, "80E2910007BF3E035C015A00", "6A80");
    ck_assert_answer(card, "80E2910003BF3E80", "6A80");
    ck_assert_answer(card, "80E2910003BF7F00", "6A88");
    ck_assert_answer(card, "80E29100023000", "6A88");
    ck_assert_answer(card, "80E2910003BF5100", "6A80");
    done(card);
}
END_TEST

START_TEST(an_iot_card_has_no_lpa_functions)
{
    static const char *const lpa_only[] = {"BF2900", "BF3100", "BF3200", "BF3300", "BF3400", "BF3F00"};
    struct softeuicc *card = new_card(SOFTEUICC_IOT);
    char command[32];

    power_on(card);
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    for (size_t i = 0; i < sizeof(lpa_only) / sizeof(lpa_only[0]); i++) {
        snprintf(command, sizeof(command), "80E2910003%s", lpa_only[i]);
        ck_assert_answer(card, command, "6A88");
    }
    ck_assert_answer(card, "80E2910006BF3E035C015A", "6115");
    done(card);
}
END_TEST

START_TEST(terminal_commands)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "8010000001FF", "9000");
    ck_assert_str_eq(described(card), "TERMINAL PROFILE");
    ck_assert_answer(card, "80AA000005A903830180", "9000");
    ck_assert_answer(card, "80AA0000", "6700");
    ck_assert_answer(card, "80AA010005A903830180", "6B00");
    ck_assert_answer(card, "00AA000005A903830180", "6E00");
    done(card);
}
END_TEST

/* Every class and instruction, on a channel with the ISD-R and on one with nothing: an answer of two octets
 * that is an error the card is meant to give, and it is never confused afterwards. */
START_TEST(every_instruction_is_answered)
{
    static const uint8_t classes[] = {0x00, 0x01, 0x80, 0x81, 0x84, 0x90, 0xA0, 0x20, 0x40, 0xC0, 0xFF};
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "0070000001", "019000");
    ck_assert_answer(card, "01A4040C10" ISDR, "9000");
    for (size_t c = 0; c < sizeof(classes); c++) {
        for (unsigned ins = 0; ins < 0x100; ins++) {
            uint8_t capdu[5] = {classes[c], (uint8_t)ins, 0xFF, 0xFF, 0x00};
            uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
            size_t size = sizeof(rapdu);

            softeuicc_transmit(card, capdu, sizeof(capdu), rapdu, &size);
            ck_assert_msg(size == 2 && rapdu[0] >= 0x67 && rapdu[0] <= 0x6F, "%02X %02X: %02X%02X", capdu[0],
                          ins, rapdu[0], rapdu[1]);
            ck_assert_msg((rapdu[0] << 8 | rapdu[1]) != 0x6F00, "%02X %02X", capdu[0], ins);
        }
    }
    ck_assert_answer(card, "81E2910006BF3E035C015A", "6115");
    ck_assert_answer(card, "81C0000015",
                     "BF3E125A1089049032123451234512345678901235"
                     "9000");
    ck_assert_str_eq(described(card), "GET RESPONSE 21");
    done(card);
}
END_TEST

START_TEST(broken_commands)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "", "6700");
    ck_assert_str_eq(described(card), "no command");
    ck_assert_answer(card, "00", "6700");
    ck_assert_answer(card, "00A404", "6700");
    ck_assert_answer(card, "00A4040010A0", "6700");
    ck_assert_answer(card, "00A404000000", "6700");
    ck_assert_str_eq(described(card), "command 00 A4");
    done(card);
}
END_TEST

static bool no_random(void *context, uint8_t *out, size_t size)
{
    (void)out;
    (void)size;
    ++*(int *)context;
    return false;
}

static int64_t fixed_now(void *context)
{
    (void)context;
    return 1234567890123;
}

START_TEST(the_host_lends_time_and_randomness)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);
    int asked = 0;

    ck_assert_int_gt(card_now(card), 1700000000000);
    card->hooks = (struct softeuicc_hooks){.context = &asked, .random = no_random, .now = fixed_now};
    ck_assert_int_eq(card_now(card), 1234567890123);
    power_on(card);
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    ck_assert_answer(card, "80E2910003BF2E00", "6F00");
    ck_assert_int_eq(asked, 1);
    done(card);
}
END_TEST

/* When what a command changed cannot be stored, the answer is 6581 and the card is as before. */
START_TEST(a_command_that_cannot_be_stored_did_not_happen)
{
    struct softeuicc *card = new_card(SOFTEUICC_HYBRID);

    power_on(card);
    ck_assert_answer(card, "00A4040C10" ISDR, "9000");
    ck_assert(nvm_change(card->nvm,
                         "CREATE TEMP TRIGGER full BEFORE UPDATE ON card BEGIN "
                         "SELECT raise(ABORT, 'full'); END",
                         NVM_NONE));
    ck_assert(nvm_commit(card->nvm));
    ck_assert_answer(card, "80E291000EBF3F0B8009736D64702E74657374", "6581");
    ck_assert(nvm_change(card->nvm, "DROP TRIGGER full", NVM_NONE));
    ck_assert(nvm_commit(card->nvm));
    ck_assert_answer(card, "80E291000EBF3F0B8009736D64702E74657374", "6106");
    done(card);
}
END_TEST

TEST_MAIN("card", power_and_protocol, a_reset_ends_everything, isd_r_says_what_the_card_is,
          select_by_partial_aid, select_without_aid, select_refuses, without_profile,
          channels_have_applications_of_their_own, ecasd_shows_the_eid_and_nothing_else, isd_p_offers_nothing,
          store_data_in_blocks, each_channel_collects_for_itself, requests_that_are_none,
          an_iot_card_has_no_lpa_functions, terminal_commands, every_instruction_is_answered, broken_commands,
          the_host_lends_time_and_randomness, a_command_that_cannot_be_stored_did_not_happen)
