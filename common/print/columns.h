/* How many columns of a terminal a text takes. */
#ifndef SOFTEUICC_COMMON_PRINT_COLUMNS_H
#define SOFTEUICC_COMMON_PRINT_COLUMNS_H

#include <stddef.h>

/*
 * Columns of `size` octets of UTF-8: two for wide characters (CJK, most emoji), none for what combines with
 * the character before it, one for the rest and for every octet that is no UTF-8. It does not depend on the
 * locale, which is often "C" on machines that people reach by ssh and in containers.
 */
size_t columns_of(const char *text, size_t size);

/* How many octets of the text take at most so many columns: whole characters, with all that combines with
 * them. */
size_t columns_fit(const char *text, size_t columns);

/* The width of the terminal that standard output is, or what $COLUMNS says when the terminal does not; 0: it
 * is no terminal, or nobody says. */
size_t columns_of_terminal(void);

#endif
