/* Activation codes. See activation_code.h. */
#include "protocol/activation_code.h"

#include <string.h>
#include <strings.h>

#define PREFIX      "LPA:"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define AROUND      " \t\r\n\f\v"

struct span activation_code_bare(const char *text)
{
    size_t size;

    text += strspn(text, AROUND);
    if (strncasecmp(text, PREFIX, PREFIX_SIZE) == 0)
        text += PREFIX_SIZE;
    text += strspn(text, AROUND);
    size = strlen(text);
    while (size > 0 && strchr(AROUND, text[size - 1]) != NULL)
        size--;
    return SPAN(text, size);
}

/* Copies the part up to the next '$' or the end; *text moves past it. */
static bool next_part(struct span *text, char *out, size_t size)
{
    const uint8_t *end = memchr(text->data, '$', text->size);
    size_t length = end != NULL ? (size_t)(end - text->data) : text->size;
    size_t passed = end != NULL ? length + 1 : length;

    if (length >= size)
        return false;
    memcpy(out, text->data, length);
    out[length] = '\0';
    *text = SPAN(text->data + passed, text->size - passed);
    return true;
}

/* How many '$' there are; false for what belongs into no part. */
static bool count_dollars(struct span text, unsigned *dollars)
{
    *dollars = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] == 0x7F)
            return false;
        *dollars += text.data[i] == '$';
    }
    return true;
}

bool activation_code_parse(const char *text, struct activation_code *code, const char **why)
{
    struct span rest = activation_code_bare(text);
    char part[8];
    unsigned dollars;

    memset(code, 0, sizeof(*code));
    *why = "there is a blank or a control character in it";
    if (!count_dollars(rest, &dollars))
        return false;
    *why = "it is not of the form 1$ADDRESS$MATCHING-ID[$OID[$1]]";
    if (rest.size < 2 || memcmp(rest.data, "1$", 2) != 0 || dollars < 2 || dollars > 4)
        return false;
    rest = SPAN(rest.data + 2, rest.size - 2);
    if (!next_part(&rest, code->address, sizeof(code->address)) ||
        !next_part(&rest, code->matching_id, sizeof(code->matching_id)) ||
        !next_part(&rest, code->oid, sizeof(code->oid)) || !next_part(&rest, part, sizeof(part))) {
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
