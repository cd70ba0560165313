/*
 * The supply of a card's storage. See nvm_power.h. From the moment a cut is armed, what a write replaces is
 * kept until the next sync of its file; at the cut it is put back, last write first.
 */
#include "euicc/os/nvm_power.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 4 /* open at once on one card: the database, its log, a journal while it is made */

/* What a change replaced: octets, and the size that the file had. */
struct undo {
    struct undo *before;
    sqlite3_int64 offset, file_size;
    int size;
    uint8_t data[];
};

/* An open file: SQLite's view of it, then that of the VFS below. */
struct file {
    sqlite3_file base;
    struct nvm_power *power;
    struct undo *last;
    sqlite3_file *below;
};

struct nvm_power {
    sqlite3_vfs vfs;
    sqlite3_io_methods methods;
    sqlite3_vfs *below;
    char name[48];
    struct file *files[FILES];
    uint64_t left; /* changes until the power goes; 0: not armed */
    bool gone;
};

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)base;
}

static sqlite3_file *below(sqlite3_file *base)
{
    return file_of(base)->below;
}

/* --- taking back --------------------------------------------------------------------------------- */

static void forget_undo(struct file *file)
{
    while (file->last != NULL) {
        struct undo *undo = file->last;

        file->last = undo->before;
        free(undo);
    }
}

/* Keeps what a change of [offset, offset + size) is about to replace. A change that cannot be taken back
 * fails. */
static bool remember_undo(struct file *file, sqlite3_int64 offset, int size)
{
    struct undo *undo = calloc(1, sizeof(*undo) + (size_t)size);
    int status;

    if (undo == NULL)
        return false;
    undo->offset = offset;
    undo->size = size;
    status = file->below->pMethods->xFileSize(file->below, &undo->file_size);
    if (status == SQLITE_OK && size > 0)
        status = file->below->pMethods->xRead(file->below, undo->data, size, offset);
    if (status != SQLITE_OK && status != SQLITE_IOERR_SHORT_READ) {
        free(undo);
        return false;
    }
    undo->before = file->last;
    file->last = undo;
    return true;
}

static void take_back(struct file *file)
{
    const sqlite3_io_methods *methods = file->below->pMethods;

    for (const struct undo *undo = file->last; undo != NULL; undo = undo->before) {
        if (undo->size > 0)
            (void)methods->xWrite(file->below, undo->data, undo->size, undo->offset);
        (void)methods->xTruncate(file->below, undo->file_size);
    }
    if (file->last != NULL)
        (void)methods->xSync(file->below, SQLITE_SYNC_NORMAL);
    forget_undo(file);
}

/* A change is about to happen. False: it does not, the power is gone. */
static bool lasts(struct nvm_power *power)
{
    if (power->gone)
        return false;
    if (power->left == 0 || --power->left > 0)
        return true;
    power->gone = true;
    for (size_t i = 0; i < FILES; i++)
        if (power->files[i] != NULL)
            take_back(power->files[i]);
    return false;
}

/* --- files --------------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *base)
{
    struct file *file = file_of(base);

    for (size_t i = 0; i < FILES; i++)
        if (file->power->files[i] == file)
            file->power->files[i] = NULL;
    forget_undo(file);
    return file->below->pMethods->xClose(file->below);
}

static int file_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
    if (file_of(base)->power->gone)
        return SQLITE_IOERR_READ;
    return below(base)->pMethods->xRead(below(base), out, size, offset);
}

static int file_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct file *file = file_of(base);

    if (!lasts(file->power) || (file->power->left > 0 && !remember_undo(file, offset, size)))
        return SQLITE_IOERR_WRITE;
    return file->below->pMethods->xWrite(file->below, data, size, offset);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = file_of(base);
    sqlite3_int64 now = 0;

    if (!lasts(file->power))
        return SQLITE_IOERR_TRUNCATE;
    if (file->power->left > 0) {
        if (file->below->pMethods->xFileSize(file->below, &now) != SQLITE_OK || now - size > INT32_MAX ||
            !remember_undo(file, size, now > size ? (int)(now - size) : 0))
            return SQLITE_IOERR_TRUNCATE;
    }
    return file->below->pMethods->xTruncate(file->below, size);
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct file *file = file_of(base);
    int status;

    if (!lasts(file->power))
        return SQLITE_IOERR_FSYNC;
    status = file->below->pMethods->xSync(file->below, flags);
    if (status == SQLITE_OK)
        forget_undo(file);
    return status;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    return below(base)->pMethods->xFileSize(below(base), size);
}

static int file_lock(sqlite3_file *base, int level)
{
    return file_of(base)->power->gone ? SQLITE_IOERR_LOCK : below(base)->pMethods->xLock(below(base), level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    return below(base)->pMethods->xUnlock(below(base), level);
}

static int file_check_lock(sqlite3_file *base, int *held)
{
    return below(base)->pMethods->xCheckReservedLock(below(base), held);
}

static int file_control(sqlite3_file *base, int op, void *argument)
{
    return below(base)->pMethods->xFileControl(below(base), op, argument);
}

static int file_sector_size(sqlite3_file *base)
{
    return below(base)->pMethods->xSectorSize(below(base));
}

/* A batch of writes that the file system makes atomic would pass by the count. */
static int file_characteristics(sqlite3_file *base)
{
    return below(base)->pMethods->xDeviceCharacteristics(below(base)) & ~SQLITE_IOCAP_BATCH_ATOMIC;
}

