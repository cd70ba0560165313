/*
 * profiles/saip: what a hostile or careless package may hold that its ASN.1 allows. Each fault is put into a
 * package that is otherwise good, and must be told with its result code, its element and its octet: by the
 * decoder, in EUICCResponse, and by a card that is to have the profile. What is tolerated is there too.
 */
#include "apdu/tlv.h"
#include "euicc/card/preload.h"
#include "euicc/os/nvm.h"
#include "profiles/interpret.h"
#include "tests/support/edit.h"
#include "tests/support/es10.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ICCID     "8900112233445566778"
#define PATH(...) ((const uint32_t[]){__VA_ARGS__, 0})

/* --- writing octets ---------------------------------------------------------------------------------- */

enum { NO_MARK = -1 };

static void put_length(struct buf *out, size_t size)
{
    ck_assert_uint_lt(size, 0x10000);
    if (size > 0xFF)
        buf_append_octet(out, 0x82);
    else if (size > 0x7F)
        buf_append_octet(out, 0x81);
    buf_append_number(out, size > 0xFF ? 2 : 1, size);
}

/* Hexadecimal octets; "[" … "]" puts the length of what is between in front of it; "@" marks an octet, whose
 * place becomes *mark. Returns where it ended: at the end of the text or at a "]". */
static const char *assemble(const char *text, struct buf *out, long *mark)
{
    while (*text != '\0' && *text != ']') {
        if (*text == ' ') {
            text++;
        } else if (*text == '@') {
            *mark = (long)out->size;
            text++;
        } else if (*text == '[') {
            struct buf inner = {0};
            long inside = NO_MARK;

            text = assemble(text + 1, &inner, &inside);
            ck_assert_int_eq(*text++, ']');
            put_length(out, inner.size);
            if (inside != NO_MARK)
                *mark = (long)out->size + inside;
            buf_append(out, buf_span(&inner));
            buf_free(&inner);
        } else {
            const char octet[3] = {text[0], text[1], '\0'};

            ck_assert(buf_append_hex(out, octet, NULL));
            text += 2;
        }
    }
    return text;
}

/* --- a package with one change ----------------------------------------------------------------------- */

enum operation {
    SET,    /* the value of an object */
    APPEND, /* an object after what another holds */
    ADD,    /* an element of its own in front of the end; the path is its tag */
};

struct change {
    enum operation operation;
    const uint32_t *path;
    const char *octets;
};

/* The element around an octet. */
static struct tlv element_at(struct span der, size_t at)
{
    struct tlv_reader reader = tlv_reader(der);
    struct tlv tlv = {0};

    while (tlv_next(&reader, &tlv) == TLV_OK && reader.offset <= at)
        ;
    return tlv;
}

/* *at is the place in the package that the text marks. */
static struct span changed(const struct change *change, size_t *at)
{
    struct buf *buf = test_buf();
    struct buf *octets = test_buf();
    long mark = NO_MARK;
    struct span value;

    ck_assert_int_eq(*assemble(change->octets, octets, &mark), '\0');
    if (change->operation == ADD) {
        struct span der = test_profile_with_element(ICCID, change->path[0], false, buf_span(octets));

        *at = der.size - element_at(der, der.size - 1).whole.size - octets->size + (size_t)mark;
        return der;
    }
    buf_append(buf, test_profile(ICCID));
    if (change->operation == SET)
        edit_value(buf, change->path, buf_span(octets));
    else
        edit_append(buf, change->path, buf_span(octets));
    ck_assert(tlv_find_path(buf_span(buf), change->path, &value));
    *at = (size_t)(value.data - buf->data) + value.size - octets->size + (size_t)mark;
    return buf_span(buf);
}

static struct es10_bench bench;

static enum softeuicc_status load(struct span der, struct softeuicc_error *error)
{
    const struct softeuicc_preloaded_profile given = {.package = der.data, .package_size = der.size};
    enum softeuicc_status status = SOFTEUICC_STORAGE;

    if (nvm_begin(bench.card->nvm))
        status = preload_profile(bench.card, 0, &given, error);
    nvm_rollback(bench.card->nvm);
    return status;
}

/* --- what is refused --------------------------------------------------------------------------------- */

static void check_response(const struct saip_failure *failure)
{
    static const uint32_t path[] = {0x30, 0xA0, 0x30, 0};
    struct buf response = {0};
    struct tlv_reader reader;
    struct span status, value;
    uint64_t number = 0;

    saip_put_euicc_response(&response, NULL, failure);
    ck_assert(tlv_find_path(buf_span(&response), path, &status));
    reader = tlv_reader(status);
    ck_assert(tlv_require(&reader, 0x80, &value) && tlv_unsigned(value, &number));
    ck_assert_uint_eq(number, failure->result);
    ck_assert(tlv_require(&reader, 0x81, &value) && tlv_unsigned(value, &number));
    ck_assert_uint_eq(number, failure->identification);
    ck_assert(tlv_require(&reader, 0x83, &value) && tlv_unsigned(value, &number));
    ck_assert_uint_eq(number, failure->element_offset);
    buf_free(&response);
}

