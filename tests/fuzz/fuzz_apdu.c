/*
 * A stream of commands into a whole card. Input: one octet (bit 0: T=1, bit 1: the ISD-R is selected
 * already), then pieces with 16-bit lengths: an empty one is a reset, any other a command.
 */
#include "tests/fuzz/fuzz_card.h"

/* More only makes inputs slow. */
#define COMMANDS_MAX 64
/* What a short Le asks for at most: 256 octets and the status word. Over T=1 and with extended lengths it is
 * the whole answer. */
#define SHORT_ANSWER_MAX 258

static bool is_extended(struct span capdu)
{
    return capdu.size >= 7 && capdu.data[4] == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t mode = fuzz_octet(&in);
    enum softeuicc_protocol protocol = (mode & 1) != 0 ? SOFTEUICC_T1 : SOFTEUICC_T0;
    struct softeuicc *card = fuzz_card(protocol);

    if ((mode & 2) != 0)
        fuzz_select_isdr(card);
    for (unsigned i = 0; i < COMMANDS_MAX && in.size > 0; i++) {
        struct span capdu = fuzz_piece(&in);
        struct span answer;
        uint8_t atr[SOFTEUICC_ATR_MAX];
        size_t atr_size;
        char line[64];

        if (capdu.size == 0) {
            softeuicc_reset(card, SOFTEUICC_WARM, atr, &atr_size);
            continue;
        }
        answer = fuzz_transmit(card, capdu);
        fuzz_check(answer.size <= SHORT_ANSWER_MAX || protocol == SOFTEUICC_T1 || is_extended(capdu));
        softeuicc_describe(card, line, sizeof(line));
    }
    fuzz_card_done();
    return 0;
}
