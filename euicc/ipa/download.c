/*
 * Profile download on an eIM's trigger (SGP.32 3.2.3, SGP.22 3.1.2, 3.1.3): mutual authentication, binding,
 * loading; with the SM-DP+ itself (ES9+) or through the eIM (ESipa), whose messages differ in their wrapping
 * only. How it ended goes to the eIM in every case.
 */
#include "euicc/ipa/bpp_segments.h"
#include "euicc/ipa/device_info.h"
#include "euicc/ipa/download_internal.h"
#include "euicc/ipa/names.h"

#include "crypto/cert.h"

#include <openssl/objects.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* CancelSessionReason, SGP.22 5.7.14 */
enum {
    CANCEL_POSTPONED = 1,
    CANCEL_METADATA_MISMATCH = 4,
    CANCEL_LOAD_BPP_ERROR = 5,
    CANCEL_UNDEFINED = 127
};

/* --- Messages ----------------------------------------------------------------------------------------------
 */

struct request {
    size_t envelope, function;
};

/* Begins ipa->out with `function`; ES9+ wraps all its requests in A2 (SGP.22 6.6). */
static struct request begin_request(struct ipa *ipa, uint32_t function)
{
    struct request request = {0, 0};

    buf_clear(&ipa->out);
    if (ipa->download.direct)
        request.envelope = tlv_open(&ipa->out, 0xA2);
    request.function = tlv_open(&ipa->out, function);
    return request;
}

static void send_request(struct ipa *ipa, struct request request, enum ipa_step step)
{
    enum ipa_peer peer = IPA_PEER_EIM;

    tlv_close(&ipa->out, request.function);
    if (ipa->download.direct) {
        tlv_close(&ipa->out, request.envelope);
        peer = ipa->download.is_sm_ds ? IPA_PEER_SMDS : IPA_PEER_SMDP;
    }
    ipa_send(ipa, step, peer, ipa->download.direct ? ipa->download.address : "");
}

__attribute__((format(printf, 2, 3))) static void note(struct ipa_download *download, const char *format, ...)
{
    char line[sizeof(download->why)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    memcpy(download->why, line, sizeof(line));
}

static const char *who(const struct ipa_download *download)
{
    if (!download->direct)
        return "the eIM";
    return download->is_sm_ds ? "the SM-DS" : "the SM-DP+";
}

/* The one member of the CHOICE that a server answers. False with download->why. */
static bool read_answer(struct ipa *ipa, const char *name, uint32_t function, struct span answer,
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
        note(download, "%s: the answer of %s is malformed: %s", name, who(download), tlv_status_name(status));
    return status == TLV_OK;
}

static void note_refusal(struct ipa_download *download, const char *name, enum ipa_names names,
                         const struct tlv *error)
{
    uint64_t code = 127;
    char text[64];

    tlv_unsigned(error->value, &code);
    note(download, "%s: %s refused: %s", name, who(download), ipa_name(names, code, text, sizeof(text)));
}

/* The card's own refusal, A1 { 80 transactionId, 02 code }: it goes to the eIM as errorResponse. */
static bool card_refused(struct ipa *ipa, const char *name, enum ipa_names names, struct span content)
{
    struct span error;
    struct span value;
    uint64_t code = 127;
    char text[64];

    if (!tlv_find(content, 0xA1, &error))
        return false;
    if (tlv_find(error, TAG_INTEGER, &value))
        tlv_unsigned(value, &code);
    note(&ipa->download, "%s: the card refused: %s", name, ipa_name(names, code, text, sizeof(text)));
    buf_append(&ipa->download.refused, buf_span(&ipa->response));
    return true;
}

/* --- CancelSession
 * ------------------------------------------------------------------------------------------ */

/* An eIM restores a signed object only if it can verify it. */
static bool may_compact(struct ipa *ipa)
{
    return !ipa->download.direct && ipa->settings.compact && ipa_known(ipa)->has_certs;
}

/* Ends the session on both sides; download->why says already what was wrong. */
static void cancel(struct ipa *ipa, unsigned reason)
{
    struct ipa_download *download = &ipa->download;
    struct buf card = {0};
    struct buf response = {0};
    struct request request;
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
        download_finish(ipa);
        return;
    }
    if (may_compact(ipa))
        compact_cancel(buf_span(&ipa->response), &response);
    else
        buf_append(&response, buf_span(&ipa->response));
    request = begin_request(ipa, TAG_CANCEL_SESSION);
    tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
    if (tlv_single(buf_span(&response), TAG_CANCEL_SESSION, &content) == TLV_OK)
        tlv_put(&ipa->out, 0xA1, content); /* [1] in place of the type's own [65] */
    buf_free(&response);
    send_request(ipa, request, STEP_CANCEL);
}

