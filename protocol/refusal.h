/*
 * Why a function was refused: the subject and reason codes of SGP.22 5.2.6, as tables 5.3 and 5.6 give them
 * to each function. The functions speak in names; the bindings turn names into codes (JSON) or into the
 * function's own error numbers (ASN.1).
 */
#ifndef SOFTEUICC_PROTOCOL_REFUSAL_H
#define SOFTEUICC_PROTOCOL_REFUSAL_H

#include <stdbool.h>

enum dp_refusal {
    DP_ACCEPTED = 0,
    /* any function */
    DP_INPUT_INVALID,
    DP_INPUT_MISSING,
    DP_INTERNAL,
    /* ES9+ */
    DP_ADDRESS_REFUSED,
    DP_CI_UNSUPPORTED,
    DP_SVN_UNSUPPORTED,
    DP_DPAUTH_UNAVAILABLE,
    DP_EUM_INVALID,
    DP_EUM_EXPIRED,
    DP_EUICC_INVALID,
    DP_EUICC_EXPIRED,
    DP_EUICC_VERIFICATION,
    DP_EUICC_ERROR,
    DP_EUICC_MEMORY,
    DP_CI_UNKNOWN,
    DP_TRANSACTION_UNKNOWN,
    DP_NOT_RELEASED,
    DP_REBINDING_REFUSED,
    DP_MATCHING_ID_REFUSED,
    DP_EID_REFUSED,
    DP_NOT_ELIGIBLE,
    DP_CODE_MISSING,
    DP_CODE_REFUSED,
    DP_CODE_RETRIES,
    DP_ORDER_EXPIRED,
    DP_ORDER_RETRIES,
    DP_OID_INVALID,
    /* ES2+ */
    DP_ICCID_UNKNOWN,
    DP_ICCID_IN_USE,
    DP_ICCID_TRANSITION,
    DP_TYPE_UNKNOWN,
    DP_TYPE_UNAVAILABLE,
    DP_TYPE_REFUSED,
    DP_EID_MISSING,
    DP_EID_ASSOCIATION,
    DP_MATCHING_ID_IN_USE,
    DP_MATCHING_ID_ASSOCIATION,
    DP_SMDS_INACCESSIBLE,
    DP_REFUSAL_COUNT
};

struct dp_refusal_codes {
    const char *subject; /* "8.2.6" */
    const char *reason;  /* "3.8" */
    const char *message;
};

const struct dp_refusal_codes *dp_refusal_codes(enum dp_refusal refusal);

/* How a function ended. `detail` adds to the refusal's own message what was found, where. */
struct dp_status {
    enum dp_refusal refusal;
    char detail[200];
};

/* Notes a refusal, unless one stands already; returns false, for `return dp_refuse(…)`. `detail` may
 * be NULL. */
bool dp_refuse(struct dp_status *status, enum dp_refusal refusal, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

#endif
