/* What the command at hand is: see describe.h. */
#include "euicc/os/describe.h"

#include <stdarg.h>
#include <stdio.h>

void card_describe(struct softeuicc *card, const char *name)
{
    card->description.name = name;
    card->description.has_number = false;
}

void card_describe_format(struct softeuicc *card, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(card->description.text, sizeof(card->description.text), format, arguments);
    va_end(arguments);
    card_describe(card, card->description.text);
}

void card_describe_number(struct softeuicc *card, const char *name, unsigned number)
{
    card->description.name = name;
    card->description.has_number = true;
    card->description.number = number;
}
