/* A file system put back: see fuzz_files.h. */
#include "tests/fuzz/fuzz_files.h"

#include <string.h>

static bool same_octets(const struct buf *a, const struct buf *b)
{
    return span_equal(buf_span(a), buf_span(b));
}

static bool same_aid(const struct fs_aid *a, const struct fs_aid *b)
{
    return span_equal(SPAN(a->octets, a->size), SPAN(b->octets, b->size));
}

/* The same place in two file systems. */
static bool same_place(const struct fs_file *a, const struct fs_file *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || a->number == b->number);
}

static void replace(struct buf *octets, const struct buf *with)
{
    buf_clear(octets);
    buf_append(octets, buf_span(with));
}

static bool is_same_file(const struct fs_file *file, const struct fs_file *kept)
{
    return file->number == kept->number && file->kind == kept->kind && file->fid == kept->fid &&
           file->sfi == kept->sfi && file->special == kept->special && file->shareable == kept->shareable &&
           file->access_form == kept->access_form && file->maximum_size == kept->maximum_size &&
           strcmp(file->name, kept->name) == 0 && same_place(file->parent, kept->parent) &&
           same_place(file->link, kept->link) && same_place(file->pins_of, kept->pins_of) &&
           same_place(file->first_child, kept->first_child) && same_place(file->next, kept->next) &&
           same_aid(&file->aid, &kept->aid) && same_octets(&file->access, &kept->access) &&
           same_octets(&file->pin_status, &kept->pin_status);
}

static bool put_back_file(struct fs_file *file, const struct fs_file *kept)
{
    if (file == NULL || kept == NULL)
        return file == kept;
    if (!is_same_file(file, kept))
        return false;
    file->life_cycle = kept->life_cycle;
    file->size = kept->size;
    file->record_size = kept->record_size;
    if (file->content.size == kept->content.size && kept->content.size > 0)
        memcpy(file->content.data, kept->content.data, kept->content.size);
    else
        replace(&file->content, &kept->content);
    return !file->content.failed;
}

static bool put_back_pin(struct fs_pin *pin, const struct fs_pin *kept)
{
    struct fs_file *directory = pin->directory;

    if (!same_place(directory, kept->directory) || pin->reference != kept->reference)
        return false;
    *pin = *kept;
    pin->directory = directory;
    return true;
}

static bool put_back_naa(struct fs_naa *naa, const struct fs_naa *kept)
{
    struct fs_file *application = naa->application;

    if (!same_place(application, kept->application))
        return false;
    *naa = *kept;
    naa->application = application;
    return true;
}

static bool put_back_key(struct fs_key *key, const struct fs_key *kept)
{
    if (key->version != kept->version || key->identifier != kept->identifier || key->type != kept->type ||
        key->usage_size != kept->usage_size || memcmp(key->usage, kept->usage, kept->usage_size) != 0 ||
        key->access != kept->access || key->mac_length != kept->mac_length ||
        !same_octets(&key->value, &kept->value))
        return false;
    replace(&key->counter, &kept->counter);
    return !key->counter.failed;
}

static bool is_same_application(const struct fs_application *application, const struct fs_application *kept)
{
    return application->kind == kept->kind && application->number == kept->number &&
           application->key_count == kept->key_count && application->code_size == kept->code_size &&
           application->minimum_security_level == kept->minimum_security_level &&
           memcmp(application->privileges, kept->privileges, sizeof(kept->privileges)) == 0 &&
           same_aid(&application->aid, &kept->aid) && same_aid(&application->package, &kept->package) &&
           same_aid(&application->class, &kept->class) && same_aid(&application->domain, &kept->domain) &&
           same_aid(&application->adf, &kept->adf) &&
           same_octets(&application->parameters, &kept->parameters) &&
           same_octets(&application->system_parameters, &kept->system_parameters) &&
           same_octets(&application->uicc_parameters, &kept->uicc_parameters) &&
           same_octets(&application->personalisation, &kept->personalisation) &&
           same_octets(&application->tars, &kept->tars) &&
           same_octets(&application->uicc_access, &kept->uicc_access) &&
           same_octets(&application->uicc_admin_access, &kept->uicc_admin_access) &&
           same_octets(&application->adf_access, &kept->adf_access) &&
           same_octets(&application->adf_admin_access, &kept->adf_admin_access) &&
           same_octets(&application->hash, &kept->hash);
}

static bool put_back_application(struct fs_application *application, const struct fs_application *kept)
{
    if (!is_same_application(application, kept))
        return false;
    for (size_t i = 0; i < kept->key_count; i++)
        if (!put_back_key(&application->keys[i], &kept->keys[i]))
            return false;
    application->life_cycle = kept->life_cycle;
    return true;
}

bool fuzz_files_put_back(struct fs *fs, const struct fs *kept)
{
    bool same = fs->file_count == kept->file_count && fs->pin_count == kept->pin_count &&
                fs->puk_count == kept->puk_count && fs->naa_count == kept->naa_count &&
                fs->application_count == kept->application_count;

    for (size_t i = 0; same && i < kept->file_count; i++)
        same = put_back_file(fs->files[i], kept->files[i]);
    for (size_t i = 0; same && i < kept->pin_count; i++)
        same = put_back_pin(&fs->pins[i], &kept->pins[i]);
    for (size_t i = 0; same && i < kept->naa_count; i++)
        same = put_back_naa(&fs->naas[i], &kept->naas[i]);
    for (size_t i = 0; same && i < kept->application_count; i++)
        same = put_back_application(&fs->applications[i], &kept->applications[i]);
    if (same && kept->puk_count > 0)
        memcpy(fs->puks, kept->puks, kept->puk_count * sizeof(*kept->puks));
    return same;
}
