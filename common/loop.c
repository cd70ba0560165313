/* A libevent base with its signals. See loop.h. */
#include "common/loop.h"

#include "common/log.h"
#include "common/tool.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

static const int ending_signals[] = {SIGTERM, SIGINT};
#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

struct loop {
    struct event_base *base;
    struct event *signals[ENDING_SIGNALS];
};

static void on_signal(evutil_socket_t number, short events, void *context)
{
    struct loop *loop = context;

    (void)events;
    log_line(LOG_LEVEL_INFO, "stopping: signal %d", (int)number);
    event_base_loopexit(loop->base, NULL);
}

static bool watch_signals(struct loop *loop)
{
    for (size_t i = 0; i < ENDING_SIGNALS; i++) {
        loop->signals[i] = evsignal_new(loop->base, ending_signals[i], on_signal, loop);
        if (loop->signals[i] == NULL || event_add(loop->signals[i], NULL) != 0)
            return false;
    }
    return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/* What libevent has to say is no error line of ours. */
static void on_libevent(int severity, const char *message)
{
    (void)severity;
    log_line(LOG_LEVEL_DEBUG, "libevent: %s", message);
}

struct loop *loop_open(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    event_set_log_callback(on_libevent);
    if (loop != NULL)
        loop->base = event_base_new();
    if (loop != NULL && loop->base != NULL && watch_signals(loop))
        return loop;
    tool_error("cannot set up the event loop");
    loop_close(loop);
    return NULL;
}

struct event_base *loop_base(const struct loop *loop)
{
    return loop->base;
}

bool loop_run(struct loop *loop)
{
    return event_base_dispatch(loop->base) == 0;
}

void loop_end(struct loop *loop)
{
    event_base_loopexit(loop->base, NULL);
}

void loop_close(struct loop *loop)
{
    if (loop == NULL)
        return;
    for (size_t i = 0; i < ENDING_SIGNALS; i++) {
        if (loop->signals[i] != NULL)
            event_free(loop->signals[i]);
    }
    if (loop->base != NULL)
        event_base_free(loop->base);
    free(loop);
}
