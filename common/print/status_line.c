/* A line at the bottom of a terminal: see status_line.h. */
#include "common/print/status_line.h"

#include "common/print/columns.h"
#include "crypto/printable.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 400 };

/* Whether there is a place for one. */
static bool is_seen(void)
{
    return isatty(STDOUT_FILENO) && columns_of_terminal() > 1;
}

/* The last column stays free: some terminals begin a new line behind it. */
void status_line_show(const char *text)
{
    char line[LINE_MAX_SIZE];

    if (!is_seen())
        return;
    snprintf(line, sizeof(line), "%s", text);
    printable_text(line, strlen(line));
    line[columns_fit(line, columns_of_terminal() - 1)] = '\0';
    printf("\r%s\033[K", line);
    fflush(stdout);
}

void status_line_clear(void)
{
    if (is_seen())
        fputs("\r\033[K", stdout);
}
