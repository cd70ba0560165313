/* Names of SGP.22's numbers, as its ASN.1 module has them. See rsp_names.h. */
#include "protocol/rsp_names.h"

#define UNDEFINED 127 /* in every list that has it */

static const char *const authenticate_errors[] = {
    [1] = "invalidCertificate", [2] = "invalidSignature", [3] = "unsupportedCurve",
    [4] = "noSessionContext",   [5] = "invalidOid",       [6] = "euiccChallengeMismatch",
    [7] = "ciPKUnknown",
};
static const char *const download_errors[] = {
    [1] = "invalidCertificate", [2] = "invalidSignature",     [3] = "unsupportedCurve",
    [4] = "noSessionContext",   [5] = "invalidTransactionId",
};
static const char *const install_commands[] = {
    "initialiseSecureChannel", "configureISDP",      "storeMetadata",
    "storeMetadata2",          "replaceSessionKeys", "loadProfileElements",
};
static const char *const install_errors[] = {
    [1] = "incorrectInputValues",
    [2] = "invalidSignature",
    [3] = "invalidTransactionId",
    [4] = "unsupportedCrtValues",
    [5] = "unsupportedRemoteOperationType",
    [6] = "unsupportedProfileClass",
    [7] = "scp03tStructureError",
    [8] = "scp03tSecurityError",
    [9] = "installFailedDueToIccidAlreadyExistsOnEuicc",
    [10] = "installFailedDueToInsufficientMemoryForProfile",
    [11] = "installFailedDueToInterruption",
    [12] = "installFailedDueToPEProcessingError",
    [13] = "installFailedDueToDataMismatch",
    [14] = "testProfileInstallFailedDueToInvalidNaaKey",
    [15] = "pprNotAllowed",
};
static const char *const events[RSP_EVENTS] = {"install", "enable", "disable", "delete"};

const struct rsp_names rsp_authenticate_errors = RSP_NAMES(authenticate_errors);
const struct rsp_names rsp_download_errors = RSP_NAMES(download_errors);
const struct rsp_names rsp_install_commands = RSP_NAMES(install_commands);
const struct rsp_names rsp_install_errors = {
    install_errors, sizeof(install_errors) / sizeof(install_errors[0]), "installFailedDueToUnknownError"};
const struct rsp_names rsp_events = RSP_NAMES(events);

const char *rsp_name(const struct rsp_names *names, uint64_t number)
{
    if (number == UNDEFINED)
        return names->undefined != NULL ? names->undefined : "undefinedError";
    return number < names->count && names->names[number] != NULL ? names->names[number] : "unknown";
}
