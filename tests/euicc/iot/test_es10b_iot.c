/*
 * euicc/iot/es10b_iot.c: every function with every result code it has and every beginning of a request; and
 * which functions a card of each personality has. What configurations of an eIM are taken: test_eim.c.
 */
#include "apdu/tlv.h"
#include "euicc/iot/eim.h"
#include "euicc/isdr/es10.h"
#include "euicc/lifecycle/recovery.h"
#include "euicc/os/spec_version.h"
#include "tests/support/eim.h"
#include "tests/support/es10.h"

#include <string.h>

#define A  "89490000000000000017"
#define B  "89490000000000000025"
#define C  "89490000000000000033"
#define T  "89490000000000000041"
#define P  "89490000000000000066"
#define A_ "98940000000000000071"

#define P_ "98940000000000000066"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ENABLE(iccid) "BF3111 A00C 5A0A " iccid " 8101FF"

static struct span sent(struct es10_bench *bench, struct span request)
{
    struct buf *response = test_buf();

    ck_assert_uint_eq(es10_send(bench, request, response), 0x9000);
    return buf_span(response);
}

/* AddInitialEim with these, which must all have a key. */
static struct span add_initial(struct es10_bench *bench, const struct test_eim_configuration *configurations,
                               size_t count)
{
    struct span entries[4];

    ck_assert_uint_le(count, sizeof(entries) / sizeof(entries[0]));
    for (size_t i = 0; i < count; i++)
        entries[i] = test_eim_configuration(0x30, &configurations[i]);
    return sent(bench, test_eim_initial(entries, count));
}

static struct span add_one(struct es10_bench *bench, const struct ec_key *key, const char *id)
{
    return add_initial(bench, &(struct test_eim_configuration){.id = id, .key = key}, 1);
}

/* The same octets as hexadecimal, for es10_sweep. */
static const char *text_of(struct span octets)
{
    static char text[8192];

    ck_assert_uint_lt(2 * octets.size, sizeof(text));
    return hex_from_span(octets, text, sizeof(text));
}

/* --- personalities ------------------------------------------------------------------------------- */

START_TEST(each_personality_has_its_functions)
{
    static const uint32_t of_the_lpa[] = {0xBF29, 0xBF31, 0xBF32, 0xBF33, 0xBF34, 0xBF3F};
    static const uint32_t of_the_ipa[] = {0xBF42, 0xBF51, 0xBF55, 0xBF56, 0xBF57, 0xBF58, 0xBF59, 0xBF5A,
                                          0xBF5B, 0xBF5C, 0xBF5D, 0xBF5E, 0xBF5F, 0xBF64, 0xBF65};
    static const uint32_t of_both[] = {0xBF20, 0xBF21, 0xBF22, 0xBF28, 0xBF2B, 0xBF2D, 0xBF2E,
                                       0xBF30, 0xBF35, 0xBF38, 0xBF3C, 0xBF3E, 0xBF41, 0xBF43};
    static const struct {
        uint8_t bit;
        bool lpa, ipa;
    } personalities[] = {{FOR_CONSUMER, true, false}, {FOR_IOT, false, true}, {FOR_HYBRID, true, true}};
    struct es10_bench bench;
    size_t count = 0;

    es10_open(&bench, 1, 0);
    bench.card->personality_bit = FOR_HYBRID;
    for (uint32_t tag = 0xBF00; tag <= 0xBF7F; tag++)
        count += es10_find(bench.card, tag) != NULL;
    /* None that these lists have forgotten. */
    ck_assert_uint_eq(count, COUNT(of_the_lpa) + COUNT(of_the_ipa) + COUNT(of_both));
    for (size_t k = 0; k < COUNT(personalities); k++) {
        bench.card->personality_bit = personalities[k].bit;
        for (size_t i = 0; i < COUNT(of_the_lpa); i++)
            ck_assert((es10_find(bench.card, of_the_lpa[i]) != NULL) == personalities[k].lpa);
        for (size_t i = 0; i < COUNT(of_the_ipa); i++)
            ck_assert((es10_find(bench.card, of_the_ipa[i]) != NULL) == personalities[k].ipa);
        for (size_t i = 0; i < COUNT(of_both); i++)
            ck_assert_ptr_nonnull(es10_find(bench.card, of_both[i]));
    }
    es10_close(&bench);
}
END_TEST

