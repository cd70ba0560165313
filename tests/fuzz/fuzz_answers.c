/* What an IPA may be answered, out of an input: see fuzz_answers.h. */
#include "tests/fuzz/fuzz_answers.h"

#include "apdu/tlv.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/codes.h"

#include <stdio.h>

enum kind {
    ANSWER,    /* the piece as it is */
    PACKAGE,   /* GetEimPackageResponse with the piece as its member */
    PSMOS,     /* a package with these PSMOs, signed */
    ECOS,      /* a package with these eCOs, signed */
    OK,        /* the piece as the …Ok of the function that was asked for */
    NO_ANSWER, /* no answer comes, or a refusal */
    KINDS
};

struct test_eim fuzz_associate(struct softeuicc *card)
{
    struct test_eim associated;
    struct buf request = {0};
    struct buf configuration = {0};
    struct buf answer = {0};
    struct span content;
    size_t outer;
    size_t list;
    size_t entry;

    test_eim_open(&associated, FUZZ_EIM_ID, EC_CURVE_P256);
    test_eim_put(&configuration, 0x30, &associated, false, SPAN_NONE);
    fuzz_check(tlv_single(buf_span(&configuration), 0x30, &content) == TLV_OK);
    outer = tlv_open(&request, 0xBF57);
    list = tlv_open(&request, 0xA0);
    entry = tlv_open(&request, 0x30);
    buf_append(&request, content);
    tlv_put(&request, 0x89, SPAN_STRING("")); /* it relays downloads */
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
    return associated;
}

static void put_package(struct test_eim *eim, uint32_t list_tag, struct span list, struct buf *out)
{
    size_t outer = tlv_open(out, 0xBF4F);

    test_package_put(out, eim, &(struct test_package){.list_tag = list_tag, .list = list});
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

void fuzz_check_message(const struct softeuicc *card, struct span message)
{
    char problem[CODES_PROBLEM_MAX];
    bool good = codes_check_message(card, message, problem);

    if (!good)
        fprintf(stderr, "%s\n", problem);
    fuzz_check(good);
}

enum fuzz_answer fuzz_answer(struct span *in, struct test_eim *eim, const struct ipa_message *message,
                             struct buf *out)
{
    enum kind kind = in->size > 0 ? (enum kind)(fuzz_octet(in) % KINDS) : NO_ANSWER;
    struct span piece = fuzz_piece(in);

    switch (kind) {
    case PACKAGE:
        tlv_put(out, 0xBF4F, piece);
        break;
    case PSMOS:
    case ECOS:
        put_package(eim, kind == PSMOS ? PSMO : ECO, piece, out);
        break;
    case OK:
        put_ok(message, piece, out);
        break;
    case NO_ANSWER:
        if (piece.size % 4 == 3)
            return FUZZ_MALFORMED;
        return piece.size % 2 == 1 ? FUZZ_REFUSED : FUZZ_LOST;
    default:
        buf_append(out, piece);
    }
    return FUZZ_ANSWERED;
}
