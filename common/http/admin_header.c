/* X-Admin-Protocol of a request that was refused. See admin_header.h. */
#include "common/http/admin_header.h"

#include "common/log.h"
#include "common/tool.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME         "X-Admin-Protocol:"
#define REFUSED_WITH 400 /* what servers answer to a version that they do not speak */

void admin_header_take(const char *line, size_t size, char value[ADMIN_HEADER_MAX])
{
    const size_t name = strlen(NAME);

    if (size < name || strncasecmp(line, NAME, name) != 0)
        return;
    for (line += name, size -= name; size > 0 && *line == ' '; size--)
        line++;
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == '\n' || line[size - 1] == ' '))
        size--;
    if (size >= ADMIN_HEADER_MAX)
        size = ADMIN_HEADER_MAX - 1;
    memcpy(value, line, size);
    value[size] = '\0';
}

/* Whether both are of one major version, "gsma/rsp/v2". */
static bool is_same_version(const struct admin_header *header)
{
    size_t size = strcspn(header->sent, ".");

    return strncmp(header->sent, header->came, size) == 0 && strcspn(header->came, ".") == size;
}

void admin_header_say(const struct admin_header *header, const char *url, long status)
{
    if (status != REFUSED_WITH || header->sent[0] == '\0' || is_same_version(header))
        return;
    tool_note("%s: HTTP status %ld; X-Admin-Protocol sent: %s, came back: %s", url, status, header->sent,
              header->came[0] != '\0' ? header->came : "none");
}

void admin_header_refused(const char *sent)
{
    log_line(LOG_LEVEL_INFO, "X-Admin-Protocol refused: %s", sent != NULL ? sent : "none was sent");
}
