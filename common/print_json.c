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

json_t *print_json_text(const char *text)
{
    json_t *json = json_string(text);

    return json != NULL ? json : json_null();
}
