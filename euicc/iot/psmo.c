/*
 * Profile State Management Operations (SGP.32 2.11.1.1.3, 2.11.2.1): the commands of a psmoList and their
 * result codes. What happens to a profile is lifecycle.c's; what is asked before that about this package
 * stands here.
 */
#include "euicc/iot/package_command.h"
#include "euicc/lifecycle/immediate_enable.h"
#include "euicc/lifecycle/recovery.h"
#include "euicc/profile/policy.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

#include <string.h>

#define TAG_ENABLE                     0xA3
#define TAG_DISABLE                    0xA4
#define TAG_DELETE                     0xA5
#define TAG_PSMO_GET_RAT               0xA6
#define TAG_CONFIGURE_IMMEDIATE_ENABLE 0xA7
#define TAG_SET_FALLBACK               0xA8
#define TAG_UNSET_FALLBACK             0xA9

#define TAG_ENABLE_RESULT                     0x83
#define TAG_DISABLE_RESULT                    0x84
#define TAG_DELETE_RESULT                     0x85
#define TAG_CONFIGURE_IMMEDIATE_ENABLE_RESULT 0x87
#define TAG_SET_FALLBACK_RESULT               0x8D
#define TAG_UNSET_FALLBACK_RESULT             0x8E

/* EnableProfileResult, DisableProfileResult, DeleteProfileResult share their numbers. */
enum {
    RESULT_OK = 0,
    RESULT_NOT_FOUND = 1,
    RESULT_WRONG_STATE = 2, /* profileNotInDisabledState, profileNotInEnabledState */
    RESULT_DISALLOWED_BY_POLICY = 3,
    RESULT_CAT_BUSY = 5,
    RESULT_ROLLBACK_NOT_AVAILABLE = 20,
    RESULT_RETURN_FALLBACK_PROFILE = 21,
    RESULT_UNDEFINED_ERROR = 127,
};

/* SetFallbackAttributeResult and UnsetFallbackAttributeResult. */
enum { FALLBACK_NOT_ALLOWED = 2, NO_FALLBACK_ATTRIBUTE = 2, FALLBACK_PROFILE_ENABLED = 3 };

#define CONFIGURE_COMMAND_ERROR 7  /* ConfigureImmediateEnableResult */
#define PROFILE_CHANGE_ONGOING  11 /* ProfileInfoListError */

static bool has_failed(const struct package_run *run)
{
    return nvm_failed(run->card->nvm);
}

/* --- enable, disable, delete --------------------------------------------------------------------- */

static const uint8_t codes[LIFECYCLE_FAILED] = {
    [LIFECYCLE_WRONG_STATE] = RESULT_WRONG_STATE,
    [LIFECYCLE_DISALLOWED_BY_POLICY] = RESULT_DISALLOWED_BY_POLICY,
    [LIFECYCLE_CAT_BUSY] = RESULT_CAT_BUSY,
    [LIFECYCLE_ROLLBACK_NOT_AVAILABLE] = RESULT_ROLLBACK_NOT_AVAILABLE,
    [LIFECYCLE_RETURN_FALLBACK_PROFILE] = RESULT_RETURN_FALLBACK_PROFILE,
};

/* { 5A iccid, … }: the member that all of them begin with. */
static bool read_iccid(struct tlv_reader *reader, struct span *iccid)
{
    return tlv_require_sized(reader, 0x5A, ICCID_SIZE, ICCID_SIZE, iccid);
}

static bool read_only_iccid(struct span content, struct span *iccid)
{
    struct tlv_reader reader = tlv_reader(content);

    return read_iccid(&reader, iccid) && tlv_skip_rest(&reader);
}

/* The terminal is asked for one REFRESH, by the first change of the package. `grant` NULL:
 * no rollbackFlag. */
static enum package_outcome psmo_change(struct package_run *run, const struct profile *profile,
                                        enum lifecycle_event event, const struct rollback_grant *grant,
                                        uint32_t tag, struct buf *results)
{
    const struct lifecycle_package package = {.grant = grant, .disabled = run->disabled};
    bool refresh = event != LIFECYCLE_PACKAGE_DELETE && !run->refreshed;
    enum lifecycle_result result = lifecycle_run_package(run->card, profile, event, refresh, &package);

    if (result == LIFECYCLE_FAILED || has_failed(run))
        return PACKAGE_FAILED;
    run->refreshed = run->refreshed || (refresh && result == LIFECYCLE_OK);
    return package_put_result(results, tag, es10_lifecycle_code(codes, result));
}

/* What ProfileRollback will need to know of this package. */
static struct rollback_grant grant_of(const struct package_run *run)
{
    struct rollback_grant grant = {
        .counter = run->counter, .transaction_size = run->transaction.size, .result = run->sequence};

    memcpy(grant.eim_id, run->eim->id, sizeof(grant.eim_id));
    if (run->transaction.size > 0)
        memcpy(grant.transaction, run->transaction.data, run->transaction.size);
    return grant;
}

