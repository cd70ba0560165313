/* servers/smdpp: requests that are not what they should be, profile directories and their metadata, and what
 * is remembered. */
#include "apdu/tlv.h"
#include "servers/rsp/page.h"
#include "tests/support/profile.h"
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bench bench;

#define JSON "application/json"
#define ASN1 "application/x-gsma-rsp-asn1"
#define V2   "gsma/rsp/v2.2.2"
#define ES9P "/gsma/rsp2/es9plus/"
#define ES2P "/gsma/rsp2/es2plus/"

/* --- Requests ------------------------------------------------------------------------------------------- */

START_TEST(refuses_at_the_door)
{
    static const struct {
        const char *method, *path, *type, *protocol, *body;
        int code;
    } cases[] = {
        {"GET", ES9P "initiateAuthentication", JSON, V2, "{}", 405},
        {"POST", ES9P "initiateAuthentication", JSON, NULL, "{}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, "gsma/rsp/v1.0.0", "{}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, "gsma/rsp/v4.0.0", "{}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, "gsma/rsp/v3", "{}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, "gsma/rsp", "{}", 400},
        {"POST", ES9P "initiateAuthentication", NULL, V2, "{}", 415},
        {"POST", ES9P "initiateAuthentication", "text/plain", V2, "{}", 415},
        {"POST", ES9P "initiateAuthentication", "application/jsonp", V2, "{}", 415},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "", 400},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "{", 400},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "[]", 400},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "{\"a\":1,\"a\":2}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "{\"a\":\"\xFF\"}", 400},
        {"POST", ES9P "initiateAuthentication", JSON, V2, "{\"a\":\"\\u0000\"}", 400},
        {"POST", ES9P "doSomething", JSON, V2, "{}", 404},
        {"POST", ES2P "doSomething", JSON, V2, "{}", 404},
        {"POST", "/gsma/rsp2/es8plus/x", JSON, V2, "{}", 404},
        {"POST", "/", JSON, V2, "{}", 405},
        {"GET", "/nothing", NULL, NULL, "", 404},
        {"POST", "/gsma/rsp2/asn1", JSON, V2, "{}", 415},
        {"POST", "/gsma/rsp2/asn1", ASN1, V2, "", 400},
        {"POST", "/gsma/rsp2/asn1", ASN1, V2, "hello", 400},
        {"POST", "/gsma/rsp2/asn1", ASN1, V2, "\xA2\x05\xBF\x39\x02\x81", 400},
        {"GET", "/gsma/rsp2/asn1", ASN1, V2, "", 405},
    };

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_answer answer = bench_request(&bench, cases[i].method, cases[i].path, cases[i].type,
                                                  cases[i].protocol, span_of_string(cases[i].body));
        json_t *json = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);

        ck_assert_msg(answer.code == cases[i].code, "case %zu: %d instead of %d", i, answer.code,
                      cases[i].code);
        bench_expect(json, "1.6", "2.1");
        buf_free(&answer.body);
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(refuses_parameters)
{
    static const struct {
        const char *function, *body, *reason;
    } cases[] = {
        {"initiateAuthentication", "{}", "2.2"},
        {"initiateAuthentication", "{\"euiccChallenge\":null}", "2.2"},
        {"initiateAuthentication", "{\"euiccChallenge\":7}", "2.1"},
        {"initiateAuthentication", "{\"euiccChallenge\":\"@@@@\"}", "2.1"},
        {"initiateAuthentication", "{\"euiccChallenge\":\"AAAA\"}", "2.2"},
        {"initiateAuthentication",
         "{\"euiccChallenge\":\"AAAA\",\"smdpAddress\":\"x\",\"euiccInfo1\":\"AAAA\"}", "2.1"},
        {"initiateAuthentication",
         "{\"euiccChallenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"smdpAddress\":\"" BENCH_ADDRESS
         "\",\"euiccInfo1\":\"AAAA\"}",
         "2.1"},
        {"authenticateClient", "{\"transactionId\":\"XY\",\"authenticateServerResponse\":\"AAAA\"}", "2.1"},
        {"authenticateClient", "{\"transactionId\":\"00\"}", "2.2"},
        {"getBoundProfilePackage", "{\"prepareDownloadResponse\":\"AAAA\"}", "2.2"},
        {"cancelSession", "{\"transactionId\":\"00\",\"cancelSessionResponse\":\"A\"}", "2.1"},
        {"handleNotification", "{}", "2.2"},
        {"handleNotification", "{\"pendingNotification\":\"AAAA\"}", "2.1"},
        {"handleNotification", "{\"pendingNotification\":\"\"}", "2.1"},
    };
    char path[80];

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(path, sizeof(path), ES9P "%s", cases[i].function);
        bench_expect(bench_post(&bench, path, json_loads(cases[i].body, JSON_ALLOW_NUL, NULL)), "1.6",
                     cases[i].reason);
    }
    bench_expect(bench_post(&bench, ES9P "initiateAuthentication",
                            json_pack("{s:s,s:s,s:s}", "euiccChallenge", "AAAAAAAAAAAAAAAAAAAAAA==",
                                      "smdpAddress", "other.example.com", "euiccInfo1", "AAAA")),
                 "8.8.1", "3.8");
    bench_expect(bench_post(&bench, ES9P "cancelSession",
                            json_pack("{s:s,s:s}", "transactionId", "00", "cancelSessionResponse", "AAAA")),
                 "8.10.1", "3.9");
    bench_stop(&bench);
}
END_TEST

