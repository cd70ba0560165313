/* What the files of the bearer over a terminal's channels share. See bip_bearer.h. */
#ifndef SOFTEUICC_EUICC_NETWORK_BIP_INTERNAL_H
#define SOFTEUICC_EUICC_NETWORK_BIP_INTERNAL_H

#include "euicc/network/bip_bearer.h"
#include "euicc/network/pieces.h"

enum { BIP_WHY_MAX = 100 };

enum at_terminal { TERMINAL_HAS_NONE, TERMINAL_OPENS, TERMINAL_HAS_IT, TERMINAL_IS_DONE };

struct bip_channel {
    bool is_owned; /* by who opened it */
    bool has_failed;
    enum at_terminal at_terminal;
    enum bearer_transport transport;
    struct ip_address address;
    uint16_t port;
    unsigned number;  /* that the terminal gave it */
    size_t buffer;    /* octets, of the terminal's */
    size_t stored;    /* octets in it that are to be sent yet */
    size_t available; /* octets that the terminal has, as it said last */
    bool is_quiet;    /* nothing came of it since it was looked at, or at all */
    bool looks;       /* … and so it is asked for octets without having said that there are some */
    bool is_dropped;  /* by the network or the other end */
    bool is_doubted;  /* … and gave nothing: the terminal is asked whether it is up */
    bool is_timed;    /* the terminal knows of it, or has been told to open it */
    bool pauses;      /* the terminal was too busy */
    unsigned tries;
    struct pieces out, in;
    struct buf datagram; /* that has not come whole */
    char why[BIP_WHY_MAX];
};

struct bip_bearer {
    struct bearer bearer;
    struct bip_channel channels[PROACTIVE_CHANNELS_MAX + 1]; /* by their names */
    struct buf bearer_description, access; /* as OPEN CHANNEL has them; empty: the default one, and no more */
    struct buf login;
    struct buf objects;        /* of the command that is asked next */
    uint8_t type, qualifier;   /* of that */
    struct bip_channel *asked; /* whose command is on its way; NULL: none is */
    struct bip_channel *chosen;
    size_t chosen_size; /* octets of SEND DATA, or asked for by RECEIVE DATA */
    bool has_news;
    bool is_mute;                 /* the terminal had octets of which it had told nothing */
    struct ip_address dns_server; /* that the terminal has named; size 0: none */
    bool is_server_told;          /* … and where it has not, it does with the next channel */
    struct bearer_figures figures;
    int64_t ticked; /* until when channels' time is counted */
};

/* It works no more, for a reason of one line; the first one counts. */
void bip_fail(struct bip_bearer *bearer, struct bip_channel *channel, const char *why);
/* Makes its place free if neither its owner nor the terminal has it any more. */
void bip_forget(struct bip_channel *channel);

#endif
