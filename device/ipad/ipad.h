/*
 * An IPA in the device (IPAd, SGP.32 2.2): it polls its eIMs over the network, once or on a schedule, and
 * falls back and returns. The procedures are ipa/'s; here are a clock, a link to the card and the network.
 */
#ifndef SOFTEUICC_DEVICE_IPAD_IPAD_H
#define SOFTEUICC_DEVICE_IPAD_IPAD_H

#include "common/print/print_json.h"
#include "device/bearer.h"
#include "device/es10.h"
#include "ipa/ipa.h"

#include <jansson.h>

struct event;
struct ipad;

/* A package that came by another way than the network (inject mode), and the answer to it. */
struct ipad_injected {
    struct span request; /* see ipa_start_inject */
    const char *out;     /* the file that the response goes to; NULL: it is only shown */
    struct buf response; /* that was handed over last; its owner frees it */
    bool is_lost;        /* a response could not be written, as a line said */
};

struct ipad {
    /* What was asked for. */
    const char *reader, *card; /* at most one */
    struct ipa_settings settings;
    uint8_t plmn[3]; /* settings.rplmn, when it was said */
    bool json;
    const char *eim_url;    /* instead of the configured address */
    const char *only;       /* the one eIM to poll, NULL: all */
    const char *protocol;   /* "https" or "coap", NULL: what the eIM's configuration says */
    const char *state_path; /* NULL: nothing is kept between runs */
    const char *out;        /* file for the response of inject mode, NULL: it is only shown */
    const char *coverage;   /* file of ICCIDs that have network, NULL: all have */
    const char *cacert;
    const char *psk_path; /* file of keys, the first of which is for the eIM, by CoAP; NULL: none */
    struct psk psk;       /* that one */
    bool compact;         /* asked for by option; over CoAP it is on anyway */
    bool plain;           /* an http:// URL is allowed */
    bool json_binding;    /* ESipa in JSON; an --eim URL with that path says so as well */
    unsigned every, rollback_after, fallback_after, return_every; /* seconds; 0: not at all */

    /* The session. */
    struct link *link;
    struct es10 es10;
    bool link_broken; /* its line is printed */
    struct ipa *ipa;
    /* On it is the network, and every wait. The card is not: a call to PC/SC comes back when the card has
     * answered, and until then nothing else happens. */
    struct loop *loop;
    struct bearer *to_eim, *to_smdp; /* of the eIM that is polled; NULL: no connection yet */
    int64_t heard;                   /* when an eIM last answered, or the profile changed: ipad_now */

    /* What is printed. */
    struct ipad_injected *injected; /* NULL: a poll */
    const char *eim;                /* that is polled, or whose package it is */
    json_t *events;                 /* of this eIM, with --json */
    bool has_failed;                /* something that was to be done was not, as a line said */
    const char *ended;              /* what became of what a signal ended; NULL: nothing to be said */
};

/* Polls every eIM once, or the one of `only`; with `injected` this one gets no poll, its package is done
 * instead. The exit status: EXIT_OK when all went well. */
int ipad_poll(struct ipad *ipad);
/* Polls every `every` seconds, until it is interrupted or the card is gone. The exit status. */
int ipad_run(struct ipad *ipad);

/* --- A round of polls (poll.c, on the loop) ------------------------------------------------------------- */

struct poll;

/* The round is over, and `poll` gone. EXIT_OK when all went well; is_connected: at least one eIM answered. */
typedef void ipad_poll_done(void *context, int status, bool is_connected);

/* Polls every eIM, one after another; the lines are printed as they come. With --json the eIMs' objects are
 * appended to `polled`. `done` is called once, from the loop. NULL, and the line is printed, without memory.
 */
struct poll *ipad_poll_begin(struct ipad *ipad, json_t *polled, ipad_poll_done *done, void *context);
/* Since when the eIM that is polled has said nothing: ipad_now. */
int64_t ipad_poll_quiet_since(const struct poll *poll);
/* Ends waiting for the eIM that is polled: its poll has failed, and the next one's begins or the round is
 * over. `why` is a constant. False, and nothing is done, before the first one is polled, and while a new
 * profile has its time (--rollback-after): that ends by itself. */
bool ipad_poll_give_up(struct poll *poll, const char *why);
/* Ends the round without `done`. What was under way is left as a power cut would leave it: nothing is lost,
 * the next poll goes on from there. Only a download's session is cancelled on the card and, for which the
 * loop runs once more for some seconds at most, at its server; and a new profile that has not found its
 * network does not stay without anybody who waits for it: it is given up as if its time were over. */
void ipad_poll_stop(struct poll *poll);

/* Milliseconds, of a clock that only goes forward. */
int64_t ipad_now(void);
/* Makes a timer ring once, after so many milliseconds. */
void ipad_ring(struct event *timer, int64_t after);

/* Where the eIM is: --eim and --protocol, or what its configuration says. False with a line in `why`. */
bool ipad_choose_target(const struct ipad *ipad, const struct ipa_eim *eim, struct bearer_target *target,
                        char why[BEARER_WHY_SIZE]);
/* Whether the profile that is enabled has network, as --coverage says. False with a line in `why`. */
bool ipad_has_coverage(struct ipad *ipad, char why[BEARER_WHY_SIZE]);

/* Hands over the response to ipad->injected. False with the line printed. */
bool ipad_respond(struct ipad *ipad, struct span response);
/* The response in hexadecimal, for --json; NULL without memory. */
json_t *ipad_response_json(const struct ipad_injected *injected);

/* Ends the connections, if there are any. */
void ipad_close_bearers(struct ipad *ipad);
/* A UICC reset, as a device does after a profile change. False with the line printed. */
bool ipad_reset_card(struct ipad *ipad);
/* The line of an ipa_… call that failed; EXIT_FAILED. */
int ipad_card_failed(const struct ipad *ipad);

#endif
