/*
 * libcurl, loaded when it is first needed. It brings some thirty libraries along, of which `softeuicc run`
 * needs none: linked in, a start takes about twice as long (50 of `softeuicc --version`: 1.42 s to 0.73 s)
 * and the running card 5 MiB more.
 */
#ifndef SOFTEUICC_COMMON_HTTP_CURL_H
#define SOFTEUICC_COMMON_HTTP_CURL_H

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* The calls that are used, named as libcurl names them without the prefix. */
struct curl_library {
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_multi_add_handle) *multi_add_handle;
    __typeof__(curl_multi_assign) *multi_assign;
    __typeof__(curl_multi_cleanup) *multi_cleanup;
    __typeof__(curl_multi_info_read) *multi_info_read;
    __typeof__(curl_multi_init) *multi_init;
    __typeof__(curl_multi_remove_handle) *multi_remove_handle;
    __typeof__(curl_multi_setopt) *multi_setopt;
    __typeof__(curl_multi_socket_action) *multi_socket_action;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
    /* Of the OpenSSL that came with it, if it is one. */
    bool has_openssl;
    __typeof__(SSL_CTX_get_ex_data) *ssl_ctx_get_ex_data;
    __typeof__(SSL_CTX_set_ex_data) *ssl_ctx_set_ex_data;
    __typeof__(SSL_CTX_set_client_cert_cb) *ssl_ctx_set_client_cert_cb;
    __typeof__(SSL_CTX_set_info_callback) *ssl_ctx_set_info_callback;
    __typeof__(SSL_get1_peer_certificate) *ssl_get1_peer_certificate;
    __typeof__(SSL_get_SSL_CTX) *ssl_get_ssl_ctx;
};

/* The library; NULL, after printing the line that says why, when it is not installed. */
const struct curl_library *curl_library(void);

#endif
