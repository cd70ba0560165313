/*
 * What the files of class A0 share: a command on its way, and a profile's files and codes as a SIM has them.
 * Nothing outside profiles/gsm*.c includes this.
 */
#ifndef SOFTEUICC_PROFILES_UICC_GSM_INTERNAL_H
#define SOFTEUICC_PROFILES_UICC_GSM_INTERNAL_H

#include "profiles/uicc/uicc.h"

enum {
    FID_GSM = 0x7F20,
    FID_TELECOM = 0x7F10,
    FID_GSM_ACCESS = 0x5F3B, /* DF of the USIM, TS 31.102 4.4.3 */
    FID_SST = 0x6F38,        /* EF UST has the same identifier in the USIM */
};

/* EF SST, TS 51.011 10.3.7: services 1 to 57. */
enum { SST_SIZE = 15 };

/* What the commands work on. */
struct sim {
    struct uicc *uicc;
    struct uicc_channel *channel;
    struct fs_file *usim;      /* the ADF; NULL: none */
    struct fs_file *gsm;       /* DF GSM: the profile's own, or the USIM's ADF */
    struct fs_file *directory; /* the current one, as the SIM sees it */
    const struct apdu_command *command;
    struct buf *response;
};

/* --- gsm_files.c --- */

/* The ADF of the first USIM; NULL: none. */
struct fs_file *gsm_find_usim(const struct uicc *uicc);
/* A child that can be selected with class A0. */
struct fs_file *gsm_own_child(const struct fs_file *directory, uint16_t fid);
/* The file that SELECT means by an identifier (6.5); NULL: none. */
struct fs_file *gsm_find_file(const struct sim *sim, uint16_t fid);
/* The channel's directory as the SIM sees it. */
struct fs_file *gsm_current_directory(const struct sim *sim);
uint16_t gsm_fid_of(const struct sim *sim, const struct fs_file *file);
/* Whether the file is the USIM's service table, in whose place EF SST is shown. */
bool gsm_is_service_table(const struct sim *sim, const struct fs_file *file);
/* How many of the USIM's files DF GSM shows. */
uint8_t gsm_count_mapped(const struct sim *sim);
/* Where codes are looked for. */
struct fs_file *gsm_code_directory(const struct sim *sim);
/* CHV1 or CHV2: the key reference, and the code; NULL: there is none. */
uint8_t gsm_code_reference(const struct sim *sim, unsigned number);
const struct fs_pin *gsm_find_code(const struct sim *sim, unsigned number);

/* --- gsm_describe.c --- */

void gsm_put_ef(const struct sim *sim, const struct fs_file *file, uint16_t fid);
void gsm_put_directory(const struct sim *sim, const struct fs_file *directory);

#endif
