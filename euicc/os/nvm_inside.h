/* What nvm.c and nvm_open.c share: the inside of a card's memory. */
#ifndef SOFTEUICC_EUICC_OS_NVM_INSIDE_H
#define SOFTEUICC_EUICC_OS_NVM_INSIDE_H

#include "euicc/os/nvm.h"
#include "euicc/os/nvm_file.h"
#include "euicc/os/nvm_log.h"

/* Statements are kept in a hash table; one that finds its few places taken replaces another. */
#define NVM_STATEMENTS 128

struct nvm_statement {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct nvm {
    sqlite3 *db;
    sqlite3_vfs *vfs;
    struct nvm_file file;    /* of this machine, if it is one */
    struct nvm_power *power; /* NULL: it is not cut */
    char *path;              /* NULL: in memory */
    struct nvm_statement statements[NVM_STATEMENTS];
    int log_pages; /* in the write-ahead log after the last commit */
    /* See nvm_log.h. */
    bool logged;    /* there is a log, and a table that says where it belongs */
    bool recorded;  /* it says so; what tells it from the next one: */
    bool recording; /* the transaction at hand does */
    uint8_t log_salts[NVM_SALTS_SIZE];
    int64_t looked; /* when, of the monotonic clock in ms, the file was last found where it belongs */
    int64_t undone; /* how often changes may have been */
    bool in_transaction;
    bool unsynced; /* see nvm_begin_unsynced */
    bool failed;
    char message[sizeof((struct softeuicc_error){0}.message)];
};

/* Marks the transaction at hand as failed, with a line that says what. */
void nvm_note(struct nvm *nvm, const char *what);
/* Has the transaction at hand say which file the log belongs to: see nvm_log.h. */
bool nvm_record_log(struct nvm *nvm);

#endif
