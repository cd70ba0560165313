/*
 * The file system of one profile: making it, finding things in it. See fs.h; what changes it afterwards is in
 * fs_change.c, what builds it from a package in interpret.c.
 */
#include "profiles/fs.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct fs *fs_new(void)
{
    return calloc(1, sizeof(struct fs));
}

/* --- freeing --------------------------------------------------------------------------------------- */

static void free_buffers(struct fs_file *file)
{
    buf_free(&file->access);
    buf_free(&file->content);
    buf_free(&file->pin_status);
}

void fs_discard_file(struct fs_file *file)
{
    if (file == NULL)
        return;
    free_buffers(file);
    free(file);
}

void fs_discard_key(struct fs_key *key)
{
    buf_free(&key->counter);
    buf_free(&key->value);
}

void fs_discard_application(struct fs_application *application)
{
    for (size_t i = 0; i < application->key_count; i++)
        fs_discard_key(&application->keys[i]);
    free(application->keys);
    buf_free(&application->parameters);
    buf_free(&application->system_parameters);
    buf_free(&application->uicc_parameters);
    buf_free(&application->personalisation);
    buf_free(&application->tars);
    buf_free(&application->uicc_access);
    buf_free(&application->uicc_admin_access);
    buf_free(&application->adf_access);
    buf_free(&application->adf_admin_access);
    buf_free(&application->hash);
}

void fs_discard_cdma(struct fs_cdma *cdma)
{
    buf_free(&cdma->authentication_key);
    buf_free(&cdma->ssd);
    buf_free(&cdma->hrpd);
    buf_free(&cdma->simple_ip);
    buf_free(&cdma->mobile_ip);
}

static void free_secrets(void *array, size_t size)
{
    if (array != NULL)
        OPENSSL_cleanse(array, size);
    free(array);
}

void fs_free(struct fs *fs)
{
    if (fs == NULL)
        return;
    for (size_t i = 0; i < fs->file_count; i++)
        fs_discard_file(fs->files[i]);
    free(fs->files);
    for (size_t i = 0; i < fs->application_count; i++)
        fs_discard_application(&fs->applications[i]);
    free(fs->applications);
    for (size_t i = 0; i < fs->cdma_count; i++)
        fs_discard_cdma(&fs->cdmas[i]);
    free(fs->cdmas);
    free_secrets(fs->pins, fs->pin_count * sizeof(*fs->pins));
    free_secrets(fs->puks, fs->puk_count * sizeof(*fs->puks));
    free_secrets(fs->naas, fs->naa_count * sizeof(*fs->naas));
    free(fs);
}

/* --- adding ---------------------------------------------------------------------------------------- */

/* A number that no profile reaches: what a hostile row or a patient terminal can make the array grow to. */
enum { FILE_NUMBERS_MAX = 65536 };

static bool make_place(struct fs *fs, uint32_t number)
{
    struct fs_file **files;
    size_t count = fs->file_count == 0 ? 256 : fs->file_count;

    if (number >= FILE_NUMBERS_MAX)
        return false;
    if (number < fs->file_count)
        return fs->files[number] == NULL;
    while (count <= number)
        count *= 2;
    files = realloc(fs->files, count * sizeof(*files));
    if (files == NULL)
        return false;
    memset(files + fs->file_count, 0, (count - fs->file_count) * sizeof(*files));
    fs->files = files;
    fs->file_count = count;
    return true;
}

static void fill_up(struct fs_file *file)
{
    size_t missing;

    if (fs_is_directory(file) || file->link != NULL || file->kind == SAIP_FILE_BER_TLV ||
        file->content.size >= file->size)
        return;
    missing = file->size - file->content.size;
    if (!buf_reserve(&file->content, missing))
        return;
    memset(file->content.data + file->content.size, 0xFF, missing);
    file->content.size = file->size;
}

static void link_child(struct fs_file *file)
{
    struct fs_file **end = &file->parent->first_child;

    while (*end != NULL)
        end = &(*end)->next;
    *end = file;
}

struct fs_file *fs_add_file(struct fs *fs, struct fs_file *like)
{
    struct fs_file *file = calloc(1, sizeof(*file));

    if (file == NULL) {
        free_buffers(like);
        return NULL;
    }
    *file = *like;
    like->access = like->content = like->pin_status = (struct buf){0};
    file->first_child = file->next = NULL;
    fill_up(file);
    if (file->access.failed || file->content.failed || file->pin_status.failed ||
        (file->parent != NULL) != (fs->mf != NULL) || !make_place(fs, file->number)) {
        fs_discard_file(file);
        return NULL;
    }
    fs->files[file->number] = file;
    if (file->parent == NULL)
        fs->mf = file;
    else
        link_child(file);
    return file;
}

