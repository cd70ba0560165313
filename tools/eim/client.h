/* The commands that talk to a running eIM over its REST API, for people, scripts and CI. One-shot, on
 * libcurl. */
#ifndef SOFTEUICC_TOOLS_EIM_CLIENT_H
#define SOFTEUICC_TOOLS_EIM_CLIENT_H

#include "servers/eim/model/command.h"

#define EIM_DEFAULT_PORT 8445
#define EIM_DEFAULT_URL  "https://127.0.0.1:8445"
#define EXIT_WAITING     3 /* --wait: the time is over and the order has not ended */

struct client {
    const char *url, *cacert;
    const char *eid;   /* NULL: not said */
    const char *state; /* orders of this state; NULL: of all */
    bool json;         /* answers as JSON */
    bool force;        /* cancel what was sent */
    int64_t wait;      /* seconds; -1: do not wait */
};

/* The defaults: this URL, the CAs of SOFTEUICC_CACERT. */
struct client client_new(void);

/* A request (`body` may be NULL) and its JSON answer; NULL after an error line, also when the eIM refused. */
json_t *client_exchange(const struct client *client, const char *method, const char *path,
                        const json_t *body);

/* Takes an option that all these commands have, with its value, from argv[*index] on. 1: taken; 0: another
 * option; -1 after a usage line. */
int client_option(struct client *client, int argc, char **argv, int *index);

void client_print_json(const json_t *json);
/* One order for people: its line, and its results below. */
void client_print_order(const json_t *order);

/* argv[0] is the command's name. */
int eim_run_order(int argc, char **argv);
int eim_run_verb(int argc, char **argv);
int eim_run_status(int argc, char **argv);
int eim_run_list(int argc, char **argv);
int eim_run_cancel(int argc, char **argv);
/* True for a command that `eim order` knows: "enable". */
bool eim_is_verb(const char *name);

#endif
