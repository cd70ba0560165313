/*
 * A disk in memory whose power can be cut: an SQLite VFS, with a write-ahead log's shared memory, that counts
 * every change of storage and stops at the one named. What had not been synced by then is lost, kept, torn or
 * scattered. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_CUT_VFS_H
#define SOFTEUICC_TESTS_SUPPORT_CUT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cut_disk;

/* What becomes of changes that were made but not synced when the power goes. */
enum cut_mode {
    CUT_LOST,      /* none of them happened */
    CUT_KEPT,      /* all of them happened, the interrupted one too */
    CUT_TORN,      /* all of them happened, the interrupted one up to a sector in its middle */
    CUT_SCATTERED, /* an arbitrary half of their sectors happened, in no order */
    CUT_MODES
};

const char *cut_mode_name(enum cut_mode mode);

/* A fresh, empty disk, registered as a VFS. One connection may be open on it at a time. */
struct cut_disk *cut_disk_new(void);
void cut_disk_free(struct cut_disk *disk);
/* For softeuicc_hooks.storage; valid as long as the disk. */
const char *cut_disk_name(const struct cut_disk *disk);

/* Arms the disk: the change of storage number `change` from now (1: the next) is interrupted and everything
 * after it fails. 0 disarms. */
void cut_disk_arm(struct cut_disk *disk, uint64_t change, enum cut_mode mode);
/* The same without a power cut: that one change fails and did not happen; what comes after it works. */
void cut_disk_fail(struct cut_disk *disk, uint64_t change);
/* Call number `call` from now fails, whatever it is: by itself as a bad sector would have it, or because the
 * disk is full: then every later one that needs room fails too, and those that need none are not counted. */
enum cut_fault { CUT_BAD, CUT_FULL, CUT_FAULTS };
void cut_disk_fault(struct cut_disk *disk, uint64_t call, enum cut_fault fault);
/* What that call was; NULL: it has not failed yet. */
const char *cut_disk_failed_call(const struct cut_disk *disk);
/* There is room again, and nothing fails any more. */
void cut_disk_heal(struct cut_disk *disk);
/* True once a change or a call has failed. */
bool cut_disk_has_failed(const struct cut_disk *disk);
/* True once the power is off. */
bool cut_disk_is_off(const struct cut_disk *disk);
/* Power again, with what survived. Every connection must have been closed. */
void cut_disk_power_on(struct cut_disk *disk);

/* Since the disk was made: changes of storage (writes, truncations, deletions, syncs), and the syncs among
 * them. */
uint64_t cut_disk_changes(const struct cut_disk *disk);
uint64_t cut_disk_syncs(const struct cut_disk *disk);

/* Another disk with the same files; what is not synced counts as synced there. */
struct cut_disk *cut_disk_copy(const struct cut_disk *disk);
/* The octets of a file now; NULL when there is none. */
const uint8_t *cut_disk_file(const struct cut_disk *disk, const char *name, size_t *size);

#endif
