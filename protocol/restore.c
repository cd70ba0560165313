/*
 * Restores the compact answers of the eUICC's download functions (SGP.32 6.3.2.2, 6.3.2.3, 6.3.2.5). See
 * restore.h; notifications are in restore_notification.c.
 */
#include "protocol/restore_private.h"

#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "protocol/tags.h"

#define TAG_CARD_RESOURCE 0x84 /* extCardResource, in EUICCInfo2 and in CompactEuiccSigned1 */
/* The alternatives of the three CHOICEs. */
#define TAG_ERROR      0xA1
#define TAG_ERROR_CODE 0x81 /* CancelSession's */

const char *compact_status_name(enum compact_status status)
{
    static const char *const names[] = {"well-formed", "malformed", "what was left out is not known",
                                        "not what the eUICC has signed"};

    return names[status];
}

enum compact_status compact_verify(struct span euicc_cert, const struct span *parts, size_t count,
                                   struct span signature)
{
    struct cert *cert = cert_parse(euicc_cert, NULL);
    bool ok = cert != NULL && ec_verify(cert_key(cert), parts, count, signature);

    cert_free(cert);
    return ok ? COMPACT_OK : COMPACT_BAD_SIGNATURE;
}

/* The content of the compact alternative. Otherwise SPAN_NONE: an alternative of SGP.22, which `out` has got,
 * or nothing of the kind, which *status says. */
static struct span compact_choice(struct span response, uint32_t tag, struct buf *out,
                                  enum compact_status *status)
{
    struct span content, compact;
    struct tlv choice;

    *status = COMPACT_MALFORMED;
    if (tlv_single(response, tag, &content) != TLV_OK)
        return SPAN_NONE;
    if (tlv_single(content, TAG_COMPACT, &compact) == TLV_OK)
        return compact;
    if (tlv_only(content, &choice) != TLV_OK ||
        (choice.tag != TAG_FULL && choice.tag != (tag == TAG_CANCEL_SESSION ? TAG_ERROR_CODE : TAG_ERROR)))
        return SPAN_NONE;
    buf_append(out, response);
    *status = COMPACT_OK;
    return SPAN_NONE;
}

/* --- AuthenticateServer --------------------------------------------------------------------------------- */

struct compact_authenticate {
    struct span signed1;       /* 30, or SPAN_NONE: */
    struct span card_resource; /*   extCardResource, whole */
    struct span ctx_params1;   /*   A0 …; SPAN_NONE: left out */
    struct span signature, signature_whole;
    struct span euicc_cert, eum_cert; /* contents; SPAN_NONE: left out */
};

static bool parse_compact_signed1(struct span content, struct compact_authenticate *out)
{
    struct tlv_reader reader = tlv_reader(content);

    if (!tlv_require_whole(&reader, TAG_CARD_RESOURCE, NULL, &out->card_resource))
        return false;
    tlv_optional(&reader, 0xA2, &out->ctx_params1);
    return tlv_skip_rest(&reader);
}

static bool parse_authenticate(struct span compact, struct compact_authenticate *out)
{
    struct tlv_reader reader = tlv_reader(compact);
    struct span signed_data;

    *out = (struct compact_authenticate){0};
    if (tlv_peek(&reader) == 0x30) {
        if (!tlv_require_whole(&reader, 0x30, NULL, &out->signed1))
            return false;
    } else if (!tlv_require(&reader, 0xA0, &signed_data) || !parse_compact_signed1(signed_data, out)) {
        return false;
    }
    if (!tlv_require_whole(&reader, TAG_SIGNATURE, &out->signature, &out->signature_whole))
        return false;
    tlv_optional(&reader, 0xA1, &out->euicc_cert);
    tlv_optional(&reader, 0xA2, &out->eum_cert);
    return tlv_skip_rest(&reader);
}

/* The members that SGP.32 added to EUICCInfo2. */
static bool is_iot_member(uint32_t tag)
{
    return tag == TAG_IPA_MODE || tag == TAG_IOT_SPECIFIC_INFO;
}

/* EUICCInfo2 as it was, with the one figure of it that changes from download to download. */
static bool put_info2(struct span info2, struct span card_resource, bool with_iot_members, struct buf *out)
{
    struct span content;
    struct tlv_reader reader;
    struct tlv tlv;
    size_t at;
    bool replaced = false;

    if (tlv_single(info2, TAG_EUICC_INFO2, &content) != TLV_OK)
        return false;
    at = tlv_open(out, TAG_EUICC_INFO2);
    reader = tlv_reader(content);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (is_iot_member(tlv.tag) && !with_iot_members)
            continue;
        buf_append(out, tlv.tag == TAG_CARD_RESOURCE ? card_resource : tlv.whole);
        replaced = replaced || tlv.tag == TAG_CARD_RESOURCE;
    }
    tlv_close(out, at);
    return replaced && tlv_good(&reader);
}

