/*
 * Some lines at the bottom of a terminal that say how things stand, and are written over by the next ones:
 * beside lines that stay (print.h). Where standard output is no terminal there are none. One line is
 * status_line.h.
 */
#ifndef SOFTEUICC_COMMON_PRINT_STATUS_PANEL_H
#define SOFTEUICC_COMMON_PRINT_STATUS_PANEL_H

#include <stdbool.h>
#include <stddef.h>

/* All-zero: nothing is shown. */
struct status_panel {
    size_t height; /* lines that stand there now */
};

/* Whether there is a place for one. */
bool status_panel_is_seen(void);
/* Writes the lines, each cut to the width of the terminal, over what stood there; what could command the
 * terminal is replaced. */
void status_panel_show(struct status_panel *panel, const char *const *lines, size_t count);
/* Takes them away, before a line that stays. */
void status_panel_clear(struct status_panel *panel);

#endif
