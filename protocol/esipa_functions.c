/* The table of ESipa. See esipa_functions.h. */
#include "protocol/esipa_functions.h"

#include "protocol/es9p.h"
#include "protocol/tags.h"

#include <string.h>

/* clang-format off */
#define MUST false
#define MAY  true
#define TRANSACTION_ID(optional) {"transactionId", ESIPA_ID, 0x80, 0, 1, 16, optional}
#define OBJECT(name, tag, optional) {name, ESIPA_OBJECT, tag, 0, 0, 0, optional}
#define PACKAGES OBJECT("euiccPackageRequest", TAG_EUICC_PACKAGE, MUST),                                     \
                 OBJECT("ipaEuiccDataRequest", TAG_IPA_EUICC_DATA, MUST),                                    \
                 OBJECT("profileDownloadTriggerRequest", TAG_DOWNLOAD_TRIGGER, MUST)
#define PACKAGE_ERROR {"eimPackageError", ESIPA_ERROR, TAG_INTEGER, 0, 1, 4, MUST}
#define END {NULL, ESIPA_OBJECT, 0, 0, 0, 0, false}
#define NOTHING {0, false, {END}}

const struct esipa_function esipa_functions[ESIPA_FUNCTIONS] = {
    {"initiateAuthentication", TAG_INITIATE_AUTHENTICATION, true, false, 0x81,
     {0, false,
      {{"euiccChallenge", ESIPA_OCTETS, 0x81, 0, 16, 16, MUST},
       {"smdpAddress", ESIPA_TEXT, 0x83, 0, 0, 0, MAY},
       OBJECT("euiccInfo1", TAG_EUICC_INFO1, MAY),
       {"eimTransactionId", ESIPA_ID, 0x82, 0, 1, 16, MAY},
       END}},
     {{0xA0, false,
       {TRANSACTION_ID(MAY),
        OBJECT("serverSigned1", TAG_SEQUENCE, MUST),
        OBJECT("serverSignature1", TAG_SIGNATURE, MUST),
        OBJECT("euiccCiPKIdentifierToBeUsed", TAG_OCTET_STRING, MUST),
        OBJECT("serverCertificate", TAG_SEQUENCE, MUST),
        {"matchingId", ESIPA_TEXT, TAG_UTF8_STRING, 0, 0, 0, MAY},
        {"ctxParams1", ESIPA_UNDER, 0xA2, 0xA0, 0, 0, MAY},
        END}},
      NOTHING}},
    {"authenticateClient", TAG_AUTHENTICATE_CLIENT, true, false, 0x82,
     {0, false,
      {TRANSACTION_ID(MUST), OBJECT("authenticateServerResponse", TAG_AUTHENTICATE_SERVER, MUST), END}},
     {{0xA0, false,
       {TRANSACTION_ID(MAY),
        OBJECT("profileMetadata", TAG_STORE_METADATA, MAY),
        OBJECT("smdpSigned2", TAG_SEQUENCE, MUST),
        OBJECT("smdpSignature2", TAG_SIGNATURE, MUST),
        OBJECT("smdpCertificate", TAG_SEQUENCE, MUST),
        OBJECT("hashCc", TAG_OCTET_STRING, MAY),
        END}},
      /* What an SM-DS answered, authenticateClientOkDSEsipa. */
      {0xA1, false,
       {TRANSACTION_ID(MAY), OBJECT("profileDownloadTrigger", TAG_DOWNLOAD_TRIGGER, MUST), END}}}},
    {"getBoundProfilePackage", TAG_GET_BOUND_PROFILE_PACKAGE, true, false, 0x81,
     {0, false,
      {TRANSACTION_ID(MUST), OBJECT("prepareDownloadResponse", TAG_PREPARE_DOWNLOAD, MUST), END}},
     {{0xA0, false,
       {TRANSACTION_ID(MAY), OBJECT("boundProfilePackage", TAG_BOUND_PROFILE_PACKAGE, MUST), END}},
      NOTHING}},
    {"cancelSession", TAG_CANCEL_SESSION, true, false, 0x81,
     {0, false,
      {TRANSACTION_ID(MUST),
       {"cancelSessionResponse", ESIPA_RETAGGED, 0xA1, TAG_CANCEL_SESSION, 0, 0, MUST},
       END}},
     {{0xA0, false, {END}}, NOTHING}},
    {"handleNotification", TAG_HANDLE_NOTIFICATION, false, false, 0,
     {0, true,
      {{"pendingNotification", ESIPA_UNDER, 0xA0, 0, 0, 0, MUST},
       OBJECT("provideEimPackageResult", TAG_PROVIDE_EIM_RESULT, MUST),
       END}},
     {NOTHING, NOTHING}},
    {"transferEimPackage", TAG_TRANSFER_EIM_PACKAGE, true, true, 0,
     {0, true, {PACKAGES, OBJECT("eimAcknowledgements", TAG_EIM_ACKNOWLEDGEMENTS, MUST), END}},
     {{0, true,
       {OBJECT("euiccPackageResult", TAG_EUICC_PACKAGE, MUST),
        {"ePRAndNotifications", ESIPA_RESULT, TAG_SEQUENCE, TAG_EUICC_PACKAGE, 0, 0, MUST},
        OBJECT("ipaEuiccDataResponse", TAG_IPA_EUICC_DATA, MUST),
        {"eimPackageReceived", ESIPA_FLAG, TAG_NULL, 0, 0, 0, MUST},
        PACKAGE_ERROR,
        END}},
      NOTHING}},
    {"getEimPackage", TAG_GET_EIM_PACKAGE, true, false, 0,
     {0, false,
      {{"eidValue", ESIPA_EID, TAG_EID, 0, 16, 16, MUST},
       {"notifyStateChange", ESIPA_FLAG, 0x80, 0, 0, 0, MAY},
       {"stateChangeCause", ESIPA_INTEGER, 0x81, 0, 1, 4, MAY},
       {"rPLMN", ESIPA_OCTETS, 0x82, 0, 3, 3, MAY},
       END}},
     {{0, true, {PACKAGES, PACKAGE_ERROR, END}}, NOTHING}},
    {"provideEimPackageResult", TAG_PROVIDE_EIM_RESULT, true, false, TAG_INTEGER,
     {0, false,
      {{"eidValue", ESIPA_EID, TAG_EID, 0, 16, 16, MAY}, OBJECT("eimPackageResult", 0, MUST), END}},
     {{0, false, {OBJECT("eimAcknowledgements", TAG_EIM_ACKNOWLEDGEMENTS, MAY), END}}, NOTHING}},
};

