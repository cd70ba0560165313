/*
 * ipa: polls against a real card in memory and an eIM that is honest, forgetful, or hostile; rollback,
 * fallback and what several eIMs learn of each other; the power cut at every moment of it. Downloads are in
 * test_ipa_download.c.
 */
#include "apdu/tlv.h"
#include "protocol/names.h"
#include "tests/support/ipa.h"

#include <stdio.h>
#include <string.h>

#define A_ "98940000000000000071"
#define B_ "98940000000000000052"

#define ENABLE(iccid)          "A30C 5A0A" iccid
#define ENABLE_ROLLBACK(iccid) "A30E 5A0A" iccid "0500"
#define DISABLE(iccid)         "A40C 5A0A" iccid
#define DELETE(iccid)          "A50C 5A0A" iccid
#define LIST                   "BF2D00"

#define ck_assert_poll(bench)                                                                                \
    ck_assert_msg(ipa_bench_poll((bench), &(bench)->eim), "%s", ipa_why((bench)->ipa))

/* EuiccResultData of a result whose form and signature are checked. */
static struct span results_of(struct ipa_bench *bench, const struct test_eim *eim, struct span result)
{
    struct test_package_result read;

    test_result_read(eim, bench->es10.card, SPAN_ARRAY(bench->es10.cis[0].key_id), result, &read);
    ck_assert_int_eq(read.kind, RESULT_SIGNED);
    return read.results;
}

/* Nothing is left on the card that somebody should have been told. */
static void assert_all_told(struct ipa_bench *bench)
{
    ck_assert_hex(es10(&bench->es10, "BF2B 04 A002 8200"), "BF2B02A200");
    ck_assert_hex(es10(&bench->es10, "BF2B00"), "BF2B02A000");
}

/* Everything that is not from the eIM is somebody else's, and taken. */
static bool take_notification(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct span content;

    (void)bench;
    (void)answer;
    ck_assert_int_eq(tlv_single(message, 0xA2, &content), TLV_OK);
    ck_assert_int_eq(tlv_single(content, 0xBF3D, &content), TLV_OK);
    ck_assert_int_eq(tlv_single(content, 0xA0, &content), TLV_OK);
    return true;
}

