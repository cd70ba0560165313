/* X-Admin-Protocol (SGP.22 6.2) of a request that was refused: said once by each side, with both values. */
#ifndef SOFTEUICC_COMMON_HTTP_ADMIN_HEADER_H
#define SOFTEUICC_COMMON_HTTP_ADMIN_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#define ADMIN_HEADER_MAX 64

/* Of a client: what goes out with every request, and what came back with the last answer; "": nothing. */
struct admin_header {
    char sent[ADMIN_HEADER_MAX], came[ADMIN_HEADER_MAX];
};

/* Takes a line of a header, with or without its line end, into `value` if it is this one. */
void admin_header_take(const char *line, size_t size, char value[ADMIN_HEADER_MAX]);
/* The client's line, when the server refused with a status that says so. */
void admin_header_say(const struct admin_header *header, const char *url, long status);
/* The server's: it refused what was sent (NULL: nothing). */
void admin_header_refused(const char *sent);

#endif
