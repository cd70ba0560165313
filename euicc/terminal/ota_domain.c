/*
 * The operator's security domain over the air: ES6.UpdateMetadata (SGP.22 5.4.1), which is INSTALL [for
 * personalization] of the ISD-P and STORE DATA with the request, and what GlobalPlatform's commands do to
 * keys and applications (profiles/remote/domain.h). Loading, installing and extradition are not served.
 */
#include "apdu/store_data.h"
#include "apdu/tlv.h"
#include "euicc/profile/profile_store.h"
#include "euicc/terminal/ota.h"
#include "euicc/terminal/profile_view.h"
#include "profiles/remote/remote_script.h"
#include "protocol/tags.h"

enum { INS_GET_DATA = 0xCA, INS_INSTALL = 0xE6, P1_FOR_PERSONALIZATION = 0x20 };

/* The AID that means the ISD-P of the profile the sender belongs to (SGP.22 5.4.1). */
static const uint8_t isdp_of_sender[ISDP_AID_SIZE] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                                      0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x0F, 0x00};

struct domain_session {
    struct softeuicc *card;
    struct domain domain;
    struct profile profile;
    bool personalizing; /* INSTALL came: STORE DATA goes to the ISD-P */
    struct store_data store_data;
};

/* GlobalPlatform 11.5.2.3.6: two empty fields, the AID, three empty fields. */
static bool names_isdp(const struct domain_session *session, struct span data)
{
    struct span aid;

    if (data.size != 2 + 1 + ISDP_AID_SIZE + 3 || data.data[0] != 0 || data.data[1] != 0 ||
        data.data[2] != ISDP_AID_SIZE)
        return false;
    aid = SPAN(data.data + 3, ISDP_AID_SIZE);
    return span_equal(aid, SPAN_ARRAY(isdp_of_sender)) ||
           span_equal(aid, SPAN_ARRAY(session->profile.isdp_aid));
}

static uint16_t ota_domain_install(struct domain_session *session, const struct apdu_command *command)
{
    store_data_reset(&session->store_data);
    session->personalizing = false;
    if (command->p1 != P1_FOR_PERSONALIZATION || command->p2 != 0)
        return SW_WRONG_P1_P2;
    if (!names_isdp(session, command->data))
        return SW_REFERENCE_NOT_FOUND;
    session->personalizing = true;
    return SW_OK;
}

static uint16_t ota_domain_store_data(struct domain_session *session, const struct apdu_command *command)
{
    struct apdu_command block = *command;
    struct span request, content;
    bool complete;
    uint16_t status;

    if (!session->personalizing)
        return SW_CONDITIONS_NOT_SATISFIED;
    /* Reading: GlobalPlatform's bits for BER-TLV and for the last block count; whether a response is expected
     * does not. */
    block.p1 |= 0x01;
    status = store_data_block(&session->store_data, &block, &complete, &request);
    if (status != SW_OK || !complete)
        return status;
    if (tlv_single(request, TAG_UPDATE_METADATA, &content) != TLV_OK)
        return SW_WRONG_DATA;
    return profile_update_metadata(session->card, &session->profile, content);
}

static uint16_t ota_domain_execute(void *context, const struct apdu_command *command, struct buf *response)
{
    struct domain_session *session = context;

    if (command->cla_base != 0x80 || command->channel != 0 || command->secure_messaging || command->chaining)
        return SW_CLA_NOT_SUPPORTED;
    switch (command->ins) {
    case INS_INSTALL:
        return ota_domain_install(session, command);
    case INS_STORE_DATA:
        return ota_domain_store_data(session, command);
    default:
        break;
    }
    /* Reading: who has proved no key manages nothing, whatever security the domain asks for at least. */
    if (session->domain.key_version == 0)
        return SW_UICC_SECURITY;
    return domain_manage(&session->domain, command, response);
}

static bool is_outgoing(uint8_t ins)
{
    return ins == INS_GET_DATA;
}

void ota_run_domain(struct softeuicc *card, const struct domain *domain, struct span script,
                    struct buf *answer)
{
    struct domain_session session = {.card = card, .domain = *domain};

    if (profile_by_id(card, profile_view_profile(card), &session.profile))
        remote_script_run(script, ota_domain_execute, is_outgoing, &session, answer);
    store_data_reset(&session.store_data);
    profile_clear(&session.profile);
}
