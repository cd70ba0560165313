/* ES9+ calls on libcurl's multi interface, driven by libevent. See es9p_client.h. */
#include "servers/eim/network/es9p_client.h"

#include "common/curl.h"
#include "common/tool.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX         ((size_t)4 * 1024 * 1024) /* a Bound Profile Package is far below */
#define CONNECT_TIMEOUT    10L                       /* seconds */
#define CONNECTIONS_MAX    64L
#define CONNECTIONS_A_HOST 8L
#define ADDRESS_MAX        255

struct call {
    struct call *next, **link;
    struct es9p_client *client;
    CURL *curl;
    char *body;
    struct buf answer;
    char curl_error[CURL_ERROR_SIZE];
    es9p_client_done *done;
    void *context;
};

struct es9p_client {
    const struct curl_library *library;
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    struct curl_slist *headers;
    struct call *calls;
    char *cacert;
    long timeout;
};

/* --- Calls ---------------------------------------------------------------------------------------------- */

static void call_free(struct call *call)
{
    const struct curl_library *library = call->client->library;

    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    if (call->curl != NULL) {
        library->multi_remove_handle(call->client->multi, call->curl);
        library->easy_cleanup(call->curl);
    }
    free(call->body);
    buf_free(&call->answer);
    free(call);
}

static size_t collect(char *octets, size_t size, size_t count, void *context)
{
    struct buf *answer = context;

    if (answer->size + size * count > ANSWER_MAX)
        return 0;
    buf_append(answer, SPAN(octets, size * count));
    return answer->failed ? 0 : size * count;
}

static void set_text(char *out, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    snprintf(out, size, "%s", text != NULL ? text : "");
}

/* header.functionExecutionStatus of an answer, 6.5.1.4. */
static void read_status(const json_t *json, struct es9p_reply *reply)
{
    const json_t *status = json_object_get(json_object_get(json, "header"), "functionExecutionStatus");
    const json_t *data = json_object_get(status, "statusCodeData");
    char word[24], message[160];

    set_text(word, sizeof(word), status, "status");
    if (strncmp(word, "Executed-", 9) == 0) {
        reply->outcome = ES9P_EXECUTED;
        reply->json = json;
    } else if (!json_is_object(data)) {
        snprintf(reply->why, sizeof(reply->why), "the answer has no functionExecutionStatus");
    } else {
        reply->outcome = ES9P_REFUSED;
        set_text(reply->subject, sizeof(reply->subject), data, "subjectCode");
        set_text(reply->reason, sizeof(reply->reason), data, "reasonCode");
        set_text(message, sizeof(message), data, "message");
        snprintf(reply->why, sizeof(reply->why), "%s-%s%s%s", reply->subject, reply->reason,
                 message[0] != '\0' ? " " : "", message);
        tool_one_line(reply->why);
    }
}

static json_t *read_answer(struct call *call, struct es9p_reply *reply)
{
    long http_status = 0;
    json_error_t error;
    json_t *json = NULL;

    call->client->library->easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status == 204) {
        json = json_object();
        reply->outcome = json != NULL ? ES9P_EXECUTED : ES9P_UNREACHABLE;
        reply->json = json;
    } else if (http_status != 200) {
        snprintf(reply->why, sizeof(reply->why), "HTTP status %ld", http_status);
    } else {
        json = json_loadb((const char *)buf_span(&call->answer).data, call->answer.size, 0, &error);
        if (json == NULL)
            snprintf(reply->why, sizeof(reply->why), "the answer is not JSON");
        else
            read_status(json, reply);
    }
    return json;
}

/* Reports and frees. */
static void finish(struct call *call, CURLcode code)
{
    struct es9p_reply reply = {.outcome = ES9P_UNREACHABLE};
    es9p_client_done *done = call->done;
    void *context = call->context;
    json_t *json = NULL;

    if (code == CURLE_OK) {
        json = read_answer(call, &reply);
    } else {
        if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT)
            reply.outcome = ES9P_NO_SUCH_HOST;
        snprintf(reply.why, sizeof(reply.why), "%s",
                 call->curl_error[0] != '\0' ? call->curl_error : call->client->library->easy_strerror(code));
    }
    call_free(call);
    done(context, &reply);
    json_decref(json);
}

/* --- The loop ------------------------------------------------------------------------------------------- */

static void finish_calls(struct es9p_client *client)
{
    const CURLMsg *message;
    int left;

    while ((message = client->library->multi_info_read(client->multi, &left)) != NULL) {
        CURLcode code = message->data.result; /* the message goes with its handle */
        char *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        client->library->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish((struct call *)(void *)call, code);
    }
}

