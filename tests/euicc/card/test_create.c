/* Making and opening cards: what is refused and why, that nothing is left behind, and that what was made fits
 * together. */
#include "euicc/softeuicc.h"

#include "euicc/os/card.h"
#include "euicc/os/credentials.h"
#include "euicc/os/eid.h"
#include "euicc/os/spec_version.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/pki.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct test_ci p256, brainpool;
static struct buf p256_eum_key, brainpool_eum_key;

static void make_pki(void)
{
    if (p256.ci.cert != NULL)
        return;
    test_ci_make(&p256, EC_CURVE_P256);
    test_ci_make(&brainpool, EC_CURVE_BRAINPOOL_P256R1);
    ck_assert(ec_key_to_pkcs8(p256.eum.key, &p256_eum_key));
    ck_assert(ec_key_to_pkcs8(brainpool.eum.key, &brainpool_eum_key));
}

static void free_pki(void)
{
    test_ci_free(&p256);
    test_ci_free(&brainpool);
    buf_free(&p256_eum_key);
    buf_free(&brainpool_eum_key);
    p256 = brainpool = (struct test_ci){0};
}

static struct softeuicc_credentials credentials_of(const struct test_ci *ci, const struct buf *eum_key)
{
    return (struct softeuicc_credentials){.ci_cert = ci->ci.der.data,
                                          .ci_cert_size = ci->ci.der.size,
                                          .eum_cert = ci->eum.der.data,
                                          .eum_cert_size = ci->eum.der.size,
                                          .eum_key = eum_key->data,
                                          .eum_key_size = eum_key->size};
}

/* A request that is good; tests spoil it. */
struct request {
    struct softeuicc_credentials credentials[3];
    struct softeuicc_parameters parameters;
};

static void prepare(struct request *request)
{
    make_pki();
    *request = (struct request){.credentials = {credentials_of(&p256, &p256_eum_key),
                                                credentials_of(&brainpool, &brainpool_eum_key)}};
    request->parameters = (struct softeuicc_parameters){
        .eid = TEST_EID, .credentials = request->credentials, .credentials_count = 2};
}

static struct softeuicc *make(const struct request *request)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_create_open(":memory:", &request->parameters, NULL, &error);

    ck_assert_msg(card != NULL, "%s", error.message);
    return card;
}

