/*
 * What a POST says and what its answers mean, without time and repetition: the payload in blocks where it is
 * larger than one (Block1), the answer put together from its blocks (Block2), RFC 7959. The server may ask
 * for smaller blocks, and may make the transfer begin again, once for each of its reasons. A reading: what is
 * asked for behind the first block of an answer has the options of the request and no payload (RFC 7959 3.3).
 */
#ifndef SOFTEUICC_EUICC_NETWORK_COAP_TRANSFER_H
#define SOFTEUICC_EUICC_NETWORK_COAP_TRANSFER_H

#include "euicc/network/coap_message.h"

enum { COAP_WHY_SIZE = 160 };

struct coap_request {
    const char *path;       /* "/a/b": each piece an option Uri-Path, as it is; "" or "/": none */
    const char *host;       /* Uri-Host; NULL: none is sent */
    int32_t content_format; /* of the payload, 0 to 65535; negative: none is sent */
    struct span payload;    /* at most COAP_BODY_MAX octets */
    unsigned szx;           /* blocks have at most COAP_BLOCK_SIZE(szx) octets, both ways */
    bool is_slow;           /* answers take long: a request is repeated later */
    size_t answer_max;      /* octets of the answer's payload, at most COAP_BODY_MAX */
    /* Random numbers. Message ids and tokens are counted on from the first; `jitter` spreads the
     * repetitions. */
    uint16_t message_id, token, jitter;
};

struct coap_answer {
    uint8_t code;           /* of a refusal too; 0: there was none */
    int32_t content_format; /* negative: it was not said */
    struct buf payload;
};

/* Begins again that are allowed once each. */
enum { COAP_AGAIN_SMALLER = 1, COAP_AGAIN_INCOMPLETE = 2, COAP_AGAIN_CHANGED = 4 };

struct coap_transfer {
    struct coap_request request; /* what it points to is the caller's */
    struct coap_answer answer;
    unsigned again; /* COAP_AGAIN_…: what has happened */
    size_t sent;    /* octets of the payload in front of the block that is under way */
    unsigned szx1, szx2;
    bool receiving; /* a block of the answer is there, more are asked for */
    uint8_t etag[8];
    struct span etag_seen; /* in `etag`, or SPAN_NONE */
    char why[COAP_WHY_SIZE];
};

/* A transfer of the request, which lives as long. False with one line in `why`: it cannot be said in CoAP. To
 * be ended either way. */
bool coap_transfer_begin(struct coap_transfer *transfer, const struct coap_request *request);
void coap_transfer_end(struct coap_transfer *transfer);

/* Writes the message that is to be sent now. */
void coap_transfer_write(const struct coap_transfer *transfer, uint16_t id, struct span token,
                         struct buf *out);

enum coap_step {
    COAP_STEP_SEND, /* coap_transfer_write has another message */
    COAP_STEP_DONE, /* the answer is whole */
    COAP_STEP_FAILED,
};

/* Takes the response to the message last written. A failure has one line in `why`. */
enum coap_step coap_transfer_take(struct coap_transfer *transfer, const struct coap_message *response);

#endif
