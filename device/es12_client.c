/* ES12 calls on the event loop. See es12_client.h. */
#include "device/es12_client.h"

#include "common/http/https_loop.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>

#define ES12_ANSWER_MAX 65536 /* octets; an answer is a header */

struct es12_client {
    struct https_loop *requests;
    struct https_settings settings;
    const char *requester;
    unsigned long calls;
};

struct es12_client *es12_client_open(struct loop *loop, const struct es12_client_options *options)
{
    struct es12_client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    client->requester = options->requester;
    client->settings = (struct https_settings){.headers = es12_header,
                                               .timeout = options->timeout,
                                               .connect_timeout = options->connect_timeout,
                                               .answer_max = ES12_ANSWER_MAX,
                                               .cacert = options->cacert,
                                               .ca_option = options->ca_option,
                                               .cert = options->cert,
                                               .key = options->key};
    client->requests = https_loop_open(loop);
    if (client->requests != NULL)
        return client;
    es12_client_close(client);
    return NULL;
}

void es12_client_close(struct es12_client *client)
{
    if (client == NULL)
        return;
    https_loop_close(client->requests);
    free(client);
}

static void on_es12_answer(void *context, enum https_result result, long status, struct span answer,
                           const char *why)
{
    const struct es12_call *call = context;
    struct es12_reply reply = {.outcome = ES12_INACCESSIBLE};

    if (result == HTTPS_ANSWERED)
        es12_read_reply(call->function, status, answer, &reply);
    else
        snprintf(reply.why, sizeof(reply.why), "%s", why);
    tool_one_line(reply.why);
    call->done(call->context, &reply);
}

static void es12_client_fail(const struct es12_call *call, const char *why)
{
    struct es12_reply reply = {.outcome = ES12_INACCESSIBLE};

    snprintf(reply.why, sizeof(reply.why), "%s", why);
    call->done(call->context, &reply);
}

void es12_client_post(struct es12_client *client, const char *address, const struct es12_event *event,
                      struct es12_call *call)
{
    char url[RSP_URL_SIZE], identifier[24];
    char *text;

    if (!rsp_url("es12", call->function->name, address, url)) {
        es12_client_fail(call, "that is no address (FQDN, optionally :port)");
        return;
    }
    snprintf(identifier, sizeof(identifier), "%lu", ++client->calls);
    text = es12_request_text(call->function, event, client->requester, identifier);
    if (text == NULL || !https_loop_send(client->requests, &client->settings,
                                         &(struct https_call){.url = url, .body = span_of_string(text)},
                                         on_es12_answer, call))
        es12_client_fail(call, "the call cannot be set up");
    free(text);
}
