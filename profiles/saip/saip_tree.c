/*
 * The tree of files a package has created so far, and the names of its instances: what paths, links, PINs,
 * access rules and remote file management refer to while the package is checked. It holds no content.
 */
#include "profiles/saip/saip_internal.h"

#include <stdlib.h>
#include <string.h>

/* What a file takes in non-volatile memory besides its body: header, access rule reference,
 * directory entry. */
enum { FILE_OVERHEAD = 48 };

void saip_walk_free(struct saip_walk *walk)
{
    free(walk->nodes);
    free(walk->index);
    free(walk->aids);
    free(walk->tars);
    walk->nodes = NULL;
    walk->index = NULL;
    walk->aids = NULL;
    walk->tars = NULL;
}

/* Twice as many places as files: probing ends soon, and always. A power of two. */
enum { INDEX_SIZE = 2 * SAIP_FILES_MAX };

static uint16_t *find_place(const struct saip_walk *walk, uint16_t directory, uint16_t fid)
{
    /* Knuth's multiplicative hash. */
    uint32_t at = ((uint32_t)directory << 16 | fid) * 2654435761u >> 16;

    for (;; at++) {
        uint16_t *place = &walk->index[at % INDEX_SIZE];
        const struct saip_node *node = *place != 0 ? &walk->nodes[*place - 1] : NULL;

        if (node == NULL || (node->parent == directory && node->fid == fid))
            return place;
    }
}

/* The number of a directory's file, or SAIP_NO_PARENT. */
static uint16_t find_child(const struct saip_walk *walk, uint16_t directory, uint16_t fid)
{
    uint16_t number = walk->index != NULL ? *find_place(walk, directory, fid) : 0;

    return number != 0 ? (uint16_t)(number - 1) : SAIP_NO_PARENT;
}

uint16_t saip_find_path(const struct saip_walk *walk, struct span path)
{
    enum { FID_MF = 0x3F00 };
    uint16_t at = walk->node_count > 0 ? 0 : SAIP_NO_PARENT;

    if (path.size % 2 != 0)
        return SAIP_NO_PARENT;
    for (size_t i = 0; i < path.size && at != SAIP_NO_PARENT; i += 2) {
        uint16_t fid = (uint16_t)(path.data[i] << 8 | path.data[i + 1]);

        if (i > 0 || fid != FID_MF)
            at = find_child(walk, at, fid);
    }
    return at;
}

uint16_t saip_find_application(const struct saip_walk *walk, struct span aid)
{
    for (size_t i = 0; i < walk->node_count; i++) {
        if (walk->nodes[i].kind == SAIP_FILE_ADF && span_equal(walk->nodes[i].df_name, aid))
            return (uint16_t)i;
    }
    return SAIP_NO_PARENT;
}

bool saip_has_aid(const struct saip_walk *walk, struct span aid, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(walk->aids[i], aid))
            return true;
    }
    return false;
}

static struct saip_node *new_node(struct saip_walk *walk)
{
    if (walk->index == NULL)
        walk->index = calloc(INDEX_SIZE, sizeof(*walk->index));
    if (walk->index == NULL)
        return NULL;
    if (walk->node_count == walk->node_capacity) {
        size_t capacity = walk->node_capacity != 0 ? walk->node_capacity * 2 : 256;
        struct saip_node *nodes = realloc(walk->nodes, capacity * sizeof(*nodes));

        if (nodes == NULL)
            return NULL;
        walk->nodes = nodes;
        walk->node_capacity = capacity;
    }
    return &walk->nodes[walk->node_count++];
}

/* "A child and any parent shall never have the same identifier" (TS 102 221 8.3), whose exception is an ADF:
 * what a package calls it is temporary. */
static bool has_name_above(const struct saip_walk *walk, const struct saip_file *file)
{
    for (uint16_t at = file->parent; at != SAIP_NO_PARENT; at = walk->nodes[at].parent)
        if (walk->nodes[at].fid == file->fid && walk->nodes[at].kind != SAIP_FILE_ADF)
            return true;
    return false;
}

/* "It has to be unique within a profile" (PE_Definitions, fileID of an ADF), and so has its name among
 * applications of every kind. */
static bool check_application(struct saip_walk *walk, const struct saip_file *file, const uint8_t *at)
{
    if (saip_find_application(walk, file->df_name) != SAIP_NO_PARENT ||
        saip_has_aid(walk, file->df_name, walk->aid_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: two applications have the same AID",
                         file->name);
    for (size_t i = 0; i < walk->node_count; i++)
        if (walk->nodes[i].kind == SAIP_FILE_ADF && walk->nodes[i].fid == file->fid)
            return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: two ADFs have the identifier %04X",
                             file->name, file->fid);
    return true;
}

static bool check_name(struct saip_walk *walk, const struct saip_file *file, const uint8_t *at)
{
    if (find_child(walk, file->parent, file->fid) != SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: a file %04X exists already in that directory",
                         file->name, file->fid);
    if (has_name_above(walk, file))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: %04X is the identifier of a directory above",
                         file->name, file->fid);
    return file->kind != SAIP_FILE_ADF || check_application(walk, file, at);
}

