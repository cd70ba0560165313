/* Plays the server of HTTPS requests: see https_played.h. */
#include "tests/support/https_played.h"

#include "common/http/https_client.h"

#include <stdio.h>
#include <string.h>

static const char *const *left;
static char asked[4096];

void https_play(const char *const *answers)
{
    left = answers;
    asked[0] = '\0';
}

const char *https_asked(void)
{
    return asked;
}

struct https_client *https_client_open(const struct https_settings *settings, const char **why)
{
    static char client;

    (void)settings;
    *why = "";
    return (struct https_client *)&client;
}

void https_client_close(struct https_client *client)
{
    (void)client;
}

enum https_result https_client_call(struct https_client *client, const struct https_call *request,
                                    long *status, struct buf *answer)
{
    const char *method = request->method != NULL      ? request->method
                         : request->body.data != NULL ? "POST"
                                                      : "GET";
    size_t size = strlen(asked);

    (void)client;
    snprintf(asked + size, sizeof(asked) - size, "%s %s%s%.*s\n", method, request->url,
             request->body.data != NULL ? " " : "", (int)request->body.size,
             request->body.data != NULL ? (const char *)request->body.data : "");
    if (left == NULL || *left == NULL)
        return HTTPS_FAILED;
    *status = 200;
    buf_append(answer, span_of_string(*left++));
    return HTTPS_ANSWERED;
}

const char *https_client_why(const struct https_client *client)
{
    (void)client;
    return "no connection";
}
