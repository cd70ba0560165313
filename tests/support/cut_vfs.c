/* A disk in memory whose power can be cut. See cut_vfs.h. Every change is logged until a sync of its file
 * makes it last. */
#include "tests/support/cut_vfs.h"

#include "tests/support/memory_vfs.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 512

struct change {
    struct change *next;
    struct memory_change what;
    uint8_t octets[];
};

/* What is kept of a file beside what the program sees. */
struct cut_file {
    struct memory_image durable; /* as the last sync left it */
    struct change *first, **last;
};

struct cut_disk {
    struct memory_disk disk;
    struct cut_file files[MEMORY_FILES];
    uint64_t changes, syncs;
    uint64_t cut_at;     /* 0: never */
    uint64_t fail_at;    /* 0: never */
    uint64_t calls_left; /* until one fails; 0: none does */
    enum cut_fault fault;
    const char *failed_call;
    enum cut_mode mode;
    uint32_t scatter; /* state of the generator that decides which sectors happened */
};

const char *cut_mode_name(enum cut_mode mode)
{
    static const char *const names[] = {"lost", "kept", "torn", "scattered"};

    return names[mode];
}

/* --- images and changes -------------------------------------------------------------------------- */

static struct cut_disk *disk_of(struct memory_disk *disk)
{
    return (struct cut_disk *)disk;
}

static struct cut_file *kept_of(struct cut_disk *disk, const struct memory_file *file)
{
    return &disk->files[file - disk->disk.files];
}

static bool coin(struct cut_disk *disk)
{
    disk->scatter = disk->scatter * 1664525u + 1013904223u;
    return (disk->scatter >> 24 & 1) != 0;
}

static void apply_scattered(struct cut_disk *disk, struct memory_image *image,
                            const struct memory_change *change)
{
    for (size_t at = 0; at < change->size; at += SECTOR)
        if (coin(disk))
            memory_image_write(image, change->offset + at, (const uint8_t *)change->data + at,
                               change->size - at < SECTOR ? change->size - at : SECTOR);
}

static void forget_changes(struct cut_file *file)
{
    while (file->first != NULL) {
        struct change *change = file->first;

        file->first = change->next;
        free(change);
    }
    file->last = &file->first;
}

/* What a file is after the power went. `interrupted`:
 * the last change of this file is the one that was cut. */
static void survive(struct cut_disk *disk, struct cut_file *file, bool interrupted)
{
    for (const struct change *at = file->first; at != NULL; at = at->next) {
        const struct memory_change *change = &at->what;
        bool cut = interrupted && at->next == NULL;

        if (disk->mode == CUT_KEPT || (disk->mode == CUT_TORN && !cut))
            memory_image_apply(&file->durable, change);
        else if (disk->mode == CUT_TORN && change->kind == MEMORY_WRITE)
            memory_image_write(&file->durable, change->offset, change->data,
                               change->size / 2 / SECTOR * SECTOR);
        else if (disk->mode == CUT_SCATTERED && change->kind == MEMORY_WRITE)
            apply_scattered(disk, &file->durable, change);
        else if (disk->mode == CUT_SCATTERED && coin(disk))
            memory_image_apply(&file->durable, change);
    }
    forget_changes(file);
}

static void cut(struct cut_disk *disk, const struct cut_file *interrupted)
{
    disk->disk.off = true;
    for (size_t i = 0; i < MEMORY_FILES; i++)
        survive(disk, &disk->files[i], &disk->files[i] == interrupted);
}

/* Counts a change; true when the power goes at it. */
static bool goes_off(struct cut_disk *disk)
{
    disk->changes++;
    return disk->cut_at != 0 && disk->changes == disk->cut_at;
}

/* Counts a change that fails by itself. */
static bool fails(struct cut_disk *disk)
{
    if (disk->fail_at == 0 || disk->changes + 1 != disk->fail_at)
        return false;
    disk->changes++;
    return true;
}

