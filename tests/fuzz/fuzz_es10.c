/*
 * ES10 requests to a whole card in any stage of a session. Input: one octet (bit 0: T=1, bit 1: small STORE
 * DATA blocks), then steps: an octet that says what to do and a piece with a 16-bit length. Objects that a
 * server signs are signed on the way, with the SM-DP+'s keys, so that what is behind the signatures is
 * reached.
 */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "tests/fuzz/fuzz_card.h"

#include <string.h>

#define STEPS_MAX   12
#define SMALL_BLOCK 20

enum step {
    STEP_REQUEST,            /* the piece is a request as it is */
    STEP_CHALLENGE,          /* GetEUICCChallenge */
    STEP_AUTHENTICATE,       /* the piece is serverSigned1 and what follows the certificate */
    STEP_PREPARE,            /* the piece is smdpSigned2 and, before the certificate, hashCc */
    STEP_AUTHENTICATE_PLAIN, /* an honest AuthenticateServer, the piece is ignored */
    STEP_RESET,
    STEPS
};

struct run {
    struct softeuicc *card;
    size_t block;
    struct buf response;
    uint8_t challenge[16];
    uint8_t euicc_signature1[EC_SIGNATURE_SIZE];
};

static uint16_t ask(struct run *run, struct span request)
{
    buf_clear(&run->response);
    return fuzz_es10(run->card, request, run->block, &run->response);
}

/* Whatever is answered is one data object, and the request's own. */
static void request(struct run *run, struct span octets)
{
    uint16_t status = ask(run, octets);
    struct tlv_reader reader = tlv_reader(buf_span(&run->response));
    struct tlv answer;

    fuzz_check(status != SW_NO_DIAGNOSIS && status != SW_MEMORY_FAILURE);
    if (status != SW_OK) {
        fuzz_check(run->response.size == 0);
        return;
    }
    if (run->response.size > 0)
        fuzz_check(tlv_next(&reader, &answer) == TLV_OK && tlv_finish(&reader));
}

static void get_challenge(struct run *run)
{
    fuzz_check(ask(run, SPAN_STRING("\xBF\x2E\x00")) == SW_OK);
    fuzz_check(run->response.size == 21);
    memcpy(run->challenge, run->response.data + 5, sizeof(run->challenge));
}

/* Where the first data object of a piece ends; all of it when it is none. */
static size_t first_object(struct span piece)
{
    struct tlv_reader reader = tlv_reader(piece);
    struct tlv first;

    return tlv_next(&reader, &first) == TLV_OK ? first.whole.size : piece.size;
}

static void put_signature(struct buf *out, const struct ec_key *key, const struct span *parts, size_t count)
{
    uint8_t signature[EC_SIGNATURE_SIZE];

    fuzz_check(ec_sign(key, parts, count, signature));
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
}

/* AuthenticateServerRequest: serverSigned1, its signature, the CI, CERT.DPauth, and the rest. */
static void authenticate(struct run *run, struct span signed1, struct span rest)
{
    const struct test_ci *ci = fuzz_ci();
    struct buf out = {0};
    size_t outer = tlv_open(&out, 0xBF38);
    struct tlv_reader reader;
    struct span ok;
    struct span signature;

    buf_append(&out, signed1);
    put_signature(&out, ci->dp_auth.key, &signed1, 1);
    tlv_put(&out, 0x04, SPAN_ARRAY(ci->key_id));
    buf_append(&out, buf_span(&ci->dp_auth.der));
    buf_append(&out, rest);
    tlv_close(&out, outer);
    request(run, buf_span(&out));
    buf_free(&out);

    /* The server signs over euiccSignature1. */
    if (tlv_find_path(buf_span(&run->response), (const uint32_t[]){0xBF38, 0xA0, 0}, &ok)) {
        reader = tlv_reader(ok);
        fuzz_check(tlv_require(&reader, 0x30, &signature) &&
                   tlv_require_sized(&reader, 0x5F37, 64, 64, &signature));
        memcpy(run->euicc_signature1, signature.data, sizeof(run->euicc_signature1));
    }
}

