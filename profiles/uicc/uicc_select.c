/*
 * SELECT and STATUS (ETSI TS 102 221 8.4, 11.1.1, 11.1.2). SELECT by AID comes here once the floor above has
 * found that the AID is not one of its own applications.
 */
#include "profiles/uicc/uicc_commands.h"

#include "apdu/tlv.h"

/* SELECT, tables 11.1 and 11.2. */
enum {
    BY_FID = 0x00,
    BY_CHILD_DF = 0x01,
    BY_PARENT = 0x03,
    BY_AID = 0x04,
    BY_PATH_FROM_MF = 0x08,
    BY_PATH_FROM_CURRENT = 0x09,
    P2_RESERVED = 0xB0,
    P2_RESPONSE = 0x0C,
    P2_FCI = 0x00,
    P2_FCP = 0x04,
    P2_NO_RESPONSE = 0x0C,
    P2_TERMINATE = 0x40,
    P2_OCCURRENCE = 0x03,
    AID_MIN = 5,
    AID_MAX = 16,
};

/* An ADF is found by its AID only. */
static struct fs_file *child(const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = fs_child(directory, fid);

    return found != NULL && found->kind != SAIP_FILE_ADF ? found : NULL;
}

static struct fs_file *child_directory(const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = child(directory, fid);

    return found != NULL && fs_is_directory(found) ? found : NULL;
}

/* What a file identifier alone reaches from the current directory, 8.4.1. */
static struct fs_file *by_fid(const struct uicc *uicc, const struct uicc_channel *channel, uint16_t fid)
{
    struct fs_file *current = channel->directory;
    struct fs_file *parent = current->parent;
    struct fs_file *found;

    if (fid == FS_FID_MF)
        return uicc->fs->mf;
    if (fid == FS_FID_CURRENT_ADF)
        return channel->application;
    found = child(current, fid);
    if (found != NULL)
        return found;
    if (current->fid == fid && current->kind != SAIP_FILE_ADF)
        return current;
    if (parent == NULL)
        return NULL;
    if (parent->fid == fid && parent->kind != SAIP_FILE_ADF)
        return parent;
    return child_directory(parent, fid);
}

/* A path's identifiers, each a child of the one before; 7FFF in front is the current ADF. *directory is the
 * last one on the way: of an EF in a linked directory that is the link, which the terminal went through. */
static struct fs_file *by_path(const struct uicc_channel *channel, struct fs_file *from, struct span path,
                               struct fs_file **directory)
{
    struct fs_file *at = from;

    for (size_t i = 0; i < path.size && at != NULL; i += 2) {
        uint16_t fid = (uint16_t)span_number(SPAN(path.data + i, 2));

        *directory = at;
        if (i == 0 && fid == FS_FID_CURRENT_ADF)
            at = channel->application;
        else
            at = fs_is_directory(at) ? child(at, fid) : NULL;
    }
    return at;
}

uint16_t uicc_find_file(const struct uicc *uicc, const struct uicc_channel *channel,
                        const struct apdu_command *command, struct fs_file **found,
                        struct fs_file **directory)
{
    struct span data = command->data;
    bool is_path = data.size >= 2 && data.size % 2 == 0;
    uint16_t fid = (uint16_t)span_number(data);

    *directory = channel->directory;
    switch (command->p1) {
    case BY_FID:
        if (data.size != 2 && data.size != 0)
            return SW_WRONG_LENGTH;
        /* Reading: no data selects MF, as ISO/IEC 7816-4 11.1.1 has it. */
        *found = data.size == 2 ? by_fid(uicc, channel, fid) : uicc->fs->mf;
        break;
    case BY_CHILD_DF:
        if (data.size != 2)
            return SW_WRONG_LENGTH;
        *found = child_directory(channel->directory, fid);
        break;
    case BY_PARENT:
        if (data.size != 0)
            return SW_WRONG_LENGTH;
        *found = channel->directory->parent;
        break;
    case BY_PATH_FROM_MF:
    case BY_PATH_FROM_CURRENT:
        if (!is_path)
            return SW_WRONG_LENGTH;
        *found = by_path(channel, command->p1 == BY_PATH_FROM_MF ? uicc->fs->mf : channel->directory, data,
                         directory);
        break;
    default:
        return SW_WRONG_P1_P2;
    }
    return *found != NULL ? SW_OK : SW_FILE_NOT_FOUND;
}

/* Reading of 8.8: a file that is not shareable can be current on one channel only; another one's SELECT
 * answers 6985. MF is always shared. */
bool uicc_is_taken(const struct uicc *uicc, const struct uicc_channel *own, const struct fs_file *file)
{
    if (file->shareable || file->parent == NULL)
        return false;
    for (size_t i = 0; i < APDU_CHANNELS; i++) {
        const struct uicc_channel *other = &uicc->channels[i];

        if (other != own && (other->directory == file || other->file == file))
            return true;
    }
    return false;
}

