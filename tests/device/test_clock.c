/* The clock: order and times of alarms, jumps that wait for sockets and holds, and loops that sleep when
 * there is nothing to do. */
#include "device/clock.h"
#include "tests/support/test.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct ring {
    struct device_clock *clock;
    struct alarm *alarm;
    char name;
    int64_t again; /* ms until it rings anew; 0: it does not */
    int64_t at;
};

static char rung[64];

static void on_ring(void *context)
{
    struct ring *ring = context;
    const size_t size = strlen(rung);

    if (size + 1 < sizeof(rung))
        rung[size] = ring->name;
    ring->at = device_clock_now(ring->clock);
    if (ring->again > 0)
        alarm_set(ring->alarm, ring->at + ring->again);
}

static void make_ring(struct device_clock *clock, struct ring *ring, char name, int64_t at)
{
    *ring = (struct ring){.clock = clock, .name = name};
    ring->alarm = alarm_new(clock, on_ring, ring);
    ck_assert_ptr_nonnull(ring->alarm);
    ck_assert_int_eq(alarm_time(ring->alarm), ALARM_NEVER);
    alarm_set(ring->alarm, at);
}

static struct event_base *begin(void)
{
    struct event_base *base = event_base_new();

    memset(rung, 0, sizeof(rung));
    ck_assert_ptr_nonnull(base);
    return base;
}

START_TEST(alarms_ring_in_order)
{
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 1000);
    struct ring rings[7];
    const int64_t times[7] = {5000, 3000, 5000, 999, 3000, 1000, 86401000};

    for (size_t i = 0; i < 7; i++)
        make_ring(clock, &rings[i], (char)('a' + i), times[i]);
    ck_assert_int_eq(alarm_time(rings[3].alarm), 1000); /* what is past is now */
    alarm_set(rings[1].alarm, 3000);                    /* set anew: behind the other one of its time */
    ck_assert_str_eq(rung, "");
    event_base_dispatch(base);
    ck_assert_str_eq(rung, "dfebacg");
    ck_assert_int_eq(rings[6].at, 86401000);
    ck_assert_int_eq(device_clock_now(clock), 86401000);
    for (size_t i = 0; i < 7; i++)
        alarm_free(rings[i].alarm);
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

START_TEST(many_alarms_ring_in_order)
{
    enum { COUNT = 300 };
    static struct ring rings[COUNT];
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 0);
    unsigned chance = 1;

    for (size_t i = 0; i < COUNT; i++)
        make_ring(clock, &rings[i], 'x', (chance = chance * 1103515245 + 12345) % 100000);
    for (size_t i = 0; i < COUNT; i += 3)
        alarm_set(rings[i].alarm, i % 2 == 0 ? ALARM_NEVER : (int64_t)(200000 - i));
    for (size_t i = 0; i < COUNT; i++) {
        int64_t at = alarm_time(rings[i].alarm);

        rings[i].again = 0;
        rings[i].at = at == ALARM_NEVER ? -1 : -2 - at;
    }
    event_base_dispatch(base);
    chance = 1;
    for (size_t i = 0; i < COUNT; i++) {
        int64_t wanted = (chance = chance * 1103515245 + 12345) % 100000;

        if (i % 3 == 0)
            wanted = i % 2 == 0 ? -1 : (int64_t)(200000 - i);
        ck_assert_int_eq(rings[i].at, wanted);
        alarm_free(rings[i].alarm);
    }
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

static void free_itself(void *context)
{
    struct ring *ring = context;

    alarm_free(ring->alarm);
    ring->alarm = NULL;
}

START_TEST(an_alarm_is_freed_where_it_rings)
{
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 0);
    struct ring ring = {.clock = clock};

    ring.alarm = alarm_new(clock, free_itself, &ring);
    alarm_set(ring.alarm, 10);
    event_base_dispatch(base);
    ck_assert_ptr_null(ring.alarm);
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void on_let_go(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    device_clock_release(context);
}

