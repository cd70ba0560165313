/*
 * A scripted network as docs/network.md describes its file: a plain model, which nothing changes once it is
 * read.
 */
#ifndef SOFTEUICC_DEVICE_AIR_NETWORK_SCRIPT_H
#define SOFTEUICC_DEVICE_AIR_NETWORK_SCRIPT_H

#include "common/net/addresses.h"
#include "device/air/air.h"
#include "device/air/period.h"

#define SCRIPT_SIZE_MAX  ((size_t)1024 * 1024) /* octets of a file */
#define SCRIPT_CELLS_MAX 64
#define SCRIPT_NAME_MAX  32   /* characters of a cell's name */
#define SCRIPT_HOST_MAX  253  /* characters of a host's name */
#define SCRIPT_ROWS_MAX  4096 /* of each kind but cells */

enum air_direction { AIR_UP, AIR_DOWN };

/* What a radio link does to what goes through it. All-zero but for the MTU: nothing. */
struct link_figures {
    int64_t latency_low, latency_high; /* ms of a round trip */
    uint64_t rate[2];                  /* bits per second, by direction; 0: no limit */
    uint32_t loss;                     /* millionths */
    uint32_t mtu;                      /* octets of an IP packet */
    int64_t search;                    /* ms that looking for a cell and attaching to it take */
};

struct script_cell {
    char name[SCRIPT_NAME_MAX + 1];
    char digits[7]; /* MCC and MNC */
    size_t mnc_size;
    uint8_t plmn[3]; /* as coded in TS 24.008 */
    enum air_technology technology;
    uint16_t area;
    uint32_t id;
    struct link_figures figures;
    struct period there;
};

/* Some subscribers: all of them, or those whose IMSI begins so, or those with this ICCID. */
struct script_who {
    char imsi[16];  /* "": any */
    char iccid[21]; /* "": any */
};

#define SCRIPT_EVERY_CELL UINT64_MAX

/* No cell: there is none of them. A rule: whether who is meant is let in; the first that fits counts. */
struct script_outage {
    uint64_t cells; /* a bit for each, by their order */
    struct period when;
};

struct script_rule {
    struct script_who who;
    uint64_t cells;
    uint8_t cause; /* 0: let in */
    struct period when;
};

struct script_host {
    char name[SCRIPT_HOST_MAX + 1];
    struct address address;
};

struct script_route {
    struct address from, to; /* port 0: any, and the same one */
};

struct script_message {
    struct script_who who;
    uint8_t tpdu[255];
    size_t size;
    struct period when; /* its instants */
};

enum script_fault { DNS_FAULT_NONE, DNS_FAULT_SERVFAIL, DNS_FAULT_SILENT, DNS_FAULT_TRUNCATED, DNS_FAULT_ID };

struct script_dns_fault {
    enum script_fault fault;
    struct period when;
};

struct network_script {
    struct script_cell cells[SCRIPT_CELLS_MAX];
    size_t cell_count;
    int64_t retry; /* ms between two attempts of a subscriber that was rejected */
    struct script_outage *outages;
    size_t outage_count;
    struct script_rule *rules;
    size_t rule_count;
    struct script_host *hosts; /* a row for each address */
    size_t host_count;
    struct script_route *routes;
    size_t route_count;
    struct script_message *messages;
    size_t message_count;
    struct script_dns_fault *faults;
    size_t fault_count;
    struct address resolver; /* size 0: the network names none */
    uint32_t ttl;            /* seconds */
};

/* The text of a preset; NULL: there is none of this name. */
const char *network_preset(const char *name);

/* Reads a text; `name` is what errors call it. NULL with one line in `why`: "NAME:LINE: …". */
struct network_script *network_script_read(const char *name, struct span text, char why[AIR_WHY_MAX]);
/* A preset, or the file of that name. */
struct network_script *network_script_open(const char *name, char why[AIR_WHY_MAX]);
void network_script_free(struct network_script *script); /* NULL is fine */

/* Whether a subscriber is one of those. */
bool script_who_is(const struct script_who *who, const char *imsi, const char *iccid);

#endif
