/*
 * ES9+ and ES11 (SGP.22 5.6, 5.8): one row for each function, with its members as both bindings carry them
 * (JSON 6.5, ASN.1 6.6) and its refusals as both number them. The way between octets and members is
 * es9p_asn1.c here and es9p_json.h; how messages travel is nothing of this.
 */
#ifndef SOFTEUICC_PROTOCOL_ES9P_H
#define SOFTEUICC_PROTOCOL_ES9P_H

#include "apdu/bytes.h"

enum es9p_function_id {
    ES9P_INITIATE_AUTHENTICATION,
    ES9P_AUTHENTICATE_CLIENT,
    ES9P_GET_BOUND_PROFILE_PACKAGE,
    ES9P_CANCEL_SESSION,
    ES9P_HANDLE_NOTIFICATION,
    ES11_AUTHENTICATE_CLIENT, /* its answer is another one */
    ES9P_FUNCTIONS
};

/* What a member's octets are, and what becomes of them in JSON. */
enum es9p_kind {
    ES9P_OCTETS, /* the value under `tag`; base64 */
    ES9P_ID,     /* the same; hexadecimal */
    ES9P_TEXT,   /* the same; as it is */
    ES9P_OBJECT, /* a whole object, which has `tag` in both bindings; base64 */
    ES9P_TAGGED, /* a whole object with the tag `own` (0: any), in ASN.1 as or under `tag`; base64 */
    ES9P_EVENTS, /* the value under `tag`, 30 { 80 eventId, 81 rspServerAddress } …; an array of objects */
};

struct es9p_member {
    const char *name; /* in JSON; NULL ends a list */
    enum es9p_kind kind;
    uint32_t tag, own;
    bool optional; /* leniency: of an answer, which a client can do without; empty then */
};

#define ES9P_MEMBERS_MAX 5

struct es9p_function {
    enum es9p_function_id id;
    const char *name; /* the last part of the path in JSON */
    uint32_t request; /* tags in ASN.1 */
    uint32_t answer;  /* 0: none; HTTP 204 */
    struct es9p_member in[ES9P_MEMBERS_MAX + 1];
    struct es9p_member out[ES9P_MEMBERS_MAX + 1]; /* of an Ok */
};

/* Where members stand in their lists. */
enum { ES9P_CHALLENGE, ES9P_ADDRESS, ES9P_INFO1 }; /* of initiateAuthentication's request */
enum { ES9P_TRANSACTION_ID, ES9P_RESPONSE };       /* of the next three's; the first of every answer, too */
enum { ES9P_NOTIFICATION };                        /* of handleNotification's */
enum { ES9P_SERVER_SIGNED1 = 1, ES9P_SERVER_SIGNATURE1, ES9P_CI_KEY_ID, ES9P_SERVER_CERTIFICATE };
enum { ES9P_METADATA = 1, ES9P_SMDP_SIGNED2, ES9P_SMDP_SIGNATURE2, ES9P_SMDP_CERTIFICATE };
enum { ES9P_PACKAGE = 1 };
enum { ES9P_EVENT_ENTRIES = 1 };

/* By enum es9p_function_id. */
extern const struct es9p_function es9p_functions[ES9P_FUNCTIONS];

/* The function of ES9+ with this name, or tag of its request; NULL when there is none. */
const struct es9p_function *es9p_by_name(const char *name);
const struct es9p_function *es9p_by_tag(uint32_t tag);
/* The same of ES11. */
const struct es9p_function *es11_by_name(const char *name);
const struct es9p_function *es11_by_tag(uint32_t tag);

/* The error number that means the same as these subject and reason codes: ES9+'s in ASN.1 (SGP.22 6.6.2), or,
 * of an eIM that passes the refusal on, ESipa's (SGP.32 6.3.2). undefinedError when there is none. */
enum es9p_numbers { ES9P_NUMBERS, ES9P_NUMBERS_ESIPA };
#define ES9P_UNDEFINED_ERROR 127
unsigned es9p_error_number(enum es9p_function_id function, enum es9p_numbers numbers, const char *subject,
                           const char *reason);
/* The other way round, the first that fit; false when the number has no codes. */
bool es9p_error_codes(enum es9p_function_id function, enum es9p_numbers numbers, uint64_t number,
                      const char **subject, const char **reason);

/* Members as they were read, in the order of their list. All-zero is empty. */
struct es9p_message {
    struct buf part[ES9P_MEMBERS_MAX];
};
void es9p_message_clear(struct es9p_message *message);
/* Its parts, for what takes members in place; they live as long as the message. */
void es9p_message_spans(const struct es9p_message *message, struct span values[ES9P_MEMBERS_MAX]);

/* Reads all members from the content of a request, or of an answer's Ok; what follows them is passed over. On
 * false *missing is the one that is not there or not well-formed. */
bool es9p_read_asn1(const struct es9p_member *members, struct span content, struct es9p_message *message,
                    const struct es9p_member **missing);
/* Appends all members. `values` are whole objects or values as enum es9p_kind says. */
void es9p_put_asn1(const struct es9p_member *members, const struct span *values, struct buf *out);

#endif
