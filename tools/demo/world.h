/*
 * The world of the demo, all of it in this process and on one event loop in virtual time: a card file, a
 * device around it, its scripted network, an eIM and an SM-DP+ behind real HTTPS on this machine. What it is
 * made of lies in one directory, and was made by the commands that anybody could type.
 */
#ifndef SOFTEUICC_TOOLS_DEMO_WORLD_H
#define SOFTEUICC_TOOLS_DEMO_WORLD_H

#include "common/loop.h"
#include "common/pki/layout.h"
#include "device/air/lent_air.h"
#include "device/modem/modem.h"
#include "servers/eim/model/server.h"
#include "servers/eim/network/network.h"
#include "servers/smdpp/network/door.h"

/* Files of its directory. */
#define WORLD_NETWORK     "network"
#define WORLD_SMDPP_STATE "smdpp.db"
#define WORLD_EIM_STATE   "eim.db"

/* Its profiles: the one that the card is born with, and those that it gets. */
enum world_profile { WORLD_BOOTSTRAP, WORLD_OPERATOR, WORLD_LOCAL, WORLD_PROFILES };

struct world_subscription {
    const char *name, *iccid, *imsi, *service; /* service: how its operator is called */
};
extern const struct world_subscription world_subscriptions[WORLD_PROFILES];
/* "bootstrap", "operator", "local" for an ICCID; "none" for "" or NULL; else the ICCID itself. */
const char *world_profile_name(const char *iccid);

struct world_settings {
    const char *keep;   /* a directory that stays, which must not exist or be empty; NULL: a temporary one */
    const char *script; /* the lines of the network (docs/network.md) */
    bool over_host;     /* the card has the network from the host, not over the modem's channels */
    unsigned habits;    /* of enum modem_habit */
    uint64_t seed;
    /* Of the modem; it must not call back. */
    void (*told)(void *context, const struct modem_event *event);
    void *context;
};

struct world {
    const struct world_settings *settings;
    char dir[PKI_PATH_MAX];
    bool has_dir;  /* it was made */
    bool is_whole; /* … and all that belongs into it */
    struct loop *loop;
    struct device_clock *clock;
    int64_t begun; /* ms since 1970, by the clock */
    /* The servers. */
    struct https_identities smdpp_tls, eim_tls;
    struct smdpp smdpp;
    struct smdpp_door *door;
    struct eim eim;
    struct eim_network *eim_network;
    char smdpp_address[64]; /* "localhost:4711" */
    /* The device and its card. */
    struct air *air;
    struct lent_air *lent; /* NULL: the card has the modem's channels */
    struct link *link;
    struct modem *modem;
};

/* Makes it, up to a device that is off. False after an error line, and when a signal came; close it in any
 * case. The settings must stay. */
bool world_open(struct world *world, const struct world_settings *settings);
/* All-zero is an empty one. A temporary directory is removed, and one that is not whole. */
void world_close(struct world *world);

/* The modem has told something: the card may want to be woken at another time. */
void world_told(struct world *world, const struct modem_event *event);

/* Milliseconds since it began. */
int64_t world_time(const struct world *world);
const char *world_eid(const struct world *world);
/* DIR/NAME; false with a line when that is too long. */
bool world_path(const struct world *world, const char *name, char path[PKI_PATH_MAX]);

/* --- setting it up (world_commands.c) ----------------------------------------------------------------- */

struct command;

/* Runs `softeuicc WORDS…` in a process of its own, whose standard output goes to DIR/set-up.log, and notes it
 * in DIR/commands. `words` ends with NULL. False after an error line. */
bool world_command(struct world *world, const struct command *subcommand, const char *const *words);
/* Makes a directory, and notes that there, too. */
bool world_directory(struct world *world, const char *path);
/* Notes there a command that only a person runs; NULL: that such commands follow. */
bool world_note(struct world *world, const char *const *words);

/* --- its servers (world_servers.c) -------------------------------------------------------------------- */

/* Opens them; then its address is known. */
bool world_open_servers(struct world *world);
void world_close_servers(struct world *world);
/* What they say to a request of their own HTTP interfaces (docs/openapi/eim.yaml; ES2+ and the lists of the
 * SM-DP+), JSON in and out; `request` (taken) NULL: GET. NULL when it was refused, after a line. */
json_t *world_ask_eim(struct world *world, const char *method, const char *path, json_t *request);
json_t *world_ask_smdpp(struct world *world, const char *path, const char *query, json_t *request);

#endif
