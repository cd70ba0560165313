/*
 * A whole card with an IPAe whose network is a terminal that does anything: it fetches, answers each
 * proactive command well or with whatever octets, tells events that are true or not, and lets time pass.
 * Input: octets that say what happens next (enum event), with what belongs to it behind them. Whatever it
 * was, the card answers a terminal, asks nothing that is no command, and rests once nothing new comes.
 */
#include "apdu/apdu.h"
#include "apdu/proactive.h"
#include "apdu/tlv.h"
#include "euicc/ipae/ipae.h"
#include "tests/fuzz/fuzz_answers.h"
#include "tests/fuzz/fuzz_card.h"

#include <string.h>

#define EVENTS_MAX 96 /* more only makes inputs slow */
#define REST_MAX   64 /* commands in a row that a terminal that refuses everything may be asked for */
#define SECOND     1000
#define START      INT64_C(1700000000000) /* milliseconds since 1970 */

enum event {
    TIME,             /* two octets: seconds */
    TERMINAL_PROFILE, /* an octet: what it serves */
    STATUS,
    FETCH,
    ANSWER_WELL,     /* as a good terminal would; received octets and numbers of channels from the input */
    ANSWER,          /* an octet: the result; a piece: what stands behind it */
    ANSWER_RAW,      /* a piece: a whole TERMINAL RESPONSE */
    DATA_AVAILABLE,  /* two octets: the channel, how much */
    CHANNEL_DROPPED, /* an octet: the channel */
    EVENT,           /* an octet: which; a piece: its objects */
    TIMER_EXPIRED,   /* an octet: which */
    CHALLENGE,       /* an LPA begins a session */
    RESET,
    EVENTS
};

/* What goes on, of one input. */
static struct run {
    struct softeuicc *card;
    struct span in;
    int64_t now;
    uint16_t status; /* of the last command */
    struct buf fetched;
    struct proactive_command command; /* in it */
    bool is_fetched;
} run;

static struct test_eim associated; /* one eIM for the whole process */

static int64_t run_now(void *context)
{
    (void)context;
    return run.now;
}

/* --- the terminal --------------------------------------------------------------------------------------- */

static struct span send(uint8_t instruction, struct span data, unsigned ne)
{
    struct buf capdu = {0};
    struct span answer;

    apdu_encode(&capdu, 0x80, instruction, 0, instruction == 0xF2 ? 0x0C : 0, data, ne);
    answer = fuzz_transmit(run.card, buf_span(&capdu));
    buf_free(&capdu);
    run.status = (uint16_t)span_number(SPAN(answer.data + answer.size - 2, 2));
    return SPAN(answer.data, answer.size - 2);
}

/* What is announced is a command. */
static void fetch(void)
{
    struct span answer;

    if (run.status >> 8 != 0x91) {
        (void)send(0x12, SPAN_NONE, APDU_SHORT_NE);
        return;
    }
    answer = send(0x12, SPAN_NONE, (run.status & 0xFF) == 0 ? APDU_SHORT_NE : run.status & 0xFFu);
    fuzz_check(run.status == 0x9000);
    buf_clear(&run.fetched);
    buf_append(&run.fetched, answer);
    fuzz_check(proactive_read_command(buf_span(&run.fetched), &run.command));
    fuzz_trace(answer);
    run.is_fetched = true;
}

static void respond(uint8_t result, struct span additional, struct span objects)
{
    const struct proactive_response response = {.number = run.command.number,
                                                .type = run.command.type,
                                                .qualifier = run.command.qualifier,
                                                .result = result,
                                                .additional = additional,
                                                .objects = objects};
    struct buf octets = {0};

    proactive_put_response(&octets, &response);
    (void)send(0x14, SPAN(octets.data, octets.size > 255 ? 255 : octets.size), 0);
    run.is_fetched = false;
    buf_free(&octets);
}

static void answer_well(void)
{
    struct buf objects = {0};
    size_t at;

    switch (run.command.type) {
    case PROACTIVE_OPEN_CHANNEL:
        buf_append(&objects, SPAN(((uint8_t[]){0x38, 0x02, (uint8_t)(0x80 | fuzz_octet(&run.in)), 0x00}), 4));
        buf_append(&objects, SPAN(((uint8_t[]){0x39, 0x02, fuzz_octet(&run.in), fuzz_octet(&run.in)}), 4));
        buf_append(&objects, SPAN(((uint8_t[]){0x40, 0x05, 0x21, 10, 0, 0, 53}), 7));
        break;
    case PROACTIVE_RECEIVE_DATA:
        at = tlv_open(&objects, PROACTIVE_CHANNEL_DATA);
        buf_append(&objects, fuzz_piece(&run.in));
        tlv_close(&objects, at);
        tlv_put_octet(&objects, 0x37, fuzz_octet(&run.in));
        break;
    case PROACTIVE_SEND_DATA:
        buf_append(&objects, SPAN_STRING("\x37\x01\xFF"));
        break;
    case PROACTIVE_PROVIDE_LOCAL_INFORMATION:
        buf_append(&objects, fuzz_piece(&run.in));
        break;
    default:
        break;
    }
    respond(PROACTIVE_DONE, SPAN_NONE, buf_span(&objects));
    buf_free(&objects);
}

