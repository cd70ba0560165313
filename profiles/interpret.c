/*
 * The profile interpreter (TCA profile package 8, 9): builds the file system that an accepted package
 * describes. What the package says of each file has been put together with its template by saip_visit; here
 * it becomes files with content.
 */
#include "profiles/interpret.h"

#include "apdu/tlv.h"
#include "profiles/saip/saip_file.h"

#include <stdio.h>

/*
 * An access rule's EF ARR may be left out: "file ID 2F06 is automatically applied for ADFs, the MF and all
 * files directly located under the MF, 6F06 for any other files" (PE_Definitions, Fcp).
 */
static void take_access(struct fs_file *to, const struct saip_file *file)
{
    bool at_mf = to->kind == SAIP_FILE_MF || to->kind == SAIP_FILE_ADF ||
                 (to->parent != NULL && to->parent->kind == SAIP_FILE_MF);
    uint16_t fid = at_mf ? FS_FID_ARR_MF : FS_FID_ARR;

    to->access_form = FS_ACCESS_REFERENCED;
    if (file->arr.size == 1)
        buf_append_number(&to->access, 2, fid);
    buf_append(&to->access, file->arr);
}

static bool interpret_create(struct fs *fs, const struct saip_file *file)
{
    struct fs_file like = {
        .number = file->number,
        .kind = file->kind,
        .fid = file->fid,
        .parent = file->parent == SAIP_NO_PARENT ? NULL : fs_file(fs, file->parent),
        .sfi = file->sfi,
        .life_cycle = file->life_cycle,
        .special = file->special,
        .shareable = file->shareable,
        .size = file->size,
        .record_size = file->record_size,
        .maximum_size = file->maximum_size,
    };

    snprintf(like.name, sizeof(like.name), "%s", file->name);
    take_access(&like, file);
    fs_set_aid(&like.aid, file->df_name);
    buf_append(&like.pin_status, file->pin_status);
    if (file->link_path.size > 0) {
        like.link = fs_by_path(fs, file->link_path);
        if (like.link != NULL && like.link->link != NULL)
            like.link = like.link->link;
        /* What is shared is the body: its structure is the target's. */
        if (like.link != NULL && !fs_is_directory(&like))
            like.kind = like.link->kind;
    }
    saip_file_content(file, &like.content);
    return fs_add_file(fs, &like) != NULL;
}

/* Fill commands on a file that exists: from its beginning on. */
static bool interpret_fill(struct fs *fs, const struct saip_file *file)
{
    struct fs_file *to = fs_file(fs, file->number);
    struct tlv_reader reader = tlv_reader(file->fills);
    size_t position = 0;
    struct tlv tlv;

    if (to->link != NULL)
        to = to->link;
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        uint64_t offset = 0;

        if (saip_is_fill_offset(tlv.tag)) {
            tlv_unsigned(tlv.value, &offset);
            position += (size_t)offset;
        } else if (to->kind == SAIP_FILE_BER_TLV) {
            buf_append(&to->content, tlv.value);
        } else if (position <= to->content.size && tlv.value.size <= to->content.size - position) {
            fs_write(fs, to, position, tlv.value);
            position += tlv.value.size;
        }
    }
    return !to->content.failed;
}

static bool visit_file(void *context, const struct saip_file *file, bool update)
{
    return update ? interpret_fill(context, file) : interpret_create(context, file);
}

struct fs *fs_interpret(const struct saip_package *package)
{
    struct fs *fs = fs_new();

    if (fs != NULL && saip_visit(package, visit_file, interpret_element, fs))
        return fs;
    fs_free(fs);
    return NULL;
}
