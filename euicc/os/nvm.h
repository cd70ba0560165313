/*
 * Non-volatile memory: one SQLite file per card, one transaction per command (ARCHITECTURE.md, decisions 2
 * and 3).
 *
 * A command that only reads opens no transaction and syncs nothing. The first write of a command begins one
 * (nvm_begin is called by nvm_change); card.c commits it before the response leaves, or rolls it back
 * when the command failed, after which whatever the card keeps in RAM of the tables is loaded again. What
 * must have been counted before a command compares anything is committed on the way (nvm_commit_so_far).
 */
#ifndef SOFTEUICC_EUICC_OS_NVM_H
#define SOFTEUICC_EUICC_OS_NVM_H

#include "apdu/bytes.h"
#include "euicc/softeuicc.h"

#include <sqlite3.h>

struct nvm;
struct nvm_power; /* euicc/os/nvm_power.h */

/*
 * Opens the file (NULL and *error on failure; a newer schema is SOFTEUICC_VERSION; an older one is migrated).
 * A log beside it that is another file's is SOFTEUICC_STORAGE, and nothing is changed (nvm_log.h). With
 * `create` the file must not exist; it gets mode 0600 and the newest schema, inside a transaction that is
 * left open: the first nvm_commit makes the card, whole. The card is held against other processes until
 * nvm_close (nvm_file.h). `vfs` is the name of a registered SQLite VFS or NULL; with one, or with the path
 * ":memory:", nothing on this machine is held or looked at.
 */
struct nvm *nvm_open(const char *path, const char *vfs, bool create, struct softeuicc_error *error);
/* The same on storage whose power can be cut. */
struct nvm *nvm_open_cuttable(const char *path, const char *vfs, bool create, struct softeuicc_error *error);
/* The supply of that storage; NULL: it cannot be cut. */
struct nvm_power *nvm_supply(const struct nvm *nvm);
/* Folds the log into the file, wherever that is now, and leaves nothing beside it. */
void nvm_close(struct nvm *nvm);
/* False: the card's file was deleted, replaced or moved away, and *error (may be NULL) says so. Nothing can
 * be stored any more: every commit fails. */
bool nvm_is_there(const struct nvm *nvm, struct softeuicc_error *error);
/* As nvm_close, and deletes the file: when the making of a card failed. */
void nvm_remove(struct nvm *nvm);

enum nvm_kind { NVM_KIND_NULL, NVM_KIND_INT, NVM_KIND_TEXT, NVM_KIND_HEX, NVM_KIND_BLOB };

/* What stands for a parameter. */
struct nvm_value {
    enum nvm_kind kind;
    int64_t number;
    struct span octets;
};
struct nvm_values {
    const struct nvm_value *value;
    size_t count;
};

#define NVM_NULL      ((struct nvm_value){.kind = NVM_KIND_NULL})
#define NVM_INT(x)    ((struct nvm_value){.kind = NVM_KIND_INT, .number = (int64_t)(x)})
#define NVM_STRING(x) nvm_string(x)                                              /* NULL is NULL */
#define NVM_TEXT(x)   ((struct nvm_value){.kind = NVM_KIND_TEXT, .octets = (x)}) /* SPAN_NONE is "" */
/* The next two: SPAN_NONE is NULL. Of octets in hexadecimal, codes and keys among them, nothing stays. */
#define NVM_HEX(x)  ((struct nvm_value){.kind = NVM_KIND_HEX, .octets = (x)})
#define NVM_BLOB(x) ((struct nvm_value){.kind = NVM_KIND_BLOB, .octets = (x)})
struct nvm_value nvm_string(const char *text);

/* The values of a statement in the order of its parameters (?1 is the first); and that it has none. */
#define NVM_VALUES(...)                                                                                      \
    ((struct nvm_values){(const struct nvm_value[]){__VA_ARGS__},                                            \
                         sizeof((const struct nvm_value[]){__VA_ARGS__}) / sizeof(struct nvm_value)})
#define NVM_NONE ((struct nvm_values){NULL, 0})

