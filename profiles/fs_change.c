/*
 * What changes a profile's file system: RAM first, then whoever stores it (struct fs_store). See fs.h.
 */
#include "profiles/fs.h"

#include <string.h>

/* The file that holds the content. */
static struct fs_file *holder(struct fs_file *file)
{
    return file->link != NULL ? file->link : file;
}

static bool store_content(struct fs *fs, const struct fs_file *file, size_t offset, size_t size)
{
    fs->changed = true;
    return fs->store.content == NULL || fs->store.content(fs->store.context, file, offset, size);
}

static bool store_file(struct fs *fs, const struct fs_file *file)
{
    fs->changed = true;
    return fs->store.file == NULL || fs->store.file(fs->store.context, file);
}

bool fs_write(struct fs *fs, struct fs_file *file, size_t offset, struct span octets)
{
    struct fs_file *of = holder(file);

    if (octets.size == 0)
        return true;
    memcpy(of->content.data + offset, octets.data, octets.size);
    return store_content(fs, of, offset, octets.size);
}

bool fs_write_cyclic(struct fs *fs, struct fs_file *file, struct span octets)
{
    struct fs_file *of = holder(file);
    size_t rest = of->content.size - of->record_size;

    memmove(of->content.data + of->record_size, of->content.data, rest);
    memcpy(of->content.data, octets.data, of->record_size);
    return store_content(fs, of, 0, of->content.size);
}

bool fs_replace_content(struct fs *fs, struct fs_file *file, struct span octets)
{
    struct fs_file *of = holder(file);
    struct buf copy = {0};

    buf_append(&copy, octets);
    if (copy.failed)
        return false;
    buf_free(&of->content);
    of->content = copy;
    return store_file(fs, of);
}

struct fs_file *fs_create_file(struct fs *fs, struct fs_file *like)
{
    struct fs_file *file;

    like->number = (uint32_t)fs->file_count;
    while (like->number > 0 && fs->files[like->number - 1] == NULL)
        like->number--;
    file = fs_add_file(fs, like);
    return file != NULL && store_file(fs, file) ? file : NULL;
}

/* --- deleting -------------------------------------------------------------------------------------- */

static void unlink_child(struct fs_file *file)
{
    struct fs_file **at = &file->parent->first_child;

    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
}

/* Links to a file that goes away: the first takes the content over, the others become links to it. */
static bool release_links(struct fs *fs, struct fs_file *target)
{
    struct fs_file *heir = NULL;
    bool good = true;

    for (size_t i = 0; i < fs->file_count && good; i++) {
        struct fs_file *file = fs->files[i];

        if (file == NULL || file->link != target)
            continue;
        file->link = heir;
        if (heir == NULL && !fs_is_directory(file)) {
            heir = file;
            buf_append(&file->content, buf_span(&target->content));
            good = !file->content.failed;
        }
        good = good && store_file(fs, file);
    }
    return good;
}

static void forget_codes(struct fs *fs, const struct fs_file *directory)
{
    for (size_t i = 0; i < fs->file_count; i++)
        if (fs->files[i] != NULL && fs->files[i]->pins_of == directory)
            fs->files[i]->pins_of = NULL;
    for (size_t i = 0; i < fs->pin_count;) {
        if (fs->pins[i].directory == directory)
            fs->pins[i] = fs->pins[--fs->pin_count];
        else
            i++;
    }
    for (size_t i = 0; i < fs->naa_count;) {
        if (fs->naas[i].application == directory)
            fs->naas[i] = fs->naas[--fs->naa_count];
        else
            i++;
    }
    for (size_t i = 0; i < fs->cdma_count;) {
        if (fs->cdmas[i].application == directory) {
            fs_discard_cdma(&fs->cdmas[i]);
            fs->cdmas[i] = fs->cdmas[--fs->cdma_count];
        } else {
            i++;
        }
    }
}

