/*
 * The card as its terminal sees it: power, reset and ATR (ETSI TS 102 221 6.3), and a command's way from its
 * octets to its answer. Every command is one transaction: what it changed is stored before the answer leaves,
 * or the answer is an error and nothing is changed. A try of a code, or a use of a counted key, is a
 * transaction of its own before that (fs_spend_pin in profiles/fs.h).
 */
#include "euicc/card/commands.h"
#include "euicc/ipae/ipae.h"
#include "euicc/isdr/applications.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/atr.h"
#include "euicc/os/describe.h"
#include "euicc/os/error.h"
#include "euicc/rsp/ipa_mode.h"
#include "euicc/terminal/ota.h"
#include "euicc/terminal/profile_view.h"
#include "euicc/terminal/toolkit.h"
#include "profiles/uicc/gsm.h"

#include <stdio.h>
#include <string.h>

enum { RESUMES = 0x01 };

/* --- power --------------------------------------------------------------------------------------- */

static void end_power_cycle(struct softeuicc *card)
{
    ipae_reset(card);
    lifecycle_power_loss(card);
    ota_reset(card);
    channel_reset(&card->channels);
    transport_reset(&card->transport, card->next_protocol == SOFTEUICC_T1);
    card->protocol = card->next_protocol;
    nvm_rollback(card->nvm);
    nvm_idle(card->nvm);
}

/* A change that was marked takes effect. When storage fails it stays marked, until the next reset. */
static void settle_marked(struct softeuicc *card)
{
    bool waited = marking_waits(card);

    if (waited && lifecycle_settle(card, true) && ipae_settled(card, true, false) && nvm_commit(card->nvm))
        return;
    nvm_rollback(card->nvm);
}

void softeuicc_reset(struct softeuicc *card, enum softeuicc_reset kind, uint8_t *atr, size_t *size)
{
    end_power_cycle(card);
    settle_marked(card);
    profile_view_reset(card);
    card->powered = true;
    card_describe(card, kind == SOFTEUICC_COLD ? "power on" : "reset");
    atr_get(card->protocol, atr, size);
}

void softeuicc_power_off(struct softeuicc *card)
{
    end_power_cycle(card);
    card->powered = false;
    card_describe(card, "power off");
}

void softeuicc_set_protocol(struct softeuicc *card, enum softeuicc_protocol protocol)
{
    card->next_protocol = protocol;
}

/* --- one command --------------------------------------------------------------------------------- */

/*
 * Status words after which the command's changes stay: success, warnings, and a verification that failed.
 * What such a one has counted is to be remembered: a code's attempts (63CX, to class A0 98XX), the uses of a
 * key (9862), a sequence number that was accepted (9866).
 */
static bool keeps_changes(uint16_t status)
{
    switch (status >> 8) {
    case 0x90:
    case 0x62:
    case 0x63:
    case 0x98:
        return true;
    default:
        return false;
    }
}

/* Without its commit a command has no answer but an error: what it computed does not leave the card, in
 * classes whose errors could carry data neither. */
static uint16_t conclude(struct softeuicc *card, const struct apdu_command *command, uint16_t status)
{
    if (keeps_changes(status) && card->response.failed)
        status = SW_NO_DIAGNOSIS;
    /* What a handler made of storage that failed (a file not found, no memory left) is not the reason. */
    if (!keeps_changes(status) && !nvm_failed(card->nvm)) {
        nvm_rollback(card->nvm);
        profile_view_rolled_back(card);
        return status;
    }
    if (nvm_commit(card->nvm)) {
        profile_view_committed(card);
        return status;
    }
    rsp_session_end(card);
    profile_view_rolled_back(card);
    buf_clear(&card->response);
    return command->cla == CLA_SIM ? SW_SIM_MEMORY_PROBLEM : SW_MEMORY_FAILURE;
}

/* Blocks of a STORE DATA under way do not survive another command on their channel. */
static void forget_store_data(struct softeuicc *card, const struct apdu_command *command)
{
    if (command->ins != INS_STORE_DATA)
        store_data_reset(&card->store_data[command->channel]);
}

/* The profile keeps what is its own; of the terminal the card knows more (ETSI TS 102 221 11.1.22). */
static void see_suspension(struct softeuicc *card, const struct apdu_command *command)
{
    if (command->cla_base != 0x80 || command->ins != INS_SUSPEND_UICC)
        return;
    if (command->p1 == RESUMES) {
        ipa_mode_resume(card);
        toolkit_resume(card);
    } else {
        ipa_mode_suspend(card);
        toolkit_suspend(card);
    }
}

/* A channel without an application shows the UICC. */
static uint16_t process_uicc(struct softeuicc *card, const struct apdu_command *command)
{
    struct uicc *uicc = profile_view_uicc(card);
    uint16_t status;

    if (uicc == NULL)
        return SW_NO_DIAGNOSIS;
    status = command->cla == CLA_SIM ? gsm_process(uicc, command, &card->response)
                                     : uicc_process(uicc, command, &card->response);
    if (uicc->described != NULL)
        card_describe(card, uicc->described);
    if (status == SW_OK)
        see_suspension(card, command);
    return status;
}

