/*
 * eUICC Packages and results (SGP.32 3.3.1, 6.3.2.6, 6.3.2.7): GetEimPackage, LoadEuiccPackage,
 * ProvideEimPackageResult and its acknowledgements, stored results, and the rollback of a profile that found
 * no network (3.3.2).
 */
#include "euicc/ipa/ipa_internal.h"
#include "euicc/ipa/names.h"

#include <stdio.h>
#include <string.h>

#define TAG_NOTIFY_STATE_CHANGE 0x80
#define TAG_STATE_CHANGE_CAUSE  0x81
#define TAG_RPLMN               0x82
#define TAG_PROFILE_ROLLBACK    0xBF58

#define SW_BAD_REQUEST   0x6A80
#define SW_NOT_SUPPORTED 0x6A88

/* EimPackageResultErrorCode, SGP.32 6.3.2.7 */
enum { INVALID_PACKAGE_FORMAT = 1, UNKNOWN_PACKAGE = 2 };

/* GetEimPackageResponse's eimPackageError, SGP.32 6.3.2.6 */
#define NO_EIM_PACKAGE_AVAILABLE 1

#define CAUSE_OTHER_EIM 0

/* --- What goes out ----------------------------------------------------------------------------------------
 */

size_t package_result_begin(struct ipa *ipa)
{
    size_t mark;

    buf_clear(&ipa->out);
    buf_clear(&ipa->offered);
    ipa->is_download = false;
    ipa->gives = (struct compact_given){.has_certs = false};
    mark = tlv_open(&ipa->out, TAG_PROVIDE_RESULT);
    if (!ipa->settings.v1)
        tlv_put(&ipa->out, TAG_EID, SPAN_ARRAY(ipa->eid));
    return mark;
}

void package_result_end(struct ipa *ipa, size_t mark, bool profile_changed, bool may_roll_back)
{
    tlv_close(&ipa->out, mark);
    ipa->profile_changed = profile_changed || may_roll_back;
    ipa->may_roll_back = may_roll_back;
    if (profile_changed) {
        ipa->result_waits = true;
        ipa->want = IPA_REFRESH;
        ipa_tell(ipa, IPA_EVENT_REFRESH, SPAN_NONE, 0, 0, NULL);
    } else {
        ipa_send(ipa, STEP_RESULT, IPA_PEER_EIM, "");
    }
}

void package_offer(struct ipa *ipa, uint64_t sequence)
{
    buf_append(&ipa->offered, SPAN(&sequence, sizeof(sequence)));
}

static bool was_offered(const struct ipa *ipa, uint64_t sequence)
{
    for (size_t at = 0; at < ipa->offered.size; at += sizeof(sequence)) {
        if (memcmp(ipa->offered.data + at, &sequence, sizeof(sequence)) == 0)
            return true;
    }
    return false;
}

bool package_put_notifications(struct ipa *ipa, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv pending;
    struct span address;
    struct span iccid;
    uint64_t sequence;

    while (tlv_next(&reader, &pending) == TLV_OK) {
        if (!notification_metadata(pending.whole, &sequence, &address, &iccid))
            return false;
        package_offer(ipa, sequence);
        notification_put(ipa, pending.whole, &ipa->out);
    }
    return tlv_good(&reader);
}

static void refuse(struct ipa *ipa, struct span eim_transaction_id, int code)
{
    size_t outer = package_result_begin(ipa);
    size_t inner = tlv_open(&ipa->out, 0xA0);

    if (eim_transaction_id.size > 0)
        tlv_put(&ipa->out, 0x80, eim_transaction_id);
    tlv_put_unsigned(&ipa->out, TAG_INTEGER, (uint64_t)code);
    tlv_close(&ipa->out, inner);
    ipa_tell(ipa, IPA_EVENT_REFUSED, SPAN_NONE, 0, code, NULL);
    package_result_end(ipa, outer, false, false);
}

/* The other eIMs have not seen what this result says; each result is looked at once. */
static bool tell_others(struct ipa *ipa, const struct package_result *result)
{
    if (!result->has_sequence || result->sequence <= ipa->state.told || !result->changes_state ||
        ipa->eim_count < 2)
        return true;
    ipa->state.told = result->sequence;
    if (!card_mark_eims(ipa, result->eim_id, CAUSE_OTHER_EIM)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return false;
    }
    return ipa_keep(ipa);
}

/* --- Stored results ---------------------------------------------------------------------------------------
 */

bool ipa_settle(struct ipa *ipa)
{
    uint8_t profiles[DIGEST_SIZE];

    if (ipa->state.begun_cause < 0)
        return true;
    if (!card_profiles_digest(ipa, profiles)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return false;
    }
    if (memcmp(profiles, ipa->state.profiles, sizeof(profiles)) != 0 &&
        !card_mark_eims(ipa, NULL, ipa->state.begun_cause)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return false;
    }
    ipa->state.begun_cause = -1;
    return ipa_keep(ipa);
}

