/* What a tool prints: runs it in this process and gives its standard output and error as text. For tests
 * only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_CAPTURE_H
#define SOFTEUICC_TESTS_SUPPORT_CAPTURE_H

#include "common/command/command.h"

/* The texts are freed when the program ends; a zero octet ends them. */
struct captured {
    int status; /* what the function returned */
    const char *out, *err;
};

/* Runs the function with its output kept. */
struct captured capture(int (*run)(void *context), void *context);

/* The same for a command line: the command's name and its words, up to NULL. */
struct captured capture_command(const struct command *command, ...) __attribute__((sentinel));

#endif
