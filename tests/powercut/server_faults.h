/*
 * A server's storage that fails and goes on: in a life of steps, every single call that SQLite makes of its
 * storage fails once, by itself and because the disk is full. What was answered with success is stored; what
 * was not is stored whole or not at all, and the answer says that the server failed; then the server goes on.
 * For tests only.
 */
#ifndef SOFTEUICC_TESTS_POWERCUT_SERVER_FAULTS_H
#define SOFTEUICC_TESTS_POWERCUT_SERVER_FAULTS_H

#include "common/database/database.h"

/* How a request was answered. */
enum server_answer {
    SERVER_DONE,   /* as it should be */
    SERVER_FAILED, /* that the server failed */
    SERVER_LIED,   /* anything else */
};

struct server_step {
    const char *name;
    void (*prepare)(void); /* what comes before, undisturbed, and changes the same each time; NULL: nothing */
    enum server_answer (*run)(void);
    const char *dump; /* instead of the life's; NULL: that */
};

struct server_life {
    struct db *(*open)(const char *path, char why[DB_WHY_MAX]);
    void (*use)(struct db *db); /* the server serves with it from now on; it closes it no more. NULL: none */
    const char *dump;           /* a query of one column of text: what counts of what is stored */
    const struct server_step *steps;
    size_t count;
};

/* Lives it on disks of its own; fails the test. Files of the server's are made in the current directory. */
void server_faults(const struct server_life *life);

#endif