/* `words` are in the reason; `text` says what was changed. */
static void check_package_refused(struct span der, size_t at, const char *text, enum saip_result result,
                                  const char *words)
{
    struct saip_package package;
    struct saip_failure failure;
    struct softeuicc_error error = {0};
    char place[40];
    struct tlv element;

    ck_assert_msg(!saip_decode(der, &package, &failure), "%s: accepted, not '%s'", text, words);
    ck_assert_msg(failure.result == result, "%s: %s: %s", text, saip_result_name(failure.result),
                  failure.reason);
    ck_assert_msg(strstr(failure.reason, words) != NULL, "%s: %s", text, failure.reason);
    ck_assert_msg(failure.offset == at, "%s: told at %zu, not %zu (%s)", text, failure.offset, at,
                  failure.reason);
    element = element_at(der, at - failure.element_offset);
    ck_assert_uint_eq(failure.tag, element.tag);
    ck_assert_ptr_eq(der.data + at - failure.element_offset, element.whole.data);
    check_response(&failure);
    ck_assert_int_eq(load(der, &error), SOFTEUICC_INVALID);
    snprintf(place, sizeof(place), "at octet %zu", at);
    ck_assert_msg(strstr(error.message, words) != NULL && strstr(error.message, place) != NULL, "%s",
                  error.message);
}

static void check_refused(const struct change *change, enum saip_result result, const char *words)
{
    size_t at;
    struct span der = changed(change, &at);

    check_package_refused(der, at, change->octets, result, words);
}

static void check_package_taken(struct span der, const char *text)
{
    struct saip_package package;
    struct saip_failure failure;
    struct softeuicc_error error = {0};
    struct fs *fs;

    ck_assert_msg(saip_decode(der, &package, &failure), "%s: %s", text, failure.reason);
    fs = fs_interpret(&package);
    ck_assert_ptr_nonnull(fs);
    fs_free(fs);
    saip_free(&package);
    ck_assert_msg(load(der, &error) == SOFTEUICC_OK, "%s: %s", text, error.message);
}

static void check_taken(const struct change *change)
{
    size_t at;

    check_package_taken(changed(change, &at), change->octets);
}

/* One of the two; `format` makes the octets. */
static void check_change(enum operation operation, const uint32_t *path, bool taken, enum saip_result result,
                         const char *words, const char *format, ...) __attribute__((format(printf, 6, 7)));

static void check_change(enum operation operation, const uint32_t *path, bool taken, enum saip_result result,
                         const char *words, const char *format, ...)
{
    char octets[400];
    const struct change change = {operation, path, octets};
    va_list arguments;

    va_start(arguments, format);
    ck_assert_int_lt(vsnprintf(octets, sizeof(octets), format, arguments), (int)sizeof(octets));
    va_end(arguments);
    if (taken)
        check_taken(&change);
    else
        check_refused(&change, result, words);
}

struct fault {
    struct change change;
    enum saip_result result;
    const char *words;
};

static void check_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_refused(&faults[i].change, faults[i].result, faults[i].words);
}
#define CHECK_FAULTS(faults) check_faults((faults), sizeof(faults) / sizeof((faults)[0]))

/* --- files ------------------------------------------------------------------------------------------- */

#define GENERIC SET, PATH(0xA1, 0xA1, 0x30)
/* Members of createFCP up to the rule, and what a file of each kind needs after it. */
#define FCP(kind, fid) "82[" kind "] 83[" fid "] 8B[2F0601]"
#define EF(fid)        FCP("4121", fid) "80[10] 88[]"
#define DF(fid)        FCP("7821", fid) "C6[01]"