/* Every byte string that the eUICC makes, damaged at a random place in a random way. */
static uint32_t dice;

static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

static enum bench_point damaged_point;

static void damage(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point != damaged_point || octets->size == 0)
        return;
    switch (roll(3)) {
    case 0:
        octets->data[roll((uint32_t)octets->size)] ^= (uint8_t)(1u << roll(8));
        break;
    case 1:
        octets->data[roll((uint32_t)octets->size)] = (uint8_t)roll(256);
        break;
    default:
        octets->size = roll((uint32_t)octets->size);
        break;
    }
}

/* Whether it is an answer with the status header that every answer has. */
static void expect_proper(json_t *answer)
{
    const json_t *header = json_object_get(answer, "header");
    const json_t *status = json_object_get(json_object_get(header, "functionExecutionStatus"), "status");

    ck_assert(json_is_string(status));
    json_decref(answer);
}

START_TEST(survives_damage)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_until_offered(&bench);
    bench.fault = damage;
    for (uint32_t round = 0; round < 400; round++) {
        dice = round;
        damaged_point = (enum bench_point)(BENCH_INFO1 + round % (BENCH_NOTIFICATION - BENCH_INFO1 + 1));
        expect_proper(bench_initiate(&bench));
        expect_proper(bench_authenticate(&bench));
        expect_proper(bench_prepare(&bench));
        expect_proper(bench_cancel(&bench, 1));
        bench_install_result(&bench, -1);
        bench_notify(&bench, 3, BENCH_ICCID);
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(takes_its_address_in_any_case)
{
    bench_start(&bench, EC_CURVE_P256);
    strcpy(bench.smdpp.dp.rsp.address[0], "SMDP.Example.com:8443");
    bench_success(bench_initiate(&bench));
    bench_stop(&bench);
}
END_TEST

static void ask_at(const char *own, const char *given, const char *reason)
{
    bench_start_at(&bench, EC_CURVE_P256, own);
    bench.address = given;
    bench_expect(bench_initiate(&bench), reason != NULL ? "8.8.1" : NULL, reason);
    bench_stop(&bench);
}

/* An eUICC signs the address that its LPA called, so the whole authentication must stand. */
START_TEST(takes_its_address_with_and_without_port)
{
    static const char *const forms[][2] = {
        {"smdp.example.com", "smdp.example.com:8443"},
        {"127.0.0.1", "127.0.0.1:8443"},
        {"[::1]", "[::1]:8443"},
    };
    const size_t count = sizeof(forms) / sizeof(forms[0]);

    for (size_t own = 0; own < 2 * count; own++) {
        for (size_t given = 0; given < 2 * count; given++)
            ask_at(forms[own / 2][own % 2], forms[given / 2][given % 2], own / 2 == given / 2 ? NULL : "3.8");
    }
    ask_at("smdp.example.com:8443", "smdp.example.com:8444", "3.8");
    ask_at("smdp.example.com:8443", "smdp.example.com:", "3.8");
    ask_at("smdp.example.com", "smdp.example.com:x", "3.8");
    ask_at("smdp.example.com", "smdp.example.co", "3.8");
    ask_at("smdp.example.com", ":8443", "3.8");
    ask_at("smdp.example.com", "", "3.8");
    ask_at("::1", "::8443", "3.8"); /* not the host '::' with a port */
    bench_start_at(&bench, EC_CURVE_P256, "smdp.example.com:8443");
    ck_assert(dp_server_add_address(&bench.smdpp.dp, "other.example"));
    bench.address = "OTHER.example";
    bench_success(bench_initiate(&bench));
    bench_success(bench_authenticate(&bench));
    bench_success(bench_initiate(&bench));
    bench.address = "smdp.example.com:8443"; /* an address of this server, but not of this session */
    bench_expect(bench_authenticate(&bench), "8.1", "6.1");
    bench_stop(&bench);
}
END_TEST

START_TEST(counts_its_addresses)
{
    struct rsp_server server = {0};
    char text[RSP_ADDRESS_SIZE + 1];

    memset(text, 'a', sizeof(text));
    text[RSP_ADDRESS_SIZE] = '\0';
    ck_assert(!rsp_server_add_address(&server, ""));
    ck_assert(!rsp_server_add_address(&server, "a$b"));
    ck_assert(!rsp_server_add_address(&server, text));
    for (size_t i = 0; i < RSP_ADDRESSES_MAX; i++)
        ck_assert(rsp_server_add_address(&server, text + 1));
    ck_assert(!rsp_server_add_address(&server, "b"));
    ck_assert_uint_eq(server.addresses, RSP_ADDRESSES_MAX);
}
END_TEST

static void other_major(struct bench *dp, enum bench_point point, struct buf *octets)
{
    if (point == BENCH_INFO1)
        octets->data[5] = dp->profile_version; /* BF20 length 82 03 major */
}

/* Who speaks a later version too is answered in this one. */
START_TEST(takes_clients_of_versions_two_and_three)
{
    static const struct {
        const char *protocol;
        int code;
    } cases[] = {{"gsma/rsp/v2.0.0", 200},
                 {"gsma/rsp/v2.2.2", 200},
                 {"gsma/rsp/v3.0.0", 200},
                 {"gsma/rsp/v3.1", 200},
                 {"gsma/rsp/v1.0.0", 400},
                 {"gsma/rsp/v4.0.0", 400},
                 {"gsma/rsp/v33.0", 400},
                 {"gsma/rsp/v20.0.0", 400},
                 {"gsma/rsp/2.2.2", 400},
                 {"gsma/rsp2/v2.2", 400},
                 {"", 400},
                 {NULL, 400}};
    static const char *const paths[] = {ES9P "initiateAuthentication", ES2P "downloadOrder"};

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < 2; k++) {
            struct http_answer answer =
                bench_request(&bench, "POST", paths[k], JSON, cases[i].protocol, SPAN_STRING("{}"));

            ck_assert_int_eq(answer.code, cases[i].code);
            buf_free(&answer.body);
        }
    }
    bench_stop(&bench);
}
END_TEST

