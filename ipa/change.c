/*
 * What an IPA does without an eIM (SGP.32 3.3.2, 3.4): rollback, fallback and return, the Emergency Profile,
 * immediate enabling, memory reset. What changed is told to the eIMs, also after a power cut in the middle:
 * the intention is kept before, and the profiles' states show afterwards whether it happened.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <string.h>

#define NOT_ALLOWED 1 /* immediateEnableNotAvailable */

/* A rollback leaves a stored result, from which the other eIMs' cause is taken when it goes out. */
#define CAUSE_OF_RESULT (-1)

static const struct {
    const char *name;
    uint32_t tag;
    uint32_t result; /* cmdResult of a rollback stands beside a tagged member and keeps its own tag */
    int cause;
} changes[IPA_CHANGES] = {
    [IPA_CHANGE_ROLLBACK] = {"ProfileRollback", TAG_PROFILE_ROLLBACK, TAG_INTEGER, CAUSE_OF_RESULT},
    [IPA_CHANGE_FALLBACK] = {"ExecuteFallbackMechanism", TAG_EXECUTE_FALLBACK, 0x80, IPA_CAUSE_FALLBACK},
    [IPA_CHANGE_RETURN] = {"ReturnFromFallback", TAG_RETURN_FROM_FALLBACK, 0x80, IPA_CAUSE_FALLBACK},
    [IPA_CHANGE_EMERGENCY_ON] = {"EnableEmergencyProfile", TAG_ENABLE_EMERGENCY_PROFILE, 0x80,
                                 IPA_CAUSE_EMERGENCY},
    [IPA_CHANGE_EMERGENCY_OFF] = {"DisableEmergencyProfile", TAG_DISABLE_EMERGENCY_PROFILE, 0x80,
                                  IPA_CAUSE_EMERGENCY},
    [IPA_CHANGE_IMMEDIATE] = {"ImmediateEnable", TAG_IMMEDIATE_ENABLE, 0x80, IPA_CAUSE_IMMEDIATE},
};

static bool take_code(struct ipa *ipa, const char *name, struct span content, uint32_t tag, int *code)
{
    return ipa_find_code(content, tag, code) || ipa_fail(ipa, "%s: the card's answer has no result", name);
}

static bool change_begin(struct ipa *ipa, int cause)
{
    if (!card_know(ipa) || !card_profiles_digest(ipa, ipa->state.profiles))
        return false;
    ipa->state.begun_cause = cause;
    return ipa_keep(ipa);
}

/* What was begun has happened, or not. `waits`: a change that has not may be one that the card has marked,
 * until its REFRESH is answered; it stays begun. */
static bool change_settle(struct ipa *ipa, bool waits)
{
    uint8_t profiles[DIGEST_SIZE];
    bool is_done;

    if (ipa->state.begun_cause < 0)
        return true;
    if (!card_profiles_digest(ipa, profiles))
        return ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    is_done = memcmp(profiles, ipa->state.profiles, sizeof(profiles)) != 0;
    if (!is_done && waits)
        return true;
    if (is_done && !card_mark_eims(ipa, NULL, ipa->state.begun_cause))
        return ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    ipa->state.begun_cause = -1;
    return ipa_keep(ipa);
}

bool ipa_settle(struct ipa *ipa)
{
    return change_settle(ipa, false);
}

bool ipa_change(struct ipa *ipa, enum ipa_change change, int *code)
{
    struct span content;
    bool ok;

    if (!card_know(ipa) || (changes[change].cause >= 0 && !change_begin(ipa, changes[change].cause)))
        return false;
    ok = card_refresh(ipa, changes[change].name, changes[change].tag, &content, NULL) &&
         take_code(ipa, changes[change].name, content, changes[change].result, code);
    if (change == IPA_CHANGE_ROLLBACK && ok)
        ipa->state.unconfirmed[0] = '\0';
    if (ok)
        return change_settle(ipa, *code == 0);
    ipa->state.begun_cause = -1; /* the card refused the function as such; what is kept says so next time */
    return false;
}

bool ipa_note_change(struct ipa *ipa, enum ipa_cause cause)
{
    return card_know(ipa) && card_mark_eims(ipa, NULL, (int)cause) && ipa_keep(ipa);
}

bool change_immediate(struct ipa *ipa, struct ipa_immediate *outcome)
{
    struct span content;

    outcome->available = false;
    if (!change_begin(ipa, IPA_CAUSE_IMMEDIATE)) {
        if (ipa->outcome == IPA_DONE)
            ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return false;
    }
    /* A card that does not have the function, or does not have it configured, says so; both are usual. */
    if (card_refresh(ipa, "ImmediateEnable", TAG_IMMEDIATE_ENABLE, &content, NULL) &&
        take_code(ipa, "ImmediateEnable", content, 0x80, &outcome->code))
        outcome->available = outcome->code != NOT_ALLOWED;
    return change_settle(ipa, outcome->available && outcome->code == 0);
}

bool ipa_memory_reset(struct ipa *ipa, uint8_t options, int codes[3])
{
    struct span content;
    bool ok = change_begin(ipa, IPA_CAUSE_RESET);

    if (ok) {
        card_begin(ipa, TAG_IOT_MEMORY_RESET);
        tlv_put_bits(&ipa->request, 0x82, &options, 7);
        ok = card_ask(ipa, "eUICCMemoryReset", &content);
    }
    for (unsigned i = 0; i < 3; i++)
        if (!ok || !ipa_find_code(content, 0x80 + i, &codes[i]))
            codes[i] = -1;
    if (ok)
        return ipa_settle(ipa);
    ipa->state.begun_cause = -1;
    return false;
}