static const struct fault file_faults[] = {
    {{GENERIC, "62[" FCP("4121", "2F20") "80[@0010]]"}, SAIP_BAD_VALUES, "efFileSize begins with"},
    {{GENERIC, "62[" FCP("7921", "2F20") "80[@000010]]"}, SAIP_BAD_VALUES, "efFileSize begins with"},
    {{SET, PATH(0xB3, 0xA8, 0xA1), "80[@0011]"}, SAIP_BAD_VALUES, "efFileSize begins with"},
    {{GENERIC, "62[" FCP("7921", "2F20") "80[10] A5[86[@0020]]]"}, SAIP_BAD_VALUES, "maximumFileSize begins"},
    {{GENERIC, "62[" FCP("7921", "2F20") "80[10] A5[84[@02]]]"}, SAIP_BAD_VALUES, "fileDetails 02"},
    {{GENERIC, "62[" FCP("4121", "2F20") "80[10] A5[84[@01]]]"}, SAIP_BAD_VALUES, "for BER-TLV files only"},
    {{GENERIC, "62[" FCP("7921", "2F20") "80[10] A5[C1[@FF]]]"}, SAIP_BAD_VALUES, "BER-TLV file has no"},
    {{GENERIC, "62[" FCP("4121", "2F20") "A5[C2[@FF]] C7[2F05]]"}, SAIP_BAD_VALUES, "link has no pattern"},
    {{GENERIC, "62[" FCP("4121", "2F20") "80[10] 88[08]] @62[" FCP("4121", "2F21") "80[10] 88[08]]"},
     SAIP_INVALID_PARAMETER,
     "short identifier 1 "},
    {{GENERIC, "@62[" FCP("4121", "2F20") "80[10] 88[28]]"}, SAIP_INVALID_PARAMETER, "short identifier 5 "},
    {{GENERIC, "@62[" FCP("4121", "2F20") "88[28] C7[2F05]]"}, SAIP_INVALID_PARAMETER, "short identifier 5 "},
    {{GENERIC, "80[2F05] @62[" EF("2F20") "]"}, SAIP_INVALID_PARAMETER, "leads to an EF"},
    {{GENERIC, "80[2F05] 81[6465] @62[" EF("2F20") "]"}, SAIP_INVALID_PARAMETER, "leads to an EF"},
    {{GENERIC, "80[2F05] @62[" DF("7F20") "]"}, SAIP_INVALID_PARAMETER, "leads to an EF"},
    {{GENERIC, "80[2FE2] @81[98]"}, SAIP_BAD_VALUES, "ICCID"},
    {{GENERIC, "62[" DF("7F20") "] @62[" DF("7F20") "]"}, SAIP_INVALID_PARAMETER, "directory above"},
    {{GENERIC, "62[" DF("7F20") "] 62[" DF("7F21") "] @62[" EF("7F20") "]"},
     SAIP_INVALID_PARAMETER,
     "directory above"},
    {{GENERIC, "62[" DF("7F20") "C7[7F10]] @62[" EF("6F01") "]"}, SAIP_INVALID_PARAMETER, "is a link"},
    {{GENERIC, "62[" DF("7F20") "] 62[" DF("7F21") "C7[@7F20]]"}, SAIP_INVALID_PARAMETER, "directory above"},
    {{GENERIC, "62[" DF("7F20") "C7[@3F00]]"}, SAIP_INVALID_PARAMETER, "directory above"},
    {{GENERIC, "62[" DF("7F20") "C7[@2F05]]"}, SAIP_INVALID_PARAMETER, "leads to a transparent"},
    {{GENERIC, "62[" DF("7F20") "] @62[82[7821] 83[7FF1] 84[A0000000090001] 8B[2F0601] C6[01]]"},
     SAIP_INVALID_PARAMETER,
     "two ADFs have"},
    {{ADD, PATH(SAIP_GENERIC_FILE_MANAGEMENT),
      "A1[30[@62[82[7821] 83[7FF9] 84[A000000151000000] 8B[2F0601] C6[01]]]]"},
     SAIP_INVALID_PARAMETER,
     "the same AID"},
    {{SET, PATH(0xB2, 0xA2, 0xA1), "C6[01810A@01]"}, SAIP_BAD_VALUES, "code 01 twice"},
};

START_TEST(faults_of_files)
{
    es10_open(&bench, 1, 0);
    CHECK_FAULTS(file_faults);
    es10_close(&bench);
}
END_TEST

START_TEST(reserved_identifiers)
{
    static const unsigned fids[] = {0x0000, 0x0001, 0x2F20, 0x3EFF, 0x3F00, 0x3F01, 0x3FFE,
                                    0x3FFF, 0x4000, 0x7FFE, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF};

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
        unsigned fid = fids[i];
        bool reserved = fid == 0x0000 || fid == 0x3F00 || fid == 0x3FFF || fid == 0x7FFF || fid == 0xFFFF;

        check_change(GENERIC, !reserved, SAIP_BAD_VALUES, "is reserved",
                     "62[82[4121] 83[@%04X] 8B[2F0601] 80[10] 88[]]", fid);
        check_change(GENERIC, !reserved, SAIP_BAD_VALUES, "is reserved",
                     "80[7F10] 62[82[7821] 83[@%04X] 8B[6F0601] C6[01]]", fid);
        check_change(SET, PATH(0xB5, 0xA2, 0xA1), !reserved, SAIP_BAD_VALUES, "is reserved",
                     "83[@%04X] 84[A0000000090001] C6[01]", fid);
    }
    es10_close(&bench);
}
END_TEST

/* A link has the kind of its target; a directory's may be any that it is not in. */
START_TEST(links_of_every_kind)
{
    static const struct {
        const char *descriptor, *target;
    } kinds[] = {{"4121", "2F20"}, {"42210004", "2F21"}, {"46210004", "2F22"}, {"7921", "2F23"}};
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    char targets[4 * 80] = "";

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < KINDS; i++) {
        size_t n = strlen(targets);

        snprintf(targets + n, sizeof(targets) - n, "62[82[%s] 83[%s] 8B[2F0601] 80[10] 88[]] ",
                 kinds[i].descriptor, kinds[i].target);
    }
    for (size_t i = 0; i < KINDS; i++)
        for (size_t j = 0; j < KINDS; j++)
            check_change(GENERIC, i == j, SAIP_INVALID_PARAMETER, "linkPath of a ",
                         "%s 62[82[%s] 83[2F30] 8B[2F0601] 88[] C7[@%s]]", targets, kinds[i].descriptor,
                         kinds[j].target);
    check_change(GENERIC, true, SAIP_OK, "", "62[" DF("7F20") "C7[7FF1]]");
    check_change(GENERIC, true, SAIP_OK, "", "62[" DF("7F20") "] 62[" DF("7F21") "C7[7F10]]");
    es10_close(&bench);
}
END_TEST

