/*
 * ProvideEimPackageResult (SGP.32 3.3.1, 6.3.2.7): results on their way to the eIM, the stored ones first;
 * its acknowledgements; what the other eIMs learn; and the rollback of a profile that found no network
 * (3.3.2).
 */
#include "ipa/ipa_internal.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

/* --- What goes out ------------------------------------------------------------------------------------ */

static size_t begin(struct ipa *ipa, uint32_t tag)
{
    buf_clear(&ipa->out);
    buf_clear(&ipa->offered);
    ipa->is_download = false;
    ipa->has_result = false;
    ipa->has_notification = false;
    ipa->gives = (struct compact_given){.has_certs = false};
    return tlv_open(&ipa->out, tag);
}

size_t package_result_begin(struct ipa *ipa)
{
    size_t mark = begin(ipa, ipa->is_inject ? TAG_TRANSFER_EIM_PACKAGE : TAG_PROVIDE_EIM_RESULT);

    if (!ipa->is_inject && !ipa->settings.v1)
        tlv_put(&ipa->out, TAG_EID, SPAN_ARRAY(ipa->eid));
    return mark;
}

size_t package_notification_begin(struct ipa *ipa, uint64_t sequence)
{
    size_t mark = begin(ipa, TAG_HANDLE_NOTIFICATION);

    ipa->has_notification = true;
    ipa->result_number = sequence;
    return mark;
}

/* The host resets the card before ipa->step goes on. */
static void provide_result_refresh(struct ipa *ipa)
{
    ipa->want = IPA_REFRESH;
    ipa_tell(ipa, IPA_EVENT_REFRESH, SPAN_NONE, 0, 0, NULL);
}

void package_result_end(struct ipa *ipa, size_t mark, bool profile_changed, enum ipa_worth worth)
{
    tlv_close(&ipa->out, mark);
    ipa->worth = worth;
    ipa_go(ipa, STEP_RESULT);
    if (profile_changed)
        provide_result_refresh(ipa);
}

void package_refuse(struct ipa *ipa, struct span eim_transaction_id, enum package_refusal code,
                    const char *why)
{
    size_t outer = package_result_begin(ipa);
    size_t inner;

    if (ipa->is_inject || ipa->settings.v1) { /* an INTEGER and no more */
        tlv_put_unsigned(&ipa->out, TAG_INTEGER, code);
    } else {
        inner = tlv_open(&ipa->out, 0xA0);
        if (eim_transaction_id.size > 0)
            tlv_put(&ipa->out, 0x80, eim_transaction_id);
        tlv_put_unsigned(&ipa->out, TAG_INTEGER, code);
        tlv_close(&ipa->out, inner);
    }
    ipa_tell(ipa, IPA_EVENT_REFUSED, SPAN_NONE, 0, (int)code, why);
    package_result_end(ipa, outer, false, WORTH_NEXT_POLL);
}

void package_received(struct ipa *ipa, bool profile_changed)
{
    size_t mark = package_result_begin(ipa);

    tlv_put(&ipa->out, TAG_NULL, SPAN_NONE);
    package_result_end(ipa, mark, profile_changed, profile_changed ? WORTH_RETRY : WORTH_NEXT_POLL);
}

void package_result_send(struct ipa *ipa)
{
    ipa_send(ipa, STEP_RESULT, ipa->is_inject ? IPA_PEER_INJECTOR : IPA_PEER_EIM, "");
}

void package_offer(struct ipa *ipa, uint64_t sequence)
{
    buf_append(&ipa->offered, SPAN(&sequence, sizeof(sequence)));
}

