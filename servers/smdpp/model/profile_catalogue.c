/* The profiles of a directory. See profile_catalogue.h. */
#include "servers/smdpp/model/profile_catalogue.h"

#include "apdu/tlv.h"
#include "common/input.h"
#include "profiles/saip/saip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define PROFILES_MAX 4096 /* files looked at in one directory */

/* What tells whether a file has changed. */
struct file_mark {
    struct timespec modified;
    off_t size;
};

struct entry {
    struct profile profile;
    struct file_mark package, description;
    bool seen;
};

struct profile_catalogue {
    char *directory;
    char *server_address;
    struct entry **entries;
    size_t count;
};

struct profile_catalogue *profile_catalogue_new(const char *directory, const char *server_address)
{
    struct profile_catalogue *catalogue = calloc(1, sizeof(*catalogue));

    if (catalogue == NULL)
        return NULL;
    catalogue->directory = strdup(directory);
    catalogue->server_address = strdup(server_address);
    if (catalogue->directory == NULL || catalogue->server_address == NULL) {
        profile_catalogue_free(catalogue);
        return NULL;
    }
    return catalogue;
}

static void free_entry(struct entry *entry)
{
    buf_free(&entry->profile.package);
    buf_free(&entry->profile.metadata);
    free(entry);
}

void profile_catalogue_free(struct profile_catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    for (size_t i = 0; i < catalogue->count; i++)
        free_entry(catalogue->entries[i]);
    free(catalogue->entries);
    free(catalogue->directory);
    free(catalogue->server_address);
    free(catalogue);
}

/* --- One file ------------------------------------------------------------------------------------------- */

/* A file of the directory, whose name is shown as `what`; false with the profile's complaint. */
static bool catalogue_read(const struct profile_catalogue *catalogue, struct profile *profile,
                           const char *suffix, const char *what, size_t limit, struct buf *out)
{
    char path[1024];
    char why[INPUT_WHY_MAX];

    snprintf(path, sizeof(path), "%s/%s%s", catalogue->directory, profile->name, suffix);
    if (input_read(path, what, limit, out, why))
        return true;
    snprintf(profile->complaint, sizeof(profile->complaint), "%.190s", why);
    return false;
}

/* The header element is read here as loosely as a server needs it: a package that a card would refuse must
 * still be deliverable. */
static bool take_header(struct profile *profile)
{
    struct tlv_reader package = tlv_reader(buf_span(&profile->package));
    struct tlv_reader reader;
    struct span header, major, minor, type, iccid;

    if (!tlv_require(&package, 0xA0, &header))
        return false;
    reader = tlv_reader(header);
    if (!tlv_require_sized(&reader, 0x80, 1, 1, &major) || !tlv_require_sized(&reader, 0x81, 1, 1, &minor))
        return false;
    if (tlv_optional(&reader, 0x82, &type) && type.size < sizeof(profile->type))
        memcpy(profile->type, type.data, type.size);
    if (!tlv_require_sized(&reader, 0x83, sizeof(profile->iccid_octets), sizeof(profile->iccid_octets),
                           &iccid))
        return false;
    profile->major_version = major.data[0];
    profile->minor_version = minor.data[0];
    iccid_turn(iccid.data, profile->iccid_octets);
    return iccid_to_digits(SPAN_ARRAY(profile->iccid_octets), profile->iccid);
}

static void take_warning(struct profile *profile)
{
    struct saip_package package;
    struct saip_failure failure;

    profile->memory = profile->package.size;
    if (saip_decode(buf_span(&profile->package), &package, &failure)) {
        profile->memory = saip_memory_size(&package);
        saip_free(&package);
    } else {
        snprintf(profile->warning, sizeof(profile->warning),
                 "a card is likely to refuse it: %s (at octet %zu)", failure.reason, failure.offset);
    }
}

/* From the JSON beside the package, if there is one. */
static bool take_metadata(const struct profile_catalogue *catalogue, struct profile *profile, char *why)
{
    const struct metadata_profile known = {
        .iccid = profile->iccid_octets,
        .name = profile->type[0] != '\0' ? profile->type : profile->name,
        .read = input_read,
        .directory = catalogue->directory,
        .server_address = catalogue->server_address,
    };
    char path[1024];
    struct stat status;
    json_t *json = NULL;
    bool good;

    snprintf(path, sizeof(path), "%s/%s.json", catalogue->directory, profile->name);
    if (stat(path, &status) == 0) {
        json = metadata_json_load(path, input_read, why);
        if (json == NULL)
            return false;
    }
    good = metadata_json_build(json, &known, &profile->metadata, &profile->facts, why);
    json_decref(json);
    return good;
}

static void profile_catalogue_load(struct profile_catalogue *catalogue, struct profile *profile)
{
    char why[METADATA_WHY_SIZE];

    if (!catalogue_read(catalogue, profile, ".der", "the package", PROFILE_PACKAGE_MAX, &profile->package))
        return;
    if (!take_header(profile)) {
        snprintf(profile->complaint, sizeof(profile->complaint),
                 "not a profile package: it does not begin with a header");
        return;
    }
    take_warning(profile);
    if (!take_metadata(catalogue, profile, why))
        snprintf(profile->complaint, sizeof(profile->complaint), "metadata: %s", why);
}

/* --- The directory -------------------------------------------------------------------------------------- */

