/*
 * euicc/isdr/es10.c's table and the grammar of its answers (tests/support/codes.h), which every bench holds
 * the card's answers against: each function is in both, and a number outside of its type is found.
 */
#include "euicc/isdr/es10.h"

#include "protocol/names.h"
#include "protocol/tags.h"
#include "tests/support/codes.h"
#include "tests/support/es10.h"

#include <stdio.h>

static bool may_answer(const struct es10_bench *bench, const char *response)
{
    char problem[CODES_PROBLEM_MAX];
    bool good = codes_check(bench->card, hex(response), problem);

    ck_assert_int_eq(good, problem[0] == '\0');
    return good;
}

/* LoadBoundProfilePackage has no row in the card's table: it comes in segments, and ends with BF37. */
START_TEST(every_function_has_its_answer)
{
    static const uint8_t personalities[] = {FOR_CONSUMER, FOR_IOT, FOR_HYBRID};
    struct es10_bench bench;
    char response[8];

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(personalities); i++) {
        bench.card->personality_bit = personalities[i];
        for (unsigned tag = 0xBF20; tag <= 0xBF7F; tag++) {
            bool is_function = es10_find(bench.card, tag) != NULL || tag == TAG_INSTALLATION_RESULT;

            snprintf(response, sizeof(response), "%04X00", tag);
            ck_assert_msg(may_answer(&bench, response) == is_function, "%04X", tag);
        }
    }
    es10_close(&bench);
}
END_TEST

START_TEST(a_number_outside_of_its_type_is_found)
{
    static const char *const good[] = {
        "BF3103 800104",
        "BF5B03 800108",
        "BF2B03 81017F",
        "BF380D A10B 8006 010203040506 020107",
        "BF5105 A203 8F010F",
        "BF5108 A006 3004 3002 A800",
        "BF5109 A007 3005 3003 83017F",
        "BF5803 020107",
        "BF580D 020100 BF5107 A005 3003 800165",
        "BF2B0E A20C BF5109 A007 3005 3003 850115",
        "BF3711 BF270E 8000 A20A A108 80010581010F 8200",
    };
    static const char *const bad[] = {
        "BF3103 800114", /* rollbackNotAvailable is a package's */
        "BF3103 810100", /* and the result is [0] */
        "BF3303 800105", /* nothing is refreshed by a deletion */
        "BF5C03 800108", /* since v1.3 */
        "BF5A03 800107",
        "BF5E03 800168",
        "BF2B03 810101", /* noResultAvailable is SGP.22's */
        "BF4203 80017F",
        "BF5703 810100", /* ok is no error */
        "BF380D A10B 8006 010203040506 020108",
        "BF5105 A203 8F0103",
        "BF5109 A007 3005 3003 830104", /* wrongProfileReenabling is SGP.22's */
        "BF5109 A007 3005 3003 8C0101", /* rollbackNotAllowed is ProfileRollback's own */
        "BF5109 A007 3005 3003 8B0100",
        "BF2B0E A20C BF5109 A007 3005 3003 830115",
        "BF580D 020104 BF5107 A005 3003 800165",
        "BF3711 BF270E 8000 A20A A108 800106 81010F 8200",
        "BF3711 BF270E 8000 A20A A108 800105 810110 8200",
        "BF310480020000",
        "BF3180",
        "3000",
    };
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert(may_answer(&bench, ""));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(may_answer(&bench, good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!may_answer(&bench, bad[i]), "%s", bad[i]);
    bench.card->sgp32[1] = 3;
    ck_assert(may_answer(&bench, "BF5C03 800108"));
    bench.card->personality_bit = FOR_CONSUMER;
    ck_assert(may_answer(&bench, "BF2B03 810101"));
    es10_close(&bench);
}
END_TEST

START_TEST(so_is_one_in_what_an_ipa_tells)
{
    static const struct {
        const char *message;
        bool good;
    } cases[] = {
        {"BF5008 BF5205 A103 020101", true},
        {"BF5008 BF5205 A103 020168", true},
        {"BF5008 BF5205 A103 020103", false},
        {"BF5008 BF5405 3003 800168", true},
        {"BF5008 BF5405 3003 800105", false},
        {"BF5005 A003 020102", true},
        {"BF5005 A003 020103", false},
        {"BF500C BF5109 A007 3005 3003 830114", true},
        {"BF500C BF5109 A007 3005 3003 830104", false},
        {"BF4F03 8101FF", true}, /* no such message */
    };
    struct es10_bench bench;
    char problem[CODES_PROBLEM_MAX];

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(codes_check_message(bench.card, hex(cases[i].message), problem) == cases[i].good, "%s",
                      cases[i].message);
    es10_close(&bench);
}
END_TEST

START_TEST(nearly_every_type_has_undefined_error)
{
    ck_assert(names_has(NAMES_DEFAULT_DP, 0, false));
    ck_assert(names_has(NAMES_DEFAULT_DP, 127, false));
    ck_assert(!names_has(NAMES_DEFAULT_DP, 1, false));
    ck_assert(!names_has(NAMES_IPAE_ACTIVATION, 127, false));
    ck_assert(names_has(NAMES_INSTALL_ERROR, 127, false));
    ck_assert(!names_has(NAMES_INSTALL_COMMAND, 127, false));
    ck_assert(!names_has(NAMES_EVENT, 127, false));
    ck_assert(!names_has(NAMES_EMERGENCY_OFF, 8, false));
    ck_assert(names_has(NAMES_EMERGENCY_OFF, 8, true));
}
END_TEST

TEST_MAIN("es10", every_function_has_its_answer, a_number_outside_of_its_type_is_found,
          so_is_one_in_what_an_ipa_tells, nearly_every_type_has_undefined_error)