/* The piece's euiccChallenge is made the card's where there is room for one: the seeds do not know it. */
static void authenticate_piece(struct run *run, struct span piece)
{
    static const uint32_t path[] = {0x30, 0x81, 0};
    size_t end = first_object(piece);
    struct buf signed1 = {0};
    struct span challenge;

    buf_append(&signed1, SPAN(piece.data, end));
    if (tlv_find_path(buf_span(&signed1), path, &challenge) && challenge.size == sizeof(run->challenge))
        memcpy(signed1.data + (challenge.data - signed1.data), run->challenge, sizeof(run->challenge));
    authenticate(run, buf_span(&signed1), SPAN(piece.data + end, piece.size - end));
    buf_free(&signed1);
}

static void authenticate_honestly(struct run *run)
{
    static const uint8_t ctx_params1[] = {0xA0, 0x0A, 0xA1, 0x08, 0x80, 0x04,
                                          0x35, 0x29, 0x06, 0x11, 0xA1, 0x00};
    static const uint8_t transaction_id[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    struct buf signed1 = {0};
    size_t outer;

    get_challenge(run);
    outer = tlv_open(&signed1, 0x30);
    tlv_put(&signed1, 0x80, SPAN_ARRAY(transaction_id));
    tlv_put(&signed1, 0x81, SPAN_ARRAY(run->challenge));
    tlv_put_string(&signed1, 0x83, "smdp.example.com");
    tlv_put(&signed1, 0x84, SPAN_STRING("server challenge"));
    tlv_close(&signed1, outer);
    authenticate(run, buf_span(&signed1), SPAN_ARRAY(ctx_params1));
    buf_free(&signed1);
}

/* PrepareDownloadRequest: smdpSigned2, its signature over it and euiccSignature1, [hashCc], CERT.DPpb. */
static void prepare(struct run *run, struct span piece)
{
    const struct test_ci *ci = fuzz_ci();
    size_t end = first_object(piece);
    struct buf euicc_signature = {0};
    struct buf out = {0};
    size_t outer = tlv_open(&out, 0xBF21);
    struct span covered[2];

    tlv_put(&euicc_signature, 0x5F37, SPAN_ARRAY(run->euicc_signature1));
    covered[0] = SPAN(piece.data, end);
    covered[1] = buf_span(&euicc_signature);
    buf_append(&out, covered[0]);
    put_signature(&out, ci->dp_pb.key, covered, 2);
    buf_append(&out, SPAN(piece.data + end, piece.size - end));
    buf_append(&out, buf_span(&ci->dp_pb.der));
    tlv_close(&out, outer);
    request(run, buf_span(&out));
    buf_free(&euicc_signature);
    buf_free(&out);
}

static void reset(struct run *run)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(run->card, SOFTEUICC_WARM, atr, &size);
    fuzz_select_isdr(run->card);
}

static void take(struct run *run, enum step step, struct span piece)
{
    switch (step) {
    case STEP_REQUEST:
        request(run, piece);
        break;
    case STEP_CHALLENGE:
        get_challenge(run);
        break;
    case STEP_AUTHENTICATE:
        authenticate_piece(run, piece);
        break;
    case STEP_PREPARE:
        prepare(run, piece);
        break;
    case STEP_AUTHENTICATE_PLAIN:
        authenticate_honestly(run);
        break;
    default:
        reset(run);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t mode = fuzz_octet(&in);
    struct run run = {.card = fuzz_card((mode & 1) != 0 ? SOFTEUICC_T1 : SOFTEUICC_T0),
                      .block = (mode & 2) != 0 ? SMALL_BLOCK : 255};

    fuzz_select_isdr(run.card);
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0; i++) {
        enum step step = (enum step)(fuzz_octet(&in) % STEPS);

        take(&run, step, fuzz_piece(&in));
    }
    buf_free(&run.response);
    fuzz_card_done();
    return 0;
}