static uint16_t card_run(struct softeuicc *card, const struct apdu_command *command)
{
    struct channel *channel = channel_find(&card->channels, command->channel);
    const struct application *application = channel->application;
    uint16_t status;

    if (command->secure_messaging)
        return SW_SECURE_MESSAGING_NOT_SUPPORTED;
    if (command->chaining)
        return SW_CHAINING_NOT_SUPPORTED;
    if (command->cla_base != 0x00 && command->cla_base != 0x80 && command->cla != CLA_SIM)
        return SW_CLA_NOT_SUPPORTED;
    forget_store_data(card, command);
    if (card_platform_command(card, command, &card->response, &status))
        return status;
    if (command->cla == CLA_SIM)
        return application == NULL ? process_uicc(card, command) : SW_CLA_NOT_SUPPORTED;
    if (application != NULL)
        return application->process(card, command, &card->response);
    return process_uicc(card, command);
}

/* What is known before the command has been looked at. */
static void describe_octets(struct softeuicc *card, struct span capdu)
{
    card_describe(card, capdu.size >= 2 ? NULL : "no command");
    if (capdu.size >= 2) {
        card->description.cla = capdu.data[0];
        card->description.ins = capdu.data[1];
    }
}

static bool is_es10(const struct softeuicc *card, const struct apdu_command *command)
{
    const struct channel *channel = &card->channels.channels[command->channel];

    return command->ins == INS_STORE_DATA && channel->application == &isdr_application;
}

static void transmit(struct softeuicc *card, struct span capdu)
{
    struct apdu_command command;
    uint16_t status = SW_NO_DIAGNOSIS;

    if (card->powered)
        status = apdu_decode(capdu, &command);
    if (status == SW_OK && channel_find(&card->channels, command.channel) == NULL)
        status = SW_CHANNEL_NOT_SUPPORTED;
    if (status != SW_OK) {
        transport_drop(&card->transport);
        transport_put_status(&card->answer, status);
        return;
    }
    if (transport_serve(&card->transport, &command, &card->answer)) {
        card_describe_number(card, command.ins == INS_GET_RESPONSE ? "GET RESPONSE" : "repeated with Le",
                             command.ne);
        return;
    }
    if (command.ins == INS_STATUS)
        toolkit_poll(card);
    status = conclude(card, &command, card_run(card, &command));
    if (status == SW_OK)
        ipae_turn(card, is_es10(card, &command));
    status = toolkit_status(card, status);
    transport_answer(&card->transport, &command, buf_span(&card->response), status, &card->answer);
}

void softeuicc_transmit(struct softeuicc *card, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                        size_t *rapdu_size)
{
    buf_clear(&card->response);
    buf_clear(&card->answer);
    describe_octets(card, SPAN(capdu, capdu_size));
    transmit(card, SPAN(capdu, capdu_size));
    if (card->answer.failed || card->answer.size > SOFTEUICC_RAPDU_MAX) {
        rapdu[0] = SW_NO_DIAGNOSIS >> 8;
        rapdu[1] = SW_NO_DIAGNOSIS & 0xFF;
        *rapdu_size = 2;
        return;
    }
    memcpy(rapdu, card->answer.data, card->answer.size);
    *rapdu_size = card->answer.size;
}

/* --- what the host asks -------------------------------------------------------------------------- */

void softeuicc_describe(const struct softeuicc *card, char *line, size_t size)
{
    const struct card_description *description = &card->description;

    if (description->name == NULL)
        snprintf(line, size, "command %02X %02X", description->cla, description->ins);
    else if (description->has_number)
        snprintf(line, size, "%s %u", description->name, description->number);
    else
        snprintf(line, size, "%s", description->name);
}

const char *softeuicc_eid(const struct softeuicc *card)
{
    return card->eid_text;
}

int64_t softeuicc_next_wakeup(const struct softeuicc *card)
{
    return card->powered ? ipae_next_wakeup(card) : -1;
}

void softeuicc_wake(struct softeuicc *card)
{
    if (!card->powered)
        return;
    ipae_turn(card, false);
    toolkit_keep(card);
}

/* --- the IPAe's settings ----------------------------------------------------------------------------- */

const struct softeuicc_setting *softeuicc_setting_at(size_t index)
{
    return ipae_setting_at(index);
}

enum softeuicc_status softeuicc_set(struct softeuicc *card, const struct softeuicc_set_value *values,
                                    size_t count, struct softeuicc_error *error)
{
    enum softeuicc_status status = ipae_set(card, values, count, error);

    if (status == SOFTEUICC_OK && !nvm_commit(card->nvm))
        status = error_set(error, SOFTEUICC_STORAGE, "it cannot be stored: %s", nvm_message(card->nvm));
    if (status != SOFTEUICC_OK) {
        nvm_rollback(card->nvm);
        ipae_unset(card);
    }
    return status;
}

/* --- the network that the host lends --------------------------------------------------------------- */

void softeuicc_bearer_opened(struct softeuicc *card, unsigned channel)
{
    ipae_bearer_opened(card, channel);
}

void softeuicc_bearer_received(struct softeuicc *card, unsigned channel, const uint8_t *octets, size_t size)
{
    ipae_bearer_received(card, channel, SPAN(octets, size));
}

void softeuicc_bearer_closed(struct softeuicc *card, unsigned channel, const char *why)
{
    ipae_bearer_closed(card, channel, why);
}