static struct file_mark mark_of(const char *directory, const char *name, const char *suffix)
{
    struct file_mark mark = {.size = -1};
    struct stat status;
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        mark.modified = status.st_mtim;
        mark.size = status.st_size;
    }
    return mark;
}

static bool same_mark(const struct file_mark *a, const struct file_mark *b)
{
    return a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Activation codes have digits, capitals and '-' only (SGP.22 4.1.1); readers are found to take small letters
 * as well. */
static void make_matching_id(struct profile *profile)
{
    for (size_t i = 0; profile->name[i] != '\0'; i++) {
        char c = profile->name[i];
        bool fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        profile->matching_id[i] = fits ? c : '-';
    }
}

static struct entry *find_entry(const struct profile_catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        if (strcmp(catalogue->entries[i]->profile.name, name) == 0)
            return catalogue->entries[i];
    }
    return NULL;
}

static struct entry *add_entry(struct profile_catalogue *catalogue, const char *name)
{
    struct entry **entries = realloc(catalogue->entries, (catalogue->count + 1) * sizeof(struct entry *));
    struct entry *entry = entries != NULL ? calloc(1, sizeof(*entry)) : NULL;

    if (entries != NULL)
        catalogue->entries = entries;
    if (entry == NULL)
        return NULL;
    snprintf(entry->profile.name, sizeof(entry->profile.name), "%s", name);
    make_matching_id(&entry->profile);
    entry->package.size = -1;
    entries[catalogue->count++] = entry;
    return entry;
}

/* Looks at one file again; true when it had to be read. */
static bool refresh_entry(struct profile_catalogue *catalogue, struct entry *entry)
{
    struct profile *profile = &entry->profile;
    struct file_mark package = mark_of(catalogue->directory, profile->name, ".der");
    struct file_mark description = mark_of(catalogue->directory, profile->name, ".json");
    struct profile fresh = {0};

    if (same_mark(&package, &entry->package) && same_mark(&description, &entry->description))
        return false;
    memcpy(fresh.name, profile->name, sizeof(fresh.name));
    memcpy(fresh.matching_id, profile->matching_id, sizeof(fresh.matching_id));
    buf_free(&profile->package);
    buf_free(&profile->metadata);
    *profile = fresh;
    entry->package = package;
    entry->description = description;
    profile_catalogue_load(catalogue, profile);
    return true;
}

static void drop_unseen(struct profile_catalogue *catalogue)
{
    size_t kept = 0;

    for (size_t i = 0; i < catalogue->count; i++) {
        if (catalogue->entries[i]->seen)
            catalogue->entries[kept++] = catalogue->entries[i];
        else
            free_entry(catalogue->entries[i]);
    }
    catalogue->count = kept;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *const *left = a;
    const struct entry *const *right = b;

    return strcmp((*left)->profile.name, (*right)->profile.name);
}

bool profile_catalogue_readable(const struct profile_catalogue *catalogue)
{
    DIR *directory = opendir(catalogue->directory);

    return directory != NULL && closedir(directory) == 0;
}

/* The name without .der when it is one of ours, in `name`. */
static bool is_package_name(const char *file, char name[PROFILE_NAME_MAX + 1])
{
    size_t size = strlen(file);

    if (file[0] == '.' || size <= 4 || size - 4 > PROFILE_NAME_MAX || strcmp(file + size - 4, ".der") != 0)
        return false;
    memcpy(name, file, size - 4);
    name[size - 4] = '\0';
    return true;
}

bool profile_catalogue_refresh(struct profile_catalogue *catalogue,
                               void (*changed)(const struct profile *profile))
{
    DIR *directory = opendir(catalogue->directory);
    struct dirent *file;
    char name[PROFILE_NAME_MAX + 1];

    if (directory == NULL)
        return false;
    for (size_t i = 0; i < catalogue->count; i++)
        catalogue->entries[i]->seen = false;
    while ((file = readdir(directory)) != NULL) {
        struct entry *entry;

        if (!is_package_name(file->d_name, name))
            continue;
        entry = find_entry(catalogue, name);
        if (entry == NULL && catalogue->count < PROFILES_MAX)
            entry = add_entry(catalogue, name);
        if (entry == NULL)
            continue;
        entry->seen = true;
        if (refresh_entry(catalogue, entry))
            changed(&entry->profile);
    }
    closedir(directory);
    drop_unseen(catalogue);
    if (catalogue->count > 0)
        qsort(catalogue->entries, catalogue->count, sizeof(struct entry *), by_name);
    return true;
}

size_t profile_catalogue_count(const struct profile_catalogue *catalogue)
{
    return catalogue->count;
}

const struct profile *profile_catalogue_at(const struct profile_catalogue *catalogue, size_t index)
{
    return &catalogue->entries[index]->profile;
}

const struct profile *profile_catalogue_by_name(const struct profile_catalogue *catalogue, const char *name)
{
    const struct profile *found = NULL;

    for (size_t i = 0; i < catalogue->count; i++) {
        const struct profile *profile = &catalogue->entries[i]->profile;

        if (profile->complaint[0] != '\0')
            continue;
        if (strcmp(profile->name, name) == 0)
            return profile;
        if (found == NULL && strcasecmp(profile->matching_id, name) == 0)
            found = profile;
    }
    return found;
}
