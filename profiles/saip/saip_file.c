/*
 * Files of a profile package: what template, File Control Parameters (TS 102 222, as PE_Definitions codes
 * them) and fill commands come to together, and whether they agree. Used for files of templates (File) and of
 * generic file management.
 */
#include "profiles/saip/saip_file.h"

#include <string.h>

/* The parameters as they stand in the FCP: absent ones have no data. */
struct fcp {
    struct span descriptor, fid, df_name, life_cycle, arr, size, pin_status, sfi;
    struct span proprietary, link_path;
};

static struct fcp read_fcp(struct span value)
{
    struct fcp fcp;
    const struct {
        uint32_t tag;
        struct span *span;
    } members[] = {
        {0x82, &fcp.descriptor},  {0x83, &fcp.fid},       {0x84, &fcp.df_name},    {0x8A, &fcp.life_cycle},
        {0x8B, &fcp.arr},         {0x80, &fcp.size},      {0xC6, &fcp.pin_status}, {0x88, &fcp.sfi},
        {0xA5, &fcp.proprietary}, {0xC7, &fcp.link_path},
    };
    struct tlv_reader reader = tlv_reader(value);

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        tlv_optional(&reader, members[i].tag, members[i].span);
    return fcp;
}

/* Named leniency: the data coding octet, 21 everywhere (TS 102 221 11.1.1.4.3), is not looked at. */
static bool apply_descriptor(struct saip_walk *walk, struct saip_file *file, struct span descriptor)
{
    enum saip_file_kind kind;

    if (descriptor.data == NULL)
        return true;
    if (!saip_kind_of_descriptor(descriptor.data[0], &kind))
        return saip_fail(walk, SAIP_BAD_VALUES, descriptor.data,
                         "%s: file descriptor %02X is no known kind of file", file->name, descriptor.data[0]);
    if (file->row == NULL)
        file->kind = kind;
    else if (kind != file->kind && !(kind == SAIP_FILE_DF && saip_kind_is_directory(file->kind)))
        return saip_fail(walk, SAIP_BAD_VALUES, descriptor.data, "%s: a %s file where the template has %s",
                         file->name, saip_file_kind_name(kind), saip_file_kind_name(file->kind));
    file->shareable = (descriptor.data[0] & SAIP_DESCRIPTOR_SHAREABLE) != 0;
    if (descriptor.size != (saip_kind_has_records(kind) ? 4u : 2u))
        return saip_fail(walk, SAIP_BAD_VALUES, descriptor.data, "%s: file descriptor of %zu octets",
                         file->name, descriptor.size);
    if (descriptor.size == 4)
        file->record_size = span_number(SPAN(descriptor.data + 2, 2));
    return true;
}

/* Identifiers that mean no file of a package (TS 102 221 8.6, ISO/IEC 7816-4): 3F00 is MF, 3FFF and 7FFF
 * stand for the current directory and application in paths, 0000 and FFFF are for future use. */
static bool is_reserved(uint16_t fid)
{
    return fid == 0x0000 || fid == 0x3F00 || fid == 0x3FFF || fid == 0x7FFF || fid == 0xFFFF;
}

static bool apply_identifier(struct saip_walk *walk, struct saip_file *file, struct span fid)
{
    const struct saip_template_file *row = file->row;

    if (fid.data != NULL)
        file->fid = (uint16_t)span_number(fid);
    if (fid.data != NULL && file->kind != SAIP_FILE_MF && is_reserved(file->fid))
        return saip_fail(walk, SAIP_BAD_VALUES, fid.data, "%s: file identifier %04X is reserved", file->name,
                         file->fid);
    if (row == NULL || row->fid == 0)
        return true; /* check_file asks for one */
    if (file->fid < row->fid || file->fid >= row->fid + row->fid_count)
        return saip_fail(walk, SAIP_BAD_VALUES, fid.data, "%s: file identifier %04X, not the template's %04X",
                         file->name, file->fid, row->fid);
    return true;
}

static bool apply_short_identifier(struct saip_walk *walk, struct saip_file *file, struct span sfi)
{
    if (sfi.data == NULL) {
        /* "For files created by using GenericFileManagement, SFI is calculated from FID" (PE_Definitions,
         * Fcp). */
        if (file->row == NULL && !saip_kind_is_directory(file->kind) && (file->fid & 0x1F) <= SAIP_SFI_MAX) {
            file->sfi = file->fid & 0x1F;
            file->sfi_of_fid = true;
        }
        return true;
    }
    file->sfi = 0;
    if (sfi.size == 0)
        return true;
    if ((sfi.data[0] & 0x07) != 0 || sfi.data[0] == 0 || sfi.data[0] >> 3 > SAIP_SFI_MAX)
        return saip_fail(walk, SAIP_BAD_VALUES, sfi.data, "%s: short file identifier coded %02X", file->name,
                         sfi.data[0]);
    file->sfi = sfi.data[0] >> 3;
    return true;
}

