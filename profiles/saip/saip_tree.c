/*
 * The tree of files a package has created so far: what paths, links, PINs and remote file management refer to
 * while the package is checked. It holds no content.
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
    walk->nodes = NULL;
    walk->index = NULL;
    walk->aids = NULL;
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

static bool check_place(struct saip_walk *walk, const struct saip_file *file, const uint8_t *at)
{
    uint16_t same;

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
    same = find_child(walk, file->parent, file->fid);
    if (same != SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: a file %04X exists already in that directory",
                         file->name, file->fid);
    if (file->kind == SAIP_FILE_ADF && saip_find_application(walk, file->df_name) != SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: two applications have the same AID",
                         file->name);
    return true;
}

bool saip_create_file(struct saip_walk *walk, struct saip_file *file, const uint8_t *at)
{
    struct saip_node *node;

    if (!check_place(walk, file, at))
        return false;
    node = new_node(walk);
    if (node == NULL)
        return saip_fail(walk, SAIP_MEMORY_FAILURE, at, "out of memory");
    file->number = (uint16_t)(walk->node_count - 1);
    *node = (struct saip_node){
        .fid = file->fid,
        .parent = file->parent,
        .kind = file->kind,
        .pins_of = file->number,
        .size = file->size,
        .record_size = file->record_size,
        .df_name = file->df_name,
        .pin_status = file->pin_status,
        .element = walk->element,
    };
    *find_place(walk, file->parent, file->fid) = (uint16_t)walk->node_count;
    walk->memory += FILE_OVERHEAD + (file->link_path.size == 0 ? file->size : 0);
    if (file->kind == SAIP_FILE_ADF)
        walk->application = file->number;
    return walk->visitor == NULL || walk->visitor(walk->context, file, false);
}
