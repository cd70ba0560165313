/*
 * Names of result and error numbers: see names.h. The numbers of each list are those of its type in the ASN.1
 * modules of SGP.22 v2.x and SGP.32; they are stated here and nowhere else, the tests hold every answer of
 * the card against them.
 */
#include "protocol/names.h"

#include <inttypes.h>
#include <stdio.h>

struct name {
    uint16_t number;
    const char *name;
};

#define UNDEFINED 127

/* Those of AddInitialEimResponse and, after ok, of AddEimResult. */
/* clang-format off */
#define ADD_EIM_ERRORS \
    {1, "insufficientMemory"}, {2, "associatedEimAlreadyExists"}, {3, "ciPKUnknown"}, \
    {5, "invalidAssociationToken"}, {6, "counterValueOutOfRange"}, {7, "commandError"}
/* clang-format on */

#define LIST_MAX 16 /* entries of the longest list; a shorter one ends with the name NULL */

static const struct name lists[NAMES_COUNT][LIST_MAX] = {
    [NAMES_INITIATE] = {{1, "invalidDpAddress"},
                        {2, "euiccVersionNotSupportedByDp"},
                        {3, "ciPKIdNotSupported"},
                        {50, "smdpAddressMismatch"},
                        {51, "smdpOidMismatch"},
                        {52, "invalidEimTransactionId"}},
    [NAMES_AUTHENTICATE_CLIENT] = {{1, "eumCertificateInvalid"},
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
                                   {56, "eventIdUnknown"}},
    [NAMES_BIND] = {{1, "euiccSignatureInvalid"},
                    {2, "confirmationCodeMissing"},
                    {3, "confirmationCodeRefused"},
                    {4, "confirmationCodeRetriesExceeded"},
                    {5, "bppRebindingRefused"},
                    {6, "downloadOrderExpired"},
                    {50, "metadataMismatch"},
                    {95, "invalidTransactionId"}},
    [NAMES_AUTHENTICATE_SERVER] = {{1, "invalidCertificate"},
                                   {2, "invalidSignature"},
                                   {3, "unsupportedCurve"},
                                   {4, "noSessionContext"},
                                   {5, "invalidOid"},
                                   {6, "euiccChallengeMismatch"},
                                   {7, "ciPKUnknown"}},
    [NAMES_PREPARE] = {{1, "invalidCertificate"},
                       {2, "invalidSignature"},
                       {3, "unsupportedCurve"},
                       {4, "noSessionContext"},
                       {5, "invalidTransactionId"}},
    [NAMES_GET_PACKAGE] = {{1, "noEimPackageAvailable"},
                           {2, "eidNotFound"},
                           {3, "invalidEid"},
                           {4, "missingEid"}},
    [NAMES_PROVIDE_RESULT] = {{2, "eidNotFound"}, {3, "invalidEid"}, {4, "missingEid"}},
    [NAMES_PACKAGE_ERROR] = {{3, "invalidEid"},
                             {4, "replayError"},
                             {6, "counterValueOutOfRange"},
                             {15, "sizeOverflow"},
                             {104, "ecallActive"}},
    [NAMES_PACKAGE_UNSIGNED] = {{15, "sizeOverflow"}},
    [NAMES_PACKAGE_REFUSED] = {{1, "invalidPackageFormat"}, {2, "unknownPackage"}},
    [NAMES_DATA] = {{1, "incorrectTagList"}, {5, "euiccCiPKIdNotFound"}, {104, "ecallActive"}},
    [NAMES_DOWNLOAD] = {{104, "ecallActive"}},
    [NAMES_STATE_CHANGE] = {{0, "otherEim"},
                            {1, "fallback"},
                            {2, "emergencyProfile"},
                            {3, "local"},
                            {4, "reset"},
                            {5, "immediateEnableProfile"},
                            {6, "deviceChange"},
                            {UNDEFINED, "undefined"}},
    [NAMES_FALLBACK] = {{0, "ok"},
                        {2, "profileNotInDisabledState"},
                        {5, "catBusy"},
                        {6, "fallbackNotAvailable"},
                        {7, "commandError"},
                        {104, "ecallActive"}},
    [NAMES_EMERGENCY_ON] = {{0, "ok"},
                            {2, "profileNotInDisabledState"},
                            {5, "catBusy"},
                            {8, "ecallNotAvailable"}},
    [NAMES_RETURN] = {{0, "ok"}, {5, "catBusy"}, {6, "fallbackNotAvailable"}, {7, "commandError"}},
    [NAMES_EMERGENCY_OFF] = {{0, "ok"},
                             {2, "profileNotInEnabledState"},
                             {5, "catBusy"},
                             {8, "ecallNotAvailable"}},
    [NAMES_IMMEDIATE_ENABLE] = {{0, "ok"},
                                {1, "immediateEnableNotAvailable"},
                                {4, "noSessionContext"},
                                {5, "catBusy"}},
    [NAMES_RESET] = {{0, "ok"}, {1, "nothingToDelete"}, {5, "catBusy"}, {104, "ecallActive"}},
    [NAMES_RESET_EIM] = {{0, "ok"}, {1, "nothingToDelete"}, {2, "eimResetNotSupported"}},
    [NAMES_RESET_IMMEDIATE] = {{0, "ok"}, {1, "resetIECNotSupported"}},
    [NAMES_ADD_INITIAL_EIM] = {ADD_EIM_ERRORS},
    [NAMES_ADD_EIM] = {{0, "ok"}, ADD_EIM_ERRORS},
    [NAMES_CONFIGURE_IMMEDIATE] = {{0, "ok"}, {1, "insufficientMemory"}, {2, "associatedEimAlreadyExists"}},
    [NAMES_CERTS] = {{1, "invalidCiPKId"}},
    [NAMES_CONNECTIVITY] = {{1, "parametersNotAvailable"}},
    [NAMES_IPAE_ACTIVATION] = {{0, "ok"}, {1, "notSupported"}},
    [NAMES_ENABLE] = {{0, "ok"},
                      {1, "iccidOrAidNotFound"},
                      {2, "profileNotInDisabledState"},
                      {3, "disallowedByPolicy"},
                      {5, "catBusy"},
                      {20, "rollbackNotAvailable"}},
    [NAMES_DISABLE] = {{0, "ok"},
                       {1, "iccidOrAidNotFound"},
                       {2, "profileNotInEnabledState"},
                       {3, "disallowedByPolicy"},
                       {5, "catBusy"}},
    [NAMES_DELETE] = {{0, "ok"},
                      {1, "iccidOrAidNotFound"},
                      {2, "profileNotInDisabledState"},
                      {3, "disallowedByPolicy"},
                      {20, "rollbackNotAvailable"},
                      {21, "returnFallbackProfile"}},
    [NAMES_LIST] = {{1, "incorrectInputValues"}, {11, "profileChangeOngoing"}},
    [NAMES_IMMEDIATE] = {{0, "ok"}, {1, "insufficientMemory"}, {7, "commandError"}},
    [NAMES_DELETE_EIM] = {{0, "ok"}, {1, "eimNotFound"}, {2, "lastEimDeleted"}, {7, "commandError"}},
    [NAMES_UPDATE_EIM] = {{0, "ok"},
                          {1, "eimNotFound"},
                          {3, "ciPKUnknown"},
                          {6, "counterValueOutOfRange"},
                          {7, "commandError"}},
    [NAMES_ROLLED_BACK] = {{0, "ok"}},
    [NAMES_ROLLBACK] = {{0, "ok"}, {1, "rollbackNotAllowed"}, {5, "catBusy"}, {7, "commandError"}},
    [NAMES_SET_FALLBACK] = {{0, "ok"},
                            {1, "iccidOrAidNotFound"},
                            {2, "fallbackNotAllowed"},
                            {3, "fallbackProfileEnabled"}},
    [NAMES_UNSET_FALLBACK] = {{0, "ok"},
                              {2, "noFallbackAttribute"},
                              {3, "fallbackProfileEnabled"},
                              {7, "commandError"}},
    [NAMES_TERMINATED] = {{1, "resultSizeOverflow"}, {2, "unknownOrDamagedCommand"}, {3, "interruption"}},
    [NAMES_DEFAULT_DP] = {{0, "ok"}},
    [NAMES_LPA_ENABLE] = {{0, "ok"},
                          {1, "iccidOrAidNotFound"},
                          {2, "profileNotInDisabledState"},
                          {3, "disallowedByPolicy"},
                          {4, "wrongProfileReenabling"},
                          {5, "catBusy"}},
    [NAMES_LPA_DELETE] = {{0, "ok"},
                          {1, "iccidOrAidNotFound"},
                          {2, "profileNotInDisabledState"},
                          {3, "disallowedByPolicy"}},
    [NAMES_LPA_RESET] = {{0, "ok"}, {1, "nothingToDelete"}, {5, "catBusy"}},
    [NAMES_LPA_LIST] = {{1, "incorrectInputValues"}},
    [NAMES_LPA_RETRIEVE] = {{1, "noResultAvailable"}},
    [NAMES_REMOVE] = {{0, "ok"}, {1, "nothingToDelete"}},
    [NAMES_CRL] = {{1, "invalidSignature"},
                   {2, "invalidCRLFormat"},
                   {3, "notEnoughMemorySpace"},
                   {4, "verificationKeyNotFound"},
                   {5, "fresherCrlAlreadyLoaded"},
                   {6, "baseCrlMissing"}},
    [NAMES_CANCEL] = {{5, "invalidTransactionId"}},
    [NAMES_NICKNAME] = {{0, "ok"}, {1, "iccidNotFound"}},
    [NAMES_INSTALL_COMMAND] = {{0, "initialiseSecureChannel"},
                               {1, "configureISDP"},
                               {2, "storeMetadata"},
                               {3, "storeMetadata2"},
                               {4, "replaceSessionKeys"},
                               {5, "loadProfileElements"}},
    [NAMES_INSTALL_ERROR] = {{1, "incorrectInputValues"},
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
                             {UNDEFINED, "installFailedDueToUnknownError"}},
    [NAMES_EVENT] = {{0, "install"}, {1, "enable"}, {2, "disable"}, {3, "delete"}},
};