START_TEST(what_a_card_does_not_have_is_unknown_to_it)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    bench.card->personality_bit = FOR_CONSUMER;
    ck_assert_uint_eq(es10_refused(&bench, "BF5500"), 0x6A88);
    ck_assert_uint_eq(es10_refused(&bench, "BF5704 A0023000"), 0x6A88);
    bench.card->personality_bit = FOR_IOT;
    ck_assert_uint_eq(es10_refused(&bench, ENABLE(A_)), 0x6A88);
    ck_assert_uint_eq(es10_refused(&bench, "BF3404 82020780"), 0x6A88);
    ck_assert_hex(es10(&bench, "BF5500"), "BF5502 A000");
    ck_assert_int_eq(es10_state(&bench, A), 0);
    es10_close(&bench);
}
END_TEST

/* --- metadata ------------------------------------------------------------------------------------ */

START_TEST(what_metadata_says_for_the_iot_is_kept_and_shown)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .further = hex("9F7B01FF 9F6701FF")});
    es10_install(&bench, &(struct es10_profile){.iccid = B, .further = hex("BF2200 9F6701FF BF6400")});
    es10_install(&bench, &(struct es10_profile){.iccid = C, .further = hex("9F7B0100 9F670100")});
    ck_assert_hex(es10(&bench, "BF2D09 5C07 9F7B 9F26 9F67 95"),
                  "BF2D1D A01B E30B 950102 9F7B01FF 9F6701FF E307 950102 9F6701FF E303 950102");
    ck_assert(recovery_set_fallback_profile(bench.card, 2) && nvm_commit(bench.card->nvm));
    ck_assert_hex(es10(&bench, "BF2D06 5C04 9F26 9F67"),
                  "BF2D14 A012 E304 9F6701FF E308 9F2601FF 9F6701FF E300");
    /* They belong to what is shown by default. */
    ck_assert_hex(es10(&bench, "BF2D0E A00C 5A0A 98940000000000000052"),
                  "BF2D41 A03F E33D 5A0A 98940000000000000052 4F10 A0000005591010FFFFFFFF8900001100 9F700100"
                  "9108 4F70657261746F72 9204 4E616D65 950102 9F2601FF 9F6701FF");
    bench.card->personality_bit = FOR_CONSUMER;
    ck_assert_hex(es10(&bench, "BF2D04 5C02 9F67"), "BF2D08 A006 E300 E300 E300"); /* taken, and absent */
    es10_close(&bench);
}
END_TEST

START_TEST(a_consumer_card_passes_over_what_metadata_says_for_the_iot)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    bench.card->personality_bit = FOR_CONSUMER;
    es10_install(&bench, &(struct es10_profile){.iccid = A, .further = hex("9F7B01FF 9F6701FF")});
    bench.card->personality_bit = FOR_HYBRID;
    ck_assert_hex(es10(&bench, "BF2D06 5C04 9F7B 9F67"), "BF2D04 A002 E300");
    es10_close(&bench);
}
END_TEST

START_TEST(the_operator_allows_and_forbids_fallback)
{
    struct es10_bench bench;
    struct profile profile;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert(profile_by_id(bench.card, 1, &profile));
    /* SGP.32 v1.2 has no such update: passed over. */
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("9F6701FF")), 0x9000);
    profile_clear(&profile);
    ck_assert(profile_by_id(bench.card, 1, &profile));
    ck_assert(!profile.fallback_allowed);
    memcpy(bench.card->sgp32, spec_version_of_sgp32(SOFTEUICC_SGP32_1_3), CARD_VERSION_SIZE);
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("9F6701FF")), 0x9000);
    profile_clear(&profile);
    ck_assert(profile_by_id(bench.card, 1, &profile));
    ck_assert(profile.fallback_allowed);
    /* Not named: it stays. */
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("920142")), 0x9000);
    profile_clear(&profile);
    ck_assert(profile_by_id(bench.card, 1, &profile));
    ck_assert(profile.fallback_allowed);
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("9F6700")), 0x6A80);
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("BF2200 9F670100")), 0x9000);
    profile_clear(&profile);
    ck_assert(profile_by_id(bench.card, 1, &profile));
    ck_assert(!profile.fallback_allowed);
    bench.card->personality_bit = FOR_CONSUMER;
    ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("9F6701FF")), 0x9000);
    profile_clear(&profile);
    ck_assert(profile_by_id(bench.card, 1, &profile));
    ck_assert(!profile.fallback_allowed);
    profile_clear(&profile);
    es10_close(&bench);
}
END_TEST

