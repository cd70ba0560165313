/*
 * CREATE FILE and RESIZE FILE (ETSI TS 102 222 6.3, 6.10): the file control parameters a terminal gives,
 * checked object by object, and what is made of them. Access rules decide who may; the rest of a file's life
 * is in uicc_admin.c.
 */
#include "profiles/uicc/uicc_commands.h"

#include "apdu/tlv.h"

/* Objects of the template, TS 102 222 tables 3 to 6. */
enum {
    FCP = 0x62,
    FILE_SIZE = 0x80,
    TOTAL_SIZE = 0x81,
    DESCRIPTOR = 0x82,
    IDENTIFIER = 0x83,
    DF_NAME = 0x84,
    SHORT_IDENTIFIER = 0x88,
    LIFE_CYCLE = 0x8A,
    PROPRIETARY = 0xA5,
    PIN_STATUS = 0xC6,
};
/* In the proprietary object. */
enum {
    CHARACTERISTICS = 0x80,
    FILE_DETAILS = 0x84,
    RESERVED_SIZE = 0x85,
    MAXIMUM_SIZE = 0x86,
    SPECIAL_INFORMATION = 0xC0,
    FILL_PATTERN = 0xC1,
    REPEAT_PATTERN = 0xC2,
    TOOLKIT_ACCESS = 0xD2, /* sysmocom's */
};

/* No file of a profile comes near this; it bounds what a terminal can make a card without a limit of its own
 * hold. */
#define EF_SIZE_MAX ((size_t)1024 * 1024)

/* What the template says; absent objects are SPAN_NONE. */
struct parameters {
    struct span size, total_size, descriptor, identifier, name, sfi, life_cycle, access, proprietary, pins;
    struct span characteristics, details, reserved, maximum, special, fill, repeat, toolkit;
    uint32_t access_form;
};

struct member {
    uint32_t tag;
    struct span *to;
    size_t min, max; /* octets */
};

/* Takes each object once, in any order; one that is not known, or not of its size, is an error. */
static bool take_members(struct span in, const struct member *members, size_t count)
{
    struct tlv_reader reader = tlv_reader(in);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        size_t i = 0;

        while (i < count && members[i].tag != tlv.tag)
            i++;
        if (i == count || members[i].to->data != NULL || tlv.value.size < members[i].min ||
            tlv.value.size > members[i].max)
            return false;
        *members[i].to = tlv.value;
    }
    return tlv_good(&reader);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool take_parameters(struct span data, struct parameters *p)
{
    struct span referenced = SPAN_NONE, compact = SPAN_NONE, expanded = SPAN_NONE, fcp;
    const struct member members[] = {
        {FILE_SIZE, &p->size, 1, 4},
        {TOTAL_SIZE, &p->total_size, 1, 4},
        {DESCRIPTOR, &p->descriptor, 2, 5},
        {IDENTIFIER, &p->identifier, 2, 2},
        {DF_NAME, &p->name, 1, 16},
        {SHORT_IDENTIFIER, &p->sfi, 0, 1},
        {LIFE_CYCLE, &p->life_cycle, 1, 1},
        {FS_ACCESS_REFERENCED, &referenced, 3, 127},
        {FS_ACCESS_COMPACT, &compact, 1, 127},
        {FS_ACCESS_EXPANDED, &expanded, 1, 255},
        {PROPRIETARY, &p->proprietary, 0, 255},
        {PIN_STATUS, &p->pins, 1, 127},
    };
    const struct member proprietary[] = {
        {CHARACTERISTICS, &p->characteristics, 1, 127},
        {FILE_DETAILS, &p->details, 1, 1},
        {RESERVED_SIZE, &p->reserved, 1, 4},
        {MAXIMUM_SIZE, &p->maximum, 1, 4},
        {SPECIAL_INFORMATION, &p->special, 1, 1},
        {FILL_PATTERN, &p->fill, 1, 255},
        {REPEAT_PATTERN, &p->repeat, 1, 255},
        /* Named leniency: pySim's --permit-… of create_df, made for one vendor's cards, which others pass
         * over. Here access domains say what remote management may do. */
        {TOOLKIT_ACCESS, &p->toolkit, 1, 1},
    };

    if (tlv_single(data, FCP, &fcp) != TLV_OK || !take_members(fcp, members, COUNT(members)))
        return false;
    if (p->proprietary.data != NULL && !take_members(p->proprietary, proprietary, COUNT(proprietary)))
        return false;
    if ((referenced.data != NULL) + (compact.data != NULL) + (expanded.data != NULL) > 1)
        return false;
    p->access_form = referenced.data != NULL ? FS_ACCESS_REFERENCED
                     : compact.data != NULL  ? FS_ACCESS_COMPACT
                                             : FS_ACCESS_EXPANDED;
    p->access = referenced.data != NULL ? referenced : compact.data != NULL ? compact : expanded;
    return p->fill.data == NULL || p->repeat.data == NULL;
}

