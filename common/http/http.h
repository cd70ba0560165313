/*
 * An HTTP request and its answer as plain data, for servers whose logic knows no sockets. https.h carries
 * them.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTP_H
#define SOFTEUICC_COMMON_HTTP_HTTP_H

#include "apdu/bytes.h"

struct http_request {
    const char *method;         /* "POST"; one of the names of RFC 9110 */
    const char *path;           /* percent-encoding as sent, without query; never empty */
    const char *content_type;   /* NULL when absent */
    const char *admin_protocol; /* X-Admin-Protocol; NULL when absent */
    struct span body;
    const char *authorization; /* the header; NULL when absent */
    bool is_local;             /* the client's address is one of this machine's loopback */
    const char *query;         /* after the '?', as sent; NULL when absent */
    struct span
        client_cert; /* DER, of the client, which the server has verified; SPAN_NONE: none was asked */
};

struct http_answer {
    int code;
    const char *content_type; /* NULL when there is no body; a literal */
    struct buf body;
};

/* "application/json", or the same with parameters after it. `value` may be NULL. */
bool http_is_content_type(const char *value, const char *type);

#endif