/*
 * A prepared SELECT, its octets copied. `sql` here and below must be a string literal: statements are kept by
 * its address. Step it to its end or nvm_done it. NULL on an error, which also marks the transaction as
 * failed, so that a caller may use the sticky error alone. The same text may be asked for again while its
 * statement is still being stepped: then it is another statement.
 */
sqlite3_stmt *nvm_select(struct nvm *nvm, const char *sql, struct nvm_values values);
/* Runs any other statement, inside the command's transaction, which it begins. False on an error, and when
 * there was one before. */
bool nvm_change(struct nvm *nvm, const char *sql, struct nvm_values values);
/* The same; false as well unless it has changed exactly one row. */
bool nvm_change_row(struct nvm *nvm, const char *sql, struct nvm_values values);
/* The integer in the first row of a SELECT; 0 for NULL, for no row, and when storage failed. */
int64_t nvm_figure(struct nvm *nvm, const char *sql, struct nvm_values values);

/* Next row: true. End or error: false, and the statement is reset; its columns must not be read any more. */
bool nvm_row(struct nvm *nvm, sqlite3_stmt *stmt);
void nvm_done(sqlite3_stmt *stmt);

/* Columns, index from 0; valid until the next step. A NULL column is SPAN_NONE / NULL / 0. */
struct span nvm_blob(sqlite3_stmt *stmt, int column);
const char *nvm_text(sqlite3_stmt *stmt, int column);
int64_t nvm_int(sqlite3_stmt *stmt, int column);

/* Rows changed by the last nvm_change; the rowid of the last insert. */
int nvm_changes(struct nvm *nvm);
/* All the rows changed since the card was opened, whether that was undone or not. */
int64_t nvm_all_changes(struct nvm *nvm);
/* Another number whenever anything has been changed or undone since: what was read is still so while it is
 * the same. Never 0. */
int64_t nvm_version(const struct nvm *nvm);
int64_t nvm_last_row(struct nvm *nvm);

/* Begins the command's transaction if it has none yet. False when it cannot, or when something went wrong
 * already. */
bool nvm_begin(struct nvm *nvm);
/* True while the command has written something. */
bool nvm_in_transaction(const struct nvm *nvm);
/* True when something went wrong since the last commit or rollback, reading included;
 * nvm_message says what. */
bool nvm_failed(const struct nvm *nvm);
const char *nvm_message(const struct nvm *nvm);
/* Commits, if there is something to commit. False: nothing of the command is stored (rolled back). */
bool nvm_commit(struct nvm *nvm);
/*
 * Commits in the middle of a command what it has changed so far: what must have been counted before the
 * command goes on. False: nothing of it is stored, and the command has failed: nothing more is changed until
 * its commit, which then fails, or its rollback.
 */
bool nvm_commit_so_far(struct nvm *nvm);
/*
 * A part of a command that can be undone by itself: its changes stay with those of the command, or are as if
 * they had never been. Parts nest. The first begins the transaction if there is none. False: storage failed,
 * and with it the command.
 */
bool nvm_part_begin(struct nvm *nvm);
bool nvm_part_keep(struct nvm *nvm);
bool nvm_part_undo(struct nvm *nvm);
/* For what can be made again from what is stored: the next transaction is whole or not there after a power
 * cut, but it waits for no disk; the commit after it brings it along. No effect inside a transaction. */
void nvm_begin_unsynced(struct nvm *nvm);
void nvm_rollback(struct nvm *nvm);
/*
 * Housekeeping between commands, never inside one: folds the write-ahead log into the file when it has grown
 * beyond NVM_LOG_FOLD, and prepares the next log, so that the commit after it still costs one sync. Called at
 * reset and power-off. A card that is never reset does the same before the first write of a command once the
 * log passes NVM_LOG_LIMIT. Nothing else ever checkpoints but nvm_close.
 */
void nvm_idle(struct nvm *nvm);

/* In pages of 4096 octets. A state change writes about ten. */
#define NVM_LOG_FOLD  256
#define NVM_LOG_LIMIT 2048

#endif