START_TEST(nothing_to_do)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ck_assert_poll(&bench);
    ck_assert_uint_eq(bench.taken_count, 1);
    ck_assert_hex(bench.taken[0].octets, "BF4F 12 5A10 " TEST_EID);
    ck_assert(ipa_was_answered(bench.ipa));
    bench.settings.rplmn = (const uint8_t[]){0x62, 0xF2, 0x10};
    ipa_bench_power_on(&bench);
    ck_assert_poll(&bench);
    ck_assert_hex(bench.taken[1].octets, "BF4F 17 5A10 " TEST_EID "8203 62F210");
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(an_eim_that_the_card_does_not_know)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ck_assert(!ipa_bench_poll(&bench, &bench.other));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_CARD);
    ck_assert_str_eq(ipa_why(bench.ipa), "the card is not associated with eIM other.example.com");
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(the_configuration_is_read_back)
{
    struct ipa_bench bench;
    const struct ipa_eim *eims;
    size_t count;
    char eid[33];

    ipa_bench_open(&bench);
    ck_assert(ipa_read_eims(bench.ipa, &eims, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(eims[0].id, "eim.example.com");
    ck_assert_int_eq(eims[0].trust, IPA_TRUST_SYSTEM);
    ck_assert(!eims[0].indirect && !eims[0].has_token);
    ck_assert(eims[0].has_protocols && eims[0].protocols == 1u << 4); /* nothing was said: eimProprietary */
    ck_assert(ipa_read_eid(bench.ipa, eid));
    ck_assert_str_eq(eid, TEST_EID);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_package_is_run_and_reported)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    ipa_bench_order(&bench, &bench.eim, PSMO, DELETE(B_));
    ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 2);
    ck_assert_hex(results_of(&bench, &bench.eim, ipa_bench_result(&bench, 0)), "850100");
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), -1);
    ck_assert_uint_eq(bench.refreshes, 0);
    ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 2);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 2);
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION], 1); /* of the deletion, to its SM-DP+ */
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_profile_change_is_reported_over_the_new_profile)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_));
    ck_assert_poll(&bench);
    ck_assert_uint_eq(bench.refreshes, 1);
    ck_assert_str_eq(ipa_bench_taken(&bench, 0xBF4F, 0)->enabled, BENCH_A);
    ck_assert_str_eq(ipa_bench_taken(&bench, 0xBF50, 0)->enabled, BENCH_B);
    ck_assert_hex(results_of(&bench, &bench.eim, ipa_bench_result(&bench, 0)), "830100");
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_result_waits_for_the_network)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    bench.dark = BENCH_B;
    bench.retries = 3;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_)); /* no rollback is granted */
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ROLLBACK], 0);
    bench.dark = NULL;
    ck_assert_poll(&bench);
    ck_assert_uint_eq(bench.events[IPA_EVENT_OFFERED], 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_profile_without_network_is_rolled_back)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    bench.dark = BENCH_B;
    bench.retries = 2;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE_ROLLBACK(B_));
    ck_assert_poll(&bench);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), 1);
    ck_assert_uint_eq(bench.refreshes, 2);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ROLLBACK], 1);
    ck_assert_int_eq(bench.codes[IPA_EVENT_ROLLBACK], 0);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench, 0xBF50, 0)->enabled, BENCH_A);
    ck_assert_hex(results_of(&bench, &bench.eim, ipa_bench_result(&bench, 0)), "8C0100");
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_rollback_survives_a_power_cut)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    bench.dark = BENCH_B;
    bench.retries = 1000; /* it waits, and the power goes */
    bench.cut = CUT_BEFORE;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE_ROLLBACK(B_));
    while (es10_state(&bench.es10, BENCH_B) != 1) {
        bench.cut_at++;
        bench.moment = 0;
        ck_assert(!ipa_bench_poll(&bench, &bench.eim));
        ipa_bench_power_on(&bench);
    }
    bench.cut = CUT_NEVER;
    bench.retries = 0;
    ck_assert_poll(&bench);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), 1);
    ck_assert_hex(results_of(&bench, &bench.eim, ipa_bench_result(&bench, 0)), "8C0100");
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_reported_change_is_not_rolled_back_later)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    bench.no_acknowledgements = true; /* the eIM takes the result and forgets to say so */
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE_ROLLBACK(B_));
    ck_assert_poll(&bench);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    bench.dark = BENCH_B;
    ipa_bench_power_on(&bench);
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ROLLBACK], 0);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(unacknowledged_results_come_again)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.no_acknowledgements = true;
    ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
    ck_assert_poll(&bench);
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 2);
    ck_assert_span(ipa_bench_result(&bench, 0), ipa_bench_result(&bench, 1));
    bench.no_acknowledgements = false;
    ck_assert_poll(&bench);
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 3);
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

/* An eIM that acknowledges everything it can think of. */
static bool greedy(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)message;
    if (bench->taken[bench->taken_count - 1].tag == 0xBF50)
        buf_append(answer, hex("BF50 15 BF53 12 800101 800102 800103 800104 800105 800106"));
    else if (bench->queue_head < bench->queue_count)
        tlv_put(answer, 0xBF4F, bench->queue[bench->queue_head++]);
    else
        buf_append(answer, hex("BF4F 03 020101"));
    return true;
}

START_TEST(an_eim_acknowledges_its_own_only)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    bench.no_acknowledgements = true;
    ipa_bench_order(&bench, &bench.other, PSMO, "A600");
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    bench.answer = greedy;
    ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
    bench.queue_head = 1;
    ck_assert_poll(&bench);
    bench.answer = NULL;
    bench.no_acknowledgements = false;
    ck_assert(ipa_bench_poll(&bench, &bench.other)); /* its result is still there */
    ck_assert_uint_eq(bench.events[IPA_EVENT_OFFERED], 1);
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(what_is_stored_for_another_eim_is_not_offered)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    bench.no_acknowledgements = true;
    ipa_bench_order(&bench, &bench.other, PSMO, "A600");
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 2);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(other_eims_learn_of_a_change)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_));
    ck_assert_poll(&bench);
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 2)->octets, "BF4F 17 5A10 " TEST_EID "8000 810100");
    ck_assert_int_eq(bench.codes[IPA_EVENT_STATE_CHANGE], 0);
    ck_assert(ipa_bench_poll(&bench, &bench.other)); /* once */
    ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 3)->octets, "BF4F 12 5A10 " TEST_EID);
    ck_assert_poll(&bench); /* and not the one that did it */
    ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 4)->octets, "BF4F 12 5A10 " TEST_EID);
    ipa_bench_close(&bench);
}
END_TEST

