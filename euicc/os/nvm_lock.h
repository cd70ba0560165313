/*
 * One process per card file: a lock file beside it (FILE-lock), held by flock as long as the card is open and
 * removed when it is closed. The card file itself is not locked this way, because closing any descriptor of
 * it would silently drop the POSIX locks that SQLite holds on it in the same process; and so a person can
 * read the tables of a running card.
 */
#ifndef SOFTEUICC_EUICC_OS_NVM_LOCK_H
#define SOFTEUICC_EUICC_OS_NVM_LOCK_H

#include "euicc/softeuicc.h"

struct nvm_lock {
    int fd;     /* -1: nothing is locked */
    char *path; /* of the lock file */
};

/* Locks the card in `path` (which need not exist yet; its directory must). SOFTEUICC_BUSY names the process
 * that has it. */
enum softeuicc_status nvm_lock_take(struct nvm_lock *lock, const char *path, struct softeuicc_error *error);
void nvm_lock_release(struct nvm_lock *lock);

#endif
