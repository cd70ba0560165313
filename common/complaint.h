/* What is wrong with JSON that came from outside: one line that names the field, for who answers a request or
 * reads a file. And the checks that most objects need. */
#ifndef SOFTEUICC_COMMON_COMPLAINT_H
#define SOFTEUICC_COMMON_COMPLAINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What is wrong with a request: which field ("psmo[1].enable.iccid"), and why. */
struct complaint {
    char field[128];
    char why[200];
};

/* Notes it, unless one stands already; returns false. `member` may be NULL: `path` itself. */
bool complain(struct complaint *complaint, const char *path, const char *member, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Every member of `object`, which is an object, must be one of these names (NULL at the end). */
bool check_members(const json_t *object, const char *path, const char *const *names,
                   struct complaint *complaint);
/* A member that is a text of at most `max` octets; NULL, after a complaint, when it is not there or no such
 * text. */
const char *require_text(const json_t *object, const char *path, const char *member, size_t max,
                         struct complaint *complaint);

#endif
