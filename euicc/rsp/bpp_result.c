/* ProfileInstallationResult (SGP.22 2.5.6): made, signed, kept as a notification, answered; the session is
 * over with it. */
#include "apdu/tlv.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/rsp/bpp.h"
#include "euicc/rsp/es10.h"
#include "protocol/tags.h"

/* finalResult is a tagged CHOICE, so its tag A2 is explicit. */
static void put_final_result(const struct bpp_load *load, enum bpp_command command, enum bpp_reason reason,
                             struct buf *out)
{
    size_t outer = tlv_open(out, 0xA2);
    size_t inner = tlv_open(out, reason == BPP_OK ? 0xA0 : 0xA1);

    if (reason == BPP_OK) {
        tlv_put(out, TAG_AID, SPAN_ARRAY(load->isdp_aid));
        tlv_put(out, TAG_OCTET_STRING, buf_span(&load->sima_response));
    } else {
        tlv_put_unsigned(out, 0x80, command);
        tlv_put_unsigned(out, 0x81, (uint64_t)reason);
        if (load->sima_response.size > 0)
            tlv_put(out, 0x82, buf_span(&load->sima_response));
    }
    tlv_close(out, inner);
    tlv_close(out, outer);
}

/* Appends BF37 whole. *metadata is where BF2F lies in `out`. */
static bool put_result(struct softeuicc *card, uint32_t sequence, enum bpp_command command,
                       enum bpp_reason reason, struct buf *out, struct buf *metadata)
{
    const struct rsp_session *session = card->rsp;
    const struct bpp_load *load = session->load;
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer = tlv_open(out, TAG_INSTALLATION_RESULT);
    size_t start = out->size;
    size_t data = tlv_open(out, TAG_INSTALLATION_RESULT_DATA);
    struct span covered;

    notification_put_metadata(metadata, sequence, NOTIFICATION_INSTALL, buf_span(&session->server_address),
                              load->has_metadata ? load->metadata.iccid : SPAN_NONE);
    tlv_put(out, 0x80, rsp_session_transaction_id(session));
    buf_append(out, buf_span(metadata));
    tlv_put(out, TAG_OID, buf_span(&session->server_oid));
    put_final_result(load, command, reason, out);
    tlv_close(out, data);
    if (out->failed || metadata->failed || load->sima_response.failed)
        return false;
    covered = SPAN(out->data + start, out->size - start);
    if (!ec_sign(session->signing->euicc_key, &covered, 1, signature))
        return false;
    tlv_put(out, TAG_SIGNATURE, SPAN_ARRAY(signature));
    tlv_close(out, outer);
    return !out->failed;
}

/* The further addresses that the metadata wants told about the installation (SGP.22 3.5). */
static bool notify_others(struct softeuicc *card)
{
    const struct profile_metadata *metadata = &card->rsp->load->metadata;
    struct profile profile = {0};
    bool good;

    if (metadata->notification_configuration.data == NULL)
        return true;
    good = profile_by_iccid(card, metadata->iccid, &profile) &&
           notification_for_profile(card, &profile, NOTIFICATION_INSTALL);
    profile_clear(&profile);
    return good;
}

static uint16_t bpp_result_finish(struct softeuicc *card, enum bpp_command command, enum bpp_reason reason,
                                  struct buf *response)
{
    const struct rsp_session *session = card->rsp;
    struct buf metadata = {0};
    uint32_t sequence;
    uint16_t status = ES10_OK;
    size_t start = response->size;

    if (reason == BPP_STORAGE_FAILED || nvm_failed(card->nvm))
        return ES10_MEMORY;
    if (reason == BPP_NO_RESOURCES)
        return ES10_FAILED;
    sequence = notification_next_sequence(card);
    if (sequence == 0)
        return ES10_MEMORY;
    if (!put_result(card, sequence, command, reason, response, &metadata))
        status = ES10_FAILED;
    else if (!notification_store_result(
                 card, sequence, buf_span(&session->server_address),
                 session->load->has_metadata ? session->load->metadata.iccid : SPAN_NONE, buf_span(&metadata),
                 SPAN(response->data + start, response->size - start)))
        status = ES10_MEMORY;
    else if (reason == BPP_OK && !notify_others(card))
        status = ES10_MEMORY;
    buf_free(&metadata);
    return status;
}

static int64_t installed_profile(struct softeuicc *card)
{
    struct profile profile;
    int64_t id = profile_by_iccid(card, card->rsp->load->metadata.iccid, &profile) ? profile.id : 0;

    profile_clear(&profile);
    return id;
}

uint16_t bpp_finish(struct softeuicc *card, enum bpp_command command, enum bpp_reason reason,
                    struct buf *response)
{
    uint16_t status = bpp_result_finish(card, command, reason, response);
    int64_t installed = status == ES10_OK && reason == BPP_OK ? installed_profile(card) : 0;

    rsp_session_end(card);
    card->rsp->installed = installed;
    return status;
}
