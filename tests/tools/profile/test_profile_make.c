/* `softeuicc profile make`: what it writes is what was asked for, as the decoder of the card reads it; what
 * is refused is named, and nothing is written then. */
#include "profiles/saip/saip_build.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"
#include "tools/subcommands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define make(...) capture_command(&subcommand_profile, "make", "--out", package_path, __VA_ARGS__, NULL)

static char package_path[256], metadata_path[256];

static void start(void)
{
    snprintf(package_path, sizeof(package_path), "%s", test_path("made.der"));
    snprintf(metadata_path, sizeof(metadata_path), "%s", test_path("made.json"));
    remove(package_path);
    remove(metadata_path);
}

/* The package that lies there, decoded. The caller frees. */
static struct saip_package read_package(void)
{
    struct saip_package package;
    struct saip_failure failure;

    ck_assert_msg(saip_decode(test_read_file(package_path), &package, &failure), "%s", failure.reason);
    return package;
}

/* The content of the first element with this name; empty when there is none. */
static struct span element(const struct saip_package *package, const char *name)
{
    for (size_t i = 0; i < package->count; i++) {
        if (strcmp(package->elements[i].name, name) == 0)
            return package->elements[i].value;
    }
    return SPAN("", 0);
}

struct wanted {
    const char *name;
    struct buf content;
    size_t count;
};

static bool take_content(void *context, const struct saip_file *file, bool update)
{
    struct wanted *wanted = context;

    if (!update && strcmp(file->name, wanted->name) == 0 && wanted->count++ == 0)
        saip_file_content(file, &wanted->content);
    return true;
}

/* What is in the first file with this name. */
static struct span content(const struct saip_package *package, const char *name)
{
    struct wanted wanted = {.name = name};
    struct buf *kept = test_buf();

    ck_assert(saip_visit(package, take_content, NULL, &wanted));
    ck_assert_msg(wanted.count > 0, "there is no %s", name);
    buf_append(kept, buf_span(&wanted.content));
    buf_free(&wanted.content);
    return buf_span(kept);
}

static bool has(struct span whole, struct span part)
{
    return memmem(whole.data, whole.size, part.data, part.size) != NULL;
}

/* --- What it writes ----------------------------------------------------------------------------------- */

START_TEST(defaults)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_package package;
    struct captured captured;
    struct stat status;
    char line[400];

    start();
    captured = capture_command(&subcommand_profile, "make", "--out", package_path, NULL);
    ck_assert_int_eq(stat(package_path, &status), 0);
    snprintf(line, sizeof(line), "%s: %lld octets, ICCID 8900112233445566778, IMSI 001010123456789\n",
             package_path, (long long)status.st_size);
    ck_assert_captured(captured, 0, line, "");
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_ne(access(metadata_path, F_OK), 0);
    package = read_package();
    ck_assert_hex(SPAN_ARRAY(package.iccid), "980011223344556677F8");
    ck_assert_str_eq(package.profile_type, "softeuicc profile");
    ck_assert(!saip_has_only_test_keys(&package));
    ck_assert_uint_gt(element(&package, "isim").size, 0);
    ck_assert_hex(content(&package, "ef-imsi"), "08 09 10 10 10 32 54 76 98");
    ck_assert(has(element(&package, "akaParameter"), SPAN(recipe.key, 16)));
    saip_free(&package);
}
END_TEST

