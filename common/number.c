/* Whole numbers. See number.h. */
#include "common/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_read(const char *text, int64_t min, int64_t max, int64_t *value)
{
    const char *digits = text + (min < 0 && (text[0] == '+' || text[0] == '-'));
    long long number;
    char *end;

    if (digits[0] < '0' || digits[0] > '9')
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < min || number > max)
        return false;
    *value = number;
    return true;
}