/* Refused, with these words in the line, and without a file. */
static void assert_refused(const struct request *request, enum softeuicc_status status, const char *words)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    ck_assert_int_eq(softeuicc_create(test_path("refused.db"), &request->parameters, NULL, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' is not in '%s'", words, error.message);
    ck_assert_int_ne(access(test_path("refused.db"), F_OK), 0);
    ck_assert_int_ne(access(test_path("refused.db-wal"), F_OK), 0);
    ck_assert_int_ne(access(test_path("refused.db-wal"), F_OK), 0);
}

START_TEST(eid_check_digits)
{
    char eid[EID_DIGITS + 1];
    uint8_t packed[EID_SIZE];

    ck_assert_int_eq(eid_from_text("89049032123451234512345678901235", eid), EID_OK);
    ck_assert_int_eq(eid_from_text("890490321234512345123456789012", eid), EID_OK);
    ck_assert_str_eq(eid, "89049032123451234512345678901235");
    eid_pack(eid, packed);
    ck_assert_hex(SPAN_ARRAY(packed), "89049032123451234512345678901235");
    /* Every check digit that is not the right one is refused. */
    for (unsigned i = 0; i < 100; i++) {
        char text[EID_DIGITS + 1];

        snprintf(text, sizeof(text), "890490321234512345123456789012%02u", i);
        ck_assert_int_eq(eid_from_text(text, eid), i == 35 ? EID_OK : EID_BAD_CHECK);
    }
    /* What is computed is accepted. */
    for (unsigned i = 0; i < 1000; i++) {
        char text[EID_DIGITS + 1];
        char again[EID_DIGITS + 1];

        snprintf(text, sizeof(text), "890490320000000000000000%06u", i * 997);
        ck_assert_int_eq(eid_from_text(text, eid), EID_OK);
        ck_assert_int_eq(eid_from_text(eid, again), EID_OK);
    }
    ck_assert_int_eq(eid_from_text("", eid), EID_BAD_LENGTH);
    ck_assert_int_eq(eid_from_text("8904903212345123451234567890123", eid), EID_BAD_LENGTH);
    ck_assert_int_eq(eid_from_text("890490321234512345123456789012350", eid), EID_BAD_LENGTH);
    ck_assert_int_eq(eid_from_text("8904903212345123451234567890123A", eid), EID_NOT_DIGITS);
}
END_TEST

START_TEST(a_card_with_two_cis)
{
    struct request request;
    struct softeuicc *card;

    prepare(&request);
    card = make(&request);
    ck_assert_str_eq(softeuicc_eid(card), TEST_EID);
    ck_assert_uint_eq(card->credentials_count, 2);
    ck_assert_int_eq(card->credentials[0].curve, EC_CURVE_P256);
    ck_assert_int_eq(card->credentials[1].curve, EC_CURVE_BRAINPOOL_P256R1);
    for (size_t i = 0; i < 2; i++) {
        const struct card_credentials *own = &card->credentials[i];
        const struct test_ci *ci = i == 0 ? &p256 : &brainpool;

        ck_assert_span(SPAN_ARRAY(own->ci_key_id), SPAN_ARRAY(ci->key_id));
        ck_assert_ptr_eq(credentials_find(card, SPAN_ARRAY(ci->key_id)), own);
        ck_assert_int_eq(
            cert_check(own->euicc_cert, CERT_ROLE_EUICC, ci->eum.key, cert_subject_key_id(ci->eum.cert)),
            CERT_OK);
        ck_assert_int_eq(cert_check_eid_permitted(own->eum_cert, own->euicc_cert), CERT_OK);
        ck_assert(ec_key_equal(own->euicc_key, cert_key(own->euicc_cert)));
        ck_assert(ec_key_has_private(own->euicc_key));
        ck_assert_str_eq(cert_subject_serial_number(own->euicc_cert), TEST_EID);
    }
    ck_assert(!ec_key_equal(card->credentials[0].euicc_key, card->credentials[1].euicc_key));
    ck_assert_ptr_null(credentials_find(card, hex("00112233445566778899AABBCCDDEEFF00112233")));
    ck_assert_ptr_null(credentials_find(card, SPAN_NONE));
    softeuicc_close(card);
    free_pki();
}
END_TEST

START_TEST(an_existing_certificate_and_its_key)
{
    struct request request;
    struct softeuicc *card = NULL;
    struct buf key = {0};
    struct softeuicc *twin;

    prepare(&request);
    request.parameters.credentials_count = 1;
    card = make(&request);
    ck_assert(ec_key_to_pkcs8(card->credentials[0].euicc_key, &key));
    request.credentials[0].eum_key = NULL;
    request.credentials[0].euicc_cert = cert_der(card->credentials[0].euicc_cert).data;
    request.credentials[0].euicc_cert_size = cert_der(card->credentials[0].euicc_cert).size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "eUICC key: is not a private key");
    request.credentials[0].euicc_key = key.data;
    request.credentials[0].euicc_key_size = key.size;
    twin = make(&request);
    ck_assert_span(cert_der(twin->credentials[0].euicc_cert), cert_der(card->credentials[0].euicc_cert));
    softeuicc_close(twin);

    request.parameters.eid = "890490320000000000000000000000";
    assert_refused(&request, SOFTEUICC_CRYPTO,
                   "is for the EID " TEST_EID ", not 890490320000000000000000000000");
    request.parameters.eid = TEST_EID;
    request.credentials[0].euicc_key = p256_eum_key.data;
    request.credentials[0].euicc_key_size = p256_eum_key.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "eUICC key: does not belong to the eUICC certificate");
    request.credentials[0].euicc_cert = p256.dp_auth.der.data;
    request.credentials[0].euicc_cert_size = p256.dp_auth.der.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "eUICC");
    softeuicc_close(card);
    buf_free(&key);
    free_pki();
}
END_TEST

