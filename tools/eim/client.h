/* The commands that talk to a running eIM over its REST API, for people, scripts and CI. One-shot, on
 * libcurl. */
#ifndef SOFTEUICC_TOOLS_EIM_CLIENT_H
#define SOFTEUICC_TOOLS_EIM_CLIENT_H

#include "common/command/command.h"
#include "common/print/print_json.h"

#define EIM_DEFAULT_PORT 8445
#define EIM_DEFAULT_URL  "https://127.0.0.1:" OPTION_DEFAULT(EIM_DEFAULT_PORT)
#define EXIT_WAITING     3 /* --wait: the time is over and the order has not ended */

struct client {
    const char *url, *cacert, *token_file;
    const char *eid;   /* NULL: not said */
    const char *state; /* orders of this state; NULL: of all */
    bool json;         /* answers as JSON */
    bool force;        /* cancel what was sent */
    int64_t limit;     /* rows of a list; 0: all */
    int64_t wait;      /* seconds; -1: do not wait */
};

/* The defaults: this URL, the CAs of SOFTEUICC_CACERT, the token of SOFTEUICC_EIM_TOKEN_FILE. */
void client_begin(void *settings);

/* The rows that all these commands have; their settings are, or begin with, a struct client. */
#define EIM_CLIENT_ROWS                                                                                      \
    {"url", "URL", "the eIM; default " EIM_DEFAULT_URL, TAKES_TEXT(struct client, url)},                     \
        {"cacert", "FILE",                                                                                   \
         "trust this CA (PEM), such as the PKI's ci.pem; default: $SOFTEUICC_CACERT, or the system's",       \
         TAKES_TEXT(struct client, cacert)},                                                                 \
        {"token-file", "FILE",                                                                               \
         "the eIM's token, for changes; default: $SOFTEUICC_EIM_TOKEN_FILE, or what an eIM on this machine " \
         "says",                                                                                             \
         TAKES_TEXT(struct client, token_file)},                                                             \
    {                                                                                                        \
        "json", NULL, "print JSON", TAKES_FLAG(struct client, json)                                          \
    }

/* A request (`body` may be NULL) and its JSON answer; NULL after an error line, also when the eIM refused. */
json_t *client_exchange(const struct client *client, const char *method, const char *path,
                        const json_t *body);

/* All rows of a list that the settings ask for, as JSON or as `print` has them; the exit status. */
int client_run_list(const struct command_line *line, const char *name, const char *key,
                    void (*print)(const json_t *list));

/* One order for people: its line, and its results below. */
void client_print_order(const json_t *order);

extern const struct command eim_order;
extern const struct command eim_status;
extern const struct command eim_orders;
extern const struct command eim_euiccs;
extern const struct command eim_notifications;
extern const struct command eim_cancel;
extern const struct command eim_rule;

#endif