/* "Shall be encoded on the minimum number of octets possible (i.e. no leading bytes set to '00' are allowed)"
 * (PE_Definitions, Fcp and ProprietaryInfo). */
static bool check_shortest(struct saip_walk *walk, const struct saip_file *file, const char *what,
                           struct span size)
{
    return size.size < 2 || size.data[0] != 0 ||
           saip_fail(walk, SAIP_BAD_VALUES, size.data, "%s: %s begins with an octet 00", file->name, what);
}

/* What only BER-TLV files have: their limit, and how their data objects are coded (TS 102 222 6.3.2.2.2: DER
 * is the one coding there is). */
static bool apply_ber_tlv(struct saip_walk *walk, struct saip_file *file, struct span maximum,
                          struct span details)
{
    enum { DETAILS_DER = 0x01 };
    struct span first = maximum.data != NULL ? maximum : details;

    if (first.data != NULL && file->kind != SAIP_FILE_BER_TLV)
        return saip_fail(walk, SAIP_BAD_VALUES, first.data, "%s: %s is for BER-TLV files only", file->name,
                         maximum.data != NULL ? "maximumFileSize" : "fileDetails");
    if (details.data != NULL && details.data[0] != DETAILS_DER)
        return saip_fail(walk, SAIP_BAD_VALUES, details.data, "%s: fileDetails %02X is not 01 (DER)",
                         file->name, details.data[0]);
    if (maximum.data == NULL)
        return true;
    file->maximum_size = span_number(maximum);
    return check_shortest(walk, file, "maximumFileSize", maximum);
}

/* Named leniency: bits of specialFileInformation that mean nothing are taken, and kept for FCP to show. */
static bool apply_proprietary(struct saip_walk *walk, struct saip_file *file, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span special, fill, repeat, maximum, details;

    if (value.data == NULL)
        return true;
    tlv_optional(&reader, 0xC0, &special);
    tlv_optional(&reader, 0xC1, &fill);
    tlv_optional(&reader, 0xC2, &repeat);
    tlv_optional(&reader, 0x86, &maximum);
    tlv_optional(&reader, 0x84, &details);
    if (special.data != NULL)
        file->special = special.data[0];
    if (fill.data != NULL && repeat.data != NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, repeat.data, "%s: both a fill and a repeat pattern",
                         file->name);
    if (fill.data != NULL || repeat.data != NULL) {
        file->pattern = fill.data != NULL ? fill : repeat;
        file->pattern_repeats = fill.data == NULL;
    }
    return apply_ber_tlv(walk, file, maximum, details);
}

static bool check_directory(struct saip_walk *walk, struct saip_file *file, const struct fcp *fcp,
                            const uint8_t *at)
{
    if (fcp->size.data != NULL || fcp->sfi.data != NULL || fcp->proprietary.data != NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: a directory has no size, short identifier or fill",
                         file->name);
    if (file->kind == SAIP_FILE_ADF && file->df_name.data == NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: an ADF without dfName", file->name);
    if (file->kind != SAIP_FILE_ADF && file->df_name.data != NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, fcp->df_name.data, "%s: dfName is for ADFs only", file->name);
    if (fcp->pin_status.data == NULL && file->link_path.size == 0)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: pinStatusTemplateDO is missing", file->name);
    return true;
}

/* Whether a directory is the one that a file is put into, or one above that. */
static bool is_above(const struct saip_walk *walk, uint16_t directory, const struct saip_file *file)
{
    for (uint16_t at = file->parent; at != SAIP_NO_PARENT; at = walk->nodes[at].parent)
        if (at == directory)
            return true;
    return false;
}

/* Another kind of EF cannot share a body. A directory shares its files with any other, but not with one that
 * it is in, which would hold itself without end. */
static bool check_target(struct saip_walk *walk, const struct saip_file *file, uint16_t target)
{
    const struct saip_node *node = &walk->nodes[target];
    bool directory = saip_kind_is_directory(file->kind);

    if (directory ? !saip_kind_is_directory(node->kind) : node->kind != file->kind)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, file->link_path.data,
                         "%s: linkPath of a %s file leads to a %s file", file->name,
                         saip_file_kind_name(file->kind), saip_file_kind_name(node->kind));
    if (directory && is_above(walk, target, file))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, file->link_path.data,
                         "%s: linkPath leads to a directory above", file->name);
    return true;
}

