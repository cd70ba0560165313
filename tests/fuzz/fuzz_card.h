/*
 * A whole card for fuzz targets: made once per process in memory, with two CIs, an enabled and a disabled
 * profile and pending notifications, and put back into that state before each input.
 */
#ifndef SOFTEUICC_TESTS_FUZZ_FUZZ_CARD_H
#define SOFTEUICC_TESTS_FUZZ_FUZZ_CARD_H

#include "euicc/softeuicc.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pki.h"

/* The PKI the card trusts, with its servers. */
const struct test_ci *fuzz_ci(void);

/* The card as it was made, just powered on, with this protocol. All that is random, what OpenSSL signs with
 * too, comes from a generator that starts the same way each time: an input is answered the same whatever came
 * before. */
struct softeuicc *fuzz_card(enum softeuicc_protocol protocol);
/* Puts it back at the end of an input: one that leaves more allocated than it found would be run a second
 * time by libFuzzer, which looks for a leak then. */
void fuzz_card_done(void);

/* The state of that generator, of which all follows that it gives. */
uint64_t fuzz_random_state(void);
void fuzz_random_go_on(uint64_t state);

/* Makes what the card holds now the state that fuzz_card puts it back into. */
void fuzz_card_keep(void);

/* Runs one command; checks what holds for every answer. Returns the answer with its status word, valid until
 * the next call. */
struct span fuzz_transmit(struct softeuicc *card, struct span capdu);

/* Selects the ISD-R on channel 0. */
void fuzz_select_isdr(struct softeuicc *card);

/* Sends one ES10 request in blocks of `block` octets and fetches the whole answer; appends the answer to
 * `response` (may be NULL) and returns the status word. */
uint16_t fuzz_es10(struct softeuicc *card, struct span request, size_t block, struct buf *response);

#endif