/* serviceSpecificDataStoredInEuicc: of SGP.22 v2.4 and later; an update replaces it, an empty one takes it
 * away. */
START_TEST(the_operator_changes_the_data_of_its_services)
{
    static const char none[] = "BF2D04 A002 E300";
    static const char first[] = "BF2D12 A010 E30E BF220B 3009 800329010C 8102 0401";
    static const char second[] = "BF2D0B A009 E307 BF2204 3002 8000";

    for (int i = 0; i < 2; i++) {
        struct es10_bench bench;
        struct profile profile;

        es10_open(&bench, 1, 0);
        memcpy(bench.card->sgp22, spec_version_of_sgp22(i == 0 ? SOFTEUICC_SGP22_2_3 : SOFTEUICC_SGP22_2_4),
               CARD_VERSION_SIZE);
        es10_install(&bench,
                     &(struct es10_profile){.iccid = A, .further = hex("BF220B 3009 800329010C 8102 0401")});
        ck_assert_hex(es10(&bench, "BF2D04 5C02 BF22"), i == 0 ? none : first);
        ck_assert(profile_by_id(bench.card, 1, &profile));
        ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("920142")), 0x9000);
        ck_assert_hex(es10(&bench, "BF2D04 5C02 BF22"), i == 0 ? none : first);
        ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("BF2204 30028000")), 0x9000);
        ck_assert_hex(es10(&bench, "BF2D04 5C02 BF22"), i == 0 ? none : second);
        ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("BF220130")), 0x6A80);
        ck_assert_uint_eq(profile_update_metadata(bench.card, &profile, hex("BF2200")), 0x9000);
        ck_assert_hex(es10(&bench, "BF2D04 5C02 BF22"), none);
        profile_clear(&profile);
        es10_close(&bench);
    }
}
END_TEST

/* --- AddInitialEim, GetEimConfigurationData ------------------------------------------------------ */