/* --- what the parameters make ---------------------------------------------------------------------- */

static bool take_kind(const struct parameters *p, struct fs_file *file)
{
    if (!saip_kind_of_descriptor(p->descriptor.data[0], &file->kind))
        return false;
    if (file->kind == SAIP_FILE_DF && p->name.data != NULL)
        file->kind = SAIP_FILE_ADF;
    file->shareable = (p->descriptor.data[0] & SAIP_DESCRIPTOR_SHAREABLE) != 0;
    return true;
}

/* Four octets in CREATE FILE; the five that SELECT answers are taken too when they agree with the size. */
static bool take_records(const struct parameters *p, struct fs_file *file)
{
    if (!saip_kind_has_records(file->kind))
        return p->descriptor.size == 2;
    if (p->descriptor.size < 4)
        return false;
    file->record_size = span_number(SPAN(p->descriptor.data + 2, 2));
    if (file->record_size == 0 || file->record_size > SAIP_RECORD_SIZE_MAX ||
        file->size % file->record_size != 0 || file->size / file->record_size > SAIP_RECORDS_MAX)
        return false;
    return p->descriptor.size == 4 || p->descriptor.data[4] == file->size / file->record_size;
}

/* Absent: the identifier's five lowest bits; empty: none (TS 102 221 11.1.1.4.8). */
static bool take_sfi(const struct parameters *p, struct fs_file *file)
{
    if (p->sfi.data == NULL)
        file->sfi = file->fid & 0x1F;
    else if (p->sfi.size == 1)
        file->sfi = p->sfi.data[0] >> 3;
    if (p->sfi.size == 1 && (p->sfi.data[0] & 0x07) != 0)
        return false;
    /* 31 cannot be said in P1 or P2 of a command: by default that is none. */
    if (file->sfi > SAIP_SFI_MAX && p->sfi.data != NULL)
        return false;
    if (file->sfi > SAIP_SFI_MAX || (p->sfi.data == NULL && fs_child_by_sfi(file->parent, file->sfi) != NULL))
        file->sfi = 0;
    return file->sfi == 0 || fs_child_by_sfi(file->parent, file->sfi) == NULL;
}

static bool take_ef(const struct parameters *p, struct fs_file *file)
{
    bool ber_tlv = file->kind == SAIP_FILE_BER_TLV;
    struct span size = ber_tlv && p->size.data == NULL ? p->reserved : p->size;

    if (size.data == NULL || p->total_size.data != NULL || p->name.data != NULL || p->pins.data != NULL)
        return false;
    if (!ber_tlv && (p->reserved.data != NULL || p->maximum.data != NULL))
        return false;
    file->size = span_number(size);
    file->maximum_size = span_number(p->maximum);
    if (file->maximum_size != 0 && file->maximum_size < file->size)
        return false;
    return (file->size > 0 || ber_tlv) && take_records(p, file) && take_sfi(p, file);
}

/* The PIN status template: PS_DO, then usage qualifiers and key references. */
static bool take_pin_status(struct span template, struct fs_file *file)
{
    struct tlv_reader reader = tlv_reader(template);
    struct span bits;
    struct tlv tlv;

    if (!tlv_require(&reader, 0x90, &bits))
        return false;
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if ((tlv.tag != 0x83 && tlv.tag != 0x95) || tlv.value.size != 1)
            return false;
        if (tlv.tag == 0x83)
            buf_append_octet(&file->pin_status, tlv.value.data[0]);
    }
    return tlv_good(&reader) && file->pin_status.size > 0;
}

/*
 * Reading: no memory is set aside for a directory, its files take theirs when they are created.
 * Named leniency: TS 102 222 has the total size and the PIN status as mandatory for directories. Field cards
 * do without ("ignored by several OS": pySim, whose create_df sends the size when asked to, and never the PIN
 * status). A directory that says no codes has those of the directory it is in.
 */
static bool take_df(const struct parameters *p, struct fs_file *file)
{
    if (p->descriptor.size != 2 || p->size.data != NULL || p->sfi.data != NULL || p->fill.data != NULL ||
        p->repeat.data != NULL)
        return false;
    fs_set_aid(&file->aid, p->name);
    if (p->pins.data != NULL)
        return take_pin_status(p->pins, file);
    buf_append(&file->pin_status, buf_span(&file->parent->pin_status));
    return true;
}

static bool is_reserved(size_t fid)
{
    return fid == FS_FID_MF || fid == FS_FID_CURRENT_ADF || fid == 0x3FFF || fid == 0xFFFF;
}

