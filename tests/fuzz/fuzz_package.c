/*
 * eUICC Packages to a whole card, rightly signed by its eIM, so that what is behind the signature is reached.
 * Input: one octet (bit 0: T=1), then steps: an octet that says what to do and a piece with a 16-bit length.
 */
#include "apdu/apdu.h"
#include "apdu/store_data.h"
#include "apdu/tlv.h"
#include "euicc/iot/package_sign.h"
#include "euicc/lifecycle/package_result.h"
#include "euicc/os/credentials.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/package.h"

#define STEPS_MAX 12
#define BLOCK     255

enum step {
    STEP_PSMO,    /* the piece is the content of a psmoList */
    STEP_ECO,     /* the same of an ecoList */
    STEP_SIGNED,  /* the piece is euiccPackageSigned's content */
    STEP_REQUEST, /* the piece is any request to the ISD-R */
    STEP_RESULTS, /* the stored results are fetched and the piece's number is removed */
    STEP_RESET,
    STEPS
};

static struct test_eim eim;

struct run {
    struct softeuicc *card;
    int64_t counter;   /* of the last package */
    int64_t sequence;  /* of the last result */
    struct buf answer; /* to the last request */
};

/* The card with the eIM on it, and profiles that may be the Fallback Profile. */
static struct softeuicc *card_with_eim(enum softeuicc_protocol protocol)
{
    struct softeuicc *card;

    if (eim.key == NULL) {
        card = fuzz_card(protocol);
        test_eim_open(&eim, "eim", EC_CURVE_P256);
        test_eim_associate(&eim, card, false, SPAN_NONE);
        fuzz_check(nvm_change(card->nvm, "UPDATE profile SET fallback_allowed = 1", NVM_NONE));
        fuzz_check(nvm_commit(card->nvm));
        fuzz_card_keep();
    }
    return fuzz_card(protocol);
}

/* Whatever is answered is one data object. */
static uint16_t ask(struct run *run, struct span request)
{
    struct tlv_reader reader;
    struct tlv object;
    uint16_t status;

    buf_clear(&run->answer);
    status = fuzz_es10(run->card, request, BLOCK, &run->answer);
    reader = tlv_reader(buf_span(&run->answer));
    fuzz_check(status != SW_NO_DIAGNOSIS && status != SW_MEMORY_FAILURE);
    if (status == SW_OK)
        fuzz_check(run->answer.size == 0 || (tlv_next(&reader, &object) == TLV_OK && tlv_finish(&reader)));
    else
        fuzz_check(run->answer.size == 0);
    return status;
}

/* A result is signed, numbered and bounded; an accepted package has a higher counter than the one before. */
static void check_result(struct run *run)
{
    static const uint8_t no_token[] = {0x84, 0x01, 0x00};
    const struct card_credentials *credentials = credentials_find(run->card, SPAN_ARRAY(fuzz_ci()->key_id));
    struct test_package_result result;

    test_result_take_apart(buf_span(&run->answer), &result);
    fuzz_check(result.kind == RESULT_UNSIGNED_ERROR ||
               ec_verify(cert_key(credentials->euicc_cert),
                         (const struct span[]){result.data, SPAN_ARRAY(no_token)}, 2, result.signature));
    if (result.kind != RESULT_SIGNED)
        return;
    fuzz_check(result.results.size <= PACKAGE_RESULTS_SIZE);
    fuzz_check(result.sequence > run->sequence);
    run->sequence = result.sequence;
}

static void send_list(struct run *run, uint32_t tag, struct span list)
{
    struct buf request = {0};

    eim.counter = run->counter++;
    test_package_put(&request, &eim, &(struct test_package){.list_tag = tag, .list = list});
    if (ask(run, buf_span(&request)) == SW_OK)
        check_result(run);
    else
        fuzz_check(request.size > STORE_DATA_MAX); /* whatever the list is, the package is one */
    buf_free(&request);
}

static void send_signed(struct run *run, struct span content)
{
    struct buf signed_part = {0};
    struct buf request = {0};

    tlv_put(&signed_part, 0x30, content);
    test_package_sign(&request, &eim, &(struct test_package){.list_tag = PSMO}, buf_span(&signed_part));
    if (ask(run, buf_span(&request)) == SW_OK)
        check_result(run);
    buf_free(&signed_part);
    buf_free(&request);
}

static void results(struct run *run, struct span piece)
{
    struct buf request = {0};
    size_t outer = tlv_open(&request, 0xBF30);

    tlv_put_unsigned(&request, 0x80, piece.size > 0 ? piece.data[0] : 0);
    tlv_close(&request, outer);
    fuzz_check(ask(run, SPAN_STRING("\xBF\x2B\x04\xA0\x02\x82\x00")) == SW_OK);
    fuzz_check(ask(run, SPAN_STRING("\xBF\x2B\x00")) == SW_OK);
    fuzz_check(ask(run, buf_span(&request)) == SW_OK);
    buf_free(&request);
}

static void reset(struct run *run)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(run->card, SOFTEUICC_COLD, atr, &size);
    fuzz_select_isdr(run->card);
}

static void take(struct run *run, enum step step, struct span piece)
{
    switch (step) {
    case STEP_PSMO:
        send_list(run, PSMO, piece);
        break;
    case STEP_ECO:
        send_list(run, ECO, piece);
        break;
    case STEP_SIGNED:
        send_signed(run, piece);
        break;
    case STEP_REQUEST:
        (void)ask(run, piece);
        break;
    case STEP_RESULTS:
        results(run, piece);
        break;
    default:
        reset(run);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    struct run run = {.card = card_with_eim((fuzz_octet(&in) & 1) != 0 ? SOFTEUICC_T1 : SOFTEUICC_T0)};

    fuzz_select_isdr(run.card);
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0; i++) {
        enum step step = (enum step)(fuzz_octet(&in) % STEPS);

        take(&run, step, fuzz_piece(&in));
    }
    buf_free(&run.answer);
    fuzz_card_done();
    return 0;
}