/* The base has 14 rules in each EF ARR. */
START_TEST(access_rules_are_there)
{
    es10_open(&bench, 1, 0);
    for (unsigned rule = 0; rule <= 0xFF; rule += rule < 16 ? 1 : 239 - rule % 2) {
        bool taken = rule >= 1 && rule <= 14;

        check_change(GENERIC, taken, SAIP_INVALID_PARAMETER, "which is not there",
                     "62[82[4121] 83[2F20] 8B[@2F06%02X] 80[10] 88[]]", rule);
        check_change(GENERIC, taken, SAIP_INVALID_PARAMETER, "which is not there",
                     "80[7F10] 62[82[7821] 83[5F20] 8B[@%02X] C6[01]]", rule);
        check_change(SET, PATH(0xB3, 0xA8, 0xA1), taken, SAIP_INVALID_PARAMETER, "which is not there",
                     "8B[@%02X] 80[11]", rule);
    }
    /* Of no file, of a file in another directory, of one above, and of one that has no records. */
    check_change(GENERIC, false, SAIP_INVALID_PARAMETER, "EF 2F07, which is not",
                 "62[82[4121] 83[2F20] 8B[@2F0701] 80[10] 88[]]");
    check_change(GENERIC, false, SAIP_INVALID_PARAMETER, "EF 6F06, which is not",
                 "62[82[4121] 83[2F20] 8B[@6F0601] 80[10] 88[]]");
    check_change(GENERIC, true, SAIP_OK, "", "80[7F10] 62[82[4121] 83[6F20] 8B[2F0601] 80[10] 88[]]");
    check_change(GENERIC, false, SAIP_INVALID_PARAMETER, "EF 2F05, which is not",
                 "62[82[4121] 83[2F20] 8B[@2F0501] 80[10] 88[]]");
    es10_close(&bench);
}
END_TEST

START_TEST(life_cycles_of_files)
{
    es10_open(&bench, 1, 0);
    for (unsigned status = 0; status <= 0x11; status++) {
        bool taken = status == 1 || (status >= 3 && status <= 7) || (status >= 0x0C && status <= 0x0F);

        check_change(GENERIC, taken, SAIP_BAD_VALUES, "life cycle status",
                     "62[82[4121] 83[2F20] 8A[@%02X] 8B[2F0601] 80[10] 88[]]", status);
    }
    es10_close(&bench);
}
END_TEST

/* --- network access ---------------------------------------------------------------------------------- */

START_TEST(sizes_of_results)
{
    static const char key[] = "82[00000000000000000000000000000000]";
    static const char opc[] = "83[0000000000000000000000000000000000000000000000000000000000000000]";

    es10_open(&bench, 1, 0);
    for (unsigned options = 0; options <= 0xFF; options++) {
        bool tuak = options < 0x80 && (options & 7) <= 4 && (options >> 3 & 3) != 3;

        if (options % 8 != 2 && options % 9 != 5)
            continue;
        check_change(SET, PATH(0xA4, 0xA1, 0xA1), tuak, SAIP_BAD_VALUES, "algorithmOptions",
                     "80[02] 81[@%02X] %s %s", options, key, opc);
        check_change(SET, PATH(0xA4, 0xA1, 0xA1), (options & 7) <= 2, SAIP_BAD_VALUES, "algorithmOptions",
                     "80[03] 81[@%02X] %s 83[]", options, key);
    }
    es10_close(&bench);
}
END_TEST

/* --- security domains -------------------------------------------------------------------------------- */

#define KEY_LIST SET, PATH(0xA6, 0xA2)
#define OCTETS16 "000102030405060708090A0B0C0D0E0F"
#define AES      "30[30[80[88] 86[" OCTETS16 "]]]"
#define NAMES    "4F[A000000001] 4F[A000000002] 4F[A000000003]"

