/*
 * eUICC Packages (SGP.32 3.3.1, 6.3.2.6): GetEimPackage, what comes, LoadEuiccPackage. What becomes of the
 * result is provide_result.c's.
 */
#include "ipa/ipa_internal.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

#define TAG_NOTIFY_STATE_CHANGE 0x80
#define TAG_STATE_CHANGE_CAUSE  0x81
#define TAG_RPLMN               0x82
#define TAG_RPLMN_V1            0x81 /* v1.0 has no stateChangeCause */

#define SW_BAD_REQUEST   0x6A80
#define SW_NOT_SUPPORTED 0x6A88

/* GetEimPackageResponse's eimPackageError, SGP.32 6.3.2.6 */
#define NO_EIM_PACKAGE_AVAILABLE 1

void package_get(struct ipa *ipa)
{
    const struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);
    size_t outer;

    if (ipa->deleted || ipa->packages == IPA_PACKAGES_MAX) {
        if (!ipa->deleted)
            ipa_tell(ipa, IPA_EVENT_MORE, SPAN_NONE, ipa->packages, 0, NULL);
        ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
        return;
    }
    ipa->told_cause = known != NULL ? known->cause : -1;
    buf_clear(&ipa->out);
    outer = tlv_open(&ipa->out, TAG_GET_EIM_PACKAGE);
    tlv_put(&ipa->out, TAG_EID, SPAN_ARRAY(ipa->eid));
    if (ipa->told_cause >= 0) {
        tlv_put(&ipa->out, TAG_NOTIFY_STATE_CHANGE, SPAN_STRING(""));
        if (!ipa->settings.v1)
            tlv_put_unsigned(&ipa->out, TAG_STATE_CHANGE_CAUSE, (uint64_t)ipa->told_cause);
    }
    if (ipa->settings.rplmn != NULL)
        tlv_put(&ipa->out, ipa->settings.v1 ? TAG_RPLMN_V1 : TAG_RPLMN, SPAN(ipa->settings.rplmn, 3));
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

/* Reading (SGP.32 3.3.1): notifications go along with a result when it is the eIM that passes them on. Not to
 * one of v1.0, where they are coded otherwise and a server that is not reached costs the result as well: it
 * gets them one by one at the end of the poll. */
static bool put_result(struct ipa *ipa, struct span result)
{
    struct span notifications = SPAN_NONE;
    size_t both, inner;
    bool ok;

    if (ipa_through_eim(ipa) && !ipa->settings.v1 && !card_retrieve(ipa, SPAN_NONE, &notifications))
        return false;
    if (notifications.size == 0) {
        buf_append(&ipa->out, result);
        return true;
    }
    both = tlv_open(&ipa->out, TAG_SEQUENCE);
    buf_append(&ipa->out, result);
    inner = tlv_open(&ipa->out, 0xA0);
    ok = package_put_notifications(ipa, notifications);
    tlv_close(&ipa->out, inner);
    tlv_close(&ipa->out, both);
    return ok;
}

/* LoadEuiccPackage; what the card answered goes to `result`. False: refused or ended already. */
static bool ipa_package_load(struct ipa *ipa, struct span package, struct buf *result)
{
    struct span content;
    uint16_t sw;

    if (card_call(ipa, "LoadEuiccPackage", package, TAG_EUICC_PACKAGE, &content, &sw)) {
        buf_append(result, buf_span(&ipa->response));
        return true;
    }
    if (sw == SW_BAD_REQUEST || sw == SW_NOT_SUPPORTED)
        package_refuse(ipa, package_transaction_id(package),
                       sw == SW_BAD_REQUEST ? INVALID_PACKAGE_FORMAT : UNKNOWN_PACKAGE, NULL);
    else
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    return false;
}

