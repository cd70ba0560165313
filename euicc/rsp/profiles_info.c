/*
 * ES10c.GetProfilesInfo (SGP.22 5.7.15, SGP.32 5.9.14). What of a profile can be asked for stands in one
 * table, with the versions that have it.
 */
#include "euicc/os/spec_version.h"
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

static void put_service_data(struct buf *out, uint32_t tag, const struct profile *profile)
{
    if (profile->service_data.size > 0)
        tlv_put(out, tag, buf_span(&profile->service_data));
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

/* The minor version of SGP.22 v2 or of SGP.32 v1 that a member of ProfileInfo came with. */
enum { EVER = 0, NEVER = 99 };

struct field {
    uint32_t tag;
    bool by_default; /* given when there is no tag list */
    unsigned sgp22, sgp32;
    void (*put)(struct buf *out, uint32_t tag,
                const struct profile *profile); /* appends nothing when absent; NULL: always absent */
};

static const struct field fields[] = {
    {0x5A, true, EVER, EVER, put_iccid},
    {0x4F, true, EVER, EVER, put_aid},
    {TAG_PROFILE_STATE, true, EVER, EVER, put_state},
    {0x90, true, EVER, EVER, put_nickname},
    {0x91, true, EVER, EVER, put_service_provider},
    {0x92, true, EVER, EVER, put_name},
    {0x93, true, EVER, EVER, put_icon_type},
    {0x94, true, EVER, EVER, put_icon},
    {0x95, true, EVER, EVER, put_class},
    {0xB6, false, EVER, EVER, put_from_metadata}, /* notificationConfigurationInfo */
    {0xB7, false, EVER, EVER, put_from_metadata}, /* profileOwner */
    {0xB8, false, EVER, EVER, put_dp_proprietary_data},
    {0x99, false, EVER, EVER, put_policy_rules},
    {TAG_SERVICE_DATA, false, 4, NEVER, put_service_data},
    {TAG_REF_AR_DO, false, EVER, EVER,
     put_from_metadata}, /* refArDo: carrier privileges, which Android asks for */
    {TAG_ECALL_INDICATION, true, NEVER, EVER, put_ecall},
    {TAG_FALLBACK_ATTRIBUTE, true, NEVER, EVER, put_fallback_attribute},
    {TAG_FALLBACK_ALLOWED, true, NEVER, EVER, put_fallback_allowed},
    /* Reading of SGP.32 v1.3, which leaves open what is in it: it is iotSpecificMetadata as it came, and who
     * wants it asks for it. */
    {TAG_IOT_METADATA, false, NEVER, 3, put_from_metadata},
    /* What SGP.22 v3 adds: */
    {0xBA, false, NEVER, NEVER, NULL},   /* rpmConfiguration */
    {0x9B, false, NEVER, NEVER, NULL},   /* hriServerAddress */
    {0xBC, false, NEVER, NEVER, NULL},   /* lprConfiguration */
    {0xBD, false, NEVER, NEVER, NULL},   /* enterpriseConfiguration */
    {0x9F1F, false, NEVER, NEVER, NULL}, /* serviceDescription */
    {0xBF20, false, NEVER, NEVER, NULL}, /* deviceChangeConfiguration */
    {0x9F24, false, NEVER, NEVER, NULL}, /* enabledOnEsimPort */
    {0x9F25, false, NEVER, NEVER, NULL}, /* profileSize */
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Whether the versions that the card is made to have it. */
static bool is_field_of(const struct softeuicc *card, const struct field *field)
{
    return card_speaks_sgp22(card, 2, field->sgp22) || card_speaks_sgp32(card, 1, field->sgp32);
}

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
        if (fields[i].by_default && is_field_of(card, &fields[i]))
            wanted |= 1u << i;
    return wanted;
}

/* False for a tag of no ProfileInfo. */
static bool want(const struct softeuicc *card, uint32_t tag, struct query *query)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].tag != tag)
            continue;
        if (is_field_of(card, &fields[i]))
            query->wanted |= 1u << i;
        return true;
    }
    return false;
}

/* Reading of SGP.22 5.7.15: a tag that some version's ProfileInfo has is one that this card has no data of,
 * when it is made to another version; a tag of none is incorrectInputValues. An empty tag list is as good as
 * none. */
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
