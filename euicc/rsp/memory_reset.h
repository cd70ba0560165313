/*
 * What a memory reset takes away of profiles and addresses (SGP.22 5.7.19, SGP.32 5.9.5). The two functions
 * that ask for it, with their options and result codes, are es10c.c and es10b_iot.c.
 */
#ifndef SOFTEUICC_EUICC_RSP_MEMORY_RESET_H
#define SOFTEUICC_EUICC_RSP_MEMORY_RESET_H

#include "euicc/lifecycle/lifecycle.h"

struct memory_reset {
    bool operational; /* profiles of this class, whoever loaded them */
    bool field_loaded_test, preloaded_test;
    bool provisioning;
    bool default_smdp; /* the address, not a profile */
};

/* Resets what is asked for; *done says whether there was any of it. Anything but LIFECYCLE_OK and
 * LIFECYCLE_FAILED has changed nothing. */
enum lifecycle_result memory_reset_run(struct softeuicc *card, const struct memory_reset *reset, bool *done);

#endif
