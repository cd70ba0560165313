/* The UICC of a card without an enabled profile. */
#ifndef SOFTEUICC_EUICC_PROFILE_NO_PROFILE_H
#define SOFTEUICC_EUICC_PROFILE_NO_PROFILE_H

#include "profiles/fs.h"

/* A file system with hardly anything in it, which the caller frees. NULL without memory. */
struct fs *no_profile_fs(void);

#endif