bool fs_delete_file(struct fs *fs, struct fs_file *file)
{
    uint32_t number = file->number;

    while (file->first_child != NULL)
        if (!fs_delete_file(fs, file->first_child))
            return false;
    if (!release_links(fs, file))
        return false;
    if (fs_is_directory(file))
        forget_codes(fs, file);
    unlink_child(file);
    fs->files[number] = NULL;
    fs_discard_file(file);
    fs->changed = true;
    return fs->store.removed == NULL || fs->store.removed(fs->store.context, number);
}

/* --- the rest -------------------------------------------------------------------------------------- */

bool fs_set_life_cycle(struct fs *fs, struct fs_file *file, uint8_t life_cycle)
{
    file->life_cycle = life_cycle;
    return store_file(fs, file);
}

/* A file's links have its size. */
static bool resize_links(struct fs *fs, const struct fs_file *target)
{
    bool good = true;

    for (size_t i = 0; i < fs->file_count && good; i++) {
        if (fs->files[i] == NULL || fs->files[i]->link != target)
            continue;
        fs->files[i]->size = target->size;
        good = store_file(fs, fs->files[i]);
    }
    return good;
}

bool fs_resize(struct fs *fs, struct fs_file *file, size_t size, uint8_t fill)
{
    struct fs_file *of = holder(file);
    size_t before = of->content.size;

    if (of->kind != SAIP_FILE_BER_TLV) {
        if (size > before && !buf_reserve(&of->content, size - before))
            return false;
        if (size > before)
            memset(of->content.data + before, fill, size - before);
        of->content.size = size;
    }
    of->size = size;
    return store_file(fs, of) && resize_links(fs, of);
}

bool fs_pin_changed(struct fs *fs, const struct fs_pin *pin)
{
    fs->changed = true;
    return fs->store.pin == NULL || fs->store.pin(fs->store.context, pin);
}

bool fs_puk_changed(struct fs *fs, const struct fs_puk *puk)
{
    fs->changed = true;
    return fs->store.puk == NULL || fs->store.puk(fs->store.context, puk);
}

bool fs_naa_changed(struct fs *fs, const struct fs_naa *naa)
{
    fs->changed = true;
    return fs->store.naa == NULL || fs->store.naa(fs->store.context, naa);
}

bool fs_application_changed(struct fs *fs, const struct fs_application *application)
{
    fs->changed = true;
    return fs->store.application == NULL || fs->store.application(fs->store.context, application);
}

bool fs_delete_application(struct fs *fs, struct fs_application *application)
{
    uint32_t number = application->number;
    size_t index = (size_t)(application - fs->applications);

    fs->changed = true;
    fs_discard_application(application);
    fs->application_count--;
    memmove(application, application + 1, (fs->application_count - index) * sizeof(*application));
    return fs->store.application_removed == NULL || fs->store.application_removed(fs->store.context, number);
}

/* --- counting before comparing --------------------------------------------------------------------- */

void fs_begin_command(struct fs *fs)
{
    fs->changed = false;
}

static bool make_last(struct fs *fs)
{
    if (fs->store.last != NULL && !fs->store.last(fs->store.context))
        return false;
    fs->changed = false;
    return true;
}

bool fs_spend_pin(struct fs *fs, struct fs_pin *pin)
{
    if (fs->changed)
        return false;
    pin->attempts_left--;
    return fs_pin_changed(fs, pin) && make_last(fs);
}

bool fs_spend_puk(struct fs *fs, struct fs_puk *puk)
{
    if (fs->changed)
        return false;
    puk->attempts_left--;
    return fs_puk_changed(fs, puk) && make_last(fs);
}

bool fs_spend_use(struct fs *fs, struct fs_naa *naa)
{
    if (fs->changed)
        return false;
    octets_put_number(naa->counter, sizeof(naa->counter), span_number(SPAN_ARRAY(naa->counter)) + 1);
    return fs_naa_changed(fs, naa) && make_last(fs);
}
