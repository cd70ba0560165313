/*
 * What the IPAe has done and spent since the card was made, and since its last round began. Counted in RAM,
 * and kept in table `ipae_count` with the end of each round, when the schedule is stored anyway, and when the
 * card is reset or switched off in order: a loss of power takes what was counted since, of one round at most.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_COUNT_H
#define SOFTEUICC_EUICC_IPAE_IPAE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct ipae;

enum ipae_count {
    IPAE_POLLS,        /* of an eIM, that are over */
    IPAE_POLLS_FAILED, /* … and reached nobody */
    IPAE_PACKAGES,     /* that were carried out */
    IPAE_DOWNLOADS,    /* that have installed a profile */
    IPAE_CHANGES, /* of the enabled profile that the IPAe has made or marked; the next three among them */
    IPAE_ROLLBACKS,
    IPAE_FALLBACKS,
    IPAE_RETURNS,
    IPAE_SENT, /* octets over channels; struct bearer_figures */
    IPAE_RECEIVED,
    IPAE_CHANNELS,
    IPAE_CHANNEL_MS,
    IPAE_PROACTIVE_COMMANDS, /* struct ipae_terminal_figures; 0 of a terminal without toolkit */
    IPAE_COMMANDS,
    IPAE_COUNTS
};

struct ipae_figures {
    uint64_t ever[IPAE_COUNTS];
    uint64_t before_round[IPAE_COUNTS]; /* what they were when the last round began */
};

struct ipae_counts {
    struct ipae_figures now, kept;
    bool begins; /* a round has, and nothing was counted in it yet: the one before is the last */
    uint64_t seen[IPAE_COUNTS]; /* of what network and terminal count for themselves */
};

/* As JSON and the table have it: "polls_failed". */
const char *ipae_count_name(enum ipae_count count);

/* Reads what is kept, after the card was opened. False when storage failed; so of the others. */
bool ipae_count_read(struct ipae *ipae);
/* Takes over what network and terminal have counted until now. */
void ipae_count_see(struct ipae *ipae);
/* One more. In a turn: who gives a turn back gives the counts back that were before it. */
void ipae_count_note(struct ipae *ipae, enum ipae_count count);
/* A round begins; it is the last one as soon as something is counted. */
void ipae_count_begin_round(struct ipae *ipae);
/* Keeps them, inside the transaction that is open or a new one. */
bool ipae_count_keep(struct ipae *ipae);
/* Keeps them by itself, between commands. What cannot be stored is kept another time. */
void ipae_count_flush(struct ipae *ipae);

#endif
