/*
 * Whether the files of a UICC read back as its profile package says: the same walk for a UICC in RAM and for
 * a whole card. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_READS_BACK_H
#define SOFTEUICC_TESTS_SUPPORT_READS_BACK_H

#include "profiles/saip/saip.h"

/* One command to the UICC; appends the response data and returns the status word. */
typedef uint16_t reads_back_command(void *context, struct span capdu, struct buf *response);

struct reads_back_counts {
    size_t files;   /* of the package */
    size_t read;    /* EFs whose whole content was compared */
    size_t refused; /* EFs that nobody may read by their access rule */
};

/*
 * Selects every file of the package by its path (ADFs by their AID), checks its FCP's kind, identifier and
 * sizes, reads all EFs and compares them with the package. Every code must be verified already. Fails the
 * test at the first difference.
 */
struct reads_back_counts reads_back(const struct saip_package *package, reads_back_command *command,
                                    void *context);

#endif
