/*
 * A hostile program and a hostile card at an AT session, over a network and a clock that are played. Input:
 * two octets for the model and whether the card is hostile from its start, then steps of one octet: with a
 * piece (16-bit length) that the session receives, as it is or made a command line; time that passes; or a
 * network that changes. The card answers a command with the piece that comes next, status word included.
 */
#include "apdu/transport.h"
#include "crypto/printable.h"
#include "device/at/at_internal.h"
#include "tests/device/modem/fake_air.h"
#include "tests/device/modem/fake_card.h"
#include "tests/device/modem/fake_clock.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <string.h>

enum { STEPS = 60, TURNS = 40, STEP_MS = 10000, DELETE = 0x7F, PERSON_MAX = 1000 };
enum { RAW, LINE, TIME, NETWORK, KINDS };

struct bench {
    struct span in;
    struct fake_card card;
    struct device_clock *clock;
    struct air *air;
    struct modem *modem;
    struct at *at;
    struct buf out;
};

/* --- what the session is between ----------------------------------------------------------------------- */

static void answer_piece(void *context, struct span capdu, struct buf *response)
{
    struct span piece = fuzz_piece(&((struct bench *)context)->in);

    fuzz_trace(capdu);
    buf_append(response, piece);
    if (piece.size < 2)
        transport_put_status(response, 0x9000);
}

static bool is_printable(uint8_t octet)
{
    return octet >= ' ' && octet < DELETE;
}

static void to_program(void *context, struct span octets)
{
    fuzz_check(octets.size > 0);
    buf_append(&((struct bench *)context)->out, octets);
}

static void to_person(void *context, bool is_answer, const char *line)
{
    char harmless[PERSON_MAX];

    (void)context, (void)is_answer;
    fuzz_check(strlen(line) < sizeof(harmless));
    strcpy(harmless, line);
    printable_text(harmless, strlen(harmless));
    fuzz_check(strcmp(harmless, line) == 0);
}

static void modem_told(void *context, const struct modem_event *event)
{
    struct bench *bench = context;

    if (bench->at != NULL)
        at_modem_told(bench->at, event);
}

static const struct at_model *model_of(unsigned number)
{
    struct at_model_name name;
    unsigned count = 0;

    while (at_model_name(count, &name))
        count++;
    fuzz_check(at_model_name(number % count, &name));
    return at_model_find(name.name);
}

static void open_bench(struct bench *bench)
{
    const struct at_client client = {bench, to_program, to_person};
    struct modem_settings settings = {.imei = "123456789012347"};
    const struct at_model *model = model_of(fuzz_octet(&bench->in));
    uint8_t flags = fuzz_octet(&bench->in);

    fake_card_init(&bench->card);
    bench->card.context = bench;
    bench->card.answer = (flags & 1) != 0 ? answer_piece : NULL;
    settings.habits = (flags & 2) != 0 ? MODEM_INTERRUPTS : 0;
    bench->clock = device_clock_new(NULL, true, 0);
    bench->air = air_new(NULL, bench->clock, "", 0, NULL);
    bench->modem = modem_new(bench->clock, &bench->card.link, bench->air, &settings, modem_told, bench);
    fuzz_check(bench->modem != NULL && modem_start(bench->modem));
    fake_clock_settle(bench->clock, TURNS);
    bench->card.answer = answer_piece;
    bench->at = at_new(bench->modem, model, &client);
    fuzz_check(bench->at != NULL);
}

static void close_bench(struct bench *bench)
{
    at_free(bench->at);
    bench->at = NULL;
    modem_free(bench->modem);
    air_free(bench->air);
    device_clock_free(bench->clock);
    fake_card_free(&bench->card);
    buf_free(&bench->out);
}

/* --- what is said -------------------------------------------------------------------------------------- */

static void say(struct bench *bench, const char *octets)
{
    at_receive(bench->at, span_of_string(octets));
}

/* What was begun is ended, and what a program can set of lines is as it was at first, but without echo. */
static void restore(struct bench *bench)
{
    at_input_set_defaults(&bench->at->input);
    say(bench, "\r");
    at_input_set_defaults(&bench->at->input);
    say(bench, "ATE0V1Q0S4=10\r");
    buf_clear(&bench->out);
}

/* S3 or S4 can stand in it: ends of lines are any control characters then. */
static bool sets_ends(struct span piece)
{
    bool is_behind = false;

    for (size_t i = 0; i < piece.size; i++) {
        if (is_behind && (piece.data[i] == '3' || piece.data[i] == '4'))
            return true;
        if (piece.data[i] >= ' ' && piece.data[i] != ' ')
            is_behind = toupper(piece.data[i]) == 'S';
    }
    return false;
}

/* One command line; nothing but text and ends of lines comes of it. */
static void say_line(struct bench *bench, struct span piece)
{
    const uint8_t *end = piece.size > 0 ? memchr(piece.data, '\r', piece.size) : NULL;

    if (end != NULL)
        piece = SPAN(piece.data, (size_t)(end - piece.data));
    restore(bench);
    say(bench, "AT");
    at_receive(bench->at, piece);
    say(bench, "\r");
    for (size_t i = 0; i < bench->out.size && !sets_ends(piece); i++)
        fuzz_check(is_printable(bench->out.data[i]) || bench->out.data[i] == '\r' ||
                   bench->out.data[i] == '\n');
}

static void change_network(struct bench *bench, uint8_t what)
{
    static const enum air_service services[] = {AIR_NORMAL, AIR_SEARCHING, AIR_LIMITED};

    if (what % 4 == 3)
        fake_air_reject(bench->air, what);
    else
        fake_air_set(bench->air, services[what % 4], (enum air_technology)(what / 4 % 6));
}

static void take_step(struct bench *bench)
{
    switch (fuzz_octet(&bench->in) % KINDS) {
    case RAW:
        at_receive(bench->at, fuzz_piece(&bench->in));
        break;
    case LINE:
        say_line(bench, fuzz_piece(&bench->in));
        break;
    case TIME:
        fake_clock_pass(bench->clock, STEP_MS);
        break;
    default:
        change_network(bench, fuzz_octet(&bench->in));
    }
    fake_clock_settle(bench->clock, TURNS);
    fuzz_check(!bench->out.failed);
    fuzz_trace(buf_span(&bench->out));
    buf_clear(&bench->out);
}

/* Whatever was said, a line that is right gets its answer. */
static void check_answers(struct bench *bench)
{
    static const char expected[] = "\r\nOK\r\n";

    restore(bench);
    say(bench, "\rAT\r");
    fuzz_check(bench->out.size == strlen(expected) &&
               memcmp(bench->out.data, expected, strlen(expected)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench bench = {.in = SPAN(data, size)};

    open_bench(&bench);
    for (unsigned i = 0; i < STEPS && bench.in.size > 0; i++)
        take_step(&bench);
    check_answers(&bench);
    close_bench(&bench);
    return 0;
}
