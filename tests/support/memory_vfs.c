/* A disk in memory: see memory_vfs.h. */
#include "tests/support/memory_vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_SIZE 4096

struct handle {
    sqlite3_file base;
    struct memory_disk *disk;
    struct memory_file *file;
    struct memory_file *temporary; /* its own, without a name; NULL: it has one */
    bool is_log;
    bool delete_on_close;
};

void *memory_must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

/* --- images -------------------------------------------------------------------------------------- */

void memory_image_resize(struct memory_image *image, size_t size)
{
    if (size > image->capacity) {
        image->capacity = 2 * size;
        image->data = memory_must(realloc(image->data, image->capacity));
    }
    if (size > image->size)
        memset(image->data + image->size, 0, size - image->size);
    image->size = size;
}

void memory_image_free(struct memory_image *image)
{
    free(image->data);
    *image = (struct memory_image){0};
}

void memory_image_write(struct memory_image *image, size_t offset, const void *data, size_t size)
{
    image->exists = true;
    if (size == 0)
        return;
    if (offset + size > image->size)
        memory_image_resize(image, offset + size);
    memcpy(image->data + offset, data, size);
}

void memory_image_copy(struct memory_image *to, const struct memory_image *from)
{
    to->size = 0;
    to->exists = from->exists;
    if (from->size > 0) {
        memory_image_resize(to, from->size);
        memcpy(to->data, from->data, from->size);
    }
}

void memory_image_apply(struct memory_image *image, const struct memory_change *change)
{
    switch (change->kind) {
    case MEMORY_WRITE:
        memory_image_write(image, change->offset, change->data, change->size);
        break;
    case MEMORY_TRUNCATE:
        memory_image_resize(image, change->offset);
        break;
    case MEMORY_DELETE:
        image->exists = false;
        image->size = 0;
        break;
    }
}

/* --- files --------------------------------------------------------------------------------------- */

static struct handle *handle_of(sqlite3_file *base)
{
    return (struct handle *)base;
}

static int announce(struct memory_disk *disk, enum memory_call call)
{
    return disk->call != NULL ? disk->call(disk, call) : SQLITE_OK;
}

/* Tells of a change and makes it. */
static int make_change(struct memory_disk *disk, struct memory_file *file, bool told,
                       const struct memory_change *change)
{
    int status = told ? disk->change(disk, file, change) : SQLITE_OK;

    if (status == SQLITE_OK)
        memory_image_apply(&file->now, change);
    return status;
}

static int change(sqlite3_file *base, const struct memory_change *change)
{
    struct handle *handle = handle_of(base);

    if (handle->disk->off)
        return SQLITE_IOERR;
    return make_change(handle->disk, handle->file, handle->temporary == NULL, change);
}

static int file_close(sqlite3_file *base)
{
    struct handle *handle = handle_of(base);

    if (handle->temporary != NULL)
        memory_image_free(&handle->temporary->now);
    else if (handle->delete_on_close && !handle->disk->off)
        memory_image_free(&handle->file->now);
    free(handle->temporary);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    const struct memory_image *image = &handle_of(base)->file->now;
    size_t size = (size_t)amount;
    size_t at = (size_t)offset;
    size_t there = at < image->size ? image->size - at : 0;
    int status = announce(handle_of(base)->disk, MEMORY_CALL_READ);

    if (handle_of(base)->disk->off)
        return SQLITE_IOERR_READ;
    if (status != SQLITE_OK)
        return status;
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
    int status = announce(handle_of(base)->disk, MEMORY_CALL_WRITE);

    if (status != SQLITE_OK)
        return status;
    return change(base,
                  &(struct memory_change){
                      .kind = MEMORY_WRITE, .offset = (size_t)offset, .data = data, .size = (size_t)amount});
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    int status = announce(handle_of(base)->disk, MEMORY_CALL_TRUNCATE);

    if (status != SQLITE_OK)
        return status;
    return change(base, &(struct memory_change){.kind = MEMORY_TRUNCATE, .offset = (size_t)size});
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = handle_of(base);
    int status = announce(handle->disk, MEMORY_CALL_SYNC);

    (void)flags;
    if (handle->disk->off)
        return SQLITE_IOERR_FSYNC;
    if (status != SQLITE_OK)
        return status;
    return handle->temporary != NULL ? SQLITE_OK
                                     : handle->disk->sync(handle->disk, handle->file, handle->is_log);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    int status = announce(handle_of(base)->disk, MEMORY_CALL_SIZE);

    *size = (sqlite3_int64)handle_of(base)->file->now.size;
    return handle_of(base)->disk->off ? SQLITE_IOERR_FSTAT : status;
}