void download_cancelled(struct ipa *ipa)
{
    download_finish(ipa);
}

void download_lost(struct ipa *ipa, const char *why)
{
    if (!ipa->download.direct) {
        ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
        return;
    }
    note(&ipa->download, "%s", why);
    download_finish(ipa);
}

/* --- InitiateAuthentication, AuthenticateServer
 * ------------------------------------------------------------- */

void download_initiate(struct ipa *ipa)
{
    struct ipa_download *download = &ipa->download;
    struct buf info1 = {0};
    struct span content;
    struct span challenge;
    struct request request;
    bool ok = card_get(ipa, "GetEUICCInfo1", TAG_EUICC_INFO1, &content);

    if (ok)
        buf_append(&info1, buf_span(&ipa->response));
    ok = ok && card_get(ipa, "GetEUICCChallenge", TAG_GET_CHALLENGE, &content);
    if (!ok || !tlv_find(content, 0x80, &challenge) || challenge.size != sizeof(download->challenge)) {
        buf_free(&info1);
        note(download, "%s", ok ? "GetEUICCChallenge: the card's answer is malformed" : ipa->why);
        download_finish(ipa);
        return;
    }
    memcpy(download->challenge, challenge.data, sizeof(download->challenge));
    request = begin_request(ipa, TAG_INITIATE);
    tlv_put(&ipa->out, 0x81, SPAN_ARRAY(download->challenge));
    if (download->address[0] != '\0')
        tlv_put_string(&ipa->out, 0x83, download->address);
    buf_append(&ipa->out, buf_span(&info1));
    if (!download->direct && download->eim_transaction_id.size > 0)
        tlv_put(&ipa->out, 0x82, download->eim_transaction_id);
    buf_free(&info1);
    send_request(ipa, request, STEP_INITIATE);
}

/* InitiateAuthenticationOk; the whole objects, as the card wants them. */
struct initiated {
    struct span signed1, signature, ci_key_id, cert, matching_id, ctx;
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
        !tlv_require_whole(&reader, TAG_SIGNATURE, NULL, &out->signature) ||
        !tlv_require_whole(&reader, TAG_OCTETS, NULL, &out->ci_key_id) ||
        !tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &out->cert))
        return false;
    tlv_optional(&reader, TAG_UTF8, &out->matching_id);
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
    struct buf request = {0};
    struct span content;
    size_t outer = tlv_open(&request, TAG_AUTHENTICATE_SERVER);
    bool ok;

    buf_append(&request, from->signed1);
    buf_append(&request, from->signature);
    buf_append(&request, from->ci_key_id);
    buf_append(&request, from->cert);
    put_ctx(ipa, from, &request);
    tlv_close(&request, outer);
    ok = !request.failed &&
         card_call(ipa, "AuthenticateServer", buf_span(&request), TAG_AUTHENTICATE_SERVER, &content, NULL);
    buf_free(&request);
    if (!ok)
        note(&ipa->download, "%s", ipa->why);
    return ok && !card_refused(ipa, "AuthenticateServer", NAMES_AUTHENTICATE_SERVER, content);
}

/* After a power cut, the installation result of this session answers the trigger when it comes again. */
static bool remember(struct ipa *ipa)
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
    struct request request;
    struct tlv member;
    bool ok = read_answer(ipa, "InitiateAuthentication", TAG_INITIATE, answer, &member);

    if (ok && member.tag != 0xA0) {
        note_refusal(download, "InitiateAuthentication", NAMES_INITIATE, &member);
        ok = false;
    } else if (ok && !read_initiated(member.value, &from)) {
        note(download, "InitiateAuthentication: the answer of %s is malformed", who(download));
        ok = false;
    } else if (ok && !address_fits(download, from.address)) {
        note(download, "InitiateAuthentication: the server signs another address than %s", download->address);
        ok = false;
    }
    if (!ok || !authenticate_server(ipa, &from)) {
        download_finish(ipa);
        return;
    }
    memcpy(download->transaction, from.transaction.data, from.transaction.size);
    download->transaction_size = from.transaction.size;
    download->ctx_from_eim = from.ctx.data != NULL;
    if (!remember(ipa))
        return;
    request = begin_request(ipa, TAG_AUTHENTICATE_CLIENT);
    tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
    if (!download->direct && ipa->settings.compact)
        compact_authenticate(buf_span(&ipa->response), ipa_known(ipa), download->ctx_from_eim, &ipa->out);
    else
        buf_append(&ipa->out, buf_span(&ipa->response));
    send_request(ipa, request, STEP_AUTHENTICATE);
}

