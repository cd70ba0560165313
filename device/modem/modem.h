/*
 * A device with a modem, as a SIM meets it: what it reads at its start, what it says it can do (TERMINAL
 * CAPABILITY, TERMINAL PROFILE), the proactive commands it serves (ETSI TS 102 223), with channels over a
 * network (BIP), timers, events, REFRESH with a real reset, STATUS polling, and power saving that switches
 * the card off. A state machine on an event loop; commands to the card are calls that wait for the answer, as
 * PC/SC has them.
 */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_H

#include "device/air/air.h"
#include "device/link.h"

/* Bad habits that field devices have: see modem_habits. */
enum modem_habit {
    MODEM_SAYS_OK = 1u << 0,         /* answers "done" to what it does not do */
    MODEM_LIES_IN_PROFILE = 1u << 1, /* TERMINAL PROFILE says nothing of events, channels and bearers */
    MODEM_CLAIMS_ALL = 1u << 2,      /* … or says that it serves all, and refuses most */
    MODEM_FETCHES_LATE = 1u << 3,    /* other commands come between 91xx and FETCH */
    MODEM_FAILS_CHANNELS = 1u << 4,  /* an open channel's commands are refused once a REFRESH is there */
    MODEM_RESETS_SILENTLY = 1u << 5, /* REFRESH: a reset without TERMINAL RESPONSE before it */
    MODEM_IGNORES_REFRESH = 1u << 6, /* REFRESH: "done", and nothing happens */
    MODEM_REFUSES_REFRESH = 1u << 7, /* REFRESH: 20, always */
    MODEM_HIDES_STATUS = 1u << 8,    /* OPEN CHANNEL "done" without channel status */
    MODEM_SENDS_NO_EVENTS = 1u << 9, /* takes SET UP EVENT LIST, sends no event */
    MODEM_LOSES_TIMERS = 1u << 10,   /* takes TIMER MANAGEMENT, no timer expires */
    MODEM_DROPS_BIT_8 =
        1u << 11,                /* no comprehension bit where there should be one, and the other way round */
    MODEM_INTERRUPTS = 1u << 12, /* others come before every APDU of a guest (modem_transmit) */
};

struct modem_habit_name {
    const char *name; /* "says-ok" */
    enum modem_habit habit;
    const char *summary; /* one lower-case line */
};
extern const struct modem_habit_name modem_habits[]; /* ends with name NULL */

#define MODEM_HABIT_NAMES_SIZE 400
/* The habit with this name; 0: there is none, and `names` has all that there are, with commas between them.
 */
unsigned modem_habit_find(const char *name, char names[MODEM_HABIT_NAMES_SIZE]);

struct modem_settings {
    char imei[17];           /* 15 digits; the sixteenth is for an IMEISV's: unused */
    bool declares_ipad;      /* TERMINAL CAPABILITY: the device has an IPAd */
    bool declares_nothing;   /* no TERMINAL CAPABILITY at all, nor TERMINAL PROFILE: a plain reader */
    struct span profile;     /* TERMINAL PROFILE; SPAN_NONE: the modem's own. Borrowed */
    unsigned habits;         /* of enum modem_habit */
    unsigned channels;       /* 1 to 7 that it has; 0: 7 */
    unsigned buffer;         /* octets of a channel's buffer, 64 to 1500; 0: 1500 */
    unsigned status_seconds; /* between two STATUS commands while it is idle; 0: 30, as TS 102 221 has it */
    /* Power saving (3GPP TS 23.682 4.5.4): after `active_seconds` (T3324) without anything to do the card
     * is switched off (or suspended, where it serves SUSPEND UICC and `suspends` is set) until
     * `sleep_seconds` (T3412) have passed. 0: none. */
    unsigned active_seconds, sleep_seconds;
    bool suspends;
};

enum modem_stage {
    MODEM_OFF,
    MODEM_STARTING,
    MODEM_RUNNING,
    MODEM_ASLEEP, /* by power saving */
    MODEM_FAILED, /* the card cannot be reached any more */
};

enum modem_event_kind {
    MODEM_EVENT_POWER,     /* stage has changed: text "on", "off", "reset", "asleep", "awake" */
    MODEM_EVENT_APDU,      /* octets: the command; answer: the response with its status word */
    MODEM_EVENT_PROACTIVE, /* text: the command's name; octets: it; answer: the TERMINAL RESPONSE, none sent:
                              none */
    MODEM_EVENT_ENVELOPE,  /* text: "data available"; octets: the ENVELOPE's data */
    MODEM_EVENT_NETWORK,   /* air_state has changed */
    MODEM_EVENT_PROFILE,   /* another profile is seen on the card, or none; text: its ICCID or "" */
    MODEM_EVENT_CHANNEL,   /* number: the channel; text: "open", "closed", or why it is not any more */
    MODEM_EVENT_SENT,      /* number: the channel; octets: what the card sent through it */
    MODEM_EVENT_RECEIVED,  /* likewise */
    MODEM_EVENT_SMS_SENT,  /* octets: the TPDU */
    MODEM_EVENT_SMS_CAME,  /* octets: the TPDU; answer: the card's answer with its status word */
    MODEM_EVENT_TROUBLE,   /* text: one line; the card did what the specifications do not have */
};

struct modem_event {
    enum modem_event_kind kind;
    int64_t time; /* ms since 1970, by the device's clock */
    unsigned number;
    const char *text; /* NULL or one line, harmless to print */
    struct span octets, answer;
};

struct modem_figures {
    uint64_t apdus, proactive_commands, resets, polls /* STATUS */, channels_opened;
    uint64_t sent, received; /* octets of SEND DATA and RECEIVE DATA */
    uint64_t from_servers;   /* … of the latter those that no DNS server sent */
    int64_t channel_ms;      /* all channels' times added up */
};

struct modem;

/* The link and the air are borrowed, and free of other users. `told` (may be NULL) is called as things
 * happen; it must not call back. NULL without memory. */
struct modem *modem_new(struct device_clock *clock, struct link *link, struct air *air,
                        const struct modem_settings *settings,
                        void (*told)(void *context, const struct modem_event *event), void *context);
void modem_free(struct modem *modem); /* switches it off; NULL is fine */

/* Powers the card and begins; everything else happens on the event loop. False: the card cannot be reached,
 * and the line was printed. */
bool modem_start(struct modem *modem);
/* Off: the card loses its power, channels and timers end. */
void modem_stop(struct modem *modem);

enum modem_stage modem_stage(const struct modem *modem);
const struct air_state *modem_network(const struct modem *modem);
/* Of the enabled profile, as read at the start or after the last REFRESH; "" without one. */
const char *modem_iccid(const struct modem *modem);
const char *modem_imsi(const struct modem *modem);
const struct modem_figures *modem_figures(const struct modem *modem);
/* Nothing is under way: no proactive session, no open channel. Timers may run. */
bool modem_is_idle(const struct modem *modem);

#endif
