/* REFRESH: see modem_refresh.h. */
#include "device/modem/modem_refresh.h"

#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

enum { BUSY_NO_SPECIFIC_CAUSE = 0x00 };

static bool is_served(uint8_t mode)
{
    return mode <= PROACTIVE_REFRESH_SESSION_RESET || mode == PROACTIVE_REFRESH_PROFILE_STATE_CHANGE;
}

void refresh_serve(struct modem *modem)
{
    uint8_t mode = modem->command.qualifier;

    modem->refresh_seen = true;
    if (HAS_HABIT(modem, MODEM_REFUSES_REFRESH)) {
        modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, BUSY_NO_SPECIFIC_CAUSE);
    } else if (HAS_HABIT(modem, MODEM_IGNORES_REFRESH)) {
        modem_respond(modem, PROACTIVE_DONE);
    } else if (HAS_HABIT(modem, MODEM_RESETS_SILENTLY)) {
        modem->reset_due = true;
        modem_drop_command(modem);
    } else if (!is_served(mode)) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
    } else {
        modem->reset_due = mode == PROACTIVE_REFRESH_UICC_RESET;
        modem->read_due = !modem->reset_due;
        modem->profile_changes = mode == PROACTIVE_REFRESH_PROFILE_STATE_CHANGE;
        modem_respond(modem, PROACTIVE_DONE);
    }
}