/* A card that may fall back to B. */
static void allow_fallback(struct ipa_bench *bench)
{
    nvm_change(bench->es10.card->nvm, "UPDATE profile SET fallback_allowed = 1", NVM_NONE);
    ck_assert(nvm_commit(bench->es10.card->nvm));
    test_package_run(&bench->es10.terminal, &bench->eim, PSMO, "A80C 5A0A" B_);
    es10(&bench->es10, "BF30 03 8001 02");
}

START_TEST(fallback_and_return_are_told)
{
    struct ipa_bench bench;
    struct ipa_enabled enabled;
    int code = -1;

    ipa_bench_open(&bench);
    bench.smdp = take_notification;
    ck_assert(ipa_change(bench.ipa, IPA_CHANGE_FALLBACK, &code));
    ck_assert_int_eq(code, 6); /* fallbackNotAvailable */
    ck_assert(ipa_change(bench.ipa, IPA_CHANGE_ROLLBACK, &code));
    ck_assert_int_eq(code, 1); /* rollbackNotAllowed */
    allow_fallback(&bench);
    ipa_bench_power_on(&bench);
    ck_assert(ipa_change(bench.ipa, IPA_CHANGE_FALLBACK, &code));
    ck_assert_int_eq(code, 0);
    ipa_bench_power_on(&bench); /* the reset after it */
    ck_assert(ipa_read_enabled(bench.ipa, &enabled));
    ck_assert(enabled.any && enabled.fallback && !enabled.emergency);
    ck_assert_str_eq(enabled.iccid, BENCH_B);
    bench.taken_count = 0;
    ck_assert_poll(&bench);
    ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 0)->octets, "BF4F 17 5A10 " TEST_EID "8000 810101");
    ck_assert(ipa_change(bench.ipa, IPA_CHANGE_RETURN, &code));
    ck_assert_int_eq(code, 0);
    ipa_bench_power_on(&bench);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), 1);
    ck_assert(ipa_change(bench.ipa, IPA_CHANGE_RETURN, &code));
    ck_assert_int_eq(code, 6);
    ipa_bench_close(&bench);
}
END_TEST

/* The cause reaches the eIM whenever the power went, and only if there was a change. */
START_TEST(fallback_with_a_power_cut)
{
    struct ipa_bench bench;
    unsigned last = 0;
    int code;

    for (unsigned mode = CUT_BEFORE; mode <= CUT_AFTER; mode++) {
        for (unsigned at = 1; last == 0 || at <= last; at++) {
            bool happened;

            ipa_bench_open(&bench);
            bench.smdp = take_notification;
            allow_fallback(&bench);
            ipa_bench_power_on(&bench);
            bench.cut = (enum ipa_cut)mode;
            bench.cut_at = at;
            bench.moment = 0;
            ipa_change(bench.ipa, IPA_CHANGE_FALLBACK, &code);
            if (!bench.off)
                last = at;
            bench.cut = CUT_NEVER;
            happened = es10_state(&bench.es10, BENCH_B) == 1;
            ipa_bench_power_on(&bench);
            ck_assert_poll(&bench);
            ck_assert_uint_eq(bench.events[IPA_EVENT_STATE_CHANGE], happened);
            ipa_bench_close(&bench);
        }
        last = 0;
    }
}
END_TEST

/* --- IpaEuiccData ------------------------------------------------------------------------------------- */

static struct span data_answer(struct ipa_bench *bench, const char *request)
{
    size_t before = ipa_bench_count(bench, 0xBF50);

    ipa_bench_order_object(bench, hex(request));
    ck_assert_poll(bench);
    ck_assert_uint_eq(ipa_bench_count(bench, 0xBF50), before + 1);
    return ipa_bench_result(bench, before);
}

