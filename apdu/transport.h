/*
 * How responses travel: T=0 (ISO/IEC 7816-3 12.2, TS 102 221 7.3.1.1: 61xx, GET RESPONSE, 6Cxx) and T=1 (at
 * once). The card computes a whole response; this hands it out in the pieces that the protocol asks for.
 *
 *     status = apdu_decode(capdu, &command);
 *     if (status == SW_OK && transport_serve(&transport, &command, out))
 *         return;                                  // GET RESPONSE, or a command repeated after 6Cxx
 *     … run the command into `response` …
 *     transport_answer(&transport, &command, buf_span(&response), status, out);
 *
 * What leaves the card, by the command's form (La: octets in the response):
 *   short, T=0, case 2     Le = La: data at once. Otherwise 6CLa, and the command repeated with that Le gets
 * the data without being run again. La above 256: with Le 00 the first 256 and 61xx, else 6C00. short, T=0,
 * cases 1, 3, 4   61La (6100 from 256 on); GET RESPONSE fetches. T=1, or extended       at most Ne octets at
 * once, and 61xx when more are left (ISO/IEC 7816-4 5.3.4); so without Le: 61xx.
 *   class A0               9FXX in place of 61xx; one GET RESPONSE ends it, whatever it leaves
 */
#ifndef SOFTEUICC_APDU_TRANSPORT_H
#define SOFTEUICC_APDU_TRANSPORT_H

#include "apdu/apdu.h"

/* The most response octets that leave at once, whatever Ne says: with the status word, what a 16-bit frame
 * carries. */
#define TRANSPORT_PIECE_MAX 65533

enum transport_waiting {
    TRANSPORT_NOTHING = 0,
    TRANSPORT_GET_RESPONSE, /* 61xx was answered */
    TRANSPORT_REPETITION,   /* 6Cxx was answered: for the same header with the right Le */
};

struct transport {
    bool t1;
    enum transport_waiting waiting;
    struct buf pending; /* a response, or what is left of it */
    size_t offset;      /* handed out so far */
    uint16_t status;    /* the status word that ends it */
    unsigned channel;   /* whose response it is */
    uint8_t header[4];  /* of the command to be repeated */
};

/* All-zero is a T=0 transport with nothing pending. */
void transport_reset(struct transport *transport, bool t1);
void transport_free(struct transport *transport);

/*
 * To be called with every decoded command on an open channel before it is run. True: it was GET RESPONSE or a
 * command repeated after 6Cxx, and its answer stands in `out`. False: the command is to be run, and what was
 * pending is gone.
 */
bool transport_serve(struct transport *transport, const struct apdu_command *command, struct buf *out);

/* Takes the response to `command` (data and status word) and appends to `out` what leaves the card now,
 * status word included. An error status (64xx to 6Fxx) drops the data. Without memory the card answers 6F00.
 */
void transport_answer(struct transport *transport, const struct apdu_command *command, struct span data,
                      uint16_t status, struct buf *out);

/* Forgets what is pending. */
void transport_drop(struct transport *transport);

/* Appends a status word. */
void transport_put_status(struct buf *out, uint16_t status);

#endif