static void on_socket(evutil_socket_t fd, short events, void *context)
{
    struct es9p_client *client = context;
    int running;
    int ready =
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);

    client->library->multi_socket_action(client->multi, fd, ready, &running);
    finish_calls(client);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct es9p_client *client = context;
    int running;

    (void)fd;
    (void)events;
    client->library->multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_calls(client);
}

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *socket)
{
    struct es9p_client *client = context;
    struct event *event = socket;
    short events = (short)(((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0) | EV_PERSIST);

    (void)curl;
    if (event != NULL)
        event_free(event);
    event = what == CURL_POLL_REMOVE ? NULL : event_new(client->base, fd, events, on_socket, client);
    if (event != NULL)
        event_add(event, NULL);
    client->library->multi_assign(client->multi, fd, event);
    return what == CURL_POLL_REMOVE || event != NULL ? 0 : -1;
}

static int watch_timer(CURLM *multi, long milliseconds, void *context)
{
    const struct es9p_client *client = context;
    struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

    (void)multi;
    return milliseconds < 0 ? event_del(client->timer) : event_add(client->timer, &wait);
}

/* --- The client ----------------------------------------------------------------------------------------- */

struct es9p_client *es9p_client_open(struct loop *loop, const char *cacert, long timeout)
{
    struct es9p_client *client = calloc(1, sizeof(*client));
    const struct curl_library *library = curl_library();

    if (client == NULL || library == NULL) {
        free(client);
        return NULL;
    }
    client->library = library;
    client->base = loop_base(loop);
    client->timeout = timeout;
    client->cacert = cacert != NULL ? strdup(cacert) : NULL;
    client->multi = library->multi_init();
    client->timer = evtimer_new(client->base, on_timer, client);
    client->headers = library->slist_append(NULL, "Content-Type: application/json");
    client->headers = library->slist_append(client->headers, "X-Admin-Protocol: gsma/rsp/v2.2.2");
    client->headers = library->slist_append(client->headers, "User-Agent: gsma-rsp-lpad");
    if (client->multi == NULL || client->timer == NULL || client->headers == NULL ||
        (cacert != NULL && client->cacert == NULL)) {
        tool_error("out of memory");
        es9p_client_close(client);
        return NULL;
    }
    library->multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    library->multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    library->multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
    library->multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    library->multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
    library->multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_A_HOST);
    return client;
}

void es9p_client_close(struct es9p_client *client)
{
    if (client == NULL)
        return;
    while (client->calls != NULL)
        call_free(client->calls);
    if (client->multi != NULL)
        client->library->multi_cleanup(client->multi); /* watch_socket removes the events of idle ones */
    if (client->timer != NULL)
        event_free(client->timer);
    client->library->slist_free_all(client->headers);
    free(client->cacert);
    free(client);
}

static bool set_up(struct call *call, const char *address, const char *function)
{
    const struct es9p_client *client = call->client;
    const struct curl_library *library = client->library;
    char url[ADDRESS_MAX + 128];

    snprintf(url, sizeof(url), "https://%s/gsma/rsp2/es9plus/%s", address, function);
    call->curl = library->easy_init();
    if (call->curl == NULL)
        return false;
    library->easy_setopt(call->curl, CURLOPT_URL, url);
    library->easy_setopt(call->curl, CURLOPT_PROTOCOLS_STR, "https");
    library->easy_setopt(call->curl, CURLOPT_HTTPHEADER, client->headers);
    library->easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
    library->easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, collect);
    library->easy_setopt(call->curl, CURLOPT_WRITEDATA, &call->answer);
    library->easy_setopt(call->curl, CURLOPT_ERRORBUFFER, call->curl_error);
    library->easy_setopt(call->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
    library->easy_setopt(call->curl, CURLOPT_TIMEOUT, client->timeout);
    library->easy_setopt(call->curl, CURLOPT_NOSIGNAL, 1L);
    library->easy_setopt(call->curl, CURLOPT_PRIVATE, call);
    if (client->cacert != NULL)
        library->easy_setopt(call->curl, CURLOPT_CAINFO, client->cacert);
    return library->multi_add_handle(client->multi, call->curl) == CURLM_OK;
}

static void fail(es9p_client_done *done, void *context, enum es9p_outcome outcome, const char *why)
{
    struct es9p_reply reply = {.outcome = outcome};

    snprintf(reply.why, sizeof(reply.why), "%s", why);
    done(context, &reply);
}

void es9p_client_post(struct es9p_client *client, const char *address, const char *function, json_t *request,
                      es9p_client_done *done, void *context)
{
    struct call *call = NULL;
    char *body = json_dumps(request, JSON_COMPACT);

    json_decref(request);
    if (address[0] == '\0' || strlen(address) > ADDRESS_MAX || strpbrk(address, "/@?#\\ \t\r\n") != NULL) {
        free(body);
        fail(done, context, ES9P_NO_SUCH_HOST, "that is no address (FQDN, optionally :port)");
        return;
    }
    if (body != NULL)
        call = calloc(1, sizeof(*call));
    if (call == NULL) {
        free(body);
        fail(done, context, ES9P_UNREACHABLE, "out of memory");
        return;
    }
    call->client = client;
    call->body = body;
    call->done = done;
    call->context = context;
    call->next = client->calls;
    call->link = &client->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    client->calls = call;
    if (!set_up(call, address, function)) {
        call_free(call);
        fail(done, context, ES9P_UNREACHABLE, "the call cannot be set up");
    }
}