START_TEST(data_is_what_was_asked_for)
{
    static const uint32_t cert_path[] = {0xBF52, 0xA0, 0xA6, 0};
    struct ipa_bench bench;
    struct span answer;
    struct span value;

    ipa_bench_open(&bench);
    /* ipaCapabilities: direct, indirect, eimDownloadDataHandling; HTTPS. */
    ck_assert_hex(data_answer(&bench, "BF52 03 5C01A8"), "BF52 0C A0 0A A8 08 8002 05E0 8102 0780");
    ck_assert_hex(data_answer(&bench, "BF52 0B 5C02 A8A0 8305 0102030405"),
                  "BF52 15 A0 13 A000 8705 0102030405 A8 08 8002 05E0 8102 0780");
    ck_assert_hex(data_answer(&bench, "BF52 03 5C0184"), "BF52 02 A000"); /* it has no token */
    answer = data_answer(&bench, "BF52 1A 5C02A5A6 0414 0000000000000000000000000000000000000000");
    ck_assert_hex(answer, "BF52 05 A103 020105"); /* euiccCiPKIdNotFound */
    answer = data_answer(&bench, "BF52 04 5C02A5A6");
    ck_assert(tlv_find_path(answer, cert_path, &value));
    ipa_bench_close(&bench);
}
END_TEST

/* The card wants it whole; the eIM may cut it short, or say nothing of it but that it is there. */
START_TEST(certificates_of_a_ci_are_found_by_its_beginning)
{
    static const uint32_t cert_path[] = {0xBF52, 0xA0, 0xA6, 0};
    static const size_t sizes[] = {0, 1, 19, 20};
    struct ipa_bench bench;
    char id[2 * 20 + 1];
    char request[64 + sizeof(id)];
    struct span first;
    struct span value;

    ipa_bench_open(&bench);
    ck_assert(tlv_find_path(data_answer(&bench, "BF52 03 5C01A6"), cert_path, &first));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        hex_from_span(SPAN(bench.es10.cis[0].key_id, sizes[i]), id, sizeof(id));
        snprintf(request, sizeof(request), "BF52 %02zX 5C01A6 04%02zX %s", 5 + sizes[i], sizes[i], id);
        ck_assert(tlv_find_path(data_answer(&bench, request), cert_path, &value));
        ck_assert_span(value, first);
    }
    snprintf(request, sizeof(request), "BF52 1A 5C01A6 0415 %s 00", id);
    ck_assert_hex(data_answer(&bench, request), "BF52 05 A103 020105"); /* euiccCiPKIdNotFound */
    snprintf(request, sizeof(request), "BF52 06 5C01A6 0401 %02X", bench.es10.cis[0].key_id[0] ^ 1);
    ck_assert_hex(data_answer(&bench, request), "BF52 05 A103 020105");
    ipa_bench_close(&bench);
}
END_TEST

/* 04 16 04 14 …: with the tag that it has in a certificate. */
START_TEST(certificates_of_a_ci_as_v1_names_it)
{
    static const uint32_t cert_path[] = {0xBF52, 0xA0, 0xA6, 0};
    struct ipa_bench bench;
    char id[2 * 20 + 1];
    char request[96];
    struct span value;

    ipa_bench_open(&bench);
    hex_from_span(SPAN(bench.es10.cis[0].key_id, 20), id, sizeof(id));
    snprintf(request, sizeof(request), "BF52 1B 5C01A6 0416 0414 %s", id);
    ck_assert_hex(data_answer(&bench, request), "BF52 05 A103 020105");
    bench.settings.v1 = true;
    ipa_bench_power_on(&bench);
    ipa_bench_order_object(&bench, hex(request));
    ck_assert_poll(&bench);
    ck_assert(tlv_find_path(ipa_bench_result(&bench, 1), cert_path, &value));
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_wrong_tag_list_is_refused)
{
    static const char *const requests[] = {
        "BF52 03 5C0190", "BF52 02 5C00",   "BF52 04 5C02A890", "BF52 04 5C02BF2D",
        "BF52 03 5C01BF", "BF52 03 8001A8", "BF52 00",          "BF52 04 5C025A5A",
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        ck_assert_hex(data_answer(&bench, requests[i]), "BF52 05 A103 020101");
    ck_assert_hex(data_answer(&bench, "BF52 07 5C0190 8302ABCD"), "BF52 09 A107 8002ABCD 020101");
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(all_data_in_its_order)
{
    static const uint32_t tags[] = {0xA0, 0xA2, 0xBF20, 0xBF22, 0xA5, 0xA6, 0xA8, 0xA9};
    struct ipa_bench bench;
    struct span data;
    struct tlv_reader reader;
    struct tlv tlv;

    ipa_bench_open(&bench);
    ck_assert(tlv_find_path(data_answer(&bench, "BF52 0F 5C0D A9A8A6A58483BF22BF20A281A0"),
                            (const uint32_t[]){0xBF52, 0xA0, 0}, &data));
    reader = tlv_reader(data);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]);) {
        ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
        if (tlv.tag == 0x81 || tlv.tag == 0x83) /* addresses, which this card may have */
            continue;
        ck_assert_uint_eq(tlv.tag, tags[i++]);
    }
    ck_assert(tlv_finish(&reader));
    ipa_bench_close(&bench);
}
END_TEST

