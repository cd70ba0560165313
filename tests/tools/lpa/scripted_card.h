/*
 * A card that answers as the test says, and the LPA's commands run on it: for answers that no card of ours
 * gives.
 */
#ifndef SOFTEUICC_TESTS_TOOLS_LPA_SCRIPTED_CARD_H
#define SOFTEUICC_TESTS_TOOLS_LPA_SCRIPTED_CARD_H

#include "tests/support/capture.h"
#include "tools/lpa/lpa.h"

#define SCRIPT_MAX 16

/* All-zero: a card without functions. */
struct scripted_card {
    struct {
        uint32_t tag;
        struct span answer;
        uint16_t status;
    } answers[SCRIPT_MAX];
    size_t count;
    bool broken_reset;  /* it does not come back from a reset */
    unsigned resets;    /* how often it was reset */
    struct buf request; /* the last one, put together from its blocks */
};

/* What it answers to requests with this tag, in place of an earlier answer; the octets stay the caller's. */
void scripted_answer(struct scripted_card *card, uint32_t tag, struct span answer);
/* The same with a status word alone. */
void scripted_refusal(struct scripted_card *card, uint32_t tag, uint16_t status);

/* Runs a command on it with these settings and words (up to NULL), which are those of `softeuicc lpa`. */
struct captured scripted_run(struct scripted_card *card, const struct lpa *settings,
                             int (*run)(const struct command_line *line), ...) __attribute__((sentinel));
#define on_card(card, ...)      scripted_run((card), &(struct lpa){.json = false}, __VA_ARGS__, NULL)
#define on_card_json(card, ...) scripted_run((card), &(struct lpa){.json = true}, __VA_ARGS__, NULL)

/* Fails the test unless it is one line for people: printable, from softeuicc, and at its end. */
void assert_one_line(const char *text);
/* And unless that is all, with the status of a failure. */
void assert_refusal(const char *file, int line, struct captured captured);
#define ck_assert_refusal(captured) assert_refusal(__FILE__, __LINE__, (captured))

#endif
