/* What the files of `softeuicc demo` share: its world, its story, and how both are told. */
#ifndef SOFTEUICC_TOOLS_DEMO_DEMO_H
#define SOFTEUICC_TOOLS_DEMO_DEMO_H

#include "common/print/status_panel.h"
#include "tools/demo/world.h"

struct demo_options {
    const char *keep, *junit;
    bool over_host, json, facts;
    unsigned percent; /* of the usual pace of the story; 0: as fast as it goes */
    uint64_t seed;
};

/* --- facts.c: what each of the four can witness ------------------------------------------------------- */

enum party { PARTY_CARD, PARTY_DEVICE, PARTY_EIM, PARTY_SMDPP, PARTIES };

struct party_name {
    const char *name, *title; /* "smdpp", "SM-DP+" */
};
extern const struct party_name party_names[PARTIES];

/* What the device has seen since it was switched on. */
struct witness {
    int64_t refreshes, rejections, last_cause;
};

/* What is asked of an eIM: the order of the step at hand. */
struct demo_order {
    int64_t id; /* 0: none */
};

/* Facts of one of them now, each a text, a number or true or false; NULL after a line. */
json_t *party_facts(struct world *world, const struct witness *witness, const struct demo_order *order,
                    enum party party);

/* --- story.c: what is to happen, and whether it did --------------------------------------------------- */

/* What one of them must say at the end of a step. `expected` is the fact as text; "+3": it has grown by that
 * in the step; "+3..": at least; "rolledBack*": it begins so. */
struct story_check {
    enum party party;
    const char *fact, *expected;
};

struct story;

struct story_step {
    const char *name, *title;
    int64_t at;     /* ms since the beginning: it begins no sooner */
    int64_t within; /* ms: by then all must say so */
    /* What a person or an operator does; false after a line; NULL: nothing. */
    bool (*begin)(struct story *story);
    const struct story_check *checks; /* party PARTIES at the end */
};

/* How a step went; all-zero: it was not come to. */
struct step_result {
    bool has_begun, ok;
    int64_t began, ended;       /* ms since the beginning */
    json_t *confirmed[PARTIES]; /* list of {"fact", "expected", "got", "ok"} */
};

enum { STORY_STEPS_MAX = 16 };

struct demo;

struct story {
    struct demo *demo;
    struct demo_order order;
    size_t at; /* the step at hand, or their number */
    struct step_result results[STORY_STEPS_MAX];
    json_t *before[PARTIES];  /* facts when it began */
    struct alarm *look;       /* when is looked next */
    bool is_over, has_failed; /* failed: something of the demo itself */
};

/* The steps, and the network that belongs to them (docs/network.md): story_steps.c. */
extern const struct story_step story_steps[];
extern const size_t story_steps_count;
extern const char story_network[];

/* Looks now and then whether the step at hand is done, and begins the next; ends the world's loop when all is
 * over. False without memory. */
bool story_start(struct story *story, struct demo *demo);
void story_clear(struct story *story);
/* Whether every step was confirmed by all. */
bool story_is_good(const struct story *story);

/* --- view.c: what a person sees ----------------------------------------------------------------------- */

struct view {
    struct status_panel panel;
    struct event *pause;
    bool is_paused;
    int flow;              /* octets: 1 up, -1 down */
    char network[100];     /* what was said of it last */
    json_t *seen[PARTIES]; /* facts when they were looked at last */
};

bool view_open(struct demo *demo);
void view_close(struct demo *demo);
void view_begin(struct demo *demo);
void view_step_begins(struct demo *demo, size_t number, const char *title);
void view_step_ends(struct demo *demo, const struct step_result *result);
/* What somebody did: "eIM", "is given a rule". */
void view_act(struct demo *demo, const char *who, const char *what);
void view_event(struct demo *demo, const struct modem_event *event);
/* What all of them say now: what is new of it is told, and kept. */
void view_look(struct demo *demo, json_t *const facts[PARTIES]);
/* `confirmed`: so many steps, which are all; 0: not all are. */
void view_end(struct demo *demo, size_t confirmed);

/* --- report.c: for programs --------------------------------------------------------------------------- */

/* Prints it. EXIT_OK, or EXIT_FAILED after a line. */
int report_json(struct demo *demo);
/* Writes it to a file; false after a line. */
bool report_junit(const struct demo *demo, const char *path);

struct demo {
    const struct demo_options *options;
    struct world world;
    struct witness witness;
    struct story story;
    struct view view;
    int64_t started; /* ms of real time, of a clock that only goes forward */
    int64_t took;    /* ms of real time, when it is over */
};

#endif
