/* The table of subject and reason codes. See refusal.h. */
#include "protocol/refusal.h"

#include <stdarg.h>
#include <stdio.h>

/* SGP.22 5.2.6.1 (subjects), 5.2.6.2 (reasons), and the status code tables of 5.3.x and 5.6.x. */
static const struct dp_refusal_codes codes[DP_REFUSAL_COUNT] = {
    [DP_ACCEPTED] = {"", "", "executed"},
    [DP_INPUT_INVALID] = {"1.6", "2.1", "a parameter is invalid"},
    [DP_INPUT_MISSING] = {"1.6", "2.2", "a mandatory parameter is missing"},
    [DP_INTERNAL] = {"1.2", "4.2", "the server failed"},
    [DP_ADDRESS_REFUSED] = {"8.8.1", "3.8", "invalid SM-DP+ address"},
    [DP_CI_UNSUPPORTED] = {"8.8.2", "3.1", "none of the CI keys that the eUICC signs under is supported"},
    [DP_SVN_UNSUPPORTED] = {"8.8.3", "3.1", "the eUICC's specification version is not supported"},
    [DP_DPAUTH_UNAVAILABLE] = {"8.8.4", "3.7",
                               "no DPauth certificate under a CI key that the eUICC verifies"},
    [DP_EUM_INVALID] = {"8.1.2", "6.1", "invalid EUM certificate"},
    [DP_EUM_EXPIRED] = {"8.1.2", "6.3", "expired EUM certificate"},
    [DP_EUICC_INVALID] = {"8.1.3", "6.1", "invalid eUICC certificate"},
    [DP_EUICC_EXPIRED] = {"8.1.3", "6.3", "expired eUICC certificate"},
    [DP_EUICC_VERIFICATION] = {"8.1", "6.1", "the eUICC's signature or the server challenge is invalid"},
    [DP_EUICC_ERROR] = {"8.1", "4.2", "the eUICC answered with an error"},
    [DP_EUICC_MEMORY] = {"8.1", "4.8", "the eUICC has not enough memory for this profile"},
    [DP_CI_UNKNOWN] = {"8.11.1", "3.9", "the EUM certificate is not from the CI chosen for this session"},
    [DP_TRANSACTION_UNKNOWN] = {"8.10.1", "3.9", "unknown transactionId"},
    [DP_NOT_RELEASED] = {"8.2", "1.2", "the profile is not released"},
    [DP_REBINDING_REFUSED] = {"8.2", "3.7", "the profile cannot be bound again"},
    [DP_MATCHING_ID_REFUSED] = {"8.2.6", "3.8", "matchingId refused"},
    [DP_EID_REFUSED] = {"8.1.1", "3.8", "the profile is for another EID"},
    [DP_NOT_ELIGIBLE] = {"8.2.5", "4.3", "no eligible profile for this eUICC"},
    [DP_CODE_MISSING] = {"8.2.7", "2.2", "confirmation code missing"},
    [DP_CODE_REFUSED] = {"8.2.7", "3.8", "confirmation code refused"},
    [DP_CODE_RETRIES] = {"8.2.7", "6.4", "too many wrong confirmation codes"},
    [DP_ORDER_EXPIRED] = {"8.8.5", "4.10", "the download order has expired"},
    [DP_ORDER_RETRIES] = {"8.8.5", "6.4", "too many tries of this download order"},
    [DP_OID_INVALID] = {"8.8", "3.10", "the SM-DP+ OID is not this server's"},
    [DP_ICCID_UNKNOWN] = {"8.2.1", "3.9", "unknown ICCID"},
    [DP_ICCID_IN_USE] = {"8.2.1", "3.3", "the profile is in use"},
    [DP_ICCID_TRANSITION] = {"8.2.1", "3.5", "the profile's state does not allow this"},
    [DP_TYPE_UNKNOWN] = {"8.2.5", "3.9", "unknown profile type"},
    [DP_TYPE_UNAVAILABLE] = {"8.2.5", "3.7", "no profile of this type is available"},
    [DP_TYPE_REFUSED] = {"8.2.5", "3.8", "the profile with this ICCID is of another type"},
    [DP_EID_MISSING] = {"8.1.1", "2.2", "an EID is needed when the matchingId is empty"},
    [DP_EID_ASSOCIATION] = {"8.1.1", "3.10", "another EID is associated with this ICCID"},
    [DP_MATCHING_ID_IN_USE] = {"8.2.6", "3.3", "the matchingId belongs to another order"},
    [DP_MATCHING_ID_ASSOCIATION] = {"8.2.6", "3.10", "another matchingId is associated with this ICCID"},
    [DP_SMDS_INACCESSIBLE] = {"8.9", "5.1", "this server registers no events at an SM-DS"},
};

const struct dp_refusal_codes *dp_refusal_codes(enum dp_refusal refusal)
{
    return &codes[refusal];
}

bool dp_refuse(struct dp_status *status, enum dp_refusal refusal, const char *detail, ...)
{
    va_list arguments;

    if (status->refusal != DP_ACCEPTED)
        return false;
    status->refusal = refusal;
    status->detail[0] = '\0';
    if (detail != NULL) {
        va_start(arguments, detail);
        vsnprintf(status->detail, sizeof(status->detail), detail, arguments);
        va_end(arguments);
    }
    return false;
}
