/* What was refused, in the state that is kept. See ipa_internal.h. */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#define TAG_SEQUENCE_NUMBER 0x80
#define TAG_TRIES           0x81
#define TAG_PAUSE           0x82
#define TAG_REFUSED_FOR     0x83
#define TAG_WHY             0x84
#define TAG_NOTIFICATION    0x85

static bool read_one(struct ipa_state *state, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct ipa_refusal *refusal;
    struct span value;
    uint64_t tries;
    uint64_t pause;

    if (state->refusal_count == IPA_REFUSALS_MAX)
        return false;
    refusal = &state->refusals[state->refusal_count++];
    if (!tlv_require(&reader, TAG_SEQUENCE_NUMBER, &value) || !tlv_unsigned(value, &refusal->sequence) ||
        !tlv_require(&reader, TAG_TRIES, &value) || !tlv_unsigned(value, &tries) || tries > UINT8_MAX ||
        !tlv_require(&reader, TAG_PAUSE, &value) || !tlv_unsigned(value, &pause) || pause > REFUSAL_PAUSE_MAX)
        return false;
    refusal->tries = (unsigned)tries;
    refusal->pause = (unsigned)pause;
    if (!tlv_require(&reader, TAG_REFUSED_FOR, &value) ||
        !ipa_take_text(value, 1, sizeof(refusal->eim) - 1, refusal->eim) ||
        !tlv_require(&reader, TAG_WHY, &value) ||
        !ipa_take_text(value, 0, sizeof(refusal->why) - 1, refusal->why))
        return false;
    refusal->is_notification = tlv_optional(&reader, TAG_NOTIFICATION, &value);
    return tlv_finish(&reader);
}

bool ipa_refusals_read(struct ipa_state *state, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv entry;

    while (tlv_next(&reader, &entry) == TLV_OK) {
        if (entry.tag != TAG_SEQUENCE || !read_one(state, entry.value))
            return false;
    }
    return tlv_good(&reader);
}

void ipa_refusals_write(const struct ipa_state *state, struct buf *out)
{
    for (size_t i = 0; i < state->refusal_count; i++) {
        const struct ipa_refusal *refusal = &state->refusals[i];
        size_t entry = tlv_open(out, TAG_SEQUENCE);

        tlv_put_unsigned(out, TAG_SEQUENCE_NUMBER, refusal->sequence);
        tlv_put_unsigned(out, TAG_TRIES, refusal->tries);
        tlv_put_unsigned(out, TAG_PAUSE, refusal->pause);
        tlv_put_string(out, TAG_REFUSED_FOR, refusal->eim);
        tlv_put_string(out, TAG_WHY, refusal->why);
        if (refusal->is_notification)
            tlv_put(out, TAG_NOTIFICATION, SPAN_STRING(""));
        tlv_close(out, entry);
    }
}
