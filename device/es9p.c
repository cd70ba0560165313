/* ES9+ as a client: JSON over HTTPS with libcurl. See es9p.h. */
#include "device/es9p.h"

#include "common/curl.h"
#include "common/tool.h"
#include "crypto/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A Bound Profile Package of a megabyte is far beyond any card. */
#define ANSWER_MAX      ((size_t)4 * 1024 * 1024)
#define TIMEOUT_SECONDS 60L

struct es9p {
    const struct curl_library *library;
    CURL *curl;
    struct curl_slist *headers;
    char address[300];
    char curl_error[CURL_ERROR_SIZE];
    bool quiet;
    char why[512];
};

struct es9p *es9p_open(const char *address, const char *cacert)
{
    struct es9p *server = calloc(1, sizeof(*server));

    if (server == NULL || strlen(address) >= sizeof(server->address) ||
        strpbrk(address, "/@?# \t\r\n") != NULL) {
        tool_error("'%s' is not a server address (FQDN, optionally :port)", address);
        free(server);
        return NULL;
    }
    snprintf(server->address, sizeof(server->address), "%s", address);
    server->library = curl_library();
    if (server->library == NULL) {
        free(server);
        return NULL;
    }
    server->curl = server->library->easy_init();
    server->headers = server->library->slist_append(NULL, "Content-Type: application/json");
    server->headers = server->library->slist_append(server->headers, "X-Admin-Protocol: gsma/rsp/v2.2.2");
    server->headers = server->library->slist_append(server->headers, "User-Agent: gsma-rsp-lpad");
    if (server->curl == NULL || server->headers == NULL) {
        tool_error("out of memory");
        es9p_close(server);
        return NULL;
    }
    server->library->easy_setopt(server->curl, CURLOPT_HTTPHEADER, server->headers);
    server->library->easy_setopt(server->curl, CURLOPT_ERRORBUFFER, server->curl_error);
    server->library->easy_setopt(server->curl, CURLOPT_PROTOCOLS_STR, "https");
    server->library->easy_setopt(server->curl, CURLOPT_TIMEOUT, TIMEOUT_SECONDS);
    server->library->easy_setopt(server->curl, CURLOPT_NOSIGNAL, 1L);
    if (cacert != NULL)
        server->library->easy_setopt(server->curl, CURLOPT_CAINFO, cacert);
    return server;
}

void es9p_close(struct es9p *server)
{
    if (server == NULL)
        return;
    server->library->easy_cleanup(server->curl);
    server->library->slist_free_all(server->headers);
    free(server);
}

void es9p_set_quiet(struct es9p *server)
{
    server->quiet = true;
}

const char *es9p_why(const struct es9p *server)
{
    return server->why;
}

/* The one line of a call that failed. */
__attribute__((format(printf, 2, 3))) static void complain(struct es9p *server, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(server->why, sizeof(server->why), format, arguments);
    va_end(arguments);
    tool_one_line(server->why);
    if (!server->quiet)
        tool_error("%s", server->why);
}

static size_t collect(char *octets, size_t size, size_t count, void *context)
{
    struct buf *answer = context;

    if (answer->size + size * count > ANSWER_MAX)
        return 0;
    buf_append(answer, SPAN(octets, size * count));
    return answer->failed ? 0 : size * count;
}

static bool post(struct es9p *server, const char *function, const char *body, long *http_status,
                 struct buf *answer)
{
    char url[512];
    CURLcode code;

    snprintf(url, sizeof(url), "https://%s/gsma/rsp2/es9plus/%s", server->address, function);
    server->curl_error[0] = '\0';
    server->library->easy_setopt(server->curl, CURLOPT_URL, url);
    server->library->easy_setopt(server->curl, CURLOPT_POSTFIELDS, body);
    server->library->easy_setopt(server->curl, CURLOPT_WRITEFUNCTION, collect);
    server->library->easy_setopt(server->curl, CURLOPT_WRITEDATA, answer);
    code = server->library->easy_perform(server->curl);
    if (code != CURLE_OK) {
        complain(server, "%s: %s: %s%s", server->address, function,
                 server->curl_error[0] != '\0' ? server->curl_error : server->library->easy_strerror(code),
                 code == CURLE_PEER_FAILED_VERIFICATION ? " (trust the server's CA with --cacert FILE)" : "");
        return false;
    }
    server->library->easy_getinfo(server->curl, CURLINFO_RESPONSE_CODE, http_status);
    return true;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* True when header.functionExecutionStatus says Executed-Success; prints the codes otherwise. */
static bool executed(struct es9p *server, const char *function, const json_t *answer)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const json_t *data = json_object_get(status, "statusCodeData");

    if (strncmp(text_of(status, "status"), "Executed-", 9) == 0)
        return true;
    if (data == NULL)
        complain(server, "%s: %s: the answer has no functionExecutionStatus", server->address, function);
    else
        complain(server, "%s: %s: refused, subject %s reason %s%s%s", server->address, function,
                 text_of(data, "subjectCode"), text_of(data, "reasonCode"),
                 text_of(data, "message")[0] != '\0' ? ": " : "", text_of(data, "message"));
    return false;
}

json_t *es9p_call(struct es9p *server, const char *function, json_t *request)
{
    char *body = json_dumps(request, JSON_COMPACT);
    struct buf text = {0};
    json_t *answer = NULL;
    json_error_t error;
    long http_status = 0;
    bool ok = body != NULL && post(server, function, body, &http_status, &text);

    json_decref(request);
    free(body);
    if (ok && http_status == 204) {
        answer = json_object();
    } else if (ok && http_status != 200) {
        complain(server, "%s: %s: HTTP status %ld", server->address, function, http_status);
    } else if (ok) {
        answer = json_loadb((const char *)buf_span(&text).data, text.size, 0, &error);
        if (answer == NULL) {
            complain(server, "%s: %s: the answer is not JSON: %s", server->address, function, error.text);
        } else if (!executed(server, function, answer)) {
            json_decref(answer);
            answer = NULL;
        }
    }
    buf_free(&text);
    return answer;
}

void es9p_set_octets(json_t *object, const char *key, struct span octets)
{
    char *text = base64_encode(octets);

    if (text != NULL) /* without memory the member is missing, and the server says so */
        json_object_set_new(object, key, json_string(text));
    free(text);
}

bool es9p_find_octets(const json_t *object, const char *key, struct buf *out)
{
    const json_t *text = json_object_get(object, key);

    return json_is_string(text) && base64_decode(json_string_value(text), json_string_length(text), out);
}

bool es9p_get_octets(const json_t *object, const char *function, const char *key, struct buf *out)
{
    if (es9p_find_octets(object, key, out))
        return true;
    tool_error("%s: the server's answer has no well-formed '%s'", function, key);
    return false;
}
