/* Real and virtual time with its alarms, in a heap. See clock.h. */
#include "device/clock.h"

#include <stdlib.h>
#include <time.h>

#define PRIORITIES 3 /* events have the middle one unless they say otherwise */

struct alarm {
    struct device_clock *clock;
    void (*rang)(void *context);
    void *context;
    int64_t at;
    uint64_t order; /* among those of one time */
    size_t place;   /* in the heap, while it is set */
};

struct device_clock {
    struct event_base *base;
    bool is_virtual;
    int64_t now;    /* of a virtual one */
    int64_t offset; /* of a real one: what is added to the monotonic time */
    unsigned holds;
    uint64_t order;     /* of the next alarm that is set */
    struct event *turn; /* for what is due next */
    bool is_turning;    /* … in the loop, for a virtual clock */
    struct alarm **heap;
    size_t set, alarms, capacity; /* in the heap; all there are; that have room in it */
};

/* --- the heap ------------------------------------------------------------------------------------------ */

static bool is_before(const struct alarm *a, const struct alarm *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void heap_place(struct device_clock *clock, size_t place, struct alarm *alarm)
{
    clock->heap[place] = alarm;
    alarm->place = place;
}

static void heap_rise(struct device_clock *clock, struct alarm *alarm)
{
    size_t place = alarm->place;

    while (place > 0 && is_before(alarm, clock->heap[(place - 1) / 2])) {
        heap_place(clock, place, clock->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_place(clock, place, alarm);
}

static void heap_sink(struct device_clock *clock, struct alarm *alarm)
{
    size_t place = alarm->place;
    size_t below;

    while ((below = 2 * place + 1) < clock->set) {
        if (below + 1 < clock->set && is_before(clock->heap[below + 1], clock->heap[below]))
            below++;
        if (!is_before(clock->heap[below], alarm))
            break;
        heap_place(clock, place, clock->heap[below]);
        place = below;
    }
    heap_place(clock, place, alarm);
}

static void heap_remove(struct device_clock *clock, struct alarm *alarm)
{
    struct alarm *last = clock->heap[--clock->set];

    if (last != alarm) {
        heap_place(clock, alarm->place, last);
        heap_rise(clock, last);
        heap_sink(clock, last);
    }
    alarm->at = ALARM_NEVER;
}

/* --- turns --------------------------------------------------------------------------------------------- */

static int64_t milliseconds(clockid_t id)
{
    struct timespec now = {0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t device_clock_now(const struct device_clock *clock)
{
    return clock->is_virtual ? clock->now : milliseconds(CLOCK_MONOTONIC) + clock->offset;
}

/* While a virtual clock is held, only what is due already gets a turn. */
static bool may_turn(const struct device_clock *clock)
{
    return clock->set > 0 && (clock->holds == 0 || clock->heap[0]->at <= clock->now);
}

static void await_turn(struct device_clock *clock)
{
    struct timeval wait = {0};

    if (clock->is_virtual) {
        /* A timer and not event_active: one that activates itself would run again before the sockets are
         * looked at. */
        if (!clock->is_turning && may_turn(clock))
            clock->is_turning = evtimer_add(clock->turn, &wait) == 0;
    } else if (clock->set > 0) {
        int64_t left = clock->heap[0]->at - device_clock_now(clock);

        if (left > 0) {
            wait.tv_sec = (time_t)(left / 1000);
            wait.tv_usec = (suseconds_t)(left % 1000 * 1000);
        }
        evtimer_add(clock->turn, &wait);
    } else {
        evtimer_del(clock->turn);
    }
}

/* What is due; alarms that are set meanwhile wait for the next turn, so that sockets have theirs. */
static void ring_due(struct device_clock *clock)
{
    const uint64_t end = clock->order;
    const int64_t now = device_clock_now(clock);

    while (clock->set > 0 && clock->heap[0]->at <= now && clock->heap[0]->order < end) {
        struct alarm *alarm = clock->heap[0];

        heap_remove(clock, alarm);
        alarm->rang(alarm->context);
    }
}

/* Of a virtual clock it has the lowest priority: nothing else was ready when the sockets were looked at. */
static void on_turn(evutil_socket_t fd, short events, void *context)
{
    struct device_clock *clock = context;

    (void)fd;
    (void)events;
    clock->is_turning = false;
    if (clock->is_virtual && may_turn(clock) && clock->heap[0]->at > clock->now)
        clock->now = clock->heap[0]->at;
    ring_due(clock);
    await_turn(clock);
}

/* --- the clock ----------------------------------------------------------------------------------------- */

/* Everybody else's events have a higher priority than the last one from now on. */
static bool has_priorities(struct event_base *base)
{
    return event_base_get_npriorities(base) >= PRIORITIES || event_base_priority_init(base, PRIORITIES) == 0;
}

struct device_clock *device_clock_new(struct event_base *base, bool is_virtual, int64_t start)
{
    struct device_clock *clock = calloc(1, sizeof(*clock));

    if (clock == NULL)
        return NULL;
    clock->base = base;
    clock->is_virtual = is_virtual;
    clock->now = start < 0 ? milliseconds(CLOCK_REALTIME) : start;
    clock->offset = clock->now - milliseconds(CLOCK_MONOTONIC);
    if (!is_virtual || has_priorities(base))
        clock->turn = evtimer_new(base, on_turn, clock);
    if (clock->turn != NULL &&
        (!is_virtual || event_priority_set(clock->turn, event_base_get_npriorities(base) - 1) == 0))
        return clock;
    device_clock_free(clock);
    return NULL;
}

void device_clock_free(struct device_clock *clock)
{
    if (clock == NULL)
        return;
    if (clock->turn != NULL)
        event_free(clock->turn);
    free(clock->heap);
    free(clock);
}

bool device_clock_is_virtual(const struct device_clock *clock)
{
    return clock->is_virtual;
}

void device_clock_hold(struct device_clock *clock)
{
    clock->holds++;
}

void device_clock_release(struct device_clock *clock)
{
    clock->holds--;
    if (clock->is_virtual)
        await_turn(clock);
}

/* --- alarms -------------------------------------------------------------------------------------------- */

struct alarm *alarm_new(struct device_clock *clock, void (*rang)(void *context), void *context)
{
    struct alarm *alarm = calloc(1, sizeof(*alarm));

    if (alarm != NULL && clock->alarms == clock->capacity) {
        size_t capacity = clock->capacity == 0 ? 16 : 2 * clock->capacity;
        struct alarm **heap = realloc(clock->heap, capacity * sizeof(struct alarm *));

        if (heap == NULL) {
            free(alarm);
            return NULL;
        }
        clock->heap = heap;
        clock->capacity = capacity;
    }
    if (alarm == NULL)
        return NULL;
    *alarm = (struct alarm){.clock = clock, .rang = rang, .context = context, .at = ALARM_NEVER};
    clock->alarms++;
    return alarm;
}

void alarm_free(struct alarm *alarm)
{
    if (alarm == NULL)
        return;
    alarm_set(alarm, ALARM_NEVER);
    alarm->clock->alarms--;
    free(alarm);
}

void alarm_set(struct alarm *alarm, int64_t at)
{
    struct device_clock *clock = alarm->clock;
    const struct alarm *first = clock->set > 0 ? clock->heap[0] : NULL;
    const int64_t first_at = first != NULL ? first->at : ALARM_NEVER;

    if (alarm->at != ALARM_NEVER)
        heap_remove(clock, alarm);
    if (at != ALARM_NEVER) {
        int64_t now = device_clock_now(clock);

        alarm->at = at > now ? at : now;
        alarm->order = clock->order++;
        heap_place(clock, clock->set, alarm);
        clock->set++;
        heap_rise(clock, alarm);
    }
    if (clock->set == 0 ? first != NULL : clock->heap[0]->at != first_at)
        await_turn(clock);
}

int64_t alarm_time(const struct alarm *alarm)
{
    return alarm->at;
}