const struct esipa_member esipa_result_members[3] = {
    OBJECT("euiccPackageResult", TAG_EUICC_PACKAGE, MUST),
    OBJECT("notificationList", 0xA0, MAY),
    END,
};
/* clang-format on */

const struct esipa_function *esipa_by_name(const char *name)
{
    for (size_t i = 0; i < ESIPA_FUNCTIONS; i++) {
        if (strcmp(esipa_functions[i].name, name) == 0)
            return &esipa_functions[i];
    }
    return NULL;
}

const struct esipa_function *esipa_by_tag(uint32_t tag)
{
    for (size_t i = 0; i < ESIPA_FUNCTIONS; i++) {
        if (esipa_functions[i].tag == tag)
            return &esipa_functions[i];
    }
    return NULL;
}

const char *esipa_second_form(const struct esipa_function *function)
{
    const struct esipa_member *members = function->out[1].members;
    size_t count = 0;

    while (members[count].name != NULL)
        count++;
    return count > 0 ? members[count - 1].name : NULL;
}

/* --- Refusals ------------------------------------------------------------------------------------------- */

/* What ESipa has of its own. Reading (6.4): no list says which codes these are; they are SGP.22 5.2.6's that
 * say the same, and none that ES9+ has with another meaning. */
static const struct {
    uint32_t function;
    uint8_t number;
    const char *subject, *reason;
} own_refusals[] = {
    {TAG_INITIATE_AUTHENTICATION, 50, "8.8.1", "3.10"}, /* smdpAddressMismatch */
    {TAG_INITIATE_AUTHENTICATION, 51, "8.8", "3.10"},   /* smdpOidMismatch */
    {TAG_INITIATE_AUTHENTICATION, 52, "8.10.1", "3.9"}, /* invalidEimTransactionId */
    {TAG_GET_BOUND_PROFILE_PACKAGE, 50, "8.2", "3.10"}, /* metadataMismatch */
    {TAG_GET_EIM_PACKAGE, 1, "8.1.1", "3.7"},           /* noEimPackageAvailable */
    {TAG_GET_EIM_PACKAGE, 2, "8.1.1", "3.9"},           /* eidNotFound */
    {TAG_GET_EIM_PACKAGE, 3, "8.1.1", "2.1"},           /* invalidEid */
    {TAG_GET_EIM_PACKAGE, 4, "8.1.1", "2.2"},           /* missingEid */
    {TAG_PROVIDE_EIM_RESULT, 2, "8.1.1", "3.9"},        /* eidNotFound */
    {TAG_PROVIDE_EIM_RESULT, 3, "8.1.1", "2.1"},        /* invalidEid */
    {TAG_PROVIDE_EIM_RESULT, 4, "8.1.1", "2.2"},        /* missingEid */
};

#define OWN_REFUSALS (sizeof(own_refusals) / sizeof(own_refusals[0]))

bool esipa_error_number(const struct esipa_function *function, const char *subject, const char *reason,
                        unsigned *number)
{
    const struct es9p_function *es9p = es9p_by_tag(function->tag);

    *number = ESIPA_ERROR_UNDEFINED;
    for (size_t i = 0; i < OWN_REFUSALS; i++) {
        if (own_refusals[i].function == function->tag && strcmp(own_refusals[i].subject, subject) == 0 &&
            strcmp(own_refusals[i].reason, reason) == 0)
            *number = own_refusals[i].number;
    }
    if (*number == ESIPA_ERROR_UNDEFINED && es9p != NULL)
        *number = es9p_error_number(es9p->id, ES9P_NUMBERS_ESIPA, subject, reason);
    return *number != ESIPA_ERROR_UNDEFINED || function->tag == TAG_PROVIDE_EIM_RESULT;
}

bool esipa_error_codes(const struct esipa_function *function, uint64_t number, const char **subject,
                       const char **reason)
{
    const struct es9p_function *es9p = es9p_by_tag(function->tag);

    for (size_t i = 0; i < OWN_REFUSALS; i++) {
        if (own_refusals[i].function == function->tag && own_refusals[i].number == number) {
            *subject = own_refusals[i].subject;
            *reason = own_refusals[i].reason;
            return true;
        }
    }
    return es9p != NULL && es9p_error_codes(es9p->id, ES9P_NUMBERS_ESIPA, number, subject, reason);
}
