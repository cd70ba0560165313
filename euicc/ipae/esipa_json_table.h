/*
 * The functions of ESipa that an IPA calls, with their members in the JSON binding (SGP.32 6.4) and in ASN.1
 * (6.3.2): one row for each, so that one converter does for all of them.
 */
#ifndef SOFTEUICC_EUICC_IPAE_ESIPA_JSON_TABLE_H
#define SOFTEUICC_EUICC_IPAE_ESIPA_JSON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESIPA_JSON_MEMBERS 8 /* at most, with the one that ends a list */

enum esipa_json_kind {
    ESIPA_JSON_OBJECT, /* base64 of the object with its tag */
    ESIPA_JSON_INNER,  /* base64 of the object inside this tag, which is a CHOICE's */
    ESIPA_JSON_CANCEL, /* base64 of BF41 with this content (SGP.22 5.7.14), which a tag replaces in ASN.1 */
    ESIPA_JSON_OCTETS, /* base64 of the value */
    ESIPA_JSON_ID,     /* upper-case hexadecimal of the value */
    ESIPA_JSON_EID,    /* 32 digits */
    ESIPA_JSON_TEXT,   /* UTF-8 as it is */
    ESIPA_JSON_NUMBER, /* INTEGER */
    ESIPA_JSON_FLAG    /* true, or absent; NULL in ASN.1 */
};

struct esipa_json_member {
    const char *name; /* NULL: the end */
    uint32_t tag;     /* 0: of an object, any */
    enum esipa_json_kind kind;
    bool is_optional; /* in an answer */
    size_t size;      /* of the value in a request; 0: any */
};

/* What an answer may be: members in the order of ASN.1, in the object `outer`, if there is one. */
struct esipa_json_form {
    uint32_t outer;
    struct esipa_json_member members[ESIPA_JSON_MEMBERS];
};

struct esipa_json_function {
    const char *name; /* the end of the path */
    uint32_t tag;     /* of its request and its answer */
    struct esipa_json_member request[ESIPA_JSON_MEMBERS];
    bool has_answer;
    bool is_choice; /* exactly one member of the answer is there */
    bool has_codes; /* a failure has a number in ASN.1 that an IPA tells from others */
    /* The second form is the one when its last member is there. */
    struct esipa_json_form answer[2];
};

/* NULL: there is none. */
const struct esipa_json_function *esipa_json_function_of(uint32_t tag);

/* How a failure is told in JSON, and the same in ASN.1 (5.14.5, 5.14.6). */
#define ESIPA_JSON_NO_PACKAGE 1   /* noEimPackageAvailable */
#define ESIPA_JSON_UNDEFINED  127 /* undefinedError */
unsigned esipa_json_code(const char *subject, const char *reason);

#endif