static const struct name *names_find(enum names names, uint64_t number)
{
    const struct name *list = lists[names];

    for (size_t i = 0; i < LIST_MAX && list[i].name != NULL; i++) {
        if (list[i].number == number)
            return &list[i];
    }
    return NULL;
}

const char *names_of(enum names names, uint64_t number)
{
    const struct name *found = names_find(names, number);

    if (found != NULL)
        return found->name;
    return number == UNDEFINED ? "undefinedError" : "unknown";
}

/* Nearly every type has undefinedError, so it stands in no list. */
static bool has_undefined_error(enum names names)
{
    return names != NAMES_IPAE_ACTIVATION && names != NAMES_INSTALL_COMMAND && names != NAMES_EVENT;
}

/* What v1.3 of SGP.32 has added to a type that was there before. */
static bool names_is_of_v1_3(enum names names, uint64_t number)
{
    return names == NAMES_EMERGENCY_OFF && number == 8;
}

bool names_has(enum names names, uint64_t number, bool sgp32_v1_3)
{
    if (names_find(names, number) != NULL)
        return sgp32_v1_3 || !names_is_of_v1_3(names, number);
    return number == UNDEFINED && has_undefined_error(names);
}

const char *names_text(enum names names, uint64_t number, char *out, size_t size)
{
    snprintf(out, size, "%s(%" PRIu64 ")", names_of(names, number), number);
    return out;
}
