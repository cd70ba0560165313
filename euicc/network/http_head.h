/*
 * The header of an HTTP answer, from the pieces in which http-parser tells of it: the fields that say how the
 * answer is to be read, and the texts that people see. For http_reader.c only.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HTTP_HEAD_H
#define SOFTEUICC_EUICC_NETWORK_HTTP_HEAD_H

#include "apdu/bytes.h"

#define HTTP_TEXT_MAX 128 /* characters of a field's name or value; no field that matters is longer */

/* A text that comes in pieces. What finds no place is cut; `size` counts it all the same. */
struct http_text {
    char text[HTTP_TEXT_MAX + 1];
    size_t size;
};

/* The fields that say how the answer is to be read; each may be there once. */
enum http_known_field {
    HTTP_CONTENT_LENGTH,
    HTTP_TRANSFER_ENCODING,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_TYPE,
    HTTP_KNOWN_FIELDS
};

/* All-zero is one of which nothing is known. */
struct http_head {
    struct http_text reason;
    struct http_text content_type;
    struct http_text name;  /* of the field that is being read */
    struct http_text value; /* and its value, once there is some of it */
    bool in_value;
    unsigned seen;   /* a bit for each known field */
    uint64_t length; /* Content-Length */
    /* The first field that cannot be, a literal; NULL when there is none. Said when the header is whole:
     * when http-parser tells of a field depends on how the pieces are cut. */
    const char *why;
};

/* The next piece of the status line's text, of a field's name, of its value. */
void http_head_reason(struct http_head *head, const char *at, size_t size);
void http_head_name(struct http_head *head, const char *at, size_t size);
void http_head_value(struct http_head *head, const char *at, size_t size);

/* The header is whole: the last field is, and its texts are made harmless to print. */
void http_head_end(struct http_head *head);

bool http_head_has(const struct http_head *head, enum http_known_field field);

#endif
