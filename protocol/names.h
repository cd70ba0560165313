/* The names that SGP.22 and SGP.32 give to numbers in answers, for lines that people read. */
#ifndef SOFTEUICC_PROTOCOL_NAMES_H
#define SOFTEUICC_PROTOCOL_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum names {
    NAMES_INITIATE,            /* initiateAuthenticationErrorEsipa, SGP.32 6.3.2.1 */
    NAMES_AUTHENTICATE_CLIENT, /* authenticateClientErrorEsipa, 6.3.2.2 */
    NAMES_BIND,                /* getBoundProfilePackageErrorEsipa, 6.3.2.3 */
    NAMES_AUTHENTICATE_SERVER, /* AuthenticateErrorCode, SGP.22 5.7.13 */
    NAMES_PREPARE,             /* DownloadErrorCode, SGP.22 5.7.5 */
    NAMES_GET_PACKAGE,         /* eimPackageError, SGP.32 6.3.2.6 */
    NAMES_PROVIDE_RESULT,      /* provideEimPackageResultError, 6.3.2.7 */
    NAMES_PACKAGE_ERROR,       /* EuiccPackageErrorCode, 2.11.2.1 */
    NAMES_PACKAGE_UNSIGNED,    /* EuiccPackageUnsignedErrorCode, 2.11.2.1 */
    NAMES_PACKAGE_REFUSED,     /* EimPackageResultErrorCode, 6.3.2.7 */
    NAMES_DATA,                /* IpaEuiccDataErrorCode, 2.11.2.2 */
    NAMES_DOWNLOAD,            /* profileDownloadErrorReason, 2.11.2.3 */
    NAMES_STATE_CHANGE,        /* StateChangeCause, 6.3.2.6 */
    NAMES_FALLBACK,            /* ExecuteFallbackMechanism, ReturnFromFallback, 5.9.20, 5.9.21 */
    NAMES_EMERGENCY_ON,        /* EnableEmergencyProfile, 5.9.22 */
    NAMES_EMERGENCY_OFF,       /* DisableEmergencyProfile, 5.9.23 */
    NAMES_IMMEDIATE_ENABLE,    /* ImmediateEnable, 5.9.15 */
    NAMES_RESET,               /* eUICCMemoryReset's three results, 5.9.5 */
    NAMES_RESET_EIM,
    NAMES_RESET_IMMEDIATE,
    NAMES_ADD_INITIAL_EIM, /* addInitialEimError, 5.9.4 */
    NAMES_ENABLE,          /* EnableProfileResult and the further results of PSMOs and eCOs, 2.11.2.1 */
    NAMES_DISABLE,
    NAMES_DELETE,
    NAMES_LIST,
    NAMES_IMMEDIATE,
    NAMES_DELETE_EIM,
    NAMES_UPDATE_EIM,
    NAMES_ROLLBACK,
    NAMES_SET_FALLBACK,
    NAMES_UNSET_FALLBACK,
    NAMES_TERMINATED,
    NAMES_DEFAULT_DP,
    NAMES_NICKNAME,        /* SetNickname, SGP.22 5.7.21 */
    NAMES_INSTALL_COMMAND, /* BppCommandId, SGP.22 2.5.6 */
    NAMES_INSTALL_ERROR,   /* ErrorReason, SGP.22 2.5.6 */
    NAMES_EVENT,           /* NotificationEvent by bit: install, enable, … */
    NAMES_COUNT,
    NAMES_ADD_EIM = NAMES_ADD_INITIAL_EIM, /* has the same numbers */
};

#define NAMES_EVENTS 4 /* bits of NotificationEvent */

/* The name, or "unknown"; 127, where a list has no other name for it, is "undefinedError". */
const char *names_of(enum names names, uint64_t number);
/* "disallowedByPolicy(3)"; a number without a name is "unknown(9)". Returns `out`. */
const char *names_text(enum names names, uint64_t number, char *out, size_t size);

#endif
