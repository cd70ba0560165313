/*
 * What the steps of a download share (SGP.32 3.2.3): requests to an SM-DP+ (ES9+, in its envelope) or to the
 * eIM (ESipa, as they are), the form of their answers, why a download failed, and CancelSession.
 */
#include "ipa/download_internal.h"
#include "protocol/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Messages ----------------------------------------------------------------------------------------- */

/* Begins ipa->out with `function`; ES9+ wraps all its requests in A2 (SGP.22 6.6). */
struct download_request download_begin(struct ipa *ipa, uint32_t function)
{
    struct download_request request = {0, 0};

    buf_clear(&ipa->out);
    if (ipa->download.direct)
        request.envelope = tlv_open(&ipa->out, 0xA2);
    request.function = tlv_open(&ipa->out, function);
    return request;
}

void download_send(struct ipa *ipa, struct download_request request, enum ipa_step step)
{
    enum ipa_peer peer = IPA_PEER_EIM;

    tlv_close(&ipa->out, request.function);
    if (ipa->download.direct) {
        tlv_close(&ipa->out, request.envelope);
        peer = ipa->download.is_sm_ds ? IPA_PEER_SMDS : IPA_PEER_SMDP;
    }
    ipa_send(ipa, step, peer, ipa->download.direct ? ipa->download.address : "");
}

void download_note(struct ipa_download *download, const char *format, ...)
{
    char line[sizeof(download->why)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    memcpy(download->why, line, sizeof(line));
}

const char *download_server(const struct ipa_download *download)
{
    if (!download->direct)
        return "the eIM";
    return download->is_sm_ds ? "the SM-DS" : "the SM-DP+";
}

/* The one member of the CHOICE that a server answers. False with download->why. */
bool download_read(struct ipa *ipa, const char *name, uint32_t function, struct span answer,
                   struct tlv *member)
{
    struct ipa_download *download = &ipa->download;
    struct span content = answer;
    struct tlv_reader reader;
    enum tlv_status status = TLV_OK;

    if (download->direct)
        status = tlv_single(answer, 0xA2, &content);
    if (status == TLV_OK)
        status = tlv_single(content, function, &content);
    if (status == TLV_OK) {
        reader = tlv_reader(content);
        status = tlv_next(&reader, member);
        if (status == TLV_OK && !tlv_finish(&reader))
            status = reader.status;
    }
    if (status != TLV_OK)
        download_note(download, "%s: the answer of %s is malformed: %s", name, download_server(download),
                      tlv_status_name(status));
    return status == TLV_OK;
}

void download_note_refusal(struct ipa_download *download, const char *name, enum names names,
                           const struct tlv *error)
{
    uint64_t code = 127;
    char text[64];

    tlv_unsigned(error->value, &code);
    download_note(download, "%s: %s refused: %s", name, download_server(download),
                  names_text(names, code, text, sizeof(text)));
}

/* The card's own refusal, A1 { 80 transactionId, 02 code }: it goes to the eIM as errorResponse. */
bool download_card_refused(struct ipa *ipa, const char *name, enum names names, struct span content)
{
    struct span error;
    struct span value;
    uint64_t code = 127;
    char text[64];

    if (!tlv_find(content, 0xA1, &error))
        return false;
    if (tlv_find(error, TAG_INTEGER, &value))
        tlv_unsigned(value, &code);
    download_note(&ipa->download, "%s: the card refused: %s", name,
                  names_text(names, code, text, sizeof(text)));
    buf_append(&ipa->download.refused, buf_span(&ipa->response));
    return true;
}

/* --- CancelSession ------------------------------------------------------------------------------------ */

/* An eIM restores a signed object only if it can verify it. */
bool download_may_compact(struct ipa *ipa)
{
    return !ipa->download.direct && ipa->settings.compact && ipa_known(ipa)->has_certs;
}

/* Ends the session on both sides; download->why says already what was wrong. */
void download_cancel(struct ipa *ipa, unsigned reason)
{
    struct ipa_download *download = &ipa->download;
    struct buf card = {0};
    struct buf response = {0};
    struct download_request request;
    struct span content;
    struct span refused;
    size_t outer = tlv_open(&card, TAG_CANCEL_SESSION);
    bool ok;

    tlv_put(&card, 0x80, SPAN(download->transaction, download->transaction_size));
    tlv_put_unsigned(&card, 0x81, reason);
    tlv_close(&card, outer);
    ok = !card.failed &&
         card_call(ipa, "CancelSession", buf_span(&card), TAG_CANCEL_SESSION, &content, NULL) &&
         !tlv_find(content, 0x81, &refused);
    buf_free(&card);
    if (!ok) { /* the card's session is over already; the server ends its own by time */
        ipa_go(ipa, STEP_DOWNLOAD_RESULT);
        return;
    }
    if (download_may_compact(ipa))
        compact_cancel(buf_span(&ipa->response), &response);
    else
        buf_append(&response, buf_span(&ipa->response));
    request = download_begin(ipa, TAG_CANCEL_SESSION);
    tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
    if (tlv_single(buf_span(&response), TAG_CANCEL_SESSION, &content) == TLV_OK)
        tlv_put(&ipa->out, 0xA1, content); /* [1] in place of the type's own [65] */
    buf_free(&response);
    download_send(ipa, request, STEP_CANCEL);
}

void download_cancelled(struct ipa *ipa, struct span answer)
{
    (void)answer;
    ipa_go(ipa, STEP_DOWNLOAD_RESULT);
}

void download_cancel_lost(struct ipa *ipa, const char *why)
{
    (void)why; /* the session ends by itself on both sides */
    ipa_go(ipa, STEP_DOWNLOAD_RESULT);
}

void download_lost(struct ipa *ipa, const char *why)
{
    if (!ipa->download.direct) {
        ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
        return;
    }
    download_note(&ipa->download, "%s", why);
    ipa_go(ipa, STEP_DOWNLOAD_RESULT);
}
