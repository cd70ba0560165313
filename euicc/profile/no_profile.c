/*
 * The UICC of a card without an enabled profile.
 *
 * Reading: SGP.22 says only that there is no profile then; cards in the field still answer SELECT MF, and a
 * terminal that looks for a UICC gives up on one that does not. So there is MF with EF DIR (no application),
 * EF PL (no preference) and EF ARR: all may be read, nothing may be changed, and there is no EF ICCID.
 */
#include "euicc/profile/no_profile.h"

#include <stdio.h>

/* EF ARR: record 1 for files (READ always, all else never), record 2 for MF (all never). */
static const uint8_t rules[] = {0x80, 0x01, 0x01, 0x90, 0x00, 0x80, 0x01, 0x5A, 0x97, 0x00,
                                0x80, 0x01, 0x5F, 0x97, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
enum { RULE_SIZE = 10 };

static const struct {
    const char *name;
    enum saip_file_kind kind;
    uint16_t fid;
    uint8_t sfi;
    uint8_t rule; /* record of EF ARR */
    size_t size, record_size;
    struct span content; /* filled up with FF */
} files[] = {
    {"mf", SAIP_FILE_MF, FS_FID_MF, 0, 2, 0, 0, {NULL, 0}},
    {"ef-dir", SAIP_FILE_LINEAR_FIXED, 0x2F00, 0x1E, 1, 48, 48, {NULL, 0}},
    {"ef-pl", SAIP_FILE_TRANSPARENT, 0x2F05, 0x05, 1, 2, 0, {NULL, 0}},
    {"ef-arr",
     SAIP_FILE_LINEAR_FIXED,
     FS_FID_ARR_MF,
     0x06,
     1,
     sizeof(rules),
     RULE_SIZE,
     {rules, sizeof(rules)}},
};

static bool no_profile_add(struct fs *fs, uint32_t number)
{
    struct fs_file like = {
        .number = number,
        .kind = files[number].kind,
        .fid = files[number].fid,
        .parent = fs->mf,
        .sfi = files[number].sfi,
        .life_cycle = FS_ACTIVATED,
        .shareable = true,
        .access_form = FS_ACCESS_REFERENCED,
        .size = files[number].size,
        .record_size = files[number].record_size,
    };

    snprintf(like.name, sizeof(like.name), "%s", files[number].name);
    buf_append_octet(&like.access, FS_FID_ARR_MF >> 8);
    buf_append_octet(&like.access, FS_FID_ARR_MF & 0xFF);
    buf_append_octet(&like.access, files[number].rule);
    buf_append(&like.content, files[number].content);
    return fs_add_file(fs, &like) != NULL;
}

struct fs *no_profile_fs(void)
{
    struct fs *fs = fs_new();
    bool good = fs != NULL;

    for (uint32_t i = 0; i < sizeof(files) / sizeof(files[0]) && good; i++)
        good = no_profile_add(fs, i);
    if (good)
        return fs;
    fs_free(fs);
    return NULL;
}