static int file_lock(sqlite3_file *base, int level)
{
    int status = announce(handle_of(base)->disk, MEMORY_CALL_LOCK);

    (void)level;
    return handle_of(base)->disk->off ? SQLITE_IOERR_LOCK : status;
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
    return SECTOR_SIZE;
}

/* As the files of a Unix machine claim: a write does not disturb its neighbours. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct memory_file *file = handle_of(base)->file;
    const bool grows = region < MEMORY_REGIONS && file->regions[region] == NULL && extend;
    int status = announce(handle_of(base)->disk, grows ? MEMORY_CALL_SHM_GROW : MEMORY_CALL_SHM_MAP);

    if (status != SQLITE_OK)
        return status;
    if (region >= MEMORY_REGIONS || size != MEMORY_REGION_SIZE)
        return SQLITE_IOERR_SHMMAP;
    if (grows)
        file->regions[region] = memory_must(calloc(1, MEMORY_REGION_SIZE));
    *out = file->regions[region];
    return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)offset;
    (void)count;
    /* Letting go cannot fail. */
    return (flags & SQLITE_SHM_UNLOCK) != 0 ? SQLITE_OK
                                            : announce(handle_of(base)->disk, MEMORY_CALL_SHM_LOCK);
}

static void file_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

void memory_file_free_regions(struct memory_file *file)
{
    for (size_t i = 0; i < MEMORY_REGIONS; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
}

static int file_shm_unmap(sqlite3_file *base, int delete_it)
{
    if (delete_it)
        memory_file_free_regions(handle_of(base)->file);
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

static struct memory_disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

const struct memory_file *memory_disk_find(const struct memory_disk *disk, const char *name)
{
    for (size_t i = 0; i < MEMORY_FILES; i++)
        if (disk->files[i].now.exists && strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    return NULL;
}

/* This name's place from before, or one for it. */
static struct memory_file *place(struct memory_disk *disk, const char *name)
{
    for (size_t i = 0; i < MEMORY_FILES && strlen(name) < MEMORY_NAME_SIZE; i++) {
        if (disk->files[i].name[0] == '\0')
            strcpy(disk->files[i].name, name);
        if (strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    }
    abort();
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct memory_disk *disk = disk_of(vfs);
    struct handle *handle = handle_of(base);
    bool exists = name != NULL && memory_disk_find(disk, name) != NULL;
    bool made = !exists && (flags & SQLITE_OPEN_CREATE) != 0;
    int status = announce(disk, made ? MEMORY_CALL_CREATE : MEMORY_CALL_OPEN);

    base->pMethods = NULL;
    if (status != SQLITE_OK)
        return status;
    if (disk->off || (exists && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) || (!exists && !made))
        return SQLITE_CANTOPEN;
    *handle = (struct handle){.disk = disk,
                              .is_log = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0,
                              .delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    if (name == NULL)
        handle->temporary = memory_must(calloc(1, sizeof(*handle->temporary)));
    handle->file = name == NULL ? handle->temporary : place(disk, name);
    handle->file->now.exists = true;
    handle->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct memory_disk *disk = disk_of(vfs);
    bool exists = memory_disk_find(disk, name) != NULL;
    const struct memory_change change = {.kind = MEMORY_DELETE, .lasts = sync_directory != 0};
    int status = announce(disk, MEMORY_CALL_DELETE);

    if (disk->off)
        return SQLITE_IOERR_DELETE;
    if (status != SQLITE_OK)
        return status;
    return exists ? make_change(disk, place(disk, name), true, &change) : SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    int status = announce(disk_of(vfs), MEMORY_CALL_ACCESS);

    (void)flags;
    *result = memory_disk_find(disk_of(vfs), name) != NULL;
    return disk_of(vfs)->off ? SQLITE_IOERR_ACCESS : status;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

/* The salts of a log: no two alike, and the same in each process. */
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    struct memory_disk *disk = disk_of(vfs);

    for (int i = 0; i < size; i++) {
        disk->salt = disk->salt * 1664525u + 1013904223u;
        out[i] = (char)(disk->salt >> 24);
    }
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *now)
{
    (void)vfs;
    *now = 2460000.5; /* a Julian day */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void memory_disk_open(struct memory_disk *disk)
{
    static unsigned made;

    snprintf(disk->name, sizeof(disk->name), "memory-%u", ++made);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = MEMORY_NAME_SIZE,
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
}

void memory_disk_close(struct memory_disk *disk)
{
    sqlite3_vfs_unregister(&disk->vfs);
    for (size_t i = 0; i < MEMORY_FILES; i++) {
        memory_file_free_regions(&disk->files[i]);
        memory_image_free(&disk->files[i].now);
    }
}
