/*
 * Results of tests as the XML that JUnit made common, for the pages of CI systems: one suite of cases, each
 * passed or failed. There is no specification; the members are those that all readers know.
 */
#ifndef SOFTEUICC_COMMON_PRINT_JUNIT_H
#define SOFTEUICC_COMMON_PRINT_JUNIT_H

#include "apdu/bytes.h"

/* A case. Texts are UTF-8, from anywhere: what XML cannot hold is replaced. */
struct junit_case {
    const char *group, *name; /* classname and name */
    double seconds;           /* that it took; below 0: not said */
    const char *failure;      /* NULL: it passed; else why not: a first line, and more lines */
};

/* Appends a whole document to `out`. */
void junit_put(struct buf *out, const char *suite, const struct junit_case *cases, size_t count);

#endif
