/*
 * Whether a write-ahead log belongs to the database that it lies beside. SQLite takes any log that has the
 * right name: another database that is copied to the place of one whose process was killed would be mixed
 * with that one's last changes, or shown as that one.
 *
 * So a database has a number (its application_id), by chance at first, and each log begins with a change to
 * the next number. A file has the number of the log before, or that of its log once this is being folded into
 * it: any other file is none that this log was written beside, neither another database nor the same one of
 * another day. (Which of two is meant, when one is put back as it was at the beginning of just this log,
 * cannot be told: what was answered last counts.)
 */
#ifndef SOFTEUICC_COMMON_DATABASE_DATABASE_LOG_H
#define SOFTEUICC_COMMON_DATABASE_DATABASE_LOG_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before SQLite looks at a file, which it changes by what lies beside it: false with a reason when that
 * cannot be this file's. */
bool database_log_may_open(const char *path, char *why, size_t size);

enum database_log_state {
    DATABASE_LOG_OWN,
    DATABASE_LOG_FOREIGN,
    DATABASE_LOG_UNREADABLE, /* see sqlite3_errcode, where that says something */
};

/* Of a database that has just been opened; changes nothing. *number: the database's, with its log; 0: it has
 * none yet. */
enum database_log_state database_log_check(sqlite3 *handle, int64_t *number);

/* Gives a database without a log its first number. */
bool database_log_give_number(sqlite3 *handle, int64_t *number);

/* Before each transaction that writes: a log that begins gets its number. *number is what was the case when
 * this was called last. */
bool database_log_begin(sqlite3 *handle, int64_t *number);

#endif
