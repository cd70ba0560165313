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
    int64_t profile; /* whose rows these are; 0: none, no_profile_fs */
    bool changed;    /* by the command at hand */
};

struct uicc *profile_view_uicc(const struct softeuicc *card)
{
    return card->view != NULL ? card->view->uicc : NULL;
}

int64_t profile_view_profile(const struct softeuicc *card)
{
    return card->view != NULL ? card->view->profile : 0;
}

/* --- storing --------------------------------------------------------------------------------------- */

/* Notes that RAM and rows differ until the command's transaction is committed. */
static int64_t changing(struct softeuicc *card)
{
    card->view->changed = true;
    return card->view->profile;
}

static bool store_content(void *context, const struct fs_file *file, size_t offset, size_t size)
{
    (void)offset;
    (void)size;
    return profile_files_put_content(context, changing(context), file);
}

static bool store_file(void *context, const struct fs_file *file)
{
    return profile_files_put_file(context, changing(context), file);
}

static bool store_removed(void *context, uint32_t number)
{
    return profile_files_remove(context, changing(context), number);
}

static bool store_pin(void *context, const struct fs_pin *pin)
{
    return profile_files_put_pin(context, changing(context), pin);
}

static bool store_puk(void *context, const struct fs_puk *puk)
{
    return profile_files_put_puk(context, changing(context), puk);
}

static bool store_naa(void *context, const struct fs_naa *naa)
{
    return profile_files_put_naa(context, changing(context), naa);
}

static bool store_application(void *context, const struct fs_application *application)
{
    return profile_files_put_application(context, changing(context), application);
}

static bool store_application_removed(void *context, uint32_t number)
{
    return profile_files_remove_application(context, changing(context), number);
}

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

static struct fs *load(struct softeuicc *card, int64_t profile)
{
    struct fs *fs = profile != 0 ? profile_files_load(card, profile) : no_profile_fs();

    if (fs == NULL)
        return NULL;
    if (profile == 0)
        fs->store = (struct fs_store){.content = refuse_content, .file = refuse_file};
    else
        fs->store = (struct fs_store){.context = card,
                                      .content = store_content,
                                      .file = store_file,
                                      .removed = store_removed,
                                      .pin = store_pin,
                                      .puk = store_puk,
                                      .naa = store_naa,
                                      .application = store_application,
                                      .application_removed = store_application_removed};
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
    sqlite3_stmt *stmt;

    if (card->view->profile == 0 || (octets > 0 && (uint64_t)octets > profile_free_nvm(card)))
        return false;
    stmt = nvm_write_stmt(card->nvm, "UPDATE profile SET memory = max(0, memory + ?1) WHERE id = ?2");
    nvm_bind_int(card->nvm, stmt, 1, octets);
    nvm_bind_int(card->nvm, stmt, 2, card->view->profile);
    return nvm_run(card->nvm, stmt);
}

static int64_t enabled_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT id FROM profile WHERE state = 'enabled'"));
}

/* Reading: a profile whose rows make no sense is shown as none, so that the eUICC's own functions stay. */
static void show(struct softeuicc *card, int64_t profile)
{
    const struct uicc_host host = {.context = card, .random = random_octets, .take_memory = take_memory};
    struct fs *fs;

    /* Rows made of the elements are stored without waiting for it: what is lost is made again next time. */
    nvm_begin_unsynced(card->nvm);
    fs = load(card, profile);
    if (fs != NULL && profile != 0)
        nvm_commit(card->nvm);
    if (fs == NULL) {
        nvm_rollback(card->nvm);
        profile = 0;
        fs = load(card, 0);
    }
    uicc_free(card->view->uicc);
    card->view->uicc = fs != NULL ? uicc_new(fs, &host) : NULL;
    card->view->profile = profile;
    card->view->changed = false;
}

void profile_view_reset(struct softeuicc *card)
{
    int64_t profile = enabled_profile(card);

    if (card->view == NULL)
        card->view = calloc(1, sizeof(*card->view));
    if (card->view == NULL)
        return;
    if (card->view->uicc != NULL && card->view->profile == profile)
        uicc_reset(card->view->uicc);
    else
        show(card, profile);
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

    if (card->view == NULL || !card->view->changed)
        return;
    card->view->changed = false;
    fs = load(card, card->view->profile);
    if (fs != NULL) {
        uicc_replace_fs(card->view->uicc, fs);
        return;
    }
    /* What is stored cannot be read: nothing is shown that may not be true. */
    show(card, 0);
}

void profile_view_committed(struct softeuicc *card)
{
    if (card->view != NULL)
        card->view->changed = false;
}

void profile_view_free(struct softeuicc *card)
{
    if (card->view == NULL)
        return;
    uicc_free(card->view->uicc);
    free(card->view);
    card->view = NULL;
}
