/*
 * What a request's TLS handshake meets, learned from OpenSSL inside libcurl, which only has words for it. Its
 * functions are those that libcurl brought along; where it uses another TLS library nothing is learned.
 */
#ifndef SOFTEUICC_COMMON_HTTP_CURL_TLS_H
#define SOFTEUICC_COMMON_HTTP_CURL_TLS_H

#include "common/http/curl.h"
#include "common/http/tls_hint.h"

/* Fills `facts` with what the connections of this handle meet from now on, until curl_tls_forget: a
 * connection may outlive its handle in libcurl's cache. NULL when nothing is learned. */
struct curl_tls_watch *curl_tls_watch(const struct curl_library *library, CURL *curl,
                                      struct tls_facts *facts);
/* `facts` may go, and the handle; NULL is taken. */
void curl_tls_forget(struct curl_tls_watch *watch);
/* And what the end of a request says; `words` are libcurl's. */
void curl_tls_end(const struct curl_library *library, CURL *curl, CURLcode code, const char *words,
                  struct tls_facts *facts);

#endif
