/* A disk in memory that can be put back: see fuzz_disk.h. */
#include "tests/fuzz/fuzz_disk.h"

#include "tests/fuzz/fuzz.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FILES       4 /* the card, its journal until there is a log, its log */
#define NAME_SIZE   64
#define REGIONS     16
#define REGION_SIZE 32768 /* what SQLite maps at a time */
#define SECTOR_SIZE 4096

struct image {
    bool exists;
    uint8_t *data;
    size_t size, capacity;
};

struct file {
    char name[NAME_SIZE];
    struct image now, kept;
    size_t same; /* octets from the beginning on that nobody has written since it was kept */
};

struct handle {
    sqlite3_file base;
    struct file *file;
    struct file *temporary; /* its own, without a name; NULL: it has one */
};

static struct file files[FILES];
static uint8_t *regions[REGIONS]; /* of the one log's shared memory */
static uint8_t *kept_regions[REGIONS];
static bool changed;

/* --- images ---------------------------------------------------------------------------------------- */

static void resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        image->capacity = 2 * size;
        image->data = realloc(image->data, image->capacity);
        fuzz_check(image->data != NULL);
    }
    if (size > image->size)
        memset(image->data + image->size, 0, size - image->size);
    image->size = size;
}

static void keep_file(struct file *file)
{
    resize(&file->kept, file->now.size);
    if (file->now.size > 0)
        memcpy(file->kept.data, file->now.data, file->now.size);
    file->kept.exists = file->now.exists;
    file->same = file->now.size;
}

static void put_back_file(struct file *file)
{
    resize(&file->now, file->kept.size);
    if (file->same < file->kept.size)
        memcpy(file->now.data + file->same, file->kept.data + file->same, file->kept.size - file->same);
    file->now.exists = file->kept.exists;
    file->same = file->kept.size;
}

void fuzz_disk_keep(void)
{
    for (size_t i = 0; i < FILES; i++)
        keep_file(&files[i]);
    for (size_t i = 0; i < REGIONS && regions[i] != NULL; i++) {
        if (kept_regions[i] == NULL)
            kept_regions[i] = malloc(REGION_SIZE);
        fuzz_check(kept_regions[i] != NULL);
        memcpy(kept_regions[i], regions[i], REGION_SIZE);
    }
    changed = false;
}

void fuzz_disk_put_back(void)
{
    for (size_t i = 0; i < FILES; i++)
        put_back_file(&files[i]);
    /* One that was not there yet is mapped now: it is as if it had just been. */
    for (size_t i = 0; i < REGIONS && regions[i] != NULL; i++) {
        if (kept_regions[i] != NULL)
            memcpy(regions[i], kept_regions[i], REGION_SIZE);
        else
            memset(regions[i], 0, REGION_SIZE);
    }
    changed = false;
}

bool fuzz_disk_has_changed(void)
{
    return changed;
}

/* --- files ----------------------------------------------------------------------------------------- */

static struct file *file_of(sqlite3_file *base)
{
    return ((struct handle *)base)->file;
}

/* A change at `offset`. */
static void touch(struct file *file, size_t offset)
{
    changed = true;
    if (offset < file->same)
        file->same = offset;
}

static int file_close(sqlite3_file *base)
{
    struct file *temporary = ((struct handle *)base)->temporary;

    if (temporary != NULL)
        free(temporary->now.data);
    free(temporary);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    const struct image *image = &file_of(base)->now;
    size_t size = (size_t)amount;
    size_t at = (size_t)offset;
    size_t there = at < image->size ? image->size - at : 0;

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
    struct file *file = file_of(base);
    size_t size = (size_t)amount;
    size_t at = (size_t)offset;

    touch(file, at);
    if (at + size > file->now.size)
        resize(&file->now, at + size);
    memcpy(file->now.data + at, data, size);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    touch(file_of(base), (size_t)size);
    resize(&file_of(base)->now, (size_t)size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)file_of(base)->now.size;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
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

static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    (void)base;
    if (region >= REGIONS || size != REGION_SIZE)
        return SQLITE_IOERR_SHMMAP;
    if (regions[region] == NULL && extend)
        regions[region] = calloc(1, REGION_SIZE);
    *out = regions[region];
    return SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)base;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int shm_unmap(sqlite3_file *base, int delete_it)
{
    (void)base;
    (void)delete_it;
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
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* --- the file system ------------------------------------------------------------------------------- */

static struct file *find(const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

/* The place of a name, or one for it. */
static struct file *place(const char *name)
{
    struct file *file = find(name);

    if (file == NULL)
        file = find("");
    fuzz_check(file != NULL && strlen(name) < NAME_SIZE);
    strcpy(file->name, name);
    return file;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct handle *handle = (struct handle *)base;

    (void)vfs;
    base->pMethods = NULL;
    *handle = (struct handle){0};
    if (name == NULL) {
        handle->temporary = calloc(1, sizeof(*handle->temporary));
        fuzz_check(handle->temporary != NULL);
    }
    handle->file = name == NULL ? handle->temporary : place(name);
    if (!handle->file->now.exists && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    handle->file->now.exists = true;
    handle->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct file *file = find(name);

    (void)vfs;
    (void)sync_directory;
    if (file == NULL || !file->now.exists)
        return SQLITE_IOERR_DELETE_NOENT;
    touch(file, 0);
    file->now.exists = false;
    file->now.size = 0;
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    const struct file *file = find(name);

    (void)vfs;
    (void)flags;
    *result = file != NULL && file->now.exists;
    return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

/* The salts of a log: nothing that a card answers depends on them. */
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 0x5A, (size_t)size);
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

const char *fuzz_disk(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = NAME_SIZE,
        .zName = "fuzz",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xGetLastError = vfs_last_error,
    };

    fuzz_check(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    return vfs.zName;
}
