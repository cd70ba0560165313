/* `softeuicc ipa`: what its files share. The procedures are ipa/'s; here are a clock, files, a card
 * reader and the network. */
#ifndef SOFTEUICC_TOOLS_IPA_IPAD_H
#define SOFTEUICC_TOOLS_IPA_IPAD_H

#include "common/command/command.h"
#include "common/print_json.h"
#include "device/bearer.h"
#include "device/es10.h"
#include "ipa/ipa.h"

#include <jansson.h>
#include <signal.h>

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
    const char *coverage;   /* file of ICCIDs that have network, NULL: all have */
    const char *cacert;
    bool compact; /* asked for by option; over CoAP it is on anyway */
    bool plain;   /* an http:// URL is allowed */
    unsigned every, rollback_after, fallback_after, return_every; /* seconds; 0: not at all */

    /* The session. */
    struct link *link;
    struct es10 es10;
    bool link_broken; /* its line is printed */
    struct ipa *ipa;
    struct bearer *bearer;
    struct buf answer;

    /* What is printed. */
    const char *eim; /* that is polled */
    json_t *events;  /* of this eIM, with --json */
    bool failed_download;
};

/* The commands. Each returns the exit status. */
int ipad_poll(const struct command_line *line);
int ipad_run(const struct command_line *line);
int ipad_add_eim(const struct command_line *line);
int ipad_change(struct ipad *ipad, enum ipa_change change);
int ipad_reset(const struct command_line *line);
int ipad_status(const struct command_line *line);

/* Polls every eIM; its lines are printed. *connected: at least one answered. EXIT_OK when all went well. With
 * --json the eIMs' objects are appended to `polled`. */
int ipad_poll_all(struct ipad *ipad, json_t *polled, bool *connected);

/* Ends the connection to the eIM, if there is one. */
void ipad_close_bearer(struct ipad *ipad);
/* A UICC reset, as a device does after a profile change. False with the line printed. */
bool ipad_reset_card(struct ipad *ipad);
/* The line of an ipa_… call that failed; EXIT_FAILED. */
int ipad_card_failed(const struct ipad *ipad);

/* What the procedures report, as lines or JSON. */
void ipad_report(void *context, const struct ipa_report *report);

/* Set by SIGINT and SIGTERM, of `run`. */
extern volatile sig_atomic_t ipad_interrupted;

#endif
