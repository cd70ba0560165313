/* JSON on standard output. See print_json.h. */
#include "common/print_json.h"

#include "common/tool.h"
#include "crypto/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a terminal must not see stands as \uXXXX, in a pair beyond U+FFFF: the text that JSON means stays the
 * same. Outside strings there is nothing but ASCII, and jansson escapes what is below U+0020. */
static void put_escaped(const char *text)
{
    size_t size = strlen(text);

    while (size > 0) {
        uint32_t character;
        size_t used = printable_character(text, size, &character);
        size_t octets = used > 0 ? used : 1;

        if (character == '\n' || !printable_is_hidden(character))
            fwrite(text, 1, octets, stdout);
        else if (character < 0x10000)
            printf("\\u%04X", (unsigned)character);
        else
            printf("\\u%04X\\u%04X", (unsigned)(0xD800 + ((character - 0x10000) >> 10)),
                   (unsigned)(0xDC00 + ((character - 0x10000) & 0x3FF)));
        text += octets;
        size -= octets;
    }
    putchar('\n');
}

static int print(json_t *json, size_t flags)
{
    char *text = json_dumps(json, flags);

    json_decref(json);
    if (text == NULL)
        return tool_error("out of memory");
    put_escaped(text);
    free(text);
    return EXIT_OK;
}

int print_json(json_t *json)
{
    return print(json, JSON_INDENT(2));
}

int print_json_line(json_t *json)
{
    int status = print(json, JSON_COMPACT);

    fflush(stdout);
    return status;
}

const char *print_text(struct span octets, char *out, size_t size)
{
    size_t n = octets.size < size ? octets.size : size - 1;

    if (n > 0)
        memcpy(out, octets.data, n);
    printable_text(out, n);
    out[n] = '\0';
    return out;
}

json_t *print_json_text(const char *text)
{
    json_t *json = json_string(text);

    return json != NULL ? json : json_null();
}
