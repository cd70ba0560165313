/*
 * Requests on the control socket: see control_request.h. Strict: a member that a command does not know is an
 * error, not something to be left out.
 */
#include "tools/run/control_request.h"

#include "common/number.h"
#include "tools/run/slot_time.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIME_BY_MAX INT64_C(1000000000000) /* seconds: more than there are */
#define YEAR_DIGITS 9                      /* of one that is read to be refused */

struct reader {
    struct control_request *request;
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reader->why, reader->size, format, arguments);
    va_end(arguments);
    /* The line goes back as JSON: what it quotes may be cut inside a character, or be none. */
    for (char *c = reader->why; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
            *c = '?';
    return false;
}

/* --- members ------------------------------------------------------------------------------------- */

static bool read_after(const struct reader *reader, const json_t *value)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > CONTROL_CUT_MAX)
        return refuse(reader, "\"after\" is a number of changes of storage, 0 to %d", CONTROL_CUT_MAX);
    reader->request->after = (uint64_t)json_integer_value(value);
    return true;
}

/* `digits` digits, and what stands behind them. */
static bool read_digits(const char **text, unsigned digits, char behind, int *value)
{
    *value = 0;
    for (; digits > 0; digits--, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    if (behind == '\0')
        return true;
    return *(*text)++ == behind;
}

/* "Z", "+02:00" or nothing (UTC too): seconds to the east. */
static bool read_zone(const char *text, int *east)
{
    const char sign = text[0];
    int hours;
    int minutes;

    *east = 0;
    if (text[0] == '\0' || strcmp(text, "Z") == 0)
        return true;
    text++;
    if ((sign != '+' && sign != '-') || !read_digits(&text, 2, ':', &hours) ||
        !read_digits(&text, 2, '\0', &minutes) || text[0] != '\0' || hours > 14 || minutes > 59)
        return false;
    *east = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* ISO 8601: a date, or a date and a time; of any year. */
static bool read_moment(const char *text, int64_t *milliseconds)
{
    struct tm day = {0};
    const size_t digits = strspn(text, "0123456789");
    struct tm read;
    int year;
    int east = 0;

    if (digits < 4 || digits > YEAR_DIGITS || !read_digits(&text, (unsigned)digits, '-', &year) ||
        !read_digits(&text, 2, '-', &day.tm_mon) || !read_digits(&text, 2, '\0', &day.tm_mday))
        return false;
    day.tm_year = year - 1900;
    day.tm_mon--;
    if (text[0] == 'T') {
        text++;
        if (!read_digits(&text, 2, ':', &day.tm_hour) || !read_digits(&text, 2, ':', &day.tm_min) ||
            !read_digits(&text, 2, '\0', &day.tm_sec) || !read_zone(text, &east))
            return false;
    } else if (text[0] != '\0') {
        return false;
    }
    read = day;
    *milliseconds = ((int64_t)timegm(&day) - east) * 1000;
    return day.tm_mon == read.tm_mon && day.tm_hour == read.tm_hour && day.tm_min == read.tm_min &&
           day.tm_sec == read.tm_sec; /* no 31st of February, no 25 o'clock */
}

/* "+3600": of any size. */
static bool read_step(const char *text, int64_t *milliseconds)
{
    int64_t seconds;

    if (text[1] == '\0' || strspn(text + 1, "0123456789") != strlen(text + 1))
        return false;
    if (!number_read(text, -TIME_BY_MAX, TIME_BY_MAX, &seconds))
        seconds = text[0] == '-' ? -TIME_BY_MAX : TIME_BY_MAX;
    *milliseconds = seconds * 1000;
    return true;
}

static bool read_time(const struct reader *reader, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    struct control_request *request = reader->request;
    bool ok;

    if (strcmp(text, "real") == 0) {
        request->time = CONTROL_TIME_REAL;
        return true;
    }
    request->time = text[0] == '+' || text[0] == '-' ? CONTROL_TIME_BY : CONTROL_TIME_AT;
    ok = request->time == CONTROL_TIME_BY ? read_step(text, &request->milliseconds)
                                          : read_moment(text, &request->milliseconds);
    if (!ok)
        return refuse(reader, "a time is 2026-01-31T23:59:59Z, +SECONDS, -SECONDS or \"real\"");
    if (request->time == CONTROL_TIME_AT &&
        (request->milliseconds < 0 || request->milliseconds > SLOT_TIME_LAST))
        return refuse(reader, CONTROL_TIME_RANGE);
    return true;
}

static bool read_trace(const struct reader *reader, const json_t *value)
{
    static const char *const words[] = {
        [CONTROL_TRACE_ON] = "on", [CONTROL_TRACE_OFF] = "off", [CONTROL_TRACE_FOLLOW] = "follow"};
    const char *text = json_is_string(value) ? json_string_value(value) : "";

    for (size_t i = CONTROL_TRACE_ON; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], text) == 0) {
            reader->request->trace = (enum control_trace)i;
            return true;
        }
    }
    return refuse(reader, "a trace is set \"on\", \"off\" or \"follow\"");
}

