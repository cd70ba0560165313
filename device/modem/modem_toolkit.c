/* A guest's part of the toolkit: see modem_toolkit.h and modem_guest.h. */
#include "device/modem/modem_toolkit.h"

#include "apdu/apdu.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { PATIENCE_MS = 60000 };
enum { NO_RESPONSE_FROM_USER = 0x12, NO_SPECIFIC_CAUSE = 0x00 }; /* TS 102 223 8.12 */
enum { WAITS_FOR_USER = 0x80 /* of DISPLAY TEXT's qualifier, 8.6 */ };

/* Whether a command is done when a person has pressed something. */
static bool awaits_user(const struct modem *modem)
{
    switch (modem->command.type) {
    case PROACTIVE_GET_INKEY:
    case PROACTIVE_GET_INPUT:
    case PROACTIVE_SELECT_ITEM:
        return true;
    case PROACTIVE_DISPLAY_TEXT:
        return (modem->command.qualifier & WAITS_FOR_USER) != 0;
    default:
        return false;
    }
}

/* What is said for a guest that says nothing. */
static void give_up_guest(struct modem *modem)
{
    if (awaits_user(modem))
        modem_respond(modem, NO_RESPONSE_FROM_USER);
    else
        modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, NO_SPECIFIC_CAUSE);
}

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
        give_up_guest(modem);
}

/* The card is there: what a modem has begun it ends with a card that is. */
void modem_set_toolkit(struct modem *modem, const struct modem_toolkit *toolkit)
{
    bool was_asked = modem->is_guests;

    memset(&modem->toolkit, 0, sizeof(modem->toolkit));
    if (was_asked)
        give_up_guest(modem);
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
    if (response.size > APDU_SHORT_NC || !is_answer(modem, response))
        return MODEM_TOOLKIT_OTHER;
    modem->patience = ALARM_NEVER;
    modem_respond_octets(modem, response);
    return MODEM_TOOLKIT_DONE;
}

void modem_set_toolkit_profile(struct modem *modem, struct span profile)
{
    buf_clear(&modem->guest_profile);
    buf_append(&modem->guest_profile,
               SPAN(profile.data, profile.size < APDU_SHORT_NC ? profile.size : APDU_SHORT_NC));
    if (modem->guest_profile.failed)
        buf_free(&modem->guest_profile);
}