START_TEST(identity)
{
    struct saip_package package;

    start();
    ck_assert_int_eq(make("--iccid", "89001122334455667788", "--imsi", "310150123456789", "--mnc-length", "3",
                          "--msisdn", "+49301234567", "--name", "Zug\xC3\xA4nge", "--operator", "An operator",
                          "--size", "70000")
                         .status,
                     0);
    package = read_package();
    ck_assert_hex(SPAN_ARRAY(package.iccid), "98001122334455667788");
    ck_assert_str_eq(package.profile_type, "Zug\xC3\xA4nge");
    ck_assert_hex(content(&package, "ef-imsi"), "08 39 01 51 10 32 54 76 98");
    ck_assert_uint_eq(content(&package, "ef-ad").data[3], 3); /* digits of the MNC */
    ck_assert(has(content(&package, "ef-spn"), SPAN_STRING("An operator")));
    ck_assert(has(content(&package, "ef-msisdn"), hex("07 91 94 03 21 43 65 F7")));
    ck_assert_uint_gt(saip_memory_size(&package), 70000);
    saip_free(&package);
    ck_assert_int_eq(make("--msisdn", "none", "--no-isim").status, 0);
    package = read_package();
    ck_assert(!has(content(&package, "ef-msisdn"), hex("91")));
    ck_assert_uint_eq(element(&package, "isim").size, 0);
    ck_assert_uint_lt(saip_memory_size(&package), 70000);
    saip_free(&package);
}
END_TEST

