/* A disk in memory that can be put back: see fuzz_disk.h. */
#include "tests/fuzz/fuzz_disk.h"

#include "tests/fuzz/fuzz.h"
#include "tests/support/memory_vfs.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of a file. */
struct kept_file {
    struct memory_image then;
    uint8_t *regions[MEMORY_REGIONS];
    size_t same; /* octets from the beginning on that nobody has written since */
};

static struct memory_disk disk;
static struct kept_file kept[MEMORY_FILES];
static bool changed;

static int note_change(struct memory_disk *memory, struct memory_file *file,
                       const struct memory_change *change)
{
    size_t *same = &kept[file - memory->files].same;

    changed = true;
    if (change->offset < *same)
        *same = change->offset;
    return SQLITE_OK;
}

static int is_synced(struct memory_disk *memory, struct memory_file *file, bool is_log)
{
    (void)memory;
    (void)file;
    (void)is_log;
    return SQLITE_OK;
}

static void keep_file(struct kept_file *to, const struct memory_file *file)
{
    memory_image_copy(&to->then, &file->now);
    to->same = file->now.size;
    for (size_t i = 0; i < MEMORY_REGIONS && file->regions[i] != NULL; i++) {
        if (to->regions[i] == NULL)
            to->regions[i] = memory_must(malloc(MEMORY_REGION_SIZE));
        memcpy(to->regions[i], file->regions[i], MEMORY_REGION_SIZE);
    }
}

static void put_back_file(struct memory_file *file, struct kept_file *from)
{
    const struct memory_image *then = &from->then;

    memory_image_resize(&file->now, then->size);
    if (from->same < then->size)
        memcpy(file->now.data + from->same, then->data + from->same, then->size - from->same);
    file->now.exists = then->exists;
    from->same = then->size;
    /* One that was not there yet is mapped now: it is as if it had just been. */
    for (size_t i = 0; i < MEMORY_REGIONS && file->regions[i] != NULL; i++) {
        if (from->regions[i] != NULL)
            memcpy(file->regions[i], from->regions[i], MEMORY_REGION_SIZE);
        else
            memset(file->regions[i], 0, MEMORY_REGION_SIZE);
    }
}

void fuzz_disk_keep(void)
{
    for (size_t i = 0; i < MEMORY_FILES; i++)
        keep_file(&kept[i], &disk.files[i]);
    changed = false;
}

void fuzz_disk_put_back(void)
{
    for (size_t i = 0; i < MEMORY_FILES; i++)
        put_back_file(&disk.files[i], &kept[i]);
    changed = false;
}

bool fuzz_disk_has_changed(void)
{
    return changed;
}

const char *fuzz_disk(void)
{
    disk.change = note_change;
    disk.sync = is_synced;
    memory_disk_open(&disk);
    return disk.name;
}
