/* A libevent base that ends with a signal. See loop.h. */
#include "common/loop.h"

#include "common/ending.h"
#include "common/log.h"
#include "common/tool.h"

#include <event2/event.h>
#include <stdlib.h>

struct loop {
    struct event_base *base;
    struct event *ending;
};

static void on_ending(evutil_socket_t fd, short events, void *context)
{
    struct loop *loop = context;

    (void)fd;
    (void)events;
    log_line(LOG_LEVEL_INFO, "stopping: %s", ending_name(ending_signal()));
    event_base_loopexit(loop->base, NULL);
}

static bool loop_watch(struct loop *loop)
{
    if (!ending_watch())
        return false;
    loop->ending = event_new(loop->base, ending_descriptor(), EV_READ, on_ending, loop);
    return loop->ending != NULL;
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
    if (loop != NULL && loop->base != NULL && loop_watch(loop))
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
    bool ok;

    if ((ending_signal() == 0 || ending_due()) && event_add(loop->ending, NULL) != 0)
        return false;
    ok = event_base_dispatch(loop->base) == 0;
    event_del(loop->ending);
    return ok;
}

void loop_end(struct loop *loop)
{
    event_base_loopexit(loop->base, NULL);
}

void loop_close(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->ending != NULL)
        event_free(loop->ending);
    if (loop->base != NULL)
        event_base_free(loop->base);
    free(loop);
}
