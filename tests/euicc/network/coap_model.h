/*
 * A server of CoAP and a channel to it that loses, doubles and delays datagrams, with a time of its own. It
 * shares no code with the exchange it is played against: libcoap reads for it. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_COAP_MODEL_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_COAP_MODEL_H

#include "euicc/network/coap_exchange.h"

enum { MODEL_FAULTS_MAX = 2, MODEL_NOWHERE = -1 };

enum model_fault { MODEL_LOSE, MODEL_DOUBLE, MODEL_DELAY };

struct coap_model {
    /* How it behaves: its largest blocks, both ways; whether it answers by itself, behind an empty
     * acknowledgement; what it answers. */
    unsigned szx;
    bool separate;
    struct span answer;
    /* What happens on the way: to the datagram of this number, both ways counted together from 0. */
    struct {
        int at;
        enum model_fault fault;
    } faults[MODEL_FAULTS_MAX];
    /* What it has, for the test to look at. */
    struct buf received; /* the payload of the last request */
    unsigned posts;      /* whole requests */
    unsigned datagrams;  /* both ways */
    size_t largest;      /* octets of a datagram, both ways */
    struct model_inside *inside;
};

/* Plays the exchange and the server until neither has anything to say. Fails the test when the exchange sends
 * what is no message for libcoap. */
void coap_model_play(struct coap_model *model, struct coap_exchange *exchange);
void coap_model_free(struct coap_model *model);

#endif
