/*
 * Restores compact notifications (SGP.32 6.3.2.4: CompactProfileInstallationResult,
 * CompactOtherSignedNotification). See compact.h.
 */
#include "protocol/restore_private.h"

#include "apdu/tlv.h"
#include "protocol/tags.h"

#define TAG_COMPACT_INSTALLATION 0xA0

/* What compactAid is cut from: octets 14 and 15 of an ISD-P's AID. */
static const uint8_t aid_begin[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10,
                                    0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00};
static const uint8_t aid_end[] = {0x00};
/* The simaResponse that is left out: EUICCResponse { peStatus ok }. */
static const uint8_t success[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
/* NotificationEvent with notificationInstall. */
static const uint8_t install_event[] = {0x07, 0x80};

struct compact_installation {
    struct span transaction_id;
    struct span number;
    bool iccid_present;
    bool installed;
    struct span result; /* content: CompactSuccessResult, or ErrorResult */
    struct span signature, signature_whole;
};

static bool parse_data(struct span content, struct compact_installation *out)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span flag, result;
    uint64_t number;

    if (!tlv_require_sized(&reader, 0x80, 1, 16, &out->transaction_id) ||
        !tlv_require(&reader, 0x02, &out->number) || !tlv_unsigned(out->number, &number))
        return false;
    out->iccid_present = true;
    if (tlv_optional(&reader, 0x01, &flag)) {
        if (flag.size != 1)
            return false;
        out->iccid_present = flag.data[0] != 0;
    }
    if (!tlv_require(&reader, 0xA2, &result) || !tlv_skip_rest(&reader))
        return false;
    out->installed = tlv_single(result, 0xA0, &out->result) == TLV_OK;
    return out->installed || tlv_single(result, 0xA1, &out->result) == TLV_OK;
}

