/*
 * ES10c.GetProfilesInfo (SGP.22 5.7.15, SGP.32 5.9.14). What of a profile can be asked for stands in one
 * table.
 */
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

#define INCORRECT_INPUT_VALUES 1

/* --- what can be asked for, in the order of ProfileInfo ------------------------------------------ */

static void put_iccid(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put(out, tag, SPAN_ARRAY(profile->iccid));
}

static void put_aid(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put(out, tag, SPAN_ARRAY(profile->isdp_aid));
}

static void put_state(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put_unsigned(out, tag, profile->state);
}

static void put_nickname(struct buf *out, uint32_t tag, const struct profile *profile)
{
    if (profile->nickname.size > 0)
        tlv_put(out, tag, buf_span(&profile->nickname));
}

static void put_service_provider(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put(out, tag, buf_span(&profile->service_provider));
}

static void put_name(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put(out, tag, buf_span(&profile->name));
}

static void put_icon_type(struct buf *out, uint32_t tag, const struct profile *profile)
{
    if (profile->has_icon)
        tlv_put_unsigned(out, tag, profile->icon_type);
}

static void put_icon(struct buf *out, uint32_t tag, const struct profile *profile)
{
    if (profile->has_icon)
        tlv_put(out, tag, buf_span(&profile->icon));
}

static void put_class(struct buf *out, uint32_t tag, const struct profile *profile)
{
    tlv_put_unsigned(out, tag, profile->class);
}

/* A member of StoreMetadataRequest that nothing changes later, as it came. */
static void put_from_metadata(struct buf *out, uint32_t tag, const struct profile *profile)
{
    const uint32_t path[] = {TAG_STORE_METADATA, tag, 0};
    struct span value;

    if (tlv_find_path(buf_span(&profile->metadata), path, &value))
        tlv_put(out, tag, value);
}

static void put_dp_proprietary_data(struct buf *out, uint32_t tag, const struct profile *profile)
{
    const uint32_t path[] = {TAG_CONFIGURE_ISDP, tag, 0};
    struct span value;

    if (tlv_find_path(buf_span(&profile->isdp_configuration), path, &value))
        tlv_put(out, tag, value);
}

static void put_policy_rules(struct buf *out, uint32_t tag, const struct profile *profile)
{
    const uint8_t bits =
        (uint8_t)((profile->ppr1 ? 0x80 >> PPR1_BIT : 0) | (profile->ppr2 ? 0x80 >> PPR2_BIT : 0));

    if (bits != 0)
        tlv_put_bits(out, tag, &bits, PPR_FIRST_UNKNOWN_BIT);
}

/* BOOLEANs of SGP.32 5.9.14 in DER: FALSE is their default, or what their absence says. */
static void put_if_true(struct buf *out, uint32_t tag, bool value)
{
    static const uint8_t true_in_der[] = {0xFF};

    if (value)
        tlv_put(out, tag, SPAN_ARRAY(true_in_der));
}

static void put_ecall(struct buf *out, uint32_t tag, const struct profile *profile)
{
    put_if_true(out, tag, profile->ecall);
}

static void put_fallback_attribute(struct buf *out, uint32_t tag, const struct profile *profile)
{
    put_if_true(out, tag, profile->fallback_attribute);
}

static void put_fallback_allowed(struct buf *out, uint32_t tag, const struct profile *profile)
{
    put_if_true(out, tag, profile->fallback_allowed);
}

#define IPA (FOR_IOT | FOR_HYBRID)

struct field {
    uint32_t tag;
    bool by_default; /* given when there is no tag list */
    uint8_t personalities;
    void (*put)(struct buf *out, uint32_t tag,
                const struct profile *profile); /* appends nothing when absent */
};

static const struct field fields[] = {
    {0x5A, true, FOR_ALL, put_iccid},
    {0x4F, true, FOR_ALL, put_aid},
    {TAG_PROFILE_STATE, true, FOR_ALL, put_state},
    {0x90, true, FOR_ALL, put_nickname},
    {0x91, true, FOR_ALL, put_service_provider},
    {0x92, true, FOR_ALL, put_name},
    {0x93, true, FOR_ALL, put_icon_type},
    {0x94, true, FOR_ALL, put_icon},
    {0x95, true, FOR_ALL, put_class},
    {0xB6, false, FOR_ALL, put_from_metadata}, /* notificationConfigurationInfo */
    {0xB7, false, FOR_ALL, put_from_metadata}, /* profileOwner */
    {0xB8, false, FOR_ALL, put_dp_proprietary_data},
    {0x99, false, FOR_ALL, put_policy_rules},
    {TAG_REF_AR_DO, false, FOR_ALL,
     put_from_metadata}, /* refArDo: carrier privileges, which Android asks for */
    {TAG_ECALL_INDICATION, true, IPA, put_ecall},
    {TAG_FALLBACK_ATTRIBUTE, true, IPA, put_fallback_attribute},
    {TAG_FALLBACK_ALLOWED, true, IPA, put_fallback_allowed},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* --- the request --------------------------------------------------------------------------------- */

struct query {
    struct span aid, iccid; /* search criteria; SPAN_NONE when absent */
    bool by_class;
    enum profile_class class;
    uint32_t wanted; /* bit i: fields[i] */
};

/* False: the criteria do not parse. *valid becomes false when they do but have a value that is none. */
static bool read_criteria(struct span content, struct query *query, bool *valid)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span value;
    uint64_t number = 0;

    switch (tlv_peek(&reader)) {
    case 0x4F:
        return tlv_require_sized(&reader, 0x4F, 1, ISDP_AID_SIZE, &query->aid) && tlv_finish(&reader);
    case 0x5A:
        return tlv_require_sized(&reader, 0x5A, ICCID_SIZE, ICCID_SIZE, &query->iccid) && tlv_finish(&reader);
    case 0x95:
        if (!tlv_require(&reader, 0x95, &value) || !tlv_unsigned(value, &number) || !tlv_finish(&reader))
            return false;
        query->by_class = true;
        query->class = (enum profile_class)(number & 0xFF);
        *valid = number <= PROFILE_OPERATIONAL;
        return true;
    default:
        return false;
    }
}

