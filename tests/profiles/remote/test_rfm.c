/* profiles/remote/rfm.c and remote_script.c: scripts on the files of a built profile, and what they may not
 * do. */
#include "profiles/remote/rfm.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <string.h>

#define RFM_TAR "B00001"
#define SD_TAR  "B20100"

static const struct uicc_host no_host = {.context = NULL};

struct bench {
    struct uicc *uicc;
    struct fs_application *rfm;
};

static struct bench open_bench(void)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_package package;
    struct saip_failure failure;
    struct bench bench;

    recipe.pin1_enabled = true;
    ck_assert(saip_decode(test_profile_from(&recipe), &package, &failure));
    bench.uicc = uicc_new(fs_interpret(&package), &no_host);
    saip_free(&package);
    ck_assert_ptr_nonnull(bench.uicc);
    bench.rfm = rfm_find(bench.uicc->fs, hex(RFM_TAR).data);
    ck_assert_ptr_nonnull(bench.rfm);
    return bench;
}

static struct span run(struct bench *bench, const char *script)
{
    struct buf *answer = test_buf();

    rfm_run(bench->uicc, bench->rfm, hex(script), answer);
    ck_assert(!answer->failed);
    ck_assert_ptr_null(bench->uicc->grants);
    return buf_span(answer);
}

static void set_access(struct bench *bench, const char *text)
{
    buf_clear(&bench->rfm->uicc_access);
    buf_append(&bench->rfm->uicc_access, hex(text));
}

static void set_admin_access(struct bench *bench, const char *text)
{
    buf_clear(&bench->rfm->uicc_admin_access);
    buf_append(&bench->rfm->uicc_admin_access, hex(text));
}

START_TEST(references_find_applications)
{
    struct bench bench = open_bench();
    const struct fs *fs = bench.uicc->fs;
    struct fs_application *domain = rfm_find(fs, hex(SD_TAR).data);

    ck_assert_ptr_nonnull(domain);
    ck_assert_int_eq(domain->kind, FS_SECURITY_DOMAIN);
    ck_assert_ptr_eq(rfm_domain(fs, bench.rfm), domain);
    ck_assert_ptr_eq(rfm_domain(fs, domain), domain);
    ck_assert_ptr_null(rfm_find(fs, hex("B00002").data));
    ck_assert_uint_eq(rfm_minimum_security(domain), 0x16);
    ck_assert_uint_eq(rfm_minimum_security(bench.rfm), 0x16);
    ck_assert(rfm_is_secure(0x16, 0x16) && rfm_is_secure(0x1E, 0x16) && !rfm_is_secure(0x06, 0x16) &&
              !rfm_is_secure(0x12, 0x16) && !rfm_is_secure(0x15, 0x16));
    /* Parameters that end early name no TAR. */
    for (size_t size = 0; size < domain->uicc_parameters.size; size++) {
        size_t whole = domain->uicc_parameters.size;

        domain->uicc_parameters.size = size;
        ck_assert_ptr_ne(rfm_find(fs, hex("000000").data), domain);
        domain->uicc_parameters.size = whole;
    }
    uicc_free(bench.uicc);
}
END_TEST

START_TEST(compact_scripts)
{
    struct bench bench = open_bench();

    ck_assert_hex(run(&bench, "00A4080C022FE2 00B0000002"), "02 9000 9800");
    ck_assert_hex(run(&bench, "00A4080C022FE2"), "01 9000");
    ck_assert_hex(run(&bench, "00A4080C022FFF 00B0000002"), "01 6A82");
    ck_assert_hex(run(&bench, "00A40804022FE2 00C0000002"), "02 9000 6216");
    ck_assert_hex(run(&bench, "00C0000002"), "01 6985");
    ck_assert_hex(run(&bench, ""), "");
    /* Cut off, no such command, not for remote management, another channel, by AID. */
    ck_assert_hex(run(&bench, "00A4000C022F"), "01 6700");
    ck_assert_hex(run(&bench, "00"), "01 6700");
    ck_assert_hex(run(&bench, "00880081 00"), "01 6D00");
    ck_assert_hex(run(&bench, "01A4080C022FE2"), "01 6E00");
    ck_assert_hex(run(&bench, "00A4040007A0000000871002"), "01 6A86");
    uicc_free(bench.uicc);
}
END_TEST

