/* Lines on standard output. See print.h. */
#include "common/print/print.h"

#include "crypto/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece that no memory is left for is left out; what it belongs to is not. */
__attribute__((format(printf, 1, 0))) static void print_values(const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return;
    printable_text(text, strlen(text));
    fputs(text, stdout);
    free(text);
}

void print_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_values(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void print_lines(const char *text)
{
    fputs(text, stdout);
}

void print_part(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_values(format, arguments);
    va_end(arguments);
}