void package_offer_result(struct ipa *ipa, uint64_t sequence)
{
    package_offer(ipa, sequence);
    ipa->has_result = true;
    ipa->result_number = sequence;
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

/* The other eIMs have not seen what this result says; each result is looked at once. */
bool package_tell_others(struct ipa *ipa, const struct package_result *result)
{
    if (!result->has_sequence || result->sequence <= ipa->state.told || !result->changes_state ||
        ipa->eim_count < 2)
        return true;
    ipa->state.told = result->sequence;
    if (!card_mark_eims(ipa, result->eim_id, IPA_CAUSE_OTHER_EIM))
        return ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    return ipa_keep(ipa);
}

/* --- Stored results ----------------------------------------------------------------------------------- */

void package_list_results(struct ipa *ipa)
{
    static const uint8_t package_results[] = {0x82, 0x00};
    struct span list;

    if (!card_retrieve(ipa, SPAN_ARRAY(package_results), &list)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    buf_append(&ipa->stored, list);
    if (ipa_refusal_keep_listed(ipa, list, false))
        ipa_enter(ipa, STEP_STORED_RESULT);
}

/* Nothing is stored for this eIM any more: a rollback that was granted to it was reported. */
static bool all_confirmed(struct ipa *ipa)
{
    if (strcmp(ipa->state.unconfirmed, ipa->eim.id) != 0)
        return true;
    ipa->state.unconfirmed[0] = '\0';
    return ipa_keep(ipa);
}

void package_offer_stored(struct ipa *ipa)
{
    struct tlv_reader reader = tlv_reader(buf_span(&ipa->stored));
    struct tlv stored;

    reader.offset = ipa->stored_offset;
    while (tlv_next(&reader, &stored) == TLV_OK) {
        struct package_result result;
        bool granted = strcmp(ipa->state.unconfirmed, ipa->eim.id) == 0;
        size_t outer;
        bool waits;

        ipa->stored_offset = reader.offset;
        if (!package_result_read(stored.whole, &result) || strcmp(result.eim_id, ipa->eim.id) != 0)
            continue;
        if (!package_tell_others(ipa, &result) || !ipa_refusal_waits(ipa, result.sequence, &waits))
            return;
        if (waits)
            continue;
        outer = package_result_begin(ipa);
        buf_append(&ipa->out, stored.whole);
        package_offer_result(ipa, result.sequence);
        ipa_tell(ipa, IPA_EVENT_OFFERED, stored.whole, result.sequence, 0, NULL);
        package_result_end(ipa, outer, false, result.enabled && granted ? WORTH_ROLLBACK : WORTH_NEXT_POLL);
        return;
    }
    if (all_confirmed(ipa))
        ipa_enter(ipa, STEP_GET_PACKAGE);
}

/* --- Results and their acknowledgements --------------------------------------------------------------- */

bool package_are_acknowledgements(struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    uint64_t sequence;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag != 0x80 || !tlv_unsigned(tlv.value, &sequence))
            return false;
    }
    return tlv_good(&reader);
}

/* It is told, and goes from the card. False: the poll ended. */
static bool remove_told(struct ipa *ipa, uint64_t sequence)
{
    if (!card_remove(ipa, sequence))
        return ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    ipa_tell(ipa, IPA_EVENT_ACKNOWLEDGED, SPAN_NONE, sequence, 0, NULL);
    return ipa_refusal_forget(ipa, sequence);
}

bool package_acknowledge(struct ipa *ipa, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    uint64_t sequence;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        /* Reading (SGP.32 3.3.1): an eIM acknowledges what it was just given, nothing of another eIM's. */
        if (!tlv_unsigned(tlv.value, &sequence) || !was_offered(ipa, sequence))
            continue;
        if (!remove_told(ipa, sequence))
            return false;
    }
    return true;
}

/* The eIM has the result: what was kept for telling it is done with. If it does not want it, nothing is built
 * on its having it. */
static bool delivered(struct ipa *ipa, bool is_refused)
{
    struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);
    bool keep = false;

    if (known != NULL && !is_refused && ipa->gives.has_certs) {
        known->has.has_certs = true;
        memcpy(known->has.certs, ipa->gives.certs, sizeof(known->has.certs));
        keep = true;
    }
    if (known != NULL && !is_refused && ipa->gives.has_info2) {
        known->has.has_info2 = true;
        memcpy(known->has.info2, ipa->gives.info2, sizeof(known->has.info2));
        keep = true;
    }
    if (ipa->worth == WORTH_ROLLBACK) {
        ipa->state.unconfirmed[0] = '\0';
        keep = true;
    }
    if (ipa->is_download && ipa->state.downloading) {
        ipa->state.downloading = false;
        keep = true;
    }
    ipa->worth = WORTH_NEXT_POLL;
    ipa->is_download = false;
    if (!is_refused)
        ipa_tell(ipa, IPA_EVENT_DELIVERED, SPAN_NONE, 0, 0, NULL);
    return !keep || ipa_keep(ipa);
}

/* The eIM does not take the result: that is noted, and the poll goes on. What is stored on the card goes out
 * again later; what is not, when the eIM asks for it again. */
static void note_refused(struct ipa *ipa, enum ipa_outcome outcome, const char *why)
{
    ipa->refusal[0] = '\0';
    ipa->worth = WORTH_NEXT_POLL;
    memcpy(ipa->refused_package, ipa->package, sizeof(ipa->package));
    ipa->has_refused_package = ipa->part == STEP_GET_PACKAGE;
    ipa_note(ipa, outcome, true, why);
    if (!ipa->has_result && !ipa->has_notification)
        ipa_tell(ipa, IPA_EVENT_NOT_TAKEN, SPAN_NONE, 0, 0, why);
    else if (!ipa_refusal_note(ipa, ipa->result_number, ipa->has_notification, why))
        return;
    ipa_go_on(ipa);
}

/* The form of ProvideEimPackageResultResponse: *acknowledgements, or the code of a refusal. */
static bool read_answer(struct span answer, bool *is_error, uint64_t *code, struct span *acknowledgements)
{
    struct span content;
    struct span value;

    *is_error = false;
    *code = 127;
    *acknowledgements = SPAN_NONE;
    if (tlv_single(answer, TAG_PROVIDE_EIM_RESULT, &content) != TLV_OK)
        return false;
    *is_error = tlv_single(content, TAG_INTEGER, &value) == TLV_OK;
    if (*is_error) {
        tlv_unsigned(value, code);
        return true;
    }
    if (tlv_single(content, TAG_EIM_ACKNOWLEDGEMENTS, acknowledgements) == TLV_OK)
        return package_are_acknowledgements(*acknowledgements);
    return content.size == 0 || tlv_single(content, TAG_SEQUENCE, &value) == TLV_OK;
}

