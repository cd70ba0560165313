/* STATUS polling: see modem_polling.h. */
#include "device/modem/modem_polling.h"

#include "device/modem/card_commands.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

enum { MS = 1000, STATUS_WITHOUT_DATA = 0x0C };
enum { UNIT_MINUTES = 0, UNIT_SECONDS = 1, UNIT_TENTHS = 2 }; /* 8.8 */

static void poll_later(struct modem *modem)
{
    modem->poll_at = modem->poll_interval > 0 ? modem_now(modem) + modem->poll_interval : ALARM_NEVER;
}

/* A duration's units in ms; 0: no unit. */
static int64_t unit_of(uint8_t unit)
{
    static const int64_t units[] = {[UNIT_MINUTES] = 60 * MS, [UNIT_SECONDS] = MS, [UNIT_TENTHS] = MS / 10};

    return unit < sizeof(units) / sizeof(units[0]) ? units[unit] : 0;
}

/* What is shorter than a second becomes one. */
void polling_set(struct modem *modem)
{
    uint8_t granted[2];
    struct span duration;

    if (!comprehension_find(modem->command.objects, PROACTIVE_DURATION, &duration)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
        return;
    }
    if (duration.size != 2 || unit_of(duration.data[0]) == 0 || duration.data[1] == 0) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
        return;
    }
    granted[0] = duration.data[0];
    granted[1] = duration.data[1];
    if (unit_of(granted[0]) * granted[1] < MS) {
        granted[0] = UNIT_SECONDS;
        granted[1] = 1;
    }
    modem->poll_interval = unit_of(granted[0]) * granted[1];
    poll_later(modem);
    modem_put_object(&modem->objects, PROACTIVE_DURATION, SPAN_ARRAY(granted));
    modem_respond(modem, PROACTIVE_DONE);
}

void polling_stop(struct modem *modem)
{
    modem->poll_interval = 0;
    poll_later(modem);
    modem_respond(modem, PROACTIVE_DONE);
}

void polling_begin(struct modem *modem)
{
    modem->poll_interval = (int64_t)modem->settings.status_seconds * MS;
    poll_later(modem);
}

void polling_send(struct modem *modem)
{
    modem->figures.polls++;
    card_command(modem, 0x80, INS_STATUS, 0x00, STATUS_WITHOUT_DATA, SPAN_NONE, 0);
    poll_later(modem);
}
