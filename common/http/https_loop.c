/* HTTPS requests on libcurl's multi interface, driven by libevent. See https_loop.h. */
#include "common/http/https_loop.h"

#include "common/http/https_client_internal.h"
#include "common/tool.h"

#include <event2/event.h>
#include <stdlib.h>

#define CONNECTIONS_MAX    64L
#define CONNECTIONS_A_HOST 8L

struct call {
    struct call *next, **link;
    struct https_loop *requests;
    struct https_client *client;
    CURL *curl; /* of `client`, once it is on its way */
    struct buf body, answer;
    https_loop_done *done;
    void *context;
};

struct https_loop {
    const struct curl_library *library;
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    struct call *calls;
};

/* --- Requests ------------------------------------------------------------------------------------------- */

static void call_free(struct call *call)
{
    struct https_loop *requests = call->requests;

    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    if (call->curl != NULL)
        requests->library->multi_remove_handle(requests->multi, call->curl);
    https_client_close(call->client);
    buf_free(&call->body);
    buf_free(&call->answer);
    free(call);
}

/* Reports and frees. Who hears of it may make requests, and may close nothing. */
static void https_loop_finish(struct call *call, CURLcode code)
{
    long status;
    enum https_result result = https_client_end(call->client, code, &status);

    call->requests->library->multi_remove_handle(call->requests->multi, call->curl);
    call->curl = NULL;
    call->done(call->context, result, status, buf_span(&call->answer), https_client_why(call->client));
    call_free(call);
}

/* --- The loop ------------------------------------------------------------------------------------------- */

static void finish_all(struct https_loop *requests)
{
    const CURLMsg *message;
    int left;

    while ((message = requests->library->multi_info_read(requests->multi, &left)) != NULL) {
        CURLcode code = message->data.result; /* the message goes with its handle */
        char *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        requests->library->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        https_loop_finish((struct call *)(void *)call, code);
    }
}

static void on_socket(evutil_socket_t fd, short events, void *context)
{
    struct https_loop *requests = context;
    int running;
    int ready =
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);

    requests->library->multi_socket_action(requests->multi, fd, ready, &running);
    finish_all(requests);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct https_loop *requests = context;
    int running;

    (void)fd;
    (void)events;
    requests->library->multi_socket_action(requests->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(requests);
}

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *socket)
{
    struct https_loop *requests = context;
    struct event *event = socket;
    short events = (short)(((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0) | EV_PERSIST);

    (void)curl;
    if (event != NULL)
        event_free(event);
    event = what == CURL_POLL_REMOVE ? NULL : event_new(requests->base, fd, events, on_socket, requests);
    if (event != NULL)
        event_add(event, NULL);
    requests->library->multi_assign(requests->multi, fd, event);
    return what == CURL_POLL_REMOVE || event != NULL ? 0 : -1;
}

static int watch_timer(CURLM *multi, long milliseconds, void *context)
{
    const struct https_loop *requests = context;
    struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

    (void)multi;
    return milliseconds < 0 ? event_del(requests->timer) : event_add(requests->timer, &wait);
}

/* --- All of them ---------------------------------------------------------------------------------------- */

struct https_loop *https_loop_open(struct loop *loop)
{
    const struct curl_library *library = curl_library();
    struct https_loop *requests = library != NULL ? calloc(1, sizeof(*requests)) : NULL;

    if (requests == NULL)
        return NULL;
    requests->library = library;
    requests->base = loop_base(loop);
    requests->multi = library->multi_init();
    requests->timer = evtimer_new(requests->base, on_timer, requests);
    if (requests->multi == NULL || requests->timer == NULL) {
        tool_error("out of memory");
        https_loop_close(requests);
        return NULL;
    }
    library->multi_setopt(requests->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    library->multi_setopt(requests->multi, CURLMOPT_SOCKETDATA, requests);
    library->multi_setopt(requests->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
    library->multi_setopt(requests->multi, CURLMOPT_TIMERDATA, requests);
    library->multi_setopt(requests->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
    library->multi_setopt(requests->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_A_HOST);
    return requests;
}

void https_loop_close(struct https_loop *requests)
{
    if (requests == NULL)
        return;
    while (requests->calls != NULL)
        call_free(requests->calls);
    if (requests->multi != NULL)
        requests->library->multi_cleanup(requests->multi); /* watch_socket removes the events of idle ones */
    if (requests->timer != NULL)
        event_free(requests->timer);
    free(requests);
}

static bool https_loop_begin(struct call *call, const struct https_call *request)
{
    const struct https_loop *requests = call->requests;
    struct https_call kept = *request;
    CURL *curl;

    buf_append(&call->body, request->body);
    if (call->client == NULL || call->body.failed)
        return false;
    kept.body = request->body.data != NULL ? buf_span(&call->body) : SPAN_NONE;
    curl = https_client_begin(call->client, &kept, &call->answer);
    requests->library->easy_setopt(curl, CURLOPT_PRIVATE, call);
    if (requests->library->multi_add_handle(requests->multi, curl) != CURLM_OK)
        return false;
    call->curl = curl;
    return true;
}

bool https_loop_send(struct https_loop *requests, const struct https_settings *settings,
                     const struct https_call *request, https_loop_done *done, void *context)
{
    struct call *call = calloc(1, sizeof(*call));
    const char *why;

    if (call == NULL)
        return false;
    call->requests = requests;
    call->client = https_client_open(settings, &why);
    call->done = done;
    call->context = context;
    call->next = requests->calls;
    call->link = &requests->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    requests->calls = call;
    if (https_loop_begin(call, request))
        return true;
    call_free(call);
    return false;
}
