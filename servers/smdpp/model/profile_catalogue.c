/* The profiles of a directory. See profile_catalogue.h. */
#include "servers/smdpp/model/profile_catalogue.h"

#include "common/directory_watch.h"
#include "common/log.h"
#include "servers/smdpp/model/profile_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#define PROGRESS_AFTER 1 /* seconds between lines that say how far reading is */

struct entry {
    struct profile profile;
    struct file_mark package, description, icon;
    time_t read;
    bool links;    /* one of its files has other names, under which it changes unseen */
    bool has_keys; /* it has been read, and is in all indexes */
    bool seen;
};

/* Entries in the order of a key and, where that is the same, of their names. */
struct index {
    const char *(*key)(const struct profile *profile);
    int (*compare)(const char *a, const char *b);
    struct entry **at;
    size_t count, room;
};

enum index_kind { BY_NAME, BY_MATCHING_ID, BY_ICCID, INDEXES };

struct profile_catalogue {
    char *directory;
    char *server_address;
    struct directory_watch *watch; /* NULL: nothing can be watched here */
    bool is_blind;                 /* the directory is not watched, which has been said */
    bool is_lost;                  /* it could not be read */
    size_t links;                  /* entries with some */
    struct index index[INDEXES];
};

/* --- Indexes -------------------------------------------------------------------------------------------- */

static const char *key_name(const struct profile *profile)
{
    return profile->name;
}

static const char *key_matching_id(const struct profile *profile)
{
    return profile->matching_id;
}

static const char *key_iccid(const struct profile *profile)
{
    return profile->iccid;
}