static const struct fault domain_faults[] = {
    {{KEY_LIST, "30[95[18] 82[01] 83[01]" AES "] 30[95[14] 82[@01] 83[01]" AES "]"},
     SAIP_BAD_VALUES,
     "key 01 version 01 is there twice"},
    {{KEY_LIST, "30[95[18] 82[7F] 83[7F]" AES "] 30[95[18] 82[01] 83[01]" AES "]"
                "30[95[14] 82[@7F] 83[7F]" AES "]"},
     SAIP_BAD_VALUES,
     "key 7F version 7F is there twice"},
    {{KEY_LIST, "30[95[18] 82[01] 83[01] 30[30[80[85] 86[@]]]]"}, SAIP_BAD_VALUES, "keyData is empty"},
    {{KEY_LIST, "30[95[18] 82[01] 83[01] 30[30[80[@8800] 86[" OCTETS16 "]]]]"}, SAIP_BAD_VALUES, "keyType"},
    {{KEY_LIST, "30[95[18] 82[01] 83[01] 30[30[80[82] 86[@0001020304050607]]]]"},
     SAIP_BAD_VALUES,
     "triple DES key of 8"},
    {{KEY_LIST, "30[95[18] 82[01] 83[01] 85[@000000000000]" AES "]"}, SAIP_BAD_VALUES, "keyCounterValue"},
    {{KEY_LIST, "30[95[18] 82[01] 83[01] 85[@]" AES "]"}, SAIP_BAD_VALUES, "keyCounterValue"},
    {{SET, PATH(0xA6, 0xA1),
      "4F[A000000001] 4F[A000000002] 4F[@A0000005591010FFFFFFFF8900000100] 82[80] C9[]"},
     SAIP_INVALID_PARAMETER,
     "the eUICC's own"},
    {{SET, PATH(0xA6, 0xA1),
      "4F[A000000001] 4F[A000000002] 4F[@A0000005591010FFFFFFFF8900000200] 82[80] C9[]"},
     SAIP_INVALID_PARAMETER,
     "the eUICC's own"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[@000000]"}, SAIP_BAD_VALUES, "as TS 102 226"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[@00000002 0101 00]"}, SAIP_BAD_VALUES, "as TS 102 226"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[@00000000 00 0201]"}, SAIP_BAD_VALUES, "as TS 102 226"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[@00000000 00 00 03B201]"}, SAIP_BAD_VALUES, "as TS 102 226"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[@00000000 00 00 02B201 00]"}, SAIP_BAD_VALUES, "as TS 102 226"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[00000000 00 00 06B20100@B20100 00]"},
     SAIP_INVALID_PARAMETER,
     "B20100"},
    {{SET, PATH(0xA6, 0xA1, 0xEA), "80[00000000 00 00 03@000001 00]"}, SAIP_INVALID_PARAMETER, "own"},
};

START_TEST(faults_of_domains)
{
    es10_open(&bench, 1, 0);
    CHECK_FAULTS(domain_faults);
    es10_close(&bench);
}
END_TEST

START_TEST(uses_of_keys)
{
    es10_open(&bench, 1, 0);
    for (unsigned octet = 0; octet <= 0xFF; octet++) {
        if (octet < 0x24 || octet >= 0xFD)
            check_change(KEY_LIST, octet <= 2 || (octet >= 0x20 && octet <= 0xFE), SAIP_BAD_VALUES,
                         "keyAccess", "30[95[18] 96[@%02X] 82[01] 83[01]" AES "]", octet);
        if (octet <= 0x10)
            check_change(KEY_LIST, octet == 4 || octet == 8, SAIP_BAD_VALUES, "macLength",
                         "30[95[18] 82[01] 83[01] 30[30[80[88] 86[" OCTETS16 "] 87[@%02X]]]]", octet);
    }
    /* Types that the card does not compute with, and every size of counter. */
    check_change(KEY_LIST, true, SAIP_OK, "", "30[95[18] 82[01] 83[01] 30[30[80[85] 86[01] 87[00]]]]");
    check_change(KEY_LIST, true, SAIP_OK, "", "30[95[18] 82[01] 83[01] 30[30[80[FF00] 86[01]]]]");
    for (int size = 1; size <= 5; size++)
        check_change(KEY_LIST, true, SAIP_OK, "", "30[95[18] 82[01] 83[01] 85[%.*s]" AES "]", 2 * size,
                     "0102030405");
    es10_close(&bench);
}
END_TEST

/* GlobalPlatform 2.3 table 6-1: bit n counted from the left is privilege n. */
START_TEST(privileges_are_known)
{
    static const uint32_t of_domains = 0x80000000u >> 0 | 0x80000000u >> 1 | 0x80000000u >> 2 |
                                       0x80000000u >> 7 | 0x80000000u >> 9 | 0x80000000u >> 10 |
                                       0x80000000u >> 16 | 0x80000000u >> 17;

    es10_open(&bench, 1, 0);
    for (unsigned n = 0; n < 24; n++) {
        uint32_t bit = 0x80000000u >> n;
        bool known = n < 20;
        unsigned domain = (unsigned)((bit | 0x80000000u) >> 8);

        check_change(SET, PATH(0xA6, 0xA1), known && n != 7, SAIP_BAD_VALUES, "applicationPrivileges",
                     "4F[A000000001] 4F[A000000002] 4F[A000000151000000] 82[@%06X] C9[]", domain);
        check_change(
            ADD, PATH(SAIP_APPLICATION), known && (bit & of_domains) == 0, SAIP_BAD_VALUES,
            "applicationPrivileges",
            "A1[4F[A0000000AA] C4[01000F DECAFFED 0102 04 0001 05A0000000AA 030009 0105A0000000AB0000]]"
            "A2[30[4F[A0000000AA] 4F[A0000000AB] 4F[A0000000AC] 82[@%06X] C9[]]]",
            (unsigned)(bit >> 8));
    }
    check_change(SET, PATH(0xA6, 0xA1), false, SAIP_BAD_VALUES, "not a security domain's",
                 NAMES "82[@00] C9[]");
    check_change(SET, PATH(0xA6, 0xA1), false, SAIP_BAD_VALUES, "delegated and authorized",
                 NAMES "82[@A04000] C9[]");
    check_change(SET, PATH(0xA6, 0xA1), false, SAIP_BAD_VALUES, "mandated DAP", NAMES "82[@81] C9[]");
    check_change(SET, PATH(0xA6, 0xA1, 0x82), true, SAIP_OK, "", "C1");
    es10_close(&bench);
}
END_TEST

