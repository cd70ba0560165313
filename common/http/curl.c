/* libcurl, loaded when it is first needed: see curl.h. */
#include "common/http/curl.h"

#include "common/tool.h"

#include <dlfcn.h>

/* The name of its ABI, which has not changed since 2006. */
#define LIBRARY "libcurl.so.4"

/* POSIX lets dlsym's result be a function's address; ISO C wants it to be told this way. */
static bool curl_find(void *library, const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    return *(void **)function != NULL;
}

/* dlsym looks into what a library was linked with, too. */
static bool find_openssl(void *library, struct curl_library *curl)
{
    return curl_find(library, "SSL_CTX_get_ex_data", &curl->ssl_ctx_get_ex_data) &&
           curl_find(library, "SSL_CTX_set_ex_data", &curl->ssl_ctx_set_ex_data) &&
           curl_find(library, "SSL_CTX_set_client_cert_cb", &curl->ssl_ctx_set_client_cert_cb) &&
           curl_find(library, "SSL_CTX_set_info_callback", &curl->ssl_ctx_set_info_callback) &&
           curl_find(library, "SSL_get1_peer_certificate", &curl->ssl_get1_peer_certificate) &&
           curl_find(library, "SSL_get_SSL_CTX", &curl->ssl_get_ssl_ctx);
}

const struct curl_library *curl_library(void)
{
    static struct curl_library curl;
    static bool loaded;
    void *library;

    if (loaded)
        return &curl;
    library = dlopen(LIBRARY, RTLD_NOW);
    loaded = library != NULL && curl_find(library, "curl_easy_cleanup", &curl.easy_cleanup) &&
             curl_find(library, "curl_easy_getinfo", &curl.easy_getinfo) &&
             curl_find(library, "curl_easy_init", &curl.easy_init) &&
             curl_find(library, "curl_easy_perform", &curl.easy_perform) &&
             curl_find(library, "curl_easy_setopt", &curl.easy_setopt) &&
             curl_find(library, "curl_easy_strerror", &curl.easy_strerror) &&
             curl_find(library, "curl_multi_add_handle", &curl.multi_add_handle) &&
             curl_find(library, "curl_multi_assign", &curl.multi_assign) &&
             curl_find(library, "curl_multi_cleanup", &curl.multi_cleanup) &&
             curl_find(library, "curl_multi_info_read", &curl.multi_info_read) &&
             curl_find(library, "curl_multi_init", &curl.multi_init) &&
             curl_find(library, "curl_multi_remove_handle", &curl.multi_remove_handle) &&
             curl_find(library, "curl_multi_setopt", &curl.multi_setopt) &&
             curl_find(library, "curl_multi_socket_action", &curl.multi_socket_action) &&
             curl_find(library, "curl_slist_append", &curl.slist_append) &&
             curl_find(library, "curl_slist_free_all", &curl.slist_free_all);
    if (loaded) {
        curl.has_openssl = find_openssl(library, &curl);
        return &curl;
    }
    tool_error("cannot load libcurl: %s", dlerror());
    return NULL;
}