static enum package_outcome enable_profile(struct package_run *run, struct span content, struct buf *results)
{
    const struct rollback_grant grant = grant_of(run);
    struct tlv_reader reader = tlv_reader(content);
    enum package_outcome outcome;
    struct profile profile;
    struct span iccid;
    struct span flag;
    bool rollback;

    if (!read_iccid(&reader, &iccid))
        return PACKAGE_DAMAGED;
    rollback = tlv_optional(&reader, 0x05, &flag);     /* rollbackFlag, NULL */
    if (flag.size != 0 || !tlv_skip_later(&reader, 1)) /* nor a flag with a tag of AUTOMATIC TAGS */
        return PACKAGE_DAMAGED;
    if (run->has_enabled)
        return package_put_result(results, TAG_ENABLE_RESULT, RESULT_UNDEFINED_ERROR);
    if (!profile_by_iccid(run->card, iccid, &profile))
        return package_put_result(results, TAG_ENABLE_RESULT, RESULT_NOT_FOUND);
    outcome = psmo_change(run, &profile, LIFECYCLE_PACKAGE_ENABLE, rollback ? &grant : NULL,
                          TAG_ENABLE_RESULT, results);
    run->has_enabled = run->has_enabled || outcome == PACKAGE_GOES_ON;
    profile_clear(&profile);
    return outcome;
}

static enum package_outcome disable_profile(struct package_run *run, struct span content, struct buf *results)
{
    enum package_outcome outcome;
    struct profile profile;
    struct span iccid;

    if (!read_only_iccid(content, &iccid))
        return PACKAGE_DAMAGED;
    if (run->has_disabled || run->has_enabled)
        return package_put_result(results, TAG_DISABLE_RESULT, RESULT_UNDEFINED_ERROR);
    if (!profile_by_iccid(run->card, iccid, &profile))
        return package_put_result(results, TAG_DISABLE_RESULT, RESULT_NOT_FOUND);
    outcome = psmo_change(run, &profile, LIFECYCLE_PACKAGE_DISABLE, NULL, TAG_DISABLE_RESULT, results);
    if (outcome == PACKAGE_GOES_ON) {
        run->has_disabled = true;
        run->disabled = profile.id;
    }
    profile_clear(&profile);
    return outcome;
}

static enum package_outcome delete_profile(struct package_run *run, struct span content, struct buf *results)
{
    enum package_outcome outcome;
    struct profile profile;
    struct span iccid;

    if (!read_only_iccid(content, &iccid))
        return PACKAGE_DAMAGED;
    if (!profile_by_iccid(run->card, iccid, &profile))
        return package_put_result(results, TAG_DELETE_RESULT, RESULT_NOT_FOUND);
    outcome = psmo_change(run, &profile, LIFECYCLE_PACKAGE_DELETE, NULL, TAG_DELETE_RESULT, results);
    run->has_deleted = run->has_deleted || outcome == PACKAGE_GOES_ON;
    if (outcome == PACKAGE_GOES_ON && run->disabled == profile.id)
        run->disabled = 0; /* no rollback leads there */
    profile_clear(&profile);
    return outcome;
}

/* --- what is asked ------------------------------------------------------------------------------- */

/* Reading: the default of listProfileInfo is shorter than ES10c's, and without the icon. */
static const uint8_t default_tags[] = {0x5A, 0x4F, 0x9F, 0x70, 0x91, 0x92, 0x95,
                                       0x9F, 0x7B, 0x9F, 0x26, 0x9F, 0x67};

/* Appends ProfileInfoListRequest with the tag list that this function has by default, when `content` has
 * none. False: it does not parse. */
static bool put_request(struct span content, struct buf *request)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span criteria = SPAN_NONE;

    if (tlv_peek(&reader) == 0xA0)
        (void)tlv_require_whole(&reader, 0xA0, NULL, &criteria);
    buf_append(request, criteria);
    if (tlv_peek(&reader) != 0x5C)
        tlv_put(request, 0x5C, SPAN_ARRAY(default_tags));
    buf_append(request, SPAN(content.data + criteria.size, content.size - criteria.size));
    return tlv_skip_rest(&reader);
}

static enum package_outcome put_profile_info(struct package_run *run, struct span request,
                                             struct buf *results)
{
    static const uint32_t ok[] = {TAG_PROFILES_INFO, 0xA0, 0};
    size_t start = results->size;
    struct span list;
    uint16_t status;

    if (run->has_enabled || run->has_disabled || run->has_deleted)
        status = es10_choice_error(run->card, results, TAG_PROFILES_INFO, PROFILE_CHANGE_ONGOING);
    else
        status = es10c_get_profiles_info(run->card, request, results);
    if (status != ES10_OK)
        return status == ES10_BAD_REQUEST ? PACKAGE_DAMAGED : PACKAGE_FAILED;
    return tlv_find_path(SPAN(results->data + start, results->size - start), ok, &list) ? PACKAGE_GOES_ON
                                                                                        : PACKAGE_ENDS;
}

static enum package_outcome list_profile_info(struct package_run *run, struct span content,
                                              struct buf *results)
{
    struct buf request = {0};
    enum package_outcome outcome = PACKAGE_DAMAGED;

