/*
 * Security domains and applications of the enabled profile seen from the terminal
 * (GlobalPlatform 2.3 6.4.1, 11.9): they can be selected when their life cycle says so. A domain tells what
 * GET DATA tells everybody and manages nothing here: its secure channel is SCP80 (ota_domain.c). An
 * application's code is not run: what it would serve is not known.
 */
#include "euicc/isdr/applications.h"
#include "euicc/isdr/fci.h"
#include "euicc/os/describe.h"
#include "euicc/profile/profile_store.h"
#include "euicc/terminal/profile_view.h"
#include "profiles/remote/domain.h"

#include "apdu/tlv.h"

#define INS_GET_DATA 0xCA /* GlobalPlatform 2.3 11.3 */

/* What the channel has selected; NULL when it has been deleted since. */
static struct fs_application *profile_application_selected(const struct softeuicc *card,
                                                           const struct apdu_command *command)
{
    const struct uicc *uicc = profile_view_uicc(card);
    const struct channel *channel = &card->channels.channels[command->channel];

    return uicc != NULL ? fs_application(uicc->fs, (uint32_t)channel->instance) : NULL;
}

static uint16_t profile_application_select(struct softeuicc *card, const struct apdu_command *command,
                                           struct buf *response)
{
    const struct fs_application *application = profile_application_selected(card, command);

    if (application == NULL)
        return SW_FILE_NOT_FOUND;
    tlv_close(response, fci_open(response, SPAN(application->aid.octets, application->aid.size)));
    return SW_OK;
}

static uint16_t domain_process(struct softeuicc *card, const struct apdu_command *command,
                               struct buf *response)
{
    const struct fs_application *application = profile_application_selected(card, command);
    struct domain domain = {.resources = profile_resources(card)};

    if (application == NULL)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (domain_needs_authentication(command->ins))
        return command->cla_base == 0x80 ? SW_UICC_SECURITY : SW_CLA_NOT_SUPPORTED;
    if (command->ins != INS_GET_DATA)
        return SW_INS_NOT_SUPPORTED;
    card_describe_format(card, "GET DATA %02X%02X", command->p1, command->p2);
    domain.fs = profile_view_uicc(card)->fs;
    domain.number = application->number;
    return domain_get_data(&domain, command, response);
}

static uint16_t instance_process(struct softeuicc *card, const struct apdu_command *command,
                                 struct buf *response)
{
    (void)card;
    (void)command;
    (void)response;
    return SW_INS_NOT_SUPPORTED;
}

static const struct application domain_application = {.name = "security domain",
                                                      .personalities = FOR_ALL,
                                                      .of_profile = true,
                                                      .select = profile_application_select,
                                                      .process = domain_process};

static const struct application instance_application = {.name = "application",
                                                        .personalities = FOR_ALL,
                                                        .of_profile = true,
                                                        .select = profile_application_select,
                                                        .process = instance_process};

const struct application *profile_application_row(const struct fs_application *application)
{
    bool selectable = (application->life_cycle & FS_LOCKED) == 0 && application->life_cycle >= FS_SELECTABLE;

    if (selectable && application->kind == FS_SECURITY_DOMAIN)
        return &domain_application;
    return selectable && application->kind == FS_APPLICATION ? &instance_application : NULL;
}