/* TS 102 222 table 4: a file is created in one of these states. */
static bool is_first_state(uint8_t life_cycle)
{
    return life_cycle == FS_CREATION || life_cycle == FS_INITIALISATION || life_cycle == FS_DEACTIVATED ||
           life_cycle == FS_ACTIVATED;
}

static bool take_file(const struct parameters *p, struct fs_file *file)
{
    if (p->descriptor.data == NULL || p->identifier.data == NULL || p->life_cycle.data == NULL ||
        p->access.data == NULL || !take_kind(p, file))
        return false;
    file->fid = (uint16_t)span_number(p->identifier);
    file->life_cycle = p->life_cycle.data[0];
    file->special = p->special.data != NULL ? p->special.data[0] : 0;
    file->access_form = (enum fs_access_form)p->access_form;
    buf_append(&file->access, p->access);
    if (is_reserved(file->fid) || !is_first_state(file->life_cycle))
        return false;
    return fs_is_directory(file) ? take_df(p, file) : take_ef(p, file);
}

/* `size` octets, each `piece` of them (a record, or all) filled with the pattern; without one all is FF. */
static void put_pattern(const struct parameters *p, size_t size, size_t piece, struct buf *out)
{
    struct span pattern = p->fill.data != NULL     ? p->fill
                          : p->repeat.data != NULL ? p->repeat
                                                   : SPAN_STRING("\xFF");

    for (size_t done = 0; done < size && !out->failed; done += piece)
        saip_put_pattern(pattern, p->repeat.data != NULL, piece, out);
}

/* --- memory ---------------------------------------------------------------------------------------- */

/* For a file that has taken `before` octets so far. */
static bool take_memory(const struct uicc *uicc, size_t before, size_t size)
{
    return size <= EF_SIZE_MAX &&
           (size == before || uicc->host.take_memory == NULL ||
            uicc->host.take_memory(uicc->host.context, (int64_t)size - (int64_t)before));
}

/* --- CREATE FILE ----------------------------------------------------------------------------------- */

/* Identifiers are unique in a directory, names of applications in the UICC. */
static uint16_t check_unique(const struct uicc *uicc, const struct fs_file *file)
{
    if (fs_child(file->parent, file->fid) != NULL || file->parent->fid == file->fid)
        return SW_UICC_FILE_EXISTS;
    for (size_t i = 0; i < uicc->fs->file_count && file->aid.size > 0; i++) {
        const struct fs_file *other = uicc->fs->files[i];

        if (other != NULL && span_equal(fs_aid_span(&other->aid), fs_aid_span(&file->aid)))
            return SW_UICC_DF_NAME_EXISTS;
    }
    return SW_OK;
}

static uint16_t create_checked(struct uicc *uicc, struct uicc_channel *channel, const struct parameters *p,
                               struct fs_file *like)
{
    struct fs_file *directory = channel->directory;
    bool records = saip_kind_has_records(like->kind);
    uint16_t status = check_unique(uicc, like);
    struct fs_file *file;

    if (status != SW_OK)
        return status;
    if (!take_memory(uicc, 0, like->size))
        return SW_NOT_ENOUGH_MEMORY;
    if (!fs_is_directory(like) && like->kind != SAIP_FILE_BER_TLV)
        put_pattern(p, like->size, records ? like->record_size : like->size, &like->content);
    file = fs_create_file(uicc->fs, like);
    if (file == NULL)
        return SW_MEMORY_FAILURE;
    if (file->kind == SAIP_FILE_ADF)
        uicc_set_application(uicc, (unsigned)(channel - uicc->channels), file);
    uicc_enter(channel, file);
    if (!fs_is_directory(file))
        channel->directory = directory;
    return SW_OK;
}

/* Whether the current directory's rule lets a file like this be made in it: what is made is known from its
 * descriptor. */
static uint16_t check_creator(const struct uicc *uicc, const struct fs_file *directory,
                              const struct parameters *p, uint8_t ins)
{
    struct fs_file probe = {0};
    uint8_t mode;

    if (p->descriptor.data == NULL || !take_kind(p, &probe))
        return SW_WRONG_DATA;
    mode = fs_is_directory(&probe) ? UICC_CREATE_DF : UICC_CREATE_EF;
    return uicc_check_usable(uicc, directory, mode, ins);
}

uint16_t uicc_create_file(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *directory = channel->directory;
    struct parameters parameters = {0};
    struct fs_file like = {0};
    uint16_t status;

    (void)response;
    if (!take_parameters(command->data, &parameters))
        return SW_WRONG_DATA;
    status = check_creator(uicc, directory, &parameters, command->ins);
    if (status != SW_OK)
        return status;
    /* A linked directory's files are those of its target. */
    like.parent = directory->link != NULL ? directory->link : directory;
    status =
        take_file(&parameters, &like) ? create_checked(uicc, channel, &parameters, &like) : SW_WRONG_DATA;
    buf_free(&like.access);
    buf_free(&like.content);
    buf_free(&like.pin_status);
    return status;
}

