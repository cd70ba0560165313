/* Power saving: see modem_sleep.h. */
#include "device/modem/modem_sleep.h"

#include "device/modem/card_commands.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { SUSPEND = 0x00, RESUME = 0x01, DURATION_SIZE = 2, MS = 1000 };

int64_t sleep_at(const struct modem *modem)
{
    const struct modem_settings *settings = &modem->settings;

    if (settings->sleep_seconds == 0 || !modem_is_idle(modem) ||
        air_state(modem->air)->service == AIR_SEARCHING)
        return ALARM_NEVER;
    return modem->active_at + (int64_t)settings->active_seconds * MS;
}

/* Units of a duration, in seconds: second, minute, hour, day, ten days. */
static const uint32_t units[] = {1, 60, 60 * 60, 24 * 60 * 60, 10 * 24 * 60 * 60};
enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

/* At least so long, in the finest unit in which it can be said. */
static void put_duration(uint32_t seconds, uint8_t octets[DURATION_SIZE])
{
    for (uint8_t i = 0; i < UNIT_COUNT; i++) {
        uint32_t count = seconds / units[i] + (seconds % units[i] != 0);

        octets[0] = i;
        octets[1] = (uint8_t)(count < 0xFF ? count : 0xFF);
        if (count <= 0xFF)
            return;
    }
}

static int64_t read_duration(const uint8_t octets[DURATION_SIZE])
{
    return octets[0] < UNIT_COUNT ? (int64_t)units[octets[0]] * octets[1] * MS : 0;
}

/* Asks the card; a card that does not serve it is just switched off. */
static void suspend_card(struct modem *modem)
{
    uint8_t durations[2 * DURATION_SIZE] = {0};
    int64_t longest;

    put_duration(modem->settings.sleep_seconds, durations + DURATION_SIZE);
    if (!card_is_ok(card_command(modem, 0x80, INS_SUSPEND_UICC, SUSPEND, 0, SPAN_ARRAY(durations),
                                 DURATION_SIZE + TOKEN_SIZE)) ||
        modem->data.size != DURATION_SIZE + TOKEN_SIZE)
        return;
    modem->is_suspended = true;
    memcpy(modem->token, modem->data.data + DURATION_SIZE, TOKEN_SIZE);
    longest = modem_now(modem) + read_duration(modem->data.data);
    if (longest < modem->wake_at && longest > modem_now(modem))
        modem->wake_at = longest;
}

void sleep_begin(struct modem *modem)
{
    modem->wake_at = modem_now(modem) + (int64_t)modem->settings.sleep_seconds * MS;
    modem->is_suspended = false;
    if (modem->settings.suspends)
        suspend_card(modem);
    air_detach(modem->air);
    link_power_off(modem->link);
    modem->stage = MODEM_ASLEEP;
    modem_tell(modem, MODEM_EVENT_POWER, 0, "asleep", SPAN_NONE, SPAN_NONE);
}

bool sleep_resume(struct modem *modem)
{
    bool was_suspended = modem->is_suspended;

    modem->is_suspended = false;
    return was_suspended &&
           card_is_ok(card_command(modem, 0x80, INS_SUSPEND_UICC, RESUME, 0, SPAN_ARRAY(modem->token), 0));
}