START_TEST(the_first_eims_are_added)
{
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct test_eim_configuration eims[3] = {
        {.id = "a", .key = key, .token = "FF", .counter = "05", .fqdn = "eim.example.com"},
        {.id = "b", .key = key},
        {.id = "c", .key = key, .token = "FF"}};
    struct buf *expected = test_buf();
    size_t outer;
    size_t list;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF5500"), "BF5502 A000");
    ck_assert_hex(add_initial(&bench, eims, 3), "BF570A A008 840101 0500 840102");
    /* Without counters, with the tokens that were made and with defaults. */
    eims[0].token = "01";
    eims[2].token = "02";
    outer = tlv_open(expected, 0xBF55);
    list = tlv_open(expected, 0xA0);
    for (size_t i = 0; i < 3; i++)
        buf_append(expected, test_eim_shown(&eims[i], SPAN_ARRAY(bench.cis[0].key_id)));
    tlv_close(expected, list);
    tlv_close(expected, outer);
    ck_assert_span(es10(&bench, "BF5500"), buf_span(expected));
    buf_clear(expected);
    outer = tlv_open(expected, 0xBF55);
    tlv_put(expected, 0xA0, test_eim_shown(&eims[1], SPAN_ARRAY(bench.cis[0].key_id)));
    tlv_close(expected, outer);
    ck_assert_span(es10(&bench, "BF5505 A003 800162"), buf_span(expected));
    ck_assert_hex(es10(&bench, "BF5505 A003 80017A"), "BF5502 A000");
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

START_TEST(once_there_is_an_eim_no_initial_one_is_added)
{
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);

    es10_open(&bench, 1, 0);
    ck_assert_hex(add_one(&bench, key, "a"), "BF5704 A002 0500");
    ck_assert_hex(add_one(&bench, key, "b"), "BF5703 810102");
    ck_assert_uint_eq(eim_count(bench.card), 1);
    ck_assert_int_eq(eim_delete(bench.card, SPAN_STRING("a")), EIM_LAST_DELETED);
    ck_assert(nvm_commit(bench.card->nvm));
    ck_assert_hex(add_one(&bench, key, "b"), "BF5704 A002 0500");
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

START_TEST(one_bad_entry_refuses_all)
{
    static const uint8_t unknown_ci[20] = {1};
    static const struct {
        struct test_eim_configuration bad;
        const char *answer;
    } cases[] = {
        {{.id = "a"}, "BF5703 810102"},
        {{.id = "b", .ci_key_id = {unknown_ci, sizeof(unknown_ci)}}, "BF5703 810103"},
        {{.id = "b", .token = "00"}, "BF5703 810105"},
        {{.id = "b", .counter = "00800000"}, "BF5703 810106"},
        {{.id = "b", .counter = ""}, "BF5703 810107"},
        {{.id = "b", .id_type = 9}, "BF5703 810107"},
    };
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct span tables;

    es10_open(&bench, 1, 0);
    tables = es10_tables(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_eim_configuration eims[3] = {
            {.id = "a", .key = key, .token = "FF"}, cases[i].bad, {.id = "c", .key = key}};

        eims[1].key = key;
        ck_assert_hex(add_initial(&bench, eims, 3), cases[i].answer);
        ck_assert_span(es10_tables(&bench), tables); /* the token of the first one as well */
    }
    ck_assert_hex(es10(&bench, "BF5702 A000"), "BF5703 810107");
    ck_assert_hex(es10(&bench, "BF5704 A002 3000"), "BF5703 810107");
    ck_assert_hex(es10(&bench, "BF5704 A002 3100"), "BF5703 810107");
    ck_assert_span(es10_tables(&bench), tables);
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

START_TEST(more_than_the_card_has_room_for_are_refused)
{
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct span entries[EIM_ASSOCIATED_MAX + 1];

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i <= EIM_ASSOCIATED_MAX; i++) {
        const char id[] = {(char)('a' + i), '\0'};

        entries[i] = test_eim_configuration(0x30, &(struct test_eim_configuration){.id = id, .key = key});
    }
    ck_assert_hex(sent(&bench, test_eim_initial(entries, EIM_ASSOCIATED_MAX + 1)), "BF5703 810101");
    ck_assert_uint_eq(eim_count(bench.card), 0);
    ck_assert_uint_eq(sent(&bench, test_eim_initial(entries, EIM_ASSOCIATED_MAX)).size,
                      5 + 2 * EIM_ASSOCIATED_MAX);
    ck_assert_uint_eq(eim_count(bench.card), EIM_ASSOCIATED_MAX);
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

/* --- GetCerts ------------------------------------------------------------------------------------ */

/* The certificate that is in the answer under this tag, with its own tag again. */
static struct span certificate(struct span answer, uint32_t tag)
{
    const uint32_t path[] = {0xBF56, 0xA0, tag, 0};
    struct buf *out = test_buf();
    struct span content;

    ck_assert(tlv_find_path(answer, path, &content));
    tlv_put(out, 0x30, content);
    return buf_span(out);
}

START_TEST(certificates_are_given_by_ci)
{
    struct es10_bench bench;
    char id[2 * 20 + 1];

    es10_open(&bench, 2, 0);
    for (size_t i = 0; i < 2; i++) {
        const struct card_credentials *credentials = &bench.card->credentials[i];
        struct span answer =
            es10(&bench, "BF5616 8014 %s", hex_from_span(SPAN_ARRAY(bench.cis[i].key_id), id, sizeof(id)));

        ck_assert_span(certificate(answer, 0xA5), cert_der(credentials->eum_cert));
        ck_assert_span(certificate(answer, 0xA6), cert_der(credentials->euicc_cert));
    }
    ck_assert_span(certificate(es10(&bench, "BF5600"), 0xA6),
                   cert_der(bench.card->credentials[0].euicc_cert));
    ck_assert_hex(es10(&bench, "BF5616 8014 %040d", 0), "BF5603 810101");
    /* As an IPA hands it on from an IpaEuiccDataRequest. */
    ck_assert_span(certificate(es10(&bench, "BF5616 0414 %s", id), 0xA6),
                   certificate(es10(&bench, "BF5616 8014 %s", id), 0xA6));
    ck_assert_hex(es10(&bench, "BF5616 0414 %040d", 0), "BF5603 810101");
    ck_assert_hex(es10(&bench, "BF5602 8000"), "BF5603 810101");
    es10_sweep(&bench, "BF5616 8014 %s", id);
    es10_close(&bench);
}
END_TEST

/* --- ConfigureImmediateProfileEnabling ----------------------------------------------------------- */

static struct span immediate(struct es10_bench *bench)
{
    sqlite3_stmt *stmt = nvm_select(bench->card->nvm,
                                    "SELECT immediate_enable || '|' || coalesce(immediate_smdp_oid, '-') ||"
                                    " '|' || coalesce(immediate_smdp_address, '-') FROM iot",
                                    NVM_NONE);
    struct buf *out = test_buf();

    ck_assert(nvm_row(bench->card->nvm, stmt));
    buf_append(out, span_of_string(nvm_text(stmt, 0)));
    nvm_done(stmt);
    return buf_span(out);
}

START_TEST(immediate_enabling_is_configured_while_there_is_no_eim)
{
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF590A 8000 8103 88370A 8201 61"), "BF5903 800100");
    ck_assert_span(immediate(&bench), SPAN_STRING("1|88370A|a"));
    ck_assert_hex(es10(&bench, "BF5902 8000"), "BF5903 800100");
    ck_assert_span(immediate(&bench), SPAN_STRING("1|-|-"));
    ck_assert_hex(es10(&bench, "BF5903 820120"), "BF5903 80017F"); /* no address */
    ck_assert_span(immediate(&bench), SPAN_STRING("1|-|-"));
    /* Members under other tags or out of their order are not passed over: the rest would be another
     * configuration. */
    ck_assert_hex(es10(&bench, "BF5902 0500"), "BF5903 80017F");
    ck_assert_hex(es10(&bench, "BF5905 820161 8000"), "BF5903 80017F");
    ck_assert_span(immediate(&bench), SPAN_STRING("1|-|-"));
    ck_assert_hex(es10(&bench, "BF5900"), "BF5903 800100");
    ck_assert_span(immediate(&bench), SPAN_STRING("0|-|-"));
    es10_sweep(&bench, "BF590A 8000 8103 88370A 8201 61");
    add_one(&bench, key, "a");
    ck_assert_hex(es10(&bench, "BF5902 8000"), "BF5903 800102");
    ck_assert_span(immediate(&bench), SPAN_STRING("0|-|-"));
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

/* --- GetConnectivityParameters ------------------------------------------------------------------- */

/* The header of the profile's package gets these connectivityParameters. */
static void set_connectivity(struct es10_bench *bench, const char *parameters)
{
    struct nvm *nvm = bench->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT der FROM profile_element WHERE name = 'header'", NVM_NONE);
    struct buf *header = test_buf();
    struct span content;
    size_t at;

    ck_assert(nvm_row(nvm, stmt));
    ck_assert_int_eq(tlv_single(nvm_blob(stmt, 0), 0xA0, &content), TLV_OK);
    at = tlv_open(header, 0xA0);
    buf_append(header, content);
    tlv_put(header, 0x87, hex(parameters));
    tlv_close(header, at);
    nvm_done(stmt);
    ck_assert(nvm_change(nvm, "UPDATE profile_element SET der = ?1 WHERE name = 'header'",
                         NVM_VALUES(NVM_BLOB(buf_span(header)))) &&
              nvm_commit(nvm));
}

START_TEST(connectivity_parameters_are_those_of_the_enabled_profile)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF5F00"), "BF5F03 810101"); /* no profile */
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10(&bench, ENABLE(A_));
    ck_assert_hex(es10(&bench, "BF5F00"), "BF5F03 810101"); /* it has none */
    set_connectivity(&bench, "A003 060122 A107 350103 47020161");
    ck_assert_hex(es10(&bench, "BF5F00"), "BF5F0B A009 8107 350103 47020161");
    es10(&bench, "BF3211 A00C 5A0A " A_ " 810100");
    ck_assert_hex(es10(&bench, "BF5F00"), "BF5F03 810101"); /* it is disabled */
    ck_assert_uint_eq(es10_refused(&bench, "BF5F02 8001"), 0x6A80);
    es10_close(&bench);
}
END_TEST

START_TEST(other_connectivity_parameters_are_none_for_http)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10(&bench, ENABLE(A_));
    set_connectivity(&bench, "A003 060122");
    ck_assert_hex(es10(&bench, "BF5F00"), "BF5F03 810101");
    es10_close(&bench);
}
END_TEST

/* --- eUICCMemoryReset ---------------------------------------------------------------------------- */

/* A card with a profile of every kind, an eIM, an address and immediate enabling; A is enabled. */
static void open_for_reset(struct es10_bench *bench)
{
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);

    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = A, .ppr1 = true, .ppr2 = true});
    es10_install(bench, &(struct es10_profile){.iccid = B, .preloaded = true});
    es10_install(bench, &(struct es10_profile){.iccid = C, .test = true});
    es10_install(bench, &(struct es10_profile){.iccid = T, .test = true, .preloaded = true});
    es10_install(bench, &(struct es10_profile){.iccid = P, .provisioning = true, .preloaded = true});
    es10(bench, ENABLE(A_));
    es10(bench, "BF6506 8004 612E6262");
    es10(bench, "BF5902 8000");
    add_one(bench, key, "a");
    ec_key_free(key);
}