/* Adds a copy of `element` to the end of an array of `count`, which may move: where it is then, NULL without
 * memory. Secrets in the old memory are wiped. */
static void *append(void *array, size_t *count, const void *element, size_t size)
{
    /* Grows by doubling: a power of two says that it may be full. */
    if ((*count & (*count - 1)) == 0) {
        void *larger = calloc(*count == 0 ? 1 : *count * 2, size);

        if (larger == NULL)
            return NULL;
        if (*count > 0)
            memcpy(larger, array, *count * size);
        free_secrets(array, *count * size);
        array = larger;
    }
    memcpy((uint8_t *)array + (*count)++ * size, element, size);
    return array;
}

bool fs_add_pin(struct fs *fs, const struct fs_pin *pin)
{
    struct fs_pin *pins = append(fs->pins, &fs->pin_count, pin, sizeof(*pin));

    if (pins != NULL)
        fs->pins = pins;
    return pins != NULL;
}

bool fs_add_puk(struct fs *fs, const struct fs_puk *puk)
{
    struct fs_puk *puks = append(fs->puks, &fs->puk_count, puk, sizeof(*puk));

    if (puks != NULL)
        fs->puks = puks;
    return puks != NULL;
}

bool fs_add_naa(struct fs *fs, const struct fs_naa *naa)
{
    struct fs_naa *naas = append(fs->naas, &fs->naa_count, naa, sizeof(*naa));

    if (naas != NULL)
        fs->naas = naas;
    return naas != NULL;
}

bool fs_add_cdma(struct fs *fs, struct fs_cdma *cdma)
{
    struct fs_cdma *cdmas = NULL;

    if (!cdma->authentication_key.failed && !cdma->ssd.failed && !cdma->hrpd.failed &&
        !cdma->simple_ip.failed && !cdma->mobile_ip.failed)
        cdmas = append(fs->cdmas, &fs->cdma_count, cdma, sizeof(*cdma));
    if (cdmas != NULL)
        fs->cdmas = cdmas;
    else
        fs_discard_cdma(cdma);
    *cdma = (struct fs_cdma){0};
    return cdmas != NULL;
}

static bool any_failed(const struct fs_application *application)
{
    for (size_t i = 0; i < application->key_count; i++)
        if (application->keys[i].counter.failed || application->keys[i].value.failed)
            return true;
    return application->parameters.failed || application->system_parameters.failed ||
           application->uicc_parameters.failed || application->personalisation.failed ||
           application->tars.failed || application->uicc_access.failed ||
           application->uicc_admin_access.failed || application->adf_access.failed ||
           application->adf_admin_access.failed || application->hash.failed;
}

bool fs_add_application(struct fs *fs, struct fs_application *application)
{
    struct fs_application *applications = NULL;

    if (!any_failed(application))
        applications = append(fs->applications, &fs->application_count, application, sizeof(*application));
    if (applications != NULL)
        fs->applications = applications;
    else
        fs_discard_application(application);
    *application = (struct fs_application){0};
    return applications != NULL;
}

bool fs_add_key(struct fs_application *application, struct fs_key *key)
{
    struct fs_key *keys = append(application->keys, &application->key_count, key, sizeof(*key));

    if (keys != NULL)
        application->keys = keys;
    else
        fs_discard_key(key);
    *key = (struct fs_key){0};
    return keys != NULL;
}

/* --- finding --------------------------------------------------------------------------------------- */

struct fs_file *fs_file(const struct fs *fs, uint32_t number)
{
    return number < fs->file_count ? fs->files[number] : NULL;
}

bool fs_is_directory(const struct fs_file *file)
{
    return saip_kind_is_directory(file->kind);
}

struct fs_file *fs_children(const struct fs_file *directory)
{
    return directory->link != NULL ? directory->link->first_child : directory->first_child;
}

struct fs_file *fs_child(const struct fs_file *directory, uint16_t fid)
{
    for (struct fs_file *child = fs_children(directory); child != NULL; child = child->next)
        if (child->fid == fid)
            return child;
    return NULL;
}

struct fs_file *fs_child_by_sfi(const struct fs_file *directory, uint8_t sfi)
{
    for (struct fs_file *child = fs_children(directory); child != NULL && sfi != 0; child = child->next)
        if (child->sfi == sfi)
            return child;
    return NULL;
}

struct fs_file *fs_by_path(const struct fs *fs, struct span path)
{
    struct fs_file *at = fs->mf;

    if (path.size % 2 != 0)
        return NULL;
    for (size_t i = 0; i < path.size && at != NULL; i += 2) {
        uint16_t fid = (uint16_t)span_number(SPAN(path.data + i, 2));

        if (i > 0 || fid != FS_FID_MF)
            at = fs_is_directory(at) ? fs_child(at, fid) : NULL;
    }
    return at;
}

