/*
 * profiles/saip*.c on good packages: what is decoded, which files come of it and with what content, what is
 * skipped, and what the card answers; on packages of our own builder and, where they are at hand, GSMA's
 * TS.48.
 */
#include "apdu/tlv.h"
#include "profiles/saip/saip.h"
#include "tests/support/edit.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define PATH(...) ((const uint32_t[]){__VA_ARGS__, 0})

static struct saip_package decode(struct span der)
{
    struct saip_package package;
    struct saip_failure failure;

    if (!saip_decode(der, &package, &failure))
        ck_abort_msg("%s at %zu (element %X): %s", saip_result_name(failure.result), failure.offset,
                     (unsigned)failure.tag, failure.reason);
    return package;
}

static enum saip_result refusal(struct span der)
{
    struct saip_package package;
    struct saip_failure failure;

    ck_assert(!saip_decode(der, &package, &failure));
    return failure.result;
}

/* --- looking a file up --- */

struct search {
    const char *path; /* "7FF1/6F07", below MF */
    uint16_t parents[SAIP_FILES_MAX], fids[SAIP_FILES_MAX];
    struct saip_file found;
    bool has_found;
    struct span update;
    size_t count;
};

static void path_of(const struct search *search, uint16_t number, char *out, size_t size)
{
    char above[64] = "";

    if (search->parents[number] == SAIP_NO_PARENT) {
        out[0] = '\0';
        return;
    }
    path_of(search, search->parents[number], above, sizeof(above));
    snprintf(out, size, "%.40s%s%04X", above, above[0] != '\0' ? "/" : "", search->fids[number]);
}

static bool look(void *context, const struct saip_file *file, bool update)
{
    struct search *search = context;
    char path[64];

    if (!update) {
        ck_assert_uint_eq(file->number, search->count);
        search->count++;
        search->parents[file->number] = file->parent;
        search->fids[file->number] = file->fid;
    }
    path_of(search, file->number, path, sizeof(path));
    if (strcmp(path, search->path) != 0)
        return true;
    if (update) {
        search->update = file->fills;
    } else {
        search->found = *file;
        search->has_found = true;
    }
    return true;
}

static struct saip_file find_file(const struct saip_package *package, const char *path)
{
    static struct search search;

    search = (struct search){.path = path};
    ck_assert(saip_visit(package, look, NULL, &search));
    ck_assert_uint_eq(search.count, package->file_count);
    ck_assert_msg(search.has_found, "no file %s", path);
    return search.found;
}

static struct span content_of(const struct saip_package *package, const char *path)
{
    struct saip_file file = find_file(package, path);
    struct buf *content = test_buf();

    saip_file_content(&file, content);
    if (file.kind != SAIP_FILE_BER_TLV)
        ck_assert_uint_eq(content->size, file.size);
    return buf_span(content);
}

/* --- our own packages --- */

START_TEST(header_facts_come_out)
{
    struct saip_package package = decode(test_profile("8900112233445566778"));

    ck_assert_uint_eq(package.major_version, 2);
    ck_assert_uint_eq(package.minor_version, 3);
    ck_assert_str_eq(package.profile_type, "softeuicc profile");
    ck_assert_hex(SPAN_ARRAY(package.iccid), "980011223344556677F8");
    ck_assert_uint_eq(package.services, 1 << 1 | 1 << 2 | 1 << 4);
    ck_assert_uint_eq(package.template_count, 7);
    ck_assert_uint_eq(package.count, 19);
    ck_assert_str_eq(package.elements[0].name, "header");
    ck_assert(!package.elements[0].has_identification);
    ck_assert_str_eq(package.elements[6].name, "usim");
    ck_assert(package.elements[6].mandated && package.elements[6].supported);
    ck_assert_uint_eq(package.elements[6].identification, 6);
    ck_assert_uint_eq(package.elements[6].template->arc, 4);
    ck_assert_uint_eq(package.elements[18].tag, SAIP_END);
    saip_free(&package);
    ck_assert_ptr_null(package.elements);
    ck_assert_uint_eq(package.count, 0);
}
END_TEST

