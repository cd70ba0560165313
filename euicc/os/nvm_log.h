/*
 * Whether a write-ahead log belongs to the file that it lies beside. SQLite takes any log that has the right
 * name: another card that is copied to the place of one whose process was killed would be mixed with that
 * one's last commands.
 *
 * So the first transaction of each log writes into it what the file was as the log began: a few octets of the
 * SHA-256 of every sector (table `log`). From then on nothing writes to the file but the folding of that very
 * log. A file to which the log belongs has, in every sector, what it had then or what the log puts there,
 * wherever a folding was cut short. One that still has everything as it was then, though the log is the same
 * file and never moved, must be that file too, and not written to since: who puts back a copy from before may
 * mean the card as it was then.
 */
#ifndef SOFTEUICC_EUICC_OS_NVM_LOG_H
#define SOFTEUICC_EUICC_OS_NVM_LOG_H

#include "euicc/os/nvm_file.h"

#include <sqlite3.h>
#include <stdint.h>

#define NVM_SALTS_SIZE 8

enum nvm_log_state {
    NVM_LOG_EMPTY,   /* there is no log, or no transaction in it */
    NVM_LOG_OWN,     /* it belongs to the file */
    NVM_LOG_OLD,     /* from before logs said where they belong: it is taken to belong to the file */
    NVM_LOG_FOREIGN, /* it does not */
    NVM_LOG_LATER,   /* it does, but the file was put back as it was before it: which one is meant? */
    NVM_LOG_UNREADABLE,
};

/* Looks at the log of an open database, from which something has been read, and changes nothing. */
enum nvm_log_state nvm_log_check(sqlite3 *db, const struct nvm_identity *identity);

/* Writes the row, inside the transaction that begins a log. False: an SQLite error. */
bool nvm_log_record(sqlite3 *db, const struct nvm_identity *identity);

/* What tells one log from the next in the same file; zeros where there is none. */
void nvm_log_salts(sqlite3 *db, uint8_t salts[NVM_SALTS_SIZE]);

#endif
