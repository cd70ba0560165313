/* A modem between a fake card and a fake air: see modem_bench.h. */
#include "tests/device/modem/modem_bench.h"

#include <stdio.h>
#include <string.h>

enum { TURNS_MAX = 200000, STATUS_MS = 30000 };

static void told(void *context, const struct modem_event *event)
{
    struct modem_bench *bench = context;
    char line[400];

    if (event->kind == MODEM_EVENT_APDU)
        return;
    bench->troubles += event->kind == MODEM_EVENT_TROUBLE;
    snprintf(line, sizeof(line), "%d %u %s\n", (int)event->kind, event->number,
             event->text != NULL ? event->text : "-");
    buf_append(&bench->told, span_of_string(line));
}

void bench_init(struct modem_bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    fake_card_init(&bench->card);
    bench->clock = device_clock_new(NULL, true, BENCH_START);
    bench->air = air_new(NULL, bench->clock, "", 0, NULL);
    strcpy(bench->settings.imei, "123456789012347");
}

void bench_start(struct modem_bench *bench)
{
    bench->modem = modem_new(bench->clock, &bench->card.link, bench->air, &bench->settings, told, bench);
    ck_assert_ptr_nonnull(bench->modem);
    ck_assert(modem_start(bench->modem));
    bench_settle(bench);
    fake_log_take(&bench->card.log);
    fake_log_take(&bench->card.responses);
    fake_log_take(&bench->card.envelopes);
    fake_log_take(&bench->told);
}

void bench_free(struct modem_bench *bench)
{
    modem_free(bench->modem);
    air_free(bench->air);
    device_clock_free(bench->clock);
    fake_card_free(&bench->card);
    buf_free(&bench->told);
}

void bench_settle(struct modem_bench *bench)
{
    ck_assert_uint_lt(fake_clock_settle(bench->clock, TURNS_MAX), TURNS_MAX);
}

void bench_pass(struct modem_bench *bench, int64_t ms)
{
    fake_clock_pass(bench->clock, ms);
}

void bench_poll(struct modem_bench *bench)
{
    bench_pass(bench, STATUS_MS);
    bench_settle(bench);
}

/* 81 03 … 82 02 … are the same in all responses but their number and type, which the fake card's commands
 * have. */
static const char *behind_head(const char *line)
{
    return strlen(line) > 18 ? line + 18 : "";
}

const char *bench_response(struct modem_bench *bench)
{
    const char *line = fake_log_take(&bench->card.responses);
    static char response[600];

    snprintf(response, sizeof(response), "%s", behind_head(line));
    response[strcspn(response, "\n")] = '\0';
    return response;
}

const char *bench_serve(struct modem_bench *bench, uint8_t type, uint8_t qualifier, uint8_t destination,
                        const char *objects)
{
    fake_log_take(&bench->card.responses);
    fake_card_command(&bench->card, type, qualifier, destination, objects);
    bench_poll(bench);
    return bench_response(bench);
}

const char *bench_envelopes(struct modem_bench *bench)
{
    return fake_log_take(&bench->card.envelopes);
}
