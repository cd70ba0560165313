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
    if (loaded)
        return &curl;
    tool_error("cannot load libcurl: %s", dlerror());
    return NULL;
}
