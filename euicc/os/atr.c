/*
 * The Answer To Reset: ISO/IEC 7816-3 8 (form), TS 102 221 6.3 (interface octets and T=15),
 * ISO/IEC 7816-4 12.1.1 (historical octets). A card offers exactly one protocol, so that the reader and the
 * card cannot disagree on the one in use.
 */
#include "euicc/os/atr.h"

#include <string.h>

/* TS 102 221 6.3.2: 512 clock cycles over 64, the fastest that every terminal may use. */
#define TA1_SPEED 0x97

/* First TA after T=15: clock may stop in either state; classes A, B and C (TS 102 221 6.3.2). */
#define T15_CLOCK_AND_VOLTAGE 0xC7
/* First TB after T=15: b8 "table in use", b2 "eUICC-related functions supported" (TS 102 221 6.3.3): how a
 * device tells an eUICC from a UICC. */
#define T15_EUICC 0x82

static const uint8_t interface_t0[] = {
    TA1_SPEED,
    0x80, /* TD1: T=0; TD2 follows */
    0x3F, /* TD2: T=15; TA3, TB3 follow */
    T15_CLOCK_AND_VOLTAGE,
    T15_EUICC,
};

static const uint8_t interface_t1[] = {
    TA1_SPEED,
    0x81, /* TD1: T=1; TD2 follows */
    0xB1, /* TD2: T=1; TA3, TB3, TD3 follow */
    0xFE, /* TA3: IFSC 254 octets */
    0x45, /* TB3: BWI 4, CWI 5 */
    0x3F, /* TD3: T=15; TA4, TB4 follow */
    T15_CLOCK_AND_VOLTAGE,
    T15_EUICC,
};

static const uint8_t historical[] = {
    0x80,       /* compact TLV objects follow */
    0x31, 0xE0, /* card service data: selection by full and partial AID, EF.DIR read by record, an MF */
    0x73, 0xFE, 0x21, 0x5F, /* card capabilities: every way to select; octets as data units; extended lengths,
                               channels by card or by terminal, eight or more of them */
    0x65, 'e',  'U',  'I',  'C', 'C', /* pre-issuing data */
    0x81, 0x05,                       /* card life cycle: operational, activated */
};

#define TS_DIRECT  0x3B
#define T0_TA1_TD1 0x90 /* upper half of T0: TA1 and TD1 follow; lower half: number of historical octets */

void atr_get(enum softeuicc_protocol protocol, uint8_t atr[SOFTEUICC_ATR_MAX], size_t *size)
{
    const uint8_t *interface = protocol == SOFTEUICC_T1 ? interface_t1 : interface_t0;
    size_t interface_size = protocol == SOFTEUICC_T1 ? sizeof(interface_t1) : sizeof(interface_t0);
    size_t n = 0;
    uint8_t tck = 0;

    atr[n++] = TS_DIRECT;
    atr[n++] = T0_TA1_TD1 | sizeof(historical);
    memcpy(atr + n, interface, interface_size);
    n += interface_size;
    memcpy(atr + n, historical, sizeof(historical));
    n += sizeof(historical);
    for (size_t i = 1; i < n; i++)
        tck ^= atr[i];
    atr[n++] = tck;
    *size = n;
}
