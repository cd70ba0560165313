/*
 * A disk in memory as an SQLite VFS, with a write-ahead log's shared memory. Who makes one is told each
 * change before it happens and each sync, and so may count, refuse and remember them. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_MEMORY_VFS_H
#define SOFTEUICC_TESTS_SUPPORT_MEMORY_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_FILES       8 /* of a disk */
#define MEMORY_NAME_SIZE   64
#define MEMORY_REGIONS     16    /* of a log's shared memory */
#define MEMORY_REGION_SIZE 32768 /* what SQLite maps at a time */

/* Octets of a file; zeros are a file that is not there. */
struct memory_image {
    bool exists;
    uint8_t *data;
    size_t size, capacity;
};

struct memory_file {
    char name[MEMORY_NAME_SIZE]; /* "": nobody's yet; once somebody's, always */
    struct memory_image now;
    uint8_t *regions[MEMORY_REGIONS]; /* the first NULL ends them */
};

enum memory_change_kind { MEMORY_WRITE, MEMORY_TRUNCATE, MEMORY_DELETE };

struct memory_change {
    enum memory_change_kind kind;
    size_t offset; /* of a write; the new size of a truncation */
    const void *data;
    size_t size; /* of what is written */
    bool lasts;  /* of a deletion: the directory is synced with it */
};

/* What SQLite calls. */
enum memory_call {
    MEMORY_CALL_OPEN,
    MEMORY_CALL_CREATE, /* opening what is not there yet */
    MEMORY_CALL_READ,
    MEMORY_CALL_WRITE,
    MEMORY_CALL_TRUNCATE,
    MEMORY_CALL_SYNC,
    MEMORY_CALL_SIZE,
    MEMORY_CALL_LOCK,
    MEMORY_CALL_SHM_MAP,
    MEMORY_CALL_SHM_GROW,
    MEMORY_CALL_SHM_LOCK,
    MEMORY_CALL_DELETE,
    MEMORY_CALL_ACCESS,
    MEMORY_CALLS
};

struct memory_disk {
    sqlite3_vfs vfs;
    char name[32];
    struct memory_file files[MEMORY_FILES];
    bool off; /* nothing works */
    uint32_t salt;
    /* Both return SQLITE_OK, or the error that SQLite gets; then a change does not happen. Temporary files,
     * which have no name, are not told of. `is_log`: a rollback journal or a write-ahead log. */
    int (*change)(struct memory_disk *disk, struct memory_file *file, const struct memory_change *change);
    int (*sync)(struct memory_disk *disk, struct memory_file *file, bool is_log);
    /* Told of each call before anything else, and may refuse it; NULL: nobody wants to know. */
    int (*call)(struct memory_disk *disk, enum memory_call call);
};

/* Registers a disk of zeros, whose two functions are set. One connection may be open on it at a time. */
void memory_disk_open(struct memory_disk *disk);
/* Unregisters it and frees what its files have. */
void memory_disk_close(struct memory_disk *disk);

/* The file of this name; NULL when there is none. */
const struct memory_file *memory_disk_find(const struct memory_disk *disk, const char *name);
/* As after a start of the machine. */
void memory_file_free_regions(struct memory_file *file);

/* New octets are zeros. */
void memory_image_resize(struct memory_image *image, size_t size);
void memory_image_write(struct memory_image *image, size_t offset, const void *data, size_t size);
void memory_image_apply(struct memory_image *image, const struct memory_change *change);
void memory_image_copy(struct memory_image *to, const struct memory_image *from);
void memory_image_free(struct memory_image *image);

/* Tests stop at once when memory runs out. */
void *memory_must(void *pointer);

#endif
