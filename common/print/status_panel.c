/* Lines at the bottom of a terminal: see status_panel.h. */
#include "common/print/status_panel.h"

#include "common/print/columns.h"
#include "crypto/printable.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PANEL_LINE_MAX = 400 };

bool status_panel_is_seen(void)
{
    return isatty(STDOUT_FILENO) && columns_of_terminal() > 1;
}

/* To the first column of its first line. */
static void go_to_top(const struct status_panel *panel)
{
    if (panel->height > 1)
        printf("\033[%zuA", panel->height - 1);
    fputs("\r", stdout);
}

/* The last column stays free: some terminals begin a new line behind it. */
void status_panel_show(struct status_panel *panel, const char *const *lines, size_t count)
{
    char line[PANEL_LINE_MAX];

    if (!status_panel_is_seen())
        return;
    go_to_top(panel);
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "%s", lines[i]);
        printable_text(line, strlen(line));
        line[columns_fit(line, columns_of_terminal() - 1)] = '\0';
        printf("%s%s\033[K", i > 0 ? "\n" : "", line);
    }
    if (panel->height > count)
        fputs("\033[J", stdout);
    panel->height = count;
    fflush(stdout);
}

void status_panel_clear(struct status_panel *panel)
{
    if (panel->height == 0)
        return;
    go_to_top(panel);
    fputs("\033[J", stdout);
    panel->height = 0;
}
