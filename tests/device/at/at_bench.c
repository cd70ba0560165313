/* An AT session at a modem: see at_bench.h. */
#include "tests/device/at/at_bench.h"

#include "tests/support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TURNS_MAX = 200000 };
#define BENCH_START INT64_C(1796083200000) /* 2026-12-01 00:00:00 UTC */

/* --- the link ------------------------------------------------------------------------------------------ */

static void put_hex(struct buf *out, struct span octets)
{
    char digits[3];

    for (size_t i = 0; i < octets.size; i++) {
        snprintf(digits, sizeof(digits), "%02X", octets.data[i]);
        buf_append(out, span_of_string(digits));
    }
}

static const char *override_of(const struct at_bench *bench, struct span capdu)
{
    for (size_t i = 0; i < AT_BENCH_OVERRIDES; i++)
        if (bench->overrides[i].answer != NULL && span_begins_with(capdu, hex(bench->overrides[i].begins)))
            return bench->overrides[i].answer;
    return NULL;
}

static bool ask_card(struct at_bench *bench, struct span capdu, struct buf *response)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size = sizeof(rapdu);

    if (bench->euicc.card == NULL)
        return bench->fake.link.kind->transmit(&bench->fake.link, capdu, response);
    softeuicc_transmit(bench->euicc.card, capdu.data, capdu.size, rapdu, &size);
    buf_append(response, SPAN(rapdu, size));
    return true;
}

static bool at_bench_transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct at_bench *bench = link->state;
    const char *override = override_of(bench, capdu);

    link->was_reset = bench->was_reset;
    if (bench->was_reset || bench->is_gone)
        return false;
    if (bench->log.size > 0)
        buf_append_octet(&bench->log, ' ');
    put_hex(&bench->log, capdu);
    if (override != NULL)
        return buf_append_hex(response, override, NULL);
    return ask_card(bench, capdu, response);
}

static bool at_bench_reset(struct link *link)
{
    struct at_bench *bench = link->state;

    bench->resets++;
    bench->was_reset = false;
    if (bench->is_gone)
        return false;
    if (bench->euicc.card == NULL)
        return bench->fake.link.kind->reset(&bench->fake.link);
    softeuicc_reset(bench->euicc.card, SOFTEUICC_COLD, link->atr, &link->atr_size);
    return true;
}

static void at_bench_power_off(struct link *link)
{
    struct at_bench *bench = link->state;

    if (bench->euicc.card == NULL)
        bench->fake.link.kind->power_off(&bench->fake.link);
    else
        softeuicc_power_off(bench->euicc.card);
}

static void at_bench_close(struct link *link)
{
    (void)link;
}

static const struct link_kind bench_kind = {at_bench_transmit, at_bench_reset, at_bench_power_off,
                                            at_bench_close};

void at_bench_override(struct at_bench *bench, const char *begins, const char *answer)
{
    for (size_t i = 0; i < AT_BENCH_OVERRIDES; i++) {
        if (bench->overrides[i].begins != NULL && strcmp(bench->overrides[i].begins, begins) != 0)
            continue;
        bench->overrides[i].begins = begins;
        bench->overrides[i].answer = answer;
        return;
    }
    ck_abort_msg("too many overrides");
}

/* --- its life ------------------------------------------------------------------------------------------ */

static void modem_told(void *context, const struct modem_event *event)
{
    struct at_bench *bench = context;

    if (bench->at != NULL)
        at_modem_told(bench->at, event);
}

static void to_program(void *context, struct span octets)
{
    buf_append(&((struct at_bench *)context)->out, octets);
}

static void to_person(void *context, bool is_answer, const char *line)
{
    struct at_bench *bench = context;

    buf_append(&bench->told, span_of_string(is_answer ? "<" : ">"));
    buf_append(&bench->told, span_of_string(line));
    buf_append_octet(&bench->told, '\n');
}

