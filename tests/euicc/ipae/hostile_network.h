/*
 * The network that a host lends to a card's IPAe, with a server of HTTPS behind it, and what may go wrong
 * with either. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_HOSTILE_NETWORK_H
#define SOFTEUICC_TESTS_EUICC_IPAE_HOSTILE_NETWORK_H

#include "euicc/softeuicc.h"
#include "tests/euicc/network/https_peer.h"

#define MINUTE ((int64_t)60 * 1000)

/* Who the server is. The card trusts the CA. */
enum network_identity {
    SERVER_GOOD,
    SERVER_OF_OTHER_CA,
    SERVER_OF_ITSELF,
    SERVER_BADLY_SIGNED, /* by a key that is not the CA's, in its name */
    SERVER_OF_NO_CA,     /* issued by the good server */
    SERVER_OF_OTHER_NAME,
    SERVER_WITHOUT_NAME,
    SERVER_EXPIRED,
    SERVER_OF_TOMORROW,
    SERVER_OF_SMALL_CURVE,
    SERVER_OF_SMALL_RSA,
    SERVER_FOR_CLIENTS, /* by its extended key usage */
    SERVER_IDENTITIES
};

enum network_channel { CHANNEL_OPENS, CHANNEL_REFUSED, CHANNEL_NEVER_OPENS, CHANNEL_DIES };

/* What is wrong; all-zero is nothing. It is that of a connection from its beginning on. */
struct network_fault {
    const char *name;
    bool harmless; /* it only looks so */
    /* The network. */
    enum network_channel channel;
    bool takes_nothing; /* of what the card sends */
    size_t cut_sent;    /* the channel ends when the card has sent so many octets … */
    size_t cut_come;    /* … or when so many came to it */
    bool silent;        /* it does not end then, but carries nothing more */
    bool in_answer;     /* cut_come and mangle are of what comes behind the request */
    void (*mangle)(struct span raw, struct buf *out); /* what comes instead of these octets of TLS */
    size_t piece;                                     /* octets that come at once; 0: 1400 */
    int64_t delay;                                    /* ms until a piece comes */
    /* The server. */
    enum network_identity identity;
    int highest; /* version of TLS, OpenSSL's number; 0: any */
    /* Its answer. */
    const char *answer;                    /* instead of the eIM's, as HTTP */
    struct span (*make)(struct span body); /* as HTTP, of the eIM's */
    unsigned share;                        /* percent of it that is written; 0: all */
    bool closes, cuts;                     /* TLS, or the channel, ends behind it */
    const char *again;                     /* is written behind it without end */
};

struct hostile_network {
    struct softeuicc_bearer calls;
    /* The eIM; false: no answer ever comes. */
    bool (*eim)(void *context, struct span message, struct buf *answer);
    void *context;
    int64_t now;
    bool gives_no_sessions;            /* each handshake of TLS 1.3 is a whole one */
    const struct network_fault *fault; /* of connections that begin now; NULL: none */
    SSL_CTX *servers[SERVER_IDENTITIES];
    /* The newest connection. */
    const struct network_fault *is;
    struct https_peer peer;
    unsigned channel; /* 0: none */
    bool is_open, is_told_open, is_cut, is_told_cut, in_answer, answers_on;
    struct buf come;   /* on its way to the card, as far as it was not told */
    int64_t due;       /* when the next piece comes */
    size_t sent, came; /* octets */
    unsigned opened, closed, requests;
    struct span head; /* of the last request */
};

void hostile_network_open(struct hostile_network *network);
void hostile_network_end(struct hostile_network *network);
/* The certificate of the CA that the card trusts. */
struct span hostile_network_ca(void);

/* All is well from now on, as far as what went wrong before lets it. */
void hostile_network_heal(struct hostile_network *network);
/* Who hears what becomes of a channel. */
struct network_listener {
    void *context;
    void (*opened)(void *context, unsigned channel);
    void (*received)(void *context, unsigned channel, struct span octets);
    void (*closed)(void *context, unsigned channel, const char *why);
};
/* Tells one thing that is due. False: there is nothing. */
bool hostile_network_tell_to(struct hostile_network *network, const struct network_listener *listener);
/* The same, to a card whose host lends it this network. */
bool hostile_network_tell(struct hostile_network *network, struct softeuicc *card);
/* When there is something to tell; INT64_MAX: never. */
int64_t hostile_network_due(const struct hostile_network *network);

#endif
