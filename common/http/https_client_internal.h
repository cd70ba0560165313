/* What https_loop.c needs of an https_client: a request as a handle of libcurl, and what became of it. */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_CLIENT_INTERNAL_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_CLIENT_INTERNAL_H

#include "common/http/curl.h"
#include "common/http/https_client.h"

/* The handle of a request that is ready to be performed; it is the client's, for one request at a time. The
 * request's body and `answer` must stay until then. */
CURL *https_client_begin(struct https_client *client, const struct https_call *request, struct buf *answer);
/* What came of it. */
enum https_result https_client_end(struct https_client *client, CURLcode code, long *status);

#endif