/* --- RESIZE FILE ----------------------------------------------------------------------------------- */

/* P1: 00 keeps the content, 01 takes the objects of a BER-TLV file away. */
enum { RESIZE_KEEP = 0x00, RESIZE_EMPTY = 0x01 };

static uint16_t grow(struct uicc *uicc, struct fs_file *file, const struct parameters *p, size_t size)
{
    size_t before = file->size;
    struct buf added = {0};
    bool done;

    if (!take_memory(uicc, before, size))
        return SW_NOT_ENOUGH_MEMORY;
    done = fs_resize(uicc->fs, file, size, 0xFF);
    if (done && size > before && (p->fill.data != NULL || p->repeat.data != NULL)) {
        put_pattern(p, size - before, file->record_size > 0 ? file->record_size : size - before, &added);
        done = !added.failed && fs_write(uicc->fs, file, before, buf_span(&added));
    }
    buf_free(&added);
    return done ? SW_OK : SW_MEMORY_FAILURE;
}

static uint16_t resize_ef(struct uicc *uicc, struct fs_file *file, const struct parameters *p)
{
    size_t size = span_number(p->size);

    if (p->size.data == NULL || size == 0 || p->reserved.data != NULL || p->maximum.data != NULL)
        return SW_WRONG_DATA;
    if (file->record_size > 0 &&
        (size % file->record_size != 0 || size / file->record_size > SAIP_RECORDS_MAX))
        return SW_WRONG_DATA;
    return grow(uicc, file, p, size);
}

/* Reading: a BER-TLV file whose objects need more than the new size keeps its size (6985), unless P1 asks for
 * an empty file. */
static uint16_t resize_ber_tlv(struct uicc *uicc, struct fs_file *file, const struct parameters *p,
                               uint8_t mode)
{
    struct span given = p->size.data != NULL ? p->size : p->reserved;
    size_t size = given.data != NULL ? span_number(given) : file->size;
    size_t maximum = p->maximum.data != NULL ? span_number(p->maximum) : file->maximum_size;

    if ((given.data == NULL && p->maximum.data == NULL) || (maximum != 0 && maximum < size) ||
        p->fill.data != NULL || p->repeat.data != NULL)
        return SW_WRONG_DATA;
    if (mode == RESIZE_KEEP && maximum != 0 && fs_content(file).size > maximum)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (mode == RESIZE_EMPTY && !fs_replace_content(uicc->fs, file, SPAN("", 0)))
        return SW_MEMORY_FAILURE;
    file->maximum_size = maximum;
    return grow(uicc, file, p, size);
}

/* Reading: a cyclic file has no place where it could grow or be cut: 6981. Directories have no size here,
 * that a total size is accepted says nothing. */
static uint16_t resize(struct uicc *uicc, struct fs_file *file, const struct parameters *p, uint8_t mode)
{
    if (file->kind == SAIP_FILE_BER_TLV)
        return resize_ber_tlv(uicc, file, p, mode);
    if (file->kind == SAIP_FILE_CYCLIC)
        return SW_UICC_INCOMPATIBLE;
    if (mode != RESIZE_KEEP)
        return SW_WRONG_P1_P2;
    if (fs_is_directory(file))
        return p->total_size.data != NULL ? SW_OK : SW_WRONG_DATA;
    return resize_ef(uicc, file, p);
}

static struct fs_file *resized(const struct uicc_channel *channel, uint16_t fid)
{
    struct fs_file *file = fs_child(channel->directory, fid);

    return file != NULL || channel->directory->fid != fid ? file : channel->directory;
}

uint16_t uicc_resize_file(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *directory = channel->directory;
    struct parameters parameters = {0};
    struct fs_file *file;
    uint16_t status;

    (void)response;
    if (!take_parameters(command->data, &parameters) || parameters.identifier.data == NULL ||
        parameters.descriptor.data != NULL || parameters.access.data != NULL)
        return SW_WRONG_DATA;
    file = resized(channel, (uint16_t)span_number(parameters.identifier));
    if (file == NULL)
        return SW_FILE_NOT_FOUND;
    status = uicc_check_usable(uicc, file, 0, command->ins);
    if (status != SW_OK)
        return status;
    if (uicc_is_taken(uicc, channel, file))
        return SW_CONDITIONS_NOT_SATISFIED;
    status = resize(uicc, file, &parameters, command->p1);
    if (status != SW_OK || fs_is_directory(file))
        return status;
    uicc_enter(channel, file);
    channel->directory = directory;
    return SW_OK;
}
