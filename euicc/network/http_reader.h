/*
 * Reads an HTTP/1.x answer to a POST (RFC 9112) from octets as they come, in pieces of any size: how they are
 * cut changes nothing. The grammar is http-parser's; what it is lenient about and a card need not be is
 * refused here: lines that do not end with CR LF, folded lines, a length said twice or beside chunks, any
 * coding of the transfer but chunks and any of the content.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HTTP_READER_H
#define SOFTEUICC_EUICC_NETWORK_HTTP_READER_H

#include "apdu/bytes.h"

#define HTTP_HEAD_MAX 16384 /* octets: what every header that is no attack fits into */

struct http_limits {
    size_t body_max; /* octets of the longest body */
    /*
     * Octets of all that stands before the body: interim answers, status line and header; HTTP_HEAD_MAX is
     * the most. Sizes of chunks and trailers take from the same; each octet of the body gives some back, so
     * that a body in small chunks has its lines and one without end has not.
     */
    size_t head_max;
};

enum http_progress {
    HTTP_MORE,     /* the answer goes on, or has not begun */
    HTTP_COMPLETE, /* all there */
    HTTP_MALFORMED /* no answer that can be used, for good; see `why` */
};

/* What is known of an answer; of HTTP_MALFORMED only `why` and `surplus`. Texts and octets live as long as
 * the reader. */
struct http_facts {
    unsigned status;          /* 200 to 599; 0 while the header is not whole */
    const char *reason;       /* the status line's text, harmless to print; perhaps empty, perhaps cut */
    const char *content_type; /* harmless to print; NULL when absent */
    struct span body;         /* once it is complete */
    bool reusable;            /* once it is complete: the connection can carry another request */
    size_t surplus;           /* octets of the last piece that stood behind the answer's end */
    const char *why;          /* of HTTP_MALFORMED: one line, without what came from outside; else NULL */
};

struct http_reader;

/* One for one answer. NULL without memory; freed by http_reader_free, which takes NULL too. */
struct http_reader *http_reader_new(const struct http_limits *limits);
void http_reader_free(struct http_reader *reader);

/*
 * Takes the next octets. Interim answers (1xx) are passed over, but 101, which nobody asked for, is refused.
 * Octets behind the answer's end belong to no request that was made: HTTP_MALFORMED, and `surplus` says how
 * many. An empty piece changes nothing.
 */
enum http_progress http_reader_feed(struct http_reader *reader, struct span piece);

/* The server has ended the connection in order: what has no length of its own is complete by that, what has
 * one is cut off. An end that is none of TLS's own (no close_notify) must not come here. */
enum http_progress http_reader_end(struct http_reader *reader);

const struct http_facts *http_reader_facts(const struct http_reader *reader);

/* Whether a Content-Type (NULL is none) has this media type, whatever its case and its parameters. */
bool http_media_type_is(const char *content_type, const char *type);

#endif
