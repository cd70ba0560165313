/* What the files of `softeuicc device` share. */
#ifndef SOFTEUICC_TOOLS_DEVICE_DEVICE_TOOL_H
#define SOFTEUICC_TOOLS_DEVICE_DEVICE_TOOL_H

#include "apdu/proactive.h"
#include "common/loop.h"
#include "device/air/lent_air.h"
#include "device/at/at_serial.h"
#include "device/clock.h"
#include "device/modem/modem.h"

/* What ends it before its time. */
enum device_goal {
    GOAL_NONE,
    GOAL_REGISTERED, /* it is attached to a network */
    GOAL_POLLED,     /* a server that is not of names has answered, and all channels are closed again */
    GOAL_REFRESHED,  /* another profile is seen on the card */
    GOAL_PROFILE,    /* … this one */
};

struct device_options {
    const char *reader, *card, *network;
    bool is_virtual, lends, json, trace, quiet;
    uint64_t seed;
    int64_t duration; /* ms; 0: until a signal comes */
    enum device_goal goal;
    const char *goal_text, *goal_iccid;
    const char *imei, *terminal_profile;
    const char *at; /* the link to its AT port; NULL: it has none */
    const struct at_model *model;
    struct modem_settings modem;
};

struct device {
    const struct device_options *options;
    struct loop *loop;
    struct device_clock *clock;
    struct link *link;
    struct air *air;
    struct lent_air *lent; /* NULL: the modem carries the card's octets */
    struct modem *modem;
    struct at_serial *at;  /* NULL: it has none */
    struct alarm *end;     /* when its time is over */
    struct air_state last; /* where it was when it ended */
    int64_t begun;         /* ms since 1970, by the device's clock */
    bool has_polled, has_changed;
    bool reached; /* the goal */
};

/* --- What a person or a program sees (report.c) --------------------------------------------------------- */

void device_report(const struct device *device, const struct modem_event *event);
/* A line at the AT port, one way or the other. */
void device_report_at(const struct device *device, bool is_answer, const char *line);
/* The AT port is there. */
void device_report_port(const struct device *device);
/* What became of it all, at the end. */
void device_summary(const struct device *device);

#endif
