/* One round of polls, or one package that was handed in (SGP.32 5.14.4), on a loop of its own. See ipad.h. */
#include "device/ipad/ipad.h"

#include "common/tool.h"

struct once {
    struct loop *loop;
    bool is_over;
    int status;
};

static void on_polled(void *context, int status, bool is_connected)
{
    struct once *once = context;

    (void)is_connected;
    once->is_over = true;
    once->status = status;
    loop_end(once->loop);
}

int ipad_poll(struct ipad *ipad)
{
    struct once once = {.loop = loop_open(), .status = EXIT_FAILED};
    json_t *polled = ipad->json ? json_array() : NULL;
    struct poll *poll = NULL;

    ipad->loop = once.loop;
    if (once.loop != NULL)
        poll = ipad_poll_begin(ipad, polled, on_polled, &once);
    if (poll != NULL)
        loop_run(once.loop);
    if (poll != NULL && !once.is_over)
        ipad_poll_stop(poll);
    if (ipad->json)
        print_json(polled);
    loop_close(once.loop);
    return once.status;
}
