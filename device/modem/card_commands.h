/*
 * Commands to the card, whole: 61xx and 6Cxx are followed (ETSI TS 102 221 7.3.1.1), and a proactive command
 * that any answer announces (91xx) is noted. Nothing that a card answers makes this go on without end.
 */
#ifndef SOFTEUICC_DEVICE_MODEM_CARD_COMMANDS_H
#define SOFTEUICC_DEVICE_MODEM_CARD_COMMANDS_H

#include "apdu/apdu.h"
#include "device/modem/modem_internal.h"

/* The status word at the end; 0: the link failed, now or before (modem->link_failed). What the card answered
 * is in modem->data until the next command. ne 0: no data are expected. */
uint16_t card_command(struct modem *modem, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct span data,
                      uint32_t ne);

/* One command as it is, of which nothing is followed; its answer is in modem->rapdu. 0: as above. */
uint16_t card_transmit(struct modem *modem, struct span capdu);

/* 9000 or 91xx. */
bool card_is_ok(uint16_t sw);

/* A file by its identifier, in what is selected. `records`: the length of its records, 0 for a transparent
 * file. False: it is not there, or its file control parameters make no sense. */
bool card_select(struct modem *modem, uint16_t file, size_t *size, size_t *records);
/* The first octets of a transparent file, at most as many as one command reads, or one record. */
bool card_read_binary(struct modem *modem, size_t size);
bool card_read_record(struct modem *modem, uint8_t number, size_t size);

#endif
