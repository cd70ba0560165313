/*
 * The file systems of installed profiles on table rows (nvm_schema.c, version 2): `file`, `pin`, `puk`,
 * `network_access`, `cdma_access`, `application`, `domain_key`. What happens in RAM is profiles/fs.h.
 */
#ifndef SOFTEUICC_EUICC_PROFILE_PROFILE_FILES_H
#define SOFTEUICC_EUICC_PROFILE_PROFILE_FILES_H

#include "euicc/os/card.h"
#include "profiles/fs.h"

/* Writes everything of a file system as rows of a profile that has none yet, in the command's transaction.
 * False when storage failed. */
bool profile_files_insert(struct softeuicc *card, int64_t profile, const struct fs *fs);

/*
 * Reads a profile's file system from its rows. When there are none yet, because the profile has never been
 * shown, it is interpreted from its elements, and the rows are written in the transaction at hand.
 * NULL: there is no such profile, its rows make no sense (somebody edited the file), storage or memory
 * failed.
 */
struct fs *profile_files_load(struct softeuicc *card, int64_t profile);

/* Writes single changes; each false when the row is gone or storage failed. */
bool profile_files_put_file(struct softeuicc *card, int64_t profile, const struct fs_file *file);
bool profile_files_put_content(struct softeuicc *card, int64_t profile, const struct fs_file *file);
bool profile_files_remove(struct softeuicc *card, int64_t profile, uint32_t number);
bool profile_files_put_pin(struct softeuicc *card, int64_t profile, const struct fs_pin *pin);
bool profile_files_put_puk(struct softeuicc *card, int64_t profile, const struct fs_puk *puk);
bool profile_files_put_naa(struct softeuicc *card, int64_t profile, const struct fs_naa *naa);
bool profile_files_put_application(struct softeuicc *card, int64_t profile,
                                   const struct fs_application *application);
bool profile_files_remove_application(struct softeuicc *card, int64_t profile, uint32_t number);

/* The words of the tables, by their value; NULL behind the last. For reading and writing. */
extern const char *const profile_files_algorithms[];   /* from enum saip_algorithm 1 on, [0] is unused */
extern const char *const profile_files_applications[]; /* enum fs_application_kind */
const char *profile_files_life_cycle(uint8_t life_cycle);
const char *profile_files_access_form(enum fs_access_form form);

#endif
