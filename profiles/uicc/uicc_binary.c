/*
 * READ BINARY and UPDATE BINARY (ETSI TS 102 221 11.1.3, 11.1.4).
 */
#include "profiles/uicc/uicc_commands.h"

/* P1: bit 8 says that bits 5 to 1 are a short identifier and P2 the offset; else P1 and P2 are the offset. */
enum { P1_SFI = 0x80, P1_SFI_RESERVED = 0x60, P1_SFI_MASK = 0x1F };

/* Finds the file, checks that the command may use it, and that the offset is in it. */
static uint16_t locate(struct uicc *uicc, const struct apdu_command *command, uint8_t mode,
                       struct fs_file **file, size_t *offset)
{
    bool by_sfi = (command->p1 & P1_SFI) != 0;
    uint8_t sfi = by_sfi ? command->p1 & P1_SFI_MASK : 0;
    uint16_t status;

    if (by_sfi && ((command->p1 & P1_SFI_RESERVED) != 0 || sfi == 0))
        return SW_WRONG_P1_P2;
    status = uicc_open_ef(uicc, command, sfi, 1 << SAIP_FILE_TRANSPARENT, mode, file);
    if (status != SW_OK)
        return status;
    *offset = by_sfi ? command->p2 : (size_t)command->p1 << 8 | command->p2;
    return *offset < fs_content(*file).size ? SW_OK : SW_BAD_P1_P2;
}

uint16_t uicc_read_binary(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_file *file;
    struct span content;
    size_t offset;
    size_t size;
    uint16_t status = locate(uicc, command, UICC_READ, &file, &offset);

    if (status != SW_OK)
        return status;
    content = fs_content(file);
    size = content.size - offset;
    /* Less than what is left may be asked for, more may not. */
    if (command->ne < size && command->ne > 0)
        size = command->ne;
    status = uicc_check_le(command, size);
    if (status == SW_OK)
        buf_append(response, SPAN(content.data + offset, size));
    return status;
}

uint16_t uicc_update_binary(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_file *file;
    size_t offset;
    uint16_t status = locate(uicc, command, UICC_UPDATE, &file, &offset);

    (void)response;
    if (status != SW_OK)
        return status;
    if (command->data.size > fs_content(file).size - offset)
        return SW_WRONG_LENGTH;
    return fs_write(uicc->fs, file, offset, command->data) ? SW_OK : SW_MEMORY_FAILURE;
}
