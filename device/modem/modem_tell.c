/* What a modem tells of itself: see modem_tell.h. */
#include "device/modem/modem_tell.h"

#include "crypto/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 200 };

void modem_tell(struct modem *modem, enum modem_event_kind kind, unsigned number, const char *text,
                struct span octets, struct span answer)
{
    char harmless[TEXT_MAX];
    struct modem_event event = {.kind = kind, .number = number, .octets = octets, .answer = answer};

    if (modem->told == NULL)
        return;
    event.time = modem_now(modem);
    if (text != NULL) {
        snprintf(harmless, sizeof(harmless), "%s", text);
        printable_text(harmless, strlen(harmless));
        event.text = harmless;
    }
    modem->told(modem->context, &event);
}

void modem_trouble(struct modem *modem, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    modem_tell(modem, MODEM_EVENT_TROUBLE, 0, text, SPAN_NONE, SPAN_NONE);
}

void modem_wake(struct modem *modem)
{
    alarm_set(modem->turn, modem_now(modem));
}

int64_t modem_now(const struct modem *modem)
{
    return device_clock_now(modem->clock);
}

void modem_is_active(struct modem *modem)
{
    modem->active_at = modem_now(modem);
}
