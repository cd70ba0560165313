/*
 * The card's side of the procedures: ES10 requests that several of them need (SGP.22 5.7, SGP.32 5.9). What
 * the answers mean is said where they are used. See ipa_internal.h.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <string.h>

bool card_call(struct ipa *ipa, const char *function, struct span request, uint32_t tag, struct span *value,
               uint16_t *sw)
{
    uint16_t status;
    enum tlv_status form;

    buf_clear(&ipa->response);
    status = ipa->host.es10(ipa->host.context, request, &ipa->response);
    if (sw != NULL)
        *sw = status;
    if (status == 0)
        return ipa_fail(ipa, "%s: the card cannot be reached", function);
    if (status != SW_DONE)
        return ipa_fail(ipa, "%s: the card answered %04X", function, status);
    form = tlv_single(buf_span(&ipa->response), tag, value);
    if (ipa->response.failed || form != TLV_OK)
        return ipa_fail(ipa, "%s: the card's answer is malformed: %s", function, tlv_status_name(form));
    return true;
}

void card_begin(struct ipa *ipa, uint32_t tag)
{
    buf_clear(&ipa->request);
    ipa->request_tag = tag;
    ipa->request_mark = tlv_open(&ipa->request, tag);
}

bool card_ask(struct ipa *ipa, const char *function, struct span *value)
{
    bool whole;

    tlv_close(&ipa->request, ipa->request_mark);
    whole = !ipa->request.failed &&
            card_call(ipa, function, buf_span(&ipa->request), ipa->request_tag, value, NULL);
    buf_free(&ipa->request);
    return whole;
}

bool card_get(struct ipa *ipa, const char *function, uint32_t tag, struct span *value)
{
    const uint8_t request[] = {(uint8_t)(tag >> 8), (uint8_t)tag, 0x00};

    return card_call(ipa, function, SPAN_ARRAY(request), tag, value, NULL);
}

bool card_refresh(struct ipa *ipa, const char *function, uint32_t tag, struct span *value, uint16_t *sw)
{
    const uint8_t request[] = {(uint8_t)(tag >> 8), (uint8_t)tag, 0x03, 0x80, 0x01, 0xFF};

    return card_call(ipa, function, SPAN_ARRAY(request), tag, value, sw);
}

bool card_know(struct ipa *ipa)
{
    static const uint8_t request[] = {0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};
    struct span content;
    struct span eid;

    if (ipa->has_eid)
        return true;
    if (!card_call(ipa, "GetEID", SPAN_ARRAY(request), TAG_GET_EID, &content, NULL))
        return false;
    if (!tlv_find(content, TAG_EID, &eid) || eid.size != sizeof(ipa->eid))
        return ipa_fail(ipa, "GetEID: the card's answer has no EID");
    memcpy(ipa->eid, eid.data, sizeof(ipa->eid));
    ipa->has_eid = true;
    state_read(&ipa->state, buf_span(&ipa->kept), ipa->eid);
    return true;
}

bool ipa_read_eid(struct ipa *ipa, char digits[33])
{
    if (!card_know(ipa))
        return false;
    hex_from_span(SPAN_ARRAY(ipa->eid), digits, 33);
    return true;
}

bool card_retrieve(struct ipa *ipa, struct span criteria, struct span *list)
{
    struct span content;

    card_begin(ipa, TAG_RETRIEVE_NOTIFICATIONS);
    if (criteria.size > 0)
        tlv_put(&ipa->request, 0xA0, criteria);
    if (!card_ask(ipa, "RetrieveNotificationsList", &content))
        return false;
    return tlv_find(content, 0xA0, list) || tlv_find(content, 0xA2, list) ||
           ipa_fail(ipa, "RetrieveNotificationsList: the card refused");
}

bool card_remove(struct ipa *ipa, uint64_t sequence)
{
    struct span content;
    int code;

    card_begin(ipa, TAG_REMOVE_NOTIFICATION);
    tlv_put_unsigned(&ipa->request, 0x80, sequence);
    if (!card_ask(ipa, "RemoveNotificationFromList", &content))
        return false;
    /* nothingToDelete(1) is as good: an acknowledgement that came twice. */
    return (ipa_find_code(content, 0x80, &code) && code <= 1) ||
           ipa_fail(ipa, "RemoveNotificationFromList: the card refused");
}

/* GetProfilesInfo with this tag list; *list is the content of profileInfoListOk. */
static bool profiles(struct ipa *ipa, struct span tags, struct span *list)
{
    struct span content;

    card_begin(ipa, TAG_PROFILES_INFO);
    tlv_put(&ipa->request, 0x5C, tags);
    return card_ask(ipa, "GetProfilesInfo", &content) &&
           (tlv_find(content, 0xA0, list) || ipa_fail(ipa, "GetProfilesInfo: the card refused"));
}

bool card_profiles_digest(struct ipa *ipa, uint8_t digest[DIGEST_SIZE])
{
    static const uint8_t tags[] = {0x5A, 0x9F, 0x70, 0x9F, 0x26};
    struct span list;

    return profiles(ipa, SPAN_ARRAY(tags), &list) && ipa_digest(list, digest);
}

static bool is_true(struct span profile, uint32_t tag)
{
    struct span value;

    return tlv_find(profile, tag, &value) && value.size == 1 && value.data[0] != 0;
}

bool ipa_read_enabled(struct ipa *ipa, struct ipa_enabled *enabled)
{
    static const uint8_t tags[] = {0x5A, 0x9F, 0x70, 0x9F, 0x26, 0x9F, 0x7B};
    struct span list;
    struct span iccid;
    struct tlv_reader reader;
    struct tlv profile;

    memset(enabled, 0, sizeof(*enabled));
    if (!profiles(ipa, SPAN_ARRAY(tags), &list))
        return false;
    reader = tlv_reader(list);
    while (!enabled->any && tlv_next(&reader, &profile) == TLV_OK) {
        if (profile.tag != TAG_PROFILE_INFO || !is_true(profile.value, TAG_PROFILE_STATE))
            continue;
        enabled->any = true;
        enabled->fallback = is_true(profile.value, TAG_FALLBACK_ATTRIBUTE);
        enabled->emergency = is_true(profile.value, TAG_ECALL_INDICATION);
        if (tlv_find(profile.value, TAG_ICCID, &iccid))
            (void)iccid_to_digits(iccid, enabled->iccid);
    }
    return true;
}
