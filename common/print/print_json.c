/* JSON on standard output. See print_json.h. */
#include "common/print/print_json.h"

#include "common/tool.h"
#include "crypto/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The style ---------------------------------------------------------------------------------------- */

#define NAME_SIZE 128

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word begins here: "eim|Id", "get|RAT", "RAT|Result", "key-|id". */
static bool begins_word(const char *name, size_t i)
{
    if (i == 0 || !is_upper(name[i]))
        return false;
    return is_lower(name[i - 1]) || is_digit(name[i - 1]) || (is_upper(name[i - 1]) && is_lower(name[i + 1]));
}

/* "isdpAid" as "isdp_aid": small letters, digits and single underscores, with a letter in front. */
static void snake_case(const char *name, char out[NAME_SIZE])
{
    size_t n = 0;

    if (!is_lower(name[0]) && !is_upper(name[0]))
        out[n++] = 'n';
    for (size_t i = 0; name[i] != '\0' && n + 2 < NAME_SIZE; i++) {
        const char c = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];

        if ((begins_word(name, i) || (!is_lower(c) && !is_digit(c))) && n > 0 && out[n - 1] != '_')
            out[n++] = '_';
        if (is_lower(c) || is_digit(c))
            out[n++] = c;
    }
    out[n > 0 && out[n - 1] == '_' ? n - 1 : n] = '\0';
}

/* What stands for "there is none". */
static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static json_t *styled(json_t *value);

static json_t *styled_object(json_t *object)
{
    json_t *copy = json_object();
    char name[NAME_SIZE];
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        snake_case(key, name);
        if (!is_absent(value) && json_object_set_new(copy, name, styled(value)) != 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

/* A copy in the style of print_json.h; NULL without memory. */
static json_t *styled(json_t *value)
{
    json_t *copy;
    json_t *entry;
    size_t i;

    if (json_is_object(value))
        return styled_object(value);
    if (!json_is_array(value))
        return json_incref(value);
    copy = json_array();
    json_array_foreach(value, i, entry)
    {
        if (!is_absent(entry) && json_array_append_new(copy, styled(entry)) != 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

/* --- Printing ----------------------------------------------------------------------------------------- */

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
    json_t *copy = json != NULL ? styled(json) : NULL;
    char *text = copy != NULL ? json_dumps(copy, flags) : NULL;

    json_decref(copy);
    json_decref(json);
    if (text == NULL)
        return tool_error("out of memory");
    put_escaped(text);
    free(text);
    return EXIT_OK;
}

int print_json(json_t *json)
{
    int status = print(json, JSON_INDENT(2));

    if (status == EXIT_OK)
        tool_answered();
    return status;
}

int print_json_line(json_t *json)
{
    int status = print(json, JSON_COMPACT);

    fflush(stdout);
    return status;
}

/* --- Texts and answers from elsewhere ----------------------------------------------------------------- */

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
    return json_string(text);
}
