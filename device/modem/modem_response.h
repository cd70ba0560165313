/* TERMINAL RESPONSE to the proactive command under way (ETSI TS 102 223 6.8). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_RESPONSE_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_RESPONSE_H

#include "device/modem/modem_internal.h"

/* Answers with what the handler has put into modem->objects. The command is under way no more. */
void modem_respond(struct modem *modem, uint8_t result);
/* The same for results that have additional information. */
void modem_respond_why(struct modem *modem, uint8_t result, uint8_t cause);
/* Answers with a whole TERMINAL RESPONSE that somebody else has made. */
void modem_respond_octets(struct modem *modem, struct span response);
/* The proactive session is over: a guest whose it was is told. */
void modem_end_session(struct modem *modem);
/* It gets no answer. */
void modem_drop_command(struct modem *modem);

/* An object for modem->objects or an envelope's. */
void modem_put_object(struct buf *out, uint8_t tag, struct span value);
/* Data objects that go to the card, as the modem's habits have them. */
void modem_spoil_objects(const struct modem *modem, uint8_t *octets, size_t size);

/* The name of the command under way; "" for one that has none. */
const char *modem_command_name(const struct modem *modem);

#endif
