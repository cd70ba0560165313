/* Notifications as a server receives them. See pending_notification.h. */
#include "protocol/pending_notification.h"

#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <string.h>

#define TRANSACTION_ID_MAX 16 /* octets, SGP.22 2.2.1 */

/* NotificationMetadata: exactly one operation. */
static bool take_metadata(struct pending_notification *out, struct tlv_reader *outer)
{
    struct span content, number, event;
    struct tlv_reader reader;
    unsigned count = 0;

    if (!tlv_require(outer, TAG_NOTIFICATION_METADATA, &content))
        return false;
    reader = tlv_reader(content);
    if (!tlv_require(&reader, 0x80, &number) || !tlv_unsigned(number, &out->sequence_number) ||
        !tlv_require(&reader, 0x81, &event) || !tlv_require(&reader, 0x0C, &out->address))
        return tlv_fail(outer, TLV_BAD_VALUE);
    if (tlv_optional(&reader, 0x5A, &out->iccid) && out->iccid.size != ICCID_SIZE)
        return tlv_fail(outer, TLV_BAD_VALUE);
    for (unsigned i = 0; i < NAMES_EVENTS; i++) {
        if (tlv_bit(event, i)) {
            out->operation = i;
            count++;
        }
    }
    return count == 1 && tlv_skip_rest(&reader) ? true : tlv_fail(outer, TLV_BAD_VALUE);
}

/* finalResult: [2] { [0] SuccessResult | [1] ErrorResult }. */
static bool take_result(struct pending_notification *out, struct span result)
{
    struct span content, command, reason;
    struct tlv_reader reader;

    out->installed = tlv_single(result, 0xA0, &content) == TLV_OK;
    if (!out->installed && tlv_single(result, 0xA1, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    if (out->installed)
        return tlv_require_sized(&reader, 0x4F, 5, 16, &out->aid) && tlv_require(&reader, 0x04, NULL) &&
               tlv_skip_rest(&reader);
    return tlv_require(&reader, 0x80, &command) && tlv_unsigned(command, &out->command_id) &&
           tlv_require(&reader, 0x81, &reason) && tlv_unsigned(reason, &out->error_reason) &&
           tlv_skip_rest(&reader);
}

static bool parse_installation(struct tlv_reader *reader, struct pending_notification *out)
{
    struct span data, result;
    struct tlv_reader inner;

    if (!tlv_require_whole(reader, TAG_INSTALLATION_RESULT_DATA, &data, &out->signed_data) ||
        !tlv_require(reader, TAG_SIGNATURE, &out->signature) || !tlv_skip_rest(reader))
        return false;
    inner = tlv_reader(data);
    if (!tlv_require_sized(&inner, 0x80, 1, TRANSACTION_ID_MAX, &out->transaction_id) ||
        !take_metadata(out, &inner))
        return tlv_fail(reader, inner.status);
    tlv_optional(&inner, 0x06, &out->smdp_oid);
    if (!tlv_require(&inner, 0xA2, &result) || !take_result(out, result) || !tlv_skip_rest(&inner))
        return tlv_fail(reader, TLV_BAD_VALUE);
    return true;
}

static bool parse_other(struct tlv_reader *reader, struct pending_notification *out)
{
    struct tlv_reader again = *reader;

    return take_metadata(out, reader) &&
           tlv_require_whole(&again, TAG_NOTIFICATION_METADATA, NULL, &out->signed_data) &&
           tlv_require(reader, TAG_SIGNATURE, &out->signature) &&
           tlv_require_whole(reader, 0x30, NULL, &out->euicc_cert) &&
           tlv_require_whole(reader, 0x30, NULL, &out->eum_cert) && tlv_skip_rest(reader);
}

bool pending_notification_parse(struct span octets, struct pending_notification *notification,
                                struct refusal_status *status)
{
    struct span content;
    struct tlv_reader reader;
    bool ok;

    *notification = (struct pending_notification){0};
    notification->is_installation = tlv_single(octets, TAG_INSTALLATION_RESULT, &content) == TLV_OK;
    if (!notification->is_installation && tlv_single(octets, 0x30, &content) != TLV_OK)
        return refusal_note(status, REFUSAL_INPUT_INVALID, "pendingNotification: neither BF37 nor 30");
    reader = tlv_reader(content);
    ok = notification->is_installation ? parse_installation(&reader, notification)
                                       : parse_other(&reader, notification);
    if (!ok)
        return refusal_note(status, REFUSAL_INPUT_INVALID, "pendingNotification: %s",
                            tlv_status_name(reader.status));
    return true;
}

/* The CI of an EUM certificate among the trusted ones. */
static const struct cert *issuer_of(const struct euicc_trust *trust, struct span eum_der)
{
    enum cert_status ignored;
    struct cert *eum = cert_parse(eum_der, &ignored);
    const struct cert *ci = eum != NULL ? euicc_trust_find(trust, cert_authority_key_id(eum)) : NULL;

    cert_free(eum);
    return ci;
}

bool pending_notification_verify(const struct euicc_trust *trust,
                                 const struct pending_notification *notification, const struct cert *euicc,
                                 char eid[33], struct refusal_status *status)
{
    struct cert *enclosed = NULL;
    const struct cert *ci;
    bool ok;

    if (!notification->is_installation) {
        ci = issuer_of(trust, notification->eum_cert);
        if (ci == NULL)
            return refusal_note(status, REFUSAL_CI_UNKNOWN, NULL);
        if (!euicc_trust_check(trust, ci, notification->euicc_cert, notification->eum_cert, &enclosed,
                               status))
            return false;
        euicc = enclosed;
    } else if (euicc == NULL) {
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, NULL);
    }
    memcpy(eid, cert_subject_serial_number(euicc), 33);
    ok = ec_verify(cert_key(euicc), &notification->signed_data, 1, notification->signature);
    cert_free(enclosed);
    return ok ? true : refusal_note(status, REFUSAL_EUICC_VERIFICATION, "notification");
}