static int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    return below(base)->pMethods->xShmMap(below(base), region, size, extend, out);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    return below(base)->pMethods->xShmLock(below(base), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    below(base)->pMethods->xShmBarrier(below(base));
}

static int file_shm_unmap(sqlite3_file *base, int delete_it)
{
    return below(base)->pMethods->xShmUnmap(below(base), delete_it);
}

static const sqlite3_io_methods all_methods = {
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

static struct nvm_power *power_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static struct file **free_place(struct nvm_power *power)
{
    for (size_t i = 0; i < FILES; i++)
        if (power->files[i] == NULL)
            return &power->files[i];
    return NULL;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct nvm_power *power = power_of(vfs);
    struct file *file = file_of(base);
    struct file **place = free_place(power);
    int status;

    base->pMethods = NULL;
    if (power->gone || place == NULL)
        return SQLITE_CANTOPEN;
    *file = (struct file){.power = power, .below = (sqlite3_file *)(file + 1)};
    status = power->below->xOpen(power->below, name, file->below, flags, out_flags);
    if (status != SQLITE_OK) {
        if (file->below->pMethods != NULL)
            file->below->pMethods->xClose(file->below);
        return status;
    }
    *place = file;
    power->methods.iVersion = file->below->pMethods->iVersion < 2 ? 1 : 2;
    base->pMethods = &power->methods;
    return SQLITE_OK;
}

/* Not taken back by a cut: SQLite deletes a journal or a log only once it is not needed any more. */
static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct nvm_power *power = power_of(vfs);

    return lasts(power) ? power->below->xDelete(power->below, name, sync_directory) : SQLITE_IOERR_DELETE;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    return power_of(vfs)->below->xAccess(power_of(vfs)->below, name, flags, result);
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return power_of(vfs)->below->xFullPathname(power_of(vfs)->below, name, size, out);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    return power_of(vfs)->below->xRandomness(power_of(vfs)->below, size, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return power_of(vfs)->below->xSleep(power_of(vfs)->below, microseconds);
}

static int vfs_current_time(sqlite3_vfs *vfs, double *now)
{
    return power_of(vfs)->below->xCurrentTime(power_of(vfs)->below, now);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    return power_of(vfs)->below->xGetLastError(power_of(vfs)->below, size, out);
}

struct nvm_power *nvm_power_new(sqlite3_vfs *base)
{
    struct nvm_power *power = calloc(1, sizeof(*power));

    if (power == NULL)
        return NULL;
    power->below = base;
    power->methods = all_methods;
    snprintf(power->name, sizeof(power->name), "softeuicc-power-%p", (void *)power);
    power->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct file) + base->szOsFile,
        .mxPathname = base->mxPathname,
        .zName = power->name,
        .pAppData = power,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xGetLastError = vfs_last_error,
    };
    if (sqlite3_vfs_register(&power->vfs, 0) != SQLITE_OK) {
        free(power);
        return NULL;
    }
    return power;
}

void nvm_power_free(struct nvm_power *power)
{
    if (power == NULL)
        return;
    sqlite3_vfs_unregister(&power->vfs);
    free(power);
}

const char *nvm_power_vfs(const struct nvm_power *power)
{
    return power->name;
}

void nvm_power_cut(struct nvm_power *power, uint64_t after)
{
    power->left = after;
    for (size_t i = 0; i < FILES; i++)
        if (power->files[i] != NULL)
            forget_undo(power->files[i]);
}

uint64_t nvm_power_left(const struct nvm_power *power)
{
    return power->gone ? 0 : power->left;
}

bool nvm_power_is_gone(const struct nvm_power *power)
{
    return power->gone;
}
