/*
 * Profile download on an eIM's trigger (SGP.32 3.2.3, SGP.22 3.1.2): its first half, mutual authentication up
 * to AuthenticateClient's request. The second half is download_bind.c, beginning and end trigger_result.c.
 */
#include "ipa/download_internal.h"
#include "protocol/device_info.h"
#include "protocol/tags.h"

#include <string.h>
#include <strings.h>

void download_initiate(struct ipa *ipa)
{
    struct ipa_download *download = &ipa->download;
    struct buf info1 = {0};
    struct span content;
    struct span challenge;
    struct download_request request;
    bool ok = card_get(ipa, "GetEUICCInfo1", TAG_EUICC_INFO1, &content);

    if (ok)
        buf_append(&info1, buf_span(&ipa->response));
    ok = ok && card_get(ipa, "GetEUICCChallenge", TAG_GET_EUICC_CHALLENGE, &content);
    if (!ok || !tlv_find(content, 0x80, &challenge) || challenge.size != sizeof(download->challenge)) {
        buf_free(&info1);
        download_fail(ipa, "%s", ok ? "GetEUICCChallenge: the card's answer is malformed" : ipa->why);
        return;
    }
    memcpy(download->challenge, challenge.data, sizeof(download->challenge));
    download->has_begun = true;
    request = download_begin(ipa, TAG_INITIATE_AUTHENTICATION);
    tlv_put(&ipa->out, 0x81, SPAN_ARRAY(download->challenge));
    if (download->address[0] != '\0')
        tlv_put_string(&ipa->out, 0x83, download->address);
    buf_append(&ipa->out, buf_span(&info1));
    if (!download->direct && download->eim_transaction_id.size > 0)
        tlv_put(&ipa->out, 0x82, download->eim_transaction_id);
    buf_free(&info1);
    download_send(ipa, request, STEP_INITIATE);
}

/* InitiateAuthenticationOk; the whole objects, as the card wants them. */
struct initiated {
    struct span signed1, cert, matching_id, ctx;
    struct span signature, ci_key_id; /* their values */
    struct span transaction, address; /* of signed1 */
};

static bool read_initiated(struct span ok, struct initiated *out)
{
    struct tlv_reader reader = tlv_reader(ok);
    struct span value;
    struct span signed1;

    *out = (struct initiated){.ctx = SPAN_NONE};
    tlv_optional(&reader, 0x80, &value);
    if (!tlv_require_whole(&reader, TAG_SEQUENCE, &signed1, &out->signed1) ||
        !tlv_require(&reader, TAG_SIGNATURE, &out->signature) ||
        !tlv_require(&reader, TAG_OCTET_STRING, &out->ci_key_id) ||
        !tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &out->cert))
        return false;
    tlv_optional(&reader, TAG_UTF8_STRING, &out->matching_id);
    tlv_optional(&reader, 0xA2, &out->ctx);
    if (!tlv_skip_rest(&reader))
        return false;
    reader = tlv_reader(signed1);
    return tlv_require_sized(&reader, 0x80, 1, TRANSACTION_ID_SIZE, &out->transaction) &&
           tlv_require(&reader, 0x81, &value) && tlv_require(&reader, 0x83, &out->address);
}

static void put_ctx(struct ipa *ipa, const struct initiated *from, struct buf *out)
{
    const struct ipa_download *download = &ipa->download;
    size_t context;

    if (from->ctx.data != NULL) {
        buf_append(out, from->ctx); /* [2] is explicit around the CHOICE: its content is A0 … */
        return;
    }
    context = tlv_open(out, 0xA0);
    if (from->matching_id.data != NULL)
        tlv_put(out, 0x80, from->matching_id);
    else if (download->has_matching_id)
        tlv_put_string(out, 0x80, download->matching_id);
    device_info_put(out, 0xA1, ipa->settings.imei);
    tlv_close(out, context);
}

/* AuthenticateServer on the card; its answer is in ipa->response. */
static bool authenticate_server(struct ipa *ipa, const struct initiated *from)
{
    struct span content;

    card_begin(ipa, TAG_AUTHENTICATE_SERVER);
    buf_append(&ipa->request, from->signed1);
    tlv_put(&ipa->request, TAG_SIGNATURE, ipa_signature(ipa->settings.v1, from->signature));
    tlv_put(&ipa->request, TAG_OCTET_STRING, ipa_ci_key_id(ipa->settings.v1, from->ci_key_id));
    buf_append(&ipa->request, from->cert);
    put_ctx(ipa, from, &ipa->request);
    if (!card_ask(ipa, "AuthenticateServer", &content))
        return download_note(&ipa->download, "%s", ipa->why);
    return !download_card_refused(ipa, "AuthenticateServer", NAMES_AUTHENTICATE_SERVER, content);
}

/* After a power cut, the installation result of this session answers the trigger when it comes again. */
static bool ipa_download_remember(struct ipa *ipa)
{
    struct ipa_state *state = &ipa->state;

    if (!ipa_digest(buf_span(&ipa->download.trigger), state->trigger))
        return false;
    state->downloading = true;
    memcpy(state->transaction, ipa->download.transaction, ipa->download.transaction_size);
    state->transaction_size = ipa->download.transaction_size;
    return ipa_keep(ipa);
}

static bool address_fits(const struct ipa_download *download, struct span address)
{
    return download->address[0] == '\0' ||
           (address.size == strlen(download->address) &&
            strncasecmp(download->address, (const char *)address.data, address.size) == 0);
}

void download_initiated(struct ipa *ipa, struct span answer)
{
    struct ipa_download *download = &ipa->download;
    struct initiated from;
    struct download_request request;
    struct tlv member;
    bool ok = download_read(ipa, "InitiateAuthentication", TAG_INITIATE_AUTHENTICATION, answer, &member);

    if (ok && member.tag != 0xA0) {
        download_note_refusal(download, "InitiateAuthentication", NAMES_INITIATE, &member);
        ok = false;
    } else if (ok && !read_initiated(member.value, &from)) {
        ok = download_note(download, "InitiateAuthentication: the answer of %s is malformed",
                           download_server(download));
    } else if (ok && !address_fits(download, from.address)) {
        ok = download_note(download, "InitiateAuthentication: the server signs another address than %s",
                           download->address);
    }
    if (!ok || !authenticate_server(ipa, &from)) {
        ipa_go(ipa, STEP_DOWNLOAD_RESULT);
        return;
    }
    memcpy(download->transaction, from.transaction.data, from.transaction.size);
    download->transaction_size = from.transaction.size;
    if (!ipa_download_remember(ipa))
        return;
    request = download_begin(ipa, TAG_AUTHENTICATE_CLIENT);
    tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
    if (!download->direct && ipa->settings.compact)
        compact_authenticate(buf_span(&ipa->response), ipa_known(ipa), from.ctx.data != NULL, &ipa->out);
    else
        buf_append(&ipa->out, buf_span(&ipa->response));
    download_send(ipa, request, STEP_AUTHENTICATE);
}
