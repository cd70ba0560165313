/*
 * The file systems of installed profiles on table rows (nvm_schema.c, version 2): `file`, `pin`, `puk`,
 * `network_access`, `cdma_access`, `application`, `domain_key`. What happens in RAM is profiles/fs.h.
 */
#ifndef SOFTEUICC_EUICC_PROFILE_PROFILE_FILES_H
#define SOFTEUICC_EUICC_PROFILE_PROFILE_FILES_H

#include "euicc/os/card.h"
#include "profiles/fs.h"

/* Where the changes of a profile's file system go: the context of its store. */
struct profile_files {
    struct softeuicc *card;
    int64_t profile;
    bool changed; /* by the command at hand: RAM and rows may differ until it is committed */
};

/* Writes single changes in the command's transaction; each call is false when the row is gone or storage
 * failed. */
struct fs_store profile_files_store(struct profile_files *files);

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

/* The words of the tables, for reading and writing; a list ends with the word NULL. A value that is none of a
 * list is written as its last, and of two with one word the first is read. */
struct profile_word {
    uint8_t value;
    const char *word;
};
extern const struct profile_word profile_files_life_cycles[];  /* enum fs_life_cycle */
extern const struct profile_word profile_files_access_forms[]; /* enum fs_access_form */
extern const struct profile_word profile_files_algorithms[];   /* enum saip_algorithm */
extern const struct profile_word profile_files_applications[]; /* enum fs_application_kind */

#endif