START_TEST(parameters_that_cannot_be)
{
    static char long_address[300];
    struct request request;

    prepare(&request);
    request.parameters.eid = NULL;
    assert_refused(&request, SOFTEUICC_INVALID, "32 digits");
    request.parameters.eid = "89049032123451234512345678901236";
    assert_refused(&request, SOFTEUICC_INVALID, "check digits");
    request.parameters.eid = "8904903212345123451234567890123x";
    assert_refused(&request, SOFTEUICC_INVALID, "decimal digits");

    prepare(&request);
    request.parameters.personality = (enum softeuicc_personality)3;
    assert_refused(&request, SOFTEUICC_INVALID, "personality");
    prepare(&request);
    request.parameters.credentials_count = 0;
    assert_refused(&request, SOFTEUICC_INVALID, "1 to 8 CIs");
    request.parameters.credentials_count = 9;
    assert_refused(&request, SOFTEUICC_INVALID, "1 to 8 CIs");
    prepare(&request);
    request.parameters.free_nvm = UINT64_MAX;
    assert_refused(&request, SOFTEUICC_INVALID, "memory");
    prepare(&request);
    request.parameters.default_smdp = "smdp example";
    assert_refused(&request, SOFTEUICC_INVALID, "default SM-DP+ address");
    prepare(&request);
    memset(long_address, 'a', sizeof(long_address) - 1);
    request.parameters.root_smds = long_address;
    assert_refused(&request, SOFTEUICC_INVALID, "root SM-DS address");
    free_pki();
}
END_TEST

START_TEST(credentials_that_do_not_fit)
{
    struct request request;
    struct softeuicc_error error;

    prepare(&request);
    request.credentials[0].ci_cert = NULL;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 1: CI certificate: is missing");
    prepare(&request);
    request.credentials[1].ci_cert_size--;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 2: CI certificate");
    prepare(&request);
    request.credentials[0].eum_cert = NULL;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 1: EUM certificate: is missing");
    prepare(&request);
    request.credentials[0].eum_cert = brainpool.eum.der.data;
    request.credentials[0].eum_cert_size = brainpool.eum.der.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 1: EUM certificate");
    prepare(&request);
    request.credentials[0].ci_cert = p256.eum.der.data;
    request.credentials[0].ci_cert_size = p256.eum.der.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 1: CI certificate");
    prepare(&request);
    request.credentials[0].eum_cert = p256.dp_pb.der.data;
    request.credentials[0].eum_cert_size = p256.dp_pb.der.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "CI 1: EUM certificate");
    prepare(&request);
    request.credentials[0].eum_key = brainpool_eum_key.data;
    request.credentials[0].eum_key_size = brainpool_eum_key.size;
    assert_refused(&request, SOFTEUICC_CRYPTO, "EUM key: does not belong to the EUM certificate");
    prepare(&request);
    request.credentials[0].eum_key_size = 5;
    assert_refused(&request, SOFTEUICC_CRYPTO, "EUM key: is not a private key");
    prepare(&request);
    request.parameters.eid = "890440320000000000000000000000";
    assert_refused(&request, SOFTEUICC_CRYPTO, "does not permit the EID 890440320000000000000000000000");
    prepare(&request);
    request.credentials[1] = request.credentials[0];
    assert_refused(&request, SOFTEUICC_INVALID, "CI 2: is the same CI as an earlier one");
    /* Nobody needs to listen. */
    ck_assert_int_eq(softeuicc_create(test_path("refused.db"), &request.parameters, NULL, NULL),
                     SOFTEUICC_INVALID);
    ck_assert_ptr_null(softeuicc_create_open(":memory:", &request.parameters, NULL, NULL));
    ck_assert_ptr_null(softeuicc_open(test_path("refused.db"), NULL, NULL));
    ck_assert_ptr_null(softeuicc_open(":memory:", NULL, &error));
    free_pki();
}
END_TEST

START_TEST(a_file_that_is_there_is_not_touched)
{
    struct softeuicc_error error;
    struct request request;
    struct softeuicc *card;
    struct span before;

    prepare(&request);
    ck_assert_int_eq(softeuicc_create(test_path("there.db"), &request.parameters, NULL, &error),
                     SOFTEUICC_OK);
    before = test_read_file(test_path("there.db"));
    ck_assert_int_eq(softeuicc_create(test_path("there.db"), &request.parameters, NULL, &error),
                     SOFTEUICC_EXISTS);
    ck_assert_span(test_read_file(test_path("there.db")), before);
    card = softeuicc_open(test_path("there.db"), NULL, &error);
    ck_assert_msg(card != NULL, "%s", error.message);
    ck_assert_str_eq(softeuicc_eid(card), TEST_EID);
    ck_assert_ptr_null(softeuicc_open(test_path("there.db"), NULL, &error));
    ck_assert_int_eq(error.status, SOFTEUICC_BUSY);
    softeuicc_close(card);
    free_pki();
}
END_TEST

