/* States of servers as an earlier version of softeuicc left them. */
#ifndef SOFTEUICC_TESTS_SUPPORT_STORE_H
#define SOFTEUICC_TESTS_SUPPORT_STORE_H

#include "common/database/database.h"

typedef struct db *store_function(const char *path, char why[DB_WHY_MAX]);

/* Opens a state in a file of this name in the test's directory, which is made. */
struct db *store_in(store_function *open, const char *name);

/* Takes back what a version brought, by these statements, which NULL ends, and closes the state. */
void store_go_back(struct db *db, const char *const *statements, int version);

/* The state has the tables, columns and indexes that a new one has, and its version. */
void store_check_shape(struct db *db, store_function *open);

#endif