/*
 * A short identifier means one file of a directory (TS 102 221 8.3).
 *
 * Named leniency: one that nobody gave, but that follows from the file's identifier, is left out where
 * another file has it: generic file management without shortEFID makes 6F41 and 6F61, whose last bits are the
 * same.
 */
static bool claim_short_identifier(struct saip_walk *walk, struct saip_file *file, const uint8_t *at)
{
    struct saip_node *directory = &walk->nodes[file->parent];
    uint32_t bit = (uint32_t)1 << file->sfi;

    if (file->sfi == 0)
        return true;
    if ((directory->sfis & bit) == 0) {
        directory->sfis |= bit;
        return true;
    }
    if (!file->sfi_of_fid)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at,
                         "%s: a file with the short identifier %u exists already in that directory",
                         file->name, file->sfi);
    file->sfi = 0;
    return true;
}

static bool check_place(struct saip_walk *walk, const struct saip_file *file, const uint8_t *at)
{
    if (walk->node_count >= SAIP_FILES_MAX)
        return saip_fail(walk, SAIP_NOT_ENOUGH_MEMORY, at, "%s: more than %d files", file->name,
                         SAIP_FILES_MAX);
    if (file->link_path.size == 0 && (uint64_t)walk->memory + file->size > SAIP_FILES_SIZE_MAX)
        return saip_fail(walk, SAIP_NOT_ENOUGH_MEMORY, at, "%s: the files have more than %d octets",
                         file->name, SAIP_FILES_SIZE_MAX);
    if (file->kind == SAIP_FILE_MF)
        return walk->node_count == 0 || saip_fail(walk, SAIP_INVALID_PARAMETER, at, "a second MF");
    if (file->parent == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: its directory is not created", file->name);
    if (!saip_kind_is_directory(walk->nodes[file->parent].kind))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: a file cannot be in an EF", file->name);
    if (walk->nodes[file->parent].is_link)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: its directory is a link to another",
                         file->name);
    return check_name(walk, file, at);
}

bool saip_create_file(struct saip_walk *walk, struct saip_file *file, const uint8_t *at)
{
    struct saip_node *node;

    if (!check_place(walk, file, at) ||
        (file->parent != SAIP_NO_PARENT && !claim_short_identifier(walk, file, at)))
        return false;
    node = new_node(walk);
    if (node == NULL)
        return saip_fail(walk, SAIP_MEMORY_FAILURE, at, "out of memory");
    file->number = (uint16_t)(walk->node_count - 1);
    *node = (struct saip_node){
        .fid = file->fid,
        .parent = file->parent,
        .kind = file->kind,
        .is_link = file->link_path.size > 0,
        .pins_of = file->number,
        .size = file->size,
        .record_size = file->record_size,
        .df_name = file->df_name,
        .pin_status = file->pin_status,
        .arr = file->arr,
        .arr_at = file->row == NULL || file->arr.data != &file->row->arr ? file->arr.data : at,
        .element = walk->element,
    };
    *find_place(walk, file->parent, file->fid) = (uint16_t)walk->node_count;
    walk->memory += FILE_OVERHEAD + (file->link_path.size == 0 ? file->size : 0);
    if (file->kind == SAIP_FILE_ADF)
        walk->application = file->number;
    return walk->visitor == NULL || walk->visitor(walk->context, file, false);
}

/* The records of the EF ARR that a directory's files go by: see fs_access_rule. 0: there is none. */
static size_t count_rules(const struct saip_walk *walk, uint16_t directory, uint16_t fid)
{
    for (; directory != SAIP_NO_PARENT; directory = walk->nodes[directory].parent) {
        uint16_t found = find_child(walk, directory, fid);

        if (found != SAIP_NO_PARENT && walk->nodes[found].kind == SAIP_FILE_LINEAR_FIXED)
            return walk->nodes[found].size / walk->nodes[found].record_size;
    }
    return 0;
}

/*
 * An identifier that is left out is that of the EF ARR at the file's level (PE_Definitions,
 * securityAttributesReferenced).
 *
 * Named leniency: a file of generic file management may come without a rule, a record may be empty, and a
 * template may name a rule where no EF ARR is (DF CD's has none): each is a rule that nothing satisfies.
 */
bool saip_check_access_rule(struct saip_walk *walk, const struct saip_node *node)
{
    enum { FID_ARR_MF = 0x2F06, FID_ARR = 0x6F06 };
    uint16_t directory = node->parent != SAIP_NO_PARENT ? node->parent : 0;
    uint16_t fid = node->kind == SAIP_FILE_ADF || directory == 0 ? FID_ARR_MF : FID_ARR;
    size_t records;
    uint8_t rule;

    if (node->arr.size == 0)
        return true;
    if (node->arr.size == 3)
        fid = (uint16_t)span_number(SPAN(node->arr.data, 2));
    rule = node->arr.data[node->arr.size - 1];
    records = count_rules(walk, directory, fid);
    if ((rule >= 1 && rule <= records) || (records == 0 && node->arr_at != node->arr.data))
        return true;
    return saip_fail(walk, SAIP_INVALID_PARAMETER, node->arr_at,
                     "%s: file %04X has rule %u of EF %04X, which is not there", node->element->name,
                     node->fid, rule, fid);
}
