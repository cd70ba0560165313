/* profiles/templates*.c: the tables hang together, OIDs find them, patterns become content. */
#include "profiles/saip/saip.h"
#include "profiles/saip/templates.h"
#include "tests/support/test.h"

#include <string.h>

static struct span oid_of(const struct saip_template *template)
{
    struct buf *oid = test_buf();

    saip_template_put_oid(oid, template);
    return buf_span(oid);
}

START_TEST(every_template_is_found_by_its_oid)
{
    const struct saip_template *template;
    size_t count = 0;

    for (; (template = saip_template_at(count)) != NULL; count++)
        ck_assert_ptr_eq(saip_template_find(oid_of(template)), template);
    ck_assert_uint_eq(count, 28);
    ck_assert_ptr_null(saip_template_find(hex("67810F0102")));
    ck_assert_ptr_null(saip_template_find(hex("67810F010304")));
    ck_assert_ptr_null(saip_template_find(hex("67810F01020401")));
    ck_assert_ptr_null(saip_template_find(hex("67810F0102040200")));
    ck_assert_ptr_null(saip_template_find(SPAN_NONE));
}
END_TEST

START_TEST(oids_have_their_text)
{
    char text[32];

    ck_assert_str_eq(saip_template_oid_text(saip_template_find(hex("67810F010204")), text, sizeof(text)),
                     "2.23.143.1.2.4");
    ck_assert_str_eq(saip_template_oid_text(saip_template_find(hex("67810F01020D03")), text, sizeof(text)),
                     "2.23.143.1.2.13.3");
}
END_TEST

static void check_row(const struct saip_template *template, size_t i)
{
    const struct saip_template_file *row = saip_template_row(template, i);
    bool given = row->kind == SAIP_FILE_ADF || template->element == SAIP_EAP;

    ck_assert_msg(row->fid != 0 || given, "%s has no identifier", row->name);
    ck_assert_msg(row->arr >= 1 && row->arr <= 14, "%s: access rule %u", row->name, row->arr);
    ck_assert_msg(row->sfi <= 30, "%s: short identifier %u", row->name, row->sfi);
    ck_assert_msg(row->size <= 255 || !saip_kind_has_records(row->kind), "%s: record of %u", row->name,
                  row->size);
    ck_assert_msg(saip_template_row_named(template, row->name) == (int)i, "%s: name twice", row->name);
    for (size_t j = i + 1; j < template->file_count && !saip_kind_is_directory(template->files[j].kind);
         j++) {
        const struct saip_template_file *other = saip_template_row(template, j);

        ck_assert_msg(other->fid >= row->fid + row->fid_count || row->fid >= other->fid + other->fid_count ||
                          saip_kind_is_directory(row->kind),
                      "%s and %s share %04X", row->name, other->name, other->fid);
        ck_assert_msg(row->sfi == 0 || row->sfi != other->sfi, "%s and %s share a short identifier",
                      row->name, other->name);
    }
}

START_TEST(rows_are_plausible)
{
    const struct saip_template *template;

    for (size_t i = 0; (template = saip_template_at(i)) != NULL; i++) {
        for (size_t j = 0; j < template->file_count; j++)
            check_row(template, j);
        /* A file that is made although the package does not speak of it must have a size. */
        for (size_t j = 0; template->by_default && j < template->file_count; j++) {
            const struct saip_template_file *row = saip_template_row(template, j);

            ck_assert_msg((row->flags & SAIP_FILE_REQUIRED) != 0 || saip_kind_is_directory(row->kind) ||
                              (row->size > 0 && (row->records > 0 || !saip_kind_has_records(row->kind))),
                          "%s has no size", row->name);
        }
    }
}
END_TEST

START_TEST(later_versions_change_rows)
{
    const struct saip_template *first = saip_template_find(hex("67810F01020D"));
    const struct saip_template *last = saip_template_find(hex("67810F01020D04"));
    int nsc = saip_template_row_named(last, "ef-5gs3gppnsc");

    ck_assert_int_ge(nsc, 0);
    ck_assert_uint_eq(saip_template_row(first, (size_t)nsc)->records, 1);
    ck_assert_uint_eq(saip_template_row(last, (size_t)nsc)->records, 2);
    ck_assert_int_eq(saip_template_row_named(first, "ef-cag"), -1);
    ck_assert_int_ge(saip_template_row_named(last, "ef-cag"), 0);
    ck_assert_uint_eq(saip_template_row(saip_template_find(hex("67810F01020402")), 6)->size, 17);
}
END_TEST

START_TEST(members_are_numbered_from_two)
{
    ck_assert_uint_eq(saip_template_row_tag(0), 0xA2);
    ck_assert_uint_eq(saip_template_row_tag(28), 0xBE);
    ck_assert_uint_eq(saip_template_row_tag(29), 0xBF1F);
    ck_assert_uint_eq(saip_template_row_tag(84), 0xBF56);
}
END_TEST

static void check_content(const char *pattern, size_t size, const char *expected)
{
    struct saip_template_file file = {.name = "test", .content = pattern};
    struct buf content = {0};

    saip_template_content(&file, size, &content);
    ck_assert_hex(buf_span(&content), expected);
    buf_free(&content);
}

START_TEST(patterns_become_content)
{
    check_content(NULL, 3, "FFFFFF");
    check_content("FF*", 3, "FFFFFF");
    check_content("00FF*", 4, "00FFFFFF");
    check_content("00FF*", 1, "00");
    check_content("07FF*", 5, "07FFFFFFFF");
    check_content("FF*07", 4, "FFFFFF07");
    check_content("FF*07", 1, "07");
    check_content("FF*0000000001FFFF", 9, "FFFF 0000000001FFFF");
    check_content("[FFFFFF0000]", 10, "FFFFFF0000 FFFFFF0000");
    check_content("[FFFFFF0000]", 7, "FFFFFF0000 FFFF");
    check_content("0102", 2, "0102");
    check_content("0102", 4, "0102FFFF");
    check_content("0102", 1, "01");
    check_content("FF*", 0, "");
}
END_TEST

START_TEST(kinds_have_names)
{
    ck_assert_str_eq(saip_file_kind_name(SAIP_FILE_ADF), "ADF");
    ck_assert_str_eq(saip_file_kind_name(SAIP_FILE_BER_TLV), "BER-TLV");
    ck_assert(saip_kind_is_directory(SAIP_FILE_MF) && !saip_kind_is_directory(SAIP_FILE_TRANSPARENT));
    ck_assert(saip_kind_has_records(SAIP_FILE_CYCLIC) && !saip_kind_has_records(SAIP_FILE_BER_TLV));
}
END_TEST

TEST_MAIN("templates", every_template_is_found_by_its_oid, oids_have_their_text, rows_are_plausible,
          later_versions_change_rows, members_are_numbered_from_two, patterns_become_content,
          kinds_have_names)