/* --- settings ------------------------------------------------------------------------------------ */

/* A copy of the text in the request; NULL: no place is left. */
static const char *keep_text(struct control_request *request, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = request->texts + request->texts_size;

    if (size > sizeof(request->texts) - request->texts_size)
        return NULL;
    memcpy(copy, text, size);
    request->texts_size += size;
    return copy;
}

static bool read_setting(const struct reader *reader, const json_t *object)
{
    struct control_request *request = reader->request;
    struct softeuicc_set_value *set = &request->settings[request->settings_count++];
    const json_t *eim = json_object_get(object, "eim");
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *value = json_string_value(json_object_get(object, "value"));
    char made[CARD_SETTING_SIZE];

    if (name == NULL || value == NULL || (eim != NULL && !json_is_string(eim)) ||
        json_object_size(object) != (eim != NULL ? 3 : 2))
        return refuse(reader,
                      "a setting is an object with the texts \"name\", \"value\" and perhaps \"eim\"");
    value = card_setting_value(span_of_string(name), value, made);
    set->name = keep_text(request, name);
    set->eim = eim != NULL ? keep_text(request, json_string_value(eim)) : NULL;
    set->value = value != NULL ? keep_text(request, value) : NULL;
    if (set->name == NULL || (eim != NULL && set->eim == NULL) || (value != NULL && set->value == NULL))
        return refuse(reader, "the settings are too long");
    return true;
}

static bool read_settings(const struct reader *reader, const json_t *value)
{
    const json_t *object;
    size_t index;

    if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > CONTROL_SETTINGS_MAX)
        return refuse(reader, "\"set\" is a list of 1 to %d settings", CONTROL_SETTINGS_MAX);
    json_array_foreach(value, index, object)
    {
        if (!read_setting(reader, object))
            return false;
    }
    return true;
}

/* --- commands ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum control_command command;
    const char *member; /* that may be there besides "command"; NULL: none */
    bool (*read)(const struct reader *reader, const json_t *value);
} commands[] = {
    {"show", CONTROL_SHOW, NULL, NULL},          {"power-cycle", CONTROL_POWER_CYCLE, NULL, NULL},
    {"remove", CONTROL_REMOVE, NULL, NULL},      {"insert", CONTROL_INSERT, NULL, NULL},
    {"cut", CONTROL_CUT, "after", read_after},   {"time", CONTROL_TIME, "set", read_time},
    {"trace", CONTROL_TRACE, "set", read_trace}, {"ipae", CONTROL_IPAE, "set", read_settings},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool read_object(const struct reader *reader, json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "command"));
    const char *key;
    json_t *value;
    size_t row = 0;

    if (name == NULL)
        return refuse(reader, "a request is an object with the text \"command\"");
    while (row < COMMANDS && strcmp(commands[row].name, name) != 0)
        row++;
    if (row == COMMANDS)
        return refuse(reader, "there is no command \"%.40s\"", name);
    *reader->request = (struct control_request){.command = commands[row].command, .after = 1};
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "command") == 0)
            continue;
        if (commands[row].member == NULL || strcmp(commands[row].member, key) != 0)
            return refuse(reader, "\"%s\" knows no \"%.40s\"", name, key);
        if (!commands[row].read(reader, value))
            return false;
    }
    return true;
}

bool control_request_parse(struct span line, struct control_request *request, char *why, size_t size)
{
    const struct reader reader = {request, why, size};
    json_error_t error;
    json_t *object = NULL;
    bool ok;

    if (line.size > CONTROL_LINE_MAX)
        return refuse(&reader, "a request is no longer than %d octets", CONTROL_LINE_MAX);
    object = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return refuse(&reader, "not JSON: %.120s", error.text);
    ok = read_object(&reader, object);
    json_decref(object);
    return ok;
}