static bool read_stored(struct ipa *ipa)
{
    static const uint8_t package_results[] = {0x82, 0x00};
    struct span list;

    if (!card_retrieve(ipa, SPAN_ARRAY(package_results), &list)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return false;
    }
    buf_append(&ipa->stored, list);
    buf_append_octet(&ipa->stored, 0x00); /* so that an empty list is not read again */
    ipa->stored_offset = 0;
    return !ipa->stored.failed;
}

/* Nothing is stored for this eIM any more: a rollback that was granted to it was reported. */
static bool all_confirmed(struct ipa *ipa)
{
    if (strcmp(ipa->state.unconfirmed, ipa->eim.id) != 0)
        return true;
    ipa->state.unconfirmed[0] = '\0';
    return ipa_keep(ipa);
}

bool package_offer_stored(struct ipa *ipa)
{
    struct tlv_reader reader;
    struct tlv stored;

    if (ipa->stored.size == 0 && !read_stored(ipa))
        return false;
    reader = tlv_reader(SPAN(ipa->stored.data, ipa->stored.size - 1));
    reader.offset = ipa->stored_offset;
    while (tlv_next(&reader, &stored) == TLV_OK) {
        struct package_result result;
        size_t outer;

        ipa->stored_offset = reader.offset;
        if (!package_result_read(stored.whole, &result) || strcmp(result.eim_id, ipa->eim.id) != 0)
            continue;
        if (!tell_others(ipa, &result))
            return false;
        outer = package_result_begin(ipa);
        buf_append(&ipa->out, stored.whole);
        package_offer(ipa, result.sequence);
        ipa_tell(ipa, IPA_EVENT_OFFERED, stored.whole, result.sequence, 0, NULL);
        package_result_end(ipa, outer, false,
                           result.enabled && strcmp(ipa->state.unconfirmed, ipa->eim.id) == 0);
        return true;
    }
    all_confirmed(ipa);
    return false;
}

/* --- Results and their acknowledgements
 * --------------------------------------------------------------------- */

static bool acknowledge(struct ipa *ipa, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    uint64_t sequence;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag != 0x80 || !tlv_unsigned(tlv.value, &sequence)) {
            ipa_end(ipa, IPA_MALFORMED,
                    "ProvideEimPackageResult: the eIM's eimAcknowledgements are malformed");
            return false;
        }
        /* Reading (SGP.32 3.3.1): an eIM acknowledges what it was just given, nothing of another eIM's. */
        if (!was_offered(ipa, sequence))
            continue;
        if (!card_remove(ipa, sequence)) {
            ipa_end(ipa, IPA_CARD, "%s", ipa->why);
            return false;
        }
        ipa_tell(ipa, IPA_EVENT_ACKNOWLEDGED, SPAN_NONE, sequence, 0, NULL);
    }
    if (!tlv_good(&reader))
        ipa_end(ipa, IPA_MALFORMED,
                "ProvideEimPackageResult: the eIM's eimAcknowledgements are malformed: %s",
                tlv_status_name(reader.status));
    return tlv_good(&reader);
}

/* The eIM has the result: what was kept for telling it is done with. */
static bool delivered(struct ipa *ipa)
{
    struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);
    bool keep = false;

    if (known != NULL && ipa->gives.has_certs) {
        known->has.has_certs = true;
        memcpy(known->has.certs, ipa->gives.certs, sizeof(known->has.certs));
        keep = true;
    }
    if (known != NULL && ipa->gives.has_info2) {
        known->has.has_info2 = true;
        memcpy(known->has.info2, ipa->gives.info2, sizeof(known->has.info2));
        keep = true;
    }
    if (ipa->may_roll_back) {
        ipa->state.unconfirmed[0] = '\0';
        keep = true;
    }
    if (ipa->is_download && ipa->state.downloading) {
        ipa->state.downloading = false;
        keep = true;
    }
    ipa->profile_changed = false;
    ipa->may_roll_back = false;
    ipa->is_download = false;
    ipa_tell(ipa, IPA_EVENT_DELIVERED, SPAN_NONE, 0, 0, NULL);
    return !keep || ipa_keep(ipa);
}

