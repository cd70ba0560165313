/*
 * Elements with files: those of a template (PE-MF, PE-USIM, …: TCA 8.3, Annex A) and generic file management
 * (8.3.5). Creates their files one by one in the tree, as the profile's installation would.
 */
#include "profiles/saip/saip_file.h"

#include <string.h>

/* Members of File (a SEQUENCE OF CHOICE). */
enum { DO_NOT_CREATE = 0x80, FILE_DESCRIPTOR = 0xA1, FILL_OFFSET = 0x82, FILL_CONTENT = 0x83 };
enum { FID_ICCID = 0x2FE2, FID_IOT_USIM = 0x7FF0 };
/* Members of FileManagement. */
enum { FILE_PATH = 0x80, CREATE_FCP = 0x62 };

/* --- templates --- */

/* One member of a template element, taken apart. */
struct file_member {
    bool present, do_not_create;
    struct span fcp, fills;
    const uint8_t *at;
};

/* FILL_OFFSET and FILL_CONTENT must be as the module says: a UInt16, octets. */
static bool check_fill_form(struct saip_walk *walk, const char *name, const struct tlv *tlv)
{
    uint64_t offset;

    if (tlv->tag == FILL_CONTENT)
        return true;
    if (tlv->tag != FILL_OFFSET)
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv->whole.data, "%s: unexpected tag %X", name,
                         (unsigned)tlv->tag);
    if (!tlv_unsigned(tlv->value, &offset) || offset > UINT16_MAX)
        return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "%s: fillFileOffset is not 0 to 65535",
                         name);
    return true;
}

static bool read_file_member(struct saip_walk *walk, const char *name, const struct tlv *tlv,
                             struct file_member *out)
{
    struct tlv_reader reader = tlv_reader(tlv->value);
    size_t fills = 0;
    struct tlv item;

    *out = (struct file_member){.present = true, .fcp = SPAN_NONE, .fills = SPAN_NONE, .at = tlv->whole.data};
    while (tlv_next(&reader, &item) == TLV_OK) {
        bool first = item.whole.data == tlv->value.data;

        if (item.tag == DO_NOT_CREATE && first && item.value.size == 0 && reader.offset == tlv->value.size) {
            out->do_not_create = true;
        } else if (item.tag == FILE_DESCRIPTOR && first) {
            if (!saip_check_sequence(walk, name, saip_fcp_members, item.value))
                return false;
            out->fcp = item.value;
            fills = reader.offset;
        } else if (item.tag == DO_NOT_CREATE || item.tag == FILE_DESCRIPTOR) {
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, item.whole.data, "%s: %s is not alone", name,
                             item.tag == DO_NOT_CREATE ? "doNotCreate" : "fileDescriptor");
        } else if (!check_fill_form(walk, name, &item)) {
            return false;
        }
    }
    if (!tlv_good(&reader))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv->value.data + reader.error_offset, "%s: %s",
                         name, tlv_status_name(reader.status));
    if (!out->do_not_create)
        out->fills = SPAN(tlv->value.data + fills, tlv->value.size - fills);
    return true;
}

/* What a template's files, or its directory, are in: nothing for MF itself, MF for what needs no more than
 * that, else the application that stands before it. */
static uint16_t base_directory(const struct saip_walk *walk)
{
    if (walk->type->needs == 0)
        return SAIP_NO_PARENT;
    return walk->type->needs == SAIP_MF ? 0 : walk->application;
}

/* Reading: an IoT Minimal Profile that leaves ADF USIM to the template has the AID of 3GPP's RID and the
 * header's PIX, and directories that it leaves out ask for PIN1 and ADM1. */
static void complete_iot_directory(struct saip_walk *walk, struct saip_file *file)
{
    static const uint8_t pins[] = {0x01, 0x0A};

    file->pin_status = SPAN_ARRAY(pins);
    if (file->kind != SAIP_FILE_ADF)
        return;
    file->df_name = SPAN(walk->package->iot_aid, walk->package->iot_aid_size);
    file->fid = FID_IOT_USIM;
}

