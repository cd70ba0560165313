/* Columns of text. See columns.h. */
#include "common/print/columns.h"

#include "common/number.h"
#include "crypto/printable.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define COLUMNS_MAX 10000 /* of $COLUMNS */

/* The C library's table of widths, which follows Unicode: a locale of our own has it, whatever the user's is.
 * C.UTF-8 belongs to the library itself. Without it, all characters count one. */
static locale_t utf8_locale(void)
{
    static locale_t locale;

    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale;
}

static size_t width_of(uint32_t character)
{
    locale_t locale = utf8_locale();
    locale_t before = locale != (locale_t)0 ? uselocale(locale) : (locale_t)0;
    int width = wcwidth((wchar_t)character);

    if (before != (locale_t)0)
        uselocale(before);
    return before != (locale_t)0 && width >= 0 ? (size_t)width : 1;
}

/* One character and its width; what is no UTF-8 is an octet. */
static size_t next_character(const char *text, size_t size, size_t *width)
{
    uint32_t character;
    size_t used = printable_character(text, size, &character);

    *width = used == 0 || character < 0x80 ? 1 : width_of(character);
    return used > 0 ? used : 1;
}

size_t columns_of(const char *text, size_t size)
{
    size_t columns = 0, width;

    for (size_t at = 0; at < size; columns += width)
        at += next_character(text + at, size - at, &width);
    return columns;
}

size_t columns_fit(const char *text, size_t columns)
{
    size_t size = strlen(text);
    size_t at = 0, taken = 0;

    while (at < size) {
        size_t width;
        size_t used = next_character(text + at, size - at, &width);

        if (taken + width > columns)
            break;
        taken += width;
        at += used;
    }
    return at;
}

size_t columns_of_terminal(void)
{
    const char *said = getenv("COLUMNS");
    struct winsize window = {0};
    int64_t columns;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    return said != NULL && number_read(said, 1, COLUMNS_MAX, &columns) ? (size_t)columns : 0;
}