static bool parse_installation(struct span pending, struct compact_installation *out)
{
    struct tlv_reader reader;
    struct span content, data;

    *out = (struct compact_installation){0};
    if (tlv_single(pending, TAG_COMPACT_INSTALLATION, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    return tlv_require(&reader, 0xA0, &data) && parse_data(data, out) &&
           tlv_require_whole(&reader, TAG_SIGNATURE, &out->signature, &out->signature_whole) &&
           tlv_skip_rest(&reader);
}

/* SuccessResult from its compact form. */
static bool put_success(struct span compact, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(compact);
    struct span part, response;
    size_t at = tlv_open(out, 0xA0);
    size_t aid;

    if (!tlv_require_sized(&reader, 0x4F, 2, 2, &part))
        return false;
    if (!tlv_optional(&reader, 0x04, &response))
        response = SPAN_ARRAY(success);
    aid = tlv_open(out, 0x4F);
    buf_append(out, SPAN_ARRAY(aid_begin));
    buf_append(out, part);
    buf_append(out, SPAN_ARRAY(aid_end));
    tlv_close(out, aid);
    tlv_put(out, 0x04, response);
    tlv_close(out, at);
    return tlv_skip_rest(&reader);
}

/* ProfileInstallationResultData; the notificationAddress of an installation is the session's SM-DP+. */
static bool put_data(const struct compact_known *known, const struct compact_installation *parts,
                     struct span oid, struct buf *out)
{
    size_t outer = tlv_open(out, TAG_INSTALLATION_RESULT_DATA);
    size_t inner;
    bool ok = true;

    tlv_put(out, 0x80, parts->transaction_id);
    inner = tlv_open(out, TAG_NOTIFICATION_METADATA);
    tlv_put(out, 0x80, parts->number);
    tlv_put(out, 0x81, SPAN_ARRAY(install_event));
    tlv_put(out, 0x0C, known->server_address);
    if (parts->iccid_present)
        tlv_put(out, 0x5A, known->iccid);
    tlv_close(out, inner);
    if (oid.data != NULL)
        tlv_put(out, 0x06, oid);
    inner = tlv_open(out, 0xA2);
    if (parts->installed)
        ok = put_success(parts->result, out);
    else
        tlv_put(out, 0xA1, parts->result);
    tlv_close(out, inner);
    tlv_close(out, outer);
    return ok;
}

/* Reading (6.3.2.4): smdpOid is optional in the full form, and the compact one does not say whether it was
 * there. The signature does. */
static enum compact_status restore_data(const struct compact_known *known,
                                        const struct compact_installation *parts, struct buf *data)
{
    const struct span oids[] = {known->server_oid, SPAN_NONE};
    enum compact_status status = COMPACT_BAD_SIGNATURE;

    for (size_t i = 0; i < 2 && status == COMPACT_BAD_SIGNATURE; i++) {
        struct span whole;

        buf_clear(data);
        if (!put_data(known, parts, oids[i], data))
            return COMPACT_MALFORMED;
        whole = buf_span(data);
        status = compact_verify(known->euicc_cert, &whole, 1, parts->signature);
    }
    return status;
}

static enum compact_status expand_installation(const struct compact_known *known, struct span pending,
                                               struct buf *out)
{
    struct compact_installation parts;
    struct buf data = {0};
    enum compact_status status;
    size_t at;

    if (!parse_installation(pending, &parts))
        return COMPACT_MALFORMED;
    if (known->euicc_cert.data == NULL || known->server_address.data == NULL ||
        (parts.iccid_present && known->iccid.data == NULL))
        return COMPACT_UNKNOWN;
    status = restore_data(known, &parts, &data);
    at = tlv_open(out, TAG_INSTALLATION_RESULT);
    buf_append(out, buf_span(&data));
    buf_append(out, parts.signature_whole);
    tlv_close(out, at);
    buf_free(&data);
    return status;
}

static enum compact_status expand_other(const struct compact_known *known, struct span pending,
                                        struct buf *out)
{
    struct span content, eid, metadata, signature, signature_whole, ci;
    struct tlv_reader reader;
    size_t at;

    if (tlv_single(pending, TAG_COMPACT_OTHER, &content) != TLV_OK)
        return COMPACT_MALFORMED;
    reader = tlv_reader(content);
    if (tlv_optional(&reader, 0x5A, &eid) && eid.size != 16)
        return COMPACT_MALFORMED;
    if (!tlv_require_whole(&reader, TAG_NOTIFICATION_METADATA, NULL, &metadata) ||
        !tlv_require_whole(&reader, TAG_SIGNATURE, &signature, &signature_whole))
        return COMPACT_MALFORMED;
    tlv_optional(&reader, 0x04, &ci);
    if (!tlv_skip_rest(&reader))
        return COMPACT_MALFORMED;
    if (known->euicc_cert.data == NULL || known->eum_cert.data == NULL ||
        !span_begins_with(known->ci_key_id, ci)) /* it may be cut short */
        return COMPACT_UNKNOWN;
    at = tlv_open(out, 0x30);
    buf_append(out, metadata);
    buf_append(out, signature_whole);
    buf_append(out, known->euicc_cert);
    buf_append(out, known->eum_cert);
    tlv_close(out, at);
    return compact_verify(known->euicc_cert, &metadata, 1, signature);
}

enum compact_status compact_expand_notification(const struct compact_known *known, struct span pending,
                                                struct buf *out)
{
    struct tlv tlv;

    if (tlv_only(pending, &tlv) != TLV_OK)
        return COMPACT_MALFORMED;
    switch (tlv.tag) {
    case TAG_INSTALLATION_RESULT:
    case 0x30:
        buf_append(out, pending);
        return COMPACT_OK;
    case TAG_COMPACT_INSTALLATION:
        return expand_installation(known, pending, out);
    case TAG_COMPACT_OTHER:
        return expand_other(known, pending, out);
    default:
        return COMPACT_MALFORMED;
    }
}

struct span compact_notification_eid(struct span pending)
{
    struct span content, eid;

    if (tlv_single(pending, TAG_COMPACT_OTHER, &content) == TLV_OK && tlv_find(content, 0x5A, &eid))
        return eid;
    return SPAN_NONE;
}

struct span compact_notification_transaction(struct span pending)
{
    struct compact_installation parts;

    return parse_installation(pending, &parts) ? parts.transaction_id : SPAN_NONE;
}
