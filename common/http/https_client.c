/* HTTPS requests by libcurl. See https_client.h. */
#include "common/http/admin_header.h"
#include "common/http/curl_tls.h"
#include "common/http/https_client_internal.h"

#include "common/ending.h"
#include "common/input.h"
#include "common/tool.h"
#include "crypto/base64.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 32
#define CACERT_MAX  (4 * 1024 * 1024) /* octets: the system's are a twentieth of it */
#define SHOWN_MAX   (1024 * 1024)     /* octets of the client's certificate, and of its key */
#define DER_FIRST   0x30              /* SEQUENCE: PEM begins with text */

struct https_client {
    const struct curl_library *library;
    CURL *curl;
    struct curl_slist *headers;
    size_t answer_max;
    struct buf *answer; /* of the request that is made */
    struct admin_header admin;
    struct tls_trust trust;
    struct tls_facts tls;
    struct curl_tls_watch *watch; /* that fills them */
    char error[CURL_ERROR_SIZE], why[HTTPS_WHY_MAX];
    char unreadable[INPUT_WHY_MAX];  /* why the trusted certificates could not be read; "" when they were */
    char not_to_show[INPUT_WHY_MAX]; /* what is wrong when the client's certificate is of no use */
};

static size_t https_client_collect(char *octets, size_t size, size_t count, void *context)
{
    struct https_client *client = context;

    if (client->answer->size + size * count > client->answer_max)
        return 0;
    buf_append(client->answer, SPAN(octets, size * count));
    return client->answer->failed ? 0 : size * count;
}

static size_t https_client_header(char *line, size_t size, size_t count, void *context)
{
    struct https_client *client = context;

    admin_header_take(line, size * count, client->admin.came);
    return size * count;
}

/* The key is all that counts: names, dates and issuers say nothing more. */
static bool pin_key(struct https_client *client, const uint8_t *digest)
{
    char *text = base64_encode(SPAN(digest, DIGEST_SIZE));
    char pin[64];

    if (text == NULL)
        return false;
    snprintf(pin, sizeof(pin), "sha256//%s", text);
    free(text);
    client->library->easy_setopt(client->curl, CURLOPT_SSL_VERIFYPEER, 0L);
    client->library->easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    return client->library->easy_setopt(client->curl, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK;
}

static bool trust_pem(struct https_client *client, struct span pem, bool any_name)
{
    struct buf copy = {0}; /* libcurl wants octets that could be written */
    struct curl_blob blob;
    bool ok;

    buf_append(&copy, pem);
    blob = (struct curl_blob){copy.data, copy.size, CURL_BLOB_COPY};
    client->library->easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, any_name ? 0L : 2L);
    client->library->easy_setopt(client->curl, CURLOPT_CAPATH, NULL);
    ok = !copy.failed && client->library->easy_setopt(client->curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
    buf_free(&copy);
    return ok;
}

/* The file is read here, since libcurl would wait for a FIFO. Without it nobody is trusted, which the first
 * request says. */
static bool trust_file(struct https_client *client, const char *path)
{
    struct buf pem = {0};
    bool ok = input_read(path, path, CACERT_MAX, &pem, client->unreadable);

    if (!ok || pem.size == 0) {
        if (ok)
            snprintf(client->unreadable, sizeof(client->unreadable), "there is no certificate in %.300s",
                     path);
        buf_free(&pem);
        buf_append(&pem, SPAN_STRING("none"));
    } else {
        client->unreadable[0] = '\0';
    }
    ok = trust_pem(client, buf_span(&pem), false);
    buf_free(&pem);
    return ok;
}

static bool set_trust(struct https_client *client, const struct https_settings *settings)
{
    if (settings->key_digest != NULL)
        return pin_key(client, settings->key_digest);
    if (settings->pem.size > 0)
        return trust_pem(client, settings->pem, settings->any_name);
    return settings->cacert == NULL || trust_file(client, settings->cacert);
}

/* Without octets the request fails before a connection, and not_to_show says why. */
static bool give_blob(struct https_client *client, CURLoption blob_option, CURLoption type_option,
                      struct span file)
{
    struct span octets = file.size > 0 ? file : SPAN_STRING("none");
    struct buf copy = {0}; /* libcurl wants octets that could be written */
    struct curl_blob blob;
    bool ok;

    buf_append(&copy, octets);
    blob = (struct curl_blob){copy.data, copy.size, CURL_BLOB_COPY};
    ok = !copy.failed &&
         client->library->easy_setopt(client->curl, type_option,
                                      octets.data[0] == DER_FIRST ? "DER" : "PEM") == CURLE_OK &&
         client->library->easy_setopt(client->curl, blob_option, &blob) == CURLE_OK;
    if (copy.data != NULL)
        OPENSSL_cleanse(copy.data, copy.size);
    buf_free(&copy);
    return ok;
}

/* Read here for the same reason as the CAs. */
static bool set_shown(struct https_client *client, const struct https_settings *settings)
{
    struct buf cert = {0}, key = {0};
    bool ok;

    if (settings->cert == NULL)
        return true;
    if (input_read(settings->cert, settings->cert, SHOWN_MAX, &cert, client->not_to_show) &&
        input_read_secret(settings->key, settings->key, SHOWN_MAX, &key, client->not_to_show)) {
        if (client->not_to_show[0] != '\0')
            tool_error("%s", client->not_to_show); /* it is read all the same */
        snprintf(client->not_to_show, sizeof(client->not_to_show),
                 "%.250s is no certificate with its key in %.200s", settings->cert, settings->key);
    }
    ok = give_blob(client, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERTTYPE, buf_span(&cert)) &&
         give_blob(client, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEYTYPE, buf_span(&key));
    if (key.data != NULL)
        OPENSSL_cleanse(key.data, key.size);
    buf_free(&cert);
    buf_free(&key);
    return ok;
}

static bool set_headers(struct https_client *client, const char *const *lines)
{
    for (; lines != NULL && *lines != NULL; lines++) {
        struct curl_slist *longer = client->library->slist_append(client->headers, *lines);

        if (longer == NULL)
            return false;
        client->headers = longer;
        admin_header_take(*lines, strlen(*lines), client->admin.sent);
    }
    return client->library->easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers) == CURLE_OK;
}

