/*
 * What a request's TLS handshake meets, learned from OpenSSL inside libcurl, which only has words for it. Its
 * functions are those that libcurl brought along; where it uses another TLS library nothing is learned.
 */
#ifndef SOFTEUICC_COMMON_HTTP_CURL_TLS_H
#define SOFTEUICC_COMMON_HTTP_CURL_TLS_H

#include "common/http/curl.h"
#include "common/http/tls_hint.h"

/* Fills `facts` in the handshakes of this handle from now on; they must stay as long as it. */
void curl_tls_watch(const struct curl_library *library, CURL *curl, struct tls_facts *facts);
/* And what the end of a request says; `words` are libcurl's. */
void curl_tls_end(const struct curl_library *library, CURL *curl, CURLcode code, const char *words,
                  struct tls_facts *facts);

#endif
