/*
 * The card application toolkit seen from the card (ETSI TS 102 221 7.4.2, 11.2; TS 102 223): proactive
 * commands, their queue and the session each of them makes. Proactive commands exist only for a terminal that
 * said by TERMINAL PROFILE that it serves them; a plain PC/SC reader never does, and then nothing here
 * changes what it sees.
 */
#ifndef SOFTEUICC_EUICC_TERMINAL_TOOLKIT_H
#define SOFTEUICC_EUICC_TERMINAL_TOOLKIT_H

#include "apdu/proactive.h"
#include "euicc/os/card.h"

/*
 * An application of the card that asks things of the terminal by itself, and is told what comes of them. The
 * calls come inside the terminal's commands; what they want to ask they ask later (toolkit_ask).
 */
struct toolkit_application {
    void *context;
    /* TERMINAL PROFILE came. */
    void (*ready)(void *context);
    /* The terminal spends FETCH, then TERMINAL RESPONSE (`instruction`) on a command of this type: one that
     * the application has asked, or the card by itself. */
    void (*spent)(void *context, uint8_t instruction, uint8_t type, bool is_asked);
    /* The terminal has answered what was asked last. Octets live for the call. */
    void (*answered)(void *context, const struct proactive_response *response);
    /* ENVELOPE (event download): the event, and the objects after the event list. */
    void (*event)(void *context, uint8_t event, struct span objects);
    /* Its timer has expired. */
    void (*timer_expired)(void *context);
    /* The terminal polls (STATUS). */
    void (*polled)(void *context);
};

/* The timer of the application, of those that the terminal has (1 to 8). */
enum { TOOLKIT_APPLICATION_TIMER = 2 };

/* Appends the objects of TIMER MANAGEMENT that start a timer; `seconds` below a day. */
void toolkit_put_timer(struct buf *out, unsigned timer, unsigned seconds);

/* There is one at most; the structure is borrowed. NULL: none any more. False without memory. */
bool toolkit_serve(struct softeuicc *card, const struct toolkit_application *application);
/* Queues a command of the application, before a REFRESH that waits: that ends what the application does over
 * the network. It is tried once, whatever the terminal answers. False: another one waits or is under way
 * still, the queue is full, or the command is too long. */
bool toolkit_ask(struct softeuicc *card, const struct proactive_command *command);
/* Whether one of the application's is in the queue. */
bool toolkit_is_asking(const struct softeuicc *card);
/* Takes it out of the queue again. One that is announced or fetched is over with that: a FETCH or TERMINAL
 * RESPONSE that comes for it all the same is answered as one for nothing. */
void toolkit_take_back(struct softeuicc *card);

/* What terminals say in TERMINAL PROFILE that they do, as far as the card wants to know. */
enum toolkit_service {
    TOOLKIT_REFRESH,
    TOOLKIT_REFRESH_PROFILE_STATE_CHANGE,
    TOOLKIT_SEND_SHORT_MESSAGE,
    TOOLKIT_TIMERS,
    TOOLKIT_POLL_INTERVAL,
    TOOLKIT_LOCATION, /* PROVIDE LOCAL INFORMATION: location and IMEI */
    TOOLKIT_DATE_TIME,
    TOOLKIT_ACCESS_TECHNOLOGY,
    TOOLKIT_EVENT_LOCATION_STATUS,
    TOOLKIT_EVENT_ACCESS_TECHNOLOGY,
    TOOLKIT_EVENT_NETWORK_REJECTION,
    TOOLKIT_CHANNELS, /* OPEN CHANNEL, CLOSE CHANNEL, RECEIVE DATA and SEND DATA */
};
bool toolkit_serves(const struct softeuicc *card, enum toolkit_service service);

/* True from 91xx until the TERMINAL RESPONSE that is answered 9000, or a reset (TS 102 221 7.4.2.2). Commands
 * that wait to be announced, open channels and running timers make no session. */
bool toolkit_session_active(const struct softeuicc *card);

/* Where that session stands, in words, for who looks at the card from outside: "none", "announced" (91xx went
 * out) or "fetched" (the terminal works on it). *pending counts the commands, the one under way included. */
