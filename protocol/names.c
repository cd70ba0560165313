/* Names of result and error numbers. See names.h. */
#include "protocol/names.h"

#include <inttypes.h>
#include <stdio.h>

struct name {
    uint16_t number;
    const char *name;
};

#define UNDEFINED 127

static const struct name initiate[] = {
    {1, "invalidDpAddress"},
    {2, "euiccVersionNotSupportedByDp"},
    {3, "ciPKIdNotSupported"},
    {50, "smdpAddressMismatch"},
    {51, "smdpOidMismatch"},
    {52, "invalidEimTransactionId"},
    {0, NULL},
};
static const struct name authenticate_client[] = {
    {1, "eumCertificateInvalid"},
    {2, "eumCertificateExpired"},
    {3, "euiccCertificateInvalid"},
    {4, "euiccCertificateExpired"},
    {5, "euiccSignatureInvalid"},
    {6, "matchingIdRefused"},
    {7, "eidMismatch"},
    {8, "noEligibleProfile"},
    {9, "ciPKUnknown"},
    {10, "invalidTransactionId"},
    {11, "insufficientMemory"},
    {18, "downloadOrderExpired"},
    {50, "pprNotAllowed"},
    {56, "eventIdUnknown"},
    {0, NULL},
};
static const struct name bind_errors[] = {
    {1, "euiccSignatureInvalid"},
    {2, "confirmationCodeMissing"},
    {3, "confirmationCodeRefused"},
    {4, "confirmationCodeRetriesExceeded"},
    {5, "bppRebindingRefused"},
    {6, "downloadOrderExpired"},
    {50, "metadataMismatch"},
    {95, "invalidTransactionId"},
    {0, NULL},
};
static const struct name authenticate_server[] = {
    {1, "invalidCertificate"}, {2, "invalidSignature"},
    {3, "unsupportedCurve"},   {4, "noSessionContext"},
    {5, "invalidOid"},         {6, "euiccChallengeMismatch"},
    {7, "ciPKUnknown"},        {0, NULL},
};
static const struct name prepare[] = {
    {1, "invalidCertificate"}, {2, "invalidSignature"},     {3, "unsupportedCurve"},
    {4, "noSessionContext"},   {5, "invalidTransactionId"}, {0, NULL},
};
static const struct name get_package[] = {
    {1, "noEimPackageAvailable"}, {2, "eidNotFound"}, {3, "invalidEid"}, {4, "missingEid"}, {0, NULL},
};
static const struct name provide_result[] = {
    {2, "eidNotFound"},
    {3, "invalidEid"},
    {4, "missingEid"},
    {0, NULL},
};
static const struct name package_error[] = {
    {3, "invalidEid"},    {4, "replayError"},   {6, "counterValueOutOfRange"},
    {15, "sizeOverflow"}, {104, "ecallActive"}, {0, NULL},
};
static const struct name package_unsigned[] = {{15, "sizeOverflow"}, {0, NULL}};
static const struct name package_refused[] = {
    {1, "invalidPackageFormat"},
    {2, "unknownPackage"},
    {0, NULL},
};
static const struct name data[] = {
    {1, "incorrectTagList"},
    {5, "euiccCiPKIdNotFound"},
    {104, "ecallActive"},
    {0, NULL},
};
static const struct name download[] = {{104, "ecallActive"}, {0, NULL}};
static const struct name state_change[] = {
    {0, "otherEim"},
    {1, "fallback"},
    {2, "emergencyProfile"},
    {3, "local"},
    {4, "reset"},
    {5, "immediateEnableProfile"},
    {6, "deviceChange"},
    {UNDEFINED, "undefined"},
    {0, NULL},
};
static const struct name fallback[] = {
    {0, "ok"},           {2, "profileNotInDisabledState"},
    {5, "catBusy"},      {6, "fallbackNotAvailable"},
    {7, "commandError"}, {104, "ecallActive"},
    {0, NULL},
};
static const struct name emergency_on[] = {
    {0, "ok"}, {2, "profileNotInDisabledState"}, {5, "catBusy"}, {8, "ecallNotAvailable"}, {0, NULL},
};
static const struct name emergency_off[] = {
    {0, "ok"}, {2, "profileNotInEnabledState"}, {5, "catBusy"}, {8, "ecallNotAvailable"}, {0, NULL},
};
static const struct name immediate_enable[] = {
    {0, "ok"}, {1, "immediateEnableNotAvailable"}, {4, "noSessionContext"}, {5, "catBusy"}, {0, NULL},
};
static const struct name reset[] = {
    {0, "ok"}, {1, "nothingToDelete"}, {5, "catBusy"}, {104, "ecallActive"}, {0, NULL},
};
static const struct name reset_eim[] = {
    {0, "ok"},
    {1, "nothingToDelete"},
    {2, "eimResetNotSupported"},
    {0, NULL},
};
static const struct name reset_immediate[] = {{0, "ok"}, {1, "resetIECNotSupported"}, {0, NULL}};
static const struct name add_initial_eim[] = {
    {1, "insufficientMemory"},
    {2, "associatedEimAlreadyExists"},
    {3, "ciPKUnknown"},
    {5, "invalidAssociationToken"},
    {6, "counterValueOutOfRange"},
    {7, "commandError"},
    {0, NULL},
};
static const struct name enable[] = {
    {0, "ok"},
    {1, "iccidOrAidNotFound"},
    {2, "profileNotInDisabledState"},
    {3, "disallowedByPolicy"},
    {4, "wrongProfileReenabling"}, /* SGP.22 5.7.16 */
    {5, "catBusy"},
    {20, "rollbackNotAvailable"},
    {0, NULL},
};
static const struct name disable[] = {
    {0, "ok"},
    {1, "iccidOrAidNotFound"},
    {2, "profileNotInEnabledState"},
    {3, "disallowedByPolicy"},
    {5, "catBusy"},
    {0, NULL},
};
static const struct name delete_profile[] = {
    {0, "ok"},
    {1, "iccidOrAidNotFound"},
    {2, "profileNotInDisabledState"},
    {3, "disallowedByPolicy"},
    {20, "rollbackNotAvailable"},
    {21, "returnFallbackProfile"},
    {0, NULL},
};
static const struct name list[] = {
    {1, "incorrectInputValues"},
    {11, "profileChangeOngoing"},
    {0, NULL},
};
static const struct name immediate[] = {
    {0, "ok"},
    {1, "insufficientMemory"},
    {7, "commandError"},
    {0, NULL},
};
static const struct name delete_eim[] = {
    {0, "ok"}, {1, "eimNotFound"}, {2, "lastEimDeleted"}, {7, "commandError"}, {0, NULL},
};
static const struct name update_eim[] = {
    {0, "ok"},           {1, "eimNotFound"}, {3, "ciPKUnknown"}, {6, "counterValueOutOfRange"},
    {7, "commandError"}, {0, NULL},
};
static const struct name rollback[] = {
    {0, "ok"}, {1, "rollbackNotAllowed"}, {5, "catBusy"}, {7, "commandError"}, {0, NULL},
};
static const struct name set_fallback[] = {
    {0, "ok"}, {1, "iccidOrAidNotFound"}, {2, "fallbackNotAllowed"}, {3, "fallbackProfileEnabled"}, {0, NULL},
};
static const struct name unset_fallback[] = {
    {0, "ok"}, {2, "noFallbackAttribute"}, {3, "fallbackProfileEnabled"}, {7, "commandError"}, {0, NULL},
};
static const struct name terminated[] = {
    {1, "resultSizeOverflow"},
    {2, "unknownOrDamagedCommand"},
    {3, "interruption"},
    {0, NULL},
};
static const struct name default_dp[] = {{0, "ok"}, {0, NULL}};
static const struct name nickname[] = {{0, "ok"}, {1, "iccidNotFound"}, {0, NULL}};
static const struct name install_commands[] = {
    {0, "initialiseSecureChannel"},
    {1, "configureISDP"},
    {2, "storeMetadata"},
    {3, "storeMetadata2"},
    {4, "replaceSessionKeys"},
    {5, "loadProfileElements"},
    {0, NULL},
};
static const struct name install_errors[] = {
    {1, "incorrectInputValues"},
    {2, "invalidSignature"},
    {3, "invalidTransactionId"},
    {4, "unsupportedCrtValues"},
    {5, "unsupportedRemoteOperationType"},
    {6, "unsupportedProfileClass"},
    {7, "scp03tStructureError"},
    {8, "scp03tSecurityError"},
    {9, "installFailedDueToIccidAlreadyExistsOnEuicc"},
    {10, "installFailedDueToInsufficientMemoryForProfile"},
    {11, "installFailedDueToInterruption"},
    {12, "installFailedDueToPEProcessingError"},
    {13, "installFailedDueToDataMismatch"},
    {14, "testProfileInstallFailedDueToInvalidNaaKey"},
    {15, "pprNotAllowed"},
    {UNDEFINED, "installFailedDueToUnknownError"},
    {0, NULL},
};
static const struct name events[] = {{0, "install"}, {1, "enable"}, {2, "disable"}, {3, "delete"}, {0, NULL}};

