/*
 * Messages of ESipa as members: octets in ASN.1 (SGP.32 6.3) in and out. Strict: what stands in no row of
 * esipa_functions.h is no message.
 */
#ifndef SOFTEUICC_PROTOCOL_ESIPA_MESSAGE_H
#define SOFTEUICC_PROTOCOL_ESIPA_MESSAGE_H

#include "protocol/esipa_member.h"

/* All-zero is empty. */
struct esipa_message {
    const struct esipa_form *form; /* of `part`; one of the function's */
    bool is_there[ESIPA_MEMBERS_MAX];
    struct buf part[ESIPA_MEMBERS_MAX]; /* a whole object or a value, as enum esipa_kind says */
    bool is_error;                      /* an answer that is a number under the function's error_tag */
    uint64_t error;
};

void esipa_message_clear(struct esipa_message *message);
/* Whether all is there that the form demands; else *fault. */
bool esipa_message_is_whole(const struct esipa_message *message, struct esipa_fault *fault);
bool esipa_message_has_any(const struct esipa_message *message);

/* A message of an IPA, whose function is *function. The caller clears `message` in any case. */
bool esipa_read_request(struct span der, const struct esipa_function **function,
                        struct esipa_message *message, struct esipa_fault *fault);
void esipa_put_request(const struct esipa_function *function, const struct esipa_message *message,
                       struct buf *out);

/* The same of an eIM's answer; a function without one has none of it. */
bool esipa_read_answer(const struct esipa_function *function, struct span der, struct esipa_message *message,
                       struct esipa_fault *fault);
void esipa_put_answer(const struct esipa_function *function, const struct esipa_message *message,
                      struct buf *out);
/* An answer that is an error's number. */
void esipa_put_error(const struct esipa_function *function, unsigned number, struct buf *out);

#endif