/* What is behind which door, of all that there is. */
START_TEST(doors_let_in_whom_they_are_for)
{
    static const struct {
        const char *path;
        int lpas, operators; /* 0: let in */
    } cases[] = {{ES9P "initiateAuthentication", 0, 404},
                 {ES9P "nothing", 0, 404},
                 {"/gsma/rsp2/asn1", 0, 404},
                 {"/gsma/rsp2/es8plus/x", 0, 404},
                 {ES2P "downloadOrder", 403, 0},
                 {ES2P "nothing", 403, 0},
                 {"/", 0, 0},
                 {"/orders", 403, 0},
                 {"/profiles", 403, 0},
                 {"/notifications", 403, 0},
                 {"/nothing", 403, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_request request = {.method = "POST", .path = cases[i].path};
        struct http_answer answer;

        ck_assert(http_api_admits(HTTP_API_ALL, &request, &answer));
        ck_assert_int_eq(http_api_admits(HTTP_API_LPAS, &request, &answer), cases[i].lpas == 0);
        ck_assert_int_eq(answer.code, cases[i].lpas);
        buf_free(&answer.body);
        ck_assert_int_eq(http_api_admits(HTTP_API_OPERATORS, &request, &answer), cases[i].operators == 0);
        ck_assert_int_eq(answer.code, cases[i].operators);
        buf_free(&answer.body);
    }
}
END_TEST

START_TEST(refuses_other_major_versions)
{
    bench_start(&bench, EC_CURVE_P256);
    bench.fault = other_major;
    for (unsigned major = 0; major < 256; major += major < 4 ? 1 : 63) {
        bench.profile_version = (uint8_t)major;
        bench_expect(bench_initiate(&bench), major == 2 ? NULL : "8.8.3", "3.1");
    }
    bench_stop(&bench);
}
END_TEST

/* --- Profiles ------------------------------------------------------------------------------------------- */

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(test_path(name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static const struct profile *find(const char *name)
{
    for (size_t i = 0; i < profile_catalogue_count(bench.smdpp.catalogue); i++) {
        const struct profile *profile = profile_catalogue_at(bench.smdpp.catalogue, i);

        if (strcmp(profile->name, name) == 0)
            return profile;
    }
    return NULL;
}

START_TEST(takes_metadata_from_json)
{
    bench_start(&bench, EC_CURVE_P256);
    write_text("profiles/icon.png", "PNG");
    write_text("profiles/demo.json",
               "{\"serviceProviderName\":\"Op\",\"profileName\":\"P\",\"profileClass\":\"test\",\"pprs\":["
               "\"ppr1\",\"ppr2\"],"
               "\"notifications\":[{\"address\":\"n.example.com\",\"events\":[\"enable\",\"delete\"]}],"
               "\"icon\":\"icon.png\",\"owner\":{\"mccmnc\":\"001-01\",\"gid1\":\"AB\",\"gid2\":\"\"},"
               "\"ecallIndication\":true,\"fallbackAllowed\":true}");
    smdpp_refresh_profiles(&bench.smdpp);
    ck_assert_str_eq(find("demo")->complaint, "");
    ck_assert_hex(buf_span(&find("demo")->metadata),
                  "BF2568 5A0A980011223344556677F8 91024F70 920150 930101 9403504E47 950100"
                  "B632 301B800204708115736D64702E6578616D706C652E636F6D3A38343433"
                  "     3013800204 50 810D 6E2E6578616D706C652E636F6D"
                  "B708 800300F110 8101AB 99020560 9F7B01FF 9F6701FF");
    bench.forbidden_pprs = 0x40; /* PPR1 */
    bench_success(bench_initiate(&bench));
    bench_expect(bench_authenticate(&bench), "8.2.5", "4.3");
    bench.forbidden_pprs = 0x10; /* PPR3 */
    bench_until_offered(&bench);
    bench_stop(&bench);
}
END_TEST

START_TEST(complains_about_metadata)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"serviceProviderName\":5}",
        "{\"serviceProviderName\":\"123456789012345678901234567890123\"}",
        "{\"profilename\":\"x\"}",
        "{\"profileClass\":\"operator\"}",
        "{\"ecallIndication\":1}",
        "{\"fallbackAllowed\":\"true\"}",
        "{\"pprs\":[\"ppr3\"]}",
        "{\"pprs\":\"ppr1\"}",
        "{\"notifications\":{}}",
        "{\"notifications\":[{\"events\":[\"enable\"]}]}",
        "{\"notifications\":[{\"address\":\"a\",\"events\":[]}]}",
        "{\"notifications\":[{\"address\":\"a\",\"events\":[\"enabled\"]}]}",
        "{\"icon\":\"nothing.png\"}",
        "{\"icon\":\"../icon.png\"}",
        "{\"icon\":\"demo.der\",\"iconType\":\"png\"}",
        "{\"icon\":\"demo.json\"}",
        "{\"iconType\":\"png\"}",
        "{\"owner\":{}}",
        "{\"owner\":{\"mccmnc\":\"00101\"}}",
        "{\"owner\":{\"mccmnc\":\"001-0A\"}}",
        "{\"owner\":{\"mccmnc\":\"001-01\",\"gid1\":\"x\"}}",
    };

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        unlink(test_path("profiles/demo.json"));
        smdpp_refresh_profiles(&bench.smdpp);
        ck_assert_str_eq(find("demo")->complaint, "");
        write_text("profiles/demo.json", bad[i]);
        smdpp_refresh_profiles(&bench.smdpp);
        ck_assert_msg(find("demo")->complaint[0] != '\0', "%s", bad[i]);
        ck_assert_ptr_null(profile_catalogue_by_name(bench.smdpp.catalogue, "demo"));
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(sees_the_directory_change)
{
    bench_start(&bench, EC_CURVE_P256);
    ck_assert_uint_eq(profile_catalogue_count(bench.smdpp.catalogue), 2);
    write_text("profiles/broken.der", "not a profile");
    write_text("profiles/empty.der", "");
    write_text("profiles/.hidden.der", "");
    write_text("profiles/readme.txt", "");
    mkdir(test_path("profiles/directory.der"), 0700);
    unlink(test_path("profiles/second_one.der"));
    smdpp_refresh_profiles(&bench.smdpp);
    ck_assert_uint_eq(profile_catalogue_count(bench.smdpp.catalogue), 4);
    ck_assert_ptr_null(find("second_one"));
    ck_assert(find("broken")->complaint[0] != '\0');
    ck_assert(find("empty")->complaint[0] != '\0');
    ck_assert(find("directory")->complaint[0] != '\0');
    bench.matching_id = "broken";
    bench_success(bench_initiate(&bench));
    bench_expect(bench_authenticate(&bench), "8.2.6", "3.8");
    bench.matching_id = "demo";
    /* What was offered is what is sent, or nothing. */
    bench_until_offered(&bench);
    write_text("profiles/demo.json", "{\"profileName\":\"another\"}");
    bench_expect(bench_prepare(&bench), "8.2", "3.7");
    bench_until_offered(&bench);
    unlink(test_path("profiles/demo.der"));
    bench_expect(bench_prepare(&bench), "8.2", "3.7");
    bench_stop(&bench);
}
END_TEST

/* A profile with an ICCID of each length is found in its directory, ordered with and without padding, and
 * reported as the card writes it. */
START_TEST(takes_iccids_of_every_length)
{
    static const char *const iccids[] = {"890011223344556677", "8900112233445566771", "89001122334455667712"};
    static const char *const padded[] = {"890011223344556677ff", "8900112233445566771F",
                                         "89001122334455667712"};

    for (size_t i = 0; i < sizeof(iccids) / sizeof(iccids[0]); i++) {
        struct span package = test_profile(iccids[i]);
        json_t *answer;
        FILE *file;

        bench_start(&bench, EC_CURVE_P256);
        file = fopen(test_path("profiles/length.der"), "wb");
        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fwrite(package.data, 1, package.size, file), package.size);
        ck_assert_int_eq(fclose(file), 0);
        smdpp_refresh_profiles(&bench.smdpp);
        ck_assert_ptr_nonnull(find("length"));
        ck_assert_str_eq(find("length")->complaint, "");
        ck_assert_str_eq(find("length")->iccid, iccids[i]);
        answer = bench_es2p(&bench, "downloadOrder", json_pack("{s:s}", "iccid", padded[i]));
        ck_assert_str_eq(json_string_value(json_object_get(answer, "iccid")), iccids[i]);
        json_decref(answer);
        ck_assert_str_eq(bench_order_state(&bench, iccids[i]), "allocated");
        bench_stop(&bench);
    }
}
END_TEST

/* --- What is remembered --------------------------------------------------------------------------------- */

START_TEST(remembers_orders_in_a_file)
{
    char why[DB_WHY_MAX];
    struct db *store;
    struct order order = {.iccid = BENCH_ICCID,
                          .profile = "demo",
                          .state = ORDER_RELEASED,
                          .matching_id = "ID",
                          .has_code = true};
    struct order read;

    memset(order.code_hash, 0xAB, sizeof(order.code_hash));
    order.wrong_codes = 2;
    order.expires = 12345;
    store = store_open(test_path("state.db"), why);
    ck_assert_msg(store != NULL, "%s", why);
    ck_assert(store_order_save(store, &order));
    db_close(store);
    store = store_open(test_path("state.db"), why);
    ck_assert_msg(store != NULL, "%s", why);
    ck_assert_int_eq(store_order_by_matching_id(store, "ID", &read), STORE_FOUND);
    ck_assert_int_eq(memcmp(&order, &read, sizeof(order)), 0);
    ck_assert_int_eq(store_order_by_matching_id(store, "", &read), STORE_NONE);
    ck_assert_int_eq(store_order_by_iccid(store, "1", &read), STORE_NONE);
    db_close(store);
    write_text(
        "state.txt",
        "This is a text of more than a hundred octets, so that SQLite finds that it is no database at all. "
        "It goes on for another line.");
    ck_assert_ptr_null(store_open(test_path("state.txt"), why));
    ck_assert_ptr_nonnull(strstr(why, "state.txt: not an SQLite file: file is not a database"));
    ck_assert_ptr_null(store_open(test_path("no/such/directory.db"), why));
    ck_assert_ptr_nonnull(strstr(why, "directory.db: cannot make it: No such file or directory"));
}
END_TEST

START_TEST(shows_itself)
{
    json_t *json;

    bench_start(&bench, EC_CURVE_P256);
    json = bench_get(&bench, "/");
    ck_assert_str_eq(json_string_value(json_object_get(json, "smdpAddress")), BENCH_ADDRESS);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "profiles")), 2);
    json_decref(json);
    json = bench_get(&bench, "/profiles");
    ck_assert_uint_eq(json_array_size(json), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json, 1), "matchingId")), "second-one");
    json_decref(json);
    bench_success(bench_es2p(&bench, "downloadOrder", json_pack("{s:s}", "iccid", BENCH_ICCID)));
    json = bench_get(&bench, "/orders");
    ck_assert_uint_eq(json_array_size(json), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json, 0), "state")), "allocated");
    json_decref(json);
    bench_stop(&bench);
}
END_TEST

