/* `softeuicc profile show`: what it prints of packages that are known, in text and JSON; of a bad one, cut
 * anywhere, one line that names the place. */
#include "profiles/saip/saip.h"
#include "tests/support/capture.h"
#include "tests/support/edit.h"
#include "tests/support/hostile.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"
#include "tools/subcommands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ICCID        "8949000000000000017"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define show(...) capture_command(&subcommand_profile, "show", path, __VA_ARGS__, NULL)

static char path[256];

static void put(struct span package)
{
    FILE *file;

    snprintf(path, sizeof(path), "%s", test_path("package.der"));
    remove(path); /* a new one is faster than one that is overwritten */
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(package.data, 1, package.size, file), package.size);
    ck_assert_int_eq(fclose(file), 0);
}

static struct captured show_text(void)
{
    return capture_command(&subcommand_profile, "show", path, NULL);
}

/* The object that is printed; the caller releases it. */
static json_t *read_json(struct captured captured)
{
    json_t *object = json_loads(captured.out, 0, NULL);

    ck_assert_msg(captured.status == 0 && captured.err[0] == '\0' && object != NULL, "%s%s", captured.out,
                  captured.err);
    return object;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text != NULL, "no text '%s'", key);
    return text;
}

static json_int_t number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_integer(value), "no number '%s'", key);
    return json_integer_value(value);
}

/* The first of a list whose member `key` is this text. */
static const json_t *row_with(const json_t *list, const char *key, const char *text)
{
    size_t i;
    json_t *row;

    json_array_foreach(list, i, row)
    {
        if (strcmp(text_at(row, key), text) == 0)
            return row;
    }
    ck_abort_msg("no '%s' is '%s'", key, text);
    return NULL;
}

/* --- Good ones ------------------------------------------------------------------------------------------ */

START_TEST(facts)
{
    static const char *const head[] = {
        "Format:     2.3\n",
        "Type:       softeuicc profile\n",
        "ICCID:      " ICCID "\n",
        "Services:   usim, ",
        "Templates:  ",
        "Test keys:  no\n",
        "Files:      ",
        "Memory:     about ",
    };
    struct captured captured;
    const char *at;

    put(test_profile(ICCID));
    captured = show_text();
    ck_assert_int_eq(captured.status, 0);
    ck_assert_str_eq(captured.err, "");
    at = captured.out;
    for (size_t i = 0; i < COUNT(head); i++) {
        ck_assert_msg(strncmp(at, head[i], strlen(head[i])) == 0, "%s: %s", head[i], captured.out);
        at = strchr(at, '\n') + 1;
    }
    ck_assert_ptr_nonnull(
        strstr(captured.out, "\n  No  Id  Mandated  Size  Files  Element                Template\n"));
    ck_assert_ptr_null(strstr(captured.out, "3F00/"));
    put(test_profile_with_test_keys("89490000000000000025"));
    captured = show_text();
    ck_assert_ptr_nonnull(strstr(captured.out, "\nICCID:      89490000000000000025\n"));
    ck_assert_ptr_nonnull(strstr(captured.out, "\nTest keys:  only\n"));
}
END_TEST

/* Text and JSON say the same, and what the decoder says. */
START_TEST(facts_in_json)
{
    struct saip_package package;
    struct saip_failure failure;
    char line[100];
    json_t *object;
    json_t *elements;
    json_int_t files = 0;
    size_t i;
    json_t *row;
    struct captured text;

    put(test_profile(ICCID));
    ck_assert(saip_decode(test_profile(ICCID), &package, &failure));
    text = show_text();
    object = read_json(show("--json"));
    ck_assert_int_eq(number_at(object, "major_version"), package.major_version);
    ck_assert_int_eq(number_at(object, "minor_version"), package.minor_version);
    ck_assert_str_eq(text_at(object, "profile_type"), "softeuicc profile");
    ck_assert_str_eq(text_at(object, "iccid"), ICCID);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "services"), 0)), "usim");
    ck_assert(json_is_false(json_object_get(object, "test_keys_only")));
    ck_assert_int_eq(number_at(object, "file_count"), package.file_count);
    ck_assert_int_eq(number_at(object, "memory"), saip_memory_size(&package));
    ck_assert_ptr_null(json_object_get(object, "files"));
    snprintf(line, sizeof(line), "\nFiles:      %zu\nMemory:     about %zu octets on a card\n",
             package.file_count, saip_memory_size(&package));
    ck_assert_ptr_nonnull(strstr(text.out, line));
    elements = json_object_get(object, "elements");
    ck_assert_uint_eq(json_array_size(elements), package.count);
    json_array_foreach(elements, i, row)
    {
        ck_assert_str_eq(text_at(row, "name"), package.elements[i].name);
        ck_assert_int_eq(number_at(row, "size"), package.elements[i].whole.size);
        ck_assert_int_eq(json_is_true(json_object_get(row, "mandated")), package.elements[i].mandated);
        ck_assert(json_is_true(json_object_get(row, "supported")));
        if (package.elements[i].has_identification)
            ck_assert_int_eq(number_at(row, "identification"), package.elements[i].identification);
        files += number_at(row, "files");
    }
    ck_assert_int_eq(files, package.file_count);
    ck_assert_str_eq(text_at(row_with(elements, "name", "usim"), "template"), "2.23.143.1.2.4");
    ck_assert_ptr_null(json_object_get(row_with(elements, "name", "header"), "template"));
    ck_assert_ptr_null(json_object_get(row_with(elements, "name", "header"), "identification"));
    saip_free(&package);
    json_decref(object);
}
END_TEST

