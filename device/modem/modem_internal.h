/*
 * What a modem keeps, for device/modem/ only. Everything happens in turns of the event loop (modem.c): each
 * turn does one thing with the card, the most urgent one, and sets the one alarm for the next. A handler of a
 * proactive command answers at once or leaves the command under way, to be answered in a later turn.
 */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_INTERNAL_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_INTERNAL_H

#include "apdu/iccid.h"
#include "apdu/proactive.h"
#include "device/modem/modem_guest.h"

#define BUFFER_MIN 64 /* octets of a channel's buffer */
#define BUFFER_MAX 1500

enum {
    IMSI_DIGITS_MAX = 15,
    MESSAGES_MAX = 8, /* short messages that wait for the card */
    TPDU_MAX = 176,   /* of an SMS-DELIVER or SMS-SUBMIT, 3GPP TS 23.040 9.2.2 */
    TOKEN_SIZE = 8,   /* of SUSPEND UICC */
};

struct modem_channel {
    struct modem *modem;
    unsigned number;         /* 1 to 7 */
    bool is_used;            /* from OPEN CHANNEL to CLOSE CHANNEL, with or without a link */
    struct air_channel *air; /* NULL: it is not begun yet, or has ended */
    bool is_up, is_dropped;
    struct air_target target;
    char apn[101]; /* what target.apn points to */
    size_t buffer; /* octets, for each direction */
    /* What came from the network, whole datagrams behind their lengths (two octets), or a stream; the octets
     * before `taken` are gone. `left`: of the datagram at hand. */
    struct buf incoming;
    size_t taken, left;
    struct buf stored;         /* by SEND DATA that only stores */
    bool data_due, status_due; /* events to be told */
    int64_t opened;            /* when */
};

struct modem_timer {
    bool is_running;
    int64_t due;
    unsigned seconds;
};

struct modem_message {
    uint8_t tpdu[TPDU_MAX];
    size_t size;
};

/* What is sent to the card as soon as it may be. */
struct modem_envelope {
    const char *name; /* NULL: there is none */
    struct buf octets;
    unsigned attempts; /* that were answered with 9300 */
    int64_t retry_at;  /* not before */
    bool is_message;
};

/* Where the modem is, as the card was told by events. */
struct modem_place {
    uint8_t status; /* location status; PLACE_UNTOLD: nothing was told */
    uint8_t plmn[3];
    uint16_t area;
    uint32_t cell;
    uint8_t technology;
};
enum { PLACE_UNTOLD = 0xFF };

struct modem {
    struct device_clock *clock;
    struct link *link;
    struct air *air;
    struct modem_settings settings;
    void (*told)(void *context, const struct modem_event *event);
    void *context;
    struct alarm *turn;
    enum modem_stage stage;
    struct modem_figures figures;
    char iccid[ICCID_DIGITS_MAX + 1], imsi[IMSI_DIGITS_MAX + 1];

    /* The card. */
    struct buf capdu, rapdu, data;             /* the command, the answer to it, all its answers' data */
    unsigned foreign_resets;                   /* by other programs, one after the other */
    bool has_no_radio;                         /* switched off by a guest (modem_guest.h) */
    bool link_failed;                          /* nothing more is sent until the next turn has seen to it */
    size_t announced;                          /* octets of a proactive command that waits (91xx); 0: none */
    bool reset_due, read_due, profile_changes; /* by REFRESH */

    /* The proactive command under way. */
    struct buf command_octets, response, objects;
    struct proactive_command command; /* in command_octets */
    bool is_under_way;
    int64_t patience;   /* when what it waits for is given up; ALARM_NEVER */
    unsigned waiting;   /* the channel that it waits for; 0: none */
    unsigned in_a_row;  /* commands without a pause between them */
    int64_t paused;     /* nothing is sent before */
    int64_t held_until; /* … since a guest has not got all of its answer */
    bool refresh_seen;  /* since the last reset: MODEM_FAILS_CHANNELS */

    struct modem_channel channels[PROACTIVE_CHANNELS_MAX];
    struct modem_timer timers[PROACTIVE_TIMERS_MAX];
    uint32_t events; /* a bit for each event that the card has asked for */
    bool location_due, technology_due, rejection_due;
    struct modem_place place;
    bool is_rejected;           /* now */
    struct air_state rejection; /* the last one */
    struct modem_envelope envelope;
    struct modem_message messages[MESSAGES_MAX];
    size_t message_count;

    /* A guest's toolkit (modem_guest.h). */
    struct modem_toolkit toolkit; /* `asked` NULL: there is none */
    struct buf guest_profile;
    bool is_guests;         /* the command under way is with it */
    bool is_guests_session; /* … or one before it in this proactive session was */

    /* Polling and power saving. */
    int64_t poll_interval; /* ms; 0: none */
    int64_t poll_at, active_at, wake_at;
    bool is_suspended;
    uint8_t token[TOKEN_SIZE];
};

#define HAS_HABIT(modem, habit) (((modem)->settings.habits & (unsigned)(habit)) != 0)

#endif
