/* Whole numbers as people and files write them: decimal digits, with a sign where the range has negative
 * numbers. */
#ifndef SOFTEUICC_COMMON_NUMBER_H
#define SOFTEUICC_COMMON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads all of `text` as a number from `min` to `max`. Nothing else may stand there: no blanks, no fraction,
 * no unit, and a '+' or '-' only when `min` is negative. False when it is none, or out of the range; `*value`
 * is then left alone. */
bool number_read(const char *text, int64_t min, int64_t max, int64_t *value);

#endif