/* The place of the first entry that does not come before this key and name. */
static size_t index_place(const struct index *index, const char *key, const char *name)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct profile *profile = &index->at[middle]->profile;
        int order = index->compare(index->key(profile), key);

        if (order < 0 || (order == 0 && strcmp(profile->name, name) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The entry of this key after that name ("": the first); NULL. */
static struct entry *index_next(const struct index *index, const char *key, const char *name)
{
    size_t place = index_place(index, key, name);

    if (place < index->count && name[0] != '\0' && strcmp(index->at[place]->profile.name, name) == 0)
        place++;
    return place < index->count && index->compare(index->key(&index->at[place]->profile), key) == 0
               ? index->at[place]
               : NULL;
}

static bool index_reserve(struct index *index)
{
    size_t room = index->room > 0 ? 2 * index->room : 64;
    struct entry **at;

    if (index->count < index->room)
        return true;
    at = realloc(index->at, room * sizeof(*at));
    if (at == NULL)
        return false;
    index->at = at;
    index->room = room;
    return true;
}

static void index_insert(struct index *index, struct entry *entry)
{
    size_t place = index_place(index, index->key(&entry->profile), entry->profile.name);

    memmove(index->at + place + 1, index->at + place, (index->count - place) * sizeof(*index->at));
    index->at[place] = entry;
    index->count++;
}

static void index_remove(struct index *index, const struct entry *entry)
{
    size_t place = index_place(index, index->key(&entry->profile), entry->profile.name);

    memmove(index->at + place, index->at + place + 1, (index->count - place - 1) * sizeof(*index->at));
    index->count--;
}

/* --- Making --------------------------------------------------------------------------------------------- */

struct profile_catalogue *profile_catalogue_new(const char *directory, const char *server_address)
{
    struct profile_catalogue *catalogue = calloc(1, sizeof(*catalogue));
    const char *why;

    if (catalogue == NULL)
        return NULL;
    catalogue->index[BY_NAME] = (struct index){.key = key_name, .compare = strcmp};
    catalogue->index[BY_MATCHING_ID] = (struct index){.key = key_matching_id, .compare = strcasecmp};
    catalogue->index[BY_ICCID] = (struct index){.key = key_iccid, .compare = strcmp};
    catalogue->directory = strdup(directory);
    catalogue->server_address = strdup(server_address);
    if (catalogue->directory == NULL || catalogue->server_address == NULL) {
        profile_catalogue_free(catalogue);
        return NULL;
    }
    catalogue->watch = directory_watch_open(directory, &why);
    if (catalogue->watch == NULL) {
        log_line(LOG_LEVEL_INFO, "%s is looked through at each request: %s", directory, why);
        catalogue->is_blind = true;
    }
    return catalogue;
}

static void catalogue_free_entry(struct entry *entry)
{
    profile_unload(&entry->profile);
    free(entry);
}

void profile_catalogue_free(struct profile_catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    for (size_t i = 0; i < catalogue->index[BY_NAME].count; i++)
        catalogue_free_entry(catalogue->index[BY_NAME].at[i]);
    for (size_t i = 0; i < INDEXES; i++)
        free(catalogue->index[i].at);
    directory_watch_close(catalogue->watch);
    free(catalogue->directory);
    free(catalogue->server_address);
    free(catalogue);
}

int profile_catalogue_descriptor(const struct profile_catalogue *catalogue)
{
    return catalogue->watch != NULL ? directory_watch_descriptor(catalogue->watch) : -1;
}

/* --- One entry ------------------------------------------------------------------------------------------ */

static struct file_mark mark_of_icon(const char *directory, const char *icon, bool *links)
{
    return icon[0] != '\0' ? file_mark_of(directory, icon, "", links) : (struct file_mark){.size = -1};
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

static struct entry *catalogue_find(const struct profile_catalogue *catalogue, const char *name)
{
    return index_next(&catalogue->index[BY_NAME], name, "");
}

/* NULL, after a line, without memory: as if the file were not there. */
static struct entry *catalogue_add(struct profile_catalogue *catalogue, const char *name)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    bool room = entry != NULL;

    for (size_t i = 0; room && i < INDEXES; i++)
        room = index_reserve(&catalogue->index[i]);
    if (!room) {
        log_line(LOG_LEVEL_ERROR, "profile %s.der is left out: out of memory", name);
        free(entry);
        return NULL;
    }
    snprintf(entry->profile.name, sizeof(entry->profile.name), "%s", name);
    make_matching_id(&entry->profile);
    index_insert(&catalogue->index[BY_NAME], entry);
    index_insert(&catalogue->index[BY_MATCHING_ID], entry);
    return entry;
}

/* Takes an entry out of the index by what stands in its files. */
static void catalogue_forget_keys(struct profile_catalogue *catalogue, const struct entry *entry)
{
    if (entry->has_keys)
        index_remove(&catalogue->index[BY_ICCID], entry);
}

static void catalogue_remove(struct profile_catalogue *catalogue, struct entry *entry)
{
    catalogue_forget_keys(catalogue, entry);
    index_remove(&catalogue->index[BY_NAME], entry);
    index_remove(&catalogue->index[BY_MATCHING_ID], entry);
    catalogue->links -= entry->links;
    catalogue_free_entry(entry);
}

/* Reads an entry anew; true when it is another profile than before, or has another complaint. */
static bool catalogue_reload(struct profile_catalogue *catalogue, struct entry *entry)
{
    struct profile fresh = {0};
    bool same;

    memcpy(fresh.name, entry->profile.name, sizeof(fresh.name));
    memcpy(fresh.matching_id, entry->profile.matching_id, sizeof(fresh.matching_id));
    profile_load(catalogue->directory, catalogue->server_address, &fresh);
    same = entry->has_keys && strcmp(fresh.complaint, entry->profile.complaint) == 0 &&
           memcmp(fresh.digest, entry->profile.digest, sizeof(fresh.digest)) == 0;
    catalogue_forget_keys(catalogue, entry);
    profile_unload(&entry->profile);
    entry->profile = fresh;
    entry->has_keys = true;
    index_insert(&catalogue->index[BY_ICCID], entry);
    return !same;
}

/* Looks at the files of an entry again; true when something is another one. */
static bool catalogue_check(struct profile_catalogue *catalogue, struct entry *entry)
{
    const char *directory = catalogue->directory;
    const char *icon = entry->profile.facts.icon;
    bool links = false, other;
    struct file_mark package = file_mark_of(directory, entry->profile.name, ".der", &links);
    struct file_mark description = file_mark_of(directory, entry->profile.name, ".json", &links);
    struct file_mark image = mark_of_icon(directory, icon, &links);
    time_t now = time(NULL);

    if (entry->has_keys && file_mark_is_same(&package, &entry->package, entry->read) &&
        file_mark_is_same(&description, &entry->description, entry->read) &&
        file_mark_is_same(&image, &entry->icon, entry->read))
        return false;
    other = catalogue_reload(catalogue, entry);
    entry->package = package;
    entry->description = description;
    entry->icon = mark_of_icon(directory, icon, &links);
    entry->read = now;
    catalogue->links += links - entry->links;
    entry->links = links;
    return other;
}

/* --- The directory -------------------------------------------------------------------------------------- */

bool profile_catalogue_readable(const struct profile_catalogue *catalogue)
{
    DIR *directory = opendir(catalogue->directory);

    return directory != NULL && closedir(directory) == 0;
}

/* The indexes one after the other, that of the names last: nothing looks at what has been freed. */
static void drop_unseen(struct profile_catalogue *catalogue)
{
    for (size_t kind = INDEXES; kind-- > 0;) {
        struct index *index = &catalogue->index[kind];
        size_t kept = 0;

        for (size_t i = 0; i < index->count; i++) {
            if (index->at[i]->seen) {
                index->at[kept++] = index->at[i];
            } else if (kind == BY_NAME) {
                catalogue->links -= index->at[i]->links;
                catalogue_free_entry(index->at[i]);
            }
        }
        index->count = kept;
    }
}

/* Looks through the whole directory. */
static bool catalogue_scan(struct profile_catalogue *catalogue,
                           void (*changed)(const struct profile *profile))
{
    const struct index *index = &catalogue->index[BY_NAME];
    struct profile_names names = {0};
    time_t told = time(NULL);
    int error = profile_names_read(&names, catalogue->directory);

    /* What cannot be read just now is not gone. */
    for (size_t i = 0; i < index->count; i++)
        index->at[i]->seen = error != 0 && error != ENOENT && error != ENOTDIR;
    for (size_t i = 0; error == 0 && i < names.count; i++) {
        struct entry *entry = catalogue_find(catalogue, names.name[i]);

        if (entry == NULL)
            entry = catalogue_add(catalogue, names.name[i]);
        if (entry == NULL)
            continue;
        entry->seen = true;
        if (catalogue_check(catalogue, entry))
            changed(&entry->profile);
        if (time(NULL) > told + PROGRESS_AFTER) {
            told = time(NULL);
            log_line(LOG_LEVEL_INFO, "%s: %zu of %zu profiles are read", catalogue->directory, i + 1,
                     names.count);
        }
    }
    drop_unseen(catalogue);
    free(names.name);
    return error == 0;
}

static void check_by_icon(struct profile_catalogue *catalogue, const char *file,
                          void (*changed)(const struct profile *profile))
{
    const struct index *index = &catalogue->index[BY_NAME];

    for (size_t i = 0; i < index->count; i++) {
        if (strcmp(index->at[i]->profile.facts.icon, file) == 0 && catalogue_check(catalogue, index->at[i]))
            changed(&index->at[i]->profile);
    }
}

/* Looks at one file that something has happened to. */
static void catalogue_look(struct profile_catalogue *catalogue, const char *file,
                           void (*changed)(const struct profile *profile))
{
    char name[PROFILE_NAME_MAX + 1], path[1024];
    bool package = profile_file_name(file, ".der", name);
    struct entry *entry;
    struct stat status;

    if (!package && !profile_file_name(file, ".json", name)) {
        check_by_icon(catalogue, file, changed);
        return;
    }
    entry = catalogue_find(catalogue, name);
    snprintf(path, sizeof(path), "%s/%s.der", catalogue->directory, name);
    if (lstat(path, &status) != 0) {
        if (entry != NULL)
            catalogue_remove(catalogue, entry);
        return;
    }
    if (entry == NULL && package)
        entry = catalogue_add(catalogue, name);
    if (entry != NULL && catalogue_check(catalogue, entry))
        changed(&entry->profile);
}

/* Of a file that has other names (a symbolic link, a hard link) an event tells only under the one that was
 * used. */
static void check_links(struct profile_catalogue *catalogue, void (*changed)(const struct profile *profile))
{
    const struct index *index = &catalogue->index[BY_NAME];

    for (size_t i = 0; catalogue->links > 0 && i < index->count; i++) {
        if (index->at[i]->links && catalogue_check(catalogue, index->at[i]))
            changed(&index->at[i]->profile);
    }
}

/* Takes what has happened; false when the whole directory must be looked through. */
static bool take_events(struct profile_catalogue *catalogue, void (*changed)(const struct profile *profile))
{
    bool known = catalogue->watch != NULL;
    enum directory_event event = known ? DIRECTORY_CHANGED : DIRECTORY_BLIND;
    const char *file;

    while (event == DIRECTORY_CHANGED || event == DIRECTORY_UNKNOWN) {
        event = directory_watch_next(catalogue->watch, &file);
        if (event == DIRECTORY_CHANGED && known)
            catalogue_look(catalogue, file, changed);
        else if (event != DIRECTORY_CHANGED && event != DIRECTORY_QUIET)
            known = false;
    }
    if (event == DIRECTORY_BLIND && !catalogue->is_blind)
        log_line(LOG_LEVEL_INFO, "%s is looked through at each request: %s", catalogue->directory,
                 directory_watch_why(catalogue->watch));
    catalogue->is_blind = event == DIRECTORY_BLIND;
    return known;
}

bool profile_catalogue_refresh(struct profile_catalogue *catalogue,
                               void (*changed)(const struct profile *profile))
{
    if (take_events(catalogue, changed))
        check_links(catalogue, changed);
    else
        catalogue->is_lost = !catalogue_scan(catalogue, changed);
    return !catalogue->is_lost;
}

/* --- Finding -------------------------------------------------------------------------------------------- */

size_t profile_catalogue_count(const struct profile_catalogue *catalogue)
{
    return catalogue->index[BY_NAME].count;
}

const struct profile *profile_catalogue_at(const struct profile_catalogue *catalogue, size_t index)
{
    return &catalogue->index[BY_NAME].at[index]->profile;
}

size_t profile_catalogue_after(const struct profile_catalogue *catalogue, const char *name)
{
    const struct index *index = &catalogue->index[BY_NAME];
    size_t place = index_place(index, name, name);

    return place + (place < index->count && strcmp(index->at[place]->profile.name, name) == 0);
}

const struct profile *profile_catalogue_by_name(const struct profile_catalogue *catalogue, const char *name)
{
    const struct index *index = &catalogue->index[BY_MATCHING_ID];
    const struct entry *entry = catalogue_find(catalogue, name);

    if (entry == NULL || entry->profile.complaint[0] != '\0')
        entry = index_next(index, name, "");
    while (entry != NULL && entry->profile.complaint[0] != '\0')
        entry = index_next(index, name, entry->profile.name);
    return entry != NULL ? &entry->profile : NULL;
}

const struct profile *profile_catalogue_by_iccid(const struct profile_catalogue *catalogue, const char *iccid,
                                                 const struct profile *previous)
{
    const struct entry *entry = iccid[0] != '\0' ? index_next(&catalogue->index[BY_ICCID], iccid,
                                                              previous != NULL ? previous->name : "")
                                                 : NULL;

    return entry != NULL ? &entry->profile : NULL;
}

bool profile_catalogue_package(const struct profile_catalogue *catalogue, const struct profile *profile,
                               struct buf *out, char why[METADATA_READ_WHY])
{
    return profile_read_package(catalogue->directory, profile, out, why);
}
