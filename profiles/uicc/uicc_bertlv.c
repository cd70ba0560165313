/*
 * RETRIEVE DATA and SET DATA on BER-TLV structure EFs (ETSI TS 102 221 11.3): data objects by their tag, in
 * blocks when they are longer than a command or response carries.
 */
#include "profiles/uicc/uicc_commands.h"

#include "apdu/tlv.h"

/* P2; 00 is a further block. */
enum { FIRST_BLOCK = 0x80 };
enum { TAG_LIST = 0x5C };
enum { SW_MORE_TO_RETRIEVE = 0x62F1, SW_MORE_TO_SET = 0x63F1, SW_OBJECT_NOT_FOUND = 0x6A88 };
/* What one SET DATA chain may build up: the longest object of a file that is not limited otherwise. */
enum { OBJECT_MAX = 65535 };

/* A tag alone, one to three octets. */
static bool read_tag(struct span octets, uint32_t *tag)
{
    uint8_t padded[4] = {0};
    size_t header, content;

    if (octets.size == 0 || octets.size > 3)
        return false;
    for (size_t i = 0; i < octets.size; i++)
        padded[i] = octets.data[i];
    return tlv_header(SPAN(padded, octets.size + 1), tag, &header, &content) == TLV_OK &&
           header == octets.size + 1;
}

/* RETRIEVE DATA of tag 5C tells which objects there are: their tags, in order. */
static void put_tag_list(struct span content, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(content);
    size_t mark = tlv_open(out, TAG_LIST);
    struct tlv object;

    while (tlv_next(&reader, &object) == TLV_OK)
        tlv_put_tag(out, object.tag);
    tlv_close(out, mark);
}

static bool find_object(struct span content, uint32_t tag, struct tlv *object)
{
    struct tlv_reader reader = tlv_reader(content);

    while (tlv_next(&reader, object) == TLV_OK)
        if (object->tag == tag)
            return true;
    return false;
}

/* --- RETRIEVE DATA --------------------------------------------------------------------------------- */

static uint16_t begin_retrieving(struct uicc_transfer *transfer, const struct fs_file *file, struct span data)
{
    struct tlv object;
    uint32_t tag;

    uicc_end_transfer(transfer);
    if (!read_tag(data, &tag))
        return data.size == 0 ? SW_WRONG_LENGTH : SW_WRONG_DATA;
    if (tag != TAG_LIST && !find_object(fs_content(file), tag, &object))
        return SW_OBJECT_NOT_FOUND;
    transfer->direction = UICC_RETRIEVE;
    if (tag == TAG_LIST)
        put_tag_list(fs_content(file), &transfer->data);
    else
        buf_append(&transfer->data, object.whole);
    return transfer->data.failed ? SW_NO_DIAGNOSIS : SW_OK;
}

uint16_t uicc_retrieve_data(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_transfer *transfer = &uicc_channel(uicc, command)->transfer;
    struct fs_file *file;
    /* With a data field T=0 has no room for Le: then a block is what a short response carries. */
    size_t block = command->ne > 0 ? command->ne : APDU_SHORT_NE;
    size_t size;
    uint16_t status = uicc_open_ef(uicc, command, command->p1, 1 << SAIP_FILE_BER_TLV, UICC_READ, &file);

    if (status != SW_OK)
        return status;
    if (command->ne == 0 && command->data.size == 0)
        return SW_WRONG_LENGTH;
    if (command->p2 == FIRST_BLOCK)
        status = begin_retrieving(transfer, file, command->data);
    else if (transfer->direction != UICC_RETRIEVE)
        status = SW_CONDITIONS_NOT_SATISFIED;
    else if (command->data.size > 0)
        status = SW_WRONG_LENGTH;
    if (status != SW_OK)
        return status;
    size = transfer->data.size - transfer->offset;
    if (size > block)
        size = block;
    buf_append(response, SPAN(transfer->data.data + transfer->offset, size));
    transfer->offset += size;
    if (transfer->offset < transfer->data.size)
        return SW_MORE_TO_RETRIEVE;
    uicc_end_transfer(transfer);
    return SW_OK;
}

/* --- SET DATA -------------------------------------------------------------------------------------- */

/* The file with the object in its place: the old one of that tag gone, the new one (if any) at the end. */
static uint16_t bertlv_store(struct uicc *uicc, struct fs_file *file, uint32_t tag, struct span object)
{
    struct tlv_reader reader = tlv_reader(fs_content(file));
    size_t limit = file->maximum_size > 0 ? file->maximum_size : OBJECT_MAX;
    struct buf content = {0};
    uint16_t status = SW_OK;
    struct tlv tlv;
    bool found = false;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        found = found || tlv.tag == tag;
        if (tlv.tag != tag)
            buf_append(&content, tlv.whole);
    }
    buf_append(&content, object);
    if (object.size == 0 && !found)
        status = SW_OBJECT_NOT_FOUND;
    else if (content.failed || content.size > limit)
        status = SW_NOT_ENOUGH_MEMORY;
    else if (!fs_replace_content(uicc->fs, file, buf_span(&content)))
        status = SW_MEMORY_FAILURE;
    buf_free(&content);
    return status;
}

/* The object's header must be in the first block. */
static uint16_t begin_setting(struct uicc_transfer *transfer, const struct fs_file *file, struct span data)
{
    size_t header, content;
    uint32_t tag;

    uicc_end_transfer(transfer);
    if (tlv_header(data, &tag, &header, &content) != TLV_OK || tag == TAG_LIST)
        return SW_WRONG_DATA;
    if (content > OBJECT_MAX || (file->maximum_size > 0 && header + content > file->maximum_size))
        return SW_NOT_ENOUGH_MEMORY;
    *transfer = (struct uicc_transfer){.direction = UICC_SET, .tag = tag, .expected = header + content};
    return SW_OK;
}

uint16_t uicc_set_data(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_transfer *transfer = &uicc_channel(uicc, command)->transfer;
    struct fs_file *file;
    uint32_t tag;
    uint16_t status = uicc_open_ef(uicc, command, command->p1, 1 << SAIP_FILE_BER_TLV, UICC_UPDATE, &file);

    (void)response;
    if (status != SW_OK)
        return status;
    if (command->data.size == 0)
        return SW_WRONG_LENGTH;
    /* A tag alone deletes the object. */
    if (command->p2 == FIRST_BLOCK && read_tag(command->data, &tag)) {
        uicc_end_transfer(transfer);
        return bertlv_store(uicc, file, tag, SPAN_NONE);
    }
    if (command->p2 == FIRST_BLOCK)
        status = begin_setting(transfer, file, command->data);
    else if (transfer->direction != UICC_SET)
        status = SW_CONDITIONS_NOT_SATISFIED;
    if (status == SW_OK && command->data.size > transfer->expected - transfer->data.size)
        status = SW_WRONG_DATA;
    if (status == SW_OK)
        buf_append(&transfer->data, command->data);
    if (status == SW_OK && transfer->data.failed)
        status = SW_NOT_ENOUGH_MEMORY;
    if (status == SW_OK && transfer->data.size < transfer->expected)
        return SW_MORE_TO_SET;
    if (status == SW_OK)
        status = bertlv_store(uicc, file, transfer->tag, buf_span(&transfer->data));
    uicc_end_transfer(transfer);
    return status;
}
