/* What `softeuicc lpa` changes, on a card that answers as the test says: each result of each function is its
 * line; what is asked of the card; what follows. */
#include "tests/tools/lpa/scripted_card.h"

#include "protocol/tags.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ICCID        "8949000000000000017"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct function {
    const char *name;
    uint32_t tag;
    int (*run)(const struct command_line *line);
    const char *word;
    struct {
        unsigned code;
        const char *text;
    } results[8];
};

static const struct function functions[] = {
    {"EnableProfile",
     TAG_ENABLE_PROFILE,
     lpa_enable,
     ICCID,
     {{1, "iccidOrAidNotFound(1)"},
      {2, "profileNotInDisabledState(2)"},
      {3, "disallowedByPolicy(3)"},
      {4, "wrongProfileReenabling(4)"},
      {5, "catBusy(5)"},
      {127, "undefinedError(127)"},
      {200, "unknown(200)"}}},
    {"DisableProfile",
     TAG_DISABLE_PROFILE,
     lpa_disable,
     ICCID,
     {{1, "iccidOrAidNotFound(1)"},
      {2, "profileNotInEnabledState(2)"},
      {3, "disallowedByPolicy(3)"},
      {4, "unknown(4)"},
      {5, "catBusy(5)"},
      {127, "undefinedError(127)"}}},
    {"DeleteProfile",
     TAG_DELETE_PROFILE,
     lpa_delete,
     ICCID,
     {{1, "iccidOrAidNotFound(1)"},
      {2, "profileNotInDisabledState(2)"},
      {3, "disallowedByPolicy(3)"},
      {127, "undefinedError(127)"}}},
    {"SetNickname",
     TAG_SET_NICKNAME,
     lpa_nickname,
     ICCID,
     {{1, "iccidNotFound(1)"}, {127, "undefinedError(127)"}}},
    {"SetDefaultDpAddress",
     TAG_SET_DEFAULT_DP_ADDRESS,
     lpa_default_smdp,
     "x",
     {{127, "undefinedError(127)"}}},
    {"eUICCMemoryReset",
     TAG_MEMORY_RESET,
     lpa_reset,
     "test",
     {{1, "nothingToDelete(1)"}, {5, "catBusy(5)"}, {127, "undefinedError(127)"}}},
};

/* `tag` { 80 code }, as every one of them answers. */
static struct span result(uint32_t tag, unsigned code)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, tag);

    tlv_put_unsigned(out, 0x80, code);
    tlv_close(out, outer);
    return buf_span(out);
}

START_TEST(every_result_has_its_line)
{
    for (size_t f = 0; f < COUNT(functions); f++) {
        const struct function *function = &functions[f];
        struct scripted_card card = {0};
        char line[200];

        for (size_t i = 0; function->results[i].text != NULL; i++) {
            scripted_answer(&card, function->tag, result(function->tag, function->results[i].code));
            snprintf(line, sizeof(line), "softeuicc lpa: %s: the card refused: %s\n", function->name,
                     function->results[i].text);
            ck_assert_captured(on_card(&card, function->run, function->word), 1, "", line);
            ck_assert_captured(on_card_json(&card, function->run, function->word), 1, "", line);
        }
        ck_assert_uint_eq(card.resets, 0);
        scripted_refusal(&card, function->tag, 0x6985);
        snprintf(line, sizeof(line), "softeuicc lpa: %s: the card answered 6985\n", function->name);
        ck_assert_captured(on_card(&card, function->run, function->word), 1, "", line);
        scripted_refusal(&card, function->tag, 0x6A88);
        snprintf(line, sizeof(line),
                 "softeuicc lpa: %s: the card answered 6A88 (it does not have this function)\n",
                 function->name);
        ck_assert_captured(on_card(&card, function->run, function->word), 1, "", line);
        buf_free(&card.request);
    }
}
END_TEST

START_TEST(an_answer_without_a_result_is_none)
{
    for (size_t f = 0; f < COUNT(functions); f++) {
        const struct function *function = &functions[f];
        const struct span good = result(function->tag, 0);
        const uint8_t first = good.data[0];
        const uint8_t second = good.data[1];
        const uint8_t bad[][16] = {
            {first, second, 0x00},                                        /* empty */
            {first, second, 0x03, 0x81, 0x01, 0x00},                      /* another tag */
            {first, second, 0x02, 0x80, 0x00},                            /* no number */
            {first, second, 0x0B, 0x80, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0}, /* too long a one */
            {first, second, 0x03, 0x80, 0x02, 0x00},                      /* cut off inside */
            {first, (uint8_t)(second ^ 0x40), 0x03, 0x80, 0x01, 0x00},    /* another function's */
            {first, second, 0x03, 0x80, 0x01, 0x00, first, second, 0x03, 0x80, 0x01, 0x00} /* two of them */
        };
        static const size_t sizes[] = {3, 6, 5, 14, 6, 6, 12};
        struct scripted_card card = {0};

        for (size_t i = 0; i < COUNT(sizes); i++) {
            scripted_answer(&card, function->tag, SPAN(bad[i], sizes[i]));
            ck_assert_refusal(on_card(&card, function->run, function->word));
        }
        for (size_t size = 0; size < good.size; size++) {
            scripted_answer(&card, function->tag, SPAN(good.data, size));
            ck_assert_refusal(on_card(&card, function->run, function->word));
        }
        ck_assert_uint_eq(card.resets, 0);
        buf_free(&card.request);
    }
}
END_TEST