START_TEST(life_cycles_of_instances)
{
    es10_open(&bench, 1, 0);
    for (unsigned state = 0; state <= 0xFF; state++) {
        unsigned low = state & 0x7F;

        if (low > 0x11 && low < 0x7C)
            continue;
        check_change(SET, PATH(0xA6, 0xA1), low == 3 || low == 7 || low == 0x0F, SAIP_BAD_VALUES,
                     "lifeCycleState",
                     "4F[A000000001] 4F[A000000002] 4F[A000000151000000] 82[80] 83[@%02X] C9[]", state);
        check_change(
            ADD, PATH(SAIP_APPLICATION), low == 3 || (low & 7) == 7, SAIP_BAD_VALUES, "lifeCycleState",
            "A1[4F[A0000000AA] C4[01000F DECAFFED 0102 04 0001 05A0000000AA 030009 0105A0000000AB0000]]"
            "A2[30[4F[A0000000AA] 4F[A0000000AB] 4F[A0000000AC] 82[00] 83[@%02X] C9[]]]",
            state);
    }
    es10_close(&bench);
}
END_TEST

/* --- remote file management -------------------------------------------------------------------------- */

#define RFM(tars, level) "A0[81[11]] 4F[A000000009] 4F[A000000151000000]" tars "81[" level "] 04[00] 04[00]"
static const struct fault rfm_faults[] = {
    {{SET, PATH(0xA7), RFM("A0[04[@B20100]]", "16")}, SAIP_INVALID_PARAMETER, "TAR B20100 is in use"},
    {{SET, PATH(0xA7), RFM("A0[04[B00001] 04[B00002] 04[@B00001]]", "16")},
     SAIP_INVALID_PARAMETER,
     "TAR B00001 is in use"},
    {{SET, PATH(0xA7), RFM("A0[04[@000001]]", "16")}, SAIP_INVALID_PARAMETER, "the eUICC's own"},
    {{SET, PATH(0xA7), RFM("A0[04[@000002]]", "16")}, SAIP_INVALID_PARAMETER, "the eUICC's own"},
    {{SET, PATH(0xA7), "A0[81[11]] 4F[A00000000901020304050607@B2010000] 81[16] 04[00] 04[00]"},
     SAIP_INVALID_PARAMETER,
     "TAR B20100 is in use"},
    {{ADD, PATH(SAIP_RFM), "4F[A000000009] A0[04[@B00001]] 81[16] 04[00] 04[00]"},
     SAIP_INVALID_PARAMETER,
     "TAR B00001 is in use"},
    {{ADD, PATH(SAIP_SECURITY_DOMAIN), "A1[" NAMES "82[80] C9[] EA[80[00000000 00 00 03@B00001 00]]]"},
     SAIP_INVALID_PARAMETER,
     "TAR B00001 is in use"},
};

START_TEST(faults_of_remote_files)
{
    es10_open(&bench, 1, 0);
    CHECK_FAULTS(rfm_faults);
    for (unsigned level = 0; level <= 0xFF; level++)
        if (level <= 0x21 || level == 0x40 || level == 0x80 || level == 0xFF)
            check_change(SET, PATH(0xA7, 0x81), level <= 0x1F, SAIP_BAD_VALUES, "minimumSecurityLevel",
                         "@%02X", level);
    es10_close(&bench);
}
END_TEST

/* --- applications ------------------------------------------------------------------------------------ */

#define APPLICATION       ADD, PATH(SAIP_APPLICATION)
#define HEADER            "01000F DECAFFED 0102 04 0001 05A0000000AA"
#define APPLETS           "030009 0105A0000000AB0000"
#define LOAD(file)        "A1[4F[A0000000AA] C4[" file "]]"
#define RUN(class, names) "A2[30[4F[A0000000AA] 4F[" class "] " names "82[00] C9[]]]"