/* Which of the five profiles are there, as a text of their letters. */
static const char *profiles(struct es10_bench *bench)
{
    static const char *const iccids[] = {A, B, C, T, P};
    static char text[6];
    size_t size = 0;

    for (size_t i = 0; i < 5; i++)
        if (es10_state(bench, iccids[i]) >= 0)
            text[size++] = "ABCTP"[i];
    text[size] = '\0';
    return text;
}

START_TEST(memory_reset_takes_what_it_is_told)
{
    static const struct {
        const char *request, *first, *second, *left;
    } resets[] = {
        {"BF6404 82020780", "BF6403 800100", "BF6403 800101", "CTP"},
        {"BF6404 82020640", "BF6403 800100", "BF6403 800101", "TP"},
        {"BF6404 82020520", "BF6403 800100", "BF6403 800101", "TP"},
        {"BF6404 82020410", "BF6403 800100", "BF6403 800101", "P"},
        {"BF6404 82020308", "BF6403 800100", "BF6403 800101", ""},
        {"BF6404 82020204", "BF6406 800101 810100", "BF6406 800101 810101", ""},
        {"BF6404 82020102", "BF6406 800101 820100", "BF6406 800101 820100", ""},
    };
    struct es10_bench bench;

    open_for_reset(&bench);
    for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        ck_assert_hex(es10(&bench, "%s", resets[i].request), resets[i].first);
        ck_assert_str_eq(profiles(&bench), resets[i].left);
        ck_assert_uint_eq(eim_count(bench.card), i < 5);
        ck_assert_int_eq(immediate(&bench).data[0], i < 6 ? '1' : '0');
        ck_assert_hex(es10(&bench, "%s", resets[i].request), resets[i].second);
    }
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    es10_close(&bench);
}
END_TEST

