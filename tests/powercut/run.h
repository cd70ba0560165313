/*
 * One run of one step in the power-cut test (test_powercut.c): a card on a disk, the terminal in front of it,
 * and what the steps are written with. A step goes on as long as nothing goes wrong. For tests only.
 */
#ifndef SOFTEUICC_TESTS_POWERCUT_RUN_H
#define SOFTEUICC_TESTS_POWERCUT_RUN_H

#include "tests/support/cut_vfs.h"
#include "tests/support/pki.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

struct reference;

struct run {
    const struct test_ci *ci;
    struct cut_disk *disk;
    struct softeuicc *card;
    struct terminal terminal;
    struct reference *reference; /* to be filled; NULL in a disturbed run */
    size_t answered;             /* commands answered before anything went wrong */
    bool wrong;
};

/* A request to the ISD-R; true when it was answered with 9000. */
bool run_request(struct run *run, struct span octets);

/* Requests in a row, as long as nothing goes wrong. */
void run_in_a_row(struct run *run, const char *const *requests, size_t count);
#define IN_A_ROW(run, ...)                                                                                   \
    run_in_a_row(run, (const char *const[]){__VA_ARGS__},                                                    \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A download with these members after those that every metadata has; true when the profile is installed. */
bool run_download(struct run *run, const char *metadata_iccid, struct span package, struct span further);

/* The number that this SELECT gives; it must be a string literal. */
int64_t run_number(struct softeuicc *card, const char *sql);

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
