/* Carries ESipa messages to an SM-DP+ and back. See relay.h; the messages are in relay_functions.c. */
#include "servers/eim/network/relay_private.h"

#include "apdu/tlv.h"
#include "common/log.h"
#include "common/tool.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORWARD_EVERY   5  /* seconds; the store says when a notification may be tried again */
#define CONNECT_TIMEOUT 10 /* seconds */

struct relay {
    struct eim *eim;
    struct es9p_client *client;
    struct relay_sessions *sessions;
    LIST_HEAD(, relay_call) calls;
    size_t calls_count;
    struct event *forward_timer;
    int64_t forwarding; /* the notification on its way; 0: none */
    struct es9p_call forward;
    struct relay_allowed allowed; /* of relay_allow */
};

/* --- Whom it calls -------------------------------------------------------------------------------------- */

void relay_allow(struct relay *relay, const char *const *addresses, size_t count)
{
    relay->allowed = (struct relay_allowed){addresses, count};
}

struct relay_sessions *relay_sessions(struct relay *relay)
{
    return relay->sessions;
}

/* --- What an SM-DP+ refuses with ------------------------------------------------------------------------ */

#define INVALID_DP_ADDRESS 1

static unsigned error_number(enum es9p_function_id function, const struct es9p_reply *reply)
{
    if (reply->outcome == ES9P_NO_SUCH_HOST && function == ES9P_INITIATE_AUTHENTICATION)
        return INVALID_DP_ADDRESS;
    if (reply->outcome != ES9P_REFUSED)
        return ESIPA_UNDEFINED_ERROR;
    return es9p_error_number(function, ES9P_NUMBERS_ESIPA, reply->subject, reply->reason);
}

/* --- Messages ------------------------------------------------------------------------------------------- */

static void call_free(struct relay_call *call)
{
    LIST_REMOVE(call, link);
    call->relay->calls_count--;
    buf_free(&call->transaction_id);
    free(call);
}

static void relay_report(struct relay_call *call, enum eim_step step, struct span transaction_id,
                         const char *why)
{
    if (call->ordered)
        eim_download_report(call->relay->eim, call->download.order, step, transaction_id, why);
}

static void say_error(const struct relay_function *function, int number, esipa_done *done, void *context)
{
    struct buf out = {0};
    size_t at = tlv_open(&out, function->es9p->request);

    tlv_put_unsigned(&out, function->error_tag, (uint64_t)number);
    tlv_close(&out, at);
    done(context, ESIPA_ANSWERED, buf_span(&out));
    buf_free(&out);
}

/* Answers and frees. */
static void answer_error(struct relay_call *call, int number, const char *why)
{
    char line[400];

    snprintf(line, sizeof(line), "%s: %s", call->function->es9p->name, why);
    log_line(LOG_LEVEL_INFO, "ESipa %s, error %d", line, number);
    relay_report(call, EIM_STEP_FAILED, SPAN_NONE, line);
    say_error(call->function, number, call->done, call->context);
    call_free(call);
}

static void answer_ok(struct relay_call *call, const struct buf *content)
{
    struct buf out = {0};
    size_t outer = tlv_open(&out, call->function->es9p->request);

    /* Of AuthenticateClient: authenticateClientOkDSEsipa. */
    tlv_put(&out, call->es9p.function->id == ES11_AUTHENTICATE_CLIENT ? 0xA1 : 0xA0, buf_span(content));
    tlv_close(&out, outer);
    if (out.failed) {
        buf_free(&out);
        answer_error(call, ESIPA_UNDEFINED_ERROR, "out of memory");
        return;
    }
    log_line(LOG_LEVEL_INFO, "ESipa %s: executed by %s", call->function->es9p->name, call->address);
    relay_report(call, call->function->step,
                 call->function->step == EIM_STEP_INITIATED ? buf_span(&call->transaction_id) : SPAN_NONE,
                 NULL);
    call->done(call->context, ESIPA_ANSWERED, buf_span(&out));
    buf_free(&out);
    call_free(call);
}

static void on_reply(void *context, const struct es9p_reply *reply)
{
    struct relay_call *call = context;
    struct buf content = {0};
    const char *detail = "the SM-DP+'s answer is not well-formed";
    char why[sizeof(call->address) + sizeof(reply->why) + 8];
    int number;

    if (reply->outcome != ES9P_EXECUTED) {
        snprintf(why, sizeof(why), "%s: %s", call->address, reply->why);
        answer_error(call, (int)error_number(call->es9p.function->id, reply), why);
        return;
    }
    number = call->function->finish(call, &reply->answer, &content, &detail);
    if (number == 0 && !content.failed)
        answer_ok(call, &content);
    else
        answer_error(call, number != 0 ? number : ESIPA_UNDEFINED_ERROR, detail);
    buf_free(&content);
}