static bool restore_signed1(const struct compact_known *known, const struct compact_authenticate *parts,
                            bool with_iot_members, struct buf *out)
{
    struct span ctx = parts->ctx_params1.data != NULL ? parts->ctx_params1 : known->ctx_params1;
    size_t at;
    bool ok;

    if (known->info2.data == NULL || known->transaction_id.data == NULL ||
        known->server_address.data == NULL || known->server_challenge.data == NULL || ctx.data == NULL)
        return false;
    at = tlv_open(out, 0x30);
    tlv_put(out, 0x80, known->transaction_id);
    tlv_put(out, 0x83, known->server_address);
    tlv_put(out, 0x84, known->server_challenge);
    ok = put_info2(known->info2, parts->card_resource, with_iot_members, out);
    buf_append(out, ctx);
    tlv_close(out, at);
    return ok;
}

/* Certificate [1] and [2] are the certificate's SEQUENCE under another tag. */
static void put_cert(struct span content, struct span known, struct buf *out)
{
    if (content.data != NULL)
        tlv_put(out, 0x30, content);
    else
        buf_append(out, known);
}

/*
 * euiccSigned1 as the eUICC has signed it, into `signed1`, which is empty. Reading: with the EUICCInfo2 of
 * SGP.32, or, when that is not what was signed, with that of SGP.22, which SGP.32 v1.0 has there.
 */
static enum compact_status find_signed1(const struct compact_known *known,
                                        const struct compact_authenticate *parts, struct span euicc_cert,
                                        struct buf *signed1)
{
    enum compact_status status = COMPACT_UNKNOWN;
    struct span whole;

    if (parts->signed1.data != NULL) {
        buf_append(signed1, parts->signed1);
        return compact_verify(euicc_cert, &parts->signed1, 1, parts->signature);
    }
    for (int iot = 1; iot >= 0 && status != COMPACT_OK; iot--) {
        buf_clear(signed1);
        if (!restore_signed1(known, parts, iot != 0, signed1))
            return COMPACT_UNKNOWN;
        whole = buf_span(signed1);
        status = compact_verify(euicc_cert, &whole, 1, parts->signature);
    }
    return status;
}

enum compact_status compact_expand_authenticate(const struct compact_known *known, struct span response,
                                                struct buf *out)
{
    struct compact_authenticate parts;
    struct buf signed1 = {0}, euicc = {0};
    enum compact_status status;
    struct span compact = compact_choice(response, TAG_AUTHENTICATE_SERVER, out, &status);
    size_t outer, choice;

    if (compact.data == NULL)
        return status;
    if (!parse_authenticate(compact, &parts))
        return COMPACT_MALFORMED;
    put_cert(parts.euicc_cert, known->euicc_cert, &euicc);
    if (euicc.size == 0 || (parts.eum_cert.data == NULL && known->eum_cert.data == NULL))
        status = COMPACT_UNKNOWN;
    else
        status = find_signed1(known, &parts, buf_span(&euicc), &signed1);
    outer = tlv_open(out, TAG_AUTHENTICATE_SERVER);
    choice = tlv_open(out, 0xA0);
    buf_append(out, buf_span(&signed1));
    buf_append(out, parts.signature_whole);
    buf_append(out, buf_span(&euicc));
    put_cert(parts.eum_cert, known->eum_cert, out);
    tlv_close(out, choice);
    tlv_close(out, outer);
    buf_free(&signed1);
    buf_free(&euicc);
    return status;
}

/* --- PrepareDownload and CancelSession ------------------------------------------------------------------ */

/* Both are a SEQUENCE and a signature, and become the same with more in the SEQUENCE. */
static bool parse_signed(struct span compact, struct span *content, struct span *signature,
                         struct span *signature_whole)
{
    struct tlv_reader reader = tlv_reader(compact);

    return tlv_require(&reader, 0x30, content) &&
           tlv_require_whole(&reader, TAG_SIGNATURE, signature, signature_whole) && tlv_skip_rest(&reader);
}