START_TEST(memory_reset_of_everything)
{
    struct es10_bench bench;

    open_for_reset(&bench);
    ck_assert_hex(es10(&bench, "BF6404 820201FE"), "BF6409 800100 810100 820100");
    ck_assert_str_eq(profiles(&bench), "");
    ck_assert_uint_eq(eim_count(bench.card), 0);
    ck_assert_hex(es10(&bench, "BF6404 820201FE"), "BF6409 800101 810101 820100");
    ck_assert_hex(es10(&bench, "BF6403 820100"), "BF6403 800101");
    es10_close(&bench);
}
END_TEST

START_TEST(an_emergency_refuses_the_reset_of_profiles)
{
    struct es10_bench bench;
    struct span tables;

    open_for_reset(&bench);
    ck_assert(recovery_set_emergency(bench.card, true, 0) && nvm_commit(bench.card->nvm));
    tables = es10_tables(&bench);
    ck_assert_hex(es10(&bench, "BF6404 820201FE"), "BF6403 800168"); /* ecallActive */
    ck_assert_span(es10_tables(&bench), tables);
    /* What is no profile is reset all the same. */
    ck_assert_hex(es10(&bench, "BF6404 82020106"), "BF6409 800101 810100 820100");
    es10_close(&bench);
}
END_TEST

