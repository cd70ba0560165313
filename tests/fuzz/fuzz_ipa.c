/*
 * A poll of an eIM that answers anything, by a real card's IPA. Input: one octet (bit 0: SM-DP+s directly,
 * bit 1: compact forms, bit 2: the state that is kept begins with the input's first piece), then answers: an
 * octet that says what the piece is, and the piece with a 16-bit length. Commands are signed on the way, so
 * that what is behind the eIM's signature is reached.
 */
#include "ipa/ipa.h"

#include "apdu/tlv.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/codes.h"
#include "tests/support/package.h"

#include <stdio.h>
#include <string.h>

#define STEPS_MAX (8 * IPA_PACKAGES_MAX) /* no poll takes more, whatever is answered */
#define EIM_ID    "eim.example.com"

enum kind {
    ANSWER,    /* the piece as it is */
    PACKAGE,   /* GetEimPackageResponse with the piece as its member */
    PSMOS,     /* a package with these PSMOs, signed */
    ECOS,      /* a package with these eCOs, signed */
    OK,        /* the piece as the …Ok of the function that was asked for */
    NO_ANSWER, /* no answer comes */
    KINDS
};

struct run {
    struct softeuicc *card;
    struct test_eim eim;
    struct span in;
};

/* One eIM for the whole process, which relays downloads; its key is another one in each. */
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

static void associate(struct softeuicc *card)
{
    struct buf request = {0};
    struct buf configuration = {0};
    struct buf answer = {0};
    struct span content;
    size_t outer;
    size_t list;
    size_t entry;

    test_eim_open(&associated, EIM_ID, EC_CURVE_P256);
    test_eim_put(&configuration, 0x30, &associated, false, SPAN_NONE);
    fuzz_check(tlv_single(buf_span(&configuration), 0x30, &content) == TLV_OK);
    outer = tlv_open(&request, 0xBF57);
    list = tlv_open(&request, 0xA0);
    entry = tlv_open(&request, 0x30);
    buf_append(&request, content);
    tlv_put(&request, 0x89, SPAN_STRING(""));
    tlv_close(&request, entry);
    tlv_close(&request, list);
    tlv_close(&request, outer);
    fuzz_select_isdr(card);
    fuzz_check(fuzz_es10(card, buf_span(&request), 255, &answer) == 0x9000);
    fuzz_check(answer.size > 3 && answer.data[3] == 0xA0);
    fuzz_card_keep();
    buf_free(&request);
    buf_free(&configuration);
    buf_free(&answer);
}

static void put_package(struct run *run, uint32_t list_tag, struct span list, struct buf *out)
{
    size_t outer = tlv_open(out, 0xBF4F);

    test_package_put(out, &run->eim, &(struct test_package){.list_tag = list_tag, .list = list});
    tlv_close(out, outer);
}

/* What was asked for, with the piece as its content. */
static void put_ok(const struct ipa_message *message, struct span piece, struct buf *out)
{
    struct span content = message->octets;
    struct tlv_reader reader;
    struct tlv function;
    size_t envelope = 0;
    size_t marks[2];

    if (message->peer != IPA_PEER_EIM) {
        fuzz_check(tlv_single(message->octets, 0xA2, &content) == TLV_OK);
        envelope = tlv_open(out, 0xA2);
    }
    reader = tlv_reader(content);
    fuzz_check(tlv_next(&reader, &function) == TLV_OK && tlv_finish(&reader));
    marks[0] = tlv_open(out, function.tag);
    marks[1] = tlv_open(out, function.tag == 0xBF50 ? 0xBF53 : 0xA0);
    buf_append(out, piece);
    tlv_close(out, marks[1]);
    tlv_close(out, marks[0]);
    if (message->peer != IPA_PEER_EIM)
        tlv_close(out, envelope);
}

/* What the eIM is told has no number that its type does not have. */
static void check_message(const struct run *run, struct span message)
{
    char problem[CODES_PROBLEM_MAX];
    bool good = codes_check_message(run->card, message, problem);

    if (!good)
        fprintf(stderr, "%s\n", problem);
    fuzz_check(good);
}

static void answer(struct run *run, struct ipa *ipa)
{
    const struct ipa_message *message = ipa_message(ipa);
    enum kind kind = run->in.size > 0 ? (enum kind)(fuzz_octet(&run->in) % KINDS) : NO_ANSWER;
    struct span piece = fuzz_piece(&run->in);
    struct buf out = {0};

    fuzz_check(message->octets.size > 0);
    check_message(run, message->octets);
    switch (kind) {
    case PACKAGE:
        tlv_put(&out, 0xBF4F, piece);
        break;
    case PSMOS:
    case ECOS:
        put_package(run, kind == PSMOS ? PSMO : ECO, piece, &out);
        break;
    case OK:
        put_ok(message, piece, &out);
        break;
    default:
        buf_append(&out, piece);
    }
    if (kind == NO_ANSWER && piece.size % 2 == 1)
        ipa_refused(ipa, "HTTP status 500");
    else if (kind == NO_ANSWER)
        ipa_unreachable(ipa, "no answer");
    else
        ipa_answered(ipa, buf_span(&out));
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

static void poll(struct run *run, struct ipa *ipa)
{
    ipa_start_poll(ipa, EIM_ID);
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
        associate(run.card);
        run.card = fuzz_card(SOFTEUICC_T1);
    }
    run.in = in;
    run.eim = associated;
    fuzz_select_isdr(run.card);
    ipa = ipa_new(&host, &settings, state);
    fuzz_check(ipa != NULL);
    poll(&run, ipa);
    ipa_free(ipa);
    fuzz_card_done();
    return 0;
}
