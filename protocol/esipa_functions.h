/*
 * ESipa (SGP.32 5.14): one row for each function, with its members as both bindings carry them (ASN.1 6.3,
 * JSON 6.1.2, 6.4) and its refusals as both number them. It knows no JSON library: the device's way between
 * the two is esipa_json.h; how messages travel is nothing of this.
 *
 * Reading (6.4): names are those of the ASN.1. What has a tag of its own goes as a whole object, tag and
 * length included; hashCc, the signature and the CI key's identifier, too. What is an OCTET STRING and no
 * identifier goes as its value, rPLMN like euiccChallenge.
 */
#ifndef SOFTEUICC_PROTOCOL_ESIPA_FUNCTIONS_H
#define SOFTEUICC_PROTOCOL_ESIPA_FUNCTIONS_H

#include "apdu/bytes.h"

/* What a member's octets are, and what becomes of them in JSON. */
enum esipa_kind {
    ESIPA_OBJECT,   /* a whole object with `tag` (0: any) in both bindings; base64 */
    ESIPA_UNDER,    /* a whole object with the tag `own` (0: any), in DER under `tag`; base64 */
    ESIPA_RETAGGED, /* a whole object with the tag `own`, which in DER has `tag` in its place; base64 */
    ESIPA_OCTETS,   /* the value under `tag`; base64 */
    ESIPA_ID,       /* the same; upper-case hexadecimal */
    ESIPA_EID,      /* the same, 16 octets; 32 digits */
    ESIPA_TEXT,     /* the same; as it is */
    ESIPA_INTEGER,  /* the same; a number from 0 to 2^31 - 1 */
    ESIPA_FLAG,     /* the same, empty; true. Not there: false is the same */
    ESIPA_ERROR,    /* as INTEGER; see ESIPA_JSON_NO_PACKAGE */
    ESIPA_RESULT,   /* 30 { a whole object with the tag `own`, [A0 list] }: see esipa_result_members */
};

struct esipa_member {
    const char *name; /* in JSON; NULL ends a list */
    enum esipa_kind kind;
    uint32_t tag, own;
    uint8_t min, max; /* octets of a value; max 0: any number */
    bool optional;    /* else it must be there, unless the form is a choice */
};

#define ESIPA_MEMBERS_MAX 7

/* The members of a message, in the order of the ASN.1. */
struct esipa_form {
    uint32_t tag;   /* that they are under; 0: directly under the function's */
    bool is_choice; /* exactly one of them is there */
    struct esipa_member members[ESIPA_MEMBERS_MAX + 1];
};

struct esipa_function {
    const char *name;   /* the last part of the path in JSON */
    uint32_t tag;       /* of request and answer in ASN.1 */
    bool has_answer;    /* else it is answered by HTTP 204 */
    bool is_inject;     /* an eIM asks it of an IPA */
    uint32_t error_tag; /* of an error's number in the answer; 0: there is none, or it is a member */
    struct esipa_form in;
    /* An answer has the members of the first, or those of the second when there is one; its last member,
     * which the first does not have, tells. Without members both are empty: `tag` { }, or, without a tag, 30
     * { }. */
    struct esipa_form out[2];
};

#define ESIPA_FUNCTIONS 8

extern const struct esipa_function esipa_functions[ESIPA_FUNCTIONS];

/* The function with this name, or tag; NULL when there is none. */
const struct esipa_function *esipa_by_name(const char *name);
const struct esipa_function *esipa_by_tag(uint32_t tag);

/* The name of the member by which an answer is known to be of the second form; NULL when there is no such
 * form. */
const char *esipa_second_form(const struct esipa_function *function);

/* The members of an ESIPA_RESULT, which in JSON is an object with them. */
extern const struct esipa_member esipa_result_members[3];

/* Reading (6.4): in JSON an eimPackageError of 0 says that there is no package, in ASN.1 1 does
 * (noEimPackageAvailable). 1 is taken for it, too. All other numbers are the same, and are no refusal either.
 */
#define ESIPA_JSON_NO_PACKAGE 0
#define ESIPA_DER_NO_PACKAGE  1

/* --- Refusals ------------------------------------------------------------------------------------------- */

#define ESIPA_ERROR_UNDEFINED 127

/*
 * The error number in ASN.1 that means the same as these subject and reason codes in JSON's statusCodeData.
 * False when there is none: who refuses so is told as it came.
 *
 * Reading: a result that the eIM does not want is refused by a number also with codes that are for something
 * else, undefinedError: the eIM was reached, and no profile is rolled back.
 */
bool esipa_error_number(const struct esipa_function *function, const char *subject, const char *reason,
                        unsigned *number);
/* The codes that mean the same as this number. False when there are none. */
bool esipa_error_codes(const struct esipa_function *function, uint64_t number, const char **subject,
                       const char **reason);

/* --- HTTP ----------------------------------------------------------------------------------------------- */

#define ESIPA_JSON_PATH         "/gsma/rsp2/esipa" /* and '/' and the function's name, POST */
#define ESIPA_JSON_CONTENT_TYPE "application/json;charset=UTF-8"

#endif
