/* The names that SGP.22 and SGP.32 give to numbers in answers, for lines that people read. */
#ifndef SOFTEUICC_PROTOCOL_NAMES_H
#define SOFTEUICC_PROTOCOL_NAMES_H

#include <stdbool.h>
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
    NAMES_FALLBACK,            /* ExecuteFallbackMechanism, 5.9.20 */
    NAMES_RETURN,              /* ReturnFromFallback, 5.9.21 */
    NAMES_EMERGENCY_ON,        /* EnableEmergencyProfile, 5.9.22 */
    NAMES_EMERGENCY_OFF,       /* DisableEmergencyProfile, 5.9.23 */
    NAMES_IMMEDIATE_ENABLE,    /* ImmediateEnable, 5.9.15 */
    NAMES_RESET,               /* eUICCMemoryReset's three results, 5.9.5 */
    NAMES_RESET_EIM,
    NAMES_RESET_IMMEDIATE,
    NAMES_ADD_INITIAL_EIM,     /* addInitialEimError, 5.9.4 */
    NAMES_CONFIGURE_IMMEDIATE, /* ConfigureImmediateProfileEnabling, 5.9.17 */
    NAMES_CERTS,               /* getCertsError, 5.9.10 */
    NAMES_CONNECTIVITY,        /* ConnectivityParametersError, 5.9.24 */
    NAMES_IPAE_ACTIVATION,     /* IpaeActivation, 3.8.4 */
    NAMES_ENABLE,              /* EnableProfileResult and the further results of PSMOs and eCOs, 2.11.2.1 */
    NAMES_DISABLE,             /* the same numbers in SGP.22 5.7.17 */
    NAMES_DELETE,
    NAMES_LIST, /* ProfileInfoListError */
    NAMES_IMMEDIATE,
    NAMES_ADD_EIM,
    NAMES_DELETE_EIM,
    NAMES_UPDATE_EIM,
    NAMES_ROLLED_BACK, /* rollbackResult */
    NAMES_ROLLBACK,    /* ProfileRollback's own cmdResult, 5.9.16 */
    NAMES_SET_FALLBACK,
    NAMES_UNSET_FALLBACK,
    NAMES_TERMINATED,
    NAMES_DEFAULT_DP,      /* nothing but ok; the same in SGP.22 5.7.4 */
    NAMES_UNDEFINED,       /* no number but undefinedError: listEimError, notifications' lists, 5.9.11 */
    NAMES_LPA_ENABLE,      /* EnableProfile, SGP.22 5.7.16 */
    NAMES_LPA_DELETE,      /* DeleteProfile, 5.7.18 */
    NAMES_LPA_RESET,       /* eUICCMemoryReset, 5.7.19 */
    NAMES_LPA_LIST,        /* GetProfilesInfo, 5.7.15 */
    NAMES_LPA_RETRIEVE,    /* RetrieveNotificationsList, 5.7.10 up to v2.2 */
    NAMES_REMOVE,          /* RemoveNotificationFromList, 5.7.11 */
    NAMES_CRL,             /* LoadCRL, 5.7.12 */
    NAMES_CANCEL,          /* CancelSession, 5.7.14 */
    NAMES_NICKNAME,        /* SetNickname, 5.7.21 */
    NAMES_INSTALL_COMMAND, /* BppCommandId, SGP.22 2.5.6 */
    NAMES_INSTALL_ERROR,   /* ErrorReason, SGP.22 2.5.6 */
    NAMES_EVENT,           /* NotificationEvent by bit: install, enable, … */
    NAMES_COUNT,
};

#define NAMES_EVENTS 4 /* bits of NotificationEvent */

/* The name, or "unknown"; 127, where a list has no other name for it, is "undefinedError". */
const char *names_of(enum names names, uint64_t number);
/* Whether the type has this number (undefinedError too) in SGP.32 v1.2, or in v1.3: what may be answered. */
bool names_has(enum names names, uint64_t number, bool sgp32_v1_3);
/* "disallowedByPolicy(3)"; a number without a name is "unknown(9)". Returns `out`. */
const char *names_text(enum names names, uint64_t number, char *out, size_t size);

#endif
