/*
 * A short message that wants the IPAe to poll: whoever is not to wait for the next poll can send one. It is
 * no more than a wish, which anybody can send, and so a poll that it brings is a minute after the last one at
 * least: those that come meanwhile are one, and none is lost, as an eIM may have sent it that had nothing yet
 * when it was polled. See ipae.h and ota_take_call.
 */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/os/host.h"

enum { MESSAGES_APART = 60 * 1000 }; /* milliseconds from a poll to one that a message brings */

void ipae_message_came(struct softeuicc *card)
{
    struct ipae *ipae = card->ipae;

    if (ipae == NULL || ipae->settings.number[IPAE_POLL_ON_MESSAGE] == 0)
        return;
    ipae->is_called = true;
    if (ipae_network_host(ipae->network) == NULL || ipae_terminal_has_toolkit(ipae->terminal))
        ipae_count_note(ipae, IPAE_COMMANDS); /* its ENVELOPE */
}

/* The network has been told that the message came, and does not send it again: what is planned is kept. */
bool ipae_message_plan(struct ipae *ipae)
{
    int64_t now = card_now(ipae->card);
    int64_t due = ipae->polled + MESSAGES_APART > now ? ipae->polled + MESSAGES_APART : now;

    if (!ipae->is_called)
        return true;
    ipae->is_called = false;
    return ipae_schedule_by(ipae, due);
}
