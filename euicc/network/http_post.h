/*
 * Writes the one request that the card makes of an HTTPS server: POST with a body, HTTP/1.1 (RFC 9112). What
 * goes into its lines comes from configurations; nothing in it can begin another line.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HTTP_POST_H
#define SOFTEUICC_EUICC_NETWORK_HTTP_POST_H

#include "apdu/bytes.h"

#define HTTPS_PORT 443

struct http_field {
    const char *name;
    const char *value;
};

struct http_post {
    const char *host;                /* a name or a literal address, IPv6 without brackets */
    uint16_t port;                   /* left out of the request when it is HTTPS_PORT */
    const char *path;                /* from its "/" on, perhaps with a query; percent-encoded already */
    const struct http_field *fields; /* beside those that the writer makes of the rest */
    size_t field_count;
    struct span body;
    bool keep_alive; /* whether the server is to keep the connection for another request */
};

/*
 * Appends the whole request: request line, Host, the fields in their order, Content-Length, perhaps
 * Connection, body. False with nothing appended when a part is not what may stand there: a host that is
 * neither name nor address, a path that does not begin with "/", a name that is no token, a value with
 * anything but printable ASCII, blanks and tabs, a field that the writer makes itself (Host, Content-Length,
 * Transfer-Encoding, Connection); or without memory.
 */
bool http_post_write(const struct http_post *post, struct buf *out);

#endif