START_TEST(iccids)
{
    static const struct {
        const char *given, *shown, *octets;
    } cases[] = {
        {"890011223344556677", "890011223344556677", "980011223344556677FF"},
        {"890011223344556677FF", "890011223344556677", "980011223344556677FF"},
        {"8900112233445566778f", "8900112233445566778", "980011223344556677F8"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct captured captured;
        struct saip_package package;
        char part[64];

        start();
        captured = make("--iccid", cases[i].given);
        ck_assert_int_eq(captured.status, 0);
        snprintf(part, sizeof(part), ", ICCID %s, ", cases[i].shown);
        ck_assert_ptr_nonnull(strstr(captured.out, part));
        package = read_package();
        ck_assert_hex(SPAN_ARRAY(package.iccid), cases[i].octets);
        saip_free(&package);
        captured = capture_command(&subcommand_profile, "show", package_path, NULL);
        snprintf(part, sizeof(part), "\nICCID:      %s\n", cases[i].shown);
        ck_assert_ptr_nonnull(strstr(captured.out, part));
    }
}
END_TEST

START_TEST(keys_and_codes)
{
    static const char k[] = "000102030405060708090A0B0C0D0E0F";
    static const char opc[] = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    static const char ota[] = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF";
    struct saip_package package;
    struct span codes;

    start();
    ck_assert_int_eq(make("--k", k, "--opc", opc, "--ota-key", ota, "--pin1", "4321", "--pin2", "98765432",
                          "--puk1", "11112222", "--puk2", "33334444", "--adm1", "55556666")
                         .status,
                     0);
    package = read_package();
    ck_assert(has(element(&package, "akaParameter"), hex(k)));
    ck_assert(has(element(&package, "akaParameter"), hex(opc)));
    ck_assert(has(element(&package, "securityDomain"), hex(ota)));
    codes = package.der;
    ck_assert(has(codes, hex("34333231FFFFFFFF")));
    ck_assert(has(codes, SPAN_STRING("98765432")));
    ck_assert(has(codes, SPAN_STRING("11112222")));
    ck_assert(has(codes, SPAN_STRING("33334444")));
    ck_assert(has(codes, SPAN_STRING("55556666")));
    saip_free(&package);
}
END_TEST

/* pinAttributes of PIN1 (TCA 8.5.3): it may be changed and disabled, and is not enabled; all three are the
 * default. */
START_TEST(enabled_pin)
{
    const struct span disabled = hex("8001 01 8108 31323334FFFFFFFF 8201 01 8301 06");
    struct saip_package package;

    start();
    ck_assert_int_eq(make("--pin1", "1234").status, 0);
    package = read_package();
    ck_assert(has(element(&package, "pinCodes"), disabled));
    saip_free(&package);
    ck_assert_int_eq(make("--pin1", "1234", "--enable-pin").status, 0);
    package = read_package();
    ck_assert(!has(element(&package, "pinCodes"), disabled));
    ck_assert(has(element(&package, "pinCodes"), SPAN(disabled.data, disabled.size - 3)));
    saip_free(&package);
}
END_TEST

START_TEST(algorithms)
{
    static const char k32[] = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    static const char topc[] = "202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F";
    struct saip_package package;

    start();
    ck_assert_int_eq(make("--algorithm", "tuak", "--k", k32, "--opc", topc).status, 0);
    package = read_package();
    ck_assert(has(element(&package, "akaParameter"), hex(k32)));
    ck_assert(has(element(&package, "akaParameter"), hex(topc)));
    saip_free(&package);
    ck_assert_int_eq(make("--algorithm", "tuak").status, 0); /* the test value, filled up */
    package = read_package();
    ck_assert(has(element(&package, "akaParameter"),
                  hex("CD63CB71954A9F4E48A5994E37A02BAF 00000000000000000000000000000000")));
    saip_free(&package);
    ck_assert_int_eq(make("--algorithm", "test").status, 0);
    package = read_package();
    ck_assert(saip_has_only_test_keys(&package));
    saip_free(&package);
    ck_assert_int_eq(make("--class", "test").status, 0);
    package = read_package();
    ck_assert(saip_has_only_test_keys(&package));
    saip_free(&package);
    ck_assert_int_eq(make("--class", "test", "--algorithm", "milenage").status, 0);
    package = read_package();
    ck_assert(!saip_has_only_test_keys(&package));
    saip_free(&package);
}
END_TEST

static void assert_metadata(const char *text)
{
    json_error_t error;
    const struct span file = test_read_file(metadata_path);
    json_t *have = json_loadb((const char *)file.data, file.size, 0, &error);
    json_t *want = json_loads(text, 0, &error);

    ck_assert_ptr_nonnull(have);
    ck_assert_msg(want != NULL, "%s", error.text);
    ck_assert_msg(json_equal(have, want), "%.*s", (int)file.size, (const char *)file.data);
    ck_assert_uint_eq(file.data[file.size - 1], '\n');
    json_decref(have);
    json_decref(want);
}

START_TEST(metadata)
{
    struct stat status;

    start();
    ck_assert_int_eq(make("--metadata").status, 0);
    assert_metadata(
        "{\"serviceProviderName\": \"softeuicc\", \"profileName\": \"softeuicc profile\", \"profileClass\": "
        "\"operational\", \"owner\": {\"mccmnc\": \"001-01\"}, \"pprs\": []}");
    ck_assert_int_eq(stat(metadata_path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0644);
    ck_assert_int_eq(make("--metadata", "--imsi", "310150123456789", "--mnc-length", "3", "--class",
                          "provisioning", "--ppr", "2", "--ppr", "1", "--notify", "rsp.example.com", "--icon",
                          "a/logo.jpeg", "--fallback-allowed", "--ecall", "--name", "N", "--operator", "O")
                         .status,
                     0);
    assert_metadata(
        "{\"serviceProviderName\": \"O\", \"profileName\": \"N\", \"profileClass\": \"provisioning\", "
        "\"owner\": {\"mccmnc\": \"310-150\"}, \"pprs\": [\"ppr1\", \"ppr2\"], \"notifications\": "
        "[{\"address\": \"rsp.example.com\", \"events\": [\"install\", \"enable\", \"disable\", "
        "\"delete\"]}],"
        "\"ecallIndication\": true, \"fallbackAllowed\": true, \"icon\": \"a/logo.jpeg\", \"iconType\": "
        "\"jpg\"}");
    ck_assert_int_eq(make("--metadata", "--class", "test", "--ppr", "2", "--icon", "logo.png").status, 0);
    assert_metadata(
        "{\"serviceProviderName\": \"softeuicc\", \"profileName\": \"softeuicc profile\", \"profileClass\": "
        "\"test\", \"owner\": {\"mccmnc\": \"001-01\"}, \"pprs\": [\"ppr2\"], \"icon\": \"logo.png\", "
        "\"iconType\": \"png\"}");
    ck_assert_int_eq(make("--metadata", "--icon", "logo.jpg", "--ppr", "1").status, 0);
    assert_metadata(
        "{\"serviceProviderName\": \"softeuicc\", \"profileName\": \"softeuicc profile\", \"profileClass\": "
        "\"operational\", \"owner\": {\"mccmnc\": \"001-01\"}, \"pprs\": [\"ppr1\"], \"icon\": \"logo.jpg\", "
        "\"iconType\": \"jpg\"}");
}
END_TEST

/* Beside the package, whatever that is called. */
START_TEST(metadata_path_of_others)
{
    static const char *const names[][2] = {
        {"x", "x.json"}, {"x.der.bin", "x.der.bin.json"}, {".der", ".json"}};

    start();
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(package_path, sizeof(package_path), "%s", test_path(names[i][0]));
        ck_assert_int_eq(make("--metadata").status, 0);
        ck_assert_int_eq(access(package_path, F_OK), 0);
        ck_assert_msg(access(test_path(names[i][1]), F_OK) == 0, "%s", names[i][1]);
        remove(test_path(names[i][1]));
        remove(package_path);
    }
}
END_TEST

/* --- What it refuses ---------------------------------------------------------------------------------- */

START_TEST(bad_values)
{
    static const char long_name[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "5678901234567890";
    static const struct {
        const char *option, *value, *line;
    } rows[] = {
        {"--iccid", "89001122334455667", "the ICCID is not 18 to 20 digits"},
        {"--iccid", "890011223344556677881", "the ICCID is not 18 to 20 digits"},
        {"--iccid", "8900112233445566778x", "the ICCID is not 18 to 20 digits"},
        {"--imsi", "00101", "the IMSI is not 6 to 15 digits"},
        {"--imsi", "0010101234567891", "the IMSI is not 6 to 15 digits"},
        {"--imsi", "", "the IMSI is not 6 to 15 digits"},
        {"--mnc-length", "1", "--mnc-length is not a number from 2 to 3: 1"},
        {"--mnc-length", "4", "--mnc-length is not a number from 2 to 3: 4"},
        {"--msisdn", "+", "the phone number is not 1 to 20 digits"},
        {"--msisdn", "123456789012345678901", "the phone number is not 1 to 20 digits"},
        {"--name", "", "the profile type does not have 1 to 100 octets"},
        {"--name", long_name, "the profile type does not have 1 to 100 octets"},
        {"--name", "\xFF", "--name is not UTF-8"},
        {"--name", "a\xC3", "--name is not UTF-8"},
        {"--operator", "", "the operator name is not 1 to 16 letters, digits, spaces or any of &'()+,-./:"},
        {"--operator", "12345678901234567",
         "the operator name is not 1 to 16 letters, digits, spaces or any of &'()+,-./:"},
        {"--operator", "a_b",
         "the operator name is not 1 to 16 letters, digits, spaces or any of &'()+,-./:"},
        {"--algorithm", "comp128", "--algorithm is not milenage, tuak or test: comp128"},
        {"--algorithm", "", "--algorithm is not milenage, tuak or test: "},
        {"--k", "00zz", "--k: not hexadecimal at character 3"},
        {"--k", "000", "--k: not hexadecimal at character 4"},
        {"--k", "00", "--k: 1 octets, not 16 or 32"},
        {"--k", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
         "the key K does not have 16 octets (or 32 for TUAK)"},
        {"--opc", "", "--opc: 0 octets, not 16 or 32"},
        {"--opc", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
         "OPc does not have 16 octets"},
        {"--ota-key", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
         "--ota-key: 32 octets, not 16"},
        {"--pin1", "123", "a PIN is not 4 to 8 digits"},
        {"--pin2", "123456789", "a PIN is not 4 to 8 digits"},
        {"--puk1", "1234567", "a PUK is not 8 digits"},
        {"--puk2", "1234567x", "a PUK is not 8 digits"},
        {"--adm1", "123", "the administrative code is not 4 to 8 digits"},
        {"--size", "much", "--size is not a number of octets from 0 on: much"},
        {"--size", "9223372036854775807", "the extra files are too large"},
        {"--class", "other", "--class is not operational, test or provisioning: other"},
        {"--ppr", "3", "--ppr is not 1 or 2: 3"},
        {"--ppr", "12", "--ppr is not 1 or 2: 12"},
        {"--notify", "\xE9", "--notify is not UTF-8"},
        {"--icon", "logo", "--icon is neither .png nor .jpg: logo"},
        {"--icon", "logo.png.gif", "--icon is neither .png nor .jpg: logo.png.gif"},
        {"--icon", "\xE9.png", "--icon is not UTF-8"},
    };

    start();
    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[300];

        snprintf(line, sizeof(line), "softeuicc profile make: %s (see 'softeuicc profile make --help')\n",
                 rows[i].line);
        ck_assert_captured(make("--metadata", rows[i].option, rows[i].value), 2, "", line);
        ck_assert_int_ne(access(package_path, F_OK), 0);
        ck_assert_int_ne(access(metadata_path, F_OK), 0);
    }
}
END_TEST

START_TEST(usage)
{
#define SEE(command) " (see 'softeuicc profile" command " --help')\n"
    start();
    ck_assert_captured(capture_command(&subcommand_profile, "make", NULL), 2, "",
                       "softeuicc profile make: --out is missing" SEE(" make"));
    ck_assert_captured(make("more"), 2, "",
                       "softeuicc profile make: 'more' is one argument too many" SEE(" make"));
    ck_assert_captured(make("--wrong"), 2, "",
                       "softeuicc profile make: there is no option '--wrong'" SEE(" make"));
    ck_assert_captured(capture_command(&subcommand_profile, "burn", NULL), 2, "",
                       "softeuicc profile: there is no command 'burn'" SEE(""));
    ck_assert_captured(capture_command(&subcommand_profile, NULL), 2, "",
                       "softeuicc profile: a command is missing" SEE(""));
    ck_assert_int_ne(access(package_path, F_OK), 0);
}
END_TEST

/* --- What cannot be written --------------------------------------------------------------------------- */

START_TEST(places_that_do_not_take_it)
{
    char line[400];

    start();
    snprintf(package_path, sizeof(package_path), "%s", test_path("no/such/directory.der"));
    snprintf(line, sizeof(line), "softeuicc profile: cannot write %s: No such file or directory\n",
             package_path);
    ck_assert_captured(make("--metadata"), 1, "", line);
    /* A directory where the metadata would be: then there is no package either. */
    start();
    ck_assert_int_eq(mkdir(metadata_path, 0700), 0);
    snprintf(line, sizeof(line), "softeuicc profile: cannot write %s: it is a directory, not a file\n",
             metadata_path);
    ck_assert_captured(make("--metadata"), 1, "", line);
    ck_assert_int_ne(access(package_path, F_OK), 0);
    ck_assert_int_eq(make("--no-isim").status, 0); /* without metadata it is no matter */
    ck_assert_int_eq(access(package_path, F_OK), 0);
    ck_assert_int_eq(rmdir(metadata_path), 0);
    /* What lies there already stays as it is. */
    ck_assert_captured(
        make("--imsi", "1"), 2, "",
        "softeuicc profile make: the IMSI is not 6 to 15 digits (see 'softeuicc profile make --help')\n");
    ck_assert_int_eq(access(package_path, F_OK), 0);
}
END_TEST

TEST_MAIN("profile_make", defaults, identity, iccids, keys_and_codes, enabled_pin, algorithms, metadata,
          metadata_path_of_others, bad_values, usage, places_that_do_not_take_it)