void package_result_answered(struct ipa *ipa, struct span answer)
{
    struct span content;
    struct span value;
    uint64_t code = 127;
    char name[64];
    enum tlv_status status = tlv_single(answer, TAG_PROVIDE_RESULT, &content);

    if (status != TLV_OK) {
        ipa_end(ipa, IPA_MALFORMED, "ProvideEimPackageResult: the eIM's answer is malformed: %s",
                tlv_status_name(status));
        return;
    }
    if (!delivered(ipa))
        return;
    if (tlv_single(content, TAG_INTEGER, &value) == TLV_OK) {
        tlv_unsigned(value, &code);
        ipa_end(ipa, IPA_REFUSED, "ProvideEimPackageResult: the eIM answered %s",
                ipa_name(NAMES_PROVIDE_RESULT, code, name, sizeof(name)));
        return;
    }
    if (tlv_single(content, TAG_ACKNOWLEDGEMENTS, &value) == TLV_OK) {
        if (!acknowledge(ipa, value))
            return;
    } else if (content.size > 0 && tlv_single(content, TAG_SEQUENCE, &value) != TLV_OK) {
        ipa_end(ipa, IPA_MALFORMED, "ProvideEimPackageResult: the eIM's answer is malformed");
        return;
    }
    ipa_next(ipa);
}

/* ipa_end was called. A new profile may need its time to find the network, and its result is worth waiting
 * for. */
void package_result_lost(struct ipa *ipa)
{
    if (!ipa->profile_changed)
        return;
    ipa->want = IPA_RETRY;
    ipa->step = STEP_RESULT;
}

void package_roll_back(struct ipa *ipa)
{
    static const uint8_t request[] = {0xBF, 0x58, 0x03, 0x80, 0x01, 0xFF};
    struct buf result = {0};
    struct span content;
    struct span value;
    struct package_result read;
    uint64_t code = 127;
    size_t outer;

    ipa->may_roll_back = false;
    ipa->profile_changed = false;
    if (!card_call(ipa, "ProfileRollback", SPAN_ARRAY(request), TAG_PROFILE_ROLLBACK, &content, NULL)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    if (tlv_find(content, TAG_INTEGER, &value))
        tlv_unsigned(value, &code);
    ipa_tell(ipa, IPA_EVENT_ROLLBACK, SPAN_NONE, 0, (int)(code > 127 ? 127 : code), NULL);
    ipa->state.unconfirmed[0] = '\0';
    if (!ipa_keep(ipa) || code != 0)
        return; /* unreachable, as ipa_end said */
    if (tlv_find(content, TAG_EUICC_PACKAGE, &value))
        tlv_put(&result, TAG_EUICC_PACKAGE, value);
    ipa->outcome = IPA_DONE;
    ipa->why[0] = '\0';
    outer = package_result_begin(ipa);
    if (package_result_read(buf_span(&result), &read)) {
        buf_append(&ipa->out, buf_span(&result));
        if (read.has_sequence)
            package_offer(ipa, read.sequence);
        if (!tell_others(ipa, &read)) {
            buf_free(&result);
            return;
        }
        package_result_end(ipa, outer, true, false);
        /* Over the old profile it is as before: the next poll is soon enough. */
        ipa->profile_changed = false;
    } else {
        ipa->want = IPA_REFRESH;
        ipa_tell(ipa, IPA_EVENT_REFRESH, SPAN_NONE, 0, 0, NULL);
    }
    buf_free(&result);
}

/* --- Packages
 * ----------------------------------------------------------------------------------------------- */

void package_get(struct ipa *ipa)
{
    const struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);
    size_t outer;

    if (ipa->packages == IPA_PACKAGES_MAX) {
        ipa->more = false;
        ipa_tell(ipa, IPA_EVENT_MORE, SPAN_NONE, ipa->packages, 0, NULL);
        ipa_next(ipa);
        return;
    }
    ipa->told_cause = known != NULL ? known->cause : -1;
    buf_clear(&ipa->out);
    outer = tlv_open(&ipa->out, TAG_GET_EIM_PACKAGE);
    tlv_put(&ipa->out, TAG_EID, SPAN_ARRAY(ipa->eid));
    if (ipa->told_cause >= 0) {
        tlv_put(&ipa->out, TAG_NOTIFY_STATE_CHANGE, SPAN_STRING(""));
        tlv_put_unsigned(&ipa->out, TAG_STATE_CHANGE_CAUSE, (uint64_t)ipa->told_cause);
    }
    if (ipa->settings.rplmn != NULL)
        tlv_put(&ipa->out, TAG_RPLMN, SPAN(ipa->settings.rplmn, 3));
    tlv_close(&ipa->out, outer);
    ipa_send(ipa, STEP_GET_PACKAGE, IPA_PEER_EIM, "");
}

/* The eIM knows the cause once it has answered. */
static bool cause_told(struct ipa *ipa)
{
    struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);
    int cause = ipa->told_cause;

    ipa->told_cause = -1;
    if (cause < 0 || known == NULL || known->cause != cause)
        return true;
    known->cause = -1;
    ipa_tell(ipa, IPA_EVENT_STATE_CHANGE, SPAN_NONE, 0, cause, NULL);
    return ipa_keep(ipa);
}

