/*
 * A line at the bottom of a terminal that says how things stand, and is written over by the next one: beside
 * lines that stay (print.h). Where standard output is no terminal there is none.
 */
#ifndef SOFTEUICC_COMMON_PRINT_STATUS_LINE_H
#define SOFTEUICC_COMMON_PRINT_STATUS_LINE_H

/* Writes it, cut to the width of the terminal, over what stood there; what could command the terminal is
 * replaced. */
void status_line_show(const char *text);
/* Takes it away, before a line that stays. */
void status_line_clear(void);

#endif