struct fs_file *fs_application_of(struct fs_file *file)
{
    while (file->kind != SAIP_FILE_ADF && file->parent != NULL)
        file = file->parent;
    return file;
}

size_t fs_records(const struct fs_file *file)
{
    return file->record_size > 0 ? file->size / file->record_size : 0;
}

struct span fs_content(const struct fs_file *file)
{
    return buf_span(file->link != NULL ? &file->link->content : &file->content);
}

struct span fs_record(const struct fs_file *file, size_t number)
{
    struct span content = fs_content(file);

    if (number == 0 || file->record_size == 0 || number > content.size / file->record_size)
        return SPAN_NONE;
    return SPAN(content.data + (number - 1) * file->record_size, file->record_size);
}

static bool is_linear(const struct fs_file *file)
{
    return file != NULL && file->kind == SAIP_FILE_LINEAR_FIXED;
}

/* TS 102 221 9.2.7: the EF ARR is beside the file; when there is none it is further up, at most in MF. */
struct span fs_access_rule(const struct fs_file *file)
{
    struct span access = buf_span(&file->access);
    const struct fs_file *directory = file->parent != NULL ? file->parent : file;

    if (file->access_form != FS_ACCESS_REFERENCED || access.size < 3)
        return SPAN_NONE;
    for (; directory != NULL; directory = directory->parent) {
        struct fs_file *arr = fs_child(directory, (uint16_t)(access.data[0] << 8 | access.data[1]));

        /* With security environments (pairs of SEID and record) the first pair is the one in force.
         * Reading: there is no MANAGE SECURITY ENVIRONMENT in TS 102 221, environment 01 never changes. */
        if (is_linear(arr))
            return fs_record(arr, access.data[access.size == 3 ? 2 : 3]);
    }
    return SPAN_NONE;
}

static struct fs_pin *pin_of(const struct fs *fs, const struct fs_file *directory, uint8_t reference)
{
    for (size_t i = 0; i < fs->pin_count; i++)
        if (fs->pins[i].directory == directory && fs->pins[i].reference == reference)
            return &fs->pins[i];
    return NULL;
}

struct fs_pin *fs_find_pin(const struct fs *fs, const struct fs_file *directory, uint8_t reference)
{
    struct fs_pin *pin;

    for (; directory != NULL && directory->parent != NULL; directory = directory->parent) {
        pin = pin_of(fs, directory, reference);
        if (pin == NULL && directory->pins_of != NULL)
            pin = pin_of(fs, directory->pins_of, reference);
        if (pin != NULL)
            return pin;
    }
    return pin_of(fs, fs->mf, reference);
}

struct fs_puk *fs_find_puk(const struct fs *fs, uint8_t reference)
{
    for (size_t i = 0; i < fs->puk_count; i++)
        if (fs->puks[i].reference == reference)
            return &fs->puks[i];
    return NULL;
}

struct fs_naa *fs_find_naa(const struct fs *fs, const struct fs_file *application)
{
    for (size_t i = 0; i < fs->naa_count; i++)
        if (fs->naas[i].application == application)
            return &fs->naas[i];
    return NULL;
}

void fs_set_aid(struct fs_aid *aid, struct span octets)
{
    aid->size = octets.size <= sizeof(aid->octets) ? octets.size : 0;
    if (aid->size > 0)
        memcpy(aid->octets, octets.data, aid->size);
}

struct span fs_aid_span(const struct fs_aid *aid)
{
    return SPAN(aid->octets, aid->size);
}

bool fs_same_aid(const struct fs_aid *aid, struct span octets)
{
    return span_equal(fs_aid_span(aid), octets);
}

struct fs_naa *fs_naa_source(const struct fs *fs, struct fs_naa *naa)
{
    /* A mapping leads to an application before it in the package, so that it ends. */
    for (size_t steps = 0; steps <= fs->naa_count && naa != NULL && naa->mapped; steps++) {
        struct span source = fs_aid_span(&naa->mapping_source);

        naa = NULL;
        for (size_t i = 0; i < fs->naa_count && naa == NULL; i++)
            if (fs_same_aid(&fs->naas[i].application->aid, source))
                naa = &fs->naas[i];
    }
    return naa != NULL && !naa->mapped ? naa : NULL;
}

struct fs_application *fs_find_application(const struct fs *fs, struct span aid)
{
    for (size_t i = 0; i < fs->application_count; i++)
        if (fs_same_aid(&fs->applications[i].aid, aid))
            return &fs->applications[i];
    return NULL;
}

struct fs_application *fs_application(const struct fs *fs, uint32_t number)
{
    for (size_t i = 0; i < fs->application_count; i++)
        if (fs->applications[i].number == number)
            return &fs->applications[i];
    return NULL;
}
