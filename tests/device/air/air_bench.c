/* A network with one modem's place in it. See air_bench.h. */
#include "tests/device/air/air_bench.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void on_changed(void *context)
{
    static const char *const services[] = {"searching", "normal", "limited", "none"};
    struct bench *bench = context;
    const struct air_state *state = air_state(bench->air);
    const size_t size = strlen(bench->changes);

    bench->changed++;
    event_base_loopbreak(bench->base);
    snprintf(bench->changes + size, sizeof(bench->changes) - size, "%lld %s %u %u%s\n",
             (long long)device_clock_now(bench->clock), services[state->service], state->area, state->cause,
             state->is_roaming ? " roaming" : "");
}

static void on_message(void *context, struct span tpdu)
{
    struct bench *bench = context;
    const size_t size = strlen(bench->messages);
    char text[64];

    snprintf(bench->messages + size, sizeof(bench->messages) - size, "%lld %s\n",
             (long long)device_clock_now(bench->clock), hex_from_span(tpdu, text, sizeof(text)));
}

void bench_open(struct bench *bench, const char *text, bool is_virtual, uint64_t seed)
{
    const struct air_watcher watcher = {bench, on_changed, on_message};
    const char *path = test_path("network");
    FILE *file = fopen(path, "w");
    char why[AIR_WHY_MAX] = "";

    memset(bench, 0, sizeof(*bench));
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    bench->base = event_base_new();
    bench->clock = device_clock_new(bench->base, is_virtual, 0);
    bench->air = air_new(bench->base, bench->clock, path, seed, why);
    ck_assert_msg(bench->air != NULL, "%s", why);
    air_watch(bench->air, &watcher);
}

void bench_end(struct bench *bench)
{
    air_free(bench->air);
    device_clock_free(bench->clock);
    event_base_free(bench->base);
}

void bench_attach(struct bench *bench, const char *imsi)
{
    const struct air_subscriber subscriber = {"8988211000000000025", imsi != NULL ? imsi : "001010000000001"};
    const unsigned before = bench->changed;

    air_attach(bench->air, &subscriber);
    ck_assert_uint_eq(bench->changed, before); /* never inside the call */
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    *(bool *)context = true;
}

void bench_until(struct bench *bench, const unsigned *flag)
{
    const struct timeval limit = {10, 0};
    bool is_late = false;
    struct event *late = evtimer_new(bench->base, on_late, &is_late);

    evtimer_add(late, &limit);
    while (*flag == 0 && !is_late)
        event_base_loop(bench->base, EVLOOP_ONCE);
    event_free(late);
    ck_assert(!is_late);
}

static void on_passed(void *context)
{
    *(unsigned *)context = 1;
}

void bench_pass(struct bench *bench, int64_t until)
{
    unsigned passed = 0;
    struct alarm *alarm = alarm_new(bench->clock, on_passed, &passed);

    alarm_set(alarm, until);
    bench_until(bench, &passed);
    alarm_free(alarm);
}

/* --- channels ------------------------------------------------------------------------------------------- */

static void on_opened(void *context)
{
    struct recorder *recorder = context;

    recorder->opened++;
    recorder->opened_at = device_clock_now(recorder->bench->clock);
    event_base_loopbreak(recorder->bench->base); /* before a jump */
}

static void on_received(void *context, struct span octets)
{
    struct recorder *recorder = context;

    ck_assert(recorder->opened == 1 && recorder->closed == 0);
    buf_append(&recorder->octets, octets);
    recorder->pieces++;
    recorder->received_at = device_clock_now(recorder->bench->clock);
    recorder->done = recorder->octets.size >= recorder->wanted;
    event_base_loopbreak(recorder->bench->base);
}

static void on_closed(void *context, const char *why)
{
    struct recorder *recorder = context;

    ck_assert_uint_eq(recorder->closed++, 0);
    recorder->closed_at = device_clock_now(recorder->bench->clock);
    snprintf(recorder->why, sizeof(recorder->why), "%s", why);
}

void recorder_open(struct bench *bench, struct recorder *recorder, enum air_transport transport,
                   const char *address, uint16_t port)
{
    const struct air_channel_events events = {recorder, on_opened, on_received, on_closed};
    struct air_target target = {.transport = transport, .port = port, .address_size = 4};

    *recorder = (struct recorder){.bench = bench, .wanted = 1};
    if (inet_pton(AF_INET, address, target.address) != 1) {
        target.address_size = 16;
        ck_assert_int_eq(inet_pton(AF_INET6, address, target.address), 1);
    }
    recorder->channel = air_channel_open(bench->air, &target, &events);
    ck_assert_ptr_nonnull(recorder->channel);
    ck_assert(recorder->opened == 0 && recorder->closed == 0);
}

void recorder_send(struct recorder *recorder, const char *text)
{
    ck_assert(air_channel_send(recorder->channel, span_of_string(text)));
}

void recorder_end(struct recorder *recorder)
{
    air_channel_close(recorder->channel);
    buf_free(&recorder->octets);
}