/* Logs a change until a sync makes it last. */
static void log_change(struct cut_file *file, const struct memory_change *what)
{
    struct change *change = memory_must(malloc(sizeof(*change) + what->size));

    *change = (struct change){.what = *what};
    change->what.data = change->octets;
    if (what->size > 0)
        memcpy(change->octets, what->data, what->size);
    *file->last = change;
    file->last = &change->next;
}

static int make_change(struct memory_disk *memory, struct memory_file *file, const struct memory_change *what)
{
    struct cut_disk *disk = disk_of(memory);
    struct cut_file *kept = kept_of(disk, file);

    if (fails(disk))
        return SQLITE_IOERR;
    log_change(kept, what);
    if (goes_off(disk)) {
        cut(disk, kept);
        return SQLITE_IOERR;
    }
    if (what->lasts) {
        memory_image_free(&kept->durable);
        forget_changes(kept);
    }
    return SQLITE_OK;
}

/* The first sync of a new journal or log syncs the directory too, as the files of a Unix machine do:
 * deletions last from then on. */
static void sync_directory(struct cut_disk *disk)
{
    for (size_t i = 0; i < MEMORY_FILES; i++) {
        if (!disk->disk.files[i].now.exists) {
            memory_image_free(&disk->files[i].durable);
            forget_changes(&disk->files[i]);
        }
    }
}

static int sync_file(struct memory_disk *memory, struct memory_file *file, bool is_log)
{
    struct cut_disk *disk = disk_of(memory);
    struct cut_file *kept = kept_of(disk, file);

    if (fails(disk))
        return SQLITE_IOERR_FSYNC;
    if (goes_off(disk)) {
        cut(disk, NULL);
        return SQLITE_IOERR_FSYNC;
    }
    disk->syncs++;
    if (!kept->durable.exists && is_log)
        sync_directory(disk);
    kept->durable.exists = true;
    for (const struct change *change = kept->first; change != NULL; change = change->next)
        memory_image_apply(&kept->durable, &change->what);
    forget_changes(kept);
    return SQLITE_OK;
}

/* What goes wrong with a call, of itself and on a full disk. */
static const struct {
    const char *name;
    int bad, full; /* SQLITE_OK: it needs no room */
} calls[MEMORY_CALLS] = {
    [MEMORY_CALL_OPEN] = {"open", SQLITE_CANTOPEN, SQLITE_OK},
    [MEMORY_CALL_CREATE] = {"create", SQLITE_CANTOPEN, SQLITE_CANTOPEN},
    [MEMORY_CALL_READ] = {"read", SQLITE_IOERR_READ, SQLITE_OK},
    [MEMORY_CALL_WRITE] = {"write", SQLITE_IOERR_WRITE, SQLITE_FULL},
    [MEMORY_CALL_TRUNCATE] = {"truncate", SQLITE_IOERR_TRUNCATE, SQLITE_OK},
    [MEMORY_CALL_SYNC] = {"sync", SQLITE_IOERR_FSYNC, SQLITE_IOERR_FSYNC},
    [MEMORY_CALL_SIZE] = {"size", SQLITE_IOERR_FSTAT, SQLITE_OK},
    [MEMORY_CALL_LOCK] = {"lock", SQLITE_IOERR_LOCK, SQLITE_OK},
    [MEMORY_CALL_SHM_MAP] = {"shm map", SQLITE_IOERR_SHMMAP, SQLITE_OK},
    [MEMORY_CALL_SHM_GROW] = {"shm grow", SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHMSIZE},
    [MEMORY_CALL_SHM_LOCK] = {"shm lock", SQLITE_IOERR_SHMLOCK, SQLITE_OK},
    [MEMORY_CALL_DELETE] = {"delete", SQLITE_IOERR_DELETE, SQLITE_OK},
    [MEMORY_CALL_ACCESS] = {"access", SQLITE_IOERR_ACCESS, SQLITE_OK},
};

