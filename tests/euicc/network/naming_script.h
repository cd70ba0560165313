/*
 * A bearer of addresses for tests, as a terminal is one: so many channels at once, and what a test says
 * becomes of each. Behind port 53 stands a name server that knows one name. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_NAMING_SCRIPT_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_NAMING_SCRIPT_H

#include "euicc/network/bearer.h"
#include "euicc/network/dns.h"

#define SCRIPT_NAME     "eim.example"
#define SCRIPT_SERVER   "192.0.2.53"
#define SCRIPT_SECOND   "192.0.2.54"
#define SCRIPT_CHANNELS 16
#define SCRIPT_PLACES   8
#define SCRIPT_PIECES   8

enum script_kind {
    SCRIPT_OPENS,   /* at once; what is not named does */
    SCRIPT_HANGS,   /* opens when the test says so */
    SCRIPT_ENDS,    /* before it is open */
    SCRIPT_REFUSES, /* there is no channel for it */
};

enum script_server_kind { SCRIPT_ANSWERS, SCRIPT_SILENT, SCRIPT_FAILS, SCRIPT_BABBLES /* without end */ };

struct script_channel {
    bool is_used;
    enum bearer_transport transport;
    char host[HOST_ADDRESS_TEXT];
    uint16_t port;
    enum bearer_state state;
    char why[32];
    struct buf sent; /* the last time */
    unsigned sends;
    struct buf pieces[SCRIPT_PIECES]; /* for the card */
    size_t piece_count, taken;
};

struct script {
    struct bearer bearer;
    struct script_channel channels[SCRIPT_CHANNELS + 1];
    unsigned limit; /* channels at once */
    struct {
        const char *host;
        enum script_kind kind;
    } places[SCRIPT_PLACES];
    size_t place_count;
    /* The name servers: what they say. */
    enum script_server_kind server, second;
    unsigned rcode;
    uint8_t addresses[16]; /* 192.0.2.x, until a zero */
    bool has_ipv6;         /* 2001:db8::7 */
    uint32_t ttl;
    /* What the terminal tells. */
    const char *told;    /* a server */
    bool told_with_open; /* once a channel was open */
    /* The call of this number, beginning with 1, fails in its way; 0: none. */
    unsigned fails_at;
    /* What was seen. */
    unsigned calls, opened, closed, most;
    unsigned questions;
    uint16_t last_id;
};

void script_begin(struct script *script);
void script_free(struct script *script);

void script_place(struct script *script, const char *host, enum script_kind kind);
/* The channel that is used to that address; NULL: none. */
struct script_channel *script_find(struct script *script, const char *host);
/* Channels that are used. */
unsigned script_count(const struct script *script);
/* Something comes over a channel; it opens; it ends. */
void script_come(struct script_channel *channel, struct span octets);
void script_opened(struct script_channel *channel);
void script_ended(struct script_channel *channel, const char *why);
/* Answers the last question that went over a channel as the script's servers do. */
void script_answer(struct script *script, struct script_channel *channel);

#endif