/* --- AuthenticateClient, PrepareDownload
 * -------------------------------------------------------------------- */

struct authenticated {
    struct span signed2, signature, cert, hash_cc; /* whole */
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
    tlv_optional(&reader, TAG_METADATA, &value);
    if (!tlv_require_whole(&reader, TAG_SEQUENCE, &signed2, &out->signed2) ||
        !tlv_require_whole(&reader, TAG_SIGNATURE, NULL, &out->signature) ||
        !tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &out->cert))
        return false;
    if (tlv_peek(&reader) == TAG_OCTETS && !tlv_require_whole(&reader, TAG_OCTETS, NULL, &out->hash_cc))
        return false;
    out->code_required = tlv_find(signed2, 0x01, &flag) && flag.size == 1 && flag.data[0] != 0;
    if (!tlv_find(signed2, TAG_ONE_TIME_KEY, &out->bpp_otpk))
        out->bpp_otpk = SPAN_NONE;
    return tlv_skip_rest(&reader);
}

/* The registeredID of the server's certificate must be the one the activation code names (SGP.22 3.1.3, 4.1).
 */
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

static bool prepare(struct ipa *ipa, const struct authenticated *from)
{
    struct buf request = {0};
    struct span content;
    size_t outer = tlv_open(&request, TAG_PREPARE_DOWNLOAD);
    bool ok;

    buf_append(&request, from->signed2);
    buf_append(&request, from->signature);
    if (from->code_required)
        buf_append(&request, from->hash_cc);
    buf_append(&request, from->cert);
    tlv_close(&request, outer);
    ok = !request.failed &&
         card_call(ipa, "PrepareDownload", buf_span(&request), TAG_PREPARE_DOWNLOAD, &content, NULL);
    buf_free(&request);
    if (!ok)
        note(&ipa->download, "%s", ipa->why);
    return ok && !card_refused(ipa, "PrepareDownload", NAMES_PREPARE, content);
}

static void bind(struct ipa *ipa, struct span ok)
{
    struct ipa_download *download = &ipa->download;
    struct authenticated from;
    struct request request;

    if (!read_authenticated(ok, &from)) {
        note(download, "AuthenticateClient: the answer of %s is malformed", who(download));
        cancel(ipa, CANCEL_UNDEFINED);
    } else if (!oid_fits(download, from.cert)) {
        note(download, "the server's certificate does not carry the OID %s that the activation code names",
             download->oid);
        cancel(ipa, CANCEL_METADATA_MISMATCH);
    } else if (from.code_required && from.hash_cc.data == NULL) {
        /* The order survives: the eIM may come back with the code. */
        note(download, "the SM-DP+ asks for a confirmation code, and the eIM gave none");
        cancel(ipa, CANCEL_POSTPONED);
    } else if (!prepare(ipa, &from)) {
        cancel(ipa, CANCEL_UNDEFINED);
    } else {
        request = begin_request(ipa, TAG_GET_BOUND_PACKAGE);
        tlv_put(&ipa->out, 0x80, SPAN(download->transaction, download->transaction_size));
        if (may_compact(ipa))
            compact_prepare(buf_span(&ipa->response), from.hash_cc.data != NULL, from.bpp_otpk, &ipa->out);
        else
            buf_append(&ipa->out, buf_span(&ipa->response));
        send_request(ipa, request, STEP_BIND);
    }
}

/* An SM-DS knows where the profile is: AuthenticateClientOkDSEsipa carries a trigger, ES11's answer events.
 */
