/*
 * The file of a card, on this machine: what it is before anything touches it, whose it is, and whether it is
 * still there.
 *
 * A card belongs to one process by its inode, whatever names lead to it, and so does the log that lies beside
 * it (FILE-wal): both are locked from before SQLite opens them until after it has closed them. That does not
 * meet SQLite's own locks: a person can read the tables of a running card. The trap of those, POSIX record
 * locks, is that closing any descriptor of a file drops all that the process has on it. So the descriptor
 * that holds the card is closed last, and a card that this process has open already is told by a list before
 * a second descriptor is opened.
 */
#ifndef SOFTEUICC_EUICC_OS_NVM_FILE_H
#define SOFTEUICC_EUICC_OS_NVM_FILE_H

#include "euicc/softeuicc.h"

#include <sys/types.h>

struct nvm_file {
    char *path;       /* without symbolic links; NULL: no file of this machine is held */
    const char *name; /* in `path`: the last component */
    int card;         /* descriptor that holds the card; -1: none */
    int log;          /* the one that holds its log; -1: none */
    int directory;    /* where both are; -1: none */
    dev_t device;
    ino_t inode;
};

#define NVM_FILE_NONE ((struct nvm_file){.card = -1, .log = -1, .directory = -1})

enum nvm_place {
    NVM_THERE,
    NVM_MOVED,       /* it has another name now; another file may have its name */
    NVM_REMOVED,     /* it has no name any more */
    NVM_WITHOUT_LOG, /* it is there, but its log is not: what is not folded would go with the process */
};

/*
 * Holds the card in `path`, which symbolic links may lead to; with `create` a new file of mode 0600. Nothing
 * that is there is changed before it is known to be a card; then one that others may read or write is closed
 * to them. SOFTEUICC_BUSY names the process that has it where the system tells. On an error nothing is held,
 * and a file that was made is gone.
 */
enum softeuicc_status nvm_file_take(struct nvm_file *file, const char *path, bool create,
                                    struct softeuicc_error *error);
/* Holds its log as well, when there is one. SOFTEUICC_BUSY: a process has that whose card had this name. */
enum softeuicc_status nvm_file_take_log(struct nvm_file *file, struct softeuicc_error *error);
/* Says which process holds both, for those that are refused. Once SQLite has its last lock on the card:
 * before that it drops all that the process has. */
void nvm_file_sign(const struct nvm_file *file);
/* Lets go of both. The database must be closed. */
void nvm_file_release(struct nvm_file *file);

/* Whether the card is where it was opened. */
enum nvm_place nvm_file_place(const struct nvm_file *file);
/* Says in one line that it is not there, and where it is as far as the system tells. */
void nvm_file_tell(const struct nvm_file *file, struct softeuicc_error *error);

/* What a log says of the files it belongs to: zeros where nothing is known. */
struct nvm_identity {
    int64_t card_inode, card_changed; /* nanoseconds since 1970 */
    int64_t log;     /* which file it is, here and as long as the machine counts its disks as it does */
    bool card_later; /* something was done to the card's file after the log was last written */
};
struct nvm_identity nvm_file_identity(const struct nvm_file *file);

/* Deletes the log and its index, which SQLite leaves where the card was when that has gone. */
void nvm_file_remove_log(const struct nvm_file *file);

#endif
