/*
 * From template row and FCP to a file: the steps that the two elements with files (templates, generic file
 * management) share. For profiles/saip*.c only.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SAIP_FILE_H
#define SOFTEUICC_PROFILES_SAIP_SAIP_FILE_H

#include "profiles/saip/saip_internal.h"

/* The file as the template alone gives it. */
void saip_file_from_row(struct saip_file *file, const struct saip_template_file *row);

/* Puts the parameters of an FCP (its content; absent: SPAN_NONE) over the file and checks the whole. `at` is
 * where a missing parameter is reported. */
bool saip_apply_fcp(struct saip_walk *walk, struct saip_file *file, struct span value, const uint8_t *at);

/* Checks that what file->fills writes stays inside the file. */
bool saip_check_fills(struct saip_walk *walk, const struct saip_file *file);

/* True for fillFileOffset, false for fillFileContent. */
bool saip_is_fill_offset(uint32_t tag);

/* A bit for each code of PINKeyReferenceValue (TS 102 221 9.5.1), 0 for another number. */
uint32_t saip_pin_bit(uint64_t reference);

#endif