static void run_package(struct ipa *ipa, struct span package)
{
    struct buf result = {0};
    struct package_result read;
    bool grants = package_grants_rollback(package);
    enum ipa_worth worth;
    size_t outer;
    bool ok;

    /* Kept before the package runs: after a power cut it must be known that the network was not seen yet. */
    if (grants) {
        snprintf(ipa->state.unconfirmed, sizeof(ipa->state.unconfirmed), "%s", ipa->eim.id);
        if (!ipa_keep(ipa))
            return;
    }
    if (!ipa_package_load(ipa, package, &result)) {
        buf_free(&result);
        return;
    }
    if (!package_result_read(buf_span(&result), &read)) {
        ipa_end(ipa, IPA_CARD, "LoadEuiccPackage: the card's answer is malformed");
        buf_free(&result);
        return;
    }
    ipa_tell(ipa, IPA_EVENT_PACKAGE, buf_span(&result), read.sequence, 0, NULL);
    ipa->deleted = package_deletes_eim(package, ipa->eim.id) && !ipa_is_associated(ipa, ipa->eim.id);
    outer = package_result_begin(ipa);
    if (read.has_sequence)
        package_offer_result(ipa, read.sequence);
    ok = put_result(ipa, buf_span(&result));
    buf_free(&result);
    if (!ok) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    worth = read.changes_profile ? WORTH_RETRY : WORTH_NEXT_POLL;
    if (grants && read.enabled)
        worth = WORTH_ROLLBACK;
    if (package_tell_others(ipa, &read))
        package_result_end(ipa, outer, read.changes_profile, worth);
}

void package_take(struct ipa *ipa, const struct tlv *package)
{
    ipa->packages++;
    switch (package->tag) {
    case TAG_EUICC_PACKAGE:
        run_package(ipa, package->whole);
        break;
    case TAG_IPA_EUICC_DATA:
        data_answer(ipa, package->value);
        break;
    case TAG_DOWNLOAD_TRIGGER:
        download_start(ipa, package->whole);
        break;
    default:
        package_refuse(ipa, SPAN_NONE, UNKNOWN_PACKAGE, NULL);
    }
}

void package_get_refused(struct ipa *ipa, const char *why)
{
    ipa_note(ipa, IPA_REFUSED, false, why);
    ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
}

void package_get_malformed(struct ipa *ipa, const char *why)
{
    ipa_note(ipa, IPA_MALFORMED, false, why);
    ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
}

static void get_failed(struct ipa *ipa, enum ipa_outcome outcome, const char *what)
{
    char line[160];

    snprintf(line, sizeof(line), "GetEimPackage: the eIM%s", what);
    ipa_note(ipa, outcome, false, line);
    ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
}

/* Whether this is the package whose result the eIM has just refused: it would come without end. */
static bool comes_again(struct ipa *ipa, struct span package)
{
    if (!ipa_digest(package, ipa->package)) {
        ipa_end(ipa, IPA_STORAGE, "out of memory");
        return true;
    }
    if (!ipa->has_refused_package || memcmp(ipa->package, ipa->refused_package, sizeof(ipa->package)) != 0)
        return false;
    ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
    return true;
}

void package_got(struct ipa *ipa, struct span answer)
{
    struct span content;
    struct tlv package;
    uint64_t code = 127;
    char name[64];
    char line[100];
    enum tlv_status status = tlv_single(answer, TAG_GET_EIM_PACKAGE, &content);

    if (status == TLV_OK)
        status = tlv_only(content, &package);
    if (status != TLV_OK) {
        snprintf(line, sizeof(line), "'s answer is malformed: %s", tlv_status_name(status));
        get_failed(ipa, IPA_MALFORMED, line);
        return;
    }
    if (!cause_told(ipa))
        return;
    if (package.tag != TAG_INTEGER) {
        if (!comes_again(ipa, package.whole))
            package_take(ipa, &package);
        return;
    }
    tlv_unsigned(package.value, &code);
    if (code != NO_EIM_PACKAGE_AVAILABLE) {
        snprintf(line, sizeof(line), " answered %s", names_text(NAMES_GET_PACKAGE, code, name, sizeof(name)));
        get_failed(ipa, IPA_REFUSED, line);
        return;
    }
    ipa_enter(ipa, STEP_LIST_NOTIFICATIONS);
}
