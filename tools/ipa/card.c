/* The card and the connection of `softeuicc ipa`, as its commands and its polls use them. See ipad.h. */
#include "common/tool.h"
#include "tools/ipa/ipad.h"

volatile sig_atomic_t ipad_interrupted;

void ipad_close_bearer(struct ipad *ipad)
{
    bearer_close(ipad->bearer);
    ipad->bearer = NULL;
}

bool ipad_reset_card(struct ipad *ipad)
{
    ipad_close_bearer(ipad); /* the connection was one over the profile that is not enabled any more */
    if (es10_restart(&ipad->es10))
        return true;
    ipad->link_broken = true;
    return false;
}

int ipad_card_failed(const struct ipad *ipad)
{
    return ipad->link_broken ? EXIT_FAILED : tool_error("%s", ipa_why(ipad->ipa));
}
