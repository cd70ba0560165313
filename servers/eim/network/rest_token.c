/* The token of the REST API. See rest_token.h. */
#include "servers/eim/network/rest_token.h"

#include "common/log.h"
#include "common/tool.h"
#include "servers/eim/network/rest_call.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MAX 256 /* octets */
#define WHICH    "this eIM's token: Authorization: Bearer …, of our commands --token-file FILE"

/* --- The file ------------------------------------------------------------------------------------------- */

static bool read_token(struct rest_token *token, const char *path)
{
    struct buf file = {0};
    bool ok = tool_read_secret(path, FILE_MAX, &file);
    size_t size = file.size;

    while (ok && size > 0 && (file.data[size - 1] == '\n' || file.data[size - 1] == '\r'))
        size--;
    if (ok && size == REST_TOKEN_DIGITS)
        memcpy(token->digits, file.data, size);
    if (ok && strspn(token->digits, "0123456789ABCDEFabcdef") != REST_TOKEN_DIGITS)
        ok = tool_error("%s is no token of %d hexadecimal digits; without it a new one is made", path,
                        REST_TOKEN_DIGITS) == EXIT_OK;
    if (file.data != NULL)
        OPENSSL_cleanse(file.data, file.size);
    buf_free(&file);
    return ok;
}

static bool write_token(struct rest_token *token, const char *path)
{
    uint8_t octets[REST_TOKEN_OCTETS];
    char line[REST_TOKEN_DIGITS + sizeof("\n")];
    bool ok;

    if (RAND_bytes(octets, sizeof(octets)) != 1)
        return tool_error("no random numbers for a token") == EXIT_OK;
    hex_from_span(SPAN_ARRAY(octets), token->digits, sizeof(token->digits));
    snprintf(line, sizeof(line), "%s\n", token->digits);
    ok = tool_write_file(path, span_of_string(line), 0600);
    OPENSSL_cleanse(octets, sizeof(octets));
    OPENSSL_cleanse(line, sizeof(line));
    return ok;
}

/* An empty file of a new name; NULL after an error line. */
static char *temporary_file(void)
{
    static const char *const variables[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
    const char *directory = NULL;
    char *path = NULL;
    int fd = -1;

    for (size_t i = 0; directory == NULL && i < sizeof(variables) / sizeof(variables[0]); i++) {
        directory = getenv(variables[i]);
        if (directory != NULL && access(directory, W_OK | X_OK) != 0)
            directory = NULL;
    }
    if (asprintf(&path, "%s/softeuicc-eim-XXXXXX" REST_TOKEN_SUFFIX, directory != NULL ? directory : "/tmp") <
        0)
        path = NULL;
    if (path != NULL)
        fd = mkstemps(path, (int)strlen(REST_TOKEN_SUFFIX));
    if (fd >= 0) {
        close(fd);
        return path;
    }
    tool_error("cannot make a file for the token: %s", strerror(errno));
    free(path);
    return NULL;
}

bool rest_token_open(struct rest_token *token, const char *path)
{
    char *temporary = path == NULL ? temporary_file() : NULL;
    bool is_there = path != NULL && access(path, F_OK) == 0;
    bool ok;

    *token = (struct rest_token){.is_temporary = path == NULL};
    if (path == NULL)
        path = temporary;
    ok = path != NULL && (is_there ? read_token(token, path) : write_token(token, path));
    if (ok) {
        token->path = realpath(path, NULL);
        ok = token->path != NULL || tool_error("%s: %s", path, strerror(errno)) == EXIT_OK;
    }
    if (!ok && temporary != NULL)
        unlink(temporary);
    free(temporary);
    return ok;
}

void rest_token_close(struct rest_token *token)
{
    if (token->path != NULL && token->is_temporary)
        unlink(token->path);
    free(token->path);
    OPENSSL_cleanse(token, sizeof(*token));
}

/* --- Requests ------------------------------------------------------------------------------------------- */

static bool has_token(const struct rest_token *token, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    const char *digits;

    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return false;
    digits = authorization + strlen(scheme);
    digits += strspn(digits, " ");
    return strlen(digits) == REST_TOKEN_DIGITS &&
           CRYPTO_memcmp(digits, token->digits, REST_TOKEN_DIGITS) == 0;
}

static bool is_change(const struct http_request *request)
{
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0 &&
           strcmp(request->method, "OPTIONS") != 0;
}

/* What nobody else may see: everything but the server's own state, and what is not there at all. */
static bool is_guarded(const struct http_request *request)
{
    return strncmp(request->path, "/v1/", strlen("/v1/")) == 0 &&
           (is_change(request) || (!request->is_local && strcmp(request->path, "/v1/status") != 0));
}

bool rest_token_admits(const struct rest_token *token, const struct http_request *request,
                       struct http_answer *answer)
{
    struct rest_call call = {.answer = answer};

    if (!is_guarded(request) || has_token(token, request->authorization))
        return true;
    *answer = (struct http_answer){0};
    /* Our own commands ask without it first, to hear where it is. */
    log_line(request->is_local && request->authorization == NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
             "%s %s is refused: it has not the token of this eIM", request->method, request->path);
    rest_json(&call, 401,
              json_pack("{s:{s:s},s:s*}", "error", "message",
                        is_change(request) ? "changes need " WHICH : "from another machine lists need " WHICH,
                        "tokenFile", request->is_local ? token->path : NULL));
    return false;
}