/* What the template says alone, for a file that the element does not describe. */
static bool complete_from_template(struct saip_walk *walk, struct saip_file *file, const uint8_t *at)
{
    const struct saip_template_file *row = file->row;

    if (saip_kind_is_directory(file->kind)) {
        if (walk->element->tag != SAIP_IOT)
            return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: pinStatusTemplateDO is missing", file->name);
        if (file->kind == SAIP_FILE_ADF && walk->package->iot_aid_size == 0)
            return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: no dfName, and no iotOptions in the header",
                             file->name);
        complete_iot_directory(walk, file);
        return true;
    }
    if (row->fid == FID_ICCID)
        file->pattern = SPAN_ARRAY(walk->package->iccid);
    file->size = saip_kind_has_records(row->kind) ? (size_t)row->records * row->size : row->size;
    if (file->size == 0 && file->kind != SAIP_FILE_BER_TLV)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: the template has no size, efFileSize is missing",
                         file->name);
    return true;
}

/* What a terminal reads as ICCID is what the header, and so the eUICC, calls the profile. */
static bool check_iccid_file(struct saip_walk *walk, const struct saip_file *file, const uint8_t *at)
{
    struct buf content = {0};
    bool equal;

    if (file->row->fid != FID_ICCID || walk->visitor != NULL)
        return true;
    if (file->size == sizeof(walk->package->iccid))
        saip_file_content(file, &content);
    equal = !content.failed && span_equal(buf_span(&content), SPAN_ARRAY(walk->package->iccid));
    buf_free(&content);
    return equal || saip_fail(walk, SAIP_BAD_VALUES, at, "%s: not the ICCID of the header", file->name);
}

static bool create_template_file(struct saip_walk *walk, const struct saip_template_file *row,
                                 const struct file_member *member, uint16_t parent, uint16_t *number)
{
    struct saip_file file;
    const uint8_t *at = member->present ? member->at : walk->element->whole.data;

    saip_file_from_row(&file, row);
    file.element = walk->element;
    file.parent = parent;
    file.fills = member->fills;
    if (member->fcp.data != NULL ? !saip_apply_fcp(walk, &file, member->fcp, at)
                                 : !complete_from_template(walk, &file, at))
        return false;
    if (!saip_check_fills(walk, &file) || !check_iccid_file(walk, &file, at) ||
        !saip_create_file(walk, &file, at))
        return false;
    *number = file.number;
    return true;
}

/* Whether a row becomes a file: described or by default, and not ruled out. A directory that is a link has
 * the files of another: none by default. */
static bool is_created(struct saip_walk *walk, const struct saip_template_file *row,
                       const struct file_member *member, uint16_t directory, bool *created)
{
    const struct saip_template *template = walk->element->template;
    bool in_link = directory != SAIP_NO_PARENT && walk->nodes[directory].is_link;

    *created = member->present || (template->by_default && !in_link);
    if (member->do_not_create && !template->by_default)
        return saip_fail(walk, SAIP_BAD_VALUES, member->at,
                         "%s: doNotCreate in a template not created by default", row->name);
    /* "No effect for the creation of files in the MF" (PE_Definitions, File). */
    if (member->do_not_create && walk->element->tag != SAIP_MF)
        *created = false;
    return true;
}

bool saip_walk_template(struct saip_walk *walk)
{
    const struct saip_template *template = walk->element->template;
    struct tlv_reader reader = tlv_reader(walk->element->value);
    uint16_t base = base_directory(walk);
    uint16_t directory = base;
    struct tlv tlv;

    /* Header and template OID have been read by saip_decode. */
    if (tlv_next(&reader, &tlv) != TLV_OK || tlv_next(&reader, &tlv) != TLV_OK)
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, walk->element->whole.data, "%s: too short",
                         walk->type->name);
    for (size_t i = 0; i < template->file_count; i++) {
        const struct saip_template_file *row = saip_template_row(template, i);
        struct file_member member = {.present = false};
        bool is_directory = saip_kind_is_directory(row->kind);
        uint16_t parent = is_directory ? base : directory;
        uint16_t number = SAIP_NO_PARENT;
        bool created;

        if (tlv_peek(&reader) == saip_template_row_tag(i)) {
            if (tlv_next(&reader, &tlv) == TLV_OK && !read_file_member(walk, row->name, &tlv, &member))
                return false;
        } else if ((row->flags & SAIP_FILE_REQUIRED) != 0) {
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, reader.in.data + reader.offset,
                             "%s: %s is missing", walk->type->name, row->name);
        }
        if (!is_created(walk, row, &member, parent, &created))
            return false;
        if (created && !create_template_file(walk, row, &member, parent, &number))
            return false;
        if (!is_directory)
            continue;
        directory = number;
        if (i == 0)
            base = number;
    }
    if (tlv_next(&reader, &tlv) == TLV_OK)
        return saip_fail(walk, SAIP_BAD_VALUES, tlv.whole.data,
                         "%s: member %X is twice, out of order or not in template version %u",
                         walk->type->name, (unsigned)tlv.tag, template->version);
    if (!tlv_good(&reader))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, reader.in.data + reader.error_offset, "%s: %s",
                         walk->type->name, tlv_status_name(reader.status));
    walk->directory_and_mf = walk->element->tag == SAIP_IOT;
    walk->directory =
        saip_kind_is_directory(template->files[0].kind) && !walk->directory_and_mf ? base : walk->application;
    return true;
}

