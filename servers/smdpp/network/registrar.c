/* Events at SM-DS, registered and deleted. See registrar.h. */
#include "servers/smdpp/network/registrar.h"

#include "common/log.h"
#include "common/tool.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SMDS_TIMEOUT         20 /* seconds for a call; an operator waits for the registration */
#define SMDS_CONNECT_TIMEOUT 10
#define DELETIONS_MAX        16 /* at once */

/* A call under way: a registration, with who waits for it, or a deletion. */
struct registrar_call {
    LIST_ENTRY(registrar_call) link;
    struct registrar *registrar;
    struct es12_call es12;
    struct smdpp_registration *registration; /* NULL: a deletion, of `event` */
    struct smds_event event;
    http_api_done *done;
    void *context;
};

struct registrar {
    struct smdpp *smdpp;
    struct loop *loop;
    struct es12_client *client; /* NULL before it is needed */
    struct registrar_options options;
    struct event *timer;
    LIST_HEAD(, registrar_call) calls;
    unsigned deletions;
};

/* --- Calls ---------------------------------------------------------------------------------------------- */

static bool is_alternative(const struct registrar *registrar, const char *smds)
{
    for (size_t i = 0; i < registrar->options.roots_count; i++) {
        if (strcmp(registrar->options.roots[i], smds) == 0)
            return false;
    }
    return registrar->options.roots_count > 0;
}

static const char *es12_place(const struct registrar *registrar, const char *smds)
{
    size_t size = strlen(smds);

    for (size_t i = 0; i < registrar->options.places_count; i++) {
        const char *place = registrar->options.places[i];

        if (strncmp(place, smds, size) == 0 && place[size] == '=')
            return place + size + 1;
    }
    return smds;
}

static struct registrar_call *registrar_call_new(struct registrar *registrar, enum es12_function_id function,
                                                 es12_client_done *done)
{
    struct registrar_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->registrar = registrar;
    call->es12 = (struct es12_call){&es12_functions[function], done, call};
    LIST_INSERT_HEAD(&registrar->calls, call, link);
    return call;
}

static void registrar_call_free(struct registrar_call *call)
{
    LIST_REMOVE(call, link);
    if (call->registration != NULL)
        json_decref(call->registration->request);
    free(call->registration);
    free(call);
}

/* When it is needed for the first time: a server without SM-DS does without libcurl. */
static bool open_client(struct registrar *registrar)
{
    const struct registrar_options *options = &registrar->options;

    if (registrar->client == NULL)
        registrar->client = es12_client_open(
            registrar->loop, &(struct es12_client_options){.requester = registrar->smdpp->dp.rsp.address[0],
                                                           .cacert = options->cacert,
                                                           .ca_option = "--smds-ca",
                                                           .cert = options->cert,
                                                           .key = options->key,
                                                           .timeout = SMDS_TIMEOUT,
                                                           .connect_timeout = SMDS_CONNECT_TIMEOUT});
    return registrar->client != NULL;
}

static void registrar_post(struct registrar_call *call, const struct smds_event *event)
{
    struct registrar *registrar = call->registrar;

    if (!open_client(registrar)) {
        call->es12.done(call, &(struct es12_reply){.outcome = ES12_INACCESSIBLE,
                                                   .why = "this server cannot make requests"});
        return;
    }
    es12_client_post(registrar->client, es12_place(registrar, event->smds),
                     &(struct es12_event){.eid = event->eid,
                                          .event_id = event->event_id,
                                          .server = registrar->smdpp->dp.rsp.address[0],
                                          .forwarding = is_alternative(registrar, event->smds)},
                     &call->es12);
}

/* --- Registration --------------------------------------------------------------------------------------- */

static void on_registered(void *context, const struct es12_reply *reply)
{
    struct registrar_call *call = context;
    struct registrar *registrar = call->registrar;
    struct http_answer answer = {0};

    es2p_answer_registered(registrar->smdpp, call->registration, reply, &answer);
    call->done(call->context, &answer);
    registrar_call_free(call);
    registrar_look(registrar);
}

void registrar_register(struct registrar *registrar, http_api_done *done, void *context)
{
    struct smdpp_registration *registration = registrar->smdpp->registration;
    struct registrar_call *call = registrar_call_new(registrar, ES12_REGISTER_EVENT, on_registered);
    struct es12_reply reply = {.outcome = ES12_INACCESSIBLE, .why = "out of memory"};
    struct http_answer answer = {0};

    registrar->smdpp->registration = NULL;
    if (call == NULL) {
        es2p_answer_registered(registrar->smdpp, registration, &reply, &answer);
        done(context, &answer);
        free(registration);
        return;
    }
    call->registration = registration;
    call->done = done;
    call->context = context;
    registrar_post(call, &registration->event);
}

