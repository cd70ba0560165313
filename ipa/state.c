/*
 * What the IPA must still know after a power cut and the card does not keep: causes that eIMs have not been
 * told, what eIMs have been given, what they refused, and what was under way. A DER object of our own; see
 * ipa_internal.h.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

#define TAG_EIMS        0xA0
#define TAG_UNCONFIRMED 0x81
#define TAG_TOLD        0x82
#define TAG_DOWNLOADING 0xA3
#define TAG_BEGUN       0xA4
#define TAG_REFUSALS    0xA5

#define TAG_ID    0x80
#define TAG_CAUSE 0x81
#define TAG_INFO2 0x82
#define TAG_CERTS 0x83

void state_clear(struct ipa_state *state)
{
    memset(state, 0, sizeof(*state));
    state->begun_cause = -1;
}

struct known_eim *state_eim(struct ipa_state *state, const char *id)
{
    struct known_eim *known;

    for (size_t i = 0; i < state->eim_count; i++) {
        if (strcmp(state->eims[i].id, id) == 0)
            return &state->eims[i];
    }
    if (state->eim_count == IPA_EIMS_MAX || strlen(id) > IPA_ID_MAX)
        return NULL;
    known = &state->eims[state->eim_count++];
    memset(known, 0, sizeof(*known));
    snprintf(known->id, sizeof(known->id), "%s", id);
    known->cause = -1;
    return known;
}

static bool take_cause(struct span value, int *cause)
{
    uint64_t number;

    if (!tlv_unsigned(value, &number) || number > IPA_CAUSE_UNDEFINED)
        return false;
    *cause = (int)number;
    return true;
}

static bool take_digest(struct tlv_reader *reader, uint32_t tag, bool *has, uint8_t digest[DIGEST_SIZE])
{
    struct span value;

    *has = tlv_optional(reader, tag, &value);
    if (!*has)
        return true;
    if (value.size != DIGEST_SIZE)
        return false;
    memcpy(digest, value.data, DIGEST_SIZE);
    return true;
}

static bool read_eim(struct ipa_state *state, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span value;
    struct known_eim *known;
    char id[IPA_ID_MAX + 1];

    if (!tlv_require(&reader, TAG_ID, &value) || !ipa_take_text(value, 1, IPA_ID_MAX, id))
        return false;
    known = state_eim(state, id);
    if (known == NULL || (tlv_optional(&reader, TAG_CAUSE, &value) && !take_cause(value, &known->cause)))
        return false;
    return take_digest(&reader, TAG_INFO2, &known->has.has_info2, known->has.info2) &&
           take_digest(&reader, TAG_CERTS, &known->has.has_certs, known->has.certs) && tlv_finish(&reader);
}

static bool read_download(struct ipa_state *state, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span trigger;
    struct span transaction;

    if (!tlv_require_sized(&reader, 0x80, DIGEST_SIZE, DIGEST_SIZE, &trigger) ||
        !tlv_require_sized(&reader, 0x81, 1, TRANSACTION_ID_SIZE, &transaction) || !tlv_finish(&reader))
        return false;
    state->downloading = true;
    memcpy(state->trigger, trigger.data, DIGEST_SIZE);
    memcpy(state->transaction, transaction.data, transaction.size);
    state->transaction_size = transaction.size;
    return true;
}

static bool read_begun(struct ipa_state *state, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span cause;
    struct span profiles;

    if (!tlv_require(&reader, TAG_CAUSE, &cause) || !take_cause(cause, &state->begun_cause) ||
        !tlv_require_sized(&reader, 0x82, DIGEST_SIZE, DIGEST_SIZE, &profiles))
        return false;
    memcpy(state->profiles, profiles.data, DIGEST_SIZE);
    return tlv_finish(&reader);
}

static bool read_all(struct ipa_state *state, struct span content, const uint8_t eid[16])
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv_reader eims;
    struct tlv tlv;
    struct span value;

    if (!tlv_require(&reader, TAG_EID, &value) || !span_equal(value, SPAN(eid, 16)))
        return false;
    if (!tlv_require(&reader, TAG_EIMS, &value))
        return false;
    eims = tlv_reader(value);
    while (tlv_next(&eims, &tlv) == TLV_OK) {
        if (tlv.tag != TAG_SEQUENCE || !read_eim(state, tlv.value))
            return false;
    }
    if (!tlv_good(&eims) ||
        (tlv_optional(&reader, TAG_UNCONFIRMED, &value) &&
         !ipa_take_text(value, 1, IPA_ID_MAX, state->unconfirmed)) ||
        (tlv_optional(&reader, TAG_TOLD, &value) && !tlv_unsigned(value, &state->told)) ||
        (tlv_optional(&reader, TAG_DOWNLOADING, &value) && !read_download(state, value)) ||
        (tlv_optional(&reader, TAG_BEGUN, &value) && !read_begun(state, value)) ||
        (tlv_optional(&reader, TAG_REFUSALS, &value) && !ipa_refusals_read(state, value)))
        return false;
    return tlv_finish(&reader);
}

void state_read(struct ipa_state *state, struct span octets, const uint8_t eid[16])
{
    struct span content;

    state_clear(state);
    if (tlv_single(octets, TAG_SEQUENCE, &content) != TLV_OK || !read_all(state, content, eid))
        state_clear(state);
}

void state_write(const struct ipa_state *state, const uint8_t eid[16], struct buf *out)
{
    size_t outer = tlv_open(out, TAG_SEQUENCE);
    size_t inner;

    tlv_put(out, TAG_EID, SPAN(eid, 16));
    inner = tlv_open(out, TAG_EIMS);
    for (size_t i = 0; i < state->eim_count; i++) {
        const struct known_eim *known = &state->eims[i];
        size_t entry = tlv_open(out, TAG_SEQUENCE);

        tlv_put_string(out, TAG_ID, known->id);
        if (known->cause >= 0)
            tlv_put_unsigned(out, TAG_CAUSE, (uint64_t)known->cause);
        if (known->has.has_info2)
            tlv_put(out, TAG_INFO2, SPAN_ARRAY(known->has.info2));
        if (known->has.has_certs)
            tlv_put(out, TAG_CERTS, SPAN_ARRAY(known->has.certs));
        tlv_close(out, entry);
    }
    tlv_close(out, inner);
    if (state->unconfirmed[0] != '\0')
        tlv_put_string(out, TAG_UNCONFIRMED, state->unconfirmed);
    if (state->told > 0)
        tlv_put_unsigned(out, TAG_TOLD, state->told);
    if (state->downloading) {
        inner = tlv_open(out, TAG_DOWNLOADING);
        tlv_put(out, 0x80, SPAN_ARRAY(state->trigger));
        tlv_put(out, 0x81, SPAN(state->transaction, state->transaction_size));
        tlv_close(out, inner);
    }
    if (state->begun_cause >= 0) {
        inner = tlv_open(out, TAG_BEGUN);
        tlv_put_unsigned(out, TAG_CAUSE, (uint64_t)state->begun_cause);
        tlv_put(out, 0x82, SPAN_ARRAY(state->profiles));
        tlv_close(out, inner);
    }
    if (state->refusal_count > 0) {
        inner = tlv_open(out, TAG_REFUSALS);
        ipa_refusals_write(state, out);
        tlv_close(out, inner);
    }
    tlv_close(out, outer);
}
