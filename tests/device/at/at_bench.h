/*
 * An AT session at a modem whose card is a fake one (tests/device/modem/fake_card.h) or a whole eUICC in this
 * process, on a network and a clock that a test moves. For tests only.
 */
#ifndef SOFTEUICC_TESTS_DEVICE_AT_AT_BENCH_H
#define SOFTEUICC_TESTS_DEVICE_AT_AT_BENCH_H

#include "device/at/at.h"
#include "device/link_private.h"
#include "tests/device/modem/fake_air.h"
#include "tests/device/modem/fake_card.h"
#include "tests/device/modem/fake_clock.h"
#include "tests/support/es10.h"
#include "tests/support/profile.h"

#define AT_BENCH_ICCID "8900112233445566778"
#define AT_BENCH_ISD_R "A0000005591010FFFFFFFF8900000100"

enum { AT_BENCH_OVERRIDES = 8 };

struct at_bench {
    struct link link; /* the modem's, around the card's own */
    struct fake_card fake;
    struct es10_bench euicc; /* card NULL: the fake one */
    struct device_clock *clock;
    struct air *air;
    struct modem_settings settings;
    struct modem *modem;
    struct at *at;
    /* Commands, by how they begin in hexadecimal, that are answered so, whatever card there is. */
    struct {
        const char *begins, *answer;
    } overrides[AT_BENCH_OVERRIDES];
    bool was_reset, is_gone; /* by another program; altogether */
    unsigned resets;
    struct buf out;  /* to the program */
    struct buf log;  /* each command to the card as a line of hexadecimal */
    struct buf told; /* each line that a person is told, "<" before an answer */
};

/* With a fake card, or an eUICC whose enabled profile is made so (NULL: as saip_recipe_default has it). The
 * modem has started and rests, echo is off; settings may be filled before, from all-zero. */
void at_bench_fake(struct at_bench *bench, const char *model);
void at_bench_euicc(struct at_bench *bench, const char *model, const struct saip_recipe *recipe);
void at_bench_free(struct at_bench *bench);

/* Commands that begin so are answered so; the same beginning once more: NULL ends that. */
void at_bench_override(struct at_bench *bench, const char *begins, const char *answer);

/* What comes of octets from the program, as it comes. Until the next call. */
const char *at_bench_raw(struct at_bench *bench, const char *octets);
/* The lines that come of a command line, "|" between them. Each must stand between CR LF and CR LF. */
const char *at_bench_say(struct at_bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What has come without being asked for, in the same way. */
const char *at_bench_heard(struct at_bench *bench);
/* The commands to the card since the last time, a blank between them. */
const char *at_bench_log(struct at_bench *bench);

void at_bench_settle(struct at_bench *bench);
void at_bench_pass(struct at_bench *bench, int64_t ms);

#define ck_assert_at(bench, command, expected)                                                               \
    ck_assert_str_eq(at_bench_say((bench), "%s", (command)), (expected))

#endif