static char *one_text(struct softeuicc *card, const char *sql)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, sql, NVM_NONE);
    static char text[128];

    ck_assert(nvm_row(card->nvm, stmt));
    snprintf(text, sizeof(text), "%s", nvm_text(stmt, 0));
    nvm_done(stmt);
    return text;
}

START_TEST(what_is_asked_for_is_in_the_tables)
{
    static const uint8_t gid[] = {0x12, 0x34};
    static const struct softeuicc_authorisation rat[] = {
        {.ppr1 = true, .consent_required = true, .mcc_mnc = {0x62, 0xF2, 0x10}, .gid1 = gid, .gid1_size = 2},
        {.ppr2 = true, .mcc_mnc = {0xEE, 0xEE, 0xEE}, .gid1 = gid, .gid2 = gid},
    };
    static const uint8_t longest[300] = {[299] = 0x5A};
    struct request request;
    struct softeuicc *card;

    prepare(&request);
    request.parameters.default_smdp = "smdp.example.com";
    request.parameters.root_smds = "smds.example.com";
    request.parameters.free_nvm = 4711;
    request.parameters.personality = SOFTEUICC_IOT;
    request.parameters.rat = rat;
    request.parameters.rat_count = 2;
    card = make(&request);
    ck_assert_str_eq(
        one_text(card, "SELECT default_smdp || ' ' || root_smds || ' ' || nvm_size || ' ' || personality "
                       "FROM card"),
        "smdp.example.com smds.example.com 4711 iot");
    ck_assert_str_eq(one_text(card, "SELECT group_concat(ppr1 || ppr2 || consent_required || mcc_mnc || "
                                    "ifnull(gid1, '-') || ',' || ifnull(gid2, '-'), ' ') FROM rat"),
                     "10162F2101234,- 010EEEEEE,");
    softeuicc_close(card);

    prepare(&request);
    card = make(&request);
    ck_assert_str_eq(
        one_text(card, "SELECT default_smdp || ' ' || root_smds || ' ' || nvm_size || ' ' || personality "
                       "FROM card"),
        "  1048576 hybrid");
    ck_assert_str_eq(
        one_text(card, "SELECT group_concat(ppr1 || ppr2 || consent_required || mcc_mnc || gid1 || gid2) "
                       "FROM rat"),
        "110EEEEEE");
    softeuicc_close(card);

    /* A group identifier is as long as it is. */
    request.parameters.rat =
        &(const struct softeuicc_authorisation){.gid1 = longest, .gid1_size = sizeof(longest)};
    request.parameters.rat_count = 1;
    card = make(&request);
    ck_assert_str_eq(one_text(card, "SELECT length(gid1) || substr(gid1, -2) FROM rat"), "6005A");
    softeuicc_close(card);

    request.parameters.rat = rat;
    request.parameters.rat_count = 0;
    card = make(&request);
    ck_assert_str_eq(one_text(card, "SELECT count(*) FROM rat"), "0");
    softeuicc_close(card);
    free_pki();
}
END_TEST

