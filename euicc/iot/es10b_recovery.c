/*
 * ES10b, the ways back that an IPA may take by itself (SGP.32 5.9.15, 5.9.16, 5.9.20-5.9.23): requests and
 * result codes. What happens to the profiles is lifecycle.c's, what is remembered recovery.c's.
 */
#include "euicc/iot/es10_iot.h"
#include "euicc/iot/package_sign.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/recovery.h"
#include "euicc/os/spec_version.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

/* One function: what it does to the card, and its numbers for how that can end. What is not named here its
 * type has no number for. */
struct function {
    uint32_t tag;
    enum lifecycle_event event;
    uint8_t codes[LIFECYCLE_FAILED];
};

static const struct function rollback = {TAG_PROFILE_ROLLBACK,
                                         LIFECYCLE_ROLLBACK,
                                         {[LIFECYCLE_NOT_AVAILABLE] = 1, /* rollbackNotAllowed */
                                          [LIFECYCLE_CAT_BUSY] = 5,
                                          [LIFECYCLE_COMMAND_ERROR] = 7}};

static const struct function immediate_enable = {
    TAG_IMMEDIATE_ENABLE,
    LIFECYCLE_IMMEDIATE_ENABLE,
    {[LIFECYCLE_NOT_AVAILABLE] = 1, [LIFECYCLE_NO_SESSION] = 4, [LIFECYCLE_CAT_BUSY] = 5}};

static const struct function enable_emergency = {TAG_ENABLE_EMERGENCY_PROFILE,
                                                 LIFECYCLE_ENABLE_EMERGENCY,
                                                 {[LIFECYCLE_WRONG_STATE] = 2, /* profileNotInDisabledState */
                                                  [LIFECYCLE_CAT_BUSY] = 5,
                                                  [LIFECYCLE_NOT_AVAILABLE] = 8}}; /* ecallNotAvailable */

static const struct function disable_emergency = {TAG_DISABLE_EMERGENCY_PROFILE,
                                                  LIFECYCLE_DISABLE_EMERGENCY,
                                                  {[LIFECYCLE_WRONG_STATE] = 2, /* profileNotInEnabledState */
                                                   [LIFECYCLE_CAT_BUSY] = 5,
                                                   [LIFECYCLE_NOT_AVAILABLE] = 8}};

static const struct function execute_fallback = {TAG_EXECUTE_FALLBACK,
                                                 LIFECYCLE_EXECUTE_FALLBACK,
                                                 {[LIFECYCLE_WRONG_STATE] = 2, /* profileNotInDisabledState */
                                                  [LIFECYCLE_CAT_BUSY] = 5,
                                                  [LIFECYCLE_NOT_AVAILABLE] = 6, /* fallbackNotAvailable */
                                                  [LIFECYCLE_COMMAND_ERROR] = 7,
                                                  [LIFECYCLE_ECALL_ACTIVE] = 104}};

static const struct function return_from_fallback = {
    TAG_RETURN_FROM_FALLBACK,
    LIFECYCLE_RETURN_FROM_FALLBACK,
    {[LIFECYCLE_CAT_BUSY] = 5, [LIFECYCLE_NOT_AVAILABLE] = 6}}; /* fallbackNotAvailable */

/* All these requests are { 80 refreshFlag }. */
static bool read_request(struct span request, bool *refresh)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span flag;

    return tlv_require(&reader, 0x80, &flag) && es10_boolean(flag, refresh) && tlv_skip_rest(&reader);
}

/* Reading: v1.2 of SGP.32 has no ecallNotAvailable for DisableEmergencyProfile; a profile that is not there
 * is in no enabled state. */
static unsigned recovery_code(const struct softeuicc *card, const struct function *function,
                              enum lifecycle_result result)
{
    if (function == &disable_emergency && result == LIFECYCLE_NOT_AVAILABLE && !card_speaks_sgp32(card, 1, 3))
        result = LIFECYCLE_WRONG_STATE;
    return es10_lifecycle_code(function->codes, result);
}

static uint16_t recovery_serve(struct softeuicc *card, const struct function *function, struct span request,
                               struct buf *response)
{
    enum lifecycle_result result;
    bool refresh;

    if (!read_request(request, &refresh))
        return ES10_BAD_REQUEST;
    result = lifecycle_trigger(card, function->event, refresh);
    if (result == LIFECYCLE_FAILED)
        return es10_failure(card);
    return es10_result(card, response, function->tag, recovery_code(card, function, result));
}

