/* Activation codes (SGP.22 4.1): "1$address$matchingId[$oid[$1]]", with "LPA:" in front in QR codes. */
#ifndef SOFTEUICC_PROTOCOL_ACTIVATION_CODE_H
#define SOFTEUICC_PROTOCOL_ACTIVATION_CODE_H

#include <stdbool.h>

struct activation_code {
    char address[256];     /* SM-DP+ FQDN, with :port in test set-ups */
    char matching_id[256]; /* may be empty */
    char oid[128];         /* dotted, empty when absent */
    bool confirmation_code_required;
};

/* False when `text` is no activation code; *why then says what is wrong with it. */
bool activation_code_parse(const char *text, struct activation_code *code, const char **why);

#endif
