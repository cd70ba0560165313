/* The tables of ES9+ and ES11. See es9p.h. */
#include "protocol/es9p.h"
#include "protocol/tags.h"

#include <string.h>

/* clang-format off */
#define TRANSACTION_ID {"transactionId", ES9P_ID, 0x80, 0, false}
#define SAME_TRANSACTION_ID {"transactionId", ES9P_ID, 0x80, 0, true}
/* clang-format on */

const struct es9p_function es9p_functions[ES9P_FUNCTIONS] = {
    {ES9P_INITIATE_AUTHENTICATION,
     "initiateAuthentication",
     TAG_INITIATE_AUTHENTICATION,
     TAG_INITIATE_AUTHENTICATION,
     {{"euiccChallenge", ES9P_OCTETS, 0x81, 0, false},
      {"smdpAddress", ES9P_TEXT, 0x83, 0, false},
      {"euiccInfo1", ES9P_OBJECT, TAG_EUICC_INFO1, 0, false}},
     {TRANSACTION_ID,
      {"serverSigned1", ES9P_OBJECT, 0x30, 0, false},
      {"serverSignature1", ES9P_OBJECT, TAG_SIGNATURE, 0, false},
      {"euiccCiPKIdToBeUsed", ES9P_OBJECT, 0x04, 0, false},
      {"serverCertificate", ES9P_OBJECT, 0x30, 0, false}}},
    {ES9P_AUTHENTICATE_CLIENT,
     "authenticateClient",
     TAG_AUTHENTICATE_CLIENT,
     TAG_AUTHENTICATE_CLIENT,
     {TRANSACTION_ID, {"authenticateServerResponse", ES9P_OBJECT, TAG_AUTHENTICATE_SERVER, 0, false}},
     {SAME_TRANSACTION_ID,
      {"profileMetadata", ES9P_OBJECT, TAG_STORE_METADATA, 0, true},
      {"smdpSigned2", ES9P_OBJECT, 0x30, 0, false},
      {"smdpSignature2", ES9P_OBJECT, TAG_SIGNATURE, 0, false},
      {"smdpCertificate", ES9P_OBJECT, 0x30, 0, false}}},
    {ES9P_GET_BOUND_PROFILE_PACKAGE,
     "getBoundProfilePackage",
     TAG_GET_BOUND_PROFILE_PACKAGE,
     TAG_GET_BOUND_PROFILE_PACKAGE,
     {TRANSACTION_ID, {"prepareDownloadResponse", ES9P_OBJECT, TAG_PREPARE_DOWNLOAD, 0, false}},
     {SAME_TRANSACTION_ID, {"boundProfilePackage", ES9P_OBJECT, TAG_BOUND_PROFILE_PACKAGE, 0, false}}},
    /* Neither request has tags of its own for its members: the response, a CHOICE with the tag BF41, gets [1]
     * instead, the notification, a CHOICE without one, goes under [0]. */
    {ES9P_CANCEL_SESSION,
     "cancelSession",
     TAG_CANCEL_SESSION,
     TAG_CANCEL_SESSION,
     {TRANSACTION_ID, {"cancelSessionResponse", ES9P_TAGGED, 0xA1, TAG_CANCEL_SESSION, false}},
     {{NULL, ES9P_OCTETS, 0, 0, false}}},
    {ES9P_HANDLE_NOTIFICATION,
     "handleNotification",
     TAG_HANDLE_NOTIFICATION,
     0,
     {{"pendingNotification", ES9P_TAGGED, 0xA0, 0, false}},
     {{NULL, ES9P_OCTETS, 0, 0, false}}},
    {ES11_AUTHENTICATE_CLIENT,
     "authenticateClient",
     TAG_AUTHENTICATE_CLIENT,
     TAG_AUTHENTICATE_CLIENT_ES11,
     {TRANSACTION_ID, {"authenticateServerResponse", ES9P_OBJECT, TAG_AUTHENTICATE_SERVER, 0, false}},
     {SAME_TRANSACTION_ID, {"eventEntries", ES9P_EVENTS, 0xA1, 0, false}}},
};

const struct es9p_function *es9p_by_name(const char *name)
{
    for (size_t i = 0; i <= ES9P_HANDLE_NOTIFICATION; i++) {
        if (strcmp(es9p_functions[i].name, name) == 0)
            return &es9p_functions[i];
    }
    return NULL;
}

const struct es9p_function *es9p_by_tag(uint32_t tag)
{
    for (size_t i = 0; i <= ES9P_HANDLE_NOTIFICATION; i++) {
        if (es9p_functions[i].request == tag)
            return &es9p_functions[i];
    }
    return NULL;
}

static const enum es9p_function_id es11[] = {ES9P_INITIATE_AUTHENTICATION, ES11_AUTHENTICATE_CLIENT};

const struct es9p_function *es11_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(es11) / sizeof(es11[0]); i++) {
        if (strcmp(es9p_functions[es11[i]].name, name) == 0)
            return &es9p_functions[es11[i]];
    }
    return NULL;
}

const struct es9p_function *es11_by_tag(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(es11) / sizeof(es11[0]); i++) {
        if (es9p_functions[es11[i]].request == tag)
            return &es9p_functions[es11[i]];
    }
    return NULL;
}

/* --- Refusals ----------------------------------------------------------------------------------------- */

#define NONE ES9P_UNDEFINED_ERROR