static void go_on(struct ipa *ipa, struct span address, struct span event)
{
    struct ipa_download *download = &ipa->download;

    if (address.size == 0 || address.size > IPA_ADDRESS_MAX || event.size > IPA_ADDRESS_MAX) {
        note(download, "AuthenticateClient: the SM-DS's event is malformed");
        download_finish(ipa);
        return;
    }
    snprintf(download->address, sizeof(download->address), "%.*s", (int)address.size,
             (const char *)address.data);
    snprintf(download->matching_id, sizeof(download->matching_id), "%.*s", (int)event.size,
             (const char *)event.data);
    download->has_matching_id = true;
    download->is_sm_ds = false;
    download_initiate(ipa);
}

static void found_trigger(struct ipa *ipa, struct span ok)
{
    struct ipa_download *download = &ipa->download;
    struct span trigger;

    if (!tlv_find(ok, TAG_DOWNLOAD_TRIGGER, &trigger)) {
        note(download, "the SM-DS has nothing for this eUICC");
        download_finish(ipa);
        return;
    }
    if (!download_follow(ipa, trigger)) {
        download_finish(ipa);
        return;
    }
    download_initiate(ipa);
}

static void found_events(struct ipa *ipa, struct span ok)
{
    static const uint32_t first[] = {0xA1, TAG_SEQUENCE, 0};
    struct span entry;
    struct span event;
    struct span address;

    if (!tlv_find_path(ok, first, &entry) || !tlv_find(entry, 0x80, &event) ||
        !tlv_find(entry, 0x81, &address)) {
        note(&ipa->download, "the SM-DS has nothing for this eUICC");
        download_finish(ipa);
        return;
    }
    go_on(ipa, address, event);
}

void download_authenticated(struct ipa *ipa, struct span answer)
{
    struct ipa_download *download = &ipa->download;
    struct tlv member;
    bool es11 = download->direct && download->is_sm_ds;
    uint32_t function = es11 ? TAG_AUTHENTICATE_CLIENT_ES11 : TAG_AUTHENTICATE_CLIENT;

    if (!read_answer(ipa, "AuthenticateClient", function, answer, &member)) {
        cancel(ipa, CANCEL_UNDEFINED);
    } else if (member.tag == 0xA0 && es11) {
        found_events(ipa, member.value);
    } else if (member.tag == 0xA0) {
        bind(ipa, member.value);
    } else if (member.tag == 0xA1 && !download->direct) {
        found_trigger(ipa, member.value);
    } else {
        note_refusal(download, "AuthenticateClient", NAMES_AUTHENTICATE_CLIENT, &member);
        download_finish(ipa); /* who refuses has ended the session */
    }
}

/* --- GetBoundProfilePackage, LoadBoundProfilePackage
 * -------------------------------------------------------- */

/* Until the card has an installation result, which comes after the last segment or at the first error. */
static bool load(struct ipa *ipa, struct span package)
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
            if (sw != SW_DONE) {
                note(download, "LoadBoundProfilePackage: the card answered %04X", sw);
                return false;
            }
            if (ipa->response.size > 0) {
                buf_append(&download->installation, buf_span(&ipa->response));
                return !download->installation.failed;
            }
        }
    }
    note(download, status == TLV_END ? "LoadBoundProfilePackage: the card gave no installation result"
                                     : "GetBoundProfilePackage: the package is malformed");
    return false;
}

void download_bound(struct ipa *ipa, struct span answer)
{
    struct ipa_download *download = &ipa->download;
    struct tlv member;
    struct tlv_reader reader;
    struct span value;
    struct span package = SPAN_NONE;

    if (!read_answer(ipa, "GetBoundProfilePackage", TAG_GET_BOUND_PACKAGE, answer, &member)) {
        cancel(ipa, CANCEL_LOAD_BPP_ERROR);
        return;
    }
    if (member.tag != 0xA0) {
        note_refusal(download, "GetBoundProfilePackage", NAMES_BIND, &member);
        download_finish(ipa);
        return;
    }
    reader = tlv_reader(member.value);
    tlv_optional(&reader, 0x80, &value);
    if (!tlv_require_whole(&reader, TAG_BOUND_PROFILE_PACKAGE, NULL, &package)) {
        note(download, "GetBoundProfilePackage: the answer of %s has no package", who(download));
        cancel(ipa, CANCEL_LOAD_BPP_ERROR);
        return;
    }
    load(ipa, package);
    download_finish(ipa);
}