/*
 * A link's target gives the size; it exists already and is of the same kind.
 *
 * Named leniency: the size of the records that a link's file descriptor gives may be another (TS.48 version
 * 5: an EF of 28 octets that is a link to one of 39). What is shared is the target's.
 */
static bool check_link(struct saip_walk *walk, struct saip_file *file, const struct fcp *fcp)
{
    uint16_t target = saip_find_path(walk, file->link_path);

    if (target == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, file->link_path.data, "%s: linkPath leads to no file",
                         file->name);
    if (!check_target(walk, file, target))
        return false;
    if (fcp->size.data != NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, fcp->size.data, "%s: a link has no efFileSize", file->name);
    file->size = walk->nodes[target].size;
    file->record_size = walk->nodes[target].record_size;
    return true;
}

static bool check_records(struct saip_walk *walk, struct saip_file *file, const uint8_t *at)
{
    if (file->record_size < 1 || file->record_size > SAIP_RECORD_SIZE_MAX)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: records of %zu octets", file->name,
                         file->record_size);
    if (file->size % file->record_size != 0 || file->size / file->record_size > SAIP_RECORDS_MAX)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: %zu octets are not 1 to %d records of %zu",
                         file->name, file->size, SAIP_RECORDS_MAX, file->record_size);
    return true;
}

static bool check_elementary(struct saip_walk *walk, struct saip_file *file, const struct fcp *fcp,
                             const uint8_t *at)
{
    if (fcp->pin_status.data != NULL || fcp->df_name.data != NULL)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: an EF has neither dfName nor pinStatusTemplateDO",
                         file->name);
    if (file->link_path.size > 0)
        return check_link(walk, file, fcp);
    if (fcp->size.data != NULL)
        file->size = span_number(fcp->size);
    else if (file->row != NULL)
        file->size = file->row->records > 0              ? file->record_size * file->row->records
                     : saip_kind_has_records(file->kind) ? 0
                                                         : file->row->size;
    if (file->size == 0 && file->kind == SAIP_FILE_BER_TLV)
        file->size = file->maximum_size;
    if (file->size == 0 && file->kind != SAIP_FILE_BER_TLV)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: efFileSize is missing or zero", file->name);
    if (!check_shortest(walk, file, "efFileSize", fcp->size))
        return false;
    return !saip_kind_has_records(file->kind) || check_records(walk, file, at);
}

/* The codes that a PIN status template may name, each once: TS 102 221 9.5.1.
 * Named leniency: a template that names none makes a directory whose files ask for no code, or never open. */
static bool check_pin_status(struct saip_walk *walk, const struct saip_file *file)
{
    uint32_t named = 0;

    for (size_t i = 0; i < file->pin_status.size; i++) {
        uint32_t bit = saip_pin_bit(file->pin_status.data[i]);

        if (bit == 0 || (named & bit) != 0)
            return saip_fail(walk, SAIP_BAD_VALUES, file->pin_status.data + i,
                             "%s: pinStatusTemplateDO names code %02X%s", file->name,
                             file->pin_status.data[i], bit == 0 ? "" : " twice");
        named |= bit;
    }
    return true;
}

uint32_t saip_pin_bit(uint64_t reference)
{
    uint64_t low = reference & 0x7F;

    if (reference > 0x8E || low < 1 || low == 9 || low > 14)
        return 0;
    return (uint32_t)1 << (low + ((reference & 0x80) != 0 ? 16 : 0));
}

void saip_file_from_row(struct saip_file *file, const struct saip_template_file *row)
{
    *file = (struct saip_file){
        .row = row,
        .name = row->name,
        .kind = row->kind,
        .fid = row->fid,
        .record_size = saip_kind_has_records(row->kind) ? row->size : 0,
        .shareable = true,
        .sfi = row->sfi,
        .life_cycle = 0x05, /* operational, activated */
        .special = (row->flags & SAIP_FILE_BUSY) != 0 ? 0x80 : 0,
        .arr = SPAN(&row->arr, 1),
    };
}

/* TS 102 221 11.1.1.4.9: creation, initialisation, operational (activated or not), terminated. */
static bool is_life_cycle(uint8_t status)
{
    return status == 0x01 || (status >= 0x03 && status <= 0x07) || (status >= 0x0C && status <= 0x0F);
}

