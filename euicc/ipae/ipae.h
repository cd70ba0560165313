/*
 * The IPAe: the IPA that is an application of the card (SGP.32 2.10, 3.8.4). It runs the procedures of ipa/
 * as an IPAd does, in turns: a command that ended well, a due time or news of its bearer gives it one. What
 * it asks of the card is served inside the turn, with buffers and an RSP session of its own; a turn is one
 * transaction, and nothing leaves the card before that is stored. A build without the IPAe has these
 * functions too: ipae_none.c.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_H
#define SOFTEUICC_EUICC_IPAE_IPAE_H

#include "euicc/ipae/carrier.h"
#include "euicc/os/card.h"

/* Whether cards of this build can have one. */
extern const bool ipae_is_built;

/* Gives a card that is being made its IPAe, inside the transaction that is open. False: storage failed. */
bool ipae_insert(struct softeuicc *card, bool strict);
/* Its settings: see softeuicc_setting_at and softeuicc_set. The second stores nothing by itself. */
const struct softeuicc_setting *ipae_setting_at(size_t index);
enum softeuicc_status ipae_set(struct softeuicc *card, const struct softeuicc_set_value *values, size_t count,
                               struct softeuicc_error *error);
/* What ipae_set has changed was rolled back. */
void ipae_unset(struct softeuicc *card);
/* Calls `each` for every value that was set and holds, in the order of the settings; those of single eIMs
 * behind that of all. The values live as long as the call. */
void ipae_each_setting(struct softeuicc *card,
                       void (*each)(void *context, const struct softeuicc_set_value *value), void *context);
/* After the card was opened: reads what is kept of the IPAe, if the card has one. False: storage or memory
 * failed. */
bool ipae_load(struct softeuicc *card);
void ipae_free(struct softeuicc *card);

/* Power off and every reset: what was under way is lost, and begins anew from what is stored. */
void ipae_reset(struct softeuicc *card);

/* TERMINAL PROFILE came, before which a terminal says by TERMINAL CAPABILITY whether the device has an IPA:
 * it may begin. */
void ipae_terminal_is_ready(struct softeuicc *card);

/* A short message for the ISD-R came (ota_take_call), which wants it to poll, if its settings let it. */
void ipae_message_came(struct softeuicc *card);

/* One turn. `of_es10`: the command before it was for the ISD-R. It changes nothing of that command's answer
 * but that there may be a proactive command to fetch. */
void ipae_turn(struct softeuicc *card, bool of_es10);
/* When it wants the next turn although nothing comes in, in milliseconds since 1970; -1: never. */
int64_t ipae_next_wakeup(const struct softeuicc *card);

/*
 * A change that was marked has been settled (lifecycle_settle), inside the transaction that is open.
 * `refreshed` false: the terminal has refused it, of which the eIMs hear; `resets`: it will reset the card
 * now. False: storage failed.
 */
bool ipae_settled(struct softeuicc *card, bool refreshed, bool resets);

/* What the card's owner may want to know. */
struct ipae_facts {
    bool strict;
    bool is_polling;
    int64_t next_poll;   /* milliseconds since 1970 */
    unsigned interval;   /* seconds */
    int64_t lost_since;  /* as next_poll, like the next one: no octet has come from the network since; 0: some
                            has */
    int64_t return_at;   /* the profile before the Fallback Profile is tried; 0: that is not planned */
    bool on_trial;       /* it is, and has not shown yet that it has a network */
    const char *imei;    /* of the device that it was in last; "": unknown */
    const uint8_t *plmn; /* three octets, 3GPP TS 24.008: the network that an eIM was told last; NULL: none */
    /* What carries its messages: "host", "terminal"; NULL: nothing, as the terminal has not said that it has
     * channels. */
    const char *network;
};
bool ipae_look(const struct softeuicc *card, struct ipae_facts *facts); /* false: the card has none */

/* What it has done and spent: ipae_count.h. */
struct ipae_tally {
    const char *name;
    uint64_t ever;       /* since the card was made */
    uint64_t last_round; /* since the last round of polls began */
};
bool ipae_look_count(const struct softeuicc *card, size_t index,
                     struct ipae_tally *tally); /* false: no more */

/* What the host tells of a channel of its network: softeuicc_bearer_opened and the two after it. */
void ipae_bearer_opened(struct softeuicc *card, unsigned channel);
void ipae_bearer_received(struct softeuicc *card, unsigned channel, struct span octets);
void ipae_bearer_closed(struct softeuicc *card, unsigned channel, const char *why);

/* Lends it a carrier, which lives as long as the card; before the first reset. NULL: none. */
void ipae_set_carrier(struct softeuicc *card, const struct ipae_carrier *carrier);

#endif
