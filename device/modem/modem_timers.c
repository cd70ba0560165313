/* The card's timers: see modem_timers.h. */
#include "device/modem/modem_timers.h"

#include "apdu/tlv.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum { MS = 1000 };

/* An envelope's have their comprehension bit. */
static void put_expired(struct buf *objects, const struct modem_timer *timer, unsigned number)
{
    size_t before;

    tlv_put_octet(objects, PROACTIVE_TIMER_IDENTIFIER, (uint8_t)number);
    before = objects->size;
    proactive_put_timer_value(objects, timer->seconds);
    if (!objects->failed)
        objects->data[before] |= COMPREHENSION_REQUIRED;
}

/* Seconds that are left, begun ones count. */
static unsigned left_of(const struct modem *modem, const struct modem_timer *timer)
{
    int64_t left = timer->due - modem_now(modem);

    return left > 0 ? (unsigned)((left + MS - 1) / MS) : 0;
}

static void start_timer(struct modem *modem, struct modem_timer *timer)
{
    struct span value;
    unsigned seconds;

    if (!comprehension_find(modem->command.objects, PROACTIVE_TIMER_VALUE, &value)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
    } else if (!proactive_read_timer_value(value, &seconds)) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
    } else {
        *timer = (struct modem_timer){
            .is_running = true, .due = modem_now(modem) + (int64_t)seconds * MS, .seconds = seconds};
        modem_respond(modem, PROACTIVE_DONE);
    }
}

static void stop_or_tell(struct modem *modem, struct modem_timer *timer)
{
    if (!timer->is_running) {
        modem_respond(modem, PROACTIVE_TIMER_CONTRADICTION);
        return;
    }
    proactive_put_timer_value(&modem->objects, left_of(modem, timer));
    if (modem->command.qualifier == PROACTIVE_TIMER_DEACTIVATE)
        memset(timer, 0, sizeof(*timer));
    modem_respond(modem, PROACTIVE_DONE);
}

void timers_manage(struct modem *modem)
{
    struct span identifier;
    struct modem_timer *timer;

    if (!comprehension_find(modem->command.objects, PROACTIVE_TIMER_IDENTIFIER, &identifier)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
        return;
    }
    if (identifier.size != 1 || identifier.data[0] < 1 || identifier.data[0] > PROACTIVE_TIMERS_MAX ||
        modem->command.qualifier > PROACTIVE_TIMER_GET) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
        return;
    }
    timer = &modem->timers[identifier.data[0] - 1];
    modem_put_object(&modem->objects, PROACTIVE_TIMER_IDENTIFIER, identifier);
    if (modem->command.qualifier == PROACTIVE_TIMER_START)
        start_timer(modem, timer);
    else
        stop_or_tell(modem, timer);
}

bool timers_take_expired(struct modem *modem, struct buf *objects)
{
    int64_t now = modem_now(modem);
    struct modem_timer *first = NULL;

    if (HAS_HABIT(modem, MODEM_LOSES_TIMERS))
        return false;
    for (size_t i = 0; i < PROACTIVE_TIMERS_MAX; i++) {
        struct modem_timer *timer = &modem->timers[i];

        if (timer->is_running && timer->due <= now && (first == NULL || timer->due < first->due))
            first = timer;
    }
    if (first == NULL)
        return false;
    put_expired(objects, first, (unsigned)(first - modem->timers + 1));
    memset(first, 0, sizeof(*first));
    return true;
}

int64_t timers_next(const struct modem *modem)
{
    int64_t next = ALARM_NEVER;

    if (HAS_HABIT(modem, MODEM_LOSES_TIMERS))
        return next;
    for (size_t i = 0; i < PROACTIVE_TIMERS_MAX; i++)
        if (modem->timers[i].is_running && modem->timers[i].due < next)
            next = modem->timers[i].due;
    return next;
}

void timers_end_all(struct modem *modem)
{
    memset(modem->timers, 0, sizeof(modem->timers));
}