/* What is asked of the card, and whether a reset follows. */
START_TEST(requests)
{
    static const struct {
        int (*run)(const struct command_line *line);
        uint32_t tag;
        const char *words[2];
        bool no_refresh;
        const char *request;
        unsigned resets;
    } rows[] = {
        {lpa_enable, 0xBF31, {ICCID}, false, "BF31 11 A00C 5A0A 989400000000000010F7 8101FF", 1},
        {lpa_enable, 0xBF31, {ICCID}, true, "BF31 11 A00C 5A0A 989400000000000010F7 810100", 0},
        {lpa_disable, 0xBF32, {ICCID}, false, "BF32 11 A00C 5A0A 989400000000000010F7 8101FF", 1},
        {lpa_disable,
         0xBF32,
         {"a0000005591010ffffffff8900001100"},
         true,
         "BF32 17 A012 4F10 A0000005591010FFFFFFFF8900001100 810100",
         0},
        {lpa_delete, 0xBF33, {"89490000000000000017"}, false, "BF33 0C 5A0A 98940000000000000071", 0},
        {lpa_nickname, 0xBF29, {ICCID, "Me"}, false, "BF29 10 5A0A 989400000000000010F7 90024D65", 0},
        {lpa_nickname, 0xBF29, {ICCID}, false, "BF29 0E 5A0A 989400000000000010F7 9000", 0},
        {lpa_default_smdp, 0xBF3F, {"a.b"}, false, "BF3F 05 8003 612E62", 0},
        {lpa_reset, 0xBF34, {NULL}, false, "BF34 04 8202 05E0", 1},
        {lpa_reset, 0xBF34, {"operational"}, false, "BF34 04 8202 0780", 1},
        {lpa_reset, 0xBF34, {"test"}, true, "BF34 04 8202 0640", 0},
        {lpa_reset, 0xBF34, {"smdp", "operational"}, false, "BF34 04 8202 05A0", 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lpa settings = {.no_refresh = rows[i].no_refresh, .no_notifications = true};
        struct scripted_card card = {0};

        scripted_answer(&card, rows[i].tag, result(rows[i].tag, 0));
        ck_assert_captured(
            scripted_run(&card, &settings, rows[i].run, rows[i].words[0], rows[i].words[1], NULL), 0, "", "");
        ck_assert_span(buf_span(&card.request), hex(rows[i].request));
        ck_assert_uint_eq(card.resets, rows[i].resets);
        buf_free(&card.request);
    }
}
END_TEST

START_TEST(after_a_change)
{
    struct scripted_card card = {0};

    scripted_answer(&card, TAG_ENABLE_PROFILE, result(TAG_ENABLE_PROFILE, 0));
    /* The change is done, so that a card without notifications is told and no failure. */
    ck_assert_captured(
        on_card(&card, lpa_enable, ICCID), 0, "",
        "softeuicc lpa: ListNotification: the card answered 6A88 (it does not have this function)\n");
    scripted_answer(&card, TAG_LIST_NOTIFICATION, hex("BF28 02 A000"));
    ck_assert_captured(on_card(&card, lpa_enable, ICCID), 0, "", "");
    ck_assert_span(buf_span(&card.request), hex("BF28 00"));
    /* Two that cannot be sent. */
    scripted_answer(
        &card, TAG_LIST_NOTIFICATION,
        hex("BF28 20 A01E BF2F 0C 800101 81020640 0C03612F62 BF2F 0C 800102 81020640 0C03612F62"));
    ck_assert_captured(
        on_card(&card, lpa_enable, ICCID), 0, "",
        "softeuicc lpa: 'a/b' is not a server address (FQDN, optionally :port)\n"
        "softeuicc lpa: 'a/b' is not a server address (FQDN, optionally :port)\n"
        "note: 2 notifications stay on the card; send them later with 'softeuicc lpa notifications "
        "process'\n");
    card.broken_reset = true;
    ck_assert_int_eq(on_card(&card, lpa_enable, ICCID).status, 1);
    buf_free(&card.request);
}
END_TEST

TEST_MAIN("lpa_change", every_result_has_its_line, an_answer_without_a_result_is_none, requests,
          after_a_change)
