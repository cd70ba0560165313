/* A card that answers as the test says. See scripted_card.h. */
#include "tests/tools/lpa/scripted_card.h"

#include "common/tool.h"
#include "device/link_private.h"
#include "tests/support/test.h"

#include <stdarg.h>
#include <string.h>

#define OPEN_CHANNEL 0x70
#define STORE_DATA   0xE2

static void put_status(struct buf *response, uint16_t status)
{
    buf_append_octet(response, (uint8_t)(status >> 8));
    buf_append_octet(response, (uint8_t)status);
}

static void answer(struct scripted_card *card, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(buf_span(&card->request));
    uint32_t tag = tlv_peek(&reader);

    for (size_t i = 0; i < card->count; i++) {
        if (card->answers[i].tag == tag) {
            buf_append(response, card->answers[i].answer);
            put_status(response, card->answers[i].status);
            return;
        }
    }
    put_status(response, 0x6A88);
}

static bool transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct scripted_card *card = link->state;

    if (capdu.data[1] == OPEN_CHANNEL && capdu.data[2] == 0)
        buf_append_octet(response, 1);
    if (capdu.data[1] != STORE_DATA) {
        put_status(response, 0x9000);
        return true;
    }
    if (capdu.data[3] == 0)
        buf_clear(&card->request);
    buf_append(&card->request, SPAN(capdu.data + 5, capdu.data[4]));
    if (capdu.data[2] == 0x91)
        answer(card, response);
    else
        put_status(response, 0x9000);
    return true;
}

static bool reset(struct link *link)
{
    struct scripted_card *card = link->state;

    card->resets++;
    return !card->broken_reset;
}

static void close_nothing(struct link *link)
{
    (void)link;
}

static const struct link_kind kind = {transmit, reset, close_nothing, close_nothing};

static size_t row_of(struct scripted_card *card, uint32_t tag)
{
    size_t i = 0;

    while (i < card->count && card->answers[i].tag != tag)
        i++;
    ck_assert_uint_lt(i, SCRIPT_MAX);
    if (i == card->count)
        card->count++;
    card->answers[i].tag = tag;
    card->answers[i].answer = SPAN("", 0);
    card->answers[i].status = 0x9000;
    return i;
}

void scripted_answer(struct scripted_card *card, uint32_t tag, struct span octets)
{
    card->answers[row_of(card, tag)].answer = octets;
}

void scripted_refusal(struct scripted_card *card, uint32_t tag, uint16_t status)
{
    card->answers[row_of(card, tag)].status = status;
}

struct running {
    struct lpa lpa;
    struct command_line line;
    int (*run)(const struct command_line *line);
};

static int run_it(void *context)
{
    struct running *running = context;

    return running->run(&running->line);
}

struct captured scripted_run(struct scripted_card *card, const struct lpa *settings,
                             int (*run)(const struct command_line *line), ...)
{
    char *words[8] = {NULL};
    struct running running = {.lpa = *settings, .line = {.argv = words}, .run = run};
    struct captured captured;
    va_list list;

    va_start(list, run);
    while ((words[running.line.argc] = va_arg(list, char *)) != NULL)
        ck_assert_int_lt(++running.line.argc, 8);
    va_end(list);
    running.line.settings = &running.lpa;
    running.lpa.link = link_new(&kind, "a card", card);
    ck_assert(running.lpa.link != NULL && es10_channel_open(&running.lpa.es10, running.lpa.link));
    tool_set_name("lpa");
    captured = capture(run_it, &running);
    es10_channel_close(&running.lpa.es10);
    link_close(running.lpa.link);
    return captured;
}

void assert_one_line(const char *text)
{
    size_t size = strlen(text);

    ck_assert_msg(strncmp(text, "softeuicc lpa: ", 15) == 0, "'%s'", text);
    ck_assert_msg(text[size - 1] == '\n', "'%s'", text);
    for (size_t i = 0; i + 1 < size; i++)
        ck_assert_msg((unsigned char)text[i] >= 0x20 && text[i] != 0x7F, "'%s' at %zu", text, i);
}

void assert_refusal(const char *file, int line, struct captured captured)
{
    ck_assert_msg(captured.status == 1 && captured.out[0] == '\0', "%s:%d: %d, '%s', '%s'", file, line,
                  captured.status, captured.out, captured.err);
    assert_one_line(captured.err);
}