static const struct name *const tables[NAMES_COUNT] = {
    [NAMES_INITIATE] = initiate,
    [NAMES_AUTHENTICATE_CLIENT] = authenticate_client,
    [NAMES_BIND] = bind_errors,
    [NAMES_AUTHENTICATE_SERVER] = authenticate_server,
    [NAMES_PREPARE] = prepare,
    [NAMES_GET_PACKAGE] = get_package,
    [NAMES_PROVIDE_RESULT] = provide_result,
    [NAMES_PACKAGE_ERROR] = package_error,
    [NAMES_PACKAGE_UNSIGNED] = package_unsigned,
    [NAMES_PACKAGE_REFUSED] = package_refused,
    [NAMES_DATA] = data,
    [NAMES_DOWNLOAD] = download,
    [NAMES_STATE_CHANGE] = state_change,
    [NAMES_FALLBACK] = fallback,
    [NAMES_EMERGENCY_ON] = emergency_on,
    [NAMES_EMERGENCY_OFF] = emergency_off,
    [NAMES_IMMEDIATE_ENABLE] = immediate_enable,
    [NAMES_RESET] = reset,
    [NAMES_RESET_EIM] = reset_eim,
    [NAMES_RESET_IMMEDIATE] = reset_immediate,
    [NAMES_ADD_INITIAL_EIM] = add_initial_eim,
    [NAMES_ENABLE] = enable,
    [NAMES_DISABLE] = disable,
    [NAMES_DELETE] = delete_profile,
    [NAMES_LIST] = list,
    [NAMES_IMMEDIATE] = immediate,
    [NAMES_ADD_EIM] = add_initial_eim,
    [NAMES_DELETE_EIM] = delete_eim,
    [NAMES_UPDATE_EIM] = update_eim,
    [NAMES_ROLLBACK] = rollback,
    [NAMES_SET_FALLBACK] = set_fallback,
    [NAMES_UNSET_FALLBACK] = unset_fallback,
    [NAMES_TERMINATED] = terminated,
    [NAMES_DEFAULT_DP] = default_dp,
    [NAMES_NICKNAME] = nickname,
    [NAMES_INSTALL_COMMAND] = install_commands,
    [NAMES_INSTALL_ERROR] = install_errors,
    [NAMES_EVENT] = events,
};

const char *names_of(enum names names, uint64_t number)
{
    for (const struct name *entry = tables[names]; entry->name != NULL; entry++) {
        if (entry->number == number)
            return entry->name;
    }
    return number == UNDEFINED ? "undefinedError" : "unknown";
}

const char *names_text(enum names names, uint64_t number, char *out, size_t size)
{
    snprintf(out, size, "%s(%" PRIu64 ")", names_of(names, number), number);
    return out;
}
