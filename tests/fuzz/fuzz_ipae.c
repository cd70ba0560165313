/*
 * A whole card with an IPAe between a network and a terminal that do anything. Input: octets that say what
 * happens next (enum event), some with an octet or two behind them; when the IPAe asks for an answer, what
 * comes next of the input is that (fuzz_answers.h), behind an octet that says how many seconds it takes.
 * Whatever it was, at most one profile is enabled, the card answers a terminal, and the IPAe rests once
 * nothing new comes.
 */
#include "apdu/apdu.h"
#include "apdu/iccid.h"
#include "euicc/ipae/ipae.h"
#include "tests/fuzz/fuzz_answers.h"
#include "tests/fuzz/fuzz_card.h"

#include <string.h>

#define EVENTS_MAX 48  /* more only makes inputs slow */
#define TURNS_MAX  200 /* at one time, before the input is used up; far more than an event needs */
#define TURNS_REST 50  /* at one time, after it */
#define SECOND     1000
#define START      INT64_C(1700000000000) /* milliseconds since 1970 */

enum event {
    TURN,
    TIME, /* two octets: seconds */
    TERMINAL_PROFILE,
    TERMINAL_CAPABILITY, /* an octet: 1: the device has an IPAd */
    STATUS,
    FETCH,
    TERMINAL_RESPONSE, /* an octet: the general result */
    CHALLENGE,         /* an LPA begins a session */
    ENABLE,            /* an octet: bit 0: which profile, bit 1: with REFRESH */
    ACTIVATION,        /* of the IPAe, by the device */
    RESET,             /* an octet: bit 0: cold */
    EVENTS
};

/* What goes on, of one input. */
static struct run {
    struct softeuicc *card;
    struct test_eim eim;
    struct span in;
    int64_t now;
    struct buf message; /* of the IPAe, that waits for an answer */
    enum ipa_peer peer;
    bool is_out;
    int64_t answer_at; /* 0: not known yet */
} run;

/* One eIM for the whole process. */
static struct test_eim associated;

static int64_t run_now(void *context)
{
    (void)context;
    return run.now;
}

/* --- the network ---------------------------------------------------------------------------------------- */

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    (void)context;
    (void)why;
    fuzz_check(!nvm_in_transaction(run.card->nvm) && !run.is_out);
    fuzz_check(strcmp(eim->id, FUZZ_EIM_ID) == 0 && message->octets.size > 0);
    fuzz_check_message(run.card, message->octets);
    fuzz_trace(message->octets);
    buf_clear(&run.message);
    buf_append(&run.message, message->octets);
    run.peer = message->peer;
    run.is_out = true;
    run.answer_at = run.in.size > 0 ? run.now + fuzz_octet(&run.in) * SECOND : 0;
    return true;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    const struct ipa_message message = {.peer = run.peer, .address = "", .octets = buf_span(&run.message)};

    (void)context;
    fuzz_check(run.is_out);
    if (run.now < run.answer_at)
        return IPAE_UNDER_WAY;
    run.is_out = false;
    strcpy(why, "no answer");
    switch (fuzz_answer(&run.in, &run.eim, &message, answer)) {
    case FUZZ_ANSWERED:
        return IPAE_ANSWERED;
    case FUZZ_REFUSED:
        return IPAE_REFUSED;
    case FUZZ_MALFORMED:
        return IPAE_MALFORMED;
    default:
        return IPAE_UNREACHABLE;
    }
}

static int64_t carrier_next(void *context)
{
    (void)context;
    fuzz_check(run.is_out);
    return run.answer_at;
}

static void carrier_drop(void *context)
{
    (void)context;
    run.is_out = false;
}

/* --- the terminal --------------------------------------------------------------------------------------- */

static void send(uint8_t instruction, uint8_t p2, struct span data)
{
    struct buf capdu = {0};

    apdu_encode(&capdu, 0x80, instruction, 0, p2, data, data.size == 0 ? APDU_SHORT_NE : 0);
    fuzz_transmit(run.card, buf_span(&capdu));
    buf_free(&capdu);
}

/* As an LPA does; a proactive command may be announced with the answer to SELECT too. */
static uint16_t ask(struct span request, struct buf *response)
{
    static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                     0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};

    fuzz_transmit(run.card, SPAN_ARRAY(select));
    return fuzz_es10(run.card, request, 255, response);
}

static void respond(uint8_t result)
{
    uint8_t response[] = {0x81, 0x03, 0x01, 0x01, 0x04, 0x82, 0x02, 0x82, 0x81, 0x83, 0x01, result};

    send(0x14, 0, SPAN_ARRAY(response));
}