START_TEST(a_hold_stops_it_without_a_spin)
{
    const struct timeval later = {0, 300000};
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 0);
    struct event *let_go = evtimer_new(base, on_let_go, clock);
    struct ring later_one;
    struct ring due;
    double before;

    make_ring(clock, &later_one, 'l', 60000);
    device_clock_hold(clock);
    device_clock_hold(clock);
    device_clock_release(clock);
    make_ring(clock, &due, 'd', 0); /* no jump is needed for what is due */
    evtimer_add(let_go, &later);
    before = cpu_seconds();
    event_base_loop(base, EVLOOP_ONCE);
    ck_assert_str_eq(rung, "d");
    ck_assert_int_eq(device_clock_now(clock), 0);
    event_base_dispatch(base);
    ck_assert_str_eq(rung, "dl");
    ck_assert(cpu_seconds() - before < 0.1);
    alarm_free(later_one.alarm);
    alarm_free(due.alarm);
    event_free(let_go);
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

static unsigned octets_seen;

static void on_octet(evutil_socket_t fd, short events, void *context)
{
    char octet;

    (void)events;
    if (read(fd, &octet, 1) == 1)
        octets_seen++;
    ck_assert_int_eq(device_clock_now(context), 0);
}

START_TEST(sockets_come_before_a_jump)
{
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 0);
    struct event *readable;
    struct ring ring;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    readable = event_new(base, ends[0], EV_READ | EV_PERSIST, on_octet, clock);
    event_add(readable, NULL);
    make_ring(clock, &ring, 'r', 1);
    octets_seen = 0;
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    while (rung[0] == '\0')
        event_base_loop(base, EVLOOP_ONCE);
    ck_assert_uint_eq(octets_seen, 5);
    event_free(readable);
    alarm_free(ring.alarm);
    device_clock_free(clock);
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* A year of a minute's alarm, and sixty more that are set beside it. */
START_TEST(a_year_takes_seconds)
{
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, true, 0);
    struct ring idle[60];
    struct ring minute;
    double before = cpu_seconds();

    for (size_t i = 0; i < 60; i++)
        make_ring(clock, &idle[i], 'i', INT64_C(365) * 24 * 3600 * 1000 + (int64_t)i);
    make_ring(clock, &minute, 'm', 60000);
    minute.again = 60000;
    while (device_clock_now(clock) < INT64_C(365) * 24 * 3600 * 1000)
        event_base_loop(base, EVLOOP_ONCE);
    ck_assert(cpu_seconds() - before < 20);
    alarm_free(minute.alarm);
    for (size_t i = 0; i < 60; i++)
        alarm_free(idle[i].alarm);
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

START_TEST(a_real_one_takes_its_time)
{
    struct event_base *base = begin();
    struct device_clock *clock = device_clock_new(base, false, 5000);
    struct device_clock *now = device_clock_new(base, false, -1);
    const double before = cpu_seconds();
    struct ring first;
    struct ring second;
    int64_t start;

    ck_assert(!device_clock_is_virtual(clock));
    start = device_clock_now(clock);
    ck_assert(start >= 5000 && start < 6000);
    ck_assert(device_clock_now(now) > INT64_C(1600000000000));
    make_ring(clock, &second, 'b', start + 200);
    make_ring(clock, &first, 'a', start + 100);
    device_clock_hold(clock); /* without effect */
    event_base_dispatch(base);
    ck_assert_str_eq(rung, "ab");
    ck_assert_int_ge(first.at, start + 100);
    ck_assert_int_ge(second.at, start + 200);
    ck_assert(cpu_seconds() - before < 0.1);
    device_clock_release(clock);
    alarm_free(first.alarm);
    alarm_free(second.alarm);
    device_clock_free(now);
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

TEST_MAIN("clock", alarms_ring_in_order, many_alarms_ring_in_order, an_alarm_is_freed_where_it_rings,
          a_hold_stops_it_without_a_spin, sockets_come_before_a_jump, a_year_takes_seconds,
          a_real_one_takes_its_time)
