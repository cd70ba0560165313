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

/* The first cause stays: what comes of it (a session that nobody knows any more) says nothing about it. */
__attribute__((format(printf, 2, 0))) static void note(struct ipa_download *download, const char *format,
                                                       va_list arguments)
{
    if (download->why[0] == '\0')
        vsnprintf(download->why, sizeof(download->why), format, arguments);
}

bool download_note(struct ipa_download *download, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(download, format, arguments);
    va_end(arguments);
    return false;
}

void download_fail(struct ipa *ipa, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(&ipa->download, format, arguments);
    va_end(arguments);
    ipa_go(ipa, STEP_DOWNLOAD_RESULT);
}

const char *download_server(const struct ipa_download *download)
{
    if (!download->direct)
        return "the eIM";
    return download->is_sm_ds ? "the SM-DS" : "the SM-DP+";
}

bool download_read(struct ipa *ipa, const char *name, uint32_t function, struct span answer,
                   struct tlv *member)
{
    struct ipa_download *download = &ipa->download;
    struct span content = answer;
    enum tlv_status status = TLV_OK;

    if (download->direct)
        status = tlv_single(answer, 0xA2, &content);
    if (status == TLV_OK)
        status = tlv_single(content, function, &content);
    if (status == TLV_OK)
        status = tlv_only(content, member);
    return status == TLV_OK || download_note(download, "%s: the answer of %s is malformed: %s", name,
                                             download_server(download), tlv_status_name(status));
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
    if (ipa->download.refused.size == 0)
        buf_append(&ipa->download.refused, buf_span(&ipa->response));
    return true;
}

/* --- CancelSession ------------------------------------------------------------------------------------ */

bool download_may_compact(struct ipa *ipa)
{
    return !ipa->download.direct && ipa->settings.compact && ipa_known(ipa)->has_certs;
}

void download_cancel(struct ipa *ipa, unsigned reason)
{
    struct ipa_download *download = &ipa->download;
    struct buf response = {0};
    struct download_request request;
    struct span content;
    struct span refused;

    card_begin(ipa, TAG_CANCEL_SESSION);
    tlv_put(&ipa->request, 0x80, SPAN(download->transaction, download->transaction_size));
    tlv_put_unsigned(&ipa->request, 0x81, reason);
    if (!card_ask(ipa, "CancelSession", &content) ||
        tlv_find(content, 0x81,
                 &refused)) { /* the card's session is over already; the server ends its own by time */
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

/* Who refuses says so for this download; the eIM hears of it, and the poll goes on. */
void download_refused(struct ipa *ipa, const char *why)
{
    download_fail(ipa, "%s", why);
}

void download_lost(struct ipa *ipa, const char *why)
{
    if (!ipa->download.direct)
        ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
    else
        download_fail(ipa, "%s", why);
}