START_TEST(profiles_from_the_beginning)
{
    struct softeuicc_preloaded_profile profiles[2];
    struct span first = test_profile("8944476500001224158");
    struct span second = test_profile("8944476500001224166");
    /* ABC, "Test 12", a test profile with PPR1 */
    struct span metadata =
        hex("BF2521 5A0A984474560000214261F6 9103414243 920754657374203132 950100 99020640");
    struct request request;
    struct softeuicc *card;

    prepare(&request);
    profiles[0] = (struct softeuicc_preloaded_profile){.package = first.data, .package_size = first.size};
    profiles[1] = (struct softeuicc_preloaded_profile){.package = second.data, .package_size = second.size};
    request.parameters.profiles = profiles;
    request.parameters.profiles_count = 2;
    card = make(&request);
    ck_assert_str_eq(
        one_text(card, "SELECT group_concat(iccid || state || origin || class, ' ') FROM profile"),
        "8944476500001224158disabledpreloadedoperational 8944476500001224166disabledpreloadedoperational");
    softeuicc_close(card);

    profiles[0].profile_class = SOFTEUICC_PROFILE_TEST;
    profiles[0].fallback_allowed = true;
    profiles[1].profile_class = SOFTEUICC_PROFILE_PROVISIONING;
    profiles[1].ecall = true;
    card = make(&request);
    ck_assert_str_eq(
        one_text(card, "SELECT group_concat(class || ecall || fallback_allowed, ' ') FROM profile"),
        "test01 provisioning10");
    softeuicc_close(card);
    request.parameters.personality = SOFTEUICC_CONSUMER;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 1: a consumer card has no Emergency Profile");
    request.parameters.personality = SOFTEUICC_HYBRID;
    profiles[1].profile_class = (enum softeuicc_profile_class)3;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 2: there is no such class");

    profiles[1].metadata = metadata.data;
    profiles[1].metadata_size = metadata.size;
    profiles[0].profile_class = profiles[1].profile_class = SOFTEUICC_PROFILE_OPERATIONAL;
    card = make(&request);
    ck_assert_str_eq(
        one_text(card, "SELECT name || service_provider || class || ppr1 || ppr2 FROM profile WHERE id = 2"),
        "Test 12ABCtest10");
    softeuicc_close(card);

    profiles[1].metadata_size--;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 2: the metadata is malformed");
    profiles[0].metadata = metadata.data;
    profiles[0].metadata_size = metadata.size;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 1: metadata and package have different ICCIDs");
    profiles[0] = profiles[1] =
        (struct softeuicc_preloaded_profile){.package = first.data, .package_size = first.size};
    assert_refused(&request, SOFTEUICC_INVALID, "profile 2: has the same ICCID");
    profiles[1].package_size--;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 2: ");
    request.parameters.profiles_count = 1;
    request.parameters.free_nvm = 1000;
    assert_refused(&request, SOFTEUICC_INVALID, "profile 1: needs more memory");
    free_pki();
}
END_TEST

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(a_damaged_card_is_refused)
{
    static const char *const damages[] = {
        "DELETE FROM card",
        "UPDATE card SET eid = '89049032123451234512345678901236'",
        "DELETE FROM credentials",
        "UPDATE credentials SET ci_cert = x'00'",
        "UPDATE credentials SET ci_cert = euicc_cert, eum_cert = x'00'",
        "UPDATE credentials SET euicc_cert = x'3000'",
        "UPDATE credentials SET euicc_key = x'00'",
    };
    struct softeuicc_error error;
    struct request request;

    prepare(&request);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        (void)unlink(test_path("damaged.db"));
        ck_assert_int_eq(softeuicc_create(test_path("damaged.db"), &request.parameters, NULL, &error),
                         SOFTEUICC_OK);
        execute(test_path("damaged.db"), damages[i]);
        ck_assert_msg(softeuicc_open(test_path("damaged.db"), NULL, &error) == NULL, "%s", damages[i]);
        ck_assert_int_eq(error.status, SOFTEUICC_STORAGE);
        ck_assert_ptr_nonnull(strstr(error.message, "is damaged"));
    }
    free_pki();
}
END_TEST

static bool no_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    (void)out;
    (void)size;
    return false;
}

START_TEST(no_randomness_no_card)
{
    struct softeuicc_hooks hooks = {.random = no_random};
    struct softeuicc_error error;
    struct request request;

    prepare(&request);
    ck_assert_int_eq(softeuicc_create(test_path("none.db"), &request.parameters, &hooks, &error),
                     SOFTEUICC_CRYPTO);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot be issued"));
    ck_assert_int_ne(access(test_path("none.db"), F_OK), 0);
    free_pki();
}
END_TEST