START_TEST(expanded_scripts)
{
    struct bench bench = open_bench();

    ck_assert_hex(run(&bench, "AA10 2207 00A4080C022FE2 2205 00B0000002"),
                  "AB0D 800102 2302 9000 2304 98009000");
    ck_assert_hex(run(&bench, "AE80 2207 00A4080C022FE2 2205 00B0000002 0000"),
                  "AF80 800102 2302 9000 2304 98009000 0000");
    ck_assert_hex(run(&bench, "AA10 2207 00A4080C022FFF 2205 00B0000002"), "AB07 800101 2302 6A82");
    ck_assert_hex(run(&bench, "AA0B 2207 00A4080C022FE2 8100"), "AB0A 800101 2302 9000 900101");
    ck_assert_hex(run(&bench, "AA04 2205 00B0"), "AB06 800100 900102");
    ck_assert_hex(run(&bench, "AA05 2207 00A400"), "AB06 800100 900102");
    ck_assert_hex(run(&bench, "AA"), "AB06 800100 900103");
    ck_assert_hex(run(&bench, "AE80 00"), "AF80 800100 900102 0000");
    ck_assert_hex(run(&bench, "AA03 2201 00"), "AB07 800101 2302 6700");
    uicc_free(bench.uicc);
}
END_TEST

/* EF ICCID is always readable; EF ADN's like needs PIN1; only full access or the code's bit grants it. */
START_TEST(the_domain_stands_in_for_codes)
{
    static const char update[] = "00A4000C027FFF 00A4000C026F07 00B0000001";
    struct bench bench = open_bench();
    struct fs_file *adf = uicc_find_application(bench.uicc, hex("A0000000871002"), UICC_FIRST, NULL);

    /* It begins in the ADF that it manages. */
    ck_assert_hex(run(&bench, "00A4000C026F07 00B0000001"), "02 9000 08");
    buf_clear(&bench.rfm->adf_access);
    ck_assert_hex(run(&bench, "00A4000C026F07 00B0000001"), "02 6982");
    buf_append(&bench.rfm->adf_access, hex("FF"));
    ck_assert_hex(run(&bench, update), "03 6982");
    buf_clear(&bench.rfm->adf_access);
    buf_append(&bench.rfm->adf_access, hex("02 00 01"));
    ck_assert_hex(run(&bench, "00A4000C026F07 00B0000001"), "02 9000 08");
    buf_clear(&bench.rfm->adf_access);
    buf_append(&bench.rfm->adf_access, hex("02 1F FE"));
    ck_assert_hex(run(&bench, "00A4000C026F07 00B0000001"), "02 6982");
    /* Another part of the tree has a domain of its own. */
    set_access(&bench, "FF");
    ck_assert_hex(run(&bench, "00A4080C022FE2 00B0000002"), "02 6982");
    set_access(&bench, "02 00 00");
    ck_assert_hex(run(&bench, "00A4080C022FE2 00B0000002"), "02 9000 9800");
    ck_assert_ptr_nonnull(adf);
    uicc_free(bench.uicc);
}
END_TEST

START_TEST(the_terminal_keeps_its_state)
{
    struct bench bench = open_bench();
    struct uicc *uicc = bench.uicc;
    struct uicc_channel before = uicc->channels[0];

    ck_assert_hex(run(&bench, "00A4000C026F07 0020000108 31323334FFFFFFFF"), "02 9000");
    ck_assert_ptr_eq(uicc->channels[0].directory, before.directory);
    ck_assert_ptr_eq(uicc->channels[0].file, before.file);
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        ck_assert(!uicc->fs->pins[i].verified);
    ck_assert_ptr_null(uicc->channels[UICC_REMOTE_CHANNEL].file);
    uicc_free(bench.uicc);
}
END_TEST

START_TEST(administration_has_a_domain_of_its_own)
{
    struct bench bench = open_bench();

    set_admin_access(&bench, "FF");
    ck_assert_hex(run(&bench, "00A4000C023F00 00E4000002 2FE2"), "02 6982");
    ck_assert_hex(run(&bench, "00A4080C022FE2 00B0000002"), "02 9000 9800");
    buf_clear(&bench.rfm->uicc_admin_access);
    ck_assert_hex(run(&bench, "00A4000C023F00 00E4000002 2FE2"), "02 6982");
    ck_assert_ptr_nonnull(fs_child(bench.uicc->fs->mf, 0x2FE2));
    uicc_free(bench.uicc);
}
END_TEST

START_TEST(cut_scripts_end_well)
{
    static const char *const scripts[] = {
        "00A4080C022FE2 00B0000002 00A40804022FE2 00C0000010",
        "AA10 2207 00A4080C022FE2 2205 00B0000002",
        "AE80 2207 00A4080C022FE2 2205 00B0000002 0000",
    };

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct bench bench = open_bench();
        struct span whole = hex(scripts[i]);

        for (size_t size = 1; size <= whole.size; size++) {
            struct buf *answer = test_buf();

            rfm_run(bench.uicc, bench.rfm, SPAN(whole.data, size), answer);
            ck_assert(!answer->failed && answer->size >= 3);
        }
        uicc_free(bench.uicc);
    }
}
END_TEST

TEST_MAIN("rfm", references_find_applications, compact_scripts, expanded_scripts,
          the_domain_stands_in_for_codes, the_terminal_keeps_its_state,
          administration_has_a_domain_of_its_own, cut_scripts_end_well)
