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

#endif
