/* The table of subject and reason codes. See refusal.h. */
#include "protocol/refusal.h"

#include <stdarg.h>
#include <stdio.h>

/* SGP.22 5.2.6.1 (subjects), 5.2.6.2 (reasons), and the status code tables of 5.3.x and 5.6.x. */
static const struct refusal_codes codes[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {"", "", "executed"},
    [REFUSAL_INPUT_INVALID] = {"1.6", "2.1", "a parameter is invalid"},
    [REFUSAL_INPUT_MISSING] = {"1.6", "2.2", "a mandatory parameter is missing"},
    [REFUSAL_INTERNAL] = {"1.2", "4.2", "the server failed"},
    [REFUSAL_ADDRESS_REFUSED] = {"8.8.1", "3.8", "invalid SM-DP+ address"},
    [REFUSAL_CI_UNSUPPORTED] = {"8.8.2", "3.1",
                                "none of the CI keys that the eUICC signs under is supported"},
    [REFUSAL_SVN_UNSUPPORTED] = {"8.8.3", "3.1", "the eUICC's specification version is not supported"},
    [REFUSAL_DPAUTH_UNAVAILABLE] = {"8.8.4", "3.7",
                                    "no DPauth certificate under a CI key that the eUICC verifies"},
    [REFUSAL_EUM_INVALID] = {"8.1.2", "6.1", "invalid EUM certificate"},
    [REFUSAL_EUM_EXPIRED] = {"8.1.2", "6.3", "expired EUM certificate"},
    [REFUSAL_EUICC_INVALID] = {"8.1.3", "6.1", "invalid eUICC certificate"},
    [REFUSAL_EUICC_EXPIRED] = {"8.1.3", "6.3", "expired eUICC certificate"},
    [REFUSAL_EUICC_VERIFICATION] = {"8.1", "6.1", "the eUICC's signature or the server challenge is invalid"},
    [REFUSAL_EUICC_ERROR] = {"8.1", "4.2", "the eUICC answered with an error"},
    [REFUSAL_EUICC_MEMORY] = {"8.1", "4.8", "the eUICC has not enough memory for this profile"},
    [REFUSAL_CI_UNKNOWN] = {"8.11.1", "3.9",
                            "the EUM certificate is not from the CI chosen for this session"},
    [REFUSAL_TRANSACTION_UNKNOWN] = {"8.10.1", "3.9", "unknown transactionId"},
    [REFUSAL_NOT_RELEASED] = {"8.2", "1.2", "the profile is not released"},
    [REFUSAL_REBINDING_REFUSED] = {"8.2", "3.7", "the profile cannot be bound again"},
    [REFUSAL_MATCHING_ID_REFUSED] = {"8.2.6", "3.8", "matchingId refused"},
    [REFUSAL_EID_REFUSED] = {"8.1.1", "3.8", "no profile for this EID"},
    [REFUSAL_NOT_ELIGIBLE] = {"8.2.5", "4.3", "no eligible profile for this eUICC"},
    [REFUSAL_CODE_MISSING] = {"8.2.7", "2.2", "confirmation code missing"},
    [REFUSAL_CODE_REFUSED] = {"8.2.7", "3.8", "confirmation code refused"},
    [REFUSAL_CODE_RETRIES] = {"8.2.7", "6.4", "too many wrong confirmation codes"},
    [REFUSAL_ORDER_EXPIRED] = {"8.8.5", "4.10", "the download order has expired"},
    [REFUSAL_ORDER_RETRIES] = {"8.8.5", "6.4", "too many tries of this download order"},
    [REFUSAL_OID_INVALID] = {"8.8", "3.10", "the SM-DP+ OID is not this server's"},
    [REFUSAL_SMDS_ADDRESS_REFUSED] = {"8.9.1", "3.8", "invalid SM-DS address"},
    [REFUSAL_SMDS_CI_UNSUPPORTED] = {"8.9.2", "3.1",
                                     "none of the CI keys that the eUICC signs under is supported"},
    [REFUSAL_SMDS_SVN_UNSUPPORTED] = {"8.9.3", "3.1", "the eUICC's specification version is not supported"},
    [REFUSAL_DSAUTH_UNAVAILABLE] = {"8.9.4", "3.7",
                                    "no DSauth certificate under a CI key that the eUICC verifies"},
    [REFUSAL_ICCID_UNKNOWN] = {"8.2.1", "3.9", "unknown ICCID"},
    [REFUSAL_ICCID_IN_USE] = {"8.2.1", "3.3", "the profile is not available"},
    [REFUSAL_ICCID_TRANSITION] = {"8.2.1", "3.5", "the profile's state does not allow this"},
    [REFUSAL_TYPE_UNKNOWN] = {"8.2.5", "3.9", "unknown profile type"},
    [REFUSAL_TYPE_UNAVAILABLE] = {"8.2.5", "3.7", "no profile of this type is available"},
    [REFUSAL_TYPE_REFUSED] = {"8.2.5", "3.8", "the profile with this ICCID is of another type"},
    [REFUSAL_EID_MISSING] = {"8.1.1", "2.2", "the order needs an EID"},
    [REFUSAL_EID_ASSOCIATION] = {"8.1.1", "3.10", "another EID is associated with this ICCID"},
    [REFUSAL_MATCHING_ID_IN_USE] = {"8.2.6", "3.3", "the matchingId belongs to another order"},
    [REFUSAL_MATCHING_ID_ASSOCIATION] = {"8.2.6", "3.10", "another matchingId is associated with this ICCID"},
    [REFUSAL_MATCHING_ID_INVALID] = {"8.2.6", "2.1", "with an SM-DS the matchingId cannot be empty"},
    [REFUSAL_SMDS_INACCESSIBLE] = {"8.9", "5.1", "the SM-DS cannot be reached"},
    [REFUSAL_SMDS_FAILED] = {"8.9", "4.2", "the SM-DS did not register the event"},
    [REFUSAL_EVENT_IN_USE] = {"8.9.5", "3.3", "an event with this eventId is registered already"},
    [REFUSAL_EVENTS_FULL] = {"8.9", "4.8", "this SM-DS keeps no more events"},
    [REFUSAL_EVENT_UNKNOWN] = {"8.9.5", "3.9", "no event with this eventId is registered"},
};

const struct refusal_codes *refusal_codes(enum refusal refusal)
{
    return &codes[refusal];
}

bool refusal_note(struct refusal_status *status, enum refusal refusal, const char *detail, ...)
{
    va_list arguments;

    if (status->refusal != REFUSAL_NONE)
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
