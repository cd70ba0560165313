/* `softeuicc create`: what the JSON beside a package says of the profile is what the card has. */
#include "config.h"

#include "tests/tools/create/create_bench.h"

#include "common/tool.h"
#include "tests/support/profile.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ICCID "8949000000000000106"

static struct test_ci ci;
static struct bench_set set;
static const char *package;

static void start(const char *json)
{
    if (set.ci == NULL) {
        test_ci_make(&ci, EC_CURVE_P256);
        bench_write_set(&set, &ci, "p256");
    }
    package = bench_file("made.der", test_profile(ICCID));
    bench_file("icon.png", SPAN_STRING("PNG"));
    if (json != NULL)
        bench_file("made.json", span_of_string(json));
    else
        unlink(bench_path("made.json"));
    unlink(bench_path("card.db"));
}

#define MAKE(...)                                                                                            \
    CREATE("--card", bench_path("card.db"), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key, \
           "--profile", package, __VA_ARGS__)

static void assert_made(const struct captured *captured)
{
    ck_assert_str_eq(captured->err, "");
    ck_assert_int_eq(captured->status, EXIT_OK);
}

#ifdef HAVE_JANSSON
/* The one value that a query of the card file gives. */
static const char *queried(const char *sql)
{
    static char text[1024];
    sqlite3 *database;
    sqlite3_stmt *row;

    ck_assert_int_eq(sqlite3_open(bench_path("card.db"), &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &row, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    sqlite3_close(database);
    return text;
}

static const char full[] =
    "{\"serviceProviderName\":\"Op\",\"profileName\":\"P\",\"profileClass\":\"provisioning\",\"pprs\":["
    "\"ppr2\"],"
    "\"notifications\":[{\"address\":\"n.example.com\",\"events\":[\"install\",\"delete\"]}],"
    "\"icon\":\"icon.png\",\"owner\":{\"mccmnc\":\"001-01\",\"gid1\":\"AB\"},\"fallbackAllowed\":true}";

START_TEST(everything_is_taken)
{
    struct captured captured;
    const char *facts;

    start(full);
    captured = MAKE(NULL);
    assert_made(&captured);
    facts = bench_facts(bench_path("card.db"));
    HAS(facts, "profiles.0.name=P");
    HAS(facts, "profiles.0.service_provider=Op");
    HAS(facts, "profiles.0.class=provisioning");
    HAS(facts, "profiles.0.ppr1=0");
    HAS(facts, "profiles.0.ppr2=1");
    HAS(facts, "profiles.0.fallback_allowed=1");
    HAS(facts, "profiles.0.ecall=0");
    ck_assert_str_eq(queried("SELECT hex(metadata) FROM profile"),
                     "BF25475A0A989400000000000001F691024F709201509301019403504E47950101"
                     "B615301380020490810D6E2E6578616D706C652E636F6D"
                     "B708800300F1108101AB990205209F6701FF");
}
END_TEST

/* Where it says nothing, an SM-DP+'s defaults: names of the package, an operational profile, nobody to hear.
 */
START_TEST(defaults)
{
    struct captured captured;
    const char *facts;

    start("{}");
    captured = MAKE(NULL);
    assert_made(&captured);
    facts = bench_facts(bench_path("card.db"));
    HAS(facts, "profiles.0.name=softeuicc profile");
    HAS(facts, "profiles.0.service_provider=softeuicc profile");
    HAS(facts, "profiles.0.class=operational");
    ck_assert_str_eq(queried("SELECT count(*) FROM notification_address"), "0");
}
END_TEST

START_TEST(the_command_line_wins)
{
    struct captured captured;
    const char *facts;

    start(full);
    captured = MAKE("--class", "operational", "--ecall");
    assert_made(&captured);
    facts = bench_facts(bench_path("card.db"));
    HAS(facts, "profiles.0.name=P");
    HAS(facts, "profiles.0.class=operational");
    HAS(facts, "profiles.0.ecall=1");
    HAS(facts, "profiles.0.fallback_allowed=1");
    start("{\"fallbackAllowed\":false,\"profileClass\":\"test\"}");
    captured = MAKE("--fallback-allowed");
    assert_made(&captured);
    facts = bench_facts(bench_path("card.db"));
    HAS(facts, "profiles.0.class=test");
    HAS(facts, "profiles.0.fallback_allowed=1");
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    static const struct {
        const char *json, *said;
    } cases[] = {
        {"", "made.json: line 1: "},
        {"[]", "made.json: it is not a JSON object"},
        {"{\"profileNaem\":\"x\"}", "made.json: profileNaem: there is no such member"},
        {"{\"owner\":{\"mccmnc\":\"001-01\",\"gid3\":\"\"}}",
         "made.json: owner.gid3: there is no such member"},
        {"{\"icon\":\"nothing.png\"}", "made.json: icon: cannot open nothing.png"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(cases[i].json);
        REFUSED(EXIT_FAILED, cases[i].said, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key,
                "--profile", package);
    }
    start("{\"ecallIndication\":true}");
    REFUSED(EXIT_FAILED, "profile 1: a consumer card has no Emergency Profile", "--personality", "consumer",
            "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key, "--profile", package);
    bench_file("made.der", SPAN_STRING("no package"));
    REFUSED(EXIT_FAILED, "profile 1: ", "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key,
            "--profile", package);
}
END_TEST
#else
START_TEST(it_is_not_passed_over)
{
    start("{}");
    REFUSED(EXIT_FAILED, "made.json: this build cannot read it (configured --without-jansson)", "--ci",
            set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key, "--profile", package);
}
END_TEST
#endif

/* Without it a package is taken as before. */
START_TEST(without_it)
{
    struct captured captured;
    const char *facts;

    start(NULL);
    captured = MAKE(NULL);
    assert_made(&captured);
    facts = bench_facts(bench_path("card.db"));
    HAS(facts, "profiles.0.name=softeuicc profile");
    HAS(facts, "profiles.0.service_provider=softeuicc");
}
END_TEST

#ifdef HAVE_JANSSON
TEST_MAIN("create_metadata", everything_is_taken, defaults, the_command_line_wins, what_is_wrong_is_named,
          without_it)
#else
TEST_MAIN("create_metadata", it_is_not_passed_over, without_it)
#endif