/* --- Who it is ------------------------------------------------------------------------------------------ */

static struct ec_key *key_of(const struct test_entity *entity)
{
    struct buf der = {0};
    struct ec_key *key;

    ck_assert(ec_key_to_pkcs8(entity->key, &der));
    key = ec_key_from_private_der_or_pem(buf_span(&der));
    buf_free(&der);
    return key;
}

static struct cert *cert_of(const struct test_entity *entity)
{
    return cert_parse(buf_span(&entity->der), NULL);
}

START_TEST(checks_its_own_identity)
{
    struct test_ci ci, other;
    struct dp_server server = {0};
    const char *why = NULL;

    test_ci_make(&ci, EC_CURVE_P256);
    test_ci_make(&other, EC_CURVE_P256);
    ck_assert(!euicc_trust_add(&server.rsp.trust, cert_of(&ci.eum), &why));
    ck_assert(!euicc_trust_add(&server.rsp.trust, NULL, &why));
    ck_assert(euicc_trust_add(&server.rsp.trust, cert_of(&ci.ci), &why));
    const struct {
        const struct test_entity *auth_cert, *auth_key, *pb_cert, *pb_key;
    } bad[] = {
        {&ci.dp_auth, &ci.dp_pb, &ci.dp_pb, &ci.dp_pb},         /* another key */
        {&ci.dp_auth, &ci.dp_auth, &ci.dp2_pb, &ci.dp2_pb},     /* another OID */
        {&ci.dp_pb, &ci.dp_pb, &ci.dp_pb, &ci.dp_pb},           /* another role */
        {&ci.ds_auth, &ci.ds_auth, &ci.dp_pb, &ci.dp_pb},       /* an SM-DS */
        {&other.dp_auth, &other.dp_auth, &ci.dp_pb, &ci.dp_pb}, /* another CI */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dp_credentials credentials = {cert_of(bad[i].auth_cert), key_of(bad[i].auth_key),
                                             cert_of(bad[i].pb_cert), key_of(bad[i].pb_key)};

        ck_assert_msg(!dp_server_add_credentials(&server, credentials, &why), "case %zu", i);
        ck_assert_ptr_nonnull(why);
    }
    ck_assert(!dp_server_add_credentials(&server, (struct dp_credentials){0}, &why));
    ck_assert(dp_server_add_credentials(&server,
                                        (struct dp_credentials){cert_of(&ci.dp_auth), key_of(&ci.dp_auth),
                                                                cert_of(&ci.dp_pb), key_of(&ci.dp_pb)},
                                        &why));
    dp_server_clear(&server);
    test_ci_free(&ci);
    test_ci_free(&other);
}
END_TEST

