/* ES9+ as a client, one call after another. See es9p.h. */
#include "device/es9p.h"

#include "common/ending.h"
#include "common/http/https_client.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_SECONDS 60

struct es9p {
    struct https_client *client;
    char address[ES9P_ADDRESS_MAX + 1];
};

struct es9p *es9p_open(const char *address, const char *cacert)
{
    const struct https_settings settings = {.headers = es9p_header,
                                            .timeout = TIMEOUT_SECONDS,
                                            .answer_max = ES9P_ANSWER_MAX,
                                            .cacert = cacert,
                                            .ca_option = "--cacert"};
    struct es9p *server = calloc(1, sizeof(*server));
    const char *why = "out of memory";
    char url[ES9P_URL_SIZE];

    if (!es9p_url(&es9p_functions[0], address, url)) {
        tool_error("'%s' is not a server address (FQDN, optionally :port)", address);
        free(server);
        return NULL;
    }
    if (server != NULL) {
        snprintf(server->address, sizeof(server->address), "%s", address);
        server->client = https_client_open(&settings, &why);
    }
    if (server == NULL || server->client == NULL) {
        tool_error("%s", why);
        free(server);
        return NULL;
    }
    return server;
}

void es9p_close(struct es9p *server)
{
    if (server == NULL)
        return;
    https_client_close(server->client);
    free(server);
}

/* POSTs the text and reads what comes back. */
static void es9p_post_text(struct es9p *server, const struct es9p_function *function, const char *text,
                           struct es9p_reply *reply)
{
    char url[ES9P_URL_SIZE];
    const struct https_call request = {.url = url, .body = span_of_string(text)};
    struct buf body = {0};
    enum https_result result;
    long status;

    es9p_url(function, server->address, url);
    result = https_client_call(server->client, &request, &status, &body);
    if (result == HTTPS_ANSWERED) {
        es9p_read_reply(function, status, buf_span(&body), reply);
    } else {
        reply->outcome = result == HTTPS_NO_SUCH_HOST  ? ES9P_NO_SUCH_HOST
                         : result == HTTPS_NOT_TRUSTED ? ES9P_NOT_TRUSTED
                                                       : ES9P_UNREACHABLE;
        snprintf(reply->why, sizeof(reply->why), "%s", https_client_why(server->client));
    }
    buf_free(&body);
}

enum es9p_outcome es9p_call(struct es9p *server, enum es9p_function_id function, const struct span *values,
                            struct es9p_message *answer)
{
    const struct es9p_function *called = &es9p_functions[function];
    struct es9p_reply reply = {.outcome = ES9P_UNREACHABLE, .why = "out of memory"};
    char *text = !ending_due() ? es9p_request_text(called, values) : NULL;

    if (text != NULL)
        es9p_post_text(server, called, text, &reply);
    free(text);
    es9p_message_clear(answer);
    *answer = reply.answer;
    if (reply.outcome != ES9P_EXECUTED && !ending_due()) {
        tool_error("%s: %s: %s", server->address, called->name, reply.why);
        tool_error_text("function", called->name);
        tool_error_text("subject_code", reply.subject);
        tool_error_text("reason_code", reply.reason);
    }
    return reply.outcome;
}
