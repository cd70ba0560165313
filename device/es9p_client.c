/* ES9+ calls on the event loop. See es9p_client.h. */
#include "device/es9p_client.h"

#include "common/http/https_loop.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct es9p_client {
    struct https_loop *requests;
    struct https_settings settings;
    char *cacert;
};

struct es9p_client *es9p_client_open(struct loop *loop, const char *cacert, const char *ca_option,
                                     long timeout, long connect_timeout)
{
    struct es9p_client *client = calloc(1, sizeof(*client));

    if (client != NULL && cacert != NULL)
        client->cacert = strdup(cacert);
    if (client == NULL || (cacert != NULL && client->cacert == NULL)) {
        tool_error("out of memory");
        free(client);
        return NULL;
    }
    client->settings = (struct https_settings){.headers = es9p_header,
                                               .timeout = timeout,
                                               .connect_timeout = connect_timeout,
                                               .answer_max = ES9P_ANSWER_MAX,
                                               .cacert = client->cacert,
                                               .ca_option = ca_option};
    client->requests = https_loop_open(loop);
    if (client->requests != NULL)
        return client;
    es9p_client_close(client);
    return NULL;
}

void es9p_client_close(struct es9p_client *client)
{
    if (client == NULL)
        return;
    https_loop_close(client->requests);
    free(client->cacert);
    free(client);
}

static void on_answer(void *context, enum https_result result, long status, struct span answer,
                      const char *why)
{
    const struct es9p_call *call = context;
    struct es9p_reply reply = {.outcome = ES9P_UNREACHABLE};

    if (result == HTTPS_ANSWERED) {
        es9p_read_reply(call->function, status, answer, &reply);
    } else {
        if (result == HTTPS_NO_SUCH_HOST)
            reply.outcome = ES9P_NO_SUCH_HOST;
        if (result == HTTPS_NOT_TRUSTED)
            reply.outcome = ES9P_NOT_TRUSTED;
        snprintf(reply.why, sizeof(reply.why), "%s", why);
    }
    tool_one_line(reply.why);
    call->done(call->context, &reply);
    es9p_message_clear(&reply.answer);
}

static void es9p_client_fail(const struct es9p_call *call, enum es9p_outcome outcome, const char *why)
{
    struct es9p_reply reply = {.outcome = outcome};

    snprintf(reply.why, sizeof(reply.why), "%s", why);
    call->done(call->context, &reply);
}

void es9p_client_post(struct es9p_client *client, const char *address, const struct span *values,
                      struct es9p_call *call)
{
    char url[ES9P_URL_SIZE];
    char *text;

    if (!es9p_url(call->function, address, url)) {
        es9p_client_fail(call, ES9P_NO_SUCH_HOST, "that is no address (FQDN, optionally :port)");
        return;
    }
    text = es9p_request_text(call->function, values);
    if (text == NULL ||
        !https_loop_send(client->requests, &client->settings,
                         &(struct https_call){.url = url, .body = span_of_string(text)}, on_answer, call))
        es9p_client_fail(call, ES9P_UNREACHABLE, "the call cannot be set up");
    free(text);
}
