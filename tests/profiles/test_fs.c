/*
 * profiles/fs*.c and interpret*.c: what is built from a package reads back as the package says, file by file;
 * codes, keys and applications; changes, and what is told of them.
 */
#include "apdu/tlv.h"
#include "profiles/uicc/uicc.h"
#include "tests/support/profile.h"
#include "tests/support/reads_back.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static const struct uicc_host no_host = {.context = NULL};

static struct saip_package decode(struct span der)
{
    struct saip_package package;
    struct saip_failure failure;

    ck_assert_msg(saip_decode(der, &package, &failure), "%s", failure.reason);
    return package;
}

static uint16_t command(void *context, struct span capdu, struct buf *response)
{
    struct apdu_command decoded;

    ck_assert_uint_eq(apdu_decode(capdu, &decoded), SW_OK);
    return uicc_process(context, &decoded, response);
}

static struct uicc *uicc_of(const struct saip_package *package)
{
    struct fs *fs = fs_interpret(package);
    struct uicc *uicc;

    ck_assert_ptr_nonnull(fs);
    ck_assert_uint_eq(fs->mf->number, 0);
    uicc = uicc_new(fs, &no_host);
    ck_assert_ptr_nonnull(uicc);
    return uicc;
}

static struct reads_back_counts compare(struct span der)
{
    struct saip_package package = decode(der);
    struct uicc *uicc = uicc_of(&package);
    struct reads_back_counts counts;

    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        uicc->fs->pins[i].verified = true;
    counts = reads_back(&package, command, uicc);
    ck_assert_uint_eq(counts.files, package.file_count);
    uicc_free(uicc);
    saip_free(&package);
    return counts;
}

START_TEST(a_built_profile_reads_back)
{
    struct reads_back_counts counts = compare(test_profile("89490000000000000017"));

    ck_assert_uint_gt(counts.read, 50);
    /* EF ARR and the like are open, keys are nowhere: nothing is closed to who has verified everything. */
    ck_assert_uint_eq(counts.refused, 0);
}
END_TEST

START_TEST(ts48_profiles_read_back)
{
    static const char *const names[] = {"ts48/TS48v1_A.der", "ts48/TS48v3_SAIP2.1_NoBERTLV.der",
                                        "ts48/TS48v5_SAIP2.3_BERTLV_SUCI.der"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = shared_data(names[i]);
        struct reads_back_counts counts;

        if (path == NULL) {
            printf("skipped: %s is not there\n", names[i]);
            continue;
        }
        counts = compare(test_read_file(path));
        printf("%s: %zu files, %zu EFs compared, %zu closed to everybody\n", names[i], counts.files,
               counts.read, counts.refused);
        ck_assert_uint_gt(counts.read, 100);
    }
}
END_TEST

START_TEST(codes_keys_and_applications_are_taken)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_package package = decode(test_profile_from(&recipe));
    struct fs *fs = fs_interpret(&package);
    struct fs_file *usim = NULL;
    struct fs_naa *naa;
    struct fs_pin *pin;

    for (size_t i = 0; i < package.file_count; i++)
        if (fs_file(fs, (uint32_t)i)->kind == SAIP_FILE_ADF && usim == NULL)
            usim = fs_file(fs, (uint32_t)i);
    ck_assert_ptr_nonnull(usim);
    pin = fs_find_pin(fs, usim, 0x01);
    ck_assert_ptr_nonnull(pin);
    ck_assert_ptr_eq(pin->directory, fs->mf);
    ck_assert_int_eq(memcmp(pin->value, recipe.pin1, strlen(recipe.pin1)), 0);
    ck_assert_int_eq(pin->enabled, recipe.pin1_enabled);
    pin = fs_find_pin(fs, usim, 0x81);
    ck_assert_ptr_nonnull(pin);
    ck_assert_ptr_eq(pin->directory, usim);
    ck_assert_uint_eq(pin->attempts_left, pin->attempts);
    ck_assert_ptr_null(fs_find_pin(fs, fs->mf, 0x81));
    ck_assert_ptr_nonnull(fs_find_puk(fs, pin->puk));
    naa = fs_find_naa(fs, usim);
    ck_assert_ptr_nonnull(naa);
    ck_assert_ptr_eq(fs_naa_source(fs, naa), naa);
    ck_assert_int_eq(naa->algorithm, recipe.algorithm);
    ck_assert_span(SPAN(naa->key, naa->key_size), SPAN(recipe.key, recipe.key_size));
    ck_assert_span(SPAN(naa->opc, naa->opc_size), SPAN(recipe.opc, recipe.opc_size));
    ck_assert_uint_gt(fs->application_count, 0);
    ck_assert_int_eq(fs->applications[0].kind, FS_SECURITY_DOMAIN);
    ck_assert_uint_gt(fs->applications[0].key_count, 0);
    ck_assert_span(buf_span(&fs->applications[0].keys[0].value), SPAN_ARRAY(recipe.ota_key));
    fs_free(fs);
    saip_free(&package);
}
END_TEST

