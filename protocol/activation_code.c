/* Activation codes. See activation_code.h. */
#include "protocol/activation_code.h"

#include <string.h>

/* Copies the part up to the next '$' or the end; *text moves past it. */
static bool next_part(const char **text, char *out, size_t size)
{
    size_t length = strcspn(*text, "$");

    if (length >= size)
        return false;
    memcpy(out, *text, length);
    out[length] = '\0';
    *text += length;
    if (**text == '$')
        (*text)++;
    return true;
}

bool activation_code_parse(const char *text, struct activation_code *code, const char **why)
{
    char part[8];
    unsigned dollars = 0;

    memset(code, 0, sizeof(*code));
    if (strncmp(text, "LPA:", 4) == 0)
        text += 4;
    for (const char *p = text; *p != '\0'; p++)
        dollars += *p == '$';
    *why = "it is not of the form 1$ADDRESS$MATCHING-ID[$OID[$1]]";
    if (strncmp(text, "1$", 2) != 0 || dollars < 2 || dollars > 4)
        return false;
    text += 2;
    if (!next_part(&text, code->address, sizeof(code->address)) ||
        !next_part(&text, code->matching_id, sizeof(code->matching_id)) ||
        !next_part(&text, code->oid, sizeof(code->oid)) || !next_part(&text, part, sizeof(part))) {
        *why = "a part of it is too long";
        return false;
    }
    if (code->address[0] == '\0') {
        *why = "the SM-DP+ address is empty";
        return false;
    }
    if (strspn(code->oid, "0123456789.") != strlen(code->oid)) {
        *why = "the SM-DP+ OID is not dotted digits";
        return false;
    }
    if (part[0] != '\0' && strcmp(part, "1") != 0) {
        *why = "the confirmation code flag is neither 1 nor absent";
        return false;
    }
    code->confirmation_code_required = part[0] == '1';
    return true;
}
