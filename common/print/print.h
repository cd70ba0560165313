/*
 * Text on standard output, for people. Every line goes through here: what comes from outside in one of its
 * values cannot command the terminal, hide, turn the line round, or make a second one (crypto/printable.h).
 */
#ifndef SOFTEUICC_COMMON_PRINT_PRINT_H
#define SOFTEUICC_COMMON_PRINT_PRINT_H

/* One line; its end is added. */
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Text of several lines, none of which is of outside origin. */
void print_lines(const char *text);
/* A piece of a line, without its end. */
void print_part(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