/* What a file of patterns may be: TS 102 222 6.3.2.2.2 has none for BER-TLV files, a link has no body. */
static bool check_pattern(struct saip_walk *walk, const struct saip_file *file)
{
    if (file->pattern.size == 0 || (file->kind != SAIP_FILE_BER_TLV && file->link_path.size == 0))
        return true;
    return saip_fail(walk, SAIP_BAD_VALUES, file->pattern.data, "%s: a %s has no pattern", file->name,
                     file->link_path.size > 0 ? "link" : "BER-TLV file");
}

bool saip_apply_fcp(struct saip_walk *walk, struct saip_file *file, struct span value, const uint8_t *at)
{
    struct fcp fcp = read_fcp(value);

    if (!apply_descriptor(walk, file, fcp.descriptor) || !apply_identifier(walk, file, fcp.fid) ||
        !apply_short_identifier(walk, file, fcp.sfi) || !apply_proprietary(walk, file, fcp.proprietary))
        return false;
    if (fcp.arr.size == 2)
        return saip_fail(walk, SAIP_BAD_VALUES, fcp.arr.data, "%s: securityAttributesReferenced has 2 octets",
                         file->name);
    if (fcp.arr.data != NULL)
        file->arr = fcp.arr;
    if (fcp.life_cycle.data != NULL)
        file->life_cycle = fcp.life_cycle.data[0];
    if (!is_life_cycle(file->life_cycle))
        return saip_fail(walk, SAIP_BAD_VALUES, fcp.life_cycle.data, "%s: life cycle status %02X", file->name,
                         file->life_cycle);
    if (fcp.df_name.data != NULL)
        file->df_name = fcp.df_name;
    file->pin_status = fcp.pin_status;
    file->link_path = fcp.link_path;
    if (file->row == NULL && file->kind == SAIP_FILE_DF && file->df_name.data != NULL)
        file->kind = SAIP_FILE_ADF;
    if (file->fid == 0)
        return saip_fail(walk, SAIP_BAD_VALUES, at, "%s: fileID is missing", file->name);
    if (saip_kind_is_directory(file->kind))
        return check_directory(walk, file, &fcp, at) && check_pin_status(walk, file) &&
               (file->link_path.size == 0 || check_link(walk, file, &fcp));
    return check_elementary(walk, file, &fcp, at) && check_pattern(walk, file);
}

bool saip_check_fills(struct saip_walk *walk, const struct saip_file *file)
{
    struct tlv_reader reader = tlv_reader(file->fills);
    size_t position = 0;
    struct tlv tlv;

    if (file->fills.size == 0)
        return true;
    if (saip_kind_is_directory(file->kind) || file->link_path.size > 0)
        return saip_fail(walk, SAIP_BAD_VALUES, file->fills.data, "%s: only an EF of its own has content",
                         file->name);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        uint64_t offset = 0;

        if (saip_is_fill_offset(tlv.tag))
            tlv_unsigned(tlv.value, &offset);
        else
            offset = tlv.value.size;
        if (offset > file->size - position)
            return saip_fail(walk, SAIP_BAD_VALUES, tlv.whole.data,
                             "%s: content passes the file's %zu octets", file->name, file->size);
        position += (size_t)offset;
    }
    return true;
}

/* In File the two are [2] and [3], in FileManagement INTEGER and [1]. */
bool saip_is_fill_offset(uint32_t tag)
{
    return tag == 0x82 || tag == 0x02;
}

static void put_piece(const struct saip_file *file, size_t size, struct buf *out)
{
    static const struct saip_template_file no_row = {.name = ""};

    if (file->pattern.size > 0)
        saip_put_pattern(file->pattern, file->pattern_repeats, size, out);
    else
        saip_template_content(file->row != NULL ? file->row : &no_row, size, out);
}

void saip_file_content(const struct saip_file *file, struct buf *out)
{
    size_t start = out->size;
    size_t position = 0;
    struct tlv_reader reader = tlv_reader(file->fills);
    struct tlv tlv;

    if (saip_kind_is_directory(file->kind) || file->link_path.size > 0)
        return;
    if (file->kind != SAIP_FILE_BER_TLV) {
        size_t piece = file->record_size > 0 ? file->record_size : file->size;

        for (size_t done = 0; done < file->size && !out->failed; done += piece)
            put_piece(file, piece, out);
    }
    while (tlv_next(&reader, &tlv) == TLV_OK && !out->failed) {
        uint64_t offset = 0;

        if (saip_is_fill_offset(tlv.tag)) {
            tlv_unsigned(tlv.value, &offset);
            position += (size_t)offset;
        } else if (file->kind == SAIP_FILE_BER_TLV) {
            buf_append(out, tlv.value);
        } else if (position + tlv.value.size <= file->size) {
            memcpy(out->data + start + position, tlv.value.data, tlv.value.size);
            position += tlv.value.size;
        }
    }
}