/* --- Notifications ------------------------------------------------------------------------------------ */

START_TEST(notifications_stay_when_nobody_takes_them)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_)); /* two notifications, and no SM-DP+ */
    ck_assert_poll(&bench);
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION_LEFT], 2);
    bench.smdp = take_notification;
    ck_assert_poll(&bench);
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION], 2);
    assert_all_told(&bench);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(notifications_go_with_the_result_through_an_eim_that_relays)
{
    struct ipa_bench bench;
    struct span both;
    struct span list;

    ipa_bench_open(&bench);
    ipa_bench_let_eim_relay(&bench, 2);
    ipa_bench_power_on(&bench);
    bench.smdp = take_notification;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_));
    ck_assert_poll(&bench);
    ck_assert_int_eq(tlv_single(ipa_bench_result(&bench, 0), 0x30, &both), TLV_OK);
    ck_assert(tlv_find(both, 0xA0, &list) && list.size > 0);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 3);
    assert_all_told(&bench);
    /* One that is not acknowledged there goes out by itself. */
    bench.no_acknowledgements = true;
    ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(A_));
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF3D), 2);
    ck_assert_hex(es10(&bench.es10, "BF2B00"), "BF2B02A000");
    ipa_bench_close(&bench);
}
END_TEST

/* --- The power, everywhere ---------------------------------------------------------------------------- */

static void order_much(struct ipa_bench *bench)
{
    ipa_bench_order_object(bench, hex("BF52 04 5C02A0A8"));
    ipa_bench_order(bench, &bench->eim, PSMO, ENABLE_ROLLBACK(B_));
    ipa_bench_order(bench, &bench->eim, PSMO, LIST);
    ipa_bench_order(bench, &bench->eim, PSMO, DELETE(A_));
}

/* The sequence numbers of the results that came in are as many as packages, each the same every time. */
static void assert_each_once(const struct ipa_bench *bench, size_t packages)
{
    static const uint32_t path[] = {0xBF51, 0xA0, 0x30, 0x83, 0};
    struct span numbers[16];
    struct span objects[16];
    size_t count = 0;

    for (size_t i = 0; i < ipa_bench_count(bench, 0xBF50); i++) {
        struct span result = ipa_bench_result(bench, i);
        struct span number;
        size_t n = 0;

        if (!tlv_find_path(result, path, &number))
            continue;
        while (n < count && !span_equal(numbers[n], number))
            n++;
        if (n < count) {
            ck_assert_span(result, objects[n]);
            continue;
        }
        ck_assert_uint_lt(count, 16);
        numbers[count] = number;
        objects[count++] = result;
    }
    ck_assert_uint_eq(count, packages);
}

START_TEST(the_power_goes_at_any_moment)
{
    for (unsigned mode = CUT_BEFORE; mode <= CUT_AFTER; mode++) {
        bool done = false;
        unsigned moments = 0;

        for (unsigned at = 1; !done; at++) {
            struct ipa_bench bench;

            ipa_bench_open(&bench);
            bench.smdp = take_notification;
            order_much(&bench);
            bench.cut = (enum ipa_cut)mode;
            bench.cut_at = at;
            bench.moment = 0;
            done = ipa_bench_poll(&bench, &bench.eim);
            bench.cut = CUT_NEVER;
            moments = at;
            ipa_bench_power_on(&bench);
            ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "cut at %u: %s", at, ipa_why(bench.ipa));
            ck_assert_msg(bench.queue_head == bench.queue_count, "cut at %u: %zu packages are left", at,
                          bench.queue_count - bench.queue_head);
            ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
            ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), -1);
            assert_each_once(&bench, 3);
            assert_all_told(&bench);
            ipa_bench_close(&bench);
        }
        ck_assert_uint_gt(moments, 30);
    }
}
END_TEST

