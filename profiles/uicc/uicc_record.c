/*
 * READ RECORD, UPDATE RECORD and INCREASE (ETSI TS 102 221 11.1.5, 11.1.6, 11.1.8).
 */
#include "profiles/uicc/uicc_commands.h"

#include <string.h>

/* P2: short identifier in bits 8 to 4, mode in bits 3 to 1. */
enum { MODE_MASK = 0x07, MODE_NEXT = 0x02, MODE_PREVIOUS = 0x03, MODE_ABSOLUTE = 0x04 };

/* The record after (before) the pointer; a cyclic file goes on at its other end. 0: none. */
static size_t step(const struct fs_file *file, size_t pointer, bool forward)
{
    size_t count = fs_records(file);
    bool cyclic = file->kind == SAIP_FILE_CYCLIC;

    if (forward)
        return pointer < count ? pointer + 1 : cyclic ? 1 : 0;
    if (pointer == 0)
        return count;
    return pointer > 1 ? pointer - 1 : cyclic ? count : 0;
}

/* The record that P1 and the mode mean; *moves: the record pointer goes there when the command succeeds. */
static uint16_t find_record(const struct uicc_channel *channel, const struct fs_file *file,
                            const struct apdu_command *command, size_t *record, bool *moves)
{
    uint8_t mode = command->p2 & MODE_MASK;

    switch (mode) {
    case MODE_NEXT:
    case MODE_PREVIOUS:
        if (command->p1 != 0)
            return SW_WRONG_P1_P2;
        *record = step(file, channel->record, mode == MODE_NEXT);
        *moves = true;
        break;
    case MODE_ABSOLUTE:
        *record = command->p1 != 0 ? command->p1 : channel->record;
        *moves = false;
        break;
    default:
        return SW_WRONG_P1_P2;
    }
    return fs_record(file, *record).data != NULL ? SW_OK : SW_UICC_RECORD_NOT_FOUND;
}

uint16_t uicc_read_record(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *file;
    size_t record;
    bool moves;
    uint16_t status = uicc_open_ef(uicc, command, command->p2 >> 3, UICC_RECORD_FILES, UICC_READ, &file);

    if (status == SW_OK)
        status = find_record(channel, file, command, &record, &moves);
    if (status == SW_OK)
        status = uicc_check_le(command, file->record_size);
    if (status != SW_OK)
        return status;
    buf_append(response, fs_record(file, record));
    if (moves)
        channel->record = record;
    return SW_OK;
}

/* The oldest record of a cyclic file is written over and becomes record 1: PREVIOUS only. */
static uint16_t update_cyclic(struct uicc *uicc, const struct apdu_command *command, struct fs_file *file)
{
    if ((command->p2 & MODE_MASK) != MODE_PREVIOUS || command->p1 != 0)
        return SW_WRONG_P1_P2;
    if (command->data.size != file->record_size)
        return SW_WRONG_LENGTH;
    if (!fs_write_cyclic(uicc->fs, file, command->data))
        return SW_MEMORY_FAILURE;
    uicc_channel(uicc, command)->record = 1;
    return SW_OK;
}

uint16_t uicc_update_record(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *file;
    size_t record;
    bool moves;
    uint16_t status = uicc_open_ef(uicc, command, command->p2 >> 3, UICC_RECORD_FILES, UICC_UPDATE, &file);

    (void)response;
    if (status != SW_OK)
        return status;
    if (file->kind == SAIP_FILE_CYCLIC)
        return update_cyclic(uicc, command, file);
    status = find_record(channel, file, command, &record, &moves);
    if (status != SW_OK)
        return status;
    if (command->data.size != file->record_size)
        return SW_WRONG_LENGTH;
    if (!fs_write(uicc->fs, file, (record - 1) * file->record_size, command->data))
        return SW_MEMORY_FAILURE;
    if (moves)
        channel->record = record;
    return SW_OK;
}

/* --- INCREASE -------------------------------------------------------------------------------------- */

/* P1: 00, or the short identifier with bit 8. */
enum { P1_SFI = 0x80, P1_SFI_MASK = 0x1F, VALUE_MAX = 127 };

/* Adds a number to another one that ends at the same octet; false when the sum has more octets. */
static bool record_add(uint8_t *sum, size_t size, struct span value)
{
    unsigned carry = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned digit = sum[size - 1 - i] + carry;

        if (i < value.size)
            digit += value.data[value.size - 1 - i];
        sum[size - 1 - i] = (uint8_t)digit;
        carry = digit >> 8;
    }
    return carry == 0;
}

uint16_t uicc_increase(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    bool by_sfi = (command->p1 & P1_SFI) != 0;
    uint8_t sum[UINT8_MAX];
    struct fs_file *file;
    uint16_t status;

    if ((!by_sfi && command->p1 != 0) || command->p1 == P1_SFI)
        return SW_WRONG_P1_P2;
    status = uicc_open_ef(uicc, command, command->p1 & P1_SFI_MASK, 1 << SAIP_FILE_CYCLIC, 0, &file);
    if (status != SW_OK)
        return status;
    if (command->data.size > VALUE_MAX || command->data.size > file->record_size ||
        file->record_size > sizeof(sum))
        return SW_WRONG_LENGTH;
    if (fs_record(file, 1).data == NULL)
        return SW_UICC_RECORD_NOT_FOUND;
    memcpy(sum, fs_record(file, 1).data, file->record_size);
    if (!record_add(sum, file->record_size, command->data))
        return SW_UICC_MAX_REACHED;
    if (!fs_write_cyclic(uicc->fs, file, SPAN(sum, file->record_size)))
        return SW_MEMORY_FAILURE;
    uicc_channel(uicc, command)->record = 1;
    buf_append(response, SPAN(sum, file->record_size));
    buf_append(response, command->data);
    return SW_OK;
}