static void put_signed(struct buf *out, uint32_t tag, const struct buf *object, struct span signature_whole)
{
    size_t outer = tlv_open(out, tag);
    size_t choice = tlv_open(out, 0xA0);

    buf_append(out, buf_span(object));
    buf_append(out, signature_whole);
    tlv_close(out, choice);
    tlv_close(out, outer);
}

static enum compact_status restore_signed2(const struct compact_known *known, struct span content,
                                           struct buf *out)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span otpk, hash_cc;
    size_t at;

    if (!tlv_optional(&reader, TAG_ONE_TIME_KEY, &otpk))
        otpk = known->offered_otpk;
    if (!tlv_optional(&reader, 0x04, &hash_cc))
        hash_cc = known->hash_cc;
    if (!tlv_skip_rest(&reader))
        return COMPACT_MALFORMED;
    if (known->transaction_id.data == NULL || known->smdp_signature2.data == NULL || otpk.data == NULL ||
        known->euicc_cert.data == NULL)
        return COMPACT_UNKNOWN;
    at = tlv_open(out, 0x30);
    tlv_put(out, 0x80, known->transaction_id);
    tlv_put(out, TAG_ONE_TIME_KEY, otpk);
    if (hash_cc.data != NULL)
        tlv_put(out, 0x04, hash_cc);
    tlv_close(out, at);
    return COMPACT_OK;
}

enum compact_status compact_expand_prepare(const struct compact_known *known, struct span response,
                                           struct buf *out)
{
    struct span content, signature, signature_whole;
    struct buf signed2 = {0};
    enum compact_status status;
    struct span compact = compact_choice(response, TAG_PREPARE_DOWNLOAD, out, &status);

    if (compact.data == NULL)
        return status;
    if (!parse_signed(compact, &content, &signature, &signature_whole))
        return COMPACT_MALFORMED;
    status = restore_signed2(known, content, &signed2);
    if (status == COMPACT_OK) {
        const struct span parts[] = {buf_span(&signed2), known->smdp_signature2};

        status = compact_verify(known->euicc_cert, parts, 2, signature);
    }
    put_signed(out, TAG_PREPARE_DOWNLOAD, &signed2, signature_whole);
    buf_free(&signed2);
    return status;
}

static void put_cancel_signed(const struct compact_known *known, uint64_t reason, struct buf *out)
{
    size_t at = tlv_open(out, 0x30);

    tlv_put(out, 0x80, known->transaction_id);
    tlv_put(out, 0x81, known->server_oid);
    tlv_put_unsigned(out, 0x82, reason);
    tlv_close(out, at);
}

/* Reading (6.3.2.5): the ASN.1 lets the IPA leave the reason out without saying what stands for it. There are
 * few, and the signature tells which one it was. */
static enum compact_status find_cancel_signed(const struct compact_known *known, bool given, uint64_t reason,
                                              struct span signature, struct buf *out)
{
    static const uint8_t reasons[] = {127, 0, 1, 2, 3, 4, 5}; /* SGP.22 5.7.14; the likeliest first */
    enum compact_status status = COMPACT_BAD_SIGNATURE;

    for (size_t i = 0; i < (given ? 1 : sizeof(reasons)) && status != COMPACT_OK; i++) {
        struct span whole;

        buf_clear(out);
        put_cancel_signed(known, given ? reason : reasons[i], out);
        whole = buf_span(out);
        status = compact_verify(known->euicc_cert, &whole, 1, signature);
    }
    return status;
}

enum compact_status compact_expand_cancel(const struct compact_known *known, struct span response,
                                          struct buf *out)
{
    struct span content, signature, signature_whole, value;
    struct buf object = {0};
    struct tlv_reader reader;
    uint64_t reason = 0;
    bool given;
    enum compact_status status;
    struct span compact = compact_choice(response, TAG_CANCEL_SESSION, out, &status);

    if (compact.data == NULL)
        return status;
    if (!parse_signed(compact, &content, &signature, &signature_whole))
        return COMPACT_MALFORMED;
    reader = tlv_reader(content);
    given = tlv_optional(&reader, 0x80, &value);
    if ((given && !tlv_unsigned(value, &reason)) || !tlv_skip_rest(&reader))
        return COMPACT_MALFORMED;
    if (known->transaction_id.data == NULL || known->server_oid.data == NULL ||
        known->euicc_cert.data == NULL)
        return COMPACT_UNKNOWN;
    status = find_cancel_signed(known, given, reason, signature, &object);
    put_signed(out, TAG_CANCEL_SESSION, &object, signature_whole);
    buf_free(&object);
    return status;
}