START_TEST(files)
{
    struct captured captured;
    const json_t *file;
    json_t *object;
    json_t *list;
    unsigned lines = 0;

    put(test_profile(ICCID));
    captured = show("--files");
    ck_assert_int_eq(captured.status, 0);
    ck_assert_ptr_nonnull(strstr(captured.out,
                                 "\nFile                 Kind              Size  SFI  Rule    Name\n"
                                 "3F00                 MF                           0E      mf\n"));
    ck_assert_ptr_nonnull(
        strstr(captured.out, "\n3F00/2FE2            transparent         10       0B      ef-iccid\n"));
    ck_assert_ptr_nonnull(
        strstr(captured.out, "\n3F00/7FF1/6F07       transparent          9    7  02      ef-imsi\n"));
    ck_assert_ptr_nonnull(
        strstr(captured.out, "\n3F00/7F10/5F3A/4F58  linear fixed   50 x 32    1  05      ef-adn\n"));
    object = read_json(show("--files", "--json"));
    list = json_object_get(object, "files");
    ck_assert_int_eq(json_array_size(list), number_at(object, "file_count"));
    for (const char *c = strstr(captured.out, "\n3F00 "); c != NULL; c = strstr(c + 1, "\n3F00"))
        lines++;
    ck_assert_uint_eq(lines, json_array_size(list));
    file = row_with(list, "name", "ef-imsi");
    ck_assert_str_eq(text_at(file, "path"), "3F00/7FF1/6F07");
    ck_assert_str_eq(text_at(file, "kind"), "transparent");
    ck_assert_str_eq(text_at(file, "access_rule"), "02");
    ck_assert_int_eq(number_at(file, "size"), 9);
    ck_assert_int_eq(number_at(file, "sfi"), 7);
    ck_assert_ptr_null(json_object_get(file, "record_size"));
    ck_assert_ptr_null(json_object_get(file, "link"));
    file = row_with(list, "path", "3F00");
    ck_assert_ptr_null(json_object_get(file, "size"));
    ck_assert_ptr_null(json_object_get(file, "sfi"));
    file = row_with(list, "name", "ef-adn");
    ck_assert_int_gt(number_at(file, "record_size"), 0);
    ck_assert_int_eq(number_at(file, "size") % number_at(file, "record_size"), 0);
    json_decref(object);
}
END_TEST

/* An element that this card does not know, and may leave out, is said to be left out. */
START_TEST(elements_that_are_skipped)
{
    json_t *object;

    put(test_profile_with_element(ICCID, 0xBF7F, false, SPAN("", 0)));
    ck_assert_ptr_nonnull(strstr(show_text().out, "(not supported: skipped)\n"));
    object = read_json(show("--json"));
    ck_assert(json_is_false(
        json_object_get(row_with(json_object_get(object, "elements"), "name", "unknown"), "supported")));
    json_decref(object);
}
END_TEST

/* The header's type is free text: it commands no terminal, and JSON takes it. */
START_TEST(hostile_types)
{
    static const char *const types[][2] = {{"\x1B[2Jx\xC2\x9B"
                                            "1m",
                                            "?[2Jx?"
                                            "?1m"},
                                           {"a\xE9z\n", "a?z?"},
                                           {"\xC3\xA9", "\xC3\xA9"}};

    for (size_t i = 0; i < COUNT(types); i++) {
        struct saip_recipe recipe = saip_recipe_default();
        char line[100];
        json_t *object;

        recipe.profile_type = types[i][0];
        put(test_profile_from(&recipe));
        snprintf(line, sizeof(line), "\nType:       %s\n", types[i][1]);
        ck_assert_ptr_nonnull(strstr(show_text().out, line));
        object = read_json(show("--json"));
        ck_assert_str_eq(text_at(object, "profile_type"), types[i][1]);
        json_decref(object);
    }
}
END_TEST

/* Whatever a package or a path is called. */
START_TEST(hostile_texts_of_packages)
{
    size_t lines = 0;

    put(test_profile(ICCID));
    for (const char *at = show_text().out; *at != '\0'; at++)
        lines += *at == '\n';
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        struct saip_recipe recipe = saip_recipe_default();

        recipe.profile_type = hostile_texts[i];
        put(test_profile_from(&recipe));
        ck_assert_harmless(show_text().out, lines);
        ck_assert_harmless(capture_command(&subcommand_profile, "show", hostile_texts[i], NULL).err, 1);
    }
}
END_TEST

