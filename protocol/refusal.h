/*
 * Why a function was refused: the subject and reason codes of SGP.22 5.2.6, as tables 5.3 and 5.6 give them
 * to each function. The functions speak in names; the bindings turn names into codes (JSON) or into the
 * function's own error numbers (ASN.1).
 */
#ifndef SOFTEUICC_PROTOCOL_REFUSAL_H
#define SOFTEUICC_PROTOCOL_REFUSAL_H

#include <stdbool.h>

enum refusal {
    REFUSAL_NONE = 0,
    /* any function */
    REFUSAL_INPUT_INVALID,
    REFUSAL_INPUT_MISSING,
    REFUSAL_INTERNAL,
    /* ES9+ */
    REFUSAL_ADDRESS_REFUSED,
    REFUSAL_CI_UNSUPPORTED,
    REFUSAL_SVN_UNSUPPORTED,
    REFUSAL_DPAUTH_UNAVAILABLE,
    REFUSAL_EUM_INVALID,
    REFUSAL_EUM_EXPIRED,
    REFUSAL_EUICC_INVALID,
    REFUSAL_EUICC_EXPIRED,
    REFUSAL_EUICC_VERIFICATION,
    REFUSAL_EUICC_ERROR,
    REFUSAL_EUICC_MEMORY,
    REFUSAL_CI_UNKNOWN,
    REFUSAL_TRANSACTION_UNKNOWN,
    REFUSAL_NOT_RELEASED,
    REFUSAL_REBINDING_REFUSED,
    REFUSAL_MATCHING_ID_REFUSED,
    REFUSAL_EID_REFUSED,
    REFUSAL_NOT_ELIGIBLE,
    REFUSAL_CODE_MISSING,
    REFUSAL_CODE_REFUSED,
    REFUSAL_CODE_RETRIES,
    REFUSAL_ORDER_EXPIRED,
    REFUSAL_ORDER_RETRIES,
    REFUSAL_OID_INVALID,
    /* ES11, what it says otherwise than ES9+ */
    REFUSAL_SMDS_ADDRESS_REFUSED,
    REFUSAL_SMDS_CI_UNSUPPORTED,
    REFUSAL_SMDS_SVN_UNSUPPORTED,
    REFUSAL_DSAUTH_UNAVAILABLE,
    /* ES2+ */
    REFUSAL_ICCID_UNKNOWN,
    REFUSAL_ICCID_IN_USE,
    REFUSAL_ICCID_TRANSITION,
    REFUSAL_TYPE_UNKNOWN,
    REFUSAL_TYPE_UNAVAILABLE,
    REFUSAL_TYPE_REFUSED,
    REFUSAL_EID_MISSING,
    REFUSAL_EID_ASSOCIATION,
    REFUSAL_MATCHING_ID_IN_USE,
    REFUSAL_MATCHING_ID_ASSOCIATION,
    REFUSAL_MATCHING_ID_INVALID,
    REFUSAL_SMDS_INACCESSIBLE,
    REFUSAL_SMDS_FAILED,
    /* ES12 */
    REFUSAL_EVENT_IN_USE,
    REFUSAL_EVENT_UNKNOWN, /* ES11, too */
    REFUSAL_EVENTS_FULL,
    REFUSAL_COUNT
};

struct refusal_codes {
    const char *subject; /* "8.2.6" */
    const char *reason;  /* "3.8" */
    const char *message;
};

const struct refusal_codes *refusal_codes(enum refusal refusal);

/* How a function ended. `detail` adds to the refusal's own message what was found, where. */
struct refusal_status {
    enum refusal refusal;
    char detail[200];
};

/* Notes a refusal, unless one stands already; returns false, for `return refusal_note(…)`. `detail` may
 * be NULL. */
bool refusal_note(struct refusal_status *status, enum refusal refusal, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

#endif
