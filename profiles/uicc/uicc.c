/*
 * The UICC's command table (ETSI TS 102 221 10.1, 11.1). See uicc.h; what the handlers share is
 * uicc_state.c's.
 */
#include "profiles/uicc/uicc_commands.h"

/* A row of the command table. Checked before the handler is called: the class, that there is a data field or
 * not (6700), and that P1 and P2 have no other bits (6A86). What Le asks for is the handler's; the transport
 * cuts nothing. */
struct uicc_command {
    uint8_t cla_base; /* 0x00 or 0x80; another one answers 6E00 */
    uint8_t ins;
    uint8_t p1, p2;                                         /* the bits that may be set */
    enum { UICC_NO_DATA, UICC_DATA, UICC_MAYBE_DATA } data; /* command data field */
    const char *name;                                       /* "READ BINARY" */
    uicc_handler *handler;
};

/* TS 102 221 table 10.5. */
static const struct uicc_command commands[] = {
    {0x00, 0xA4, 0xFF, 0xFF, UICC_MAYBE_DATA, "SELECT", uicc_select},
    {0x00, 0xB0, 0xFF, 0xFF, UICC_NO_DATA, "READ BINARY", uicc_read_binary},
    {0x00, 0xB2, 0xFF, 0xFF, UICC_NO_DATA, "READ RECORD", uicc_read_record},
    {0x80, 0xF2, 0xFF, 0xFF, UICC_NO_DATA, "STATUS", uicc_status},
    {0x00, 0xD6, 0xFF, 0xFF, UICC_DATA, "UPDATE BINARY", uicc_update_binary},
    {0x00, 0xDC, 0xFF, 0xFF, UICC_DATA, "UPDATE RECORD", uicc_update_record},
    {0x00, 0xA2, 0xFF, 0xFF, UICC_DATA, "SEARCH RECORD", uicc_search_record},
    {0x80, 0x32, 0x9F, 0x00, UICC_DATA, "INCREASE", uicc_increase},
    {0x80, 0xCB, 0x1F, 0x80, UICC_MAYBE_DATA, "RETRIEVE DATA", uicc_retrieve_data},
    {0x80, 0xDB, 0x1F, 0x80, UICC_MAYBE_DATA, "SET DATA", uicc_set_data},
    {0x00, 0x20, 0x00, 0xFF, UICC_MAYBE_DATA, "VERIFY PIN", uicc_verify_pin},
    {0x00, 0x24, 0x00, 0xFF, UICC_DATA, "CHANGE PIN", uicc_change_pin},
    {0x00, 0x26, 0xFF, 0xFF, UICC_DATA, "DISABLE PIN", uicc_disable_pin},
    {0x00, 0x28, 0x00, 0xFF, UICC_DATA, "ENABLE PIN", uicc_enable_pin},
    {0x00, 0x2C, 0x00, 0xFF, UICC_MAYBE_DATA, "UNBLOCK PIN", uicc_unblock_pin},
    {0x00, 0x04, 0x09, 0x00, UICC_MAYBE_DATA, "DEACTIVATE FILE", uicc_deactivate_file},
    {0x00, 0x44, 0x09, 0x00, UICC_MAYBE_DATA, "ACTIVATE FILE", uicc_activate_file},
    {0x00, 0x84, 0x00, 0x00, UICC_NO_DATA, "GET CHALLENGE", uicc_get_challenge},
    {0x80, INS_SUSPEND_UICC, 0x01, 0x00, UICC_DATA, "SUSPEND UICC", uicc_suspend},
    /* TS 102 222 table 1. */
    {0x00, 0xE0, 0x00, 0x00, UICC_DATA, "CREATE FILE", uicc_create_file},
    {0x00, 0xE4, 0x09, 0x00, UICC_DATA, "DELETE FILE", uicc_delete_file},
    {0x00, 0xE6, 0x09, 0x00, UICC_MAYBE_DATA, "TERMINATE DF", uicc_terminate_df},
    {0x00, 0xE8, 0x09, 0x00, UICC_MAYBE_DATA, "TERMINATE EF", uicc_terminate_ef},
    {0x00, 0xFE, 0x00, 0x00, UICC_NO_DATA, "TERMINATE CARD USAGE", uicc_terminate_card_usage},
    {0x80, 0xD4, 0x01, 0x00, UICC_DATA, "RESIZE FILE", uicc_resize_file},
    {0x00, 0x88, 0x00, 0xFF, UICC_DATA, "AUTHENTICATE", uicc_authenticate},
    {0x00, 0x89, 0xFF, 0xFF, UICC_MAYBE_DATA, "AUTHENTICATE", uicc_authenticate_objects},
    {0x80, 0x78, 0x00, 0xFF, UICC_NO_DATA, "GET IDENTITY", uicc_get_identity},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* --- dispatch -------------------------------------------------------------------------------------- */

static bool data_fits(const struct uicc_command *row, const struct apdu_command *command)
{
    return row->data == UICC_MAYBE_DATA || (row->data == UICC_DATA) == (command->data.size > 0);
}

/* After TERMINATE CARD USAGE (TS 102 222 6.9) what is left can be seen, not used. */
static bool is_refused(const struct uicc *uicc, const struct uicc_command *row)
{
    return uicc_is_terminated(uicc->fs->mf) && row->handler != uicc_select && row->handler != uicc_status;
}

static uint16_t uicc_serve(struct uicc *uicc, const struct uicc_command *row,
                           const struct apdu_command *command, struct buf *response)
{
    uicc->described = row->name;
    if (!data_fits(row, command))
        return SW_WRONG_LENGTH;
    if (is_refused(uicc, row))
        return SW_CONDITIONS_NOT_SATISFIED;
    if ((command->p1 & ~row->p1) != 0 || (command->p2 & ~row->p2) != 0)
        return SW_WRONG_P1_P2;
    return row->handler(uicc, command, response);
}

uint16_t uicc_process(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    uint16_t status = SW_INS_NOT_SUPPORTED;

    uicc->described = NULL;
    fs_begin_command(uicc->fs);
    if (uicc->suspension.is_suspended && command->ins != INS_SUSPEND_UICC)
        uicc_forget_suspension(uicc);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct uicc_command *row = &commands[i];

        if (row->ins != command->ins)
            continue;
        if (row->cla_base != command->cla_base) {
            status = SW_CLA_NOT_SUPPORTED;
            continue;
        }
        return uicc_serve(uicc, row, command, response);
    }
    return status;
}
