/* The card, the connections and the clock of an IPAd. See ipad.h. */
#include "device/ipad/ipad.h"

#include "common/tool.h"

#include <event2/event.h>
#include <time.h>

int64_t ipad_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void ipad_ring(struct event *timer, int64_t after)
{
    const struct timeval wait = {.tv_sec = after > 0 ? after / 1000 : 0,
                                 .tv_usec = after > 0 ? after % 1000 * 1000 : 0};

    event_add(timer, &wait);
}

void ipad_close_bearers(struct ipad *ipad)
{
    bearer_close(ipad->to_eim);
    bearer_close(ipad->to_smdp);
    ipad->to_eim = NULL;
    ipad->to_smdp = NULL;
}

bool ipad_reset_card(struct ipad *ipad)
{
    ipad_close_bearers(ipad); /* the connections were over the profile that is not enabled any more */
    ipad->heard = ipad_now();
    if (es10_restart(&ipad->es10))
        return true;
    ipad->link_broken = true;
    return false;
}

int ipad_card_failed(const struct ipad *ipad)
{
    return ipad->link_broken ? EXIT_FAILED : tool_error("%s", ipa_why(ipad->ipa));
}
