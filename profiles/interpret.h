/*
 * What the files of the profile interpreter share: interpret.c builds files, interpret_codes.c what the
 * elements without files say. Nothing else includes this.
 */
#ifndef SOFTEUICC_PROFILES_INTERPRET_H
#define SOFTEUICC_PROFILES_INTERPRET_H

#include "profiles/fs.h"

/* A saip_element_visitor whose context is the file system: reads an element without files, if it is one that
 * fs_interpret knows. False without memory. */
bool interpret_element(void *fs, const struct saip_element *element, const struct saip_place *place);

#endif