static void tell(uint8_t event, struct span objects)
{
    struct buf envelope = {0};
    size_t at = tlv_open(&envelope, ENVELOPE_EVENT);

    tlv_put_octet(&envelope, PROACTIVE_EVENT_LIST, event);
    buf_append(&envelope, SPAN_STRING("\x82\x02\x82\x81"));
    buf_append(&envelope, objects);
    tlv_close(&envelope, at);
    if (envelope.size <= 255)
        (void)send(0xC2, buf_span(&envelope), 0);
    buf_free(&envelope);
}

static void power(void)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(run.card, SOFTEUICC_COLD, atr, &size);
    run.status = 0x9000;
    run.is_fetched = false;
}

static void profile(uint8_t what)
{
    uint8_t octets[34];

    memset(octets, 0xFF, sizeof(octets));
    if ((what & 1) != 0)
        octets[7] = 0; /* no timers */
    if ((what & 2) != 0)
        octets[33] = 0; /* a REFRESH resets */
    (void)send(0x10, SPAN(octets, (what & 4) != 0 ? 12 : sizeof(octets)), 0);
}

static void happen(enum event event)
{
    uint8_t first, second;

    switch (event) {
    case TIME:
        run.now += (fuzz_octet(&run.in) << 8) * SECOND;
        run.now += fuzz_octet(&run.in) * SECOND;
        break;
    case TERMINAL_PROFILE:
        profile(fuzz_octet(&run.in));
        break;
    case STATUS:
        (void)send(0xF2, SPAN_NONE, APDU_SHORT_NE);
        break;
    case FETCH:
        fetch();
        break;
    case ANSWER_WELL:
        answer_well();
        break;
    case ANSWER:
        first = fuzz_octet(&run.in);
        respond(first, SPAN_NONE, fuzz_piece(&run.in));
        break;
    case ANSWER_RAW:
        (void)send(0x14, fuzz_piece(&run.in), 0);
        break;
    case DATA_AVAILABLE:
        first = (uint8_t)(0x80 | fuzz_octet(&run.in));
        second = fuzz_octet(&run.in);
        tell(EVENT_DATA_AVAILABLE, SPAN(((uint8_t[]){0x38, 0x02, first, 0x00, 0x37, 0x01, second}), 7));
        break;
    case CHANNEL_DROPPED:
        tell(EVENT_CHANNEL_STATUS, SPAN(((uint8_t[]){0x38, 0x02, fuzz_octet(&run.in) & 0x07, 0x05}), 4));
        break;
    case EVENT:
        first = fuzz_octet(&run.in);
        tell(first, fuzz_piece(&run.in));
        break;
    case TIMER_EXPIRED:
        first = fuzz_octet(&run.in);
        (void)send(
            0xC2,
            SPAN(((uint8_t[]){0xD7, 0x0C, 0x82, 0x02, 0x82, 0x81, 0x24, 0x01, first, 0x25, 0x03, 0, 0, 0}),
                 14),
            0);
        break;
    case CHALLENGE:
        fuzz_select_isdr(run.card);
        (void)fuzz_es10(run.card, SPAN_STRING("\xBF\x2E\x00"), 255, NULL);
        break;
    default:
        power();
    }
}

/* A terminal that refuses all that it is asked for is left alone soon. */
static void check_rest(void)
{
    (void)send(0xF2, SPAN_NONE, APDU_SHORT_NE);
    for (unsigned i = 0; run.status >> 8 == 0x91; i++) {
        fuzz_check(i < REST_MAX);
        fetch();
        respond(0x30, SPAN_NONE, SPAN_NONE);
    }
}

/* --- an input ------------------------------------------------------------------------------------------- */

static void prepare(void)
{
    run.now = START;
    run.card = fuzz_card(SOFTEUICC_T1);
    if (associated.key == NULL) {
        associated = fuzz_associate(run.card);
        fuzz_check(ipae_insert(run.card, false) && nvm_commit(run.card->nvm) && ipae_load(run.card));
        run.card->hooks.now = run_now;
        fuzz_card_keep();
        run.card = fuzz_card(SOFTEUICC_T1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    power();
    run.in = SPAN(data, size);
    for (unsigned i = 0; i < EVENTS_MAX && run.in.size > 0; i++) {
        happen((enum event)(fuzz_octet(&run.in) % EVENTS));
        fuzz_check(!nvm_in_transaction(run.card->nvm) && !nvm_failed(run.card->nvm));
    }
    power();
    profile(0);
    check_rest();
    buf_free(&run.fetched);
    run.now = START;
    fuzz_card_done();
    return 0;
}
