/*
 * What somebody refused, of results and notifications on the card (SGP.32 3.3.1, 3.6): who, why, how often,
 * and when it goes out again. Polls go on meanwhile. See ipa_internal.h.
 */
#include "ipa/ipa_internal.h"

#include <stdio.h>
#include <string.h>

static struct ipa_refusal *refusal_find(struct ipa_state *state, uint64_t sequence)
{
    for (size_t i = 0; i < state->refusal_count; i++) {
        if (state->refusals[i].sequence == sequence)
            return &state->refusals[i];
    }
    return NULL;
}

/* The pause is counted in polls: the machine has no clock, and how often an eIM is polled says what is long
 * for this device. */
static unsigned pause_after(unsigned tries)
{
    unsigned pause = 1;

    while (--tries > 0 && pause < REFUSAL_PAUSE_MAX)
        pause *= 2;
    return pause;
}

/* Reading (SGP.32 3.3.1, 5.9.11): only what the eIM acknowledged is removed from the card. A result that was
 * given up stays there, for the eIM to ask for by IpaEuiccDataRequest, until the card needs its room; the IPA
 * itself does not offer it any more. A notification is its server's to take, and never given up (SGP.22
 * 3.5). */
bool ipa_refusal_is_final(const struct ipa_refusal *refusal)
{
    return !refusal->is_notification && refusal->tries >= IPA_TRIES_MAX;
}

const struct ipa_refusal *ipa_refusals(const struct ipa *ipa, size_t *count)
{
    *count = ipa->state.refusal_count;
    return ipa->state.refusals;
}

bool ipa_refusal_waits(struct ipa *ipa, uint64_t sequence, bool *waits)
{
    struct ipa_refusal *refusal = refusal_find(&ipa->state, sequence);

    *waits = refusal != NULL && (ipa_refusal_is_final(refusal) || refusal->pause > 0);
    if (refusal == NULL || refusal->pause == 0)
        return true;
    refusal->pause--;
    return ipa_keep(ipa);
}

bool ipa_refusal_note(struct ipa *ipa, uint64_t sequence, bool is_notification, const char *why)
{
    struct ipa_state *state = &ipa->state;
    struct ipa_refusal *refusal = refusal_find(state, sequence);

    /* With so many there is no room for the count of one more: it goes out with every poll. */
    if (refusal == NULL && state->refusal_count < IPA_REFUSALS_MAX) {
        refusal = &state->refusals[state->refusal_count++];
        *refusal = (struct ipa_refusal){.sequence = sequence, .is_notification = is_notification};
    }
    if (refusal != NULL) {
        if (refusal->tries < UINT8_MAX)
            refusal->tries++;
        refusal->pause = ipa_refusal_is_final(refusal) ? 0 : pause_after(refusal->tries);
        snprintf(refusal->eim, sizeof(refusal->eim), "%s", ipa->eim.id);
        snprintf(refusal->why, sizeof(refusal->why), "%s", why);
    }
    ipa_tell(ipa, IPA_EVENT_NOT_TAKEN, SPAN_NONE, sequence, refusal != NULL ? (int)refusal->tries : 0, why);
    if (refusal != NULL && ipa_refusal_is_final(refusal))
        ipa_tell(ipa, IPA_EVENT_GIVEN_UP, SPAN_NONE, sequence, 0, NULL);
    return refusal == NULL || ipa_keep(ipa);
}

static void refusal_drop(struct ipa_state *state, size_t index)
{
    state->refusal_count--;
    memmove(&state->refusals[index], &state->refusals[index + 1],
            (state->refusal_count - index) * sizeof(state->refusals[0]));
}

bool ipa_refusal_forget(struct ipa *ipa, uint64_t sequence)
{
    struct ipa_refusal *refusal = refusal_find(&ipa->state, sequence);

    if (refusal == NULL)
        return true;
    refusal_drop(&ipa->state, (size_t)(refusal - ipa->state.refusals));
    return ipa_keep(ipa);
}

static bool is_listed(struct span list, bool is_notification, uint64_t sequence)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv entry;

    while (tlv_next(&reader, &entry) == TLV_OK) {
        struct package_result result;
        struct span address;
        struct span iccid;
        uint64_t number;
        bool is_one;

        if (is_notification) {
            is_one = notification_metadata(entry.whole, &number, &address, &iccid);
        } else {
            is_one = package_result_read(entry.whole, &result) && result.has_sequence;
            number = result.sequence;
        }
        if (is_one && number == sequence)
            return true;
    }
    return false;
}

bool ipa_refusal_keep_listed(struct ipa *ipa, struct span list, bool is_notification)
{
    struct ipa_state *state = &ipa->state;
    size_t before = state->refusal_count;

    for (size_t i = state->refusal_count; i-- > 0;) {
        const struct ipa_refusal *refusal = &state->refusals[i];

        if (refusal->is_notification == is_notification &&
            !is_listed(list, is_notification, refusal->sequence))
            refusal_drop(state, i);
    }
    return state->refusal_count == before || ipa_keep(ipa);
}