/* --- Bad ones ----------------------------------------------------------------------------------------- */

/* One line, of the file and the octet in it; nothing else, but the same for a program that asked for JSON. */
static void assert_fault(struct captured captured, size_t size)
{
    char begin[300];
    const char *octet;
    char *end;

    ck_assert_int_eq(captured.status, 1);
    snprintf(begin, sizeof(begin), "{\"error\":{\"message\":\"%s: octet ", path);
    ck_assert_msg(captured.out[0] == '\0' || strncmp(captured.out, begin, strlen(begin)) == 0, "%s",
                  captured.out);
    snprintf(begin, sizeof(begin), "softeuicc profile: %s: ", path);
    ck_assert_msg(strncmp(captured.err, begin, strlen(begin)) == 0, "%s", captured.err);
    ck_assert_ptr_eq(strchr(captured.err, '\n'), captured.err + strlen(captured.err) - 1);
    octet = strstr(captured.err, "octet ");
    ck_assert_msg(octet != NULL, "%s", captured.err);
    ck_assert_msg(strtoul(octet + 6, &end, 10) <= size && strncmp(end, ": ", 2) == 0, "%zu: %s", size,
                  captured.err);
    for (const char *c = captured.err; c[1] != '\0'; c++)
        ck_assert((unsigned char)*c >= 0x20);
}

START_TEST(every_cut)
{
    const struct span whole = test_profile(ICCID);

    for (size_t size = 0; size < whole.size; size++) {
        put(SPAN(whole.data, size));
        assert_fault(size % 2 == 0 ? show_text() : show("--files", "--json"), size);
    }
}
END_TEST

/* Every octet changed: it is taken, or refused in one line. */
START_TEST(every_octet)
{
    struct buf octets = {0};
    unsigned refused = 0;

    buf_append(&octets, test_profile(ICCID));
    for (size_t i = 0; i < octets.size; i++) {
        struct captured captured;

        octets.data[i] ^= 0x81;
        put(buf_span(&octets));
        octets.data[i] ^= 0x81;
        captured = show("--files");
        refused += captured.status == 1;
        if (captured.status != 0)
            assert_fault(captured, octets.size);
        else
            ck_assert_str_eq(captured.err, "");
    }
    ck_assert_uint_gt(refused, octets.size / 4);
    buf_free(&octets);
}
END_TEST

START_TEST(places)
{
    struct buf octets = {0};
    char line[400];

    buf_append(&octets, test_profile(ICCID));
    put(SPAN("", 0));
    snprintf(line, sizeof(line),
             "softeuicc profile: %s: octet 0: the package has no end (invalid request format)\n", path);
    ck_assert_captured(show_text(), 1, "", line);
    octets.data[4] = 5; /* major-version */
    put(buf_span(&octets));
    snprintf(line, sizeof(line),
             "softeuicc profile: %s: element header, octet 4: major-version 5 is not 2 or 3 (unsupported "
             "profile version)\n",
             path);
    ck_assert_captured(show_text(), 1, "", line);
    put(test_profile_with_element(ICCID, 0xBF7F, true, SPAN("", 0)));
    ck_assert_int_eq(show_text().status, 1);
    ck_assert_msg(strstr(show_text().err, "element unknown (identification 99), octet ") != NULL, "%s",
                  show_text().err);
    /* The element is named once. */
    edit_set(&octets, test_profile(ICCID));
    edit_value(&octets, EDIT_PATH(0xA6, 0xA1, 0x82), hex("00"));
    put(buf_span(&octets));
    snprintf(line, sizeof(line), "%s", show_text().err);
    ck_assert_msg(
        strstr(line, "element securityDomain (identification 16), octet ") != NULL &&
            strstr(line, ": applicationPrivileges 000000 are not a security domain's (bad values)") != NULL &&
            strstr(line, "securityDomain: ") == NULL,
        "%s", line);
    buf_free(&octets);
}
END_TEST

START_TEST(usage)
{
#define SEE " (see 'softeuicc profile show --help')\n"
    char line[400];

    put(test_profile(ICCID));
    ck_assert_captured(capture_command(&subcommand_profile, "show", NULL), 2, "",
                       "softeuicc profile show: show takes FILE.der" SEE);
    ck_assert_captured(show("more"), 2, "", "softeuicc profile show: 'more' is one argument too many" SEE);
    ck_assert_captured(show("--file=x"), 2, "", "softeuicc profile show: '--file' takes no value" SEE);
    snprintf(path, sizeof(path), "%s", test_path("none.der"));
    snprintf(line, sizeof(line), "softeuicc profile: cannot open %s: No such file or directory\n", path);
    ck_assert_captured(show_text(), 1, "", line);
    snprintf(path, sizeof(path), "/dev/zero");
    ck_assert_captured(show_text(), 1, "", "softeuicc profile: /dev/zero is a device, not a file\n");
}
END_TEST

TEST_MAIN("profile_show", facts, facts_in_json, files, elements_that_are_skipped, hostile_types,
          hostile_texts_of_packages, every_cut, every_octet, places, usage)
