/*
 * The UICC that a terminal sees, and how its changes reach storage. See profile_view.h.
 */
#include "euicc/terminal/profile_view.h"

#include "euicc/os/host.h"
#include "euicc/profile/no_profile.h"
#include "euicc/profile/profile_files.h"
#include "euicc/profile/profile_store.h"
#include "euicc/terminal/ota.h"

#include <stdlib.h>

struct profile_view {
    struct uicc *uicc;
    struct profile_files files; /* whose rows these are; profile 0: none, no_profile_fs */
};

struct uicc *profile_view_uicc(const struct softeuicc *card)
{
    return card->view != NULL ? card->view->uicc : NULL;
}

int64_t profile_view_profile(const struct softeuicc *card)
{
    return card->view != NULL ? card->view->files.profile : 0;
}

/* --- storing --------------------------------------------------------------------------------------- */

/* Without a profile there is nowhere to store anything: nothing of such a UICC can be changed. */
static bool refuse_file(void *context, const struct fs_file *file)
{
    (void)context;
    (void)file;
    return false;
}

static bool refuse_content(void *context, const struct fs_file *file, size_t offset, size_t size)
{
    (void)offset;
    (void)size;
    return refuse_file(context, file);
}

static struct fs *profile_view_load(struct softeuicc *card, int64_t profile)
{
    struct fs *fs = profile != 0 ? profile_files_load(card, profile) : no_profile_fs();

    if (fs == NULL)
        return NULL;
    if (profile == 0)
        fs->store = (struct fs_store){.content = refuse_content, .file = refuse_file};
    else
        fs->store = profile_files_store(&card->view->files);
    return fs;
}

/* --- what is seen ---------------------------------------------------------------------------------- */

static bool random_octets(void *context, uint8_t *out, size_t size)
{
    return card_random(context, out, size);
}

/* What files take is the profile's, and is free again when it is deleted. */
static bool take_memory(void *context, int64_t octets)
{
    struct softeuicc *card = context;

    if (card->view->files.profile == 0 || (octets > 0 && (uint64_t)octets > profile_free_nvm(card)))
        return false;
    return nvm_change(card->nvm, "UPDATE profile SET memory = max(0, memory + ?1) WHERE id = ?2",
                      NVM_VALUES(NVM_INT(octets), NVM_INT(card->view->files.profile)));
}

static int64_t enabled_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT id FROM profile WHERE state = 'enabled'", NVM_NONE);
}

/* Storage failed: what a terminal asks of the UICC fails too (6F00), until a reset finds it well. */
static void profile_view_show_nothing(struct softeuicc *card)
{
    nvm_rollback(card->nvm);
    uicc_free(card->view->uicc);
    card->view->uicc = NULL;
    card->view->files = (struct profile_files){.card = card};
}

/* Reading: a profile whose rows make no sense is shown as none, so that the eUICC's own functions stay. One
 * whose rows cannot be read or stored is not shown: what is changed in rows that are not there is lost. */
static void profile_view_show(struct softeuicc *card, int64_t profile)
{
    const struct uicc_host host = {.context = card, .random = random_octets, .take_memory = take_memory};
    struct fs *fs;

    /* Rows made of the elements are stored without waiting for it: what is lost is made again next time. */
    nvm_begin_unsynced(card->nvm);
    fs = profile_view_load(card, profile);
    if (nvm_failed(card->nvm) || (fs != NULL && profile != 0 && !nvm_commit(card->nvm))) {
        fs_free(fs);
        profile_view_show_nothing(card);
        return;
    }
    if (fs == NULL) {
        nvm_rollback(card->nvm);
        profile = 0;
        fs = profile_view_load(card, 0);
    }
    uicc_free(card->view->uicc);
    card->view->uicc = fs != NULL ? uicc_new(fs, &host) : NULL;
    card->view->files = (struct profile_files){.card = card, .profile = profile};
}

void profile_view_reset(struct softeuicc *card)
{
    int64_t profile = enabled_profile(card);

    if (card->view == NULL)
        card->view = calloc(1, sizeof(*card->view));
    if (card->view == NULL)
        return;
    if (nvm_failed(card->nvm))
        profile_view_show_nothing(card);
    else if (card->view->uicc != NULL && card->view->files.profile == profile)
        uicc_reset(card->view->uicc);
    else
        profile_view_show(card, profile);
}

void profile_view_switch(struct softeuicc *card)
{
    for (size_t i = 0; i < APDU_CHANNELS; i++) {
        struct channel *channel = &card->channels.channels[i];
        const struct application *application = channel->application;

        if (application != NULL && application->of_profile)
            *channel = (struct channel){.open = channel->open};
    }
    ota_reset(card);
    profile_view_reset(card);
}

void profile_view_rolled_back(struct softeuicc *card)
{
    struct fs *fs;

    if (card->view == NULL || !card->view->files.changed)
        return;
    card->view->files.changed = false;
    fs = profile_view_load(card, card->view->files.profile);
    if (fs != NULL) {
        uicc_replace_fs(card->view->uicc, fs);
        return;
    }
    /* What is stored cannot be read: nothing is shown that may not be true. */
    profile_view_show_nothing(card);
}

void profile_view_committed(struct softeuicc *card)
{
    if (card->view != NULL)
        card->view->files.changed = false;
}

void profile_view_free(struct softeuicc *card)
{
    if (card->view == NULL)
        return;
    uicc_free(card->view->uicc);
    free(card->view);
    card->view = NULL;
}