/* The same where the new profile has no network: whatever was cut, the old one is back and it is told. */
START_TEST(the_power_goes_at_any_moment_of_a_rollback)
{
    for (unsigned mode = CUT_BEFORE; mode <= CUT_AFTER; mode++) {
        bool done = false;

        for (unsigned at = 1; !done; at++) {
            struct ipa_bench bench;
            struct span last;

            ipa_bench_open(&bench);
            bench.smdp = take_notification;
            bench.dark = BENCH_B;
            ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE_ROLLBACK(B_));
            bench.cut = (enum ipa_cut)mode;
            bench.cut_at = at;
            bench.moment = 0;
            done = ipa_bench_poll(&bench, &bench.eim);
            bench.cut = CUT_NEVER;
            ipa_bench_power_on(&bench);
            ck_assert_msg(ipa_bench_poll(&bench, &bench.eim), "cut at %u: %s", at, ipa_why(bench.ipa));
            ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), 1);
            ck_assert_uint_eq(bench.queue_head, bench.queue_count);
            last = ipa_bench_result(&bench, ipa_bench_count(&bench, 0xBF50) - 1);
            ck_assert_hex(results_of(&bench, &bench.eim, last), "8C0100");
            assert_all_told(&bench);
            ipa_bench_close(&bench);
        }
    }
}
END_TEST

/* --- Hostile eIMs ------------------------------------------------------------------------------------- */

static const char *hostile_get, *hostile_result;

static bool hostile(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    const char *text = bench->taken[bench->taken_count - 1].tag == 0xBF4F ? hostile_get : hostile_result;

    (void)message;
    if (text != NULL)
        buf_append(answer, hex(text));
    return true;
}

START_TEST(malformed_answers)
{
    static const struct {
        const char *get, *result;
        enum ipa_outcome outcome;
    } cases[] = {
        {"", NULL, IPA_MALFORMED},                        /* nothing */
        {"BF4F", NULL, IPA_MALFORMED},                    /* no length */
        {"BF4F03 0201", NULL, IPA_MALFORMED},             /* cut off */
        {"BF4F00", NULL, IPA_MALFORMED},                  /* no member */
        {"BF50 03 020101", NULL, IPA_MALFORMED},          /* another message */
        {"BF4F 03 020101 00", NULL, IPA_MALFORMED},       /* something after it */
        {"BF4F 06 020101 020101", NULL, IPA_MALFORMED},   /* two members */
        {"BF4F 80 020101 0000", NULL, IPA_MALFORMED},     /* indefinite length */
        {"BF4F 84 7FFFFFFF 020101", NULL, IPA_MALFORMED}, /* a length far beyond */
        {"BF4F 03 020102", NULL, IPA_REFUSED},            /* eidNotFound */
        {"BF4F 03 02017F", NULL, IPA_REFUSED},
        {"BF4F 02 0200", NULL, IPA_REFUSED},                                 /* an INTEGER of nothing */
        {"BF4F 0A 0208 FFFFFFFFFFFFFFFF", NULL, IPA_REFUSED},                /* and a negative one */
        {"BF4F 06 BF52 03 5C01A8", "", IPA_MALFORMED},                       /* no answer to the result */
        {"BF4F 06 BF52 03 5C01A8", "BF4F 00", IPA_MALFORMED},                /* another message */
        {"BF4F 06 BF52 03 5C01A8", "BF50 05 BF53 02 8000", IPA_MALFORMED},   /* an empty number */
        {"BF4F 06 BF52 03 5C01A8", "BF50 06 BF53 03 810101", IPA_MALFORMED}, /* another tag */
        {"BF4F 06 BF52 03 5C01A8", "BF50 06 BF53 03 800201", IPA_MALFORMED}, /* cut off inside */
        {"BF4F 06 BF52 03 5C01A8", "BF50 0D BF53 0A 8008FFFFFFFFFFFFFFFF", IPA_MALFORMED}, /* negative */
        {"BF4F 06 BF52 03 5C01A8", "BF50 03 020103", IPA_REFUSED},                         /* invalidEid */
        {"BF4F 06 BF52 03 5C01A8", "BF50 03 040100", IPA_MALFORMED},
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.answer = hostile;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hostile_get = cases[i].get;
        hostile_result = cases[i].result;
        ck_assert(!ipa_bench_poll(&bench, &bench.eim));
        ck_assert_msg(ipa_outcome(bench.ipa) == cases[i].outcome, "case %zu: %s", i, ipa_why(bench.ipa));
        ck_assert_str_ne(ipa_why(bench.ipa), "");
    }
    bench.answer = NULL;
    ck_assert_poll(&bench);
    ipa_bench_close(&bench);
}
END_TEST

