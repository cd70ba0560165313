/*
 * One run of one step in the tests of power cuts (test_powercut.c) and of storage that fails (test_faults.c):
 * a card on a disk, the terminal in front of it, and what the steps are written with. A step goes on as long
 * as nothing goes wrong. For tests only.
 */
#ifndef SOFTEUICC_TESTS_POWERCUT_RUN_H
#define SOFTEUICC_TESTS_POWERCUT_RUN_H

#include "tests/support/cut_vfs.h"
#include "tests/support/pki.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

#define RUN_CARD      "card.db"
#define RUN_ICCID_ONE "8944476500001224158"
#define RUN_ICCID_TWO "8944476500001224166"
#define RUN_ADDRESS   "BF3F 06 8004 612E6263"

struct reference;

struct run {
    const struct test_ci *ci;
    struct cut_disk *disk;
    struct softeuicc *card;
    struct terminal terminal;
    struct reference *reference; /* to be filled; NULL in a disturbed run */
    uint64_t late_fault;         /* the call of storage that fails, from the step's beginning; 0: none */
    enum cut_fault fault;        /* how */
    size_t answered;             /* commands answered before anything went wrong */
    bool wrong;                  /* the power is off, or a card on a disk that failed said so */
};

struct softeuicc_hooks run_hooks(const struct cut_disk *disk);
/* A card on an empty disk, left open. */
struct softeuicc *run_create(const struct test_ci *ci, const struct cut_disk *disk,
                             struct softeuicc_error *error);
/* Opens the card on run->disk, does the step, closes it. */
void run_live(struct run *run, void (*step)(struct run *run));
/* Whether the power went or something failed. */
bool run_disturbed(const struct run *run);

/* A request to the ISD-R; true when it was answered with 9000. */
bool run_request(struct run *run, struct span octets);

/* Requests in a row, as long as nothing goes wrong. */
void run_in_a_row(struct run *run, const char *const *requests, size_t count);
#define IN_A_ROW(run, ...)                                                                                   \
    run_in_a_row(run, (const char *const[]){__VA_ARGS__},                                                    \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A command on the basic channel, which answers this status word. */
void run_command(struct run *run, struct span capdu, uint16_t expected);

/* A download with these members after those that every metadata has; true when the profile is installed. */
bool run_download(struct run *run, const char *metadata_iccid, struct span package, struct span further);

/* The number that this SELECT gives; it must be a string literal. */
int64_t run_number(struct softeuicc *card, const char *sql);

/* The steps of SGP.22, and of a UICC: steps.c; first what they share is made. */
void steps_begin(void);
void step_download(struct run *run), step_download_refused(struct run *run),
    step_download_again(struct run *run), step_enable(struct run *run), step_switch(struct run *run),
    step_settings(struct run *run), step_disable(struct run *run), step_delete(struct run *run),
    step_memory_reset(struct run *run), step_uicc(struct run *run), step_ota(struct run *run),
    step_fold(struct run *run);

/* The steps of SGP.32: steps_iot.c. */
void step_iot_associate(struct run *run), step_iot_fallback_profile(struct run *run),
    step_iot_emergency_profile(struct run *run), step_iot_immediate_enable(struct run *run),
    step_iot_package(struct run *run), step_iot_rollback(struct run *run),
    step_iot_package_refused(struct run *run), step_iot_fallback(struct run *run),
    step_iot_return(struct run *run), step_iot_emergency(struct run *run),
    step_iot_memory_reset(struct run *run);
/* Frees what the steps share. */
void step_iot_done(void);

#endif