static const struct fault application_faults[] = {
    {{APPLICATION, LOAD("@01020304")}, SAIP_BAD_VALUES, "cut off"},
    {{APPLICATION, LOAD("@FF")}, SAIP_BAD_VALUES, "cut off"},
    {{APPLICATION, LOAD("@" APPLETS HEADER)}, SAIP_BAD_VALUES, "component 3 here"},
    {{APPLICATION, LOAD("01000F @DECAFFEE 0102 04 0001 05A0000000AA")}, SAIP_BAD_VALUES, "DECAFFED"},
    {{APPLICATION, LOAD("010009 @DECAFFED 0102 04 0001")}, SAIP_BAD_VALUES, "DECAFFED"},
    {{APPLICATION, LOAD("01000F DECAFFED 0102 04 0001 @05A0000000AB")}, SAIP_BAD_VALUES, "loadPackageAID"},
    {{APPLICATION, LOAD("01000F DECAFFED 0102 04 0001 @06A0000000AA")}, SAIP_BAD_VALUES, "loadPackageAID"},
    {{APPLICATION, LOAD(HEADER APPLETS "@0300")}, SAIP_BAD_VALUES, "cut off"},
    {{APPLICATION, LOAD(HEADER APPLETS "@" APPLETS)}, SAIP_BAD_VALUES, "component 3 here"},
    {{APPLICATION, LOAD(HEADER "@000000")}, SAIP_BAD_VALUES, "component 0 here"},
    {{APPLICATION, LOAD(HEADER "@0E0000")}, SAIP_BAD_VALUES, "component 14 here"},
    {{APPLICATION, LOAD(HEADER "@7F0000")}, SAIP_BAD_VALUES, "component 127 here"},
    {{APPLICATION, LOAD(HEADER "030000@")}, SAIP_BAD_VALUES, "list of applets"},
    {{APPLICATION, LOAD(HEADER "030009 02 05A0000000AB0000@")}, SAIP_BAD_VALUES, "list of applets"},
    {{APPLICATION, LOAD(HEADER "03000A 01 05A0000000AB0000@00")}, SAIP_BAD_VALUES, "list of applets"},
    {{APPLICATION, LOAD(HEADER APPLETS) RUN("@A0000000AC", "4F[A0000000AD]")},
     SAIP_INVALID_PARAMETER,
     "no applet of the load package"},
    {{APPLICATION, LOAD(HEADER) RUN("@A0000000AB", "4F[A0000000AD]")},
     SAIP_INVALID_PARAMETER,
     "no applet of the load package"},
    {{APPLICATION, LOAD(HEADER APPLETS) RUN("A0000000AB", "4F[@A0000000AA]")},
     SAIP_INVALID_PARAMETER,
     "instanceAID is in use"},
    {{APPLICATION, LOAD(HEADER APPLETS) RUN("A0000000AB", "4F[@A0000005591010FFFFFFFF8900000100]")},
     SAIP_INVALID_PARAMETER,
     "the eUICC's own"},
    {{APPLICATION, "A1[4F[@A0000000871002FFFFFFFF8907090000] C4[" HEADER "]]"},
     SAIP_INVALID_PARAMETER,
     "loadPackageAID is in use"},
    {{APPLICATION, LOAD(HEADER APPLETS) "A2[30[4F[A0000000AA] 4F[A0000000AB] 4F[A0000000AD] 82[00] C9[]"
                                        "EA[80[00000000 00 00 03@B00001 00]]]]"},
     SAIP_INVALID_PARAMETER,
     "TAR B00001 is in use"},
    {{ADD, PATH(SAIP_NON_STANDARD), "@82[00]"}, SAIP_INVALID_REQUEST_FORMAT, "issuerID"},
    {{ADD, PATH(SAIP_NON_STANDARD), "@81[] 82[00]"}, SAIP_BAD_VALUES, "issuerID"},
};

START_TEST(faults_of_applications)
{
    es10_open(&bench, 1, 0);
    CHECK_FAULTS(application_faults);
    es10_close(&bench);
}
END_TEST

/* --- several elements ---------------------------------------------------------------------------------- */

/* The good package with elements in front of its end, or behind it. */
static struct span with_elements(const char *text, bool behind, size_t *at)
{
    struct span good = test_profile(ICCID);
    size_t end = good.size - (behind ? 0 : element_at(good, good.size - 1).whole.size);
    struct buf *out = test_buf();
    struct buf *octets = test_buf();
    long mark = NO_MARK;

    ck_assert_int_eq(*assemble(text, octets, &mark), '\0');
    buf_append(out, SPAN(good.data, end));
    *at = out->size + (size_t)mark;
    buf_append(out, buf_span(octets));
    buf_append(out, SPAN(good.data + end, good.size - end));
    return buf_span(out);
}

#define DIRECTORY(number, fid) "A1[A0[81[" number "]] A1[30[62[" FCP("7821", fid) "C6[@82]]]]]"
#define SHARE(number, path)    "A2[A0[81[" number "]] A1[81[" path "]]]"

