/*
 * A file of keys that were given beforehand to devices and their server (RFC 4279), one a line, as GnuTLS's
 * psktool writes them: "IDENTITY:KEY", see crypto/psk.h. Blank lines, and those that begin with '#', are
 * passed over.
 */
#ifndef SOFTEUICC_COMMON_PSK_FILE_H
#define SOFTEUICC_COMMON_PSK_FILE_H

#include "apdu/bytes.h"
#include "crypto/psk.h"

#define PSK_FILE_MAX ((size_t)256 * 1024) /* octets; thousands of devices */

/* In the order of the file; all-zero: none. Holds secrets: see psk_file_free. */
struct psk_file {
    struct psk *list;
    size_t count;
};

/* Reads it: at least one key, no identity twice. False after a line that names file and line number, and
 * there is nothing to free. */
bool psk_file_read(const char *path, struct psk_file *file);
/* The key of an identity, as a client names it; NULL: it has none. Lives as long as `file`. */
const struct psk *psk_file_find(const struct psk_file *file, struct span identity);
/* Wipes it. */
void psk_file_free(struct psk_file *file);

#endif