static void enable(uint8_t how)
{
    uint8_t request[] = {0xBF, 0x31, 0x11, 0xA0, 0x0C, 0x5A, 0x0A, 0x98, 0x88, 0x12,
                         0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x81, 0x01, 0x00};

    fuzz_check(
        iccid_from_digits((how & 1) != 0 ? "8988211000000000029" : "8988211000000000011", request + 7));
    request[sizeof(request) - 1] = (how & 2) != 0 ? 0xFF : 0x00;
    ask(SPAN_ARRAY(request), NULL);
}

static void reset(uint8_t how)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(run.card, (how & 1) != 0 ? SOFTEUICC_COLD : SOFTEUICC_WARM, atr, &size);
}

/* True: it rests. */
static bool take_turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int64_t next = softeuicc_next_wakeup(run.card);

        if (next < 0 || next > run.now)
            return true;
        softeuicc_wake(run.card);
        fuzz_check(!nvm_in_transaction(run.card->nvm) && !nvm_failed(run.card->nvm));
    }
    return false;
}

static void happen(enum event event)
{
    static const uint8_t serves_all[] = {0xFF, 0xFF, 0xFF, 0xFF};
    uint8_t capability[] = {0xA9, 0x03, 0x84, 0x01, 0x00};

    switch (event) {
    case TURN:
        take_turns(TURNS_MAX);
        break;
    case TIME:
        run.now += (fuzz_octet(&run.in) << 8) * SECOND;
        run.now += fuzz_octet(&run.in) * SECOND;
        break;
    case TERMINAL_PROFILE:
        send(0x10, 0, SPAN_ARRAY(serves_all));
        break;
    case TERMINAL_CAPABILITY:
        capability[sizeof(capability) - 1] = fuzz_octet(&run.in);
        send(0xAA, 0, SPAN_ARRAY(capability));
        break;
    case STATUS:
        send(0xF2, 0x0C, SPAN_NONE);
        break;
    case FETCH:
        send(0x12, 0, SPAN_NONE);
        break;
    case TERMINAL_RESPONSE:
        respond(fuzz_octet(&run.in));
        break;
    case CHALLENGE:
        ask(SPAN_STRING("\xBF\x2E\x00"), NULL);
        break;
    case ENABLE:
        enable(fuzz_octet(&run.in));
        break;
    case ACTIVATION:
        ask(SPAN_STRING("\xBF\x42\x04\x80\x02\x07\x80"), NULL);
        break;
    default:
        reset(fuzz_octet(&run.in));
    }
}

/* --- an input ------------------------------------------------------------------------------------------- */

static void check_profiles(void)
{
    fuzz_check(nvm_figure(run.card->nvm, "SELECT count(*) FROM profile WHERE state = 'enabled'", NVM_NONE) <=
               1);
}

static void check_answers(void)
{
    struct buf response = {0};
    uint16_t status = ask(SPAN_STRING("\xBF\x3E\x03\x5C\x01\x5A"), &response);

    fuzz_check(status == 0x9000 || status >> 8 == 0x91);
    fuzz_check(response.size == 21);
    buf_free(&response);
}

static void prepare(void)
{
    static const struct ipae_carrier carrier = {NULL,         carrier_begin, carrier_take,
                                                carrier_next, carrier_drop,  carrier_drop};

    run.now = START;
    run.card = fuzz_card(SOFTEUICC_T1);
    if (associated.key == NULL) {
        associated = fuzz_associate(run.card);
        fuzz_check(ipae_insert(run.card, false) && nvm_commit(run.card->nvm) && ipae_load(run.card));
        ipae_set_carrier(run.card, &carrier);
        run.card->hooks.now = run_now;
        fuzz_card_keep();
        run.card = fuzz_card(SOFTEUICC_T1);
    }
    run.eim = associated;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    run.in = SPAN(data, size);
    for (unsigned i = 0; i < EVENTS_MAX && run.in.size > 0; i++) {
        happen((enum event)(fuzz_octet(&run.in) % EVENTS));
        check_profiles();
    }
    run.in = SPAN_STRING("");
    fuzz_check(take_turns(TURNS_REST));
    check_profiles();
    check_answers();
    reset(0); /* what waited for the terminal takes effect now */
    check_profiles();
    check_answers();
    buf_free(&run.message);
    run.now = START;
    fuzz_card_done();
    return 0;
}