/* A new profile may need its time to find the network, and its result is worth waiting for. */
static void wait_for_network(struct ipa *ipa, const char *why)
{
    ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
    ipa->want = IPA_RETRY;
    ipa->step = STEP_RESULT;
}

static void result_refused(struct ipa *ipa, enum ipa_outcome outcome, const char *why)
{
    if (ipa->worth == WORTH_NEXT_POLL) {
        note_refused(ipa, outcome, why);
        return;
    }
    snprintf(ipa->refusal, sizeof(ipa->refusal), "%s", why);
    wait_for_network(ipa, why);
}

/* Named leniency: an eIM of SGP.32 v1.0 acknowledges nothing, and onomondo-eim has forgotten by the next poll
 * which package a result belongs to. With --v1 it has a result that it answered with success: with nothing,
 * or with a ProvideEimPackageResultResponse whatever stands in it, but not with what a portal on the way
 * shows to everybody. */
static bool is_success_of_v1(const struct ipa *ipa, struct span answer)
{
    struct span content;

    return ipa->settings.v1 &&
           (answer.size == 0 || tlv_single(answer, TAG_PROVIDE_EIM_RESULT, &content) == TLV_OK);
}

void package_result_answered(struct ipa *ipa, struct span answer)
{
    struct span acknowledgements;
    uint64_t code;
    bool is_error;
    char name[64];
    char line[160];
    bool is_good;

    if (ipa->is_inject) {
        inject_handed_over(ipa);
        return;
    }
    is_good = read_answer(answer, &is_error, &code, &acknowledgements);
    if (!is_good && !ipa->has_notification && !is_success_of_v1(ipa, answer)) {
        result_refused(ipa, IPA_MALFORMED, "ProvideEimPackageResult: the eIM's answer is malformed");
        return;
    }
    ipa->refusal[0] = '\0';
    if (!delivered(ipa, is_error))
        return;
    if (is_error) {
        snprintf(line, sizeof(line), "ProvideEimPackageResult: the eIM answered %s",
                 names_text(NAMES_PROVIDE_RESULT, code, name, sizeof(name)));
        note_refused(ipa, IPA_REFUSED, line);
        return;
    }
    if (is_good && !package_acknowledge(ipa, acknowledgements))
        return;
    if ((ipa->has_notification || (ipa->settings.v1 && ipa->has_result && acknowledgements.size == 0)) &&
        !remove_told(ipa, ipa->result_number))
        return;
    ipa_go_on(ipa);
}

void package_result_refused(struct ipa *ipa, const char *why)
{
    if (ipa->is_inject)
        package_result_lost(ipa, why); /* of the way, not of the eIM */
    else
        result_refused(ipa, IPA_REFUSED, why);
}

void package_result_malformed(struct ipa *ipa, const char *why)
{
    result_refused(ipa, IPA_MALFORMED, why);
}

void package_result_lost(struct ipa *ipa, const char *why)
{
    ipa->refusal[0] = '\0';
    if (ipa->worth == WORTH_NEXT_POLL)
        ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
    else
        wait_for_network(ipa, why);
}

static void package_roll_back(struct ipa *ipa)
{
    struct buf result = {0};
    struct span content;
    struct span value;
    struct package_result read;
    uint64_t code = 127;
    size_t outer;

    ipa->worth = WORTH_NEXT_POLL;
    if (!card_refresh(ipa, "ProfileRollback", TAG_PROFILE_ROLLBACK, &content, NULL)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    if (tlv_find(content, TAG_INTEGER, &value))
        tlv_unsigned(value, &code);
    ipa_tell(ipa, IPA_EVENT_ROLLBACK, SPAN_NONE, 0, (int)(code > 127 ? 127 : code),
             ipa->refusal[0] != '\0' ? ipa->refusal : NULL);
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
            package_offer_result(ipa, read.sequence);
        if (!package_tell_others(ipa, &read)) {
            buf_free(&result);
            return;
        }
        package_result_end(ipa, outer, true, WORTH_NEXT_POLL); /* over the old profile it is as before */
    } else {
        ipa_go_on(ipa);
        provide_result_refresh(ipa);
    }
    buf_free(&result);
}

void package_result_give_up(struct ipa *ipa)
{
    char why[sizeof(ipa->refusal)];

    if (ipa->worth == WORTH_ROLLBACK) {
        package_roll_back(ipa);
    } else if (ipa->refusal[0] != '\0') { /* the network is there */
        memcpy(why, ipa->refusal, sizeof(why));
        ipa->outcome = IPA_DONE;
        ipa->why[0] = '\0';
        note_refused(ipa, IPA_REFUSED, why);
    }
}