START_TEST(iccids_of_every_length)
{
    static const struct {
        const char *text, *octets;
    } cases[] = {
        {"890011223344556677", "980011223344556677FF"},
        {"8900112233445566778", "980011223344556677F8"},
        {"8900112233445566778F", "980011223344556677F8"},
        {"89001122334455667788", "98001122334455667788"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct saip_package package = decode(test_profile(cases[i].text));

        ck_assert_hex(SPAN_ARRAY(package.iccid), cases[i].octets);
        ck_assert_hex(content_of(&package, "2FE2"), cases[i].octets);
        saip_free(&package);
    }
}
END_TEST

START_TEST(files_have_what_template_and_package_say)
{
    struct saip_package package = decode(test_profile("8900112233445566778"));
    struct saip_file file;

    file = find_file(&package, "");
    ck_assert_int_eq(file.kind, SAIP_FILE_MF);
    ck_assert_hex(file.pin_status, "010A");
    file = find_file(&package, "7FF1");
    ck_assert_int_eq(file.kind, SAIP_FILE_ADF);
    ck_assert_hex(file.df_name, "A0000000871002FFFFFFFF8907090000");
    ck_assert_hex(file.arr, "0E");
    file = find_file(&package, "7FF1/6F07");
    ck_assert_str_eq(file.name, "ef-imsi");
    ck_assert_uint_eq(file.sfi, 7);
    ck_assert_uint_eq(file.size, 9);
    ck_assert(file.shareable);
    ck_assert_uint_eq(file.life_cycle, 0x05);
    /* Not in the package: created by default. */
    file = find_file(&package, "7FF1/6F08");
    ck_assert_str_eq(file.name, "ef-keys");
    ck_assert_uint_eq(file.special, 0x80);
    /* Another size than the template's. */
    ck_assert_uint_eq(find_file(&package, "7FF1/6F38").size, 17);
    file = find_file(&package, "7F10/5F3A/4F58");
    ck_assert_uint_eq(file.record_size, 32);
    ck_assert_uint_eq(file.size, 50 * 32);
    ck_assert_uint_eq(file.sfi, 1);
    file = find_file(&package, "7F10/6F44");
    ck_assert_int_eq(file.kind, SAIP_FILE_CYCLIC);
    ck_assert_ptr_null(file.row);
    ck_assert_hex(file.arr, "6F0605");
    ck_assert_uint_eq(file.sfi, 0);
    saip_free(&package);
}
END_TEST

START_TEST(files_have_their_content)
{
    struct saip_package package = decode(test_profile("8900112233445566778"));
    struct span rules;

    ck_assert_hex(content_of(&package, "2FE2"), "980011223344556677F8");
    ck_assert_hex(content_of(&package, "7FF1/6F07"), "08 09 10 10 10 32 54 76 98");
    ck_assert_hex(content_of(&package, "7FF1/6F78"), "0200");
    ck_assert_hex(content_of(&package, "7FF1/6F73"), "FFFFFFFFFFFFFFFFFFFF0000FF01");
    ck_assert_hex(content_of(&package, "7FF1/6FD9"), "00F110 FFFFFFFFFFFFFFFFFFFFFFFF");
    ck_assert_hex(content_of(&package, "7FF1/5F3B/4F20"), "FFFFFFFFFFFFFFFF07");
    ck_assert_hex(content_of(&package, "7FF1/5FC0/4F0A"), "F0FF0000");
    ck_assert_hex(content_of(&package, "7FF1/6FB7"), "11F2FF00 19F1FF00");
    /* EF PNN: "softeuicc" packed in 7 bits, one spare bit. */
    ck_assert_hex(SPAN(content_of(&package, "7FF1/6FC5").data, 16), "430981 F3B7995EAEA7C763 FFFFFFFFFF");
    /* Records of EF ARR: the second begins where the first one's rest was stepped over. */
    rules = content_of(&package, "2F06");
    ck_assert_uint_eq(rules.size, 14 * 33);
    ck_assert_hex(SPAN(rules.data + 27, 6 + 11), "FFFFFFFFFFFF 800101A406830101950108");
    /* A directory has none. */
    ck_assert_uint_eq(content_of(&package, "7F10").size, 0);
    saip_free(&package);
}
END_TEST

START_TEST(patterns_fill_files)
{
    struct buf *der = test_buf();
    struct saip_package package;

    buf_append(der, test_profile("8900112233445566778"));
    /* EF GID1: fill pattern, its last octet goes on; EF GID2: repeat pattern; EF MSISDN: per record. */
    edit_value(der, PATH(0xB4, 0xA5), hex("A10D 800108 A508 C00140 C103 010203"));
    edit_value(der, PATH(0xB4, 0xA6), hex("A10A 800108 A505 C203 010203 820101 8301AA"));
    edit_value(der, PATH(0xB4, 0xA7), hex("A110 820442210004 800108 A505 C103 0102FF"));
    package = decode(buf_span(der));
    ck_assert_hex(content_of(&package, "7FF1/6F3E"), "0102030303030303");
    ck_assert_uint_eq(find_file(&package, "7FF1/6F3E").special, 0x40);
    ck_assert_hex(content_of(&package, "7FF1/6F3F"), "01AA030102030102");
    ck_assert_hex(content_of(&package, "7FF1/6F40"), "0102FFFF 0102FFFF");
    saip_free(&package);
}
END_TEST

START_TEST(generic_files_of_every_kind)
{
    struct buf *der = test_buf();
    struct saip_package package;
    struct saip_file file;

    buf_append(der, test_profile("8900112233445566778"));
    edit_value(der, PATH(0xA1, 0xA1, 0x30),
               hex("8000"                                           /* MF */
                   "620B 82027821 83027F20 C60101"                  /* a directory, current from now on */
                   "620B 82024121 83024F21 800104  020101 8102AABB" /* with content; its identifier's SFI */
                   "6212 82027921 83024F22 800110 A505 86030102 03 8104 80020102" /* BER-TLV */
                   "8002 2F05 8102 6465" /* EF PL, filled once more */
                   "8004 7F20 4F21 020103 8101CC"));
    package = decode(buf_span(der));
    ck_assert_hex(content_of(&package, "7F20/4F21"), "FFAABBFF");
    ck_assert_uint_eq(find_file(&package, "7F20/4F21").sfi, 1);
    file = find_file(&package, "7F20/4F22");
    ck_assert_int_eq(file.kind, SAIP_FILE_BER_TLV);
    ck_assert_uint_eq(file.maximum_size, 0x010203);
    ck_assert_uint_eq(file.size, 0x10);
    ck_assert_hex(content_of(&package, "7F20/4F22"), "80020102");
    saip_free(&package);
}
END_TEST

START_TEST(links_take_their_target)
{
    struct buf *der = test_buf();
    struct saip_package package;
    struct saip_file file;
    size_t before, after;

    buf_append(der, test_profile("8900112233445566778"));
    package = decode(buf_span(der));
    before = saip_memory_size(&package);
    saip_free(&package);
    edit_value(der, PATH(0xB4, 0xA5), hex("A104 C7022F05"));
    package = decode(buf_span(der));
    after = saip_memory_size(&package);
    file = find_file(&package, "7FF1/6F3E");
    ck_assert_hex(file.link_path, "2F05");
    ck_assert_uint_eq(file.size, 2);
    ck_assert_uint_eq(content_of(&package, "2F05").size, 2);
    ck_assert_uint_eq(before - after, 8); /* a link has no body of its own */
    saip_free(&package);
}
END_TEST

static bool stop(void *context, const struct saip_file *file, bool update)
{
    (void)update;
    (*(size_t *)context)++;
    return file->number < 4;
}

START_TEST(a_visitor_may_stop)
{
    struct saip_package package = decode(test_profile("8900112233445566778"));
    size_t count = 0;

    ck_assert(!saip_visit(&package, stop, NULL, &count));
    ck_assert_uint_eq(count, 5);
    saip_free(&package);
}
END_TEST

START_TEST(pins_may_be_shared)
{
    struct buf *der = test_buf();
    struct tlv_reader reader;
    struct saip_package package;
    struct tlv tlv;

    /* The PINs of ADF ISIM (the element after it) become a path to those of ADF USIM. */
    reader = tlv_reader(test_profile("8900112233445566778"));
    for (bool after_isim = false; tlv_next(&reader, &tlv) == TLV_OK; after_isim = tlv.tag == SAIP_ISIM) {
        if (after_isim)
            buf_append(der, hex("A20D A005 8000 8101 63 A104 8102 7FF1"));
        else
            buf_append(der, tlv.whole);
    }
    package = decode(buf_span(der));
    saip_free(&package);
}
END_TEST

START_TEST(all_algorithms_are_taken)
{
    static const struct {
        enum saip_algorithm algorithm;
        size_t key_size, opc_size;
        uint64_t service;
    } cases[] = {{SAIP_MILENAGE, 16, 16, 4},
                 {SAIP_TUAK, 16, 32, 5},
                 {SAIP_TUAK, 32, 32, 16},
                 {SAIP_USIM_TEST_ALGORITHM, 16, 16, 17}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct saip_recipe recipe = saip_recipe_default();
        struct saip_package package;

        recipe.algorithm = cases[i].algorithm;
        recipe.key_size = cases[i].key_size;
        recipe.opc_size = cases[i].opc_size;
        package = decode(test_profile_from(&recipe));
        ck_assert((package.services >> cases[i].service & 1) != 0);
        saip_free(&package);
    }
}
END_TEST

START_TEST(recipes_vary)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_package package;

    recipe.isim = false;
    recipe.imsi = "310150123456789";
    recipe.mnc_size = 3;
    recipe.msisdn = NULL;
    recipe.pin1_enabled = true;
    recipe.extra_size = 100000;
    package = decode(test_profile_from(&recipe));
    ck_assert_uint_gt(saip_memory_size(&package), 100000);
    ck_assert_hex(SPAN(content_of(&package, "7FF1/6FAD").data, 4), "00000003");
    ck_assert_hex(content_of(&package, "7FF1/6F62"), "130051C880");
    ck_assert_hex(content_of(&package, "7FF1/6F07"), "08 39 01 51 10 32 54 76 98");
    saip_free(&package);
    recipe.imsi = "00101012345678";
    recipe.mnc_size = 2;
    package = decode(test_profile_from(&recipe));
    ck_assert_hex(content_of(&package, "7FF1/6F07"), "08 01 10 10 10 32 54 76 F8");
    saip_free(&package);
}
END_TEST