static int hear_call(struct memory_disk *memory, enum memory_call call)
{
    struct cut_disk *disk = disk_of(memory);
    const int error = disk->fault == CUT_FULL ? calls[call].full : calls[call].bad;

    if (error == SQLITE_OK || (disk->calls_left == 0 && disk->failed_call == NULL))
        return SQLITE_OK;
    if (disk->failed_call != NULL)
        return disk->fault == CUT_FULL ? error : SQLITE_OK;
    if (--disk->calls_left > 0)
        return SQLITE_OK;
    disk->failed_call = calls[call].name;
    return error;
}

/* --- disks --------------------------------------------------------------------------------------- */

struct cut_disk *cut_disk_new(void)
{
    struct cut_disk *disk = memory_must(calloc(1, sizeof(*disk)));

    for (size_t i = 0; i < MEMORY_FILES; i++)
        disk->files[i].last = &disk->files[i].first;
    disk->disk.change = make_change;
    disk->disk.sync = sync_file;
    disk->disk.call = hear_call;
    memory_disk_open(&disk->disk);
    return disk;
}

void cut_disk_free(struct cut_disk *disk)
{
    if (disk == NULL)
        return;
    memory_disk_close(&disk->disk);
    for (size_t i = 0; i < MEMORY_FILES; i++) {
        forget_changes(&disk->files[i]);
        memory_image_free(&disk->files[i].durable);
    }
    free(disk);
}

const char *cut_disk_name(const struct cut_disk *disk)
{
    return disk->disk.name;
}

void cut_disk_arm(struct cut_disk *disk, uint64_t change, enum cut_mode mode)
{
    disk->cut_at = change != 0 ? disk->changes + change : 0;
    disk->mode = mode;
    disk->scatter = (uint32_t)disk->cut_at;
}

void cut_disk_fail(struct cut_disk *disk, uint64_t change)
{
    disk->fail_at = disk->changes + change;
}

void cut_disk_fault(struct cut_disk *disk, uint64_t call, enum cut_fault fault)
{
    disk->calls_left = call;
    disk->fault = fault;
    disk->failed_call = NULL;
}

const char *cut_disk_failed_call(const struct cut_disk *disk)
{
    return disk->failed_call;
}

void cut_disk_heal(struct cut_disk *disk)
{
    disk->fail_at = 0;
    cut_disk_fault(disk, 0, CUT_BAD);
}

bool cut_disk_has_failed(const struct cut_disk *disk)
{
    return disk->failed_call != NULL || (disk->fail_at != 0 && disk->changes >= disk->fail_at);
}

bool cut_disk_is_off(const struct cut_disk *disk)
{
    return disk->disk.off;
}

void cut_disk_power_on(struct cut_disk *disk)
{
    for (size_t i = 0; i < MEMORY_FILES; i++) {
        if (!disk->disk.off)
            survive(disk, &disk->files[i], false);
        memory_image_copy(&disk->disk.files[i].now, &disk->files[i].durable);
        memory_file_free_regions(&disk->disk.files[i]);
    }
    disk->disk.off = false;
    disk->cut_at = 0;
}

uint64_t cut_disk_changes(const struct cut_disk *disk)
{
    return disk->changes;
}

uint64_t cut_disk_syncs(const struct cut_disk *disk)
{
    return disk->syncs;
}

struct cut_disk *cut_disk_copy(const struct cut_disk *disk)
{
    struct cut_disk *copy = cut_disk_new();

    for (size_t i = 0; i < MEMORY_FILES; i++) {
        memcpy(copy->disk.files[i].name, disk->disk.files[i].name, MEMORY_NAME_SIZE);
        memory_image_copy(&copy->disk.files[i].now, &disk->disk.files[i].now);
        memory_image_copy(&copy->files[i].durable, &disk->disk.files[i].now);
    }
    return copy;
}

const uint8_t *cut_disk_file(const struct cut_disk *disk, const char *name, size_t *size)
{
    const struct memory_file *file = memory_disk_find(&disk->disk, name);

    if (file == NULL)
        return NULL;
    *size = file->now.size;
    return file->now.data;
}
