/*
 * The listening side of the vpcd protocol for benchmarks: starts `softeuicc run` on a card file, takes its
 * connection as vpcd would, and talks to the card without a pcscd in between.
 */
#ifndef SOFTEUICC_TESTS_BENCH_FAKE_VPCD_H
#define SOFTEUICC_TESTS_BENCH_FAKE_VPCD_H

#include "apdu/bytes.h"

#include <sys/types.h>

struct fake_vpcd {
    int listener;
    int connection;
    pid_t pid; /* of `softeuicc run` */
    char address[32];
};

/* Listens on a free port of 127.0.0.1. */
void fake_vpcd_listen(struct fake_vpcd *vpcd);
/* Starts `program run --card CARD --vpcd ADDRESS` and waits for its connection. */
void fake_vpcd_start(struct fake_vpcd *vpcd, const char *program, const char *card);
/* Sends one frame; receives one into `answer` (cleared first). */
void fake_vpcd_send(struct fake_vpcd *vpcd, struct span message);
void fake_vpcd_receive(struct fake_vpcd *vpcd, struct buf *answer);
/* Powers the card on and asks for its ATR. */
void fake_vpcd_atr(struct fake_vpcd *vpcd, struct buf *atr);
/* Ends the process with SIGTERM; it must end with status 0. The listener stays. */
void fake_vpcd_stop(struct fake_vpcd *vpcd);

#endif