/* --- Lists in pages ------------------------------------------------------------------------------------- */

#define ROWS 250

static int ask(const char *path, const char *query, json_t **json)
{
    const struct http_request request = {.method = "GET", .path = path, .query = query};
    struct http_answer answer;

    http_api_answer(&bench.smdpp, &request, &answer);
    *json = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);
    ck_assert_ptr_nonnull(*json);
    buf_free(&answer.body);
    return answer.code;
}

static void make_rows(void)
{
    for (int i = 0; i < ROWS; i++) {
        struct order order = {.state = ORDER_RELEASED, .created = ROWS - i};
        struct received_notification notification = {.operation = "enable"};
        char name[64];

        snprintf(order.iccid, sizeof(order.iccid), "89%017d", i * 7919 % ROWS);
        snprintf(order.profile, sizeof(order.profile), "p%d", i);
        ck_assert(store_order_save(bench.smdpp.store, &order));
        ck_assert(store_notification_add(bench.smdpp.store, &notification, SPAN("x", 1)));
        snprintf(name, sizeof(name), "profiles/%d%%&+.der", i);
        write_text(name, "");
    }
}

/* Reads a list in pages of this many rows; each row comes once, in the order of its key. */
static void read_in_pages(const char *path, const char *key, size_t limit, size_t rows)
{
    char query[256] = "";
    size_t found = 0;
    json_t *last = NULL, *page, *row;
    size_t i, size;

    do {
        snprintf(query, sizeof(query), "limit=%zu", limit);
        if (json_is_integer(last))
            snprintf(query, sizeof(query), "limit=%zu&after=%lld", limit,
                     (long long)json_integer_value(last));
        for (const char *at = json_string_value(last); at != NULL && *at != '\0'; at++)
            snprintf(query + strlen(query), sizeof(query) - strlen(query), "%s%%%02x",
                     at == json_string_value(last) ? "&after=" : "", (unsigned)(uint8_t)*at);
        ck_assert_int_eq(ask(path, query, &page), 200);
        size = json_array_size(page);
        ck_assert_uint_le(size, limit);
        json_array_foreach(page, i, row)
        {
            json_t *now = json_object_get(row, key);

            if (last != NULL &&
                (json_is_string(now) ? strcmp(json_string_value(now), json_string_value(last)) <= 0
                                     : json_integer_value(now) <= json_integer_value(last)))
                ck_abort_msg("%s?%s: out of order", path, query);
            json_decref(last);
            last = json_incref(now);
        }
        found += size;
        json_decref(page);
    } while (size == limit);
    json_decref(last);
    ck_assert_uint_eq(found, rows);
}

