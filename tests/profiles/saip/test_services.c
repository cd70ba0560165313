/*
 * What EF UST of a profile that we make says is what the profile has (3GPP TS 31.102 4.2.8): each service
 * with its files, each optional file with its service.
 */
#include "profiles/saip/saip.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A service, and a file below the USIM that it stands for: its directory (0: the ADF) and identifier. */
static const struct {
    unsigned service;
    uint16_t directory, fid;
} rows[] = {
    {2, 0, 0x6F3B},        {3, 0, 0x6F4B},        {4, 0, 0x6F49},        {10, 0, 0x6F3C},
    {11, 0, 0x6F47},       {12, 0, 0x6F42},       {13, 0, 0x6F39},       {15, 0, 0x6F45},
    {16, 0, 0x6F50},       {17, 0, 0x6F3E},       {18, 0, 0x6F3F},       {19, 0, 0x6F46},
    {20, 0, 0x6F60},       {21, 0, 0x6F40},       {27, 0x5F3B, 0x4F20},  {27, 0x5F3B, 0x4F52},
    {34, 0, 0x6F56},       {35, 0, 0x6F57},       {39, 0x5F3B, 0x4F63},  {40, 0x5F3B, 0x4F64},
    {42, 0, 0x6F61},       {43, 0, 0x6F62},       {45, 0, 0x6FC5},       {46, 0, 0x6FC6},
    {68, 0, 0x6FD6},       {71, 0, 0x6FD9},       {85, 0, 0x6FE3},       {85, 0, 0x6FE4},
    {122, 0x5FC0, 0x4F01}, {122, 0x5FC0, 0x4F02}, {122, 0x5FC0, 0x4F03}, {122, 0x5FC0, 0x4F04},
    {123, 0x5FC0, 0x4F05}, {124, 0x5FC0, 0x4F07}, {126, 0x5FC0, 0x4F06},
};

/* Those without a file: SMS-PP download, the one that is always set, and GSM security context. */
static const unsigned without_file[] = {28, 33, 38};

struct found {
    struct span usim;
    uint16_t adf, directory, directory_fid; /* numbers of the last ones, fid of the latter */
    bool present[COUNT(rows)];
    struct buf services;
};

static bool take_file(void *context, const struct saip_file *file, bool update)
{
    struct found *found = context;

    if (update)
        return true;
    if (file->kind == SAIP_FILE_ADF)
        found->adf = span_equal(SPAN(file->df_name.data, found->usim.size), found->usim) ? file->number : 0;
    if (file->kind == SAIP_FILE_DF) {
        found->directory = file->parent == found->adf ? file->number : 0;
        found->directory_fid = file->fid;
    }
    if (found->adf == 0)
        return true;
    if (file->fid == 0x6F38 && file->parent == found->adf)
        saip_file_content(file, &found->services);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool here = rows[i].directory == 0
                        ? file->parent == found->adf
                        : file->parent == found->directory && rows[i].directory == found->directory_fid;

        found->present[i] |= here && file->fid == rows[i].fid;
    }
    return true;
}

static bool has(const struct found *found, unsigned service)
{
    return (service - 1) / 8 < found->services.size &&
           (found->services.data[(service - 1) / 8] >> (service - 1) % 8 & 1) != 0;
}

START_TEST(a_made_profile_has_what_it_says)
{
    const struct saip_recipe recipe = saip_recipe_default();
    struct found found = {.usim = SPAN_STRING("\xA0\x00\x00\x00\x87\x10\x02")};
    struct saip_package package;
    struct saip_failure failure;
    size_t known = 0;
    size_t set = 0;

    ck_assert(saip_decode(test_profile_from(&recipe), &package, &failure));
    ck_assert(saip_visit(&package, take_file, NULL, &found));
    ck_assert_hex(buf_span(&found.services), "020A1F0C23360000400010000000000E00");
    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(has(&found, rows[i].service) == found.present[i], "service %u, file %04X",
                      rows[i].service, rows[i].fid);
        known += has(&found, rows[i].service) && (i == 0 || rows[i - 1].service != rows[i].service);
    }
    for (size_t i = 0; i < COUNT(without_file); i++)
        known += has(&found, without_file[i]);
    for (unsigned service = 1; service <= 8 * found.services.size; service++)
        set += has(&found, service);
    ck_assert_uint_eq(set, known); /* none that this test does not know */
    ck_assert(has(&found, 38));
    buf_free(&found.services);
    saip_free(&package);
}
END_TEST

TEST_MAIN("services", a_made_profile_has_what_it_says)