static struct relay_call *call_new(struct relay *relay, esipa_done *done, void *context)
{
    struct relay_call *call = relay->calls_count < RELAY_CALLS_MAX ? calloc(1, sizeof(*call)) : NULL;

    if (call == NULL)
        return NULL;
    call->relay = relay;
    call->eim = relay->eim;
    call->sessions = relay->sessions;
    call->allowed = &relay->allowed;
    call->done = done;
    call->context = context;
    LIST_INSERT_HEAD(&relay->calls, call, link);
    relay->calls_count++;
    return call;
}

bool relay_message(struct relay *relay, uint32_t tag, struct span content, esipa_done *done, void *context)
{
    const struct relay_function *function = relay_function_by_tag(tag);
    struct relay_call *call = function != NULL ? call_new(relay, done, context) : NULL;
    struct es9p_message request = {0};
    struct span values[ES9P_MEMBERS_MAX];
    const char *detail = "the message is not well-formed";
    int number;

    if (function == NULL)
        return false;
    if (call == NULL) {
        log_line(LOG_LEVEL_ERROR, "ESipa %s: too much at once", function->es9p->name);
        say_error(function, ESIPA_UNDEFINED_ERROR, done, context);
        return true;
    }
    call->function = function;
    call->es9p = (struct es9p_call){function->es9p, on_reply, call};
    number = function->begin(call, content, &request, &detail);
    if (call->is_smds && function->es9p->id == ES9P_AUTHENTICATE_CLIENT)
        call->es9p.function = &es9p_functions[ES11_AUTHENTICATE_CLIENT];
    es9p_message_spans(&request, values);
    if (number != 0)
        answer_error(call, number, detail);
    else
        es9p_client_post(relay->client, call->address, values, &call->es9p);
    es9p_message_clear(&request);
    return true;
}

/* --- Notifications -------------------------------------------------------------------------------------- */

static void on_forwarded(void *context, const struct es9p_reply *reply)
{
    struct relay *relay = context;
    int64_t id = relay->forwarding;

    relay->forwarding = 0;
    if (reply->outcome != ES9P_EXECUTED)
        log_line(LOG_LEVEL_INFO, "notification %lld: not delivered: %s", (long long)id, reply->why);
    eim_forward_done(relay->eim, id, reply->outcome == ES9P_EXECUTED);
    if (reply->outcome == ES9P_EXECUTED) /* else the timer goes on, so that this never goes deeper */
        relay_forward(relay);
}

/* The next one that may go; what may not is passed over for good. */
static bool next_notification(struct relay *relay, int64_t *id, char address[EIM_ADDRESS_MAX + 1],
                              struct buf *pending)
{
    while (eim_forward_next(relay->eim, id, address, pending)) {
        if (relay_is_allowed(&relay->allowed, address) || eim_forward_is_known(relay->eim, *id, address))
            return true;
        log_line(LOG_LEVEL_INFO,
                 "notification %lld is not passed on: %s is no server of this eUICC's orders (--relay-to)",
                 (long long)*id, address);
        eim_forward_refuse(relay->eim, *id);
        buf_clear(pending);
    }
    return false;
}

void relay_forward(struct relay *relay)
{
    char address[EIM_ADDRESS_MAX + 1];
    struct buf pending = {0};
    struct span value;
    int64_t id = 0;

    if (relay->forwarding == 0 && next_notification(relay, &id, address, &pending)) {
        relay->forwarding = id;
        value = buf_span(&pending);
        es9p_client_post(relay->client, address, &value, &relay->forward);
    }
    buf_free(&pending);
}

static void on_forward_timer(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    relay_forward(context);
}

/* --- The relay ------------------------------------------------------------------------------------------ */

struct relay *relay_open(struct loop *loop, struct eim *eim, const char *cacert, long timeout)
{
    struct relay *relay = calloc(1, sizeof(*relay));
    const struct timeval every = {.tv_sec = FORWARD_EVERY};

    if (relay == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    relay->eim = eim;
    relay->forward = (struct es9p_call){&es9p_functions[ES9P_HANDLE_NOTIFICATION], on_forwarded, relay};
    relay->sessions = relay_sessions_new(eim);
    relay->forward_timer = event_new(loop_base(loop), -1, EV_PERSIST, on_forward_timer, relay);
    if (relay->sessions != NULL && relay->forward_timer != NULL &&
        event_add(relay->forward_timer, &every) == 0)
        relay->client = es9p_client_open(loop, cacert, "--smdp-ca", timeout, CONNECT_TIMEOUT);
    if (relay->client != NULL)
        return relay;
    relay_close(relay);
    return NULL;
}

void relay_close(struct relay *relay)
{
    if (relay == NULL)
        return;
    es9p_client_close(relay->client);
    while (!LIST_EMPTY(&relay->calls))
        call_free(LIST_FIRST(&relay->calls));
    relay_sessions_free(relay->sessions);
    if (relay->forward_timer != NULL)
        event_free(relay->forward_timer);
    free(relay);
}
