/* A disk in memory whose power can be cut. See cut_vfs.h. Every change is logged until a sync of its file
 * makes it last. */
#include "tests/support/cut_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES          8
#define FILE_NAME_SIZE 64
#define SECTOR         512
#define SHM_REGIONS    16

/* Tests stop at once when memory runs out. */
static void *must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

struct image {
    bool exists;
    uint8_t *data;
    size_t size, capacity;
};

enum change_kind { CHANGE_WRITE, CHANGE_TRUNCATE, CHANGE_DELETE };

struct change {
    struct change *next;
    enum change_kind kind;
    size_t offset; /* of a write; the new size of a truncation */
    size_t size;
    uint8_t data[];
};

struct file {
    char name[FILE_NAME_SIZE];
    struct image now;     /* as the program sees it */
    struct image durable; /* as the last sync left it */
    struct change *first, **last;
    void *shm[SHM_REGIONS];
};

struct cut_disk {
    sqlite3_vfs vfs;
    char name[32];
    struct file files[FILES];
    uint64_t changes, syncs;
    uint64_t cut_at;  /* 0: never */
    uint64_t fail_at; /* 0: never */
    enum cut_mode mode;
    bool off;
    uint32_t scatter; /* state of the generator that decides which sectors happened */
};

struct handle {
    sqlite3_file base;
    struct cut_disk *disk;
    struct file *file;
    bool is_log; /* a rollback journal or a write-ahead log */
    bool delete_on_close;
};

const char *cut_mode_name(enum cut_mode mode)
{
    static const char *const names[] = {"lost", "kept", "torn", "scattered"};

    return names[mode];
}

/* --- images and changes -------------------------------------------------------------------------- */

static void image_resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        image->capacity = 2 * size;
        image->data = must(realloc(image->data, image->capacity));
    }
    if (size > image->size)
        memset(image->data + image->size, 0, size - image->size);
    image->size = size;
}

static void image_clear(struct image *image)
{
    free(image->data);
    *image = (struct image){0};
}

static void image_copy(struct image *to, const struct image *from)
{
    image_clear(to);
    to->exists = from->exists;
    if (from->size > 0) {
        image_resize(to, from->size);
        memcpy(to->data, from->data, from->size);
    }
}

static void image_write(struct image *image, size_t offset, const uint8_t *data, size_t size)
{
    image->exists = true;
    if (size == 0)
        return;
    if (offset + size > image->size)
        image_resize(image, offset + size);
    memcpy(image->data + offset, data, size);
}

static bool coin(struct cut_disk *disk)
{
    disk->scatter = disk->scatter * 1664525u + 1013904223u;
    return (disk->scatter >> 24 & 1) != 0;
}

static void apply_scattered(struct cut_disk *disk, struct image *image, const struct change *change)
{
    for (size_t at = 0; at < change->size; at += SECTOR)
        if (coin(disk))
            image_write(image, change->offset + at, change->data + at,
                        change->size - at < SECTOR ? change->size - at : SECTOR);
}

static void apply(struct image *image, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_WRITE:
        image_write(image, change->offset, change->data, change->size);
        break;
    case CHANGE_TRUNCATE:
        image_resize(image, change->offset);
        break;
    case CHANGE_DELETE:
        image_clear(image);
        break;
    }
}

static void forget_changes(struct file *file)
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
static void survive(struct cut_disk *disk, struct file *file, bool interrupted)
{
    for (const struct change *change = file->first; change != NULL; change = change->next) {
        bool cut = interrupted && change->next == NULL;

        if (disk->mode == CUT_KEPT || (disk->mode == CUT_TORN && !cut))
            apply(&file->durable, change);
        else if (disk->mode == CUT_TORN && change->kind == CHANGE_WRITE)
            image_write(&file->durable, change->offset, change->data, change->size / 2 / SECTOR * SECTOR);
        else if (disk->mode == CUT_SCATTERED && change->kind == CHANGE_WRITE)
            apply_scattered(disk, &file->durable, change);
        else if (disk->mode == CUT_SCATTERED && coin(disk))
            apply(&file->durable, change);
    }
    forget_changes(file);
}

