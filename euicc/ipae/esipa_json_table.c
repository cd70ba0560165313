/* See esipa_json_table.h. */
#include "euicc/ipae/esipa_json_table.h"

#include "protocol/tags.h"

#include <string.h>

static const struct esipa_json_function functions[] = {
    {.name = "initiateAuthentication",
     .tag = TAG_INITIATE_AUTHENTICATION,
     .has_answer = true,
     .request = {{"euiccChallenge", 0x81, ESIPA_JSON_OCTETS, false, 0},
                 {"smdpAddress", 0x83, ESIPA_JSON_TEXT, false, 0},
                 {"euiccInfo1", TAG_EUICC_INFO1, ESIPA_JSON_OBJECT, false, 0},
                 {"eimTransactionId", 0x82, ESIPA_JSON_ID, false, 0}},
     /* Reading: euiccCiPKIdentifierToBeUsed is an object like the others. */
     .answer = {{0xA0,
                 {{"transactionId", 0x80, ESIPA_JSON_ID, true, 0},
                  {"serverSigned1", TAG_SEQUENCE, ESIPA_JSON_OBJECT, false, 0},
                  {"serverSignature1", TAG_SIGNATURE, ESIPA_JSON_OBJECT, false, 0},
                  {"euiccCiPKIdentifierToBeUsed", TAG_OCTET_STRING, ESIPA_JSON_OBJECT, false, 0},
                  {"serverCertificate", TAG_SEQUENCE, ESIPA_JSON_OBJECT, false, 0},
                  {"matchingId", TAG_UTF8_STRING, ESIPA_JSON_TEXT, true, 0},
                  {"ctxParams1", 0xA2, ESIPA_JSON_INNER, true, 0}}}}},
    {.name = "authenticateClient",
     .tag = TAG_AUTHENTICATE_CLIENT,
     .has_answer = true,
     .request = {{"transactionId", 0x80, ESIPA_JSON_ID, false, 0},
                 {"authenticateServerResponse", TAG_AUTHENTICATE_SERVER, ESIPA_JSON_OBJECT, false, 0}},
     .answer = {{0xA0,
                 {{"transactionId", 0x80, ESIPA_JSON_ID, true, 0},
                  {"profileMetadata", TAG_STORE_METADATA, ESIPA_JSON_OBJECT, true, 0},
                  {"smdpSigned2", TAG_SEQUENCE, ESIPA_JSON_OBJECT, false, 0},
                  {"smdpSignature2", TAG_SIGNATURE, ESIPA_JSON_OBJECT, false, 0},
                  {"smdpCertificate", TAG_SEQUENCE, ESIPA_JSON_OBJECT, false, 0},
                  {"hashCc", TAG_OCTET_STRING, ESIPA_JSON_OBJECT, true, 0}}},
                /* Reading: of an SM-DS, by the name that ASN.1 has for it. */
                {0xA1,
                 {{"transactionId", 0x80, ESIPA_JSON_ID, true, 0},
                  {"profileDownloadTrigger", TAG_DOWNLOAD_TRIGGER, ESIPA_JSON_OBJECT, false, 0}}}}},
    {.name = "getBoundProfilePackage",
     .tag = TAG_GET_BOUND_PROFILE_PACKAGE,
     .has_answer = true,
     .request = {{"transactionId", 0x80, ESIPA_JSON_ID, false, 0},
                 {"prepareDownloadResponse", TAG_PREPARE_DOWNLOAD, ESIPA_JSON_OBJECT, false, 0}},
     .answer = {{0xA0,
                 {{"transactionId", 0x80, ESIPA_JSON_ID, true, 0},
                  {"boundProfilePackage", TAG_BOUND_PROFILE_PACKAGE, ESIPA_JSON_OBJECT, false, 0}}}}},
    /* Reading: 6.4.1.5 writes rPlmn, and its three octets are no object. In v1.0 it has the tag that
     * stateChangeCause has since. */
    {.name = "getEimPackage",
     .tag = TAG_GET_EIM_PACKAGE,
     .has_answer = true,
     .is_choice = true,
     .has_codes = true,
     .request = {{"eidValue", TAG_EID, ESIPA_JSON_EID, false, 16},
                 {"notifyStateChange", 0x80, ESIPA_JSON_FLAG, false, 0},
                 {"rPlmn", 0x81, ESIPA_JSON_OCTETS, false, 3},
                 {"stateChangeCause", 0x81, ESIPA_JSON_NUMBER, false, 0},
                 {"rPlmn", 0x82, ESIPA_JSON_OCTETS, false, 3}},
     .answer = {{0,
                 {{"euiccPackageRequest", TAG_EUICC_PACKAGE, ESIPA_JSON_OBJECT, true, 0},
                  {"ipaEuiccDataRequest", TAG_IPA_EUICC_DATA, ESIPA_JSON_OBJECT, true, 0},
                  {"profileDownloadTriggerRequest", TAG_DOWNLOAD_TRIGGER, ESIPA_JSON_OBJECT, true, 0},
                  {"eimPackageError", TAG_INTEGER, ESIPA_JSON_NUMBER, true, 0}}}}},
    {.name = "provideEimPackageResult",
     .tag = TAG_PROVIDE_EIM_RESULT,
     .has_answer = true,
     .has_codes = true,
     .request = {{"eidValue", TAG_EID, ESIPA_JSON_EID, false, 16},
                 {"eimPackageResult", 0, ESIPA_JSON_OBJECT, false, 0}},
     .answer = {{0, {{"eimAcknowledgements", TAG_EIM_ACKNOWLEDGEMENTS, ESIPA_JSON_OBJECT, true, 0}}}}},
    {.name = "handleNotification",
     .tag = TAG_HANDLE_NOTIFICATION,
     .request = {{"pendingNotification", 0xA0, ESIPA_JSON_INNER, false, 0},
                 {"provideEimPackageResult", TAG_PROVIDE_EIM_RESULT, ESIPA_JSON_OBJECT, false, 0}}},
    {.name = "cancelSession",
     .tag = TAG_CANCEL_SESSION,
     .request = {{"transactionId", 0x80, ESIPA_JSON_ID, false, 0},
                 {"cancelSessionResponse", 0xA1, ESIPA_JSON_CANCEL, false, 0}}},
};

const struct esipa_json_function *esipa_json_function_of(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (functions[i].tag == tag)
            return &functions[i];
    return NULL;
}

unsigned esipa_json_code(const char *subject, const char *reason)
{
    static const struct {
        const char *reason;
        unsigned code;
    } codes[] = {{"3.7", ESIPA_JSON_NO_PACKAGE},
                 {"3.9", 2 /* eidNotFound */},
                 {"2.1", 3 /* invalidEid */},
                 {"2.2", 4 /* missingEid */}};

    for (size_t i = 0; strcmp(subject, "8.1.1") == 0 && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].reason, reason) == 0)
            return codes[i].code;
    return ESIPA_JSON_UNDEFINED;
}