/*
 * Named leniency: the functions that SGP.32 v1.0 had already are asked for without a refreshFlag too, for
 * ImmediateEnable, which was named EnableUsingDD, had none then, and IPAs leave ProfileRollback's out the
 * same way. That is served with a REFRESH: the device has to find its network anew.
 */
static struct span with_refresh_flag(struct span request)
{
    static const uint8_t refresh_flag[] = {0x80, 0x01, 0xFF};

    return request.size > 0 ? request : SPAN_ARRAY(refresh_flag);
}

uint16_t es10b_immediate_enable(struct softeuicc *card, struct span request, struct buf *response)
{
    return recovery_serve(card, &immediate_enable, with_refresh_flag(request), response);
}

uint16_t es10b_enable_emergency_profile(struct softeuicc *card, struct span request, struct buf *response)
{
    return recovery_serve(card, &enable_emergency, request, response);
}

uint16_t es10b_disable_emergency_profile(struct softeuicc *card, struct span request, struct buf *response)
{
    return recovery_serve(card, &disable_emergency, request, response);
}

uint16_t es10b_execute_fallback_mechanism(struct softeuicc *card, struct span request, struct buf *response)
{
    return recovery_serve(card, &execute_fallback, request, response);
}

uint16_t es10b_return_from_fallback(struct softeuicc *card, struct span request, struct buf *response)
{
    return recovery_serve(card, &return_from_fallback, request, response);
}

/* --- ProfileRollback ----------------------------------------------------------------------------- */

/*
 * ProfileRollbackResponse { 02 cmdResult, [BF51 EuiccPackageResult] }: one member is written with its tag, so
 * the other one keeps its own. `result` is BF51 whole.
 */
static uint16_t put_rollback_response(struct softeuicc *card, unsigned code, struct span result,
                                      struct buf *response)
{
    size_t outer = tlv_open(response, rollback.tag);

    tlv_put_unsigned(response, 0x02, code);
    buf_append(response, result);
    tlv_close(response, outer);
    return es10_finish(card, response);
}

/*
 * The new result: rollbackResult ok, under the counter and transaction of the package that granted the
 * rollback. Reading: when its eIM is not associated any more, there is nobody to sign for, and the device
 * gets its connection back all the same.
 */
static bool es10b_recovery_report(struct softeuicc *card, const struct rollback_grant *grant,
                                  uint32_t sequence, struct buf *out)
{
    struct span transaction = SPAN_NONE;
    struct buf results = {0};
    struct eim eim = {0};
    bool done;

    if (!eim_find(card, span_of_string(grant->eim_id), &eim))
        return !nvm_failed(card->nvm);
    if (grant->transaction_size > 0)
        transaction = SPAN(grant->transaction, grant->transaction_size);
    tlv_put_unsigned(&results, 0x8C, 0);
    done = !results.failed &&
           package_sign_and_store(card, &eim, grant->counter, transaction, sequence, buf_span(&results), out);
    buf_free(&results);
    eim_clear(&eim);
    return done;
}

/* The result is numbered before the profiles move, as a package's is: notifications of the move come after
 * it. */
static uint16_t roll_back(struct softeuicc *card, bool refresh, struct buf *response)
{
    struct rollback_grant grant;
    struct buf result = {0};
    uint32_t sequence;
    uint16_t status;

    if (!recovery_rollback(card, &grant))
        return es10_failure(card);
    sequence = notification_next_sequence(card);
    if (sequence == 0 || lifecycle_trigger(card, rollback.event, refresh) != LIFECYCLE_OK)
        return es10_failure(card);
    status = es10b_recovery_report(card, &grant, sequence, &result)
                 ? put_rollback_response(card, 0, buf_span(&result), response)
                 : es10_failure(card);
    buf_free(&result);
    return status;
}

uint16_t es10b_profile_rollback(struct softeuicc *card, struct span request, struct buf *response)
{
    enum lifecycle_result result;
    bool refresh;

    if (!read_request(with_refresh_flag(request), &refresh))
        return ES10_BAD_REQUEST;
    result = lifecycle_check(card, rollback.event, refresh);
    if (result == LIFECYCLE_FAILED)
        return es10_failure(card);
    if (result != LIFECYCLE_OK)
        return put_rollback_response(card, es10_lifecycle_code(rollback.codes, result), SPAN_NONE, response);
    return roll_back(card, refresh, response);
}