struct https_client *https_client_open(const struct https_settings *settings, const char **why)
{
    const struct curl_library *library = curl_library();
    struct https_client *client = library != NULL ? calloc(1, sizeof(*client)) : NULL;

    *why = library != NULL ? "out of memory" : "libcurl is missing";
    if (client == NULL)
        return NULL;
    client->library = library;
    client->answer_max = settings->answer_max;
    client->trust = (struct tls_trust){settings->ca_option, settings->cacert};
    client->curl = library->easy_init();
    if (client->curl == NULL || !set_headers(client, settings->headers) || !set_trust(client, settings) ||
        !set_shown(client, settings)) {
        https_client_close(client);
        return NULL;
    }
    library->easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR,
                         settings->protocols != NULL ? settings->protocols : "https");
    library->easy_setopt(client->curl, CURLOPT_TIMEOUT, settings->timeout);
    library->easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, settings->connect_timeout);
    library->easy_setopt(client->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* or later */
    library->easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    library->easy_setopt(client->curl, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a resolver when it ends */
#endif
    library->easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);
    library->easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, https_client_collect);
    library->easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    library->easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, https_client_header);
    library->easy_setopt(client->curl, CURLOPT_HEADERDATA, client);
    client->watch = curl_tls_watch(library, client->curl, &client->tls);
    return client;
}

void https_client_close(struct https_client *client)
{
    if (client == NULL)
        return;
    client->library->easy_cleanup(client->curl);
    curl_tls_forget(client->watch);
    client->library->slist_free_all(client->headers);
    free(client);
}

CURL *https_client_begin(struct https_client *client, const struct https_call *request, struct buf *answer)
{
    const struct curl_library *library = client->library;

    client->answer = answer;
    client->error[0] = '\0';
    client->why[0] = '\0';
    client->admin.came[0] = '\0';
    client->tls = (struct tls_facts){.verify = 0};
    library->easy_setopt(client->curl, CURLOPT_URL, request->url);
    if (request->body.data != NULL) {
        library->easy_setopt(client->curl, CURLOPT_POST, 1L);
        library->easy_setopt(client->curl, CURLOPT_POSTFIELDS, request->body.data);
        library->easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)request->body.size);
    } else {
        library->easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    }
    library->easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, request->method);
    return client->curl;
}

enum https_result https_client_end(struct https_client *client, CURLcode code, long *status)
{
    char hint[TLS_HINT_MAX];
    const char *url = NULL;

    *status = 0;
    if (code != CURLE_OK) {
        if (client->error[0] == '\0')
            snprintf(client->error, sizeof(client->error), "%s", client->library->easy_strerror(code));
        curl_tls_end(client->library, client->curl, code, client->error, &client->tls);
        if (code == CURLE_SSL_CACERT_BADFILE && client->unreadable[0] != '\0')
            snprintf(client->why, sizeof(client->why), "%s", client->unreadable);
        else if (code == CURLE_SSL_CERTPROBLEM)
            snprintf(client->why, sizeof(client->why), "%s", client->not_to_show);
        else
            snprintf(client->why, sizeof(client->why), "%s%s", client->error,
                     tls_hint(&client->tls, &client->trust, hint));
    }
    switch (code) {
    case CURLE_OK:
        client->library->easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
        client->library->easy_getinfo(client->curl, CURLINFO_EFFECTIVE_URL, &url);
        admin_header_say(&client->admin, url != NULL ? url : "", *status);
        return HTTPS_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT:
        return HTTPS_NO_SUCH_HOST;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return HTTPS_NOT_TRUSTED;
    default:
        return HTTPS_FAILED;
    }
}

/* libcurl asks every second, and whenever something comes. */
static int https_client_look(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                             curl_off_t up)
{
    (void)context;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return ending_due() ? 1 : 0;
}

enum https_result https_client_call(struct https_client *client, const struct https_call *request,
                                    long *status, struct buf *answer)
{
    const struct curl_library *library = client->library;
    CURL *curl = https_client_begin(client, request, answer);

    library->easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, https_client_look);
    library->easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (ending_signal() != 0)
        library->easy_setopt(curl, CURLOPT_TIMEOUT, (long)ENDING_FAREWELL_SECONDS);
    return https_client_end(client, client->library->easy_perform(curl), status);
}

const char *https_client_why(const struct https_client *client)
{
    return client->why;
}
