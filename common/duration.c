/* Spans of time: see duration.h. */
#include "common/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PLACES = 3 };

static const struct {
    const char *name;
    int64_t milliseconds;
} units[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 60 * 60 * 1000},
    {"d", INT64_C(24) * 60 * 60 * 1000},
    {"w", INT64_C(7) * 24 * 60 * 60 * 1000},
    {"y", INT64_C(365) * 24 * 60 * 60 * 1000},
};

static int64_t unit_of(const char *name)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, name) == 0)
            return units[i].milliseconds;
    return 0;
}

/* Digits, in thousandths; false when there are none, or too many. */
static bool read_thousandths(const char **text, int64_t *number)
{
    int64_t digits = 0;
    unsigned places = 0;

    *number = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        *number = *number * 10 + (**text - '0');
        if (*number > DURATION_MAX)
            return false;
    }
    if (digits == 0)
        return false;
    if (**text == '.')
        for ((*text)++; **text >= '0' && **text <= '9' && places <= PLACES; (*text)++, places++)
            *number = *number * 10 + (**text - '0');
    if (places > PLACES || (*text)[-1] == '.')
        return false;
    for (; places < PLACES; places++)
        *number *= 10;
    return true;
}

bool duration_read(const char *text, int64_t *milliseconds)
{
    int64_t number, unit;

    if (strlen(text) >= DURATION_SIZE || !read_thousandths(&text, &number))
        return false;
    unit = unit_of(text);
    if (unit == 0 || number / 1000 > DURATION_MAX / unit)
        return false;
    number = unit % 1000 == 0 ? number * (unit / 1000) : number * unit / 1000;
    if (number > DURATION_MAX)
        return false;
    *milliseconds = number;
    return true;
}

const char *duration_text(int64_t milliseconds, char out[DURATION_SIZE])
{
    int64_t seconds = milliseconds / 1000;
    int rest = (int)(milliseconds % 1000);
    int of_day = (int)(seconds % (24 * 60 * 60));

    if (seconds >= 24 * 60 * 60)
        snprintf(out, DURATION_SIZE, "%" PRId64 "d %02d:%02d:%02d.%03d", seconds / (24 * 60 * 60),
                 of_day / 3600, of_day / 60 % 60, of_day % 60, rest);
    else if (seconds >= 60)
        snprintf(out, DURATION_SIZE, "%d:%02d:%02d.%03d", of_day / 3600, of_day / 60 % 60, of_day % 60, rest);
    else
        snprintf(out, DURATION_SIZE, "%d.%03d", of_day, rest);
    return out;
}

const char *duration_word(int64_t seconds, char out[DURATION_WORD_SIZE])
{
    static const struct {
        char unit;
        int64_t seconds;
    } words[] = {{'d', 24 * 60 * 60}, {'h', 60 * 60}, {'m', 60}, {'s', 1}};
    size_t i = 0;

    while (seconds == 0 ? words[i].seconds > 1 : seconds % words[i].seconds != 0)
        i++;
    snprintf(out, DURATION_WORD_SIZE, "%" PRId64 "%c", seconds / words[i].seconds, words[i].unit);
    return out;
}
