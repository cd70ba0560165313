/*
 * The storage of a fuzz target's card: an SQLite VFS in memory, with a write-ahead log's shared memory, that
 * can be put back into the state it was kept in by copying what changed since. The card's connection stays
 * open: it sees its cache is stale as it would after another process had written, and its statements stay
 * prepared, which a copy by SQLite's backup would not leave them. One disk per process, one connection on it.
 */
#ifndef SOFTEUICC_TESTS_FUZZ_FUZZ_DISK_H
#define SOFTEUICC_TESTS_FUZZ_FUZZ_DISK_H

#include <stdbool.h>

/* The empty disk, registered at the first call; for softeuicc_hooks.storage. */
const char *fuzz_disk(void);

/* What it holds now is what fuzz_disk_put_back makes of it. Like that, never inside a transaction. */
void fuzz_disk_keep(void);
void fuzz_disk_put_back(void);

/* True when anything was written since the last of these two. */
bool fuzz_disk_has_changed(void);

#endif
