/*
 * The second half of a download (SGP.32 3.2.3, SGP.22 3.1.3): what AuthenticateClient answered, which for an
 * SM-DS is where to go on; PrepareDownload, binding, loading.
 */
#include "ipa/download_internal.h"
#include "protocol/bpp_segments.h"

#include "crypto/cert.h"
#include "protocol/tags.h"

#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

/* --- AuthenticateClient, PrepareDownload -------------------------------------------------------------- */

struct authenticated {
    struct span signed2, cert, hash_cc; /* whole */
    struct span signature;              /* its value */
    bool code_required;
    struct span bpp_otpk;
};

static bool read_authenticated(struct span ok, struct authenticated *out)
{
    struct tlv_reader reader = tlv_reader(ok);
    struct span value;
    struct span signed2;
    struct span flag;

    *out = (struct authenticated){.hash_cc = SPAN_NONE};
    tlv_optional(&reader, 0x80, &value);
    tlv_optional(&reader, TAG_STORE_METADATA, &value);
    if (!tlv_require_whole(&reader, TAG_SEQUENCE, &signed2, &out->signed2) ||
        !tlv_require(&reader, TAG_SIGNATURE, &out->signature) ||
        !tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &out->cert))
        return false;
    if (tlv_peek(&reader) == TAG_OCTET_STRING &&
        !tlv_require_whole(&reader, TAG_OCTET_STRING, NULL, &out->hash_cc))
        return false;
    out->code_required = tlv_find(signed2, 0x01, &flag) && flag.size == 1 && flag.data[0] != 0;
    if (!tlv_find(signed2, TAG_ONE_TIME_KEY, &out->bpp_otpk))
        out->bpp_otpk = SPAN_NONE;
    return tlv_skip_rest(&reader);
}

/* The registeredID of the server's certificate must be the one the activation code names (SGP.22
 * 3.1.3, 4.1). */