    if (put_request(content, &request))
        outcome = request.failed ? PACKAGE_FAILED : put_profile_info(run, buf_span(&request), results);
    buf_free(&request);
    return outcome;
}

static enum package_outcome get_rat(struct package_run *run, struct span content, struct buf *results)
{
    size_t rules;

    if (!tlv_is_sequence(content))
        return PACKAGE_DAMAGED;
    rules = tlv_open(results, TAG_PSMO_GET_RAT);
    policy_put_rat(run->card, results);
    tlv_close(results, rules);
    return has_failed(run) ? PACKAGE_FAILED : PACKAGE_GOES_ON;
}

/* --- what is configured -------------------------------------------------------------------------- */

static enum package_outcome configure_immediate_enable(struct package_run *run, struct span content,
                                                       struct buf *results)
{
    struct immediate_enable configuration;

    if (!immediate_enable_parse(content, &configuration))
        return package_put_result(results, TAG_CONFIGURE_IMMEDIATE_ENABLE_RESULT, CONFIGURE_COMMAND_ERROR);
    if (!immediate_enable_store(run->card, &configuration))
        return PACKAGE_FAILED;
    return package_put_result(results, TAG_CONFIGURE_IMMEDIATE_ENABLE_RESULT, RESULT_OK);
}

static enum package_outcome set_default_dp_address(struct package_run *run, struct span content,
                                                   struct buf *results)
{
    size_t start = results->size;
    uint16_t status =
        es10_set_default_dp_address(run->card, content, TAG_IOT_SET_DEFAULT_DP_ADDRESS, results);

    if (status == ES10_BAD_REQUEST)
        return PACKAGE_DAMAGED;
    if (status != ES10_OK)
        return PACKAGE_FAILED;
    /* The code is the last octet of BF65 { 80 code }. */
    return results->size > start && results->data[results->size - 1] == 0 ? PACKAGE_GOES_ON : PACKAGE_ENDS;
}

/* True when there is a Fallback Profile and it is the enabled one. */
static bool fallback_is_enabled(struct softeuicc *card)
{
    int64_t id = recovery_fallback_profile(card);
    struct profile profile;
    bool enabled;

    enabled = id != 0 && profile_by_id(card, id, &profile) && profile.state == PROFILE_ENABLED;
    if (id != 0)
        profile_clear(&profile);
    return enabled;
}

static unsigned set_fallback_refusal(struct softeuicc *card, const struct profile *profile)
{
    if (!profile->fallback_allowed)
        return FALLBACK_NOT_ALLOWED;
    return fallback_is_enabled(card) ? FALLBACK_PROFILE_ENABLED : RESULT_OK;
}

static enum package_outcome set_fallback(struct package_run *run, struct span content, struct buf *results)
{
    struct profile profile;
    struct span iccid;
    unsigned code = RESULT_OK;
    bool already;
    bool done = true;

    if (!read_only_iccid(content, &iccid))
        return PACKAGE_DAMAGED;
    if (!profile_by_iccid(run->card, iccid, &profile))
        return package_put_result(results, TAG_SET_FALLBACK_RESULT, RESULT_NOT_FOUND);
    already = recovery_fallback_profile(run->card) == profile.id;
    if (!already)
        code = set_fallback_refusal(run->card, &profile);
    if (!already && code == RESULT_OK)
        done = recovery_set_fallback_profile(run->card, profile.id);
    profile_clear(&profile);
    return done && !has_failed(run) ? package_put_result(results, TAG_SET_FALLBACK_RESULT, code)
                                    : PACKAGE_FAILED;
}

static enum package_outcome unset_fallback(struct package_run *run, struct span content, struct buf *results)
{

    if (!tlv_is_sequence(content))
        return PACKAGE_DAMAGED;
    if (recovery_fallback_profile(run->card) == 0)
        return package_put_result(results, TAG_UNSET_FALLBACK_RESULT, NO_FALLBACK_ATTRIBUTE);
    if (fallback_is_enabled(run->card))
        return package_put_result(results, TAG_UNSET_FALLBACK_RESULT, FALLBACK_PROFILE_ENABLED);
    if (!recovery_set_fallback_profile(run->card, 0))
        return PACKAGE_FAILED;
    return package_put_result(results, TAG_UNSET_FALLBACK_RESULT, RESULT_OK);
}

/* --- the table ----------------------------------------------------------------------------------- */

static const struct package_command commands[] = {
    {TAG_ENABLE, enable_profile},
    {TAG_DISABLE, disable_profile},
    {TAG_DELETE, delete_profile},
    {TAG_PSMO_GET_RAT, get_rat},
    {TAG_CONFIGURE_IMMEDIATE_ENABLE, configure_immediate_enable},
    {TAG_SET_FALLBACK, set_fallback},
    {TAG_UNSET_FALLBACK, unset_fallback},
    {TAG_PROFILES_INFO, list_profile_info},
    {TAG_IOT_SET_DEFAULT_DP_ADDRESS, set_default_dp_address},
};

const struct package_command *psmo_find(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].tag == tag)
            return &commands[i];
    return NULL;
}
