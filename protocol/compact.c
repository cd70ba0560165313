/* Compact forms of what the card answers. See compact.h. */
#include "protocol/compact.h"

#include "apdu/tlv.h"
#include "crypto/ec.h"
#include "protocol/tags.h"

#include <string.h>

#define TAG_EXT_RESOURCE    0x84
#define TAG_COMPACT_INSTALL 0xA0 /* in PendingNotification */

/* ISD-P AIDs differ in their octets 14 and 15 (SGP.02 2.2.3); these stand before them. */
static const uint8_t isdp_aid[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00};
#define AID_SIZE 16

/* simaResponse of an installation without any remark. */
static const uint8_t sima_success[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};

bool compact_digest_info2(struct span info2, uint8_t digest[COMPACT_DIGEST_SIZE])
{
    struct buf members = {0};
    struct span content;
    struct tlv_reader reader;
    struct tlv tlv;
    bool done;

    if (tlv_single(info2, TAG_EUICC_INFO2, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    while (tlv_next(&reader, &tlv) == TLV_OK)
        if (tlv.tag != TAG_EXT_RESOURCE && tlv.tag != TAG_IPA_MODE && tlv.tag != TAG_IOT_SPECIFIC_INFO)
            buf_append(&members, tlv.whole);
    done = tlv_good(&reader) && !members.failed &&
           crypto_sha256(&(struct span){members.data, members.size}, 1, digest);
    buf_free(&members);
    return done;
}

bool compact_digest_certs(struct span euicc, struct span eum, uint8_t digest[COMPACT_DIGEST_SIZE])
{
    const struct span parts[] = {euicc, eum};

    return crypto_sha256(parts, 2, digest);
}

static bool knows_certs(const struct compact_given *known, struct span euicc, struct span eum)
{
    uint8_t digest[COMPACT_DIGEST_SIZE];

    return known->has_certs && compact_digest_certs(euicc, eum, digest) &&
           memcmp(digest, known->certs, sizeof(digest)) == 0;
}

static bool knows_info2(const struct compact_given *known, struct span info2)
{
    uint8_t digest[COMPACT_DIGEST_SIZE];

    return known->has_info2 && compact_digest_info2(info2, digest) &&
           memcmp(digest, known->info2, sizeof(digest)) == 0;
}

/* --- AuthenticateServer ------------------------------------------------------------------------------- */

struct authenticated {
    struct span signed1, signature, euicc, eum;              /* whole, but for the signature's content */
    struct span transaction, address, challenge, info2, ctx; /* of signed1; info2 and ctx whole */
};

static bool read_signed1(struct span signed1, struct authenticated *a)
{
    struct tlv_reader reader;
    struct span content;
    struct span ctx;

    if (tlv_single(signed1, TAG_SEQUENCE, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    return tlv_require(&reader, 0x80, &a->transaction) && tlv_require(&reader, 0x83, &a->address) &&
           tlv_require(&reader, 0x84, &a->challenge) &&
           tlv_require_whole(&reader, TAG_EUICC_INFO2, NULL, &a->info2) &&
           tlv_require_whole(&reader, 0xA0, &ctx, &a->ctx) && tlv_finish(&reader);
}

static bool read_authenticated(struct span response, struct authenticated *a)
{
    struct span choice;
    struct span ok;
    struct tlv_reader reader;

    if (tlv_single(response, TAG_AUTHENTICATE_SERVER, &choice) != TLV_OK ||
        tlv_single(choice, TAG_FULL, &ok) != TLV_OK)
        return false;
    reader = tlv_reader(ok);
    return tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &a->signed1) &&
           tlv_require(&reader, TAG_SIGNATURE, &a->signature) &&
           tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &a->euicc) &&
           tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &a->eum) && tlv_finish(&reader) &&
           read_signed1(a->signed1, a);
}

/* Certificate is a SEQUENCE: under an implicit tag it loses its own. */
static void put_cert(struct buf *out, uint32_t tag, struct span cert)
{
    struct span content;

    if (tlv_single(cert, TAG_SEQUENCE, &content) == TLV_OK)
        tlv_put(out, tag, content);
}

static void put_compact_signed1(const struct authenticated *a, bool ctx_from_eim, struct buf *out)
{
    size_t inner = tlv_open(out, 0xA0);
    struct span content;
    struct span resource = SPAN_NONE;

    if (tlv_single(a->info2, TAG_EUICC_INFO2, &content) == TLV_OK)
        tlv_find(content, TAG_EXT_RESOURCE, &resource);
    tlv_put(out, TAG_EXT_RESOURCE, resource);
    if (!ctx_from_eim)
        tlv_put(out, 0xA2, a->ctx);
    tlv_close(out, inner);
}

void compact_authenticate(struct span response, const struct compact_given *known, bool ctx_from_eim,
                          struct buf *out)
{
    struct authenticated a;
    bool certs;
    bool info2;
    size_t outer;
    size_t inner;

    if (!read_authenticated(response, &a)) {
        buf_append(out, response);
        return;
    }
    certs = knows_certs(known, a.euicc, a.eum);
    info2 = knows_info2(known, a.info2);
    if (!certs && !info2) {
        buf_append(out, response);
        return;
    }
    outer = tlv_open(out, TAG_AUTHENTICATE_SERVER);
    inner = tlv_open(out, TAG_COMPACT);
    if (info2)
        put_compact_signed1(&a, ctx_from_eim, out);
    else
        buf_append(out, a.signed1);
    tlv_put(out, TAG_SIGNATURE, a.signature);
    if (!certs) {
        put_cert(out, 0xA1, a.euicc);
        put_cert(out, 0xA2, a.eum);
    }
    tlv_close(out, inner);
    tlv_close(out, outer);
}

/* --- PrepareDownload, CancelSession ------------------------------------------------------------------- */

/* { A0 { 30 signed, 5F37 signature } } in the object with `tag`. */
static bool read_signed(struct span response, uint32_t tag, struct span *content, struct span *signature)
{
    struct span choice;
    struct span ok;
    struct tlv_reader reader;

    if (tlv_single(response, tag, &choice) != TLV_OK || tlv_single(choice, TAG_FULL, &ok) != TLV_OK)
        return false;
    reader = tlv_reader(ok);
    return tlv_require(&reader, TAG_SEQUENCE, content) && tlv_require(&reader, TAG_SIGNATURE, signature) &&
           tlv_finish(&reader);
}

void compact_prepare(struct span response, bool code_from_eim, struct span bpp_otpk, struct buf *out)
{
    struct span content;
    struct span signature;
    struct span transaction;
    struct span otpk;
    struct span hash;
    struct tlv_reader reader;
    size_t marks[3];
    bool has_hash;
    bool ok = read_signed(response, TAG_PREPARE_DOWNLOAD, &content, &signature);

    reader = tlv_reader(ok ? content : SPAN_NONE);
    ok = ok && tlv_require(&reader, 0x80, &transaction) && tlv_require(&reader, TAG_ONE_TIME_KEY, &otpk);
    has_hash = ok && tlv_optional(&reader, TAG_OCTET_STRING, &hash);
    if (!ok || !tlv_finish(&reader)) {
        buf_append(out, response);
        return;
    }
    marks[0] = tlv_open(out, TAG_PREPARE_DOWNLOAD);
    marks[1] = tlv_open(out, TAG_COMPACT);
    marks[2] = tlv_open(out, TAG_SEQUENCE);
    if (bpp_otpk.data == NULL || !span_equal(otpk, bpp_otpk))
        tlv_put(out, TAG_ONE_TIME_KEY, otpk);
    if (has_hash && !code_from_eim)
        tlv_put(out, TAG_OCTET_STRING, hash);
    tlv_close(out, marks[2]);
    tlv_put(out, TAG_SIGNATURE, signature);
    tlv_close(out, marks[1]);
    tlv_close(out, marks[0]);
}

void compact_cancel(struct span response, struct buf *out)
{
    struct span content;
    struct span signature;
    struct span reason;
    size_t marks[3];

    if (!read_signed(response, TAG_CANCEL_SESSION, &content, &signature) ||
        !tlv_find(content, 0x82, &reason)) {
        buf_append(out, response);
        return;
    }
    marks[0] = tlv_open(out, TAG_CANCEL_SESSION);
    marks[1] = tlv_open(out, TAG_COMPACT);
    marks[2] = tlv_open(out, TAG_SEQUENCE);
    tlv_put(out, 0x80, reason);
    tlv_close(out, marks[2]);
    tlv_put(out, TAG_SIGNATURE, signature);
    tlv_close(out, marks[1]);
    tlv_close(out, marks[0]);
}

/* --- Notifications ------------------------------------------------------------------------------------ */

struct installation {
    struct span transaction, sequence, signature;
    bool has_iccid;
    struct span aid, sima; /* a success, or … */
    struct span error;     /* … the content of ErrorResult */
};

static bool read_final(struct span final, struct installation *result)
{
    struct span success;
    struct tlv_reader reader;

    if (tlv_single(final, 0xA1, &result->error) == TLV_OK)
        return true;
    if (tlv_single(final, 0xA0, &success) != TLV_OK)
        return false;
    reader = tlv_reader(success);
    return tlv_require_sized(&reader, 0x4F, AID_SIZE, AID_SIZE, &result->aid) &&
           tlv_require(&reader, TAG_OCTET_STRING, &result->sima) && tlv_finish(&reader) &&
           memcmp(result->aid.data, isdp_aid, sizeof(isdp_aid)) == 0 && result->aid.data[AID_SIZE - 1] == 0;
}

static bool read_installation(struct span whole, struct installation *result)
{
    struct tlv_reader outer;
    struct tlv_reader reader;
    struct span content;
    struct span data;
    struct span metadata;
    struct span oid;
    struct span final;
    struct span iccid;

    *result = (struct installation){.aid = SPAN_NONE};
    if (tlv_single(whole, TAG_INSTALLATION_RESULT, &content) != TLV_OK)
        return false;
    outer = tlv_reader(content);
    if (!tlv_require(&outer, TAG_INSTALLATION_RESULT_DATA, &data) ||
        !tlv_require(&outer, TAG_SIGNATURE, &result->signature) || !tlv_finish(&outer))
        return false;
    reader = tlv_reader(data);
    if (!tlv_require(&reader, 0x80, &result->transaction) ||
        !tlv_require(&reader, TAG_NOTIFICATION_METADATA, &metadata) || !tlv_require(&reader, 0x06, &oid) ||
        !tlv_require(&reader, 0xA2, &final) || !tlv_finish(&reader))
        return false;
    result->has_iccid = tlv_find(metadata, 0x5A, &iccid);
    return tlv_find(metadata, 0x80, &result->sequence) && read_final(final, result);
}

void compact_installation_result(struct span whole, struct buf *out)
{
    static const uint8_t absent[] = {0x00};
    struct installation result;
    size_t marks[4];

    if (!read_installation(whole, &result)) {
        buf_append(out, whole);
        return;
    }
    marks[0] = tlv_open(out, TAG_COMPACT_INSTALL);
    marks[1] = tlv_open(out, 0xA0);
    tlv_put(out, 0x80, result.transaction);
    tlv_put(out, 0x02, result.sequence);
    if (!result.has_iccid)
        tlv_put(out, 0x01, SPAN_ARRAY(absent));
    marks[2] = tlv_open(out, 0xA2);
    marks[3] = tlv_open(out, result.aid.data != NULL ? 0xA0 : 0xA1);
    if (result.aid.data != NULL) {
        tlv_put(out, 0x4F, SPAN(result.aid.data + sizeof(isdp_aid), 2));
        if (!span_equal(result.sima, SPAN_ARRAY(sima_success)))
            tlv_put(out, TAG_OCTET_STRING, result.sima);
    } else {
        buf_append(out, result.error);
    }
    tlv_close(out, marks[3]);
    tlv_close(out, marks[2]);
    tlv_close(out, marks[1]);
    tlv_put(out, TAG_SIGNATURE, result.signature);
    tlv_close(out, marks[0]);
}

void compact_other_notification(struct span notification, const struct compact_given *known,
                                const uint8_t eid[16], struct buf *out)
{
    struct span content;
    struct span metadata;
    struct span signature;
    struct span euicc;
    struct span eum;
    struct tlv_reader reader;
    size_t mark;
    bool ok = tlv_single(notification, TAG_SEQUENCE, &content) == TLV_OK;

    reader = tlv_reader(ok ? content : SPAN_NONE);
    ok = ok && tlv_require_whole(&reader, TAG_NOTIFICATION_METADATA, NULL, &metadata) &&
         tlv_require(&reader, TAG_SIGNATURE, &signature) &&
         tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &euicc) &&
         tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &eum) && tlv_finish(&reader) &&
         knows_certs(known, euicc, eum);
    if (!ok) {
        buf_append(out, notification);
        return;
    }
    mark = tlv_open(out, TAG_COMPACT_OTHER);
    tlv_put(out, 0x5A, SPAN(eid, 16));
    buf_append(out, metadata);
    tlv_put(out, TAG_SIGNATURE, signature);
    tlv_close(out, mark);
}