/* --- Deletion ------------------------------------------------------------------------------------------- */

static void on_deleted(void *context, const struct es12_reply *reply)
{
    struct registrar_call *call = context;
    struct registrar *registrar = call->registrar;
    const struct smds_event *event = &call->event;
    struct db *store = registrar->smdpp->store;

    if (reply->outcome == ES12_EXECUTED || reply->nothing_left) {
        log_line(LOG_LEVEL_INFO, "event %s is deleted at %s", event->event_id, event->smds);
        store_event_forget(store, event->id);
    } else if (event->tries >= SMDPP_EVENT_TRIES_MAX) {
        log_line(LOG_LEVEL_ERROR, "event %s stays at %s after %d tries to delete it: %s", event->event_id,
                 event->smds, SMDPP_EVENT_TRIES_MAX, reply->why);
        store_event_forget(store, event->id);
    } else {
        int64_t pause = smdpp_event_pause(event->tries);

        log_line(LOG_LEVEL_ERROR, "event %s cannot be deleted at %s, again in %lld s: %s", event->event_id,
                 event->smds, (long long)pause, reply->why);
        store_event_tried(store, event, SMDS_EVENT_DELETING, smdpp_now() + pause);
    }
    registrar->deletions--;
    registrar_call_free(call);
    registrar->smdpp->events_due = true;
    registrar_look(registrar);
}

static bool send_deletion(struct registrar *registrar, struct smds_event *event)
{
    struct registrar_call *call;

    event->tries++;
    if (!store_event_tried(registrar->smdpp->store, event, SMDS_EVENT_SENDING, 0))
        return false;
    call = registrar_call_new(registrar, ES12_DELETE_EVENT, on_deleted);
    if (call == NULL)
        return false;
    call->event = *event;
    registrar->deletions++;
    registrar_post(call, event);
    return true;
}

/* --- The outbox ----------------------------------------------------------------------------------------- */

static void registrar_work(struct registrar *registrar)
{
    struct db *store = registrar->smdpp->store;
    struct smds_event event;
    struct timeval wait = {0};
    int64_t next;

    store_events_expire(store, smdpp_now());
    while (registrar->deletions < DELETIONS_MAX && store_event_due(store, smdpp_now(), &event) &&
           send_deletion(registrar, &event))
        ;
    next = registrar->deletions < DELETIONS_MAX ? store_events_next(store) : -1;
    evtimer_del(registrar->timer);
    if (next < 0)
        return;
    wait.tv_sec = next > smdpp_now() ? (time_t)(next - smdpp_now()) : 1;
    evtimer_add(registrar->timer, &wait);
}

static void on_due(evutil_socket_t fd, short events, void *context)
{
    struct registrar *registrar = context;

    (void)fd;
    (void)events;
    registrar_work(registrar);
}

/* From the loop, so that a call that fails at once is no call within a call. */
void registrar_look(struct registrar *registrar)
{
    const struct timeval now = {0};

    if (!registrar->smdpp->events_due)
        return;
    registrar->smdpp->events_due = false;
    evtimer_add(registrar->timer, &now);
}

struct registrar *registrar_open(struct loop *loop, struct smdpp *smdpp,
                                 const struct registrar_options *options)
{
    struct registrar *registrar = calloc(1, sizeof(*registrar));

    if (registrar == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    registrar->smdpp = smdpp;
    registrar->loop = loop;
    registrar->options = *options;
    registrar->timer = evtimer_new(loop_base(loop), on_due, registrar);
    if (registrar->timer == NULL || !store_events_recover(smdpp->store, smdpp_now())) {
        tool_error("requests to SM-DS cannot be set up");
        registrar_close(registrar);
        return NULL;
    }
    smdpp->registrar = registrar;
    smdpp->events_due = true;
    registrar_look(registrar);
    return registrar;
}

void registrar_close(struct registrar *registrar)
{
    if (registrar == NULL)
        return;
    es12_client_close(registrar->client);
    while (!LIST_EMPTY(&registrar->calls))
        registrar_call_free(LIST_FIRST(&registrar->calls));
    if (registrar->timer != NULL)
        event_free(registrar->timer);
    registrar->smdpp->registrar = NULL;
    free(registrar);
}