const char *toolkit_session_name(const struct softeuicc *card, size_t *pending);

/* Nothing stands in the way of a REFRESH: no proactive session, no other REFRESH that is still to be
 * answered, and the queue is not full. */
bool toolkit_may_refresh(const struct softeuicc *card);

/*
 * Makes a REFRESH that tells the terminal of another enabled profile, or of none: with the mode "eUICC
 * Profile State Change" where it serves that, else "UICC Reset". The answer to the command at hand announces
 * it (91xx). Without a terminal that serves REFRESH nothing is made. False when another proactive command is
 * under way.
 */
bool toolkit_request_refresh(struct softeuicc *card);
/* The same with the mode "UICC Reset" whatever the terminal serves. */
bool toolkit_request_reset(struct softeuicc *card);
/* Whether the command at hand has made one. */
bool toolkit_will_refresh(const struct softeuicc *card);

/* What became of the last REFRESH. Any final result but "done" is a refusal (reading): a terminal that cannot
 * do it for now is asked again before. */
enum toolkit_refresh {
    TOOLKIT_REFRESH_NONE,
    TOOLKIT_REFRESH_DONE,     /* the terminal resets the card */
    TOOLKIT_REFRESH_SWITCHED, /* it sees the profile that is enabled now, without a reset */
    TOOLKIT_REFRESH_REFUSED,
};
/* Since it was asked for last. */
enum toolkit_refresh toolkit_take_refresh(struct softeuicc *card);

/* Ends the session that there is, and forgets its command: the terminal resets the card by itself. */
void toolkit_end_session(struct softeuicc *card);

/* ENVELOPE (timer expiration): content of tag D7. 6A80 when it is none. */
uint16_t toolkit_timer_expired(struct softeuicc *card, struct span content, struct buf *response);

/* ENVELOPE (event download): content of tag D6. 6A80 when it is none. Reading: one that the card did not ask
 * for is answered 9000 all the same. */
uint16_t toolkit_event_download(struct softeuicc *card, struct span content, struct buf *response);

/* Queues a SEND SHORT MESSAGE of this TPDU (SMS-SUBMIT). False: the terminal does not serve it, the queue is
 * full, or the TPDU is too long. */
bool toolkit_send_short_message(struct softeuicc *card, struct span tpdu);

/* No proactive command can be made until the terminal has fetched some: 9300 (TS 102 221 table 10.6, 3GPP
 * TS 51.011 9.4.2). */
bool toolkit_is_busy(const struct softeuicc *card);

/* How many commands the queue takes still. */
size_t toolkit_room(const struct softeuicc *card);

/* TERMINAL PROFILE, FETCH and TERMINAL RESPONSE (TS 102 221 11.2.1, 11.2.3, 11.2.4). */
uint16_t toolkit_terminal_profile(struct softeuicc *card, const struct apdu_command *command,
                                  struct buf *response);
uint16_t toolkit_fetch(struct softeuicc *card, const struct apdu_command *command, struct buf *response);
uint16_t toolkit_terminal_response(struct softeuicc *card, const struct apdu_command *command,
                                   struct buf *response);

/* ENVELOPE (TS 102 221 11.2.2): envelope.c. */
uint16_t toolkit_envelope(struct softeuicc *card, const struct apdu_command *command, struct buf *response);

/* The terminal polls (STATUS): what it could not do before is announced again. */
void toolkit_poll(struct softeuicc *card);

/* The status word that leaves the card: 9000 becomes 91xx while a proactive command waits to be fetched. A
 * command that failed takes the proactive commands it made with it. */
uint16_t toolkit_status(struct softeuicc *card, uint16_t status);

/* What was made outside of any command is announced with the answer to the next one. */
void toolkit_keep(struct softeuicc *card);

/* After a reset nothing is known of the terminal. */
void toolkit_reset(struct softeuicc *card);
/* SUSPEND UICC (ETSI TS 102 221 11.1.22): what the terminal can do is known again when the card is resumed,
 * which is the first command after a reset. */
void toolkit_suspend(struct softeuicc *card);
void toolkit_resume(struct softeuicc *card);
void toolkit_free(struct softeuicc *card);

#endif
