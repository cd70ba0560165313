/* Puts a profile's file system in a card's RAM back into an earlier state, which is cheaper than to load it.
 */
#ifndef SOFTEUICC_TESTS_FUZZ_FUZZ_FILES_H
#define SOFTEUICC_TESTS_FUZZ_FUZZ_FILES_H

#include "profiles/fs.h"

/* Makes what can change of `fs` what it is in `kept`, another one of the same profile. Tells no store. False:
 * more is different (files were created or deleted, keys put); then it has to be loaded. */
bool fuzz_files_put_back(struct fs *fs, const struct fs *kept);

#endif