/* A disk that fails at any of its writes: no card, or (when closing was all that failed) a whole one. */
START_TEST(a_disk_that_fails)
{
    struct cut_disk *disk = NULL;
    struct request request;
    struct softeuicc_hooks hooks = {0};
    struct softeuicc_error error;
    uint64_t changes;

    prepare(&request);
    request.parameters.credentials_count = 1;
    disk = cut_disk_new();
    hooks.storage = cut_disk_name(disk);
    ck_assert_int_eq(softeuicc_create("card.db", &request.parameters, &hooks, &error), SOFTEUICC_OK);
    changes = cut_disk_changes(disk);
    cut_disk_free(disk);
    for (uint64_t i = 1; i <= changes; i++) {
        enum softeuicc_status status;
        struct softeuicc *card;

        disk = cut_disk_new();
        hooks.storage = cut_disk_name(disk);
        cut_disk_arm(disk, i, CUT_LOST);
        status = softeuicc_create("card.db", &request.parameters, &hooks, &error);
        cut_disk_power_on(disk);
        card = softeuicc_open("card.db", &hooks, &error);
        ck_assert_msg(status == SOFTEUICC_OK ? card != NULL : card == NULL, "change %u", (unsigned)i);
        softeuicc_close(card);
        cut_disk_free(disk);
    }
    free_pki();
}
END_TEST

/* Every choice of versions is what the card speaks, in RAM and in its table, and what it was made to stays.
 */
START_TEST(the_versions_it_is_made_to)
{
    static const char *const sgp22[] = {"2.2.2", "2.3.0", "2.4.0", "2.5.0"};
    static const char *const sgp32[] = {"1.2.0", "1.3.0"};
    char text[SPEC_VERSION_TEXT];
    struct request request;

    prepare(&request);
    for (unsigned i = 0; i < 3 * 4 * 2; i++) {
        struct softeuicc_parameters *parameters = &request.parameters;
        struct softeuicc *card;

        parameters->personality = (enum softeuicc_personality)(i / 8);
        parameters->sgp22 = (enum softeuicc_sgp22)(i / 2 % 4);
        parameters->sgp32 = (enum softeuicc_sgp32)(i % 2);
        if (parameters->personality == SOFTEUICC_CONSUMER && parameters->sgp32 != 0) {
            assert_refused(&request, SOFTEUICC_INVALID, "no version of SGP.32");
            continue;
        }
        card = make(&request);
        ck_assert_str_eq(spec_version_text(card->sgp22, text), sgp22[parameters->sgp22]);
        for (unsigned minor = 0; minor < 7; minor++)
            ck_assert(card_speaks_sgp22(card, 2, minor) == (minor <= 2 + (unsigned)parameters->sgp22));
        ck_assert(card_speaks_sgp22(card, 1, 9) && !card_speaks_sgp22(card, 3, 0));
        if (parameters->personality != SOFTEUICC_CONSUMER)
            ck_assert_str_eq(spec_version_text(card->sgp32, text), sgp32[parameters->sgp32]);
        ck_assert(card_speaks_sgp32(card, 1, 2) == (parameters->personality != SOFTEUICC_CONSUMER));
        ck_assert(card_speaks_sgp32(card, 1, 3) == (parameters->sgp32 == SOFTEUICC_SGP32_1_3));
        softeuicc_close(card);
    }
    request.parameters.personality = SOFTEUICC_HYBRID;
    request.parameters.sgp22 = (enum softeuicc_sgp22)4;
    assert_refused(&request, SOFTEUICC_INVALID, "no such version");
    request.parameters.sgp22 = SOFTEUICC_SGP22_2_2;
    request.parameters.sgp32 = (enum softeuicc_sgp32)2;
    assert_refused(&request, SOFTEUICC_INVALID, "no such version");
    free_pki();
}
END_TEST

