/* Texts from outside that would do something to a terminal or to who reads it. For tests only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_HOSTILE_H
#define SOFTEUICC_TESTS_SUPPORT_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

/* Up to NULL; each has "<" at its beginning and ">" at its end. Those before hostile_not_utf8 are UTF-8. */
extern const char *const hostile_texts[];
extern const size_t hostile_not_utf8;

/* Fails the test unless what was printed has `lines` lines and nothing in them that could command, hide, turn
 * round or forge: said here once more, without the code that is tested. */
void assert_harmless(const char *file, int line, const char *printed, size_t lines);
#define ck_assert_harmless(printed, lines) assert_harmless(__FILE__, __LINE__, (printed), (lines))

#endif
