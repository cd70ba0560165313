/*
 * What the IPAe asks of the terminal (ETSI TS 102 223): to tell it events, who and where the device is, to
 * wake it, and to carry its octets over channels (BIP); where the host does the latter two, only the former.
 * One command at a time; with every TERMINAL PROFILE all of it is asked anew.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_TERMINAL_H
#define SOFTEUICC_EUICC_IPAE_IPAE_TERMINAL_H

#include "euicc/network/bip_bearer.h"
#include "euicc/os/card.h"

struct ipae_terminal;

/* `carries`: it is to carry octets and to wake the IPAe; else the host does. NULL without memory. */
struct ipae_terminal *ipae_terminal_new(struct softeuicc *card, bool carries);
void ipae_terminal_free(struct ipae_terminal *terminal); /* NULL is fine */
/* Nothing is known of the terminal any more, and no channel is open. */
void ipae_terminal_reset(struct ipae_terminal *terminal);

/* It has sent TERMINAL PROFILE: other terminals are asked nothing, and believed nothing. */
bool ipae_terminal_has_toolkit(const struct ipae_terminal *terminal);
/* The terminal carries octets for the card. */
bool ipae_terminal_has_channels(const struct ipae_terminal *terminal);
struct bip_bearer *ipae_terminal_bearer(const struct ipae_terminal *terminal);
/* The channels that are opened from now on go where the enabled profile says. False: without memory. */
bool ipae_terminal_use_profile(struct ipae_terminal *terminal);

/* What is to be asked next goes into the toolkit's queue, if nothing does already. `due`: when the IPAe wants
 * to be woken, in milliseconds of the card's clock; -1: never. */
void ipae_terminal_ask(struct ipae_terminal *terminal, int64_t due);

/* The IPAe waits for what it is asked first: without end for one that is to carry, while there is patience
 * for another. */
bool ipae_terminal_is_awaited(const struct ipae_terminal *terminal);
/* When the patience with what it is asked now ends, in milliseconds of the card's clock; -1: nothing is
 * asked, or it is to carry. */
int64_t ipae_terminal_patience_ends(const struct ipae_terminal *terminal);
/* If that time has come: takes the question back, and asks nothing more before the next TERMINAL PROFILE. */
void ipae_terminal_mind_patience(struct ipae_terminal *terminal);

/* Whether nobody waits for what comes over a channel that is open all the same: then none is looked at. */
void ipae_terminal_rest(struct ipae_terminal *terminal, bool rests);

/* What the terminal has spent on the IPAe since this was made. */
struct ipae_terminal_figures {
    uint64_t proactive_commands; /* fetched: what it asks, and a REFRESH for a change that it has made */
    uint64_t commands;           /* FETCH and TERMINAL RESPONSE of those, ENVELOPE of its events and timer */
};
const struct ipae_terminal_figures *ipae_terminal_figures(const struct ipae_terminal *terminal);

/* What the terminal has told. */
struct ipae_whereabouts {
    char imei[17];   /* 15 or 16 digits; "": it has not */
    bool has_plmn;   /* … registered on it */
    uint8_t plmn[3]; /* as coded in 3GPP TS 24.008 */
    bool no_service; /* … and that it is on no network now, of which it tells the end */
    bool has_time;
    int64_t ahead; /* milliseconds that its time is ahead of the card's */
};
const struct ipae_whereabouts *ipae_terminal_whereabouts(const struct ipae_terminal *terminal);

#endif
