/*
 * ES10c, local profile management (SGP.22 5.7.16-5.7.21): requests and result codes. What happens to a
 * profile is lifecycle.c's; GetProfilesInfo is profiles_info.c.
 */
#include "euicc/os/text.h"
#include "euicc/rsp/es10_common.h"
#include "euicc/rsp/memory_reset.h"
#include "protocol/tags.h"

/* Results, SGP.22 5.7.16-5.7.20. profileNotInEnabledState and
 * profileNotInDisabledState have the same value. */
enum {
    RESULT_OK = 0,
    RESULT_NOT_FOUND = 1, /* iccidOrAidNotFound, iccidNotFound */
    RESULT_NOTHING_TO_DELETE = 1,
    RESULT_WRONG_STATE = 2,
    RESULT_DISALLOWED_BY_POLICY = 3,
    RESULT_WRONG_REENABLING = 4,
    RESULT_CAT_BUSY = 5,
};

static uint16_t put_lifecycle_result(struct softeuicc *card, struct buf *response, uint32_t tag,
                                     enum lifecycle_result result)
{
    static const uint8_t codes[LIFECYCLE_FAILED] = {
        [LIFECYCLE_WRONG_STATE] = RESULT_WRONG_STATE,
        [LIFECYCLE_DISALLOWED_BY_POLICY] = RESULT_DISALLOWED_BY_POLICY,
        [LIFECYCLE_WRONG_REENABLING] = RESULT_WRONG_REENABLING,
        [LIFECYCLE_CAT_BUSY] = RESULT_CAT_BUSY, /* SGP.22 knows no emergency */
    };

    if (result == LIFECYCLE_FAILED)
        return es10_failure(card);
    return es10_result(card, response, tag, es10_lifecycle_code(codes, result));
}

/* profileIdentifier: 4F (whole AID) or 5A. */
struct identifier {
    struct span aid, iccid;
};

static bool read_identifier(struct tlv_reader *reader, struct identifier *identifier)
{
    *identifier = (struct identifier){SPAN_NONE, SPAN_NONE};
    if (tlv_peek(reader) == 0x4F)
        return tlv_require_sized(reader, 0x4F, 1, ISDP_AID_SIZE, &identifier->aid);
    return tlv_require_sized(reader, 0x5A, ICCID_SIZE, ICCID_SIZE, &identifier->iccid);
}

static bool es10c_find(struct softeuicc *card, const struct identifier *identifier, struct profile *profile)
{
    if (identifier->aid.data != NULL)
        return profile_by_aid(card, identifier->aid, profile);
    return profile_by_iccid(card, identifier->iccid, profile);
}

static uint16_t es10c_run(struct softeuicc *card, const struct identifier *identifier,
                          enum lifecycle_event event, bool refresh, uint32_t tag, struct buf *response)
{
    enum lifecycle_result result;
    struct profile profile;

    if (!es10c_find(card, identifier, &profile))
        return es10_result(card, response, tag, RESULT_NOT_FOUND);
    result = lifecycle_run(card, &profile, event, refresh);
    profile_clear(&profile);
    return put_lifecycle_result(card, response, tag, result);
}

/* EnableProfileRequest and DisableProfileRequest: A0 { 4F | 5A }, 81 refreshFlag. */
static uint16_t change_state(struct softeuicc *card, struct span request, enum lifecycle_event event,
                             uint32_t tag, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct tlv_reader choice;
    struct identifier identifier;
    struct span value;
    bool refresh;

    if (!tlv_require(&reader, 0xA0, &value))
        return ES10_BAD_REQUEST;
    choice = tlv_reader(value);
    if (!read_identifier(&choice, &identifier) || !tlv_finish(&choice) ||
        !tlv_require(&reader, 0x81, &value) || !es10_boolean(value, &refresh) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    return es10c_run(card, &identifier, event, refresh, tag, response);
}

uint16_t es10c_enable_profile(struct softeuicc *card, struct span request, struct buf *response)
{
    return change_state(card, request, LIFECYCLE_ENABLE, TAG_ENABLE_PROFILE, response);
}

uint16_t es10c_disable_profile(struct softeuicc *card, struct span request, struct buf *response)
{
    return change_state(card, request, LIFECYCLE_DISABLE, TAG_DISABLE_PROFILE, response);
}

/* DeleteProfileRequest is the CHOICE itself: one object and nothing after it. */
uint16_t es10c_delete_profile(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct identifier identifier;

    if (!read_identifier(&reader, &identifier) || !tlv_finish(&reader))
        return ES10_BAD_REQUEST;
    return es10c_run(card, &identifier, LIFECYCLE_DELETE, false, TAG_DELETE_PROFILE, response);
}

/* resetOptions bits, SGP.22 5.7.19. */
enum { RESET_OPERATIONAL = 0, RESET_FIELD_LOADED_TEST = 1, RESET_DEFAULT_SMDP = 2 };

static uint16_t es10c_reset(struct softeuicc *card, struct span options, struct buf *response)
{
    const struct memory_reset asked = {.operational = tlv_bit(options, RESET_OPERATIONAL),
                                       .field_loaded_test = tlv_bit(options, RESET_FIELD_LOADED_TEST),
                                       .default_smdp = tlv_bit(options, RESET_DEFAULT_SMDP)};
    enum lifecycle_result result;
    bool done;

    result = memory_reset_run(card, &asked, &done);
    if (result != LIFECYCLE_OK)
        return put_lifecycle_result(card, response, TAG_MEMORY_RESET, result);
    return es10_result(card, response, TAG_MEMORY_RESET, done ? RESULT_OK : RESULT_NOTHING_TO_DELETE);
}

uint16_t es10c_memory_reset(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span options;

    if (!tlv_require(&reader, 0x82, &options) || !bit_string_valid(options) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    return es10c_reset(card, options, response);
}

/* GetEuiccDataRequest: the tag list is one octet, and it is the EID's tag. */
uint16_t es10c_get_eid(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span tags;
    size_t outer;

    if (!tlv_require_sized(&reader, 0x5C, 1, 1, &tags) || tags.data[0] != 0x5A || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    outer = tlv_open(response, TAG_GET_EID);
    tlv_put(response, 0x5A, SPAN_ARRAY(card->eid));
    tlv_close(response, outer);
    return es10_finish(card, response);
}

#define NICKNAME_MAX 64 /* octets, SGP.22 5.7.20 */

uint16_t es10c_set_nickname(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span iccid;
    struct span nickname;
    struct profile profile;
    bool done;

    if (!tlv_require_sized(&reader, 0x5A, ICCID_SIZE, ICCID_SIZE, &iccid) ||
        !tlv_require(&reader, 0x90, &nickname) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    if (nickname.size > NICKNAME_MAX || !text_is_utf8(nickname, NULL))
        return es10_result(card, response, TAG_SET_NICKNAME, ES10_UNDEFINED_ERROR);
    if (!profile_by_iccid(card, iccid, &profile))
        return es10_result(card, response, TAG_SET_NICKNAME, RESULT_NOT_FOUND);
    done = profile_set_nickname(card, profile.id, nickname);
    profile_clear(&profile);
    return done ? es10_result(card, response, TAG_SET_NICKNAME, RESULT_OK) : ES10_MEMORY;
}
