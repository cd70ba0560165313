/*
 * The way to a card: APDUs go in, responses come out. A link is a PC/SC reader or a card file opened in this
 * process; who uses it cannot tell which.
 */
#ifndef SOFTEUICC_DEVICE_LINK_H
#define SOFTEUICC_DEVICE_LINK_H

#include "apdu/bytes.h"

struct link;
struct softeuicc;
struct softeuicc_hooks;

/* Opens the reader whose name contains `name`; NULL: the first reader whose card has an ISD-R. Prints its
 * error line; NULL then. */
struct link *link_open_reader(const char *name);
/* Opens a card file (nobody else may have it open). */
struct link *link_open_file(const char *path);
/* The same with what the caller lends to the card (softeuicc.h); NULL: nothing. */
struct link *link_open_card(const char *path, const struct softeuicc_hooks *hooks);
void link_close(struct link *link);

/* "Virtual PCD 00 00" or the file's name. */
const char *link_name(const struct link *link);
struct span link_atr(const struct link *link);

/* The card of a link to a card file, which is closed with it; NULL: the link is a reader. */
struct softeuicc *link_card(const struct link *link);

/* One command APDU; the response, status word included, replaces what `response` held. False (line printed)
 * when the link broke. */
bool link_transmit(struct link *link, struct span capdu, struct buf *response);

/* The line for MANAGE CHANNEL that opened none, and what helps. */
void link_report_no_channel(const struct link *link, uint16_t sw);

/* Whether the last link_transmit failed because another program has reset the reader's card: link_reset
 * begins anew with it then. */
bool link_was_reset(const struct link *link);

/* Takes the card's power away until link_reset. Of a card in a reader PC/SC lets the last program that is
 * connected do so, and pcscd powers the card again when it likes: the link leaves the reader, and asks for
 * power off with that. */
void link_power_off(struct link *link);

/* Cold reset: what a device does after a profile change it did not ask a REFRESH for. */
bool link_reset(struct link *link);

#endif