static void start(struct at_bench *bench, const char *model)
{
    const struct at_client client = {bench, to_program, to_person};

    bench->link = (struct link){.kind = &bench_kind, .name = "the bench's card", .state = bench};
    bench->clock = device_clock_new(NULL, true, BENCH_START);
    bench->air = air_new(NULL, bench->clock, "", 0, NULL);
    strcpy(bench->settings.imei, "123456789012347");
    bench->modem = modem_new(bench->clock, &bench->link, bench->air, &bench->settings, modem_told, bench);
    ck_assert_ptr_nonnull(bench->modem);
    ck_assert(modem_start(bench->modem));
    at_bench_settle(bench);
    ck_assert_ptr_nonnull(at_model_find(model));
    bench->at = at_new(bench->modem, at_model_find(model), &client);
    ck_assert_ptr_nonnull(bench->at);
    ck_assert_str_eq(at_bench_raw(bench, "ATE0\r"), "ATE0\r\r\nOK\r\n");
    at_bench_log(bench);
    buf_clear(&bench->told);
}

void at_bench_fake(struct at_bench *bench, const char *model)
{
    fake_card_init(&bench->fake);
    start(bench, model);
}

void at_bench_euicc(struct at_bench *bench, const char *model, const struct saip_recipe *recipe)
{
    const struct saip_recipe usual = saip_recipe_default();
    const struct es10_profile profile = {.iccid = AT_BENCH_ICCID,
                                         .package = test_profile_from(recipe != NULL ? recipe : &usual)};

    es10_open(&bench->euicc, 1, 0);
    es10_install(&bench->euicc, &profile);
    ck_assert_hex(es10(&bench->euicc, "BF3111 A00C5A0A%s 810100", es10_iccid(AT_BENCH_ICCID)),
                  "BF3103800100");
    start(bench, model);
}

void at_bench_free(struct at_bench *bench)
{
    at_free(bench->at);
    bench->at = NULL;
    modem_free(bench->modem);
    air_free(bench->air);
    device_clock_free(bench->clock);
    if (bench->euicc.card != NULL)
        es10_close(&bench->euicc);
    else
        fake_card_free(&bench->fake);
    buf_free(&bench->out);
    buf_free(&bench->log);
    buf_free(&bench->told);
    *bench = (struct at_bench){0};
}

void at_bench_settle(struct at_bench *bench)
{
    ck_assert_uint_lt(fake_clock_settle(bench->clock, TURNS_MAX), TURNS_MAX);
}

void at_bench_pass(struct at_bench *bench, int64_t ms)
{
    fake_clock_pass(bench->clock, ms);
    at_bench_settle(bench);
}

/* --- what is said -------------------------------------------------------------------------------------- */

/* Takes what a buffer holds, as text. */
static const char *take_text(struct buf *from)
{
    ck_assert(!from->failed);
    buf_append_octet(from, '\0');
    from->size = 0;
    return (const char *)from->data;
}

const char *at_bench_raw(struct at_bench *bench, const char *octets)
{
    at_receive(bench->at, span_of_string(octets));
    return take_text(&bench->out);
}

const char *at_bench_heard(struct at_bench *bench)
{
    struct buf *lines = test_buf();
    const char *from = take_text(&bench->out);

    for (size_t size; *from != '\0'; from += size + 4) {
        ck_assert_msg(strncmp(from, "\r\n", 2) == 0, "no line begins: %s", from);
        size = strcspn(from + 2, "\r\n");
        ck_assert_msg(strncmp(from + 2 + size, "\r\n", 2) == 0, "no line ends: %s", from);
        if (lines->size > 0)
            buf_append_octet(lines, '|');
        buf_append(lines, SPAN(from + 2, size));
    }
    return take_text(lines);
}

const char *at_bench_say(struct at_bench *bench, const char *format, ...)
{
    static char line[20000];
    va_list arguments;
    int size;

    ck_assert_uint_eq(bench->out.size, 0);
    va_start(arguments, format);
    size = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    ck_assert(size > 0 && (size_t)size < sizeof(line));
    at_receive(bench->at, SPAN(line, (size_t)size));
    at_receive(bench->at, SPAN_STRING("\r"));
    return at_bench_heard(bench);
}

const char *at_bench_log(struct at_bench *bench)
{
    return take_text(&bench->log);
}