/* What the card, or nobody, can make sense of is refused by name, and the next package comes. */
START_TEST(packages_that_are_none)
{
    static const struct {
        const char *package, *result;
    } cases[] = {
        {"BF51 00", "A003 020101"}, /* invalidPackageFormat */
        {"BF51 04 30028000", "A003 020101"},
        {"BF53 00", "A003 020102"}, /* unknownPackage */
        {"A000", "A003 020102"},
        {"0500", "A003 020102"},
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ipa_bench_order_object(&bench, hex(cases[i].package));
        ck_assert_poll(&bench);
        ck_assert_hex(ipa_bench_result(&bench, i), cases[i].result);
    }
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(an_endless_stream_of_packages)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.answer = hostile;
    hostile_get = "BF4F 06 BF52 03 5C01A8";
    hostile_result = "BF50 02 3000";
    ck_assert_poll(&bench);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), IPA_PACKAGES_MAX);
    ck_assert_uint_eq(bench.events[IPA_EVENT_MORE], 1);
    ipa_bench_close(&bench);
}
END_TEST

static bool endless(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    (void)message;
    return buf_reserve(answer, IPA_ANSWER_MAX + 1) && (answer->size = IPA_ANSWER_MAX + 1) > 0;
}

/* It is done with this card: what it still has would be refused, and lost. */
START_TEST(an_eim_that_deletes_itself_is_not_asked_for_more)
{
    struct ipa_bench bench;
    struct buf delete = {0};
    char text[200];
    size_t outer = tlv_open(&delete, 0xA9);

    ipa_bench_open(&bench);
    tlv_put_string(&delete, 0x80, bench.eim.id);
    tlv_close(&delete, outer);
    hex_from_span(buf_span(&delete), text, sizeof(text));
    ipa_bench_order(&bench, &bench.eim, ECO, text);
    ipa_bench_order(&bench, &bench.eim, PSMO, "A600");
    ck_assert_poll(&bench);
    ck_assert(!ipa_is_associated(bench.ipa, bench.eim.id));
    ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_MORE], 0);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 1);
    buf_free(&delete);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(an_answer_that_is_too_long)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.answer = endless;
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_REFUSED);
    ipa_bench_close(&bench);
}
END_TEST

#define FAILED  "BF54 05 3003 80017F" /* profileDownloadError undefinedError(127) */
#define INVALID "A0 03 020101"        /* EimPackageResultErrorCode invalidPackageFormat(1) */

