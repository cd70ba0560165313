/*
 * A poll of an eIM that answers anything, by a real card's IPA, or a package that is handed in. Input: one
 * octet (bit 0: SM-DP+s directly, bit 1: compact forms, bit 2: the state that is kept begins with the input's
 * first piece, bit 3: what GetEimPackage is answered first is handed in instead, and nobody is polled), then
 * answers as fuzz_answers.h has them.
 */
#include "ipa/ipa.h"

#include "apdu/tlv.h"
#include "tests/fuzz/fuzz_answers.h"
#include "tests/fuzz/fuzz_card.h"

#define STEPS_MAX (8 * IPA_PACKAGES_MAX) /* no poll takes more, whatever is answered */

struct run {
    struct softeuicc *card;
    struct test_eim eim;
    struct span in;
};

/* One eIM for the whole process. */
static struct test_eim associated;

static uint16_t es10(void *context, struct span request, struct buf *response)
{
    struct run *run = context;

    return fuzz_es10(run->card, request, 255, response);
}

static bool keep(void *context, struct span state)
{
    struct span content;

    (void)context;
    fuzz_check(tlv_single(state, 0x30, &content) == TLV_OK);
    return true;
}

/* Handed over, or not. */
static void take_response(struct run *run, struct ipa *ipa)
{
    struct span content;

    fuzz_check(tlv_single(ipa_message(ipa)->octets, 0xBF4E, &content) == TLV_OK && content.size > 0);
    if (fuzz_octet(&run->in) % 2 == 0)
        ipa_answered(ipa, SPAN_NONE);
    else
        ipa_unreachable(ipa, "the disk is full");
}

static void answer(struct run *run, struct ipa *ipa)
{
    const struct ipa_message *message = ipa_message(ipa);
    struct buf out = {0};

    fuzz_check(message->octets.size > 0);
    if (message->peer == IPA_PEER_INJECTOR) {
        take_response(run, ipa);
        return;
    }
    fuzz_check_message(run->card, message->octets);
    switch (fuzz_answer(&run->in, &run->eim, message, &out)) {
    case FUZZ_REFUSED:
        ipa_refused(ipa, "HTTP status 500");
        break;
    case FUZZ_MALFORMED:
        ipa_malformed(ipa, "no JSON");
        break;
    case FUZZ_LOST:
        ipa_unreachable(ipa, "no answer");
        break;
    default:
        ipa_answered(ipa, buf_span(&out));
    }
    buf_free(&out);
}

static void refresh(struct run *run, struct ipa *ipa)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(run->card, SOFTEUICC_WARM, atr, &size);
    fuzz_select_isdr(run->card);
    ipa_refreshed(ipa);
}

/* What would have been the answer to GetEimPackage. */
static void inject(struct run *run, struct ipa *ipa)
{
    const struct ipa_message ask = {IPA_PEER_EIM, "", SPAN_STRING("\xBF\x4F\x00")};
    struct buf answered = {0};
    struct span package;

    fuzz_answer(&run->in, &run->eim, &ask, &answered);
    if (tlv_single(buf_span(&answered), 0xBF4F, &package) != TLV_OK)
        package = buf_span(&answered);
    ipa_start_inject(ipa, FUZZ_EIM_ID, package);
    buf_free(&answered);
}

static void begin(struct run *run, struct ipa *ipa, bool is_injected)
{
    if (is_injected)
        inject(run, ipa);
    else
        ipa_start_poll(ipa, FUZZ_EIM_ID);
}

static void go_on(struct run *run, struct ipa *ipa)
{
    for (unsigned step = 0; ipa_want(ipa) != IPA_NOTHING; step++) {
        fuzz_check(step < STEPS_MAX);
        if (ipa_want(ipa) == IPA_SEND)
            answer(run, ipa);
        else if (ipa_want(ipa) == IPA_REFRESH)
            refresh(run, ipa);
        else
            ipa_give_up(ipa);
    }
    fuzz_check((ipa_outcome(ipa) == IPA_DONE) == (ipa_why(ipa)[0] == '\0'));
    fuzz_check(ipa_outcome(ipa) != IPA_STORAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t mode = fuzz_octet(&in);
    struct ipa_settings settings = {
        .direct = true, .indirect = true, .prefer_direct = (mode & 1) != 0, .compact = (mode & 2) != 0};
    struct span state = (mode & 4) != 0 ? fuzz_piece(&in) : SPAN_NONE;
    struct run run = {.card = fuzz_card(SOFTEUICC_T1)};
    const struct ipa_host host = {&run, es10, keep, NULL};
    struct ipa *ipa;

    if (associated.key == NULL) {
        associated = fuzz_associate(run.card);
        run.card = fuzz_card(SOFTEUICC_T1);
    }
    run.in = in;
    run.eim = associated;
    fuzz_select_isdr(run.card);
    ipa = ipa_new(&host, &settings, state);
    fuzz_check(ipa != NULL);
    begin(&run, ipa, (mode & 8) != 0);
    go_on(&run, ipa);
    ipa_free(ipa);
    fuzz_card_done();
    return 0;
}