START_TEST(recipes_are_checked)
{
    static const uint8_t wrong[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

    for (size_t i = 0; i < sizeof(wrong); i++) {
        struct saip_recipe recipe = saip_recipe_default();
        struct buf out = {0};
        const char *reason = NULL;

        switch (wrong[i]) {
        case 0:
            recipe.iccid = "89001122334455667";
            break;
        case 1:
            recipe.iccid = "89001122334455667A8";
            break;
        case 2:
            recipe.imsi = "00101";
            break;
        case 3:
            recipe.mnc_size = 4;
            break;
        case 4:
            recipe.profile_type = "";
            break;
        case 5:
            recipe.operator_name = "seventeen letters";
            break;
        case 6:
            recipe.msisdn = "+";
            break;
        case 7:
            recipe.key_size = 32;
            break;
        case 8:
            recipe.opc_size = 15;
            break;
        case 9:
            recipe.pin1 = "123";
            break;
        case 10:
            recipe.puk2 = "1234567";
            break;
        case 11:
            recipe.adm1 = "12345678901";
            break;
        default:
            recipe.extra_size = (size_t)1 << 40;
            break;
        }
        ck_assert_msg(!saip_build(&recipe, &out, &reason), "recipe %zu was taken", i);
        ck_assert_ptr_nonnull(reason);
        ck_assert_uint_eq(out.size, 0);
        buf_free(&out);
    }
}
END_TEST

/* --- what a card does not have --- */

/* The good package with one more element before its end. */
static struct span with_element(uint32_t tag, bool mandated, const char *content)
{
    return test_profile_with_element("8900112233445566778", tag, mandated, hex(content));
}

START_TEST(unsupported_elements_are_skipped_or_refused)
{
    static const struct {
        uint32_t tag;
        const char *content;
        enum saip_result refusal;
    } cases[] = {
        {SAIP_NON_STANDARD, "81032A0304 8201FF", SAIP_PE_NOT_SUPPORTED},
        {SAIP_EAP, "8106 67810F01020C A200 A400", SAIP_PE_NOT_SUPPORTED},
        {0xAB, "", SAIP_PE_NOT_SUPPORTED},
        {0xBF22, "8106 67810F010213", SAIP_PE_NOT_SUPPORTED},
        {SAIP_DF_SAIP, "8106 67810F010263", SAIP_TEMPLATE_NOT_SUPPORTED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct saip_package package = decode(with_element(cases[i].tag, false, cases[i].content));
        const struct saip_element *element = &package.elements[package.count - 2];
        struct buf response = {0};

        ck_assert_uint_eq(element->tag, cases[i].tag);
        ck_assert(!element->supported);
        saip_put_euicc_response(&response, &package, NULL);
        ck_assert_hex(buf_span(&response), "300F A00D 3006 800101 810163 3003 800100");
        buf_free(&response);
        saip_free(&package);
        ck_assert_int_eq(refusal(with_element(cases[i].tag, true, cases[i].content)), cases[i].refusal);
    }
}
END_TEST

#define INSTANCE(package, aid) "4F05" package "4F0544444444 00 4F05" aid "820100C900"
#define PACKAGE                "A0000000AA"
/* The least load file: a header, and a list of one applet. */
#define LOAD_FILE "01000F DECAFFED 0102 04 0001 05" PACKAGE "030009 01 054444444400 0000"

START_TEST(applications_are_taken_with_their_packages)
{
    static const struct {
        const char *content;
        enum saip_result result;
    } cases[] = {
        {"A127 4F05" PACKAGE "C41E" LOAD_FILE, SAIP_OK},
        {"A13D 4F05" PACKAGE "C114 3E9A62CC4C0AF4A0D0F9B8C1D0A7C5F5A3F0E5D1 C41E" LOAD_FILE, SAIP_BAD_VALUES},
        {"A13D 4F05" PACKAGE "C114 1812DB983B465FEC9BFA7414F165408784177D0E C41E" LOAD_FILE, SAIP_OK},
        {"A13E 4F05" PACKAGE "C115 1812DB983B465FEC9BFA7414F165408784177D0E00 C41E" LOAD_FILE,
         SAIP_BAD_VALUES},
        {"A109 4F05" PACKAGE "C400", SAIP_BAD_VALUES},
        {"A107 4F05" PACKAGE, SAIP_INVALID_REQUEST_FORMAT},
        {"A12E 4F05" PACKAGE "4F05A0000000BB C41E" LOAD_FILE, SAIP_INVALID_PARAMETER},
        {"A131 4F05" PACKAGE "4F08A000000151000000 C41E" LOAD_FILE, SAIP_OK},
        {"A127 4F05" PACKAGE "C41E" LOAD_FILE "A21C 301A" INSTANCE(PACKAGE, "A0000000AC"), SAIP_OK},
        {"A21C 301A" INSTANCE(PACKAGE, "A0000000AC"), SAIP_INVALID_PARAMETER},
        {"A127 4F05" PACKAGE "C41E" LOAD_FILE
         "A238 301A" INSTANCE(PACKAGE, "A0000000AC") "301A" INSTANCE(PACKAGE, "A0000000AC"),
         SAIP_INVALID_PARAMETER},
        {"A200", SAIP_INVALID_REQUEST_FORMAT},
        {"", SAIP_OK},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span der = with_element(SAIP_APPLICATION, true, cases[i].content);
        struct saip_package package;
        struct saip_failure failure;
        bool good = saip_decode(der, &package, &failure);

        ck_assert_msg(good == (cases[i].result == SAIP_OK) && failure.result == cases[i].result,
                      "%s: %s (%s)", cases[i].content, saip_result_name(failure.result), failure.reason);
        if (good)
            saip_free(&package);
    }
}
END_TEST

START_TEST(more_templates_fit_in)
{
    static const struct {
        uint32_t tag;
        const char *content;
    } cases[] = {
        {SAIP_CD, "8106 67810F010202 A205 A103 C60101 A308 A103 800110 830141"},
        {SAIP_PHONEBOOK, "8106 67810F010206 A205 A103 C60101"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span der = with_element(cases[i].tag, true, cases[i].content);
        struct saip_package package = decode(der);

        ck_assert(package.elements[package.count - 2].supported);
        saip_free(&package);
    }
}
END_TEST

START_TEST(extensions_are_passed_over)
{
    struct buf *der = test_buf();
    struct saip_package package;

    buf_append(der, test_profile("8900112233445566778"));
    edit_append(der, PATH(0xA0), hex("8B0101"));
    edit_append(der, PATH(0xA4, 0xA1, 0xA1), hex("8F0101"));
    edit_append(der, PATH(0xB3, 0xA8, 0xA1), hex("9F7F0101"));
    package = decode(buf_span(der));
    saip_free(&package);
}
END_TEST

/* The test profile whose header asks for these services, or for these templates. */
static struct span asking_for(const uint32_t *path, struct span list)
{
    struct buf *der = test_buf();

    buf_append(der, test_profile("8900112233445566778"));
    edit_value(der, path, list);
    return buf_span(der);
}

/* Of every service: what is announced is taken, and what is neither that nor only stored is refused. */
START_TEST(services_that_may_be_asked_for)
{
    static const char *const stored[] = {"csim", "javacard", "multiple-csim"};
    const struct saip_service *service;
    struct saip_failure failure;

    for (size_t i = 0; (service = saip_service_at(i)) != NULL; i++) {
        const uint8_t list[] = {(uint8_t)(0x80 | service->member), 0};
        struct saip_package package;
        bool is_stored = false;

        for (size_t j = 0; j < sizeof(stored) / sizeof(stored[0]); j++)
            is_stored = is_stored || strcmp(stored[j], service->name) == 0;
        ck_assert_msg((service->support == SAIP_STORED) == is_stored, "%s", service->name);
        ck_assert_msg((service->refusal == SAIP_OK) == (service->support != SAIP_REFUSED), "%s",
                      service->name);
        if (service->member < 0)
            continue;
        memset(&failure, 0, sizeof(failure));
        if (!saip_decode(asking_for(PATH(0xA0, 0xA5), SPAN_ARRAY(list)), &package, &failure)) {
            ck_assert_msg(service->support == SAIP_REFUSED, "%s: %s", service->name, failure.reason);
            ck_assert_int_eq(failure.result, service->refusal);
            continue;
        }
        ck_assert_msg(service->support != SAIP_REFUSED, "%s", service->name);
        saip_free(&package);
    }
}
END_TEST

/* Of every template: it may be asked for if its element is taken. That of PE-EAP is none. */
START_TEST(templates_that_may_be_asked_for)
{
    const struct saip_template *template;

    for (size_t i = 0; (template = saip_template_at(i)) != NULL; i++) {
        bool taken = template->element != SAIP_EAP;
        struct saip_failure failure = {.result = SAIP_OK};
        struct saip_package package;
        struct buf list = {0};
        size_t at = tlv_open(&list, 0x06);

        saip_template_put_oid(&list, template);
        tlv_close(&list, at);
        ck_assert(saip_decode(asking_for(PATH(0xA0, 0xA6), buf_span(&list)), &package, &failure) == taken);
        ck_assert_int_eq(failure.result, taken ? SAIP_OK : SAIP_TEMPLATE_NOT_SUPPORTED);
        saip_free(&package);
        buf_free(&list);
    }
}
END_TEST

/* --- IoT Minimal Profile --- */

START_TEST(iot_minimal_profiles_are_completed_from_the_template)
{
    struct saip_package package = decode(
        hex("A02F 800103 810103 830A 8900112233445566778F A502 8100 A608 0606 67810F010211 A90D 800B "
            "     1002FFFFFFFF8900000100"
            "BF2020 A003810101 8106 67810F010211 A90B 8309 082943019999999999 B204 83020001"
            "A227 A003810102 A120 A01E 300D 800101 8108 31323334FFFFFFFF 300D 80010A 8108 3131313131313131"
            "AA05 A003810103"));
    struct saip_file file = find_file(&package, "7FF0");

    ck_assert_int_eq(file.kind, SAIP_FILE_ADF);
    ck_assert_hex(file.df_name, "A0000000871002FFFFFFFF8900000100");
    ck_assert_hex(content_of(&package, "2FE2"), "980011223344556677F8");
    ck_assert_hex(content_of(&package, "7FF0/6F07"), "082943019999999999");
    ck_assert_uint_eq(find_file(&package, "2F06").record_size, 33);
    ck_assert_uint_eq(package.iot_aid_size, 16);
    saip_free(&package);
    /* Without iotOptions nothing says which application it is. */
    ck_assert_int_eq(
        refusal(hex("A020 800103 810103 830A 8900112233445566778F A502 8100 A608 0606 67810F010211"
                    "BF2020 A003810101 8106 67810F010211 A90B 8309 082943019999999999 B204 83020001")),
        SAIP_BAD_VALUES);
}
END_TEST

/* --- answers --- */

START_TEST(success_is_answered_as_tca_says)
{
    struct saip_package package = decode(test_profile("8900112233445566778"));
    struct buf response = {0};

    saip_put_euicc_response(&response, &package, NULL);
    ck_assert_hex(buf_span(&response), "30 07 A0 05 30 03 80 01 00");
    buf_free(&response);
    saip_free(&package);
}
END_TEST

START_TEST(a_failure_is_answered_with_its_place)
{
    struct saip_failure failure = {.result = SAIP_BAD_VALUES,
                                   .has_identification = true,
                                   .identification = 300,
                                   .tag = SAIP_USIM,
                                   .offset = 1000,
                                   .element_offset = 16,
                                   .reason = "no"};
    struct buf response = {0};

    saip_put_euicc_response(&response, NULL, &failure);
    ck_assert_hex(buf_span(&response), "3014 A00C 300A 800103 8102012C 830110 8100 8202 6E6F");
    buf_clear(&response);
    failure = (struct saip_failure){
        .result = SAIP_UNSUPPORTED_PROFILE_VERSION, .tag = SAIP_HEADER, .element_offset = 200};
    memset(failure.reason, 'x', sizeof(failure.reason) - 1);
    saip_put_euicc_response(&response, NULL, &failure);
    ck_assert_hex(SPAN(response.data, 17), "304F A009 3007 80011F 830200C8 8100 8240");
    ck_assert_uint_eq(response.size, 0x51);
    buf_free(&response);
    ck_assert_str_eq(saip_result_name(SAIP_UNSUPPORTED_PROFILE_VERSION), "unsupported profile version");
    ck_assert_str_eq(saip_result_name(SAIP_PIN_CODE_MISSING), "PIN code missing");
    ck_assert_str_eq(saip_result_name((enum saip_result)99), "unknown");
}
END_TEST

/* Elements that the builder has no use for, on a package that has them all in one place. */
START_TEST(second_domains_and_all_sequence_numbers)
{
    struct buf *der = test_buf();
    struct buf numbers = {0};
    struct saip_package package;
    size_t list = tlv_open(&numbers, 0xA5);

    for (unsigned i = 0; i < 32; i++)
        tlv_put(&numbers, 0x04, hex("07FFFFFFFFFF"));
    tlv_close(&numbers, list);
    /* A security domain after remote file management, extradited to the first. */
    buf_append(der,
               with_element(SAIP_SECURITY_DOMAIN, true,
                            "A12B 4F05A000000001 4F05A000000002 4F05A000000003 4F08A000000151000000 820180"
                            "830107 C902 8100 EF00"));
    edit_append(der, PATH(0xA4), buf_span(&numbers));
    package = decode(buf_span(der));
    ck_assert_uint_eq(package.elements[package.count - 2].tag, SAIP_SECURITY_DOMAIN);
    saip_free(&package);
    /* One number too large. */
    numbers.data[numbers.size - 6] = 0x08;
    der = test_buf();
    buf_append(der, test_profile("8900112233445566778"));
    edit_append(der, PATH(0xA4), buf_span(&numbers));
    ck_assert_int_eq(refusal(buf_span(der)), SAIP_BAD_VALUES);
    buf_free(&numbers);
}
END_TEST

/* Generic file management makes ADFs too; a BER-TLV file may have no size but its maximum. */
START_TEST(generic_applications)
{
    struct buf *der = test_buf();
    struct saip_package package;
    struct saip_file file;

    buf_append(der, test_profile("8900112233445566778"));
    edit_value(der, PATH(0xA1, 0xA1, 0x30),
               hex("6214 82027821 83027FF9 8407A0000000090001 C60101"
                   "620D 82027921 83024F01 A503 860120"));
    package = decode(buf_span(der));
    file = find_file(&package, "7FF9");
    ck_assert_int_eq(file.kind, SAIP_FILE_ADF);
    ck_assert_hex(file.df_name, "A0000000090001");
    ck_assert_uint_eq(find_file(&package, "7FF9/4F01").size, 0x20);
    saip_free(&package);
}
END_TEST

START_TEST(test_keys_are_told_from_others)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_package package = decode(test_profile("8900112233445566778"));

    ck_assert(!saip_has_only_test_keys(&package));
    saip_free(&package);
    package = decode(test_profile_with_test_keys("8900112233445566778"));
    ck_assert(saip_has_only_test_keys(&package));
    saip_free(&package);
    /* Milenage with a key of zeros but for the last octet. */
    memset(recipe.key, 0, sizeof(recipe.key));
    recipe.key[15] = 0x5A;
    package = decode(test_profile_from(&recipe));
    ck_assert(saip_has_only_test_keys(&package));
    saip_free(&package);
    recipe.key[14] = 0x01;
    package = decode(test_profile_from(&recipe));
    ck_assert(!saip_has_only_test_keys(&package));
    saip_free(&package);
}
END_TEST

START_TEST(capabilities_are_what_packages_may_ask_for)
{
    const struct saip_service *service;
    struct span bits;

    for (unsigned major = 2; major <= 3; major++) {
        struct buf out = {0};

        saip_put_uicc_capability(&out, 0x85, major);
        ck_assert_int_eq(tlv_single(buf_span(&out), 0x85, &bits), TLV_OK);
        for (size_t i = 0; (service = saip_service_at(i)) != NULL; i++)
            ck_assert_msg(tlv_bit(bits, (unsigned)service->capability) ==
                              (service->support == SAIP_OFFERED && (major == 3 || service->capability <= 25)),
                          "%s", service->name);
        ck_assert(tlv_bit(bits, 1) && tlv_bit(bits, 4) && tlv_bit(bits, 10) && tlv_bit(bits, 11));
        ck_assert(!tlv_bit(bits, 3) && !tlv_bit(bits, 14));
        buf_free(&out);
    }
}
END_TEST

/* --- GSMA TS.48 --- */

START_TEST(ts48_packages_are_taken)
{
    static const struct {
        const char *name;
        uint8_t minor;
        size_t elements;
        const char *imsi;
    } packages[] = {
        {"ts48/TS48v1_A.der", 1, 28, "080910101032540636"},
        {"ts48/TS48v3_SAIP2.1_NoBERTLV.der", 1, 28, "080910101032540636"},
        {"ts48/TS48v5_SAIP2.3_BERTLV_SUCI.der", 3, 30, "080910101032540636"},
    };

    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        const char *path = shared_data(packages[i].name);
        struct saip_package package;

        if (path == NULL) {
            printf("skipped: %s is not here\n", packages[i].name);
            continue;
        }
        package = decode(test_read_file(path));
        ck_assert_uint_eq(package.major_version, 2);
        ck_assert_uint_eq(package.minor_version, packages[i].minor);
        ck_assert_uint_eq(package.count, packages[i].elements);
        ck_assert(saip_has_only_test_keys(&package));
        ck_assert_hex(content_of(&package, "7FD0/6F07"), packages[i].imsi);
        ck_assert_span(content_of(&package, "2FE2"), SPAN_ARRAY(package.iccid));
        for (size_t j = 0; j < package.count; j++)
            ck_assert(package.elements[j].supported);
        saip_free(&package);
    }
}
END_TEST

TEST_MAIN("saip", header_facts_come_out, iccids_of_every_length, files_have_what_template_and_package_say,
          files_have_their_content, patterns_fill_files, generic_files_of_every_kind, links_take_their_target,
          a_visitor_may_stop, pins_may_be_shared, all_algorithms_are_taken, recipes_vary, recipes_are_checked,
          unsupported_elements_are_skipped_or_refused, applications_are_taken_with_their_packages,
          more_templates_fit_in, extensions_are_passed_over, services_that_may_be_asked_for,
          templates_that_may_be_asked_for, iot_minimal_profiles_are_completed_from_the_template,
          second_domains_and_all_sequence_numbers, generic_applications, success_is_answered_as_tca_says,
          a_failure_is_answered_with_its_place, test_keys_are_told_from_others,
          capabilities_are_what_packages_may_ask_for, ts48_packages_are_taken)
