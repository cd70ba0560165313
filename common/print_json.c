/* JSON on standard output. See print_json.h. */
#include "common/print_json.h"

#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>

static int print(json_t *json, size_t flags)
{
    char *text = json_dumps(json, flags);

    json_decref(json);
    if (text == NULL)
        return tool_error("out of memory");
    puts(text);
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
    size_t n = 0;
    json_t *probe;

    for (; n < octets.size && n + 1 < size; n++)
        out[n] = octets.data[n] != 0 ? (char)octets.data[n] : '?';
    out[n] = '\0';
    probe = json_string(out); /* NULL for what is not UTF-8, and for a character that was cut off */
    for (size_t i = 0; probe == NULL && i < n; i++) {
        if ((unsigned char)out[i] >= 0x80)
            out[i] = '?';
    }
    json_decref(probe);
    tool_one_line(out);
    return out;
}