/* What SELECT answers about a file: data if P2 asks for it, and warnings about its state. */
static uint16_t uicc_select_answer(const struct uicc *uicc, const struct apdu_command *command,
                                   const struct fs_file *file, struct buf *response)
{
    if ((command->p2 & P2_RESPONSE) != P2_NO_RESPONSE)
        uicc_put_fcp(uicc, file, response);
    if (uicc_is_terminated(file))
        return SW_UICC_FILE_TERMINATED;
    return uicc_is_deactivated(file) ? SW_UICC_FILE_DEACTIVATED : SW_OK;
}

/* Reading: P2 00 (first occurrence, FCI in ISO/IEC 7816-4) asks for the FCP too. */
static bool is_good_p2(uint8_t p2)
{
    uint8_t response = p2 & P2_RESPONSE;

    return (p2 & P2_RESERVED) == 0 &&
           (response == P2_FCI || response == P2_FCP || response == P2_NO_RESPONSE);
}

uint16_t uicc_select(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *found, *directory;
    uint16_t status;

    if (!is_good_p2(command->p2))
        return SW_WRONG_P1_P2;
    if (command->p1 == BY_AID) {
        if (command->data.size < AID_MIN || command->data.size > AID_MAX)
            return SW_WRONG_LENGTH;
        found = uicc_find_application(uicc, command->data, command->p2 & P2_OCCURRENCE, channel->application);
        return found != NULL ? uicc_select_application(uicc, command, found, response) : SW_FILE_NOT_FOUND;
    }
    if ((command->p2 & (P2_TERMINATE | P2_OCCURRENCE)) != 0)
        return SW_WRONG_P1_P2;
    status = uicc_find_file(uicc, channel, command, &found, &directory);
    if (status != SW_OK)
        return status;
    if (uicc_is_taken(uicc, channel, found))
        return SW_CONDITIONS_NOT_SATISFIED;
    uicc_enter(channel, found);
    if (!fs_is_directory(found))
        channel->directory = directory;
    return uicc_select_answer(uicc, command, found, response);
}

/* --- applications ---------------------------------------------------------------------------------- */

static bool select_fits(const struct fs_file *file, struct span aid)
{
    return file != NULL && file->kind == SAIP_FILE_ADF && span_begins_with(fs_aid_span(&file->aid), aid);
}

struct fs_file *uicc_find_application(const struct uicc *uicc, struct span aid,
                                      enum uicc_occurrence occurrence, const struct fs_file *current)
{
    struct fs_file *found = NULL;

    for (size_t i = 0; i < uicc->fs->file_count; i++) {
        struct fs_file *file = uicc->fs->files[i];

        if (!select_fits(file, aid))
            continue;
        if (occurrence == UICC_PREVIOUS && file == current)
            return found;
        if (occurrence == UICC_NEXT && (current == NULL || file->number <= current->number))
            continue;
        if (occurrence == UICC_FIRST || occurrence == UICC_NEXT)
            return file;
        found = file;
    }
    return occurrence == UICC_LAST ? found : NULL;
}

uint16_t uicc_select_application(struct uicc *uicc, const struct apdu_command *command,
                                 struct fs_file *application, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    uint16_t status;

    /* The floor above comes here past uicc_process: this too is a command after which nothing is resumed. */
    uicc_forget_suspension(uicc);
    if ((command->p2 & P2_TERMINATE) != 0) {
        if (channel->application != application)
            return SW_CONDITIONS_NOT_SATISFIED;
        status = uicc_select_answer(uicc, command, application, response);
        uicc_set_application(uicc, command->channel, NULL);
        uicc_enter(channel, uicc->fs->mf);
        return status;
    }
    if (uicc_is_taken(uicc, channel, application))
        return SW_CONDITIONS_NOT_SATISFIED;
    uicc_set_application(uicc, command->channel, application);
    uicc_enter(channel, application);
    return uicc_select_answer(uicc, command, application, response);
}

/* --- STATUS ---------------------------------------------------------------------------------------- */

enum { STATUS_P1_MAX = 0x02, STATUS_FCP = 0x00, STATUS_DF_NAME = 0x01, STATUS_NO_DATA = 0x0C };

/* P1 tells that the terminal has initialised or will end the current application:
 * no answer is due to that. */
uint16_t uicc_status(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    const struct uicc_channel *channel = uicc_channel(uicc, command);

    if (command->p1 > STATUS_P1_MAX)
        return SW_WRONG_P1_P2;
    switch (command->p2) {
    case STATUS_FCP:
        uicc_put_fcp(uicc, channel->directory, response);
        return SW_OK;
    case STATUS_DF_NAME:
        if (channel->application == NULL)
            return SW_REFERENCE_NOT_FOUND;
        tlv_put(response, 0x84, fs_aid_span(&channel->application->aid));
        return SW_OK;
    case STATUS_NO_DATA:
        return SW_OK;
    default:
        return SW_WRONG_P1_P2;
    }
}