/* One tag off the list; 0 when it is cut off or longer than any tag there is. */
static uint32_t next_tag(struct span *list)
{
    uint32_t tag = list->data[0];
    size_t size = 1;

    if ((tag & 0x1F) == 0x1F) {
        do {
            if (size == list->size || size == 3)
                return 0;
            tag = tag << 8 | list->data[size];
        } while ((list->data[size++] & 0x80) != 0);
    }
    *list = SPAN(list->data + size, list->size - size);
    return tag;
}

static uint32_t default_fields(const struct softeuicc *card)
{
    uint32_t wanted = 0;

    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].by_default && (fields[i].personalities & card->personality_bit) != 0)
            wanted |= 1u << i;
    return wanted;
}

static bool want(const struct softeuicc *card, uint32_t tag, struct query *query)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].tag == tag && (fields[i].personalities & card->personality_bit) != 0) {
            query->wanted |= 1u << i;
            return true;
        }
    }
    return false;
}

/* Reading of SGP.22 5.7.15: a tag that the card does not know is incorrectInputValues; an empty tag list is
 * as good as none. */
static bool read_tag_list(const struct softeuicc *card, struct span list, struct query *query)
{
    if (list.size == 0) {
        query->wanted = default_fields(card);
        return true;
    }
    while (list.size > 0) {
        uint32_t tag = next_tag(&list);

        if (tag == 0 || !want(card, tag, query))
            return false;
    }
    return true;
}

/* --- the answer ---------------------------------------------------------------------------------- */

struct answer {
    const struct query *query;
    struct buf *out;
};

static void put_profile(const struct answer *answer, const struct profile *profile)
{
    size_t at = tlv_open(answer->out, 0xE3);

    for (size_t i = 0; i < FIELDS; i++)
        if ((answer->query->wanted >> i & 1) != 0)
            fields[i].put(answer->out, fields[i].tag, profile);
    tlv_close(answer->out, at);
}

static bool profiles_info_put(void *context, const struct profile *profile)
{
    const struct answer *answer = context;

    if (!answer->query->by_class || profile->class == answer->query->class)
        put_profile(answer, profile);
    return !answer->out->failed;
}

static void put_found(struct softeuicc *card, const struct query *query, struct buf *out)
{
    struct answer answer = {query, out};
    struct profile profile;
    bool found;

    if (query->aid.data == NULL && query->iccid.data == NULL) {
        profile_each(card, profiles_info_put, &answer);
        return;
    }
    found = query->aid.data != NULL ? profile_by_aid(card, query->aid, &profile)
                                    : profile_by_iccid(card, query->iccid, &profile);
    if (found)
        put_profile(&answer, &profile);
    profile_clear(&profile);
}

/* What later versions add. A criterion without the tag of the CHOICE around it, or behind the tag list, is
 * not passed over: all profiles would be shown. */
static bool query_skip_rest(struct tlv_reader *reader)
{
    struct tlv_reader members = *reader;
    struct tlv member;

    while (tlv_next(&members, &member) == TLV_OK)
        if (member.tag == 0x4F || member.tag == 0x5A || member.tag == 0x95)
            return false;
    return tlv_skip_later(reader, 0);
}

uint16_t es10c_get_profiles_info(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct query query = {.wanted = 0};
    struct span value;
    bool valid = true;
    size_t outer;
    size_t list;

    if (tlv_optional(&reader, 0xA0, &value) && !read_criteria(value, &query, &valid))
        return ES10_BAD_REQUEST;
    if (!tlv_optional(&reader, 0x5C, &value))
        query.wanted = default_fields(card);
    if (!query_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    if (!valid || (value.data != NULL && !read_tag_list(card, value, &query)))
        return es10_choice_error(card, response, TAG_PROFILES_INFO, INCORRECT_INPUT_VALUES);
    outer = tlv_open(response, TAG_PROFILES_INFO);
    list = tlv_open(response, 0xA0);
    put_found(card, &query, response);
    tlv_close(response, list);
    tlv_close(response, outer);
    return es10_finish(card, response);
}