/* --- changes --------------------------------------------------------------------------------------- */

struct told {
    uint32_t number;
    size_t offset, size, contents, files, removed;
    bool refuse;
};

static bool tell_content(void *context, const struct fs_file *file, size_t offset, size_t size)
{
    struct told *told = context;

    told->number = file->number;
    told->offset = offset;
    told->size = size;
    told->contents++;
    return !told->refuse;
}

static bool tell_file(void *context, const struct fs_file *file)
{
    struct told *told = context;

    told->number = file->number;
    told->files++;
    return !told->refuse;
}

static bool tell_removed(void *context, uint32_t number)
{
    struct told *told = context;

    told->number = number;
    told->removed++;
    return !told->refuse;
}

static struct fs_file *add(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                           size_t size, size_t record_size)
{
    struct fs_file like = {.kind = kind,
                           .fid = fid,
                           .parent = parent,
                           .life_cycle = FS_ACTIVATED,
                           .size = size,
                           .record_size = record_size};
    struct fs_file *file = fs_create_file(fs, &like);

    ck_assert_ptr_nonnull(file);
    return file;
}

START_TEST(changes_are_made_and_told)
{
    struct told told = {0};
    struct fs *fs = fs_new();
    struct fs_file *mf = add(fs, NULL, SAIP_FILE_MF, 0x3F00, 0, 0);
    struct fs_file *df = add(fs, mf, SAIP_FILE_DF, 0x7F10, 0, 0);
    struct fs_file *ef = add(fs, df, SAIP_FILE_TRANSPARENT, 0x6F3A, 4, 0);
    struct fs_file *ring = add(fs, df, SAIP_FILE_CYCLIC, 0x6F44, 6, 2);
    struct fs_file link = {.kind = SAIP_FILE_TRANSPARENT, .fid = 0x2F77, .parent = mf, .link = ef, .size = 4};
    struct fs_file *linked = fs_create_file(fs, &link);

    ck_assert_ptr_nonnull(linked);
    fs->store = (struct fs_store){
        .context = &told, .content = tell_content, .file = tell_file, .removed = tell_removed};
    ck_assert_hex(fs_content(ef), "FFFFFFFF");

    ck_assert(fs_write(fs, linked, 1, hex("0102")));
    ck_assert_hex(fs_content(ef), "FF0102FF");
    ck_assert_hex(fs_content(linked), "FF0102FF");
    ck_assert_uint_eq(told.number, ef->number);
    ck_assert_uint_eq(told.offset, 1);
    ck_assert_uint_eq(told.size, 2);

    ck_assert(fs_write_cyclic(fs, ring, hex("0001")));
    ck_assert(fs_write_cyclic(fs, ring, hex("0002")));
    ck_assert_hex(fs_content(ring), "00020001FFFF");
    ck_assert_hex(fs_record(ring, 1), "0002");
    ck_assert_ptr_null(fs_record(ring, 0).data);
    ck_assert_ptr_null(fs_record(ring, 4).data);

    ck_assert(fs_resize(fs, ef, 6, 0x00));
    ck_assert_hex(fs_content(linked), "FF0102FF0000");
    ck_assert_uint_eq(linked->size, 6);
    ck_assert(fs_resize(fs, ef, 2, 0x00));
    ck_assert_hex(fs_content(linked), "FF01");

    /* What goes away leaves its content to the link. */
    ck_assert(fs_delete_file(fs, df));
    ck_assert_uint_eq(told.removed, 3);
    ck_assert_ptr_null(linked->link);
    ck_assert_hex(fs_content(linked), "FF01");
    ck_assert_ptr_null(fs_child(mf, 0x7F10));

    told.refuse = true;
    ck_assert(!fs_write(fs, linked, 0, hex("00")));
    ck_assert(!fs_set_life_cycle(fs, linked, FS_DEACTIVATED));
    fs_free(fs);
}
END_TEST

TEST_MAIN("fs", a_built_profile_reads_back, ts48_profiles_read_back, codes_keys_and_applications_are_taken,
          changes_are_made_and_told)
