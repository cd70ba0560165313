/*
 * A file's life after its creation: ACTIVATE FILE and DEACTIVATE FILE (ETSI TS 102 221 11.1.14, 11.1.15,
 * TS 102 222 6.5, 6.6), TERMINATE EF, TERMINATE DF, TERMINATE CARD USAGE and DELETE FILE (TS 102 222 6.4, 6.7
 * to 6.9). CREATE FILE and RESIZE FILE are in uicc_create.c.
 */
#include "profiles/uicc/uicc_commands.h"

/* P1: how the data field names the file. Without data it is the current one. */
enum { BY_FID = 0x00, BY_PATH_FROM_MF = 0x08, BY_PATH_FROM_CURRENT = 0x09 };

/* --- which file ------------------------------------------------------------------------------------ */

static uint16_t find_target(const struct uicc *uicc, const struct uicc_channel *channel,
                            const struct apdu_command *command, struct fs_file **file,
                            struct fs_file **directory)
{
    if (command->p1 != BY_FID && command->p1 != BY_PATH_FROM_MF && command->p1 != BY_PATH_FROM_CURRENT)
        return SW_WRONG_P1_P2;
    if (command->data.size > 0)
        return uicc_find_file(uicc, channel, command, file, directory);
    if (command->p1 != BY_FID)
        return SW_WRONG_LENGTH;
    *file = channel->file != NULL ? channel->file : channel->directory;
    *directory = channel->directory;
    return SW_OK;
}

/* The file becomes current, as after SELECT. */
static void make_current(struct uicc_channel *channel, struct fs_file *file, struct fs_file *directory)
{
    if (file == channel->file || (file == channel->directory && channel->file == NULL))
        return;
    uicc_enter(channel, file);
    if (!fs_is_directory(file))
        channel->directory = directory;
}

/* --- life cycle status ----------------------------------------------------------------------------- */

enum target { ANY_FILE, EF_ONLY, DF_ONLY };

static bool is_wanted(const struct fs_file *file, enum target target)
{
    return target == ANY_FILE || (target == DF_ONLY) == fs_is_directory(file);
}

/* A terminated file stays so, and what is above it must be in use. */
static uint16_t check_changeable(const struct fs_file *file)
{
    if (uicc_is_terminated(file))
        return SW_CONDITIONS_NOT_SATISFIED;
    return file->parent != NULL ? uicc_check_state(file->parent) : SW_OK;
}

static uint16_t set_life_cycle(struct uicc *uicc, const struct apdu_command *command, enum target target,
                               uint8_t mode, uint8_t life_cycle)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *file, *directory;
    uint16_t status = find_target(uicc, channel, command, &file, &directory);

    if (status != SW_OK)
        return status;
    if (!is_wanted(file, target))
        return SW_UICC_INCOMPATIBLE;
    status = uicc_check_access(uicc, file, mode, command->ins);
    if (status == SW_OK)
        status = check_changeable(file);
    if (status != SW_OK)
        return status;
    if (uicc_is_taken(uicc, channel, file))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (!fs_set_life_cycle(uicc->fs, file, life_cycle))
        return SW_MEMORY_FAILURE;
    make_current(channel, file, directory);
    return SW_OK;
}

uint16_t uicc_activate_file(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    (void)response;
    return set_life_cycle(uicc, command, ANY_FILE, UICC_ACTIVATE, FS_ACTIVATED);
}

uint16_t uicc_deactivate_file(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    (void)response;
    return set_life_cycle(uicc, command, ANY_FILE, UICC_DEACTIVATE, FS_DEACTIVATED);
}

uint16_t uicc_terminate_ef(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    (void)response;
    return set_life_cycle(uicc, command, EF_ONLY, UICC_TERMINATE, FS_TERMINATED);
}

/* MF is terminated by TERMINATE CARD USAGE only. */
uint16_t uicc_terminate_df(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_file *file, *directory;
    uint16_t status = find_target(uicc, uicc_channel(uicc, command), command, &file, &directory);

    (void)response;
    if (status == SW_OK && file == uicc->fs->mf)
        status = SW_CONDITIONS_NOT_SATISFIED;
    if (status != SW_OK)
        return status;
    return set_life_cycle(uicc, command, DF_ONLY, UICC_TERMINATE, FS_TERMINATED);
}

/* Afterwards uicc_process serves SELECT and STATUS only. It concerns this profile's UICC;
 * the card goes on. */
uint16_t uicc_terminate_card_usage(struct uicc *uicc, const struct apdu_command *command,
                                   struct buf *response)
{
    uint16_t status;

    (void)response;
    status = uicc_check_access(uicc, uicc->fs->mf, UICC_TERMINATE, command->ins);
    if (status != SW_OK)
        return status;
    return fs_set_life_cycle(uicc->fs, uicc->fs->mf, FS_TERMINATED) ? SW_OK : SW_MEMORY_FAILURE;
}

/* --- DELETE FILE ----------------------------------------------------------------------------------- */

static bool is_within(const struct fs_file *file, const struct fs_file *top)
{
    for (; file != NULL; file = file->parent)
        if (file == top)
            return true;
    return false;
}

/* Reading of TS 102 221 8.8: what another channel has selected cannot be deleted under it. */
static bool is_used_elsewhere(const struct uicc *uicc, const struct uicc_channel *own,
                              const struct fs_file *file)
{
    for (size_t i = 0; i < APDU_CHANNELS; i++) {
        const struct uicc_channel *other = &uicc->channels[i];

        if (other != own && (is_within(other->directory, file) || is_within(other->file, file) ||
                             is_within(other->application, file)))
            return true;
    }
    return false;
}

/* The channel leaves a file that is about to go; its directory becomes current. */
static void uicc_admin_leave(struct uicc *uicc, unsigned number, const struct fs_file *file)
{
    struct uicc_channel *channel = &uicc->channels[number];

    if (is_within(channel->application, file))
        uicc_set_application(uicc, number, NULL);
    if (is_within(channel->directory, file))
        uicc_enter(channel, file->parent);
    else if (is_within(channel->file, file))
        uicc_enter(channel, channel->directory);
}

/* Octets of a file and of what is below it; a link has none of its own. */
static int64_t memory_of(const struct fs_file *file)
{
    int64_t octets = fs_is_directory(file) || file->link != NULL ? 0 : (int64_t)file->size;

    for (const struct fs_file *child = file->first_child; child != NULL; child = child->next)
        octets += memory_of(child);
    return octets;
}

static bool give_back(const struct uicc *uicc, const struct fs_file *file)
{
    int64_t octets = memory_of(file);

    return octets == 0 || uicc->host.take_memory == NULL ||
           uicc->host.take_memory(uicc->host.context, -octets);
}

/* Reading of TS 102 222 6.4: the file's own rule for DELETE FILE decides;
 * a directory goes with all below it. */
uint16_t uicc_delete_file(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *file, *directory;
    uint16_t status = find_target(uicc, channel, command, &file, &directory);

    (void)response;
    if (status != SW_OK)
        return status;
    if (file == uicc->fs->mf)
        return SW_CONDITIONS_NOT_SATISFIED;
    status = uicc_check_access(uicc, file, UICC_DELETE, command->ins);
    if (status == SW_OK)
        status = uicc_check_state(file->parent);
    if (status != SW_OK)
        return status;
    if (is_used_elsewhere(uicc, channel, file))
        return SW_CONDITIONS_NOT_SATISFIED;
    uicc_admin_leave(uicc, command->channel, file);
    return give_back(uicc, file) && fs_delete_file(uicc->fs, file) ? SW_OK : SW_MEMORY_FAILURE;
}
