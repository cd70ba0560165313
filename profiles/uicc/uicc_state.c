/*
 * What a UICC's handlers share: the state of its channels, and what a reset does to it (ETSI TS 102 221 8.7,
 * 9.4). See uicc.h.
 */
#include "profiles/uicc/uicc.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* --- channels -------------------------------------------------------------------------------------- */

void uicc_end_transfer(struct uicc_transfer *transfer)
{
    buf_free(&transfer->data);
    *transfer = (struct uicc_transfer){0};
}

static void enter_mf(const struct uicc *uicc, struct uicc_channel *channel)
{
    uicc_end_transfer(&channel->transfer);
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

/* A PIN of an application stays verified as long as a session of it is open on any channel
 * (TS 102 221 9.4.1). */
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
    uicc_end_transfer(&channel->transfer);
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

uint16_t uicc_open_ef(struct uicc *uicc, const struct apdu_command *command, uint8_t sfi, unsigned kinds,
                      uint8_t mode, struct fs_file **file)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);

    *file = sfi != 0 ? fs_child_by_sfi(channel->directory, sfi) : channel->file;
    if (*file == NULL)
        return sfi != 0 ? SW_FILE_NOT_FOUND : SW_UICC_NO_EF;
    if (*file != channel->file)
        uicc_enter(channel, *file);
    if ((kinds & 1u << (*file)->kind) == 0)
        return SW_UICC_INCOMPATIBLE;
    return uicc_check_usable(uicc, *file, mode, command->ins);
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

void uicc_forget_suspension(struct uicc *uicc)
{
    buf_free(&uicc->suspension.verified);
    OPENSSL_cleanse(&uicc->suspension, sizeof(uicc->suspension));
    uicc->suspension = (struct uicc_suspension){0};
}

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
        uicc_end_transfer(&uicc->channels[i].transfer);
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

/* Whether the command that failed presented no value for the code: one that was counted and not stored, or
 * was right and could not give its try back, has left a counter in RAM that is not the stored one. */
static bool is_untouched(const struct fs *to, const struct fs_pin *stored, const struct fs *from,
                         const struct fs_pin *pin)
{
    const struct fs_puk *stored_puk = stored->has_puk ? fs_find_puk(to, stored->puk) : NULL;
    const struct fs_puk *puk = pin->has_puk ? fs_find_puk(from, pin->puk) : NULL;

    return stored->attempts_left == pin->attempts_left &&
           (stored_puk == NULL || puk == NULL || stored_puk->attempts_left == puk->attempts_left);
}

/* What a value of the failed command has granted, or one before it, has ended with the command. */
static void carry_verified(struct fs *to, const struct fs *from)
{
    for (size_t i = 0; i < to->pin_count; i++)
        for (size_t j = 0; j < from->pin_count; j++)
            if (to->pins[i].reference == from->pins[j].reference &&
                to->pins[i].directory->number == from->pins[j].directory->number)
                to->pins[i].verified =
                    from->pins[j].verified && is_untouched(to, &to->pins[i], from, &from->pins[j]);
}

void uicc_replace_fs(struct uicc *uicc, struct fs *fs)
{
    for (size_t i = 0; i < UICC_CHANNELS; i++) {
        struct uicc_channel *channel = &uicc->channels[i];

        channel->directory = counterpart(fs, channel->directory);
        channel->file = counterpart(fs, channel->file);
        channel->application = counterpart(fs, channel->application);
        /* An object on its way is of its file; the command that failed has seen to its own. */
        if (channel->file == NULL || channel->directory == NULL)
            uicc_end_transfer(&channel->transfer);
        if (channel->directory == NULL)
            *channel = (struct uicc_channel){.directory = fs->mf};
    }
    carry_verified(fs, uicc->fs);
    fs_free(uicc->fs);
    uicc->fs = fs;
}
