/* A guest's part of the toolkit: see modem_toolkit.h and modem_guest.h. */
#include "device/modem/modem_toolkit.h"

#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { PATIENCE_MS = 60000, PROFILE_MAX = 255, NO_RESPONSE_FROM_USER = 0x12 /* TS 102 223 8.12 */ };

bool modem_toolkit_ask(struct modem *modem)
{
    if (modem->toolkit.asked == NULL)
        return false;
    modem->is_guests = modem->is_guests_session = true;
    modem->patience = modem_now(modem) + PATIENCE_MS;
    modem->toolkit.asked(modem->toolkit.context, buf_span(&modem->command_octets));
    return true;
}

void modem_toolkit_continue(struct modem *modem)
{
    if (modem_now(modem) >= modem->patience)
        modem_respond(modem, NO_RESPONSE_FROM_USER);
}

/* The card is there: what a modem has begun it ends with a card that is. */
void modem_set_toolkit(struct modem *modem, const struct modem_toolkit *toolkit)
{
    bool was_asked = modem->is_guests;

    memset(&modem->toolkit, 0, sizeof(modem->toolkit));
    if (was_asked)
        modem_respond(modem, NO_RESPONSE_FROM_USER);
    if (toolkit != NULL)
        modem->toolkit = *toolkit;
}

static bool is_answer(const struct modem *modem, struct span octets)
{
    struct proactive_response response;

    return proactive_read_response(octets, &response) && response.number == modem->command.number &&
           response.type == modem->command.type && response.qualifier == modem->command.qualifier;
}

enum modem_toolkit_result modem_toolkit_respond(struct modem *modem, struct span response)
{
    if (!modem->is_guests)
        return MODEM_TOOLKIT_NOT_ASKED;
    if (response.size > PROFILE_MAX || !is_answer(modem, response))
        return MODEM_TOOLKIT_OTHER;
    modem->patience = ALARM_NEVER;
    modem_respond_octets(modem, response);
    return MODEM_TOOLKIT_DONE;
}

void modem_set_toolkit_profile(struct modem *modem, struct span profile)
{
    buf_clear(&modem->guest_profile);
    buf_append(&modem->guest_profile,
               SPAN(profile.data, profile.size < PROFILE_MAX ? profile.size : PROFILE_MAX));
    if (modem->guest_profile.failed)
        buf_free(&modem->guest_profile);
}
