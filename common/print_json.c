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

static json_t *shown(json_t *value);

static json_t *shown_text(const char *text)
{
    char *copy = strdup(text);
    json_t *json;

    if (copy == NULL)
        return NULL;
    tool_one_line(copy);
    json = json_string(copy);
    free(copy);
    return json;
}

static json_t *shown_object(json_t *object)
{
    json_t *copy = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        json_t *name = shown_text(key);

        if (name != NULL)
            json_object_set_new(copy, json_string_value(name), shown(value));
        json_decref(name);
    }
    return copy;
}

/* A copy whose texts and names can be shown; what memory ran out for is missing. */
static json_t *shown(json_t *value)
{
    json_t *copy;
    json_t *entry;
    size_t i;

    if (json_is_object(value))
        return shown_object(value);
    if (json_is_string(value))
        return shown_text(json_string_value(value));
    if (!json_is_array(value))
        return json_incref(value);
    copy = json_array();
    json_array_foreach(value, i, entry) json_array_append_new(copy, shown(entry));
    return copy;
}

json_t *print_json_read(struct span answer, bool for_people)
{
    json_t *json = json_loadb((const char *)answer.data, answer.size, 0, NULL);
    json_t *copy;

    if (json == NULL || !for_people)
        return json;
    copy = shown(json);
    json_decref(json);
    return copy;
}

json_t *print_json_text(const char *text)
{
    json_t *json = json_string(text);

    return json != NULL ? json : json_null();
}
