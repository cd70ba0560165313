/* Spans of time as people and files write them: "500ms", "10s", "1.5h", "3d"; in milliseconds inside. */
#ifndef SOFTEUICC_COMMON_DURATION_H
#define SOFTEUICC_COMMON_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DURATION_MAX INT64_C(3155760000000) /* a hundred years */

/* A decimal number of at most three places behind its point, and a unit: ms, s, m, h, d, w, y (365 days).
 * False when it is none, or too long; *milliseconds is then left alone. */
bool duration_read(const char *text, int64_t *milliseconds);

#define DURATION_SIZE 32

/* "12.345", "1:02:03.000", "2d 01:00:00.000": as long as it has to be. Returns `out`. */
const char *duration_text(int64_t milliseconds, char out[DURATION_SIZE]);

#define DURATION_WORD_SIZE 24

/* Whole seconds as duration_read takes them, in the largest unit up to days in which they are whole: "15m",
 * "90s", "0s". Returns `out`. */
const char *duration_word(int64_t seconds, char out[DURATION_WORD_SIZE]);

#endif
