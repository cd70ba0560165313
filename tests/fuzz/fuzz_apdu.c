/*
 * A stream of commands into a whole card. Input: one octet (bit 0: T=1, bit 1: the ISD-R is selected
 * already), then pieces with 16-bit lengths: an empty one is a reset, any other a command.
 */
#include "tests/fuzz/fuzz_card.h"

/* More only makes inputs slow. */
#define COMMANDS_MAX 64
/* What T=0 carries in one piece: 256 octets and the status word. */
#define T0_ANSWER_MAX 258

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
        uint8_t atr[SOFTEUICC_ATR_MAX];
        size_t atr_size;
        char line[64];

        if (capdu.size == 0) {
            softeuicc_reset(card, SOFTEUICC_WARM, atr, &atr_size);
            continue;
        }
        fuzz_check(fuzz_transmit(card, capdu).size <=
                   (protocol == SOFTEUICC_T0 ? T0_ANSWER_MAX : SOFTEUICC_RAPDU_MAX));
        softeuicc_describe(card, line, sizeof(line));
    }
    return 0;
}
