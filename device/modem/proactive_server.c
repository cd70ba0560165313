/* Proactive commands: see proactive_server.h. */
#include "device/modem/proactive_server.h"

#include "device/modem/card_commands.h"
#include "device/modem/modem_channels.h"
#include "device/modem/modem_events.h"
#include "device/modem/modem_local.h"
#include "device/modem/modem_polling.h"
#include "device/modem/modem_refresh.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_sms.h"
#include "device/modem/modem_tell.h"
#include "device/modem/modem_timers.h"
#include "device/modem/modem_toolkit.h"

#include <string.h>

enum { SELECT_MF = 0x3F00 };
enum { COMMANDS_IN_A_ROW = 10000, PAUSE_MS = 1000 };

static void serve_nothing(struct modem *modem)
{
    modem_respond(modem, PROACTIVE_DONE);
}

/* `tags`: the data objects that it may have, besides those that are passed over in any (8.2, 8.31, 8.70,
 * 8.80). Served whatever the habits: what a modem that claims all does serve. */
static const struct row {
    uint8_t type;
    void (*serve)(struct modem *modem);
    const char *tags;
    bool always;
} table[] = {
    {PROACTIVE_REFRESH, refresh_serve, "\x92\x9F", true},
    {PROACTIVE_MORE_TIME, serve_nothing, "", true},
    {PROACTIVE_POLL_INTERVAL, polling_set, "\x84", true},
    {PROACTIVE_POLLING_OFF, polling_stop, "", true},
    {PROACTIVE_SET_UP_EVENT_LIST, events_set_up, "\x99", false},
    {PROACTIVE_SEND_SHORT_MESSAGE, sms_send, "\x86\x8B", false},
    {PROACTIVE_PROVIDE_LOCAL_INFORMATION, local_provide, "", false},
    {PROACTIVE_TIMER_MANAGEMENT, timers_manage, "\xA4\xA5", false},
    {PROACTIVE_OPEN_CHANNEL, channels_open, "\x8D\xB5\xB9\xBC\xBE\xC7", false},
    {PROACTIVE_CLOSE_CHANNEL, channels_close, "", false},
    {PROACTIVE_RECEIVE_DATA, channels_receive, "\xB7", false},
    {PROACTIVE_SEND_DATA, channels_send, "\xB6", false},
    {PROACTIVE_GET_CHANNEL_STATUS, channels_status, "", false},
};

static const struct row *find_row(uint8_t type)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

/* An object that must be understood and is not: 6.10. */
static bool has_unknown_object(struct span objects, const char *tags)
{
    static const char anywhere[] = {(char)PROACTIVE_ALPHA_IDENTIFIER, (char)PROACTIVE_ICON_IDENTIFIER,
                                    (char)PROACTIVE_TEXT_ATTRIBUTE, (char)PROACTIVE_FRAME_IDENTIFIER};
    struct comprehension_object object;

    while (comprehension_next(&objects, &object)) {
        bool is_known = object.tag <= 0xFF && (strchr(tags, (char)object.tag) != NULL ||
                                               memchr(anywhere, (char)object.tag, sizeof(anywhere)) != NULL);

        if (object.is_required && !is_known)
            return true;
    }
    return false;
}

static void serve(struct modem *modem)
{
    const struct row *row = find_row(modem->command.type);

    if (row == NULL && modem_toolkit_ask(modem))
        return;
    if (row == NULL && HAS_HABIT(modem, MODEM_SAYS_OK)) {
        modem_respond(modem, PROACTIVE_DONE);
    } else if (row == NULL) {
        modem_respond(modem, modem_command_name(modem)[0] != '\0' ? PROACTIVE_BEYOND_ABILITY
                                                                  : PROACTIVE_TYPE_UNKNOWN);
    } else if (HAS_HABIT(modem, MODEM_CLAIMS_ALL) && !row->always) {
        modem_respond(modem, PROACTIVE_BEYOND_ABILITY);
    } else if (has_unknown_object(modem->command.objects, row->tags)) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
    } else {
        row->serve(modem);
    }
}

void proactive_dawdle(struct modem *modem)
{
    size_t size, records, announced = modem->announced;

    polling_send(modem);
    card_select(modem, SELECT_MF, &size, &records);
    if (modem->announced == 0)
        modem->announced = announced;
}

/* A card that never comes to an end gets a pause, in which time goes on. */
static void count_command(struct modem *modem)
{
    if (++modem->in_a_row < COMMANDS_IN_A_ROW)
        return;
    modem_trouble(modem, "%u proactive commands without a pause", modem->in_a_row);
    modem->in_a_row = 0;
    modem->paused = modem_now(modem) + PAUSE_MS;
}

static bool fetch(struct modem *modem)
{
    uint32_t size = (uint32_t)modem->announced;
    uint16_t sw;

    modem->announced = 0;
    sw = card_command(modem, 0x80, INS_FETCH, 0, 0, SPAN_NONE, size);
    if (sw == 0)
        return false;
    if (!card_is_ok(sw)) {
        modem_trouble(modem, "FETCH was answered with %04X", sw);
        return false;
    }
    buf_clear(&modem->command_octets);
    buf_append(&modem->command_octets, buf_span(&modem->data));
    return !modem->command_octets.failed;
}

void proactive_serve(struct modem *modem)
{
    if (HAS_HABIT(modem, MODEM_FETCHES_LATE))
        proactive_dawdle(modem);
    count_command(modem);
    modem_wake(modem);
    if (!fetch(modem))
        return;
    modem->figures.proactive_commands++;
    modem_is_active(modem);
    modem->is_under_way = true;
    buf_clear(&modem->objects);
    memset(&modem->command, 0, sizeof(modem->command));
    if (proactive_read_command(buf_span(&modem->command_octets), &modem->command)) {
        serve(modem);
        return;
    }
    modem_trouble(modem, "what was fetched is no proactive command");
    memset(&modem->command, 0, sizeof(modem->command));
    modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
}
