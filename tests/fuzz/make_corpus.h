/* Writing seed files; shared by make_corpus.c and what it calls for the targets that need a card. */
#ifndef SOFTEUICC_TESTS_FUZZ_MAKE_CORPUS_H
#define SOFTEUICC_TESTS_FUZZ_MAKE_CORPUS_H

#include "apdu/bytes.h"

/* Writes one seed of a target; prints why and returns false when it cannot. */
bool corpus_write(const char *target, const char *name, struct span octets);
bool corpus_write_hex(const char *target, const char *name, const char *text);

/* make_corpus_card.c */
bool corpus_make_card_targets(void);

#endif
