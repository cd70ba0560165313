/* euicc/os/atr.c: the ATR is well formed, walked here as ISO/IEC 7816-3 8.2 and a terminal do. */
#include "apdu/bytes.h"
#include "euicc/os/atr.h"
#include "tests/support/test.h"

/* What a terminal learns. */
struct decoded {
    unsigned protocols; /* bit per T offered */
    bool euicc;
    bool extended;
    unsigned channels;
    size_t historical;
};

static struct decoded decode(struct span atr)
{
    struct decoded decoded = {0};
    size_t at = 2;
    unsigned present = atr.data[1] >> 4;
    unsigned protocol = 0;
    bool first_after_15 = false;
    uint8_t sum = 0;

    ck_assert_uint_eq(atr.data[0], 0x3B);
    while (present != 0) {
        unsigned next = 0;

        at += (present & 1) != 0;
        if ((present & 2) != 0) {
            if (first_after_15)
                decoded.euicc = (atr.data[at] & 0x82) == 0x82;
            at++;
        }
        at += (present & 4) != 0;
        first_after_15 = false;
        if ((present & 8) != 0) {
            ck_assert_uint_ge(atr.data[at] & 0x0F, protocol); /* T in ascending order */
            protocol = atr.data[at] & 0x0F;
            first_after_15 = protocol == 15 && (decoded.protocols & 1U << 15) == 0;
            decoded.protocols |= 1U << protocol;
            next = atr.data[at++] >> 4;
        }
        present = next;
    }
    decoded.historical = atr.data[1] & 0x0F;
    ck_assert_uint_eq(at + decoded.historical + 1,
                      atr.size); /* and TCK, as something else than T=0 is indicated */
    for (size_t i = 1; i < atr.size; i++)
        sum ^= atr.data[i];
    ck_assert_uint_eq(sum, 0);

    ck_assert_uint_eq(atr.data[at], 0x80);
    for (size_t i = at + 1; i + 1 < atr.size; i += 1 + (atr.data[i] & 0x0F)) {
        ck_assert_uint_lt(i + (atr.data[i] & 0x0F),
                          atr.size - 1); /* the objects fill the historical octets */
        if (atr.data[i] == 0x73) {
            decoded.extended = (atr.data[i + 3] & 0x40) != 0;
            decoded.channels = (atr.data[i + 3] & 0x07) == 7 ? 8 : 1 + (atr.data[i + 3] & 0x07);
        }
    }
    return decoded;
}

START_TEST(a_terminal_reads_it)
{
    static const struct {
        enum softeuicc_protocol protocol;
        unsigned protocols;
    } cases[] = {{SOFTEUICC_T0, 1U << 0 | 1U << 15}, {SOFTEUICC_T1, 1U << 1 | 1U << 15}};

    for (size_t i = 0; i < 2; i++) {
        uint8_t atr[SOFTEUICC_ATR_MAX];
        size_t size = 0;
        struct decoded decoded;

        atr_get(cases[i].protocol, atr, &size);
        ck_assert_uint_le(size, SOFTEUICC_ATR_MAX);
        decoded = decode(SPAN(atr, size));
        ck_assert_uint_eq(decoded.protocols, cases[i].protocols);
        ck_assert(decoded.euicc);
        ck_assert(decoded.extended);
        ck_assert_uint_eq(decoded.channels, 8); /* "8 or more" */
    }
}
END_TEST

TEST_MAIN("atr", a_terminal_reads_it)
