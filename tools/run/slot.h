/*
 * A card in a reader's slot: what vpcd does to the slot is done to the card, and shown in the trace. The card
 * can be taken out and put in, its power cut, and its clock set (softeuicc ctl).
 */
#ifndef SOFTEUICC_TOOLS_RUN_SLOT_H
#define SOFTEUICC_TOOLS_RUN_SLOT_H

#include "device/host_network.h"
#include "euicc/softeuicc.h"
#include "tools/run/slot_time.h"
#include "tools/run/trace.h"
#include "vpcd-bridge/link.h"

#include <time.h>

enum slot_event {
    SLOT_REMOVED,   /* the reader knows that the card is out, or there is none */
    SLOT_POWERED,   /* a reader found the card and powered it */
    SLOT_NO_READER, /* the card looks for a reader in vain */
};

/* Who wants to know; the calls may be NULL. They may not close the slot. */
struct slot_watcher {
    void *context;
    void (*happened)(void *context, enum slot_event event);
    void (*traced)(void *context, const struct trace_entry *entry); /* NULL: nobody follows the trace */
};

struct slot {
    unsigned number;
    uint16_t port;
    bool trace;       /* on standard output */
    const char *host; /* of vpcd, for messages; borrowed */
    const char *path; /* of the card file; borrowed */
    enum softeuicc_protocol protocol;
    struct event *lost;     /* made active when the card's file is gone; borrowed */
    struct timespec looked; /* when that was looked for, of the monotonic clock */
    struct softeuicc *card; /* NULL: it could not be opened again after its power was cut */
    struct vpcd_link *link;
    struct event *due; /* the card wants to be woken */
    struct event_base *base;
    bool lends_network;           /* this machine's, to the card's IPAe */
    struct host_network *network; /* NULL: it does not */
    struct slot_watcher watcher;
    bool inserted;                         /* not taken out */
    bool connected;                        /* to vpcd */
    bool powered;                          /* by the reader */
    int64_t clock_offset;                  /* milliseconds that the card's clock is ahead of this machine's */
    uint64_t commands, resets, power_cuts; /* since the daemon began */
    uint64_t cut_after;                    /* an armed power cut's change of storage; 0: none is armed */
    struct slot_cut {
        uint64_t after; /* the change of storage at which it struck; 0: none has */
        int64_t time;   /* the card's, as slot_now */
    } last_cut;
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t atr_size;
    uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
};

/* Opens the card in slot->path and puts it into the slot, without a reader yet. False after printing the line
 * that says why. */
bool slot_open(struct slot *slot);

/* Begins to connect to vpcd, for ever. False without memory. */
bool slot_connect(struct slot *slot, const struct addrinfo *addresses);

/* Takes the card out of the reader; SLOT_REMOVED follows. */
void slot_remove(struct slot *slot);
/* Puts it in again; SLOT_POWERED or SLOT_NO_READER follows. False: there is no card (see slot.card) and it
 * cannot be opened; the line that says why was printed. */
bool slot_insert(struct slot *slot);

/* The power is to go at the `after`-th change of storage from now; 0: not after all. False: it cannot. */
bool slot_arm_cut(struct slot *slot, uint64_t after);

/* softeuicc_set, after which the card may want to be woken at another time. False with the reason. */
bool slot_set(struct slot *slot, const struct softeuicc_set_value *values, size_t count,
              struct softeuicc_error *error);

/* The card's clock was set: what it wants to be woken for is due at another time now. */
void slot_schedule(struct slot *slot);

/* The card's time: milliseconds since 1970, up to SLOT_TIME_LAST. */
int64_t slot_now(const struct slot *slot);

/* False: the card's file is gone from its place, which the line on standard error says. */
bool slot_is_there(const struct slot *slot);

/* Closes the card: power off. An empty slot is fine. */
void slot_close(struct slot *slot);

/* One line on stdout with the time and the slot's number in front. */
void slot_log(const struct slot *slot, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
