/*
 * The eIMs and SM-DP+s of an IPA that is fuzzed: each answer is an octet of the input that says what the
 * piece behind it is, and the piece with a 16-bit length. Commands are signed on the way, so that what is
 * behind the eIM's signature is reached.
 */
#ifndef SOFTEUICC_TESTS_FUZZ_FUZZ_ANSWERS_H
#define SOFTEUICC_TESTS_FUZZ_FUZZ_ANSWERS_H

#include "ipa/ipa.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/package.h"

#define FUZZ_EIM_ID "eim.example.com"

/* Makes an eIM and associates it with the card of fuzz_card, which keeps it. It relays downloads; its key is
 * another one in each process. */
struct test_eim fuzz_associate(struct softeuicc *card);

enum fuzz_answer { FUZZ_ANSWERED, FUZZ_REFUSED, FUZZ_MALFORMED, FUZZ_LOST };

/* Appends the answer to a message; FUZZ_LOST once the input is used up. */
enum fuzz_answer fuzz_answer(struct span *in, struct test_eim *eim, const struct ipa_message *message,
                             struct buf *out);

/* What an eIM is told has no number that its type does not have. */
void fuzz_check_message(const struct softeuicc *card, struct span message);

#endif
