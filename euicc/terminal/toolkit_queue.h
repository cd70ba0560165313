/*
 * The queue of proactive commands, and what is known of the terminal: what the files of the toolkit share.
 * See toolkit.h.
 */
#ifndef SOFTEUICC_EUICC_TERMINAL_TOOLKIT_QUEUE_H
#define SOFTEUICC_EUICC_TERMINAL_TOOLKIT_QUEUE_H

#include "euicc/terminal/toolkit.h"

enum {
    QUEUE_MAX = 8,
    PROFILE_MAX = 40,   /* octets of TERMINAL PROFILE that are kept */
    COMMAND_NUMBER = 1, /* one command at a time needs no other */
};

/* A command in the queue. */
struct pending {
    uint8_t type, qualifier, destination;
    struct buf objects;
    bool is_asked;     /* by the application */
    unsigned attempts; /* that the terminal could not do */
    bool fresh;        /* made by the command at hand, whose answer has not left yet */
    bool waits;        /* for the terminal's next STATUS */
};

enum stage {
    STAGE_NONE,
    STAGE_ANNOUNCED, /* 91xx went out for the first of the queue */
    STAGE_FETCHED,   /* the terminal works on it */
};

struct proactive {
    uint8_t profile[PROFILE_MAX];
    size_t profile_size;
    size_t kept_size; /* … when the card was suspended; `profile` is still the same when it is resumed */
    enum stage stage;
    struct pending queue[QUEUE_MAX];
    size_t count;
    struct buf command; /* the first of the queue, whole, from its announcement on */
    enum toolkit_refresh refresh;
    const struct toolkit_application *application; /* NULL: none */
};

/* The card's, which is there from the first who wants something of it on. NULL without memory. */
struct proactive *queue_of(struct softeuicc *card);

/* Appends a command, which is built now, so that one too long is refused by who wants it. False: there is no
 * room, or no memory. */
bool queue_put(struct proactive *proactive, const struct proactive_command *command);
/* The same with these objects, which it frees. */
bool queue_put_with(struct proactive *proactive, struct proactive_command command, struct buf *objects);
void queue_drop(struct proactive *proactive, size_t index);
/* The last of the queue becomes the first. */
void queue_to_front(struct proactive *proactive);
/* The last of the queue goes before a REFRESH that the terminal does not know of yet. */
void queue_before_refresh(struct proactive *proactive);

/* The card's timers at the terminal, 1 to 8 (TS 102 223 6.4.21). */
enum toolkit_timer { TIMER_RETRY = 1, TIMER_APPLICATION = TOOLKIT_APPLICATION_TIMER };
/* Queues a TIMER MANAGEMENT in front of everything else: the timer begins to run, anew if it ran already.
 * False: the terminal serves none, or the queue is full. */
bool toolkit_start_timer(struct softeuicc *card, enum toolkit_timer timer, unsigned seconds);

#endif
