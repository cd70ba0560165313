/*
 * Members of ESipa's messages (esipa_functions.h): which octets one may have, and what stands for them in
 * JSON (SGP.32 6.4; JSON's own notation is its users' business). Strict: what is no member is none in either
 * binding, so that nothing is lost between them.
 */
#ifndef SOFTEUICC_PROTOCOL_ESIPA_MEMBER_H
#define SOFTEUICC_PROTOCOL_ESIPA_MEMBER_H

#include "protocol/esipa_functions.h"

/* What is wrong with a message: "eidValue", "is missing". */
struct esipa_fault {
    const char *member; /* "message": all of it */
    const char *what;   /* "is missing"; a literal */
    bool is_missing;
};

/* Notes a fault; false, for `return esipa_fault_note(…)`. */
bool esipa_fault_note(struct esipa_fault *fault, const char *member, const char *what);

/* Whether these octets are a member's; else *fault. */
bool esipa_member_fits(const struct esipa_member *member, struct span octets, struct esipa_fault *fault);

/* A value in JSON that is neither null nor made of others. */
struct esipa_value {
    enum esipa_value_kind {
        ESIPA_VALUE_TEXT,
        ESIPA_VALUE_NUMBER, /* an integer of 64 bits at most */
        ESIPA_VALUE_TRUE,
        ESIPA_VALUE_OTHER /* of which no member is one */
    } kind;
    struct span text; /* UTF-8 */
    int64_t number;
};

/* Appends the octets that a value stands for, as esipa_member_fits wants them; else *fault. An ESIPA_RESULT
 * stands for none. */
bool esipa_member_take(const struct esipa_member *member, const struct esipa_value *value, struct buf *octets,
                       struct esipa_fault *fault);
/* What stands for octets that fit. A text lives in `text`, to which it is appended, or in `octets`. False
 * without memory. */
bool esipa_member_give(const struct esipa_member *member, struct span octets, struct buf *text,
                       struct esipa_value *value);

#endif