/* --- generic file management --- */

/* Where the commands of an element stand. */
struct generic {
    uint16_t directory;
    struct saip_file file; /* the EF that fill commands go to, once one is selected or created */
    bool has_file, exists;
};

static bool select_path(struct saip_walk *walk, struct generic *generic, struct span path)
{
    uint16_t found = saip_find_path(walk, path);
    const struct saip_node *node;

    if (found == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, path.data, "filePath leads to no file");
    node = &walk->nodes[found];
    generic->has_file = !saip_kind_is_directory(node->kind);
    generic->directory = generic->has_file ? node->parent : found;
    /* Reading: a path may select an EF made before, to fill it further. */
    generic->exists = true;
    generic->file = (struct saip_file){
        .element = walk->element,
        .name = "filePath",
        .number = found,
        .parent = node->parent,
        .kind = node->kind,
        .fid = node->fid,
        .size = node->size,
        .record_size = node->record_size,
    };
    return true;
}

static bool create_generic(struct saip_walk *walk, struct generic *generic, const struct tlv *tlv)
{
    struct span descriptor;

    generic->file = (struct saip_file){
        .element = walk->element,
        .name = "createFCP",
        .parent = generic->directory,
        .life_cycle = 0x05,
        .fills = generic->file.fills,
    };
    if (generic->has_file && generic->exists)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, tlv->whole.data,
                         "createFCP: filePath leads to an EF, which has no files");
    generic->has_file = true;
    generic->exists = false;
    if (!tlv_find(tlv->value, 0x82, &descriptor))
        return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "createFCP: fileDescriptor is missing");
    return saip_apply_fcp(walk, &generic->file, tlv->value, tlv->whole.data);
}

/* The fill commands that follow, up to the next path or file. */
static struct span take_fills(struct tlv_reader *reader)
{
    size_t start = reader->offset;
    struct tlv tlv;

    while (tlv_peek(reader) != 0 && tlv_peek(reader) != FILE_PATH && tlv_peek(reader) != CREATE_FCP)
        tlv_next(reader, &tlv);
    return SPAN(reader->in.data + start, reader->offset - start);
}

static bool finish_generic(struct saip_walk *walk, struct generic *generic, struct span fills,
                           const struct tlv *command)
{
    generic->file.fills = fills;
    if (fills.size > 0 && !generic->has_file)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, fills.data, "a fill command without a file");
    if (fills.size > 0 && generic->file.parent == 0 && generic->file.fid == FID_ICCID)
        return saip_fail(walk, SAIP_BAD_VALUES, fills.data, "EF ICCID has the ICCID of the header already");
    if (!saip_check_fills(walk, &generic->file))
        return false;
    if (generic->exists)
        return fills.size == 0 || walk->visitor == NULL || walk->visitor(walk->context, &generic->file, true);
    if (!saip_create_file(walk, &generic->file, command->whole.data))
        return false;
    /* Reading: a directory just made is the current one, as after CREATE FILE (TS 102 222 6.3.1). */
    if (saip_kind_is_directory(generic->file.kind)) {
        generic->directory = generic->file.number;
        generic->has_file = false;
        walk->directory = generic->file.number;
        walk->directory_and_mf = false;
    }
    return true;
}

static bool walk_commands(struct saip_walk *walk, struct span value)
{
    struct generic generic = {.directory = 0};
    struct tlv_reader reader = tlv_reader(value);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == FILE_PATH ? !select_path(walk, &generic, tlv.value)
            : tlv.tag == CREATE_FCP
                ? !create_generic(walk, &generic, &tlv)
                : !saip_fail(walk, SAIP_INVALID_PARAMETER, tlv.whole.data, "a fill command before any file"))
            return false;
        if (!finish_generic(walk, &generic, take_fills(&reader), &tlv))
            return false;
    }
    return true;
}

bool saip_walk_generic(struct saip_walk *walk)
{
    return saip_check_each(walk, walk->element->value, 0xA1, walk_commands);
}
