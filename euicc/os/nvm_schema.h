/* The tables of a card file, version by version. */
#ifndef SOFTEUICC_EUICC_OS_NVM_SCHEMA_H
#define SOFTEUICC_EUICC_OS_NVM_SCHEMA_H

#include <stddef.h>

/* nvm_migrations[v] takes a file from version v (PRAGMA user_version) to version v + 1; the last one ends at
 * nvm_schema_version. */
extern const char *const nvm_migrations[];
extern const int nvm_schema_version;

/* Written to PRAGMA application_id, so that `file` and we can tell a card from any other database: "sUIC". */
#define NVM_APPLICATION_ID 0x73554943

/* Where the header of a database has these, big-endian (https://www.sqlite.org/fileformat2.html 1.3). */
#define NVM_HEADER_SIZE        100
#define NVM_HEADER_PAGE_SIZE   16
#define NVM_HEADER_VERSION     60
#define NVM_HEADER_APPLICATION 68

/* The first version whose logs say which file they belong to: see nvm_log.h. */
#define NVM_VERSION_LOG 6

#endif
