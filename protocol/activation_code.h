/*
 * Activation codes (SGP.22 4.1): "1$address$matchingId[$oid[$1]]", with "LPA:" in front in QR codes. Named
 * leniency: the prefix in any case, and blanks and line ends before, behind and after the prefix, are taken;
 * so codes come out of mails, QR readers and people's hands, and none of it can mean anything else.
 */
#ifndef SOFTEUICC_PROTOCOL_ACTIVATION_CODE_H
#define SOFTEUICC_PROTOCOL_ACTIVATION_CODE_H

#include "apdu/bytes.h"

struct activation_code {
    char address[256];     /* SM-DP+ FQDN, with :port in test set-ups */
    char matching_id[256]; /* may be empty */
    char oid[128];         /* dotted, empty when absent */
    bool confirmation_code_required;
};

/* False when `text` is no activation code; *why then says what is wrong with it. */
bool activation_code_parse(const char *text, struct activation_code *code, const char **why);

/* The code in a text, as it goes to others: without the prefix and what is around it. Whether it is one is
 * not looked at. */
struct span activation_code_bare(const char *text);

#endif