static bool oid_fits(const struct ipa_download *download, struct span der)
{
    enum cert_status status;
    struct cert *cert = NULL;
    ASN1_OBJECT *object = NULL;
    bool fits = false;

    if (download->oid[0] == '\0')
        return true;
    cert = cert_parse(der, &status);
    object = OBJ_txt2obj(download->oid, 1);
    if (cert != NULL && object != NULL)
        fits = span_equal(cert_oid(cert), SPAN(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    cert_free(cert);
    return fits;
}

static bool download_bind_prepare(struct ipa *ipa, const struct authenticated *from)
{
    struct span content;

    card_begin(ipa, TAG_PREPARE_DOWNLOAD);
    buf_append(&ipa->request, from->signed2);
    tlv_put(&ipa->request, TAG_SIGNATURE, ipa_signature(ipa->settings.v1, from->signature));
    if (from->code_required)
        buf_append(&ipa->request, from->hash_cc);
    buf_append(&ipa->request, from->cert);
    if (!card_ask(ipa, "PrepareDownload", &content))
        return download_note(&ipa->download, "%s", ipa->why);
    return !download_card_refused(ipa, "PrepareDownload", NAMES_PREPARE, content);
}

static void download_bind_ask(struct ipa *ipa, struct span ok)
{
    struct ipa_download *download = &ipa->download;
    struct authenticated from;
    struct download_request request;

    if (!read_authenticated(ok, &from)) {
        download_note(download, "AuthenticateClient: the answer of %s is malformed",
                      download_server(download));
        download_cancel(ipa, CANCEL_UNDEFINED);
    } else if (!oid_fits(download, from.cert)) {
        download_note(download,
                      "the server's certificate does not carry the OID %s that the activation code names",
                      download->oid);
        download_cancel(ipa, CANCEL_METADATA_MISMATCH);
    } else if (from.code_required && from.hash_cc.data == NULL) {
        /* The order survives: the eIM may come back with the code. */
        download_note(download, "the SM-DP+ asks for a confirmation code, and the eIM gave none");
        download_cancel(ipa, CANCEL_POSTPONED);
    } else if (!download_bind_prepare(ipa, &from)) {
        download_cancel(ipa, CANCEL_UNDEFINED);
    } else {
        request = download_begin(ipa, TAG_GET_BOUND_PROFILE_PACKAGE);
        tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
        if (download_may_compact(ipa))
            compact_prepare(buf_span(&ipa->response), from.hash_cc.data != NULL, from.bpp_otpk, &ipa->out);
        else
            buf_append(&ipa->out, buf_span(&ipa->response));
        download_send(ipa, request, STEP_BIND);
    }
}

/* An SM-DS knows where the profile is: AuthenticateClientOkDSEsipa carries a trigger, ES11's
 * answer events. */
static void go_on(struct ipa *ipa, struct span address, struct span event)
{
    struct ipa_download *download = &ipa->download;

    if (address.size == 0 || address.size > IPA_ADDRESS_MAX || event.size > IPA_ADDRESS_MAX) {
        download_fail(ipa, "AuthenticateClient: the SM-DS's event is malformed");
        return;
    }
    snprintf(download->address, sizeof(download->address), "%.*s", (int)address.size,
             (const char *)address.data);
    snprintf(download->matching_id, sizeof(download->matching_id), "%.*s", (int)event.size,
             (const char *)event.data);
    download->has_matching_id = true;
    download->is_sm_ds = false;
    ipa_go(ipa, STEP_INITIATE);
}

/* Goes on with the trigger (its content) that an SM-DS answered; once. False with download->why. */
static bool follow_trigger(struct ipa *ipa, struct span trigger)
{
    struct ipa_download *download = &ipa->download;
    struct span eim_transaction_id = download->eim_transaction_id;

    if (download->from_sm_ds)
        return download_note(download, "the SM-DS leads to another SM-DS");
    download->from_sm_ds = true;
    download->is_sm_ds = false;
    download->address[0] = '\0';
    if (!trigger_read(ipa, download, trigger))
        return false;
    download->eim_transaction_id = eim_transaction_id; /* of the trigger that is answered */
    return true;
}

static void found_trigger(struct ipa *ipa, struct span ok)
{
    struct span trigger;

    if (!tlv_find(ok, TAG_DOWNLOAD_TRIGGER, &trigger))
        download_fail(ipa, "the SM-DS has nothing for this eUICC");
    else
        ipa_go(ipa, follow_trigger(ipa, trigger) ? STEP_INITIATE : STEP_DOWNLOAD_RESULT);
}

bool download_next_event(struct ipa *ipa)
{
    struct ipa_download *download = &ipa->download;
    struct tlv_reader reader = tlv_reader(buf_span(&download->events));
    struct tlv entry;
    struct span event = SPAN_NONE;
    struct span address = SPAN_NONE;

    if (download->events_taken >= IPA_EVENTS_MAX)
        return false;
    for (unsigned i = 0; i <= download->events_taken; i++) {
        if (tlv_next(&reader, &entry) != TLV_OK)
            return false;
    }
    download->events_taken++;
    tlv_find(entry.value, 0x80, &event);
    tlv_find(entry.value, 0x81, &address);
    go_on(ipa, address, event);
    return true;
}

static void found_events(struct ipa *ipa, struct span ok)
{
    struct ipa_download *download = &ipa->download;
    struct span entries = SPAN_NONE;

    tlv_find(ok, 0xA1, &entries);
    buf_append(&download->events, entries);
    if (!download_next_event(ipa))
        download_fail(ipa, "the SM-DS has nothing for this eUICC");
}

void download_authenticated(struct ipa *ipa, struct span answer)
{
    struct ipa_download *download = &ipa->download;
    struct tlv member;
    bool es11 = download->direct && download->is_sm_ds;
    uint32_t function = es11 ? TAG_AUTHENTICATE_CLIENT_ES11 : TAG_AUTHENTICATE_CLIENT;

    if (!download_read(ipa, "AuthenticateClient", function, answer, &member)) {
        download_cancel(ipa, CANCEL_UNDEFINED);
    } else if (member.tag == 0xA0 && es11) {
        found_events(ipa, member.value);
    } else if (member.tag == 0xA0) {
        download_bind_ask(ipa, member.value);
    } else if (member.tag == 0xA1 && !download->direct) {
        found_trigger(ipa, member.value);
    } else {
        download_note_refusal(download, "AuthenticateClient", NAMES_AUTHENTICATE_CLIENT, &member);
        ipa_go(ipa, STEP_DOWNLOAD_RESULT); /* who refuses has ended the session */
    }
}

void download_authenticate_malformed(struct ipa *ipa, const char *why)
{
    download_note(&ipa->download, "%s", why);
    download_cancel(ipa, CANCEL_UNDEFINED);
}

/* --- GetBoundProfilePackage, LoadBoundProfilePackage -------------------------------------------------- */

/* Until the card has an installation result, which comes after the last segment or at the first error. */
static bool download_bind_load(struct ipa *ipa, struct span package)
{
    struct ipa_download *download = &ipa->download;
    struct bpp_segments segments;
    struct span segment;
    enum tlv_status status = TLV_BAD_VALUE;

    if (bpp_segments_begin(&segments, package)) {
        while ((status = bpp_segments_next(&segments, &segment)) == TLV_OK) {
            uint16_t sw;

            buf_clear(&ipa->response);
            sw = ipa->host.es10(ipa->host.context, segment, &ipa->response);
            if (sw != SW_DONE)
                return download_note(download, "LoadBoundProfilePackage: the card answered %04X", sw);
            if (ipa->response.size > 0) {
                buf_append(&download->installation, buf_span(&ipa->response));
                return !download->installation.failed;
            }
        }
    }
    return download_note(download, "%s",
                         status == TLV_END ? "LoadBoundProfilePackage: the card gave no installation result"
                                           : "GetBoundProfilePackage: the package is malformed");
}

void download_bound(struct ipa *ipa, struct span answer)
{
    struct ipa_download *download = &ipa->download;
    struct tlv member;
    struct tlv_reader reader;
    struct span value;
    struct span package = SPAN_NONE;

    if (!download_read(ipa, "GetBoundProfilePackage", TAG_GET_BOUND_PROFILE_PACKAGE, answer, &member)) {
        download_cancel(ipa, CANCEL_LOAD_BPP_ERROR);
        return;
    }
    if (member.tag != 0xA0) {
        download_note_refusal(download, "GetBoundProfilePackage", NAMES_BIND, &member);
        ipa_go(ipa, STEP_DOWNLOAD_RESULT);
        return;
    }
    reader = tlv_reader(member.value);
    tlv_optional(&reader, 0x80, &value);
    if (!tlv_require_whole(&reader, TAG_BOUND_PROFILE_PACKAGE, NULL, &package)) {
        download_note(download, "GetBoundProfilePackage: the answer of %s has no package",
                      download_server(download));
        download_cancel(ipa, CANCEL_LOAD_BPP_ERROR);
        return;
    }
    if (download_bind_load(ipa, package))
        ipa_go(ipa, STEP_DOWNLOAD_RESULT);
    else
        download_cancel(ipa, CANCEL_LOAD_BPP_ERROR); /* SGP.22 3.1.3.3 */
}

void download_bind_malformed(struct ipa *ipa, const char *why)
{
    download_note(&ipa->download, "%s", why);
    download_cancel(ipa, CANCEL_LOAD_BPP_ERROR);
}