/* A file of before there was a choice: its card stays what it was. And one whose version nobody knows. */
START_TEST(an_older_card_keeps_its_versions)
{
    for (int i = 0; i < 3; i++) {
        struct softeuicc_error error;
        struct request request;
        struct softeuicc *card;

        prepare(&request);
        request.parameters.personality = (enum softeuicc_personality)i;
        request.parameters.sgp22 = SOFTEUICC_SGP22_2_5;
        request.parameters.sgp32 = i == SOFTEUICC_CONSUMER ? SOFTEUICC_SGP32_1_2 : SOFTEUICC_SGP32_1_3;
        ck_assert_int_eq(softeuicc_create(test_path("old.db"), &request.parameters, NULL, &error),
                         SOFTEUICC_OK);
        execute(test_path("old.db"), "ALTER TABLE card DROP COLUMN sgp22;"
                                     "ALTER TABLE card DROP COLUMN sgp32; DROP TABLE log;"
                                     "DROP TABLE marked; DROP TABLE ipae; DROP TABLE ipae_session;"
                                     "DROP TABLE ipae_setting; DROP TABLE ipae_eim; DROP TABLE ipae_count;"
                                     "ALTER TABLE iot ADD COLUMN ipae_active INTEGER NOT NULL DEFAULT 0;"
                                     "ALTER TABLE profile DROP COLUMN service_data; PRAGMA user_version = 4");
        card = softeuicc_open(test_path("old.db"), NULL, &error);
        ck_assert_msg(card != NULL, "%s", error.message);
        ck_assert_span(SPAN_ARRAY(card->sgp22), SPAN("\x02\x02\x02", 3));
        ck_assert(card_speaks_sgp32(card, 1, 2) == (i != SOFTEUICC_CONSUMER));
        ck_assert(!card_speaks_sgp32(card, 1, 3));
        softeuicc_close(card);
        execute(test_path("old.db"), "UPDATE card SET sgp22 = '2.9.0'");
        ck_assert_ptr_null(softeuicc_open(test_path("old.db"), NULL, &error));
        ck_assert_int_eq(error.status, SOFTEUICC_STORAGE);
        ck_assert_int_eq(unlink(test_path("old.db")), 0);
    }
    free_pki();
}
END_TEST

/* The GSMA's own test certificates: a card that every SGP.26 server accepts. */
START_TEST(sgp26_material)
{
    struct softeuicc_parameters parameters = {.eid = "890490320010000000000000000000"};
    struct softeuicc_credentials credentials = {0};
    struct softeuicc_error error;
    struct softeuicc *card;
    struct span ci, eum, eum_key, euicc, euicc_key;

    if (shared_data("sgp26-nist/CERT_CI_ECDSA_NIST.der") == NULL) {
        printf("skipped: the SGP.26 certificates are not there\n");
        return;
    }
    ci = test_read_file(shared_data("sgp26-nist/CERT_CI_ECDSA_NIST.der"));
    eum = test_read_file(shared_data("sgp26-nist/CERT_EUM_ECDSA_NIST.der"));
    eum_key = test_read_file(shared_data("sgp26-nist/SK_EUM_ECDSA_NIST.der"));
    euicc = test_read_file(shared_data("sgp26-nist/CERT_EUICC_ECDSA_NIST.der"));
    euicc_key = test_read_file(shared_data("sgp26-nist/SK_EUICC_ECDSA_NIST.der"));
    parameters.credentials = &credentials;
    parameters.credentials_count = 1;
    credentials = (struct softeuicc_credentials){.ci_cert = ci.data,
                                                 .ci_cert_size = ci.size,
                                                 .eum_cert = eum.data,
                                                 .eum_cert_size = eum.size,
                                                 .eum_key = eum_key.data,
                                                 .eum_key_size = eum_key.size};
    card = softeuicc_create_open(":memory:", &parameters, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error.message);
    ck_assert_hex(SPAN_ARRAY(card->credentials[0].ci_key_id), "F54172BDF98A95D65CBEB88A38A1C11D800A85C3");
    softeuicc_close(card);

    credentials.eum_key = NULL;
    credentials.euicc_cert = euicc.data;
    credentials.euicc_cert_size = euicc.size;
    credentials.euicc_key = euicc_key.data;
    credentials.euicc_key_size = euicc_key.size;
    parameters.eid = "89049032123451234512345678901235";
    card = softeuicc_create_open(":memory:", &parameters, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error.message);
    softeuicc_close(card);
    parameters.eid = "890440320010000000000000000000";
    ck_assert_ptr_null(softeuicc_create_open(":memory:", &parameters, NULL, &error));
}
END_TEST

TEST_MAIN("create", eid_check_digits, a_card_with_two_cis, an_existing_certificate_and_its_key,
          parameters_that_cannot_be, credentials_that_do_not_fit, a_file_that_is_there_is_not_touched,
          what_is_asked_for_is_in_the_tables, profiles_from_the_beginning, a_damaged_card_is_refused,
          no_randomness_no_card, a_disk_that_fails, the_versions_it_is_made_to,
          an_older_card_keeps_its_versions, sgp26_material)
