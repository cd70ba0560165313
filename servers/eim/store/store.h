/*
 * What an eIM keeps, in one SQLite file or in memory: its eUICCs with their profiles, orders, the results of
 * packages, notifications, rules and what these have ordered. The tables can be read with any SQLite tool;
 * the statements on them stand with the rules that they carry out, in servers/eim/model/.
 */
#ifndef SOFTEUICC_SERVERS_EIM_STORE_STORE_H
#define SOFTEUICC_SERVERS_EIM_STORE_STORE_H

#include "common/database/database.h"

/* NULL is in memory. Every commit is on the disk when it returns. NULL with a line in `why`. */
struct db *eim_store_open(const char *path, char why[DB_WHY_MAX]);

#endif
