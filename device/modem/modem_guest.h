/*
 * What a program asks of a modem whose card it shares: an AT port (device/at). Its commands go to the card
 * between those of the modem, as they are; what the card announces then is the modem's to serve, in its next
 * turn. To be called out of the event loop, never from what a modem tells.
 */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_GUEST_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_GUEST_H

#include "device/modem/modem.h"

/* The card is there: a modem that is asleep is woken for it, one that starts has started then, and one that
 * is to read its files anew has. False: it is switched off, or the card cannot be reached. */
bool modem_rouse(struct modem *modem);

/* One command, as it is; its answer, status word included, replaces what `answer` held. False: as above. */
bool modem_transmit(struct modem *modem, struct span capdu, struct buf *answer);

/* The same with 61xx and 6Cxx followed, on the basic channel. The status word; 0: as above. */
uint16_t modem_command(struct modem *modem, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
                       struct span data, uint32_t ne, struct buf *answer);

/* Selects the USIM on the basic channel, where the modem has it as well; its file control parameters replace
 * what `answer` held. False: there is none, or as above. */
bool modem_select_usim(struct modem *modem, struct buf *answer);

/* Its files are read anew, and it attaches as the subscriber that they name: a PIN was given. */
void modem_read_again(struct modem *modem);

/* The radio alone is switched off, or on again; the card goes on. A modem that starts has it on. */
void modem_set_radio(struct modem *modem, bool is_on);
bool modem_has_radio(const struct modem *modem);

/* The IMEI that it was made with: 15 digits. */
const char *modem_imei(const struct modem *modem);

/* --- a toolkit of the guest's (TS 27.007 12) ------------------------------------------------------------ */

/* Who shows a person what the modem, which has neither display nor keys, does not serve: all commands that
 * are not in its own table. Called out of the modem's turns; must not call back. */
struct modem_toolkit {
    void *context;
    /* A proactive command as it was fetched (D0 …), whose answer the guest gives by modem_toolkit_respond. */
    void (*asked)(void *context, struct span command);
    /* The card's proactive session, in which there was one, is over; what has not been answered is not to be.
     */
    void (*ended)(void *context);
};
/* NULL: none any more; what the old one has not answered is answered by the modem, without a person. Copied.
 */
void modem_set_toolkit(struct modem *modem, const struct modem_toolkit *toolkit);

enum modem_toolkit_result {
    MODEM_TOOLKIT_DONE,
    MODEM_TOOLKIT_NOT_ASKED, /* no command waits for it */
    MODEM_TOOLKIT_OTHER      /* it is no TERMINAL RESPONSE, or that to another command */
};
enum modem_toolkit_result modem_toolkit_respond(struct modem *modem, struct span response);

/* What the guest can do besides the modem: bits of TERMINAL PROFILE, which the card is told at its next
 * start. SPAN_NONE: nothing. Copied, at most 255 octets. */
void modem_set_toolkit_profile(struct modem *modem, struct span profile);
/* The modem's own TERMINAL PROFILE, or with `is_whole` as the card is told; appended. */
void modem_terminal_profile(const struct modem *modem, bool is_whole, struct buf *out);

#endif
