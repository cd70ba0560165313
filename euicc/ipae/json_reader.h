/*
 * JSON (RFC 8259) from outside, read one member of one object after another by the functions of SQLite, in a
 * database of its own in memory: the card has no library for JSON.
 */
#ifndef SOFTEUICC_EUICC_IPAE_JSON_READER_H
#define SOFTEUICC_EUICC_IPAE_JSON_READER_H

#include "apdu/bytes.h"

struct json_reader;

/* NULL without memory, or with an SQLite that has no such functions. */
struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader *reader); /* NULL is fine */

enum json_found {
    JSON_FOUND_NONE, /* or null */
    JSON_FOUND_TEXT,
    JSON_FOUND_INTEGER, /* of 64 bits at most */
    JSON_FOUND_TRUE,
    JSON_FOUND_OBJECT,
    JSON_FOUND_OTHER,
    JSON_FOUND_TWICE /* which of them counts, readers of JSON do not agree about */
};

/* All-zero is an empty one; who uses it frees `text`. */
struct json_member {
    enum json_found found;
    struct buf text; /* of a text, its characters; of an object, JSON that json_reader_find takes */
    int64_t number;  /* of an integer */
};

/* Whether this is one object in JSON, in UTF-8 and not nested without measure. No text in it may have U+0000,
 * which no member of any interface does. */
bool json_reader_takes(struct json_reader *reader, struct span json);
/* Finds a member of an object that json_reader_takes has taken. What `member` held before is replaced. False
 * without memory. */
bool json_reader_find(struct json_reader *reader, struct span object, const char *name,
                      struct json_member *member);

#endif
