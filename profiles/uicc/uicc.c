/*
 * The UICC's command table and what handlers share (ETSI TS 102 221 10.1, 11.1). See uicc.h.
 */
#include "profiles/uicc/uicc_commands.h"

#include <stdlib.h>
#include <string.h>

enum { INS_SUSPEND_UICC = 0x76 };

/* TS 102 221 table 10.5. */
static const struct uicc_command commands[] = {
    {0x00, 0xA4, UICC_MAYBE_DATA, "SELECT", uicc_select},
    {0x00, 0xB0, UICC_NO_DATA, "READ BINARY", uicc_read_binary},
    {0x00, 0xB2, UICC_NO_DATA, "READ RECORD", uicc_read_record},
    {0x80, 0xF2, UICC_NO_DATA, "STATUS", uicc_status},
    {0x00, 0xD6, UICC_DATA, "UPDATE BINARY", uicc_update_binary},
    {0x00, 0xDC, UICC_DATA, "UPDATE RECORD", uicc_update_record},
    {0x00, 0xA2, UICC_DATA, "SEARCH RECORD", uicc_search_record},
    {0x80, 0x32, UICC_DATA, "INCREASE", uicc_increase},
    {0x80, 0xCB, UICC_MAYBE_DATA, "RETRIEVE DATA", uicc_retrieve_data},
    {0x80, 0xDB, UICC_MAYBE_DATA, "SET DATA", uicc_set_data},
    {0x00, 0x20, UICC_MAYBE_DATA, "VERIFY PIN", uicc_verify_pin},
    {0x00, 0x24, UICC_DATA, "CHANGE PIN", uicc_change_pin},
    {0x00, 0x26, UICC_DATA, "DISABLE PIN", uicc_disable_pin},
    {0x00, 0x28, UICC_DATA, "ENABLE PIN", uicc_enable_pin},
    {0x00, 0x2C, UICC_MAYBE_DATA, "UNBLOCK PIN", uicc_unblock_pin},
    {0x00, 0x04, UICC_MAYBE_DATA, "DEACTIVATE FILE", uicc_deactivate_file},
    {0x00, 0x44, UICC_MAYBE_DATA, "ACTIVATE FILE", uicc_activate_file},
    {0x00, 0x84, UICC_NO_DATA, "GET CHALLENGE", uicc_get_challenge},
    {0x80, INS_SUSPEND_UICC, UICC_DATA, "SUSPEND UICC", uicc_suspend},
    /* TS 102 222 table 1. */
    {0x00, 0xE0, UICC_DATA, "CREATE FILE", uicc_create_file},
    {0x00, 0xE4, UICC_DATA, "DELETE FILE", uicc_delete_file},
    {0x00, 0xE6, UICC_MAYBE_DATA, "TERMINATE DF", uicc_terminate_df},
    {0x00, 0xE8, UICC_MAYBE_DATA, "TERMINATE EF", uicc_terminate_ef},
    {0x00, 0xFE, UICC_NO_DATA, "TERMINATE CARD USAGE", uicc_terminate_card_usage},
    {0x80, 0xD4, UICC_DATA, "RESIZE FILE", uicc_resize_file},
    {0x00, 0x88, UICC_DATA, "AUTHENTICATE", uicc_authenticate},
    {0x00, 0x89, UICC_MAYBE_DATA, "AUTHENTICATE", uicc_authenticate_objects},
    {0x80, 0x78, UICC_NO_DATA, "GET IDENTITY", uicc_get_identity},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct uicc_command *uicc_command_at(size_t index)
{
    return index < COMMAND_COUNT ? &commands[index] : NULL;
}

/* --- channels -------------------------------------------------------------------------------------- */

static void end_transfer(struct uicc_transfer *transfer)
{
    buf_free(&transfer->data);
    *transfer = (struct uicc_transfer){0};
}

static void enter_mf(const struct uicc *uicc, struct uicc_channel *channel)
{
    end_transfer(&channel->transfer);
    *channel = (struct uicc_channel){.directory = uicc->fs->mf};
}

void uicc_open_channel(struct uicc *uicc, unsigned channel, unsigned from)
{
    struct uicc_channel *opened = &uicc->channels[channel];
    const struct uicc_channel *origin = &uicc->channels[from];

    enter_mf(uicc, opened);
    if (from == 0)
        return;
    opened->directory = origin->directory;
    opened->file = origin->file;
    opened->application = origin->application;
}

/* A PIN of an application stays verified as long as a session of it is open on any channel (TS 102
 * 221 9.4.1). */
static void end_session(struct uicc *uicc, const struct fs_file *application)
{
    if (application == NULL)
        return;
    for (size_t i = 0; i < APDU_CHANNELS; i++)
        if (uicc->channels[i].application == application)
            return;
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        if (uicc->fs->pins[i].directory == application)
            uicc->fs->pins[i].verified = false;
}

void uicc_set_application(struct uicc *uicc, unsigned channel, struct fs_file *application)
{
    const struct fs_file *before = uicc->channels[channel].application;

    uicc->channels[channel].application = application;
    if (before != application)
        end_session(uicc, before);
}

void uicc_close_channel(struct uicc *uicc, unsigned channel)
{
    uicc_set_application(uicc, channel, NULL);
    enter_mf(uicc, &uicc->channels[channel]);
}

void uicc_enter(struct uicc_channel *channel, struct fs_file *file)
{
    end_transfer(&channel->transfer);
    channel->record = 0;
    if (fs_is_directory(file)) {
        channel->directory = file;
        channel->file = NULL;
    } else {
        channel->file = file;
    }
}

struct uicc_channel *uicc_channel(struct uicc *uicc, const struct apdu_command *command)
{
    return &uicc->channels[command->channel];
}

uint16_t uicc_find_ef(struct uicc_channel *channel, uint8_t sfi, struct fs_file **file)
{
    if (sfi != 0) {
        *file = fs_child_by_sfi(channel->directory, sfi);
        if (*file == NULL)
            return SW_FILE_NOT_FOUND;
        if (*file != channel->file)
            uicc_enter(channel, *file);
    }
    *file = channel->file;
    return *file != NULL ? SW_OK : SW_UICC_NO_EF;
}

uint16_t uicc_check_le(const struct apdu_command *command, size_t size)
{
    bool whole = command->ne == (command->extended ? APDU_EXTENDED_NE : APDU_SHORT_NE);

    if (command->ne == 0)
        return SW_WRONG_LENGTH;
    if (whole || command->ne == size)
        return SW_OK;
    return size <= APDU_SHORT_NE ? (uint16_t)(SW_WRONG_LE | (size & 0xFF)) : SW_WRONG_LENGTH;
}

/* --- power ----------------------------------------------------------------------------------------- */

struct uicc *uicc_new(struct fs *fs, const struct uicc_host *host)
{
    struct uicc *uicc = calloc(1, sizeof(*uicc));

    if (uicc == NULL) {
        fs_free(fs);
        return NULL;
    }
    uicc->fs = fs;
    uicc->host = *host;
    uicc_reset(uicc);
    return uicc;
}

void uicc_free(struct uicc *uicc)
{
    if (uicc == NULL)
        return;
    for (size_t i = 0; i < UICC_CHANNELS; i++)
        end_transfer(&uicc->channels[i].transfer);
    uicc_forget_suspension(uicc);
    fs_free(uicc->fs);
    free(uicc);
}

void uicc_reset(struct uicc *uicc)
{
    /* What SUSPEND UICC has kept stays for the first command after one reset. */
    if (uicc->suspension.is_suspended && !uicc->suspension.was_reset)
        uicc->suspension.was_reset = true;
    else
        uicc_forget_suspension(uicc);
    for (size_t i = 0; i < UICC_CHANNELS; i++)
        enter_mf(uicc, &uicc->channels[i]);
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        uicc->fs->pins[i].verified = false;
}

static struct fs_file *counterpart(const struct fs *fs, const struct fs_file *file)
{
    return file != NULL ? fs_file(fs, file->number) : NULL;
}

static void carry_verified(struct fs *to, const struct fs *from)
{
    for (size_t i = 0; i < to->pin_count; i++)
        for (size_t j = 0; j < from->pin_count; j++)
            if (to->pins[i].reference == from->pins[j].reference &&
                to->pins[i].directory->number == from->pins[j].directory->number)
                to->pins[i].verified = from->pins[j].verified;
}

void uicc_replace_fs(struct uicc *uicc, struct fs *fs)
{
    for (size_t i = 0; i < UICC_CHANNELS; i++) {
        struct uicc_channel *channel = &uicc->channels[i];

        end_transfer(&channel->transfer);
        channel->directory = counterpart(fs, channel->directory);
        channel->file = counterpart(fs, channel->file);
        channel->application = counterpart(fs, channel->application);
        if (channel->directory == NULL)
            *channel = (struct uicc_channel){.directory = fs->mf};
    }
    carry_verified(fs, uicc->fs);
    fs_free(uicc->fs);
    uicc->fs = fs;
}

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

static uint16_t serve(struct uicc *uicc, const struct uicc_command *row, const struct apdu_command *command,
                      struct buf *response)
{
    uicc->described = row->name;
    if (!data_fits(row, command))
        return SW_WRONG_LENGTH;
    return is_refused(uicc, row) ? SW_CONDITIONS_NOT_SATISFIED : row->handler(uicc, command, response);
}

uint16_t uicc_process(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    uint16_t status = SW_INS_NOT_SUPPORTED;

    uicc->described = NULL;
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
        return serve(uicc, row, command, response);
    }
    return status;
}
