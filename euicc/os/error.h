/* How the functions of the public API say why they failed: one clear line in the caller's structure. */
#ifndef SOFTEUICC_EUICC_OS_ERROR_H
#define SOFTEUICC_EUICC_OS_ERROR_H

#include "euicc/softeuicc.h"

/* Writes status and line; `error` may be NULL. Returns `status`. A line that stands already is replaced. */
enum softeuicc_status error_set(struct softeuicc_error *error, enum softeuicc_status status,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