START_TEST(lists_in_pages)
{
    static const struct {
        const char *path, *key;
        size_t more;
    } lists[] = {{"/orders", "iccid", 0}, {"/notifications", "id", 0}, {"/profiles", "name", 2}};
    static const size_t limits[] = {1, 7, 100, ROWS - 1, ROWS, ROWS + 2, PAGE_ROWS_MAX};
    static const char *const bad[] = {
        "limit=0",         "limit=1001", "limit=-1",        "limit=x",           "limit=",    "limit",
        "limit=1&limit=2", "after=",     "after=1&after=2", "after=%0",          "after=%zz", "after=%00",
        "from=1",          "x",          "limit=1;after=2", "limit=%31%30%30%31"};
    json_t *json;

    bench_start(&bench, EC_CURVE_P256);
    make_rows();
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t k = 0; k < sizeof(limits) / sizeof(limits[0]); k++)
            read_in_pages(lists[i].path, lists[i].key, limits[k], ROWS + lists[i].more);
        ck_assert_int_eq(ask(lists[i].path, NULL, &json), 200);
        ck_assert_uint_eq(json_array_size(json), PAGE_ROWS_DEFAULT);
        json_decref(json);
        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            ck_assert_msg(ask(lists[i].path, bad[k], &json) == 400, "%s", bad[k]);
            json_decref(json);
        }
    }
    ck_assert_int_eq(ask("/notifications", "after=x", &json), 400);
    json_decref(json);
    ck_assert_int_eq(ask("/", "limit=1", &json), 400);
    json_decref(json);
    bench_stop(&bench);
}
END_TEST

TEST_MAIN("smdpp requests", refuses_at_the_door, refuses_parameters, survives_damage,
          takes_its_address_in_any_case, takes_its_address_with_and_without_port, counts_its_addresses,
          takes_clients_of_versions_two_and_three, doors_let_in_whom_they_are_for,
          refuses_other_major_versions, takes_metadata_from_json, complains_about_metadata,
          sees_the_directory_change, takes_iccids_of_every_length, remembers_orders_in_a_file, shows_itself,
          checks_its_own_identity, lists_in_pages)
