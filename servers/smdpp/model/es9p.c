/* The table of ES9+ functions. See es9p.h. */
#include "servers/smdpp/model/es9p.h"

#include "common/log.h"

#include <string.h>

#define TRANSACTION_ID                                                                                       \
    {                                                                                                        \
        "transactionId", ES9P_HEX, 0x80, false                                                               \
    }

static const struct es9p_function functions[] = {
    {"initiateAuthentication",
     0xBF39,
     {{"euiccChallenge", ES9P_BASE64, 0x81, false},
      {"smdpAddress", ES9P_TEXT, 0x83, false},
      {"euiccInfo1", ES9P_BASE64, 0xBF20, true}},
     3,
     {"serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate"},
     false,
     es9p_initiate_authentication},
    {"authenticateClient",
     0xBF3B,
     {TRANSACTION_ID, {"authenticateServerResponse", ES9P_BASE64, 0xBF38, true}},
     2,
     {"profileMetadata", "smdpSigned2", "smdpSignature2", "smdpCertificate"},
     false,
     es9p_authenticate_client},
    {"getBoundProfilePackage",
     0xBF3A,
     {TRANSACTION_ID, {"prepareDownloadResponse", ES9P_BASE64, 0xBF21, true}},
     2,
     {"boundProfilePackage"},
     false,
     es9p_get_bound_profile_package},
    /* CancelSessionRequestEs9 has no tags of its own, so AUTOMATIC TAGS gives its second member [1] instead
       of BF41. */
    {"cancelSession",
     0xBF41,
     {TRANSACTION_ID, {"cancelSessionResponse", ES9P_BASE64, 0, true}},
     2,
     {NULL},
     false,
     es9p_cancel_session},
    {"handleNotification",
     0xBF3D,
     {{"pendingNotification", ES9P_BASE64, 0, true}},
     1,
     {NULL},
     true,
     es9p_handle_notification},
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

const struct es9p_function *es9p_function_by_name(const char *name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    }
    return NULL;
}

const struct es9p_function *es9p_function_by_tag(uint32_t tag)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (functions[i].tag == tag)
            return &functions[i];
    }
    return NULL;
}

bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct span *inputs,
              struct es9p_answer *answer, struct dp_status *status)
{
    const struct dp_refusal_codes *codes;
    bool ok = function->run(smdpp, inputs, answer, status);
    char id[2 * DP_TRANSACTION_ID_SIZE + 1] = "-";

    if (answer->has_transaction_id)
        hex_from_span(SPAN_ARRAY(answer->transaction_id), id, sizeof(id));
    else if (strcmp(function->inputs[0].name, "transactionId") == 0)
        hex_from_span(inputs[0], id, sizeof(id));
    codes = dp_refusal_codes(status->refusal);
    if (ok)
        log_line(LOG_LEVEL_INFO, "ES9+ %s %s: ok", function->name, id);
    else
        log_line(LOG_LEVEL_INFO, "ES9+ %s %s: refused %s-%s, %s%s%s", function->name, id, codes->subject,
                 codes->reason, codes->message, status->detail[0] != '\0' ? ": " : "", status->detail);
    return ok;
}