START_TEST(a_proactive_session_refuses_the_reset_of_the_enabled_profile)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct span tables;

    open_for_reset(&bench);
    /* A terminal that serves REFRESH; the one for P waits to be fetched. */
    ck_assert_hex(es10(&bench, "BF6404 82020780"), "BF6403 800100");
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80100000 03 000080"), &response), 0x9000);
    ck_assert_uint_eq(es10_send(&bench, hex(ENABLE(P_)), &response) & 0xFF00, 0x9100);
    tables = es10_tables(&bench);
    buf_clear(&response);
    ck_assert_uint_eq(es10_send(&bench, hex("BF6404 820201FE"), &response) & 0xFF00, 0x9100);
    ck_assert_hex(buf_span(&response), "BF6403 800105"); /* catBusy */
    ck_assert_span(es10_tables(&bench), tables);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* --- SetDefaultDpAddress, IpaeActivation --------------------------------------------------------- */

START_TEST(the_default_address_is_set_and_cleared)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF6506 8004 612E6262"), "BF6503 800100");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C08 8004 612E6262 8100");
    ck_assert_hex(es10(&bench, "BF6503 800120"), "BF6503 80017F");
    ck_assert_hex(es10(&bench, "BF6502 8000"), "BF6503 800100");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    es10_sweep(&bench, "BF6506 8004 612E6262");
    es10_close(&bench);
}
END_TEST

START_TEST(there_is_no_ipae_to_activate)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF4204 80020780"), "BF4203 800101"); /* notSupported */
    es10_sweep(&bench, "BF4204 80020780");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {
        "BF4200",           "BF4202 8000",     "BF4204 80020880",    "BF4204 81020780",
        "BF5502 A000",      "BF5504 A0028000", "BF5507 A0058003 61", "BF5508 A006800161 800162",
        "BF5502 A001",      "BF5503 800161", /* without the tag of the CHOICE: not all eIMs */
        "BF2B02 8200",      "BF5602 8001",     "BF5603 0C0161", /* a CI, but for its tag: not the default one
                                                                 */
        "BF5604 0400 8000", "BF5700",          "BF5702 8000",        "BF5704 A0023001",
        "BF5703 A001 30",   "BF5902 8001",     "BF5F01 80",          "BF6400",
        "BF6402 8200",      "BF6404 82020880", "BF6403 820105",      "BF6404 83020780",
        "BF6500",           "BF6502 8100",
    };
    struct es10_bench bench;
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct span request;
    struct span tables;

    es10_open(&bench, 1, 0);
    tables = es10_tables(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    ck_assert_span(es10_tables(&bench), tables);
    request = test_eim_configuration(
        0x30, &(struct test_eim_configuration){.key = key, .fqdn = "a.example", .token = "FF", .id_type = 1});
    es10_sweep(&bench, "%s", text_of(test_eim_initial(&request, 1)));
    es10_sweep(&bench, "BF5505 A003 800161");
    es10_sweep(&bench, "BF6404 820201FE");
    ec_key_free(key);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("es10b_iot", each_personality_has_its_functions, what_a_card_does_not_have_is_unknown_to_it,
          what_metadata_says_for_the_iot_is_kept_and_shown,
          a_consumer_card_passes_over_what_metadata_says_for_the_iot,
          the_operator_allows_and_forbids_fallback, the_operator_changes_the_data_of_its_services,
          the_first_eims_are_added, once_there_is_an_eim_no_initial_one_is_added, one_bad_entry_refuses_all,
          more_than_the_card_has_room_for_are_refused, certificates_are_given_by_ci,
          immediate_enabling_is_configured_while_there_is_no_eim,
          connectivity_parameters_are_those_of_the_enabled_profile,
          other_connectivity_parameters_are_none_for_http, memory_reset_takes_what_it_is_told,
          memory_reset_of_everything, an_emergency_refuses_the_reset_of_profiles,
          a_proactive_session_refuses_the_reset_of_the_enabled_profile,
          the_default_address_is_set_and_cleared, there_is_no_ipae_to_activate,
          malformed_requests_are_refused)