/* Reading (SGP.32 3.3.1): notifications go along with a result when it is the eIM that passes them on. */
static bool put_result(struct ipa *ipa, struct span result)
{
    struct buf list = {0};
    struct span notifications = SPAN_NONE;
    bool ok = true;

    if (ipa_through_eim(ipa)) {
        ok = card_retrieve(ipa, SPAN_NONE, &notifications);
        buf_append(&list, notifications);
        ok = ok && !list.failed;
    }
    if (ok && list.size > 0) {
        size_t both = tlv_open(&ipa->out, TAG_SEQUENCE);
        size_t inner;

        buf_append(&ipa->out, result);
        inner = tlv_open(&ipa->out, 0xA0);
        ok = package_put_notifications(ipa, buf_span(&list));
        tlv_close(&ipa->out, inner);
        tlv_close(&ipa->out, both);
    } else {
        buf_append(&ipa->out, result);
    }
    buf_free(&list);
    return ok;
}

/* LoadEuiccPackage; what the card answered goes to `result`. False: refused or ended already. */
static bool load(struct ipa *ipa, struct span package, struct buf *result)
{
    struct span content;
    uint16_t sw;

    if (card_call(ipa, "LoadEuiccPackage", package, TAG_EUICC_PACKAGE, &content, &sw)) {
        buf_append(result, buf_span(&ipa->response));
        return true;
    }
    if (sw == SW_BAD_REQUEST || sw == SW_NOT_SUPPORTED)
        refuse(ipa, package_transaction_id(package),
               sw == SW_BAD_REQUEST ? INVALID_PACKAGE_FORMAT : UNKNOWN_PACKAGE);
    else
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    return false;
}

static void run_package(struct ipa *ipa, struct span package)
{
    struct buf result = {0};
    struct package_result read;
    bool grants = package_grants_rollback(package);
    size_t outer;
    bool ok;

    /* Kept before the package runs: after a power cut it must be known that the network was not seen yet. */
    if (grants) {
        snprintf(ipa->state.unconfirmed, sizeof(ipa->state.unconfirmed), "%s", ipa->eim.id);
        if (!ipa_keep(ipa))
            return;
    }
    if (!load(ipa, package, &result)) {
        buf_free(&result);
        return;
    }
    if (!package_result_read(buf_span(&result), &read)) {
        ipa_end(ipa, IPA_CARD, "LoadEuiccPackage: the card's answer is malformed");
        buf_free(&result);
        return;
    }
    ipa_tell(ipa, IPA_EVENT_PACKAGE, buf_span(&result), read.sequence, 0, NULL);
    outer = package_result_begin(ipa);
    if (read.has_sequence)
        package_offer(ipa, read.sequence);
    ok = put_result(ipa, buf_span(&result));
    buf_free(&result);
    if (!ok) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    if (tell_others(ipa, &read))
        package_result_end(ipa, outer, read.changes_profile, grants && read.enabled);
}

static void take(struct ipa *ipa, const struct tlv *package)
{
    ipa->packages++;
    switch (package->tag) {
    case TAG_EUICC_PACKAGE:
        run_package(ipa, package->whole);
        break;
    case TAG_EUICC_DATA:
        data_answer(ipa, package->value);
        break;
    case TAG_DOWNLOAD_TRIGGER:
        download_start(ipa, package->whole);
        break;
    default:
        refuse(ipa, SPAN_NONE, UNKNOWN_PACKAGE);
    }
}

void package_got(struct ipa *ipa, struct span answer)
{
    struct span content;
    struct tlv_reader reader;
    struct tlv package;
    uint64_t code = 127;
    char name[64];
    enum tlv_status status = tlv_single(answer, TAG_GET_EIM_PACKAGE, &content);

    if (status == TLV_OK) {
        reader = tlv_reader(content);
        status = tlv_next(&reader, &package);
        if (status == TLV_OK && !tlv_finish(&reader))
            status = reader.status;
    }
    if (status != TLV_OK) {
        ipa_end(ipa, IPA_MALFORMED, "GetEimPackage: the eIM's answer is malformed: %s",
                tlv_status_name(status));
        return;
    }
    if (!cause_told(ipa))
        return;
    if (package.tag != TAG_INTEGER) {
        take(ipa, &package);
        return;
    }
    tlv_unsigned(package.value, &code);
    if (code != NO_EIM_PACKAGE_AVAILABLE) {
        ipa_end(ipa, IPA_REFUSED, "GetEimPackage: the eIM answered %s",
                ipa_name(NAMES_GET_PACKAGE, code, name, sizeof(name)));
        return;
    }
    ipa->more = false;
    ipa_next(ipa);
}