START_TEST(triggers_that_lead_nowhere)
{
    static const struct {
        const char *trigger;
        enum ipa_event event;
        const char *result, *why;
    } cases[] = {
        {"BF54 00", IPA_EVENT_DOWNLOAD, FAILED,
         "the trigger names no SM-DP+, and the eIM has no indirect profile download"},
        {"BF54 04 A002 8000", IPA_EVENT_DOWNLOAD, FAILED,
         "the activation code is malformed: it is not of the form 1$ADDRESS$MATCHING-ID[$OID[$1]]"},
        {"BF54 05 A003 800100", IPA_EVENT_DOWNLOAD, FAILED, "the activation code is malformed"},
        {"BF54 04 A002 8100", IPA_EVENT_DOWNLOAD, FAILED, "the card has no default SM-DP+ address"},
        {"BF54 04 A002 A200", IPA_EVENT_DOWNLOAD, FAILED, "the card has no root SM-DS address"},
        {"BF54 08 A002 8100 8202 ABCD", IPA_EVENT_DOWNLOAD, "BF54 09 8202ABCD 3003 80017F",
         "the card has no default SM-DP+ address"},
        {"BF54 02 A000", IPA_EVENT_REFUSED, INVALID, "profileDownloadData is malformed"},
        {"BF54 04 A002 8700", IPA_EVENT_REFUSED, INVALID,
         "profileDownloadData is of a kind that is not known"},
        {"BF54 08 A002 8700 8202 ABCD", IPA_EVENT_REFUSED, "A0 07 8002ABCD 020101",
         "profileDownloadData is of a kind that is not known"},
        {"BF54 02 8200", IPA_EVENT_REFUSED, INVALID, "the trigger's eimTransactionId is malformed"},
        {"BF54 05 8202 ABCD A0", IPA_EVENT_REFUSED, "A0 07 8002ABCD 020101", "the trigger is malformed"},
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ipa_bench_order_object(&bench, hex(cases[i].trigger));
        ck_assert_poll(&bench);
        ck_assert_hex(ipa_bench_result(&bench, i), cases[i].result);
        ck_assert_str_eq(bench.texts[cases[i].event], cases[i].why);
    }
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_state_of_nonsense_is_no_state)
{
    static const char *const states[] = {"30", "3000", ("3012 5A10 " TEST_EID), "FFFF",
                                         "3014 5A10 00000000000000000000000000000000 A000"};
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        buf_clear(&bench.kept);
        buf_append(&bench.kept, hex(states[i]));
        ipa_bench_power_on(&bench);
        ck_assert_poll(&bench);
    }
    ipa_bench_close(&bench);
}
END_TEST

/* What was kept says that an eIM is to be told of a change; it counts for the card with its EID only. */
START_TEST(the_state_of_another_card_is_no_state)
{
    struct ipa_bench bench;

    for (int another = 1; another >= 0; another--) {
        uint8_t *eid;

        ipa_bench_open(&bench);
        bench.smdp = take_notification;
        test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
        ipa_bench_order(&bench, &bench.eim, PSMO, ENABLE(B_));
        ck_assert_poll(&bench);
        eid = memmem(bench.kept.data, bench.kept.size, hex(TEST_EID).data, 16);
        ck_assert_ptr_nonnull(eid);
        eid[15] ^= (uint8_t)another;
        ipa_bench_power_on(&bench);
        ck_assert(ipa_bench_poll(&bench, &bench.other));
        ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 2)->octets,
                      another ? "BF4F 12 5A10 " TEST_EID : "BF4F 17 5A10 " TEST_EID "8000 810100");
        ipa_bench_close(&bench);
    }
}
END_TEST

TEST_MAIN("ipa", nothing_to_do, an_eim_that_the_card_does_not_know, the_configuration_is_read_back,
          a_package_is_run_and_reported, a_profile_change_is_reported_over_the_new_profile,
          a_result_waits_for_the_network, a_profile_without_network_is_rolled_back,
          a_rollback_survives_a_power_cut, a_reported_change_is_not_rolled_back_later,
          unacknowledged_results_come_again, an_eim_acknowledges_its_own_only, other_eims_learn_of_a_change,
          fallback_and_return_are_told, fallback_with_a_power_cut, data_is_what_was_asked_for,
          certificates_of_a_ci_are_found_by_its_beginning, certificates_of_a_ci_as_v1_names_it,
          a_wrong_tag_list_is_refused, all_data_in_its_order, notifications_stay_when_nobody_takes_them,
          notifications_go_with_the_result_through_an_eim_that_relays, the_power_goes_at_any_moment,
          the_power_goes_at_any_moment_of_a_rollback, malformed_answers, packages_that_are_none,
          an_endless_stream_of_packages, an_eim_that_deletes_itself_is_not_asked_for_more,
          an_answer_that_is_too_long, triggers_that_lead_nowhere, a_state_of_nonsense_is_no_state,
          what_is_stored_for_another_eim_is_not_offered, the_state_of_another_card_is_no_state)