static void cut(struct cut_disk *disk, const struct file *interrupted)
{
    disk->off = true;
    for (size_t i = 0; i < FILES; i++)
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

static int make_change(struct cut_disk *disk, struct file *file, enum change_kind kind, size_t offset,
                       const void *data, size_t size)
{
    struct change *change;

    if (disk->off || fails(disk))
        return SQLITE_IOERR;
    change = must(malloc(sizeof(*change) + size));
    *change = (struct change){.kind = kind, .offset = offset, .size = size};
    if (size > 0)
        memcpy(change->data, data, size);
    *file->last = change;
    file->last = &change->next;
    if (goes_off(disk)) {
        cut(disk, file);
        return SQLITE_IOERR;
    }
    apply(&file->now, change);
    return SQLITE_OK;
}

/* --- files --------------------------------------------------------------------------------------- */

static struct file *find(struct cut_disk *disk, const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (disk->files[i].now.exists && strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    return NULL;
}

/* A place that holds nothing any more, or this name's from before. */
static struct file *place(struct cut_disk *disk, const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    for (size_t i = 0; i < FILES; i++) {
        if (disk->files[i].name[0] == '\0') {
            snprintf(disk->files[i].name, FILE_NAME_SIZE, "%s", name);
            return &disk->files[i];
        }
    }
    abort();
}

static void free_shm(struct file *file)
{
    for (size_t i = 0; i < SHM_REGIONS; i++) {
        free(file->shm[i]);
        file->shm[i] = NULL;
    }
}

static int file_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;

    if (handle->delete_on_close && !handle->disk->off)
        image_clear(&handle->file->now);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    const struct image *image = &handle->file->now;
    size_t size = (size_t)amount;
    size_t at = (size_t)offset;
    size_t there = at < image->size ? image->size - at : 0;

    if (handle->disk->off)
        return SQLITE_IOERR_READ;
    if (there >= size) {
        memcpy(out, image->data + at, size);
        return SQLITE_OK;
    }
    memset(out, 0, size);
    if (there > 0)
        memcpy(out, image->data + at, there);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *data, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;

    return make_change(handle->disk, handle->file, CHANGE_WRITE, (size_t)offset, data, (size_t)amount);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;

    return make_change(handle->disk, handle->file, CHANGE_TRUNCATE, (size_t)size, NULL, 0);
}

/* The first sync of a new journal or log syncs the directory too, as the files of a Unix machine do:
 * deletions last from then on. */
static void sync_directory(struct cut_disk *disk)
{
    for (size_t i = 0; i < FILES; i++) {
        if (!disk->files[i].now.exists) {
            image_clear(&disk->files[i].durable);
            forget_changes(&disk->files[i]);
        }
    }
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;

    (void)flags;
    if (handle->disk->off || fails(handle->disk))
        return SQLITE_IOERR_FSYNC;
    if (goes_off(handle->disk)) {
        cut(handle->disk, NULL);
        return SQLITE_IOERR_FSYNC;
    }
    handle->disk->syncs++;
    if (!handle->file->durable.exists && handle->is_log)
        sync_directory(handle->disk);
    handle->file->durable.exists = true;
    for (const struct change *change = handle->file->first; change != NULL; change = change->next)
        apply(&handle->file->durable, change);
    forget_changes(handle->file);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)((struct handle *)base)->file->now.size;
    return ((struct handle *)base)->disk->off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    (void)level;
    return ((struct handle *)base)->disk->off ? SQLITE_IOERR_LOCK : SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *base, int *held)
{
    (void)base;
    *held = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int op, void *argument)
{
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

/* As the files of a Unix machine claim: a write does not disturb its neighbours. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct handle *handle = (struct handle *)base;

    if (region >= SHM_REGIONS)
        return SQLITE_IOERR_SHMMAP;
    if (handle->file->shm[region] == NULL && extend)
        handle->file->shm[region] = must(calloc(1, (size_t)size));
    *out = handle->file->shm[region];
    return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)base;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void file_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int file_shm_unmap(sqlite3_file *base, int delete_it)
{
    if (delete_it)
        free_shm(((struct handle *)base)->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the file system ----------------------------------------------------------------------------- */

static struct cut_disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct cut_disk *disk = disk_of(vfs);
    struct handle *handle = (struct handle *)base;
    struct file *file;

    base->pMethods = NULL;
    if (disk->off || name == NULL)
        return SQLITE_CANTOPEN;
    file = find(disk, name);
    if (file != NULL && (flags & SQLITE_OPEN_EXCLUSIVE) != 0)
        return SQLITE_CANTOPEN;
    if (file == NULL) {
        if ((flags & SQLITE_OPEN_CREATE) == 0)
            return SQLITE_CANTOPEN;
        file = place(disk, name);
        file->now.exists = true;
    }
    *handle = (struct handle){.disk = disk,
                              .file = file,
                              .is_log = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0,
                              .delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    handle->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct cut_disk *disk = disk_of(vfs);
    struct file *file = find(disk, name);
    int status;

    if (disk->off)
        return SQLITE_IOERR_DELETE;
    if (file == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    status = make_change(disk, file, CHANGE_DELETE, 0, NULL, 0);
    if (status == SQLITE_OK && sync_directory) {
        image_clear(&file->durable);
        forget_changes(file);
    }
    return status;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    (void)flags;
    *result = find(disk_of(vfs), name) != NULL;
    return disk_of(vfs)->off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    sqlite3_vfs *host = sqlite3_vfs_find(NULL);

    (void)vfs;
    return host->xRandomness(host, size, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *now)
{
    sqlite3_vfs *host = sqlite3_vfs_find(NULL);

    (void)vfs;
    return host->xCurrentTime(host, now);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

struct cut_disk *cut_disk_new(void)
{
    static unsigned made;
    struct cut_disk *disk = must(calloc(1, sizeof(*disk)));

    snprintf(disk->name, sizeof(disk->name), "cut-%u", ++made);
    for (size_t i = 0; i < FILES; i++)
        disk->files[i].last = &disk->files[i].first;
    disk->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = FILE_NAME_SIZE,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xGetLastError = vfs_last_error,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK)
        abort();
    return disk;
}

void cut_disk_free(struct cut_disk *disk)
{
    if (disk == NULL)
        return;
    sqlite3_vfs_unregister(&disk->vfs);
    for (size_t i = 0; i < FILES; i++) {
        forget_changes(&disk->files[i]);
        free_shm(&disk->files[i]);
        image_clear(&disk->files[i].now);
        image_clear(&disk->files[i].durable);
    }
    free(disk);
}

const char *cut_disk_name(const struct cut_disk *disk)
{
    return disk->name;
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

bool cut_disk_has_failed(const struct cut_disk *disk)
{
    return disk->fail_at != 0 && disk->changes >= disk->fail_at;
}

bool cut_disk_is_off(const struct cut_disk *disk)
{
    return disk->off;
}

void cut_disk_power_on(struct cut_disk *disk)
{
    for (size_t i = 0; i < FILES; i++) {
        struct file *file = &disk->files[i];

        if (!disk->off)
            survive(disk, file, false);
        image_copy(&file->now, &file->durable);
        free_shm(file);
    }
    disk->off = false;
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

    for (size_t i = 0; i < FILES; i++) {
        memcpy(copy->files[i].name, disk->files[i].name, FILE_NAME_SIZE);
        image_copy(&copy->files[i].now, &disk->files[i].now);
        image_copy(&copy->files[i].durable, &disk->files[i].now);
    }
    return copy;
}

const uint8_t *cut_disk_file(const struct cut_disk *disk, const char *name, size_t *size)
{
    for (size_t i = 0; i < FILES; i++) {
        if (disk->files[i].now.exists && strcmp(disk->files[i].name, name) == 0) {
            *size = disk->files[i].now.size;
            return disk->files[i].now.data;
        }
    }
    return NULL;
}