/* A directory that shares another's codes has those that the other one has of its own. */
START_TEST(shared_codes_are_of_one_directory)
{
    static const char first[] =
        DIRECTORY("65", "7F20") "A2[A0[81[66]] A1[A0[30[80[0082] 81[3132333435363738]]]]]" DIRECTORY(
            "67", "7F21") SHARE("68", "7F20");
    char text[400];
    struct span der;
    size_t at;

    es10_open(&bench, 1, 0);
    snprintf(text, sizeof(text), "%s%s", first, DIRECTORY("69", "7F22") SHARE("6A", "7F20"));
    check_package_taken(with_elements(text, false, &at), text);
    snprintf(text, sizeof(text), "%s%s", first, DIRECTORY("69", "7F22") SHARE("6A", "7F21"));
    der = with_elements(text, false, &at);
    check_package_refused(der, at, text, SAIP_PIN_CODE_MISSING, "directory 7F22 asks for code 82");
    es10_close(&bench);
}
END_TEST

/* Known, unknown, and one that would be skipped. */
START_TEST(nothing_comes_after_the_end)
{
    static const char *const elements[] = {"@A7[A0[81[65]]]", "@BF7F[A0[81[65]]]",
                                           "@A9[A0[81[65]] 81[2A0304] 82[00]]", "@AA[A0[81[65]]]"};

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        size_t at;
        struct span der = with_elements(elements[i], true, &at);

        check_package_refused(der, at, elements[i], SAIP_INVALID_PARAMETER, "after the end");
    }
    es10_close(&bench);
}
END_TEST

/* --- what is tolerated ------------------------------------------------------------------------------- */

/* Each is a named leniency in profiles/saip, or just inside what is refused. */
static const struct change tolerated[] = {
    /* The identifiers' last bits are the same, and nobody gave a short one. */
    {GENERIC, "62[" FCP("4121", "2F25") "80[10]] 62[" FCP("4121", "2F45") "80[10]]"},
    /* One short identifier in two directories. */
    {GENERIC, "62[" FCP("4121", "2F20") "80[10] 88[08]] 80[7F10] 62[" FCP("4121", "6F20") "80[10] 88[08]]"},
    {GENERIC, "62[" FCP("42210003", "2F20") "88[] C7[2F06]]"}, /* not the record's size */
    {GENERIC, "62[82[4121] 83[2F20] 80[10]]"},                 /* no rule */
    {GENERIC, "62[82[4100] 83[2F20] 8B[2F0601] 80[10]]"},      /* another data coding octet */
    {GENERIC, "62[" FCP("4121", "2F20") "80[10] A5[C0[3F]]]"}, /* special information */
    {GENERIC, "62[" FCP("7821", "7F20") "C6[]]"},              /* no code */
    {GENERIC, "62[" FCP("4121", "2F20") "80[10] A5[C1[" OCTETS16 OCTETS16 "]]]"}, /* a long pattern */
    {GENERIC, "62[" EF("2F20") "] 62[" EF("2F21") "] 80[2F20] 81[00]"},
    {ADD, PATH(SAIP_CD), "81[67810F010202] A2[A1[C6[01]]] A3[A1[80[10]] 83[41]]"}, /* no EF ARR */
    {APPEND, PATH(0xA2, 0xA1, 0xA0, 0x30), "84[11]"},
    {SET, PATH(0xA3, 0xA1, 0x30, 0x81), "0000000000000000"},
    {SET, PATH(0xA6, 0xA1, 0xEA), "80[00000000 00 00 06B20100000000 00]"},
    {SET, PATH(0xA6, 0xA1, 0xEA), "80[01001502 01010202]"},
    {SET, PATH(0xA6, 0xA1, 0xEA), "80[01001502 01010202 00]"},
    {SET, PATH(0xA6, 0xA1, 0xEA), "80[01001505 00000000000000000000 00 00]"},
    {SET, PATH(0xA7), "A0[81[11]] 4F[A000000009] 81[16] 04[7F] 04[0301]"},
    {APPLICATION, LOAD(HEADER APPLETS "FF0001AA FF0000") RUN("A0000000AB", "4F[A0000000AD]")},
    {APPLICATION, LOAD(HEADER)},
};

START_TEST(leniencies)
{
    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++)
        check_taken(&tolerated[i]);
    es10_close(&bench);
}
END_TEST

/* Where two files would have one short identifier, it is the first one's. */
START_TEST(an_implied_short_identifier_gives_way)
{
    size_t at;
    const struct change change = {GENERIC, "62[" FCP("4121", "2F25") "80[10]]"};
    struct saip_package package;
    struct saip_failure failure;
    struct fs *fs;

    ck_assert(saip_decode(changed(&change, &at), &package, &failure));
    fs = fs_interpret(&package);
    ck_assert_uint_eq(fs_by_path(fs, hex("2F05"))->sfi, 5);
    ck_assert_uint_eq(fs_by_path(fs, hex("2F25"))->sfi, 0);
    fs_free(fs);
    saip_free(&package);
}
END_TEST

TEST_MAIN("saip_refused", faults_of_files, reserved_identifiers, links_of_every_kind, access_rules_are_there,
          life_cycles_of_files, sizes_of_results, faults_of_domains, uses_of_keys, privileges_are_known,
          life_cycles_of_instances, faults_of_remote_files, faults_of_applications,
          shared_codes_are_of_one_directory, nothing_comes_after_the_end, leniencies,
          an_implied_short_identifier_gives_way)
