/*
 * A terminal's channels as a bearer (BIP, ETSI TS 102 223 6.4.27 to 6.4.31, 7.5.10, 7.5.11): what the network
 * stack wants becomes proactive commands, one at a time, and what the terminal answers or tells becomes
 * octets and ends of channels. It knows no toolkit: its owner asks it what the terminal is to be asked.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_BIP_BEARER_H
#define SOFTEUICC_EUICC_NETWORK_BIP_BEARER_H

#include "apdu/proactive.h"
#include "euicc/network/bearer.h"
#include "euicc/network/host.h"

#define BIP_BUFFER_WANTED 1500 /* octets that a channel's buffer is asked to have */

struct bip_bearer;

/* NULL without memory. */
struct bip_bearer *bip_bearer_new(void);
void bip_bearer_free(struct bip_bearer *bearer); /* NULL is fine */
const struct bearer *bip_bearer_bearer(const struct bip_bearer *bearer);

/* The terminal knows nothing of any channel any more: a reset, or another TERMINAL PROFILE. Those that are in
 * use have ended. */
void bip_bearer_reset(struct bip_bearer *bearer);

/* How the network is reached; each is absent for the terminal's own. */
struct bip_access {
    struct span bearer;         /* value of a bearer description, 8.52; absent: the default bearer */
    struct span apn;            /* value of a network access name, 8.70 */
    struct span user, password; /* values of text strings, 8.15 */
};
/* Of the channels that are opened from now on; copied. False: without memory. */
bool bip_bearer_set_access(struct bip_bearer *bearer, const struct bip_access *access);

/*
 * What the terminal is to be asked next; the objects live until the bearer is used again. False: nothing, or
 * something has been asked (bip_bearer_asked) and is not answered yet.
 */
bool bip_bearer_next(struct bip_bearer *bearer, struct proactive_command *command);
/* What bip_bearer_next said last is on its way. */
void bip_bearer_asked(struct bip_bearer *bearer);
/* … and the terminal has it. */
void bip_bearer_fetched(struct bip_bearer *bearer);
/* The terminal's answer to it. */
void bip_bearer_answered(struct bip_bearer *bearer, const struct proactive_response *response);
/* Data available, or channel status; of others nothing is taken. */
void bip_bearer_event(struct bip_bearer *bearer, uint8_t event, struct span objects);
/* Time has gone by: what the terminal was too busy for is tried again, and a channel of which nothing was
 * heard is looked at, in case this terminal sends no events. */
void bip_bearer_look(struct bip_bearer *bearer);

/* Whether anything came since this was asked last. */
bool bip_bearer_has_news(const struct bip_bearer *bearer);
void bip_bearer_saw_news(struct bip_bearer *bearer);
/* Whether a channel waits for the terminal to tell something. */
bool bip_bearer_waits(const struct bip_bearer *bearer);
/* Whether this terminal had octets that no event had told of: it has to be looked at to learn of any. */
bool bip_bearer_is_mute(const struct bip_bearer *bearer);

/* The terminal may name a DNS server when the next channel is opened. */
void bip_bearer_expect_server(struct bip_bearer *bearer);

/* What it knows of time, in milliseconds since 1970: before anything of it changes (bip_bearer_fetched,
 * bip_bearer_answered, bip_bearer_reset) its channels' time is counted until now. */
void bip_bearer_tick(struct bip_bearer *bearer, int64_t now);
/* Octets are those that the terminal was told to send, and those that it has handed over. */
const struct bearer_figures *bip_bearer_figures(const struct bip_bearer *bearer);

#endif
