/* The errands to the Root SM-DS. See forward.h. */
#include "servers/smds/network/forward.h"

#include "common/backoff.h"
#include "common/log.h"
#include "common/tool.h"
#include "device/es12_client.h"

#include <event2/event.h>
#include <stdlib.h>

#define TIMEOUT         30 /* seconds for a call */
#define TIMEOUT_CONNECT 10
#define LOOK_AGAIN      1 /* seconds between looks for an errand that is due */

struct forward {
    struct smds *smds;
    const char *root;
    struct es12_client *client;
    struct event *look;
    struct errand errand; /* under way; id 0: none */
    struct es12_call call;
};

static int64_t pause_after(int64_t tries)
{
    return backoff_seconds(tries + 1, FORWARD_FIRST_PAUSE, FORWARD_PAUSE_MAX);
}

/* What the Root refuses it would refuse again; only one that cannot be reached is asked again. */
static void on_reply(void *context, const struct es12_reply *reply)
{
    struct forward *forward = context;
    const struct errand *errand = &forward->errand;
    struct db *store = forward->smds->store;
    const char *what = errand->is_delete ? "delete" : "register";
    bool stored;

    if (reply->outcome == ES12_EXECUTED || reply->nothing_left) {
        log_line(LOG_LEVEL_INFO, "ES15 %s at %s, EID %s, event %s: ok", what, forward->root, errand->eid,
                 errand->root_id);
        stored = smds_store_errand_done(store, errand->id);
    } else if (reply->outcome == ES12_REFUSED || errand->tries + 1 >= FORWARD_TRIES_MAX) {
        log_line(LOG_LEVEL_ERROR, "ES15 %s at %s, EID %s, event %s: given up: %s", what, forward->root,
                 errand->eid, errand->root_id, reply->why);
        stored = smds_store_errand_done(store, errand->id);
    } else {
        log_line(LOG_LEVEL_INFO, "ES15 %s at %s, EID %s, event %s: %s; tried again in %d s", what,
                 forward->root, errand->eid, errand->root_id, reply->why, (int)pause_after(errand->tries));
        stored = smds_store_errand_later(store, errand->id, smds_now() + pause_after(errand->tries));
    }
    forward->errand.id = 0;
    if (stored) /* else it would be asked again at once, for ever */
        event_active(forward->look, 0, 0);
}

static void on_look(int fd, short what, void *context)
{
    struct forward *forward = context;
    const struct smds *smds = forward->smds;
    const struct errand *errand = &forward->errand;

    (void)fd;
    (void)what;
    if (errand->id != 0 || !smds_store_errand(smds->store, smds_now(), &forward->errand))
        return;
    forward->call = (struct es12_call){
        &es12_functions[errand->is_delete ? ES12_DELETE_EVENT : ES12_REGISTER_EVENT], on_reply, forward};
    es12_client_post(forward->client, forward->root,
                     &(struct es12_event){errand->eid, errand->root_id, smds->rsp.address[0], false},
                     &forward->call);
}

static void on_errand(void *context)
{
    struct forward *forward = context;

    event_active(forward->look, 0, 0);
}

struct forward *forward_open(struct loop *loop, struct smds *smds, const struct forward_options *options)
{
    const struct es12_client_options client = {.requester = smds->rsp.address[0],
                                               .cacert = options->cacert,
                                               .ca_option = "--root-ca",
                                               .cert = options->cert,
                                               .key = options->key,
                                               .timeout = TIMEOUT,
                                               .connect_timeout = TIMEOUT_CONNECT};
    const struct timeval second = {.tv_sec = LOOK_AGAIN};
    struct forward *forward = calloc(1, sizeof(*forward));

    if (forward == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    forward->smds = smds;
    forward->root = options->root;
    forward->client = es12_client_open(loop, &client);
    forward->look = event_new(loop_base(loop), -1, EV_PERSIST, on_look, forward);
    if (forward->client == NULL || forward->look == NULL || event_add(forward->look, &second) != 0) {
        forward_close(forward);
        return NULL;
    }
    smds->on_errand = on_errand;
    smds->errand_context = forward;
    event_active(forward->look, 0, 0);
    return forward;
}

void forward_close(struct forward *forward)
{
    if (forward == NULL)
        return;
    forward->smds->on_errand = NULL;
    es12_client_close(forward->client);
    if (forward->look != NULL)
        event_free(forward->look);
    free(forward);
}