static const struct {
    enum es9p_function_id function;
    const char *subject, *reason;
    uint8_t es9p, esipa;
} refusals[] = {
    {ES9P_INITIATE_AUTHENTICATION, "8.8.1", "3.8", 1, 1}, /* invalidDpAddress */
    {ES9P_INITIATE_AUTHENTICATION, "8.8.3", "3.1", 2, 2}, /* euiccVersionNotSupportedByDp */
    {ES9P_INITIATE_AUTHENTICATION, "8.8.2", "3.1", 3, 3}, /* ciPKIdNotSupported */
    {ES9P_INITIATE_AUTHENTICATION, "8.8.4", "3.7", 3, 3},
    {ES9P_INITIATE_AUTHENTICATION, "8.9.1", "3.8", 1, 1}, /* the same of an SM-DS, 5.8.1 */
    {ES9P_INITIATE_AUTHENTICATION, "8.9.3", "3.1", 2, 2},
    {ES9P_INITIATE_AUTHENTICATION, "8.9.2", "3.1", 3, 3},
    {ES9P_INITIATE_AUTHENTICATION, "8.9.4", "3.7", 3, 3},

    {ES9P_AUTHENTICATE_CLIENT, "8.1.2", "6.1", 1, 1},      /* eumCertificateInvalid */
    {ES9P_AUTHENTICATE_CLIENT, "8.1.2", "6.3", 2, 2},      /* eumCertificateExpired */
    {ES9P_AUTHENTICATE_CLIENT, "8.1.3", "6.1", 3, 3},      /* euiccCertificateInvalid */
    {ES9P_AUTHENTICATE_CLIENT, "8.1.3", "6.3", 4, 4},      /* euiccCertificateExpired */
    {ES9P_AUTHENTICATE_CLIENT, "8.1", "6.1", 5, 5},        /* euiccSignatureInvalid */
    {ES9P_AUTHENTICATE_CLIENT, "8.2.6", "3.8", 6, 6},      /* matchingIdRefused */
    {ES9P_AUTHENTICATE_CLIENT, "8.1.1", "3.8", 7, 7},      /* eidMismatch */
    {ES9P_AUTHENTICATE_CLIENT, "8.2.5", "4.3", 8, 8},      /* noEligibleProfile */
    {ES9P_AUTHENTICATE_CLIENT, "8.11.1", "3.9", 9, 9},     /* ciPKUnknown */
    {ES9P_AUTHENTICATE_CLIENT, "8.10.1", "3.9", 10, 10},   /* invalidTransactionId */
    {ES9P_AUTHENTICATE_CLIENT, "8.1", "4.8", 11, 11},      /* insufficientMemory */
    {ES9P_AUTHENTICATE_CLIENT, "8.8.5", "4.10", NONE, 18}, /* downloadOrderExpired */
    {ES9P_AUTHENTICATE_CLIENT, "8.9.5", "3.9", NONE, 56},  /* eventIdUnknown */

    {ES11_AUTHENTICATE_CLIENT, "8.1.2", "6.1", 1, 1},   /* eumCertificateInvalid */
    {ES11_AUTHENTICATE_CLIENT, "8.1.2", "6.3", 2, 2},   /* eumCertificateExpired */
    {ES11_AUTHENTICATE_CLIENT, "8.1.3", "6.1", 3, 3},   /* euiccCertificateInvalid */
    {ES11_AUTHENTICATE_CLIENT, "8.1.3", "6.3", 4, 4},   /* euiccCertificateExpired */
    {ES11_AUTHENTICATE_CLIENT, "8.1", "6.1", 5, 5},     /* euiccSignatureInvalid */
    {ES11_AUTHENTICATE_CLIENT, "8.9.5", "3.9", 6, 56},  /* eventIdUnknown */
    {ES11_AUTHENTICATE_CLIENT, "8.10.1", "3.9", 7, 10}, /* invalidTransactionId */

    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.1", "6.1", 1, 1},       /* euiccSignatureInvalid */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "2.2", 2, 2},     /* confirmationCodeMissing */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "3.8", 3, 3},     /* confirmationCodeRefused */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "6.4", 4, 4},     /* confirmationCodeRetriesExceeded */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.2", "3.7", 5, 5},       /* bppRebindingRefused */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.8.5", "4.10", 6, NONE}, /* downloadOrderExpired */
    {ES9P_GET_BOUND_PROFILE_PACKAGE, "8.10.1", "3.9", 95, 95},  /* invalidTransactionId */

    {ES9P_CANCEL_SESSION, "8.10.1", "3.9", 1, 1}, /* invalidTransactionId */
    {ES9P_CANCEL_SESSION, "8.1", "6.1", 2, 2},    /* euiccSignatureInvalid */
};

unsigned es9p_error_number(enum es9p_function_id function, enum es9p_numbers numbers, const char *subject,
                           const char *reason)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].function == function && strcmp(refusals[i].subject, subject) == 0 &&
            strcmp(refusals[i].reason, reason) == 0)
            return numbers == ES9P_NUMBERS ? refusals[i].es9p : refusals[i].esipa;
    }
    return ES9P_UNDEFINED_ERROR;
}

bool es9p_error_codes(enum es9p_function_id function, enum es9p_numbers numbers, uint64_t number,
                      const char **subject, const char **reason)
{
    for (size_t i = 0; number != ES9P_UNDEFINED_ERROR && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].function != function ||
            (numbers == ES9P_NUMBERS ? refusals[i].es9p : refusals[i].esipa) != number)
            continue;
        *subject = refusals[i].subject;
        *reason = refusals[i].reason;
        return true;
    }
    return false;
}

/* --- Messages ----------------------------------------------------------------------------------------- */

void es9p_message_clear(struct es9p_message *message)
{
    for (size_t i = 0; i < ES9P_MEMBERS_MAX; i++)
        buf_free(&message->part[i]);
}

void es9p_message_spans(const struct es9p_message *message, struct span values[ES9P_MEMBERS_MAX])
{
    for (size_t i = 0; i < ES9P_MEMBERS_MAX; i++)
        values[i] = buf_span(&message->part[i]);
}
