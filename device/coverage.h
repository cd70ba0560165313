/*
 * Which profiles have network: a file of ICCIDs, one a line, `#` before a comment; read again every time, so
 * that rollback and fallback can be seen without a radio.
 */
#ifndef SOFTEUICC_DEVICE_COVERAGE_H
#define SOFTEUICC_DEVICE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the file lists the profile with these digits; when not, or it cannot be read, one line in `why`. */
bool coverage_has(const char *path, const char *iccid, char *why, size_t size);

#endif
